//! Commands, pass by pass.
//!
//! Reference: Microsoft-Windows-Setup/RunSynchronous, Microsoft-Windows-Deployment/RunSynchronous and
//! Microsoft-Windows-Shell-Setup/FirstLogonCommands in Microsoft's reference.

use super::draft::Draft;
use super::setup::SETUP;
use super::{computer_name, refused, Options, DEPLOYMENT, SHELL_SETUP};
use crate::error::Result;
use crate::formats::unattend::PassName;

/// Longest `RunSynchronousCommand/Path`, in UTF-16 units.
const MAX_PATH: usize = 259;
/// Longest `SynchronousCommand/CommandLine`.
const MAX_COMMAND_LINE: usize = 1024;
const RUN: &str = "RunSynchronous/RunSynchronousCommand";

/// A command line and what Setup shows while it runs.
pub(super) struct Command {
    pub(super) line: String,
    pub(super) description: Option<&'static str>,
}

pub(super) fn write(draft: &mut Draft, options: &Options) -> Result<()> {
    let plain = |line: &String| Command { line: line.clone(), description: None };
    let in_pe: Vec<Command> = options.windows_pe_commands.iter().map(plain).collect();
    run(draft, (PassName::WindowsPe, SETUP, RUN), "windowsPeCommand", &in_pe)?;
    let mut in_specialize = computer_name::commands(options)?;
    in_specialize.extend(options.specialize_commands.iter().map(plain));
    run(draft, (PassName::Specialize, DEPLOYMENT, RUN), "specializeCommand", &in_specialize)?;

    const LIST: &str = "FirstLogonCommands/SynchronousCommand";
    let place = (PassName::OobeSystem, SHELL_SETUP, LIST);
    let numbered: Vec<(usize, &String)> = (1..).zip(&options.first_logon_commands).collect();
    draft.list(place, "firstLogonCommand", &numbered, |(number, line)| {
        check("firstLogonCommand", line, MAX_COMMAND_LINE)?;
        Ok(vec![("Order", number.to_string()), ("CommandLine", (*line).clone())])
    })
}

fn run(
    draft: &mut Draft,
    place: (PassName, &str, &str),
    parameter: &'static str,
    commands: &[Command],
) -> Result<()> {
    let numbered: Vec<(usize, &Command)> = (1..).zip(commands).collect();
    draft.list(place, parameter, &numbered, |(number, command)| {
        check_path(parameter, &command.line)?;
        let mut settings = vec![("Order", number.to_string())];
        settings.extend(command.description.map(|text| ("Description", text.to_owned())));
        settings.push(("Path", command.line.clone()));
        Ok(settings)
    })
}

/// Refuses what `RunSynchronousCommand/Path` does not take.
pub(super) fn check_path(parameter: &'static str, line: &str) -> Result<()> {
    check(parameter, line, MAX_PATH)
}

fn check(parameter: &'static str, line: &str, longest: usize) -> Result<()> {
    let length = line.encode_utf16().count();
    if line.trim().is_empty() {
        Err(refused(parameter, "a command is empty"))
    } else if length > longest {
        let start: String = line.chars().take(40).collect();
        Err(refused(
            parameter,
            format!("'{start}…' has {length} characters; Setup takes {longest} here: put it into a script"),
        ))
    } else {
        Ok(())
    }
}
