//! Comparing two images, or a session with the image it was made of, item by item.

mod trees;

use crate::error::{InFile, Result};
use crate::formats::wim::Hash;
use crate::image::info::ItemType;
use crate::image::metadata::read_tree;
use crate::image::{ImageFile, Session};
use crate::progress::unobserved;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use trees::{Side, Trees};

/// What [`compare`] looks at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CompareOptions {
    /// Tell of items that are equal too.
    pub include_equal: bool,
    /// Files that hold what a delta file lacks, or further parts of a split set.
    pub reference_paths: Vec<PathBuf>,
    /// Only what is at this path and below, in both images.
    pub path: Option<String>,
    /// Times do not count at all.
    pub ignore_times: bool,
    /// The times of directories count too. They change with everything that is done inside.
    pub directory_times: bool,
    /// Last access times count too. They say who has read a file, not what is in it.
    pub last_access_times: bool,
}

/// How an item differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Change {
    /// Only the difference image has it.
    Added,
    /// Only the reference image has it.
    Removed,
    /// Both have it, and it is not the same.
    Changed,
    /// It is the same in both.
    Equal,
}

/// What about an item is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Aspect {
    /// The unnamed stream, or what kind of item it is.
    Content,
    /// FILE_ATTRIBUTE bits.
    Attributes,
    /// Creation and last write time, and what [`CompareOptions`] adds.
    Times,
    /// The security descriptor, byte by byte.
    SecurityDescriptor,
    /// The 8.3 name, or the case of the name.
    ShortName,
    /// Named data streams and tagged items (extended attributes, object id).
    Streams,
    /// Reparse tag and data.
    ReparsePoint,
    /// Which other names the file has.
    Links,
}

/// One item that [`compare`] tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// How it differs.
    pub change: Change,
    /// From the root, as the difference image spells it if it has it.
    pub path: String,
    /// What it is, in the difference image if it has it.
    pub item_type: ItemType,
    /// What is different, for [`Change::Changed`]; else empty.
    pub what: Vec<Aspect>,
    /// Bytes of the file in the reference image; `None` for what is no file, or not there.
    pub reference_length: Option<u64>,
    /// Bytes of the file in the difference image; `None` for what is no file, or not there.
    pub difference_length: Option<u64>,
}

/// Compares two images, of one file or of two, and hands out the differences sorted by path, in
/// batches. A directory that only one image has is told with everything below it.
///
/// Names are compared without case, contents by their SHA-1, so that none is read. Hard links are
/// compared by which names a file has, not by the numbers that the metadata gives them. A batch
/// may be empty: `batch` is asked whether to go on (by its error) while nothing differs.
///
/// # Errors
/// [`Error::ItemNotFound`](crate::error::Error::ItemNotFound) when neither image has [`CompareOptions::path`].
pub fn compare(
    reference: &Path,
    reference_index: u32,
    difference: &Path,
    difference_index: u32,
    options: &CompareOptions,
    batch: &mut dyn FnMut(&[Difference]) -> Result<()>,
) -> Result<()> {
    let open = |path: &Path, index| {
        let image = ImageFile::open_with(path, &options.reference_paths)?;
        let tree = read_tree(image.archive(), index, &mut unobserved);
        let tree = tree.in_file(image.path().display().to_string())?;
        Ok((image, tree))
    };
    let (one, one_tree) = open(reference, reference_index)?;
    let (other, other_tree) = open(difference, difference_index)?;
    let size_in = |image: &ImageFile, hash: &Hash| image.find_blob(hash).map_or(0, |blob| blob.size);
    let trees = Trees {
        reference: Side { tree: &one_tree, size: &|hash| size_in(&one, hash) },
        difference: Side { tree: &other_tree, size: &|hash| size_in(&other, hash) },
    };
    trees.compare(options, batch)
}

/// Compares a session, with its pending changes, with the saved image.
///
/// # Errors
/// As [`compare`].
pub fn compare_session(
    session: &mut Session,
    options: &CompareOptions,
    batch: &mut dyn FnMut(&[Difference]) -> Result<()>,
) -> Result<()> {
    session.refresh()?;
    let image = session.image_file()?;
    let saved = read_tree(image.archive(), session.image_index(), &mut unobserved);
    let saved = saved.in_file(image.path().display().to_string())?;
    let view = session.view()?;
    let size = |hash: &Hash| view.size(hash);
    let trees = Trees {
        reference: Side { tree: &saved, size: &size },
        difference: Side { tree: view.tree(), size: &size },
    };
    trees.compare(options, batch)
}
