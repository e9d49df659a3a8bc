//! Elements of the XML document: reading and setting what is at a path.

use crate::error::{Error, Result};
use crate::formats::xml::reference::{escape, is_character, push_plain, resolve, Place};

/// A node of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text between tags, with its entities as in the source.
    Text(String),
    /// The content of a CDATA section.
    CData(String),
    /// A comment, processing instruction or declaration, with its delimiters.
    Markup(String),
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    pub(super) name: String,
    /// What the start tag has behind the name, as in the source.
    pub(super) attributes: String,
    pub(super) children: Vec<Node>,
    /// Whether an empty element is one tag, `<X/>`, as it was in the source.
    pub(super) one_tag: bool,
}

impl Element {
    /// An element without attributes and children.
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// An element with text in it. What XML cannot hold is left out.
    pub fn with_text(name: &str, text: &str) -> Self {
        let allowed: String = text.chars().filter(|character| is_character(*character)).collect();
        let raw = escape(&allowed, Place::Text).unwrap_or_default();
        Self { children: vec![Node::Text(raw)], ..Self::new(name) }
    }

    /// A time as Windows writes it: the halves of a FILETIME in hexadecimal.
    pub fn with_time(name: &str, time: u64) -> Self {
        let high = Self::with_text("HIGHPART", &format!("0x{:08X}", time >> 32));
        let low = Self::with_text("LOWPART", &format!("0x{:08X}", time & 0xFFFF_FFFF));
        let children = vec![Node::Element(high), Node::Element(low)];
        Self { children, ..Self::new(name) }
    }

    /// The element's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// All nodes in the element.
    pub fn nodes(&self) -> &[Node] {
        &self.children
    }

