//! The XML document of a WIM file: UTF-16LE, one `IMAGE` element per image.
//!
//! The document is kept as a tree of the source's own text, so that elements this engine does not
//! know, their order and the white space between them come out as they went in.
//!
//! Reference: `docs/formats/wim.md` "XML document".

mod element;
mod parse;

pub use element::{Element, Node};

use super::header::MAX_IMAGES;
use crate::error::{Error, Result};
use crate::formats::bytes::{utf16_bytes, utf16_units};

const FORMAT: &str = "WIM XML document";
/// The largest document that is read. A file with every Windows edition has under 1 MB.
pub const MAX_DOCUMENT: u64 = 64 << 20;
const BYTE_ORDER_MARK: u16 = 0xFEFF;

/// The whole document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlDocument {
    before: String,
    root: Element,
    after: String,
    byte_order_mark: bool,
}

impl Default for XmlDocument {
    fn default() -> Self {
        Self::new()
    }
}

impl XmlDocument {
    /// The document of a file without images.
    pub fn new() -> Self {
        Self { before: String::new(), root: Element::new("WIM"), after: String::new(), byte_order_mark: true }
    }

    /// Reads the UTF-16LE bytes, with or without byte order mark.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not such a document, or its images are not numbered 1 to n;
    /// [`Error::Unsupported`] for encrypted files (ESDs as Windows Update downloads them).
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let malformed = |expected: &str, found: String| Error::malformed(FORMAT, "text", expected, found);
        let units = utf16_units(bytes);
        let (byte_order_mark, units) = match units.split_first() {
            Some((&BYTE_ORDER_MARK, rest)) => (true, rest),
            _ => (false, units.as_slice()),
        };
        let text = String::from_utf16(units)
            .map_err(|_| malformed("UTF-16LE text", "an unpaired surrogate".into()))?;
        // Some writers end the text with NULs.
        let (before, root, after) = parse::parse(text.trim_end_matches('\0'))?;
        if root.name != "WIM" {
            return Err(malformed("the root element WIM", format!("<{}>", root.name)));
        }
        if root.find("ESD/ENCRYPTED").is_some() {
            return Err(Error::Unsupported {
                what: "an encrypted ESD file".into(),
                reason: "its key is not in it; use the ISO from Microsoft, or decrypt the file first".into(),
            });
        }
        let document = Self { before, root, after, byte_order_mark };
        document.check_indexes()?;
        Ok(document)
    }

    fn check_indexes(&self) -> Result<()> {
        let mut indexes: Vec<u32> =
            self.image_elements().map(|image| image_index(image).unwrap_or(0)).collect();
        if indexes.len() > usize::try_from(MAX_IMAGES).unwrap_or(usize::MAX) {
            let found = u64::try_from(indexes.len()).unwrap_or(u64::MAX);
            let limit = u64::from(MAX_IMAGES);
            return Err(Error::LimitExceeded { what: "the number of images", limit, found });
        }
        indexes.sort_unstable();
        if (1..).zip(&indexes).any(|(expected, found): (u32, _)| expected != *found) {
            let found = format!("{indexes:?}");
            return Err(Error::malformed(FORMAT, "IMAGE elements", "an INDEX from 1 to n on each", found));
        }
        Ok(())
    }

    fn image_elements(&self) -> impl Iterator<Item = &Element> {
        self.root.elements().filter(|element| element.name == "IMAGE")
    }

    /// The `IMAGE` elements with their indexes, in document order.
    pub fn images(&self) -> impl Iterator<Item = (u32, &Element)> {
        self.image_elements().filter_map(|image| Some((image_index(image)?, image)))
    }

    /// How many images the document speaks of.
    pub fn image_count(&self) -> u32 {
        u32::try_from(self.image_elements().count()).unwrap_or(u32::MAX)
    }

    /// The index of the image with that `NAME`, to the letter; an empty name is nobody's.
    pub fn image_named(&self, name: &str) -> Option<u32> {
        let is_named = |image: &Element| !name.is_empty() && image.text_at("NAME").as_deref() == Some(name);
        self.images().find(|(_, image)| is_named(image)).map(|(index, _)| index)
    }

    /// The `IMAGE` element of image `index`, from 1.
    pub fn image(&self, index: u32) -> Option<&Element> {
        self.image_elements().find(|image| image_index(image) == Some(index))
    }

    /// The `IMAGE` element of image `index`, from 1, to change it. Its `INDEX` cannot be changed.
    pub fn image_mut(&mut self, index: u32) -> Option<&mut Element> {
        self.root
            .elements_mut()
            .find(|element| element.name == "IMAGE" && image_index(element) == Some(index))
    }

    /// The root element.
    pub fn root(&self) -> &Element {
        &self.root
    }

    /// Appends an image; `element` keeps its content and gets the next index, which is returned.
    pub fn append_image(&mut self, mut element: Element) -> u32 {
        let index = self.image_count().saturating_add(1);
        element.name = "IMAGE".into();
        element.attributes = format!(" INDEX=\"{index}\"");
        self.root.children.push(Node::Element(element));
        index
    }

    /// Removes image `index`; later ones move down. `false` when there is no such image.
    pub fn delete_image(&mut self, index: u32) -> bool {
        let before = self.root.children.len();
        let is_it = |node: &Node| match node {
            Node::Element(element) => element.name == "IMAGE" && image_index(element) == Some(index),
            _ => false,
        };
        self.root.children.retain(|node| !is_it(node));
        for image in self.root.elements_mut().filter(|element| element.name == "IMAGE") {
            match image_index(image) {
                Some(later) if later > index => {
                    image.attributes = format!(" INDEX=\"{}\"", later.saturating_sub(1));
                }
                _ => {}
            }
        }
        before != self.root.children.len()
    }

    /// Sets the `TOTALBYTES` of the file: the size of the WIM without XML document and header's
    /// trailing parts, as Windows shows it. In bytes.
    pub fn set_total_bytes(&mut self, bytes: u64) {
        let element = Element::with_text("TOTALBYTES", &bytes.to_string());
        if self.root.find("TOTALBYTES").is_some() {
            self.root.replace(element);
        } else {
            self.root.children.insert(0, Node::Element(element));
        }
    }

    /// The `TOTALBYTES` of the file.
    pub fn total_bytes(&self) -> Option<u64> {
        self.root.number_at("TOTALBYTES")
    }

    /// The document as text.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        text.push_str(&self.before);
        self.root.write(&mut text);
        text.push_str(&self.after);
        text
    }

    /// The document as it is stored: UTF-16LE.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut units = Vec::new();
        if self.byte_order_mark {
            units.push(BYTE_ORDER_MARK);
        }
        units.extend(self.to_text().encode_utf16());
        utf16_bytes(&units)
    }
}

