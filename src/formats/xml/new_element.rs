//! Elements that an edit adds.

use super::layout::Line;
use super::reference::{escape, is_name, Place};
use super::{limit, Limits};
use crate::error::{Error, Result};

/// An element to be added.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewElement {
    /// The name, with a prefix if it needs one.
    pub name: String,
    /// Names, as they are written, and values.
    pub attributes: Vec<(String, String)>,
    /// The value; nothing where there are elements.
    pub text: String,
    /// The elements in it.
    pub elements: Vec<NewElement>,
}

impl NewElement {
    /// An element with nothing in it.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// An element with a value.
    pub fn with_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), ..Self::default() }
    }

    /// Adds an attribute.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// The element as source text that begins on `line`; on one line if there is none.
    pub(super) fn write(
        &self,
        line: Option<&Line>,
        unit: &str,
        depth: usize,
        text: &mut String,
    ) -> Result<()> {
        let most = Limits::ANSWER_FILE.depth;
        if depth > most {
            return Err(limit("the depth of the XML document", most, depth));
        }
        check_name(&self.name)?;
        text.push('<');
        text.push_str(&self.name);
        for (name, value) in &self.attributes {
            check_name(name)?;
            text.push_str(&format!(" {name}=\"{}\"", escape(value, Place::Attribute)?));
        }
        text.push('>');
        if self.elements.is_empty() {
            text.push_str(&escape(&self.text, Place::Text)?);
        } else {
            let deeper = line.map(|line| line.deeper(unit));
            for element in &self.elements {
                text.push_str(&deeper.as_ref().map(Line::text).unwrap_or_default());
                element.write(deeper.as_ref(), unit, depth.saturating_add(1), text)?;
                // Deep elements are indented: many of them are much text.
                let most = Limits::ANSWER_FILE.size;
                if text.len() > most {
                    return Err(limit("the size of the XML document in bytes", most, text.len()));
                }
            }
            text.push_str(&line.map(Line::text).unwrap_or_default());
        }
        text.push_str(&format!("</{}>", self.name));
        Ok(())
    }
}

pub(super) fn check_name(name: &str) -> Result<()> {
    let (prefix, local) = name.split_once(':').unwrap_or(("x", name));
    match is_name(prefix) && is_name(local) {
        true => Ok(()),
        false => Err(Error::InvalidName {
            what: "name of an XML element or attribute",
            name: name.to_owned(),
            reason: "it must begin with a letter and have letters, digits, '.', '-' and '_' only",
        }),
    }
}
