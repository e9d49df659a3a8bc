//! Packages that Windows Setup is to install, because only a running Windows can: each is a step of the first-boot
//! plan, with its files as payload, until `pnputil` takes it.
//!
//! Reference: Microsoft, "PnPUtil Command Syntax", "PnPUtil Return Values"; docs/formats/first-boot.md.

use super::add::placement::{Content, Placement};
use super::database::version::{parts, text};
use super::package::{Package, PackageFile, PackageInf};
use super::report::{DriverInfo, DriverSignature, DriverState};
use crate::error::{Error, Result};
use crate::formats::inf::{Guid, Target};
use crate::image::ImagePath;
use crate::servicing::setup::{FirstBoot, Step, StepPhase};
use serde::{Deserialize, Serialize};

/// Folder of the plan's folder that holds the packages.
const FOLDER: &str = "drivers";
/// What the names of steps begin with.
const PREFIX: &str = "driver-";
/// `pnputil`: done; no device needs it now; done, with a restart begun or needed.
const SUCCESS: [u32; 4] = [0, 259, 1641, 3010];
/// First version whose `pnputil` knows `/add-driver`.
const NEW_SYNTAX: (u32, u32, u32) = (10, 0, 14393);

/// Why a package is left to Windows Setup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It has no devices: Plug and Play never installs it by itself.
    Primitive,
    /// The image has no driver database in its registry.
    NoDatabase,
}

impl Why {
    /// The reason, for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Primitive => "it has no devices, so that only a running Windows can install it",
            Self::NoDatabase => "the image is of a Windows whose driver database is no part of the registry",
        }
    }
}

/// What the plan remembers of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deferred {
    /// Store folder name that Windows will give it.
    pub label: String,
    /// Name of the INF.
    pub inf_name: String,
    /// `Provider`.
    pub provider: String,
    /// Device setup class: its GUID, with braces.
    pub class_guid: String,
    /// Its name, if the INF has it.
    pub class_name: Option<String>,
    /// `DriverVer`: FILETIME, and four numbers of 16 bits.
    pub date: u64,
    /// See [`Self::date`].
    pub version: u64,
    /// The catalogue, in the package.
    pub catalog: Option<String>,
    /// Who signed it.
    pub signer_name: Option<String>,
    /// `SignerScore`, as the driver database has it.
    pub signer_score: u32,
}

impl Deferred {
    /// The device setup class.
    pub fn class(&self) -> Guid {
        Guid::parse(&self.class_guid).unwrap_or(Guid([0; 16]))
    }

    /// The package as it is listed. `folder` is the plan's.
    pub fn info(&self, folder: &ImagePath, boot_critical: bool) -> Result<DriverInfo> {
        let [major, minor, build, revision] = parts(self.version);
        Ok(DriverInfo {
            state: DriverState::Deferred,
            driver: self.inf_name.clone(),
            original_file_name: folder.join(&payload(&self.label))?.join(&self.inf_name)?.to_string(),
            inbox: false,
            catalog_file: self.catalog.clone(),
            class_name: self.class_name.clone(),
            class_guid: Some(self.class_guid.clone()),
            boot_critical,
            driver_signature: DriverSignature::recorded(Some(self.signer_score)),
            signer_name: self.signer_name.clone(),
            provider_name: Some(self.provider.clone()),
            date: Some(self.date).filter(|&date| date != 0),
            version: Some(text(self.version)),
            major_version: Some(major),
            minor_version: Some(minor),
            build: Some(build),
            revision: Some(revision),
            hive: None,
            label: self.label.clone(),
            detail: None,
        })
    }
}

/// Folder name of a package below the plan's folder: its label, in letters that a batch file can name.
fn folder_name(label: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let name = label.chars().map(|character| if plain(character) { character } else { '_' });
    // The hash at the end tells names apart that are cut off.
    let name: String = name.collect();
    let surplus = name.len().saturating_sub(100);
    name.get(surplus..).unwrap_or(&name).to_owned()
}

/// Name of a package's step.
pub fn step_name(label: &str) -> String {
    format!("{PREFIX}{}", folder_name(label))
}

/// Path of a package's folder below the plan's folder.
pub fn payload(label: &str) -> String {
    format!(r"{FOLDER}\{}", folder_name(label))
}

/// The step that installs a package.
pub fn step(source: &PackageInf, package: &Package, target: &Target) -> Result<Step> {
    let payload = payload(&package.label);
    let deferred = Deferred {
        label: package.label.clone(),
        inf_name: source.name.clone(),
        provider: package.provider.clone(),
        class_guid: package.class_guid.to_string(),
        class_name: source.version.class.as_ref().map(|class| class.text.clone()),
        date: package.driver_ver.date,
        version: package.driver_ver.version,
        catalog: package.catalog.as_ref().map(|file| file.path.clone()),
        signer_name: package.signature.recorded_signer(),
        signer_score: package.signature.score().number(),
    };
    let verb = match (target.major, target.minor, target.build) < NEW_SYNTAX {
        true => "-i -a",
        false => "/add-driver",
    };
    let install = if verb == "/add-driver" { " /install" } else { "" };
    Ok(Step {
        name: step_name(&package.label),
        description: format!("install the driver package {}", source.name),
        phase: StepPhase::Specialize,
        command: format!(r#""%SystemRoot%\System32\pnputil.exe" {verb} "%ROOT%{payload}\*.inf"{install}"#),
        success: SUCCESS.to_vec(),
        payload: Some(payload),
        details: Some(serde_json::to_value(deferred).map_err(|error| Error::Stream(error.into()))?),
    })
}

/// What the plan knows of its packages.
pub fn packages(boot: &FirstBoot) -> impl Iterator<Item = (&Step, Deferred)> {
    boot.steps().iter().filter(|step| step.name.starts_with(PREFIX)).filter_map(|step| {
        let details = step.details.clone()?;
        serde_json::from_value(details).ok().map(|deferred| (step, deferred))
    })
}

/// Whether the plan has a package.
pub fn is_planned(boot: &FirstBoot, label: &str) -> bool {
    let name = step_name(label);
    boot.steps().iter().any(|step| step.name.eq_ignore_ascii_case(&name))
}

/// The files of a package below the plan's folder.
pub fn placements<'a>(
    boot: &FirstBoot,
    source: &'a PackageInf,
    package: &'a Package,
) -> Result<Vec<Placement<'a>>> {
    let folder = boot.folder().join(&payload(&package.label))?;
    let mut plan =
        vec![Placement { path: folder.join(&source.name)?, content: Content::Bytes(&source.bytes) }];
    let files: Vec<&PackageFile> = package.catalog.iter().chain(&package.files).collect();
    for file in files {
        plan.push(Placement { path: folder.join(&file.path)?, content: Content::File(file) });
    }
    Ok(plan)
}
