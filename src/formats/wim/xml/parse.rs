//! The document's text as elements of the text.

use super::{Element, Node, FORMAT};
use crate::error::Result;
use crate::formats::xml::{self, Document, Limits, Part};

/// A file with every Windows edition has under 1 MB and 10,000 elements; Windows writes 6 levels.
const LIMITS: Limits = Limits { size: 96 << 20, depth: 64, nodes: 4_000_000, paths: usize::MAX };

/// What stands before the root element, the root element, and what stands behind it.
pub(super) fn parse(text: &str) -> Result<(String, Element, String)> {
    let document = Document::of_text(FORMAT, text.to_owned(), LIMITS)?;
    let (before, after) = document.around();
    Ok((before.to_owned(), element(document.root()), after.to_owned()))
}

/// As deep as the document, which has a limit.
fn element(source: xml::Element<'_>) -> Element {
    let node = |part: Part<'_>| match part {
        Part::Element(inner) => Node::Element(element(inner)),
        Part::Text(raw) => Node::Text(raw.to_owned()),
        Part::CData(raw) => Node::CData(raw.to_owned()),
        Part::Markup(raw) => Node::Markup(raw.to_owned()),
    };
    Element {
        name: source.qualified_name().to_owned(),
        attributes: source.attributes_source().to_owned(),
        children: source.parts().map(node).collect(),
        one_tag: source.is_one_tag(),
    }
}
