//! What an answer file says of disks and partitions, as a layout.

use super::subject::{Node, Subject};

const COMPONENT: &str = "Microsoft-Windows-Setup";
const DISK: &str = "DiskConfiguration/Disk";

/// What a partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionType {
    Primary,
    Efi,
    Msr,
    Extended,
    Logical,
}

/// A partition to create.
#[derive(Debug)]
pub struct Created<'s, 'a> {
    pub node: &'s Node<'a>,
    pub order: Option<u32>,
    pub kind: Option<PartitionType>,
    /// The size is there, and not empty.
    pub has_size: bool,
    /// Megabytes.
    pub size: Option<u64>,
    pub extend: bool,
}

/// A partition to format, name and so on.
#[derive(Debug)]
pub struct Modified<'s, 'a> {
    pub node: &'s Node<'a>,
    pub partition: Option<u32>,
    pub format: Option<&'s str>,
    pub letter: Option<&'s str>,
    pub type_id: Option<&'s str>,
    pub active: bool,
    pub extend: bool,
}

/// A disk.
#[derive(Debug)]
pub struct Disk<'s, 'a> {
    pub node: &'s Node<'a>,
    pub id: Option<u32>,
    /// All that was on it goes.
    pub wipe: bool,
    /// In the order in which they are created.
    pub created: Vec<Created<'s, 'a>>,
    pub modified: Vec<Modified<'s, 'a>>,
}

/// Where an image goes.
#[derive(Debug)]
pub struct InstallTo<'s, 'a> {
    pub node: &'s Node<'a>,
    pub disk: Option<u32>,
    pub partition: Option<u32>,
    /// It is Windows, not a data image.
    pub is_windows: bool,
}

impl<'s, 'a> Disk<'s, 'a> {
    /// The disks of all components for Setup: each stands for itself.
    pub fn all(subject: &'s Subject<'a>) -> Vec<Self> {
        let disks = subject.settings(COMPONENT, DISK).map(|(index, node)| Self::read(subject, index, node));
        // Nobody knows yet which partitions there will be.
        let is_open = |disk: &Self| {
            let mut nodes =
                disk.created.iter().map(|made| made.node).chain(disk.modified.iter().map(|made| made.node));
            disk.node.is_conditional || nodes.any(|node| node.is_conditional)
        };
        disks.filter(|disk| !is_open(disk)).collect()
    }

    fn read(subject: &'s Subject<'a>, index: usize, node: &'s Node<'a>) -> Self {
        let below = |path: &'static str| {
            let path = format!("{DISK}/{path}");
            subject.numbered().filter(move |(_, other)| {
                other.part == node.part && other.path == path && lies_in(subject, other, node)
            })
        };
        let created = below("CreatePartitions/CreatePartition").map(|(at, node)| Created {
            node,
            order: number(subject.text_of(at, "Order")),
            kind: subject.text_of(at, "Type").and_then(PartitionType::parse),
            has_size: subject.text_of(at, "Size").is_some_and(|size| !size.is_empty()),
            size: number(subject.text_of(at, "Size")),
            extend: is_true(subject.text_of(at, "Extend")),
        });
        let modified = below("ModifyPartitions/ModifyPartition").map(|(at, node)| Modified {
            node,
            partition: number(subject.text_of(at, "PartitionID")),
            format: filled(subject.text_of(at, "Format")),
            letter: filled(subject.text_of(at, "Letter")),
            type_id: filled(subject.text_of(at, "TypeID")),
            active: is_true(subject.text_of(at, "Active")),
            extend: is_true(subject.text_of(at, "Extend")),
        });
        let mut created: Vec<Created<'_, '_>> = created.collect();
        created.sort_by_key(|partition| partition.order);
        Self {
            node,
            id: number(subject.text_of(index, "DiskID")),
            wipe: is_true(subject.text_of(index, "WillWipeDisk")),
            created,
            modified: modified.collect(),
        }
    }

    /// The disk gets a GUID partition table.
    pub fn is_gpt(&self) -> bool {
        self.has(PartitionType::Efi) || self.has(PartitionType::Msr)
    }

    /// A partition of that type is created.
    pub fn has(&self, kind: PartitionType) -> bool {
        self.created.iter().any(|partition| partition.kind == Some(kind))
    }

    /// The numbers of the partitions are those of the order in which they are created: the disk is empty before,
    /// everything is said, and there is no extended partition, which is numbered apart.
    pub fn is_numbered(&self) -> bool {
        self.wipe
            && !self.created.is_empty()
            && self.created.iter().all(|partition| partition.kind.is_some() && partition.order.is_some())
            && !self.has(PartitionType::Extended)
            && !self.has(PartitionType::Logical)
    }

    /// The created partition of a number, from 1.
    pub fn partition(&self, number: u32) -> Option<&Created<'s, 'a>> {
        self.created.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }
}

impl<'s, 'a> InstallTo<'s, 'a> {
    /// Where the images of an answer file go.
    pub fn all(subject: &'s Subject<'a>) -> Vec<Self> {
        let paths = [("ImageInstall/OSImage/InstallTo", true), ("ImageInstall/DataImage/InstallTo", false)];
        let of = |(path, is_windows)| {
            let places = subject.settings(COMPONENT, path);
            let places = places.filter(|(at, _)| !subject.children_of(*at).any(|child| child.is_conditional));
            places.map(move |(at, node)| Self {
                node,
                disk: number(subject.text_of(at, "DiskID")),
                partition: number(subject.text_of(at, "PartitionID")),
                is_windows,
            })
        };
        paths.into_iter().flat_map(of).collect()
    }
}

impl PartitionType {
    fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "primary" => Self::Primary,
            "efi" => Self::Efi,
            "msr" => Self::Msr,
            "extended" => Self::Extended,
            "logical" => Self::Logical,
            _ => return None,
        })
    }
}

/// Whether a node lies below another one.
fn lies_in(subject: &Subject<'_>, node: &Node<'_>, above: &Node<'_>) -> bool {
    let mut at = subject.parent(node);
    while let Some(parent) = at {
        if parent.element == above.element {
            return true;
        }
        at = subject.parent(parent);
    }
    false
}

/// Whether a text says yes.
pub fn is_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn number<N: std::str::FromStr>(text: Option<&str>) -> Option<N> {
    text?.parse().ok()
}
