//! The registry hives of an image: opened, edited in memory, staged. A session's handle keeps them in
//! memory afterwards, so that the next edit needs not read them.

use crate::error::{Error, InFile, Result};
use crate::formats::regf::logs::{recover, LogFiles, Recovery, RecoveryState};
use crate::formats::regf::{Hive, Peek};
use crate::formats::wim::Hash;
use crate::formats::{ReadAt, ReadRange};
use crate::image::{ContentReader, ImagePath, PutOptions, Transaction, View};
use crate::progress::{report, Observer, Phase};
use std::sync::{Arc, Mutex, PoisonError};

/// Largest hive that is opened: Windows itself stops at 2 GiB.
const HIVE_LIMIT: u64 = 0x8000_0000;
/// Largest log that is read: a log holds pages of its hive, each a few times at most.
const LOG_LIMIT: u64 = 1 << 30;

/// What a hive is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Reading: parts are read when they are looked at.
    Look,
    /// Editing and staging. `accept_dirty`: also a dirty hive whose logs are of no use; what only they
    /// hold is lost.
    Edit {
        /// See above.
        accept_dirty: bool,
    },
}

/// A hive and its place in the image.
#[derive(Debug)]
pub struct ImageHive {
    path: ImagePath,
    /// The hive.
    pub hive: Hive,
    recovery: Option<Recovery>,
    /// The SHA-1 of the content that the hive was, when it was opened.
    origin: Option<Hash>,
    /// The hive is all in memory, and needed no logs.
    whole: bool,
}

impl ImageHive {
    /// Opens a hive to be edited; `None` if the image has no such file.
    ///
    /// # Errors
    /// [`Error::HiveDirty`] when its logs cannot bring it up to date, and damage, with the hive's path.
    pub fn open(view: &View<'_>, path: &ImagePath) -> Result<Option<Self>> {
        let file = Self::open_for(view, path, Opening::Edit { accept_dirty: false })?;
        match file.as_ref().and_then(|file| Some((file.hive.is_dirty(), file.recovery.as_ref()?.sequences))) {
            Some((true, (primary, secondary))) => {
                Err(Error::HiveDirty { primary, secondary }).in_file(path.to_string())
            }
            _ => Ok(file),
        }
    }

    /// Opens a hive; `None` if the image has no such file. A dirty one is brought up to date by its
    /// logs, in memory; if they cannot, it is only read, unless the opening accepts it.
    ///
    /// # Errors
    /// Damage, with the hive's path.
    pub fn open_for(view: &View<'_>, path: &ImagePath, opening: Opening) -> Result<Option<Self>> {
        if !view.exists(path)? {
            return Ok(None);
        }
        let hash = view.content_hash(path)?;
        if let Some(hive) = view.hives().and_then(|kept| kept.take(path, &hash)) {
            let (path, origin) = (path.clone(), Some(hash));
            return Ok(Some(Self { path, hive, recovery: None, origin, whole: true }));
        }
        // A base block that cannot be read may have a copy in the logs.
        let dirty = Peek::open(Box::new(view.open_file(path)?)).map_or(true, |peek| peek.is_dirty());
        let opened = match (dirty, opening) {
            (true, _) => open_dirty(view, path).map(|(hive, recovery)| (hive, Some(recovery))),
            (false, Opening::Look) => {
                let content = Shared { content: Mutex::new(view.open_file(path)?) };
                Hive::open_lazily(Arc::new(content)).map(|hive| (hive, None))
            }
            (false, Opening::Edit { .. }) => {
                Hive::open(view.read_file(path, HIVE_LIMIT)?).map(|hive| (hive, None))
            }
        };
        let (mut hive, recovery) = opened.in_file(path.to_string())?;
        if opening == (Opening::Edit { accept_dirty: true }) {
            hive.accept_dirty();
        }
        let whole = !dirty && opening != Opening::Look;
        Ok(Some(Self { path: path.clone(), hive, recovery, origin: Some(hash), whole }))
    }

    /// Done with a hive: if it is all in memory and was not edited, it is kept for the next use.
    pub fn close(self, view: &View<'_>) {
        if let (Some(hash), Some(kept)) = (self.origin, view.hives()) {
            if self.whole && !self.hive.is_edited() {
                kept.put(self.path, hash, self.hive);
            }
        }
    }

    /// A hive that takes the place of the one at `path`.
    pub fn replacing(path: ImagePath, hive: Hive) -> Self {
        Self { path, hive, recovery: None, origin: None, whole: true }
    }

