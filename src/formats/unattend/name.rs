//! The names of the passes.

/// A configuration pass of Windows Setup, in the order in which they run.
///
/// Reference: <https://learn.microsoft.com/windows-hardware/manufacture/desktop/windows-setup-configuration-passes>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PassName {
    /// `windowsPE`: in the installation environment.
    WindowsPe,
    /// `offlineServicing`: on the image before it boots.
    OfflineServicing,
    /// `generalize`: when Sysprep takes the machine's identity away.
    Generalize,
    /// `specialize`: at the first boot.
    Specialize,
    /// `auditSystem`: audit mode, before anybody logs on.
    AuditSystem,
    /// `auditUser`: audit mode, as the Administrator.
    AuditUser,
    /// `oobeSystem`: before the welcome pages.
    OobeSystem,
}

impl PassName {
    /// All of them, in the order in which they run.
    pub const ALL: [Self; 7] = [
        Self::WindowsPe,
        Self::OfflineServicing,
        Self::Generalize,
        Self::Specialize,
        Self::AuditSystem,
        Self::AuditUser,
        Self::OobeSystem,
    ];

    /// The name as answer files have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WindowsPe => "windowsPE",
            Self::OfflineServicing => "offlineServicing",
            Self::Generalize => "generalize",
            Self::Specialize => "specialize",
            Self::AuditSystem => "auditSystem",
            Self::AuditUser => "auditUser",
            Self::OobeSystem => "oobeSystem",
        }
    }

    /// The pass of that name; case does not count.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pass| pass.as_str().eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Display for PassName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}
