//! WIM files as libwim has them open, for what only libwim does: NTFS volumes in and out.
//!
//! Reference: `wimlib.h` 1.13.

use crate::codec::Format;
use crate::diagnostics::call;
use crate::error::{invalid, Result};
use crate::level::Level;
use crate::progress::{watched, Watcher};
use crate::raw;
use libc::{c_char, c_int, c_uint};
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::NonNull;

/// An open WIM file, or a new one that is only in memory so far.
#[derive(Debug)]
pub struct Archive {
    raw: NonNull<raw::WIMStruct>,
    format: Option<Format>,
}

// SAFETY: a WIMStruct has no thread affinity; `&mut self` on every use keeps it to one thread.
unsafe impl Send for Archive {}

impl Archive {
    /// Opens an existing file: one with images, so the first part of a split set.
    pub fn open(path: &Path) -> Result<Self> {
        let path = c_path(path.as_os_str())?;
        let mut raw = std::ptr::null_mut();
        // SAFETY: the path is NUL-terminated and `raw` writable.
        call(|| unsafe { raw::wimlib_open_wim(path.as_ptr(), 0, &mut raw) })?;
        Ok(Self { raw: opened(raw)?, format: None })
    }

    /// A new one without images. `format` and `chunk_size` say how contents will be stored;
    /// `chunk_size` 0 is the format's default.
    pub fn create(format: Option<Format>, chunk_size: u32) -> Result<Self> {
        let number = format.map_or(0, Format::number);
        let mut raw = std::ptr::null_mut();
        // SAFETY: `raw` is writable; libwim checks the number.
        call(|| unsafe { raw::wimlib_create_new_wim(number, &mut raw) })?;
        let this = Self { raw: opened(raw)?, format };
        if format.is_some() {
            // SAFETY: the WIMStruct is live; libwim checks the size.
            call(|| unsafe { raw::wimlib_set_output_chunk_size(this.raw.as_ptr(), chunk_size) })?;
        }
        Ok(this)
    }

    /// Lets contents be looked up in further files: other parts, or what a delta was made from.
    pub fn reference(&mut self, files: &[&Path]) -> Result<()> {
        let paths = files.iter().map(|path| c_path(path.as_os_str())).collect::<Result<Vec<_>>>()?;
        let pointers: Vec<*const c_char> = paths.iter().map(|path| path.as_ptr()).collect();
        let count = c_uint::try_from(pointers.len()).map_err(|_| invalid("too many files"))?;
        let raw = self.raw.as_ptr();
        // SAFETY: the WIMStruct is live; `count` NUL-terminated paths live until the call returns.
        call(|| unsafe { raw::wimlib_reference_resource_files(raw, pointers.as_ptr(), count, 0, 0) })
    }

    /// Adds an image of an NTFS volume (a file that holds one, or a block device), which is read
    /// now; contents follow when the file is written. The watcher is asked about each name, and may
    /// leave it out. The volume is open until `self` is dropped.
    pub fn add_ntfs_volume(&mut self, volume: &Path, watcher: Watcher<'_>) -> Result<()> {
        let volume = c_path(volume.as_os_str())?;
        let flags = raw::WIMLIB_ADD_FLAG_NTFS
            | raw::WIMLIB_ADD_FLAG_VERBOSE
            | raw::WIMLIB_ADD_FLAG_EXCLUDE_VERBOSE
            | raw::WIMLIB_ADD_FLAG_TEST_FILE_EXCLUSION
            | raw::WIMLIB_ADD_FLAG_FILE_PATHS_UNNEEDED;
        let raw = self.raw.as_ptr();
        let (name, list) = (std::ptr::null(), std::ptr::null());
        // SAFETY: the WIMStruct is live and the path NUL-terminated; name and list may be NULL.
        let add = || unsafe { raw::wimlib_add_image(raw, volume.as_ptr(), name, list, flags) };
        // SAFETY: the WIMStruct is live and exclusively borrowed.
        unsafe { watched(raw, watcher, add) }
    }

    /// Takes the hashes of files that image `index` of `template` has with the same path, times and
    /// sizes, so that image `new_index`, added before, need not read them.
    pub fn take_template(&mut self, new_index: u32, template: &mut Self, index: u32) -> Result<()> {
        let (new_index, index) = (number(new_index)?, number(index)?);
        let (raw, template) = (self.raw.as_ptr(), template.raw.as_ptr());
        // SAFETY: both WIMStructs are live and exclusively borrowed.
        call(|| unsafe { raw::wimlib_reference_template_image(raw, new_index, template, index, 0) })
    }

