//! Making a sound image file of what a damaged one still holds.

use crate::error::{Error, InFile, Result};
use crate::formats::wim::tree::Tree;
use crate::formats::wim::xml::Element;
use crate::formats::wim::{Blob, BlobLocation, Hash};
use crate::image::container::{ContainerOptions, ContainerWriter, ImageMetadata, SolidOptions};
use crate::image::decode::{read_blobs, BlobPart, Order};
use crate::image::host::HostFile;
use crate::image::info::host_path;
use crate::image::jobs::test::{examine, wrong_counts, Examined, Findings};
use crate::image::jobs::Finding;
use crate::image::metadata::read_tree;
use crate::image::parts::same_file;
use crate::image::ImageFile;
use crate::progress::{Meter, Observer, Phase};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How [`repair`] writes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RepairOptions {
    /// Replace a file that is at the destination.
    pub overwrite: bool,
    /// Files that hold what the file lacks, or further parts of a split set. Content that is
    /// damaged in the file is taken from them too.
    pub reference_paths: Vec<PathBuf>,
}

/// An item that could not be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LostItem {
    /// The path inside the image; `\` for a whole image.
    pub path: String,
    /// The image's index in the damaged file.
    pub image_index: u32,
    /// Why it is lost.
    pub reason: String,
}

/// An image that was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepairedImage {
    /// The index in the damaged file.
    pub source_index: u32,
    /// The index in the new file.
    pub index: u32,
    /// From the XML.
    pub name: Option<String>,
}

/// What [`repair`] did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepairReport {
    /// The new file, absolute.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// What is wrong with the damaged file.
    pub findings: Vec<Finding>,
    /// What is not in the new file.
    pub lost: Vec<LostItem>,
    /// The images of the new file.
    pub images: Vec<RepairedImage>,
}

/// Writes a new file with everything that can be read from a damaged one.
///
/// An image whose metadata is damaged is left out. In the others, a file whose content is lost is
/// left out with all its names, and a named stream that is lost is left out alone; nothing takes
/// the place of what is lost. Content that no image needs is left out too. Resources are copied as
/// they are. Header, blob table and XML document must be readable.
///
/// # Errors
/// Those of opening the file; [`Error::NotServiceable`] when not one image can be saved;
/// [`Error::InvalidArgument`] when the destination is the file itself or one of its parts.
pub fn repair(
    image: &Path,
    destination: &Path,
    options: &RepairOptions,
    observer: Observer<'_>,
) -> Result<RepairReport> {
    let image = Arc::new(ImageFile::open_with(image, &options.reference_paths)?);
    let name = image.path().display().to_string();
    refuse_same(&image, destination)?;
    // A destination that cannot be written is told before everything is read.
    let mut writer = ContainerWriter::create(destination, &container_options(&image), options.overwrite)?;
    let mut findings = Findings::default();
    let mut meter = Meter::new(&mut *observer, Phase::Verifying, 0);
    let Examined { sound_images, mut lost, .. } = examine(&image, &[], &mut findings, &mut meter)?;
    let rescued = rescue(&image, &mut lost, &mut meter)?;
    if sound_images.is_empty() {
        let reason = "the metadata of every image is lost".to_owned();
        return Err(Error::NotServiceable { reason }.in_file(name));
    }
    let mut report = RepairReport {
        image_path: std::path::absolute(destination)
            .map_err(|source| Error::io("find", destination, source))?,
        findings: findings.list,
        lost: Vec::new(),
        images: Vec::new(),
    };
    for index in 1..=image.archive().header().image_count {
        if !sound_images.contains(&index) {
            let reason = "its metadata is damaged".to_owned();
            report.lost.push(LostItem { path: "\\".into(), image_index: index, reason });
        }
    }
    // Content first: the counts of the images are made of its sizes.
    let mut needed = HashSet::new();
    for index in &sound_images {
        let mut tree = read_tree(image.archive(), *index, observer).in_file(&name)?;
        remove_lost(&mut tree, *index, &lost, &mut report.lost)?;
        needed.extend(tree.blob_references().into_keys());
    }
    let files = std::iter::once(&image).chain(image.references());
    for (holder, file) in files.enumerate() {
        let holds = |hash: &Hash| match rescued.get(hash) {
            Some(rescuer) => *rescuer == holder,
            None => image.holder(hash).is_some_and(|found| std::ptr::eq(found, &**file)),
        };
        let mut hashes: Vec<Hash> = needed.iter().filter(|hash| holds(hash)).copied().collect();
        hashes.sort_by_key(|hash| file.archive().blobs().get(hash).map(place));
        writer.add_stored(file, &hashes, observer)?;
    }
    for source_index in sound_images {
        // Read again, because the trees of a large file do not fit into memory together.
        let mut tree = read_tree(image.archive(), source_index, observer).in_file(&name)?;
        let mut removed = Vec::new();
        remove_lost(&mut tree, source_index, &lost, &mut removed)?;
        let is_whole = removed.is_empty()
            && tree.notes().is_empty()
            && wrong_counts(&image, &tree, source_index).is_empty();
        let metadata = match is_whole {
            true => ImageMetadata::Stored { file: &image, index: source_index },
            false => ImageMetadata::Tree(&tree),
        };
        let xml = image.archive().xml().image(source_index).cloned();
        let xml = xml.unwrap_or_else(|| Element::new("IMAGE"));
        let index = writer.add_image(metadata, xml, observer)?;
        if image.archive().boot_index() == Some(source_index) {
            writer.set_boot_index(Some(index))?;
        }
        let name = image.image_details(source_index).and_then(|details| details.name);
        report.images.push(RepairedImage { source_index, index, name });
    }
    writer.finish(observer)?;
    Ok(report)
}

