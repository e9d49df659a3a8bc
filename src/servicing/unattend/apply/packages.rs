//! The servicing section of an answer file, as steps of the first-boot plan.
//!
//! Packages and features are installed by the servicing stack, which only a running Windows has. The files of packages
//! go into the image; DISM installs them, for `.msu` files, which it takes offline only, wusa. The steps have the order of the
//! file, which is the order in which DISM would take them. They are scripts of the plan: `Get-SetupScript` lists them.
//!
//! Reference: Microsoft, "DISM Operating System Package (.cab or .msu) Servicing Command-Line Options", "DISM Global
//! Options for Command-Line Syntax", KB 934307 (Windows Update Standalone Installer).

use super::host_paths::{resolve, Resolved};
use super::{SettingOutcome, SettingResult};
use crate::error::Result;
use crate::formats::inf::Architecture;
use crate::formats::unattend::{Identity, Package, PassName};
use crate::image::folder::{self, HostKind};
use crate::image::{Content, PutOptions, Transaction};
use crate::progress::Observer;
use crate::servicing::setup::{payload_folder, quoted, step_name, FirstBoot, Step, StepPhase};
use sha1::{Digest, Sha1};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The package of Windows' own features, which DISM needs not be told.
const FOUNDATION: &str = "Microsoft-Windows-Foundation-Package";
/// DISM on the running Windows. It would restart by itself otherwise.
const DISM: &str = r#""%SystemRoot%\System32\dism.exe" /Online /Quiet /NoRestart"#;
/// wusa on the running Windows.
const WUSA: &str = r#""%SystemRoot%\System32\wusa.exe""#;
/// Done; done, with a restart begun or needed.
const SUCCESS: [u32; 3] = [0, 1641, 3010];
/// wusa: installed already (`WU_S_ALREADY_INSTALLED`).
const INSTALLED: u32 = 0x0024_0006;
/// How a cabinet begins, and a Windows image, which newer `.msu` files are.
const SIGNATURES: [&[u8]; 2] = [b"MSCF", b"MSWIM\0\0\0"];
/// Longest part of a package's name in the name of its step.
const NAME_LENGTH: usize = 60;

/// A step to be put into the plan.
pub struct Planned {
    step: Step,
    /// The host file that it needs, and its name in the image.
    file: Option<(PathBuf, String)>,
}

/// What is known when the packages are judged.
pub struct Judge<'a> {
    pub architecture: Architecture,
    pub base: &'a Path,
    /// Why no step can be planned: the image has no Setup.
    pub refused: Option<&'a str>,
    /// What an admin should know of every step.
    pub warning: Option<&'a str>,
    /// The image's DISM knows `/All`, which came with Windows 8.
    pub knows_all: bool,
}

