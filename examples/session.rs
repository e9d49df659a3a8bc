//! Sessions from the command line, one step per process: what a session is good for.
//!
//! ```text
//! session mount IMAGE INDEX NAME      opens a session and goes away
//! session add NAME FOLDER...          a later process adds drivers
//! session save NAME                   another one saves
//! session discard NAME
//! ```
#![allow(clippy::print_stderr, missing_docs)]

use imgsvc::error::{Error, Result};
use imgsvc::image::{ImageSelector, MountOptions, SaveOptions, Session};
use imgsvc::progress::unobserved;
use imgsvc::servicing::drivers::{self, AddOptions, DriverStatus};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *words {
        ["mount", image, index, name] => mount(image, index, name),
        ["add", name, ref folders @ ..] => add(name, folders),
        ["save", name] => Session::open(Path::new(name))
            .and_then(|mut session| session.save(SaveOptions::default(), &mut unobserved))
            .map(drop),
        ["discard", name] => Session::open(Path::new(name)).and_then(Session::discard),
        _ => usage(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("session: {error}");
            ExitCode::FAILURE
        }
    }
}

fn mount(image: &str, index: &str, name: &str) -> Result<()> {
    let Ok(index) = index.parse() else { return usage() };
    let mut options = MountOptions::new(image, ImageSelector::Index(index));
    options.session_path = Some(PathBuf::from(name));
    Session::mount(&options, &mut unobserved).map(drop)
}

fn add(name: &str, folders: &[&str]) -> Result<()> {
    let mut session = Session::open(Path::new(name))?;
    let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    let options = AddOptions { recurse: true, ..AddOptions::default() };
    for report in drivers::add(&mut session, &folders, options, &mut unobserved)? {
        eprintln!("{}: {:?}", report.path, report.status);
        if report.status == DriverStatus::Failed {
            return Err(Error::NotServiceable { reason: report.reason.unwrap_or_default() });
        }
    }
    Ok(())
}

fn usage() -> Result<()> {
    let reason = "mount IMAGE INDEX NAME, add NAME FOLDER..., save NAME or discard NAME".to_owned();
    Err(Error::InvalidArgument { parameter: "the command line", reason })
}
