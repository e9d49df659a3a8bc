//! What a preview says of a package: what it is for, what is wrong with it, and what adding it would change.
//! Serialised (camelCase) this is part of the documents of the C ABI.

use super::placement::Placement;
use crate::error::{InFile, Result};
use crate::formats::cat::SignatureVerdict;
use crate::formats::inf::{self, Code, Environment, IncludedInf, Severity, Strictness, Target};
use crate::formats::regf::EditKind;
use crate::image::View;
use crate::servicing::drivers::database::classes;
use crate::servicing::drivers::package::contents::{devices, services, DriverDevice, DriverService};
use crate::servicing::drivers::package::signature::{FileCheck, SignatureCheck};
use crate::servicing::drivers::package::{Package, PackageInf};
use crate::servicing::drivers::target::HiveEdits;
use crate::servicing::registry::ValueContent;
use serde::Serialize;
use std::path::Path;

/// What a preview says of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PackagePlan {
    /// The files that would be put into the image; of a test without an image, the package's.
    pub files: Vec<PlannedFile>,
    /// The changes of the image's registry, in their order.
    pub registry: Vec<PlannedChange>,
    /// The devices that the package is for.
    pub devices: Vec<DriverDevice>,
    /// The services that its install sections describe. Windows makes them when a device arrives; those of
    /// a package that starts at boot are in `registry`.
    pub services: Vec<DriverService>,
    /// What is wrong or remarkable about the INF, by place.
    pub findings: Vec<Finding>,
    /// What the catalogue says; none if the package was not read.
    pub signature: Option<SignatureInfo>,
    /// What an admin should know of a package that can go in, for people.
    pub remarks: Vec<String>,
}

/// A file of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedFile {
    /// The file on the host.
    pub source: String,
    /// Where it goes in the image.
    pub target: Option<String>,
    /// Bytes.
    pub size: u64,
    /// The image has a file there, which is replaced.
    pub replaces: bool,
}

/// What a plan does to a key or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum RegistryAction {
    /// The key is made.
    CreateKey,
    /// The key is deleted, with all below it.
    DeleteKey,
    /// The value is made or changed.
    SetValue,
    /// The value is deleted.
    DeleteValue,
}

/// A change of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedChange {
    /// What is done.
    pub action: RegistryAction,
    /// The key's full name: `HKEY_LOCAL_MACHINE\SYSTEM\…`.
    pub key: String,
    /// The value's name, empty for the default value; none for a key.
    pub name: Option<String>,
    /// What the value is then.
    pub value: Option<ValueContent>,
}

/// What is wrong or remarkable about an INF. They sort by place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Name of the INF: the package's own, or one that it includes.
    pub file: String,
    /// The line, from 1; 0 for the INF as a whole.
    pub line: u32,
    /// The column, from 1, in characters; 0 for the INF as a whole.
    pub column: u32,
    /// How much it matters.
    pub severity: &'static str,
    /// What it is about: a word that does not change.
    pub code: &'static str,
    /// What is the matter, for people.
    pub text: String,
}

/// What a package's catalogue says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureInfo {
    /// The kind of the signature, whether it is trusted or not.
    pub verdict: SignatureVerdict,
    /// What was found, for people.
    pub reason: String,
    /// Who signed it.
    pub signer: Option<String>,
    /// Names in the certificates of the chain, the signer's first.
    pub chain: Vec<String>,
    /// When it was signed (FILETIME), if an authority says so whose word counts.
    pub time_stamp: Option<u64>,
    /// What the signer's certificate is for, as dotted object identifiers; none: not said.
    pub usages: Option<Vec<String>>,
    /// The INF and the files, and whether the catalogue covers each.
    pub files: Vec<FileCheck>,
    /// Files that the catalogue covers and the package does not use.
    pub unreferenced: Vec<String>,
}

