//! What paths call elements that stand beside each other.

use super::resolve::{Level, Node};
use super::section::settings_in;
use super::{Selector, Step, STATE_NAMESPACE};
use crate::formats::xml::Element;
use std::collections::{HashMap, HashSet};

/// How elements of one name are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Labels {
    /// By number, where it is needed.
    Shortest,
    /// By what they hold, where that tells them apart.
    Keys,
}

/// The settings that tell elements of a list apart, the best first.
pub(super) const KEYS: &[&str] = &["Order", "PartitionID", "DiskID", "Key", "Identifier", "Name"];
/// Longest value in characters that is used as a key.
const MAX_KEY: usize = 100;

/// The labels of elements, in their order.
pub(super) fn labels(nodes: &[Node<'_>], labels: Labels) -> Vec<String> {
    let mut groups: HashMap<String, Vec<Node<'_>>> = HashMap::new();
    for node in nodes {
        groups.entry(node.name()).or_default().push(*node);
    }
    let mut chosen: HashMap<&str, Box<dyn Iterator<Item = String> + '_>> = HashMap::new();
    for (name, group) in &groups {
        let labels = match (labels, group.first().map(|node| node.level)) {
            (_, Some(Level::Component)) => components(name, group, labels),
            (Labels::Keys, Some(Level::Pass)) => vec![name.clone(); group.len()],
            (Labels::Keys, Some(Level::Element | Level::Servicing)) => by_key(name, group),
            _ => by_number(name, group.len()),
        };
        chosen.insert(name, Box::new(labels.into_iter()));
    }
    nodes
        .iter()
        .map(|node| chosen.get_mut(node.name().as_str()).and_then(Iterator::next).unwrap_or_default())
        .collect()
}

fn label(name: &str, selectors: Vec<Selector>) -> String {
    Step { name: name.to_owned(), selectors }.to_string()
}

fn by_number(name: &str, count: usize) -> Vec<String> {
    match count {
        1 => vec![name.to_owned()],
        count => (1..=count).map(|number| label(name, vec![Selector::Index(number)])).collect(),
    }
}

/// Components of one name: by architecture, and by number where that is the same.
fn components(name: &str, group: &[Node<'_>], labels: Labels) -> Vec<String> {
    let architecture =
        |node: &Node<'_>| node.element.attribute("", "processorArchitecture").unwrap_or_default();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for node in group {
        let count = counts.entry(architecture(node)).or_default();
        *count = count.saturating_add(1);
    }
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let of = |node: &Node<'_>| {
        let architecture = architecture(node);
        let number = numbers.entry(architecture.clone()).or_default();
        *number = number.saturating_add(1);
        let mut selectors = Vec::new();
        if !architecture.is_empty() && (labels == Labels::Keys || group.len() > 1) {
            selectors.push(Selector::Architecture(architecture.clone()));
        }
        if labels == Labels::Shortest && counts.get(&architecture).is_some_and(|count| *count > 1) {
            selectors.push(Selector::Index(*number));
        }
        label(name, selectors)
    };
    group.iter().map(of).collect()
}

/// Elements of a list: by their key. What is alone and of no list needs none.
fn by_key(name: &str, group: &[Node<'_>]) -> Vec<String> {
    let in_list = |node: &Node<'_>| {
        let mut attributes = node.element.attributes();
        attributes.any(|found| found.namespace() == Some(STATE_NAMESPACE) && !found.is_declaration())
    };
    if group.len() == 1 && !group.iter().any(in_list) {
        return vec![name.to_owned()];
    }
    let all = |value: &dyn Fn(Element<'_>) -> Option<String>| -> Option<Vec<String>> {
        let values: Option<Vec<String>> = group.iter().map(|node| value(node.element)).collect();
        let values = values?;
        let usable = |value: &String| {
            !value.trim().is_empty()
                && value.chars().count() <= MAX_KEY
                && !value.chars().any(char::is_control)
        };
        let different: HashSet<String> = values.iter().map(|value| value.to_ascii_lowercase()).collect();
        (values.iter().all(usable) && different.len() == values.len()).then_some(values)
    };
    if let Some(values) = all(&|element| element.attribute(STATE_NAMESPACE, "keyValue")) {
        let selector = |value| Selector::Attribute("wcm:keyValue".to_owned(), value);
        return values.into_iter().map(|value| label(name, vec![selector(value)])).collect();
    }
    if group.iter().all(|node| node.level == Level::Servicing) {
        if let Some(values) = all(&|element| element.attribute("", "name")) {
            let selector = |value| Selector::Attribute("name".to_owned(), value);
            return values.into_iter().map(|value| label(name, vec![selector(value)])).collect();
        }
    }
    for key in KEYS {
        let value =
            |element: Element<'_>| settings_in(element).find(|child| child.name() == *key).map(Element::text);
        if let Some(values) = all(&value) {
            let selector = |value| Selector::Element((*key).to_owned(), value);
            return values.into_iter().map(|value| label(name, vec![selector(value)])).collect();
        }
    }
    (1..=group.len()).map(|number| label(name, vec![Selector::Index(number)])).collect()
}
