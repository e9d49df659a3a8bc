//! The command of the specialize pass that starts the plan, in an answer file.
//!
//! Setup runs it as SYSTEM before the first logon, in the order of `Order` (1 to 500).
//!
//! Reference: Microsoft, unattended setup reference, "Microsoft-Windows-Deployment | RunSynchronous".

use crate::error::Result;
use crate::formats::inf::Architecture;
use crate::formats::unattend::{AnswerFile, SetOptions, SettingPath};

/// What Setup runs. `Path` has at most 259 characters.
const COMMAND: &str = r#"cmd.exe /d /c "%SystemRoot%\Setup\ImageServicing\firstboot.cmd""#;
const DESCRIPTION: &str = "ImageServicing first-boot plan";
/// The commands of the pass, whatever the component's architecture.
const COMMANDS: &str = "specialize/Microsoft-Windows-Deployment/RunSynchronous/RunSynchronousCommand";
/// Highest number that Setup takes as `Order`.
const HIGHEST_ORDER: u32 = 500;

/// What became of an answer file.
pub(super) enum Entry {
    /// It has the command.
    Present,
    /// It has the command now.
    Added(Vec<u8>),
    /// It cannot have it.
    Impossible(String),
}

/// An answer file with the command: the given one, or a new one.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn with_command(bytes: Option<&[u8]>, architecture: Architecture) -> Result<Entry> {
    let mut file = match bytes {
        Some(bytes) => AnswerFile::parse(bytes)?,
        None => AnswerFile::new()?,
    };
    if file.passes().any(|pass| pass.name() == "specialize" && pass.was_processed()) {
        return Ok(Entry::Impossible("Setup is done with its specialize pass".to_owned()));
    }
    if own(&file)?.is_some() {
        return Ok(Entry::Present);
    }
    let orders = file.settings(&SettingPath::parse(&format!("{COMMANDS}/Order"))?);
    let highest = orders.iter().filter_map(|order| order.value.trim().parse::<u32>().ok()).max();
    let order = highest.unwrap_or(0).saturating_add(1);
    if order > HIGHEST_ORDER {
        return Ok(Entry::Impossible(format!("its commands have all numbers up to {HIGHEST_ORDER}")));
    }
    let options = SetOptions { architecture: Some(architecture.to_string()) };
    let entry = file.set(&format!("{COMMANDS}[+]/Order"), &order.to_string(), &options)?.path;
    let entry = entry.strip_suffix("/Order").unwrap_or(&entry).to_owned();
    let options = SetOptions::default();
    file.set(&format!("{entry}/Path"), COMMAND, &options)?;
    file.set(&format!("{entry}/Description"), DESCRIPTION, &options)?;
    Ok(Entry::Added(file.to_bytes()))
}

/// The file without the command; `None` if nothing is left in it. One that cannot be read stays as it is.
pub(super) fn without_command(bytes: &[u8]) -> Option<Vec<u8>> {
    let edit = || -> Result<Option<Vec<u8>>> {
        let mut file = AnswerFile::parse(bytes)?;
        if let Some(entry) = own(&file)? {
            file.remove(&SettingPath::parse(&entry)?, true)?;
        }
        let is_empty = file.root().elements().next().is_none();
        Ok((!is_empty).then(|| file.to_bytes()))
    };
    edit().unwrap_or_else(|_| Some(bytes.to_vec()))
}

/// The path of our command.
fn own(file: &AnswerFile) -> Result<Option<String>> {
    let paths = file.settings(&SettingPath::parse(&format!("{COMMANDS}/Path"))?);
    let own = paths.iter().find(|path| path.value.trim().eq_ignore_ascii_case(COMMAND));
    Ok(own.and_then(|path| path.path.strip_suffix("/Path")).map(str::to_owned))
}
