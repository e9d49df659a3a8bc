//! Reading AddReg, DelReg and BitReg sections.
//!
//! All DelReg sections come first, then AddReg, then BitReg, as SetupAPI does them; each section once.
//!
//! Reference: MicrosoftDocs "INF AddReg Directive", "INF DelReg Directive", "INF BitReg Directive".

use super::finding::{Code, Severity};
use super::line::Section;
use super::reader::{plain, Entry, Reader, Source};
use super::registry::{registry_flags, RegistryChange, RegistryData, RegistryOperation, RegistryRoot};
use super::{bad, number, number32};
use crate::error::Result;
use std::collections::HashSet;
use std::sync::Arc;

const REG_NONE: u32 = 0;
const REG_SZ: u32 = 1;
const REG_EXPAND_SZ: u32 = 2;
const REG_BINARY: u32 = 3;
const REG_DWORD: u32 = 4;
const REG_MULTI_SZ: u32 = 7;
const REG_QWORD: u32 = 11;

/// Which of the three kinds of section a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Delete,
    Add,
    Bits,
}

impl<'a> Reader<'a> {
    /// The changes that the DelReg, AddReg and BitReg directives among the entries lead to.
    pub(super) fn registry(&mut self, entries: &[Entry<'a>]) -> Result<Vec<RegistryChange>> {
        let mut changes = Vec::new();
        for (name, kind) in [("DelReg", Kind::Delete), ("AddReg", Kind::Add), ("BitReg", Kind::Bits)] {
            let mut seen = HashSet::new();
            for entry in entries.iter().filter(|entry| entry.is(name)) {
                for (field, raw) in entry.line.fields().enumerate() {
                    let section = entry.source.inf.expand(raw);
                    if section.is_empty() {
                        continue;
                    }
                    let Some((source, section)) = self.named(entry, field, &section) else { continue };
                    if seen.insert(std::ptr::from_ref(section)) {
                        self.registry_section(source, section, kind, &mut changes)?;
                    }
                }
            }
        }
        Ok(changes)
    }

    /// The changes of a section's own directives, without what it needs.
    pub(super) fn registry_of(
        &mut self,
        source: Source<'a>,
        section: &'a Section,
    ) -> Result<Vec<RegistryChange>> {
        let entries: Vec<_> = plain(source, section).collect();
        self.registry(&entries)
    }

    fn registry_section(
        &mut self,
        source: Source<'a>,
        section: &'a Section,
        kind: Kind,
        changes: &mut Vec<RegistryChange>,
    ) -> Result<()> {
        self.charge(source, section)?;
        let security = self.security(source, &section.name);
        let name: Arc<str> = section.name.as_str().into();
        for entry in plain(source, section) {
            if entry.line.key().is_some() {
                // Windows reads field 1 of it, which names no root.
                let text = "not an entry of a registry section: it has a key".to_owned();
                let at = entry.line.position();
                self.findings.add(Severity::Warning, Code::Registry, source.file, at, text);
                continue;
            }
            let change = self.change(&entry, kind);
            if let Some((root, key, value, operation, flags)) = self.check(Code::Registry, &entry, change)? {
                changes.push(RegistryChange {
                    root,
                    key,
                    value,
                    operation,
                    flags,
                    security: security.clone(),
                    section: Arc::clone(&name),
                    file: source.file.to_owned(),
                    line: entry.line.number,
                });
            }
        }
        Ok(())
    }

    /// The descriptor in `[<section>.Security]`.
    pub(super) fn security(&self, source: Source<'a>, section: &str) -> Option<Arc<str>> {
        let (source, section) = self.holder(source, &format!("{section}.Security"))?;
        let entry = plain(source, section).next()?;
        entry.value(0).map(Arc::from)
    }

    fn change(
        &self,
        entry: &Entry<'a>,
        kind: Kind,
    ) -> Result<(RegistryRoot, String, String, RegistryOperation, u32)> {
        let root = entry.value(0).unwrap_or_default();
        let root = match root.to_ascii_uppercase().as_str() {
            "HKCR" => RegistryRoot::ClassesRoot,
            "HKCU" => RegistryRoot::CurrentUser,
            "HKLM" => RegistryRoot::LocalMachine,
            "HKU" => RegistryRoot::Users,
            "HKR" => RegistryRoot::Relative,
            _ => {
                let at = entry.line.field_position(0);
                return Err(bad(at, "HKCR, HKCU, HKLM, HKU or HKR", format!("'{root}'")));
            }
        };
        // What is no number counts as no flags: INFs in use write `REG_SZ` there.
        let flags = entry.value(3).and_then(|text| number32(&text)).unwrap_or(0);
        let value = entry.value(2).unwrap_or_default();
        let unnamed = value.is_empty();
        let operation = match kind {
            Kind::Add => self.add_operation(entry, flags, unnamed)?,
            Kind::Delete => delete_operation(entry, flags, unnamed),
            Kind::Bits => bits_operation(entry, flags)?,
        };
        let key = entry.value(1).unwrap_or_default();
        Ok((root, key.trim_matches('\\').to_owned(), value, operation, flags))
    }

    fn add_operation(&self, entry: &Entry<'a>, flags: u32, unnamed: bool) -> Result<RegistryOperation> {
        use registry_flags::{APPEND, DELETE, KEY_ONLY, KEY_ONLY_COMMON};
        if flags & DELETE != 0 {
            return Ok(if unnamed { RegistryOperation::DeleteKey } else { RegistryOperation::DeleteValue });
        }
        let has_data = entry.line.fields().len() > 4;
        if flags & (KEY_ONLY | KEY_ONLY_COMMON) != 0 || (unnamed && !has_data) {
            return Ok(RegistryOperation::CreateKey);
        }
        let data = self.data(entry, flags)?;
        if flags & APPEND != 0 && data.kind == REG_MULTI_SZ {
            return Ok(RegistryOperation::Append(self.data_fields(entry)));
        }
        Ok(RegistryOperation::Set(data))
    }

    /// The data fields, tokens and directory ids replaced.
    fn data_fields(&self, entry: &Entry<'a>) -> Vec<String> {
        let inf = entry.source.inf;
        entry.line.fields().skip(4).map(|raw| inf.expand_directories(raw, self.directories)).collect()
    }

    fn data(&self, entry: &Entry<'a>, flags: u32) -> Result<RegistryData> {
        let fields = self.data_fields(entry);
        let first = fields.first().map(String::as_str).unwrap_or_default();
        let wrong = |what: &str| bad(entry.line.field_position(4), what, format!("'{first}'"));
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
                let value = value.ok_or_else(|| wrong("a 32-bit number"))?;
                RegistryData { kind: REG_DWORD, bytes: value.to_le_bytes().to_vec() }
            }
            0x000B_0001 if fields.len() == 1 => {
                let value = number(first)
                    .map(i64::cast_unsigned)
                    .or_else(|| u64::from_str_radix(first.trim_start_matches("0x"), 16).ok());
                let value = value.ok_or_else(|| wrong("a 64-bit number"))?;
                RegistryData { kind: REG_QWORD, bytes: value.to_le_bytes().to_vec() }
            }
            other => {
                let kind = match other {
                    0x0000_0001 => REG_BINARY,
                    0x0001_0001 => REG_DWORD,
                    0x0002_0001 => REG_NONE,
                    other => other >> 16,
                };
                RegistryData { kind, bytes: hexadecimal(entry, &fields)? }
            }
        };
        Ok(data)
    }
}

