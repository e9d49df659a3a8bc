//! Edits: pieces of the text are replaced, and the document is read again.

use super::layout::Line;
use super::new_element::{check_name, NewElement};
use super::reference::{escape, Place};
use super::{limit, parse, Child, Document, Element, ElementId};
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// One of the changes that an edit makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Gives a leaf that value. A CDATA section stays one, comments stay.
    Text(ElementId, String),
    /// Gives an element that attribute; the name has a prefix if it needs one.
    Attribute(ElementId, String, String),
    /// Removes an attribute, if it is there, and the white space before it.
    RemoveAttribute(ElementId, String),
    /// Adds elements behind everything in another one.
    Append(ElementId, Vec<NewElement>),
    /// Adds elements behind another one.
    InsertAfter(ElementId, Vec<NewElement>),
    /// Adds elements before everything in another one.
    InsertFirst(ElementId, Vec<NewElement>),
    /// Removes an element, and its line if there is nothing else on it.
    Remove(ElementId),
}

/// What stands in the place of a piece of the text.
type Replacement = (Range<usize>, String);

impl Document {
    /// Makes changes, all of them or none. However many they are, the document is read again once, so that the time
    /// they take grows with the document and with the changes, not with both.
    ///
    /// Numbers of elements are those of before. Texts and attributes leave them as they are; so does what is added for
    /// the elements before it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a value where there are elements, or elements where there is a value; for two
    /// changes of one place; for removing the root; for what XML cannot hold. [`Error::InvalidName`].
    /// [`Error::LimitExceeded`].
    pub fn edit(&mut self, changes: &[Change]) -> Result<()> {
        let removed = changes.iter().filter_map(|change| match change {
            Change::Remove(id) => Some(*id),
            _ => None,
        });
        let mut edits = self.without(removed)?;
        for change in changes {
            match change {
                Change::Text(id, value) => edits.extend(self.text_edits(*id, value)?),
                Change::Attribute(id, name, value) => edits.push(self.attribute_edit(*id, name, value)?),
                Change::RemoveAttribute(id, name) => edits.extend(self.attribute_removal(*id, name)?),
                Change::Append(id, new) => edits.push(self.append_edit(*id, new)?),
                Change::InsertAfter(id, new) => edits.push(self.insert_after_edit(*id, new)?),
                Change::InsertFirst(id, new) => edits.push(self.insert_first_edit(*id, new)?),
                Change::Remove(_) => {}
            }
        }
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let overlap = edits.windows(2).any(|pair| match pair {
            [(first, _), (second, _)] => first.end > second.start,
            _ => false,
        });
        match overlap {
            true => Err(refused("two changes are of the same place".to_owned())),
            false => self.splice(&edits),
        }
    }

    /// Gives a leaf that value: [`Change::Text`].
    ///
    /// # Errors
    /// Those of [`edit`](Self::edit).
    pub fn set_text(&mut self, id: ElementId, value: &str) -> Result<()> {
        self.edit(&[Change::Text(id, value.to_owned())])
    }

    /// Gives an element that attribute: [`Change::Attribute`].
    ///
    /// # Errors
    /// Those of [`edit`](Self::edit).
    pub fn set_attribute(&mut self, id: ElementId, name: &str, value: &str) -> Result<()> {
        self.edit(&[Change::Attribute(id, name.to_owned(), value.to_owned())])
    }

    /// Adds an element behind everything in another one: [`Change::Append`].
    ///
    /// # Errors
    /// Those of [`edit`](Self::edit).
    pub fn append(&mut self, parent: ElementId, new: &NewElement) -> Result<()> {
        self.edit(&[Change::Append(parent, vec![new.clone()])])
    }

    /// Adds an element behind another one: [`Change::InsertAfter`].
    ///
    /// # Errors
    /// Those of [`edit`](Self::edit).
    pub fn insert_after(&mut self, sibling: ElementId, new: &NewElement) -> Result<()> {
        self.edit(&[Change::InsertAfter(sibling, vec![new.clone()])])
    }

    /// Adds an element before everything in another one: [`Change::InsertFirst`].
    ///
    /// # Errors
    /// Those of [`edit`](Self::edit).
    pub fn insert_first(&mut self, parent: ElementId, new: &NewElement) -> Result<()> {
        self.edit(&[Change::InsertFirst(parent, vec![new.clone()])])
    }

