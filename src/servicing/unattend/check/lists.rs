//! Rules about lists: what must be there once, and what tells the elements of a list apart.

use super::finding::{Finding, Severity};
use super::subject::{Node, Subject};
use super::Rule;
use crate::formats::unattend::STATE_NAMESPACE;
use crate::servicing::unattend::knowledge::Kind;
use std::collections::HashSet;

/// The rules of this file.
pub const RULES: &[Rule] = &[repeated_settings, keys, key_values];

/// Settings that are there twice: only one of them counts.
fn repeated_settings(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for node in &subject.nodes {
        let Some(known) = node.known.filter(|known| !known.kind.repeats()) else { continue };
        if !seen.insert((node.part, node.parent, known.path)) && !node.is_conditional {
            let message = format!("{} is there twice in the same place.", known.path);
            let finding = subject.finding("repeated-setting", Severity::Error, node, message);
            found.push(finding.remedy("Remove one of them."));
        }
    }
}

/// The child that tells elements of a list apart: missing, or the same twice.
fn keys(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for (index, node) in subject.numbered() {
        let Some(Kind::Item { key: Some(key) }) = node.known.map(|known| &known.kind) else { continue };
        let Some(value) = subject.text_of(index, key) else {
            let message =
                format!("The element {} has no {key}, which tells it from the others.", node.name());
            let finding = subject.finding("missing-key", Severity::Warning, node, message);
            found.push(finding.remedy(format!("Add <{key}>.")));
            continue;
        };
        if !seen.insert((node.part, node.parent, node.name().to_owned(), value.to_ascii_lowercase())) {
            report_repeated(subject, node, key, value, found);
        }
    }
}

fn report_repeated(subject: &Subject<'_>, node: &Node<'_>, key: &str, value: &str, found: &mut Vec<Finding>) {
    let message = format!("There are two elements {} with {key} {value}.", node.name());
    let finding = subject.finding("repeated-key", Severity::Error, node, message);
    found.push(finding.remedy(format!("Give each its own {key}.")));
}

/// `wcm:keyValue` of lists of plain values: missing, or the same twice.
fn key_values(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for node in &subject.nodes {
        if node.known.is_none_or(|known| known.kind != Kind::ValueItem) {
            continue;
        }
        match node.element.attribute(STATE_NAMESPACE, "keyValue") {
            None => {
                let message = format!("The element {} has no wcm:keyValue.", node.name());
                let finding = subject.finding("missing-key-value", Severity::Warning, node, message);
                found.push(finding.remedy("Number the elements: wcm:keyValue=\"1\"."));
            }
            Some(value) => {
                if !seen.insert((node.part, node.parent, node.name().to_owned(), value.clone())) {
                    report_repeated(subject, node, "wcm:keyValue", &value, found);
                }
            }
        }
    }
}
