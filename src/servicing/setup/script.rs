//! The batch file that runs the steps of a plan.
//!
//! It may be started more than once: a step whose exit code was one of success leaves a file in `done`, and is passed
//! over from then on. It always ends with 0, so that a step that fails does not end Windows Setup; what happened
//! stands in `firstboot.log` beside it, with the output and the exit code of every step.

use super::Step;
use std::fmt::Write;

const BEGIN: &str = r#"@echo off
rem Made by ImageServicing from plan.json; each step runs until it has succeeded once.
setlocal EnableExtensions DisableDelayedExpansion
set "ROOT=%~dp0"
set "LOG=%ROOT%firstboot.log"
if not exist "%ROOT%done" mkdir "%ROOT%done"
>>"%LOG%" echo [%DATE% %TIME%] begin
"#;
const END: &str = r#"
>>"%LOG%" echo [%DATE% %TIME%] end
endlocal
exit /b 0
"#;

/// The script of a plan's steps, with CR LF.
pub fn script(steps: &[Step]) -> String {
    let mut text = BEGIN.to_owned();
    for (number, Step { name, command, success, .. }) in (1_u32..).zip(steps) {
        let success = success.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        // Writing into a string does not fail.
        let _written = write!(
            text,
            r#"
if exist "%ROOT%done\{name}" goto after{number}
>>"%LOG%" echo [%DATE% %TIME%] {name}: begin
{command} >>"%LOG%" 2>&1
set "CODE=%ERRORLEVEL%"
>>"%LOG%" echo [%DATE% %TIME%] {name}: exit code %CODE%
for %%C in ({success}) do if "%CODE%"=="%%C" >"%ROOT%done\{name}" echo %CODE%
:after{number}
"#
        );
    }
    text.push_str(END);
    text.replace('\n', "\r\n")
}
