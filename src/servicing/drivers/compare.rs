//! Comparing the driver packages of two images, or of an image and of folders.
//!
//! A package is the same driver as another if INF name, provider, class and extension id are; which is the
//! newer one is told as Windows tells it: by date, then by version.

use super::database::version::text as version_text;
use super::inventory::Inventory;
use super::package::find::{find, is_inf};
use super::package::PackageInf;
use super::report::DriverInfo;
use crate::error::{Error, Result};
use crate::formats::inf::{driver_store_hash, Applicability, DriverVer, Guid, ParseOptions, Target};
use crate::progress::{report, unobserved, Observer, Phase};
use crate::servicing::source::Source;
use serde::Serialize;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How the second side differs from the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum DriverChange {
    /// It has a newer package.
    Newer,
    /// It has an older one.
    Older,
    /// Date and version are the same, the INFs are not.
    Changed,
    /// It has no such package.
    Missing,
    /// Only it has the package.
    Added,
    /// Both have the package.
    Same,
}

/// A package of one side or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverDifference {
    /// How the sides differ.
    pub change: DriverChange,
    /// The INF's name.
    pub inf_name: String,
    /// `Provider` of the INF.
    pub provider_name: Option<String>,
    /// Name of the device setup class.
    pub class_name: Option<String>,
    /// Its GUID, with braces, lower case.
    pub class_guid: Option<String>,
    /// Of extension INFs.
    pub extension_id: Option<String>,
    /// The first side's package.
    pub reference: Option<ComparedDriver>,
    /// The second side's package.
    pub difference: Option<ComparedDriver>,
}

/// A package of one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparedDriver {
    /// The published name, of a package of an image.
    pub driver: Option<String>,
    /// The INF on the host, of a package of a folder.
    pub inf_path: Option<String>,
    /// `DriverVer`'s version: four numbers.
    pub version: Option<String>,
    /// `DriverVer`'s date (FILETIME).
    pub date: Option<u64>,
    #[serde(skip)]
    driver_ver: DriverVer,
    #[serde(skip)]
    hash: String,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The differences, by INF name.
    pub differences: Vec<DriverDifference>,
    /// INFs of folders that could not be read, and why.
    pub unread: Vec<(PathBuf, Error)>,
    /// Paths that do not exist.
    pub missing: Vec<PathBuf>,
}

/// What makes two packages versions of one driver, for sorting and comparing: in lower case.
type Identity = (String, String, String, String);

/// A package with what it is called.
#[derive(Debug)]
struct Named {
    identity: Identity,
    inf_name: String,
    provider: Option<String>,
    class_name: Option<String>,
    class_guid: Option<String>,
    extension_id: Option<String>,
    driver: ComparedDriver,
}

impl Named {
    fn new(
        inf_name: String,
        provider: Option<String>,
        class: (Option<String>, Option<String>),
        extension_id: Option<String>,
        driver: ComparedDriver,
    ) -> Self {
        let (class_name, class_guid) = class;
        let key = |text: &Option<String>| text.as_deref().unwrap_or_default().to_lowercase();
        let by_class = if class_guid.is_some() { key(&class_guid) } else { key(&class_name) };
        let identity = (inf_name.to_lowercase(), key(&provider), by_class, key(&extension_id));
        Self { identity, inf_name, provider, class_name, class_guid, extension_id, driver }
    }
}

/// The packages of an image, to be compared with others.
#[derive(Debug)]
pub struct Compared {
    packages: Vec<Named>,
    target: Target,
    inf_text: ParseOptions,
}

impl Compared {
    /// Reads what an image records; with `all` what came with Windows, too.
    ///
    /// # Errors
    /// [`Error::NotServiceable`] for an image that holds no Windows with a driver database.
    pub fn read(source: Source<'_>, all: bool) -> Result<Self> {
        source.look(&mut unobserved, |view, details| {
            let inventory = Inventory::open(view, details)?;
            let mut infos = inventory.deferred()?.into_iter().map(|info| (info, None)).collect::<Vec<_>>();
            for recorded in inventory.packages() {
                infos.push((inventory.info(recorded)?, recorded.package.extension_id));
            }
            let wanted = infos.into_iter().filter(|(info, _)| all || !info.inbox);
            let packages = wanted.map(|(info, extension)| named(info, extension)).collect();
            let (target, inf_text) = (inventory.target, inventory.inf_text.clone());
            inventory.close(view);
            Ok(Self { packages, target, inf_text })
        })
    }

    /// How another image differs from this one.
    pub fn against(self, difference: Self) -> Comparison {
        let differences = differences(self.packages, difference.packages);
        Comparison { differences, ..Comparison::default() }
    }

    /// How the packages of files and folders differ from this image's, as far as they are for it. Progress is
    /// in INFs ([`Phase::Drivers`]).
    ///
    /// # Errors
    /// A folder that cannot be read; [`Error::Cancelled`].
    pub fn against_paths(
        self,
        paths: &[PathBuf],
        recurse: bool,
        observer: Observer<'_>,
    ) -> Result<Comparison> {
        let found = find(paths, recurse)?;
        let mut comparison = Comparison { missing: found.missing, ..Comparison::default() };
        let total = u64::try_from(found.packages.len()).unwrap_or(u64::MAX);
        let mut packages = Vec::new();
        let mut done = 0_u64;
        for package in found.packages.iter().filter(|package| is_inf(&package.path)) {
            report(observer, Phase::Drivers, done, total)?;
            match package_at(&package.path, &self.target, &self.inf_text) {
                Ok(found) => packages.extend(found),
                Err(error) => comparison.unread.push((package.path.clone(), error)),
            }
            done = done.saturating_add(1);
        }
        report(observer, Phase::Drivers, total, total)?;
        comparison.differences = differences(self.packages, packages);
        Ok(comparison)
    }
}

