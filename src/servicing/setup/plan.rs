//! The steps of a first-boot plan, and their form as JSON.
//!
//! `{"version": 1, "steps": [{"name", "description", "phase", "command", "success", "payload", "details"}],
//! "payloadFolders", "made", "answerFile", "setupComplete", "firstLogon", "runOnce"}`; the last six say what taking the
//! plan out is to undo.

use super::undo::Undo;
use super::{bad_step, StepPhase};
use crate::error::{Error, Result};
use crate::formats::inf::safe_relative_path;
use serde::{Deserialize, Serialize};

/// The form's number.
const VERSION: u32 = 1;
/// Most steps of a plan.
const STEP_LIMIT: usize = 10_000;
/// Longest name of a step, which names a file.
const NAME_LIMIT: usize = 120;
/// Longest command: `cmd.exe` takes 8191 characters, of which what `%ROOT%` stands for needs some.
const COMMAND_LIMIT: usize = 8000;

/// Something to be done once, when Windows is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its name, unique in the plan: letters, digits, `.`, `_`, `-`.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// When it runs.
    #[serde(default)]
    pub phase: StepPhase,
    /// A line of a batch file, in ASCII, which has a process of its own. `%ROOT%` is the plan's folder with a `\` at
    /// its end. Behind another batch file nothing is run, unless it has `call` in front.
    pub command: String,
    /// Exit codes that mean that it is done; after another one it runs again at the next hook.
    pub success: Vec<u32>,
    /// The folder or file below the plan's folder that belongs to the step and goes with it.
    pub payload: Option<String>,
    /// What whoever made the step wants to know of it.
    pub details: Option<serde_json::Value>,
}

/// The plan as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The form's number.
    version: u32,
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// Folders of the plan's folder that payloads are in.
    #[serde(default)]
    pub payload_folders: Vec<String>,
    /// Folders of the image that were made for the plan, outer ones first.
    #[serde(default)]
    pub made: Vec<String>,
    /// The answer file that has the command.
    #[serde(default)]
    pub answer_file: Option<Hooked>,
    /// The script that has the line.
    #[serde(default)]
    pub setup_complete: Option<Hooked>,
    /// The answer file that has the command of the first logon. It was edited after [`Self::answer_file`].
    #[serde(default)]
    pub first_logon: Option<Hooked>,
    /// The registry has the command of the first logon; whether the key was made for it.
    #[serde(default)]
    pub run_once: Option<bool>,
}

/// A file with a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hooked {
    /// Its path in the image.
    pub path: String,
    /// It was made for the hook.
    pub made: bool,
    /// What was put into it; not of scripts.
    #[serde(default)]
    pub undo: Option<Undo>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            version: VERSION,
            steps: Vec::new(),
            payload_folders: Vec::new(),
            made: Vec::new(),
            answer_file: None,
            setup_complete: None,
            first_logon: None,
            run_once: None,
        }
    }
}

impl Plan {
    /// Reads a plan; whatever an image holds, the names in it stay in the plan's folder.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let damaged =
            |expected: &str, found: String| Error::malformed("first-boot plan", "JSON", expected, found);
        let plan: Self =
            serde_json::from_slice(bytes).map_err(|error| damaged("a plan", error.to_string()))?;
        if plan.version != VERSION {
            return Err(Error::Unsupported {
                what: format!("a first-boot plan of version {}", plan.version),
                reason: "it was made by a newer ImageServicing".to_owned(),
            });
        }
        for step in &plan.steps {
            check(step)?;
        }
        for folder in &plan.payload_folders {
            safe_relative_path(folder)?;
        }
        Ok(plan)
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|error| Error::Stream(error.into()))
    }

    pub(super) fn add(&mut self, step: Step) -> Result<()> {
        check(&step)?;
        if let Some((folder, _)) = step.payload.as_deref().and_then(|payload| payload.split_once('\\')) {
            if !self.payload_folders.iter().any(|known| known == folder) {
                self.payload_folders.push(folder.to_owned());
            }
        }
        if let Some(known) = self.steps.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&step.name)) {
            *known = step;
        } else if self.steps.len() >= STEP_LIMIT {
            let limit = u64::try_from(STEP_LIMIT).unwrap_or(u64::MAX);
            let what = "the number of steps of a first-boot plan";
            return Err(Error::LimitExceeded { what, limit, found: limit.saturating_add(1) });
        } else {
            self.steps.push(step);
        }
        Ok(())
    }

    /// Whether a step runs in one of these phases.
    pub(super) fn has(&self, phases: &[StepPhase]) -> bool {
        self.steps.iter().any(|step| phases.contains(&step.phase))
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Step> {
        let place = self.steps.iter().position(|step| step.name.eq_ignore_ascii_case(name))?;
        Some(self.steps.remove(place))
    }
}

/// Checks what the script is made from.
fn check(step: &Step) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if step.name.is_empty() || step.name.len() > NAME_LIMIT || !step.name.bytes().all(allowed) {
        let reason = "letters, digits, '.', '_' and '-', at most 120";
        return Err(bad_step("name of a step", format!("'{}': expected {reason}", step.name)));
    }
    if safe_relative_path(&step.name).is_err() {
        return Err(bad_step("name of a step", format!("'{}' is no file's name", step.name)));
    }
    if step.command.trim().is_empty() || step.command.len() > COMMAND_LIMIT {
        return Err(bad_step(
            "command of a step",
            format!("of '{}': 1 to {COMMAND_LIMIT} characters", step.name),
        ));
    }
    if !step.command.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        let reason =
            "a batch file is read in a code page that is not known here, so it is to be ASCII, on one line";
        return Err(bad_step("command of a step", format!("of '{}': {reason}", step.name)));
    }
    match &step.payload {
        Some(payload) => safe_relative_path(payload).map(|_| ()),
        None => Ok(()),
    }
}
