//! Tokens to a tree of places.

use super::reference::{self, Place};
use super::{limit, AttributeData, Child, Document, ElementData, Encoding, Namespace, Position};
use super::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_NODES};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::ops::Range;
use xmlparser::{ElementEnd, Token, Tokenizer};

/// What `xml:` means without being declared.
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
/// What `xmlns:` means.
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// Counts lines and columns, forward only.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    offset: usize,
    position: Position,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { offset: 0, position: Position { line: 1, column: 1 } }
    }
}

impl Cursor {
    /// The place of `offset`, which is not before the last one.
    pub(super) fn advance(&mut self, text: &str, offset: usize) -> Position {
        for character in text.get(self.offset..offset).unwrap_or_default().chars() {
            let Position { line, column } = self.position;
            self.position = match character {
                '\n' => Position { line: line.saturating_add(1), column: 1 },
                _ => Position { line, column: column.saturating_add(1) },
            };
        }
        self.offset = self.offset.max(offset);
        self.position
    }
}

/// The tree of a text.
pub(super) fn document(format: &'static str, encoding: Encoding, text: String) -> Result<Document> {
    let elements = Vec::new();
    let document =
        Document { format, encoding, text, elements, attributes: Vec::new(), namespaces: Vec::new() };
    let mut builder = Builder {
        text: &document.text,
        format,
        cursor: Cursor::default(),
        nodes: 0,
        elements: Vec::new(),
        attributes: Vec::new(),
        open: Vec::new(),
        scopes: Scopes::default(),
    };
    for token in Tokenizer::from(document.text.as_str()) {
        builder.token(token.map_err(|error| not_well_formed(format, &document.text, &error))?)?;
    }
    let Builder { elements, attributes, scopes, open, .. } = builder;
    // An element without its end tag, or the last one in the middle of its start tag.
    let unclosed = open.last().and_then(|&id| elements.get(id));
    if let Some(open) = unclosed.or_else(|| elements.last().filter(|element| element.end == 0)) {
        let name = document.slice(&open.name);
        let expected = format!("</{name}>, which was opened at {}", open.position);
        return Err(Error::malformed(format, "the end", expected, "nothing more"));
    }
    if elements.is_empty() {
        return Err(Error::malformed(format, "the end", "a root element", "nothing more"));
    }
    Ok(Document { elements, attributes, namespaces: scopes.uris, ..document })
}

struct Builder<'a> {
    text: &'a str,
    format: &'static str,
    cursor: Cursor,
    nodes: usize,
    elements: Vec<ElementData>,
    attributes: Vec<AttributeData>,
    /// The elements around what comes next.
    open: Vec<usize>,
    scopes: Scopes<'a>,
}

