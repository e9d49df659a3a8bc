//! The answer file under test, with what is known of each of its elements.

use super::finding::{Finding, Severity};
use super::target::Target;
use crate::error::{Error, Result};
use crate::formats::unattend::{AnswerFile, Component, Identity, Pass, PassName};
use crate::formats::xml::Element;
use crate::servicing::unattend::knowledge::{self, Knowledge};
use std::collections::HashMap;

/// Most elements in the components of a file; real ones have a few thousand. Rules may look at all for each.
const MAX_NODES: usize = 20_000;

/// A component of the file.
#[derive(Debug)]
pub struct Part<'a> {
    /// The component.
    pub component: Component<'a>,
    /// Its identity.
    pub identity: Identity,
    /// The pass, as the file spells it.
    pub pass_name: String,
    /// The pass.
    pub pass: Option<PassName>,
    /// What is known of it.
    pub known: Option<&'static knowledge::Component>,
}

/// An element in a component: a setting, a group or an element of a list.
#[derive(Debug)]
pub struct Node<'a> {
    /// The component that it is in, by its place in [`Subject::parts`].
    pub part: usize,
    /// The node around it, by its place in [`Subject::nodes`].
    pub parent: Option<usize>,
    /// Names from below the component, joined by `/`.
    pub path: String,
    /// The element.
    pub element: Element<'a>,
    /// Its text; empty if it has elements.
    pub value: String,
    /// What is known of it.
    pub known: Option<&'static knowledge::Setting>,
    /// A tool decides whether it is there: what is around it has a directive of a template engine in its text.
    pub is_conditional: bool,
}

impl Node<'_> {
    /// Its own name.
    pub fn name(&self) -> &str {
        self.element.name()
    }

    /// The value is filled in later by a tool.
    pub fn is_template(&self) -> bool {
        is_template(&self.value)
    }
}

/// What tools put around parts of a file that they leave out or repeat.
const DIRECTIVES: [&str; 4] = ["{{", "{%", "%{", "<%"];

fn has_directive(element: Element<'_>) -> bool {
    let text = element.text();
    DIRECTIVES.iter().any(|mark| text.contains(mark))
}

/// Text that a tool fills in later: `{{name}}`, `{name}`, `[ name ]`, `<%= … %>`, `%{ if … }`, `${name}`, `%NAME%`…
pub fn is_template(text: &str) -> bool {
    let text = text.trim();
    // Not `{` and `}` around a GUID.
    let in_braces = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let in_brackets = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    DIRECTIVES.iter().any(|mark| text.contains(mark))
        || ["${", "$(", "@@", "[[", "__"].iter().any(|mark| text.contains(mark))
        || text.matches('%').count() >= 2
        || in_braces.is_some_and(is_word)
        || in_brackets.is_some()
}

/// The file, taken apart.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The file.
    pub file: &'a AnswerFile,
    /// What is known of Windows.
    pub knowledge: &'static Knowledge,
    /// The image, if one was given.
    pub target: Option<&'a Target<'a>>,
    /// Its components.
    pub parts: Vec<Part<'a>>,
    /// All elements in the components, each before those in it.
    pub nodes: Vec<Node<'a>>,
    children: HashMap<Option<usize>, Vec<usize>>,
}

