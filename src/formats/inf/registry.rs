//! AddReg and DelReg sections as registry operations.
//!
//! Reference: MicrosoftDocs "INF AddReg Directive", "INF DelReg Directive".

use super::install::CHANGE_LIMIT;
use super::{bad, number, number32, Inf, Line};
use crate::error::Result;

/// Flags of AddReg and DelReg lines.
pub mod registry_flags {
    /// The value is given as bytes (part of the type).
    pub const BINARY: u32 = 0x1;
    /// Do not replace a value that is there.
    pub const NO_CLOBBER: u32 = 0x2;
    /// Delete the value, or the key if no value is named.
    pub const DELETE: u32 = 0x4;
    /// Append to a REG_MULTI_SZ what it does not hold yet.
    pub const APPEND: u32 = 0x8;
    /// Only create the key.
    pub const KEY_ONLY: u32 = 0x10;
    /// Only replace a value that is there.
    pub const OVERWRITE_ONLY: u32 = 0x20;
    /// The 64-bit view.
    pub const VIEW_64: u32 = 0x1000;
    /// [`KEY_ONLY`] that DelReg knows too.
    pub const KEY_ONLY_COMMON: u32 = 0x2000;
    /// The 32-bit view.
    pub const VIEW_32: u32 = 0x4000;
    /// DelReg: remove one string of a REG_MULTI_SZ.
    pub const DELETE_STRING: u32 = 0x0001_8002;
    /// The bits that say the type.
    pub const TYPE: u32 = 0xFFFF_0001;
}

const REG_NONE: u32 = 0;
const REG_SZ: u32 = 1;
const REG_EXPAND_SZ: u32 = 2;
const REG_BINARY: u32 = 3;
const REG_DWORD: u32 = 4;
const REG_MULTI_SZ: u32 = 7;
const REG_QWORD: u32 = 11;

/// The root an operation's key is under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryRoot {
    /// `HKCR`.
    ClassesRoot,
    /// `HKCU`.
    CurrentUser,
    /// `HKLM`.
    LocalMachine,
    /// `HKU`.
    Users,
    /// `HKR`: relative to the device, driver, service or event log key.
    Relative,
}

/// A value's type and bytes, as the registry stores them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryData {
    /// `REG_*`.
    pub kind: u32,
    /// The data; strings in UTF-16LE with their terminators.
    pub bytes: Vec<u8>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryOperation {
    /// Create the key, nothing else.
    CreateKey,
    /// Set the value.
    Set(RegistryData),
    /// Add the strings to a REG_MULTI_SZ value.
    Append(Vec<String>),
    /// Remove a string from a REG_MULTI_SZ value.
    RemoveString(String),
    /// Delete the value.
    DeleteValue,
    /// Delete the key with all below it.
    DeleteKey,
}

/// One line of an AddReg or DelReg section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryChange {
    /// The root.
    pub root: RegistryRoot,
    /// The key's path under the root, empty for the root key itself.
    pub key: String,
    /// The value's name, empty for the default value.
    pub value: String,
    /// The operation.
    pub operation: RegistryOperation,
    /// The flags as written ([`registry_flags`]).
    pub flags: u32,
    /// The section.
    pub section: String,
    /// The line.
    pub line: u32,
}

impl RegistryChange {
    /// Whether a value that exists is to be left alone.
    pub fn keeps_existing(&self) -> bool {
        self.flags & registry_flags::NO_CLOBBER != 0
    }

    /// Whether only a value that exists is to be set.
    pub fn only_if_existing(&self) -> bool {
        self.flags & registry_flags::OVERWRITE_ONLY != 0
    }
}

impl Inf {
    /// The operations of an AddReg section; none if the section does not exist.
    pub fn add_reg(&self, section: &str) -> Result<Vec<RegistryChange>> {
        self.registry_section(section, Self::add_reg_operation)
    }

    /// The operations of a DelReg section; none if the section does not exist.
    pub fn del_reg(&self, section: &str) -> Result<Vec<RegistryChange>> {
        self.registry_section(section, Self::del_reg_operation)
    }

    fn registry_section(
        &self,
        section: &str,
        read: fn(&Self, &Line, u32, bool) -> Result<RegistryOperation>,
    ) -> Result<Vec<RegistryChange>> {
        let Some(section) = self.section(section) else { return Ok(Vec::new()) };
        if section.lines.len() > CHANGE_LIMIT {
            return Err(bad(
                section.position(),
                "a section of at most 200000 registry changes",
                "a longer one",
            ));
        }
        let mut changes = Vec::with_capacity(section.lines.len());
        for line in &section.lines {
            if line.key().is_some() {
                continue; // not an AddReg line; Windows reads field 1 of it, which names no root
            }
            let root = self.expand(line.field(0).unwrap_or_default());
            let root = match root.to_ascii_uppercase().as_str() {
                "HKCR" => RegistryRoot::ClassesRoot,
                "HKCU" => RegistryRoot::CurrentUser,
                "HKLM" => RegistryRoot::LocalMachine,
                "HKU" => RegistryRoot::Users,
                "HKR" => RegistryRoot::Relative,
                _ => return Err(bad(line.position(), "HKCR, HKCU, HKLM, HKU or HKR", format!("'{root}'"))),
            };
            // What is no number counts as no flags: INFs in use write `REG_SZ` there.
            let flags = line.field(3).and_then(|raw| number32(&self.expand(raw))).unwrap_or(0);
            let value = line.field(2).map(|raw| self.expand(raw)).unwrap_or_default();
            let operation = read(self, line, flags, value.is_empty())?;
            let key = self.expand(line.field(1).unwrap_or_default());
            changes.push(RegistryChange {
                root,
                key: key.trim_matches('\\').to_owned(),
                value,
                operation,
                flags,
                section: section.name.clone(),
                line: line.number,
            });
        }
        Ok(changes)
    }

