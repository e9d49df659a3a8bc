//! The calls of libwim that read and write volumes, with the engine's errors and progress.

use super::capture::{Captured, Exclusions, VolumeCapture};
use crate::error::{Error, Result};
use crate::image::host::{self, host_name};
use crate::progress::{report, Observer, Phase, Progress};
use std::ffi::OsString;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use wimlib_sys::archive::{self, Archive};
use wimlib_sys::error::Error as LibwimError;
use wimlib_sys::progress::Event;

/// An image in its files, for libwim.
pub(super) struct Source<'a> {
    /// Part 1: the file that has the images.
    pub first: &'a Path,
    /// Other parts, and files with content that the image file refers to.
    pub others: Vec<&'a Path>,
    /// From 1.
    pub index: u32,
    /// Paths in the image, name by name, that are left out with all below them.
    pub left_out: Vec<Vec<Vec<u16>>>,
    /// Bytes of content that will be written, for progress.
    pub bytes: u64,
}

/// Applies an image to a volume.
pub(super) fn apply(source: &Source<'_>, volume: &Path, observer: Observer<'_>) -> Result<()> {
    let opened = |error| explain(error, "read", source.first);
    let mut archive = Archive::open(source.first).map_err(opened)?;
    if !source.others.is_empty() {
        archive.reference(&source.others).map_err(opened)?;
    }
    for path in &source.left_out {
        archive.remove(source.index, &libwim_path(path)?).map_err(opened)?;
        report(observer, Phase::Opening, 0, 0)?;
    }
    let mut last = (0, source.bytes);
    let mut watcher = |event| {
        if let Event::Extracting { done, total } = event {
            last = (done, total);
        }
        let (done, total) = last;
        observer(Progress { phase: Phase::Extracting, done, total })
    };
    let applied = archive.apply_to_ntfs_volume(source.index, volume, &mut watcher);
    applied.map_err(|error| explain(error, "write", volume))
}

/// Captures a volume into a new WIM file, which is there only when this succeeds.
pub(super) fn capture(
    volume: &Path,
    destination: &Path,
    options: &VolumeCapture,
    observer: Observer<'_>,
) -> Result<Captured> {
    let captured = try_capture(volume, destination, options, observer);
    if captured.is_err() {
        // The error says what went wrong; this is only tidying up.
        let _ = host::remove_file(destination);
    }
    captured
}

fn try_capture(
    volume: &Path,
    destination: &Path,
    options: &VolumeCapture,
    observer: Observer<'_>,
) -> Result<Captured> {
    let written = |error| explain(error, "write", destination);
    let mut archive = Archive::create(options.compression.format(), options.chunk_size).map_err(written)?;
    let references: Vec<&Path> = options.references.iter().map(AsRef::as_ref).collect();
    if let Some(first) = references.first() {
        archive.reference(&references).map_err(|error| explain(error, "read", first))?;
    }
    let mut captured = Captured::default();
    let mut scanned = |event| scan(event, &mut captured, observer);
    let exclusions = match &options.exclusions {
        Exclusions::None => archive::Exclusions::None,
        Exclusions::Windows => archive::Exclusions::Windows,
        Exclusions::File(path) => archive::Exclusions::File(path),
    };
    let added = archive.add_ntfs_volume(volume, exclusions, &mut scanned);
    added.map_err(|error| {
        explain_list(error, options).unwrap_or_else(|error| explain(error, "read", volume))
    })?;
    if let Some((path, index)) = &options.template {
        let of_template = |error| explain(error, "read", path);
        let mut template = Archive::open(path).map_err(of_template)?;
        archive.take_template(1, &mut template, *index).map_err(of_template)?;
    }
    let mut last = (0, captured.bytes);
    let mut watcher = |event| {
        if let Event::Writing { done, total } = event {
            last = (done, total);
        }
        let (done, total) = last;
        observer(Progress { phase: Phase::WritingContent, done, total })
    };
    archive.write_own_contents(destination, options.level, &mut watcher).map_err(written)?;
    Ok(captured)
}

fn scan(event: Event, captured: &mut Captured, observer: Observer<'_>) -> ControlFlow<()> {
    match event {
        Event::Scanned { directories, files, bytes } => {
            (captured.directories, captured.files, captured.bytes) = (directories, files, bytes);
        }
        Event::Excluded(path) => captured.excluded.push(image_path(&path)),
        Event::Unsupported(path) => captured.unsupported.push(image_path(&path)),
        _ => {}
    }
    let done = captured.directories.saturating_add(captured.files);
    observer(Progress { phase: Phase::Scanning, done, total: 0 })
}

/// libwim's path in a volume, as the engine writes paths in images.
fn image_path(path: &str) -> String {
    path.replace('/', "\\")
}

/// The path in the form libwim takes: it understands both separators, so no name may have one.
fn libwim_path(names: &[Vec<u16>]) -> Result<OsString> {
    let mut path = OsString::new();
    for name in names {
        if name.contains(&0x2F) || name.contains(&0x5C) {
            let what = format!("leaving out '{}'", String::from_utf16_lossy(name));
            return Err(Error::Unsupported { what, reason: "its name has a path separator".to_owned() });
        }
        path.push("/");
        path.push(host_name(name));
    }
    Ok(path)
}

/// A refusal that is about the exclusion list; else the error comes back.
fn explain_list(error: LibwimError, options: &VolumeCapture) -> std::result::Result<Error, LibwimError> {
    let is_about_list =
        [LibwimError::INVALID_CAPTURE_CONFIG, LibwimError::UNREADABLE_CAPTURE_CONFIG].contains(&error.code);
    match &options.exclusions {
        Exclusions::File(path) if is_about_list => {
            let reason = format!("'{}': {error}", path.display());
            Ok(Error::InvalidArgument { parameter: "exclude", reason })
        }
        _ => Err(error),
    }
}

/// What libwim's error means to the user. `path` is the file or volume it was working on.
fn explain(error: LibwimError, action: &'static str, path: &Path) -> Error {
    if error.code == LibwimError::ABORTED {
        return Error::Cancelled;
    }
    let system = error.os_error.map(io::Error::from_raw_os_error);
    let unsupported = |reason: &str| Error::Unsupported {
        what: format!("writing to '{}'", path.display()),
        reason: reason.to_owned(),
    };
    match (error.code, error.os_error) {
        (LibwimError::NTFS_3G, Some(libc::EOPNOTSUPP)) => {
            unsupported("the volume was not unmounted cleanly and its journal holds changes; Windows' chkdsk applies them")
        }
        (LibwimError::NTFS_3G, Some(libc::EPERM)) => unsupported(
            "Windows is hibernated on the volume, or shut down with fast startup; shut it down fully first",
        ),
        (LibwimError::NTFS_3G, Some(libc::EAGAIN | libc::EACCES | libc::EBUSY)) => {
            Error::Busy { what: path.display().to_string() }
        }
        _ => {
            let text = error.to_string();
            let kind = system.map_or(io::ErrorKind::Other, |system| system.kind());
            Error::io(action, path, io::Error::new(kind, text))
        }
    }
}
