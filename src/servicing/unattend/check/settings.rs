//! Rules about which components and settings there are, in which passes, in which Windows.

use super::finding::{Finding, Severity};
use super::near::nearest;
use super::subject::{Node, Part, Subject};
use super::Rule;
use crate::formats::unattend::NAMESPACE;
use crate::servicing::unattend::knowledge::{LastBuild, Setting, COMPLETE_TO};

/// The rules of this file.
pub const RULES: &[Rule] = &[
    unknown_components,
    component_passes,
    old_components,
    unknown_settings,
    spelling,
    setting_passes,
    old_settings,
    new_settings,
    deprecated_settings,
];

/// The first build of Windows 10.
const WINDOWS_10: u32 = 10240;
/// The first build of Windows 7: the tables tell nothing of what was before.
const WINDOWS_7: u32 = 7600;

/// An error, but for images that are older than what the tables tell of.
fn error_from_windows_7(subject: &Subject<'_>) -> Severity {
    match subject.target.and_then(|target| target.build) {
        Some(build) if build < WINDOWS_7 => Severity::Information,
        _ => Severity::Error,
    }
}

fn unknown_components(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for part in subject.parts.iter().filter(|part| part.known.is_none()) {
        let name = part.identity.name.as_str();
        if name.is_empty() {
            continue;
        }
        let known = || subject.knowledge.components().map(|component| component.name);
        // Windows has some components in two spellings, with a hyphen and without.
        let loose = |name: &str| name.to_ascii_lowercase().replace('-', "");
        let meant = nearest(name, known()).or_else(|| known().find(|other| loose(other) == loose(name)));
        let message = format!("There is no component '{name}' that is known here.");
        found.push(match meant {
            Some(meant) => {
                part.finding("unknown-component", Severity::Error, message).remedy(format!("Write {meant}."))
            }
            None => part
                .finding("unknown-component", Severity::Information, message)
                .remedy("See that the image has it: Setup passes over components that it does not have."),
        });
    }
}

fn component_passes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for part in &subject.parts {
        let (Some(known), Some(pass)) = (part.known, part.pass) else { continue };
        if known.passes.has(pass) || !known.whole {
            continue;
        }
        let message = format!("{} reads nothing in the pass {pass}.", known.name);
        let finding = part.finding("component-not-in-pass", error_from_windows_7(subject), message);
        let twin = match known.name {
            "Microsoft-Windows-International-Core" => {
                " In windowsPE it is Microsoft-Windows-International-Core-WinPE."
            }
            "Microsoft-Windows-International-Core-WinPE" => {
                " Elsewhere it is Microsoft-Windows-International-Core."
            }
            "Microsoft-Windows-PnpCustomizationsNonWinPE" => {
                " In windowsPE it is Microsoft-Windows-PnpCustomizationsWinPE."
            }
            "Microsoft-Windows-Setup" => " In specialize, commands belong to Microsoft-Windows-Deployment.",
            _ => "",
        };
        found.push(finding.remedy(format!("Its passes are {}.{twin}", known.passes)));
    }
}

/// How bad it is that something is gone, and since when.
fn gone(subject: &Subject<'_>, until: Option<LastBuild>) -> Option<(Severity, String)> {
    let last = until?;
    match (subject.target.and_then(|target| target.build), last.certain) {
        (Some(build), true) if build > last.build => {
            Some((Severity::Warning, format!("The image is of build {build}; build {} was the last", last.build)))
        }
        (Some(build), false) if build > last.build && build >= WINDOWS_10 => Some((
            Severity::Information,
            format!("The image is of build {build}; Microsoft's reference for Windows 10 does not name it, build {} was the last seen", last.build),
        )),
        (None, true) => Some((Severity::Information, format!("Build {} of Windows was the last", last.build))),
        _ => None,
    }
}

fn old_components(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for part in &subject.parts {
        let Some(known) = part.known else { continue };
        if let Some((severity, why)) = gone(subject, known.until) {
            let message = format!("{why} with the component {}.", known.name);
            found.push(part.finding("component-removed", severity, message).remedy("Remove the component."));
        }
    }
}

/// The settings that the tables lack, in components that they have: not below another such.
fn unknown<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = (&'s Node<'a>, &'s Part<'a>)> {
    subject.nodes.iter().filter(|node| node.known.is_none()).filter_map(|node| {
        let part = subject.part(node)?;
        let parent = subject.parent(node).is_none_or(|parent| parent.known.is_some());
        (part.known.is_some() && parent && node.element.namespace() == Some(NAMESPACE))
            .then_some((node, part))
    })
}

