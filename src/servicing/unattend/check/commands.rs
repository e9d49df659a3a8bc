//! Rules about commands: what Setup is to run.

use super::finding::{Finding, Severity};
use super::subject::{Node, Subject};
use super::Rule;
use crate::formats::unattend::PassName;
use crate::servicing::unattend::knowledge::Kind;

/// The rules of this file.
pub const RULES: &[Rule] = &[missing, quotes, shell, files];

/// Words that only the command interpreter knows.
const SHELL_WORDS: [&str; 20] = [
    "assoc", "call", "cd", "cls", "copy", "del", "dir", "echo", "erase", "for", "if", "md", "mkdir",
    "mklink", "move", "rd", "ren", "rmdir", "set", "type",
];
/// Where a program without a path is looked for.
const PROGRAM_PLACES: [&str; 4] =
    [r"Windows\System32", "Windows", r"Windows\System32\Wbem", r"Windows\System32\WindowsPowerShell\v1.0"];
/// Most commands whose files are looked for: a list has 500 at most.
const MOST_COMMANDS: usize = 1000;
/// What may be left out behind the name of a program.
const EXTENSIONS: [&str; 4] = ["", ".exe", ".com", ".cmd"];

/// The commands of a file.
fn commands<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = &'s Node<'a>> {
    subject
        .nodes
        .iter()
        .filter(|node| node.known.is_some_and(|known| matches!(known.kind, Kind::Command { .. })))
}

/// Elements of lists of commands that have no command.
fn missing(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (index, node) in subject.numbered() {
        let name = match node.name() {
            "RunSynchronousCommand" | "RunAsynchronousCommand" => "Path",
            "SynchronousCommand" | "AsynchronousCommand" => "CommandLine",
            _ => continue,
        };
        let is_removal =
            node.element.attributes().any(|found| found.name() == "action" && found.value() == "remove");
        if node.known.is_some() && !is_removal && subject.text_of(index, name).is_none_or(str::is_empty) {
            let message = format!("The command has no {name}: there is nothing to run.");
            let finding = subject.finding("empty-command", Severity::Error, node, message);
            found.push(finding.remedy(format!("Add <{name}>, or remove the element.")));
        }
    }
}

/// Quotes without their partner.
fn quotes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for node in commands(subject).filter(|node| !node.is_template()) {
        // `\"` is a quote of the program that is run.
        let quotes = node.value.replace("\\\"", "").matches('"').count();
        if quotes % 2 != 0 {
            let message = "The command has a quote without its partner.";
            let finding = subject.finding("unbalanced-quotes", Severity::Warning, node, message);
            found.push(finding.remedy("Close the quotes."));
        }
    }
}

/// What only the command interpreter can do, without it.
fn shell(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for node in commands(subject) {
        let program = program_of(&node.value);
        if SHELL_WORDS.iter().any(|word| word.eq_ignore_ascii_case(&program)) {
            let message = format!("'{program}' is no program: only the command interpreter knows it.");
            let finding = subject.finding("command-needs-cmd", Severity::Error, node, message);
            found.push(finding.remedy("Write cmd /c before it."));
        } else if !is_interpreter(&program) && has_redirection(&node.value) {
            let message = "The command has >, | or && in it, which only the command interpreter knows.";
            let finding = subject.finding("command-needs-cmd", Severity::Warning, node, message);
            found.push(finding.remedy("Write cmd /c \"…\" around it."));
        }
    }
}

/// Programs that are not in the image.
fn files(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(target) = subject.target else { return };
    let text = subject.file.text().to_ascii_lowercase();
    for node in commands(subject).filter(|node| !node.value.contains("{{")).take(MOST_COMMANDS) {
        let in_image =
            subject.part(node).and_then(|part| part.pass).is_some_and(|pass| pass != PassName::WindowsPe);
        if !in_image || node.value.trim().is_empty() {
            continue;
        }
        for file in files_of(&node.value).into_iter().filter(|file| !is_named_elsewhere(&text, file)) {
            let there: Vec<Option<bool>> =
                places_of(&file).iter().map(|path| target.has_file(path)).collect();
            let is_missing = !there.is_empty() && there.iter().all(|found| *found == Some(false));
            if is_missing {
                let message = format!("The command runs {file}, which is not in the image.");
                let finding = subject.finding("command-file-missing", Severity::Warning, node, message);
                found.push(finding.remedy("Put the file into the image, or see that another step makes it."));
            }
        }
    }
}

