//! XML documents that are written back as they were read.
//!
//! A [`Document`] is the source text and a tree of places in it: nothing is ever written anew but what an
//! edit changes, so that comments, order, white space, prefixes, quotes and the spelling of entities stay.
//! An edit replaces a piece of the text and reads it again; what comes out is well-formed or the edit fails.
//!
//! The tokens are those of the crate `xmlparser`, which gives the place of each of them, checks names,
//! characters and separators as the specification asks, and has no code for external entities at all.
//! Added here: encodings, nesting, references, namespaces, limits. A document type is refused.
//!
//! Reference: <https://www.w3.org/TR/xml/>, <https://www.w3.org/TR/xml-names/>.

mod cursor;
mod edit;
mod encoding;
mod layout;
mod malformed;
mod new_element;
mod parse;
pub(in crate::formats) mod reference;

pub use edit::Change;
pub use encoding::Encoding;
pub use new_element::NewElement;

use crate::error::{Error, Result};
use cursor::Cursor;
use reference::Place;
use std::collections::HashSet;
use std::ops::Range;

/// How large a document may be; beyond that it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Its size in bytes.
    pub size: usize,
    /// Elements inside each other.
    pub depth: usize,
    /// Elements, attributes and pieces of text together.
    pub nodes: usize,
    /// The paths of all elements together, in bytes: the names of those around it and of itself, each with the
    /// beginning of a value that may be its key. A few long names around many elements would make a list of
    /// settings thousands of times the document.
    pub paths: usize,
}

impl Limits {
    /// Those of answer files, which have 2 to 250 KB.
    pub const ANSWER_FILE: Self = Self { size: 16 << 20, depth: 256, nodes: 600_000, paths: 64 << 20 };
}

/// Most attributes of one element.
pub const MAX_ATTRIBUTES: usize = 256;
/// How much of a value counts for [`Limits::paths`], in bytes.
const MAX_KEY: usize = 400;

/// An XML document.
#[derive(Debug, Clone)]
pub struct Document {
    /// What the format is called in errors.
    format: &'static str,
    limits: Limits,
    encoding: Encoding,
    text: String,
    /// The first line end.
    newline: Option<&'static str>,
    elements: Vec<ElementData>,
    attributes: Vec<AttributeData>,
    namespaces: Vec<String>,
}

/// An element of a document, by number. Every edit of the document makes it invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ElementId(usize);

/// A place in a document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1, in characters.
    pub column: u64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Namespace {
    None,
    /// The prefix is declared nowhere.
    Undeclared,
    Known(usize),
}

#[derive(Debug, Clone)]
struct ElementData {
    /// The name with its prefix.
    name: Range<usize>,
    local: Range<usize>,
    namespace: Namespace,
    position: Position,
    parent: Option<usize>,
    /// From `<` of the start tag.
    start: usize,
    /// From behind the start tag to before the end tag; empty for `<a/>`.
    content: Range<usize>,
    /// Behind the end tag.
    end: usize,
    /// `<a/>`.
    one_tag: bool,
    attributes: Range<usize>,
    children: Vec<Child>,
}

#[derive(Debug, Clone)]
enum Child {
    Element(usize),
    Text(Range<usize>),
    /// The text in the section.
    CData(Range<usize>),
    /// A comment or processing instruction, with its delimiters.
    Markup(Range<usize>),
}

#[derive(Debug, Clone)]
struct AttributeData {
    name: Range<usize>,
    local: Range<usize>,
    namespace: Namespace,
    /// Between the quotes.
    value: Range<usize>,
}

impl Document {
    /// Reads a document; `format` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Malformed`] with line and column; [`Error::LimitExceeded`].
    pub fn parse(format: &'static str, bytes: &[u8], limits: Limits) -> Result<Self> {
        if bytes.len() > limits.size {
            return Err(limit("the size of the XML document in bytes", limits.size, bytes.len()));
        }
        let (encoding, text) = Encoding::decode(format, bytes)?;
        parse::document(format, limits, encoding, text)
    }