    fn add_reg_operation(&self, line: &Line, flags: u32, unnamed: bool) -> Result<RegistryOperation> {
        use registry_flags::{APPEND, DELETE, KEY_ONLY, KEY_ONLY_COMMON};
        if flags & DELETE != 0 {
            return Ok(if unnamed { RegistryOperation::DeleteKey } else { RegistryOperation::DeleteValue });
        }
        let has_data = line.fields().len() > 4;
        if flags & (KEY_ONLY | KEY_ONLY_COMMON) != 0 || (unnamed && !has_data) {
            return Ok(RegistryOperation::CreateKey);
        }
        let data = self.registry_data(line, flags)?;
        if flags & APPEND != 0 && data.kind == REG_MULTI_SZ {
            return Ok(RegistryOperation::Append(self.strings_from(line)));
        }
        Ok(RegistryOperation::Set(data))
    }

    fn del_reg_operation(&self, line: &Line, flags: u32, unnamed: bool) -> Result<RegistryOperation> {
        use registry_flags::{DELETE_STRING, KEY_ONLY_COMMON};
        if flags & DELETE_STRING == DELETE_STRING && !unnamed {
            let text = self.expand(line.field(4).unwrap_or_default());
            return Ok(RegistryOperation::RemoveString(text));
        }
        let key = flags & KEY_ONLY_COMMON != 0 || unnamed;
        Ok(if key { RegistryOperation::DeleteKey } else { RegistryOperation::DeleteValue })
    }

    fn strings_from(&self, line: &Line) -> Vec<String> {
        line.fields().skip(4).map(|raw| self.expand(raw)).collect()
    }

    fn registry_data(&self, line: &Line, flags: u32) -> Result<RegistryData> {
        let fields = self.strings_from(line);
        let first = fields.first().map(String::as_str).unwrap_or_default();
        let data = match flags & registry_flags::TYPE {
            0x0000_0000 => RegistryData { kind: REG_SZ, bytes: utf16z(first) },
            0x0002_0000 => RegistryData { kind: REG_EXPAND_SZ, bytes: utf16z(first) },
            0x0001_0000 => {
                // An empty string would end the list for every reader.
                let mut bytes: Vec<u8> =
                    fields.iter().filter(|text| !text.is_empty()).flat_map(|text| utf16z(text)).collect();
                bytes.extend([0, 0]);
                RegistryData { kind: REG_MULTI_SZ, bytes }
            }
            0x0001_0001 if fields.len() <= 1 => {
                let value = if first.is_empty() { Some(0) } else { number32(leading_number(first)) };
                let value =
                    value.ok_or_else(|| bad(line.position(), "a 32-bit number", format!("'{first}'")))?;
                RegistryData { kind: REG_DWORD, bytes: value.to_le_bytes().to_vec() }
            }
            0x000B_0001 if fields.len() == 1 => {
                let value = number(first)
                    .map(i64::cast_unsigned)
                    .or_else(|| u64::from_str_radix(first.trim_start_matches("0x"), 16).ok());
                let value =
                    value.ok_or_else(|| bad(line.position(), "a 64-bit number", format!("'{first}'")))?;
                RegistryData { kind: REG_QWORD, bytes: value.to_le_bytes().to_vec() }
            }
            other => {
                let kind = match other {
                    0x0000_0001 => REG_BINARY,
                    0x0001_0001 => REG_DWORD,
                    0x0002_0001 => REG_NONE,
                    other => other >> 16,
                };
                RegistryData { kind, bytes: hexadecimal(line, &fields)? }
            }
        };
        Ok(data)
    }
}

/// A number with what follows it cut off: INFs in use have comments of other languages there.
fn leading_number(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// Bytes given as one hexadecimal number per field; empty fields are skipped.
fn hexadecimal(line: &Line, fields: &[String]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(fields.len());
    for field in fields.iter().map(|field| field.trim()).filter(|field| !field.is_empty()) {
        let digits = field.strip_prefix("0x").or_else(|| field.strip_prefix("0X")).unwrap_or(field);
        let byte = u8::from_str_radix(digits, 16)
            .map_err(|_| bad(line.position(), "bytes as hexadecimal numbers", format!("'{field}'")))?;
        bytes.push(byte);
    }
    Ok(bytes)
}

/// UTF-16LE with a terminator.
fn utf16z(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}
