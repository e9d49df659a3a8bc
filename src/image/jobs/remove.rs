//! Removing images from an image file.

use super::optimize::{image_file, rebuild, refuse_sessions, Rebuild};
use crate::error::{Error, InFile, Result};
use crate::image::container::{AppendOptions, ContainerWriter};
use crate::image::info::host_path;
use crate::progress::Observer;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What is removed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RemoveOptions {
    /// The images, from 1.
    pub indexes: Vec<u32>,
    /// Write the file afresh, so that it gets smaller at once. Otherwise only the tables are
    /// written, and the space can be had back later.
    pub compact: bool,
}

/// What a removal did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoveReport {
    /// The file.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// The images that are gone.
    pub removed: Vec<RemovedImage>,
    /// Bytes of the file before.
    pub file_size_before: u64,
    /// Bytes of the file now.
    pub file_size_after: u64,
    /// The file was written afresh.
    pub compacted: bool,
}

/// One image of a [`RemoveReport`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemovedImage {
    /// The index it had, from 1.
    pub index: u32,
    /// Its name.
    pub name: String,
}

/// Removes images; later ones move down. The last image of a file stays: a file without images is
/// better deleted.
///
/// # Errors
/// [`Error::AlreadyMounted`] when one of the images, or a later one, has a session (with
/// `compact`: when any has); [`Error::IndexNotFound`], [`Error::SplitNotWritable`],
/// [`Error::ImageFileReadOnly`]. The file is then as it was.
pub fn remove(image: &Path, options: &RemoveOptions, observer: Observer<'_>) -> Result<RemoveReport> {
    let file = image_file(image)?;
    let name = file.path().display().to_string();
    let count = file.archive().header().image_count;
    let mut indexes = options.indexes.clone();
    indexes.sort_unstable();
    indexes.dedup();
    let Some(first) = indexes.first().copied() else {
        let reason = "no image was named".to_owned();
        return Err(Error::InvalidArgument { parameter: "indexes", reason });
    };
    if let Some(index) = indexes.iter().copied().find(|index| *index == 0 || *index > count) {
        return Err(Error::IndexNotFound { index, count }).in_file(name);
    }
    if usize::try_from(count).is_ok_and(|count| count == indexes.len()) {
        let reason = "the file would have no image any more; delete the file instead".to_owned();
        return Err(Error::InvalidArgument { parameter: "indexes", reason }).in_file(name);
    }
    refuse_sessions(&file, if options.compact { 1 } else { first }).in_file(&name)?;
    let removed = indexes.iter().map(|index| {
        let element = file.archive().xml().image(*index);
        let name = element.and_then(|element| element.text_at("NAME")).unwrap_or_default();
        RemovedImage { index: *index, name }
    });
    let removed = removed.collect();
    let file_size_before = file.host_file().length()?;
    let finished = match options.compact {
        true => {
            let keep = (1..=count).filter(|index| !indexes.contains(index)).collect();
            rebuild(&file, &Rebuild { keep, ..Rebuild::of(&file) }, observer)?.0
        }
        false => {
            let mut writer = ContainerWriter::append(&file, &AppendOptions::default())?;
            writer.remove_images(&indexes, observer).in_file(&name)?;
            writer.finish(observer)?
        }
    };
    Ok(RemoveReport {
        image_path: file.path().to_path_buf(),
        removed,
        file_size_before,
        file_size_after: finished.file_size,
        compacted: options.compact,
    })
}
