//! What is to become of a setting, by its pass and component.

use super::host_paths::{resolve, Resolved};
use super::offline::{home, truth, Home};
use super::{SettingOutcome, SettingResult};
use crate::error::Result;
use crate::formats::inf::Architecture;
use crate::formats::unattend::{AnswerFile, PassName, Setting};
use crate::image::folder::HostKind;
use crate::image::identity::SetupState;
use crate::image::{ImageDetails, View};
use crate::servicing::setup_state;
use crate::servicing::unattend::find::IMAGE_PASSES;
use crate::servicing::unattend::place::Placement;
use std::path::{Path, PathBuf};

/// What stands for a secret.
const MASK: &str = "********";
/// The component whose settings name folders with drivers.
const DRIVERS: &str = "Microsoft-Windows-PnpCustomizationsNonWinPE";

/// What has to be done for a setting.
pub enum Action {
    /// Nothing more.
    None,
    /// Its home is to be written.
    Home { home: Home, value: String, encoded: bool },
    /// The packages of a folder are to be added.
    Drivers(PathBuf),
}

/// What is known when a setting is judged.
pub struct Verdicts<'a> {
    architecture: Architecture,
    state: SetupState,
    placement: Option<&'a Placement>,
    base: &'a Path,
}

/// Whether a file has anything for the passes that Setup runs in an image.
pub fn has_later_passes(answers: &AnswerFile) -> bool {
    answers
        .components()
        .any(|component| component.pass.known().is_some_and(|pass| IMAGE_PASSES.contains(&pass)))
}

impl<'a> Verdicts<'a> {
    pub fn new(
        view: &View<'_>,
        details: &ImageDetails,
        architecture: Architecture,
        placement: Option<&'a Placement>,
        base: &'a Path,
    ) -> Result<Self> {
        let (facts, _) = setup_state::facts(view, details)?;
        Ok(Self { architecture, state: facts.finding().state, placement, base })
    }

    /// Judges a setting of a component.
    pub fn of_setting(&self, setting: &Setting<'_>, answers: &AnswerFile) -> Result<(SettingResult, Action)> {
        let identity = setting.component.map(|component| component.identity()).unwrap_or_default();
        let row = |result, reason: String, target| SettingResult {
            pass: setting.pass.clone(),
            component: Some(identity.name.clone()),
            architecture: Some(identity.processor_architecture.clone()),
            setting: setting.name.clone(),
            value: if setting.secret { MASK.to_owned() } else { setting.value.clone() },
            line: setting.position.line,
            column: setting.position.column,
            result,
            reason,
            target,
            drivers: Vec::new(),
        };
        let nobody = |reason: String| Ok((row(SettingOutcome::NotApplicable, reason, None), Action::None));
        let known = PassName::ALL.into_iter().find(|pass| pass.as_str() == setting.pass);
        let Some(pass) = known else {
            return nobody(format!("Setup has no pass of the name '{}'", setting.pass));
        };
        if setting.component.is_some_and(|component| component.pass.was_processed()) {
            return nobody("the pass is marked as done (wasPassProcessed), so Setup skips it".to_owned());
        }
        if pass == PassName::WindowsPe {
            return nobody(
                "Setup reads it when it starts from media, and nothing in an image does".to_owned(),
            );
        }
        let wanted = self.architecture.name();
        if !identity.processor_architecture.eq_ignore_ascii_case(wanted) {
            return nobody(match identity.processor_architecture.as_str() {
                "" => "the component has no processorArchitecture, so Setup ignores it".to_owned(),
                other => {
                    format!("the component is for {other} and the image is {wanted}, so Setup ignores it")
                }
            });
        }
        let home = home(&identity.name, &without_lists(&setting.name));
        let apply = |home: Home, why: &str| {
            let reason = format!("{why}; that Windows keeps it there is known at level {}", home.level());
            let result = row(SettingOutcome::Applied, reason, Some(home.target()));
            let encoded = is_encoded(setting, answers);
            Ok((result, Action::Home { home, value: setting.value.clone(), encoded }))
        };
        if pass == PassName::OfflineServicing {
            if identity.name.eq_ignore_ascii_case(DRIVERS) {
                if !setting.name.to_ascii_lowercase().ends_with("/path") {
                    return nobody("the folder is read as the user who runs this".to_owned());
                }
                return Ok(match resolve(&setting.value, self.base, HostKind::Directory)? {
                    Resolved::Found(folder) => {
                        let target = Some(r"\Windows\System32\DriverStore\FileRepository".to_owned());
                        (row(SettingOutcome::Applied, String::new(), target), Action::Drivers(folder))
                    }
                    Resolved::Nothing(_) => {
                        let base = self.base.display();
                        let reason = format!("there is no such folder, here or below '{base}'");
                        (row(SettingOutcome::Failed, reason, None), Action::None)
                    }
                });
            }
            return match home {
                Some(home) => apply(home, "written to the registry"),
                None => nobody(
                    "the component itself applies it, by DISM or by Setup from media: no offline home is known"
                        .to_owned(),
                ),
            };
        }
        match (home, self.placed(pass)) {
            (Some(home), _) if self.state == SetupState::Complete && pass != PassName::Generalize => {
                apply(home, "Setup has finished with this image, so it was written to the registry")
            }
            (_, Ok((reason, target))) => {
                Ok((row(SettingOutcome::Placed, reason.to_owned(), Some(target)), Action::None))
            }
            (Some(home), Err(_)) => apply(home, "the file is not placed, so it was written to the registry"),
            (None, Err(reason)) => nobody(reason),
        }
    }

    /// When Setup reads the settings of a pass, and from where; or why it does not.
    fn placed(&self, pass: PassName) -> Result<(&'static str, String), String> {
        let Some(Placement { report, .. }) = self.placement else {
            return Err("the file is not placed where Setup looks".to_owned());
        };
        if !report.used_passes.iter().any(|name| name == pass.as_str()) {
            let of_pass = |text: &&String| text.starts_with(&format!("in pass {} ", pass.as_str()));
            let warning = report.warnings.iter().find(of_pass);
            return Err(warning.cloned().unwrap_or_else(|| "Setup uses another file".to_owned()));
        }
        let when = match pass {
            PassName::Generalize => "read when Sysprep generalises the image",
            PassName::AuditSystem | PassName::AuditUser => "read if the image starts audit mode",
            _ if self.state == SetupState::Complete => "read after Sysprep has generalised the image",
            _ => "Setup reads it in this pass",
        };
        Ok((when, report.item_path.clone()))
    }
}

/// A setting's path without the keys of list items.
fn without_lists(path: &str) -> String {
    let mut depth = 0_u32;
    let keep = |letter: &char| {
        match letter {
            '[' => depth = depth.saturating_add(1),
            ']' => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0
    };
    path.chars().filter(keep).collect()
}

/// Whether the password beside a setting is encoded: `PlainText` is false.
fn is_encoded(setting: &Setting<'_>, answers: &AnswerFile) -> bool {
    let Some((parent, _)) = setting.path.rsplit_once('/') else { return false };
    let beside = answers.get(&format!("{parent}/PlainText")).ok().flatten();
    beside.is_some_and(|value| truth(&value) == Some(false))
}
