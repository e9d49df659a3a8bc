//! Rules about product keys and the editions of the image.

use super::finding::{Finding, Severity};
use super::subject::{Node, Subject};
use super::{ImageName, Rule};
use crate::servicing::unattend::knowledge::KnownKey;

/// The rules of this file.
pub const RULES: &[Rule] = &[evaluation, other_edition];

/// By which Setup chooses what it installs, from Windows PE.
const SETUP: (&str, &str) = ("Microsoft-Windows-Setup", "UserData/ProductKey/Key");
/// By which Windows is activated, from pass specialize on.
const SHELL: (&str, &str) = ("Microsoft-Windows-Shell-Setup", "ProductKey");

/// The product keys of a file.
pub fn product_keys<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = &'s Node<'a>> {
    keys(subject, SETUP).chain(keys(subject, SHELL))
}

fn keys<'s, 'a>(
    subject: &'s Subject<'a>,
    (component, path): (&'static str, &'static str),
) -> impl Iterator<Item = &'s Node<'a>> {
    let nodes = subject.settings(component, path).map(|(_, node)| node);
    nodes.filter(|node| !node.value.trim().is_empty())
}

/// Evaluation editions take no product key.
fn evaluation(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(target) = subject.target.filter(|target| target.is_evaluation()) else { return };
    let edition = target.edition.as_deref().unwrap_or_default();
    for node in product_keys(subject) {
        let message = format!("The image is the evaluation edition {edition}, which takes no product key.");
        let finding = subject.finding("key-for-evaluation", Severity::Warning, node, message);
        found.push(finding.remedy("Remove the key."));
    }
}

/// Published keys that are of another edition than the image. Other keys tell nothing.
fn other_edition(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(target) = subject.target.filter(|target| !target.is_evaluation()) else { return };
    let Some(edition) = target.edition.as_deref() else { return };
    let known = |node: &Node<'_>| {
        let key = subject.knowledge.product_key(&node.value)?;
        (!key.is_for(edition, target.build)).then_some(key)
    };
    let message = |key: &KnownKey| {
        let build = target.build.map(|build| format!(", build {build}")).unwrap_or_default();
        format!("The key is that of {}, and the image is {edition}{build}.", key.product)
    };
    for (node, key) in keys(subject, SETUP).filter_map(|node| Some((node, known(node)?))) {
        let fits = |image: &&ImageName| {
            image.edition.as_deref().is_some_and(|edition| key.is_for(edition, image.build))
        };
        let (severity, remedy) = match target.images.iter().find(fits) {
            Some(image) => (
                Severity::Warning,
                format!("Setup installs what the key is for: image {image}. Write the key of {edition}, or test against that image."),
            ),
            None if target.images.iter().any(|image| image.edition.is_none()) => {
                (Severity::Warning, format!("Write the key of {edition}."))
            }
            None => (
                Severity::Error,
                format!("The image file has no image for the key, and Setup stops. Write the key of {edition}."),
            ),
        };
        let finding = subject.finding("key-of-other-edition", severity, node, message(&key));
        found.push(finding.remedy(remedy));
    }
    for (node, key) in keys(subject, SHELL).filter_map(|node| Some((node, known(node)?))) {
        let finding = subject.finding("key-of-other-edition", Severity::Warning, node, message(&key));
        found.push(
            finding.remedy(format!(
                "Write the key of {edition}: Setup stops at a key that Windows does not take."
            )),
        );
    }
}
