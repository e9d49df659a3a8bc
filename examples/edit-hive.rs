//! Sets one value in a registry hive of an image, and saves: what a small change of a large file costs.
//!
//! ```text
//! edit-hive IMAGE INDEX \Windows\System32\config\SYSTEM KEY
//! ```
//! Prints how many of the hive's compressed chunks the new file has that the old one had not.
#![allow(clippy::print_stderr, clippy::print_stdout, missing_docs)]

use imgsvc::error::{Error, Result};
use imgsvc::formats::regf::data;
use imgsvc::image::{now, ImageFile, ImagePath, ImageSelector, MountOptions, SaveOptions, Session};
use imgsvc::progress::unobserved;
use imgsvc::servicing::hives::ImageHive;
use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [image, index, hive, key] = arguments.as_slice() else {
        eprintln!("usage: edit-hive IMAGE INDEX HIVE KEY");
        return ExitCode::from(2);
    };
    match edit(Path::new(image), index.parse().unwrap_or(0), hive, key) {
        Ok((new, all)) => {
            println!("{new} of {all} chunks are new");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("edit-hive: {error}");
            ExitCode::FAILURE
        }
    }
}

fn edit(image: &Path, index: u32, hive: &str, key: &str) -> Result<(usize, usize)> {
    let hive = ImagePath::parse(hive)?;
    let mut session =
        Session::mount(&MountOptions::new(image, ImageSelector::Index(index)), &mut unobserved)?;
    let before = chunks(image, &session, &hive)?;
    let mut transaction = session.transaction("edit a hive")?;
    let mut file = ImageHive::open(&transaction.view(), &hive)?
        .ok_or_else(|| Error::ItemNotFound { path: hive.to_string() })?;
    let key = file.hive.create_key(file.hive.root(), key)?;
    file.hive.set_value(key, "Edited", data::REG_DWORD, &data::dword(1))?;
    file.stage(&mut transaction, now(), &mut unobserved)?;
    transaction.commit()?;
    session.save(SaveOptions::default(), &mut unobserved)?;
    let after = chunks(image, &session, &hive)?;
    session.discard()?;
    let known: HashSet<&Vec<u8>> = before.iter().collect();
    Ok((after.iter().filter(|chunk| !known.contains(chunk)).count(), after.len()))
}

/// The compressed chunks of a file.
fn chunks(image: &Path, session: &Session, path: &ImagePath) -> Result<Vec<Vec<u8>>> {
    let view = session.view()?;
    let hash = view.tree().inode_of(view.file(path)?).unnamed_hash();
    let image = ImageFile::open(image)?;
    let resource = image.archive().open_resource(image.archive().blob(&hash)?)?;
    (0..resource.chunk_count())
        .map(|chunk| {
            let mut bytes = Vec::new();
            resource.read_chunk_raw(chunk, &mut bytes).map(|_| bytes)
        })
        .collect()
}
