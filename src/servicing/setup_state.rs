//! How far Windows Setup has come with an image, and what says so.
//!
//! Reference: docs/formats/setup-state.md.

use super::hives::{ImageHive, Opening};
use super::source::Source;
use super::windows::{directory, hive_path};
use crate::error::{Error, Result};
use crate::formats::regf::Hive;
use crate::image::identity::{SetupFact, SetupFacts, SetupFinding, SetupState, STATE_FILE};
use crate::image::{ImageDetails, ImagePath, View};
use crate::progress::Observer;
use serde::Serialize;

/// Largest `State.ini` that is read; Setup's has some fifty bytes.
const STATE_FILE_LIMIT: u64 = 64 << 10;

/// A setup state with its evidence: `{state, isGeneralized, isAudit, isOobePending, reason, notes, facts}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetupReport {
    /// The state.
    pub state: SetupState,
    /// Whether the image can be applied to any computer; `None` where nothing tells.
    pub is_generalized: Option<bool>,
    /// Whether the next start leads to audit mode.
    pub is_audit: bool,
    /// Whether the next start leads to the welcome pages.
    pub is_oobe_pending: bool,
    /// Which fact decided.
    pub reason: String,
    /// Facts that do not go together, and what could not be read.
    pub notes: Vec<String>,
    /// What was read.
    pub facts: Vec<SetupFact>,
}

/// Finds out the setup state of an image. Hives that were not closed cleanly count as their logs make them.
///
/// # Errors
/// [`Error::NotServiceable`] if there is neither a SYSTEM nor a SOFTWARE hive; damage of the image. A
/// damaged hive is told in a note.
pub fn setup_state(source: Source<'_>, observer: Observer<'_>) -> Result<SetupReport> {
    source.look(observer, read)
}

fn read(view: &View<'_>, details: &ImageDetails) -> Result<SetupReport> {
    let (facts, unread) = facts(view, details)?;
    let SetupFinding { state, reason, mut notes } = facts.finding();
    notes.extend(unread);
    Ok(SetupReport {
        state,
        is_generalized: state.is_generalized(),
        is_audit: state.is_audit(),
        is_oobe_pending: state.is_oobe_pending(),
        reason,
        notes,
        facts: facts.facts().to_vec(),
    })
}

/// What the image records of Setup, and what of it could not be read.
///
/// # Errors
/// As for [`setup_state`].
pub fn facts(view: &View<'_>, details: &ImageDetails) -> Result<(SetupFacts, Vec<String>)> {
    facts_of(view, &directory(view, details)?)
}

/// As [`facts`], with the Windows directory.
///
/// # Errors
/// As for [`setup_state`].
pub fn facts_of(view: &View<'_>, windows: &ImagePath) -> Result<(SetupFacts, Vec<String>)> {
    let (mut facts, mut unread, mut found) = (SetupFacts::default(), Vec::new(), false);
    type Add = fn(&mut SetupFacts, &Hive) -> Option<Error>;
    let hives: [(&str, Add); 2] =
        [("SYSTEM", SetupFacts::add_system), ("SOFTWARE", SetupFacts::add_software)];
    for (name, add) in hives {
        let path = hive_path(windows, name)?;
        match ImageHive::open_for(view, &path, Opening::Look) {
            Ok(None) => {}
            Ok(Some(hive)) => {
                found = true;
                unread.extend(add(&mut facts, &hive.hive).map(|damage| format!("'{path}': {damage}")));
                if hive.hive.is_dirty() {
                    unread.push(format!("'{path}': its transaction logs may hold newer data"));
                }
                hive.close(view);
            }
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(damage) => {
                found = true;
                unread.push(damage.to_string());
            }
        }
    }
    if !found {
        let reason = format!("there is no registry in '{windows}', so it holds no Windows");
        return Err(Error::NotServiceable { reason });
    }
    let path = windows.join(STATE_FILE)?;
    if view.exists(&path)? {
        match view.read_file(&path, STATE_FILE_LIMIT) {
            Ok(content) => facts.add_state_file(&path.to_string(), &content),
            Err(error) => unread.push(format!("'{path}': {error}")),
        }
    }
    Ok((facts, unread))
}