impl PackagePlan {
    /// What the INF alone says for a target: devices, services, findings.
    ///
    /// # Errors
    /// Limits that the INF exceeds; errors of `included`.
    pub fn of_inf(source: &PackageInf, target: &Target, included: IncludedInf<'_>) -> Result<Self> {
        let label = source.label(target);
        let environment = Environment {
            store_folder: Some(&label),
            class_guid: &classes::well_known_guid,
            strictness: Strictness::Report,
            ..Environment::new(*target)
        };
        let shown = source.path.display().to_string();
        let evaluation = source.inf.evaluate(&environment, included).in_file(shown)?;
        Ok(Self {
            devices: devices(&evaluation, target.architecture),
            services: services(&evaluation, &environment),
            findings: evaluation.findings.iter().map(|found| Finding::of(found, &source.name)).collect(),
            ..Self::default()
        })
    }

    /// Adds what the INF says for another system, without an image that would have what it includes.
    pub(in crate::servicing::drivers) fn add_system(&mut self, other: Self) {
        self.devices.extend(other.devices);
        for service in other.services {
            if !self.services.contains(&service) {
                self.services.push(service);
            }
        }
        self.findings.extend(other.findings);
        self.findings.retain(|finding| finding.code != Code::IncludeMissing.name());
        self.findings.sort();
        self.findings.dedup();
    }
}

impl PlannedFile {
    /// A file that goes into the image.
    pub(in crate::servicing::drivers) fn of(
        placement: &Placement<'_>,
        source: &PackageInf,
        view: &View<'_>,
    ) -> Result<Self> {
        let (host, size) = placement.content.origin(source);
        Ok(Self {
            source: host.display().to_string(),
            target: Some(placement.path.to_string()),
            size,
            replaces: view.exists(&placement.path)?,
        })
    }

    /// The files of a package that goes nowhere.
    pub(in crate::servicing::drivers) fn of_package(source: &PackageInf, package: &Package) -> Vec<Self> {
        let file = |(host, size): (&Path, u64)| Self {
            source: host.display().to_string(),
            target: None,
            size,
            replaces: false,
        };
        let inf = (source.path.as_path(), u64::try_from(source.bytes.len()).unwrap_or(u64::MAX));
        let others = package.catalog.iter().chain(&package.files);
        std::iter::once(inf).chain(others.map(|file| (file.host.as_path(), file.size))).map(file).collect()
    }
}

impl PlannedChange {
    /// The changes of a hive.
    pub(in crate::servicing::drivers) fn of(hive: HiveEdits) -> impl Iterator<Item = Self> {
        hive.edits.into_iter().map(move |edit| {
            let key = format!(r"{}\{}", hive.root, edit.key);
            let (action, name, value) = match edit.kind {
                EditKind::CreateKey => (RegistryAction::CreateKey, None, None),
                EditKind::DeleteKey => (RegistryAction::DeleteKey, None, None),
                EditKind::SetValue(value) => {
                    (RegistryAction::SetValue, Some(value.name_text()), Some(ValueContent::of(&value)))
                }
                EditKind::DeleteValue(name) => {
                    (RegistryAction::DeleteValue, Some(String::from_utf16_lossy(&name)), None)
                }
            };
            Self { action, key, name, value }
        })
    }
}

impl Finding {
    fn of(found: &inf::Finding, package: &str) -> Self {
        Self {
            severity: match found.severity {
                Severity::Note => "Note",
                Severity::Warning => "Warning",
                Severity::Error => "Error",
            },
            code: found.code.name(),
            file: if found.file.is_empty() { package.to_owned() } else { found.file.clone() },
            line: found.line,
            column: found.column,
            text: found.text.clone(),
        }
    }
}

impl SignatureInfo {
    pub(in crate::servicing::drivers) fn of(check: &SignatureCheck) -> Self {
        let catalog = check.catalog.as_deref();
        let chain = catalog.and_then(|catalog| catalog.chain.as_ref());
        let certificates = chain.map(|chain| chain.certificates.as_slice()).unwrap_or_default();
        let stamp = catalog.and_then(|catalog| catalog.time_stamp.as_ref());
        Self {
            verdict: check.verdict,
            reason: check.detail.clone(),
            signer: check.signer.clone(),
            chain: certificates.iter().filter_map(|found| found.subject.clone()).collect(),
            time_stamp: stamp.filter(|stamp| stamp.is_trusted).map(|stamp| stamp.time),
            usages: certificates.first().and_then(|signer| signer.usages.clone()),
            files: check.files.clone(),
            unreferenced: check.unreferenced.clone(),
        }
    }
}
