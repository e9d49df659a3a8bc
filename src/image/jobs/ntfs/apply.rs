//! Applying an image to a volume.

use super::engine::{self, Source};
use super::volume::Target;
use crate::error::{Error, Result};
use crate::formats::upcase;
use crate::formats::wim::tree::{attributes, DentryId, Inode, InodeId, Tree};
use crate::image::file::ImageFile;
use crate::image::jobs::apply::{ApplyReport, NotApplied, NotAppliedCounts};
use crate::image::jobs::PlaceKind;
use crate::progress::{report, Observer, Phase};
use std::collections::HashSet;
use std::path::Path;

/// What is applied to a volume.
pub struct VolumeTarget<'a> {
    /// The image file, with the files it refers to.
    pub image: &'a ImageFile,
    /// From 1.
    pub index: u32,
    /// The image's metadata.
    pub tree: &'a Tree,
    /// Which names are applied; the directories above them are too. `None`: all.
    pub selected: Option<&'a dyn Fn(DentryId) -> bool>,
    /// The volume: a block device, or a file with its content.
    pub volume: &'a Path,
    /// Apply to a volume that holds files already, as long as none has the name of one that the
    /// image has in its root.
    pub overwrite: bool,
}

/// Applies an image to an NTFS volume, with all its metadata. Everything that can be checked is
/// checked before the volume is touched: that it is one, may be written, is empty and has room, and
/// that all content is there.
///
/// **When it fails or is stopped after that, the volume holds part of the image and must be
/// formatted again**: libntfs-3g has no way back.
///
/// # Errors
/// [`Error::ElevationRequired`] for a block device that this user may not write; [`Error::Busy`] for
/// a volume that is mounted; [`Error::Malformed`] for what is no NTFS volume; [`Error::NoSpace`];
/// [`Error::ContentMissing`] and [`Error::PartMissing`]; [`Error::InvalidArgument`] for a volume
/// that holds files; [`Error::Unsupported`] for one that Windows did not close.
pub fn apply_volume(target: &VolumeTarget<'_>, observer: Observer<'_>) -> Result<ApplyReport> {
    report(observer, Phase::Opening, 0, 0)?;
    let (included, left_out) = choose(target);
    let mut applied = count(target, &included)?;
    let volume = Target::open(target.volume, &mut || report(observer, Phase::Opening, 0, 0))?;
    check_root(target, &included, &volume.names)?;
    check_room(target, &included, &volume)?;

    let parts = target.image.part_paths()?;
    let references = target.image.references().iter();
    let references = references.map(|file| file.part_paths()).collect::<Result<Vec<_>>>()?;
    let Some((first, parts)) = parts.split_first() else {
        return Err(Error::PartMissing { part: 1, total: 1 });
    };
    let source = Source {
        first,
        others: parts.iter().chain(references.iter().flatten()).copied().collect(),
        index: target.index,
        left_out,
        bytes: applied.bytes,
    };
    engine::apply(&source, target.volume, observer)?;
    report(observer, Phase::Extracting, applied.bytes, applied.bytes)?;
    applied.target = target.volume.to_path_buf();
    Ok(applied)
}

/// The names that are applied, and the paths of those that are left out with all below them.
fn choose(target: &VolumeTarget<'_>) -> (HashSet<DentryId>, Vec<Vec<Vec<u16>>>) {
    let tree = target.tree;
    let all: Vec<DentryId> = tree.walk(tree.root()).collect();
    let Some(selected) = target.selected else { return (all.into_iter().collect(), Vec::new()) };
    let mut included = HashSet::from([tree.root()]);
    for id in all.iter().rev() {
        if included.contains(id) || selected(*id) {
            included.insert(*id);
            included.insert(tree.dentry(*id).parent);
        }
    }
    let is_edge = |id: &&DentryId| !included.contains(*id) && included.contains(&tree.dentry(**id).parent);
    let left_out = all.iter().filter(is_edge).map(|id| names(tree, *id)).collect();
    (included, left_out)
}

fn names(tree: &Tree, id: DentryId) -> Vec<Vec<u16>> {
    let mut names = Vec::new();
    let mut current = id;
    while current != tree.root() && tree.contains(current) {
        names.push(tree.dentry(current).name.to_vec());
        current = tree.dentry(current).parent;
    }
    names.reverse();
    names
}

/// The inodes of the names that are applied, each once.
fn inodes<'a>(tree: &'a Tree, included: &HashSet<DentryId>) -> impl Iterator<Item = (InodeId, &'a Inode)> {
    let ids: HashSet<InodeId> = included.iter().map(|id| tree.dentry(*id).inode).collect();
    ids.into_iter().map(|id| (id, tree.inode(id)))
}

