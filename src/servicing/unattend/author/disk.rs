//! Disk layouts.
//!
//! They are Microsoft's for answer files: the partition that takes the rest of the disk has to be the last one, so the
//! recovery tools stand before it. Sizes satisfy what the pages ask for today and asked for before: an ESP that disks with
//! 4,096-byte sectors take too, room for the recovery tools to grow. docs/unattend-authoring.md compares them.
//!
//! Reference: <https://learn.microsoft.com/windows-hardware/manufacture/desktop/configure-uefigpt-based-hard-drive-partitions>,
//! <https://learn.microsoft.com/windows-hardware/manufacture/desktop/configure-biosmbr-based-hard-drive-partitions>,
//! and their samples for Windows Setup (hh825702, hh825701).

use super::draft::Draft;
use super::setup::SETUP;
use crate::error::Result;
use crate::formats::unattend::PassName;
use serde::Deserialize;

/// How a disk is partitioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum DiskLayout {
    /// GPT: recovery tools, EFI system partition, Microsoft reserved partition, Windows.
    UefiStandard,
    /// GPT: EFI system partition, Microsoft reserved partition, Windows, which holds the recovery tools too.
    UefiWithoutRecovery,
    /// MBR: system (active), recovery tools, Windows.
    BiosStandard,
    /// MBR: system (active), Windows, which holds the recovery tools too.
    BiosWithoutRecovery,
}

/// A partition; in the order of the disk.
struct Partition {
    /// As `CreatePartition/Type` has it.
    kind: &'static str,
    /// In MB; `None`: the rest of the disk.
    size: Option<u32>,
    /// What `ModifyPartition` says of it.
    settings: &'static [(&'static str, &'static str)],
}

const UEFI_RECOVERY: Partition = Partition {
    kind: "Primary",
    size: Some(1024),
    settings: &[("Label", "WinRE"), ("Format", "NTFS"), ("TypeID", "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC")],
};
const EFI_SYSTEM: Partition =
    Partition { kind: "EFI", size: Some(260), settings: &[("Label", "System"), ("Format", "FAT32")] };
/// It has no file system.
const RESERVED: Partition = Partition { kind: "MSR", size: Some(16), settings: &[] };
const BIOS_SYSTEM: Partition = Partition {
    kind: "Primary",
    size: Some(100),
    settings: &[("Label", "System"), ("Format", "NTFS"), ("Active", "true")],
};
const BIOS_RECOVERY: Partition = Partition {
    kind: "Primary",
    size: Some(1024),
    settings: &[("Label", "WinRE"), ("Format", "NTFS"), ("TypeID", "0x27")],
};
const WINDOWS: Partition = Partition {
    kind: "Primary",
    size: None,
    settings: &[("Label", "Windows"), ("Letter", "C"), ("Format", "NTFS")],
};

impl DiskLayout {
    fn partitions(self) -> &'static [Partition] {
        match self {
            Self::UefiStandard => &[UEFI_RECOVERY, EFI_SYSTEM, RESERVED, WINDOWS],
            Self::UefiWithoutRecovery => &[EFI_SYSTEM, RESERVED, WINDOWS],
            Self::BiosStandard => &[BIOS_SYSTEM, BIOS_RECOVERY, WINDOWS],
            Self::BiosWithoutRecovery => &[BIOS_SYSTEM, WINDOWS],
        }
    }
}

/// Writes a layout; Windows goes to its last partition.
pub(super) fn write(draft: &mut Draft, layout: DiskLayout, disk: u32) -> Result<()> {
    const DISK: &str = "DiskConfiguration/Disk[1]";
    const MODIFY: &str = "ModifyPartitions/ModifyPartition";
    let mut set = |setting: &str, value: &str| draft.set(PassName::WindowsPe, SETUP, setting, value);
    let disk = disk.to_string();
    set(&format!("{DISK}/DiskID"), &disk)?;
    set(&format!("{DISK}/WillWipeDisk"), "true")?;
    let partitions = layout.partitions();
    for (number, partition) in (1_u32..).zip(partitions) {
        let create = format!("{DISK}/CreatePartitions/CreatePartition[{number}]");
        set(&format!("{create}/Order"), &number.to_string())?;
        set(&format!("{create}/Type"), partition.kind)?;
        match partition.size {
            Some(size) => set(&format!("{create}/Size"), &size.to_string())?,
            None => set(&format!("{create}/Extend"), "true")?,
        }
    }
    for (number, partition) in (1_u32..).zip(partitions) {
        set(&format!("{DISK}/{MODIFY}[{number}]/Order"), &number.to_string())?;
        set(&format!("{DISK}/{MODIFY}[{number}]/PartitionID"), &number.to_string())?;
        for (setting, value) in partition.settings {
            set(&format!("{DISK}/{MODIFY}[{number}]/{setting}"), value)?;
        }
    }
    set("DiskConfiguration/WillShowUI", "OnError")?;
    set("ImageInstall/OSImage/InstallTo/DiskID", &disk)?;
    set("ImageInstall/OSImage/InstallTo/PartitionID", &partitions.len().to_string())
}
