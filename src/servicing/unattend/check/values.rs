//! Rules about values: what the text of a setting may be.

use super::finding::{Finding, Severity};
use super::subject::{is_template, Node, Subject};
use super::Rule;
use crate::formats::unattend::NAMESPACE;
use crate::servicing::unattend::knowledge::{Kind, Setting};

/// The rules of this file.
pub const RULES: &[Rule] =
    &[shapes, empty_values, bools, numbers, choices, lengths, guids, computer_names, product_keys];

/// Longest computer name in bytes.
const COMPUTER_NAME: usize = 15;
/// What a computer name must not have, besides blanks.
const NOT_IN_COMPUTER_NAMES: &str = "{|}~[\\]^':;<=>?@!\"#$%`()+/.,*&";
/// The letters of product keys: those of Windows 7 and before, and N, which newer ones have once.
const KEY_LETTERS: &str = "BCDFGHJKMNPQRTVWXY2346789";
/// Groups of a product key, and letters of each.
const KEY_GROUPS: usize = 5;

/// The nodes without elements that have a value to check, with what is known of them.
fn leaves<'s, 'a>(
    subject: &'s Subject<'a>,
) -> impl Iterator<Item = (&'s Node<'a>, &'static Setting, &'s str)> {
    subject.nodes.iter().filter(|node| node.element.is_leaf() && !node.is_template()).filter_map(|node| {
        let value = node.value.trim();
        (!value.is_empty()).then_some((node, node.known?, value))
    })
}

/// Text where elements belong, and elements where text belongs.
fn shapes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for node in &subject.nodes {
        let Some(known) = node.known else { continue };
        let own = node.element.elements().filter(|child| child.namespace() == Some(NAMESPACE)).count();
        if known.kind.has_elements() {
            let text = node.element.text();
            if !text.trim().is_empty() && !is_template(&text) {
                let message = format!("{} holds elements, not text.", known.path);
                found.push(
                    subject
                        .finding("text-in-group", Severity::Error, node, message)
                        .remedy("Remove the text."),
                );
            }
        } else if own > 0 {
            let message = format!("{} holds a value, not elements.", known.path);
            let finding = subject.finding("elements-in-value", Severity::Error, node, message);
            found.push(finding.remedy("Write the value alone."));
        }
    }
}

/// Empty values of settings that cannot have one.
fn empty_values(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for node in subject.nodes.iter().filter(|node| node.element.is_leaf() && node.value.trim().is_empty()) {
        let Some(known) = node.known else { continue };
        let severity = match known.kind {
            Kind::Bool | Kind::Int { .. } | Kind::Choice(_) | Kind::Guid => Severity::Warning,
            _ if known.filled => Severity::Information,
            _ => continue,
        };
        let message = format!("{} is empty, and must not be.", node.path);
        let finding = subject.finding("empty-value", severity, node, message);
        found.push(finding.remedy("Give it a value, or remove the element."));
    }
}

fn bools(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, known, value) in leaves(subject).filter(|(_, known, _)| known.kind == Kind::Bool) {
        if !["true", "false", "1", "0"].iter().any(|word| word.eq_ignore_ascii_case(value)) {
            let message = format!("'{value}' is neither true nor false.");
            let finding = subject.finding("not-a-boolean", Severity::Error, node, message);
            found.push(finding.remedy(format!("Write true or false into {}.", known.path)));
        }
    }
}

fn numbers(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, known, value) in leaves(subject) {
        let Kind::Int { low, high } = known.kind else { continue };
        let hex = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
        let number = match hex {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => value.parse::<i64>().ok(),
        };
        let Some(number) = number else {
            let message = format!("'{value}' is no whole number.");
            found.push(
                subject.finding("not-a-number", Severity::Error, node, message).remedy("Write a number."),
            );
            continue;
        };
        if low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high) {
            let message = format!("{number} is not among the values that {} takes.", known.path);
            let limits = match (low, high) {
                (Some(low), Some(high)) => format!("It takes {low} to {high}."),
                (Some(low), None) => format!("It takes {low} and more."),
                (_, high) => format!("It takes {} and less.", high.unwrap_or_default()),
            };
            found.push(subject.finding("number-out-of-range", Severity::Error, node, message).remedy(limits));
        }
    }
}