/// The file is named more than once in the answer file (`text`, in lower case): something else may make it.
fn is_named_elsewhere(text: &str, file: &str) -> bool {
    let name = file.rsplit('\\').next().unwrap_or(file).to_ascii_lowercase();
    text.matches(&name).nth(1).is_some()
}

/// The files that a command line runs and that can be told: the program, and the script of an interpreter.
fn files_of(command: &str) -> Vec<String> {
    let words = words(command);
    let mut files: Vec<String> = words.first().cloned().into_iter().collect();
    if files.first().is_some_and(|program| is_interpreter(program)) {
        let is_script = |word: &&String| {
            let lower = word.to_ascii_lowercase();
            lower.contains('\\')
                && [".cmd", ".bat", ".ps1", ".vbs", ".exe"].iter().any(|end| lower.ends_with(end))
        };
        files.extend(words.iter().skip(1).find(is_script).cloned());
    }
    files
}

/// Where in the image a file would be; empty if that cannot be told.
fn places_of(file: &str) -> Vec<String> {
    let lower = file.to_ascii_lowercase().replace('/', "\\");
    let windows = ["%windir%\\", "%systemroot%\\", "c:\\windows\\"];
    let system = ["%systemdrive%\\", "c:\\"];
    let below = |prefixes: &[&str]| {
        prefixes.iter().find_map(|prefix| {
            Some(file.get(prefix.len()..)?.to_owned()).filter(|_| lower.starts_with(prefix))
        })
    };
    let with_extensions = |path: String| -> Vec<String> {
        EXTENSIONS.iter().map(|extension| format!("{path}{extension}")).collect()
    };
    if let Some(rest) = below(&windows).filter(|rest| !rest.contains('%')) {
        return with_extensions(format!("Windows\\{rest}"));
    }
    if let Some(rest) = below(&system).filter(|rest| !rest.contains('%')) {
        return with_extensions(rest);
    }
    if lower.contains(['\\', ':', '%', '$']) {
        return Vec::new();
    }
    PROGRAM_PLACES.iter().flat_map(|place| with_extensions(format!("{place}\\{file}"))).collect()
}

/// The words of a command line, quotes taken off.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for letter in command.chars() {
        match letter {
            '"' => quoted = !quoted,
            letter if letter.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The program of a command line, as it is written, without quotes and path.
fn program_of(command: &str) -> String {
    let first = words(command).into_iter().next().unwrap_or_default();
    first.rsplit('\\').next().unwrap_or_default().to_owned()
}

/// A program that runs what follows it.
fn is_interpreter(program: &str) -> bool {
    let name = program.rsplit('\\').next().unwrap_or(program).to_ascii_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    ["cmd", "%comspec%", "powershell", "pwsh", "cscript", "wscript", "mshta", "conhost", "start"]
        .contains(&name)
}

/// Redirection or a second command, outside of quotes.
fn has_redirection(command: &str) -> bool {
    let mut quoted = false;
    let mut previous = ' ';
    for letter in command.chars() {
        match letter {
            '"' => quoted = !quoted,
            '>' | '|' if !quoted && previous != '^' => return true,
            '&' if !quoted && previous == '&' => return true,
            _ => {}
        }
        previous = letter;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_split_as_windows_does() {
        assert_eq!(words(r#""C:\Program Files\a.exe" /x "b c""#), [r"C:\Program Files\a.exe", "/x", "b c"]);
        assert_eq!(program_of(r"%windir%\system32\net.exe user"), "net.exe");
        assert!(has_redirection("net user > c:\\log.txt"));
        assert!(!has_redirection(r#"powershell -c "a | b""#));
        assert_eq!(places_of(r"D:\setup.exe"), Vec::<String>::new());
        assert_eq!(places_of(r"C:\tools\a.cmd").first().map(String::as_str), Some(r"tools\a.cmd"));
        assert_eq!(files_of(r"cmd /c C:\x\a.cmd"), ["cmd", r"C:\x\a.cmd"]);
    }
}
