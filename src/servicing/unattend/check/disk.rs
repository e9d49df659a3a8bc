//! Rules about disks: layouts that cannot be made, or cannot boot.

use super::disk_layout::{is_true, Created, Disk, InstallTo, PartitionType};
use super::finding::{Finding, Severity};
use super::subject::{Node, Subject};
use super::values::is_guid;
use super::Rule;
use std::collections::HashSet;

/// The rules of this file.
pub const RULES: &[Rule] = &[sizes, extends, gpt, mbr, modified, letters, install_to, install_twice];

/// Smallest EFI system partition in MB that Microsoft recommends.
const SMALLEST_EFI: u64 = 100;
/// Most primary partitions of a disk with a master boot record.
const MOST_PRIMARY: usize = 4;

fn report(
    subject: &Subject<'_>,
    found: &mut Vec<Finding>,
    (rule, severity): (&'static str, Severity),
    node: &Node<'_>,
    (message, remedy): (impl Into<String>, &str),
) {
    found.push(subject.finding(rule, severity, node, message).remedy(remedy));
}

/// A partition has a size or takes the rest of the disk, not both, not neither.
fn sizes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for disk in Disk::all(subject) {
        for partition in &disk.created {
            match (partition.has_size, partition.extend) {
                (true, true) => {
                    let text = (
                        "The partition has a size and takes the rest of the disk: none is created.",
                        "Remove Size or Extend.",
                    );
                    report(subject, found, ("size-and-extend", Severity::Error), partition.node, text);
                }
                (false, false) => {
                    let text = ("The partition has no size.", "Add Size in MB, or <Extend>true</Extend>.");
                    report(subject, found, ("partition-without-size", Severity::Error), partition.node, text);
                }
                _ => {}
            }
        }
    }
}

/// What takes the rest of the disk is the last one.
fn extends(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for disk in Disk::all(subject) {
        let Some(first) = disk.created.iter().position(|partition| partition.extend) else { continue };
        // Logical partitions lie in the extended one.
        let behind = disk.created.iter().skip(first.saturating_add(1));
        let behind = behind.filter(|partition| partition.kind != Some(PartitionType::Logical));
        for partition in behind {
            let text = (
                "A partition before this one takes the rest of the disk: there is no room left.",
                "Give the partition that extends the highest Order, or a Size.",
            );
            report(subject, found, ("extend-not-last", Severity::Error), partition.node, text);
        }
    }
}

/// Disks for UEFI.
fn gpt(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for disk in Disk::all(subject).iter().filter(|disk| disk.is_gpt()) {
        let holds_windows = InstallTo::all(subject).iter().any(|to| to.is_windows && to.disk == disk.id);
        if disk.wipe && holds_windows && !disk.has(PartitionType::Efi) {
            let text = (
                "The disk has no EFI system partition: Windows cannot boot from it.",
                "Create a partition of type EFI, 100 MB or more.",
            );
            report(subject, found, ("no-efi-partition", Severity::Error), disk.node, text);
        }
        if disk.created.iter().filter(|partition| partition.kind == Some(PartitionType::Efi)).count() > 1 {
            let text = ("The disk gets two EFI system partitions.", "Create one.");
            report(subject, found, ("two-efi-partitions", Severity::Warning), disk.node, text);
        }
        for partition in &disk.created {
            match (partition.kind, partition.size) {
                (Some(PartitionType::Extended | PartitionType::Logical), _) => {
                    let text = (
                        "A disk with an EFI or MSR partition has no extended or logical partitions.",
                        "Make it Primary.",
                    );
                    report(subject, found, ("extended-on-gpt", Severity::Error), partition.node, text);
                }
                (Some(PartitionType::Efi), Some(size)) if size < SMALLEST_EFI => {
                    let text = (
                        format!("The EFI system partition has {size} MB."),
                        "Make it 100 MB or more; 260 MB for disks with 4K sectors.",
                    );
                    report(subject, found, ("small-efi-partition", Severity::Warning), partition.node, text);
                }
                _ => {}
            }
        }
    }
}

/// Disks for BIOS.
fn mbr(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for disk in Disk::all(subject).iter().filter(|disk| !disk.is_gpt()) {
        let of = |kind| {
            disk.created.iter().filter(move |partition: &&Created<'_, '_>| partition.kind == Some(kind))
        };
        let extended = of(PartitionType::Extended).count();
        if extended > 1 {
            let text = (
                "The disk gets two extended partitions; there can be one.",
                "Put all logical partitions into one.",
            );
            report(subject, found, ("two-extended-partitions", Severity::Error), disk.node, text);
        }
        if disk.wipe && extended == 0 {
            for partition in of(PartitionType::Logical) {
                let text = (
                    "A logical partition needs an extended one.",
                    "Create a partition of type Extended before it.",
                );
                report(subject, found, ("logical-without-extended", Severity::Error), partition.node, text);
            }
        }
        let primary = of(PartitionType::Primary).count().saturating_add(extended);
        if primary > MOST_PRIMARY {
            let message = format!("The disk gets {primary} primary partitions, and none of type EFI.");
            let text =
                (message, "A BIOS disk has four at most; for UEFI create partitions of type EFI and MSR.");
            report(subject, found, ("five-primary-partitions", Severity::Error), disk.node, text);
        }
        let active = disk.modified.iter().filter(|partition| partition.active);
        for partition in active.skip(1) {
            let text = (
                "Two partitions of the disk are active; the last one wins.",
                "Make only the system partition active.",
            );
            report(subject, found, ("two-active-partitions", Severity::Warning), partition.node, text);
        }
    }
}

