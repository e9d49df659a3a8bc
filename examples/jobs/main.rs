//! Everything that is done with image files as wholes, from the command line: one engine call each.
//!
//! ```text
//! jobs capture  DIRECTORY IMAGE          jobs split   IMAGE FIRST-PART BYTES
//! jobs append   DIRECTORY IMAGE          jobs join    PART DESTINATION
//! jobs apply    IMAGE INDEX TARGET       jobs copy    IMAGE DESTINATION
//! jobs list     IMAGE INDEX PATTERN      jobs test    IMAGE
//! jobs extract  IMAGE INDEX PATH         jobs repair  IMAGE DESTINATION
//! jobs compare  IMAGE INDEX IMAGE INDEX  jobs export  IMAGE DESTINATION
//! jobs remove   IMAGE                    jobs optimize IMAGE
//! jobs describe IMAGE INDEX              jobs save-as SESSION
//! ```
//!
//! A last argument that begins with `{` is the job's options as JSON, the same that the C ABI
//! takes: `jobs capture tree base.wim '{"name":"Base","compression":"Max"}'`. The report is printed
//! as JSON. Exit code 1: the error is printed; 130: cancelled with Ctrl-C.
#![allow(clippy::print_stderr, clippy::print_stdout, missing_docs)]

mod interrupt;

use imgsvc::error::{Error, Result};
use imgsvc::image::{jobs, Session};
use imgsvc::progress::Observer;
use serde::de::DeserializeOwned;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const CANCELLED: u8 = 130;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut observer = interrupt::observer();
    match run(&words, &mut observer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("jobs: {error}");
            if matches!(error, Error::Cancelled) {
                ExitCode::from(CANCELLED)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn run(words: &[&str], observer: Observer<'_>) -> Result<()> {
    let (words, json) = match words.split_last() {
        Some((json, words)) if json.starts_with('{') => (words, *json),
        _ => (words, "{}"),
    };
    let path = Path::new;
    match *words {
        ["capture", source, image] => {
            print(&jobs::capture(path(source), path(image), &options(json)?, observer)?)
        }
        ["append", source, image] => {
            print(&jobs::append(path(source), path(image), &options(json)?, observer)?)
        }
        ["apply", image, index, target] => {
            print(&jobs::apply(path(image), number(index)?, path(target), &options(json)?, observer)?)
        }
        ["export", image, destination] => {
            print(&jobs::export(path(image), path(destination), &options(json)?, observer)?)
        }
        ["remove", image] => print(&jobs::remove(path(image), &options(json)?, observer)?),
        ["optimize", image] => print(&jobs::optimize(path(image), &options(json)?, observer)?),
        ["describe", image, index] => print(&jobs::describe(path(image), number(index)?, &options(json)?)?),
        ["save-as", session] => print(&Session::open(path(session))?.append(&options(json)?, observer)?),
        ["split", image, first_part, size] => {
            print(&jobs::split(path(image), path(first_part), number(size)?, &options(json)?, observer)?)
        }
        ["join", part, destination] => {
            print(&jobs::join(&[PathBuf::from(part)], path(destination), &options(json)?, observer)?)
        }
        ["copy", image, destination] => {
            print(&jobs::copy(path(image), path(destination), &options(json)?, observer)?)
        }
        ["test", image] => print(&jobs::test(path(image), &options(json)?, observer)?),
        ["repair", image, destination] => {
            print(&jobs::repair(path(image), path(destination), &options(json)?, observer)?)
        }
        ["list", image, index, pattern] => {
            let batch = &mut |items: &[_]| print_all(items);
            jobs::list(path(image), number(index)?, pattern, &options(json)?, batch)
        }
        ["extract", image, index, file] => {
            let mut output = std::io::stdout().lock();
            jobs::extract(path(image), number(index)?, file, &options(json)?, &mut output, observer).map(drop)
        }
        ["compare", reference, first, difference, second] => {
            let batch = &mut |items: &[_]| print_all(items);
            let (first, second) = (number(first)?, number(second)?);
            jobs::compare(path(reference), first, path(difference), second, &options(json)?, batch)
        }
        _ => Err(invalid("see the head of examples/jobs/main.rs".to_owned())),
    }
}

fn options<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| invalid(format!("the options: {error}")))
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T> {
    word.parse().map_err(|_| invalid(format!("'{word}' is no number")))
}

fn invalid(reason: String) -> Error {
    Error::InvalidArgument { parameter: "the command line", reason }
}

fn print<T: Serialize>(report: &T) -> Result<()> {
    print_all(std::slice::from_ref(report))
}

/// One line each, written at once.
fn print_all<T: Serialize>(rows: &[T]) -> Result<()> {
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, row).map_err(|error| invalid(error.to_string()))?;
        lines.push(b'\n');
    }
    std::io::stdout().write_all(&lines).map_err(Error::Stream)
}
