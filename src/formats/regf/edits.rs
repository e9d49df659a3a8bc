//! Noting edits: how a hive differs from what it was, without comparing all of it.
//!
//! What a later edit overtakes is left out, so that carrying out the list in its order on the hive that was
//! there makes the hive that is. Keys and values are noted; class names, security descriptors and new names
//! are not.

use super::{Hive, KeyId, Value};
use crate::error::Result;
use crate::formats::upcase::upcase;
use std::collections::{HashMap, HashSet};

/// A difference that edits made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The key's path, as [`Hive::path`] gives it.
    pub key: String,
    /// What became of it.
    pub kind: EditKind,
}

/// What became of a key or a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditKind {
    /// The key was made.
    CreateKey,
    /// The key was deleted, with all below it.
    DeleteKey,
    /// The value was made or changed.
    SetValue(Value),
    /// The value of this name was deleted.
    DeleteValue(Vec<u16>),
}

/// A key's path and a value's name in upper case.
type ValuePlace = (String, Vec<u16>);

/// The edits so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Edits {
    /// In their order; `None` where a later one took its place.
    list: Vec<Option<Edit>>,
    /// Where the edit of a value is, and whether the hive had no such value before.
    values: HashMap<ValuePlace, (usize, bool)>,
    /// Keys that were made, and that the hive did not have before.
    created: HashSet<String>,
    /// Keys that were deleted, and that the hive had before.
    deleted: HashSet<String>,
}

impl Edits {
    fn push(&mut self, key: String, kind: EditKind) -> usize {
        self.list.push(Some(Edit { key, kind }));
        self.list.len().saturating_sub(1)
    }

    fn forget(&mut self, at: usize) {
        if let Some(place) = self.list.get_mut(at) {
            *place = None;
        }
    }

    fn create_key(&mut self, key: String) {
        if !self.deleted.contains(&key) {
            self.created.insert(key.clone());
        }
        self.push(key, EditKind::CreateKey);
    }

    fn delete_key(&mut self, key: String) {
        let is_new = self.created.contains(&key);
        let below = format!(r"{key}\");
        let goes = |other: &str| other == key || other.starts_with(&below);
        for place in &mut self.list {
            if place.as_ref().is_some_and(|edit| goes(&edit.key)) {
                *place = None;
            }
        }
        self.values.retain(|(other, _), _| !goes(other));
        self.created.retain(|other| !goes(other));
        self.deleted.retain(|other| !goes(other));
        if !is_new {
            self.deleted.insert(key.clone());
            self.push(key, EditKind::DeleteKey);
        }
    }

    fn value(&mut self, key: String, existed: bool, kind: EditKind) {
        let name = match &kind {
            EditKind::SetValue(value) => value.name.as_slice(),
            EditKind::DeleteValue(name) => name.as_slice(),
            EditKind::CreateKey | EditKind::DeleteKey => &[],
        };
        let place = (key.clone(), name.iter().map(|&unit| upcase(unit)).collect());
        let is_new = match self.values.remove(&place) {
            Some((at, is_new)) => {
                self.forget(at);
                is_new
            }
            None => !existed,
        };
        if is_new && matches!(kind, EditKind::DeleteValue(_)) {
            return;
        }
        let at = self.push(key, kind);
        self.values.insert(place, (at, is_new));
    }
}

impl Hive {
    /// Notes edits from now on, for [`take_edits`](Self::take_edits).
    pub fn note_edits(&mut self) {
        self.edits = Some(Box::default());
    }

    /// What was edited since [`note_edits`](Self::note_edits), which ends here. Empty if it was not called.
    pub fn take_edits(&mut self) -> Vec<Edit> {
        self.edits.take().map(|edits| edits.list.into_iter().flatten().collect()).unwrap_or_default()
    }

    /// The key's path, if edits are noted. A key is deleted after this.
    pub(super) fn noted_path(&self, key: KeyId) -> Result<Option<String>> {
        self.edits.is_some().then(|| self.path(key)).transpose()
    }