impl Judge<'_> {
    /// Judges a package and its features: a row for each, with its step.
    ///
    /// # Errors
    /// Folders of the host that cannot be read.
    pub fn of_package(&self, package: Package<'_>) -> Result<Vec<(SettingResult, Option<Planned>)>> {
        let identity = package.identity().unwrap_or_default();
        let version = package.version().unwrap_or_default();
        let action = package.action();
        let row = |setting: String, value: String| SettingResult {
            pass: PassName::OfflineServicing.as_str().to_owned(),
            component: None,
            architecture: Some(identity.processor_architecture.clone()),
            setting,
            value,
            line: package.position().line,
            column: package.position().column,
            result: SettingOutcome::NotApplicable,
            reason: String::new(),
            target: None,
            drivers: Vec::new(),
        };
        let mut rows = Vec::new();
        let own = row(identity.name.clone(), action.clone());
        let refused = self.refusal(&identity);
        let planned = match &refused {
            Some(reason) => Err(reason.clone()),
            None => self.step_of(&package, &identity, &version, &action)?,
        };
        let is_switching = action.eq_ignore_ascii_case("configure");
        // A package that is only configured is no more than its features.
        if !is_switching || planned.is_err() || package.selections().is_empty() {
            rows.push(self.told(own, planned));
        }
        for selection in package.selections() {
            let own = row(format!("{}/{}", identity.name, selection.name), selection.state.clone());
            let planned = match &refused {
                Some(reason) => Err(reason.clone()),
                None => self.switch(&identity, &version, &selection.name, &selection.state),
            };
            rows.push(self.told(own, planned));
        }
        Ok(rows)
    }

    fn told(
        &self,
        mut row: SettingResult,
        planned: std::result::Result<Option<Planned>, String>,
    ) -> (SettingResult, Option<Planned>) {
        match planned {
            Err(reason) => {
                row.reason = reason;
                (row, None)
            }
            Ok(None) => {
                row.reason = "it names no feature to switch".to_owned();
                (row, None)
            }
            Ok(Some(planned)) => {
                row.result = SettingOutcome::Deferred;
                let warning = self.warning.map(|warning| format!("; {warning}")).unwrap_or_default();
                row.reason = format!(
                    "a step of the first-boot plan will {}: {} (documented, not tried with Windows){warning}",
                    planned.step.description, planned.step.command
                );
                row.target = planned.step.name.strip_prefix(&step_name("")).map(str::to_owned);
                (row, Some(planned))
            }
        }
    }

    /// Why nothing can be done for a package of this identity.
    fn refusal(&self, identity: &Identity) -> Option<String> {
        if let Some(reason) = self.refused {
            return Some(reason.to_owned());
        }
        let (wanted, found) = (self.architecture.name(), identity.processor_architecture.as_str());
        let is_neutral = found.is_empty() || found.eq_ignore_ascii_case("neutral");
        (!is_neutral && !found.eq_ignore_ascii_case(wanted))
            .then(|| format!("the package is for {found} and the image is {wanted}"))
    }

    /// The step for a package itself; `None` if it is only to be configured.
    fn step_of(
        &self,
        package: &Package<'_>,
        identity: &Identity,
        version: &str,
        action: &str,
    ) -> Result<std::result::Result<Option<Planned>, String>> {
        Ok(match action.to_ascii_lowercase().as_str() {
            "install" => match package.source().filter(|source| !source.trim().is_empty()) {
                Some(source) => self.install(identity, version, &source, package.permanence())?.map(Some),
                None => {
                    Err("it names no source, without which DISM adds nothing to a running Windows".to_owned())
                }
            },
            "remove" => match full_name(identity, version) {
                Some(name) => Ok(Some(planned(
                    &format!("remove {name}"),
                    &format!("remove-{}", identity.name),
                    &format!("remove the package {name}"),
                    format!(
                        "{DISM} /Remove-Package {}",
                        argument("/PackageName:", &name).unwrap_or_default()
                    ),
                ))),
                None => Err("it has no whole identity, by which DISM would know the package".to_owned()),
            },
            "configure" => Ok(None),
            "stage" => Err("DISM stages packages offline only, without installing them".to_owned()),
            other => Err(format!("'{other}' is no action: install, remove, configure or stage")),
        })
    }

    /// The step that switches a feature of a package.
    fn switch(
        &self,
        identity: &Identity,
        version: &str,
        feature: &str,
        state: &str,
    ) -> std::result::Result<Option<Planned>, String> {
        let (verb, word) = match state.trim().to_ascii_lowercase().as_str() {
            "true" => ("/Enable-Feature", "enable"),
            "false" => ("/Disable-Feature", "disable"),
            _ => return Err(format!("its state is '{state}': expected true or false")),
        };
        let Some(name) = argument("/FeatureName:", feature) else {
            return Err("it has no name of a feature".to_owned());
        };
        let package = match identity.name.eq_ignore_ascii_case(FOUNDATION) || identity.name.is_empty() {
            true => String::new(),
            false => match full_name(identity, version).and_then(|name| argument("/PackageName:", &name)) {
                Some(package) => format!(" {package}"),
                None => {
                    return Err("its package has no whole identity, by which DISM would know it".to_owned())
                }
            },
        };
        // Each feature has a command of its own, whereas in an answer file the order of parents and children is free.
        let all = if word == "enable" && self.knows_all { " /All" } else { "" };
        let key = format!("{} {version} {feature}", identity.name);
        let command = format!("{DISM} {verb} {name}{package}{all}");
        Ok(Some(planned(
            &key,
            &format!("feature-{feature}"),
            &format!("{word} the feature {feature}"),
            command,
        )))
    }

    fn install(
        &self,
        identity: &Identity,
        version: &str,
        source: &str,
        permanence: Option<String>,
    ) -> Result<std::result::Result<Planned, String>> {
        let file = match resolve(source, self.base, HostKind::File)? {
            Resolved::Found(file) => file,
            Resolved::Nothing(tried) if tried.is_empty() => {
                return Ok(Err(format!("the source '{source}' is no path that can be looked for")))
            }
            Resolved::Nothing(tried) => {
                let tried: Vec<String> = tried.iter().map(|path| format!("'{}'", path.display())).collect();
                return Ok(Err(format!("there is no file {}", tried.join(" or "))));
            }
        };
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
        let is_update = end == "msu";
        if !is_update && end != "cab" {
            return Ok(Err(format!("'{}' is neither a .cab nor an .msu file", file.display())));
        }
        if let Err(reason) = looks_like_a_package(&file) {
            return Ok(Err(format!("'{}' is no package: {reason}", file.display())));
        }
        let named = if identity.name.is_empty() { name.as_str() } else { identity.name.as_str() };
        let key = format!("install {named} {version} {} {source}", identity.language);
        let mut planned =
            planned(&key, &format!("install-{named}"), &format!("install the package {name}"), String::new());
        let Some(quoted_name) = quoted(&name) else {
            return Ok(Err(format!("the name of '{}' cannot stand in a batch file", file.display())));
        };
        let short = planned.step.name.strip_prefix(&step_name("")).unwrap_or_default().to_owned();
        let folder = payload_folder(&short);
        let path = format!(r"%ROOT%{folder}\{}", quoted_name.trim_start_matches('"'));
        planned.step.command = match is_update {
            true => format!(r#"{WUSA} "{path} /quiet /norestart"#),
            false => format!(r#"{DISM} /Add-Package "/PackagePath:{path}"#),
        };
        if is_update {
            planned.step.success.push(INSTALLED);
        }
        if permanence.is_some_and(|text| text.eq_ignore_ascii_case("permanent")) {
            planned.step.description.push_str(", which will not be permanent");
        }
        planned.step.payload = Some(folder);
        planned.file = Some((file, name));
        Ok(Ok(planned))
    }
}

/// A step. `key` tells it from all others; `name` is for people.
fn planned(key: &str, name: &str, description: &str, command: String) -> Planned {
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || ".-".contains(letter) { letter } else { '_' };
    let name: String = name.chars().map(plain).take(NAME_LENGTH).collect();
    let hash: String =
        Sha1::digest(key.to_ascii_lowercase()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let description = description.chars().filter(|letter| !letter.is_control()).collect();
    Planned {
        step: Step {
            name: step_name(&format!("{name}-{hash}")),
            description,
            phase: StepPhase::Specialize,
            command,
            success: SUCCESS.to_vec(),
            payload: None,
            details: None,
        },
        file: None,
    }
}

/// A switch of DISM with its value, in quotes.
fn argument(switch: &str, value: &str) -> Option<String> {
    let value = value.trim();
    (!value.is_empty()).then(|| quoted(&format!("{switch}{value}"))).flatten()
}

/// How DISM names a package: `name~token~architecture~language~version`, without a language for neutral ones.
fn full_name(identity: &Identity, version: &str) -> Option<String> {
    let Identity { name, processor_architecture, public_key_token, language, .. } = identity;
    let language = if language.eq_ignore_ascii_case("neutral") { "" } else { language.as_str() };
    let parts = [name.as_str(), public_key_token, processor_architecture, version];
    let whole = parts.iter().all(|part| !part.is_empty() && !part.contains(['~', '"']));
    let full = format!("{name}~{public_key_token}~{processor_architecture}~{language}~{version}");
    (whole && quoted(&full).is_some()).then_some(full)
}

fn looks_like_a_package(file: &Path) -> std::result::Result<(), String> {
    let (content, _) = folder::open(file).map_err(|error| error.to_string())?;
    let mut head = Vec::new();
    content.take(8).read_to_end(&mut head).map_err(|error| error.to_string())?;
    match SIGNATURES.iter().any(|signature| head.starts_with(signature)) {
        true => Ok(()),
        false => Err("it is no cabinet".to_owned()),
    }
}

/// Puts the steps and their files into the image's plan.
///
/// # Errors
/// Those of the transaction, and a file of the host that cannot be read.
pub fn plan(
    planned: &[Planned],
    boot: &mut FirstBoot,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<()> {
    boot.begin(transaction)?;
    for Planned { step, file } in planned {
        boot.add(step.clone())?;
        let (Some(payload), Some((host, name))) = (&step.payload, file) else { continue };
        let folder_path = boot.folder().join(payload)?;
        transaction.create_directories(&folder_path)?;
        let (content, size) = folder::open(host)?;
        let content = Content::new(size, content);
        transaction.put_file(&folder_path.join(name)?, content, &PutOptions::overwrite(), observer)?;
    }
    Ok(())
}
