//! Comparing, merging, JSON.

use crate::error::{Error, Result};
use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::job::Call;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::{optional_path, required_path, required_paths, required_text};
use crate::formats::unattend::Prefer;
use crate::servicing::unattend::{self, DifferenceRow, MergeOptions};
use serde::{Deserialize, Serialize};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CompareCall {
    secrets: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct MergeCall {
    prefer: Option<String>,
    overwrite: bool,
    preview: bool,
    secrets: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct JsonCall {
    overwrite: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct NoOptions {}

#[derive(Serialize)]
struct DifferenceList {
    differences: Vec<DifferenceRow>,
}

#[derive(Serialize)]
struct TextRow {
    text: String,
}

/// What is different between two answer files, setting by setting: order, layout and comments do not
/// count, elements of lists are told apart by what they hold.
///
/// `options`: `{secrets (hand out passwords)}`. `*out_document`: `{differences: [{change: "Added"|"Removed"|
/// "Changed", pass, component, architecture, setting, path, secret, before, after (values), beforeLine,
/// afterLine}]}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16, or NULL where said. `out_document` is writable. `out_error` is NULL or
/// writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_compare(
    before: *const u16,
    after: *const u16,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |call: &CompareCall| {
        // SAFETY: promised by the caller.
        let before = unsafe { required_path(before, "before") }?;
        // SAFETY: promised by the caller.
        let after = unsafe { required_path(after, "after") }?;
        let differences = unattend::compare(&before, &after, call.secrets)?;
        Ok(DifferenceList { differences })
    };
    let call = Call { options, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { call.run(work) }
}

/// Puts the settings of answer files into a base, which stays as it is but for that, and writes what comes
/// of it to `target`, which may be the base.
///
/// `others` are `count` files. `options`: `{prefer: "Base"|"Other" (which value wins; without it a conflict means
/// that nothing is written), overwrite, preview (write nothing), secrets (hand out passwords)}`.
/// `*out_document`: `{written, added, changed, conflicts: [{pass, component, architecture, setting, path, secret,
/// base, other (values), file, chosen: "Base"|"Other"|null}]}`.
///
/// # Safety
/// `others` points to `count` texts. Otherwise as for `imgsvc_unattend_compare`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_merge(
    base: *const u16,
    others: *const *const u16,
    count: usize,
    target: *const u16,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |call: &MergeCall| {
        // SAFETY: promised by the caller.
        let base = unsafe { required_path(base, "base") }?;
        // SAFETY: promised by the caller.
        let others = unsafe { required_paths(others, count, "others") }?;
        // SAFETY: promised by the caller.
        let target = unsafe { required_path(target, "target") }?;
        let prefer = prefer(call.prefer.as_deref())?;
        let &MergeCall { overwrite, preview, secrets, .. } = call;
        let options = MergeOptions { prefer, overwrite, preview, secrets };
        unattend::merge(&base, &others, &target, &options)
    };
    let call = Call { options, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { call.run(work) }
}

fn prefer(name: Option<&str>) -> Result<Option<Prefer>> {
    match name {
        None => Ok(None),
        Some("Base") => Ok(Some(Prefer::Base)),
        Some("Other") => Ok(Some(Prefer::Other)),
        Some(other) => Err(Error::InvalidArgument {
            parameter: "options",
            reason: format!("prefer is '{other}', not Base or Other"),
        }),
    }
}

/// The settings of an answer file as JSON text, passwords among them. `options`: `{}`.
///
/// `*out_document`: `{text}`, where `text` is JSON in the form that `docs/formats/unattend.md` describes: the same
/// settings in the same order give the same text.
///
/// # Safety
/// As for `imgsvc_unattend_compare`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_to_json(
    path: *const u16,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |_: &NoOptions| {
        // SAFETY: promised by the caller.
        let path = unsafe { required_path(path, "path") }?;
        Ok(TextRow { text: unattend::to_json(&path)? })
    };
    let call = Call { options, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { call.run(work) }
}

/// Makes an answer file of JSON text, as `imgsvc_unattend_to_json` gives it.
///
/// `target` is the file to write, NULL for none. `options`: `{overwrite}`. `*out_document`: `{text}`, the
/// answer file.
///
/// # Safety
/// As for `imgsvc_unattend_compare`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_from_json(
    json: *const u16,
    target: *const u16,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |call: &JsonCall| {
        // SAFETY: promised by the caller.
        let json = unsafe { required_text(json, "json") }?;
        // SAFETY: promised by the caller.
        let target = unsafe { optional_path(target, "target") }?;
        let text = unattend::from_json(&json, target.as_deref(), call.overwrite)?;
        Ok(TextRow { text })
    };
    let call = Call { options, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { call.run(work) }
}
