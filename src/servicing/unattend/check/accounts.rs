//! Rules about accounts: passwords that can be read, and logging on without being asked.

use super::disk_layout::is_true;
use super::finding::{Finding, Severity};
use super::subject::{Node, Subject};
use super::Rule;
use crate::formats::unattend::decode_password;
use crate::servicing::unattend::knowledge::Kind;

/// The rules of this file.
pub const RULES: &[Rule] = &[passwords, secrets, auto_logon, auto_logon_user, account_names, own_accounts];

const SHELL: &str = "Microsoft-Windows-Shell-Setup";
/// Times of logging on above which nobody counts them.
const MANY_LOGONS: u64 = 100;
/// What the name of an account must not have.
const NOT_IN_ACCOUNT_NAMES: &str = "\"/\\[]:|<>+=;,?*%@";
/// Longest name of a local account that Windows makes.
const ACCOUNT_NAME: usize = 20;
/// Accounts that Windows has by itself.
const BUILT_IN: [&str; 3] = ["Administrator", "Guest", "DefaultAccount"];

/// Passwords as plain text, or in Setup's encoding, which hides nothing.
fn passwords(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (index, node) in subject.numbered() {
        if node.known.is_none_or(|known| known.kind != Kind::Password) {
            continue;
        }
        let Some(value) = subject.children_of(index).find(|child| child.name() == "Value") else { continue };
        if value.value.is_empty() || value.is_template() {
            continue;
        }
        let is_plain = subject.text_of(index, "PlainText").is_none_or(|text| is_true(Some(text)));
        if is_plain {
            let message = format!("The password {} can be read by all who can read the file.", node.path);
            let finding = subject.finding("password-in-clear", Severity::Warning, value, message);
            found.push(finding.remedy("Keep the file safe; Setup leaves copies below Windows\\Panther."));
        } else if decode_password(&value.value, node.name()).is_err() {
            let message = format!("The password {} is not in Setup's encoding for this element.", node.path);
            let finding = subject.finding("password-not-encoded", Severity::Error, value, message);
            found
                .push(finding.remedy(
                    "Write <PlainText>true</PlainText>, or encode it with Convert-UnattendPassword.",
                ));
        } else {
            let message =
                format!("The password {} is encoded, not protected: anybody can read it.", node.path);
            let finding = subject.finding("password-encoded", Severity::Information, value, message);
            found.push(finding.remedy("Keep the file safe; Setup leaves copies below Windows\\Panther."));
        }
    }
}

/// Passwords that Setup takes as plain text only.
fn secrets(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for node in &subject.nodes {
        let is_secret = node.known.is_some_and(|known| known.kind == Kind::Secret);
        if is_secret && !node.value.trim().is_empty() && !node.is_template() {
            let message = format!("The password {} can be read by all who can read the file.", node.path);
            let finding = subject.finding("password-in-clear", Severity::Warning, node, message);
            found.push(finding.remedy("Use an account that can do nothing else."));
        }
    }
}

/// The automatic logons that are on.
fn logons<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = (usize, &'s Node<'a>)> {
    subject.settings(SHELL, "AutoLogon").filter(|(index, _)| is_true(subject.text_of(*index, "Enabled")))
}

/// Automatic logon that never ends.
fn auto_logon(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (index, node) in logons(subject) {
        let count = subject.text_of(index, "LogonCount").filter(|text| !text.is_empty());
        match count.map(str::parse::<u64>) {
            None => {
                let message = "The computer logs on by itself, and nothing says how often.";
                let finding = subject.finding("autologon-without-count", Severity::Warning, node, message);
                found.push(finding.remedy("Add LogonCount: 1 for the first logon."));
            }
            Some(Ok(count)) if count >= MANY_LOGONS => {
                let message = format!("The computer logs on by itself {count} times: that stays on.");
                let finding = subject.finding("autologon-left-on", Severity::Warning, node, message);
                found.push(finding.remedy("Make LogonCount as small as the set-up needs."));
            }
            Some(_) => {}
        }
    }
}

/// Automatic logon of nobody, or of somebody whom the file does not make.
fn auto_logon_user(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let account =
        |path| subject.settings(SHELL, path).map(|(_, node)| node.value.trim().to_ascii_lowercase());
    let made: Vec<String> = account("UserAccounts/LocalAccounts/LocalAccount/Name")
        .chain(account("OfflineUserAccounts/OfflineLocalAccounts/LocalAccount/Name"))
        .collect();
    for (index, node) in logons(subject) {
        let user = subject.text_of(index, "Username").unwrap_or_default();
        let domain = subject.text_of(index, "Domain").unwrap_or_default();
        if user.is_empty() {
            let message = "The computer is to log on by itself, and nothing says as whom.";
            let finding = subject.finding("autologon-without-user", Severity::Error, node, message);
            found.push(finding.remedy("Add Username."));
        } else if !made.is_empty()
            && domain.trim_start_matches('.').is_empty()
            && !subject.children_of(index).any(Node::is_template)
            && !BUILT_IN.iter().any(|name| name.eq_ignore_ascii_case(user))
            && !made.contains(&user.to_ascii_lowercase())
        {
            let message = format!("The computer is to log on as '{user}', whom this file does not make.");
            let finding = subject.finding("autologon-unknown-user", Severity::Information, node, message);
            found.push(finding.remedy("Make the account in UserAccounts, or see that the image has it."));
        }
    }
}

/// Names that an account cannot have.
fn account_names(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (_, node) in subject.settings(SHELL, "UserAccounts/LocalAccounts/LocalAccount/Name") {
        let name = node.value.trim();
        if name.is_empty() || node.is_template() {
            continue;
        }
        let message = if let Some(bad) = name.chars().find(|c| NOT_IN_ACCOUNT_NAMES.contains(*c)) {
            format!("The name of an account cannot have '{bad}' in it.")
        } else if name.eq_ignore_ascii_case("NONE") {
            "Windows keeps the name NONE for itself.".to_owned()
        } else if name.encode_utf16().count() > ACCOUNT_NAME {
            format!("The name has more than {ACCOUNT_NAME} characters.")
        } else {
            continue;
        };
        let finding = subject.finding("account-name", Severity::Error, node, message);
        found.push(finding.remedy("Choose another name."));
    }
}

/// Accounts that Windows has by itself, made as new ones.
fn own_accounts(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (_, node) in subject.settings(SHELL, "UserAccounts/LocalAccounts/LocalAccount/Name") {
        if BUILT_IN.iter().any(|name| name.eq_ignore_ascii_case(node.value.trim())) {
            let message = format!("Windows has the account {} by itself.", node.value.trim());
            let finding = subject.finding("built-in-account", Severity::Information, node, message);
            found.push(finding.remedy("Give it a password with AdministratorPassword instead."));
        }
    }
}
