//! A file that gets its name when it is whole.

use super::{beside, copy_permissions, remove_file, rename, HostFile};
use crate::error::{Error, Result};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A new file under a hidden name beside the one it will have. Dropped before it got its name it is
/// removed.
#[derive(Debug)]
pub struct FreshFile {
    file: Arc<HostFile>,
    path: PathBuf,
    overwrite: bool,
    named: bool,
}

impl FreshFile {
    /// Begins a file that will be at `path`. It has the permissions of the file whose place it takes, or
    /// else those of `like`; those of new files without either.
    ///
    /// # Errors
    /// [`Error::Io`] with `AlreadyExists` unless `overwrite`; a directory is never replaced. The host's.
    pub fn create(path: &Path, overwrite: bool, like: Option<&HostFile>) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|source| Error::io("find", path, source))?;
        refuse(&path, overwrite)?;
        let hidden = beside(&path);
        let replaced = path.is_file().then(|| HostFile::open(&path).ok()).flatten();
        let file = match replaced.as_ref().or(like) {
            None => HostFile::create(&hidden)?,
            Some(_) => HostFile::create_private(&hidden)?,
        };
        let fresh = Self { file: Arc::new(file), path, overwrite, named: false };
        if let Some(like) = replaced.as_ref().or(like) {
            copy_permissions(like, &fresh.file)?;
        }
        Ok(fresh)
    }

    /// The file, to be written.
    pub fn file(&self) -> &Arc<HostFile> {
        &self.file
    }

    /// Makes the content durable and gives the file its name, which is returned.
    ///
    /// # Errors
    /// As for [`create`](Self::create): somebody else may have made a file of that name.
    pub fn finish(mut self) -> Result<PathBuf> {
        refuse(&self.path, self.overwrite)?;
        self.file.sync()?;
        rename(self.file.path(), &self.path)?;
        self.named = true;
        Ok(std::mem::take(&mut self.path))
    }

    /// As [`finish`](Self::finish), except that the host takes its time to make it durable: for a file of
    /// many, of which none is missed as long as its source is there.
    ///
    /// # Errors
    /// As for [`finish`](Self::finish).
    pub fn finish_lazily(mut self) -> Result<()> {
        refuse(&self.path, self.overwrite)?;
        std::fs::rename(self.file.path(), &self.path)
            .map_err(|source| Error::io("replace", &self.path, source))?;
        self.named = true;
        Ok(())
    }
}

impl Drop for FreshFile {
    fn drop(&mut self) {
        if !self.named {
            // There is an error already, or nobody to tell.
            let _ = remove_file(self.file.path());
        }
    }
}

fn refuse(path: &Path, overwrite: bool) -> Result<()> {
    match path.symlink_metadata().is_ok_and(|found| found.is_dir() || !overwrite) {
        true => Err(Error::io("create", path, io::ErrorKind::AlreadyExists.into())),
        false => Ok(()),
    }
}
