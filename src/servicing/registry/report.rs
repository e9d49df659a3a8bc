//! What registry operations report. Serialised (camelCase) these are the documents of the C ABI.

use super::value::{ValueData, ValueKind};
use crate::formats::bytes::utf16_units;
use crate::formats::reg::Complaint;
use crate::formats::regf::logs::{LogReport, Recovery, RecoveryState};
use crate::formats::regf::Value;
use serde::Serialize;

/// A key: `{key, name, subKeyCount, valueCount, lastWriteTime, className, hive}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyInfo {
    /// The full name: `HKEY_LOCAL_MACHINE\SOFTWARE\…` in an image, `\…` in a hive file. `CurrentControlSet`
    /// is the control set it stands for.
    pub key: String,
    /// The last part of the name, in the case the hive has; of a hive's root, what it is mounted as.
    pub name: String,
    /// How many subkeys it has.
    pub sub_key_count: u64,
    /// How many values it has.
    pub value_count: u64,
    /// When it was last written (FILETIME).
    pub last_write_time: u64,
    /// The class name.
    pub class_name: Option<String>,
    /// The hive's path in the image; of a hive file nothing.
    pub hive: Option<String>,
}

/// A hive of an image: `{key, hive, length, lastWriteTime}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HiveInfo {
    /// The full name of its root: `HKEY_LOCAL_MACHINE\SOFTWARE`, `HKEY_USERS\Default`.
    pub key: String,
    /// Its path in the image.
    pub hive: String,
    /// Bytes of the file.
    pub length: u64,
    /// When the file was last written (FILETIME).
    pub last_write_time: u64,
}

/// A hive of an image that cannot be read: `{key, hive, message}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreadableHive {
    /// The full name of its root.
    pub key: String,
    /// Its path in the image.
    pub hive: String,
    /// Why.
    pub message: String,
}

/// A hive that was not closed cleanly: `{hive, recovered, logs: [{name, entries, pages, reason}]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryInfo {
    /// Its path.
    pub hive: String,
    /// Whether its logs brought it up to date. If not, what only they hold is missing.
    pub recovered: bool,
    /// The logs that are there.
    pub logs: Vec<LogInfo>,
}

/// What was done with a log: `{name, entries, pages, reason}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogInfo {
    /// `LOG`, `LOG1` or `LOG2`.
    pub name: String,
    /// Log entries that were applied.
    pub entries: u32,
    /// Pages of the hive that they hold.
    pub pages: u64,
    /// Why it was not used, or why it ended where it did.
    pub reason: String,
}

impl RecoveryInfo {
    /// What was done to the hive at `hive`.
    pub fn of(hive: String, recovery: &Recovery) -> Self {
        let log = |log: &LogReport| {
            let (entries, pages, reason) = match &log.applied {
                Some(applied) => (applied.entries, applied.pages, applied.stopped.clone()),
                None => (0, 0, log.unused.clone().unwrap_or_default()),
            };
            LogInfo { name: log.name.to_string(), entries, pages, reason }
        };
        let recovered = recovery.state != RecoveryState::Dirty;
        Self { hive, recovered, logs: recovery.logs.iter().map(log).collect() }
    }
}

/// The class name as text.
pub(super) fn class_text(class: Option<&[u8]>) -> Option<String> {
    class.map(|bytes| String::from_utf16_lossy(&utf16_units(bytes)))
}

/// A value: `{key, name, kind, kindNumber, size, form, value}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueInfo {
    /// The full name of its key.
    pub key: String,
    /// The name; empty for the default value.
    pub name: String,
    /// Kind and data.
    #[serde(flatten)]
    pub content: ValueContent,
}

/// What a value holds: `{kind, kindNumber, size, form, value}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueContent {
    /// The kind, as .NET names it.
    pub kind: ValueKind,
    /// The type number, for kinds that have no name.
    pub kind_number: u32,
    /// Bytes of data.
    pub size: u64,
    /// The data.
    #[serde(flatten)]
    pub data: ValueData,
}

impl ValueContent {
    /// What `value` holds.
    pub fn of(value: &Value) -> Self {
        Self {
            kind: ValueKind::of(value.kind),
            kind_number: value.kind,
            size: u64::try_from(value.data.len()).unwrap_or(u64::MAX),
            data: ValueData::decode(value.kind, &value.data),
        }
    }
}

/// What deleting a key did: `{key, keys}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteReport {
    /// The full name.
    pub key: String,
    /// How many keys went, itself included.
    pub keys: u64,
}

/// A part of a registration file, or of an export, that could not be done:
/// `{line, column, key, message}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryError {
    /// The line of the file, from 1; nothing when exporting.
    pub line: Option<u64>,
    /// The column, from 1, where it is known.
    pub column: Option<u64>,
    /// The key it is about, where one is known.
    pub key: Option<String>,
    /// What is wrong: a clause without a full stop.
    pub message: String,
}

impl From<Complaint> for EntryError {
    fn from(complaint: Complaint) -> Self {
        let Complaint { line, column, expected, found } = complaint;
        let message = format!("expected {expected}, found {found}");
        Self { line: Some(line), column: Some(column), key: None, message }
    }
}

/// What an import did, or would have done: `{applied, keysCreated, keysDeleted, valuesSet,
/// valuesDeleted, errorCount, errors: [{line, column, key, message}]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Whether the registry was changed: all of the file, or all but its errors. When it was not, the
    /// counts say what the rest of the file would have done.
    pub applied: bool,
    /// Keys that were not there before.
    pub keys_created: u64,
    /// `[-key]` entries that found their key.
    pub keys_deleted: u64,
    /// Values that were set.
    pub values_set: u64,
    /// `"name"=-` entries that found their value.
    pub values_deleted: u64,
    /// How many parts of the file could not be done.
    pub error_count: u64,
    /// The first hundred of them, in the file's order.
    pub errors: Vec<EntryError>,
}

/// What an export wrote: `{keys, values, errorCount, errors}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// Keys written.
    pub keys: u64,
    /// Values written.
    pub values: u64,
    /// Keys (with what is below) and values that no registration file can hold, left out.
    pub error_count: u64,
    /// The first hundred of them.
    pub errors: Vec<EntryError>,
}

/// How many errors a report lists.
const MOST_ERRORS: usize = 100;

/// Notes an error in a report.
pub(super) fn note(errors: &mut Vec<EntryError>, count: &mut u64, error: EntryError) {
    *count = count.saturating_add(1);
    if errors.len() < MOST_ERRORS {
        errors.push(error);
    }
}

/// How something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ChangeKind {
    /// It is only in the second registry.
    Added,
    /// It is only in the first.
    Removed,
    /// It is in both and differs.
    Changed,
}

/// A difference: `{change, item, key, name, before: {kind, kindNumber, size, form, value}, after,
/// parts: ["ClassName"|"SecurityDescriptor"]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// How it differs.
    pub change: ChangeKind,
    /// `Key` or `Value`.
    pub item: &'static str,
    /// The full name of the key.
    pub key: String,
    /// The name of the value; nothing for a key.
    pub name: Option<String>,
    /// What the value held.
    pub before: Option<ValueContent>,
    /// What the value holds.
    pub after: Option<ValueContent>,
    /// What of a changed key differs, besides its subkeys and values.
    pub parts: Vec<&'static str>,
}