fn choices(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, known, value) in leaves(subject) {
        let Kind::Choice(words) = &known.kind else { continue };
        if !words.iter().any(|word| word.eq_ignore_ascii_case(value)) {
            let message = format!("'{value}' is not among the values that {} takes.", known.path);
            let remedy = match words.as_slice() {
                [first, .., last] if words.len() > 8 => format!("It takes {first} to {last}."),
                _ => format!("It takes {}.", words.join(", ")),
            };
            found.push(subject.finding("not-a-choice", Severity::Error, node, message).remedy(remedy));
        }
    }
}

fn lengths(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, known, value) in leaves(subject) {
        let (Kind::Text { longest: Some(longest) } | Kind::Command { longest: Some(longest) }) = known.kind
        else {
            continue;
        };
        let length = value.encode_utf16().count();
        if length > longest {
            let message = format!("The value has {length} characters; {} takes {longest}.", known.path);
            let finding = subject.finding("value-too-long", Severity::Error, node, message);
            let remedy = match known.kind {
                Kind::Command { .. } => "Put the command into a script, and call that.",
                _ => "Make it shorter.",
            };
            found.push(finding.remedy(remedy));
        }
    }
}

fn guids(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, _, value) in leaves(subject).filter(|(_, known, _)| known.kind == Kind::Guid) {
        if !is_guid(value) {
            let message = format!("'{value}' is no GUID.");
            let finding = subject.finding("not-a-guid", Severity::Error, node, message);
            found.push(
                finding.remedy("Write {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}, with hexadecimal digits."),
            );
        }
    }
}

/// A GUID, with braces or without.
pub(super) fn is_guid(text: &str) -> bool {
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let groups: Vec<&str> = inner.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()))
}

fn computer_names(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, _, value) in leaves(subject).filter(|(_, known, _)| known.kind == Kind::ComputerName) {
        let bad = |c: &char| c.is_whitespace() || NOT_IN_COMPUTER_NAMES.contains(*c);
        let message = if value == "*" {
            continue;
        } else if let Some(bad) = value.chars().find(bad) {
            format!("A computer name cannot have '{bad}' in it.")
        } else if value.len() > COMPUTER_NAME {
            format!("The name has {} bytes; a computer name has {COMPUTER_NAME} at most.", value.len())
        } else if value.chars().all(|c| c.is_ascii_digit()) {
            "A computer name cannot be digits alone.".to_owned()
        } else if value.starts_with('-') || value.ends_with('-') {
            "A computer name cannot begin or end with a hyphen.".to_owned()
        } else {
            continue;
        };
        let finding = subject.finding("computer-name", Severity::Error, node, message);
        found.push(
            finding.remedy("Setup stops at it. Use letters, digits and hyphens; * makes Windows choose."),
        );
    }
}

fn product_keys(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, _, value) in leaves(subject).filter(|(_, known, _)| known.kind == Kind::ProductKey) {
        let groups: Vec<&str> = value.split('-').collect();
        let is_group = |group: &&str| group.chars().count() == KEY_GROUPS;
        let letters = value.chars().filter(|c| *c != '-');
        if letters.clone().all(|c| c == '0') {
            let message =
                "The key is a place holder: Setup takes it for none, and may ask which edition to install.";
            let finding = subject.finding("product-key-placeholder", Severity::Information, node, message);
            found.push(finding.remedy("Write a key, or choose the edition with InstallFrom."));
            continue;
        }
        let message = if groups.len() != KEY_GROUPS || !groups.iter().all(is_group) {
            "A product key has five groups of five letters.".to_owned()
        } else if let Some(bad) = letters.clone().find(|c| !KEY_LETTERS.contains(c.to_ascii_uppercase())) {
            format!("There is no '{bad}' in a product key.")
        } else if letters.filter(|c| c.eq_ignore_ascii_case(&'N')).count() > 1 {
            "A product key has the letter N once at most.".to_owned()
        } else {
            continue;
        };
        let finding = subject.finding("product-key-form", Severity::Error, node, message);
        found.push(finding.remedy("Copy the key again: XXXXX-XXXXX-XXXXX-XXXXX-XXXXX."));
    }
}
