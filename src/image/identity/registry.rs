//! What the registry says of the Windows it belongs to.
//!
//! Reference: docs/formats/wim.md, "The WINDOWS element".

use super::language;
use crate::error::{Error, Result};
use crate::formats::regf::{Hive, KeyId, Value};

/// The key of the version in a SOFTWARE hive.
const VERSION: &str = r"Microsoft\Windows NT\CurrentVersion";
/// The class "Computer", whose first device is the hardware abstraction layer.
const COMPUTER: &str = r"Control\Class\{4D36E966-E325-11CE-BFC1-08002BE10318}\0000";

/// Most bytes of a value that is looked at: far more than Windows writes into any of them.
const MOST_DATA: usize = 8 << 10;
/// Most display languages, and most units of a tag (LOCALE_NAME_MAX_LENGTH).
const MOST_LANGUAGES: usize = 512;
const LONGEST_TAG: usize = 85;

/// What a SOFTWARE hive says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Software {
    /// `ProductName`. Windows 11 still calls itself 10 there.
    pub product_name: Option<String>,
    /// `EditionID`.
    pub edition_id: Option<String>,
    /// `InstallationType`.
    pub installation_type: Option<String>,
    /// `BuildBranch`.
    pub branch: Option<String>,
    /// Major, minor, and the build if it is a number.
    pub version: Option<(u32, u32, Option<u32>)>,
    /// `UBR`, the update build revision: since Windows 8.1 with updates.
    pub revision: Option<u32>,
}

impl Software {
    /// Reads them. Damage leaves out what it is in the way of; the first one found is told.
    pub fn read(hive: &Hive) -> (Self, Option<Error>) {
        let mut look = Look { hive, damage: None };
        let key = look.find(hive.root(), VERSION);
        let facts = Self {
            product_name: look.text(key, "ProductName"),
            edition_id: look.text(key, "EditionID"),
            installation_type: look.text(key, "InstallationType"),
            branch: look.text(key, "BuildBranch"),
            version: look.version(key),
            revision: look.number(key, "UBR"),
        };
        (facts, look.damage)
    }
}

/// What `Control\ProductOptions` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Product {
    /// `ProductType`: WinNT, ServerNT, LanmanNT.
    pub kind: Option<String>,
    /// `ProductSuite`.
    pub suites: Option<Vec<String>>,
}

/// What a SYSTEM hive says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct System {
    /// Product type and suites.
    pub product: Product,
    /// The environment variable `PROCESSOR_ARCHITECTURE`.
    pub processor: Option<String>,
    /// `CSDBuildNumber`: the build of the service pack, or the revision the media was made with.
    pub sp_build: Option<u32>,
    /// The service pack: the second byte of `CSDVersion`.
    pub sp_level: Option<u32>,
    /// `MatchingDeviceId` of the computer device.
    pub hal: Option<String>,
    /// The display languages that are installed, as tags.
    pub languages: Vec<String>,
    /// The one that Windows was installed with.
    pub default_language: Option<String>,
}

impl System {
    /// As [`Software::read`]. All of it is from the control set that Windows starts with.
    pub fn read(hive: &Hive) -> (Self, Option<Error>) {
        let mut look = Look { hive, damage: None };
        let set = look.noted(control_set(hive)).flatten();
        let mut key = |path: &str| look.find(set?, path);
        let windows = key(r"Control\Windows");
        let options = key(r"Control\ProductOptions");
        let environment = key(r"Control\Session Manager\Environment");
        let computer = key(COMPUTER);
        let mui = key(r"Control\MUI\UILanguages");
        let nls = key(r"Control\Nls\Language");
        let languages = look.languages(mui);
        let installed = look.text(nls, "InstallLanguage").and_then(|text| language::parse(&text));
        let facts = Self {
            product: look.product(options),
            processor: look.text(environment, "PROCESSOR_ARCHITECTURE"),
            sp_build: look.number(windows, "CSDBuildNumber"),
            sp_level: look.number(windows, "CSDVersion").map(|version| version >> 8),
            hal: look.text(computer, "MatchingDeviceId"),
            default_language: installed.and_then(|wanted| {
                let of_it = languages.iter().find(|(_, number)| *number == Some(wanted));
                of_it.map(|(tag, _)| tag.clone()).or_else(|| language::tag(wanted).map(str::to_owned))
            }),
            languages: languages.into_iter().map(|(tag, _)| tag).collect(),
        };
        (facts, look.damage)
    }
}

