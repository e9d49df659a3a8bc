//! AddProperty and DelProperty: device properties.
//!
//! Reference: MicrosoftDocs "INF AddProperty Directive", "INF DelProperty Directive".

use super::finding::Code;
use super::reader::{plain, Entry, Reader};
use super::{bad, Guid};
use crate::error::Result;

/// Which property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyKey {
    /// By a name that Windows defines: `DeviceModel`, `ContainerManufacturer`…
    Name(String),
    /// By category and number (`DEVPROPKEY`).
    Key(Guid, u32),
}

/// A property that is set or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Which.
    pub key: PropertyKey,
    /// Deleted, not set.
    pub delete: bool,
    /// `DEVPROP_TYPE_*`, if the line says it: 18 string, 8210 list of strings, 4099 bytes, 17 boolean, 7
    /// 32-bit number.
    pub kind: Option<u32>,
    /// `FLG_ADDPROPERTY_*`: 1 keep what is there, 2 only replace, 4 append, 8 or, 16 and.
    pub flags: u32,
    /// The value, as fields; of a deletion, the string to take out of a list.
    pub values: Vec<String>,
    /// The line.
    pub line: u32,
}

impl<'a> Reader<'a> {
    /// What the DelProperty and AddProperty directives among the entries lead to.
    pub(super) fn properties(&mut self, entries: &[Entry<'a>]) -> Result<Vec<Property>> {
        let mut properties: Vec<Property> = Vec::new();
        for (name, delete) in [("DelProperty", true), ("AddProperty", false)] {
            for directive in entries.iter().filter(|entry| entry.is(name)) {
                for (field, section) in directive.values().into_iter().enumerate() {
                    let Some((source, section)) = self.named(directive, field, &section) else { continue };
                    self.charge(source, section)?;
                    for entry in plain(source, section) {
                        let property = property(&entry, delete);
                        properties.extend(self.check(Code::Directive, &entry, property)?);
                    }
                }
            }
        }
        Ok(properties)
    }
}

/// `name,,,[flags],value…` or `{category},number,type,[flags],value…`; a deletion has no type.
fn property(entry: &Entry<'_>, delete: bool) -> Result<Property> {
    let name = entry.value(0).unwrap_or_default();
    let number = entry.number(1, "the number of a property")?;
    let key = match (Guid::parse(&name), number) {
        (Some(category), Some(number)) if number >= 2 => PropertyKey::Key(category, number),
        (Some(_), _) => {
            return Err(bad(entry.line.field_position(1), "the number of a property, 2 or more", "none"));
        }
        (None, _) if name.is_empty() || name.starts_with('{') => {
            return Err(bad(entry.line.field_position(0), "a property", format!("'{name}'")));
        }
        (None, _) => PropertyKey::Name(name),
    };
    let flags_at = if delete { 2 } else { 3 };
    let kind = if delete { None } else { entry.number(2, "the type of a property")? };
    let flags = entry.number(flags_at, "flags of a property")?.unwrap_or(0);
    let fields = entry.line.fields().skip(flags_at.saturating_add(1));
    let values = fields.map(|raw| entry.source.inf.expand(raw)).collect();
    Ok(Property { key, delete, kind, flags, values, line: entry.line.number })
}
