//! Single settings of an answer file of the host.

use super::knowledge::{Kind, Knowledge};
use crate::error::{Error, InFile, Result};
use crate::formats::unattend::{AnswerFile, Selector, SetOptions, Setting, SettingPath};
use crate::formats::xml::Limits;
use crate::image::{folder, NewFile};
use serde::Serialize;
use std::io::Write;
use std::path::Path;

/// A setting, as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingRow {
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
    /// The value; nothing for a secret that was not asked for.
    pub value: Option<String>,
    /// Whether it is a password or the like.
    pub secret: bool,
    /// The nearest `wcm:action`.
    pub action: Option<String>,
    /// Where it is.
    pub line: u64,
    /// Where it is, in characters from 1.
    pub column: u64,
}

impl SettingRow {
    fn of(setting: &Setting<'_>, secrets: bool) -> Self {
        let identity = setting.component.map(|component| component.identity());
        let (component, architecture) =
            identity.map(|identity| (identity.name, identity.processor_architecture)).unzip();
        Self {
            pass: setting.pass.clone(),
            component,
            architecture,
            setting: setting.name.clone(),
            path: setting.path.clone(),
            value: shown(&setting.value, setting.secret, secrets),
            secret: setting.secret,
            action: setting.action.clone(),
            line: setting.position.line,
            column: setting.position.column,
        }
    }
}

/// A value, unless it is a secret that nobody asked for.
pub(super) fn shown(value: &str, secret: bool, secrets: bool) -> Option<String> {
    (secrets || !secret || value.is_empty()).then(|| value.to_owned())
}

/// Reads an answer file of the host.
///
/// # Errors
/// Those of [`AnswerFile::parse`], with the file's name; the host's.
pub fn read(path: &Path) -> Result<AnswerFile> {
    let limit = u64::try_from(Limits::ANSWER_FILE.size).unwrap_or(u64::MAX);
    AnswerFile::parse(&folder::read(path, limit)?).in_file(path.display().to_string())
}

/// Writes an answer file, which gets its name when it is whole.
///
/// # Errors
/// [`Error::Io`] with `AlreadyExists` unless `overwrite`; the host's.
pub fn write(file: &AnswerFile, path: &Path, overwrite: bool) -> Result<()> {
    let mut target = NewFile::create(path, overwrite)?;
    target.write_all(&file.to_bytes()).map_err(|error| Error::io("write", path, error))?;
    target.finish()
}

/// Puts an edited file in the place of what it was read from, if it is another one now. A link stays one.
fn replace(before: &AnswerFile, after: &AnswerFile, path: &Path) -> Result<bool> {
    if before.text() == after.text() {
        return Ok(false);
    }
    write(after, &folder::canonical(path)?, true)?;
    Ok(true)
}

/// The settings that a path means, all of them without one. Secrets come without value unless `secrets`.
///
/// # Errors
/// [`Error::InvalidArgument`] for a path that is none; those of [`read`].
pub fn list(path: &Path, setting: Option<&str>, secrets: bool) -> Result<Vec<SettingRow>> {
    let wanted = setting.map(SettingPath::parse).transpose()?;
    let file = read(path)?;
    let settings = match &wanted {
        Some(wanted) => file.settings(wanted),
        None => {
            let servicing = file.settings(&SettingPath::parse("servicing")?);
            servicing.into_iter().chain(file.settings(&SettingPath::parse("*")?)).collect()
        }
    };
    Ok(settings.iter().map(|setting| SettingRow::of(setting, secrets)).collect())
}

/// What setting a setting did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetReport {
    /// Whether the file was changed.
    pub changed: bool,
    /// Whether the setting was not there before.
    pub created: bool,
    /// The setting as it is now.
    pub setting: Option<SettingRow>,
}

/// A path with selectors for the elements that are of a list and would be the first ones of it: without them they would
/// not be marked as such (`wcm:action="add"`, and `wcm:keyValue` in a list whose elements have no key of their own).
/// Setup wants the mark on every element of a list; which elements are, the schema of the component says (the types
/// `item` and `value-item` of `data/unattend/settings.tsv`, from Windows' catalogues).
fn in_lists(file: &AnswerFile, setting: &str, options: &SetOptions) -> Result<String> {
    let mut path = SettingPath::parse(setting)?;
    let component = path.steps.get(1).and_then(|step| Knowledge::get().component(&step.name));
    let (Some(component), false) = (component, path.has_wildcard()) else { return Ok(setting.to_owned()) };
    let mut name = String::new();
    for at in 2..path.steps.len() {
        let Some(step) = path.steps.get(at) else { break };
        name = [name, step.name.clone()].join(if at == 2 { "" } else { "/" });
        let selector = match component.setting(&name).map(|known| &known.kind) {
            Some(Kind::Item { key: Some(_) }) => Selector::Index(1),
            Some(Kind::Item { key: None } | Kind::ValueItem) => {
                Selector::Attribute("wcm:keyValue".to_owned(), "1".to_owned())
            }
            _ => continue,
        };
        let steps = path.steps.iter().take(at.saturating_add(1)).cloned().collect();
        let mut so_far = SettingPath { steps, attribute: None };
        if let (Some(architecture), Some(component)) = (&options.architecture, so_far.steps.get_mut(1)) {
            if component.selectors.is_empty() {
                component.selectors.push(Selector::Architecture(architecture.clone()));
            }
        }
        if step.selectors.is_empty() && file.settings(&so_far).is_empty() {
            if let Some(step) = path.steps.get_mut(at) {
                step.selectors.push(selector);
            }
        }
    }
    Ok(path.to_string())
}

/// Gives one setting a value; see [`AnswerFile::set`]. The first element of a list is marked as one.
///
/// # Errors
/// Those of [`AnswerFile::set`], [`read`] and [`write()`]; the file is as it was then.
pub fn set(
    path: &Path,
    setting: &str,
    value: &str,
    options: &SetOptions,
    secrets: bool,
) -> Result<SetReport> {
    let before = read(path)?;
    let mut after = before.clone();
    let wanted = in_lists(&before, setting, options)?;
    let done = after.set(&wanted, value, options).in_file(path.display().to_string())?;
    let changed = replace(&before, &after, path)?;
    let now = after.settings(&SettingPath::parse(&done.path)?);
    let setting = now.first().map(|setting| SettingRow::of(setting, secrets));
    Ok(SetReport { changed, created: done.previous.is_none(), setting })
}

/// What removing settings did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoveReport {
    /// Whether the file was changed.
    pub changed: bool,
    /// The paths of the settings that are gone.
    pub removed: Vec<String>,
}

/// Removes all that a path means; see [`AnswerFile::remove`].
///
/// # Errors
/// [`Error::InvalidArgument`] for a path that is none, or means nothing and has no wildcards; those of [`read`] and
/// [`write()`]; the file is as it was then.
pub fn remove(path: &Path, setting: &str, prune: bool) -> Result<RemoveReport> {
    let wanted = SettingPath::parse(setting)?;
    let before = read(path)?;
    let mut after = before.clone();
    let removed = after.remove(&wanted, prune).in_file(path.display().to_string())?;
    let changed = replace(&before, &after, path)?;
    if !changed && !wanted.has_wildcard() {
        let reason = format!("there is no '{wanted}'");
        let missing = Error::InvalidArgument { parameter: "path", reason };
        return Err(missing.in_file(path.display().to_string()));
    }
    Ok(RemoveReport { changed, removed })
}
