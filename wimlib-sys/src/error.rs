//! What libwim answers when it refuses.

use crate::raw;
use libc::c_int;
use std::ffi::CStr;

/// A call of libwim failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// `enum wimlib_error_code`.
    pub code: i32,
    /// What libwim printed about it, a line per message, without its `[ERROR]` tags. Empty when it
    /// had nothing to add to the code.
    pub details: Vec<String>,
    /// The operating system's (or libntfs-3g's) `errno`, where libwim's last message ended with it.
    pub os_error: Option<i32>,
}

impl Error {
    /// WIMLIB_ERR_ABORTED_BY_PROGRESS: the watcher asked to stop.
    pub const ABORTED: i32 = raw::WIMLIB_ERR_ABORTED_BY_PROGRESS;
    /// WIMLIB_ERR_INVALID_PARAM.
    pub const INVALID_PARAM: i32 = 24;
    /// WIMLIB_ERR_NTFS_3G: libntfs-3g refused; [`Error::os_error`] says why.
    pub const NTFS_3G: i32 = 46;

    /// libwim's one-line description of the code.
    pub fn description(&self) -> String {
        // SAFETY: takes any number, and returns a string with static lifetime, or NULL.
        let text = unsafe { raw::wimlib_get_error_string(self.code) };
        if text.is_null() {
            return format!("libwim's error {}", self.code);
        }
        // SAFETY: not NULL, so it is a NUL-terminated string that lives as long as the library.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.details.is_empty() {
            true => write!(f, "{} (libwim's error {})", self.description(), self.code),
            false => write!(f, "{} (libwim's error {})", self.details.join("; "), self.code),
        }
    }
}

impl std::error::Error for Error {}

/// What the wrappers return.
pub type Result<T> = std::result::Result<T, Error>;

/// An argument that libwim cannot be given.
pub(crate) fn invalid(reason: &str) -> Error {
    Error { code: Error::INVALID_PARAM, details: vec![reason.to_owned()], os_error: None }
}

/// The code of a call, as a number that is zero for success.
pub(crate) fn is_success(code: c_int) -> bool {
    code == 0
}
