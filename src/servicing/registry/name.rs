//! Names of keys: `HKLM\SOFTWARE\…`, `HKLM:\…`, `HKEY_LOCAL_MACHINE\…`, and which hive each is in.
//!
//! | Name | Hive |
//! |---|---|
//! | `HKLM\SYSTEM`, `SOFTWARE`, `DRIVERS`, `COMPONENTS`, `SAM`, `SECURITY` | `System32\config\<name>` |
//! | `HKU\.DEFAULT`, `HKU\S-1-5-18` | `System32\config\DEFAULT` |
//! | `HKU\S-1-5-19`, `HKU\S-1-5-20` | `ServiceProfiles\LocalService`, `NetworkService` |
//! | `HKU\S-1-5-21-…` | the folder that the image's list of profiles has for the account |
//! | `HKU\<folder>`, such as `HKU\Default` | `\Users\<folder>\NTUSER.DAT` |
//! | either with `_Classes` behind it | its `AppData\Local\Microsoft\Windows\UsrClass.dat` |
//! | `HKCR` | `HKLM\SOFTWARE\Classes` |
//! | `HKCC` | `HKLM\SYSTEM\CurrentControlSet\Hardware Profiles\0001` |
//! | `HKCU` | the user that the caller names |
//!
//! Reference: Win32 "Registry Hives", "Predefined Keys"; profiles: "About User Profiles".

use super::profile;
use crate::error::{Error, Result};
use crate::formats::reg::{split_root, Root};
use crate::formats::upcase;
use crate::image::{ImagePath, View};
use crate::servicing::windows::hive_path;

/// The hives of `HKLM` that are files.
const MACHINE: [&str; 6] = ["SYSTEM", "SOFTWARE", "DRIVERS", "COMPONENTS", "SAM", "SECURITY"];
/// Hives whose values are secrets.
const SECRET: [&str; 2] = ["SAM", "SECURITY"];
const PROFILE: &str = "NTUSER.DAT";
const CLASSES: &str = r"AppData\Local\Microsoft\Windows\UsrClass.dat";
const CLASSES_SUFFIX: &str = "_Classes";

/// A hive and where its keys appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The full name of its root key, without a `\` at the end.
    pub name: String,
    /// The file in the image.
    pub path: ImagePath,
    /// Its values are secrets.
    pub secret: bool,
    /// It has control sets.
    pub system: bool,
}

/// The parts of a name between its backslashes; empty ones do not count.
pub fn parts(name: &[u16]) -> Vec<Vec<u16>> {
    let is_separator = |unit: &u16| *unit == u16::from(b'\\');
    name.split(is_separator).filter(|part| !part.is_empty()).map(<[u16]>::to_vec).collect()
}

/// Whether two parts of names are the same.
pub fn is(part: &[u16], text: &str) -> bool {
    upcase::equal(part, &text.encode_utf16().collect::<Vec<u16>>())
}

fn refuse<T>(name: &[u16], reason: &'static str) -> Result<T> {
    Err(Error::InvalidName { what: "registry key", name: String::from_utf16_lossy(name), reason })
}

/// Where the hives of an image are.
#[derive(Debug, Clone)]
pub struct Mounts<'v> {
    view: View<'v>,
    windows: ImagePath,
    current_user: Option<String>,
}

impl<'v> Mounts<'v> {
    /// `windows` is the Windows directory, `current_user` what stands for `HKCU` below `HKU`.
    pub fn new(view: View<'v>, windows: ImagePath, current_user: Option<String>) -> Self {
        Self { view, windows, current_user }
    }

