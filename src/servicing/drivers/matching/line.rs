//! The line of an INF that matches a device best.

use super::device_query::{DeviceQuery, IdMatch};
use super::rank::{signature_score, Rank};
use super::DriverMatch;
use crate::formats::inf::{DriverVer, Evaluation};
use crate::servicing::drivers::database::version;
use crate::servicing::drivers::report::DriverSignature;

/// A line and what using it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineMatch {
    /// How the ids match.
    pub id: IdMatch,
    /// `FeatureScore` of the install section.
    pub feature: u8,
    /// Whether the models or the install section has a decoration.
    pub decorated: bool,
    /// What the device is called.
    pub description: Option<String>,
    /// Who makes it.
    pub manufacturer: Option<String>,
    /// The install section.
    pub section: Option<String>,
    /// `DriverVer` of the install section, which goes before that of the INF.
    pub driver_ver: Option<DriverVer>,
}

/// What an INF's lines mean to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineChoice {
    /// The best line.
    Best(Box<LineMatch>),
    /// Lines match, and their sections exclude the device.
    Excluded,
    /// No line matches.
    None,
}

/// Chooses among the lines that are for the target; of equals the first in the file.
pub fn best_line(evaluation: &Evaluation, device: &DeviceQuery) -> LineChoice {
    let mut best: Option<((u8, u16, u32), LineMatch)> = None;
    let mut excluded = false;
    for (model, install) in evaluation.devices() {
        let Some(id) = device.match_line(model) else { continue };
        if install.exclude_ids.iter().any(|id| device.has(id)) {
            excluded = true;
            continue;
        }
        let key = (install.feature_score, id.identifier, model.line);
        if best.as_ref().is_some_and(|(known, _)| *known <= key) {
            continue;
        }
        let is_decorated = |section: &str| section.to_ascii_lowercase().contains(".nt");
        let line = LineMatch {
            id,
            feature: install.feature_score,
            decorated: is_decorated(&model.section) || is_decorated(&install.section),
            description: Some(model.description.text.clone()),
            manufacturer: Some(model.manufacturer.text.clone()),
            section: Some(install.section.clone()),
            driver_ver: install.driver_ver,
        };
        best = Some((key, line));
    }
    match best {
        Some((_, line)) => LineChoice::Best(Box::new(line)),
        None if excluded => LineChoice::Excluded,
        None => LineChoice::None,
    }
}

impl LineMatch {
    /// A package that matches by this line, of which nothing but its line and signer is told yet.
    /// `score` is the signer's, `None` if it is not known; `inf` is the `DriverVer` of the whole INF.
    pub fn into_match(self, score: Option<u32>, all_signers_equal: bool, inf: DriverVer) -> DriverMatch {
        let signature = signature_score(score, all_signers_equal, self.decorated);
        let DriverVer { date, version } = self.driver_ver.unwrap_or(inf);
        DriverMatch {
            rank: Rank { signature, feature: self.feature, identifier: self.id.identifier },
            signature_score: signature,
            feature_score: self.feature,
            identifier_score: self.id.identifier,
            matching_device_id: self.id.inf_id,
            matched_id: self.id.device_id,
            matched_list: self.id.list,
            inf_path: None,
            driver: None,
            original_file_name: None,
            description: self.description,
            manufacturer: self.manufacturer,
            section: self.section,
            provider_name: None,
            class_name: None,
            class_guid: None,
            date: (date != 0).then_some(date),
            version: Some(version::text(version)),
            driver_signature: DriverSignature::Unknown,
            signature_verdict: None,
            signer_name: None,
            inbox: false,
            extension: false,
            architectures: Vec::new(),
            reason: None,
            packed_version: version,
        }
    }
}
