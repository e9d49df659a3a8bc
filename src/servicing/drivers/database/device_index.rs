//! `DeviceIds` of a driver database read: which INFs match an id.
//!
//! Reference: docs/formats/driver-database.md, "DeviceIds".

use super::device_ids::{key_path, Match, MAX_DEVICE_ID};
use super::DATABASE;
use crate::error::Result;
use crate::formats::regf::{Hive, KeyId};
use crate::image::TextPattern;

/// An id, an INF it leads to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// The id, as the hive spells it.
    pub id: String,
    /// The INF's published name.
    pub inf: String,
    /// How the id matches.
    pub found: Match,
}

/// The entries of all ids that look like `wanted`, in the order of the hive.
///
/// Only keys below the part of the pattern without wildcards are looked at.
///
/// # Errors
/// Those of a damaged hive.
pub fn look_up(hive: &Hive, wanted: &TextPattern) -> Result<Vec<IndexEntry>> {
    let mut entries = Vec::new();
    let top = format!(r"{DATABASE}\DeviceIds");
    if let Some(exact) = wanted.exact() {
        let path = key_path(&exact);
        if let Some(key) = hive.find(hive.root(), &format!(r"{top}\{path}"))? {
            // As the hive spells it, below the two keys above.
            let spelled = hive.path(key)?;
            let id = spelled.splitn(3, '\\').nth(2).unwrap_or(&path).to_owned();
            read(hive, key, &id, &mut entries)?;
        }
        return Ok(entries);
    }
    let prefix = wanted.prefix();
    let prefix = prefix.rsplit_once('\\').map(|(keys, _)| key_path(keys)).unwrap_or_default();
    let top = if prefix.is_empty() { top } else { format!(r"{top}\{prefix}") };
    let Some(key) = hive.find(hive.root(), &top)? else { return Ok(entries) };
    let mut waiting = vec![(key, prefix)];
    while let Some((key, id)) = waiting.pop() {
        if !id.is_empty() && wanted.matches(&id) {
            read(hive, key, &id, &mut entries)?;
        }
        // Ids have an end, and so has a loop in a damaged hive.
        if id.len() > MAX_DEVICE_ID.saturating_mul(2) {
            continue;
        }
        for subkey in hive.subkeys(key)?.into_iter().rev() {
            let name = hive.name_text(subkey)?;
            waiting.push((subkey, if id.is_empty() { name } else { format!(r"{id}\{name}") }));
        }
    }
    Ok(entries)
}

fn read(hive: &Hive, key: KeyId, id: &str, entries: &mut Vec<IndexEntry>) -> Result<()> {
    for value in hive.values(key)? {
        let value = value?;
        // The keys of classes have values without data.
        if let Some(found) = Match::parse(&value.data) {
            entries.push(IndexEntry { id: id.to_owned(), inf: value.name_text(), found });
        }
    }
    Ok(())
}
