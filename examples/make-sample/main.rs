//! Makes what the demo and the tests work on: a small image with a Windows-like tree, and driver packages.
//!
//! ```text
//! make-sample FOLDER                    FOLDER/install.wim, FOLDER/drivers/{good1,good2,unsigned,…} and
//!                                       FOLDER/samples.cer, the drivers' signer
//! make-sample --package FOLDER NAME     completes FOLDER to a driver package NAME that installs its files
//! ```
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod catalog;
mod drivers;
mod hives;
mod image;
mod pe;

use imgsvc::formats::cat::CatalogBuilder;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let made = match words[..] {
        ["--package", folder, name] => make_package(Path::new(folder), name),
        [folder] if !folder.starts_with('-') => make_sample(Path::new(folder)),
        _ => Err("usage: make-sample FOLDER | make-sample --package FOLDER NAME".into()),
    };
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("make-sample: {error}");
            ExitCode::FAILURE
        }
    }
}

fn make_sample(folder: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    drivers::make_samples(&folder.join("drivers"))?;
    let state = folder.join("state");
    image::make(&folder.join("install.wim"), &state)?;
    std::fs::write(folder.join("samples.cer"), CatalogBuilder::sample_certificate(catalog::SIGNER))?;
    std::fs::remove_dir_all(state)?;
    Ok(())
}

fn make_package(folder: &Path, name: &str) -> Result<(), Box<dyn Error>> {
    let package = drivers::Package {
        name,
        class: drivers::SCSI_ADAPTER,
        architecture: "amd64",
        hardware_id: &format!("ROOT\\{name}"),
        start: 3,
        signed: true,
    };
    drivers::make(folder, &package)?;
    Ok(())
}
