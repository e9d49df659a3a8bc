//! How far Windows Setup has come with a Windows: installed, generalised, in audit mode.
//!
//! What Setup records of itself in the hives is read as [`SetupFact`]s, and one rule after the other is
//! asked what they mean. Nothing here fails: what is not there says nothing.
//!
//! Reference: docs/formats/setup-state.md.

use super::registry::{control_set, Look};
use super::sources::Sources;
use super::OpenContent;
use crate::error::Error;
use crate::formats::regf::{Hive, KeyId, Peek, Value};
use crate::formats::wim::tree::Tree;
use serde::Serialize;

/// Most values of one key that are looked at; Windows writes up to seven.
const MOST_VALUES: usize = 64;

const SETUP: &str = r"HKEY_LOCAL_MACHINE\SYSTEM\Setup";
const STATE: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State";
const VERSION: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion";
/// Where Setup keeps the state a second time.
pub const STATE_FILE: &str = r"Setup\State\State.ini";

/// The values of `SYSTEM\Setup` that tell of the state.
const SETUP_VALUES: [&str; 8] = [
    "SystemSetupInProgress",
    "SetupType",
    "SetupPhase",
    "OOBEInProgress",
    "RestartSetup",
    "CmdLine",
    "RespecializeCmdLine",
    "UnattendFile",
];

/// Keys below it of which all values are taken.
const SETUP_KEYS: [&str; 4] =
    ["Status", r"Status\SysprepStatus", r"Status\ChildCompletion", r"Status\UnattendPasses"];

/// How far Setup has come. The names are part of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum SetupState {
    /// Windows is installed: specialize and oobeSystem are done.
    Complete,
    /// Sysprep has generalised it; the next start runs specialize, then the welcome pages.
    Generalized,
    /// Sysprep has generalised it; the next start runs specialize, then audit mode.
    GeneralizedToAudit,
    /// Specialize is done; the next start goes on with oobeSystem.
    OobePending,
    /// It is in audit mode, or starts into it.
    Audit,
    /// Setup is in the middle of a pass, or was interrupted there.
    Installing,
    /// Windows PE: it is never set up.
    WindowsPE,
    /// What is recorded does not tell.
    Unknown,
}

impl SetupState {
    /// Whether the image can be applied to any computer; `None` where nothing tells.
    pub fn is_generalized(self) -> Option<bool> {
        match self {
            Self::Generalized | Self::GeneralizedToAudit => Some(true),
            Self::Complete | Self::OobePending | Self::Audit | Self::Installing => Some(false),
            Self::WindowsPE | Self::Unknown => None,
        }
    }

    /// Whether the next start leads to audit mode.
    pub fn is_audit(self) -> bool {
        matches!(self, Self::GeneralizedToAudit | Self::Audit)
    }

    /// Whether the next start leads to the welcome pages.
    pub fn is_oobe_pending(self) -> bool {
        matches!(self, Self::Generalized | Self::OobePending)
    }
}

/// A number or a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FactValue {
    /// `REG_DWORD`, `REG_QWORD`.
    Number(u64),
    /// `REG_SZ`.
    Text(String),
}

/// Something that tells of the state: `{key, name, value, meaning}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetupFact {
    /// The registry key, or the path of a file in the image.
    pub key: String,
    /// The value's name.
    pub name: String,
    /// The value.
    pub value: FactValue,
    /// What is known of its meaning.
    pub meaning: Option<&'static str>,
}

/// What is recorded of Setup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetupFacts {
    facts: Vec<SetupFact>,
}

/// What the facts mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupFinding {
    /// The state.
    pub state: SetupState,
    /// Which of the facts decided.
    pub reason: String,
    /// Facts that do not go with it, and what else an admin should know.
    pub notes: Vec<String>,
}

impl SetupFacts {
    /// Adds what a SYSTEM hive says. Damage leaves out what it is in the way of; the first one is told.
    pub fn add_system(&mut self, hive: &Hive) -> Option<Error> {
        let mut look = Look { hive, damage: None };
        let setup = look.find(hive.root(), "Setup");
        for name in SETUP_VALUES {
            let value = look.value(setup, name);
            self.add(SETUP, name, value.as_ref());
        }
        for path in SETUP_KEYS {
            let key = setup.and_then(|setup| look.find(setup, path));
            for value in all_values(&mut look, key) {
                self.add(&format!(r"{SETUP}\{path}"), &value.name_text(), Some(&value));
            }
        }
        // Windows PE has this key, and nothing else does.
        let set = look.noted(control_set(hive)).flatten();
        if set.and_then(|set| look.find(set, r"Control\MiniNT")).is_some() {
            let key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\MiniNT".to_owned();
            let meaning = Some("the key is there in Windows PE only");
            let value = FactValue::Text(String::new());
            self.facts.push(SetupFact { key, name: String::new(), value, meaning });
        }
        look.damage
    }