fn image_index(image: &Element) -> Option<u32> {
    image.attribute("INDEX")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Result<XmlDocument> {
        XmlDocument::parse(&utf16_bytes(&text.encode_utf16().collect::<Vec<_>>()))
    }

    const SAMPLE: &str = "<?xml version=\"1.0\"?>\r\n<WIM><TOTALBYTES>12</TOTALBYTES><IMAGE INDEX=\"1\"><NAME>A &amp; B &#x20AC;</NAME>\
        <!-- kept --><X a='1'  b=\"2\"/>\n<WINDOWS><LANGUAGES><LANGUAGE>en-US</LANGUAGE><LANGUAGE>de-DE</LANGUAGE></LANGUAGES></WINDOWS>\
        <Y><![CDATA[<raw>]]></Y></IMAGE><IMAGE INDEX=\"2\"></IMAGE></WIM>\n";

    #[test]
    fn an_untouched_document_comes_out_as_it_went_in() {
        let text = document(SAMPLE).unwrap().to_text();
        assert_eq!(text, SAMPLE);
    }

    #[test]
    fn paths_find_and_set_what_they_name() {
        let mut document = document(SAMPLE).unwrap();
        let image = document.image_mut(1).unwrap();
        assert_eq!(image.text_at("NAME").unwrap(), "A & B €");
        assert_eq!(image.text_at("WINDOWS/LANGUAGES/LANGUAGE[2]").unwrap(), "de-DE");
        assert_eq!(image.text_at("Y").unwrap(), "<raw>");
        image.set_text("WINDOWS/VERSION/BUILD", "26100 <&>").unwrap();
        assert_eq!(image.text_at("WINDOWS/VERSION/BUILD").unwrap(), "26100 <&>");
        assert!(image.set_text("WINDOWS/LANGUAGES/LANGUAGE[4]", "x").is_err());
        assert!(image.set_text("A<B", "x").is_err());
        assert!(image.set_text("NAME", "\u{1}").is_err());
        image.set_text("NAME", "").unwrap();
        assert!(image.find("NAME").is_none());
        assert!(document.to_text().contains("<!-- kept --><X a='1'  b=\"2\"/>\n"));
    }

    #[test]
    fn deleting_an_image_renumbers_the_later_ones() {
        let mut document = document(SAMPLE).unwrap();
        document.append_image(Element::with_text("NAME", "third"));
        assert!(document.delete_image(1));
        assert!(!document.delete_image(9));
        assert_eq!(document.image_count(), 2);
        assert_eq!(document.image(2).unwrap().text(), "third");
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = format!("<WIM>{}{}</WIM>", "<a>".repeat(100_000), "</a>".repeat(100_000));
        for text in [
            "",
            "<WIM>",
            "<WIM></MIW>",
            "<X/>",
            "<WIM/><WIM/>",
            "<!DOCTYPE WIM [<!ENTITY a \"b\">]><WIM>&a;</WIM>",
            "<WIM><IMAGE INDEX=\"2\"/></WIM>",
            "<WIM><IMAGE INDEX=\"1\"/><IMAGE INDEX=\"1\"/></WIM>",
            "<WIM><IMAGE/></WIM>",
            deep.as_str(),
        ] {
            assert!(document(text).is_err(), "{}", text.get(..40.min(text.len())).unwrap());
        }
        let encrypted = document("<WIM><ESD><ENCRYPTED/></ESD></WIM>");
        assert!(matches!(encrypted, Err(Error::Unsupported { .. })));
    }
}
