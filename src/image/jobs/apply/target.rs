//! The directory that an image is applied to: whether it may be, and what becomes of it.
//!
//! A directory that is not there yet is made under a hidden name beside its place and renamed when
//! it is whole. One that is there and empty is filled, and emptied again when that fails. In any
//! other, each file is made under a hidden name and takes the place of what was there.

use crate::error::{Error, Result};
use crate::image::host;
use crate::image::host::tree::{EntryKind, HostTree, HostTreeFile, Room};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How the target was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It was not there.
    New,
    /// It was an empty directory.
    Empty,
    /// It was a directory, and what is in it may be replaced.
    Used,
}

/// A directory that is being filled. Dropped before it is finished, it is as it was, but for the
/// files that were replaced one by one.
#[derive(Debug)]
pub(super) struct Target {
    state: State,
    /// Where the tree is to be.
    path: PathBuf,
    /// Where it is being made.
    made_at: PathBuf,
    tree: HostTree,
    /// What was made right in an empty directory, to be removed again.
    made: Mutex<Vec<PathBuf>>,
    finished: bool,
}

/// A file that is being written.
pub(super) struct NewFile {
    pub file: HostTreeFile,
    /// Where it is, from the target.
    at: PathBuf,
}

impl Target {
    /// # Errors
    /// [`Error::Io`] with `AlreadyExists` when something is in the way.
    pub fn begin(path: &Path, overwrite: bool) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|source| Error::io("find", path, source))?;
        let refused = |source| Error::io("apply an image to", &path, source);
        let (state, made_at) = match std::fs::metadata(&path) {
            Ok(found) if !found.is_dir() => return Err(refused(io::ErrorKind::NotADirectory.into())),
            Ok(_) => {
                let empty = std::fs::read_dir(&path).map_err(refused)?.next().is_none();
                if !empty && !overwrite {
                    let reason =
                        "the directory is not empty: choose another one, or allow files to be replaced";
                    return Err(refused(io::Error::new(io::ErrorKind::AlreadyExists, reason)));
                }
                (if empty { State::Empty } else { State::Used }, path.clone())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A link that leads nowhere would be replaced at the end; better to say so now.
                if std::fs::symlink_metadata(&path).is_ok() {
                    return Err(refused(io::ErrorKind::AlreadyExists.into()));
                }
                let fresh = host::beside(&path);
                std::fs::create_dir(&fresh).map_err(|source| Error::io("create", &path, source))?;
                (State::New, fresh)
            }
            Err(error) => return Err(refused(error)),
        };
        match HostTree::open(&made_at, state != State::Used) {
            Ok(tree) => Ok(Self { state, path, made_at, tree, made: Mutex::default(), finished: false }),
            Err(error) => {
                if state == State::New {
                    let _ = std::fs::remove_dir(&made_at);
                }
                Err(refused(error))
            }
        }
    }

    /// Where the tree is to be, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The host's path of what is at `path` in the target, for messages.
    pub fn display(&self, path: &Path) -> PathBuf {
        self.path.join(path)
    }

    /// The room there is.
    pub fn room(&self) -> Result<Option<Room>> {
        self.tree.room().map_err(|source| Error::io("read", &self.path, source))
    }

    /// Files may be replaced.
    pub fn replaces(&self) -> bool {
        self.state == State::Used
    }

    /// Bytes that the file at `path` takes now, and will not take any more.
    pub fn replaced_bytes(&self, path: &Path) -> u64 {
        match self.tree.kind(path) {
            Ok(Some(EntryKind::File(bytes))) => bytes,
            _ => 0,
        }
    }

    /// The tree, for times.
    pub fn tree(&self) -> &HostTree {
        &self.tree
    }

    /// Makes a directory, or takes the one that is there.
    pub fn make_directory(&self, path: &Path) -> Result<()> {
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        self.note(path);
        match self.tree.make_directory(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.replaces() => {
                match self.tree.kind(path) {
                    Ok(Some(EntryKind::Directory)) => Ok(()),
                    _ => Err(self.refused("create", path)(error)),
                }
            }
            made => made.map_err(self.refused("create", path)),
        }
    }

    /// Starts a file. Until [`Target::finish_file`] it has no name that matters.
    pub fn create_file(&self, path: &Path) -> Result<NewFile> {
        let at = self.place(path)?;
        let file = self.tree.create_file(&at).map_err(self.refused("create", path))?;
        Ok(NewFile { file, at })
    }

    /// Closes a file and gives it its name.
    pub fn finish_file(&self, path: &Path, new: NewFile) -> Result<()> {
        let closed = new.file.close().map_err(self.refused("write", path));
        match closed.and_then(|()| self.put(&new.at, path)) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.forget(&new.at);
                Err(error)
            }
        }
    }

    /// Removes a file that will not be finished, where the whole tree is not removed anyway.
    pub fn abandon_file(&self, new: NewFile) {
        drop(new.file);
        self.forget(&new.at);
    }

    fn forget(&self, at: &Path) {
        if self.replaces() {
            let _ = self.tree.remove(at);
        }
    }

    /// Gives a finished file a further name.
    pub fn link(&self, from: &Path, to: &Path) -> Result<()> {
        let at = self.place(to)?;
        self.tree.link(from, &at).map_err(self.refused("create", to))?;
        self.put(&at, to)
    }

    /// Makes a symbolic link.
    pub fn symlink(&self, target: &OsStr, path: &Path, directory: bool) -> Result<()> {
        let at = self.place(path)?;
        self.tree.symlink(target, &at, directory).map_err(self.refused("create", path))?;
        self.put(&at, path)
    }

    /// Where something is made that is to be at `path`.
    fn place(&self, path: &Path) -> Result<PathBuf> {
        if !self.replaces() {
            self.note(path);
            return Ok(path.to_path_buf());
        }
        match self.tree.kind(path).map_err(self.refused("create", path))? {
            None => Ok(path.to_path_buf()),
            Some(EntryKind::Directory) => Err(self.refused("create", path)(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "a directory is there",
            ))),
            Some(_) => Ok(host::beside(path)),
        }
    }

    fn note(&self, path: &Path) {
        if self.state == State::Empty && path.components().nth(1).is_none() {
            self.made.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_path_buf());
        }
    }

    fn put(&self, at: &Path, path: &Path) -> Result<()> {
        if at == path {
            return Ok(());
        }
        self.tree.rename(at, path).map_err(self.refused("replace", path))
    }

    fn refused<'a>(&'a self, action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
        move |source| Error::io(action, self.display(path), source)
    }

    /// Gives the tree its name.
    pub fn finish(mut self) -> Result<()> {
        if self.state == State::New {
            host::rename(&self.made_at, &self.path)?;
        }
        self.finished = true;
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        match self.state {
            State::New => {
                let _ = std::fs::remove_dir_all(&self.made_at);
            }
            State::Empty => {
                for path in self.made.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    let path = self.made_at.join(path);
                    let _ = match std::fs::symlink_metadata(&path) {
                        Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
                        _ => std::fs::remove_file(path),
                    };
                }
            }
            State::Used => {}
        }
    }
}
