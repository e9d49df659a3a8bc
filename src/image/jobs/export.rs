//! Copying images from one image file to another.

use crate::error::{Error, InFile, Result};
use crate::formats::wim::xml::Element;
use crate::formats::wim::{header_flags, Hash};
use crate::image::container::{
    AppendOptions, CompressionType, ContainerOptions, ContainerWriter, SolidOptions, SolidOrder,
};
use crate::image::file::ImageFile;
use crate::image::info::host_path;
use crate::image::metadata::read_tree;
use crate::progress::Observer;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How images are exported.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ExportOptions {
    /// The images, from 1, in the order they get; empty: all.
    pub indexes: Vec<u32>,
    /// A new name, for one image.
    pub name: Option<String>,
    /// A new `DESCRIPTION`, for one image; empty: none.
    pub description: Option<String>,
    /// How content is stored; `None`: as in the source, or as in the file that is added to.
    pub compression: Option<CompressionType>,
    /// libwim's compression level for what is compressed; 0 for its default.
    pub level: u32,
    /// The image (of several, the one that boots in the source) is the one that setup boots.
    pub bootable: bool,
    /// Give the destination an integrity table. One that it has is kept up to date in any case.
    pub integrity_table: bool,
    /// Files with content that the source lacks, and parts of its split set in other places.
    pub reference_paths: Vec<PathBuf>,
    /// Files whose content is left out: the destination is a delta to them.
    pub delta_from: Vec<PathBuf>,
    /// Replace an existing file instead of adding to it.
    pub overwrite: bool,
}

/// What an export did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// The source.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// The file that was made or added to.
    #[serde(serialize_with = "host_path")]
    pub destination_path: PathBuf,
    /// The images, in the order of the request.
    pub images: Vec<ExportedImage>,
    /// Contents that were not in the destination before.
    pub blobs_copied: u64,
    /// Bytes written to the destination.
    pub bytes_written: u64,
    /// Bytes of the destination.
    pub file_size: u64,
    /// Content was decompressed and compressed again, not copied as it was.
    pub recompressed: bool,
}

/// One image of an [`ExportReport`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedImage {
    /// Its index in the source, from 1.
    pub source_index: u32,
    /// Its index in the destination, from 1.
    pub index: u32,
    /// Its name in the destination.
    pub name: String,
}

/// Exports images to a new file, or adds them to one that exists.
///
/// # Errors
/// [`Error::ImageNameExists`], [`Error::IndexNotFound`]; [`Error::ContentMissing`] and
/// [`Error::PartMissing`] when the source does not have all of the images' content;
/// [`Error::InvalidArgument`] for a compression that is not the existing file's. A new file is
/// then not there, and an existing one is as it was.
pub fn export(
    image: &Path,
    destination: &Path,
    options: &ExportOptions,
    observer: Observer<'_>,
) -> Result<ExportReport> {
    let source = Arc::new(ImageFile::open_with(image, &options.reference_paths)?);
    let name = source.path().display().to_string();
    let indexes = chosen_indexes(&source, &options.indexes).in_file(&name)?;
    let elements = elements(&source, &indexes, options).in_file(&name)?;
    let mut writer = open_destination(&source, destination, options)?;
    for path in &options.delta_from {
        writer.leave_out(&Arc::new(ImageFile::open(path)?));
    }
    check_names(&writer, &elements).in_file(destination.display().to_string())?;

    if source.archive().header().has(header_flags::REPARSE_POINT_FIX) {
        // As wimlib: links that were not fixed have a mark of their own.
        writer.set_links_fixed();
    }
    let before = writer.blob_count();
    let (hashes, references) = content_of(&source, &indexes, writer.is_solid(), observer).in_file(&name)?;
    let missing = hashes.iter().filter(|hash| !writer.has(hash));
    let sizes = missing.filter_map(|hash| Some(source.find_blob(hash)?.size));
    writer.expect(sizes.fold(0, u64::saturating_add));
    writer.add_stored(&source, &hashes, observer)?;
    let blobs_copied = writer.blob_count().saturating_sub(before);
    let recompressed = writer.has_recompressed();

    let mut images = Vec::new();
    for ((source_index, element), references) in indexes.iter().copied().zip(elements).zip(references) {
        let name = element.text_at("NAME").unwrap_or_default();
        let index = writer.add_counted_image(&source, source_index, references, element, observer)?;
        images.push(ExportedImage { source_index, index, name });
    }
    if options.bootable {
        let boots = boot_image(&source, &images)?;
        writer.set_boot_index(Some(boots))?;
    }
    let finished = writer.finish(observer)?;
    Ok(ExportReport {
        image_path: source.path().to_path_buf(),
        destination_path: finished.path,
        images,
        blobs_copied,
        bytes_written: finished.bytes_written,
        file_size: finished.file_size,
        recompressed,
    })
}

/// The images asked for; all of them when none is named.
fn chosen_indexes(source: &ImageFile, asked: &[u32]) -> Result<Vec<u32>> {
    let count = source.archive().header().image_count;
    if asked.is_empty() {
        return Ok((1..=count).collect());
    }
    match asked.iter().find(|index| **index == 0 || **index > count) {
        Some(index) => Err(Error::IndexNotFound { index: *index, count }),
        None => Ok(asked.to_vec()),
    }
}

