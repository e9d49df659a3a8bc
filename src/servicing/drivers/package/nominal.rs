//! Systems that packages are held against where no image says which: a caller's, or all of today.

use crate::error::{Error, Result};
use crate::formats::inf::{Architecture, Target};

/// The architectures that Windows 10 and 11 have.
const ARCHITECTURES: [Architecture; 3] = [Architecture::Amd64, Architecture::Arm64, Architecture::X86];

/// What a caller says of the system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NominalTarget {
    architecture: Option<Architecture>,
    version: Option<(u32, u32, u32)>,
}

impl NominalTarget {
    /// Reads an architecture (`amd64`, `x64`, `arm64`, `x86`) and a version (`10.0.26100`, `10.0`).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for what is neither.
    pub fn parse(architecture: Option<&str>, version: Option<&str>) -> Result<Self> {
        let refused = |reason: String| Error::InvalidArgument { parameter: "options", reason };
        let architecture = architecture.map(|name| {
            let known = match name.eq_ignore_ascii_case("x64") {
                true => Some(Architecture::Amd64),
                false => Architecture::from_name(name),
            };
            known.ok_or_else(|| refused(format!("'{name}' is no architecture of Windows")))
        });
        let version = version.map(|text| {
            let wrong = || refused(format!("'{text}' is no version of Windows such as 10.0.26100"));
            let mut parts = text.trim().split('.').map(|part| part.parse::<u32>().map_err(|_| wrong()));
            let mut part = |default| parts.next().unwrap_or(Ok(default));
            let version = (part(0)?, part(0)?, part(u32::MAX)?);
            // A revision of a build (10.0.26100.1742) makes no difference to drivers.
            parts.next().transpose()?;
            match parts.next() {
                None => Ok(version),
                Some(_) => Err(wrong()),
            }
        });
        Ok(Self { architecture: architecture.transpose()?, version: version.transpose()? })
    }

    /// The systems: without an architecture one for each, without a version the newest.
    pub fn targets(&self) -> Vec<Target> {
        let (major, minor, build) = self.version.unwrap_or((10, 0, u32::MAX));
        let wanted = |architecture: &Architecture| self.architecture.is_none_or(|only| only == *architecture);
        let known = ARCHITECTURES.into_iter().filter(wanted);
        let other = self.architecture.filter(|only| !ARCHITECTURES.contains(only));
        known.chain(other).map(|architecture| Target::new(architecture, major, minor, build)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_may_be_short_and_have_a_revision() {
        let of = |text| NominalTarget::parse(Some("x64"), Some(text)).map(|nominal| nominal.targets());
        assert_eq!(of("10.0.26100.1742").unwrap(), [Target::new(Architecture::Amd64, 10, 0, 26100)]);
        assert_eq!(of("6.3").unwrap(), [Target::new(Architecture::Amd64, 6, 3, u32::MAX)]);
        for wrong in ["", "ten", "10.0.1.2.3", "10.0.x", "-1"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert!(NominalTarget::parse(Some("mips"), None).is_err());
        assert_eq!(NominalTarget::default().targets().len(), 3);
        let ia64 = NominalTarget::parse(Some("IA64"), None).unwrap().targets();
        assert_eq!(ia64, [Target::new(Architecture::Ia64, 10, 0, u32::MAX)]);
    }
}
