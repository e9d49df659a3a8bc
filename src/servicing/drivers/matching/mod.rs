//! Which packages match a device, the best first, as Windows would rank them.
//!
//! Reference: docs/formats/driver-rank.md; MicrosoftDocs "Overview of the Driver Package Selection Process".

pub mod device_query;
pub(super) mod host;
pub(super) mod image;
pub(super) mod line;
pub mod rank;

use super::package::nominal::NominalTarget;
use super::package::trust::Trust;
use super::report::DriverSignature;
use crate::error::{Error, InFile, Result};
use crate::formats::cat::SignatureVerdict;
use crate::formats::inf::ParseOptions;
use crate::formats::regf::Hive;
use crate::image::{clock, ImageDetails, View};
use crate::progress::{unobserved, Observer};
use crate::servicing::hives::{ImageHive, Opening};
use crate::servicing::source::Source;
use crate::servicing::windows::{hive_path, WindowsImage};
use device_query::{DeviceList, DeviceQuery};
use host::HostSearch;
use image::matches_in;
use rank::Rank;
use serde::Serialize;
use std::cmp::Reverse;
use std::path::PathBuf;

/// The device, and where packages are sought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatchOptions {
    /// The device's hardware ids, the most specific first; wildcards may stand in them.
    pub hardware_ids: Vec<String>,
    /// Its compatible ids, the most specific first.
    pub compatible_ids: Vec<String>,
    /// Search the subfolders of folders.
    pub recurse: bool,
    /// The system that packages of folders must be for, where no image says it.
    pub nominal: NominalTarget,
    /// A file of certificates, or a folder of such files, that are roots beside those of the image.
    pub trusted_roots: Option<PathBuf>,
}

/// A package that matches the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverMatch {
    /// The rank; lower is better.
    pub rank: Rank,
    /// Its first byte: 0 for a trusted signature.
    pub signature_score: u8,
    /// Its second byte: `FeatureScore` of the install section.
    pub feature_score: u8,
    /// Its last two bytes: how the ids match.
    pub identifier_score: u16,
    /// The id of the package that matched.
    pub matching_device_id: String,
    /// The id of the device that it matched, as it was given.
    pub matched_id: String,
    /// Which of the device's lists that one is from.
    pub matched_list: DeviceList,
    /// The INF on the host.
    pub inf_path: Option<String>,
    /// The published name in the image.
    pub driver: Option<String>,
    /// The INF's path in the driver store of the image.
    pub original_file_name: Option<String>,
    /// What the device is called.
    pub description: Option<String>,
    /// Who makes the device.
    pub manufacturer: Option<String>,
    /// The install section, with its decoration.
    pub section: Option<String>,
    /// `Provider` of the INF.
    pub provider_name: Option<String>,
    /// Name of the device setup class.
    pub class_name: Option<String>,
    /// Its GUID, with braces, lower case.
    pub class_guid: Option<String>,
    /// `DriverVer`'s date (FILETIME).
    pub date: Option<u64>,
    /// `DriverVer`'s version: four numbers.
    pub version: Option<String>,
    /// What is known of the signature.
    pub driver_signature: DriverSignature,
    /// The kind of the signature, of a package of the host.
    pub signature_verdict: Option<SignatureVerdict>,
    /// Who signed it.
    pub signer_name: Option<String>,
    /// The package came with Windows.
    pub inbox: bool,
    /// The package extends what another one installs: it does not compete with that.
    pub extension: bool,
    /// The architectures that the package matches the device on.
    pub architectures: Vec<&'static str>,
    /// What an admin should know of it.
    pub reason: Option<String>,
    /// The version as a number, to sort by.
    #[serde(skip)]
    pub packed_version: u64,
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Matches {
    /// The packages, the best first; those that extend others come last.
    pub matches: Vec<DriverMatch>,
    /// INFs that could not be read, and why.
    pub unread: Vec<(PathBuf, Error)>,
    /// Paths that do not exist.
    pub missing: Vec<PathBuf>,
}

