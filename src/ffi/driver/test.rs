//! Testing driver packages before anything is done with them.

use super::ReportList;
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::source::ImageOptions;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::required_paths;
use crate::progress::Observer;
use crate::servicing::drivers::{self, NominalTarget};
use serde::Deserialize;
use std::ffi::c_void;
use std::path::PathBuf;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct TestOptions {
    image_path: Option<PathBuf>,
    index: u32,
    recurse: bool,
    architecture: Option<String>,
    version: Option<String>,
    trusted_roots: Option<PathBuf>,
}

/// Tests driver packages: what is wrong with each, what signed it, which devices it is for, and, against an
/// image, what adding it would change. Nothing is changed; a package that cannot be read is one entry with
/// its error.
///
/// The image is that of `session`, or the one that `imagePath` and `index` name; without either the packages
/// are tested for each architecture that they are for, or for the one that is named. `paths` are `count` INF
/// files or directories of the host. `options`: `{imagePath, index, recurse (look for INFs in
/// sub-directories too), architecture ("amd64"), version ("10.0.26100"; both without an image only),
/// trustedRoots (as for `imgsvc_driver_add`)}`. `*out_document`: `{drivers: [...]}`, one entry per INF, as
/// `imgsvc_driver_add` gives them with the option `preview`, and besides `applicable (it can be added, or is
/// there)` and `architectures (it is for)`. Unsigned packages are planned, too; `reason` is what is the
/// matter, null if nothing is.
///
/// # Safety
/// `session` is NULL or a live handle. `paths` points to `count` NUL-terminated UTF-16 texts. `options` is
/// NULL or a NUL-terminated UTF-16 text. `progress` may be called with `context` during the call.
/// `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_test(
    session: *mut imgsvc_session,
    paths: *const *const u16,
    count: usize,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &TestOptions, observer: Observer<'_>| {
        // SAFETY: promised by the caller.
        let paths = unsafe { required_paths(paths, count, "paths") }?;
        let wanted = drivers::TestOptions {
            recurse: options.recurse,
            nominal: NominalTarget::parse(options.architecture.as_deref(), options.version.as_deref())?,
            trusted_roots: options.trusted_roots.clone(),
        };
        let image = ImageOptions { image_path: options.image_path.clone(), index: options.index };
        // SAFETY: promised by the caller.
        let tests = unsafe {
            image.optional_source(session, |image| drivers::test(&paths, image, &wanted, observer))
        }?;
        Ok(ReportList::of(tests, |test| test.report.error.as_ref()))
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
