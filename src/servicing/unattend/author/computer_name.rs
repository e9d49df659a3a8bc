//! The computer's name, and names that the machine works out.
//!
//! Setup knows a name and `*`, nothing else. `%RAND:n%` and `%SERIAL%` are what Windows has in provisioning packages
//! and Autopilot profiles; here they become commands of pass specialize. Setup sets the name after those commands
//! have run, so that renaming in them is in vain; a script that goes on in the background until Setup
//! reboots replaces the name of the file in the four registry values that hold it. A name that somebody writes into
//! the file later is not that one, and stays.
//!
//! Reference: docs/unattend-authoring.md "Computer names by pattern".

use super::commands::{self, Command};
use super::draft::Draft;
use super::{refused, Options, SHELL_SETUP};
use crate::error::Result;
use crate::formats::unattend::PassName;

/// Longest name in bytes.
const MAX_LENGTH: usize = 15;
/// Most random digits: `Get-Random` gives 32-bit numbers.
const MAX_DIGITS: u32 = 9;
/// What names cannot have, beside white space and control characters.
const FORBIDDEN: &str = "{|}~[\\]^':;<=>?@!\"#$%`()+/.,*&_";
/// Where the script is while it runs.
const SCRIPT: &str = r"Temp\ComputerName.ps1";

/// A piece of a pattern.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Random(u32),
    Serial,
}

pub(super) fn write(draft: &mut Draft, options: &Options) -> Result<()> {
    let Some(name) = options.computer_name.as_deref() else { return Ok(()) };
    let pieces = pieces(name)?;
    let place = if let [Piece::Text(_)] = pieces.as_slice() {
        check(name)?;
        name.to_owned()
    } else {
        if options.join_domain.is_some() {
            let reason = format!("the domain is joined before '{name}' is worked out: give a name, or '*'");
            return Err(refused("computerName", reason));
        }
        // The script goes through code pages.
        if !name.is_ascii() {
            return Err(refused("computerName", format!("'{name}': a pattern has no letters but A to Z")));
        }
        let place = place_holder(&pieces, serial_length(name, &pieces)?);
        check(&place)?;
        place
    };
    draft.set(PassName::Specialize, SHELL_SETUP, "ComputerName", &place)
}

/// The commands that set a name by pattern; none for other names.
pub(super) fn commands(options: &Options) -> Result<Vec<Command>> {
    let pieces = match options.computer_name.as_deref() {
        Some(name) => pieces(name)?,
        None => return Ok(Vec::new()),
    };
    if let [Piece::Text(_)] | [] = pieces.as_slice() {
        return Ok(Vec::new());
    }
    let serial = serial_length(options.computer_name.as_deref().unwrap_or_default(), &pieces)?;
    let mut lines = vec![format!("$n={}", expression(&pieces, serial))];
    if pieces.contains(&Piece::Serial) {
        // A machine without a serial number leaves the hyphen beside it.
        lines.push("$n=$n.Trim('-')".to_owned());
    }
    let place = place_holder(&pieces, serial);
    lines.extend([
        "Remove-Item $PSCommandPath".to_owned(),
        r"$r='HKLM:\SYSTEM\CurrentControlSet\'".to_owned(),
        "for($i=0;$i -lt 36000;$i++){Start-Sleep -Milliseconds 50".to_owned(),
        r"foreach($k in 'ActiveComputerName','ComputerName'){$p=$r+'Control\ComputerName\'+$k".to_owned(),
        format!("if((Get-ItemProperty $p).ComputerName -eq '{place}'){{"),
        "Set-ItemProperty $p ComputerName $n.ToUpper()}}".to_owned(),
        r"foreach($v in 'Hostname','NV Hostname'){$p=$r+'Services\Tcpip\Parameters'".to_owned(),
        format!("if((Get-ItemProperty $p).$v -eq '{place}'){{Set-ItemProperty $p $v $n}}}}}}"),
    ]);
    // The first line begins the file anew.
    let arrows = std::iter::once(">").chain(std::iter::repeat(">>"));
    let echo = |(line, arrow): (String, &str)| Command {
        line: format!("cmd.exe /c echo {line} {arrow}%SystemRoot%\\{SCRIPT}"),
        description: Some("Write the script that sets the computer name"),
    };
    let mut commands: Vec<Command> = lines.into_iter().zip(arrows).map(echo).collect();
    commands.push(Command {
        line: format!(
            "powershell.exe -NoProfile -Command \"Start-Process powershell.exe ('-NoProfile -ExecutionPolicy Bypass \
             -File '+$env:SystemRoot+'\\{SCRIPT}') -WindowStyle Hidden;Start-Sleep 10\""
        ),
        description: Some("Set the computer name until Setup reboots"),
    });
    commands.iter().try_for_each(|command| commands::check_path("computerName", &command.line))?;
    Ok(commands)
}

