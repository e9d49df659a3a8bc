//! How Windows compares file and key names: unit by unit, in simple upper case.
//!
//! NTFS and the registry fold each UTF-16 unit by a table of one-to-one mappings; characters whose
//! upper case is longer (ß) or outside the basic plane stay as they are.
//! Reference: `msuhanov/regf` "Hash leaf".

use std::cmp::Ordering;

/// The upper-case form of one UTF-16 unit.
pub fn upcase(unit: u16) -> u16 {
    if unit < 0x80 {
        return match u8::try_from(unit) {
            Ok(byte) => u16::from(byte.to_ascii_uppercase()),
            Err(_) => unit,
        };
    }
    let Some(character) = char::from_u32(u32::from(unit)) else { return unit };
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => u16::try_from(u32::from(single)).unwrap_or(unit),
        _ => unit,
    }
}

/// Compares two names as Windows sorts them: by upper-cased units.
pub fn compare(left: &[u16], right: &[u16]) -> Ordering {
    left.iter().map(|&unit| upcase(unit)).cmp(right.iter().map(|&unit| upcase(unit)))
}

/// Whether two names are the same to Windows.
pub fn equal(left: &[u16], right: &[u16]) -> bool {
    left.len() == right.len() && compare(left, right) == Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn names_differ_in_case_only() {
        assert!(equal(&units("Énorme.DLL"), &units("éNORME.dll")));
        assert!(!equal(&units("strasse"), &units("straße")));
    }

    #[test]
    fn a_unit_without_a_single_upper_case_stays() {
        assert_eq!(upcase(0xDF), 0xDF);
        assert_eq!(upcase(0xD800), 0xD800);
    }
}
