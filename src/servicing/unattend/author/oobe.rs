//! Pages of the out-of-box experience that are not shown.
//!
//! Not here: `SkipMachineOOBE` and `SkipUserOOBE`, which Microsoft calls deprecated and for tests only, and
//! `NetworkLocation`, which Windows 10 ignores.
//!
//! Reference: Microsoft-Windows-Shell-Setup/OOBE in Microsoft's reference.

use super::draft::Draft;
use super::{Options, SHELL_SETUP};
use crate::error::Result;
use crate::formats::unattend::PassName;
use serde::Deserialize;

/// A page of the out-of-box experience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum OobePage {
    /// The licence terms.
    Eula,
    /// Registering with the manufacturer.
    OemRegistration,
    /// Signing in with an account of Microsoft.
    OnlineAccount,
    /// The password of the built-in Administrator (Windows Server).
    LocalAccount,
    /// Choosing a wireless network.
    Wireless,
    /// Recommended settings: they are off.
    ExpressSettings,
}

impl OobePage {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Eula,
        Self::OemRegistration,
        Self::OnlineAccount,
        Self::LocalAccount,
        Self::Wireless,
        Self::ExpressSettings,
    ];

    /// The setting that leaves it out, and its value.
    fn setting(self) -> (&'static str, &'static str) {
        match self {
            Self::Eula => ("HideEULAPage", "true"),
            Self::OemRegistration => ("HideOEMRegistrationScreen", "true"),
            Self::OnlineAccount => ("HideOnlineAccountScreens", "true"),
            Self::LocalAccount => ("HideLocalAccountScreen", "true"),
            Self::Wireless => ("HideWirelessSetupInOOBE", "true"),
            Self::ExpressSettings => ("ProtectYourPC", "3"),
        }
    }
}

pub(super) fn write(draft: &mut Draft, options: &Options) -> Result<()> {
    for page in OobePage::ALL.into_iter().filter(|page| options.skip_oobe.contains(page)) {
        let (setting, value) = page.setting();
        draft.set(PassName::OobeSystem, SHELL_SETUP, &format!("OOBE/{setting}"), value)?;
    }
    let nobody = options.local_admins.is_empty() && options.users.is_empty() && options.join_domain.is_none();
    if nobody && options.skip_oobe.contains(&OobePage::OnlineAccount) {
        draft.warn("Windows will ask for an account: the file makes none.");
    }
    Ok(())
}