    /// Adds what a SOFTWARE hive says; as [`add_system`](Self::add_system).
    pub fn add_software(&mut self, hive: &Hive) -> Option<Error> {
        let mut look = Look { hive, damage: None };
        for (full, name) in [(STATE, "ImageState"), (VERSION, "EditionID")] {
            let path = full.split_once(r"SOFTWARE\").map_or(full, |(_, path)| path);
            let key = look.find(hive.root(), path);
            let value = look.value(key, name);
            self.add(full, name, value.as_ref());
        }
        look.damage
    }

    /// Adds what `State.ini` says, which is at `path` in the image.
    pub fn add_state_file(&mut self, path: &str, content: &[u8]) {
        let text = String::from_utf8_lossy(content);
        let mut states = text.lines().filter_map(|line| line.trim().split_once('='));
        if let Some((_, state)) = states.find(|(name, _)| name.trim().eq_ignore_ascii_case("ImageState")) {
            let value = FactValue::Text(state.trim().trim_matches('"').to_owned());
            self.push(path, "ImageState", value);
        }
    }

    fn add(&mut self, key: &str, name: &str, value: Option<&Value>) {
        let found = value.and_then(|value| match value.as_number() {
            Some(number) => Some(FactValue::Number(number)),
            None => value.as_text().map(FactValue::Text),
        });
        if let Some(value) = found {
            self.push(key, name, value);
        }
    }

    fn push(&mut self, key: &str, name: &str, value: FactValue) {
        let meaning = meaning(key, name, &value);
        self.facts.push(SetupFact { key: key.to_owned(), name: name.to_owned(), value, meaning });
    }

    /// All that is recorded, in the order in which it was read.
    pub fn facts(&self) -> &[SetupFact] {
        &self.facts
    }

    fn value(&self, key: &str, name: &str) -> Option<&FactValue> {
        let is_it = |fact: &&SetupFact| fact.key == key && fact.name.eq_ignore_ascii_case(name);
        self.facts.iter().find(is_it).map(|fact| &fact.value)
    }

    /// Text that is not empty.
    pub fn text(&self, key: &str, name: &str) -> Option<&str> {
        match self.value(key, name)? {
            FactValue::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            FactValue::Number(_) => None,
        }
    }

    fn number(&self, key: &str, name: &str) -> Option<u64> {
        match self.value(key, name)? {
            FactValue::Number(number) => Some(*number),
            FactValue::Text(_) => None,
        }
    }

    fn status(&self, key: &str, name: &str) -> Option<u64> {
        self.number(&format!(r"{SETUP}\Status{key}"), name)
    }

    /// The answer file that `SYSTEM\Setup\UnattendFile` points to.
    pub fn unattend_file(&self) -> Option<&str> {
        self.text(SETUP, "UnattendFile")
    }

    /// What the facts mean: the first rule that applies.
    pub fn finding(&self) -> SetupFinding {
        let (state, reason) = self.decide();
        SetupFinding { state, reason, notes: self.notes(state) }
    }

    fn decide(&self) -> (SetupState, String) {
        let is_pe =
            self.text(VERSION, "EditionID").is_some_and(|edition| edition.eq_ignore_ascii_case("WindowsPE"));
        if is_pe || self.facts.iter().any(|fact| fact.key.ends_with(r"\MiniNT")) {
            return (SetupState::WindowsPE, "the registry is that of Windows PE".to_owned());
        }
        let audit_boot = self.status("", "AuditBoot").is_some_and(|number| number != 0);
        let running = self.number(SETUP, "SystemSetupInProgress");
        if let Some(recorded) = self.text(STATE, "ImageState") {
            let known = documented(recorded);
            if let Some(state) = known {
                // In audit mode Setup is in the middle of its passes for as long as it lasts.
                if audit_boot && state == SetupState::Installing {
                    return (SetupState::Audit, format!("ImageState is {recorded}, and AuditBoot is set"));
                }
                return (state, format!("ImageState is {recorded}"));
            }
        }
        let missing = match self.text(STATE, "ImageState") {
            Some(other) => format!("ImageState is {other}, which is not documented"),
            None => "there is no ImageState".to_owned(),
        };
        if audit_boot {
            return (SetupState::Audit, format!("{missing}; AuditBoot is set"));
        }
        match running {
            Some(0) if self.is_finished() => {
                let seen = "SystemSetupInProgress and SetupType are 0, and Setup's parts are done";
                (SetupState::Complete, format!("{missing}; {seen}"))
            }
            Some(number) if number != 0 => {
                (SetupState::Installing, format!("{missing}; SystemSetupInProgress is {number}"))
            }
            _ => (SetupState::Unknown, missing),
        }
    }

    /// What all finished systems have that were looked at.
    fn is_finished(&self) -> bool {
        self.number(SETUP, "SetupType").unwrap_or(0) == 0
            && self.status(r"\SysprepStatus", "GeneralizationState") == Some(7)
            && self.status(r"\ChildCompletion", "setup.exe") == Some(3)
    }

    fn notes(&self, state: SetupState) -> Vec<String> {
        let mut notes = Vec::new();
        let recorded = self.text(STATE, "ImageState");
        let in_file = self.facts.iter().find(|fact| fact.key.ends_with(STATE_FILE));
        if let (Some(recorded), Some(SetupFact { key, value: FactValue::Text(other), .. })) =
            (recorded, in_file)
        {
            if !other.eq_ignore_ascii_case(recorded) {
                notes.push(format!("'{key}' says {other}, the registry {recorded}"));
            }
        }
        let command = self.text(SETUP, "CmdLine");
        match (state, self.number(SETUP, "SetupType"), command) {
            (SetupState::Complete, Some(kind), Some(command)) if kind != 0 => {
                notes.push(format!("the next start runs '{command}' first: SetupType is {kind}"));
            }
            (SetupState::Generalized | SetupState::GeneralizedToAudit, Some(0), _) => {
                notes.push("SetupType is 0, so the next start may not run Setup".to_owned());
            }
            _ => {}
        }
        if let Some(file) = self.unattend_file() {
            notes.push(format!(
                "Setup reads the answer file '{file}' before all others: UnattendFile names it"
            ));
        }
        notes
    }
}

/// The states that Microsoft documents.
fn documented(image_state: &str) -> Option<SetupState> {
    Some(match image_state.to_ascii_uppercase().as_str() {
        "IMAGE_STATE_COMPLETE" => SetupState::Complete,
        "IMAGE_STATE_UNDEPLOYABLE" => SetupState::Installing,
        "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE" => SetupState::Generalized,
        "IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT" => SetupState::GeneralizedToAudit,
        "IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE" => SetupState::OobePending,
        "IMAGE_STATE_SPECIALIZE_RESEAL_TO_AUDIT" => SetupState::Audit,
        _ => return None,
    })
}

/// What is known of a value. What Microsoft does not document is said to be seen.
fn meaning(key: &str, name: &str, value: &FactValue) -> Option<&'static str> {
    let last = key.rsplit('\\').next().unwrap_or_default();
    Some(match (last, name.to_ascii_lowercase().as_str(), value) {
        ("State" | "State.ini", "imagestate", FactValue::Text(text)) => match documented(text)? {
            SetupState::Complete => "specialize and oobeSystem are done; the image fits one computer only",
            SetupState::Installing => "a pass was begun and not finished",
            SetupState::Generalized => "generalize is done; the next start leads to the welcome pages",
            SetupState::GeneralizedToAudit => "generalize is done; the next start leads to audit mode",
            SetupState::OobePending => "specialize is done; the next start leads to the welcome pages",
            SetupState::Audit => "specialize is done; the next start leads to audit mode",
            SetupState::WindowsPE | SetupState::Unknown => return None,
        },
        ("Setup", "systemsetupinprogress", FactValue::Number(0)) => "Setup does not run",
        ("Setup", "systemsetupinprogress", FactValue::Number(_)) => {
            "Setup runs, or goes on at the next start"
        }
        ("Setup", "setuptype", FactValue::Number(0)) => "the next start does not run CmdLine",
        ("Setup", "setuptype", FactValue::Number(_)) => "the next start runs CmdLine before anybody logs on",
        ("Setup", "oobeinprogress", FactValue::Number(0)) => "the welcome pages are not under way",
        ("Setup", "oobeinprogress", FactValue::Number(_)) => "the welcome pages are to come, or under way",
        ("Setup", "unattendfile", FactValue::Text(_)) => "the answer file that Setup reads before all others",
        ("Status", "auditboot", FactValue::Number(0)) => "not in audit mode",
        ("Status", "auditboot", FactValue::Number(_)) => "in audit mode",
        ("SysprepStatus", "generalizationstate", FactValue::Number(7)) => "seen in all installed systems",
        ("ChildCompletion", _, FactValue::Number(3)) => "done: seen in all installed systems",
        _ => return None,
    })
}