    /// What the logs did to a hive that was dirty; nothing if it was clean.
    pub fn recovery(&self) -> Option<&Recovery> {
        self.recovery.as_ref().filter(|recovery| recovery.state != RecoveryState::Clean)
    }

    /// Where the hive is.
    pub fn path(&self) -> &ImagePath {
        &self.path
    }

    /// Stages the hive if it was changed, and empties its transaction logs: what they hold belongs to
    /// the content that was replaced. `now` is a FILETIME.
    pub fn stage(
        mut self,
        transaction: &mut Transaction<'_>,
        now: u64,
        observer: Observer<'_>,
    ) -> Result<()> {
        let changed = self.hive.seal(now).in_file(self.path.to_string())?;
        if changed.is_empty() {
            self.close(&transaction.view());
            return Ok(());
        }
        // What changed is known of the content that was opened only.
        let same = self.origin == Some(transaction.view().content_hash(&self.path)?);
        let bytes = self.hive.bytes();
        let put = match same {
            true => transaction.replace_content(&self.path, bytes, &changed, observer)?,
            false => transaction.put_file(&self.path, bytes.into(), &PutOptions::overwrite(), observer)?,
        };
        for extension in LOGS {
            let log = log_path(&self.path, extension)?;
            let item = transaction.view().item(&log)?;
            if item.is_some_and(|item| item.length > 0) {
                let empty: &[u8] = &[];
                transaction.put_file(&log, empty.into(), &PutOptions::overwrite(), observer)?;
            }
        }
        // Should the transaction fail, the file does not get this content, and the hive is not used.
        (self.origin, self.whole) = (Some(put.hash), true);
        self.close(&transaction.view());
        Ok(())
    }
}

/// The ends of the names of a hive's logs.
const LOGS: [&str; 3] = [".LOG", ".LOG1", ".LOG2"];

fn log_path(hive: &ImagePath, extension: &str) -> Result<ImagePath> {
    let mut name = hive.to_utf16();
    name.extend(extension.encode_utf16());
    ImagePath::from_utf16(&name)
}

/// Opens a hive with its logs.
fn open_dirty(view: &View<'_>, path: &ImagePath) -> Result<(Hive, Recovery)> {
    let [log, log1, log2] = read_logs(view, path)?;
    let files = LogFiles { log: &log, log1: &log1, log2: &log2 };
    Hive::open_with_logs(view.read_file(path, HIVE_LIMIT)?, &files)
}

/// The bytes of a file that is or was a hive, as its logs make them; nothing in it is checked.
///
/// # Errors
/// Content that cannot be read; [`Error::LimitExceeded`] above 2 GiB; [`Error::Cancelled`].
pub fn read_recovered(
    view: &View<'_>,
    path: &ImagePath,
    observer: Observer<'_>,
) -> Result<(Vec<u8>, Recovery)> {
    let mut read = || -> Result<(Vec<u8>, Recovery)> {
        let [log, log1, log2] = read_logs(view, path)?;
        let mut content = view.open_file(path)?;
        let size = ReadRange::size(&content);
        if size > HIVE_LIMIT {
            return Err(Error::LimitExceeded {
                what: "the size of a hive file",
                limit: HIVE_LIMIT,
                found: size,
            });
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        let mut done = 0;
        for step in bytes.chunks_mut(READ_STEP) {
            report(observer, Phase::Extracting, done, size)?;
            content.read_range(done, step)?;
            done = done.saturating_add(u64::try_from(step.len()).unwrap_or(u64::MAX));
        }
        Ok(recover(bytes, &LogFiles { log: &log, log1: &log1, log2: &log2 }))
    };
    read().in_file(path.to_string())
}

/// Bytes read between two calls of the observer.
const READ_STEP: usize = 1 << 20;

/// The logs beside a hive; those that are not there are empty.
fn read_logs(view: &View<'_>, path: &ImagePath) -> Result<[Vec<u8>; 3]> {
    let read = |extension: &str| -> Result<Vec<u8>> {
        let log = log_path(path, extension)?;
        match view.exists(&log)? {
            true => view.read_file(&log, LOG_LIMIT),
            false => Ok(Vec::new()),
        }
    };
    let [log, log1, log2] = LOGS.map(read);
    Ok([log?, log1?, log2?])
}

/// Content that is read in parts through a shared reference.
struct Shared {
    content: Mutex<ContentReader>,
}

impl ReadAt for Shared {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.read_range(offset, buffer).map_err(std::io::Error::other)
    }

    fn size(&self) -> std::io::Result<u64> {
        Ok(ReadRange::size(&*self.content.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
