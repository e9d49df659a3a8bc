//! Sessions: an image opened for servicing, whose unsaved work is on disk.
//!
//! A session belongs to no process. A [`Session`] is one handle on it: it holds what it has read,
//! and [`Session::refresh`] takes over what other handles did since. Whoever changes the session
//! holds the lock in its directory meanwhile; reading needs no lock, because the journal only
//! grows, and a save moves on to new files in one step.

use crate::error::{Error, InFile, Result};
use crate::formats::wim::tree::Tree;
use crate::formats::wim::Hash;
use crate::image::content::ContentStore;
use crate::image::file::{read_header_bytes, ImageFile};
use crate::image::hive_cache::HiveCache;
use crate::image::host::HostFile;
use crate::image::identity::Sources;
use crate::image::info::ImageDetails;
use crate::image::journal::{self, Extent};
use crate::image::metadata::read_tree;
use crate::image::operation::JournalRecord;
use crate::image::staging::Staging;
use crate::image::state::{Base, Record, SessionDirectory, StateDirectory};
use crate::image::transaction::Transaction;
use crate::image::view::View;
use crate::progress::{unobserved, Observer};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// A handle on a session. One thread at a time uses it.
pub struct Session {
    pub(super) state: StateDirectory,
    pub(super) directory: SessionDirectory,
    pub(super) record: Record,
    pub(super) image: OnceCell<Arc<ImageFile>>,
    pub(super) details: OnceCell<ImageDetails>,
    pub(super) loaded: OnceCell<Loaded>,
    pub(super) hives: Arc<HiveCache>,
}

/// The image with the session's work in it.
pub(super) struct Loaded {
    pub tree: Tree,
    pub content: ContentStore,
    /// How often the saved image refers to each blob.
    pub base_references: HashMap<Hash, u32>,
    /// What says which Windows the saved image holds.
    pub base_sources: Sources,
    pub pending: Pending,
}

/// What the journal holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pending {
    pub extent: Extent,
    pub staged_length: u64,
    pub transactions: u64,
    pub operations: u64,
}

impl Session {
    /// Opens the session of that path or id. One whose `session.json` is damaged can be opened by
    /// its id, to be discarded.
    pub fn open(path_or_id: &Path) -> Result<Self> {
        Self::open_in(StateDirectory::locate()?, path_or_id)
    }

    /// As [`Session::open`], with the state directory given.
    pub fn open_in(state: StateDirectory, path_or_id: &Path) -> Result<Self> {
        let directory = state.find(path_or_id)?;
        let record = match directory.read() {
            Ok(record) => record.settled(),
            Err(Error::StateDamaged { .. }) => Record::unreadable(&directory.id().unwrap_or_default()),
            Err(error) => return Err(error),
        };
        Ok(Self {
            state,
            directory,
            record,
            image: OnceCell::new(),
            details: OnceCell::new(),
            loaded: OnceCell::new(),
            hives: Arc::default(),
        })
    }

    /// The session's public name.
    pub fn path(&self) -> &Path {
        &self.record.path
    }

    /// The image file.
    pub fn image_path(&self) -> &Path {
        &self.record.image_path
    }

    /// The image's index, 1-based.
    pub fn image_index(&self) -> u32 {
        self.record.image_index
    }

    /// No changes are allowed.
    pub fn is_read_only(&self) -> bool {
        self.record.read_only
    }

    /// What the image file's XML says of the image.
    pub fn image_details(&self) -> Result<ImageDetails> {
        let index = self.record.image_index;
        self.image_file()?.image_details(index).ok_or(Error::IndexNotFound { index, count: 0 })
    }

    /// As [`Session::image_details`], from the session's record as far as that goes when the file
    /// cannot be read. (Opening the image then says why.)
    pub fn image(&self) -> &ImageDetails {
        self.details.get_or_init(|| {
            self.image_details().unwrap_or_else(|_| ImageDetails {
                index: self.record.image_index,
                name: Some(self.record.image_name.clone()),
                architecture: self.record.architecture,
                edition_id: self.record.edition_id.clone(),
                version: self.record.version.clone(),
                ..ImageDetails::default()
            })
        })
    }

