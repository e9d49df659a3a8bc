//! Single settings, and passwords.

use crate::ffi::document::imgsvc_document;
use crate::ffi::error::imgsvc_error;
use crate::ffi::guard::enter_giving;
use crate::ffi::job::Call;
use crate::ffi::status::imgsvc_status;
use crate::ffi::text::{required_path, required_text};
use crate::formats::unattend::{decode_password, encode_password, SetOptions};
use crate::servicing::unattend::{self, SettingRow};
use serde::{Deserialize, Serialize};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ListCall {
    secrets: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct SetCall {
    architecture: Option<String>,
    secrets: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RemoveCall {
    empty_parents: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct PasswordCall {
    decode: bool,
}

#[derive(Serialize)]
struct SettingList {
    settings: Vec<SettingRow>,
}

#[derive(Serialize)]
struct PasswordRow {
    password: String,
}

/// Lists settings of an answer file of the host.
///
/// `setting` is a path such as `specialize/Microsoft-Windows-Shell-Setup/ComputerName`; `*` and `?` are
/// wildcards in a name, `**` is any number of parts; a path that ends above the settings means all of them;
/// NULL means all of the file. `docs/formats/unattend.md` has the rest.
/// `options`: `{secrets (hand out passwords)}`.
/// `*out_document`: `{settings: [{pass, component, architecture, setting (the path in the component), path,
/// value (null for a password that is not handed out), secret, action, line, column}]}`.
///
/// # Safety
/// Texts are NUL-terminated UTF-16, or NULL where said. `out_document` is writable. `out_error` is NULL or
/// writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_list_settings(
    path: *const u16,
    setting: *const u16,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |call: &ListCall| {
        // SAFETY: promised by the caller.
        let path = unsafe { required_path(path, "path") }?;
        let setting = match setting.is_null() {
            true => None,
            // SAFETY: promised by the caller.
            false => Some(unsafe { required_text(setting, "setting") }?),
        };
        let settings = unattend::list(&path, setting.as_deref(), call.secrets)?;
        Ok(SettingList { settings })
    };
    let call = Call { options, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { call.run(work) }
}

/// Gives one setting of an answer file a value. What is missing of pass, component and elements is created
/// as Setup wants it, in the layout of the file; nothing else in the file changes.
///
/// `setting` has no wildcards. `options`: `{architecture (of the component, where the path does not say it),
/// secrets}`. `*out_document`: `{changed, created, setting: as of imgsvc_unattend_list_settings}`.
///
/// # Safety
/// As for `imgsvc_unattend_list_settings`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_set_setting(
    path: *const u16,
    setting: *const u16,
    value: *const u16,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |call: &SetCall| {
        // SAFETY: promised by the caller.
        let path = unsafe { required_path(path, "path") }?;
        // SAFETY: promised by the caller.
        let setting = unsafe { required_text(setting, "setting") }?;
        // SAFETY: promised by the caller.
        let value = unsafe { required_text(value, "value") }?;
        let options = SetOptions { architecture: call.architecture.clone() };
        unattend::set(&path, &setting, &value, &options, call.secrets)
    };
    let call = Call { options, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { call.run(work) }
}

/// Removes settings, lists, components, passes or attributes of an answer file: all that the path means. A
/// path without wildcards that means nothing is an error.
///
/// `options`: `{emptyParents (remove what is empty then, too)}`.
/// `*out_document`: `{changed, removed: [path of a setting]}`.
///
/// # Safety
/// As for `imgsvc_unattend_list_settings`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_remove_settings(
    path: *const u16,
    setting: *const u16,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |call: &RemoveCall| {
        // SAFETY: promised by the caller.
        let path = unsafe { required_path(path, "path") }?;
        // SAFETY: promised by the caller.
        let setting = unsafe { required_text(setting, "setting") }?;
        unattend::remove(&path, &setting, call.empty_parents)
    };
    let call = Call { options, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { call.run(work) }
}

/// Encodes a password as Setup reads it beside `<PlainText>false</PlainText>`, or decodes one. It hides a
/// password from a glance only.
///
/// `element` is the name of the element that holds it: `Password`, `AdministratorPassword`…
/// `options`: `{decode}`. `*out_document`: `{password}`.
///
/// # Safety
/// As for `imgsvc_unattend_list_settings`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_convert_password(
    password: *const u16,
    element: *const u16,
    options: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let work = |call: &PasswordCall| {
        // SAFETY: promised by the caller.
        let password = unsafe { required_text(password, "password") }?;
        // SAFETY: promised by the caller.
        let element = unsafe { required_text(element, "element") }?;
        let password = match call.decode {
            true => decode_password(&password, &element)?,
            false => encode_password(&password, &element)?,
        };
        Ok(PasswordRow { password })
    };
    let call = Call { options, out_document, out_error };
    // SAFETY: promised by the caller.
    unsafe { call.run(work) }
}

/// The values that a setting of answer files can have, where they are known: time zones, locales, languages, words,
/// `true` and `false`. The pass of the path does not count.
///
/// `setting` is a path as `docs/formats/unattend.md` has it. `*out_document`: `{values: []}`, empty for settings that
/// take any text or are not known.
///
/// # Safety
/// As for `imgsvc_unattend_list_settings`.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_unattend_known_values(
    setting: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        // SAFETY: promised by the caller.
        let setting = unsafe { required_text(setting, "setting") }?;
        imgsvc_document::of(&unattend::known_values(&setting)?)
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}
