//! Splitting an image file into parts of limited size.
//!
//! Resources are copied as they are, in the order they have in the file. Part 1 has the metadata of
//! all images; every part has the whole XML document and a table of its own contents.
//!
//! Reference: `docs/formats/wim.md` "Split sets and deltas"; `ebiggers/wimlib` `src/split.c`.

use super::fresh_set::{check_room, part_name, refuse_own, FreshSet};
use crate::error::{Error, InFile, Result};
use crate::formats::wim::blob_table::ENTRY_SIZE;
use crate::formats::wim::header::HEADER_SIZE;
use crate::formats::wim::{Blob, BlobLocation, Hash};
use crate::image::container::{ContainerOptions, ContainerWriter, ImageMetadata};
use crate::image::file::{read_header, ImageFile};
use crate::image::host::{self, HostFile};
use crate::image::info::host_path;
use crate::progress::{Meter, Observer, Phase, Progress};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Parts cannot be smaller: less is a mistake about the unit.
const SMALLEST_PART: u64 = 64 << 10;
/// What the XML document may grow by: the digits of its `TOTALBYTES`, in UTF-16.
const XML_GROWTH: u64 = 80;
/// Bytes of content that one entry of the integrity table stands for, and bytes of the entry.
const INTEGRITY: (u64, u64) = (10 << 20, 20);

/// How a file is split.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SplitOptions {
    /// Give every part a table of SHA-1 sums over itself.
    pub integrity_table: bool,
    /// Parts that are there already may be replaced.
    pub overwrite: bool,
}

/// What a split made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SplitReport {
    /// The file that was split.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// The parts, part 1 first.
    pub parts: Vec<Part>,
}

/// One part of a split set.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The file.
    #[serde(serialize_with = "host_path")]
    pub path: PathBuf,
    /// From 1.
    pub part_number: u16,
    /// Bytes.
    pub file_size: u64,
    /// It is larger than asked for, because one resource in it is, or the metadata of the images.
    pub oversized: bool,
}

/// Splits an image file into parts of at most `part_size` bytes: `first`, and beside it those with
/// the numbers 2, 3… behind its stem. A resource that is larger gets a part of its own.
///
/// The parts get their names when all are whole, part 1 last.
///
/// # Errors
/// [`Error::InvalidArgument`] for a part size below 64 KiB; [`Error::Unsupported`] for a solid file;
/// [`Error::PartMissing`]; [`Error::NoSpace`] before anything is written; [`Error::Io`] with
/// `AlreadyExists` for a part that is there, also one behind the last, unless `options.overwrite`.
pub fn split(
    image: &Path,
    first: &Path,
    part_size: u64,
    options: &SplitOptions,
    observer: Observer<'_>,
) -> Result<SplitReport> {
    if part_size < SMALLEST_PART {
        let reason = format!("it is in bytes, and {part_size} is less than {SMALLEST_PART} (64 KiB)");
        return Err(Error::InvalidArgument { parameter: "partSize", reason });
    }
    let first = std::path::absolute(first).map_err(|source| Error::io("find", first, source))?;
    let image = Arc::new(ImageFile::open(image)?);
    let archive = image.archive();
    if archive.is_solid() {
        return Err(Error::Unsupported {
            what: "splitting a solid (ESD) image file".to_owned(),
            reason: "its contents share one resource; export it to a .wim first".to_owned(),
        })
        .in_file(image.path().display().to_string());
    }
    if let Some(part) = archive.missing_parts().next() {
        return Err(Error::PartMissing { part, total: archive.header().total_parts });
    }
    let plans = plan(&image, part_size, options.integrity_table)?;
    let count = u16::try_from(plans.len()).map_err(|_| Error::LimitExceeded {
        what: "the number of parts",
        limit: u64::from(u16::MAX),
        found: u64::try_from(plans.len()).unwrap_or(u64::MAX),
    })?;
    let names: Vec<PathBuf> = (1..=count).map(|number| part_name(&first, number)).collect();
    refuse_own(&image.part_paths()?, &names)?;
    let stale = stale_parts(&first, count, options.overwrite)?;
    check_room(&first, plans.iter().map(|plan| plan.bytes).fold(0, u64::saturating_add))?;

    let set = FreshSet::new(names, options.overwrite)?;
    let guid = *uuid::Uuid::new_v4().as_bytes();
    let mut meter = Meter::new(observer, Phase::WritingContent, total(&image, &plans));
    let mut parts = Vec::new();
    for ((number, plan), (hidden, name)) in (1..).zip(&plans).zip(set.paths()) {
        let container = ContainerOptions {
            storage: image.storage(),
            level: 0,
            solid: None,
            integrity_table: options.integrity_table,
            guid,
            part: Some((number, count)),
        };
        let file_size = write_part(&image, plan, hidden, &container, &mut meter)?;
        let oversized = file_size > part_size;
        parts.push(Part { path: name.to_path_buf(), part_number: number, file_size, oversized });
    }
    set.finish()?;
    for path in stale {
        host::remove_file(&path)?;
    }
    Ok(SplitReport { image_path: image.path().to_path_buf(), parts })
}

/// What goes into one part.
struct PartPlan {
    contents: Vec<Hash>,
    /// At most so many bytes it will have.
    bytes: u64,
}

