//! What is different between two answer files, setting by setting.
//!
//! Order, layout, comments and the spelling of values do not count; elements of lists are told apart by their keys.

use super::{AnswerFile, Identity, Setting};
use crate::formats::xml::Position;
use std::collections::HashMap;

/// A setting that is not the same in two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The pass; `servicing` for the servicing section.
    pub pass: String,
    /// The component; `None` in the servicing section.
    pub component: Option<Identity>,
    /// The path in the component.
    pub name: String,
    /// The whole path.
    pub path: String,
    /// Whether the values are passwords or the like.
    pub secret: bool,
    /// In the first file; `None` if it is not there.
    pub before: Option<Side>,
    /// In the second file.
    pub after: Option<Side>,
}

/// A setting in one of two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// The value.
    pub value: String,
    /// Where it is.
    pub position: Position,
}

impl Difference {
    fn of(setting: &Setting<'_>, before: Option<Side>, after: Option<Side>) -> Self {
        Self {
            pass: setting.pass.clone(),
            component: setting.component.map(|component| component.identity()),
            name: setting.name.clone(),
            path: setting.path.clone(),
            secret: setting.secret,
            before,
            after,
        }
    }
}

fn side(setting: &Setting<'_>) -> Side {
    Side { value: setting.value.clone(), position: setting.position }
}

/// The differences: what the first file has, in its order, then what only the second one has.
pub fn compare(before: &AnswerFile, after: &AnswerFile) -> Vec<Difference> {
    let (before, after) = (before.keyed_settings(), after.keyed_settings());
    let key = |setting: &Setting<'_>| setting.path.to_lowercase();
    // A path that is there twice is two settings: each is compared with one.
    let mut left: HashMap<String, Vec<&Setting<'_>>> = HashMap::new();
    for setting in after.iter().rev() {
        left.entry(key(setting)).or_default().push(setting);
    }
    let mut differences = Vec::new();
    for setting in &before {
        match left.get_mut(&key(setting)).and_then(Vec::pop) {
            Some(other) if other.value == setting.value => {}
            other => differences.push(Difference::of(setting, Some(side(setting)), other.map(side))),
        }
    }
    for setting in &after {
        let still_there = left.get_mut(&key(setting)).and_then(Vec::pop);
        if let Some(setting) = still_there {
            differences.push(Difference::of(setting, None, Some(side(setting))));
        }
    }
    differences
}
