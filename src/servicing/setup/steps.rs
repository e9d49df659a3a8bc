//! Scripts and commands of an admin's own in the first-boot plan.
//!
//! Reference: docs/formats/first-boot.md, "Scripts".

use super::{FirstBoot, Step};
use crate::error::{Error, Result};
use crate::image::{folder, Content, PutOptions, Session};
use crate::progress::Observer;
use crate::servicing::source::Source;
use crate::servicing::windows::{directory, WindowsImage};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What the names of these steps begin with.
const PREFIX: &str = "script.";
/// The folder of their payloads, below the plan's.
const PAYLOADS: &str = "scripts";
/// Exit codes that mean success: done, and done but for a restart.
const SUCCESS: [u32; 3] = [0, 1641, 3010];

/// A step to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ScriptOptions {
    /// The step's name; `None` for that of the script.
    pub name: Option<String>,
    /// The host file that is run, or that the command needs.
    pub script: Option<PathBuf>,
    /// The command; `None` for running the script. `%ROOT%scripts\<name>\` is the script's folder.
    pub command: Option<String>,
    /// What it is, for people.
    pub description: Option<String>,
    /// Exit codes that mean success; empty for the usual ones.
    pub success: Vec<u32>,
    /// Replace a step of that name.
    pub force: bool,
}

/// A step of the plan: `{name, order, description, command, success, itemPath, remarks}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScriptInfo {
    /// The name that was given to it.
    pub name: String,
    /// The place in the plan, from 1.
    pub order: u32,
    /// What it is.
    pub description: String,
    /// The command.
    pub command: String,
    /// Exit codes that mean success.
    pub success: Vec<u32>,
    /// Where its script is in the image.
    pub item_path: Option<String>,
    /// What an admin should know; only when it is added.
    pub remarks: Vec<String>,
}

/// Adds a step to the image's first-boot plan, as one transaction: Windows Setup runs it in its specialize pass
/// as SYSTEM, or else `SetupComplete.cmd` does, behind the steps that are there.
///
/// # Errors
/// [`Error::InvalidArgument`] for a name or command that cannot be, or neither script nor command;
/// [`Error::ItemExists`] for a name that is taken, unless `force`; [`Error::NotServiceable`] for an image
/// without Windows.
pub fn add_script(
    session: &mut Session,
    options: &ScriptOptions,
    observer: Observer<'_>,
) -> Result<ScriptInfo> {
    let file_name = match &options.script {
        Some(path) => Some(file_name(path)?),
        None => None,
    };
    let name = match (&options.name, &file_name) {
        (Some(name), _) => name.clone(),
        (None, Some(file)) => file.clone(),
        (None, None) => return Err(refuse("name", "a command without a script needs a name")),
    };
    let step_name = format!("{PREFIX}{name}");
    let payload = file_name.as_ref().map(|_| format!(r"{PAYLOADS}\{name}"));
    let command = match (&options.command, &file_name) {
        (Some(command), _) => command.clone(),
        (None, Some(file)) => run(&name, file)?,
        (None, None) => return Err(refuse("command", "there is neither a script nor a command")),
    };
    let details = session.image().clone();
    let mut transaction = session.transaction("add a setup script")?;
    let view = transaction.view();
    let WindowsImage { directory, target, system, .. } = WindowsImage::open(&view, &details)?;
    system.close(&view);
    let mut plan = FirstBoot::open(&view, &directory)?;
    let known = plan.steps().iter().any(|step| step.name.eq_ignore_ascii_case(&step_name));
    if known && !options.force {
        return Err(Error::ItemExists { path: format!(r"{}\{step_name}", plan.folder()) });
    }
    plan.begin(&mut transaction)?;
    plan.add(Step {
        name: step_name.clone(),
        description: options.description.clone().unwrap_or_else(|| format!("run {name}")),
        command,
        success: if options.success.is_empty() { SUCCESS.to_vec() } else { options.success.clone() },
        payload: payload.clone(),
        details: None,
    })?;
    if let (Some(payload), Some(file), Some(host)) = (&payload, &file_name, &options.script) {
        let folder_path = plan.folder().join(payload)?;
        if transaction.view().exists(&folder_path)? {
            transaction.remove(&folder_path, true)?;
        }
        transaction.create_directories(&folder_path)?;
        let (content, size) = folder::open(host)?;
        let content = Content::new(size, content);
        transaction.put_file(&folder_path.join(file)?, content, &PutOptions::overwrite(), observer)?;
    }
    let remarks = plan.store(target.architecture, &mut transaction, observer)?;
    let added = infos(&plan)?.into_iter().find(|info| info.name.eq_ignore_ascii_case(&name));
    transaction.commit()?;
    match added {
        Some(info) => Ok(ScriptInfo { remarks, ..info }),
        None => Err(Error::StateDamaged { reason: format!("the step '{name}' was added and is not there") }),
    }
}