    /// The image as it is now, for reading. The first call reads metadata and journal.
    pub fn view(&self) -> Result<View<'_>> {
        let loaded = self.load(&mut unobserved)?;
        Ok(View::new(&loaded.tree, &loaded.content).with_hives(&self.hives))
    }

    /// Takes over what other handles did. [`Session::transaction`] and [`Session::save`] do it by
    /// themselves.
    pub fn refresh(&mut self) -> Result<()> {
        let record = self.directory.read()?.settled();
        let same = record.generation == self.record.generation && record.base == self.record.base;
        self.record = record;
        if !same {
            self.forget();
            return Ok(());
        }
        let Some(mut loaded) = self.loaded.take() else { return Ok(()) };
        // Only appended to, or not at all: a journal that is shorter is another one.
        let pending = replay(&self.directory, self.record.generation, &mut loaded)?;
        loaded.pending = pending;
        self.loaded = loaded.into();
        Ok(())
    }

    /// Starts a transaction. Until it ends, nobody else changes the session or saves.
    ///
    /// # Errors
    /// [`Error::SessionReadOnly`], [`Error::Busy`], [`Error::ImageChanged`].
    pub fn transaction(&mut self, label: &str) -> Result<Transaction<'_>> {
        self.require_writable()?;
        let lock = self.lock()?;
        let image = self.image_file()?;
        lock_shared(&image)?;
        // Another session may have saved since; what this one stands on is what matters.
        check_image(&image, &self.record, &self.directory)?;
        self.load(&mut unobserved)?;
        Transaction::begin(self, lock, label)
    }

    /// Ends the session and deletes its state; unsaved work is lost. This works whatever state
    /// the session or the image file is in.
    pub fn discard(mut self) -> Result<()> {
        let guard = self.state.lock()?;
        let lock = self.directory.lock(&self.record.path)?;
        // What an interrupted save left must be settled before nobody knows about it any more.
        if let Ok(record) = self.directory.read() {
            self.record = record;
            crate::image::save::clear_leftovers(&self.record);
        }
        drop(lock);
        self.directory.remove()?;
        drop(guard);
        Ok(())
    }

    /// The lock of the session, with this handle up to date and interrupted saves settled.
    pub(super) fn lock(&mut self) -> Result<HostFile> {
        let lock = self.directory.lock(&self.record.path)?;
        let recorded = self.directory.read()?;
        let settled = recorded.clone().settled();
        if settled != recorded {
            crate::image::save::remove_fresh_file(&recorded);
            self.directory.write(&settled)?;
        }
        self.refresh()?;
        self.adopt()?;
        self.directory.forget_other_generations(self.record.generation);
        Ok(lock)
    }

    /// Moves to the file as it is now, if another session changed it in a way that leaves this
    /// image alone: it saved another image in it, or compacted all of it. The lock is held.
    pub(super) fn adopt(&mut self) -> Result<()> {
        let record = &self.record;
        let file = HostFile::open(&record.image_path);
        let same = |file: &HostFile| -> Result<bool> {
            Ok(check_base(file, &record.base).is_ok() && file.identity()? == record.image_file)
        };
        if record.commit.is_none() && file.is_ok_and(|file| same(&file).unwrap_or(false)) {
            return Ok(());
        }
        self.forget();
        let image = self.image_file()?;
        let base = base_of(&image, self.record.image_index)?;
        // A save that was interrupted right before somebody else saved another image.
        let interrupted = self.record.commit.take();
        if interrupted.is_some_and(|commit| commit.base.metadata == base.metadata) {
            self.record.generation = self.record.generation.saturating_add(1);
        }
        self.record.base = base;
        self.record.image_file = image.host_file().identity()?;
        self.directory.write(&self.record)
    }

    pub(super) fn require_writable(&self) -> Result<()> {
        match self.record.read_only {
            false => Ok(()),
            true => Err(Error::SessionReadOnly { session: self.record.path.display().to_string() }),
        }
    }

    /// The image file, which must be the one the session stands on.
    pub(super) fn image_file(&self) -> Result<Arc<ImageFile>> {
        if let Some(image) = self.image.get() {
            return Ok(Arc::clone(image));
        }
        if !self.record.is_readable() {
            self.directory.read()?;
        }
        let image = match ImageFile::open(&self.record.image_path) {
            Ok(image) => Arc::new(image),
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                let difference = "it is gone".to_owned();
                return Err(Error::ImageChanged { difference }).in_file(self.image_name());
            }
            Err(error) => {
                // A damaged header is above all a changed one.
                if let Ok(file) = HostFile::open(&self.record.image_path) {
                    check_base(&file, &self.record.base)?;
                }
                return Err(error);
            }
        };
        check_image(&image, &self.record, &self.directory)?;
        Ok(Arc::clone(self.image.get_or_init(|| image)))
    }

    /// Reads metadata and journal if that was not done yet.
    pub(super) fn load(&self, observer: Observer<'_>) -> Result<&Loaded> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded);
        }
        let image = self.image_file()?;
        if !self.record.read_only {
            lock_shared(&image)?;
        }
        let tree =
            read_tree(image.archive(), self.record.image_index, observer).in_file(self.image_name())?;
        let mut loaded = Loaded {
            base_references: tree.blob_references(),
            base_sources: Sources::of(&tree),
            tree,
            content: ContentStore::new(image),
            pending: Pending::default(),
        };
        loaded.pending = replay(&self.directory, self.record.generation, &mut loaded)?;
        Ok(self.loaded.get_or_init(|| loaded))
    }

    /// The content as it is written to the image file: patches that the image refers to are staged whole,
    /// behind all that is staged, until what this returns is dropped.
    pub(super) fn complete_patches(
        &self,
        loaded: &Loaded,
        level: u32,
        observer: Observer<'_>,
    ) -> Result<(ContentStore, Option<Staging>)> {
        let mut content = loaded.content.clone();
        let image = self.image_file()?;
        let is_wanted = |hash: &Hash| content.is_patch(hash) && image.archive().blobs().get(hash).is_none();
        let mut patches: Vec<Hash> = loaded.tree.blob_references().into_keys().filter(is_wanted).collect();
        if patches.is_empty() {
            return Ok((content, None));
        }
        patches.sort_unstable();
        let path = self.directory.staged(self.record.generation);
        let mut staging = Staging::begin(path, loaded.pending.staged_length, image.storage())?;
        staging.set_level(level);
        content.set_staged_file(staging.file());
        for hash in patches {
            staging.complete(&mut content, &hash, observer)?;
        }
        Ok((content, Some(staging)))
    }

    /// Forgets all that was read; the next use reads it again.
    pub(super) fn forget(&mut self) {
        self.loaded = OnceCell::new();
        self.image = OnceCell::new();
        self.details = OnceCell::new();
    }

    pub(super) fn image_name(&self) -> String {
        self.record.image_path.display().to_string()
    }
}

