//! The registry as one place: hives that are opened when a name leads to them, and the keys in them.

use super::name::{is, parts, Mount, Mounts};
use super::report::RecoveryInfo;
use crate::error::{Error, InFile, Result};
use crate::formats::regf::{Hive, KeyId};
use crate::image::identity::control_set;
use crate::image::{ImageDetails, View};
use crate::servicing::hives::{ImageHive, Opening};
use crate::servicing::windows;

/// How the registry is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Values of SAM and SECURITY may be read, and both changed. A dirty hive whose logs are of no use
    /// may be changed, which loses what only they hold.
    pub force: bool,
    /// The profile that `HKCU` stands for, as it is named below `HKU`.
    pub current_user: Option<String>,
}

/// The registry of an image, or one hive.
#[derive(Debug)]
pub struct Registry<'v> {
    source: Source<'v>,
    access: Access,
    opening: Opening,
    /// Of a hive file that was dirty.
    pub(super) recovery: Option<RecoveryInfo>,
    pub(super) discarded: bool,
}

#[derive(Debug)]
enum Source<'v> {
    Image { mounts: Mounts<'v>, open: Vec<(Mount, ImageHive)> },
    Hive(&'v mut Hive),
}

/// A key's name as it leads into a hive; the key need not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Which of the open hives.
    hive: usize,
    /// The names from the root down.
    pub(super) path: Vec<Vec<u16>>,
    /// The name was `CurrentControlSet` itself.
    pub(super) is_link: bool,
}

impl<'v> Registry<'v> {
    /// The registry of an image, to be looked at. Hives are opened when they are needed, and of clean ones
    /// only parts are read. A dirty one is as its logs make it, or, if they are of no use, as it is.
    pub fn of_image(view: View<'v>, details: &ImageDetails, access: Access) -> Result<Self> {
        Self::opened_for(Opening::Look, view, details, access)
    }

    /// The registry of an image, for what it is opened.
    pub(super) fn opened_for(
        opening: Opening,
        view: View<'v>,
        details: &ImageDetails,
        access: Access,
    ) -> Result<Self> {
        let windows = windows::directory(&view, details)?;
        let mounts = Mounts::new(view, windows, access.current_user.clone());
        Ok(Self {
            source: Source::Image { mounts, open: Vec::new() },
            access,
            opening,
            recovery: None,
            discarded: false,
        })
    }

    /// One hive: names of keys start at its root. Nothing in it counts as a secret.
    pub fn of_hive(hive: &'v mut Hive) -> Self {
        let access = Access { force: true, current_user: None };
        Self { source: Source::Hive(hive), access, opening: Opening::Look, recovery: None, discarded: false }
    }

    /// The hives that were opened and found dirty, and what their logs did.
    pub fn recoveries(&self) -> Vec<RecoveryInfo> {
        match &self.source {
            Source::Hive(_) => self.recovery.iter().cloned().collect(),
            Source::Image { open, .. } => open
                .iter()
                .filter_map(|(mount, file)| Some(RecoveryInfo::of(mount.path.to_string(), file.recovery()?)))
                .collect(),
        }
    }

    /// The hives of an image that were opened, to be staged.
    pub(super) fn into_hives(self) -> Vec<ImageHive> {
        match self.source {
            Source::Image { open, .. } => open.into_iter().map(|(_, file)| file).collect(),
            Source::Hive(_) => Vec::new(),
        }
    }

    /// Done without edits: hives that are all in memory are kept for the next use.
    pub(super) fn close(self, view: &View<'_>) {
        self.into_hives().into_iter().for_each(|hive| hive.close(view));
    }

