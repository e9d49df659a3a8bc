//! The path of a setting.
//!
//! `pass/component/element/…/element`, for example
//! `oobeSystem/Microsoft-Windows-Shell-Setup/UserAccounts/LocalAccounts/LocalAccount[2]/Name`. Behind a name stand
//! selectors in brackets:
//! - of a component: its architecture, `Microsoft-Windows-Shell-Setup[amd64]`;
//! - `[2]`: the second of that name, from 1; `[+]`: a new one behind the others (when writing);
//! - `[Name=Admin]`: the one with that value in an element, `[@wcm:keyValue=1]`: in an attribute. Values with
//!   `]`, `/` or `'` stand in `'`, which is doubled inside.
//!
//! The last part may be an attribute, `@wcm:action`; `wcm` means that namespace whatever the file calls it.
//! `*` stands for any characters of one name, `?` for one, the part `**` for any number of parts. Case does not
//! count in reading; what is created is spelled as given. The first part `servicing` is the servicing section.

use crate::error::{Error, Result};

/// Longest path in bytes.
const MAX_LENGTH: usize = 8192;
/// Most parts.
const MAX_STEPS: usize = 64;

/// The path of a setting, or of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingPath {
    /// The parts: pass, component, elements.
    pub steps: Vec<Step>,
    /// The attribute at the end, with its prefix.
    pub attribute: Option<String>,
}

/// One part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The name, which may have wildcards; `**` is any number of parts.
    pub name: String,
    /// What stands in brackets behind it.
    pub selectors: Vec<Selector>,
}

/// Which of several elements of one name is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// `[2]`, from 1.
    Index(usize),
    /// `[+]`: one that is not there yet.
    New,
    /// `[amd64]`: of a component.
    Architecture(String),
    /// `[Name=Admin]`: the value of an element in it.
    Element(String, String),
    /// `[@wcm:keyValue=1]`: the value of an attribute.
    Attribute(String, String),
}

impl Step {
    /// A name without selectors.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), selectors: Vec::new() }
    }

    /// Whether the name has wildcards.
    pub fn has_wildcard(&self) -> bool {
        self.name.contains(['*', '?'])
    }

    /// Whether it stands for any number of parts.
    pub fn is_any_depth(&self) -> bool {
        self.name == "**"
    }

    /// Whether a name is meant by this part.
    pub fn matches(&self, name: &str) -> bool {
        match self.has_wildcard() || !name.is_ascii() {
            true => matches_wildcard(&self.name, name),
            false => self.name.eq_ignore_ascii_case(name),
        }
    }
}

impl SettingPath {
    /// Reads a path.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for text that is none.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |reason: &str| Error::InvalidArgument {
            parameter: "path",
            reason: format!("'{text}': {reason}"),
        };
        if text.len() > MAX_LENGTH {
            return Err(Error::InvalidArgument {
                parameter: "path",
                reason: "it is longer than 8,192 bytes".into(),
            });
        }
        let mut path = Self { steps: Vec::new(), attribute: None };
        for part in split(text).ok_or_else(|| refuse("a bracket or quote is not closed"))? {
            if part.is_empty() {
                continue;
            }
            if path.attribute.is_some() {
                return Err(refuse("an attribute can only be the last part"));
            }
            if path.steps.len() >= MAX_STEPS {
                return Err(refuse("it has more than 64 parts"));
            }
            match part.strip_prefix('@') {
                Some(name) if !name.is_empty() => path.attribute = Some(name.to_owned()),
                Some(_) => return Err(refuse("an attribute needs a name")),
                None => path.steps.push(step(part, path.steps.len() == 1).map_err(refuse)?),
            }
        }
        match path.steps.is_empty() {
            true => Err(refuse("it is empty")),
            false => Ok(path),
        }
    }

    /// Whether more than one setting may be meant.
    pub fn has_wildcard(&self) -> bool {
        self.steps.iter().any(Step::has_wildcard)
    }
}

