//! Python as a foreign reader: its XML parser is expat.

use std::io::Write;
use std::process::{Command, Stdio};

/// What a program prints that is given `input`; `None`, and a word on it, without Python.
pub fn python(program: &str, input: &[u8]) -> Option<String> {
    let mut command = Command::new("/usr/bin/python3");
    let command = command.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("SKIPPED: there is no python3 to read what was written");
        return None;
    };
    let mut pipe = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{program}\n{}", String::from_utf8_lossy(input));
    Some(String::from_utf8(output.stdout).unwrap())
}
