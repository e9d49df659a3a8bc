//! The calls of libwim that read and write volumes, with the engine's errors and progress.

use super::capture::{Captured, Excludes, VolumeCapture};
use crate::error::{Error, Result};
use crate::image::host::{self, host_name};
use crate::progress::{report, Observer, Phase, Progress};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use wimlib_sys::archive::Archive;
use wimlib_sys::error::Error as LibwimError;
use wimlib_sys::progress::{Answer, Event};

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
        observer(Progress { phase: Phase::Extracting, done, total }).into()
    };
    let applied = archive.apply_to_ntfs_volume(source.index, volume, &mut watcher);
    applied.map_err(|error| explain(error, "write", volume))
}

/// Captures a volume into a new WIM file, which is there only when this succeeds.
pub(super) fn capture(
    volume: &Path,
    destination: &Path,
    options: &VolumeCapture,
    excludes: Excludes<'_>,
    observer: Observer<'_>,
) -> Result<Captured> {
    let captured = try_capture(volume, destination, options, excludes, observer);
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
    excludes: Excludes<'_>,
    observer: Observer<'_>,
) -> Result<Captured> {
    let written = |error| explain(error, "write", destination);
    let mut archive = Archive::create(options.compression.format(), options.chunk_size).map_err(written)?;
    let references: Vec<&Path> = options.references.iter().map(AsRef::as_ref).collect();
    if let Some(first) = references.first() {
        archive.reference(&references).map_err(|error| explain(error, "read", first))?;
    }
    let mut captured = Captured::default();
    let mut scanned = |event| scan(event, &mut captured, excludes, observer);
    archive.add_ntfs_volume(volume, &mut scanned).map_err(|error| explain(error, "read", volume))?;
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
        observer(Progress { phase: Phase::WritingContent, done, total }).into()
    };
    archive.write_own_contents(destination, options.level, &mut watcher).map_err(written)?;
    Ok(captured)
}

fn scan(event: Event, captured: &mut Captured, excludes: Excludes<'_>, observer: Observer<'_>) -> Answer {
    match event {
        Event::Found(path) => {
            let names = names(&path);
            if !names.is_empty() && excludes(&names) {
                return Answer::LeaveOut;
            }
        }
        Event::Scanned { directories, files, bytes } => {
            (captured.directories, captured.files, captured.bytes) = (directories, files, bytes);
        }
        Event::Unsupported(path) => {
            let names = names(&path).into_iter();
            let path = names.map(|name| format!("\\{}", String::from_utf16_lossy(&name))).collect();
            captured.unsupported.push(path);
        }
        _ => {}
    }
    let done = captured.directories.saturating_add(captured.files);
    observer(Progress { phase: Phase::Scanning, done, total: 0 }).into()
}

/// The names of a path as libwim writes it; none for the root. NTFS has no `/` in names.
fn names(path: &OsStr) -> Vec<Vec<u16>> {
    let names = path.as_bytes().split(|byte| *byte == b'/').filter(|name| !name.is_empty());
    names.map(wtf8_to_utf16).collect()
}

/// The reverse of [`host_name`], for bytes that libwim made of UTF-16.
fn wtf8_to_utf16(mut bytes: &[u8]) -> Vec<u16> {
    let mut units = Vec::with_capacity(bytes.len());
    loop {
        let (valid, rest) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, &[][..]),
            Err(error) => {
                let (valid, rest) = bytes.split_at_checked(error.valid_up_to()).unwrap_or_default();
                (std::str::from_utf8(valid).unwrap_or_default(), rest)
            }
        };
        units.extend(valid.encode_utf16());
        // What is not UTF-8 is a surrogate in three bytes.
        let Some(([first, second, third], rest)) = rest.split_first_chunk::<3>() else { return units };
        let bits = |byte: &u8, mask: u8| u16::from(byte & mask);
        units.push(bits(first, 0x0F) << 12 | bits(second, 0x3F) << 6 | bits(third, 0x3F));
        bytes = rest;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back_from_libwim() {
        for name in
            [&[0x61, 0xE9, 0x65E5, 0xD83D, 0xDE00, 0x62][..], &[0xD800, 0x61, 0xDFFF, 0xD83D], &[0xFFFF]]
        {
            assert_eq!(wtf8_to_utf16(host_name(name).as_bytes()), name);
        }
        let path = [vec![0x61, 0xDC00], vec![0x62]];
        assert_eq!(names(&libwim_path(&path).unwrap()), path);
        assert_eq!(names(OsStr::new("/")), Vec::<Vec<u16>>::new());
        assert!(libwim_path(&[vec![0x61, 0x5C, 0x62]]).is_err());
    }
}
