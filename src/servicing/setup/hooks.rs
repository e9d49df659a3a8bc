//! What makes Windows Setup start the script: an entry of the answer file, and a line of `SetupComplete.cmd`.
//!
//! Reference: Microsoft, "Windows Setup Automation Overview" (implicit answer file search order),
//! "Add a Custom Script to Windows Setup"; docs/formats/first-boot.md.

use super::answer_file::{self, Entry};
use super::plan::Hooked;
use super::{put, FirstBoot};
use crate::error::Result;
use crate::formats::inf::Architecture;
use crate::image::{ImagePath, Transaction};
use crate::progress::Observer;

/// Where Setup looks for answer files in the image, below the Windows directory; the first one counts.
const ANSWER_FILES: [&str; 2] = [r"Panther\Unattend\Unattend.xml", r"Panther\unattend.xml"];
/// What Setup runs when it is done, below the Windows directory.
const SETUP_COMPLETE: &str = r"Setup\Scripts\SetupComplete.cmd";
/// The line in it; the first one, because what follows may end the script.
const LINE: &[u8] = b"@call \"%SystemRoot%\\Setup\\ImageServicing\\firstboot.cmd\"\r\n";
/// Largest script, and largest answer file, that is edited, in bytes.
const FILE_LIMIT: u64 = 16 << 20;

/// Sets both hooks where they are not set.
pub(super) fn set(
    boot: &mut FirstBoot,
    architecture: Architecture,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<Vec<String>> {
    let remark = set_answer_file(boot, architecture, transaction, observer)?;
    set_script(boot, transaction, observer)?;
    Ok(remark.into_iter().collect())
}

/// Takes both hooks out.
pub(super) fn unset(
    boot: &mut FirstBoot,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<()> {
    if let Some(hooked) = boot.plan.answer_file.take() {
        let path = ImagePath::parse(&hooked.path)?;
        if let Some(bytes) = read(transaction, &path)? {
            restore(transaction, &path, hooked.made, answer_file::without_command(&bytes), observer)?;
        }
    }
    if let Some(hooked) = boot.plan.setup_complete.take() {
        let path = ImagePath::parse(&hooked.path)?;
        if let Some(bytes) = read(transaction, &path)? {
            let rest = match position(&bytes) {
                Some(at) => {
                    let (before, after) = bytes.split_at_checked(at).unwrap_or((&bytes, &[]));
                    let after = after.strip_prefix(LINE).unwrap_or(after);
                    (!before.is_empty() || !after.is_empty()).then(|| [before, after].concat())
                }
                None => Some(bytes),
            };
            restore(transaction, &path, hooked.made, rest, observer)?;
        }
    }
    Ok(())
}

/// Puts back what is left of a file; one that was made for the hook and holds nothing else goes.
fn restore(
    transaction: &mut Transaction<'_>,
    path: &ImagePath,
    made: bool,
    rest: Option<Vec<u8>>,
    observer: Observer<'_>,
) -> Result<()> {
    match rest {
        Some(bytes) => put(transaction, path, &bytes, observer),
        None if made => transaction.remove(path, false),
        None => put(transaction, path, &[], observer),
    }
}

fn set_answer_file(
    boot: &mut FirstBoot,
    architecture: Architecture,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<Option<String>> {
    let mut path = boot.windows.join(ANSWER_FILES[1])?;
    for name in ANSWER_FILES {
        let found = boot.windows.join(name)?;
        if transaction.view().exists(&found)? {
            path = found;
            break;
        }
    }
    let before = read(transaction, &path)?;
    let edited = match answer_file::with_command(before.as_deref(), architecture) {
        Ok(Entry::Present) => None,
        Ok(Entry::Added(bytes)) => Some(bytes),
        Ok(Entry::Impossible(reason)) => return Ok(Some(only_script(&path, &reason))),
        Err(error) => return Ok(Some(only_script(&path, &error.to_string()))),
    };
    if let Some(bytes) = edited {
        if let Some(parent) = path.parent() {
            boot.make_folder(&parent, transaction)?;
        }
        put(transaction, &path, &bytes, observer)?;
    }
    let known = boot.plan.answer_file.as_ref().is_some_and(|known| known.path == path.to_string());
    if !known {
        boot.plan.answer_file = Some(Hooked { path: path.to_string(), made: before.is_none() });
    }
    Ok(None)
}

fn only_script(path: &ImagePath, reason: &str) -> String {
    format!("'{path}' was left alone ({reason}); SetupComplete.cmd runs the plan")
}

fn set_script(boot: &mut FirstBoot, transaction: &mut Transaction<'_>, observer: Observer<'_>) -> Result<()> {
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
        boot.plan.setup_complete = Some(Hooked { path: path.to_string(), made: before.is_none() });
    }
    Ok(())
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
