//! The state directory: what sessions are on disk.
//!
//! `<state>/sessions/<id>/` holds `session.json`, `lock`, and per generation `journal.<n>` and
//! `staged.<n>`. A save moves the session to the next generation by replacing `session.json`;
//! from then on the older files mean nothing, and are removed when nobody is in the way. A
//! directory without `session.json` is no session: that file comes last and goes first.

use crate::error::{Error, Result};
use crate::formats::wim::Hash;
use crate::image::encoding;
use crate::image::file::read_header_bytes;
use crate::image::host::{self, FileId, HostFile};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Version of `session.json` and the journal. A newer one is refused.
const FORMAT: u32 = 1;
/// A session.json larger than this was not written by this engine: it has one short path or two.
const RECORD_LIMIT: u64 = 1 << 20;

/// The state of the image file that a session stands on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Base {
    /// The file's header, byte for byte. A save always changes it.
    #[serde(with = "encoding::hex")]
    pub header: Vec<u8>,
    /// The file's length in bytes. A longer file of the same header has the leftovers of an
    /// interrupted save at its end.
    pub length: u64,
    /// SHA-1 of the image's metadata.
    #[serde(with = "encoding::hex")]
    pub metadata: Hash,
}

/// A save that is about to write the header, or has written it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// What the image file is afterwards.
    pub base: Base,
    /// The image file's identity afterwards.
    pub image_file: FileId,
    /// The fresh file that takes the image's name, when the save compacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_name: Option<String>,
}

/// `session.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// `FORMAT`.
    pub format: u32,
    /// A UUID.
    pub id: String,
    /// The session's public name, an absolute path.
    #[serde(with = "encoding::host_path")]
    pub path: PathBuf,
    /// The image file (the first part of a split set), canonical.
    #[serde(with = "encoding::host_path")]
    pub image_path: PathBuf,
    /// The image file's identity when it was mounted.
    pub image_file: FileId,
    /// 1-based.
    pub image_index: u32,
    /// From the XML.
    pub image_name: String,
    /// No changes are allowed.
    pub read_only: bool,
    /// FILETIME of the mount.
    pub created_time: u64,
    /// For listings without opening the image: PROCESSOR_ARCHITECTURE_*.
    pub architecture: Option<u32>,
    /// For listings: the edition.
    pub edition_id: Option<String>,
    /// For listings: `10.0.22621.525`.
    pub version: Option<String>,
    /// What the session stands on.
    pub base: Base,
    /// Number of the journal and staged files in use; each save moves on by one.
    pub generation: u64,
    /// Set while a save is at its point of no return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
}

impl Record {
    /// The version of records that this engine writes.
    pub fn format() -> u32 {
        FORMAT
    }

    /// Stands for a record that cannot be read, in a handle that can only discard the session.
    pub fn unreadable(id: &str) -> Self {
        Self { id: id.to_owned(), path: PathBuf::from(id), ..Self::default() }
    }

    /// It was read from a sound `session.json`, or made by this engine.
    pub fn is_readable(&self) -> bool {
        self.format == FORMAT
    }

    /// Whether the session is on the image file of that canonical path and identity.
    pub fn is_on(&self, path: &Path, identity: FileId) -> bool {
        let is_it = |file: HostFile| file.identity().is_ok_and(|found| found == identity);
        host::same_path(&self.image_path, path)
            || self.image_file == identity && HostFile::open(&self.image_path).is_ok_and(is_it)
    }

    /// What the record means now that a save may have been interrupted: the image file's header
    /// says whether that save happened. When it is neither the old nor the new one, the record
    /// stays as it is, and the check of the base fails.
    pub fn settled(self) -> Self {
        let Some(commit) = &self.commit else { return self };
        let header = HostFile::open(&self.image_path).and_then(|file| {
            let header = read_header_bytes(&file)?;
            Ok((header, file.length()?))
        });
        match header {
            Ok((header, length)) if header[..] == commit.base.header[..] && length >= commit.base.length => {
                let base = commit.base.clone();
                let image_file = commit.image_file;
                Self { base, image_file, generation: self.generation.saturating_add(1), commit: None, ..self }
            }
            Ok((header, _)) if header[..] == self.base.header[..] => Self { commit: None, ..self },
            _ => self,
        }
    }
}

