//! What can be told of sessions, also of those that cannot be used any more.

use crate::error::{Error, Result};
use crate::image::file::ImageFile;
use crate::image::host::HostFile;
use crate::image::info::{MountMode, MountStatus, SessionInfo};
use crate::image::journal::{self, Extent};
use crate::image::operation::JournalRecord;
use crate::image::session::{check_base, check_image, Pending, Session};
use crate::image::state::{Record, SessionDirectory, StateDirectory};
use std::path::PathBuf;

impl Session {
    /// Every session there is, usable or not.
    pub fn list() -> Result<Vec<SessionInfo>> {
        Self::list_in(&StateDirectory::locate()?)
    }

    /// As [`Session::list`], with the state directory given.
    pub fn list_in(state: &StateDirectory) -> Result<Vec<SessionInfo>> {
        let mut sessions = Vec::new();
        for directory in state.all()? {
            match directory.read() {
                Ok(record) => sessions.push(describe(&directory, &record.settled())),
                // Discarded since it was listed.
                Err(Error::SessionNotFound { .. }) => {}
                Err(error) => sessions.push(damaged(&directory, &error)),
            }
        }
        Ok(sessions)
    }

    /// What the session is.
    pub fn info(&self) -> Result<SessionInfo> {
        let record = self.directory.read()?.settled();
        Ok(describe(&self.directory, &record))
    }
}

fn describe(directory: &SessionDirectory, record: &Record) -> SessionInfo {
    let mut pending = Pending::default();
    let journal = directory.journal(record.generation);
    let read = journal::read(&journal, Extent::default(), &mut |payload| {
        let transaction = JournalRecord::parse(payload)?;
        pending.transactions = pending.transactions.saturating_add(1);
        let operations = u64::try_from(transaction.operations.len()).unwrap_or(u64::MAX);
        pending.operations = pending.operations.saturating_add(operations);
        pending.staged_length = transaction.staged_length;
        Ok(())
    });
    let image = HostFile::open(&record.image_path).and_then(|file| {
        check_base(&file, &record.base).or_else(|changed| {
            check_image(&ImageFile::open(&record.image_path).map_err(|_| changed)?, record, directory)
        })
    });
    let problem = read.map(drop).and(image).err();
    SessionInfo {
        id: record.id.clone(),
        path: record.path.clone(),
        image_path: record.image_path.clone(),
        image_index: record.image_index,
        image_name: record.image_name.clone(),
        mount_mode: if record.read_only { MountMode::ReadOnly } else { MountMode::ReadWrite },
        mount_status: if problem.is_none() { MountStatus::Ok } else { MountStatus::Invalid },
        status_reason: problem.map(|error| error.to_string()),
        created_time: record.created_time,
        pending_transactions: pending.transactions,
        pending_operations: pending.operations,
        staged_bytes: pending.staged_length,
        architecture: record.architecture,
        edition_id: record.edition_id.clone(),
        version: record.version.clone(),
    }
}

/// A session whose session.json cannot be read is still listed, so that it can be discarded.
fn damaged(directory: &SessionDirectory, error: &Error) -> SessionInfo {
    let id = directory.id().unwrap_or_default();
    SessionInfo {
        path: PathBuf::from(&id),
        id,
        image_path: PathBuf::new(),
        image_index: 0,
        image_name: String::new(),
        mount_mode: MountMode::ReadOnly,
        mount_status: MountStatus::Invalid,
        status_reason: Some(error.to_string()),
        created_time: 0,
        pending_transactions: 0,
        pending_operations: 0,
        staged_bytes: 0,
        architecture: None,
        edition_id: None,
        version: None,
    }
}