impl<'a> Builder<'a> {
    fn token(&mut self, token: Token<'a>) -> Result<()> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > MAX_NODES {
            return Err(limit("the number of elements, attributes and texts", MAX_NODES, self.nodes));
        }
        match token {
            Token::Declaration { .. } => {}
            Token::ProcessingInstruction { target, span, .. } => {
                if target.as_str().eq_ignore_ascii_case("xml") {
                    return Err(self.malformed(
                        span.start(),
                        "an XML declaration at the start only",
                        "another",
                    ));
                }
                self.child(Child::Markup);
            }
            Token::Comment { .. } => self.child(Child::Markup),
            Token::DtdStart { span, .. } | Token::EmptyDtd { span, .. } | Token::DtdEnd { span } => {
                return Err(self.malformed(span.start(), "a document without a document type", "<!DOCTYPE"));
            }
            Token::EntityDeclaration { span, .. } => {
                return Err(self.malformed(span.start(), "a document without entities", "<!ENTITY"));
            }
            Token::ElementStart { local, span, .. } => {
                // The tag is closed by the next ElementEnd; until then it is the last of all elements.
                let name = span.start().saturating_add(1)..span.end();
                self.start(span.start(), name, local.range())?;
            }
            Token::Attribute { local, value, span, .. } => {
                let name = span.start()..local.end();
                self.attribute(name, local.range(), value.range())?;
            }
            Token::ElementEnd { end: ElementEnd::Close(..), span } => self.close(&span.range())?,
            Token::ElementEnd { end, span } => self.end_of_tag(span.end(), end == ElementEnd::Empty)?,
            Token::Text { text } => {
                if let Err(at) = reference::resolve(text.as_str(), Place::Text) {
                    return Err(self.bad_reference(text.start().saturating_add(at)));
                }
                self.child(Child::Text(text.range()));
            }
            Token::Cdata { text, .. } => self.child(Child::CData(text.range())),
        }
        Ok(())
    }

    fn start(&mut self, start: usize, name: Range<usize>, local: Range<usize>) -> Result<()> {
        let depth = self.open.len().saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(limit("the depth of the XML document", MAX_DEPTH, depth));
        }
        let id = self.elements.len();
        self.child(Child::Element(id));
        self.elements.push(ElementData {
            position: self.cursor.advance(self.text, start),
            namespace: Namespace::None,
            parent: self.open.last().copied(),
            start,
            content: 0..0,
            end: 0,
            one_tag: false,
            attributes: self.attributes.len()..self.attributes.len(),
            children: Vec::new(),
            name,
            local,
        });
        Ok(())
    }

    fn attribute(&mut self, name: Range<usize>, local: Range<usize>, value: Range<usize>) -> Result<()> {
        let text = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        if let Err(at) = reference::resolve(text(&value), Place::Attribute) {
            return Err(self.bad_reference(value.start.saturating_add(at)));
        }
        let first = self.elements.last().map_or(0, |element| element.attributes.start);
        let others = self.attributes.get(first..).unwrap_or_default();
        if others.len() >= MAX_ATTRIBUTES {
            return Err(limit(
                "the number of attributes of an element",
                MAX_ATTRIBUTES,
                others.len().saturating_add(1),
            ));
        }
        if others.iter().any(|other| text(&other.name) == text(&name)) {
            let found = format!("another {}", text(&name));
            return Err(self.malformed(name.start, "each attribute once", found));
        }
        self.attributes.push(AttributeData { name, local, namespace: Namespace::None, value });
        if let Some(element) = self.elements.last_mut() {
            element.attributes.end = self.attributes.len();
        }
        Ok(())
    }

    /// The start tag is whole: its namespaces are known.
    fn end_of_tag(&mut self, end: usize, one_tag: bool) -> Result<()> {
        let id = self.elements.len().saturating_sub(1);
        let Some(element) = self.elements.last_mut() else { return Ok(()) };
        let attributes = self.attributes.get_mut(element.attributes.clone()).unwrap_or_default();
        self.scopes.enter(self.text, attributes);
        let prefix = |name: &Range<usize>, local: &Range<usize>| {
            let end = local.start.saturating_sub(1);
            self.text.get(name.start..end).filter(|_| name.start < local.start)
        };
        for attribute in attributes {
            attribute.namespace = match prefix(&attribute.name, &attribute.local) {
                None => Namespace::None,
                Some(prefix) => self.scopes.namespace(prefix),
            };
        }
        let prefix = prefix(&element.name, &element.local).unwrap_or_default();
        element.namespace = self.scopes.namespace(prefix);
        element.content = end..end;
        // That of an open element is not known yet.
        element.end = if one_tag { end } else { 0 };
        element.one_tag = one_tag;
        match one_tag {
            true => self.scopes.leave(),
            false => self.open.push(id),
        }
        Ok(())
    }

    fn close(&mut self, span: &Range<usize>) -> Result<()> {
        let written = self.text.get(span.clone()).unwrap_or_default();
        let name = written.trim_start_matches("</").trim_end_matches('>').trim_end();
        let open = self.open.pop().and_then(|id| self.elements.get_mut(id));
        match open {
            Some(element) if self.text.get(element.name.clone()) == Some(name) => {
                element.content.end = span.start;
                element.end = span.end;
                self.scopes.leave();
                Ok(())
            }
            Some(element) => {
                let expected = self.text.get(element.name.clone()).unwrap_or_default();
                let expected = format!("</{expected}>, which was opened at {}", element.position);
                Err(self.malformed(span.start, expected, format!("</{name}>")))
            }
            None => Err(self.malformed(span.start, "a start tag first", format!("</{name}>"))),
        }
    }

    fn child(&mut self, child: Child) {
        if let Some(element) = self.open.last().and_then(|id| self.elements.get_mut(*id)) {
            element.children.push(child);
        }
    }

    fn bad_reference(&self, offset: usize) -> Error {
        let found: String = self.text.get(offset..).unwrap_or_default().chars().take(20).collect();
        self.malformed(offset, "one of &amp; &lt; &gt; &quot; &apos; or a character's number", found)
    }

    fn malformed(&self, offset: usize, expected: impl Into<String>, found: impl Into<String>) -> Error {
        let place = Cursor::default().advance(self.text, offset);
        Error::malformed(self.format, place.to_string(), expected, found)
    }
}

/// Which prefixes mean what.
#[derive(Default)]
struct Scopes<'a> {
    uris: Vec<String>,
    numbers: HashMap<String, usize>,
    /// The meanings of each prefix, the innermost last; the empty one is the default namespace.
    prefixes: HashMap<&'a str, Vec<Namespace>>,
    /// The prefixes that each open element declares.
    declared: Vec<Vec<&'a str>>,
}

