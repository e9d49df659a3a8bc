//! What a check finds.

use crate::formats::xml::{Element, Position};
use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Severity {
    /// Worth knowing.
    Information,
    /// It will likely not do what was meant.
    Warning,
    /// Setup stops, or ignores what was meant.
    Error,
}

/// Something found in an answer file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule that found it: a stable id for scripts.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1, in characters.
    pub column: u64,
    /// The pass as the file spells it.
    pub pass: Option<String>,
    /// The component.
    pub component: Option<String>,
    /// Its architecture.
    pub architecture: Option<String>,
    /// The path of the setting below the component.
    pub setting: Option<String>,
    /// The whole path of the setting if the finding is about one that has a value: it means that one and no other.
    pub setting_path: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: Option<String>,
}

impl Finding {
    /// A finding at a place of the file.
    pub fn at(
        rule: &'static str,
        severity: Severity,
        position: Position,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity,
            line: position.line,
            column: position.column,
            pass: None,
            component: None,
            architecture: None,
            setting: None,
            setting_path: None,
            message: message.into(),
            remedy: None,
        }
    }

    /// A finding about an element.
    pub fn about(
        rule: &'static str,
        severity: Severity,
        element: Element<'_>,
        message: impl Into<String>,
    ) -> Self {
        Self::at(rule, severity, element.position(), message)
    }

    /// The same with what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}
