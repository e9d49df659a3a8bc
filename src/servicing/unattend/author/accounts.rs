//! Local accounts, and logging on by itself.
//!
//! Reference: Microsoft-Windows-Shell-Setup/UserAccounts and /AutoLogon in Microsoft's reference.

use super::draft::Draft;
use super::{refused, Credential, Options, SHELL_SETUP};
use crate::error::Result;
use crate::formats::unattend::{encode_password, PassName};
use std::collections::HashSet;

const PASS: PassName = PassName::OobeSystem;
/// The built-in account, which has a setting of its own.
const ADMINISTRATOR: &str = "Administrator";
/// Longest name of a local account, in UTF-16 units.
const MAX_NAME: usize = 20;
/// Longest password that Setup takes.
const MAX_PASSWORD: usize = 127;

pub(super) fn write(draft: &mut Draft, options: &Options) -> Result<()> {
    let is_built_in = |account: &Credential| account.name.eq_ignore_ascii_case(ADMINISTRATOR);
    let mut names = HashSet::new();
    let admins = options.local_admins.iter().map(|account| (account, "localAdmin", "Administrators"));
    let users = options.users.iter().map(|account| (account, "user", "Users"));
    let mut number = 0_usize;
    for (account, parameter, group) in admins.chain(users) {
        check(account, parameter)?;
        if !names.insert(account.name.to_lowercase()) {
            return Err(refused(parameter, format!("'{}' is there twice", account.name)));
        }
        if is_built_in(account) {
            if parameter == "user" {
                return Err(refused(
                    parameter,
                    "Administrator is the built-in administrator: give it as such",
                ));
            }
            password(draft, "UserAccounts/AdministratorPassword", account)?;
            continue;
        }
        number = number.saturating_add(1);
        let element = format!("UserAccounts/LocalAccounts/LocalAccount[{number}]");
        draft.set(PASS, SHELL_SETUP, &format!("{element}/Name"), &account.name)?;
        draft.set(PASS, SHELL_SETUP, &format!("{element}/Group"), group)?;
        password(draft, &format!("{element}/Password"), account)?;
    }
    auto_logon(draft, options)?;
    if !names.is_empty() {
        draft.warn(
            "The passwords of the accounts are encoded, not encrypted: everybody who can read the file can read them.",
        );
    }
    Ok(())
}

fn auto_logon(draft: &mut Draft, options: &Options) -> Result<()> {
    let Some(count) = options.auto_logon else { return Ok(()) };
    let account = options.local_admins.first().or_else(|| options.users.first());
    let account = account.ok_or_else(|| refused("autoLogon", "there is no account that could log on"))?;
    if count == 0 {
        return Err(refused("autoLogon", "it says how often the account logs on by itself: once at least"));
    }
    draft.set(PASS, SHELL_SETUP, "AutoLogon/Enabled", "true")?;
    draft.set(PASS, SHELL_SETUP, "AutoLogon/LogonCount", &count.to_string())?;
    draft.set(PASS, SHELL_SETUP, "AutoLogon/Username", &account.name)?;
    password(draft, "AutoLogon/Password", account)
}

/// Writes a password, encoded with the name of its element as Setup wants it.
fn password(draft: &mut Draft, element: &str, account: &Credential) -> Result<()> {
    let name = element.rsplit('/').next().unwrap_or(element);
    let value = encode_password(&account.password, name)?;
    draft.set(PASS, SHELL_SETUP, &format!("{element}/Value"), &value)?;
    draft.set(PASS, SHELL_SETUP, &format!("{element}/PlainText"), "false")
}

fn check(account: &Credential, parameter: &'static str) -> Result<()> {
    let name = &account.name;
    let bad = |c: &char| c.is_control() || "\"/\\[]:;|=,+*?<>@".contains(*c);
    let reason = if name.trim().is_empty() || name.chars().all(|c| c == '.' || c == ' ') {
        "the account's name is empty".to_owned()
    } else if let Some(bad) = name.chars().find(bad) {
        format!("'{name}' has '{bad}' in it, which no name of a local account can have")
    } else if name.ends_with('.') {
        format!("'{name}' ends with a point, which no name of a local account can")
    } else if name.encode_utf16().count() > MAX_NAME {
        format!("'{name}' is longer than {MAX_NAME} characters")
    } else if account.password.encode_utf16().count() > MAX_PASSWORD {
        format!("the password of '{name}' is longer than {MAX_PASSWORD} characters")
    } else {
        return Ok(());
    };
    Err(refused(parameter, reason))
}
