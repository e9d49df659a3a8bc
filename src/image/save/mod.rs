//! Saving: the session's work becomes part of the image file, all of it or nothing.
//!
//! Everything new is written where the file ends (or, to compact, into a fresh file) and made
//! durable. Then the session notes what the header is about to become, durably; then the 208
//! bytes of the header are written (or the fresh file takes the old one's name). Until that
//! moment the image is the old one, from then on the new one, and the note tells a later process
//! which of the two it is.
//! Reference: docs/adr/0005-sessions-and-saving-in-place.md.

mod append;
mod compact;
mod plan;
mod tail;

use crate::error::{Error, InFile, Result};
use crate::image::file::read_header_bytes;
use crate::image::host::{self, HostFile};
use crate::image::info::SaveReport;
use crate::image::options::SaveOptions;
use crate::image::session::{check_base, Loaded, Session};
use crate::image::state::{Commit, Record};
use crate::progress::{report, Observer, Phase};
use plan::Work;
use std::path::{Path, PathBuf};

/// What a save wrote.
struct Outcome {
    commit: Commit,
    blobs_added: u64,
    bytes_written: u64,
    metadata_bytes: u64,
    integrity_table: bool,
    notes: Vec<String>,
}

impl Session {
    /// Writes the session's work into the image file. The session stays open and goes on from
    /// there. Without work, and without a wish to compact, nothing is written.
    ///
    /// # Errors
    /// [`Error::SessionReadOnly`]; [`Error::ImageChanged`] when the file is not what the session
    /// stands on; [`Error::Busy`]; no space: the file is then as it was.
    pub fn save(&mut self, options: SaveOptions, observer: Observer<'_>) -> Result<SaveReport> {
        self.require_writable()?;
        let lock = self.lock()?;
        let pending = self.load(observer)?.pending;
        let image = self.image_file()?;
        let has_table = image.archive().has_integrity_table();
        let size_before = self.record.base.length;
        let mut told = SaveReport {
            path: self.record.path.clone(),
            image_path: self.record.image_path.clone(),
            image_index: self.record.image_index,
            saved: false,
            compacted: false,
            blobs_added: 0,
            bytes_written: 0,
            metadata_bytes: 0,
            file_size_before: size_before,
            file_size_after: size_before,
            integrity_table: has_table,
            notes: Vec::new(),
        };
        let wanted = pending.operations > 0 || options.compact || options.add_integrity && !has_table;
        if !wanted {
            check_base(image.host_file(), &self.record.base)?;
            return Ok(told);
        }
        let target = self.writable_image(observer)?;
        let loaded = self.load(observer)?;
        told.file_size_before = self.record.base.length;
        let (content, completed) = self.complete_patches(loaded, options.level, observer)?;
        // The tree is given up here: afterwards, and after an error, it is read again when needed.
        let Some(loaded) = self.loaded.take() else {
            return Err(Error::StateDamaged { reason: "the session was not loaded".to_owned() });
        };
        let work = Work::new(Loaded { content, ..loaded });
        let outcome = match options.compact {
            true => compact::save(self, work, &target, options, observer),
            false => append::save(self, work, &target, options, observer),
        }
        .in_file(self.image_name())?;
        drop(completed);
        told.saved = true;
        told.compacted = options.compact;
        told.blobs_added = outcome.blobs_added;
        told.bytes_written = outcome.bytes_written;
        told.metadata_bytes = outcome.metadata_bytes;
        told.file_size_after = outcome.commit.base.length;
        told.integrity_table = outcome.integrity_table;
        told.notes = outcome.notes;
        self.move_on(outcome.commit)?;
        drop(lock);
        // Too late to stop: what the observer answers does not matter any more.
        let _ = report(observer, Phase::WritingMetadata, told.bytes_written, told.bytes_written);
        Ok(told)
    }

    /// The image file, which nobody else changes as long as it is open, with the session moved to
    /// what it is now. Saves of other threads are waited for.
    fn writable_image(&mut self, observer: Observer<'_>) -> Result<HostFile> {
        loop {
            let target = HostFile::open_writable(&self.record.image_path)?;
            target.wait_for_writing(&mut || report(observer, Phase::Opening, 0, 0))?;
            // Whoever compacted it meanwhile has put another file in its place.
            if HostFile::open(&self.record.image_path)?.identity()? != target.identity()? {
                continue;
            }
            self.adopt()?;
            check_base(&target, &self.record.base)?;
            self.directory.forget_foreseen();
            return Ok(target);
        }
    }

    /// The point of no return: notes what the file is about to become, here and with the sessions
    /// on its other images. Until what this returns is dropped, no session is made that would not
    /// be told.
    fn note(&self, commit: &Commit) -> Result<HostFile> {
        let guard = self.state.lock()?;
        let Record { id, image_path, image_file, .. } = &self.record;
        self.state.foresee(image_path, *image_file, &commit.base.header, Some(id))?;
        self.directory.write(&Record { commit: Some(commit.clone()), ..self.record.clone() })?;
        Ok(guard)
    }

    /// The save happened: the session stands on the new state of the file, with empty hands.
    fn move_on(&mut self, commit: Commit) -> Result<()> {
        let record = Record {
            base: commit.base,
            image_file: commit.image_file,
            generation: self.record.generation.saturating_add(1),
            commit: None,
            ..self.record.clone()
        };
        self.forget();
        self.directory.write(&record)?;
        self.record = record;
        self.directory.forget_other_generations(self.record.generation);
        Ok(())
    }
}

/// Removes what an interrupted save left, as far as that is possible: a session that ends must
/// leave no trace.
pub(super) fn clear_leftovers(record: &Record) {
    remove_fresh_file(record);
    let record = record.clone().settled();
    if record.read_only {
        return;
    }
    let clear = || -> Result<()> {
        let file = HostFile::open_writable(&record.image_path)?;
        file.lock_for_writing()?;
        let ours = read_header_bytes(&file)?[..] == record.base.header[..];
        if ours && file.length()? > record.base.length {
            file.set_length(record.base.length)?;
            file.sync()?;
        }
        Ok(())
    };
    // The file may be gone, read-only or in use by now; then its end stays as it is.
    let _ = clear();
}

/// Removes the fresh file of an interrupted save that compacts.
pub(super) fn remove_fresh_file(record: &Record) {
    if let Some(Commit { fresh_name: Some(name), .. }) = &record.commit {
        let _ = host::remove_file(&record.image_path.with_file_name(name));
    }
    let _ = host::remove_file(&fresh_path(&record.image_path, &record.id));
}

/// Where a save that compacts writes.
fn fresh_path(image_path: &Path, id: &str) -> PathBuf {
    host::beside_for(image_path, id)
}
