//! The `Version` value of a driver package in the driver database: 48 bytes that kernel Plug and Play
//! ranks packages by. A package without it makes DISM fail with 1168.
//!
//! | bytes | field |
//! |---|---|
//! | 0 | 0xFF inbox, 0x00 third party |
//! | 1 | 0xFF |
//! | 2–3 | processor architecture (`PROCESSOR_ARCHITECTURE_*`) |
//! | 4–7 | 0 |
//! | 8–23 | class GUID, little-endian |
//! | 24–31 | `DriverVer` date, FILETIME, 00:00 UTC |
//! | 32–39 | `DriverVer` version, revision first |
//! | 40–47 | traits of the INF (see the module `traits`) |
//!
//! Reference: docs/formats/driver-database.md; checked against every package of three real hives.

use crate::formats::inf::{Architecture, Guid};

/// Size of the value in bytes.
pub const VERSION_SIZE: usize = 48;

/// First byte of a package that came with Windows.
const INBOX: u8 = 0xFF;

/// The decoded `Version` value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageVersion {
    /// The package came with Windows.
    pub inbox: bool,
    /// `PROCESSOR_ARCHITECTURE_*` of the package.
    pub architecture: u16,
    /// Device setup class.
    pub class_guid: Guid,
    /// Date of `DriverVer` as FILETIME, 0 when the INF has none.
    pub date: u64,
    /// Version of `DriverVer`: major, minor, build, revision, 16 bits each, major highest.
    pub version: u64,
    /// The last eight bytes: [`Traits::version_traits`](super::traits::Traits::version_traits).
    pub traits: u64,
}

impl PackageVersion {
    /// The value of a third-party package without traits.
    pub fn third_party(architecture: Architecture, class_guid: Guid, date: u64, version: u64) -> Self {
        Self { inbox: false, architecture: architecture.number(), class_guid, date, version, traits: 0 }
    }

    /// Decodes the value; `None` when it is shorter than [`VERSION_SIZE`].
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let field = |at: usize| -> Option<[u8; 8]> { bytes.get(at..at.checked_add(8)?)?.try_into().ok() };
        let architecture = bytes.get(2..4)?.try_into().ok()?;
        let class: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
        Some(Self {
            inbox: *bytes.first()? == INBOX,
            architecture: u16::from_le_bytes(architecture),
            class_guid: Guid(class),
            date: u64::from_le_bytes(field(24)?),
            version: u64::from_le_bytes(field(32)?),
            traits: u64::from_le_bytes(field(40)?),
        })
    }

    /// The bytes as Windows writes them.
    pub fn to_bytes(self) -> [u8; VERSION_SIZE] {
        let parts: [&[u8]; 7] = [
            &[if self.inbox { INBOX } else { 0 }, 0xFF],
            &self.architecture.to_le_bytes(),
            &[0; 4],
            &self.class_guid.0,
            &self.date.to_le_bytes(),
            &self.version.to_le_bytes(),
            &self.traits.to_le_bytes(),
        ];
        let mut bytes = [0; VERSION_SIZE];
        for (target, source) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *target = *source;
        }
        bytes
    }
}

/// The four parts of a packed version: major, minor, build, revision.
pub fn parts(version: u64) -> [u16; 4] {
    let [a, b, c, d, e, f, g, h] = version.to_be_bytes();
    [[a, b], [c, d], [e, f], [g, h]].map(u16::from_be_bytes)
}

/// A packed version as text: `1.3.15.0`.
pub fn text(version: u64) -> String {
    let [major, minor, build, revision] = parts(version);
    format!("{major}.{minor}.{build}.{revision}")
}