/// The directory of all sessions.
#[derive(Debug, Clone)]
pub struct StateDirectory {
    sessions: PathBuf,
}

impl StateDirectory {
    /// `$IMGSVC_STATE_DIR`, else the platform's directory for program state.
    pub fn locate() -> Result<Self> {
        let chosen =
            std::env::var_os("IMGSVC_STATE_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = match chosen {
            Some(root) => std::path::absolute(&root).map_err(|source| Error::io("find", &root, source))?,
            None => {
                host::state_home().map(|home| home.join("imgsvc")).ok_or_else(|| Error::InvalidArgument {
                    parameter: "IMGSVC_STATE_DIR",
                    reason: "this user has no home directory; set it to a directory for sessions".to_owned(),
                })?
            }
        };
        Ok(Self::at(&root))
    }

    /// A state directory at a place of the caller's choice.
    pub fn at(root: &Path) -> Self {
        Self { sessions: root.join("sessions") }
    }

    /// Keeps other processes from mounting or discarding until the lock is dropped.
    pub fn lock(&self) -> Result<HostFile> {
        host::create_private_directory(&self.sessions)?;
        let path = self.sessions.join("lock");
        let file = HostFile::open_private(&path)?;
        file.wait_for_lock()?;
        Ok(file)
    }

    /// Every session, sound or not, in order of their ids.
    pub fn all(&self) -> Result<Vec<SessionDirectory>> {
        let entries = match fs::read_dir(&self.sessions) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::io("read", &self.sessions, source)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| Error::io("read", &self.sessions, source))?;
            let directory = SessionDirectory { root: entry.path() };
            if directory.exists() {
                found.push(directory);
            }
        }
        found.sort_by(|one, other| one.root.cmp(&other.root));
        Ok(found)
    }

    /// The sessions on the image file of that canonical path and identity.
    pub fn on_file(&self, path: &Path, identity: FileId) -> Result<Vec<(SessionDirectory, Record)>> {
        let with_record = |session: SessionDirectory| Some((session.clone(), session.read().ok()?));
        let sessions = self.all()?.into_iter().filter_map(with_record);
        Ok(sessions.filter(|(_, record)| record.is_on(path, identity)).collect())
    }

    /// Notes with every session on an image file, apart from the one with the id `except`, which
    /// header the file is about to get. The caller holds the lock until it has that header: a session
    /// that was made in between would not be told.
    pub fn foresee(&self, path: &Path, identity: FileId, header: &[u8], except: Option<&str>) -> Result<()> {
        let sessions = self.on_file(path, identity)?;
        let mut others = sessions.iter().filter(|(_, record)| Some(record.id.as_str()) != except);
        others.try_for_each(|(session, _)| session.foresee(header))
    }

    /// The session of that id or path.
    pub fn find(&self, path_or_id: &Path) -> Result<SessionDirectory> {
        let path = std::path::absolute(path_or_id).unwrap_or_else(|_| path_or_id.to_path_buf());
        let sessions = self.all()?;
        if let Some(found) = sessions.iter().find(|session| session.id().as_deref() == path_or_id.to_str()) {
            return Ok(found.clone());
        }
        for session in sessions {
            if session.read().is_ok_and(|record| host::same_path(&record.path, &path)) {
                return Ok(session);
            }
        }
        Err(Error::SessionNotFound { session: path_or_id.display().to_string() })
    }

    /// Makes the directory of a new session; `session.json` is still to be written.
    pub fn create(&self, id: &str) -> Result<SessionDirectory> {
        let root = self.sessions.join(id);
        host::create_private_directory(&root)?;
        Ok(SessionDirectory { root })
    }

    /// Removes what interrupted mounts and discards left. The caller holds the lock.
    pub fn sweep(&self) -> Result<()> {
        let Ok(entries) = fs::read_dir(&self.sessions) else { return Ok(()) };
        for entry in entries.flatten() {
            let directory = SessionDirectory { root: entry.path() };
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !directory.exists() {
                host::remove_directory(&directory.root)?;
            }
        }
        Ok(())
    }
}

/// Headers that saves of other sessions were about to give the image file, 208 bytes each.
const FORESEEN: &str = "foreseen";

