//! Settings: the leaves of an answer file.

use super::label::{labels, Labels};
use super::resolve::{self, Level, Node};
use super::secret::is_secret;
use super::{AnswerFile, Component, Pass, SettingPath, STATE_NAMESPACE};
use crate::formats::xml::{Element, ElementId, Position};
use std::collections::HashSet;

/// One setting and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting<'a> {
    /// The element that holds the value.
    pub element: Element<'a>,
    /// The attribute that holds the value, with its prefix; `None` for the element's text.
    pub attribute: Option<String>,
    /// The pass as it is written; `servicing` in the servicing section.
    pub pass: String,
    /// The component; `None` in the servicing section.
    pub component: Option<Component<'a>>,
    /// The path in the component: `UserAccounts/LocalAccounts/LocalAccount[2]/Name`.
    pub name: String,
    /// The whole path, which means this setting and no other.
    pub path: String,
    /// The value, references resolved.
    pub value: String,
    /// The nearest `wcm:action` around the value: `add`, `remove`, `modify`.
    pub action: Option<String>,
    /// Whether the value is a password or the like.
    pub secret: bool,
    /// Where the element, or the attribute's element, begins.
    pub position: Position,
}

/// Where a walk is.
#[derive(Clone)]
struct Place<'a> {
    pass: String,
    component: Option<Component<'a>>,
    /// The paths of the component and of the element in it.
    outer: String,
    inner: String,
    action: Option<String>,
    /// Whether the element, or one around it, was asked for.
    wanted: bool,
}

struct Walk<'a> {
    wanted: HashSet<ElementId>,
    attribute: Option<String>,
    labels: Labels,
    found: Vec<Setting<'a>>,
}

/// The settings that a path means.
pub(super) fn matching<'a>(file: &'a AnswerFile, path: &SettingPath, labels: Labels) -> Vec<Setting<'a>> {
    let wanted = resolve::resolve(file, path);
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut walk = Walk { wanted, attribute: path.attribute.clone(), labels, found: Vec::new() };
    let place = Place {
        pass: String::new(),
        component: None,
        outer: String::new(),
        inner: String::new(),
        action: None,
        wanted: false,
    };
    walk.visit(Node::root(file), None, &place);
    walk.found
}

impl<'a> Walk<'a> {
    /// Visits an element and what is in it. As deep as the document, which has a limit.
    fn visit(&mut self, node: Node<'a>, pass: Option<Pass<'a>>, place: &Place<'a>) {
        let exactly = self.wanted.contains(&node.element.id());
        let mut place = place.clone();
        place.wanted |= exactly;
        if let Some(action) = node.element.attribute(STATE_NAMESPACE, "action") {
            place.action = Some(action);
        }
        match (&self.attribute, node.level) {
            (Some(name), _) => {
                if let (true, Some(value)) = (exactly, resolve::attribute(node.element, name)) {
                    self.push(node, Some(name.clone()), value, &place);
                }
            }
            (None, Level::Servicing) if place.wanted => {
                for attribute in node.element.attributes().filter(|found| !found.is_declaration()) {
                    let name = attribute.qualified_name().to_owned();
                    self.push(node, Some(name), attribute.value(), &place);
                }
                let text = node.element.text();
                if node.element.is_leaf() && !text.is_empty() {
                    self.push(node, None, text, &place);
                }
            }
            (None, Level::Element) if place.wanted => {
                // To add is what every element of a list does.
                let own = node.element.attribute(STATE_NAMESPACE, "action").filter(|action| action != "add");
                if let (Labels::Keys, Some(action)) = (self.labels, own) {
                    self.push(node, Some("wcm:action".to_owned()), action, &place);
                }
                if node.element.is_leaf() {
                    self.push(node, None, node.element.text(), &place);
                }
            }
            _ => {}
        }
        let children = node.children();
        let labels = labels(&children, self.labels);
        for (child, label) in children.into_iter().zip(labels) {
            let mut place = place.clone();
            let mut pass = pass;
            match child.level {
                Level::Pass => {
                    pass = Some(Pass::of(child.element));
                    (place.pass, place.outer) = (child.name(), label);
                }
                Level::Component => {
                    place.component = pass.map(|pass| Component { element: child.element, pass });
                    place.outer = format!("{}/{label}", place.outer);
                }
                Level::Servicing if node.level == Level::Root => {
                    (place.pass, place.outer) = (resolve::SERVICING.to_owned(), label);
                }
                _ => {
                    let slash = if place.inner.is_empty() { "" } else { "/" };
                    place.inner = format!("{}{slash}{label}", place.inner);
                }
            }
            self.visit(child, pass, &place);
        }
    }

    fn push(&mut self, node: Node<'a>, attribute: Option<String>, value: String, place: &Place<'a>) {
        let mut name = place.inner.clone();
        if let Some(attribute) = &attribute {
            name = format!("{name}{}@{attribute}", if name.is_empty() { "" } else { "/" });
        }
        let slash = if name.is_empty() { "" } else { "/" };
        let parent = node.element.parent().map_or("", Element::name);
        self.found.push(Setting {
            element: node.element,
            secret: attribute.is_none() && is_secret(node.element.name(), parent),
            attribute,
            pass: place.pass.clone(),
            component: place.component,
            path: format!("{}{slash}{name}", place.outer),
            name,
            value,
            action: place.action.clone(),
            position: node.element.position(),
        });
    }
}
