//! Processor architectures, as INFs, the driver store and the registry name them.
//!
//! Reference: `PROCESSOR_ARCHITECTURE_*` of winnt.h; INF decorations of the Windows driver documents;
//! store folder suffixes read from real packages.

/// A processor architecture that Windows images are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// 32-bit Intel.
    X86,
    /// 32-bit ARM.
    Arm,
    /// 64-bit AMD and Intel.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

impl Architecture {
    /// All that are known.
    pub const ALL: [Self; 4] = [Self::X86, Self::Arm, Self::Amd64, Self::Arm64];

    /// `PROCESSOR_ARCHITECTURE_*`.
    pub fn number(self) -> u16 {
        match self {
            Self::X86 => 0,
            Self::Arm => 5,
            Self::Amd64 => 9,
            Self::Arm64 => 12,
        }
    }

    /// The architecture of a `PROCESSOR_ARCHITECTURE_*` number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| u32::from(known.number()) == number)
    }

    /// The architecture of a PE file's `Machine` field.
    pub fn from_machine(machine: u16) -> Option<Self> {
        match machine {
            0x014C => Some(Self::X86),
            0x01C0 | 0x01C2 | 0x01C4 => Some(Self::Arm),
            0x8664 => Some(Self::Amd64),
            0xAA64 => Some(Self::Arm64),
            _ => None,
        }
    }

    /// The name in decorations (`NTamd64`) and store folder names.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86",
            Self::Arm => "arm",
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}
