//! For which systems a section is: TargetOSVersion decorations, and the choice among them.
//!
//! `NT[architecture][.[major][.[minor][.[product type][.[suite mask][.[build]]]]]]`. A section
//! applies if the architecture is the target's, its version is not above the target's, and product
//! type and suites are the target's. The build counts only when the version is equal. Since Windows
//! Server 2003 SP1, a section without architecture is for x86 only.
//!
//! Reference: MicrosoftDocs "INF Manufacturer Section", "Combining Platform Extensions with
//! Operating System Versions".

use super::number;
use std::cmp::Ordering;
use std::fmt;

/// A processor architecture of Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// 32-bit x86.
    X86,
    /// x64.
    Amd64,
    /// 32-bit ARM.
    Arm,
    /// 64-bit ARM.
    Arm64,
    /// Itanium.
    Ia64,
}

impl Architecture {
    /// Every architecture.
    pub const ALL: [Self; 5] = [Self::X86, Self::Amd64, Self::Arm, Self::Arm64, Self::Ia64];

    /// The name in INFs, in store folders and in component names, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86",
            Self::Amd64 => "amd64",
            Self::Arm => "arm",
            Self::Arm64 => "arm64",
            Self::Ia64 => "ia64",
        }
    }

    /// The architecture of that name, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|architecture| architecture.name().eq_ignore_ascii_case(name))
    }

    /// `PROCESSOR_ARCHITECTURE_*` of winnt.h, as WIM XML and the registry write it.
    pub fn number(self) -> u16 {
        match self {
            Self::X86 => 0,
            Self::Arm => 5,
            Self::Ia64 => 6,
            Self::Amd64 => 9,
            Self::Arm64 => 12,
        }
    }

    /// The architecture of a `PROCESSOR_ARCHITECTURE_*` number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|architecture| architecture.number() == number)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The system a driver is to be added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Its architecture.
    pub architecture: Architecture,
    /// Major version: 10 for Windows 10 and 11.
    pub major: u32,
    /// Minor version.
    pub minor: u32,
    /// Build: 26100 for Windows 11 24H2; `u32::MAX` if not known (excludes no driver).
    pub build: u32,
    /// `VER_NT_*`: 1 workstation, 2 domain controller, 3 server; `None` if not known (matches all).
    pub product_type: Option<u32>,
    /// `VER_SUITE_*` bits; `None` if not known (matches all).
    pub suite: Option<u32>,
}

impl Target {
    /// A target known by architecture and version only.
    pub fn new(architecture: Architecture, major: u32, minor: u32, build: u32) -> Self {
        Self { architecture, major, minor, build, product_type: None, suite: None }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}.{}", self.architecture, self.major, self.minor)?;
        match self.build {
            u32::MAX => formatter.write_str(" (its build is not known)"),
            build => write!(formatter, ".{build}"),
        }
    }
}

/// A TargetOSVersion decoration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoration {
    /// As written, after `%token%` substitution: `NTamd64.10.0...16299`.
    pub text: String,
    /// What it says; `None` if Windows would not understand it (`NT$ARCH$` of a template).
    pub conditions: Option<Conditions>,
}

/// What a decoration asks for; absent parts match everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Conditions {
    /// The architecture; `None` is x86, see the module.
    pub architecture: Option<Architecture>,
    /// Least major version.
    pub major: Option<u32>,
    /// Least minor version of that major version.
    pub minor: Option<u32>,
    /// Exact product type.
    pub product_type: Option<u32>,
    /// Suites that must all be there.
    pub suite: Option<u32>,
    /// Least build of exactly that version.
    pub build: Option<u32>,
}

impl Decoration {
    /// Reads a decoration. Never fails: what is not understood matches nothing.
    pub fn parse(text: &str) -> Self {
        Self { text: text.to_owned(), conditions: Conditions::parse(text) }
    }

    /// Whether a section so decorated is for `target`.
    pub fn matches(&self, target: &Target) -> bool {
        self.conditions.is_some_and(|conditions| conditions.matches(target))
    }
}

impl Conditions {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let head = parts.next()?.trim();
        let (nt, architecture) = head.split_at_checked(2)?;
        if !nt.eq_ignore_ascii_case("NT") {
            return None;
        }
        let architecture = match architecture {
            "" => None,
            name => Some(Architecture::from_name(name)?),
        };
        let mut part = || -> Option<Option<u32>> {
            match parts.next().map(str::trim) {
                None | Some("") => Some(None),
                Some(digits) => Some(Some(u32::try_from(number(digits)?).ok()?)),
            }
        };
        let conditions = Self {
            architecture,
            major: part()?,
            minor: part()?,
            product_type: part()?,
            suite: part()?,
            build: part()?,
        };
        parts.next().is_none().then_some(conditions)
    }

    fn matches(&self, target: &Target) -> bool {
        let wanted = self.architecture.unwrap_or(Architecture::X86);
        wanted == target.architecture
            && self.version_is_met(target)
            && self.product_type.is_none_or(|wanted| target.product_type.is_none_or(|found| found == wanted))
            && self.suite.is_none_or(|wanted| target.suite.is_none_or(|found| found & wanted == wanted))
    }

    fn version_is_met(&self, target: &Target) -> bool {
        let Some(major) = self.major else { return true };
        match major.cmp(&target.major).then(self.minor.unwrap_or(0).cmp(&target.minor)) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => self.build.is_none_or(|build| build <= target.build),
        }
    }

    /// Sorts the more fitting of two that match higher: the version decides, then the build, then
    /// product type and suites, then the architecture.
    pub(super) fn rank(&self) -> impl Ord {
        let suites = self.suite.map_or(0, u32::count_ones);
        let exact = (self.product_type.is_some(), suites, self.architecture.is_some());
        (self.major, self.minor, self.build, exact)
    }
}
