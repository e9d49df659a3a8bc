//! What is in an image: listing by pattern, and the content of one file.
//!
//! A question reads no more of the metadata than its answer needs: one list of dentries per
//! directory on the way. The SHA-1 of the metadata, which is one of the whole, is checked only when
//! the whole is read; content is always checked against its own.

mod lister;

use crate::error::{Error, InFile, Result};
use crate::formats::wim::tree::{MetadataWalker, StoredDentry};
use crate::formats::wim::Hash;
use crate::image::decode;
use crate::image::info::{Item, ItemType};
use crate::image::metadata::read_metadata;
use crate::image::view::{item_type, readable_hash, wrong_kind};
use crate::image::{ImageFile, ImagePath, Pattern};
use crate::progress::{report, unobserved, Observer, Phase};
use lister::Lister;
use serde::Deserialize;
use std::cell::{Cell, RefCell};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Recursion from a directory this near to the root is taken to need most of the metadata.
const SHALLOW: usize = 1;

/// How [`list`] and [`extract`] look.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListOptions {
    /// Look in every directory below the pattern's, as `Get-ChildItem -Recurse` does.
    pub recurse: bool,
    /// Files that hold what a delta file lacks, or further parts of a split set.
    pub reference_paths: Vec<PathBuf>,
}

/// Hands out the items of an image that `pattern` (see [`Pattern`]) names, in batches, each
/// directory in its order and in front of what is in it.
///
/// A pattern with wildcards names the items that match. One without names the children of a
/// directory, or a file. With `recurse` the last part of the pattern is looked for in its directory
/// and everywhere below; the path of a directory names everything below it.
///
/// The number of a file's names is told only where the file's own entry says it. A batch may be
/// empty: `batch` is asked whether to go on (by its error) while nothing is found.
///
/// # Errors
/// [`Error::ItemNotFound`] and [`Error::WrongItemKind`] for a path without wildcards that leads
/// nowhere; a pattern that matches nothing is no error.
pub fn list(
    image: &Path,
    index: u32,
    pattern: &str,
    options: &ListOptions,
    batch: &mut dyn FnMut(&[Item]) -> Result<()>,
) -> Result<()> {
    let pattern = Pattern::parse(pattern)?;
    let image = ImageFile::open_with(image, &options.reference_paths)?;
    let whole = options.recurse && pattern.parts().len() <= SHALLOW;
    let walker = open_metadata(&image, index, whole);
    let found = walker.and_then(|walker| Lister::new(&image, walker, batch).list(&pattern, options.recurse));
    found.in_file(image.path().display().to_string())
}

/// Writes the content of one file of an image to `output`, decompressed on all cores and checked
/// against its SHA-1; returns its length in bytes. What was written before an error is not to be
/// used.
///
/// # Errors
/// [`Error::ItemNotFound`]; [`Error::WrongItemKind`] for what is no file.
pub fn extract(
    image: &Path,
    index: u32,
    path: &str,
    options: &ListOptions,
    output: &mut dyn Write,
    observer: Observer<'_>,
) -> Result<u64> {
    let path = ImagePath::parse(path)?;
    let image = Arc::new(ImageFile::open_with(image, &options.reference_paths)?);
    let hash = content_of(&image, index, &path).in_file(image.path().display().to_string())?;
    let total = size_of(&image, &hash);
    report(observer, Phase::Extracting, 0, total)?;
    if hash == Hash::default() {
        return Ok(0);
    }
    let done = Cell::new(0u64);
    let observer = RefCell::new(observer);
    let wait = || report(*observer.borrow_mut(), Phase::Extracting, done.get(), total);
    let mut write = |_: usize, bytes: &[u8]| {
        output.write_all(bytes).map_err(Error::Stream)?;
        done.set(done.get().saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX)));
        wait()
    };
    decode::stream_blobs(&image, &[hash], &mut write, &mut || wait()).in_file(path.to_string())?;
    Ok(done.get())
}

/// SHA-1 of the file at a path.
fn content_of(image: &ImageFile, index: u32, path: &ImagePath) -> Result<Hash> {
    let mut walker = open_metadata(image, index, false)?;
    let file = Place::find(&mut walker, &path.names())?.item;
    match item_type(&file.inode) {
        ItemType::File => readable_hash(&file.inode, || path.to_string()),
        _ => Err(wrong_kind(&file.inode, path.to_string(), "a file")),
    }
}

fn open_metadata(image: &ImageFile, index: u32, whole: bool) -> Result<MetadataWalker> {
    match whole {
        true => MetadataWalker::over_bytes(read_metadata(image.archive(), index, &mut unobserved)?),
        false => MetadataWalker::new(image.archive().open_metadata(index)?),
    }
}

fn size_of(image: &ImageFile, hash: &Hash) -> u64 {
    image.find_blob(hash).map_or(0, |blob| blob.size)
}

/// An item and where it is.
struct Place {
    item: StoredDentry,
    /// From the root, as the image spells it; empty for the root.
    path: Vec<u16>,
}

impl Place {
    fn root(walker: &MetadataWalker) -> Self {
        Self { item: walker.root().clone(), path: Vec::new() }
    }

    /// What is at a path.
    ///
    /// # Errors
    /// [`Error::ItemNotFound`]; [`Error::WrongItemKind`] when the path goes through a file or a
    /// reparse point.
    fn find(walker: &mut MetadataWalker, names: &[&[u16]]) -> Result<Self> {
        let mut current = Self::root(walker);
        for name in names {
            if !current.item.inode.is_directory() {
                let path = String::from_utf16_lossy(&current.path);
                return Err(wrong_kind(&current.item.inode, path, "a directory"));
            }
            current = match walker.lookup(&current.item, name)? {
                Some(child) => current.below(child),
                None => return Err(Error::ItemNotFound { path: show(names) }),
            };
        }
        Ok(current)
    }

    fn below(&self, child: StoredDentry) -> Self {
        let mut path = self.path.clone();
        push_name(&mut path, &child.name);
        Self { item: child, path }
    }
}

fn push_name(path: &mut Vec<u16>, name: &[u16]) {
    path.push(u16::from(b'\\'));
    path.extend_from_slice(name);
}

fn show(names: &[&[u16]]) -> String {
    names.iter().map(|name| format!("\\{}", String::from_utf16_lossy(name))).collect()
}
