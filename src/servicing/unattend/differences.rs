//! Answer files of the host against each other, and as JSON.

use super::settings::{read, shown, write};
use crate::error::{InFile, Result};
use crate::formats::unattend::{self, AnswerFile, Conflict, Difference, Identity, Prefer, Side};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A setting that two files have differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceRow {
    /// `Added`, `Removed`, `Changed`.
    pub change: &'static str,
    /// The pass; `servicing` for the servicing section.
    pub pass: String,
    /// The component's name.
    pub component: Option<String>,
    /// The component's architecture.
    pub architecture: Option<String>,
    /// The path in the component.
    pub setting: String,
    /// The whole path.
    pub path: String,
    /// Whether it is a password or the like: values are left out unless they were asked for.
    pub secret: bool,
    /// The value in the first file.
    pub before: Option<String>,
    /// The value in the second file.
    pub after: Option<String>,
    /// Its line in the first file.
    pub before_line: Option<u64>,
    /// Its line in the second file.
    pub after_line: Option<u64>,
}

fn names(identity: Option<Identity>) -> (Option<String>, Option<String>) {
    identity.map(|identity| (identity.name, identity.processor_architecture)).unzip()
}

impl DifferenceRow {
    fn of(difference: Difference, secrets: bool) -> Self {
        let (component, architecture) = names(difference.component);
        let value = |side: &Option<Side>| {
            side.as_ref().and_then(|side| shown(&side.value, difference.secret, secrets))
        };
        let line = |side: &Option<Side>| side.as_ref().map(|side| side.position.line);
        Self {
            change: match (&difference.before, &difference.after) {
                (None, _) => "Added",
                (_, None) => "Removed",
                _ => "Changed",
            },
            before: value(&difference.before),
            after: value(&difference.after),
            before_line: line(&difference.before),
            after_line: line(&difference.after),
            pass: difference.pass,
            component,
            architecture,
            setting: difference.name,
            path: difference.path,
            secret: difference.secret,
        }
    }
}

/// What is different between two answer files; see [`unattend::compare`].
///
/// # Errors
/// Those of [`read`].
pub fn compare(before: &Path, after: &Path, secrets: bool) -> Result<Vec<DifferenceRow>> {
    let differences = unattend::compare(&read(before)?, &read(after)?);
    Ok(differences.into_iter().map(|difference| DifferenceRow::of(difference, secrets)).collect())
}

/// How answer files are merged.
#[derive(Debug, Clone, Default)]
pub struct MergeOptions {
    /// Which value wins. Without it a conflict means that nothing is written.
    pub prefer: Option<Prefer>,
    /// Whether a file that is there is replaced.
    pub overwrite: bool,
    /// Only tell what would come of it.
    pub preview: bool,
    /// Hand out the values of secrets.
    pub secrets: bool,
}

/// What merging did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MergeReport {
    /// Whether the file was written.
    pub written: bool,
    /// How many settings were added to the base.
    pub added: usize,
    /// How many settings of the base got another value.
    pub changed: usize,
    /// What two files have differently.
    pub conflicts: Vec<ConflictRow>,
}

/// A setting that two of the files have differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConflictRow {
    /// The pass; `servicing` for the servicing section.
    pub pass: String,
    /// The component's name.
    pub component: Option<String>,
    /// The component's architecture.
    pub architecture: Option<String>,
    /// The path in the component.
    pub setting: String,
    /// The whole path.
    pub path: String,
    /// Whether it is a password or the like: values are left out unless they were asked for.
    pub secret: bool,
    /// The value of what was merged so far.
    pub base: Option<String>,
    /// The other value.
    pub other: Option<String>,
    /// The file that has it.
    pub file: String,
    /// The value that was taken: `Base`, `Other`, or none.
    pub chosen: Option<&'static str>,
}

impl ConflictRow {
    fn of(conflict: Conflict, others: &[PathBuf], secrets: bool) -> Self {
        let (component, architecture) = names(conflict.component);
        let file = others.get(conflict.file).map(|file| file.display().to_string());
        Self {
            base: shown(&conflict.base, conflict.secret, secrets),
            other: shown(&conflict.other, conflict.secret, secrets),
            file: file.unwrap_or_default(),
            chosen: conflict.chosen.map(|prefer| match prefer {
                Prefer::Base => "Base",
                Prefer::Other => "Other",
            }),
            pass: conflict.pass,
            component,
            architecture,
            setting: conflict.name,
            path: conflict.path,
            secret: conflict.secret,
        }
    }
}

/// Puts the settings of answer files into a base, and writes what comes of it to `target`.
///
/// # Errors
/// Those of [`unattend::merge`], [`read`] and [`write()`].
pub fn merge(base: &Path, others: &[PathBuf], target: &Path, options: &MergeOptions) -> Result<MergeReport> {
    let files = others.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    let merged = unattend::merge(&read(base)?, &files, options.prefer).in_file(base.display().to_string())?;
    let decided = merged.conflicts.is_empty() || options.prefer.is_some();
    let written = decided && !options.preview;
    if written {
        write(&merged.file, target, options.overwrite)?;
    }
    let row = |conflict| ConflictRow::of(conflict, others, options.secrets);
    let conflicts = merged.conflicts.into_iter().map(row).collect();
    Ok(MergeReport { written, added: merged.added, changed: merged.changed, conflicts })
}

/// The settings of an answer file as JSON text, passwords among them.
///
/// # Errors
/// Those of [`read`].
pub fn to_json(path: &Path) -> Result<String> {
    read(path)?.to_json()
}

/// Makes an answer file of JSON text, writes it if there is a target, and gives its text.
///
/// # Errors
/// Those of [`AnswerFile::from_json`] and [`write()`].
pub fn from_json(text: &str, target: Option<&Path>, overwrite: bool) -> Result<String> {
    let file = AnswerFile::from_json(text)?;
    if let Some(target) = target {
        write(&file, target, overwrite)?;
    }
    Ok(file.text().to_owned())
}