/// The control set that Windows starts with: `Select\Default`, else the first.
pub fn control_set(system: &Hive) -> Result<Option<KeyId>> {
    let chosen = match system.find(system.root(), "Select")? {
        Some(select) => system.value(select, "Default")?.and_then(|value| value.as_number()),
        None => None,
    };
    let number = chosen.unwrap_or(1);
    match system.find(system.root(), &format!("ControlSet{number:03}"))? {
        Some(key) => Ok(Some(key)),
        None => system.find(system.root(), "ControlSet001"),
    }
}

/// Looks things up and goes on after damage.
pub(super) struct Look<'h> {
    pub hive: &'h Hive,
    pub damage: Option<Error>,
}

impl Look<'_> {
    pub fn noted<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(found) => Some(found),
            Err(error) => {
                self.damage.get_or_insert(error);
                None
            }
        }
    }

    pub fn find(&mut self, key: KeyId, path: &str) -> Option<KeyId> {
        self.noted(self.hive.find(key, path)).flatten()
    }

    pub fn value(&mut self, key: Option<KeyId>, name: &str) -> Option<Value> {
        self.noted(self.hive.value(key?, name)).flatten().filter(|value| value.data.len() <= MOST_DATA)
    }

    /// Text that is not empty.
    fn text(&mut self, key: Option<KeyId>, name: &str) -> Option<String> {
        self.value(key, name)?.as_text().filter(|text| !text.is_empty())
    }

    fn number(&mut self, key: Option<KeyId>, name: &str) -> Option<u32> {
        u32::try_from(self.value(key, name)?.as_number()?).ok()
    }

    fn version(&mut self, key: Option<KeyId>) -> Option<(u32, u32, Option<u32>)> {
        let numbers =
            (self.number(key, "CurrentMajorVersionNumber"), self.number(key, "CurrentMinorVersionNumber"));
        let (major, minor) = match numbers {
            (Some(major), Some(minor)) => (major, minor),
            // Before Windows 10 there is only the text `6.3`, where Windows 10 has stayed.
            _ => {
                let text = self.text(key, "CurrentVersion")?;
                let (major, minor) = text.trim().split_once('.')?;
                (major.parse().ok()?, minor.parse().ok()?)
            }
        };
        let build = |text: Option<String>| text.and_then(|text| text.trim().parse().ok());
        // Windows XP has remarks in the first.
        let build =
            build(self.text(key, "CurrentBuild")).or_else(|| build(self.text(key, "CurrentBuildNumber")));
        Some((major, minor, build))
    }

    fn product(&mut self, key: Option<KeyId>) -> Product {
        let suites = self.value(key, "ProductSuite").and_then(|value| value.as_texts());
        Product { kind: self.text(key, "ProductType"), suites }
    }

    /// The installed display languages with their LCIDs.
    fn languages(&mut self, key: Option<KeyId>) -> Vec<(String, Option<u32>)> {
        let Some(keys) = key.and_then(|key| self.noted(self.hive.subkeys(key))) else { return Vec::new() };
        let mut languages = Vec::new();
        for key in keys.into_iter().take(MOST_LANGUAGES) {
            match self.noted(self.hive.name(key)) {
                Some(tag) if tag.len() <= LONGEST_TAG => {
                    languages.push((String::from_utf16_lossy(&tag), self.number(Some(key), "LCID")));
                }
                _ => {}
            }
        }
        languages
    }
}

impl Product {
    /// Reads the key `Control\ProductOptions`; damage is an error.
    pub fn read(hive: &Hive, options: Option<KeyId>) -> Result<Self> {
        let mut look = Look { hive, damage: None };
        let product = look.product(options);
        look.damage.map_or(Ok(product), Err)
    }
}