/// What the XML document says of the images, with a new name and description if that is asked for.
fn elements(source: &ImageFile, indexes: &[u32], options: &ExportOptions) -> Result<Vec<Element>> {
    let count = source.archive().header().image_count;
    let mut elements = Vec::new();
    for index in indexes {
        let element = source.archive().xml().image(*index).cloned();
        elements.push(element.ok_or(Error::IndexNotFound { index: *index, count })?);
    }
    for (property, value) in [("NAME", &options.name), ("DESCRIPTION", &options.description)] {
        let Some(value) = value else { continue };
        let [element] = elements.as_mut_slice() else {
            let reason = format!("it can be given for one image, not for {}", indexes.len());
            let parameter = if property == "NAME" { "name" } else { "description" };
            return Err(Error::InvalidArgument { parameter, reason });
        };
        element.set_text(property, value)?;
        if property == "NAME" {
            // Setup shows the display name, which would still be the old one.
            if element.find("DISPLAYNAME").is_some() {
                element.set_text("DISPLAYNAME", value)?;
            }
        }
    }
    Ok(elements)
}

/// Refuses names that are there already, before gigabytes are copied.
fn check_names(writer: &ContainerWriter, elements: &[Element]) -> Result<()> {
    let mut seen = HashSet::new();
    for element in elements {
        let name = element.text_at("NAME").unwrap_or_default();
        writer.check_name(&name, None)?;
        if !name.is_empty() && !seen.insert(name.clone()) {
            let before = u32::try_from(seen.len()).unwrap_or(u32::MAX);
            let index = writer.xml().image_count().saturating_add(before);
            return Err(Error::ImageNameExists { name, index });
        }
    }
    Ok(())
}

fn open_destination(
    source: &Arc<ImageFile>,
    destination: &Path,
    options: &ExportOptions,
) -> Result<ContainerWriter> {
    let exists = destination.symlink_metadata().is_ok();
    if exists && !options.overwrite {
        let file = Arc::new(ImageFile::open(destination)?);
        if let Some(wanted) = options.compression {
            check_same_compression(&file, wanted).in_file(file.path().display().to_string())?;
        }
        let integrity_table = options.integrity_table.then_some(true);
        let append = AppendOptions { level: options.level, solid: None, integrity_table };
        return ContainerWriter::append(&file, &append);
    }
    let made = container_like(source, options.compression, options.level, options.integrity_table);
    ContainerWriter::create(destination, &made, options.overwrite)
}

/// What a file that takes over content of `source` is like: as the source is, unless another
/// compression is asked for. A source that has that compression keeps its chunk size too.
pub(super) fn container_like(
    source: &ImageFile,
    wanted: Option<CompressionType>,
    level: u32,
    integrity_table: bool,
) -> ContainerOptions {
    let solid = source.archive().blobs().solid_resources().first();
    let solid = solid.map(|solid| SolidOptions { chunk_size: solid.chunk_size });
    let (storage, solid) = match wanted {
        Some(kind) if !is_of(source, kind) => (kind.storage(), kind.solid()),
        _ => (source.storage(), solid),
    };
    let guid = *uuid::Uuid::new_v4().as_bytes();
    ContainerOptions { storage, level, solid, integrity_table, guid, part: None }
}

/// Whether a file has that compression, whatever its chunk size.
fn is_of(file: &ImageFile, kind: CompressionType) -> bool {
    let solid = file.archive().is_solid();
    match kind {
        CompressionType::Recovery => solid,
        kind => !solid && file.storage().compression == kind.storage().compression,
    }
}

fn check_same_compression(file: &ImageFile, wanted: CompressionType) -> Result<()> {
    if is_of(file, wanted) {
        return Ok(());
    }
    let is = match file.archive().is_solid() {
        true => "solid LZMS",
        false => file.storage().compression.name(),
    };
    let reason = format!("the existing file is compressed with {is}, and images added to it are too");
    Err(Error::InvalidArgument { parameter: "compression", reason })
}

/// How often an image refers to each content.
type References = HashMap<Hash, u32>;

/// What the images refer to, each content once (for a solid file, sorted so that it packs well),
/// and how often each image refers to each.
pub(super) fn content_of(
    source: &ImageFile,
    indexes: &[u32],
    sorted: bool,
    observer: Observer<'_>,
) -> Result<(Vec<Hash>, Vec<References>)> {
    let mut order = SolidOrder::default();
    let mut references: Vec<References> = Vec::new();
    for index in indexes {
        let tree = read_tree(source.archive(), *index, observer)?;
        if sorted {
            order.add(&tree);
        }
        references.push(tree.blob_references());
    }
    let hashes = match sorted {
        true => order.into_hashes(),
        false => {
            references.iter().flat_map(HashMap::keys).copied().collect::<HashSet<_>>().into_iter().collect()
        }
    };
    Ok((hashes, references))
}

fn boot_image(source: &ImageFile, images: &[ExportedImage]) -> Result<u32> {
    let boots = source.archive().boot_index();
    let found = match images {
        [image] => Some(image),
        images => images.iter().find(|image| Some(image.source_index) == boots),
    };
    found.map(|image| image.index).ok_or_else(|| Error::InvalidArgument {
        parameter: "bootable",
        reason: "none of the images boots in the source; export the one that is to boot by itself".to_owned(),
    })
}
