//! What makes Windows start the script: commands in the answer files that Setup uses, a line of `SetupComplete.cmd`,
//! and for the first logon, where no answer file will do, a value of the registry.
//!
//! Reference: Microsoft, "Windows Setup Automation Overview" (implicit answer file search order),
//! "Add a Custom Script to Windows Setup"; docs/formats/first-boot.md.

use super::answer_file::{self, Entry, Slot, FIRST_LOGON, SPECIALIZE};
use super::plan::Hooked;
use super::undo::Undo;
use super::StepPhase::{FirstLogon, SetupComplete, Specialize};
use super::{put, run_once, FirstBoot};
use crate::error::Result;
use crate::formats::inf::Architecture;
use crate::image::identity::SetupState;
use crate::image::{ImagePath, Transaction};
use crate::progress::Observer;
use crate::servicing::setup_state;
use crate::servicing::unattend::{survey, Location};

/// The answer file that is made where no other one will do, below the Windows directory.
const ANSWER_FILE: &str = r"Panther\unattend.xml";
/// What Setup runs when it is done, below the Windows directory.
const SETUP_COMPLETE: &str = r"Setup\Scripts\SetupComplete.cmd";
/// The line in it; the first one, because what follows may end the script.
const LINE: &[u8] = b"@call \"%SystemRoot%\\Setup\\ImageServicing\\firstboot.cmd\" SetupComplete\r\n";
/// Largest script, and largest answer file, that is edited, in bytes.
const FILE_LIMIT: u64 = 16 << 20;

