//! Transactions: changes to the image that become part of the session together.
//!
//! Each change is checked against the tree as it is then, applied to it, and noted. Content is
//! staged at once, in the form it will have in the image file. [`Transaction::commit`] makes the
//! staged content durable, then the notes as one journal record: before that record is there,
//! nothing happened. A transaction that is dropped did not happen either.

use crate::error::{Error, InFile, Result};
use crate::formats::security::{self, SecurityDescriptor};
use crate::formats::wim::tree::{attributes, StreamKind};
use crate::formats::wim::Hash;
use crate::image::clock;
use crate::image::host::HostFile;
use crate::image::journal;
use crate::image::operation::{JournalRecord, NewEntry, Operation};
use crate::image::options::{Content, Put, PutOptions, Times};
use crate::image::path::check_new_name;
use crate::image::session::{Loaded, Session};
use crate::image::staging::Staging;
use crate::image::view::{encrypted, View};
use crate::image::{create, ImagePath};
use crate::progress::Observer;
use std::collections::HashMap;
use std::ops::Range;

/// NTFS allows a file this many names.
const LINK_LIMIT: u32 = 1024;
/// NTFS's limit for reparse data, without its 8-byte header.
const REPARSE_LIMIT: usize = 16 * 1024 - 8;
/// Attributes that say what an item is, and change with it only.
const KIND: u32 = attributes::DIRECTORY | attributes::REPARSE_POINT | attributes::ENCRYPTED;

/// Changes that are not part of the session yet. The session's lock is held meanwhile.
pub struct Transaction<'s> {
    session: &'s mut Session,
    _lock: HostFile,
    loaded: Loaded,
    staging: Staging,
    record: JournalRecord,
    /// Descriptors of new entries by their directory's descriptor and their kind.
    inherited: HashMap<(Option<u32>, bool), Vec<u8>>,
}

/// A point in a transaction to return to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Savepoint(usize);

impl<'s> Transaction<'s> {
    /// The session is up to date, loaded and locked.
    pub(super) fn begin(session: &'s mut Session, lock: HostFile, label: &str) -> Result<Self> {
        let image = session.image_file()?;
        let Some(mut loaded) = session.loaded.take() else {
            return Err(Error::StateDamaged { reason: "the session was not loaded".to_owned() });
        };
        let path = session.directory.staged(session.record.generation);
        let staging = Staging::begin(path, loaded.pending.staged_length, image.storage());
        if let Ok(staging) = &staging {
            loaded.content.set_staged_file(staging.file());
        }
        let record =
            JournalRecord { label: label.to_owned(), time: clock::now(), ..JournalRecord::default() };
        Ok(Self { session, _lock: lock, loaded, staging: staging?, record, inherited: HashMap::new() })
    }

