//! Scripts and commands of an admin's own in the first-boot plan.
//!
//! Reference: docs/formats/first-boot.md, "Scripts".

use super::content::Script;
use super::{put, quoted, FirstBoot, Step, StepPhase};
use crate::error::{Error, InFile, Result};
use crate::image::identity::SetupState;
use crate::image::{folder, Content, ImagePath, PutOptions, Session, View};
use crate::progress::Observer;
use crate::servicing::setup_state;
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
/// Largest script that is read to see whether it can run; a larger one is taken as it is.
const SCRIPT_LIMIT: u64 = 16 << 20;

/// A step to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ScriptOptions {
    /// The step's name; `None` for that of the script, with `_` for what a name cannot have.
    pub name: Option<String>,
    /// When it runs.
    pub phase: StepPhase,
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

/// A step of the plan: `{name, order, phase, description, command, success, itemPath, remarks}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScriptInfo {
    /// The name that was given to it.
    pub name: String,
    /// The place in the plan, from 1.
    pub order: u32,
    /// When it runs.
    pub phase: StepPhase,
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

/// Adds a step to the image's first-boot plan, as one transaction, behind the steps that are there.
///
/// # Errors
/// [`Error::InvalidArgument`] for a name or command that cannot be, a script that cannot run, or neither script nor
/// command; [`Error::ItemExists`] for a name that is taken, unless `force`; [`Error::NotServiceable`] for an image
/// without Windows, and for Windows PE, which has no Setup.
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
        (None, Some(file)) => plain(file),
        (None, None) => return Err(refuse("name", "a command without a script needs a name")),
    };
    let payload = file_name.as_ref().map(|_| payload_folder(&name));
    let end = file_name.as_ref().and_then(|file| file.rsplit_once('.'));
    let end = end.map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    let command = match (&options.command, &file_name) {
        (Some(command), _) => command.clone(),
        (None, Some(file)) => run(&name, file, &end)?,
        (None, None) => return Err(refuse("command", "there is neither a script nor a command")),
    };
    let details = session.image().clone();
    let mut transaction = session.transaction("add a setup script")?;
    let view = transaction.view();
    let WindowsImage { directory, target, system, .. } = WindowsImage::open(&view, &details)?;
    system.close(&view);
    let mut remarks: Vec<String> = plan_warning(&view, &directory)?
        .into_iter()
        .filter(|_| options.phase != StepPhase::FirstLogon)
        .collect();
    if options.phase == StepPhase::SetupComplete {
        remarks.push("Windows leaves SetupComplete.cmd out on client editions with an OEM key".to_owned());
    }
    let mut plan = FirstBoot::open(&view, &directory)?;
    let known = plan.steps().iter().any(|step| step.name.eq_ignore_ascii_case(&step_name(&name)));
    if known && !options.force {
        return Err(Error::ItemExists { path: format!(r"{}\{}", plan.folder(), step_name(&name)) });
    }
    plan.begin(&mut transaction)?;
    plan.add(Step {
        name: step_name(&name),
        description: options.description.clone().unwrap_or_else(|| format!("run {name}")),
        phase: options.phase,
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
        let path = folder_path.join(file)?;
        let (content, size) = folder::open(host)?;
        match Script::of(&end) {
            Script::Binary => {
                let content = Content::new(size, content);
                transaction.put_file(&path, content, &PutOptions::overwrite(), observer)?;
            }
            kind => {
                let bytes = folder::read(host, SCRIPT_LIMIT)?;
                let (bytes, found) = kind.prepare(bytes).in_file(host.display().to_string())?;
                remarks.extend(found.into_iter().map(|remark| format!("'{file}': {remark}")));
                put(&mut transaction, &path, &bytes, observer)?;
            }
        }
    }
    remarks.extend(plan.store_with_registry(target.architecture, &mut transaction, observer)?);
    let added = infos(&plan)?.into_iter().find(|info| info.name.eq_ignore_ascii_case(&name));
    transaction.commit()?;
    match added {
        Some(info) => Ok(ScriptInfo { remarks, ..info }),
        None => Err(Error::StateDamaged { reason: format!("the step '{name}' was added and is not there") }),
    }
}

/// The name of the step of a script, which [`scripts`] lists and [`remove_script`] takes out.
pub(crate) fn step_name(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// The folder of such a step's payload, below the plan's.
pub(crate) fn payload_folder(name: &str) -> String {
    format!(r"{PAYLOADS}\{name}")
}

/// What an admin should know of a plan in an image in which Setup is done.
///
/// # Errors
/// [`Error::NotServiceable`] for Windows PE.
pub(crate) fn plan_warning(view: &View<'_>, windows: &ImagePath) -> Result<Option<String>> {
    let found = setup_state::facts_of(view, windows)?.0.finding();
    if found.state == SetupState::WindowsPE {
        let reason = "it is Windows PE, which has no Setup that would run a first-boot plan".to_owned();
        return Err(Error::NotServiceable { reason });
    }
    Ok(matches!(found.state, SetupState::Complete | SetupState::Audit).then(|| {
        format!(
            "Setup is done with this image ({}), and runs the plan only after it was generalized",
            found.reason
        )
    }))
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
    plan.store_with_registry(target.architecture, &mut transaction, observer)?;
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
            phase: step.phase,
            description: step.description.clone(),
            command: step.command.clone(),
            success: step.success.clone(),
            item_path,
            remarks: Vec::new(),
        });
    }
    Ok(infos)
}

/// How a script is run, by the end of its name. It is the last thing that its process does, so that a batch file needs
/// no `call`, which would take `^` and `%` of its path for something else.
fn run(name: &str, file: &str, end: &str) -> Result<String> {
    let Some(file) = quoted(file) else {
        return Err(refuse("script", "its name cannot stand in a batch file"));
    };
    let path = format!(r#""%ROOT%{PAYLOADS}\{name}\{}"#, file.trim_start_matches('"'));
    let system = r"%SystemRoot%\System32";
    Ok(match end {
        "cmd" | "bat" | "exe" => path,
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
    let allowed = |letter: char| (' '..='~').contains(&letter) && !r#""*/:<>?\|"#.contains(letter);
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.filter(|name| name.chars().all(allowed) && !name.ends_with(['.', ' ']));
    name.map(str::to_owned)
        .ok_or_else(|| refuse("script", "its name is to be ASCII, and one that a file of Windows can have"))
}

/// The name of a step for a file's.
fn plain(file: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    file.chars().map(|letter| if allowed(letter) { letter } else { '_' }).collect()
}

fn refuse(parameter: &'static str, reason: &str) -> Error {
    Error::InvalidArgument { parameter, reason: reason.to_owned() }
}
