//! What libwim prints while it works, kept for the error instead of on the terminal.
//!
//! libwim has one error stream for the process. Here it is a stream without buffer that calls back,
//! on the thread that libwim prints on, and the text goes to what that thread is collecting. So two
//! threads never see each other's messages, and no file is needed.
//!
//! Reference: `ebiggers/wimlib` `src/error.c`; fopencookie(3). Elsewhere than on Linux libwim stays
//! silent, and errors have their code only.

use crate::error::{Error, Result};
use crate::raw;
use libc::c_int;
use std::cell::RefCell;
use std::sync::Once;

/// libwim says little; more than this is a loop.
const LIMIT: usize = 64 << 10;

thread_local! {
    static COLLECTED: RefCell<Option<Collected>> = const { RefCell::new(None) };
}

#[derive(Debug, Default)]
struct Collected {
    text: Vec<u8>,
    /// `errno` when the last message began: libwim appends its description to some.
    errno: i32,
}

/// Calls libwim: prepares the library the first time, and turns the code into a `Result` with what
/// the library said meanwhile on this thread.
pub(crate) fn call(function: impl FnOnce() -> c_int) -> Result<()> {
    let mut code = prepare();
    let outer = COLLECTED.with(|collected| collected.replace(Some(Collected::default())));
    if code == 0 {
        code = function();
    }
    let collected = COLLECTED.with(|collected| collected.replace(outer)).unwrap_or_default();
    match crate::error::is_success(code) {
        true => Ok(()),
        false => Err(explain(code, &collected)),
    }
}

fn prepare() -> c_int {
    static ONCE: Once = Once::new();
    ONCE.call_once(direct_messages);
    // SAFETY: may be called by any thread at any time; does nothing from the second time on.
    unsafe { raw::wimlib_global_init(0) }
}

fn explain(code: c_int, collected: &Collected) -> Error {
    let text = String::from_utf8_lossy(&collected.text);
    // Messages start with "\r[ERROR] " or "\r[WARNING] "; long ones go on in further lines.
    let messages = text.split('\r').map(str::trim).filter(|message| !message.is_empty());
    let mut details = Vec::new();
    for message in messages {
        if let Some(message) = message.strip_prefix("[ERROR]") {
            details.push(message.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    let described = std::io::Error::from_raw_os_error(collected.errno).to_string();
    let described = described.split(" (os error").next().unwrap_or_default();
    let is_of_errno = |last: &String| collected.errno != 0 && last.ends_with(described);
    let os_error = details.last().filter(|last| is_of_errno(last)).map(|_| collected.errno);
    Error { code, details, os_error }
}

#[cfg(target_os = "linux")]
fn direct_messages() {
    use raw::cookie::{cookie_io_functions_t, fopencookie};
    let functions = cookie_io_functions_t { read: None, write: Some(collect), seek: None, close: None };
    // SAFETY: the mode is a NUL-terminated string; `collect` uses no cookie, and lives as long as
    // the stream, which is never closed.
    let stream = unsafe { fopencookie(std::ptr::null_mut(), c"w".as_ptr(), functions) };
    if stream.is_null() {
        return silence();
    }
    // SAFETY: the stream is open, was not used yet, and no buffer is given.
    unsafe { libc::setvbuf(stream, std::ptr::null_mut(), libc::_IONBF, 0) };
    // SAFETY: the stream stays open for as long as the process runs.
    unsafe { raw::wimlib_set_error_file(stream) };
}

#[cfg(not(target_os = "linux"))]
fn direct_messages() {
    silence();
}

fn silence() {
    // SAFETY: sets a flag of the library.
    unsafe { raw::wimlib_set_print_errors(false) };
}

/// Takes what libwim prints. Never panics and never fails: all bytes count as written.
#[cfg(target_os = "linux")]
unsafe extern "C" fn collect(
    _: *mut libc::c_void,
    data: *const libc::c_char,
    size: libc::size_t,
) -> libc::ssize_t {
    let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or_default();
    // SAFETY: the C library calls with `size` bytes at `data`, valid during the call.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size) };
    let _ = COLLECTED.try_with(|collected| {
        if let Some(collected) = collected.try_borrow_mut().ok().as_mut().and_then(|it| it.as_mut()) {
            if bytes.first() == Some(&b'\r') {
                collected.errno = errno;
            }
            let room = LIMIT.saturating_sub(collected.text.len());
            collected.text.extend(bytes.iter().take(room));
        }
    });
    libc::ssize_t::try_from(size).unwrap_or(libc::ssize_t::MAX)
}