    /// Reads a document that is text already: its declaration says nothing of that.
    ///
    /// # Errors
    /// Those of [`parse`](Self::parse).
    pub fn of_text(format: &'static str, text: String, limits: Limits) -> Result<Self> {
        if text.len() > limits.size {
            return Err(limit("the size of the XML document in bytes", limits.size, text.len()));
        }
        parse::document(format, limits, Encoding::default(), text)
    }

    /// The bytes of the document: those it was read from, but for what was edited.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encoding.encode(&self.text)
    }

    /// How the document is stored.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The document as text, without byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the root element and behind it: declaration, comments, white space.
    pub fn around(&self) -> (&str, &str) {
        let root = self.root().data();
        (self.slice(&(0..root.start)), self.slice(&(root.end..self.text.len())))
    }

    /// The root element.
    pub fn root(&self) -> Element<'_> {
        Element { document: self, id: 0 }
    }

    /// The element of that number, if there is one.
    pub fn element(&self, id: ElementId) -> Option<Element<'_>> {
        self.elements.get(id.0).map(|_| Element { document: self, id: id.0 })
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn uri(&self, namespace: Namespace) -> Option<&str> {
        match namespace {
            Namespace::None => Some(""),
            Namespace::Undeclared => None,
            Namespace::Known(index) => self.namespaces.get(index).map(String::as_str),
        }
    }
}

/// What stands in an element.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// An element.
    Element(Element<'a>),
    /// Text between tags, with its references as they are written.
    Text(&'a str),
    /// The text of a CDATA section.
    CData(&'a str),
    /// A comment or processing instruction, with its delimiters.
    Markup(&'a str),
}

/// An element, seen in its document.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    document: &'a Document,
    id: usize,
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.id == other.id
    }
}

impl<'a> Element<'a> {
    fn data(self) -> &'a ElementData {
        static NOTHING: ElementData = ElementData {
            name: 0..0,
            local: 0..0,
            namespace: Namespace::None,
            position: Position { line: 0, column: 0 },
            parent: None,
            start: 0,
            content: 0..0,
            end: 0,
            one_tag: true,
            attributes: 0..0,
            children: Vec::new(),
        };
        // An element is made by its document only, which has it.
        self.document.elements.get(self.id).unwrap_or(&NOTHING)
    }

    /// The element's number, for edits.
    pub fn id(self) -> ElementId {
        ElementId(self.id)
    }

    /// The name without its prefix.
    pub fn name(self) -> &'a str {
        self.document.slice(&self.data().local)
    }

    /// The name as it is written: `wcm:thing`.
    pub fn qualified_name(self) -> &'a str {
        self.document.slice(&self.data().name)
    }

    /// The namespace's URI: empty for none, `None` for a prefix that is declared nowhere.
    pub fn namespace(self) -> Option<&'a str> {
        self.document.uri(self.data().namespace)
    }

    /// Where the element begins.
    pub fn position(self) -> Position {
        self.data().position
    }

    /// The element around this one.
    pub fn parent(self) -> Option<Element<'a>> {
        self.data().parent.map(|id| Element { document: self.document, id })
    }

    /// The elements in this one.
    pub fn elements(self) -> impl Iterator<Item = Element<'a>> + Clone {
        self.data().children.iter().filter_map(move |child| match child {
            Child::Element(id) => Some(Element { document: self.document, id: *id }),
            _ => None,
        })
    }

    /// All that stands in the element, in order.
    pub fn parts(self) -> impl Iterator<Item = Part<'a>> {
        self.data().children.iter().map(move |child| match child {
            Child::Element(id) => Part::Element(Element { document: self.document, id: *id }),
            Child::Text(range) => Part::Text(self.document.slice(range)),
            Child::CData(range) => Part::CData(self.document.slice(range)),
            Child::Markup(range) => Part::Markup(self.document.slice(range)),
        })
    }

    /// Whether the element is one tag, `<a/>`.
    pub fn is_one_tag(self) -> bool {
        self.data().one_tag
    }

    /// What the start tag has behind the name, as it is written.
    pub fn attributes_source(self) -> &'a str {
        let data = self.data();
        let end = data.content.start.saturating_sub(if data.one_tag { 2 } else { 1 });
        self.document.slice(&(data.name.end..end))
    }

    /// The first child element of that name in the same namespace.
    pub fn child(self, name: &str) -> Option<Element<'a>> {
        self.elements().find(|child| child.name() == name && child.namespace() == self.namespace())
    }

    /// Whether there are no elements in this one.
    pub fn is_leaf(self) -> bool {
        self.elements().next().is_none()
    }

    /// Whether there is nothing in the element but elements and white space: no comments, no text.
    pub fn has_elements_only(self) -> bool {
        self.data().children.iter().all(|child| match child {
            Child::Element(_) => true,
            Child::Text(range) => self.document.slice(range).trim().is_empty(),
            Child::CData(_) | Child::Markup(_) => false,
        })
    }

    /// The text directly in the element, references resolved. White space alone that has a line end in it is
    /// layout, not text.
    pub fn text(self) -> String {
        let mut value = String::new();
        for child in &self.data().children {
            match child {
                Child::Text(range) => {
                    // Checked when the document was read.
                    let text = reference::resolve(self.document.slice(range), Place::Text);
                    value.push_str(&text.unwrap_or_default());
                }
                Child::CData(range) => {
                    reference::push_plain(self.document.slice(range), Place::Text, &mut value);
                }
                Child::Element(_) | Child::Markup(_) => {}
            }
        }
        let layout = value.contains('\n') && value.trim_matches([' ', '\t', '\n']).is_empty();
        if layout {
            value.clear();
        }
        value
    }

    /// The attributes, in order; among them the declarations of namespaces.
    pub fn attributes(self) -> impl Iterator<Item = Attribute<'a>> {
        let attributes = self.document.attributes.get(self.data().attributes.clone()).unwrap_or_default();
        attributes.iter().map(move |data| Attribute { element: self, document: self.document, data })
    }

    /// The value of the attribute of that name and namespace; the namespace is empty for a name without prefix.
    pub fn attribute(self, namespace: &str, name: &str) -> Option<String> {
        let same = |found: &Attribute<'_>| found.name() == name && found.namespace() == Some(namespace);
        self.attributes().find(same).map(Attribute::value)
    }

    /// The source text, with both tags.
    pub fn source(self) -> &'a str {
        let data = self.data();
        self.document.slice(&(data.start..data.end))
    }

    /// A prefix that stands for the namespace here, if one does.
    pub fn prefix_of(self, namespace: &str) -> Option<&'a str> {
        let mut seen = HashSet::new();
        let mut element = Some(self);
        while let Some(at) = element {
            for attribute in at.attributes().filter(|found| found.prefix() == Some("xmlns")) {
                // An inner meaning hides outer ones.
                if seen.insert(attribute.name()) && attribute.value() == namespace {
                    return Some(attribute.name());
                }
            }
            element = at.parent();
        }
        None
    }
}