fn refuse_same(image: &ImageFile, destination: &Path) -> Result<()> {
    let Ok(existing) = HostFile::open(destination) else { return Ok(()) };
    let files = std::iter::once(image).chain(image.references().iter().map(Arc::as_ref));
    match files.flat_map(ImageFile::parts).any(|part| same_file(part, &existing)) {
        true => Err(Error::InvalidArgument {
            parameter: "destination",
            reason: "it is the damaged file itself, or one that is needed to repair it".to_owned(),
        }),
        false => Ok(()),
    }
}

/// The new file is stored as the damaged one is.
fn container_options(image: &ImageFile) -> ContainerOptions {
    let solid = image.archive().blobs().solid_resources().first();
    ContainerOptions {
        storage: image.storage(),
        level: 0,
        solid: solid.map(|solid| SolidOptions { chunk_size: solid.chunk_size }),
        integrity_table: image.archive().has_integrity_table(),
        guid: *uuid::Uuid::new_v4().as_bytes(),
        part: None,
    }
}

/// Content that is damaged in the file and sound in a reference is not lost. Gives the number of
/// the reference, from 1.
fn rescue(
    image: &Arc<ImageFile>,
    lost: &mut HashMap<Hash, String>,
    meter: &mut Meter<'_>,
) -> Result<HashMap<Hash, usize>> {
    let mut rescued = HashMap::new();
    for (number, file) in (1..).zip(image.references()) {
        let there = |hash: &&Hash| file.archive().blobs().get(hash).is_some();
        let hashes: Vec<Hash> = lost.keys().filter(there).copied().collect();
        let mut part = |which: usize, part: BlobPart<'_>| {
            if let (BlobPart::End, Some(hash)) = (part, hashes.get(which)) {
                lost.remove(hash);
                rescued.insert(*hash, number);
            }
            Ok(())
        };
        read_blobs(file, &hashes, Order::OnDisk, &mut part, &mut || meter.wait())?;
    }
    Ok(rescued)
}

/// Takes what is lost out of a tree, and lists it.
fn remove_lost(
    tree: &mut Tree,
    image_index: u32,
    lost: &HashMap<Hash, String>,
    list: &mut Vec<LostItem>,
) -> Result<()> {
    for dentry in tree.walk(tree.root()).collect::<Vec<_>>() {
        let inode = tree.inode_of(dentry);
        let path = tree.display_path(dentry);
        let mut gone = Vec::new();
        for stream in &inode.streams {
            if let Some(reason) = lost.get(&stream.hash) {
                gone.push((stream.kind, stream.name.clone(), reason.clone()));
            }
        }
        let is_file = !inode.is_directory();
        let whole = gone.iter().find(|(_, name, _)| is_file && name.is_empty());
        if let Some((_, _, reason)) = whole {
            list.push(LostItem { path, image_index, reason: reason.clone() });
            tree.remove(dentry)?;
            continue;
        }
        let id = tree.dentry(dentry).inode;
        for (kind, name, reason) in gone {
            let path = format!("{path}:{}", String::from_utf16_lossy(&name));
            list.push(LostItem { path, image_index, reason });
            if let Some(inode) = tree.inode_mut(id) {
                inode.remove_stream(kind, &name);
            }
        }
    }
    Ok(())
}

/// Where a blob is: contents that stand together are copied together.
fn place(blob: &Blob) -> (u16, u64, u64) {
    match blob.location {
        BlobLocation::Resource(resource) => (blob.part, resource.offset, 0),
        BlobLocation::Solid { resource, offset } => (blob.part, u64::from(resource), offset),
    }
}
