//! Reads an image file to the last byte, the way a check of a download would: header, blob table, XML,
//! the tree of every image, and the content of every file, against its SHA-1.
//!
//! ```text
//! read-everything IMAGE      exit code 0: all of it is good; 1: what is wrong is printed
//! ```
#![allow(clippy::print_stderr, clippy::print_stdout, missing_docs)]

use imgsvc::error::Result;
use imgsvc::formats::wim::tree::Tree;
use imgsvc::image::ImageFile;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: read-everything IMAGE");
        return ExitCode::from(2);
    };
    match read(Path::new(&path)) {
        Ok((names, bytes)) => {
            println!("{names} names, {bytes} bytes of content");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("read-everything: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &Path) -> Result<(usize, u64)> {
    let file = ImageFile::open(path)?;
    let archive = file.archive();
    let (mut names, mut bytes) = (0, 0);
    let count = archive.header().image_count;
    for index in 1..=count {
        let tree = Tree::parse(&archive.read_metadata(index)?)?;
        names += tree.walk(tree.root()).count();
    }
    let hashes: Vec<_> = archive.blobs().iter().map(|blob| blob.hash).collect();
    for hash in hashes {
        let mut blob = archive.open_blob(&hash)?;
        blob.stream(&mut |part| {
            bytes += u64::try_from(part.len()).unwrap_or_default();
            Ok(())
        })?;
    }
    Ok((names, bytes))
}
