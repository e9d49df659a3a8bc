//! The image that packages are added to: its hives, what its driver database knows, which names are free.
//!
//! Everything is read once and changed in memory; [`TargetImage::stage`] puts the hives into the
//! transaction at the end, so that one bad package leaves nothing behind.

use super::database::classes::{BootClasses, DatabaseHive};
use super::database::oem_map::{number_of, OemInfMap};
use super::database::{self, KnownPackage, Record};
use super::remove::withdraw;
use super::store::{FILE_REPOSITORY, INF_DIRECTORY};
use crate::error::{Error, InFile, Result};
use crate::formats::inf::{Guid, Inf, ParseOptions, Target, SIZE_LIMIT};
use crate::formats::regf::{dword, Edit, Hive, KeyId, REG_DWORD};
use crate::image::{ImageDetails, ImagePath, Transaction, View};
use crate::progress::Observer;
use crate::servicing::hives::{ImageHive, Opening};
use crate::servicing::windows::{hive_path, WindowsImage};
use std::cell::RefCell;
use std::collections::HashMap;

/// First version whose registry holds the driver database: Windows 8.
const FIRST_WITH_DATABASE: (u32, u32) = (6, 2);

/// INFs of the image that are kept for the packages of one call.
const INBOX_LIMIT: usize = 256;

/// The registry and the driver store of an image.
#[derive(Debug)]
pub struct TargetImage {
    /// The Windows directory.
    pub windows: ImagePath,
    /// What packages must be for.
    pub target: Target,
    /// What the text of INFs means to the image.
    pub inf_text: ParseOptions,
    /// It is a Windows that is started from memory and never set up.
    pub is_windows_pe: bool,
    /// The registry has a driver database, or should have.
    pub has_database: bool,
    system: ImageHive,
    drivers: Option<ImageHive>,
    software: Option<ImageHive>,
    classes: BootClasses,
    oem_map: OemInfMap,
    /// Whether edits of the hives are noted.
    noting: bool,
    /// INFs of the image that were read, by their names in lower case.
    inbox: RefCell<HashMap<String, Inf>>,
}

/// The edits of one hive.
#[derive(Debug)]
pub struct HiveEdits {
    /// The full name of the hive's root: `HKEY_LOCAL_MACHINE\SYSTEM`.
    pub root: &'static str,
    /// What was edited.
    pub edits: Vec<Edit>,
}

impl TargetImage {
    /// Opens the image's hives.
    ///
    /// # Errors
    /// [`Error::NotServiceable`] for images without a SYSTEM hive, and for Windows before 8, whose driver
    /// database is no part of the registry; [`Error::HiveDirty`] with the hive's path.
    pub fn open(view: &View<'_>, details: &ImageDetails) -> Result<Self> {
        let opened = Self::open_any(view, details)?;
        check_version(&opened.target)
            .or_else(|error| if opened.has_database { Ok(()) } else { Err(error) })?;
        Ok(opened)
    }

    /// As [`Self::open`], also of an image whose database is no part of the registry: nothing can be recorded in
    /// that; see [`Self::has_database`].
    pub fn open_any(view: &View<'_>, details: &ImageDetails) -> Result<Self> {
        let WindowsImage { directory, target, inf_text, system } = WindowsImage::open(view, details)?;
        let has_database = database::find(&system.hive)?.is_some() || check_version(&target).is_ok();
        let installation = details.installation_type.as_deref().unwrap_or_default();
        let is_windows_pe = installation.eq_ignore_ascii_case("WindowsPE");
        let drivers = ImageHive::open(view, &hive_path(&directory, "DRIVERS")?)?;
        let inbox = database::packages(&system.hive).in_file(system.path().to_string())?;
        let inbox = inbox.into_iter().filter_map(|package| package.version);
        let inbox = inbox.filter(|version| version.inbox).map(|version| version.class_guid);
        let classes = BootClasses::new(inbox);
        let oem_map = database::oem_map(&system.hive)?;
        let (windows, software, noting) = (directory, None, false);
        Ok(Self {
            windows,
            target,
            inf_text,
            is_windows_pe,
            has_database,
            system,
            drivers,
            software,
            classes,
            oem_map,
            noting,
            inbox: RefCell::default(),
        })
    }

    /// Whether packages of the class may be needed to boot.
    pub fn is_boot_critical(&self, class: Guid) -> bool {
        self.classes.contains(class)
    }

