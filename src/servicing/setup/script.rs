//! The batch file that runs the steps of a plan.
//!
//! It may be started more than once: a step whose exit code was one of success leaves a file in `done`, and is passed
//! over from then on. It always ends with 0, so that a step that fails does not end Windows Setup; what happened
//! stands in `firstboot.log` beside it, with the output and the exit code of every step; in `%TEMP%`, where a user who
//! logs on for the first time may not write there.
//!
//! Each step is run by a `cmd.exe` of its own, which starts this file again: whatever a step does - `exit`, `goto`, a
//! parenthesis that is never closed - it cannot take the steps behind it along. Steps have no input, because nobody
//! would be there to give it.

use super::{Step, StepPhase};
use std::fmt::Write;

const BEGIN: &str = r#"@echo off
rem Made by ImageServicing from plan.json; each step runs until it has succeeded once.
setlocal EnableExtensions DisableDelayedExpansion
set "ROOT=%~dp0"
if "%~1"=="/step" goto step%~2
set "PHASE=%~1"
if not defined PHASE set "PHASE=Specialize"
set "LOG=%ROOT%firstboot.log"
if not exist "%ROOT%done" mkdir "%ROOT%done"
>"%ROOT%writable" echo yes
if not exist "%ROOT%writable" set "LOG=%TEMP%\ImageServicing-firstboot.log"
if exist "%ROOT%writable" del "%ROOT%writable"
>>"%LOG%" echo [%DATE% %TIME%] %PHASE%: begin
"#;
const END: &str = r#"
>>"%LOG%" echo [%DATE% %TIME%] %PHASE%: end
endlocal
exit /b 0
"#;

/// The script of a plan's steps, with CR LF.
pub fn script(steps: &[Step]) -> String {
    let mut text = BEGIN.to_owned();
    for (number, Step { name, phase, success, .. }) in (1_u32..).zip(steps) {
        // `%ERRORLEVEL%` has a sign.
        let signed = |code: &u32| i32::from_ne_bytes(code.to_ne_bytes()).to_string();
        let success = success.iter().map(signed).collect::<Vec<_>>().join(" ");
        let other = match phase {
            StepPhase::Specialize => r#"if "%PHASE%"=="FirstLogon""#,
            StepPhase::SetupComplete => r#"if not "%PHASE%"=="SetupComplete""#,
            StepPhase::FirstLogon => r#"if not "%PHASE%"=="FirstLogon""#,
        };
        // Writing into a string does not fail.
        let _written = write!(
            text,
            r#"
{other} goto after{number}
if exist "%ROOT%done\{name}" goto after{number}
>>"%LOG%" echo [%DATE% %TIME%] {name}: begin
"%SystemRoot%\System32\cmd.exe" /d /s /c ^""%~f0" /step {number}^" <nul >>"%LOG%" 2>&1
set "CODE=%ERRORLEVEL%"
>>"%LOG%" echo [%DATE% %TIME%] {name}: exit code %CODE%
for %%C in ({success}) do if "%CODE%"=="%%C" >"%ROOT%done\{name}" echo %CODE%
:after{number}
"#
        );
    }
    text.push_str(END);
    for (number, Step { command, .. }) in (1_u32..).zip(steps) {
        let _written = write!(text, "\n:step{number}\n{command}\nexit %ERRORLEVEL%\n");
    }
    text.replace('\n', "\r\n")
}
