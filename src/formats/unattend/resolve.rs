//! Which elements a path means.

use super::section::settings_in;
use super::{AnswerFile, Selector, SettingPath, Step, STATE_NAMESPACE};
use crate::formats::xml::{Element, ElementId};
use std::collections::{HashMap, HashSet};

/// What an element is, by the place it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Level {
    Root,
    Pass,
    Component,
    /// The servicing section, and what is in it.
    Servicing,
    Element,
}

/// The first part of a path that means the servicing section.
pub(super) const SERVICING: &str = "servicing";

/// An element and what it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) element: Element<'a>,
    pub(super) level: Level,
}

impl<'a> Node<'a> {
    pub(super) fn root(file: &'a AnswerFile) -> Self {
        Self { element: file.root(), level: Level::Root }
    }

    /// The name that paths have for it.
    pub(super) fn name(self) -> String {
        match self.level {
            Level::Pass => self.element.attribute("", "pass").unwrap_or_default(),
            Level::Component => self.element.attribute("", "name").unwrap_or_default(),
            _ => self.element.name().to_owned(),
        }
    }

    /// What paths find in it, in the order of the file.
    pub(super) fn children(self) -> Vec<Node<'a>> {
        let node = |element: Element<'a>| {
            let level = match (self.level, element.name()) {
                (Level::Root, "settings") => Level::Pass,
                (Level::Root, SERVICING) | (Level::Servicing, _) => Level::Servicing,
                (Level::Pass, "component") => Level::Component,
                (Level::Root | Level::Pass, _) => return None,
                _ => Level::Element,
            };
            Some(Node { element, level })
        };
        settings_in(self.element).filter_map(node).collect()
    }

    /// The children that a part of a path means.
    pub(super) fn select(self, step: &Step) -> Vec<Node<'a>> {
        let mut found = self.children();
        // Wildcards in the first part are for passes.
        let in_general = step.has_wildcard();
        found.retain(|node| {
            let servicing = self.level == Level::Root && node.level == Level::Servicing;
            !(servicing && in_general) && step.matches(&node.name())
        });
        for selector in &step.selectors {
            if let Selector::Index(index) = selector {
                // Each name is counted for itself.
                let mut counts: HashMap<String, usize> = HashMap::new();
                found.retain(|node| {
                    let count = counts.entry(node.name()).or_default();
                    *count = count.saturating_add(1);
                    *count == *index
                });
            } else {
                found.retain(|node| node.has(selector));
            }
        }
        found
    }

    fn has(self, selector: &Selector) -> bool {
        let same = |found: Option<String>, wanted: &str| {
            found.is_some_and(|found| Step::named(wanted).matches(&found))
        };
        match selector {
            Selector::Index(_) | Selector::New => false,
            Selector::Architecture(wanted) => {
                self.level == Level::Component
                    && same(self.element.attribute("", "processorArchitecture"), wanted)
            }
            Selector::Element(name, wanted) => {
                let named = |child: &Element<'_>| child.name().eq_ignore_ascii_case(name);
                let value = settings_in(self.element).find(named).map(Element::text);
                value.is_some_and(|value| value.eq_ignore_ascii_case(wanted))
            }
            Selector::Attribute(name, wanted) => {
                attribute(self.element, name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
            }
        }
    }
}

/// The attribute that a path names: `wcm:` means that namespace, other names are as they are written.
pub(super) fn attribute(element: Element<'_>, name: &str) -> Option<String> {
    let qualified = attribute_name(element, name)?;
    element.attributes().find(|found| found.qualified_name() == qualified).map(|found| found.value())
}

/// How the attribute that a path names is written on this element.
pub(super) fn attribute_name(element: Element<'_>, name: &str) -> Option<String> {
    let found = match name.strip_prefix("wcm:") {
        Some(local) => element
            .attributes()
            .find(|found| found.name() == local && found.namespace() == Some(STATE_NAMESPACE)),
        None => element.attributes().find(|found| found.qualified_name().eq_ignore_ascii_case(name)),
    };
    found.map(|found| found.qualified_name().to_owned())
}

/// The elements that a path means, without those inside others of them.
pub(super) fn resolve<'a>(file: &'a AnswerFile, path: &SettingPath) -> HashSet<ElementId> {
    let mut found = HashSet::new();
    let mut seen: HashSet<(ElementId, usize)> = HashSet::new();
    let mut todo: Vec<(Node<'a>, usize)> = vec![(Node::root(file), 0)];
    while let Some((node, at)) = todo.pop() {
        if !seen.insert((node.element.id(), at)) {
            continue;
        }
        let next = at.saturating_add(1);
        match path.steps.get(at) {
            None => {
                found.insert(node.element.id());
            }
            Some(step) if step.is_any_depth() => {
                todo.push((node, next));
                let in_general =
                    |child: &Node<'_>| node.level != Level::Root || child.level != Level::Servicing;
                todo.extend(node.children().into_iter().filter(in_general).map(|child| (child, at)));
            }
            Some(step) => todo.extend(node.select(step).into_iter().map(|child| (child, next))),
        }
    }
    found
}