/// An attribute, seen in its document.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
    element: Element<'a>,
    document: &'a Document,
    data: &'a AttributeData,
}

impl<'a> Attribute<'a> {
    /// The name without its prefix.
    pub fn name(self) -> &'a str {
        self.document.slice(&self.data.local)
    }

    /// The name as it is written: `wcm:action`.
    pub fn qualified_name(self) -> &'a str {
        self.document.slice(&self.data.name)
    }

    /// The prefix.
    pub fn prefix(self) -> Option<&'a str> {
        self.qualified_name().split_once(':').map(|(prefix, _)| prefix)
    }

    /// The namespace's URI: empty for none, `None` for a prefix that is declared nowhere.
    pub fn namespace(self) -> Option<&'a str> {
        self.document.uri(self.data.namespace)
    }

    /// Whether it declares a namespace.
    pub fn is_declaration(self) -> bool {
        self.prefix() == Some("xmlns") || self.qualified_name() == "xmlns"
    }

    /// The value, references resolved.
    pub fn value(self) -> String {
        // Checked when the document was read.
        reference::resolve(self.document.slice(&self.data.value), Place::Attribute).unwrap_or_default()
    }

    /// Where the attribute begins.
    pub fn position(self) -> Position {
        let tag = self.element.data();
        let mut cursor = Cursor::at(tag.start, tag.position);
        cursor.advance(&self.document.text, self.data.name.start)
    }
}

fn limit(what: &'static str, limit: usize, found: usize) -> Error {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Error::LimitExceeded { what, limit: number(limit), found: number(found) }
}
