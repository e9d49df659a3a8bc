//! Prints every entry of an image with all that is known of it, in the words of
//! `wimlib-imagex dir --detailed`: two programs that read the same image print the same bytes.
//!
//! ```text
//! wimdir IMAGE INDEX      exit code 0; 1: what is wrong is printed
//! ```
#![allow(clippy::print_stderr, missing_docs)]

mod listing;

use imgsvc::error::{Error, Result};
use imgsvc::formats::wim::tree::Tree;
use imgsvc::image::ImageFile;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [image, index] = arguments.as_slice() else {
        eprintln!("usage: wimdir IMAGE INDEX");
        return ExitCode::from(2);
    };
    let index = index.to_str().and_then(|index| index.parse().ok()).unwrap_or(0);
    match list(Path::new(image), index) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wimdir: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list(image: &Path, index: u32) -> Result<()> {
    let file = ImageFile::open(image)?;
    let tree = Tree::parse(&file.archive().read_metadata(index)?)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = tree
        .walk(tree.root())
        .try_for_each(|entry| out.write_all(&listing::entry(file.archive(), &tree, entry)))
        .and_then(|()| out.flush());
    written.map_err(|source| Error::io("write", "the listing", source))
}