/// Applies the journal records that `loaded` does not have yet.
fn replay(directory: &SessionDirectory, generation: u64, loaded: &mut Loaded) -> Result<Pending> {
    let mut pending = loaded.pending;
    let Loaded { tree, content, .. } = loaded;
    let journal = directory.journal(generation);
    pending.extent = journal::read(&journal, pending.extent, &mut |payload| {
        let record = JournalRecord::parse(payload)?;
        for operation in &record.operations {
            operation.apply(tree).map_err(|error| Error::StateDamaged {
                reason: format!("the journal does not fit the image: {error}"),
            })?;
        }
        for blob in record.blobs {
            let end = blob.offset.checked_add(blob.size_in_file);
            if end.is_none_or(|end| end > record.staged_length) {
                return Err(Error::StateDamaged {
                    reason: "content lies outside the staged file".to_owned(),
                });
            }
            content.add(blob)?;
        }
        pending.staged_length = record.staged_length;
        pending.transactions = pending.transactions.saturating_add(1);
        let operations = u64::try_from(record.operations.len()).unwrap_or(u64::MAX);
        pending.operations = pending.operations.saturating_add(operations);
        Ok(())
    })?;
    if pending.staged_length > 0 && content.staged_file().is_none() {
        let staged = HostFile::open(&directory.staged(generation))?;
        if staged.length()? < pending.staged_length {
            return Err(Error::StateDamaged { reason: "the staged content is cut off".to_owned() });
        }
        content.set_staged_file(Arc::new(staged));
    }
    Ok(pending)
}

/// Keeps programs that lock a file before they change it (wimlib does) away from the image, as
/// long as the handle lives.
pub(super) fn lock_shared(image: &ImageFile) -> Result<()> {
    image.host_file().lock_image(image.path())
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.record.id).field("path", &self.record.path).finish()
    }
}

/// What a session on the file as it is now stands on.
pub(super) fn base_of(image: &ImageFile, index: u32) -> Result<Base> {
    let file = image.host_file();
    let metadata = image.archive().metadata_blob(index).in_file(image.path().display().to_string())?.hash;
    let header = read_header_bytes(file)?.to_vec();
    Ok(Base { header, length: file.length()?, metadata })
}

/// The file is the one the session stands on, or one that a save of another session made of it and
/// that still holds the session's image: metadata of the same SHA-1 is the same tree. A file that
/// anybody else changed is refused, whatever the change.
pub(super) fn check_image(image: &ImageFile, record: &Record, directory: &SessionDirectory) -> Result<()> {
    let file = image.host_file();
    check_base(file, &record.base).or_else(|changed| {
        let commit = record.commit.as_ref().map(|commit| commit.base.metadata);
        match image.archive().metadata_blob(record.image_index) {
            Ok(blob) if blob.hash == record.base.metadata || Some(blob.hash) == commit => {
                if directory.foresaw(&read_header_bytes(file)?) {
                    return Ok(());
                }
                Err(changed)
            }
            _ => Err(changed),
        }
    })
}

/// The image file is still what the session stands on, apart from what an interrupted save left
/// behind its end.
pub(super) fn check_base(file: &HostFile, base: &Base) -> Result<()> {
    let changed = |difference: &str| {
        let error = Error::ImageChanged { difference: difference.to_owned() };
        Err(error.in_file(file.path().display().to_string()))
    };
    let length = file.length()?;
    if length < base.length {
        return changed("it is shorter");
    }
    if read_header_bytes(file)?[..] != base.header[..] {
        return changed("its header is another one");
    }
    Ok(())
}