/// The scripts and commands of the image's plan, in their order.
///
/// # Errors
/// Those of opening the image, and a plan that cannot be read.
pub fn scripts(source: Source<'_>, observer: Observer<'_>) -> Result<Vec<ScriptInfo>> {
    source.look(observer, |view, details| infos(&FirstBoot::open(view, &directory(view, details)?)?))
}

/// Takes a step out of the image's plan, and the plan with its last step.
///
/// # Errors
/// [`Error::ItemNotFound`] if there is no step of that name.
pub fn remove_script(session: &mut Session, name: &str, observer: Observer<'_>) -> Result<ScriptInfo> {
    let details = session.image().clone();
    let mut transaction = session.transaction("remove a setup script")?;
    let view = transaction.view();
    let WindowsImage { directory, target, system, .. } = WindowsImage::open(&view, &details)?;
    system.close(&view);
    let mut plan = FirstBoot::open(&view, &directory)?;
    let known = infos(&plan)?.into_iter().find(|info| info.name.eq_ignore_ascii_case(name));
    let Some(info) = known else {
        return Err(Error::ItemNotFound { path: format!(r"{}\{PREFIX}{name}", plan.folder()) });
    };
    plan.remove(&format!("{PREFIX}{}", info.name), &mut transaction)?;
    plan.store(target.architecture, &mut transaction, observer)?;
    transaction.commit()?;
    Ok(info)
}

fn infos(plan: &FirstBoot) -> Result<Vec<ScriptInfo>> {
    let mut infos = Vec::new();
    for (order, step) in (1_u32..).zip(plan.steps()) {
        let Some(name) = step.name.strip_prefix(PREFIX) else { continue };
        let item_path = match &step.payload {
            Some(payload) => Some(plan.folder().join(payload)?.to_string()),
            None => None,
        };
        infos.push(ScriptInfo {
            name: name.to_owned(),
            order,
            description: step.description.clone(),
            command: step.command.clone(),
            success: step.success.clone(),
            item_path,
            remarks: Vec::new(),
        });
    }
    Ok(infos)
}

/// How a script is run, by the end of its name.
fn run(name: &str, file: &str) -> Result<String> {
    let path = format!(r#""%ROOT%{PAYLOADS}\{name}\{file}""#);
    let system = r"%SystemRoot%\System32";
    let end = file.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    Ok(match end.as_str() {
        "cmd" | "bat" => format!("call {path}"),
        "exe" => path,
        "ps1" => format!(
            r#""{system}\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -NonInteractive -ExecutionPolicy Bypass -File {path}"#
        ),
        "msi" => format!(r#""{system}\msiexec.exe" /i {path} /qn /norestart"#),
        "reg" => format!(r#""{system}\reg.exe" import {path}"#),
        "vbs" | "js" => format!(r#""{system}\cscript.exe" //B //NoLogo {path}"#),
        _ => return Err(refuse("script", "how it is run is not known by its name; give a command, too")),
    })
}

/// A script's name, which goes into a batch file and into the image.
fn file_name(path: &Path) -> Result<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let name = path.file_name().and_then(|name| name.to_str()).filter(|name| name.bytes().all(allowed));
    name.map(str::to_owned)
        .ok_or_else(|| refuse("script", "its name is to be letters, digits, '.', '_' and '-'"))
}

fn refuse(parameter: &'static str, reason: &str) -> Error {
    Error::InvalidArgument { parameter, reason: reason.to_owned() }
}