/// Finds the packages that match a device: among the INFs of `paths` if there are any, else in the image.
///
/// With `paths`, the image says which system packages must be for and whom it trusts. Progress is in INFs
/// ([`Phase::Drivers`](crate::progress::Phase::Drivers)).
///
/// # Errors
/// [`Error::InvalidArgument`] for a device without ids, or with neither paths nor an image;
/// [`Error::NotServiceable`] for an image without Windows; a folder that cannot be read;
/// [`Error::Cancelled`].
pub fn find_matches(
    paths: &[PathBuf],
    image: Option<Source<'_>>,
    options: &MatchOptions,
    observer: Observer<'_>,
) -> Result<Matches> {
    let device = DeviceQuery::new(&options.hardware_ids, &options.compatible_ids)?;
    let mut found = match (paths, image) {
        ([], None) => {
            let reason = "it is empty, and there is no image".to_owned();
            return Err(Error::InvalidArgument { parameter: "paths", reason });
        }
        ([], Some(source)) => source.look(&mut unobserved, |view, details| {
            let rules = Rules::of_image(view, details)?;
            matches_in(view, details, &device, &rules, observer)
        })?,
        (paths, Some(source)) => {
            let (mut rules, target, text) = source.look(&mut unobserved, |view, details| {
                let WindowsImage { target, system, inf_text, .. } = WindowsImage::open(view, details)?;
                system.close(view);
                Ok((Rules::of_image(view, details)?, target, inf_text))
            })?;
            rules.add_roots(options)?;
            let targets = vec![target];
            HostSearch { device, targets, text, rules }.run(paths, options.recurse, observer)?
        }
        (paths, None) => {
            let mut rules = Rules { trust: Trust::new(clock::now()), all_signers_equal: true };
            rules.add_roots(options)?;
            let targets = options.nominal.targets();
            let text = ParseOptions::default();
            HostSearch { device, targets, text, rules }.run(paths, options.recurse, observer)?
        }
    };
    found.matches.sort_by_cached_key(|found| {
        let place = found.driver.clone().or_else(|| found.inf_path.clone());
        (found.extension, found.rank, Reverse(found.date), Reverse(found.packed_version), place)
    });
    Ok(found)
}

/// Whom the system trusts, and how it compares signers.
#[derive(Debug)]
pub(super) struct Rules {
    /// Roots.
    pub trust: Trust,
    /// Windows' default policy.
    pub all_signers_equal: bool,
}

impl Rules {
    /// Those of an image.
    fn of_image(view: &View<'_>, details: &ImageDetails) -> Result<Self> {
        let mut rules = Self { trust: Trust::new(clock::now()), all_signers_equal: true };
        let windows = crate::servicing::windows::directory(view, details)?;
        let software = ImageHive::open_for(view, &hive_path(&windows, "SOFTWARE")?, Opening::Look)?;
        if let Some(software) = software {
            let path = software.path().to_string();
            rules.trust.add_image(&software.hive).in_file(path.clone())?;
            rules.all_signers_equal = all_signers_equal(&software.hive).in_file(path)?;
            software.close(view);
        }
        Ok(rules)
    }

    fn add_roots(&mut self, options: &MatchOptions) -> Result<()> {
        options.trusted_roots.as_deref().map_or(Ok(()), |path| self.trust.add_path(path))
    }
}

/// The policy "Prioritize all digitally signed drivers equally": on unless it was turned off.
fn all_signers_equal(software: &Hive) -> Result<bool> {
    let key = software.find(software.root(), r"Policies\Microsoft\Windows\DeviceInstall\Settings")?;
    let Some(key) = key else { return Ok(true) };
    let value = software.value(key, "AllSigningEqual")?.and_then(|value| value.as_number());
    Ok(value != Some(0))
}
