//! Product keys that everybody knows: those by which Setup chooses an edition, and those of KMS clients.
//!
//! Reference: data/unattend/keys.tsv, each row with its source.

use super::table::Row;

/// A published key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownKey {
    /// The key, in capitals.
    pub key: &'static str,
    /// Whose key it is, as its source names it.
    pub product: &'static str,
    /// The edition that it is for, as Windows names it: `Professional`.
    pub edition: &'static str,
    /// The first build that takes it.
    pub first: u32,
    /// The last build that takes it; `None`: not known to be gone.
    pub last: Option<u32>,
    /// Where the key was read.
    pub source: &'static str,
}

impl KnownKey {
    pub(super) fn parse(row: Row) -> Option<Self> {
        Some(Self {
            key: row.field(0),
            product: row.field(1),
            edition: row.field(2),
            first: row.field(3).parse().ok()?,
            last: row.field(4).parse().ok(),
            source: row.field(5),
        })
    }

    /// Whether it is a key for an edition (`EditionID`) of a build; a build that is not known is no reason against.
    ///
    /// Image files and DISM call Server Core `ServerStandardCor`, its registry `ServerStandard`.
    pub fn is_for(&self, edition: &str, build: Option<u32>) -> bool {
        let in_range = |build: u32| build >= self.first && self.last.is_none_or(|last| build <= last);
        plain(edition) == plain(self.edition) && build.is_none_or(in_range)
    }
}

/// An edition without what says that it is Server Core.
fn plain(edition: &str) -> String {
    let name = edition.to_ascii_lowercase();
    match name.starts_with("server") {
        true => name.strip_suffix("core").or_else(|| name.strip_suffix("cor")).unwrap_or(&name).to_owned(),
        false => name,
    }
}
