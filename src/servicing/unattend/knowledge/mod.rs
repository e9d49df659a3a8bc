//! What is known of components and settings: which passes read them, what their values may be, and which
//! Windows has them.
//!
//! The knowledge itself is in `data/unattend`, each row with its source. It is read when it is first asked for.
//!
//! Reference: the heads of the files in `data/unattend`; docs/formats/unattend.md.

mod keys;
mod table;
mod value;

pub use keys::KnownKey;
pub use value::Kind;

use crate::formats::unattend::PassName;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const COMPONENTS: &str = include_str!("../../../../data/unattend/components.tsv");
const SETTINGS: &str = include_str!("../../../../data/unattend/settings.tsv");
const TIME_ZONES: &str = include_str!("../../../../data/unattend/timezones.tsv");
const LOCALES: &str = include_str!("../../../../data/unattend/locales.tsv");
const KEYS: &str = include_str!("../../../../data/unattend/keys.tsv");

/// The last build of Windows up to which the settings of a whole component are complete.
pub const COMPLETE_TO: u32 = 17763;

/// The passes that read something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passes(u8);

impl Passes {
    fn parse(names: &str) -> Option<Self> {
        let bit = |name| PassName::ALL.iter().position(|pass| pass.as_str() == name).map(|at| 1u8 << at);
        names.split(' ').try_fold(0, |bits, name| Some(bits | bit(name)?)).map(Self)
    }

    /// Whether a pass is among them.
    pub fn has(self, pass: PassName) -> bool {
        PassName::ALL.iter().position(|known| *known == pass).is_some_and(|at| self.0 & (1 << at) != 0)
    }
}

impl std::fmt::Display for Passes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> =
            PassName::ALL.into_iter().filter(|pass| self.has(*pass)).map(PassName::as_str).collect();
        formatter.write_str(&names.join(", "))
    }
}

/// The last build of Windows that has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastBuild {
    /// The build.
    pub build: u32,
    /// Microsoft says so, or a later catalogue lacks it; otherwise it was seen there last, and the reference for
    /// Windows 10 does not have it.
    pub certain: bool,
}

impl LastBuild {
    fn parse(text: &str) -> Option<Self> {
        let build = text.strip_suffix('?').unwrap_or(text).parse().ok()?;
        Some(Self { build, certain: !text.ends_with('?') })
    }
}

/// A component.
#[derive(Debug, Clone)]
pub struct Component {
    /// The name.
    pub name: &'static str,
    /// The passes in which it reads anything.
    pub passes: Passes,
    /// All its settings up to [`COMPLETE_TO`] are known.
    pub whole: bool,
    /// The last build that has it; `None`: not known to be gone.
    pub until: Option<LastBuild>,
    /// Where the facts are from.
    pub source: &'static str,
    settings: BTreeMap<String, Setting>,
}

impl Component {
    /// A setting by its path below the component, names joined by `/`; case does not count.
    pub fn setting(&self, path: &str) -> Option<&Setting> {
        self.settings.get(&path.to_ascii_lowercase())
    }

    /// All settings, by path.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.settings.values()
    }
}

/// A setting of a component.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The path below the component.
    pub path: &'static str,
    /// The passes that read it.
    pub passes: Passes,
    /// What its value may be.
    pub kind: Kind,
    /// Microsoft says that there must be no empty value.
    pub filled: bool,
    /// The first build in which Microsoft calls it deprecated; 0: it always was.
    pub deprecated: Option<u32>,
    /// The first build that has it, where that is known and later than 7601.
    pub since: Option<u32>,
    /// The last build that has it; `None`: not known to be gone.
    pub until: Option<LastBuild>,
    /// Where the facts are from.
    pub source: &'static str,
}

/// A locale.
#[derive(Debug, Clone, Copy)]
pub struct Locale {
    /// The name.
    pub name: &'static str,
    /// It can be a display language.
    pub has_pack: bool,
}

/// All that is known.
#[derive(Debug)]
pub struct Knowledge {
    components: BTreeMap<String, Component>,
    time_zones: BTreeMap<String, &'static str>,
    locales: BTreeMap<String, Locale>,
    keys: BTreeMap<&'static str, KnownKey>,
}

impl Knowledge {
    /// The tables, read once.
    pub fn get() -> &'static Self {
        static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
        KNOWLEDGE.get_or_init(Self::read)
    }

    fn read() -> Self {
        let mut components: BTreeMap<String, Component> =
            table::rows(COMPONENTS).filter_map(component).map(|found| (key(found.name), found)).collect();
        for row in table::rows(SETTINGS) {
            let component = components.get_mut(&key(row.field(0)));
            if let (Some(component), Some(setting)) = (component, setting(row)) {
                component.settings.insert(key(setting.path), setting);
            }
        }
        let time_zones = table::rows(TIME_ZONES).map(|row| (key(row.field(0)), row.field(0))).collect();
        let locale = |row: table::Row| Locale { name: row.field(0), has_pack: row.field(1) == "yes" };
        let locales = table::rows(LOCALES).map(locale).map(|found| (key(found.name), found)).collect();
        let keys = table::rows(KEYS).filter_map(KnownKey::parse).map(|found| (found.key, found)).collect();
        Self { components, time_zones, locales, keys }
    }

    /// A component by its name; case does not count.
    pub fn component(&self, name: &str) -> Option<&Component> {
        self.components.get(&key(name))
    }

    /// All components, by name.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.components.values()
    }

    /// The name of a time zone as Windows spells it; case does not count.
    pub fn time_zone(&self, name: &str) -> Option<&'static str> {
        self.time_zones.get(&key(name)).copied()
    }

    /// The names of all time zones.
    pub fn time_zones(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.time_zones.values().copied()
    }

    /// A locale by its name; case does not count.
    pub fn locale(&self, name: &str) -> Option<Locale> {
        self.locales.get(&key(name)).copied()
    }

    /// A published product key; case does not count.
    pub fn product_key(&self, key: &str) -> Option<KnownKey> {
        self.keys.get(key.trim().to_ascii_uppercase().as_str()).copied()
    }

    /// All locales, by name.
    pub fn locales(&self) -> impl Iterator<Item = Locale> + '_ {
        self.locales.values().copied()
    }
}

fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn component(row: table::Row) -> Option<Component> {
    Some(Component {
        name: row.field(0),
        passes: Passes::parse(row.field(1))?,
        whole: row.field(2) == "yes",
        until: LastBuild::parse(row.field(3)),
        source: row.field(4),
        settings: BTreeMap::new(),
    })
}

fn setting(row: table::Row) -> Option<Setting> {
    let flags = || row.field(5).split(' ');
    let deprecated = flags().find_map(|flag| flag.strip_prefix("deprecated"));
    Some(Setting {
        path: row.field(1),
        passes: Passes::parse(row.field(2))?,
        kind: Kind::parse(row.field(3), row.field(4))?,
        filled: flags().any(|flag| flag == "filled"),
        deprecated: deprecated
            .map(|build| build.strip_prefix('=').and_then(|build| build.parse().ok()).unwrap_or(0)),
        since: row.field(6).parse().ok(),
        until: LastBuild::parse(row.field(7)),
        source: row.field(8),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_tables_is_understood_and_has_a_source() {
        let knowledge = Knowledge::get();
        let components = table::rows(COMPONENTS).count();
        assert_eq!(components, knowledge.components.len());
        let settings: usize = knowledge.components().map(|component| component.settings.len()).sum();
        assert_eq!(table::rows(SETTINGS).count(), settings, "a row is malformed, twice, or of no component");
        assert_eq!(table::rows(TIME_ZONES).count(), knowledge.time_zones.len());
        assert_eq!(table::rows(LOCALES).count(), knowledge.locales.len());
        assert_eq!(table::rows(KEYS).count(), knowledge.keys.len());
        for key in knowledge.keys.values() {
            assert!(!key.source.is_empty() && !key.edition.is_empty(), "{key:?}");
            assert_eq!(key.key.split('-').map(str::len).collect::<Vec<_>>(), [5; 5], "{key:?}");
        }
        for component in knowledge.components() {
            assert!(!component.source.is_empty(), "{}", component.name);
            for setting in component.settings() {
                assert!(!setting.source.is_empty(), "{} {}", component.name, setting.path);
                let parent = setting.path.rsplit_once('/').map(|(parent, _)| parent);
                let parent =
                    parent.map(|path| component.setting(path).map(|found| found.kind.has_elements()));
                assert!(parent != Some(None), "{} {} has no parent", component.name, setting.path);
                assert!(
                    parent != Some(Some(false)),
                    "{} {}: its parent is text",
                    component.name,
                    setting.path
                );
                let in_passes = |pass: &PassName| !setting.passes.has(*pass) || component.passes.has(*pass);
                assert!(PassName::ALL.iter().all(in_passes), "{} {}", component.name, setting.path);
            }
        }
    }

    #[test]
    fn what_microsoft_says_of_well_known_settings_is_in_the_tables() {
        let knowledge = Knowledge::get();
        let shell = knowledge.component("microsoft-windows-shell-setup").expect("Shell-Setup");
        let name = shell.setting("ComputerName").expect("ComputerName");
        assert_eq!(name.kind, Kind::ComputerName);
        assert_eq!(name.passes.to_string(), "offlineServicing, specialize");
        let count = shell.setting("autologon/logoncount").expect("LogonCount");
        assert_eq!(count.kind, Kind::Int { low: Some(0), high: None });
        assert_eq!(count.passes.to_string(), "specialize, auditSystem, oobeSystem");
        let location = shell.setting("OOBE/NetworkLocation").expect("NetworkLocation");
        assert_eq!(location.deprecated, Some(10240));
        assert_eq!(location.kind, Kind::Choice(vec!["Home", "Work", "Other"]));
        let command = shell.setting("FirstLogonCommands/SynchronousCommand").expect("SynchronousCommand");
        assert_eq!(command.kind, Kind::Item { key: Some("Order") });
        let smoothing = shell.setting("VisualEffects/FontSmoothing").expect("FontSmoothing");
        assert_eq!(smoothing.until, Some(LastBuild { build: 15063, certain: true }));
        assert_eq!(knowledge.time_zone("w. europe standard time"), Some("W. Europe Standard Time"));
        assert!(knowledge.locale("de-DE").is_some_and(|locale| locale.has_pack));
        assert!(knowledge.locale("en-UK").is_none());
        let pro = knowledge.product_key("w269n-wfgwx-yvc9b-4j6c9-t83gx").expect("the KMS key of Pro");
        assert!(pro.is_for("Professional", Some(26100)) && !pro.is_for("Professional", Some(9600)));
        assert!(!pro.is_for("ProfessionalN", None));
        let server =
            knowledge.product_key("N69G4-B89J2-4G8F4-WWYCC-J464C").expect("the KMS key of Server 2019");
        assert!(
            server.is_for("ServerStandardCor", Some(17763)) && !server.is_for("ServerStandard", Some(20348))
        );
    }
}
