//! Writing an image file afresh: without the space that removed and replaced content takes, or
//! compressed in another way.

use super::export::{container_like, content_of};
use crate::error::{Error, InFile, Result};
use crate::formats::wim::blob_table::ENTRY_SIZE;
use crate::formats::wim::header::HEADER_SIZE;
use crate::formats::wim::integrity::DEFAULT_CHUNK_SIZE;
use crate::formats::wim::{Blob, BlobLocation, Hash};
use crate::image::container::{CompressionType, ContainerOptions, ContainerWriter, Finished};
use crate::image::file::ImageFile;
use crate::image::host::{self, HostFile};
use crate::image::info::host_path;
use crate::image::mount::check_writable;
use crate::image::state::StateDirectory;
use crate::progress::Observer;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a file is optimized.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OptimizeOptions {
    /// How content is stored afterwards; `None`: as it is.
    pub compression: Option<CompressionType>,
    /// libwim's compression level for what is compressed; 0 for its default.
    pub level: u32,
    /// Compress everything anew, also what has the right compression.
    pub recompress: bool,
    /// Only say what a rebuild without recompression would give back.
    pub dry_run: bool,
    /// Whether the file has an integrity table afterwards; `None`: as it is.
    pub integrity_table: Option<bool>,
    /// Write this file and leave the other as it is. It must not exist.
    pub destination: Option<PathBuf>,
}

/// What an optimization did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptimizeReport {
    /// The file.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// Bytes of the file before.
    pub file_size_before: u64,
    /// Bytes of the file now, or of the destination, or after a rebuild.
    pub file_size_after: u64,
    /// Bytes that the file is smaller.
    pub reclaimed: u64,
    /// Content was compressed anew.
    pub recompressed: bool,
    /// Nothing was written.
    pub dry_run: bool,
}

/// Writes a file afresh and puts it in the place of the old one.
///
/// # Errors
/// [`Error::AlreadyMounted`] when an image has a session; [`Error::SplitNotWritable`],
/// [`Error::ImageFileReadOnly`], [`Error::Busy`]. The file is then as it was.
pub fn optimize(image: &Path, options: &OptimizeOptions, observer: Observer<'_>) -> Result<OptimizeReport> {
    let file = image_file(image)?;
    let name = file.path().display().to_string();
    let file_size_before = file.host_file().length()?;
    let plan = Rebuild {
        compression: options.compression,
        level: options.level,
        recompress: options.recompress,
        integrity_table: options.integrity_table.unwrap_or(file.archive().has_integrity_table()),
        destination: options.destination.clone(),
        ..Rebuild::of(&file)
    };
    let (file_size_after, recompressed) = match options.dry_run {
        true => (size_of_rebuild(&file, &plan, observer).in_file(&name)?, false),
        false => {
            if options.destination.is_none() {
                refuse_sessions(&file, 1).in_file(&name)?;
            }
            let (finished, recompressed) = rebuild(&file, &plan, observer)?;
            (finished.file_size, recompressed)
        }
    };
    Ok(OptimizeReport {
        image_path: file.path().to_path_buf(),
        file_size_before,
        file_size_after,
        reclaimed: file_size_before.saturating_sub(file_size_after),
        recompressed,
        dry_run: options.dry_run,
    })
}

/// How a file is written afresh.
#[derive(Debug, Clone)]
pub(super) struct Rebuild {
    /// The images that stay, in order.
    pub keep: Vec<u32>,
    pub compression: Option<CompressionType>,
    pub level: u32,
    pub recompress: bool,
    pub integrity_table: bool,
    /// Where to, unless in the place of the file.
    pub destination: Option<PathBuf>,
}

impl Rebuild {
    /// As the file is.
    pub fn of(file: &ImageFile) -> Self {
        Self {
            keep: (1..=file.archive().header().image_count).collect(),
            compression: None,
            level: 0,
            recompress: false,
            integrity_table: file.archive().has_integrity_table(),
            destination: None,
        }
    }
}

