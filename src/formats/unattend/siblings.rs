//! Elements of two answer files that are the same ones.

use super::label::{labels, Labels, KEYS};
use super::resolve::Node;
use super::section::settings_in;
use super::{Selector, Step};
use crate::formats::xml::Element;
use std::collections::{HashMap, HashSet};

/// Elements of one label: those of a pass or component that is there twice are taken together.
pub(super) struct Group<'a> {
    pub(super) label: String,
    pub(super) nodes: Vec<Node<'a>>,
}

/// What stands in these elements, by label, in order.
pub(super) fn groups<'a>(nodes: &[Node<'a>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for node in nodes {
        let children = node.children();
        let labels = labels(&children, Labels::Keys);
        for (child, label) in children.into_iter().zip(labels) {
            let place = *places.entry(label.to_lowercase()).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.nodes.push(child),
                None => groups.push(Group { label, nodes: vec![child] }),
            }
        }
    }
    groups
}

/// What stands in elements, by all labels that mean it: as a path finds it, but without looking at each.
pub(super) struct Siblings<'a> {
    meant: HashMap<String, Vec<Node<'a>>>,
    /// The labels that comparing has for them.
    own: HashSet<String>,
}

impl<'a> Siblings<'a> {
    pub(super) fn of(parents: &[Node<'a>]) -> Self {
        let mut siblings = Self { meant: HashMap::new(), own: HashSet::new() };
        for group in groups(parents) {
            siblings.own.insert(group.label.to_lowercase());
            siblings.meant.insert(group.label.to_lowercase(), group.nodes);
        }
        // A label of its own goes before others that would mean an element as well.
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for child in parents.iter().flat_map(|parent| parent.children()) {
            let name = child.name();
            let number = numbers.entry(name.to_lowercase()).or_default();
            *number = number.saturating_add(1);
            let mut selectors = vec![Vec::new(), vec![Selector::Index(*number)]];
            for key in KEYS {
                let named = |found: &Element<'_>| found.name() == *key && found.is_leaf();
                if let Some(value) = settings_in(child.element).find(named).map(Element::text) {
                    selectors.push(vec![Selector::Element((*key).to_owned(), value)]);
                }
            }
            for selectors in selectors {
                let label = Step { name: name.clone(), selectors }.to_string();
                if !siblings.own.contains(&label.to_lowercase()) {
                    siblings.meant.entry(label.to_lowercase()).or_default().push(child);
                }
            }
        }
        siblings
    }

    /// Whether it is the label that comparing has, not another one.
    pub(super) fn is_own(&self, label: &str) -> bool {
        self.own.contains(&label.to_lowercase())
    }

    pub(super) fn find(&self, label: &str) -> Option<&[Node<'a>]> {
        self.meant.get(&label.to_lowercase()).map(Vec::as_slice)
    }
}