    /// Notes a key that was made.
    pub(super) fn note_created(&mut self, key: KeyId) -> Result<()> {
        if let (Some(path), Some(edits)) = (self.noted_path(key)?, self.edits.as_mut()) {
            edits.create_key(path);
        }
        Ok(())
    }

    /// Notes that the key which was at `path` is gone.
    pub(super) fn note_deleted(&mut self, path: Option<String>) {
        if let (Some(path), Some(edits)) = (path, self.edits.as_mut()) {
            edits.delete_key(path);
        }
    }

    /// Notes what became of a value; `existed`: it was there before this edit.
    pub(super) fn note_value(
        &mut self,
        key: KeyId,
        existed: bool,
        kind: impl FnOnce() -> EditKind,
    ) -> Result<()> {
        if let (Some(path), Some(edits)) = (self.noted_path(key)?, self.edits.as_mut()) {
            edits.value(path, existed, kind());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test fails by panicking

    use super::*;
    use crate::formats::regf::{dword, REG_DWORD};

    /// The edits as text: `+key`, `-key`, `+key:value`, `-key:value`.
    fn noted(hive: &mut Hive, change: impl FnOnce(&mut Hive)) -> Vec<String> {
        hive.note_edits();
        change(hive);
        let text = |edit: Edit| match edit.kind {
            EditKind::CreateKey => format!("+{}", edit.key),
            EditKind::DeleteKey => format!("-{}", edit.key),
            EditKind::SetValue(value) => format!("+{}:{}={:?}", edit.key, value.name_text(), value.data),
            EditKind::DeleteValue(name) => format!("-{}:{}", edit.key, String::from_utf16_lossy(&name)),
        };
        hive.take_edits().into_iter().map(text).collect()
    }

    fn set(hive: &mut Hive, path: &str, name: &str, number: u32) {
        let key = hive.create_key(hive.root(), path).unwrap();
        hive.set_value(key, name, REG_DWORD, &dword(number)).unwrap();
    }

    #[test]
    fn what_a_later_edit_overtakes_is_not_noted() {
        let mut hive = Hive::new("TEST", 5, None).unwrap();
        set(&mut hive, r"Old\Below", "there", 1);
        let found = noted(&mut hive, |hive| {
            set(hive, "New", "value", 1);
            set(hive, "New", "VALUE", 2);
            set(hive, "New", "gone", 3);
            let new = hive.require(hive.root(), "New").unwrap();
            hive.delete_value(new, "gone").unwrap();
            set(hive, r"New\Passing", "value", 4);
            let passing = hive.require(new, "Passing").unwrap();
            hive.delete_key(passing, true).unwrap();
            set(hive, r"Old\Below", "there", 1);
        });
        assert_eq!(found, ["+New", "+New:VALUE=[2, 0, 0, 0]"], "what is as it was is no edit either");
        assert!(hive.take_edits().is_empty(), "the noting ended");
    }

    #[test]
    fn a_key_that_was_there_is_deleted_before_it_is_made_anew() {
        let mut hive = Hive::new("TEST", 5, None).unwrap();
        set(&mut hive, r"Old\Below", "there", 1);
        let found = noted(&mut hive, |hive| {
            let below = hive.require(hive.root(), r"Old\Below").unwrap();
            hive.delete_value(below, "there").unwrap();
            let old = hive.require(hive.root(), "Old").unwrap();
            hive.delete_key(old, true).unwrap();
            set(hive, "Old", "other", 2);
        });
        assert_eq!(found, ["-Old", "+Old", "+Old:other=[2, 0, 0, 0]"]);
        let found = noted(&mut hive, |hive| {
            let old = hive.require(hive.root(), "Old").unwrap();
            hive.delete_value(old, "other").unwrap();
            hive.delete_key(old, true).unwrap();
            hive.create_key(hive.root(), "Old").unwrap();
            let old = hive.require(hive.root(), "Old").unwrap();
            hive.delete_key(old, true).unwrap();
        });
        assert_eq!(found, ["-Old"]);
    }
}