    /// The text directly in the element, entities resolved.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.children {
            match node {
                // Checked when the document was read, or made by `escape`.
                Node::Text(raw) => text.push_str(&resolve(raw, Place::Text).unwrap_or_default()),
                Node::CData(raw) => push_plain(raw, Place::Text, &mut text),
                _ => {}
            }
        }
        text
    }

    /// The element at `path`: names separated by `/`, each with an optional 1-based `[index]`.
    pub fn find(&self, path: &str) -> Option<&Element> {
        path.split('/').try_fold(self, |element, step| {
            let (name, index) = parse_step(step)?;
            element.elements().filter(|child| child.name == name).nth(index)
        })
    }

    /// The text at `path`, if the element is there.
    pub fn text_at(&self, path: &str) -> Option<String> {
        self.find(path).map(Element::text)
    }

    /// The decimal number at `path`, if there is one.
    pub fn number_at(&self, path: &str) -> Option<u64> {
        self.text_at(path)?.trim().parse().ok()
    }

    /// The FILETIME at `path`, if there is one.
    pub fn time_at(&self, path: &str) -> Option<u64> {
        let element = self.find(path)?;
        let half = |name| {
            let text = element.text_at(name)?;
            let digits = text.trim().trim_start_matches("0x").trim_start_matches("0X");
            u32::from_str_radix(digits, 16).ok()
        };
        Some(u64::from(half("HIGHPART")?) << 32 | u64::from(half("LOWPART")?))
    }

    /// Sets the text at `path`, making the elements on the way; empty text removes the element.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a path that is no path, an index that skips elements, or text
    /// that XML cannot hold.
    pub fn set_text(&mut self, path: &str, text: &str) -> Result<()> {
        let raw = escape(text, Place::Text)?;
        if raw.is_empty() {
            self.remove(path);
            return Ok(());
        }
        self.ensure(path)?.children = vec![Node::Text(raw)];
        Ok(())
    }

    /// Replaces the first child of the same name, or appends the element.
    pub fn replace(&mut self, element: Element) {
        let same = self.children.iter_mut().find_map(|node| match node {
            Node::Element(child) if child.name == element.name => Some(child),
            _ => None,
        });
        match same {
            Some(child) => *child = element,
            None => self.children.push(Node::Element(element)),
        }
    }

    /// The child element `name`. A new one is put in front of the first child that comes after it in
    /// `order`, the usual order of the children; behind all children if `order` does not have it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a name that is none.
    pub fn child_in_order(&mut self, name: &str, order: &[&str]) -> Result<&mut Element> {
        if !self.elements().any(|child| child.name == name) {
            let later: Vec<&&str> = order.iter().skip_while(|known| **known != name).collect();
            let is_later = |node: &Node| match node {
                Node::Element(child) => later.iter().any(|name| **name == child.name),
                _ => false,
            };
            let position = self.children.iter().position(is_later).unwrap_or(self.children.len());
            self.children.insert(position, Node::Element(Element::new(name)));
        }
        self.ensure(name)
    }

    /// Puts elements in front of everything in the element.
    pub fn insert_front(&mut self, elements: impl Iterator<Item = Element>) {
        self.children.splice(0..0, elements.map(Node::Element));
    }

    /// Replaces everything in the element by text.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for text that XML cannot hold.
    pub fn set_own_text(&mut self, text: &str) -> Result<()> {
        self.children = vec![Node::Text(escape(text, Place::Text)?)];
        Ok(())
    }

    /// Removes the element at `path`; nothing happens when there is none.
    pub fn remove(&mut self, path: &str) {
        let (parent, last) = path.rsplit_once('/').map_or((None, path), |(front, last)| (Some(front), last));
        let parent = match parent {
            Some(front) => self.find_mut(front),
            None => Some(self),
        };
        let (Some(parent), Some((name, index))) = (parent, parse_step(last)) else { return };
        let same = |node: &Node| matches!(node, Node::Element(child) if child.name == name);
        let position = parent.children.iter().enumerate().filter(|(_, node)| same(node)).nth(index);
        if let Some((position, _)) = position {
            parent.children.remove(position);
        }
    }

    fn find_mut(&mut self, path: &str) -> Option<&mut Element> {
        path.split('/').try_fold(self, |element, step| {
            let (name, index) = parse_step(step)?;
            element.elements_mut().filter(|child| child.name == name).nth(index)
        })
    }

    pub(super) fn elements_mut(&mut self) -> impl Iterator<Item = &mut Element> {
        self.children.iter_mut().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    fn ensure(&mut self, path: &str) -> Result<&mut Element> {
        let invalid = |reason: &str| Error::InvalidArgument { parameter: "path", reason: reason.into() };
        let mut element = self;
        for step in path.split('/') {
            let (name, index) = parse_step(step).ok_or_else(|| invalid("it is not NAME/NAME[2]/NAME"))?;
            let present = element.elements().filter(|child| child.name == name).count();
            match index.cmp(&present) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => element.children.push(Node::Element(Element::new(name))),
                std::cmp::Ordering::Greater => return Err(invalid("its index skips elements")),
            }
            let child = element.elements_mut().filter(|child| child.name == name).nth(index);
            element = child.ok_or_else(|| invalid("it cannot be made"))?;
        }
        Ok(element)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let mut rest = self.attributes.as_str();
        loop {
            let (found, behind) = rest.split_once('=')?;
            let behind = behind.trim_start();
            let quote = behind.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let (value, behind) = behind.strip_prefix(quote)?.split_once(quote)?;
            if found.trim() == name {
                return resolve(value, Place::Attribute).ok();
            }
            rest = behind;
        }
    }

    /// The element as XML text.
    pub fn to_xml(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    pub(super) fn write(&self, text: &mut String) {
        // The depth is bounded: by the parser, and for made elements by the paths they are made by.
        text.push('<');
        text.push_str(&self.name);
        text.push_str(&self.attributes);
        if self.children.is_empty() && self.one_tag {
            text.push_str("/>");
            return;
        }
        text.push('>');
        write_nodes(&self.children, text);
        text.push_str("</");
        text.push_str(&self.name);
        text.push('>');
    }
}

fn write_nodes(nodes: &[Node], text: &mut String) {
    for node in nodes {
        match node {
            Node::Element(element) => element.write(text),
            Node::Text(raw) | Node::Markup(raw) => text.push_str(raw),
            Node::CData(raw) => {
                text.push_str("<![CDATA[");
                text.push_str(raw);
                text.push_str("]]>");
            }
        }
    }
}

fn parse_step(step: &str) -> Option<(&str, usize)> {
    let (name, index) = match step.split_once('[') {
        Some((name, rest)) => (name, rest.strip_suffix(']')?.parse::<usize>().ok()?.checked_sub(1)?),
        None => (step, 0),
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let starts_well = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    (starts_well && name.chars().all(is_name)).then_some((name, index))
}