fn pieces(pattern: &str) -> Result<Vec<Piece<'_>>> {
    let unknown = |found: &str| {
        refused(
            "computerName",
            format!("'{found}' in '{pattern}' is no pattern; they are %RAND:1% to %RAND:{MAX_DIGITS}% and %SERIAL%"),
        )
    };
    let mut pieces = Vec::new();
    for (number, part) in pattern.split('%').enumerate() {
        match number.is_multiple_of(2) {
            true if part.is_empty() => {}
            true => pieces.push(Piece::Text(part)),
            false if part.eq_ignore_ascii_case("SERIAL") => pieces.push(Piece::Serial),
            false => {
                let digits = part
                    .get(..5)
                    .filter(|start| start.eq_ignore_ascii_case("RAND:"))
                    .and_then(|_| part.get(5..)?.parse().ok());
                let digits = digits.filter(|digits| (1..=MAX_DIGITS).contains(digits));
                pieces.push(Piece::Random(digits.ok_or_else(|| unknown(part))?));
            }
        }
    }
    match pattern.matches('%').count().is_multiple_of(2) {
        true if pieces.is_empty() => Err(refused("computerName", "it is empty; '*' makes Windows choose")),
        true => Ok(pieces),
        false => Err(unknown("%")),
    }
}

/// How many characters of the serial number a name has room for, so that all else of it stays.
fn serial_length(pattern: &str, pieces: &[Piece<'_>]) -> Result<usize> {
    let taken = |piece: &Piece<'_>| match piece {
        Piece::Text(text) => text.len(),
        Piece::Random(digits) => usize::try_from(*digits).unwrap_or(MAX_LENGTH),
        Piece::Serial => 0,
    };
    let taken = pieces.iter().map(taken).fold(0, usize::saturating_add);
    let serials = pieces.iter().filter(|piece| **piece == Piece::Serial).count();
    let room = MAX_LENGTH.saturating_sub(taken).checked_div(serials);
    match room {
        Some(0) => {
            let reason = format!(
                "'{pattern}' leaves no room for the serial number: a name has {MAX_LENGTH} characters"
            );
            Err(refused("computerName", reason))
        }
        room => Ok(room.unwrap_or(0)),
    }
}

/// The name that Setup gets: what the machine is called if the script should fail.
fn place_holder(pieces: &[Piece<'_>], serial: usize) -> String {
    let mut name = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => name.push_str(text),
            Piece::Random(digits) => (0..*digits).for_each(|_| name.push('0')),
            Piece::Serial => name.extend("SERIAL".chars().take(serial)),
        }
    }
    name.trim_end_matches('-').to_owned()
}

/// The pattern in PowerShell. Of the serial number the first characters stay, as in Autopilot's names.
fn expression(pieces: &[Piece<'_>], serial: usize) -> String {
    let part = |piece: &Piece<'_>| match piece {
        Piece::Text(text) => format!("'{text}'"),
        Piece::Random(digits) => format!(
            "'{{0:D{digits}}}' -f (Get-Random -Maximum 1{:0>width$})",
            "",
            width = usize::try_from(*digits).unwrap_or(0)
        ),
        Piece::Serial => format!(
            r"(Get-WmiObject Win32_BIOS).SerialNumber -replace '[\W_]' -replace '(.{{{serial}}}).+','$1'"
        ),
    };
    let parts: Vec<String> = pieces.iter().map(|piece| format!("({})", part(piece))).collect();
    parts.join("+")
}

fn check(name: &str) -> Result<()> {
    let bad = |c: &char| c.is_whitespace() || c.is_control() || FORBIDDEN.contains(*c);
    let reason = if name == "*" {
        return Ok(());
    } else if let Some(bad) = name.chars().find(bad) {
        format!("'{name}' has '{bad}' in it, which no computer name can have")
    } else if name.len() > MAX_LENGTH {
        format!("'{name}' has {} bytes; a computer name has {MAX_LENGTH} at most", name.len())
    } else if name.chars().all(|c| c.is_ascii_digit()) {
        format!("'{name}' is digits alone, which no computer name can be")
    } else if name.starts_with('-') || name.ends_with('-') {
        format!("'{name}' begins or ends with a hyphen")
    } else {
        return Ok(());
    };
    Err(refused("computerName", reason))
}