/// Sets the hooks that the steps need. With `registry` also that in the registry; without it, the registry stays as it
/// is, for a caller that has its hives open.
pub(super) fn set(
    boot: &mut FirstBoot,
    architecture: Architecture,
    registry: bool,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<Vec<String>> {
    // What is there of answer files decides which of them Setup uses, without what is ours in them.
    unset_answer_files(boot, transaction, observer)?;
    let mut remarks = Vec::new();
    if boot.plan.has(&[Specialize]) {
        match hook(boot, &SPECIALIZE, architecture, true, transaction, observer)? {
            Ok(hooked) => boot.plan.answer_file = Some(hooked),
            Err(reason) => remarks.push(format!(
                "{reason}; SetupComplete.cmd runs the plan, which Windows leaves out on client editions with an OEM key"
            )),
        }
    }
    match boot.plan.has(&[Specialize, SetupComplete]) {
        true => remarks.extend(set_script(boot, transaction, observer)?),
        false => unset_script(boot, transaction, observer)?,
    }
    remarks.extend(set_first_logon(boot, architecture, registry, transaction, observer)?);
    Ok(remarks)
}

/// Takes all hooks out.
pub(super) fn unset(
    boot: &mut FirstBoot,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<()> {
    unset_answer_files(boot, transaction, observer)?;
    unset_script(boot, transaction, observer)?;
    unset_run_once(boot, transaction, observer)
}

/// What an answer file of the image is without the plan's commands; `None` if there is nothing else in it.
pub(super) fn without_hooks(boot: &FirstBoot, path: &ImagePath, bytes: Vec<u8>) -> Option<Vec<u8>> {
    let name = path.to_string();
    let is_it = |hooked: &&Hooked| hooked.path.eq_ignore_ascii_case(&name);
    let last = boot.plan.first_logon.as_ref().filter(is_it);
    let bytes = match last {
        Some(hooked) => without(hooked, &FIRST_LOGON, bytes)?,
        None => bytes,
    };
    match boot.plan.answer_file.as_ref().filter(is_it) {
        Some(hooked) => without(hooked, &SPECIALIZE, bytes),
        None => Some(bytes),
    }
}

/// A file as it was before its hook, byte for byte if nobody has changed it since; `None` if it was made for the hook
/// and holds nothing else.
fn without(hooked: &Hooked, slot: &Slot, bytes: Vec<u8>) -> Option<Vec<u8>> {
    match hooked.undo.as_ref().and_then(|undo| undo.apply(&bytes)) {
        Some(_) if hooked.made => None,
        Some(before) => Some(before),
        None => {
            let (rest, is_empty) = answer_file::without_command(&bytes, slot);
            (!(hooked.made && is_empty)).then_some(rest)
        }
    }
}

fn unset_answer_files(
    boot: &mut FirstBoot,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<()> {
    // The last one comes out first.
    let hooks = [(boot.plan.first_logon.take(), &FIRST_LOGON), (boot.plan.answer_file.take(), &SPECIALIZE)];
    for (hooked, slot) in hooks {
        let Some(hooked) = hooked else { continue };
        let path = ImagePath::parse(&hooked.path)?;
        let Some(bytes) = read(transaction, &path)? else { continue };
        match without(&hooked, slot, bytes) {
            Some(rest) => put(transaction, &path, &rest, observer)?,
            None => transaction.remove(&path, false)?,
        }
    }
    Ok(())
}

/// Puts a command into the answer file that Setup uses in the command's pass, or else into one that is in Setup's own
/// folder; with `make`, into a new one there. Why it cannot be.
fn hook(
    boot: &mut FirstBoot,
    slot: &Slot,
    architecture: Architecture,
    make: bool,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<std::result::Result<Hooked, String>> {
    let files = survey(&transaction.view(), &boot.windows, &|_, bytes| Some(bytes), None)?;
    let pass = slot.pass.as_str();
    let wins = files.iter().find(|file| file.used_passes.iter().any(|used| used == pass));
    let is_own = |location| matches!(location, Location::PantherUnattend | Location::Panther);
    let there = wins.or_else(|| files.iter().find(|file| file.exists && is_own(file.location)));
    let path = match there {
        Some(file) => ImagePath::parse(&file.item_path)?,
        None if make => boot.windows.join(ANSWER_FILE)?,
        None => return Ok(Err(format!("no answer file of the image has settings for the pass {pass}"))),
    };
    let before = read(transaction, &path)?;
    let left = |reason: &str| Ok(Err(format!("'{path}' was left alone ({reason})")));
    let after = match answer_file::with_command(before.as_deref(), slot, architecture) {
        Ok(Entry::Added(bytes)) => Some(bytes),
        Ok(Entry::Present) => None,
        Ok(Entry::Impossible(reason)) => return left(&reason),
        Err(error) => return left(&error.to_string()),
    };
    let undo = after.as_ref().and_then(|after| Undo::of(before.as_deref().unwrap_or_default(), after));
    if let Some(after) = after {
        if let Some(parent) = path.parent() {
            boot.make_folder(&parent, transaction)?;
        }
        put(transaction, &path, &after, observer)?;
    }
    Ok(Ok(Hooked { path: path.to_string(), made: before.is_none(), undo }))
}

fn set_first_logon(
    boot: &mut FirstBoot,
    architecture: Architecture,
    registry: bool,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<Option<String>> {
    if !boot.plan.has(&[FirstLogon]) {
        if registry {
            unset_run_once(boot, transaction, observer)?;
        }
        return Ok(None);
    }
    if boot.plan.run_once.is_some() && !registry {
        return Ok(None);
    }
    let finding = setup_state::facts_of(&transaction.view(), &boot.windows)?.0.finding();
    let hooked = match finding.state {
        SetupState::Complete => Err(format!("Setup is done with this image ({})", finding.reason)),
        _ => hook(boot, &FIRST_LOGON, architecture, false, transaction, observer)?,
    };
    let reason = match hooked {
        Ok(hooked) => {
            boot.plan.first_logon = Some(hooked);
            unset_run_once(boot, transaction, observer)?;
            return Ok(None);
        }
        Err(reason) => reason,
    };
    if !registry {
        return Ok(Some(format!("{reason}; nothing starts the steps of the first logon now: add one again")));
    }
    if boot.plan.run_once.is_none() {
        boot.plan.run_once = run_once::set(&boot.windows, transaction, observer)?;
    }
    Ok(Some(match boot.plan.run_once {
        Some(_) => format!(
            "{reason}; RunOnce of the registry starts the steps, when an administrator logs on for the first time"
        ),
        None => format!("{reason}, nor is there a registry: nothing starts the steps of the first logon"),
    }))
}

fn unset_run_once(
    boot: &mut FirstBoot,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<()> {
    match boot.plan.run_once.take() {
        Some(made) => run_once::unset(made, &boot.windows, transaction, observer),
        None => Ok(()),
    }
}

fn set_script(
    boot: &mut FirstBoot,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<Option<String>> {
    let path = boot.windows.join(SETUP_COMPLETE)?;
    let before = read(transaction, &path)?;
    let text = before.as_deref().unwrap_or_default();
    if position(text).is_none() {
        if let Some(parent) = path.parent() {
            boot.make_folder(&parent, transaction)?;
        }
        put(transaction, &path, &[LINE, text].concat(), observer)?;
    }
    if boot.plan.setup_complete.is_none() {
        let hooked = Hooked { path: path.to_string(), made: before.is_none(), undo: None };
        boot.plan.setup_complete = Some(hooked);
    }
    let is_utf_16 = text.starts_with(&[0xFF, 0xFE]) || text.starts_with(&[0xFE, 0xFF]);
    Ok(is_utf_16.then(|| format!("'{path}' is UTF-16, of which cmd.exe runs nothing but the plan's line")))
}

fn unset_script(
    boot: &mut FirstBoot,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<()> {
    let Some(hooked) = boot.plan.setup_complete.take() else { return Ok(()) };
    let path = ImagePath::parse(&hooked.path)?;
    let Some(bytes) = read(transaction, &path)? else { return Ok(()) };
    let Some(at) = position(&bytes) else { return Ok(()) };
    let (before, after) = bytes.split_at_checked(at).unwrap_or((&bytes, &[]));
    let rest = [before, after.strip_prefix(LINE).unwrap_or(after)].concat();
    match rest.is_empty() && hooked.made {
        true => transaction.remove(&path, false),
        false => put(transaction, &path, &rest, observer),
    }
}

/// Where the line stands.
fn position(text: &[u8]) -> Option<usize> {
    text.windows(LINE.len()).position(|part| part.eq_ignore_ascii_case(LINE))
}

fn read(transaction: &Transaction<'_>, path: &ImagePath) -> Result<Option<Vec<u8>>> {
    let view = transaction.view();
    match view.exists(path)? {
        true => view.read_file(path, FILE_LIMIT).map(Some),
        false => Ok(None),
    }
}
