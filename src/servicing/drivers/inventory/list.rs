//! Listing the driver packages of an image.

use super::detail::Details;
use super::select::select;
use super::Inventory;
use crate::error::Result;
use crate::image::{Session, TextPattern, View};
use crate::progress::{report, unobserved, Observer, Phase};
use crate::servicing::drivers::matching::device_query::{self, DeviceQuery};
use crate::servicing::drivers::matching::line::{best_line, LineChoice};
use crate::servicing::drivers::report::DriverInfo;
use std::collections::HashSet;

/// Which packages are listed, and how much is told of each. Each kind of filter that is not empty must be
/// met, by one of its patterns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// Published names, names of INFs, or paths in the driver store; see [`remove`](crate::servicing::drivers::remove()).
    pub names: Vec<String>,
    /// Hardware or compatible ids that the package is for, as the database's index has them.
    pub hardware_ids: Vec<String>,
    /// Names or GUIDs of device setup classes.
    pub classes: Vec<String>,
    /// Packages that came with Windows, too.
    pub all: bool,
    /// Devices, files and services, from each package's INF.
    pub detailed: bool,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DriverList {
    /// The packages, by published name, `oemN.inf` by number.
    pub drivers: Vec<DriverInfo>,
    /// Names without wildcards that no package has.
    pub missing: Vec<String>,
}

/// The packages that the image's driver database records: third-party ones, with `all` inbox ones too.
/// Sorted by published name, `oemN.inf` by number. What other handles committed counts.
///
/// # Errors
/// [`Error::NotServiceable`](crate::error::Error::NotServiceable) if the image holds no Windows with a
/// driver database in its registry.
pub fn list(session: &mut Session, all: bool) -> Result<Vec<DriverInfo>> {
    let options = ListOptions { all, ..ListOptions::default() };
    Ok(query(session, &options, &mut unobserved)?.drivers)
}

/// The packages that `options` choose. Progress is in packages ([`Phase::Drivers`]).
///
/// # Errors
/// As [`list`]; [`Error::InvalidName`](crate::error::Error::InvalidName) for what cannot be a name;
/// [`Error::Cancelled`](crate::error::Error::Cancelled).
pub fn query(session: &mut Session, options: &ListOptions, observer: Observer<'_>) -> Result<DriverList> {
    session.refresh()?;
    let view = session.view()?;
    let inventory = Inventory::open(&view, session.image())?;
    let found = choose(&inventory, &view, options, observer);
    inventory.close(&view);
    found
}

fn choose(
    inventory: &Inventory,
    view: &View<'_>,
    options: &ListOptions,
    observer: Observer<'_>,
) -> Result<DriverList> {
    let labels = match options.hardware_ids.is_empty() {
        true => None,
        false => Some(labels_of(inventory, &options.hardware_ids)?),
    };
    let classes = options.classes.iter().map(|class| TextPattern::parse(class));
    let classes = classes.collect::<Result<Vec<_>>>()?;
    let mut infos = Vec::new();
    for recorded in inventory.packages() {
        if labels.as_ref().is_some_and(|labels| !labels.contains(&recorded.package.label)) {
            continue;
        }
        let info = inventory.info(recorded)?;
        if (options.all || !info.inbox) && is_of(&info, &classes) {
            infos.push(info);
        }
    }
    let mut details = Details::new(inventory, view);
    let device = match options.hardware_ids.is_empty() {
        true => None,
        false => Some(DeviceQuery::new(&options.hardware_ids, &[])?),
    };
    for info in inventory.deferred()? {
        // The index does not have them yet.
        let is_for = |device: &DeviceQuery| {
            details
                .evaluate(&info)
                .is_ok_and(|stored| best_line(&stored.evaluation, device) != LineChoice::None)
        };
        if is_of(&info, &classes) && device.as_ref().is_none_or(is_for) {
            infos.push(info);
        }
    }
    infos.sort_by_cached_key(|info| (sort_key(&info.driver), info.original_file_name.clone()));
    let (mut drivers, missing) = match options.names.is_empty() {
        true => (infos, Vec::new()),
        false => select(infos, &options.names)?,
    };
    if options.detailed {
        let total = u64::try_from(drivers.len()).unwrap_or(u64::MAX);
        let mut done = 0_u64;
        for driver in &mut drivers {
            report(observer, Phase::Drivers, done, total)?;
            driver.detail = Some(Box::new(details.of(driver)?));
            done = done.saturating_add(1);
        }
        report(observer, Phase::Drivers, total, total)?;
    }
    Ok(DriverList { drivers, missing })
}

/// The labels of the packages that ids lead to.
fn labels_of(inventory: &Inventory, ids: &[String]) -> Result<HashSet<String>> {
    let mut infs = HashSet::new();
    for id in ids {
        let entries = inventory.look_up(&device_query::pattern(id)?)?;
        infs.extend(entries.into_iter().map(|(hive, entry)| (hive, entry.inf.to_lowercase())));
    }
    let mut labels = HashSet::new();
    for (hive, inf) in infs {
        labels.extend(inventory.published(hive, &inf)?.map(|recorded| recorded.package.label.clone()));
    }
    Ok(labels)
}

fn is_of(info: &DriverInfo, classes: &[TextPattern]) -> bool {
    let guid = info.class_guid.as_deref().unwrap_or_default();
    let bare = guid.trim_start_matches('{').trim_end_matches('}');
    let texts = [info.class_name.as_deref().unwrap_or_default(), guid, bare];
    let matches = |pattern: &TextPattern| texts.iter().any(|text| !text.is_empty() && pattern.matches(text));
    classes.is_empty() || classes.iter().any(matches)
}

/// Numbers in order, then names.
fn sort_key(published: &str) -> (u32, String) {
    (
        crate::servicing::drivers::database::oem_map::number_of(published).unwrap_or(u32::MAX),
        published.to_lowercase(),
    )
}
