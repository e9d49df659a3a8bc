//! `DeviceIds`: the index from hardware and compatible ids to INFs.
//!
//! The id is a key path (split at its backslashes) whose value `<published name>` is four bytes:
//! rank (1 the line's hardware id, 2 a compatible id of the line, 3 an extension INF), feature score
//! (0xFF by default), and the position of the compatible id in its line, little-endian.
//! `DeviceIds\{class guid}` has an empty REG_NONE value for each INF of the class.
//!
//! Reference: docs/formats/driver-database.md, read from 18 000 values of real hives.

use std::collections::BTreeMap;

/// Feature score of an INF that states none: the worst.
pub const DEFAULT_FEATURE_SCORE: u8 = 0xFF;

/// Ids longer than this are cut off by Plug and Play (`MAX_DEVICE_ID_LEN` of cfgmgr32.h, in units).
pub const MAX_DEVICE_ID: usize = 200;

/// How a device id matches an INF. Lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// 1 hardware id, 2 compatible id, 3 extension INF.
    rank: u8,
    /// Feature score of the install section.
    feature_score: u8,
    /// Position of the compatible id in its line.
    position: u16,
}

impl Match {
    /// The registry value.
    pub fn to_bytes(self) -> [u8; 4] {
        let [low, high] = self.position.to_le_bytes();
        [self.rank, self.feature_score, low, high]
    }

    /// The registry value read back; `None` for one of another form.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[rank, feature_score, low, high] = bytes else { return None };
        Some(Self { rank, feature_score, position: u16::from_le_bytes([low, high]) })
    }

    /// Whether the id is that of an extension INF.
    pub fn is_extension(self) -> bool {
        self.rank == 3
    }

    /// The position of the id among the line's compatible ids; `None` for the line's hardware id. Of
    /// extension INFs the database does not tell which of the two the id is.
    pub fn compatible_position(self) -> Option<u16> {
        (self.rank == 2).then_some(self.position)
    }

    /// Feature score of the install section.
    pub fn feature_score(self) -> u8 {
        self.feature_score
    }
}

/// The ids of a package, each with its best match. Ids are compared in upper case; the first spelling
/// stays, and the order is by id.
#[derive(Debug, Clone, Default)]
pub struct DeviceIds {
    ids: BTreeMap<String, (String, Match)>,
}

impl DeviceIds {
    /// Adds the ids of one model line: the hardware id, then compatible ids in the INF's order.
    pub fn add_line(
        &mut self,
        hardware_id: &str,
        compatible_ids: &[String],
        feature_score: u8,
        extension: bool,
    ) {
        let hardware = Match { rank: if extension { 3 } else { 1 }, feature_score, position: 0 };
        self.add(hardware_id, hardware);
        for (position, id) in compatible_ids.iter().enumerate() {
            let position = u16::try_from(position).unwrap_or(u16::MAX);
            self.add(id, Match { rank: if extension { 3 } else { 2 }, feature_score, position });
        }
    }

    fn add(&mut self, id: &str, found: Match) {
        let id = id.trim();
        if id.is_empty() || id.encode_utf16().count() > MAX_DEVICE_ID {
            return;
        }
        self.ids
            .entry(id.to_uppercase())
            .and_modify(|(_, known)| *known = found.min(*known))
            .or_insert_with(|| (id.to_owned(), found));
    }

    /// The ids as the INF spells them, with their matches.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Match)> {
        self.ids.values().map(|(id, found)| (id.as_str(), *found))
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether the package matches no device by id.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// The key path below `DeviceIds`: empty parts (a doubled or leading backslash) would be no key names.
pub fn key_path(id: &str) -> String {
    id.split('\\').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\\")
}
