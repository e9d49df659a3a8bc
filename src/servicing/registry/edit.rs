//! Creating, setting and deleting.

use super::offline::{Located, Registry};
use super::report::{DeleteReport, KeyInfo, ValueContent, ValueInfo};
use crate::error::{Error, Result};
use crate::formats::regf::{KeyId, Value};

impl Registry<'_> {
    /// Creates a key. `force`: with those above it that are missing, and nothing is done if it is there.
    ///
    /// # Errors
    /// [`Error::ItemExists`] and, for the key above, [`Error::RegistryNotFound`], unless `force`.
    pub fn create_key(&mut self, name: &str, force: bool) -> Result<KeyInfo> {
        let located = self.locate(name)?;
        self.check_secret(&located)?;
        if !force {
            if self.find(&located)?.is_some() {
                return Err(Error::ItemExists { path: self.full_name(&located) });
            }
            self.require_parent(&located)?;
        }
        let (key, _) = self.create(&located)?;
        self.describe(&located, key, self.full_name(&located))
    }

    /// The key above, which must be there.
    fn require_parent(&self, located: &Located) -> Result<KeyId> {
        let mut parent = located.clone();
        parent.path.pop();
        self.require(&parent)
    }

    /// The key, created with those above it; and how many were.
    pub(super) fn create(&mut self, located: &Located) -> Result<(KeyId, u64)> {
        let (mut key, mut created) = (self.hive(located)?.root(), 0_u64);
        for part in &located.path {
            let found = self.blame(located, self.hive(located)?.find_subkey(key, part))?;
            key = match found {
                Some(subkey) => subkey,
                None => {
                    created = created.saturating_add(1);
                    let made = self.hive_mut(located)?.create_subkey(key, part);
                    self.blame(located, made)?
                }
            };
        }
        Ok((key, created))
    }

    /// Sets a value; the empty name is the default value. `kind` is the type number, and `data` are as
    /// they are stored ([`ValueData::encode`](super::ValueData::encode)). The key is created when only it is
    /// missing, with `force` also those above it.
    ///
    /// # Errors
    /// [`Error::RegistryNotFound`] for the key above unless `force`; limits of names and sizes.
    pub fn set_value(
        &mut self,
        name: &str,
        value: &str,
        kind: u32,
        data: &[u8],
        force: bool,
    ) -> Result<ValueInfo> {
        let located = self.locate(name)?;
        self.check_secret(&located)?;
        if !force && self.find(&located)?.is_none() {
            self.require_parent(&located)?;
        }
        let (key, _) = self.create(&located)?;
        let set = self.hive_mut(&located)?.set_value(key, value, kind, data);
        self.blame(&located, set)?;
        let stored = Value::new(value, kind, data.to_vec());
        Ok(ValueInfo {
            key: self.full_name(&located),
            name: value.to_owned(),
            content: ValueContent::of(&stored),
        })
    }

    /// Deletes a key, with all below it if `recurse`.
    ///
    /// # Errors
    /// [`Error::RegistryNotFound`]; [`Error::InvalidArgument`] for the root of a hive, for
    /// `CurrentControlSet` itself, which is a link, and for a key with subkeys unless `recurse`.
    pub fn delete_key(&mut self, name: &str, recurse: bool) -> Result<DeleteReport> {
        let located = self.locate(name)?;
        self.check_secret(&located)?;
        let key = self.require(&located)?;
        let mut keys = 0_u64;
        let mut stack = vec![key];
        while let Some(key) = stack.pop() {
            keys = keys.saturating_add(1);
            stack.extend(self.blame(&located, self.hive(&located)?.subkeys(key))?);
        }
        self.delete(&located, key, recurse)?;
        Ok(DeleteReport { key: self.full_name(&located), keys })
    }

    pub(super) fn delete(&mut self, located: &Located, key: KeyId, recurse: bool) -> Result<()> {
        if located.is_link {
            let set = self.full_name(located);
            let reason = format!("CurrentControlSet is a link to {set}; name that to delete it");
            return Err(Error::InvalidArgument { parameter: "key", reason });
        }
        let deleted = self.hive_mut(located)?.delete_key(key, recurse);
        self.blame(located, deleted)
    }

    /// Deletes a value; the empty name is the default value.
    ///
    /// # Errors
    /// [`Error::RegistryNotFound`] for the key or the value.
    pub fn delete_value(&mut self, name: &str, value: &str) -> Result<()> {
        let located = self.locate(name)?;
        self.check_secret(&located)?;
        let key = self.require(&located)?;
        let deleted = self.hive_mut(&located)?.delete_value(key, value);
        match self.blame(&located, deleted)? {
            true => Ok(()),
            false => {
                let path = format!(r"{}\{value}", self.full_name(&located));
                Err(Error::RegistryNotFound { what: "value", path })
            }
        }
    }
}
