//! Rules about names that Windows has a list of: time zones, languages, locales, keyboards.

use super::finding::{Finding, Severity};
use super::near::nearest;
use super::subject::{Node, Subject};
use super::values::is_guid;
use super::Rule;
use crate::formats::unattend::PassName;
use crate::servicing::unattend::knowledge::Kind;

/// The rules of this file.
pub const RULES: &[Rule] = &[time_zones, locales, languages, image_languages, input_locales];

/// Behind the name of a time zone: without daylight saving time.
const NO_DAYLIGHT: &str = "_dstoff";

/// The nodes of some kinds that have a value.
fn of<'s, 'a>(subject: &'s Subject<'a>, kinds: &'s [Kind]) -> impl Iterator<Item = (&'s Node<'a>, &'s str)> {
    subject.nodes.iter().filter(|node| !node.is_template()).filter_map(move |node| {
        let value = node.value.trim();
        let is_one = node.known.is_some_and(|known| kinds.contains(&known.kind));
        (is_one && !value.is_empty()).then_some((node, value))
    })
}

fn time_zones(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, value) in of(subject, &[Kind::TimeZone]) {
        let lower = value.to_ascii_lowercase();
        let name = lower.strip_suffix(NO_DAYLIGHT).unwrap_or(&lower);
        let of_image = subject.target.and_then(|target| target.time_zones.as_ref());
        let is_there = match of_image {
            Some(zones) => zones.contains(name),
            None => subject.knowledge.time_zone(name).is_some(),
        };
        if is_there {
            continue;
        }
        let (severity, message) = match of_image {
            Some(_) => (Severity::Error, format!("The image has no time zone '{value}'.")),
            None => (Severity::Warning, format!("Windows has no time zone '{value}'.")),
        };
        let finding = subject.finding("time-zone", severity, node, message);
        let meant = nearest(value, subject.knowledge.time_zones());
        found.push(finding.remedy(match meant {
            Some(meant) => format!("Write '{meant}'."),
            None => "Write a name as 'tzutil /l' lists them: 'W. Europe Standard Time'.".to_owned(),
        }));
    }
}

fn locales(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, value) in of(subject, &[Kind::Locale]) {
        if is_number_pair(value) || subject.knowledge.locale(value).is_some() {
            continue;
        }
        let message = format!("Windows has no locale '{value}'.");
        let finding = subject.finding("locale-name", Severity::Warning, node, message);
        found.push(finding.remedy(locale_remedy(subject, value)));
    }
}

fn languages(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, value) in of(subject, &[Kind::Language]) {
        let known = subject.knowledge.locale(value);
        let in_image = subject.target.is_some_and(|target| target.has_language(value));
        if known.is_some_and(|locale| locale.has_pack) || in_image {
            continue;
        }
        let message = match known {
            Some(_) => {
                format!("There is no language pack for '{value}': it is a locale, not a display language.")
            }
            None => format!("Windows has no language '{value}'."),
        };
        let finding = subject.finding("language-name", Severity::Warning, node, message);
        found.push(finding.remedy(locale_remedy(subject, value)));
    }
}

fn locale_remedy(subject: &Subject<'_>, value: &str) -> String {
    let hyphened = value.replace('_', "-");
    match subject.knowledge.locale(&hyphened) {
        Some(locale) => format!("Write {}.", locale.name),
        None => "Write a language and a region: de-DE, en-US.".to_owned(),
    }
}

/// Display languages that the image does not have.
fn image_languages(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(target) = subject.target.filter(|target| !target.languages.is_empty()) else { return };
    for (node, value) in of(subject, &[Kind::Language]) {
        let in_pe = subject.part(node).is_some_and(|part| part.pass == Some(PassName::WindowsPe));
        let is_setup = node.path.starts_with("SetupUILanguage");
        if target.has_language(value) || is_setup || subject.knowledge.locale(value).is_none() {
            continue;
        }
        let message =
            format!("The image does not have the language {value}; it has {}.", target.languages.join(", "));
        let severity = if in_pe || node.name() != "UILanguage" { Severity::Warning } else { Severity::Error };
        let finding = subject.finding("language-not-in-image", severity, node, message);
        found.push(finding.remedy("Choose one that the image has, or add a language pack."));
    }
}

fn input_locales(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (node, value) in of(subject, &[Kind::InputLocale]) {
        let pieces = value.split(';').map(str::trim).filter(|piece| !piece.is_empty());
        for piece in pieces.filter(|piece| !is_input_locale(subject, piece)) {
            let message = format!("'{piece}' is neither a keyboard, nor an input method, nor a locale.");
            let finding = subject.finding("input-locale", Severity::Warning, node, message);
            found.push(finding.remedy("Write a language and a keyboard: 0407:00000407; or a locale: de-DE."));
        }
    }
}

fn is_input_locale(subject: &Subject<'_>, text: &str) -> bool {
    is_number_pair(text) || is_input_method(text) || subject.knowledge.locale(text).is_some()
}

/// `0407:00000407`: a language and a keyboard.
fn is_number_pair(text: &str) -> bool {
    let is_hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    text.split_once(':').is_some_and(|(language, keyboard)| {
        (language.len(), keyboard.len()) == (4, 8) && is_hex(language) && is_hex(keyboard)
    })
}

/// `0411:{…}{…}`: a language, a text service and its profile.
fn is_input_method(text: &str) -> bool {
    let Some((language, service)) = text.split_once(':') else { return false };
    let guids: Vec<&str> = service.split_inclusive('}').collect();
    language.len() == 4 && guids.len() == 2 && guids.iter().all(|guid| is_guid(guid))
}
