//! Making answer files.

use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::required_path;
use crate::progress::Observer;
use crate::servicing::unattend::author::{create, Options};
use serde::Deserialize;
use std::ffi::c_void;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CreateOptions {
    overwrite: bool,
    answers: Options,
}

/// Makes an answer file of the host from what it is to do. The file appears when it is whole.
///
/// `options`: `{overwrite, answers: {architectures: ["amd64"|"x86"|"arm64"], computerName, timeZone, locale, uiLanguage,
/// setupLanguage, systemLocale, userLocale, inputLocales: [], diskLayout: "UefiStandard"|
/// "UefiWithoutRecovery"|"BiosStandard"|"BiosWithoutRecovery", diskId,
/// imageIndex, imageName, productKey, acceptEula, owner, organization, localAdmins: [{name, password}], users: [{name,
/// password}], autoLogon (how often), joinDomain: {domain, credential: {name, password}, organizationalUnit}, workgroup,
/// enableRemoteDesktop, skipOobe: ["Eula"|"OemRegistration"|"OnlineAccount"|"LocalAccount"|"Wireless"|
/// "ExpressSettings"], driverPaths: [], windowsPeCommands: [], specializeCommands: [], firstLogonCommands: [], mode:
/// "audit"|"oobe", persistAllDeviceInstalls, copyProfile, settings: [{path, value}]}}`; what is not there is left to
/// Setup. `*out_document`: `{passes: [], settings (how many), warnings: []}`.
///
/// # Safety
/// `file_path` is NUL-terminated UTF-16. `options` is NULL or NUL-terminated UTF-16. `progress` may be called with
/// `context`. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_create(
    file_path: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |options: &CreateOptions, _: Observer<'_>| {
        // SAFETY: promised by the caller.
        let path = unsafe { required_path(file_path, "file_path") }?;
        create(&path, &options.answers, options.overwrite)
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