/// Writes a file afresh; also says whether content was recompressed.
pub(super) fn rebuild(
    file: &Arc<ImageFile>,
    plan: &Rebuild,
    observer: Observer<'_>,
) -> Result<(Finished, bool)> {
    let name = file.path().display().to_string();
    // Other writers are kept out until the new file has taken the place of the old one.
    let _lock = match &plan.destination {
        Some(_) => None,
        None => Some(lock(file).in_file(&name)?),
    };
    let like = container_like(file, plan.compression, plan.level, plan.integrity_table);
    let options = ContainerOptions { guid: file.archive().header().guid, ..like };
    let path = plan.destination.as_deref().unwrap_or(file.path());
    let mut writer = ContainerWriter::create(path, &options, plan.destination.is_none())?;
    writer.set_recompress(plan.recompress);
    let (hashes, references) = content_of(file, &plan.keep, writer.is_solid(), observer).in_file(&name)?;
    // Content that the file itself lacks, because it is a delta, stays away.
    let hashes: Vec<Hash> =
        hashes.into_iter().filter(|hash| file.archive().blobs().get(hash).is_some()).collect();
    let sizes = hashes.iter().filter_map(|hash| Some(file.find_blob(hash)?.size));
    writer.expect(sizes.fold(0, u64::saturating_add));
    writer.add_stored(file, &hashes, observer)?;
    let mut boots = None;
    for (index, references) in plan.keep.iter().zip(references) {
        let element = file.archive().xml().image(*index).cloned().unwrap_or_default();
        let new_index = writer.add_counted_image(file, *index, references, element, observer)?;
        if file.archive().boot_index() == Some(*index) {
            boots = Some(new_index);
        }
    }
    // The document as a whole, for what it has besides images.
    let mut xml = file.archive().xml().clone();
    for index in (1..=file.archive().header().image_count).rev() {
        if !plan.keep.contains(&index) {
            xml.delete_image(index);
        }
    }
    *writer.xml_mut() = xml;
    writer.set_boot_index(boots)?;
    writer.keep_flags_of(file);
    let recompressed = writer.has_recompressed();
    Ok((writer.finish(observer)?, recompressed))
}

/// Bytes that a rebuild makes: exactly, but for solid resources of which only a part is needed.
fn size_of_rebuild(file: &ImageFile, plan: &Rebuild, observer: Observer<'_>) -> Result<u64> {
    let archive = file.archive();
    let needed: HashSet<Hash> = content_of(file, &plan.keep, false, observer)?.0.into_iter().collect();
    let blobs: Vec<&Blob> = needed.iter().filter_map(|hash| archive.blobs().get(hash)).collect();
    let mut bytes = u64::try_from(HEADER_SIZE).unwrap_or(u64::MAX);
    let mut entries = blobs.len();
    let mut solid: HashSet<u32> = HashSet::new();
    for blob in blobs.iter().copied().chain(archive.blobs().metadata()) {
        match blob.location {
            BlobLocation::Resource(header) => bytes = bytes.saturating_add(header.size_in_file),
            BlobLocation::Solid { resource, .. } => drop(solid.insert(resource)),
        }
    }
    for number in &solid {
        let position = usize::try_from(*number).unwrap_or(usize::MAX);
        let resource = archive.blobs().solid_resources().get(position);
        bytes = bytes.saturating_add(resource.map_or(0, |resource| resource.header.size_in_file));
    }
    entries = entries.saturating_add(archive.blobs().metadata().len()).saturating_add(solid.len());
    let table = u64::try_from(entries.saturating_mul(ENTRY_SIZE)).unwrap_or(u64::MAX);
    let table_end = bytes.saturating_add(table);
    let mut xml = archive.xml().clone();
    xml.set_total_bytes(table_end);
    let xml = u64::try_from(xml.to_bytes().len()).unwrap_or(u64::MAX);
    let integrity = match plan.integrity_table {
        true => {
            let covered = table_end.saturating_sub(u64::try_from(HEADER_SIZE).unwrap_or(0));
            covered.div_ceil(u64::from(DEFAULT_CHUNK_SIZE)).saturating_mul(20).saturating_add(12)
        }
        false => 0,
    };
    Ok(table_end.saturating_add(xml).saturating_add(integrity))
}

/// Opens a file that is to be changed, by its real path.
pub(super) fn image_file(path: &Path) -> Result<Arc<ImageFile>> {
    Ok(Arc::new(ImageFile::open(&host::canonical(path)?)?))
}

/// Refuses a file that has a session on image `from` or a later one.
pub(super) fn refuse_sessions(file: &ImageFile, from: u32) -> Result<()> {
    let state = StateDirectory::locate()?;
    let sessions = state.on_file(file.path(), file.host_file().identity()?)?;
    match sessions.into_iter().find(|(_, record)| record.image_index >= from) {
        Some((_, record)) => {
            let session = record.path.display().to_string();
            Err(Error::AlreadyMounted { index: record.image_index, session })
        }
        None => Ok(()),
    }
}

/// Keeps other writers away from a file as long as the handle lives.
fn lock(file: &ImageFile) -> Result<HostFile> {
    check_writable(file, true)?;
    let handle = HostFile::open_writable(file.path())?;
    handle.lock_image(file.path())?;
    handle.lock_for_writing()?;
    if handle.identity()? != file.host_file().identity()? {
        return Err(Error::ImageChanged { difference: "another file has taken its place".to_owned() });
    }
    Ok(handle)
}
