//! Rules about the identity of components: Setup passes over a component whose identity is not exactly that of
//! one that the image has, and says nothing.

use super::finding::{Finding, Severity};
use super::subject::{is_template, Part, Subject};
use super::Rule;
use crate::formats::unattend::PassName;
use std::collections::HashSet;

/// The rules of this file.
pub const RULES: &[Rule] = &[names, architectures, tokens, languages, scopes, repeated, image_architecture];

/// The identity that all components of Windows have, in all catalogues: `data/unattend/components.tsv`. The schema of
/// answer files takes `nonSxS` where no version scope is named, and `neutral` as one.
const PUBLIC_KEY_TOKEN: &str = "31bf3856ad364e35";
const DEFAULT_LANGUAGE: &str = "neutral";
const VERSION_SCOPE: &str = "nonSxS";
/// Architectures of components.
const ARCHITECTURES: [&str; 6] = ["x86", "amd64", "wow64", "arm", "arm64", "ia64"];

fn names(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for part in subject.parts.iter().filter(|part| part.identity.name.is_empty()) {
        let message = "The component has no name.";
        found.push(part.finding("missing-name", Severity::Error, message).remedy("Add name=\"…\"."));
    }
}

fn architectures(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for part in &subject.parts {
        let name = part.identity.processor_architecture.as_str();
        let known = ARCHITECTURES.iter().any(|known| known.eq_ignore_ascii_case(name));
        let message = match (name, known) {
            (_, true) => continue,
            ("", _) => "The component does not say for which architecture it is.".to_owned(),
            (name, _) => format!("There is no architecture '{name}'."),
        };
        let rule = if name.is_empty() { "missing-architecture" } else { "unknown-architecture" };
        let remedy = "Write processorArchitecture=\"amd64\" (64 bit), \"arm64\" or \"x86\".";
        if !is_template(name) && !name.contains('%') {
            found.push(part.finding(rule, Severity::Error, message).remedy(remedy));
        }
    }
}

fn tokens(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for part in subject.parts.iter().filter(|part| part.known.is_some()) {
        let token = part.identity.public_key_token.as_str();
        if token.eq_ignore_ascii_case(PUBLIC_KEY_TOKEN) {
            continue;
        }
        let (rule, message) = match token {
            "" => ("missing-token", "The component has no publicKeyToken.".to_owned()),
            _ => ("wrong-token", format!("The publicKeyToken '{token}' is not that of Windows.")),
        };
        let remedy = format!("Write publicKeyToken=\"{PUBLIC_KEY_TOKEN}\".");
        found.push(part.finding(rule, Severity::Error, message).remedy(remedy));
    }
}

fn languages(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let is_wrong = |part: &&Part<'_>| !part.identity.language.eq_ignore_ascii_case(DEFAULT_LANGUAGE);
    for part in subject.parts.iter().filter(|part| part.known.is_some()).filter(is_wrong) {
        let (rule, message) = match part.identity.language.as_str() {
            "" => ("missing-language", "The component has no language.".to_owned()),
            other => ("wrong-language", format!("The component's language is '{other}'.")),
        };
        let remedy = format!("Write language=\"{DEFAULT_LANGUAGE}\".");
        found.push(part.finding(rule, Severity::Error, message).remedy(remedy));
    }
}

fn scopes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let is_wrong = |part: &&Part<'_>| !part.identity.version_scope.eq_ignore_ascii_case(VERSION_SCOPE);
    for part in subject.parts.iter().filter(|part| part.known.is_some()).filter(is_wrong) {
        let scope = part.identity.version_scope.as_str();
        let (rule, severity, message) = match scope {
            "" => ("missing-scope", Severity::Information, "The component has no versionScope.".to_owned()),
            other => {
                let in_schema = other.eq_ignore_ascii_case("neutral");
                let severity = if in_schema { Severity::Warning } else { Severity::Error };
                ("wrong-scope", severity, format!("The component's versionScope is '{other}'."))
            }
        };
        let remedy = format!("Write versionScope=\"{VERSION_SCOPE}\".");
        found.push(part.finding(rule, severity, message).remedy(remedy));
    }
}

fn repeated(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for part in &subject.parts {
        let name = part.identity.name.to_ascii_lowercase();
        let architecture = part.identity.processor_architecture.to_ascii_lowercase();
        if !seen.insert((part.pass_name.clone(), name, architecture)) {
            let message = format!("The pass has the component {} twice.", part.identity.name);
            let finding = part.finding("repeated-component", Severity::Warning, message);
            found.push(finding.remedy("Put the settings of both into one."));
        }
    }
}

/// Components for other architectures than the image's, where there is no twin for the right one.
fn image_architecture(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(image) = subject.target.and_then(|target| target.architecture) else { return };
    let fits = |part: &Part<'_>| {
        let name = part.identity.processor_architecture.as_str();
        name.eq_ignore_ascii_case(image) || (name.eq_ignore_ascii_case("wow64") && image != "x86")
    };
    for part in &subject.parts {
        let name = part.identity.processor_architecture.as_str();
        let is_known = ARCHITECTURES.iter().any(|known| known.eq_ignore_ascii_case(name));
        let twin = |other: &Part<'_>| {
            other.pass_name == part.pass_name
                && other.identity.name.eq_ignore_ascii_case(&part.identity.name)
                && fits(other)
        };
        if !is_known || fits(part) || subject.parts.iter().any(twin) {
            continue;
        }
        let message = format!(
            "The component is for {name}, and the image is for {image}: Setup passes over it and says nothing."
        );
        // Which Windows PE starts Setup is not known.
        let severity = match part.pass {
            Some(PassName::WindowsPe) => Severity::Warning,
            _ => Severity::Error,
        };
        let finding = part.finding("architecture-not-of-image", severity, message);
        found.push(finding.remedy(format!("Write processorArchitecture=\"{image}\".")));
    }
}
