//! Tokens to a tree of places.

use super::cursor::Cursor;
use super::layout::newline;
use super::malformed::not_well_formed;
use super::reference::{self, Place};
use super::{limit, AttributeData, Child, Document, ElementData, Encoding, Limits, Namespace};
use super::{MAX_ATTRIBUTES, MAX_KEY};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::ops::Range;
use xmlparser::{ElementEnd, Token, Tokenizer};

/// What `xml:` means without being declared.
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
/// What `xmlns:` means.
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// The tree of a text.
pub(super) fn document(
    format: &'static str,
    limits: Limits,
    encoding: Encoding,
    text: String,
) -> Result<Document> {
    if text.starts_with('\u{FEFF}') {
        let found = "a second byte order mark";
        return Err(Error::malformed(format, "line 1, column 1", "the beginning of the document", found));
    }
    let document = Document {
        format,
        limits,
        encoding,
        newline: newline(&text),
        text,
        elements: Vec::new(),
        attributes: Vec::new(),
        namespaces: Vec::new(),
    };
    let mut builder = Builder {
        text: &document.text,
        format,
        limits,
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
    builder.check_paths()?;
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
    limits: Limits,
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
        if self.nodes > self.limits.nodes {
            let most = format!("at most {} elements, attributes and texts", self.limits.nodes);
            return Err(self.malformed(start_of(&token), most, "one more"));
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
                let behind = self.text.get(target.end()..).unwrap_or_default();
                if !behind.starts_with("?>") && !behind.starts_with([' ', '\t', '\r', '\n']) {
                    let found: String = behind.chars().take(1).collect();
                    return Err(self.malformed(target.end(), "white space or ?>", found));
                }
                self.child(Child::Markup(span.range()));
            }
            Token::Comment { span, .. } => self.child(Child::Markup(span.range())),
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
        if depth > self.limits.depth {
            let most = format!("at most {} elements inside one another", self.limits.depth);
            return Err(self.malformed(start, most, "one more"));
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
            let most = format!("at most {MAX_ATTRIBUTES} attributes of an element");
            return Err(self.malformed(name.start, most, "one more"));
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

    /// See [`Limits::paths`].
    fn check_paths(&self) -> Result<()> {
        let mut keys = vec![0_usize; self.elements.len()];
        for (id, element) in self.elements.iter().enumerate() {
            let attributes = self.attributes.get(element.attributes.clone()).unwrap_or_default();
            let longest = attributes.iter().map(|attribute| attribute.value.len()).max().unwrap_or(0);
            if let Some(key) = keys.get_mut(id) {
                *key = longest.min(MAX_KEY).max(*key);
            }
            let is_leaf = !element.children.iter().any(|child| matches!(child, Child::Element(_)));
            if let Some(key) = element.parent.filter(|_| is_leaf).and_then(|parent| keys.get_mut(parent)) {
                *key = element.content.len().min(MAX_KEY).max(*key);
            }
        }
        // An element comes behind the one around it.
        let (mut lengths, mut total) = (Vec::with_capacity(keys.len()), 0_usize);
        for (element, key) in self.elements.iter().zip(keys) {
            let outer = element.parent.and_then(|parent| lengths.get(parent)).copied().unwrap_or(0_usize);
            let length = outer.saturating_add(element.name.len()).saturating_add(key);
            total = total.saturating_add(length);
            lengths.push(length);
        }
        match total > self.limits.paths {
            true => Err(limit("the length of all elements' paths in bytes", self.limits.paths, total)),
            false => Ok(()),
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

/// Where a token begins.
fn start_of(token: &Token<'_>) -> usize {
    match token {
        Token::Text { text } => text.start(),
        Token::Declaration { span, .. }
        | Token::ProcessingInstruction { span, .. }
        | Token::Comment { span, .. }
        | Token::DtdStart { span, .. }
        | Token::EmptyDtd { span, .. }
        | Token::EntityDeclaration { span, .. }
        | Token::DtdEnd { span }
        | Token::ElementStart { span, .. }
        | Token::Attribute { span, .. }
        | Token::ElementEnd { span, .. }
        | Token::Cdata { span, .. } => span.start(),
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
