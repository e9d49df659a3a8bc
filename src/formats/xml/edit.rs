//! Edits: each replaces a piece of the text and reads the document again.

use super::layout::Line;
use super::reference::{escape, is_name, Place};
use super::{limit, parse, Child, Document, Element, ElementId, MAX_SIZE};
use crate::error::{Error, Result};
use std::ops::Range;

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
        if depth > super::MAX_DEPTH {
            return Err(limit("the depth of the XML document", super::MAX_DEPTH, depth));
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
            }
            text.push_str(&line.map(Line::text).unwrap_or_default());
        }
        text.push_str(&format!("</{}>", self.name));
        Ok(())
    }
}

impl Document {
    /// Gives a leaf that value. A CDATA section stays one, comments stay.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an element with elements in it, and for what XML cannot hold.
    pub fn set_text(&mut self, id: ElementId, value: &str) -> Result<()> {
        let element = self.get(id)?;
        if !element.is_leaf() {
            return Err(refused(format!("<{}> has elements in it, not a value", element.qualified_name())));
        }
        let escaped = escape(value, Place::Text)?;
        let data = element.data();
        if data.one_tag {
            let (tag, name) = (element.source(), element.qualified_name());
            let kept = tag.trim_end_matches("/>").trim_end();
            let new = format!("{kept}>{escaped}</{name}>");
            return self.splice(&[(data.start..data.end, new)]);
        }
        let has_markup = data.children.iter().any(|child| matches!(child, Child::Markup));
        let mut edits = match data.children.as_slice() {
            [Child::CData(range)] if !value.contains("]]>") && !value.contains('\r') => {
                vec![(range.clone(), value.to_owned())]
            }
            _ if !has_markup => vec![(data.content.clone(), escaped)],
            children => {
                let mut new = Some(escaped);
                let mut edits = Vec::new();
                for child in children {
                    let range = match child {
                        Child::Text(range) => range.clone(),
                        // With its delimiters, <![CDATA[ and ]]>.
                        Child::CData(range) => range.start.saturating_sub(9)..range.end.saturating_add(3),
                        _ => continue,
                    };
                    if !self.slice(&range).trim().is_empty() {
                        edits.push((range, new.take().unwrap_or_default()));
                    }
                }
                if let Some(new) = new {
                    edits.push((data.content.start..data.content.start, new));
                }
                edits
            }
        };
        edits.sort_by_key(|(range, _)| range.start);
        self.splice(&edits)
    }

    /// Gives an element that attribute; `name` has a prefix if it needs one.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a name that is none, and for what XML cannot hold.
    pub fn set_attribute(&mut self, id: ElementId, name: &str, value: &str) -> Result<()> {
        check_name(name)?;
        let escaped = escape(value, Place::Attribute)?;
        let element = self.get(id)?;
        let attributes = || element.attributes();
        let edit = match attributes().find(|found| found.qualified_name() == name) {
            // The quotes around it may be single ones.
            Some(found) => (found.data.value.clone(), escaped.replace('\'', "&apos;")),
            None => {
                let end = attributes().last().map(|last| last.data.value.end.saturating_add(1));
                let end = end.unwrap_or(element.data().name.end);
                (end..end, format!(" {name}=\"{escaped}\""))
            }
        };
        self.splice(&[edit])
    }

    /// Removes an attribute and the white space before it; whether it was there.
    ///
    /// # Errors
    /// Those of an edit.
    pub fn remove_attribute(&mut self, id: ElementId, name: &str) -> Result<bool> {
        let element = self.get(id)?;
        let found = element.attributes().find(|found| found.qualified_name() == name);
        let Some(data) = found.map(|found| found.data) else { return Ok(false) };
        let before = self.text.get(..data.name.start).unwrap_or_default();
        let start = before.trim_end().len();
        self.splice(&[(start..data.value.end.saturating_add(1), String::new())])?;
        Ok(true)
    }