    fn text_edits(&self, id: ElementId, value: &str) -> Result<Vec<Replacement>> {
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
            return Ok(vec![(data.start..data.end, new)]);
        }
        let has_markup = data.children.iter().any(|child| matches!(child, Child::Markup(_)));
        Ok(match data.children.as_slice() {
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
        })
    }

    fn attribute_edit(&self, id: ElementId, name: &str, value: &str) -> Result<Replacement> {
        check_name(name)?;
        let escaped = escape(value, Place::Attribute)?;
        let element = self.get(id)?;
        let attributes = || element.attributes();
        Ok(match attributes().find(|found| found.qualified_name() == name) {
            // The quotes around it may be single ones.
            Some(found) => (found.data.value.clone(), escaped.replace('\'', "&apos;")),
            None => {
                let end = attributes().last().map(|last| last.data.value.end.saturating_add(1));
                let end = end.unwrap_or(element.data().name.end);
                (end..end, format!(" {name}=\"{escaped}\""))
            }
        })
    }

    fn attribute_removal(&self, id: ElementId, name: &str) -> Result<Option<Replacement>> {
        let element = self.get(id)?;
        let found = element.attributes().find(|found| found.qualified_name() == name);
        let Some(data) = found.map(|found| found.data) else { return Ok(None) };
        let before = self.text.get(..data.name.start).unwrap_or_default();
        Ok(Some((before.trim_end().len()..data.value.end.saturating_add(1), String::new())))
    }

    fn append_edit(&self, parent: ElementId, new: &[NewElement]) -> Result<Replacement> {
        let element = self.get(parent)?;
        if element.is_leaf() && !element.text().is_empty() {
            return Err(refused(format!("<{}> holds a value, not elements", element.qualified_name())));
        }
        let unit = self.indent_unit(element);
        let own = self.line_of(element);
        let line = match element.elements().last() {
            Some(last) => self.line_of(last),
            None => own.as_ref().map(|own| own.deeper(&unit)),
        };
        let mut text = written(new, line.as_ref(), &unit)?;
        let data = element.data();
        if data.one_tag {
            let kept = element.source().trim_end_matches("/>").trim_end();
            let end = own.as_ref().map(Line::text).unwrap_or_default();
            let tag = format!("{kept}>{text}{end}</{}>", element.qualified_name());
            return Ok((data.start..data.end, tag));
        }
        let at = self.content_end(element);
        let behind = self.slice(&(at..data.content.end));
        if !behind.contains('\n') && line.is_some() {
            text.push_str(&own.as_ref().map(Line::text).unwrap_or_default());
            return Ok((at..data.content.end, text));
        }
        Ok((at..at, text))
    }

    fn insert_after_edit(&self, sibling: ElementId, new: &[NewElement]) -> Result<Replacement> {
        let element = self.get(sibling)?;
        let unit = self.indent_unit(element.parent().unwrap_or(element));
        let at = self.line_end(element.data().end);
        Ok((at..at, written(new, self.line_of(element).as_ref(), &unit)?))
    }

    fn insert_first_edit(&self, parent: ElementId, new: &[NewElement]) -> Result<Replacement> {
        let element = self.get(parent)?;
        let Some(first) = element.elements().next() else { return self.append_edit(parent, new) };
        let at = element.data().content.start;
        Ok((at..at, written(new, self.line_of(first).as_ref(), &self.indent_unit(element))?))
    }

    /// The text without these elements, and without their lines where nothing else is on them.
    fn without(&self, removed: impl Iterator<Item = ElementId>) -> Result<Vec<Replacement>> {
        let removed: HashSet<ElementId> = removed.collect();
        let mut elements = Vec::new();
        for id in &removed {
            let element = self.get(*id)?;
            let Some(parent) = element.parent() else {
                return Err(refused("the root element cannot be removed".to_owned()));
            };
            if !std::iter::successors(Some(parent), |outer| outer.parent())
                .any(|outer| removed.contains(&outer.id()))
            {
                elements.push(element);
            }
        }
        elements.sort_by_key(|element| std::cmp::Reverse(element.data().start));
        // From the last one: what follows an element may go too.
        let mut behind: HashMap<usize, usize> = HashMap::new();
        let mut edits = Vec::new();
        for element in elements {
            let (mut start, end) = (element.data().start, element.data().end);
            let rest = self.text.get(end..).unwrap_or_default();
            let next =
                end.saturating_add(rest.len().saturating_sub(rest.trim_start_matches([' ', '\t']).len()));
            let last = behind.get(&next).copied().unwrap_or(end);
            behind.insert(start, last);
            if let Some(line) = self.line_of(element).filter(|_| self.ends_line(last)) {
                start = start.saturating_sub(line.text().len());
            }
            edits.push((start..end, String::new()));
        }
        Ok(edits)
    }

    fn get(&self, id: ElementId) -> Result<Element<'_>> {
        self.element(id).ok_or_else(|| refused("the element is not of this document".to_owned()))
    }

    /// Replaces pieces of the text, which are in order and apart. If what comes out cannot be read, nothing
    /// is changed.
    fn splice(&mut self, edits: &[Replacement]) -> Result<()> {
        let mut text = String::with_capacity(self.text.len());
        let mut at = 0;
        for (range, new) in edits {
            text.push_str(self.slice(&(at..range.start)));
            text.push_str(new);
            at = range.end;
        }
        text.push_str(self.slice(&(at..self.text.len())));
        let most = self.limits.size;
        if text.len() > most {
            return Err(limit("the size of the XML document in bytes", most, text.len()));
        }
        *self = parse::document(self.format, self.limits, self.encoding, text)?;
        Ok(())
    }
}

/// Elements as source text, each on a line like that.
fn written(new: &[NewElement], line: Option<&Line>, unit: &str) -> Result<String> {
    let mut text = String::new();
    for element in new {
        text.push_str(&line.map(Line::text).unwrap_or_default());
        element.write(line, unit, 1, &mut text)?;
    }
    Ok(text)
}

fn refused(reason: String) -> Error {
    Error::InvalidArgument { parameter: "path", reason }
}
