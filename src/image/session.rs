//! STUB, replaced soon: signatures for the layers above.
#![allow(missing_docs, unused_variables)]
use super::*;
use crate::error::{Error, Result};
use crate::progress::Observer;
use std::ops::Range;
use std::path::Path;

fn soon<T>() -> Result<T> {
    Err(Error::Unsupported { what: "sessions".into(), reason: "not written yet".into() })
}

/// A session. Reading methods take `&self`; `refresh` sees what other processes did.
pub struct Session {}

impl Session {
    pub fn mount(options: &MountOptions, observer: Observer<'_>) -> Result<Self> {
        soon()
    }
    /// By path or id.
    pub fn open(path_or_id: &Path) -> Result<Self> {
        soon()
    }
    pub fn list() -> Result<Vec<SessionInfo>> {
        soon()
    }
    pub fn info(&self) -> Result<SessionInfo> {
        soon()
    }
    /// Takes over what other handles did since; `transaction` and `save` do it by themselves.
    pub fn refresh(&mut self) -> Result<()> {
        soon()
    }
    /// Reading: tree, lookup, content.
    pub fn view(&self) -> Result<View<'_>> {
        soon()
    }
    pub fn transaction(&mut self, label: &str) -> Result<Transaction<'_>> {
        soon()
    }
    pub fn save(&mut self, options: SaveOptions, observer: Observer<'_>) -> Result<SaveReport> {
        soon()
    }
    pub fn discard(self) -> Result<()> {
        soon()
    }
    pub fn image(&self) -> &ImageDetails {
        unimplemented!()
    }
}

/// The image as it is now, for reading (with the changes of the transaction it came from).
#[derive(Clone, Copy)]
pub struct View<'a> {
    marker: std::marker::PhantomData<&'a ()>,
}

impl View<'_> {
    // later: pub fn tree(&self) -> &Tree; lookup(&ImagePath) -> Result<Option<DentryId>>; open_stream(...)
    /// `None`: not there.
    pub fn item(&self, path: &ImagePath) -> Result<Option<Item>> {
        soon()
    }
    pub fn exists(&self, path: &ImagePath) -> Result<bool> {
        soon()
    }
    /// The whole unnamed stream of a file of at most `limit` bytes.
    pub fn read_file(&self, path: &ImagePath, limit: u64) -> Result<Vec<u8>> {
        soon()
    }
    /// Names in a directory, in order.
    pub fn names(&self, path: &ImagePath) -> Result<Vec<Vec<u16>>> {
        soon()
    }
}

/// Changes that become part of the session together, at `commit`; dropped: undone.
pub struct Transaction<'s> {
    session: &'s mut Session,
}

impl Transaction<'_> {
    /// The image with the changes so far.
    pub fn view(&self) -> View<'_> {
        unimplemented!()
    }
    pub fn put_file(
        &mut self,
        path: &ImagePath,
        content: Content<'_>,
        options: &PutOptions,
        observer: Observer<'_>,
    ) -> Result<Put> {
        soon()
    }
    /// New content for an existing file; chunks outside `changed` are taken over compressed.
    pub fn replace_content(
        &mut self,
        path: &ImagePath,
        content: &[u8],
        changed: &[Range<u64>],
        observer: Observer<'_>,
    ) -> Result<Put> {
        soon()
    }
    /// The directory and its parents; says how many were made.
    pub fn create_directories(&mut self, path: &ImagePath) -> Result<u64> {
        soon()
    }
    pub fn remove(&mut self, path: &ImagePath, recurse: bool) -> Result<()> {
        soon()
    }
    pub fn rename(&mut self, from: &ImagePath, to: &ImagePath) -> Result<()> {
        soon()
    }
    pub fn link(&mut self, existing: &ImagePath, new: &ImagePath) -> Result<()> {
        soon()
    }
    pub fn set_attributes(&mut self, path: &ImagePath, attributes: u32) -> Result<()> {
        soon()
    }
    pub fn set_times(&mut self, path: &ImagePath, times: Times) -> Result<()> {
        soon()
    }
    pub fn set_short_name(&mut self, path: &ImagePath, name: Option<&[u16]>) -> Result<()> {
        soon()
    }
    /// Self-relative descriptor.
    pub fn set_security(&mut self, path: &ImagePath, descriptor: &[u8]) -> Result<()> {
        soon()
    }
    /// Makes the file or empty directory a reparse point; `data` without the 8-byte header.
    pub fn set_reparse(&mut self, path: &ImagePath, tag: u32, data: &[u8]) -> Result<()> {
        soon()
    }
    pub fn put_stream(
        &mut self,
        path: &ImagePath,
        stream: &[u16],
        content: Content<'_>,
        observer: Observer<'_>,
    ) -> Result<Put> {
        soon()
    }
    pub fn remove_stream(&mut self, path: &ImagePath, stream: &[u16]) -> Result<()> {
        soon()
    }
    /// A mark to return to with `roll_back_to`, so that one bad part does not spoil the rest.
    pub fn savepoint(&self) -> Savepoint {
        unimplemented!()
    }
    pub fn roll_back_to(&mut self, savepoint: Savepoint) -> Result<()> {
        soon()
    }
    pub fn commit(self) -> Result<()> {
        soon()
    }
}

/// See [`Transaction::savepoint`].
#[derive(Debug, Clone, Copy)]
pub struct Savepoint(usize);