/// Partitions to modify: they must be there, and be of a kind that can be.
fn modified(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for disk in Disk::all(subject) {
        for partition in &disk.modified {
            if let Some(id) = partition.type_id.filter(|_| !partition.node.is_template()) {
                let is_byte = id.strip_prefix("0x").or_else(|| id.strip_prefix("0X"));
                if !is_guid(id) && is_byte.is_none_or(|digits| u8::from_str_radix(digits, 16).is_err()) {
                    let text = (
                        format!("'{id}' is no type of a partition."),
                        "Write a GUID, or 0x27 and the like on a BIOS disk.",
                    );
                    report(subject, found, ("partition-type-id", Severity::Error), partition.node, text);
                }
            }
            let Some(number) = partition.partition.filter(|_| disk.is_numbered()) else { continue };
            let Some(created) = disk.partition(number) else {
                let message = format!("There is no partition {number}: {} are created.", disk.created.len());
                let text = (message, "PartitionID counts the created partitions by their Order, MSR too.");
                report(subject, found, ("modify-missing-partition", Severity::Error), partition.node, text);
                continue;
            };
            let format = partition.format.unwrap_or_default();
            match created.kind {
                Some(PartitionType::Efi) if format.eq_ignore_ascii_case("NTFS") => {
                    let text = (
                        "The EFI system partition is formatted with NTFS: firmware cannot read it.",
                        "Write <Format>FAT32</Format>.",
                    );
                    report(subject, found, ("efi-not-fat32", Severity::Error), partition.node, text);
                }
                Some(PartitionType::Msr) if !format.is_empty() => {
                    let text = (
                        "The MSR partition gets no file system.",
                        "Remove this ModifyPartition, or see that PartitionID counts the MSR.",
                    );
                    report(subject, found, ("msr-formatted", Severity::Error), partition.node, text);
                }
                _ => {}
            }
            if partition.extend && created.extend {
                let text = (
                    "The partition takes the rest of the disk twice.",
                    "Leave Extend in CreatePartition alone.",
                );
                report(subject, found, ("extend-twice", Severity::Warning), partition.node, text);
            }
        }
    }
}

/// A letter is given once.
fn letters(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for disk in Disk::all(subject) {
        for partition in &disk.modified {
            let Some(letter) = partition.letter else { continue };
            if !seen.insert((disk.node.part, letter.to_ascii_uppercase())) {
                let text = (format!("Two partitions get the letter {letter}."), "Give each its own.");
                report(subject, found, ("repeated-letter", Severity::Error), partition.node, text);
            }
        }
    }
}

/// The place to install to is there, and can hold Windows.
fn install_to(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let disks = Disk::all(subject);
    for to in InstallTo::all(subject) {
        let same = |disk: &&Disk<'_, '_>| disk.node.part == to.node.part && disk.id == to.disk;
        let (Some(number), Some(disk)) = (to.partition, disks.iter().find(same)) else { continue };
        if !disk.is_numbered() {
            continue;
        }
        let Some(created) = disk.partition(number) else {
            let message = format!("There is no partition {number}: {} are created.", disk.created.len());
            let text = (message, "PartitionID counts the created partitions by their Order, MSR too.");
            report(subject, found, ("install-to-missing-partition", Severity::Error), to.node, text);
            continue;
        };
        let name = match created.kind {
            Some(PartitionType::Efi) => "EFI system partition",
            Some(PartitionType::Msr) => "MSR partition",
            _ => {
                let format = disk.modified.iter().find(|modified| modified.partition == Some(number));
                let is_fat = format
                    .and_then(|found| found.format)
                    .is_some_and(|name| name.eq_ignore_ascii_case("FAT32"));
                if is_fat && to.is_windows {
                    let text = (
                        "Windows goes to a partition that is formatted with FAT32.",
                        "Write <Format>NTFS</Format>.",
                    );
                    report(subject, found, ("install-to-fat32", Severity::Error), to.node, text);
                }
                continue;
            }
        };
        let text = (
            format!("Partition {number} is the {name}: nothing can be installed there."),
            "PartitionID counts the created partitions by their Order, MSR too.",
        );
        report(subject, found, ("install-to-system-partition", Severity::Error), to.node, text);
    }
}

/// Two places to install to.
fn install_twice(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (index, node) in subject.settings("Microsoft-Windows-Setup", "ImageInstall/OSImage") {
        let has_place = subject.children_of(index).any(|child| child.name() == "InstallTo");
        if has_place && is_true(subject.text_of(index, "InstallToAvailablePartition")) {
            let text = (
                "InstallTo and InstallToAvailablePartition are both there: Setup stops.",
                "Remove one of them.",
            );
            report(subject, found, ("install-to-both", Severity::Error), node, text);
        }
    }
}
