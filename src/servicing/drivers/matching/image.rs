//! Packages of an image that match a device: chosen by the database's index, described by their INFs.

use super::device_query::{DeviceQuery, IdMatch};
use super::line::{best_line, LineChoice, LineMatch};
use super::rank::{identifier_score, LineId};
use super::{DriverMatch, Matches, Rules};
use crate::error::Result;
use crate::formats::inf::{Architecture, DriverVer};
use crate::image::{ImageDetails, View};
use crate::progress::{report, Observer, Phase};
use crate::servicing::drivers::database::classes::EXTENSION_CLASS;
use crate::servicing::drivers::inventory::detail::Details;
use crate::servicing::drivers::inventory::{Inventory, Recorded};
use std::collections::BTreeMap;

/// The packages of an image, inbox ones too, that match a device.
pub(in crate::servicing::drivers) fn matches_in(
    view: &View<'_>,
    details: &ImageDetails,
    device: &DeviceQuery,
    rules: &Rules,
    observer: Observer<'_>,
) -> Result<Matches> {
    let inventory = Inventory::open(view, details)?;
    let mut found = Matches::default();
    let candidates = candidates(&inventory, device)?;
    let total = u64::try_from(candidates.len()).unwrap_or(u64::MAX);
    let mut reader = Details::new(&inventory, view);
    let mut done = 0_u64;
    for (recorded, indexed) in candidates {
        report(observer, Phase::Drivers, done, total)?;
        found.matches.extend(look_at(&inventory, &mut reader, recorded, indexed, device, rules)?);
        done = done.saturating_add(1);
    }
    report(observer, Phase::Drivers, total, total)?;
    inventory.close(view);
    Ok(found)
}

/// The packages that the index leads to, each with its best match.
fn candidates<'a>(inventory: &'a Inventory, device: &DeviceQuery) -> Result<Vec<(&'a Recorded, LineMatch)>> {
    let mut best = BTreeMap::new();
    for (list, position, pattern) in device.ids() {
        for (hive, entry) in inventory.look_up(pattern)? {
            let line = entry.found.compatible_position().map_or(LineId::Hardware, LineId::Compatible);
            let id = IdMatch {
                identifier: identifier_score(list, position, line),
                inf_id: entry.id,
                device_id: pattern.text().to_owned(),
                list,
            };
            let feature = entry.found.feature_score();
            let key = (hive, entry.inf.to_lowercase());
            let better = |known: &LineMatch| (feature, id.identifier) < (known.feature, known.id.identifier);
            if best.get(&key).is_none_or(better) {
                let line = LineMatch {
                    id,
                    feature,
                    // What runs on this architecture has decorated sections; the INF may say otherwise.
                    decorated: inventory.target.architecture != Architecture::X86,
                    description: None,
                    manufacturer: None,
                    section: None,
                    driver_ver: None,
                };
                best.insert(key, line);
            }
        }
    }
    let mut candidates = Vec::new();
    for ((hive, inf), line) in best {
        candidates.extend(inventory.published(hive, &inf)?.map(|recorded| (recorded, line)));
    }
    Ok(candidates)
}

fn look_at(
    inventory: &Inventory,
    reader: &mut Details<'_>,
    recorded: &Recorded,
    indexed: LineMatch,
    device: &DeviceQuery,
    rules: &Rules,
) -> Result<Option<DriverMatch>> {
    let info = inventory.info(recorded)?;
    let (line, reason) = match reader.evaluate(&info) {
        Ok(stored) => match best_line(&stored.evaluation, device) {
            LineChoice::Best(line) => (*line, None),
            LineChoice::Excluded => return Ok(None),
            LineChoice::None => (
                indexed,
                Some("the driver database has the id, its INF in the driver store has not".to_owned()),
            ),
        },
        Err(reason) => (indexed, Some(format!("{reason}: ranked by the driver database alone"))),
    };
    let package = &recorded.package;
    let known = package.version.map(|version| DriverVer { date: version.date, version: version.version });
    let driver_ver = known.unwrap_or(DriverVer { date: 0, version: 0 });
    let architecture = package.version.and_then(|version| Architecture::from_number(version.architecture));
    let found = line.into_match(package.signer_score, rules.all_signers_equal, driver_ver);
    Ok(Some(DriverMatch {
        driver: Some(info.driver),
        original_file_name: Some(info.original_file_name),
        provider_name: info.provider_name,
        class_name: info.class_name,
        class_guid: info.class_guid,
        driver_signature: info.driver_signature,
        signer_name: info.signer_name,
        inbox: info.inbox,
        extension: package.version.is_some_and(|version| version.class_guid == EXTENSION_CLASS),
        architectures: architecture.map(Architecture::name).into_iter().collect(),
        reason,
        ..found
    }))
}