fn delete_operation(entry: &Entry<'_>, flags: u32, unnamed: bool) -> RegistryOperation {
    use registry_flags::{DELETE_STRING, KEY_ONLY_COMMON};
    if flags & DELETE_STRING == DELETE_STRING && !unnamed {
        return RegistryOperation::RemoveString(entry.value(4).unwrap_or_default());
    }
    if flags & KEY_ONLY_COMMON != 0 || unnamed {
        RegistryOperation::DeleteKey
    } else {
        RegistryOperation::DeleteValue
    }
}

/// `root, key, value, flags, mask, byte`: the mask hexadecimal, the byte decimal.
fn bits_operation(entry: &Entry<'_>, flags: u32) -> Result<RegistryOperation> {
    let mask = entry.value(4).unwrap_or_default();
    let digits = mask.trim_start_matches("0x").trim_start_matches("0X");
    let Ok(bits) = u8::from_str_radix(digits, 16) else {
        return Err(bad(entry.line.field_position(4), "a mask of 8 bits", format!("'{mask}'")));
    };
    let byte = entry.number(5, "the number of a byte")?.unwrap_or(0);
    Ok(RegistryOperation::ChangeBits { mask: bits, byte, set: flags & registry_flags::SET_BITS != 0 })
}

/// A number with what follows it cut off: INFs in use have comments of other languages there.
fn leading_number(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// Bytes given as one hexadecimal number per field; empty fields are skipped.
fn hexadecimal(entry: &Entry<'_>, fields: &[String]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(fields.len());
    for (index, field) in fields.iter().map(|field| field.trim()).enumerate() {
        if field.is_empty() {
            continue;
        }
        let digits = field.strip_prefix("0x").or_else(|| field.strip_prefix("0X")).unwrap_or(field);
        let at = entry.line.field_position(index.saturating_add(4));
        let byte = u8::from_str_radix(digits, 16)
            .map_err(|_| bad(at, "bytes as hexadecimal numbers", format!("'{field}'")))?;
        bytes.push(byte);
    }
    Ok(bytes)
}

/// UTF-16LE with a terminator.
fn utf16z(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}
