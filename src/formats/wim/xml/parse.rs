//! XML text to nodes.

use super::{Element, Node, FORMAT};
use crate::error::{Error, Result};
use quick_xml::events::Event;

/// Elements inside each other; Windows writes 6 levels.
const MAX_DEPTH: usize = 64;

/// Parses text into nodes, without entity expansion and without DTDs.
pub(super) fn parse_nodes(text: &str) -> Result<Vec<Node>> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut nodes: Vec<Node> = Vec::new();
    loop {
        let position = reader.buffer_position();
        let malformed = |expected: &str, found: String| {
            Error::malformed(FORMAT, format!("character {position}"), expected, found)
        };
        let event = reader.read_event().map_err(|error| malformed("well-formed XML", error.to_string()))?;
        let as_text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let node = match event {
            Event::Eof => break,
            Event::Start(tag) => {
                if open.len() >= MAX_DEPTH {
                    let found = u64::try_from(open.len()).unwrap_or(u64::MAX).saturating_add(1);
                    let limit = u64::try_from(MAX_DEPTH).unwrap_or(u64::MAX);
                    return Err(Error::LimitExceeded { what: "the depth of the XML document", limit, found });
                }
                let (name, attributes) = (as_text(tag.name().as_ref()), as_text(tag.attributes_raw()));
                open.push(Element { name, attributes, children: Vec::new(), one_tag: false });
                continue;
            }
            Event::Empty(tag) => Node::Element(Element {
                name: as_text(tag.name().as_ref()),
                attributes: as_text(tag.attributes_raw()),
                children: Vec::new(),
                one_tag: true,
            }),
            Event::End(_) => match open.pop() {
                Some(element) => Node::Element(element),
                None => return Err(malformed("an open element", "an end tag".into())),
            },
            Event::Text(raw) => Node::Text(as_text(&raw)),
            Event::CData(raw) => Node::CData(as_text(&raw)),
            Event::Comment(raw) => Node::Markup(format!("<!--{}-->", as_text(&raw))),
            Event::Decl(raw) => Node::Markup(format!("<?{}?>", as_text(&raw))),
            Event::PI(raw) => Node::Markup(format!("<?{}?>", as_text(&raw))),
            Event::DocType(_) => return Err(malformed("a document without DTD", "<!DOCTYPE".into())),
        };
        open.last_mut().map_or(&mut nodes, |element| &mut element.children).push(node);
    }
    match open.last() {
        None => Ok(nodes),
        Some(element) => {
            Err(Error::malformed(FORMAT, "the end", format!("</{}>", element.name), "nothing more"))
        }
    }
}
