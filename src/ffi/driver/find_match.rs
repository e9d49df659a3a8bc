//! Finding the packages that match a device.

use super::{ErrorRow, UnreadRow};
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::source::ImageOptions;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::required_paths;
use crate::progress::Observer;
use crate::servicing::drivers::{self, DriverMatch, NominalTarget};
use serde::{Deserialize, Serialize};
use std::ffi::c_void;
use std::path::PathBuf;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct MatchOptions {
    hardware_ids: Vec<String>,
    compatible_ids: Vec<String>,
    image: ImageOptions,
    recurse: bool,
    architecture: Option<String>,
    version: Option<String>,
    trusted_roots: Option<PathBuf>,
}

#[derive(Serialize)]
struct MatchList {
    matches: Vec<DriverMatch>,
    unread: Vec<UnreadRow>,
    missing: Vec<String>,
}

/// Finds the packages that match a device, the best first, with the rank that Windows gives them: among the
/// INFs of `paths` if `count` is not 0, else in the image.
///
/// The image is that of `session`, or of the option `image`; at most one of them is there. For INFs it says
/// which system they must be for and whose signatures it trusts. `paths` are INF files or directories of the
/// host. `options`: `{hardwareIds, compatibleIds (of the device, the most specific first; wildcards may be in
/// them), image: {imagePath, index}, recurse, architecture, version ("10.0.26100"; both without an image
/// only), trustedRoots (a file of certificates or a folder of such files)}`.
/// `*out_document`: `{matches: [{rank, signatureScore, featureScore, identifierScore (its parts),
/// matchingDeviceId (the package's), matchedId (the device's), matchedList: "HardwareId"|"CompatibleId",
/// infPath, driver, originalFileName, description, manufacturer, section, providerName, className, classGuid,
/// date, version, driverSignature, signatureVerdict, signerName, inbox, extension (does not compete with the
/// others, which come first), architectures, reason}], unread: [{path, error}], missing: [path]}`.
///
/// # Safety
/// `session` is NULL or a live handle. `paths` points to `count` NUL-terminated UTF-16 texts, or is NULL and
/// `count` is 0. `options` is NULL or a NUL-terminated UTF-16 text. `progress` may be called with `context`
/// during the call. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_driver_match(
    session: *mut imgsvc_session,
    paths: *const *const u16,
    count: usize,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &MatchOptions, observer: Observer<'_>| {
        let paths = match count {
            0 => Vec::new(),
            // SAFETY: promised by the caller.
            _ => unsafe { required_paths(paths, count, "paths") }?,
        };
        let wanted = drivers::MatchOptions {
            hardware_ids: options.hardware_ids.clone(),
            compatible_ids: options.compatible_ids.clone(),
            recurse: options.recurse,
            nominal: NominalTarget::parse(options.architecture.as_deref(), options.version.as_deref())?,
            trusted_roots: options.trusted_roots.clone(),
        };
        // SAFETY: promised by the caller.
        let found = unsafe {
            options
                .image
                .optional_source(session, |image| drivers::find_matches(&paths, image, &wanted, observer))
        }?;
        let unread = found.unread.iter().map(|(path, error)| UnreadRow::of(path, error)).collect();
        let missing = found.missing.iter().map(|path| path.display().to_string()).collect();
        Ok(MatchList { matches: found.matches, unread, missing })
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

impl UnreadRow {
    pub(super) fn of(path: &std::path::Path, error: &crate::error::Error) -> Self {
        Self { path: path.display().to_string(), error: ErrorRow::of(error) }
    }
}