/// Distributes the contents in their order.
fn plan(image: &ImageFile, part_size: u64, integrity_table: bool) -> Result<Vec<PartPlan>> {
    let archive = image.archive();
    let entry = u64::try_from(ENTRY_SIZE).unwrap_or(u64::MAX);
    let header = u64::try_from(HEADER_SIZE).unwrap_or(u64::MAX);
    let xml = u64::try_from(archive.xml().to_bytes().len()).unwrap_or(u64::MAX).saturating_add(XML_GROWTH);
    let own = header.saturating_add(xml);
    let cost = |blob: &Blob| stored_size(blob).saturating_add(entry);
    let with_sums = |bytes: u64| match integrity_table {
        true => {
            let (chunk, sum) = INTEGRITY;
            bytes.saturating_add(bytes.div_ceil(chunk).saturating_mul(sum)).saturating_add(12)
        }
        false => bytes,
    };
    let metadata = archive.blobs().metadata().iter().map(cost).fold(0, u64::saturating_add);
    let mut parts = Vec::new();
    let mut part = PartPlan { contents: Vec::new(), bytes: own.saturating_add(metadata) };
    for blob in in_order(image) {
        let bytes = part.bytes.saturating_add(cost(blob));
        let has_something = parts.is_empty() || !part.contents.is_empty();
        if with_sums(bytes) > part_size && has_something {
            parts.push(std::mem::replace(&mut part, PartPlan { contents: Vec::new(), bytes: own }));
        }
        part.bytes = part.bytes.saturating_add(cost(blob));
        part.contents.push(blob.hash);
    }
    parts.push(part);
    for part in &mut parts {
        part.bytes = with_sums(part.bytes);
    }
    Ok(parts)
}

/// The contents of a file or set by their place.
pub(super) fn in_order(image: &ImageFile) -> Vec<&Blob> {
    let mut blobs: Vec<&Blob> = image.archive().blobs().iter().collect();
    let solid = image.archive().blobs().solid_resources();
    blobs.sort_by_key(|blob| match blob.location {
        BlobLocation::Resource(header) => (blob.part, header.offset, 0),
        BlobLocation::Solid { resource, offset } => {
            let holder = usize::try_from(resource).ok().and_then(|resource| solid.get(resource));
            (blob.part, holder.map_or(0, |holder| holder.header.offset), offset)
        }
    });
    blobs
}

fn stored_size(blob: &Blob) -> u64 {
    match blob.location {
        BlobLocation::Resource(header) => header.size_in_file,
        BlobLocation::Solid { .. } => 0,
    }
}

fn size(image: &ImageFile, plan: &PartPlan) -> u64 {
    let blobs = plan.contents.iter().filter_map(|hash| image.find_blob(hash));
    blobs.map(|blob| blob.size).fold(0, u64::saturating_add)
}

fn total(image: &ImageFile, plans: &[PartPlan]) -> u64 {
    plans.iter().map(|plan| size(image, plan)).fold(0, u64::saturating_add)
}

/// Parts of an older set behind the last one of the new set.
///
/// # Errors
/// [`Error::Io`] with `AlreadyExists` unless `overwrite`: they would look like parts of this set.
fn stale_parts(first: &Path, count: u16, overwrite: bool) -> Result<Vec<PathBuf>> {
    let behind = (count.saturating_add(1)..=u16::MAX).map(|number| part_name(first, number));
    let behind: Vec<PathBuf> = behind.take_while(|path| path.symlink_metadata().is_ok()).collect();
    if let (Some(path), false) = (behind.first(), overwrite) {
        return Err(Error::io("leave", path, std::io::ErrorKind::AlreadyExists.into()));
    }
    // Only what belonged to the set that is replaced is removed.
    let header = |path: &Path| HostFile::open(path).and_then(|file| read_header(&file)).ok();
    let Some(old) = header(first) else { return Ok(Vec::new()) };
    let is_part = |path: &PathBuf| header(path).is_some_and(|part| part.guid == old.guid && part.is_split());
    Ok(behind.into_iter().filter(is_part).collect())
}

fn write_part(
    image: &Arc<ImageFile>,
    plan: &PartPlan,
    path: &Path,
    options: &ContainerOptions,
    meter: &mut Meter<'_>,
) -> Result<u64> {
    let bytes = size(image, plan);
    let mut observer = |progress: Progress| meter.observe(progress);
    let mut writer = ContainerWriter::create(path, options, false)?;
    writer.keep_flags_of(image);
    writer.expect(bytes);
    writer.add_stored(image, &plan.contents, &mut observer)?;
    match options.part {
        Some((1, _)) => add_images(&mut writer, image, &mut observer)?,
        _ => {
            for hash in &plan.contents {
                let references = image.find_blob(hash).map_or(0, |blob| blob.references);
                writer.set_references(hash, references);
            }
        }
    }
    *writer.xml_mut() = image.archive().xml().clone();
    let finished = writer.finish(&mut observer)?;
    meter.advance(bytes)?;
    Ok(finished.file_size)
}

/// Adds the images of a file, as they are stored, with the one that boots.
pub(super) fn add_images(
    writer: &mut ContainerWriter,
    image: &Arc<ImageFile>,
    observer: Observer<'_>,
) -> Result<()> {
    let archive = image.archive();
    let elements: Vec<_> = archive.xml().images().map(|(index, element)| (index, element.clone())).collect();
    for (index, element) in elements {
        writer.add_image(ImageMetadata::Stored { file: image, index }, element, observer)?;
    }
    writer.set_boot_index(archive.boot_index())
}