fn all_values(look: &mut Look<'_>, key: Option<KeyId>) -> Vec<Value> {
    let hive = look.hive;
    let Some(values) = key.and_then(|key| look.noted(hive.values(key))) else { return Vec::new() };
    values.take(MOST_VALUES).filter_map(|value| look.noted(value)).collect()
}

/// How far Setup has come with the Windows in a tree; `None` if it has none. Little is read of the hives,
/// and nothing of their transaction logs.
pub fn setup(tree: &Tree, open: OpenContent<'_>) -> Option<SetupFinding> {
    let sources = Sources::of(tree);
    sources.root()?;
    let mut facts = SetupFacts::default();
    let mut add = |hash: Option<_>, add: &mut dyn FnMut(&mut SetupFacts, &Hive)| {
        let Some(hash) = hash else { return };
        let peek = open(&hash).and_then(Peek::open);
        let looked = peek.and_then(|mut peek| {
            peek.look(|hive| {
                let mut found = SetupFacts::default();
                add(&mut found, hive);
                found
            })
        });
        facts.facts.extend(looked.map(|found| found.facts).unwrap_or_default());
    };
    add(sources.system, &mut |facts, hive| drop(facts.add_system(hive)));
    add(sources.software, &mut |facts, hive| drop(facts.add_software(hive)));
    Some(facts.finding())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(values: &[(&str, &str, FactValue)]) -> SetupFacts {
        let mut facts = SetupFacts::default();
        for (key, name, value) in values {
            facts.push(key, name, value.clone());
        }
        facts
    }

    fn state(text: &str) -> (&'static str, &'static str, FactValue) {
        (STATE, "ImageState", FactValue::Text(text.to_owned()))
    }

    #[test]
    fn every_documented_state_is_what_its_page_says() {
        let generalized = |text: &str| facts(&[state(text)]).finding().state.is_generalized();
        for text in ["IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE", "image_state_generalize_reseal_to_audit"] {
            assert_eq!(generalized(text), Some(true), "{text}");
        }
        for text in ["COMPLETE", "UNDEPLOYABLE", "SPECIALIZE_RESEAL_TO_OOBE", "SPECIALIZE_RESEAL_TO_AUDIT"] {
            assert_eq!(generalized(&format!("IMAGE_STATE_{text}")), Some(false), "{text}");
        }
        assert_eq!(generalized("IMAGE_STATE_NEW"), None);
    }

    #[test]
    fn audit_mode_is_seen_while_a_pass_is_under_way() {
        let audit = (r"HKEY_LOCAL_MACHINE\SYSTEM\Setup\Status", "AuditBoot", FactValue::Number(1));
        let found = facts(&[state("IMAGE_STATE_UNDEPLOYABLE"), audit.clone()]).finding();
        assert_eq!(found.state, SetupState::Audit);
        // An image that was generalised in audit mode is generalised all the same.
        let found = facts(&[state("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"), audit]).finding();
        assert_eq!(found.state, SetupState::Generalized);
    }

    #[test]
    fn what_does_not_fit_together_is_said() {
        let kind = |number| (SETUP, "SetupType", FactValue::Number(number));
        let command = (SETUP, "CmdLine", FactValue::Text("first.cmd".to_owned()));
        let found = facts(&[state("IMAGE_STATE_COMPLETE"), kind(2), command]).finding();
        assert!(found.notes.iter().any(|note| note.contains("first.cmd")), "{:?}", found.notes);
        let found = facts(&[state("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"), kind(0)]).finding();
        assert_eq!(found.notes.len(), 1, "{:?}", found.notes);
        let mut both = facts(&[state("IMAGE_STATE_COMPLETE")]);
        both.add_state_file(
            r"\Windows\Setup\State\State.ini",
            b"[State]\r\nImageState=IMAGE_STATE_UNDEPLOYABLE\r\n",
        );
        assert!(both.finding().notes.first().is_some_and(|note| note.contains("UNDEPLOYABLE")));
    }
}