    /// The image.
    pub fn view(&self) -> View<'v> {
        self.view
    }

    /// The hive that a full name leads to, and the parts of the name below its root.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for a name that leads to no hive. Whether the hive is there is not looked at.
    pub fn locate(&self, name: &[u16]) -> Result<(Mount, Vec<Vec<u16>>)> {
        let Some((root, path)) = split_root(name) else {
            return refuse(name, "it starts with none of HKLM, HKU, HKCU, HKCR and HKCC");
        };
        let mut path = parts(path);
        let below = |start: &[&str], path: Vec<Vec<u16>>| -> Vec<Vec<u16>> {
            start.iter().map(|part| part.encode_utf16().collect()).chain(path).collect()
        };
        match root {
            Root::LocalMachine => {}
            Root::ClassesRoot => path = below(&["SOFTWARE", "Classes"], path),
            Root::CurrentConfig => {
                path = below(&["SYSTEM", "CurrentControlSet", "Hardware Profiles", "0001"], path);
            }
            Root::CurrentUser => match &self.current_user {
                Some(user) => return self.user(name, below(&[user], path)),
                None => {
                    return refuse(name, "an offline image has no current user; name one: HKU\\Default");
                }
            },
            Root::Users => return self.user(name, path),
        }
        let known = path.first().and_then(|part| MACHINE.into_iter().find(|hive| is(part, hive)));
        let Some(hive) = known else {
            return refuse(name, "HKLM has SYSTEM, SOFTWARE, DRIVERS, COMPONENTS, SAM and SECURITY");
        };
        let mount = self.machine(hive)?;
        path.remove(0);
        Ok((mount, path))
    }

    fn machine(&self, hive: &str) -> Result<Mount> {
        Ok(Mount {
            name: format!(r"{}\{hive}", Root::LocalMachine.long_name()),
            path: self.stored(hive_path(&self.windows, hive)?)?,
            secret: SECRET.contains(&hive),
            system: hive == "SYSTEM",
        })
    }

    fn user(&self, name: &[u16], mut path: Vec<Vec<u16>>) -> Result<(Mount, Vec<Vec<u16>>)> {
        if path.is_empty() {
            return refuse(name, "HKU has .DEFAULT and the folders of \\Users, such as HKU\\Default");
        }
        let user = path.remove(0);
        Ok((self.user_mount(name, &user)?, path))
    }

    fn user_mount(&self, name: &[u16], user: &[u16]) -> Result<Mount> {
        let mut shown = String::from_utf16_lossy(user);
        let path = if is(user, ".DEFAULT") || is(user, "S-1-5-18") {
            hive_path(&self.windows, "DEFAULT")?
        } else if is(user, "S-1-5-19") {
            self.windows.join(r"ServiceProfiles\LocalService")?.join(PROFILE)?
        } else if is(user, "S-1-5-20") {
            self.windows.join(r"ServiceProfiles\NetworkService")?.join(PROFILE)?
        } else {
            let suffix: Vec<u16> = CLASSES_SUFFIX.encode_utf16().collect();
            let split = user.len().checked_sub(suffix.len()).and_then(|at| user.split_at_checked(at));
            let (folder, file, suffix) = match split {
                Some((folder, end)) if !folder.is_empty() && upcase::equal(end, &suffix) => {
                    (folder, CLASSES, CLASSES_SUFFIX)
                }
                _ => (user, PROFILE, ""),
            };
            if folder.contains(&u16::from(b'/')) {
                return refuse(name, "a profile's folder has no '/' in its name");
            }
            let account = String::from_utf16_lossy(folder);
            let listed = match profile::is_account(&account) {
                true => profile::folder(self.view, &hive_path(&self.windows, "SOFTWARE")?, &account)?,
                false => None,
            };
            match listed {
                Some(listed) => listed.join(file)?,
                None => {
                    let folder = self.stored(self.profiles()?.join_utf16(folder)?)?;
                    shown = String::from_utf16_lossy(folder.file_name().unwrap_or_default()) + suffix;
                    folder.join(file)?
                }
            }
        };
        let name = format!(r"{}\{shown}", Root::Users.long_name());
        Ok(Mount { name, path: self.stored(path)?, secret: false, system: false })
    }

    /// A path in the case that the image has it: one file, one path.
    fn stored(&self, path: ImagePath) -> Result<ImagePath> {
        match self.view.lookup(&path)? {
            Some(item) => ImagePath::from_utf16(&self.view.tree().path_of(item)),
            None => Ok(path),
        }
    }

    /// The directory of the profiles.
    fn profiles(&self) -> Result<ImagePath> {
        let usual = ImagePath::parse(r"\Users")?;
        let old = ImagePath::parse(r"\Documents and Settings")?;
        Ok(if !self.view.exists(&usual)? && self.view.exists(&old)? { old } else { usual })
    }

    /// All hives that the image has, those of the machine first, then those of users by folder.
    pub fn all(&self) -> Result<Vec<Mount>> {
        let mut mounts = Vec::new();
        for hive in MACHINE {
            mounts.push(self.machine(hive)?);
        }
        mounts.push(self.user_mount(&[], &".DEFAULT".encode_utf16().collect::<Vec<u16>>())?);
        let profiles = self.profiles()?;
        let folders = match self.view.directory(&profiles) {
            Ok(_) => self.view.names(&profiles)?,
            Err(_) => Vec::new(),
        };
        for folder in folders {
            let is_directory = self.view.directory(&profiles.join_utf16(&folder)?).is_ok();
            if is_directory {
                // What lies behind a junction is nothing of the image.
                mounts.extend(self.user_mount(&[], &folder).ok());
                let classes: Vec<u16> = folder.into_iter().chain(CLASSES_SUFFIX.encode_utf16()).collect();
                mounts.extend(self.user_mount(&[], &classes).ok());
            }
        }
        mounts.retain(|mount| self.view.exists(&mount.path).unwrap_or(false));
        Ok(mounts)
    }
}
