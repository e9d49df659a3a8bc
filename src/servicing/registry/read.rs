//! Reading keys and values.

use super::offline::{join, Located, Registry};
use super::report::{class_text, HiveInfo, KeyInfo, UnreadableHive, ValueContent, ValueInfo};
use crate::error::{Error, Result};
use crate::formats::regf::KeyId;

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Registry<'_> {
    /// The hives that the image has: the machine's, then those of users by folder. None is opened. A
    /// single hive has no place to tell.
    pub fn hives(&self) -> Result<Vec<HiveInfo>> {
        let Some(mounts) = self.mounts() else { return Ok(Vec::new()) };
        let mut hives = Vec::new();
        for mount in mounts.all()? {
            if let Some(item) = mounts.view().item(&mount.path)? {
                let (length, last_write_time) = (item.length, item.last_write_time);
                hives.push(HiveInfo { key: mount.name, hive: item.path, length, last_write_time });
            }
        }
        Ok(hives)
    }

    /// A key.
    ///
    /// # Errors
    /// [`Error::RegistryNotFound`], and as [`Registry::locate`].
    pub fn key(&mut self, name: &str) -> Result<KeyInfo> {
        let located = self.locate(name)?;
        let key = self.require(&located)?;
        self.describe(&located, key, self.full_name(&located))
    }

    /// Gives `visit` a key and those below it, `levels` deep: 0 is the key alone. Each comes before its
    /// subkeys, which come in the hive's order: by name.
    pub fn keys(
        &mut self,
        name: &str,
        levels: u32,
        visit: &mut dyn FnMut(KeyInfo) -> Result<()>,
    ) -> Result<()> {
        let located = self.locate(name)?;
        let hive = self.hive(&located)?;
        let mut stack = vec![(self.require(&located)?, self.full_name(&located), 0)];
        while let Some((key, name, level)) = stack.pop() {
            let info = self.describe(&located, key, name.clone())?;
            if level < levels && info.sub_key_count > 0 {
                for subkey in self.blame(&located, hive.subkeys(key))?.into_iter().rev() {
                    let below = join(&name, &self.blame(&located, hive.name(subkey))?);
                    stack.push((subkey, below, level.saturating_add(1)));
                }
            }
            visit(info)?;
        }
        Ok(())
    }

    /// Gives `visit` the root key of every hive, and those below it, `levels` deep. A hive that cannot be
    /// read does not hide the others: it is in the answer. Of a single hive it is the root.
    pub fn all_keys(
        &mut self,
        levels: u32,
        visit: &mut dyn FnMut(KeyInfo) -> Result<()>,
    ) -> Result<Vec<UnreadableHive>> {
        if self.mounts().is_none() {
            return self.keys(r"\", levels, visit).map(|()| Vec::new());
        }
        let mut unreadable = Vec::new();
        for HiveInfo { key, hive, .. } in self.hives()? {
            if let Err(error) = self.locate(&key) {
                unreadable.push(UnreadableHive { key, hive, message: error.to_string() });
                continue;
            }
            self.keys(&key, levels, visit)?;
        }
        Ok(unreadable)
    }

    /// The values of a key, or the one of that name; the empty name is the default value.
    ///
    /// # Errors
    /// [`Error::RegistryNotFound`]; [`Error::InvalidArgument`] for values of SAM and SECURITY without
    /// [`Access::force`](super::Access::force).
    pub fn values(&mut self, name: &str, value: Option<&str>) -> Result<Vec<ValueInfo>> {
        let located = self.locate(name)?;
        let key = self.require(&located)?;
        self.check_secret(&located)?;
        let hive = self.hive(&located)?;
        let name = self.full_name(&located);
        let found = match value {
            None => self.blame(&located, hive.values(key)?.collect::<Result<Vec<_>>>())?,
            Some(value) => match self.blame(&located, hive.value(key, value))? {
                Some(found) => vec![found],
                None => {
                    let path = format!(r"{name}\{value}");
                    return Err(Error::RegistryNotFound { what: "value", path });
                }
            },
        };
        let info = |value: crate::formats::regf::Value| ValueInfo {
            key: name.clone(),
            name: value.name_text(),
            content: ValueContent::of(&value),
        };
        Ok(found.into_iter().map(info).collect())
    }

    /// Everything about a key.
    pub(super) fn describe(&self, located: &Located, key: KeyId, full_name: String) -> Result<KeyInfo> {
        let hive = self.hive(located)?;
        let read = || -> Result<KeyInfo> {
            let mut values: u64 = 0;
            for value in hive.values(key)? {
                value?;
                values = values.saturating_add(1);
            }
            let last = full_name.rsplit('\\').next().unwrap_or_default();
            Ok(KeyInfo {
                name: if hive.parent(key)?.is_none() { last.to_owned() } else { hive.name_text(key)? },
                sub_key_count: count(hive.subkeys(key)?.len()),
                value_count: values,
                last_write_time: hive.last_written(key)?,
                class_name: class_text(hive.class_name(key)?),
                hive: self.mount(located).map(|mount| mount.path.to_string()),
                key: full_name.clone(),
            })
        };
        self.blame(located, read())
    }
}