impl<'a> Subject<'a> {
    /// Takes a file apart.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] for a file with more elements than any has.
    pub fn of(file: &'a AnswerFile, target: Option<&'a Target<'a>>) -> Result<Self> {
        let knowledge = Knowledge::get();
        let part = |component: Component<'a>| {
            let (identity, pass) = (component.identity(), component.pass);
            let known = knowledge.component(&identity.name);
            Part { component, identity, pass_name: pass.name(), pass: pass.known(), known }
        };
        let parts: Vec<Part<'a>> = file.components().map(part).collect();
        let mut subject =
            Self { file, knowledge, target, parts, nodes: Vec::new(), children: HashMap::new() };
        for index in 0..subject.parts.len() {
            subject.collect(index)?;
        }
        Ok(subject)
    }

    /// Reads the elements of a component. Elements nest as deep as the XML reader lets them.
    fn collect(&mut self, part: usize) -> Result<()> {
        let Some((element, known)) = self.parts.get(part).map(|part| (part.component.element, part.known))
        else {
            return Ok(());
        };
        let is_conditional = has_directive(element);
        let mut open: Vec<(Element<'a>, Option<usize>, String, bool)> =
            element.elements().map(|child| (child, None, String::new(), is_conditional)).collect();
        open.reverse();
        while let Some((element, parent, above, is_conditional)) = open.pop() {
            let path = match above.is_empty() {
                true => element.name().to_owned(),
                false => format!("{above}/{}", element.name()),
            };
            let value = if element.is_leaf() { element.text() } else { String::new() };
            let known = known.and_then(|component| component.setting(&path));
            let index = self.nodes.len();
            if index >= MAX_NODES {
                let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
                let what = "the number of elements in the components of an answer file";
                let found = number(index.saturating_add(open.len()).saturating_add(1));
                return Err(Error::LimitExceeded { what, limit: number(MAX_NODES), found });
            }
            let inside = is_conditional || (!element.is_leaf() && has_directive(element));
            let mut below: Vec<_> =
                element.elements().map(|child| (child, Some(index), path.clone(), inside)).collect();
            below.reverse();
            self.nodes.push(Node { part, parent, path, element, value, known, is_conditional });
            self.children.entry(parent).or_default().push(index);
            open.append(&mut below);
        }
        Ok(())
    }

    /// The component of a node.
    pub fn part(&self, node: &Node<'_>) -> Option<&Part<'a>> {
        self.parts.get(node.part)
    }

    /// The node around a node.
    pub fn parent(&self, node: &Node<'_>) -> Option<&Node<'a>> {
        self.nodes.get(node.parent?)
    }

    /// The nodes directly in another one, by the place of that one.
    pub fn children_of(&self, index: usize) -> impl Iterator<Item = &Node<'a>> {
        self.children.get(&Some(index)).into_iter().flatten().filter_map(|&child| self.nodes.get(child))
    }

    /// The nodes with their places.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Node<'a>)> {
        self.nodes.iter().enumerate()
    }

    /// The text of a child, trimmed; case of the name does not count.
    pub fn text_of(&self, index: usize, child: &str) -> Option<&str> {
        self.children_of(index).find(|node| node.name() == child).map(|node| node.value.trim())
    }

    /// The nodes of one component (by name) and path, in any pass.
    pub fn settings<'s>(
        &'s self,
        component: &'s str,
        path: &'s str,
    ) -> impl Iterator<Item = (usize, &'s Node<'a>)> + 's {
        self.numbered().filter(move |(_, node)| {
            node.path.eq_ignore_ascii_case(path)
                && self.part(node).is_some_and(|part| part.identity.name.eq_ignore_ascii_case(component))
        })
    }

    /// A finding about a node.
    pub fn finding(
        &self,
        rule: &'static str,
        severity: Severity,
        node: &Node<'_>,
        message: impl Into<String>,
    ) -> Finding {
        let mut finding = Finding::about(rule, severity, node.element, message);
        finding.setting = Some(node.path.clone());
        match self.part(node) {
            Some(part) => part.name_in(finding),
            None => finding,
        }
    }
}

impl Part<'_> {
    /// A finding about the component.
    pub fn finding(&self, rule: &'static str, severity: Severity, message: impl Into<String>) -> Finding {
        self.name_in(Finding::about(rule, severity, self.component.element, message))
    }

    fn name_in(&self, mut finding: Finding) -> Finding {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        finding.pass = some(&self.pass_name);
        finding.component = some(&self.identity.name);
        finding.architecture = some(&self.identity.processor_architecture);
        finding
    }
}

/// A finding about a pass.
pub fn about_pass(
    pass: Pass<'_>,
    rule: &'static str,
    severity: Severity,
    message: impl Into<String>,
) -> Finding {
    let mut finding = Finding::about(rule, severity, pass.element, message);
    finding.pass = Some(pass.name()).filter(|name| !name.is_empty());
    finding
}
