//! Registration files: importing and exporting.

use super::{access, at, name};
use crate::error::{Error, Result};
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::job::Job;
use crate::ffi::progress::imgsvc_progress_fn;
use crate::ffi::session::imgsvc_session;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::required_path;
use crate::formats::reg::{CodePage, Version};
use crate::progress::Observer;
use crate::servicing::registry::{ExportOptions, ImportOptions, KeyMapping};
use serde::Deserialize;
use std::ffi::c_void;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingRow {
    from: String,
    to: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ImportCall {
    mappings: Vec<MappingRow>,
    skip_errors: bool,
    code_page: Option<u32>,
    preview: bool,
    force: bool,
    current_user: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ExportCall {
    version: Option<u32>,
    code_page: Option<u32>,
    name: Option<String>,
    overwrite: bool,
    force: bool,
    current_user: Option<String>,
}

fn refused<T>(reason: String) -> Result<T> {
    Err(Error::InvalidArgument { parameter: "options", reason })
}

fn code_page(number: Option<u32>) -> Result<CodePage> {
    match number {
        None => Ok(CodePage::default()),
        Some(number) => match CodePage::from_number(number) {
            Some(code_page) => Ok(code_page),
            None => refused(format!("code page {number} is not known")),
        },
    }
}

/// Does what a registration file (.reg, version 4 or 5) says: all of it or nothing.
///
/// `options`: `{mappings: [{from, to}] (keys below the one name go below the other), skipErrors (do the
/// rest of a file with errors), codePage (a number; 1252) of 8-bit files, preview (change nothing; the
/// counts say what would be done), force, currentUser}`. In a hive file, what the first key of the file
/// names as root and hive (`HKEY_LOCAL_MACHINE\Offline`) stands for the hive's root.
/// `*out_document`: `{applied, keysCreated, keysDeleted, valuesSet, valuesDeleted, errorCount,
/// errors: [{line, column, key, message}] (the first hundred), recoveries}`. With errors, and without
/// skipErrors, `applied` is false and nothing was changed.
///
/// # Safety
/// As for `imgsvc_registry_create_key`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_import(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    reg_path: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |call: &ImportCall, observer: Observer<'_>| {
        let access = access(call.force, call.current_user.as_ref());
        let mapping = |row: &MappingRow| KeyMapping { from: row.from.clone(), to: row.to.clone() };
        let options = ImportOptions {
            mappings: call.mappings.iter().map(mapping).collect(),
            skip_errors: call.skip_errors,
            code_page: code_page(call.code_page)?,
            preview: call.preview,
        };
        // SAFETY: promised by the caller.
        let reg_path = unsafe { required_path(reg_path, "reg_path") }?;
        // SAFETY: promised by the caller.
        unsafe { at(session, hive_path, |place| place.import(&reg_path, &options, &access, observer)) }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}

/// Writes a key with all below it as a registration file, which appears when it is whole.
///
/// `options`: `{version (5; 4 or 5), codePage (a number; 1252) of version 4, name (what the key is called
/// in the file; by default its full name, below `HKEY_LOCAL_MACHINE` and the name the hive was last
/// loaded from for a hive file), overwrite, force (SAM and SECURITY), currentUser}`.
/// `*out_document`: `{keys, values, errorCount, errors: [{key, message}] (what no such file can hold, left
/// out), recoveries}`.
///
/// # Safety
/// As for `imgsvc_registry_create_key`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_registry_export(
    session: *mut imgsvc_session,
    hive_path: *const u16,
    key: *const u16,
    reg_path: *const u16,
    options: *const u16,
    progress: imgsvc_progress_fn,
    context: *mut c_void,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |call: &ExportCall, observer: Observer<'_>| {
        let access = access(call.force, call.current_user.as_ref());
        let version = match call.version {
            None | Some(5) => Version::V5,
            Some(4) => Version::V4,
            Some(other) => return refused(format!("version {other} is not 4 or 5")),
        };
        let code_page = code_page(call.code_page)?;
        let options = ExportOptions { version, code_page, name: call.name.clone() };
        // SAFETY: promised by the caller.
        let key = unsafe { name(key, "key") }?;
        // SAFETY: promised by the caller.
        let reg_path = unsafe { required_path(reg_path, "reg_path") }?;
        // SAFETY: promised by the caller.
        unsafe {
            at(session, hive_path, |place| {
                place.export(&key, &reg_path, call.overwrite, &options, &access, observer)
            })
        }
    };
    let job = Job { options, progress, context, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { job.run(work) }
}
