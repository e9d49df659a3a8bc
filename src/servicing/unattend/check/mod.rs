//! Checking an answer file: what Setup would stop at, ignore, or do other than meant.
//!
//! One rule is one small function over the `Subject`; what it needs to know of Windows is in
//! [`knowledge`](super::knowledge). Rules prefer silence to a false alarm: what is not known is not called an error.
//!
//! Reference: docs/unattend-rules.md, which names each rule with its source.

mod accounts;
mod commands;
mod disk;
mod disk_layout;
mod finding;
mod identity;
mod image;
mod keys;
mod lists;
mod names;
mod near;
mod settings;
mod structure;
mod subject;
mod target;
mod values;

pub use finding::{Finding, Severity};
pub(super) use near::nearest;
pub use target::{ImageName, Target};

use crate::error::{Error, Result};
use crate::formats::unattend::{AnswerFile, SettingPath};
use crate::formats::xml::Position;
use std::collections::HashMap;
use subject::Subject;

/// A rule: looks at the file, and says what it finds.
type Rule = fn(&Subject<'_>, &mut Vec<Finding>);

/// Most findings that are given: a file with more is wrong altogether.
const MAX_FINDINGS: usize = 10_000;

/// Checks an answer file, against an image if one is given. Findings come in the order of the file.
///
/// # Errors
/// [`Error::LimitExceeded`] for what no answer file is like. A file that is not well-formed is a finding.
pub fn check(bytes: &[u8], target: Option<&Target<'_>>) -> Result<Vec<Finding>> {
    let file = match AnswerFile::parse(bytes) {
        Ok(file) => file,
        Err(error) => return unreadable(error).map(|finding| vec![finding]),
    };
    let subject = Subject::of(&file, target)?;
    let mut found = Vec::new();
    let groups: [&[Rule]; 11] = [
        structure::RULES,
        identity::RULES,
        settings::RULES,
        values::RULES,
        names::RULES,
        lists::RULES,
        disk::RULES,
        image::RULES,
        keys::RULES,
        accounts::RULES,
        commands::RULES,
    ];
    for rule in groups.into_iter().flatten() {
        rule(&subject, &mut found);
        found.truncate(MAX_FINDINGS);
    }
    found.sort_by_key(|finding| (finding.line, finding.column));
    name_settings(&file, &mut found)?;
    Ok(found)
}

/// Adds the paths by which settings are read and changed.
fn name_settings(file: &AnswerFile, found: &mut [Finding]) -> Result<()> {
    if found.iter().all(|finding| finding.setting.is_none()) {
        return Ok(());
    }
    let settings = file.settings(&SettingPath::parse("*")?).into_iter();
    let own = settings.filter(|setting| setting.attribute.is_none());
    let paths: HashMap<(u64, u64), String> =
        own.map(|setting| ((setting.position.line, setting.position.column), setting.path)).collect();
    for finding in found.iter_mut().filter(|finding| finding.setting.is_some()) {
        finding.setting_path = paths.get(&(finding.line, finding.column)).cloned();
    }
    Ok(())
}

/// A file that cannot be read, as a finding.
fn unreadable(error: Error) -> Result<Finding> {
    let Error::Malformed { place, .. } = &error else { return Err(error) };
    let number = |word: &str| {
        let rest = place.split_once(word)?.1;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    let position = Position { line: number("line ").unwrap_or(1), column: number("column ").unwrap_or(1) };
    Ok(Finding::at("malformed-xml", Severity::Error, position, error.to_string())
        .remedy("Setup reads nothing of a file that is not well-formed XML. Correct it at this place."))
}
