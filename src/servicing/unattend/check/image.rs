//! Rules about what is installed: the image that is chosen, joining a domain, scripts.

use super::disk_layout::is_true;
use super::finding::{Finding, Severity};
use super::keys::product_keys;
use super::subject::Subject;
use super::Rule;
use crate::formats::unattend::PassName;

/// The rules of this file.
pub const RULES: &[Rule] = &[metadata, chosen_image, join, setup_complete];

const SETUP: &str = "Microsoft-Windows-Setup";
const JOIN: &str = "Microsoft-Windows-UnattendedJoin";
const INSTALL_FROM: &str = "ImageInstall/OSImage/InstallFrom";
/// By what an image can be chosen.
const KEYS: [&str; 3] = ["/IMAGE/INDEX", "/IMAGE/NAME", "/IMAGE/DESCRIPTION"];

/// The key that an image is chosen by.
fn metadata(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for path in [INSTALL_FROM, "ImageInstall/DataImage/InstallFrom"] {
        for (_, node) in subject.settings(SETUP, &format!("{path}/MetaData/Key")) {
            let key = node.value.trim();
            if key.is_empty()
                || node.is_template()
                || KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
            {
                continue;
            }
            let message = format!("Nothing is documented of choosing an image by '{key}'.");
            // Setup may look for any element of the XML of an image.
            let is_path = key.to_ascii_uppercase().starts_with("/IMAGE/");
            let severity = if is_path { Severity::Warning } else { Severity::Error };
            let finding = subject.finding("image-key", severity, node, message);
            found.push(finding.remedy(format!("Choose by {}.", KEYS.join(", "))));
        }
    }
}

/// The image that is chosen is in the image file.
fn chosen_image(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(target) = subject.target.filter(|target| !target.images.is_empty()) else { return };
    for (from, node) in subject.settings(SETUP, INSTALL_FROM) {
        let path = subject.text_of(from, "Path").unwrap_or_default();
        let name = path.rsplit(['\\', '/']).next().unwrap_or_default();
        let same_file =
            name.is_empty() || target.file_name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name));
        if !same_file || node.is_template() {
            continue;
        }
        let choices =
            subject.numbered().filter(|(_, other)| other.parent == Some(from) && other.name() == "MetaData");
        for (index, choice) in choices {
            let (Some(key), Some(value)) = (subject.text_of(index, "Key"), subject.text_of(index, "Value"))
            else {
                continue;
            };
            let is_it = |image: &super::ImageName| match key.to_ascii_uppercase().as_str() {
                "/IMAGE/INDEX" => value.parse() == Ok(image.index),
                "/IMAGE/NAME" => image.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(value)),
                "/IMAGE/DESCRIPTION" => {
                    image.description.as_deref().is_some_and(|text| text.eq_ignore_ascii_case(value))
                }
                _ => true,
            };
            let template = subject.children_of(index).any(|child| child.is_template());
            if template || value.is_empty() || target.images.iter().any(is_it) {
                continue;
            }
            let message = format!("The image file has no image with {key} '{value}'.");
            let there: Vec<String> = target.images.iter().map(|image| image.to_string()).collect();
            let finding = subject.finding("image-not-in-file", Severity::Error, choice, message);
            found.push(finding.remedy(format!("It has {}.", there.join(", "))));
        }
    }
}

/// Joining: a domain or a workgroup, and credentials for the domain.
fn join(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (index, node) in subject.settings(JOIN, "Identification") {
        let has = |name: &str| subject.text_of(index, name).is_some_and(|text| !text.is_empty());
        let group = |name: &str| subject.children_of(index).any(|child| child.name() == name);
        if has("JoinDomain") && has("JoinWorkgroup") {
            let message = "The computer is to join a domain and a workgroup.";
            let finding = subject.finding("join-both", Severity::Error, node, message);
            found.push(finding.remedy("Remove JoinDomain or JoinWorkgroup."));
        }
        let unsecure = is_true(subject.text_of(index, "UnsecureJoin"));
        if has("JoinDomain") && !unsecure && !group("Credentials") && !group("Provisioning") {
            let message = "The computer is to join a domain, and nothing says with which account.";
            let finding = subject.finding("join-without-account", Severity::Error, node, message);
            found
                .push(finding.remedy("Add Credentials, Provisioning, or <UnsecureJoin>true</UnsecureJoin>."));
        }
    }
}

/// `SetupComplete.cmd` of the image: Windows does not run it with the product key of an OEM.
fn setup_complete(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(target) = subject.target else { return };
    let root = subject.file.root();
    let directory = r"Windows\Setup\Scripts";
    let runs = target.has_file(&format!(r"{directory}\SetupComplete.cmd")) == Some(true);
    for other in ["SetupComplete.bat", "SetupComplete.ps1", "SetupComplete.cmd.txt"] {
        if !runs && target.has_file(&format!(r"{directory}\{other}")) == Some(true) {
            let message = format!("The image has {other}, which Windows does not run.");
            let finding = Finding::about("setupcomplete-name", Severity::Warning, root, message);
            found.push(finding.remedy(format!(r"Name it {directory}\SetupComplete.cmd.")));
        }
    }
    if runs && target.is_client() && !target.is_enterprise() {
        for node in product_keys(subject) {
            let in_pass = subject.part(node).and_then(|part| part.pass).map_or("", PassName::as_str);
            let message = format!(
                "The image has SetupComplete.cmd. Windows does not run it if the key in {in_pass} is one of an OEM."
            );
            let finding = subject.finding("setupcomplete-oem-key", Severity::Information, node, message);
            found.push(finding.remedy("Run what must run from RunSynchronous in the pass specialize."));
        }
    }
}
