//! Joining the parts of a split set into one image file.
//!
//! Reference: `docs/formats/wim.md` "Split sets and deltas"; `ebiggers/wimlib` `src/join.c`, which
//! keeps the GUID of the set too.

use super::fresh_set::{check_room, refuse_own};
use super::split::{add_images, in_order};
use crate::error::{Error, Result};
use crate::formats::wim::Hash;
use crate::image::container::{ContainerOptions, ContainerWriter, SolidOptions};
use crate::image::file::ImageFile;
use crate::image::info::host_path;
use crate::progress::Observer;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How parts are joined.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct JoinOptions {
    /// Give the file a table of SHA-1 sums over itself.
    pub integrity_table: bool,
    /// A file that is there already may be replaced.
    pub overwrite: bool,
}

/// What a join made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinReport {
    /// The new file.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// How many parts it was made of.
    pub parts: u16,
    /// Bytes written.
    pub bytes_written: u64,
    /// Bytes.
    pub file_size: u64,
}

/// Joins the parts of a split set, in any order; those that are not given are looked for beside the
/// first one given. Resources are copied as they are.
///
/// # Errors
/// [`Error::InvalidArgument`] without parts, and for a file that is not of the same set;
/// [`Error::PartMissing`]; [`Error::NoSpace`] before anything is written; [`Error::Io`] with
/// `AlreadyExists` unless `options.overwrite`.
pub fn join(
    parts: &[PathBuf],
    destination: &Path,
    options: &JoinOptions,
    observer: Observer<'_>,
) -> Result<JoinReport> {
    let refuse = |reason| Err(Error::InvalidArgument { parameter: "parts", reason });
    let Some((first, others)) = parts.split_first() else {
        return refuse("there must be one at least".to_owned());
    };
    let image = Arc::new(ImageFile::open_with(first, others)?);
    let archive = image.archive();
    if let Some(stranger) = image.references().first() {
        return refuse(format!("'{}' is not a part of that set", stranger.path().display()));
    }
    let header = archive.header();
    if let Some(part) = archive.missing_parts().next() {
        return Err(Error::PartMissing { part, total: header.total_parts });
    }
    let destination =
        std::path::absolute(destination).map_err(|source| Error::io("find", destination, source))?;
    let sources = image.part_paths()?;
    refuse_own(&sources, std::slice::from_ref(&destination))?;
    check_room(&destination, image.info()?.file_size)?;

    let solid = archive.blobs().solid_resources().first();
    let container = ContainerOptions {
        storage: image.storage(),
        level: 0,
        solid: solid.map(|solid| SolidOptions { chunk_size: solid.chunk_size }),
        integrity_table: options.integrity_table,
        guid: header.guid,
        part: None,
    };
    let blobs = in_order(&image);
    let contents: Vec<Hash> = blobs.iter().map(|blob| blob.hash).collect();
    let mut writer = ContainerWriter::create(&destination, &container, options.overwrite)?;
    writer.keep_flags_of(&image);
    writer.expect(blobs.iter().map(|blob| blob.size).fold(0, u64::saturating_add));
    writer.add_stored(&image, &contents, observer)?;
    add_images(&mut writer, &image, observer)?;
    *writer.xml_mut() = archive.xml().clone();
    let finished = writer.finish(observer)?;
    Ok(JoinReport {
        image_path: finished.path,
        parts: u16::try_from(sources.len()).unwrap_or(u16::MAX),
        bytes_written: finished.bytes_written,
        file_size: finished.file_size,
    })
}