    /// Where the hives of the image are; `None` for a single hive.
    pub(super) fn mounts(&self) -> Option<&Mounts<'v>> {
        match &self.source {
            Source::Image { mounts, .. } => Some(mounts),
            Source::Hive(_) => None,
        }
    }

    /// What was chosen.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The hive that a name leads to.
    pub(super) fn hive(&self, located: &Located) -> Result<&Hive> {
        match &self.source {
            Source::Hive(hive) => Ok(hive),
            Source::Image { open, .. } => match open.get(located.hive) {
                Some((_, file)) => Ok(&file.hive),
                None => Err(lost()),
            },
        }
    }

    pub(super) fn hive_mut(&mut self, located: &Located) -> Result<&mut Hive> {
        match &mut self.source {
            Source::Hive(hive) => Ok(hive),
            Source::Image { open, .. } => match open.get_mut(located.hive) {
                Some((_, file)) => Ok(&mut file.hive),
                None => Err(lost()),
            },
        }
    }

    /// The mount of the hive; `None` for a single hive.
    pub(super) fn mount(&self, located: &Located) -> Option<&Mount> {
        match &self.source {
            Source::Hive(_) => None,
            Source::Image { open, .. } => open.get(located.hive).map(|(mount, _)| mount),
        }
    }

    /// Puts the hive's path into an error.
    pub(super) fn blame<T>(&self, located: &Located, result: Result<T>) -> Result<T> {
        match self.mount(located) {
            // What the caller asked for is told with the key's name instead.
            Some(_) if matches!(&result, Err(Error::RegistryNotFound { .. })) => result,
            Some(mount) => result.in_file(mount.path.to_string()),
            None => result,
        }
    }

    /// Finds the hive of a key's name, and opens it.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for a name that leads to no hive, [`Error::ItemNotFound`] for a hive that
    /// the image does not have, errors of opening it.
    pub fn locate(&mut self, name: &str) -> Result<Located> {
        self.locate_units(&name.encode_utf16().collect::<Vec<u16>>())
    }

    /// The same by UTF-16 name.
    pub fn locate_units(&mut self, name: &[u16]) -> Result<Located> {
        let (hive, path, has_sets) = match &mut self.source {
            Source::Hive(hive) => {
                let path = parts(name);
                // A SYSTEM hive, unless somebody put a key where the link would be.
                let has_sets = hive.find(hive.root(), "Select")?.is_some()
                    && hive.find(hive.root(), "CurrentControlSet")?.is_none();
                (0, path, has_sets)
            }
            Source::Image { mounts, open } => {
                let (mount, path) = mounts.locate(name)?;
                let known = open.iter().position(|(known, _)| known.path == mount.path);
                let has_sets = mount.system;
                let hive = match known {
                    Some(hive) => hive,
                    None => {
                        let Some(file) = ImageHive::open_for(&mounts.view(), &mount.path, self.opening)?
                        else {
                            return Err(Error::ItemNotFound { path: mount.path.to_string() });
                        };
                        open.push((mount, file));
                        open.len().saturating_sub(1)
                    }
                };
                (hive, path, has_sets)
            }
        };
        let mut located = Located { hive, path, is_link: false };
        if has_sets && located.path.first().is_some_and(|part| is(part, "CurrentControlSet")) {
            let hive = self.hive(&located)?;
            let Some(set) = self.blame(&located, control_set(hive))? else {
                return Err(Error::RegistryNotFound { what: "key", path: String::from_utf16_lossy(name) });
            };
            let set = hive.name(set)?;
            located.is_link = located.path.len() == 1;
            if let Some(first) = located.path.first_mut() {
                *first = set;
            }
        }
        let stored = self.stored_names(&located);
        located.path = self.blame(&located, stored)?;
        Ok(located)
    }

    /// The names as the hive has them, as far as the keys are there.
    fn stored_names(&self, located: &Located) -> Result<Vec<Vec<u16>>> {
        let hive = self.hive(located)?;
        let mut path = located.path.clone();
        let mut key = hive.root();
        for part in &mut path {
            let Some(subkey) = hive.find_subkey(key, part)? else { break };
            *part = hive.name(subkey)?;
            key = subkey;
        }
        Ok(path)
    }

    /// The full name of a key.
    pub fn full_name(&self, located: &Located) -> String {
        let mut name = self.mount(located).map(|mount| mount.name.clone()).unwrap_or_default();
        for part in &located.path {
            name = join(&name, part);
        }
        if name.is_empty() {
            name.push('\\');
        }
        name
    }

    /// The key, if it is there.
    pub(super) fn find(&self, located: &Located) -> Result<Option<KeyId>> {
        let hive = self.hive(located)?;
        let mut key = hive.root();
        for part in &located.path {
            match self.blame(located, hive.find_subkey(key, part))? {
                Some(subkey) => key = subkey,
                None => return Ok(None),
            }
        }
        Ok(Some(key))
    }

    /// The key, which must be there.
    pub(super) fn require(&self, located: &Located) -> Result<KeyId> {
        let missing = || Error::RegistryNotFound { what: "key", path: self.full_name(located) };
        self.find(located)?.ok_or_else(missing)
    }

    /// Refuses values of a hive that holds secrets, and changes to it, unless it is forced.
    pub(super) fn check_secret(&self, located: &Located) -> Result<()> {
        match self.mount(located) {
            Some(mount) if mount.secret && !self.access.force => Err(Error::InvalidArgument {
                parameter: "key",
                reason: format!(
                    "{} holds secrets: its values are read and changed only by force",
                    mount.name
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Makes an edit end without changing the session: its hives are not staged.
    pub fn discard(&mut self) {
        self.discarded = true;
    }
}

/// The name of a subkey. Unpaired surrogates become U+FFFD.
pub(super) fn join(key: &str, name: &[u16]) -> String {
    let name = String::from_utf16_lossy(name);
    match key {
        r"\" => format!(r"\{name}"),
        key => format!(r"{key}\{name}"),
    }
}

fn lost() -> Error {
    Error::StateDamaged { reason: "a key of another registry was asked for".to_owned() }
}
