//! The boundary every export passes: panics are caught, errors lowered, out-parameters checked.

use super::error::imgsvc_error;
use super::status::{imgsvc_status, IMGSVC_STATUS_OK};
use crate::error::{Error, Result};
use once_cell::sync::OnceCell;
use std::cell::RefCell;
use std::panic::{catch_unwind, AssertUnwindSafe, PanicHookInfo};

thread_local! {
    /// Where the panic that is being caught happened, and its message.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    /// How deep this thread is in calls of this library.
    static DEPTH: RefCell<u32> = const { RefCell::new(0) };
}

/// Keeps panics of this library off the host program's console; other panics print as before.
fn install_hook() {
    static INSTALLED: OnceCell<()> = OnceCell::new();
    INSTALLED.get_or_init(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if DEPTH.with(|depth| *depth.borrow()) > 0 {
                LAST_PANIC.with(|last| *last.borrow_mut() = Some(info.to_string()));
            } else {
                before(info);
            }
        }));
    });
}

/// Runs an export's body. The only place that catches panics.
///
/// # Safety
/// `out_error` is NULL or writable.
pub(super) unsafe fn enter(
    out_error: *mut *mut imgsvc_error,
    body: impl FnOnce() -> Result<()>,
) -> imgsvc_status {
    install_hook();
    DEPTH.with(|depth| *depth.borrow_mut() += 1);
    let outcome = catch_unwind(AssertUnwindSafe(body));
    DEPTH.with(|depth| *depth.borrow_mut() -= 1);
    let error = match outcome {
        Ok(Ok(())) => return IMGSVC_STATUS_OK,
        Ok(Err(error)) => imgsvc_error::of(&error),
        Err(_) => {
            let told = LAST_PANIC.with(|last| last.borrow_mut().take());
            imgsvc_error::of_panic(told.as_deref().unwrap_or("a fault without a message"))
        }
    };
    let status = error.status();
    if !out_error.is_null() {
        // SAFETY: writable by the caller's promise.
        unsafe { out_error.write(Box::into_raw(Box::new(error))) };
    }
    status
}

/// Runs the body of an export that hands out an object, and hands it out on success.
///
/// # Safety
/// `out` is NULL or writable; `out_error` is NULL or writable.
pub(super) unsafe fn enter_giving<T>(
    out: *mut *mut T,
    parameter: &'static str,
    out_error: *mut *mut imgsvc_error,
    body: impl FnOnce() -> Result<T>,
) -> imgsvc_status {
    let body = || {
        if out.is_null() {
            return Err(Error::InvalidArgument { parameter, reason: "it is NULL".to_owned() });
        }
        let value = Box::new(body()?);
        // SAFETY: not NULL, so writable by the caller's promise.
        unsafe { out.write(Box::into_raw(value)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { enter(out_error, body) }
}

/// A handle's content, poisoned when a call on it panicked.
pub(super) struct Guarded<T> {
    value: Option<T>,
}

impl<T> Guarded<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value: Some(value) }
    }

    /// Runs `body` on the content. If it panics the content is dropped, not used again.
    pub(super) fn with<R>(&mut self, body: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        let mut value = self.take()?;
        let result = body(&mut value);
        self.value = Some(value);
        result
    }

    /// Takes the content out for good.
    pub(super) fn take(&mut self) -> Result<T> {
        self.value.take().ok_or(Error::InvalidArgument {
            parameter: "session",
            reason: "the handle is of no use after its session ended or a call on it failed inside"
                .to_owned(),
        })
    }
}

/// Borrows a handle.
///
/// # Safety
/// `handle` is NULL or a live handle of this library that no other thread uses now.
pub(super) unsafe fn handle<'a, T>(handle: *mut T, parameter: &'static str) -> Result<&'a mut T> {
    // SAFETY: the caller's promise.
    unsafe { handle.as_mut() }.ok_or(Error::InvalidArgument { parameter, reason: "it is NULL".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::super::error::{imgsvc_error_free, imgsvc_error_status};
    use super::super::status::{IMGSVC_STATUS_INVALID_ARGUMENT, IMGSVC_STATUS_PANIC};
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_object_and_poisons_its_handle() {
        let mut guarded = Guarded::new(7u32);
        let mut error = std::ptr::null_mut();
        let fault = || guarded.with(|_| -> Result<()> { panic!("a fault inside") });
        // SAFETY: `error` is writable.
        let status = unsafe { enter(&mut error, fault) };
        assert_eq!(status, IMGSVC_STATUS_PANIC);
        // SAFETY: a failed call made it.
        assert_eq!(unsafe { imgsvc_error_status(error) }, IMGSVC_STATUS_PANIC);
        // SAFETY: freed once.
        unsafe { imgsvc_error_free(error) };
        assert!(matches!(guarded.with(|_| Ok(())), Err(Error::InvalidArgument { .. })));
    }

    #[test]
    fn nothing_is_handed_out_when_a_call_fails() {
        let marker = std::ptr::dangling_mut::<u32>();
        let mut out = marker;
        // SAFETY: `out` is writable, NULL is allowed for the error.
        let status = unsafe {
            enter_giving(&mut out, "out", std::ptr::null_mut(), || Err::<u32, _>(Error::Cancelled))
        };
        assert_ne!(status, IMGSVC_STATUS_OK);
        assert_eq!(out, marker);
        // SAFETY: NULL is what is tested.
        let status = unsafe { enter_giving(std::ptr::null_mut(), "out", std::ptr::null_mut(), || Ok(1u32)) };
        assert_eq!(status, IMGSVC_STATUS_INVALID_ARGUMENT);
    }
}
