//! The commands that start the plan, in an answer file.
//!
//! Setup runs those of the specialize pass as SYSTEM, before the first logon; those of the first logon are run as the
//! user who logs on. Each has an `Order` from 1 to 500. Of the first logon's, one page says that they run one after
//! the other and another that they are started together: so there is one for the whole plan, which keeps the order.
//!
//! Reference: Microsoft, unattended setup reference, "Microsoft-Windows-Deployment | RunSynchronous",
//! "Microsoft-Windows-Shell-Setup | FirstLogonCommands | SynchronousCommand" and its "Order".

use crate::error::Result;
use crate::formats::inf::Architecture;
use crate::formats::unattend::{AnswerFile, PassName, SetOptions, SettingPath};

/// Highest number that Setup takes as `Order`.
const HIGHEST_ORDER: u32 = 500;

/// A place of an answer file for a command.
pub(super) struct Slot {
    /// The pass.
    pub pass: PassName,
    /// The list of commands, whatever the component's architecture.
    list: &'static str,
    /// The setting of its elements that holds the command line.
    line: &'static str,
    /// What is run; at most 259 characters.
    command: &'static str,
    description: &'static str,
}

/// The command of the specialize pass.
pub(super) const SPECIALIZE: Slot = Slot {
    pass: PassName::Specialize,
    list: "specialize/Microsoft-Windows-Deployment/RunSynchronous/RunSynchronousCommand",
    line: "Path",
    command: r#"cmd.exe /d /c "%SystemRoot%\Setup\ImageServicing\firstboot.cmd""#,
    description: "ImageServicing first-boot plan",
};
/// The command of the first logon.
pub(super) const FIRST_LOGON: Slot = Slot {
    pass: PassName::OobeSystem,
    list: "oobeSystem/Microsoft-Windows-Shell-Setup/FirstLogonCommands/SynchronousCommand",
    line: "CommandLine",
    command: super::run_once::COMMAND,
    description: "ImageServicing first-boot plan, first logon",
};

/// What became of an answer file.
pub(super) enum Entry {
    /// It has the command.
    Present,
    /// It has the command now.
    Added(Vec<u8>),
    /// It cannot have it.
    Impossible(String),
}

/// An answer file with a command: the given one, or a new one.
///
/// # Errors
/// A file that cannot be read, or where the place for the command cannot be told.
pub(super) fn with_command(bytes: Option<&[u8]>, slot: &Slot, architecture: Architecture) -> Result<Entry> {
    let mut file = match bytes {
        Some(bytes) => AnswerFile::parse(bytes)?,
        None => AnswerFile::new()?,
    };
    if file.passes().any(|pass| pass.known() == Some(slot.pass) && pass.was_processed()) {
        return Ok(Entry::Impossible(format!("Setup is done with its {} pass", slot.pass.as_str())));
    }
    if own(&file, slot)?.is_some() {
        return Ok(Entry::Present);
    }
    let list = slot.list;
    let orders = file.settings(&SettingPath::parse(&format!("{list}/Order"))?);
    let highest = orders.iter().filter_map(|order| order.value.trim().parse::<u32>().ok()).max();
    let order = highest.unwrap_or(0).saturating_add(1);
    if order > HIGHEST_ORDER {
        return Ok(Entry::Impossible(format!("its commands have all numbers up to {HIGHEST_ORDER}")));
    }
    let options = SetOptions { architecture: Some(architecture.to_string()) };
    let entry = file.set(&format!("{list}[+]/Order"), &order.to_string(), &options)?.path;
    let entry = entry.strip_suffix("/Order").unwrap_or(&entry).to_owned();
    let options = SetOptions::default();
    file.set(&format!("{entry}/{}", slot.line), slot.command, &options)?;
    file.set(&format!("{entry}/Description"), slot.description, &options)?;
    Ok(Entry::Added(file.to_bytes()))
}

/// The file without the command, and without what is empty then, and whether nothing is left in it. For a file that
/// was edited by others since; one that cannot be read stays as it is.
pub(super) fn without_command(bytes: &[u8], slot: &Slot) -> (Vec<u8>, bool) {
    let edit = || -> Result<(Vec<u8>, bool)> {
        let mut file = AnswerFile::parse(bytes)?;
        if let Some(entry) = own(&file, slot)? {
            file.remove(&SettingPath::parse(&entry)?, true)?;
        }
        let is_empty = file.root().elements().next().is_none();
        Ok((file.to_bytes(), is_empty))
    };
    edit().unwrap_or_else(|_| (bytes.to_vec(), false))
}

/// The path of our command.
fn own(file: &AnswerFile, slot: &Slot) -> Result<Option<String>> {
    let lines = file.settings(&SettingPath::parse(&format!("{}/{}", slot.list, slot.line))?);
    let own = lines.iter().find(|line| line.value.trim().eq_ignore_ascii_case(slot.command));
    let entry = own.and_then(|line| line.path.strip_suffix(slot.line)?.strip_suffix('/'));
    Ok(entry.map(str::to_owned))
}
