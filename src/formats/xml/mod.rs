//! XML documents that are written back as they were read.
//!
//! A [`Document`] is the source text and a tree of places in it: nothing is ever written anew but what an
//! edit changes, so that comments, order, white space, prefixes, quotes and the spelling of entities stay.
//! An edit replaces a piece of the text and reads it again; what comes out is well-formed or the edit fails.
//!
//! The tokens are those of the crate `xmlparser`, which gives the place of each of them, checks names,
//! characters and separators as the specification asks, and has no code for external entities at all.
//! (quick-xml, which reads the WIM's own XML, gives no places of attributes and lets most of that pass.)
//! Added here: encodings, nesting, references, namespaces, limits. A document type is refused.
//!
//! Reference: <https://www.w3.org/TR/xml/>, <https://www.w3.org/TR/xml-names/>.

mod edit;
mod encoding;
mod layout;
mod parse;
mod reference;

pub use edit::NewElement;
pub use encoding::Encoding;

use crate::error::{Error, Result};
use reference::Place;
use std::ops::Range;

/// Largest document in bytes. Answer files have 2 to 100 KB.
pub const MAX_SIZE: usize = 16 << 20;
/// Most elements inside each other.
pub const MAX_DEPTH: usize = 256;
/// Most elements, attributes and pieces of text together.
pub const MAX_NODES: usize = 400_000;
/// Most attributes of one element.
pub const MAX_ATTRIBUTES: usize = 256;

/// An XML document.
#[derive(Debug, Clone)]
pub struct Document {
    /// What the format is called in errors.
    format: &'static str,
    encoding: Encoding,
    text: String,
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
    /// A comment or processing instruction.
    Markup,
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
    pub fn parse(format: &'static str, bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_SIZE {
            return Err(limit("the size of the XML document in bytes", MAX_SIZE, bytes.len()));
        }
        let (encoding, text) = Encoding::decode(format, bytes)?;
        parse::document(format, encoding, text)
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

    /// The place of an offset in the text.
    fn position_of(&self, offset: usize) -> Position {
        let mut cursor = parse::Cursor::default();
        cursor.advance(&self.text, offset)
    }
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

    /// The first child element of that name in the same namespace.
    pub fn child(self, name: &str) -> Option<Element<'a>> {
        self.elements().find(|child| child.name() == name && child.namespace() == self.namespace())
    }

    /// Whether there are no elements in this one.
    pub fn is_leaf(self) -> bool {
        self.elements().next().is_none()
    }

    /// Whether there is nothing in the element but white space: no elements, no comments, no text.
    pub fn is_blank(self) -> bool {
        let data = self.data();
        let is_text = |child: &Child| matches!(child, Child::Text(_) | Child::CData(_));
        data.children.iter().all(is_text) && self.document.slice(&data.content).trim().is_empty()
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
                Child::Element(_) | Child::Markup => {}
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
        attributes.iter().map(move |data| Attribute { document: self.document, data })
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
        let mut seen: Vec<&str> = Vec::new();
        let mut element = Some(self);
        while let Some(at) = element {
            for attribute in at.attributes().filter(|found| found.prefix() == Some("xmlns")) {
                if seen.contains(&attribute.name()) {
                    continue;
                }
                if attribute.value() == namespace {
                    return Some(attribute.name());
                }
                seen.push(attribute.name());
            }
            element = at.parent();
        }
        None
    }
}

/// An attribute, seen in its document.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
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
        self.document.position_of(self.data.name.start)
    }
}

fn limit(what: &'static str, limit: usize, found: usize) -> Error {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Error::LimitExceeded { what, limit: number(limit), found: number(found) }
}
