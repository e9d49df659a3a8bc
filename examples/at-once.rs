//! Exports an image file several times, on a thread each or one after the other.
//!
//! ```text
//! at-once IMAGE FOLDER COUNT [one-after-the-other]
//! ```
#![allow(clippy::print_stderr, missing_docs)]

use imgsvc::error::Result;
use imgsvc::image::container::CompressionType;
use imgsvc::image::jobs::{self, ExportOptions};
use imgsvc::progress::unobserved;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (image, folder, count, in_turn) = match arguments.as_slice() {
        [image, folder, count] => (image, folder, count, false),
        [image, folder, count, _] => (image, folder, count, true),
        _ => {
            eprintln!("usage: at-once IMAGE FOLDER COUNT [one-after-the-other]");
            return ExitCode::from(2);
        }
    };
    let export = |number: u32| -> Result<()> {
        let target = Path::new(folder).join(format!("{number}.wim"));
        let options =
            ExportOptions { compression: Some(CompressionType::Fast), level: 20, ..ExportOptions::default() };
        jobs::export(Path::new(image), &target, &options, &mut unobserved).map(drop)
    };
    let numbers = 1..=count.parse().unwrap_or(0);
    let outcomes: Vec<Result<()>> = match in_turn {
        true => numbers.map(export).collect(),
        false => std::thread::scope(|scope| {
            let threads: Vec<_> = numbers.map(|number| scope.spawn(move || export(number))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        }),
    };
    match outcomes.into_iter().collect::<Result<()>>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("at-once: {error}");
            ExitCode::FAILURE
        }
    }
}