fn unknown_settings(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, part) in unknown(subject) {
        let Some(known) = part.known else { continue };
        // Text has no settings in it; another rule says so.
        let parent = subject.parent(node).and_then(|parent| parent.known);
        if parent.is_some_and(|parent| !parent.kind.has_elements()) {
            continue;
        }
        let parent_path = node.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let beside = known.settings().filter_map(|setting| child_of(setting, parent_path));
        let meant = nearest(node.name(), beside);
        let elsewhere = known.settings().find(|setting| {
            setting.path.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(node.name()))
        });
        let complete =
            subject.target.and_then(|target| target.build).is_some_and(|build| build <= COMPLETE_TO);
        let severity = match (known.whole, meant.is_some() || complete) {
            (true, true) => error_from_windows_7(subject),
            (true, false) => Severity::Warning,
            (false, _) => Severity::Information,
        };
        let message = format!("{} has no setting '{}'.", known.name, node.path);
        let finding = subject.finding("unknown-setting", severity, node, message);
        found.push(match (meant, elsewhere) {
            (Some(meant), _) => finding.remedy(format!("Write {meant}.")),
            (None, Some(there)) => finding.remedy(format!("There is {}: put it there.", there.path)),
            (None, None) => finding.remedy("Remove it, or see that the image's Windows has it."),
        });
    }
}

/// The name of a setting directly below a path.
fn child_of(setting: &Setting, parent: &str) -> Option<&'static str> {
    match setting.path.rsplit_once('/') {
        Some((above, name)) => above.eq_ignore_ascii_case(parent).then_some(name),
        None => parent.is_empty().then_some(setting.path),
    }
}

/// Names whose case is not that of Windows. XML tells case apart; samples of Microsoft's and of others are lax about it.
fn spelling(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for node in &subject.nodes {
        let Some(known) = node.known else { continue };
        let name = known.path.rsplit('/').next().unwrap_or(known.path);
        if name != node.name() && name.eq_ignore_ascii_case(node.name()) {
            let message = format!("The setting is spelled '{name}', and XML tells case apart.");
            let finding = subject.finding("setting-case", Severity::Warning, node, message);
            found.push(finding.remedy(format!("Write {name}.")));
        }
    }
}

fn setting_passes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for node in &subject.nodes {
        let (Some(known), Some(part)) = (node.known, subject.part(node)) else { continue };
        let (Some(component), Some(pass)) = (part.known, part.pass) else { continue };
        let parent_says_it = subject
            .parent(node)
            .is_some_and(|parent| parent.known.is_some_and(|known| !known.passes.has(pass)));
        if known.passes.has(pass) || !component.passes.has(pass) || parent_says_it {
            continue;
        }
        let message = format!("{} is not read in the pass {pass}.", known.path);
        let finding = subject.finding("setting-not-in-pass", error_from_windows_7(subject), node, message);
        found.push(finding.remedy(format!("Its passes are {}.", known.passes)));
    }
}

fn old_settings(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for node in &subject.nodes {
        let (Some(known), Some(part)) = (node.known, subject.part(node)) else { continue };
        let said_above = subject.parent(node).is_some_and(|parent| {
            parent.known.is_some_and(|above| above.until == known.until && known.until.is_some())
        });
        if said_above || part.known.is_some_and(|component| component.until.is_some()) {
            continue;
        }
        if let Some((severity, why)) = gone(subject, known.until) {
            let message = format!("{why} with the setting {}.", known.path);
            found.push(subject.finding("setting-removed", severity, node, message).remedy("Remove it."));
        }
    }
}

fn new_settings(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(build) = subject.target.and_then(|target| target.build) else { return };
    for node in &subject.nodes {
        let Some(first) = node.known.and_then(|known| known.since).filter(|first| build < *first) else {
            continue;
        };
        if subject
            .parent(node)
            .is_some_and(|parent| parent.known.is_some_and(|above| above.since == Some(first)))
        {
            continue;
        }
        let message =
            format!("The image is of build {build}; build {first} is the first that is known to have it.");
        let finding = subject.finding("setting-too-new", Severity::Warning, node, message);
        found.push(finding.remedy("Remove it for this image."));
    }
}

fn deprecated_settings(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let build = subject.target.and_then(|target| target.build);
    for node in &subject.nodes {
        let Some(first) = node.known.and_then(|known| known.deprecated) else { continue };
        let said_above = subject
            .parent(node)
            .is_some_and(|parent| parent.known.is_some_and(|above| above.deprecated.is_some()));
        if said_above || build.is_some_and(|build| build < first) {
            continue;
        }
        let from = if first == 0 { String::new() } else { format!(" from build {first} of Windows on") };
        let message = format!("Microsoft calls {} deprecated{from}.", node.path);
        let finding = subject.finding("setting-deprecated", Severity::Information, node, message);
        found.push(finding.remedy("Do not rely on it."));
    }
}
