//! Host to image.

use super::TransferOptions;
use crate::error::{Error, InFile, Result};
use crate::formats::wim::tree::DentryId;
use crate::image::clock;
use crate::image::folder::{self, HostKind};
use crate::image::host;
use crate::image::info::{Action, TransferReport};
use crate::image::options::{Content, PutOptions};
use crate::image::path::{check_new_name, is_device_name};
use crate::image::session::Session;
use crate::image::transaction::Transaction;
use crate::image::ImagePath;
use crate::progress::{Meter, Observer, Phase};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Directories inside each other. A host's limit on path lengths ends earlier, loops are not
/// followed.
const DEPTH_LIMIT: u32 = 1024;

struct Source {
    host: PathBuf,
    path: ImagePath,
    directory: bool,
    size: u64,
}

/// Puts a host file or, with `recurse`, a directory into the image at `path`. A file goes into
/// `path` when that is a directory, and becomes `path` otherwise; what is in a directory becomes
/// what is in `path`. Directories on the way are made. Times of last change come along;
/// descriptors are inherited, attributes are those of new files.
///
/// # Errors
/// [`Error::ItemExists`] without `overwrite`, and always when two host files have names that are
/// the same to Windows; [`Error::InvalidName`] for names that Windows does not have;
/// [`Error::Unsupported`] for links and devices inside a directory.
pub fn import(
    session: &mut Session,
    host_path: &Path,
    path: &ImagePath,
    options: &TransferOptions,
    observer: Observer<'_>,
) -> Result<TransferReport> {
    let mut transaction = session.transaction("import items")?;
    let kind = folder::kind(host_path)?
        .ok_or_else(|| Error::io("open", host_path, std::io::Error::from(std::io::ErrorKind::NotFound)))?;
    let existing = transaction.view().lookup(path)?;
    let into_directory =
        existing.is_some_and(|dentry| transaction.view().tree().inode_of(dentry).is_directory());
    let mut sources = Vec::new();
    match kind {
        HostKind::File => {
            let path = match into_directory {
                true => path.join_utf16(&image_name(host_path.file_name().unwrap_or_default())?)?,
                false => path.clone(),
            };
            let size =
                std::fs::metadata(host_path).map_err(|error| Error::io("read", host_path, error))?.len();
            // A link that the caller named is meant; only those found on the way are not.
            let host = host::canonical(host_path)?;
            sources.push(Source { host, path, directory: false, size });
        }
        HostKind::Directory if options.recurse => {
            let (host, path) = (host_path.to_path_buf(), path.clone());
            sources.push(Source { host, path: path.clone(), directory: true, size: 0 });
            scan(host_path, &path, 0, &mut sources)?;
        }
        HostKind::Directory => {
            return Err(Error::InvalidArgument {
                parameter: "host_path",
                reason: format!("'{}' is a directory, and recursion was not asked for", host_path.display()),
            });
        }
        HostKind::Other => return Err(not_a_file(host_path)),
    }
    let mut told = TransferReport {
        path: path.to_string(),
        host_path: Some(host_path.display().to_string()),
        ..TransferReport::default()
    };
    let total = sources.iter().map(|source| source.size).fold(0, u64::saturating_add);
    let mut meter = Meter::new(observer, Phase::Staging, total);
    let mut done = HashSet::new();
    for source in &sources {
        match source.directory {
            true => directory(&mut transaction, source, &mut told)?,
            false => {
                let put = file(&mut transaction, source, options, &mut meter, &mut done, &mut told);
                put.in_file(source.host.display().to_string())?;
            }
        }
    }
    transaction.commit()?;
    Ok(told)
}

/// Collects what is in a host directory, parents first.
fn scan(directory: &Path, path: &ImagePath, depth: u32, sources: &mut Vec<Source>) -> Result<()> {
    if depth >= DEPTH_LIMIT {
        let (limit, found) = (u64::from(DEPTH_LIMIT), u64::from(depth).saturating_add(1));
        let what = "the number of directories inside each other";
        return Err(Error::LimitExceeded { what, limit, found }).in_file(directory.display().to_string());
    }
    for entry in folder::entries(directory)? {
        if entry.is_link || entry.kind == HostKind::Other {
            return Err(not_a_file(&entry.path));
        }
        let name = image_name(&entry.name).in_file(entry.path.display().to_string())?;
        let path = path.join_utf16(&name)?;
        let is_directory = entry.kind == HostKind::Directory;
        let size = match is_directory {
            true => 0,
            false => {
                let metadata = std::fs::symlink_metadata(&entry.path);
                metadata.map_err(|error| Error::io("read", &entry.path, error))?.len()
            }
        };
        let host = entry.path;
        sources.push(Source { host: host.clone(), path: path.clone(), directory: is_directory, size });
        if is_directory {
            scan(&host, &path, depth.saturating_add(1), sources)?;
        }
    }
    Ok(())
}

fn directory(transaction: &mut Transaction<'_>, source: &Source, told: &mut TransferReport) -> Result<()> {
    if transaction.create_directories(&source.path)? > 0 {
        told.note(source.path.to_string(), Action::Added);
    }
    told.directories = told.directories.saturating_add(1);
    Ok(())
}

fn file(
    transaction: &mut Transaction<'_>,
    source: &Source,
    options: &TransferOptions,
    meter: &mut Meter<'_>,
    done: &mut HashSet<DentryId>,
    told: &mut TransferReport,
) -> Result<()> {
    if let Some(parent) = source.path.parent() {
        transaction.create_directories(&parent)?;
    }
    if let Some(earlier) = transaction.view().lookup(&source.path)? {
        // Two host names that differ in case only are one to Windows: one would win silently.
        if done.contains(&earlier) {
            return Err(Error::ItemExists { path: source.path.to_string() });
        }
    }
    let (content, metadata) = host::open_source(&source.host)?;
    let put = PutOptions {
        overwrite: options.overwrite,
        last_write_time: metadata.modified().ok().map(clock::from_system_time),
        ..PutOptions::default()
    };
    let size = metadata.len();
    let content = Content::new(size, content);
    let put = transaction.put_file(&source.path, content, &put, &mut |now| meter.observe(now))?;
    meter.advance(source.size)?;
    done.extend(transaction.view().lookup(&source.path)?);
    told.files = told.files.saturating_add(1);
    told.bytes = told.bytes.saturating_add(put.size);
    told.note(source.path.to_string(), if put.replaced { Action::Replaced } else { Action::Added });
    Ok(())
}

fn image_name(name: &OsStr) -> Result<Vec<u16>> {
    let refuse =
        |reason| Error::InvalidName { what: "file name", name: name.to_string_lossy().into_owned(), reason };
    let name = host::host_name_to_utf16(name).ok_or_else(|| refuse("it is not Unicode"))?;
    check_new_name(&name)?;
    if is_device_name(&name) {
        return Err(refuse("it names a device in Windows"));
    }
    Ok(name)
}

fn not_a_file(path: &Path) -> Error {
    Error::Unsupported {
        what: format!("importing '{}'", path.display()),
        reason: "it is a link or a device; only files and directories are imported".to_owned(),
    }
}
