//! How well a driver package matches a device, as Windows puts it into one number: lower is better.
//!
//! `0xSSGGTHHH`: signature score, feature score, identifier score (kind of match, position in the lists).
//!
//! Reference: docs/formats/driver-rank.md; equal to the rank that Windows recorded for each of 125 devices
//! of two real hives (`tests/drivers/find.rs`).

use super::device_query::DeviceList;
use crate::servicing::drivers::database::SignerScore;
use serde::{Serialize, Serializer};

/// The signature score of a package of which nothing is known.
pub const UNKNOWN_SIGNATURE: u8 = 0xFF;

/// The largest position that the identifier score has room for.
const LAST_POSITION: u16 = 0xFFF;

/// A rank in its parts. Serialised it is one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// `SS`: 0 for a trusted signature, 0x80 and above for none; see [`signature_score`].
    pub signature: u8,
    /// `GG`: `FeatureScore` of the install section, 0xFF by default.
    pub feature: u8,
    /// `THHH`: see [`identifier_score`].
    pub identifier: u16,
}

impl Rank {
    /// The rank as one number.
    pub fn number(self) -> u32 {
        let [high, low] = self.identifier.to_be_bytes();
        u32::from_be_bytes([self.signature, self.feature, high, low])
    }
}

impl Serialize for Rank {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.number())
    }
}

/// Which id of an INF's line matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineId {
    /// The line's hardware id.
    Hardware,
    /// The compatible id at this position, from 0.
    Compatible(u16),
}

/// The identifier score of a match between the device's id at `position` of `list` and an id of a line.
///
/// The position in the line counts only between two compatible ids, 0x100 each.
pub fn identifier_score(list: DeviceList, position: usize, line: LineId) -> u16 {
    let position = u16::try_from(position).unwrap_or(u16::MAX);
    let (kind, place) = match (list, line) {
        (DeviceList::Hardware, LineId::Hardware) => (0, position),
        (DeviceList::Hardware, LineId::Compatible(_)) => (0x1000, position),
        (DeviceList::Compatible, LineId::Hardware) => (0x2000, position),
        (DeviceList::Compatible, LineId::Compatible(place)) => {
            (0x3000, place.saturating_mul(0x100).saturating_add(position))
        }
    };
    kind | place.min(LAST_POSITION)
}

/// The signature score of a package that is signed, or not, as `score` says; `None` is not known.
///
/// Signed ones are all equal, which is Windows' policy unless an admin changed it (`AllSigningEqual`); then
/// the first byte of the signer's score counts. `decorated`: the models or the install section has a
/// decoration (`NT…`); unsigned packages without one are ranked behind.
pub fn signature_score(score: Option<u32>, all_signers_equal: bool, decorated: bool) -> u8 {
    let Some(score) = score else { return UNKNOWN_SIGNATURE };
    let [first, ..] = score.to_be_bytes();
    match SignerScore::is_signed(score) {
        true if all_signers_equal => 0,
        true => first,
        // SPAPI's ranks: DRIVER_UNTRUSTED_RANK, DRIVER_W9X_SUSPECT_RANK.
        false if first == 0x80 && !decorated => 0xC0,
        false => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_documented_example() {
        use DeviceList::{Compatible, Hardware};
        // "Driver Package Rank Example" of the driver documentation, with SS and GG as 0.
        let table = [
            (Hardware, 0, [0x0000, 0x1000, 0x1000]),
            (Hardware, 1, [0x0001, 0x1001, 0x1001]),
            (Compatible, 0, [0x2000, 0x3000, 0x3100]),
            (Compatible, 1, [0x2001, 0x3001, 0x3101]),
        ];
        for (list, position, expected) in table {
            let lines = [LineId::Hardware, LineId::Compatible(0), LineId::Compatible(1)];
            assert_eq!(lines.map(|line| identifier_score(list, position, line)), expected);
        }
        assert_eq!(identifier_score(Compatible, 70_000, LineId::Compatible(u16::MAX)), 0x3FFF);
        assert_eq!(identifier_score(Hardware, 0x1000, LineId::Hardware), 0x0FFF);
    }

    #[test]
    fn ranks_are_those_of_logs_of_windows() {
        // SetupAPI logs: input.inf of Windows 11; an unsigned package of libwdi (issue 209) whose models
        // are decorated and whose install section is not; machine.inf of Windows Vista.
        let of = |signature, identifier| Rank { signature, feature: 0xFF, identifier }.number();
        assert_eq!(of(signature_score(Some(0x0D00_0003), true, true), 0x3101), 0x00FF_3101);
        assert_eq!(of(signature_score(Some(0x8000_0000), true, true), 1), 0x80FF_0001);
        assert_eq!(of(signature_score(Some(0x0D00_0003), false, true), 0), 0x0DFF_0000);
        // Documented: unsigned without decoration, and unknown.
        assert_eq!(of(signature_score(Some(0x8000_0000), true, false), 0), 0xC0FF_0000);
        assert_eq!(of(signature_score(None, true, true), 0), 0xFFFF_0000);
    }
}
