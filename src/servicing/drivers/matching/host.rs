//! Packages of the host that match a device.

use super::device_query::DeviceQuery;
use super::line::{best_line, LineChoice};
use super::{DriverMatch, Matches, Rules};
use crate::error::{Error, InFile, Result};
use crate::formats::inf::{Applicability, DriverVer, Environment, ParseOptions, Strictness, Target};
use crate::progress::{report, Observer, Phase};
use crate::servicing::drivers::database::classes::{self, EXTENSION_CLASS};
use crate::servicing::drivers::package::find::{find, is_inf};
use crate::servicing::drivers::package::{Package, PackageInf};
use crate::servicing::drivers::report::DriverSignature;
use std::path::{Path, PathBuf};

/// A search among INFs of the host.
#[derive(Debug)]
pub(in crate::servicing::drivers) struct HostSearch {
    /// The device.
    pub device: DeviceQuery,
    /// The systems that packages may be for, the preferred first.
    pub targets: Vec<Target>,
    /// Language and code page of INFs.
    pub text: ParseOptions,
    /// What signatures are judged by.
    pub rules: Rules,
}

impl HostSearch {
    /// Looks at all INFs of `paths`.
    pub(in crate::servicing::drivers) fn run(
        &self,
        paths: &[PathBuf],
        recurse: bool,
        observer: Observer<'_>,
    ) -> Result<Matches> {
        let found = find(paths, recurse)?;
        let mut matches = Matches { missing: found.missing, ..Matches::default() };
        let total = u64::try_from(found.packages.len()).unwrap_or(u64::MAX);
        let mut done = 0_u64;
        for package in &found.packages {
            report(observer, Phase::Drivers, done, total)?;
            if is_inf(&package.path) {
                match self.look_at(&package.path) {
                    Ok(found) => matches.matches.extend(found),
                    Err(error) => matches.unread.push((package.path.clone(), error)),
                }
            }
            done = done.saturating_add(1);
        }
        report(observer, Phase::Drivers, total, total)?;
        Ok(matches)
    }

    /// The package of an INF, if it matches on any of the systems: on the one where it ranks best.
    fn look_at(&self, path: &Path) -> Result<Option<DriverMatch>> {
        let Ok(source) = PackageInf::read_with(path, &self.text)? else { return Ok(None) };
        let mut best: Option<DriverMatch> = None;
        let mut architectures = Vec::new();
        for target in &self.targets {
            let Some(found) = self.look_at_target(&source, target)? else { continue };
            architectures.push(target.architecture.name());
            if best.as_ref().is_none_or(|known| found.rank < known.rank) {
                best = Some(found);
            }
        }
        Ok(best.map(|best| DriverMatch { architectures, ..best }))
    }

    fn look_at_target(&self, source: &PackageInf, target: &Target) -> Result<Option<DriverMatch>> {
        let applicability = source.applicability(target)?;
        // Most INFs have no such id: their install sections are not looked at.
        let is_matched = match &applicability {
            Applicability::Models(models) => {
                models.iter().any(|model| self.device.match_line(model).is_some())
            }
            _ => false,
        };
        if !is_matched {
            return Ok(None);
        }
        let shown = source.path.display().to_string();
        let environment = Environment {
            class_guid: &classes::well_known_guid,
            strictness: Strictness::Report,
            ..Environment::new(*target)
        };
        let evaluation = source.inf.evaluate(&environment, &mut |_| Ok(None)).in_file(shown.as_str())?;
        let line = match best_line(&evaluation, &self.device) {
            LineChoice::Best(line) => line,
            LineChoice::Excluded | LineChoice::None => return Ok(None),
        };
        let version = &source.version;
        let driver_ver = version.driver_ver.unwrap_or(DriverVer { date: 0, version: 0 });
        let package = Package::read(source, applicability, target, &self.rules.trust, &mut |_| Ok(None));
        let score = package.as_ref().ok().filter(|package| {
            // A chain that cannot be decided is neither trusted nor not.
            package.signature.signature != DriverSignature::Unknown
        });
        let score = score.map(|package| package.signature.score().number());
        let class = source.class_guid();
        let named = version.class.as_ref().map(|text| text.text.clone());
        let usual = || class.and_then(classes::well_known_name).map(str::to_owned);
        let mut found = line.into_match(score, self.rules.all_signers_equal, driver_ver);
        found.inf_path = Some(shown);
        found.provider_name = version.provider.as_ref().map(|text| text.text.clone());
        found.class_name = named.or_else(usual);
        found.class_guid = class.map(|class| class.to_string());
        found.extension = class == Some(EXTENSION_CLASS);
        match package {
            Ok(package) => {
                found.driver_signature = package.signature.signature;
                found.signature_verdict = Some(package.signature.verdict);
                found.signer_name = package.signature.signer;
                found.reason = Some(package.signature.detail);
            }
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => found.reason = Some(format!("it cannot be added as it is: {error}")),
        }
        Ok(Some(found))
    }
}