    /// The package of that label, in whichever hive.
    pub fn known(&self, label: &str) -> Result<Option<KnownPackage>> {
        for hive in self.databases() {
            if let Some(package) = database::package(&hive.hive, label).in_file(hive.path().to_string())? {
                return Ok(Some(package));
            }
        }
        Ok(None)
    }

    fn databases(&self) -> impl Iterator<Item = &ImageHive> {
        std::iter::once(&self.system).chain(&self.drivers)
    }

    /// The lowest `oemN.inf` that neither the map, nor a hive, nor a file of the image uses.
    pub fn free_number(&self, view: &View<'_>) -> Result<u32> {
        let mut failure = None;
        let number = self.oem_map.lowest_free(|number| match self.is_used(view, number) {
            Ok(used) => used,
            Err(error) => {
                failure = Some(error);
                false
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
        number.ok_or(Error::LimitExceeded {
            what: "the number of third-party drivers",
            limit: 0xFFFF,
            found: 0x1_0000,
        })
    }

    fn is_used(&self, view: &View<'_>, number: u32) -> Result<bool> {
        let name = format!("oem{number}.inf");
        for hive in self.databases() {
            if database::is_published(&hive.hive, &name)? {
                return Ok(true);
            }
        }
        view.exists(&self.windows.join(INF_DIRECTORY)?.join(&name)?)
    }

    /// The folder of a package in the driver store.
    pub fn store_folder(&self, label: &str) -> Result<ImagePath> {
        self.windows.join(FILE_REPOSITORY)?.join(label)
    }

    /// An INF of the image itself, read when first asked for: many packages include the same few.
    pub fn inbox_inf(&self, view: &View<'_>, name: &str) -> Result<Option<Inf>> {
        // What `Include` names is a file name, never a path.
        if name.contains(['\\', '/', ':']) {
            return Ok(None);
        }
        let key = name.to_lowercase();
        if let Some(known) = self.inbox.borrow().get(&key) {
            return Ok(Some(known.clone()));
        }
        let path = self.windows.join(INF_DIRECTORY)?.join(name)?;
        if !view.exists(&path)? {
            return Ok(None);
        }
        let bytes = view.read_file(&path, u64::try_from(SIZE_LIMIT).unwrap_or(u64::MAX))?;
        let inf = Inf::parse_with(&bytes, &self.inf_text).in_file(path.to_string())?;
        let mut inbox = self.inbox.borrow_mut();
        if inbox.len() < INBOX_LIMIT {
            inbox.insert(key, inf.clone());
        }
        Ok(Some(inf))
    }

    /// The hive that records packages of a class: images without a DRIVERS hive have all in SYSTEM.
    pub fn hive_for(&self, class: Guid) -> DatabaseHive {
        match self.drivers {
            Some(_) => self.classes.hive_for(class),
            None => DatabaseHive::System,
        }
    }

    /// Records a package, and takes its published name. One that is to be found before user mode starts is
    /// recorded in SYSTEM, whatever its class.
    pub fn record(&mut self, record: &Record, number: u32, before_user_mode: bool) -> Result<()> {
        if database::find(&self.system.hive)?.is_none() {
            make_database(&mut self.system.hive, &self.target)?;
        }
        let hive = match (self.hive_for(record.version.class_guid), self.drivers.as_mut()) {
            (DatabaseHive::Drivers, Some(drivers)) if !before_user_mode => drivers,
            _ => &mut self.system,
        };
        let path = hive.path().to_string();
        database::write(&mut hive.hive, record).in_file(path)?;
        self.oem_map.take(number);
        database::set_oem_map(&mut self.system.hive, &self.oem_map)
    }

    /// Deletes the record of a package, and gives its published name back.
    pub fn forget(&mut self, label: &str, published: &str) -> Result<()> {
        for hive in std::iter::once(&mut self.system).chain(self.drivers.as_mut()) {
            let path = hive.path().to_string();
            withdraw::database(&mut hive.hive, label, published).in_file(path)?;
        }
        if let Some(number) = number_of(published) {
            self.oem_map.give_back(number);
        }
        database::set_oem_map(&mut self.system.hive, &self.oem_map)
    }

    /// The SYSTEM hive.
    pub fn system(&mut self) -> &mut Hive {
        &mut self.system.hive
    }

    /// The SOFTWARE hive to be looked at, whatever its state; `None` if the image has none.
    pub fn look_at_software(&self, view: &View<'_>) -> Result<Option<ImageHive>> {
        ImageHive::open_for(view, &hive_path(&self.windows, "SOFTWARE")?, Opening::Look)
    }

    /// The SOFTWARE hive, opened when first asked for; `None` if the image has none.
    pub fn software(&mut self, view: &View<'_>) -> Result<Option<&mut Hive>> {
        if self.software.is_none() {
            self.software = ImageHive::open(view, &hive_path(&self.windows, "SOFTWARE")?)?;
            if let Some(software) = self.software.as_mut().filter(|_| self.noting) {
                software.hive.note_edits();
            }
        }
        Ok(self.software.as_mut().map(|software| &mut software.hive))
    }

    /// Notes what is edited from now on.
    pub fn note_edits(&mut self) {
        self.noting = true;
        for (_, hive) in self.hives() {
            hive.note_edits();
        }
    }

    /// What was edited since [`note_edits`](Self::note_edits), which ends here.
    pub fn take_edits(&mut self) -> Vec<HiveEdits> {
        self.noting = false;
        self.hives().map(|(root, hive)| HiveEdits { root, edits: hive.take_edits() }).collect()
    }

    /// The hives that are open.
    fn hives(&mut self) -> impl Iterator<Item = (&'static str, &mut Hive)> {
        let system = (r"HKEY_LOCAL_MACHINE\SYSTEM", &mut self.system.hive);
        let drivers = self.drivers.as_mut().map(|file| (r"HKEY_LOCAL_MACHINE\DRIVERS", &mut file.hive));
        let software = self.software.as_mut().map(|file| (r"HKEY_LOCAL_MACHINE\SOFTWARE", &mut file.hive));
        std::iter::once(system).chain(drivers).chain(software)
    }

    /// The class's name as the image's registry has it.
    pub fn class_name(&self, class: Guid) -> Result<Option<String>> {
        class_name(&self.system.hive, class)
    }

    /// Done without changes: the hives are kept for the next use.
    pub fn close(self, view: &View<'_>) {
        self.system.close(view);
        self.drivers.into_iter().chain(self.software).for_each(|hive| hive.close(view));
    }

    /// Stages the hives that were changed.
    pub fn stage(self, transaction: &mut Transaction<'_>, now: u64, observer: Observer<'_>) -> Result<()> {
        self.system.stage(transaction, now, observer)?;
        for hive in self.drivers.into_iter().chain(self.software) {
            hive.stage(transaction, now, observer)?;
        }
        Ok(())
    }
}

/// The name of a class in `Control\Class` of a SYSTEM hive.
pub fn class_name(system: &Hive, class: Guid) -> Result<Option<String>> {
    let Some(set) = crate::image::identity::control_set(system)? else { return Ok(None) };
    let Some(key) = system.find(set, &format!(r"Control\Class\{class}"))? else { return Ok(None) };
    Ok(system.value(key, "Class")?.and_then(|value| value.as_text()).filter(|name| !name.is_empty()))
}

/// Refuses a Windows whose driver database is no part of the registry.
fn check_version(target: &Target) -> Result<()> {
    if (target.major, target.minor) < FIRST_WITH_DATABASE {
        return Err(Error::NotServiceable {
            reason: format!(
                "Windows {}.{} keeps its driver database outside the registry; Windows 8 or newer is needed, or Windows Setup, to which its drivers can be deferred",
                target.major, target.minor
            ),
        });
    }
    Ok(())
}

/// Makes the database that an image of Windows 8 or newer should have.
fn make_database(system: &mut Hive, target: &Target) -> Result<KeyId> {
    let key = system.create_key(system.root(), database::DATABASE)?;
    let [major, minor] = [target.major, target.minor].map(|number| u8::try_from(number).unwrap_or(u8::MAX));
    let version = u32::from_be_bytes([major, minor, 0, 0]);
    system.set_value(key, "Version", REG_DWORD, &dword(version))?;
    let architecture = u32::from(target.architecture.number());
    system.set_value(key, "Architecture", REG_DWORD, &dword(architecture))?;
    for name in ["DeviceIds", "DriverFiles", "DriverInfFiles", "DriverPackages"] {
        system.create_key(key, name)?;
    }
    Ok(key)
}