    /// The image with the changes so far.
    pub fn view(&self) -> View<'_> {
        View::new(&self.loaded.tree, &self.loaded.content).with_hives(&self.session.hives)
    }

    /// libwim's compression level for content staged from now on; 0 for the default (fast).
    pub fn set_compression_level(&mut self, level: u32) {
        self.staging.set_level(level);
    }

    /// Puts a file into an existing directory.
    ///
    /// # Errors
    /// [`Error::ItemExists`] unless `options.overwrite`; [`Error::WrongItemKind`] when something
    /// else than a file is there; [`Error::InvalidName`]; no space for the content.
    pub fn put_file(
        &mut self,
        path: &ImagePath,
        content: Content<'_>,
        options: &PutOptions,
        observer: Observer<'_>,
    ) -> Result<Put> {
        let existing = self.view().lookup(path)?;
        match existing {
            Some(_) if !options.overwrite => return Err(Error::ItemExists { path: path.to_string() }),
            Some(dentry) => self.view().check_replaceable(dentry)?,
            None => self.check_new(path)?,
        }
        let (hash, size, known) = self.staging.stage(&mut self.loaded.content, content, observer)?;
        let written = options.last_write_time.unwrap_or(self.record.time);
        match existing {
            Some(_) => {
                self.set_stream(path, &[], hash, written)?;
                if let Some(attributes) = options.attributes {
                    self.set_attributes(path, attributes)?;
                }
                if options.creation_time.is_some() {
                    self.set_times(path, Times { creation: options.creation_time, ..Times::default() })?;
                }
                if let Some(descriptor) = &options.security {
                    self.set_security(path, descriptor)?;
                }
            }
            None => {
                let attributes = options.attributes.unwrap_or(attributes::ARCHIVE) & !KIND;
                let mut entry = self.new_entry(path, attributes, options.security.clone())?;
                entry.creation_time = options.creation_time.unwrap_or(self.record.time);
                entry.last_write_time = written;
                self.apply(Operation::CreateFile { path: path.clone(), entry, hash })?;
            }
        }
        Ok(Put { replaced: existing.is_some(), hash, size, known })
    }

    /// Gives an existing file new content that differs from the old in the `changed` ranges only. When
    /// they are a small part of it, they alone are staged; they **must** name every byte that differs,
    /// for what they leave out is not looked at. When they are not, compressed chunks outside them are
    /// taken over after a check that they hold the same bytes.
    pub fn replace_content(
        &mut self,
        path: &ImagePath,
        content: &[u8],
        changed: &[Range<u64>],
        observer: Observer<'_>,
    ) -> Result<Put> {
        let dentry = self.view().file(path)?;
        self.view().check_replaceable(dentry)?;
        let Loaded { tree, content: store, base_references, .. } = &mut self.loaded;
        let old = tree.inode_of(dentry).unnamed_hash();
        // What only other images of the file refer to can go while the session lasts.
        let (below, _) = store.layers(&old);
        let patchable = store.staged_blob(&below).is_some() || base_references.contains_key(&below);
        let staged = self.staging.stage_version(store, (&old, patchable), content, changed, observer);
        let (hash, size, known) = staged?;
        if hash != old {
            self.set_stream(path, &[], hash, self.record.time)?;
        }
        Ok(Put { replaced: true, hash, size, known })
    }

    /// Makes a directory and those above it that are missing; says how many were made.
    pub fn create_directories(&mut self, path: &ImagePath) -> Result<u64> {
        let mut made = 0u64;
        let mut current = ImagePath::root();
        for name in path.components() {
            current = current.join_utf16(name.as_slice())?;
            match self.view().lookup(&current)? {
                Some(dentry) if self.loaded.tree.inode_of(dentry).is_directory() => {}
                Some(dentry) => return Err(self.view().wrong_kind(dentry, "a directory")),
                None => {
                    check_new_name(name.as_slice())?;
                    let entry = self.new_entry(&current, attributes::DIRECTORY, None)?;
                    self.apply(Operation::CreateDirectory { path: current.clone(), entry })?;
                    made = made.saturating_add(1);
                }
            }
        }
        Ok(made)
    }

    /// Removes a file, a reparse point or a directory.
    ///
    /// # Errors
    /// [`Error::DirectoryNotEmpty`] unless `recurse`.
    pub fn remove(&mut self, path: &ImagePath, recurse: bool) -> Result<()> {
        let dentry = self.view().resolve(path)?;
        if path.is_root() {
            let reason = "the root directory of an image cannot be removed".to_owned();
            return Err(Error::InvalidArgument { parameter: "path", reason });
        }
        if !recurse && !self.loaded.tree.children(dentry).is_empty() {
            return Err(Error::DirectoryNotEmpty { path: path.to_string() });
        }
        self.apply(Operation::Remove { path: path.clone() })
    }

    /// Moves a file or directory, or changes its name.
    pub fn rename(&mut self, from: &ImagePath, to: &ImagePath) -> Result<()> {
        let source = self.view().resolve(from)?;
        match self.view().lookup(to)? {
            Some(target) if target != source => return Err(Error::ItemExists { path: to.to_string() }),
            Some(_) => check_new_name(to.file_name().unwrap_or_default())?,
            None => self.check_new(to)?,
        }
        self.apply(Operation::Rename { from: from.clone(), to: to.clone() })
    }

    /// Gives an existing file another name.
    pub fn link(&mut self, existing: &ImagePath, new: &ImagePath) -> Result<()> {
        let file = self.view().file(existing)?;
        if self.view().exists(new)? {
            return Err(Error::ItemExists { path: new.to_string() });
        }
        self.check_new(new)?;
        let links = self.loaded.tree.inode_of(file).links;
        if links >= LINK_LIMIT {
            let (limit, found) = (u64::from(LINK_LIMIT), u64::from(links).saturating_add(1));
            return Err(Error::LimitExceeded { what: "the number of names of a file", limit, found });
        }
        self.apply(Operation::Link { existing: existing.clone(), new: new.clone() })
    }

    /// Sets FILE_ATTRIBUTE_* bits. Those that say what the item is stay as they are.
    pub fn set_attributes(&mut self, path: &ImagePath, attributes: u32) -> Result<()> {
        let dentry = self.view().resolve(path)?;
        let kind = self.loaded.tree.inode_of(dentry).attributes & KIND;
        let attributes = attributes & !KIND | kind;
        self.apply(Operation::SetAttributes { path: path.clone(), attributes })
    }

    /// Sets times.
    pub fn set_times(&mut self, path: &ImagePath, times: Times) -> Result<()> {
        let dentry = self.view().resolve(path)?;
        let inode = self.loaded.tree.inode_of(dentry);
        self.apply(Operation::SetTimes {
            path: path.clone(),
            creation: times.creation.unwrap_or(inode.creation_time),
            last_access: times.last_access.unwrap_or(inode.last_access_time),
            last_write: times.last_write.unwrap_or(inode.last_write_time),
        })
    }

    /// Sets or removes the 8.3 name.
    pub fn set_short_name(&mut self, path: &ImagePath, name: Option<&[u16]>) -> Result<()> {
        self.view().resolve(path)?;
        let name = name.unwrap_or_default();
        if !name.is_empty() {
            check_short_name(name)?;
        }
        self.apply(Operation::SetShortName { path: path.clone(), name: name.to_vec() })
    }

    /// Sets the self-relative security descriptor.
    pub fn set_security(&mut self, path: &ImagePath, descriptor: &[u8]) -> Result<()> {
        self.view().resolve(path)?;
        SecurityDescriptor::parse(descriptor)?;
        self.apply(Operation::SetSecurity { path: path.clone(), descriptor: descriptor.to_vec() })
    }

    /// Makes a file or an empty directory a reparse point. `data` is what follows the 8-byte
    /// header of a REPARSE_DATA_BUFFER.
    pub fn set_reparse(&mut self, path: &ImagePath, tag: u32, data: &[u8]) -> Result<()> {
        let dentry = self.view().resolve(path)?;
        let inode = self.loaded.tree.inode_of(dentry);
        if path.is_root() || inode.attributes & attributes::ENCRYPTED != 0 {
            return Err(self.view().wrong_kind(dentry, "a plain file or directory"));
        }
        if inode.links > 1 {
            return Err(self.view().wrong_kind(dentry, "a file with one name"));
        }
        if !self.loaded.tree.children(dentry).is_empty() {
            return Err(Error::DirectoryNotEmpty { path: path.to_string() });
        }
        if data.len() > REPARSE_LIMIT {
            let (limit, found) = (16 * 1024 - 8, u64::try_from(data.len()).unwrap_or(u64::MAX));
            return Err(Error::LimitExceeded { what: "the size of reparse data in bytes", limit, found });
        }
        let mut unwatched = crate::progress::unobserved;
        let staged = self.staging.stage(&mut self.loaded.content, Content::from(data), &mut unwatched);
        let (hash, ..) = staged?;
        self.apply(Operation::SetReparse { path: path.clone(), tag, hash })
    }

    /// Puts content into a named stream of a file or directory.
    pub fn put_stream(
        &mut self,
        path: &ImagePath,
        stream: &[u16],
        content: Content<'_>,
        observer: Observer<'_>,
    ) -> Result<Put> {
        let dentry = self.view().resolve(path)?;
        check_new_name(stream)?;
        let inode = self.loaded.tree.inode_of(dentry);
        if inode.attributes & attributes::ENCRYPTED != 0 {
            return Err(encrypted(path));
        }
        let replaced = inode.stream(StreamKind::Data, stream).is_some();
        let (hash, size, known) = self.staging.stage(&mut self.loaded.content, content, observer)?;
        self.set_stream(path, stream, hash, self.record.time)?;
        Ok(Put { replaced, hash, size, known })
    }

    /// Removes a named stream.
    pub fn remove_stream(&mut self, path: &ImagePath, stream: &[u16]) -> Result<()> {
        let dentry = self.view().resolve(path)?;
        let found = self.loaded.tree.inode_of(dentry).stream(StreamKind::Data, stream).is_some();
        if stream.is_empty() || !found {
            let path = format!("{path}:{}", String::from_utf16_lossy(stream));
            return Err(Error::ItemNotFound { path });
        }
        self.apply(Operation::RemoveStream { path: path.clone(), stream: stream.to_vec() })
    }

    /// A mark to return to, so that one failed part does not take the rest along.
    pub fn savepoint(&self) -> Savepoint {
        Savepoint(self.record.operations.len())
    }

    /// Undoes what was done since `savepoint`. Content staged since stays in the session until it
    /// is saved, but does not get into the image.
    pub fn roll_back_to(&mut self, savepoint: Savepoint) -> Result<()> {
        if savepoint.0 >= self.record.operations.len() {
            return Ok(());
        }
        self.record.operations.truncate(savepoint.0);
        // The session's own state, which this transaction has not touched, and then the rest again.
        self.session.loaded.take();
        self.session.load(&mut crate::progress::unobserved)?;
        if let Some(fresh) = self.session.loaded.take() {
            self.loaded.tree = fresh.tree;
        }
        self.record.operations.iter().try_for_each(|operation| operation.apply(&mut self.loaded.tree))
    }

    /// Makes the changes part of the session, durably. On an error the session is as before.
    pub fn commit(mut self) -> Result<()> {
        if self.record.operations.is_empty() {
            // What was staged all the same goes now; whoever knew of it must not refer to it.
            if self.staging.take_blobs().is_empty() {
                self.session.loaded = self.loaded.into();
            }
            return Ok(());
        }
        self.staging.sync(self.loaded.pending.transactions == 0)?;
        self.record.blobs = self.staging.take_blobs();
        self.record.staged_length = self.staging.length();
        let journal = self.session.directory.journal(self.session.record.generation);
        let appended = journal::append(&journal, self.loaded.pending.extent, &self.record.to_bytes()?);
        match appended {
            Ok(extent) => {
                let pending = &mut self.loaded.pending;
                pending.extent = extent;
                pending.staged_length = self.record.staged_length;
                pending.transactions = pending.transactions.saturating_add(1);
                let operations = u64::try_from(self.record.operations.len()).unwrap_or(u64::MAX);
                pending.operations = pending.operations.saturating_add(operations);
                self.staging.keep();
                self.session.loaded = self.loaded.into();
                Ok(())
            }
            Err(error) => {
                if !journal::ends_at(&journal, self.loaded.pending.extent) {
                    // The record may be there all the same: then it needs its content.
                    self.staging.keep();
                }
                Err(error)
            }
        }
    }

    fn apply(&mut self, operation: Operation) -> Result<()> {
        operation.apply(&mut self.loaded.tree)?;
        self.record.operations.push(operation);
        Ok(())
    }

    fn set_stream(&mut self, path: &ImagePath, stream: &[u16], hash: Hash, time: u64) -> Result<()> {
        let (path, stream) = (path.clone(), stream.to_vec());
        self.apply(Operation::SetStream { path, stream, hash, last_write_time: time })
    }

    /// `path` can become a new item: its directory is there and the name is a valid one.
    fn check_new(&self, path: &ImagePath) -> Result<()> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Error::ItemExists { path: path.to_string() });
        };
        self.view().directory(&parent)?;
        check_new_name(name).in_file(path.to_string())
    }

    fn new_entry(
        &mut self,
        path: &ImagePath,
        attributes: u32,
        descriptor: Option<Vec<u8>>,
    ) -> Result<NewEntry> {
        let security = match descriptor {
            Some(descriptor) => {
                SecurityDescriptor::parse(&descriptor)?;
                descriptor
            }
            None => self.inherit(path, attributes & attributes::DIRECTORY != 0)?,
        };
        let time = self.record.time;
        Ok(NewEntry {
            attributes,
            creation_time: time,
            last_access_time: time,
            last_write_time: time,
            security,
        })
    }

    /// The descriptor that NTFS would give a new item. Directories without one are passed over,
    /// up to the root; an image without any gets this engine's default, because Windows and
    /// wimlib apply a file without descriptor with full control for everyone.
    fn inherit(&mut self, path: &ImagePath, directory: bool) -> Result<Vec<u8>> {
        let tree = &self.loaded.tree;
        let mut ancestor = match path.parent() {
            Some(parent) => self.view().directory(&parent)?,
            None => tree.root(),
        };
        let key = (tree.inode_of(ancestor).security_id, directory);
        if let Some(known) = self.inherited.get(&key) {
            return Ok(known.clone());
        }
        let descriptor = loop {
            let found = tree.security_descriptor(tree.dentry(ancestor).inode);
            match found.filter(|descriptor| !descriptor.is_empty()) {
                Some(descriptor) => break security::inherit(Some(descriptor), directory).descriptor,
                None if ancestor == tree.root() => {
                    let default = create::root_descriptor()?;
                    break security::inherit(Some(&default), directory).descriptor;
                }
                None => ancestor = tree.dentry(ancestor).parent,
            }
        };
        if key.0.is_some() {
            self.inherited.insert(key, descriptor.clone());
        }
        Ok(descriptor)
    }
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let operations = self.record.operations.len();
        f.debug_struct("Transaction")
            .field("label", &self.record.label)
            .field("operations", &operations)
            .finish()
    }
}

/// `NAME` or `NAME.EXT` with 1 to 8 and up to 3 characters, without spaces and further dots.
fn check_short_name(name: &[u16]) -> Result<()> {
    check_new_name(name)?;
    let parts: Vec<&[u16]> = name.split(|unit| *unit == u16::from(b'.')).collect();
    let fits = match parts.as_slice() {
        [stem] => (1..=8).contains(&stem.len()),
        [stem, extension] => (1..=8).contains(&stem.len()) && (1..=3).contains(&extension.len()),
        _ => false,
    };
    let special: Vec<u16> = " +,;=[]".encode_utf16().collect();
    if fits && !name.iter().any(|unit| special.contains(unit)) {
        return Ok(());
    }
    let reason = "a short name has up to 8 characters, a dot and up to 3";
    Err(Error::InvalidName { what: "short name", name: String::from_utf16_lossy(name), reason })
}
