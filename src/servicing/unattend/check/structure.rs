//! Rules about the frame: root, passes, the servicing section, namespaces.

use super::finding::{Finding, Severity};
use super::near::nearest;
use super::subject::{about_pass, Subject};
use super::Rule;
use crate::formats::unattend::{PassName, NAMESPACE, STATE_NAMESPACE};
use crate::formats::xml::Element;
use std::collections::HashSet;

/// The rules of this file.
pub const RULES: &[Rule] =
    &[namespace, passes, repeated_passes, processed_passes, frame, prefixes, actions, packages];

/// What `wcm:action` may be.
const ACTIONS: [&str; 4] = ["add", "modify", "remove", "list"];
/// The namespace that Microsoft's page on adding drivers offline has in its sample; all else is in that of answer files.
const SAMPLE_NAMESPACE: &str = "urn:schemas-microsoft-com:asm.v3";
/// What the action of a package may be.
const PACKAGE_ACTIONS: [&str; 4] = ["install", "remove", "configure", "stage"];

fn namespace(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let root = subject.file.root();
    if root.namespace() != Some(NAMESPACE) {
        let message = match root.namespace() {
            Some("") => "The root element is in no namespace.".to_owned(),
            Some(other) => format!("The root element is in the namespace '{other}'."),
            None => "The prefix of the root element is declared nowhere.".to_owned(),
        };
        let severity = match root.namespace() {
            Some(SAMPLE_NAMESPACE) => Severity::Warning,
            _ => Severity::Error,
        };
        let finding = Finding::about("wrong-namespace", severity, root, message);
        found.push(finding.remedy(format!("Write <unattend xmlns=\"{NAMESPACE}\">.")));
    }
}

fn passes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for pass in subject.file.passes() {
        let name = pass.name();
        if name.is_empty() {
            let message = "The element <settings> does not say for which pass it is.";
            found.push(about_pass(pass, "missing-pass", Severity::Error, message).remedy("Add pass=\"…\"."));
            continue;
        }
        let known = PassName::ALL.map(PassName::as_str);
        if known.contains(&name.as_str()) {
            continue;
        }
        let message = format!("There is no pass '{name}'.");
        let meant = nearest(&name, known.into_iter());
        let remedy = meant.map_or_else(
            || format!("The passes are {}.", known.join(", ")),
            |meant| format!("Write {meant}, in exactly this case."),
        );
        found.push(about_pass(pass, "unknown-pass", Severity::Error, message).remedy(remedy));
    }
}

fn repeated_passes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for pass in subject.file.passes() {
        if pass.known().is_some_and(|known| !seen.insert(known)) {
            let message = format!("There are two elements <settings> for the pass {}.", pass.name());
            let remedy = "Put the components of both into one.";
            found.push(about_pass(pass, "repeated-pass", Severity::Warning, message).remedy(remedy));
        }
    }
}

fn processed_passes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for pass in subject.file.passes().filter(|pass| pass.was_processed()) {
        let message = format!("The pass {} is marked as done: Setup passes over it.", pass.name());
        let remedy = "Remove wasPassProcessed; the file was taken from below Windows\\Panther.";
        found.push(about_pass(pass, "pass-processed", Severity::Warning, message).remedy(remedy));
    }
}

/// Elements that Setup does not look at.
fn frame(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut report = |element: Element<'_>, place: &str| {
        let message = format!("Setup does not look at <{}> in {place}.", element.qualified_name());
        found.push(
            Finding::about("unexpected-element", Severity::Warning, element, message)
                .remedy("Remove it, or put it where it belongs."),
        );
    };
    let root = subject.file.root();
    for element in root.elements().filter(|element| element.namespace() == root.namespace()) {
        match element.name() {
            "settings" => {
                let own = element.elements().filter(|child| child.namespace() == root.namespace());
                own.filter(|child| child.name() != "component").for_each(|child| report(child, "<settings>"));
            }
            "servicing" => {
                let own = element.elements().filter(|child| child.namespace() == root.namespace());
                own.filter(|child| child.name() != "package").for_each(|child| report(child, "<servicing>"));
            }
            "offlineImage" => {}
            _ => report(element, "<unattend>"),
        }
    }
}

/// Prefixes without a declaration: no reader that knows namespaces takes such a file.
fn prefixes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut open = vec![subject.file.root()];
    while let Some(element) = open.pop() {
        let attributes = element.attributes().filter(|found| !found.is_declaration());
        let bad = attributes.filter(|found| found.namespace().is_none());
        let names = bad.map(|found| (found.qualified_name(), found.position()));
        let own = element.namespace().is_none().then(|| (element.qualified_name(), element.position()));
        for (name, position) in names.chain(own) {
            let message = format!("The prefix of '{name}' is declared nowhere.");
            let finding = Finding::at("undeclared-prefix", Severity::Error, position, message);
            found.push(finding.remedy(format!("Declare it: xmlns:wcm=\"{STATE_NAMESPACE}\".")));
        }
        open.extend(element.elements());
    }
}

/// `wcm:action` with another word, or without its prefix.
fn actions(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for node in &subject.nodes {
        if let Some(action) = node.element.attribute(STATE_NAMESPACE, "action") {
            if !ACTIONS.contains(&action.as_str()) {
                let message = format!("'{action}' is no action for an element of a list.");
                let finding = subject.finding("unknown-action", Severity::Warning, node, message);
                found.push(finding.remedy("Write wcm:action=\"add\"."));
            }
        } else if node.element.attribute("", "action").is_some() {
            let message = "The attribute 'action' is in no namespace, so Setup does not see it.";
            let finding = subject.finding("action-without-prefix", Severity::Warning, node, message);
            found.push(finding.remedy("Write wcm:action."));
        }
    }
}

/// Packages that do not say what they are.
fn packages(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for package in subject.file.packages() {
        let action = package.action();
        let mut report = |rule, message: String, remedy: &str| {
            found.push(Finding::about(rule, Severity::Error, package.element, message).remedy(remedy));
        };
        if !PACKAGE_ACTIONS.contains(&action.as_str()) {
            let remedy = "The actions are install, remove, configure and stage.";
            report("package-action", format!("'{action}' is no action for a package."), remedy);
        }
        if package.identity().is_none() {
            let remedy =
                "Add <assemblyIdentity> with name, version, processorArchitecture, publicKeyToken, language.";
            report("package-identity", "The package does not say which it is.".to_owned(), remedy);
        }
        if action == "install" && package.source().is_none() {
            let remedy = "Add <source location=\"…\"/>.";
            report("package-source", "The package to install does not say where it is.".to_owned(), remedy);
        }
    }
}