/// A package of an image.
fn named(info: DriverInfo, extension_id: Option<Guid>) -> Named {
    let inf = info.original_file_name.rsplit('\\').next().unwrap_or_default().to_owned();
    let numbers = [info.major_version, info.minor_version, info.build, info.revision];
    let packed = numbers
        .iter()
        .fold(0, |packed: u64, number| packed.wrapping_shl(16) | u64::from(number.unwrap_or(0)));
    let driver = ComparedDriver {
        driver: Some(info.driver),
        inf_path: None,
        version: info.version,
        date: info.date,
        driver_ver: DriverVer { date: info.date.unwrap_or(0), version: packed },
        hash: info.label.rsplit('_').next().unwrap_or_default().to_lowercase(),
    };
    let class = (info.class_name, info.class_guid);
    Named::new(inf, info.provider_name, class, extension_id.map(|id| id.to_string()), driver)
}

impl Comparison {
    /// Forgets the packages that are the same on both sides.
    pub fn leave_out_equal(&mut self) {
        self.differences.retain(|found| found.change != DriverChange::Same);
    }
}

/// The package of an INF; `None` if it is not for the target, or no driver's.
fn package_at(path: &Path, target: &Target, text: &ParseOptions) -> Result<Option<Named>> {
    let Ok(source) = PackageInf::read_with(path, text)? else { return Ok(None) };
    let class = source.class_guid();
    if class.is_none() && source.version.class.is_none() {
        return Ok(None);
    }
    if let Applicability::NotApplicable(_) = source.applicability(target)? {
        return Ok(None);
    }
    let driver_ver = source.version.driver_ver.unwrap_or(DriverVer { date: 0, version: 0 });
    let driver = ComparedDriver {
        driver: None,
        inf_path: Some(path.display().to_string()),
        version: Some(version_text(driver_ver.version)),
        date: (driver_ver.date != 0).then_some(driver_ver.date),
        driver_ver,
        hash: driver_store_hash(&source.bytes).to_lowercase(),
    };
    let version = source.version;
    let shown = |text: Option<crate::formats::inf::Text>| text.map(|text| text.text);
    let class = (shown(version.class), class.map(|class| class.to_string()));
    let extension = version.extension_id.map(|id| id.to_string());
    Ok(Some(Named::new(source.name, shown(version.provider), class, extension, driver)))
}

fn differences(before: Vec<Named>, after: Vec<Named>) -> Vec<DriverDifference> {
    let mut drivers: BTreeMap<Identity, (Vec<Named>, Vec<Named>)> = BTreeMap::new();
    for package in before {
        drivers.entry(package.identity.clone()).or_default().0.push(package);
    }
    for package in after {
        drivers.entry(package.identity.clone()).or_default().1.push(package);
    }
    let mut found = Vec::new();
    for (mut before, mut after) in drivers.into_values() {
        for packages in [&mut before, &mut after] {
            // The newest first.
            packages.sort_by_key(|package| Reverse(package.driver.driver_ver));
        }
        // What both sides have is no change, whatever else they have of the driver.
        let same = |left: &Named, right: &Named| {
            left.driver.driver_ver == right.driver.driver_ver && left.driver.hash == right.driver.hash
        };
        let alike = |left: &Named, right: &Named| left.driver.driver_ver == right.driver.driver_ver;
        pair(&mut before, &mut after, same, &mut found);
        pair(&mut before, &mut after, alike, &mut found);
        pair(&mut before, &mut after, |_, _| true, &mut found);
        found.extend(before.into_iter().map(|package| row(Some(package), None)));
        found.extend(after.into_iter().map(|package| row(None, Some(package))));
    }
    found
}

/// Takes pairs for which `fits` out of both lists.
fn pair(
    before: &mut Vec<Named>,
    after: &mut Vec<Named>,
    fits: impl Fn(&Named, &Named) -> bool,
    found: &mut Vec<DriverDifference>,
) {
    let mut left = Vec::new();
    for package in before.drain(..) {
        match after.iter().position(|other| fits(&package, other)) {
            Some(at) => found.push(row(Some(package), Some(after.remove(at)))),
            None => left.push(package),
        }
    }
    *before = left;
}

fn row(before: Option<Named>, after: Option<Named>) -> DriverDifference {
    let change = match (&before, &after) {
        (Some(before), Some(after)) => match after.driver.driver_ver.cmp(&before.driver.driver_ver) {
            Ordering::Greater => DriverChange::Newer,
            Ordering::Less => DriverChange::Older,
            Ordering::Equal if after.driver.hash == before.driver.hash => DriverChange::Same,
            Ordering::Equal => DriverChange::Changed,
        },
        (Some(_), None) => DriverChange::Missing,
        (None, _) => DriverChange::Added,
    };
    let named = after.as_ref().or(before.as_ref());
    DriverDifference {
        change,
        inf_name: named.map(|named| named.inf_name.clone()).unwrap_or_default(),
        provider_name: named.and_then(|named| named.provider.clone()),
        class_name: named.and_then(|named| named.class_name.clone()),
        class_guid: named.and_then(|named| named.class_guid.clone()),
        extension_id: named.and_then(|named| named.extension_id.clone()),
        reference: before.map(|before| before.driver),
        difference: after.map(|after| after.driver),
    }
}