    /// Takes a file or a directory with all it holds out of an image in memory; the file on disk
    /// stays as it is. `path` is written `/Windows/System32`, in WTF-8.
    pub fn remove(&mut self, index: u32, path: &OsStr) -> Result<()> {
        let (index, path) = (number(index)?, c_path(path)?);
        let (raw, flags) = (self.raw.as_ptr(), raw::WIMLIB_DELETE_FLAG_RECURSIVE);
        // SAFETY: the WIMStruct is live and the path NUL-terminated.
        call(|| unsafe { raw::wimlib_delete_path(raw, index, path.as_ptr(), flags) })
    }

    /// Applies an image to an NTFS volume (a file that holds one, or a block device). When it
    /// fails or is stopped, the volume has part of the image.
    pub fn apply_to_ntfs_volume(&mut self, index: u32, volume: &Path, watcher: Watcher<'_>) -> Result<()> {
        let (index, volume) = (number(index)?, c_path(volume.as_os_str())?);
        let (raw, flags) = (self.raw.as_ptr(), raw::WIMLIB_EXTRACT_FLAG_NTFS);
        // SAFETY: the WIMStruct is live and the path NUL-terminated.
        let extract = || unsafe { raw::wimlib_extract_image(raw, index, volume.as_ptr(), flags) };
        // SAFETY: the WIMStruct is live and exclusively borrowed.
        unsafe { watched(raw, watcher, extract) }
    }

    /// Writes all images to a new file, with the contents that are in none of the referenced files.
    /// A file that is there is overwritten; one that could not be finished is left to the caller.
    /// Compresses on all cores; `level` is as for [`crate::codec::Compressor::new`]. Waits while
    /// another thread writes.
    pub fn write_own_contents(&mut self, path: &Path, level: u32, watcher: Watcher<'_>) -> Result<()> {
        let path = c_path(path.as_os_str())?;
        let (raw, flags) = (self.raw.as_ptr(), raw::WIMLIB_WRITE_FLAG_SKIP_EXTERNAL_WIMS);
        let _level = Level::set(self.format, level);
        let all = raw::WIMLIB_ALL_IMAGES;
        // SAFETY: the WIMStruct is live and the path NUL-terminated.
        let write = || unsafe { raw::wimlib_write(raw, path.as_ptr(), all, flags, 0) };
        // SAFETY: the WIMStruct is live and exclusively borrowed.
        unsafe { watched(raw, watcher, write) }
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        // SAFETY: made by libwim and freed once.
        unsafe { raw::wimlib_free(self.raw.as_ptr()) }
    }
}

fn opened(raw: *mut raw::WIMStruct) -> Result<NonNull<raw::WIMStruct>> {
    NonNull::new(raw).ok_or_else(|| invalid("libwim gave no file"))
}

fn c_path(path: &OsStr) -> Result<CString> {
    CString::new(path.as_bytes()).map_err(|_| invalid("a path has a NUL in it"))
}

fn number(index: u32) -> Result<c_int> {
    c_int::try_from(index).map_err(|_| invalid("there is no image of so high a number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::progress::Answer;

    #[test]
    fn an_error_has_what_libwim_printed_and_why_the_system_refused() {
        let error = Archive::open(Path::new("/nonexistent/file.wim")).unwrap_err();
        assert!(error.details.iter().any(|line| line.contains("/nonexistent/file.wim")), "{error:?}");
        assert_eq!(error.os_error, Some(libc::ENOENT), "{error:?}");
    }

    #[test]
    fn messages_of_two_threads_stay_apart() {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for turn in 0..200 {
                        let name = format!("/nonexistent/{thread}-{turn}.wim");
                        let error = Archive::open(Path::new(&name)).unwrap_err();
                        assert_eq!(error.details.len(), 1, "{error:?}");
                        assert!(error.to_string().contains(&name), "{error}");
                    }
                });
            }
        });
    }

    #[test]
    fn a_name_that_c_cannot_hold_is_refused() {
        let error = Archive::open(Path::new("a\0b")).unwrap_err();
        assert_eq!(error.code, Error::INVALID_PARAM);
    }

    #[test]
    fn something_that_is_no_volume_is_refused_by_libntfs() {
        let mut archive = Archive::create(Some(Format::Lzx), 0).unwrap();
        let error = archive.add_ntfs_volume(Path::new("/dev/null"), &mut |_| Answer::Continue).unwrap_err();
        assert_eq!(error.code, Error::NTFS_3G, "{error:?}");
    }
}
