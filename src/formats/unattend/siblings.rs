//! Elements of two answer files that are the same ones.

use super::label::{labels, Labels, KEYS};
use super::resolve::Node;
use super::section::settings_in;
use super::{Selector, Step};
use crate::formats::xml::Element;
use std::collections::hash_map::Entry;
use std::collections::HashMap;

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

/// What a label means among the elements of one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meant<'a> {
    One(Node<'a>),
    Several,
}

/// The elements in one, by all labels that mean them: as a path finds them, but without looking at each.
pub(super) struct Siblings<'a> {
    meant: HashMap<String, Meant<'a>>,
}

impl<'a> Siblings<'a> {
    pub(super) fn of(parent: Node<'a>) -> Self {
        let children = parent.children();
        let own = labels(&children, Labels::Keys);
        let mut siblings = Self { meant: HashMap::new() };
        for (child, label) in children.iter().zip(&own) {
            siblings.add(label, *child);
        }
        // A label of its own goes before others that would mean an element as well.
        let firm: std::collections::HashSet<String> = siblings.meant.keys().cloned().collect();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for child in children {
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
                if !firm.contains(&label.to_lowercase()) {
                    siblings.add(&label, child);
                }
            }
        }
        siblings
    }

    fn add(&mut self, label: &str, node: Node<'a>) {
        match self.meant.entry(label.to_lowercase()) {
            Entry::Vacant(place) => {
                place.insert(Meant::One(node));
            }
            Entry::Occupied(mut place) => {
                place.insert(Meant::Several);
            }
        }
    }

    pub(super) fn find(&self, label: &str) -> Option<Meant<'a>> {
        self.meant.get(&label.to_lowercase()).copied()
    }
}