impl std::fmt::Display for SettingPath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, step) in self.steps.iter().enumerate() {
            write!(formatter, "{}{step}", if number == 0 { "" } else { "/" })?;
        }
        match &self.attribute {
            Some(name) => write!(formatter, "/@{name}"),
            None => Ok(()),
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.name)?;
        for selector in &self.selectors {
            match selector {
                Selector::Index(index) => write!(formatter, "[{index}]")?,
                Selector::New => formatter.write_str("[+]")?,
                Selector::Architecture(name) => write!(formatter, "[{name}]")?,
                Selector::Element(name, value) => write!(formatter, "[{name}={}]", quoted(value))?,
                Selector::Attribute(name, value) => write!(formatter, "[@{name}={}]", quoted(value))?,
            }
        }
        Ok(())
    }
}

/// A value as it stands in a selector.
fn quoted(value: &str) -> String {
    match value.contains(['[', ']', '/', '\'', '=']) || value.trim() != value || value.is_empty() {
        true => format!("'{}'", value.replace('\'', "''")),
        false => value.to_owned(),
    }
}

/// The parts between slashes that stand in no bracket; `None` if a bracket or quote stays open.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut bracket, mut quote) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            '\'' if bracket => quote = !quote,
            '[' if !quote => bracket = true,
            ']' if !quote => bracket = false,
            '/' if !bracket => {
                parts.push(text.get(start..at)?);
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?);
    (!bracket && !quote).then_some(parts)
}

/// One part; `component` if it is the second one.
fn step(part: &str, component: bool) -> std::result::Result<Step, &'static str> {
    let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
    if name.trim().is_empty() {
        return Err("a name is missing before '['");
    }
    let mut step = Step::named(name.trim());
    while let Some(inner) = rest.strip_prefix('[') {
        let end = closing(inner).ok_or("a bracket is not closed")?;
        let (inside, behind) = inner.split_at(end);
        step.selectors.push(selector(inside, component)?);
        rest = behind.strip_prefix(']').unwrap_or_default();
    }
    match rest.trim().is_empty() {
        true => Ok(step),
        false => Err("there is something behind ']'"),
    }
}

fn closing(text: &str) -> Option<usize> {
    let mut quote = false;
    for (at, character) in text.char_indices() {
        match character {
            '\'' => quote = !quote,
            ']' if !quote => return Some(at),
            _ => {}
        }
    }
    None
}

fn selector(text: &str, component: bool) -> std::result::Result<Selector, &'static str> {
    let text = text.trim();
    if text == "+" {
        return Ok(Selector::New);
    }
    if let Some((key, value)) = text.split_once('=') {
        let (key, value) = (key.trim(), value.trim());
        let value = match value.strip_prefix('\'') {
            Some(rest) => rest.strip_suffix('\'').ok_or("a quote is not closed")?.replace("''", "'"),
            None => value.to_owned(),
        };
        return match key.strip_prefix('@') {
            Some("") => Err("an attribute needs a name"),
            Some(name) => Ok(Selector::Attribute(name.to_owned(), value)),
            None if key.is_empty() => Err("a name is missing before '='"),
            None => Ok(Selector::Element(key.to_owned(), value)),
        };
    }
    match text.parse::<usize>() {
        Ok(0) => Err("the first one is [1]"),
        Ok(index) => Ok(Selector::Index(index)),
        Err(_) if component && !text.is_empty() => Ok(Selector::Architecture(text.to_owned())),
        Err(_) => Err("in brackets stands a number from 1, '+', NAME=VALUE or @NAME=VALUE"),
    }
}

/// `*` and `?`; case does not count.
pub(super) fn matches_wildcard(pattern: &str, text: &str) -> bool {
    let fold = |text: &str| -> Vec<char> { text.chars().flat_map(char::to_lowercase).collect() };
    let (pattern, text) = (fold(pattern), fold(text));
    let (mut p, mut t, mut star) = (0_usize, 0_usize, None);
    while let Some(character) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p = p.saturating_add(1);
            }
            Some(wanted) if *wanted == '?' || wanted == character => {
                p = p.saturating_add(1);
                t = t.saturating_add(1);
            }
            _ => match star {
                // The last star takes one more.
                Some((at, taken)) => {
                    let taken = taken.saturating_add(1);
                    star = Some((at, taken));
                    p = at.saturating_add(1);
                    t = taken;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|rest| *rest == '*')
}