/// One session's directory.
#[derive(Debug, Clone)]
pub struct SessionDirectory {
    root: PathBuf,
}

impl SessionDirectory {
    /// The session's id: the directory's name.
    pub fn id(&self) -> Option<String> {
        Some(self.root.file_name()?.to_str()?.to_owned())
    }

    /// There is a session here.
    pub fn exists(&self) -> bool {
        self.root.join("session.json").is_file()
    }

    /// Reads `session.json`.
    pub fn read(&self) -> Result<Record> {
        let path = self.root.join("session.json");
        let damaged =
            |reason: String| Error::StateDamaged { reason: format!("{}: {reason}", path.display()) };
        let file = match HostFile::open(&path) {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::SessionNotFound { session: self.id().unwrap_or_default() });
            }
            file => file?,
        };
        let length = file.length()?;
        if length > RECORD_LIMIT {
            return Err(damaged(format!("it has {length} bytes")));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_at(&mut bytes, 0)?;
        let record: Record = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if record.format != FORMAT {
            return Err(damaged(format!("format {} is not known to this version", record.format)));
        }
        if Some(&record.id) != self.id().as_ref() {
            return Err(damaged(format!("it belongs to session {}", record.id)));
        }
        Ok(record)
    }

    /// Replaces `session.json`; durable when it returns.
    pub fn write(&self, record: &Record) -> Result<()> {
        let path = self.root.join("session.json");
        let text = serde_json::to_vec_pretty(record)
            .map_err(|error| Error::StateDamaged { reason: error.to_string() })?;
        host::replace_file(&path, &text)
    }

    /// The lock of the session: whoever changes it or its image holds it.
    pub fn lock(&self, session: &Path) -> Result<HostFile> {
        if !self.exists() {
            return Err(Error::SessionNotFound { session: session.display().to_string() });
        }
        let file = HostFile::open_private(&self.root.join("lock"))?;
        file.lock(session)?;
        // It may have been discarded between the two.
        match self.exists() {
            true => Ok(file),
            false => Err(Error::SessionNotFound { session: session.display().to_string() }),
        }
    }

    /// The journal of a generation.
    pub fn journal(&self, generation: u64) -> PathBuf {
        self.root.join(format!("journal.{generation}"))
    }

    /// The staged content of a generation.
    pub fn staged(&self, generation: u64) -> PathBuf {
        self.root.join(format!("staged.{generation}"))
    }

    /// Notes the header that another session is about to give the image file, durably: only with
    /// such a note is a changed file taken for one that this engine changed.
    pub fn foresee(&self, header: &[u8]) -> Result<()> {
        if !self.exists() {
            return Ok(());
        }
        let file = HostFile::open_private(&self.root.join(FORESEEN))?;
        file.write_at(header, file.length()?)?;
        file.sync()
    }

    /// Whether a header of the image file was foreseen.
    pub fn foresaw(&self, header: &[u8]) -> bool {
        let read = || -> Result<Vec<u8>> {
            let file = HostFile::open(&self.root.join(FORESEEN))?;
            let length = file.length()?.min(RECORD_LIMIT);
            let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
            file.read_at(&mut bytes, 0)?;
            Ok(bytes)
        };
        // A torn note makes those after it unreadable, which costs a refusal, never an image.
        read().is_ok_and(|noted| noted.chunks_exact(header.len().max(1)).any(|one| one == header))
    }

    /// Forgets what was foreseen, once the session stands on it; it does not matter when that fails.
    pub fn forget_foreseen(&self) {
        let _ = host::remove_file(&self.root.join(FORESEEN));
    }

    /// Removes the files of other generations; it does not matter when that fails.
    pub fn forget_other_generations(&self, generation: u64) {
        let keep = [self.journal(generation), self.staged(generation)];
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let numbered = name.starts_with("journal.") || name.starts_with("staged.");
            if numbered && !keep.contains(&entry.path()) {
                let _ = host::remove_file(&entry.path());
            }
        }
    }

    /// Ends the session: from the first step on it does not exist any more.
    pub fn remove(&self) -> Result<()> {
        host::remove_file(&self.root.join("session.json"))?;
        host::sync_directory(&self.root)?;
        host::remove_directory(&self.root)
    }
}