    /// Adds an element behind everything in another one.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when that one holds a value, for names that are none and for what XML
    /// cannot hold.
    pub fn append(&mut self, parent: ElementId, new: &NewElement) -> Result<()> {
        let element = self.get(parent)?;
        if element.is_leaf() && !element.text().is_empty() {
            return Err(refused(format!("<{}> holds a value, not elements", element.qualified_name())));
        }
        let unit = self.indent_unit(element);
        let own = self.line_of(element);
        let last = element.elements().last();
        let line = match last {
            Some(last) => self.line_of(last),
            None => own.as_ref().map(|own| own.deeper(&unit)),
        };
        let mut text = line.as_ref().map(Line::text).unwrap_or_default();
        new.write(line.as_ref(), &unit, 1, &mut text)?;
        let data = element.data();
        if data.one_tag {
            let kept = element.source().trim_end_matches("/>").trim_end();
            let end = own.as_ref().map(Line::text).unwrap_or_default();
            let tag = format!("{kept}>{text}{end}</{}>", element.qualified_name());
            return self.splice(&[(data.start..data.end, tag)]);
        }
        let at = self.content_end(element);
        let behind = self.slice(&(at..data.content.end));
        if !behind.contains('\n') && line.is_some() {
            text.push_str(&own.as_ref().map(Line::text).unwrap_or_default());
            let range = at..data.content.end;
            return self.splice(&[(range, text)]);
        }
        self.splice(&[(at..at, text)])
    }

    /// Adds an element behind another one.
    ///
    /// # Errors
    /// As for [`append`](Self::append).
    pub fn insert_after(&mut self, sibling: ElementId, new: &NewElement) -> Result<()> {
        let element = self.get(sibling)?;
        let line = self.line_of(element);
        let unit = self.indent_unit(element.parent().unwrap_or(element));
        let mut text = line.as_ref().map(Line::text).unwrap_or_default();
        new.write(line.as_ref(), &unit, 1, &mut text)?;
        let at = self.line_end(element.data().end);
        self.splice(&[(at..at, text)])
    }

    /// Adds an element before everything in another one.
    ///
    /// # Errors
    /// As for [`append`](Self::append).
    pub fn insert_first(&mut self, parent: ElementId, new: &NewElement) -> Result<()> {
        let element = self.get(parent)?;
        let Some(first) = element.elements().next() else { return self.append(parent, new) };
        let line = self.line_of(first);
        let unit = self.indent_unit(element);
        let mut text = line.as_ref().map(Line::text).unwrap_or_default();
        new.write(line.as_ref(), &unit, 1, &mut text)?;
        let at = element.data().content.start;
        self.splice(&[(at..at, text)])
    }

    /// Removes an element, and its line if there is nothing else on it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for the root.
    pub fn remove(&mut self, id: ElementId) -> Result<()> {
        let element = self.get(id)?;
        if element.parent().is_none() {
            return Err(refused("the root element cannot be removed".to_owned()));
        }
        let data = element.data();
        let line = self.line_of(element).filter(|_| self.ends_line(data.end));
        let start = data.start.saturating_sub(line.map_or(0, |line| line.text().len()));
        self.splice(&[(start..data.end, String::new())])
    }

    fn get(&self, id: ElementId) -> Result<Element<'_>> {
        self.element(id).ok_or_else(|| refused("the element is not of this document".to_owned()))
    }

    /// Replaces pieces of the text, which are in order and apart. If what comes out cannot be read, nothing
    /// is changed.
    fn splice(&mut self, edits: &[(Range<usize>, String)]) -> Result<()> {
        let mut text = String::with_capacity(self.text.len());
        let mut at = 0;
        for (range, new) in edits {
            text.push_str(self.slice(&(at..range.start)));
            text.push_str(new);
            at = range.end;
        }
        text.push_str(self.slice(&(at..self.text.len())));
        if text.len() > MAX_SIZE {
            return Err(limit("the size of the XML document in bytes", MAX_SIZE, text.len()));
        }
        *self = parse::document(self.format, self.encoding, text)?;
        Ok(())
    }
}

fn check_name(name: &str) -> Result<()> {
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

fn refused(reason: String) -> Error {
    Error::InvalidArgument { parameter: "path", reason }
}