impl<'a> Scopes<'a> {
    fn enter(&mut self, text: &'a str, attributes: &[AttributeData]) {
        let mut declared = Vec::new();
        for attribute in attributes {
            let name = text.get(attribute.name.clone()).unwrap_or_default();
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) if rest.starts_with(':') => rest.trim_start_matches(':'),
                _ => continue,
            };
            let raw = text.get(attribute.value.clone()).unwrap_or_default();
            let uri = reference::resolve(raw, Place::Attribute).unwrap_or_default();
            let namespace = match uri.is_empty() {
                true => Namespace::None,
                false => Namespace::Known(self.number(uri)),
            };
            self.prefixes.entry(prefix).or_default().push(namespace);
            declared.push(prefix);
        }
        self.declared.push(declared);
    }

    fn leave(&mut self) {
        for prefix in self.declared.pop().unwrap_or_default() {
            if let Some(meanings) = self.prefixes.get_mut(prefix) {
                meanings.pop();
            }
        }
    }

    fn namespace(&mut self, prefix: &str) -> Namespace {
        match self.prefixes.get(prefix).and_then(|meanings| meanings.last()) {
            Some(namespace) => *namespace,
            None => match prefix {
                "" => Namespace::None,
                "xml" => Namespace::Known(self.number(XML_NAMESPACE.to_owned())),
                "xmlns" => Namespace::Known(self.number(XMLNS_NAMESPACE.to_owned())),
                _ => Namespace::Undeclared,
            },
        }
    }

    fn number(&mut self, uri: String) -> usize {
        let next = self.uris.len();
        let number = *self.numbers.entry(uri.clone()).or_insert(next);
        if number == next {
            self.uris.push(uri);
        }
        number
    }
}

/// What the tokenizer says, in our words where its own need its source to be understood.
fn not_well_formed(format: &'static str, text: &str, error: &xmlparser::Error) -> Error {
    use xmlparser::{Error as Found, StreamError};
    let (what, cause) = match *error {
        Found::InvalidDeclaration(cause, _) => ("the XML declaration", cause),
        Found::InvalidComment(cause, _) => ("a comment", cause),
        Found::InvalidPI(cause, _) => ("a processing instruction", cause),
        Found::InvalidDoctype(cause, _) | Found::InvalidEntity(cause, _) => ("a document type", cause),
        Found::InvalidElement(cause, _) => ("a tag", cause),
        Found::InvalidAttribute(cause, _) => ("an attribute", cause),
        Found::InvalidCdata(cause, _) => ("a CDATA section", cause),
        Found::InvalidCharData(cause, _) => ("text", cause),
        Found::UnknownToken(place) => {
            let row = usize::try_from(place.row.saturating_sub(1)).unwrap_or(usize::MAX);
            let line = text.lines().nth(row).unwrap_or_default();
            let place = format!("line {}, column {}", place.row, place.col);
            return match line.trim_start().starts_with("<?xml") {
                true => Error::malformed(
                    format,
                    place,
                    "the XML declaration at the very start",
                    "something before it",
                ),
                false => Error::malformed(format, place, "well-formed XML", "something that may not be here"),
            };
        }
    };
    // The cause's own place is the exact one.
    let place = match cause {
        StreamError::NonXmlChar(_, place)
        | StreamError::InvalidChar(_, _, place)
        | StreamError::InvalidCharMultiple(_, _, place)
        | StreamError::InvalidQuote(_, place)
        | StreamError::InvalidSpace(_, place)
        | StreamError::InvalidString(_, place) => place,
        _ => error.pos(),
    };
    let quoted = |byte: u8| format!("'{}'", char::from(byte).escape_default());
    let (expected, found) = match cause {
        StreamError::NonXmlChar(character, _) => {
            ("a character that XML allows".to_owned(), format!("U+{:04X}", u32::from(character)))
        }
        StreamError::InvalidChar(found, expected, _) => (quoted(expected), quoted(found)),
        StreamError::InvalidQuote(found, _) => ("a quote".to_owned(), quoted(found)),
        StreamError::InvalidSpace(found, _) => ("white space".to_owned(), quoted(found)),
        StreamError::UnexpectedEndOfStream => ("more".to_owned(), "the end".to_owned()),
        cause => ("well-formed XML".to_owned(), cause.to_string()),
    };
    let place = format!("line {}, column {}, in {what}", place.row, place.col);
    Error::malformed(format, place, expected, found)
}
