//! A device as it is asked for: its hardware ids and compatible ids, the most specific first.
//!
//! Reference: MicrosoftDocs "Hardware IDs", "Compatible IDs"; docs/formats/driver-rank.md.

use super::rank::{identifier_score, LineId};
use crate::error::{Error, Result};
use crate::formats::inf::Model;
use crate::image::TextPattern;
use serde::Serialize;

/// Ids a device may be given with; the score has room for 4,096 of each list.
const ID_LIMIT: usize = 4096;

/// Which of a device's lists an id is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DeviceList {
    /// Its hardware ids.
    #[serde(rename = "HardwareId")]
    Hardware,
    /// Its compatible ids.
    #[serde(rename = "CompatibleId")]
    Compatible,
}

/// A device.
#[derive(Debug, Clone)]
pub struct DeviceQuery {
    ids: Vec<(DeviceList, usize, TextPattern)>,
}

/// How an id of an INF matches a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMatch {
    /// See [`identifier_score`].
    pub identifier: u16,
    /// The INF's id.
    pub inf_id: String,
    /// The id as the device was asked for.
    pub device_id: String,
    /// Which of the device's lists it is from.
    pub list: DeviceList,
}

impl DeviceQuery {
    /// A device with these ids, which may have wildcards. An EISA id (`*PNP0F13`) is no wildcard.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there is no id, or more than 4,096.
    pub fn new(hardware_ids: &[String], compatible_ids: &[String]) -> Result<Self> {
        let lists = [(DeviceList::Hardware, hardware_ids), (DeviceList::Compatible, compatible_ids)];
        let mut ids = Vec::new();
        for (list, texts) in lists {
            for (position, text) in texts.iter().enumerate() {
                ids.push((list, position, pattern(text)?));
            }
        }
        let refused =
            |reason: &str| Error::InvalidArgument { parameter: "options", reason: reason.to_owned() };
        match ids.len() {
            0 => Err(refused("hardwareIds or compatibleIds are needed")),
            1..=ID_LIMIT => Ok(Self { ids }),
            _ => Err(refused("no device has more than 4,096 ids")),
        }
    }

    /// The device's ids: list, position, what it must look like.
    pub fn ids(&self) -> impl Iterator<Item = (DeviceList, usize, &TextPattern)> {
        self.ids.iter().map(|(list, position, pattern)| (*list, *position, pattern))
    }

    /// Whether the device has that id, and it was not given with wildcards.
    pub fn has(&self, id: &str) -> bool {
        self.ids.iter().any(|(_, _, pattern)| pattern.exact().is_some() && pattern.matches(id))
    }

    /// The best match between the device and a line of an INF.
    pub fn match_line(&self, model: &Model) -> Option<IdMatch> {
        let hardware = model.hardware_id.iter().map(|id| (id, LineId::Hardware));
        let compatible = model.compatible_ids.iter().enumerate();
        let compatible = compatible.map(|(position, id)| {
            let position = u16::try_from(position).unwrap_or(u16::MAX);
            (id, LineId::Compatible(position))
        });
        let lines = hardware.chain(compatible).map(|(id, line)| (id.trim(), line));
        let found = lines.filter(|(id, _)| !id.is_empty()).flat_map(|(id, line)| {
            let matching = self.ids.iter().filter(move |(_, _, pattern)| pattern.matches(id));
            matching.map(move |(list, position, pattern)| IdMatch {
                identifier: identifier_score(*list, *position, line),
                inf_id: id.to_owned(),
                device_id: pattern.text().to_owned(),
                list: *list,
            })
        });
        found.min_by_key(|found| found.identifier)
    }
}

/// An id with or without wildcards.
///
/// # Errors
/// [`Error::InvalidName`] for one that is too long to be any.
pub fn pattern(id: &str) -> Result<TextPattern> {
    let id = id.trim();
    match is_eisa(id) {
        true => Ok(TextPattern::literal(id)),
        false => TextPattern::parse(id),
    }
}

/// `*PNP0F13`: an asterisk, three letters, four hexadecimal digits.
fn is_eisa(id: &str) -> bool {
    let Some(rest) = id.strip_prefix('*') else { return false };
    let (maker, product) = match rest.split_at_checked(3) {
        Some(parts) => parts,
        None => return false,
    };
    maker.bytes().all(|byte| byte.is_ascii_alphabetic())
        && product.len() == 4
        && product.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_before_an_eisa_id_is_no_wildcard() {
        assert!(is_eisa("*PNP0F13") && is_eisa("*dll0534"));
        for other in ["*PNP0F1", "*PNP0F131", "PNP0F13", "*PNPXF13", "*", "*15AD*", "*éPNP0F13"] {
            assert!(!is_eisa(other), "{other}");
        }
        assert!(!pattern("*PNP0F13").unwrap().matches(r"ACPI\PNP0F13"));
    }
}
