//! Sets values in a registry hive of an image, one transaction for each, and saves: what small changes of a
//! large file cost.
//!
//! ```text
//! edit-hive IMAGE INDEX \Windows\System32\config\SYSTEM KEY [EDITS]
//! ```
//! Prints what the edits staged and took, and how many of the hive's compressed chunks the new file has
//! that the old one had not.
#![allow(clippy::print_stderr, clippy::print_stdout, missing_docs)]

use imgsvc::error::{Error, Result};
use imgsvc::formats::regf::data;
use imgsvc::image::{now, ImageFile, ImagePath, ImageSelector, MountOptions, SaveOptions, Session, View};
use imgsvc::progress::unobserved;
use imgsvc::servicing::hives::ImageHive;
use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (words, edits) = match arguments.as_slice() {
        [words @ .., edits] if words.len() == 4 => (words, edits.parse().unwrap_or(1)),
        words => (words, 1),
    };
    let [image, index, hive, key] = words else {
        eprintln!("usage: edit-hive IMAGE INDEX HIVE KEY [EDITS]");
        return ExitCode::from(2);
    };
    match edit(Path::new(image), index.parse().unwrap_or(0), hive, key, edits) {
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

fn edit(image: &Path, index: u32, hive: &str, key: &str, edits: u32) -> Result<(usize, usize)> {
    let hive = ImagePath::parse(hive)?;
    let mut session =
        Session::mount(&MountOptions::new(image, ImageSelector::Index(index)), &mut unobserved)?;
    let before = chunks(image, session.view()?, &hive)?;
    let started = Instant::now();
    for number in 0..edits {
        let mut transaction = session.transaction("edit a hive")?;
        let mut file = ImageHive::open(&transaction.view(), &hive)?
            .ok_or_else(|| Error::ItemNotFound { path: hive.to_string() })?;
        let key = file.hive.create_key(file.hive.root(), key)?;
        file.hive.set_value(key, &format!("Edited {number}"), data::REG_DWORD, &data::dword(number))?;
        file.stage(&mut transaction, now(), &mut unobserved)?;
        transaction.commit()?;
    }
    let staged = session.info()?.staged_bytes;
    println!("{edits} edit(s): {:?}, {staged} bytes staged", started.elapsed());
    let started = Instant::now();
    let saved = session.save(SaveOptions::default(), &mut unobserved)?;
    println!("save: {:?}, {} bytes written", started.elapsed(), saved.bytes_written);
    let after = chunks(image, session.view()?, &hive)?;
    session.discard()?;
    let known: HashSet<&Vec<u8>> = before.iter().collect();
    Ok((after.iter().filter(|chunk| !known.contains(chunk)).count(), after.len()))
}

/// The compressed chunks of a file.
fn chunks(image: &Path, view: View<'_>, path: &ImagePath) -> Result<Vec<Vec<u8>>> {
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
