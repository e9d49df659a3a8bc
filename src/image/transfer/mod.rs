//! Files and directories between host and image, and what can be said about them.
//!
//! Each call is one transaction: it happens as a whole or not at all (an export leaves the files
//! it has finished).

mod export;
mod import;

pub use export::export;
pub use import::import;

use crate::error::{Error, Result};
use crate::formats::wim::tree::DentryId;
use crate::image::info::{Action, Item, ItemType, TransferReport};
use crate::image::session::Session;
use crate::image::view::{item_type, View};
use crate::image::ImagePath;
use std::ops::ControlFlow;

/// Items handed over at a time: a batch is some 100 KB of JSON.
const BATCH: usize = 256;

/// How files are brought in or out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransferOptions {
    /// Directories with all they hold.
    pub recurse: bool,
    /// Files that are there already may be replaced.
    pub overwrite: bool,
}

/// Takes a batch of items, and says whether to go on.
pub type Batch<'a> = &'a mut dyn FnMut(&[Item]) -> Result<ControlFlow<()>>;

/// What is at `path`.
pub fn get(session: &mut Session, path: &ImagePath) -> Result<Item> {
    session.refresh()?;
    session.view()?.item(path)?.ok_or_else(|| Error::ItemNotFound { path: path.to_string() })
}

/// What is in the directory at `path` (with `recurse`: and below, parents first), or the file there.
///
/// # Errors
/// [`Error::Cancelled`] when `batch` breaks.
pub fn list(session: &mut Session, path: &ImagePath, recurse: bool, batch: Batch<'_>) -> Result<()> {
    session.refresh()?;
    let view = session.view()?;
    let tree = view.tree();
    let start = view.resolve(path)?;
    let mut dentries: Box<dyn Iterator<Item = DentryId>> = match tree.inode_of(start).is_directory() {
        false => Box::new(std::iter::once(start)),
        true if recurse => Box::new(tree.walk(start).skip(1)),
        true => Box::new(tree.children(start).iter().copied()),
    };
    loop {
        let items: Vec<Item> = dentries.by_ref().take(BATCH).map(|dentry| view.describe(dentry)).collect();
        if items.is_empty() {
            return Ok(());
        }
        if batch(&items)?.is_break() {
            return Err(Error::Cancelled);
        }
    }
}

/// Removes what is at `path`.
///
/// # Errors
/// [`Error::DirectoryNotEmpty`] unless `recurse`.
pub fn remove(session: &mut Session, path: &ImagePath, recurse: bool) -> Result<TransferReport> {
    let mut transaction = session.transaction("remove items")?;
    let mut told = TransferReport { path: path.to_string(), ..TransferReport::default() };
    let view = transaction.view();
    for dentry in view.tree().walk(view.resolve(path)?) {
        count(&view, dentry, &mut told);
        told.note(view.tree().display_path(dentry), Action::Removed);
    }
    transaction.remove(path, recurse)?;
    transaction.commit()?;
    Ok(told)
}

/// Adds an item to the totals; says how many bytes it has.
fn count(view: &View<'_>, dentry: DentryId, told: &mut TransferReport) -> u64 {
    let inode = view.tree().inode_of(dentry);
    let size = view.size(&inode.unnamed_hash());
    match item_type(inode) {
        ItemType::Directory => told.directories = told.directories.saturating_add(1),
        ItemType::File | ItemType::ReparsePoint => {
            told.files = told.files.saturating_add(1);
            told.bytes = told.bytes.saturating_add(size);
        }
    }
    size
}