/// What the report will say, and that all content is there.
fn count(target: &VolumeTarget<'_>, included: &HashSet<DentryId>) -> Result<ApplyReport> {
    let mut applied = ApplyReport {
        image_path: target.image.path().to_path_buf(),
        index: target.index,
        target: target.volume.to_path_buf(),
        target_kind: PlaceKind::Ntfs,
        files: 0,
        directories: 0,
        links: 0,
        bytes: 0,
        not_applied: Vec::new(),
        not_applied_counts: NotAppliedCounts::default(),
    };
    let mut names = 0u64;
    for (_, inode) in inodes(target.tree, included) {
        match inode.is_directory() {
            true => applied.directories = applied.directories.saturating_add(1),
            false => applied.files = applied.files.saturating_add(1),
        }
        applied.bytes = sizes(target.image, inode)?.fold(applied.bytes, u64::saturating_add);
    }
    let tree = target.tree;
    for id in tree.walk(tree.root()).filter(|id| included.contains(id)) {
        let inode = tree.inode_of(id);
        names = names.saturating_add(u64::from(!inode.is_directory()));
        if inode.attributes & attributes::ENCRYPTED != 0 {
            let count = &mut applied.not_applied_counts.encrypted_files;
            *count = count.saturating_add(1);
            if applied.not_applied.len() < ApplyReport::ITEM_LIMIT {
                applied.not_applied.push(NotApplied { path: tree.display_path(id), what: "EncryptedData" });
            }
        }
    }
    applied.links = names.saturating_sub(applied.files);
    Ok(applied)
}

/// The sizes of an inode's contents.
fn sizes<'a>(image: &'a ImageFile, inode: &'a Inode) -> Result<impl Iterator<Item = u64> + 'a> {
    let hashes = || inode.streams.iter().map(|stream| stream.hash).filter(|hash| *hash != [0; 20]);
    for hash in hashes().filter(|hash| image.find_blob(hash).is_none()) {
        // This fails, with the error that says what is missing.
        image.open_blob(&hash)?;
    }
    Ok(hashes().filter_map(|hash| Some(image.find_blob(&hash)?.size)))
}

/// libntfs-3g cannot replace files, so the volume must not have what the image brings along.
fn check_root(target: &VolumeTarget<'_>, included: &HashSet<DentryId>, present: &[Vec<u16>]) -> Result<()> {
    let tree = target.tree;
    let brought = tree.children(tree.root()).iter().filter(|id| included.contains(id));
    let brought: Vec<&[u16]> = brought.map(|id| &*tree.dentry(*id).name).collect();
    let in_the_way = present
        .iter()
        .find(|name| !target.overwrite || brought.iter().any(|other| upcase::equal(name, other)));
    let Some(name) = in_the_way else { return Ok(()) };
    let name = String::from_utf16_lossy(name);
    let reason = match target.overwrite {
        true => format!(
            "the volume has a '{name}' already, which cannot be replaced: remove it or format the volume"
        ),
        false => format!("the volume is not empty: it has '{name}'; format it, or ask to overwrite"),
    };
    Err(Error::InvalidArgument { parameter: "target", reason })
}

/// The least that the files can take on the volume: their records in the master file table, and
/// clusters for contents that fit in no record. Directories' indexes come on top, so a volume may
/// fill up all the same.
fn check_room(target: &VolumeTarget<'_>, included: &HashSet<DentryId>, volume: &Target) -> Result<()> {
    const SPARSE_OR_COMPRESSED: u32 = 0x0200 | 0x0800;
    let Some(available) = volume.free else { return Ok(()) };
    let mut records = 0u64;
    let mut needed = 0u64;
    for (_, inode) in inodes(target.tree, included) {
        records = records.saturating_add(volume.record_size);
        if inode.attributes & SPARSE_OR_COMPRESSED == 0 {
            let outside = sizes(target.image, inode)?.filter(|size| *size > volume.record_size);
            let clusters = outside.map(|size| size.checked_next_multiple_of(volume.cluster_size));
            needed = clusters.fold(needed, |sum, size| sum.saturating_add(size.unwrap_or(u64::MAX)));
        }
    }
    needed = needed.saturating_add(records.saturating_sub(volume.mft_size));
    match needed > available {
        true => Err(Error::NoSpace { path: target.volume.to_path_buf(), needed, available }),
        false => Ok(()),
    }
}
