//! Does the same work several times in one process, on a thread each or one after the other.
//!
//! ```text
//! at-once export     IMAGE FOLDER COUNT [one-after-the-other]   exports, content copied as it is
//! at-once recompress IMAGE FOLDER COUNT [one-after-the-other]   exports to XPRESS, level 20
//! at-once session    IMAGE FOLDER COUNT [one-after-the-other]   mounts a copy, puts a file, saves
//! ```
#![allow(clippy::print_stderr, missing_docs)]

use imgsvc::error::{Error, Result};
use imgsvc::image::container::CompressionType;
use imgsvc::image::jobs::{self, ExportOptions};
use imgsvc::image::{Content, ImagePath, ImageSelector, MountOptions, PutOptions, SaveOptions, Session};
use imgsvc::progress::unobserved;
use std::path::Path;
use std::process::ExitCode;

/// What is done once: image, folder, and which of all it is.
type Work = fn(&Path, &Path, u32) -> Result<()>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let usage = || {
        eprintln!("usage: at-once export|recompress|session IMAGE FOLDER COUNT [one-after-the-other]");
        ExitCode::from(2)
    };
    let [what, image, folder, count, ref order @ ..] = *words else { return usage() };
    let work: Work = match what {
        "export" => export,
        "recompress" => recompress,
        "session" => session,
        _ => return usage(),
    };
    let once = |number| work(Path::new(image), Path::new(folder), number);
    let numbers = 1..=count.parse().unwrap_or(0);
    let outcomes: Vec<Result<()>> = match order {
        [] => std::thread::scope(|scope| {
            let threads: Vec<_> = numbers.map(|number| scope.spawn(move || once(number))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        }),
        _ => numbers.map(once).collect(),
    };
    match outcomes.into_iter().collect::<Result<()>>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("at-once: {error}");
            ExitCode::FAILURE
        }
    }
}

fn export(image: &Path, folder: &Path, number: u32) -> Result<()> {
    let target = folder.join(format!("{number}.wim"));
    jobs::export(image, &target, &ExportOptions::default(), &mut unobserved).map(drop)
}

fn recompress(image: &Path, folder: &Path, number: u32) -> Result<()> {
    let target = folder.join(format!("{number}.wim"));
    let options =
        ExportOptions { compression: Some(CompressionType::Fast), level: 20, ..ExportOptions::default() };
    jobs::export(image, &target, &options, &mut unobserved).map(drop)
}

fn session(image: &Path, folder: &Path, number: u32) -> Result<()> {
    let copy = folder.join(format!("{number}.wim"));
    std::fs::copy(image, &copy).map_err(Error::Stream)?;
    let mut options = MountOptions::new(&copy, ImageSelector::Index(1));
    options.session_path = Some(folder.join(format!("session{number}")));
    let mut session = Session::mount(&options, &mut unobserved)?;
    let content = std::env::current_exe().and_then(std::fs::read).map_err(Error::Stream)?;
    let mut transaction = session.transaction("put a file")?;
    let path = ImagePath::parse("\\at-once.bin")?;
    transaction.put_file(
        &path,
        Content::from(content.as_slice()),
        &PutOptions::overwrite(),
        &mut unobserved,
    )?;
    transaction.commit()?;
    session.save(SaveOptions::default(), &mut unobserved)?;
    session.discard()
}
