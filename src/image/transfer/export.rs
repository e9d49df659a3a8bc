//! Image to host.

use super::TransferOptions;
use crate::error::{Error, InFile, Result};
use crate::formats::wim::tree::{attributes, DentryId};
use crate::image::clock;
use crate::image::host::FreshFile;
use crate::image::info::{Action, ItemType, TransferReport};
use crate::image::path::name_on_host;
use crate::image::session::Session;
use crate::image::view::{item_type, View};
use crate::image::ImagePath;
use crate::progress::{Meter, Observer, Phase, Progress};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

/// Writes a file, or with `recurse` a directory, of the image to the host. A file goes into
/// `host_path` when that is a directory, and becomes `host_path` otherwise; what is in a directory
/// becomes what is in `host_path`. Times of last change come along.
///
/// Reparse points and encrypted files inside a directory are not written; the report names them.
/// A link on the host is never followed inside the target: a file takes its place, a directory
/// is refused.
///
/// # Errors
/// [`Error::Io`] with `AlreadyExists` without `overwrite`; [`Error::InvalidName`] for names that
/// would lead somewhere else on the host; damage of content: that file is not left behind.
pub fn export(
    session: &mut Session,
    path: &ImagePath,
    host_path: &Path,
    options: &TransferOptions,
    observer: Observer<'_>,
) -> Result<TransferReport> {
    session.refresh()?;
    let view = session.view()?;
    let start = view.resolve(path)?;
    let mut told = TransferReport {
        path: path.to_string(),
        host_path: Some(host_path.display().to_string()),
        ..TransferReport::default()
    };
    let is_directory = view.tree().inode_of(start).is_directory();
    if is_directory && !options.recurse {
        return Err(view.wrong_kind(start, "a file, or recursion,"));
    }
    let mut work = Vec::new();
    if is_directory {
        let mut directory = Some((start, host_path.to_path_buf()));
        let mut open = Vec::new();
        while let Some((dentry, target)) = directory.take().or_else(|| open.pop()) {
            for child in view.tree().children(dentry) {
                let target = target.join(name_on_host(view.tree(), *child)?);
                if view.tree().inode_of(*child).is_directory() {
                    open.push((*child, target));
                } else {
                    work.push((*child, target));
                }
            }
            work.push((dentry, target));
        }
        // Directories come before what is in them, and siblings in order.
        work.sort_by(|(_, one), (_, other)| one.cmp(other));
    } else {
        let target = match std::fs::metadata(host_path) {
            Ok(metadata) if metadata.is_dir() => host_path.join(name_on_host(view.tree(), start)?),
            _ => host_path.to_path_buf(),
        };
        work.push((start, target));
    }
    let sizes = work.iter().map(|(dentry, _)| view.size(&view.tree().inode_of(*dentry).unnamed_hash()));
    let total = sizes.fold(0, u64::saturating_add);
    let mut meter = Meter::new(observer, Phase::Extracting, total);
    for (dentry, target) in work {
        let shown = view.tree().display_path(dentry);
        let inode = view.tree().inode_of(dentry);
        let readable = inode.attributes & attributes::ENCRYPTED == 0;
        match item_type(inode) {
            ItemType::Directory => {
                make_directory(&target, dentry == start)?;
                told.directories = told.directories.saturating_add(1);
            }
            ItemType::File if readable || dentry == start => {
                let bytes = write_file(&view, dentry, &target, options, &mut meter).in_file(shown.clone())?;
                told.files = told.files.saturating_add(1);
                told.bytes = told.bytes.saturating_add(bytes);
            }
            ItemType::ReparsePoint if dentry == start => return Err(view.wrong_kind(dentry, "a file")),
            ItemType::File | ItemType::ReparsePoint => {
                told.skipped.push(shown);
                continue;
            }
        }
        told.note(shown, Action::Exported);
    }
    Ok(told)
}

fn make_directory(path: &Path, top: bool) -> Result<()> {
    let found = match top {
        true => std::fs::metadata(path),
        false => std::fs::symlink_metadata(path),
    };
    match found {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Error::io("create", path, io::Error::from(io::ErrorKind::AlreadyExists))),
        Err(_) if top => std::fs::create_dir_all(path).map_err(|error| Error::io("create", path, error)),
        Err(_) => std::fs::create_dir(path).map_err(|error| Error::io("create", path, error)),
    }
}

/// Writes beside the target and renames, so that the target is never half a file.
fn write_file(
    view: &View<'_>,
    dentry: DentryId,
    target: &Path,
    options: &TransferOptions,
    meter: &mut Meter<'_>,
) -> Result<u64> {
    let mut content = view.open(dentry)?;
    let fresh = FreshFile::create(target, options.overwrite, None)?;
    let file = fresh.file();
    let mut done = 0u64;
    let total = content.size();
    content.stream(&mut |part| {
        file.write_at(part, done)?;
        done = done.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        match meter.observe(Progress { phase: Phase::Extracting, done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    })?;
    if let Some(time) = clock::to_system_time(view.tree().inode_of(dentry).last_write_time) {
        // A time that the host cannot store is not worth failing for.
        let _ = file.file().set_modified(time);
    }
    fresh.finish_lazily()?;
    meter.advance(total)?;
    Ok(total)
}
