//! Adds keys with values to a registry hive in a file, and saves it in place: what editing a large hive costs.
//!
//! ```text
//! hive-keys FILE PARENT COUNT VALUES
//! ```
//! The keys are named `{00000000-…}` upwards; each gets `VALUES` text values. Prints what was read and written.
#![allow(clippy::print_stderr, clippy::print_stdout, missing_docs)]

use imgsvc::error::{Error, Result};
use imgsvc::formats::regf::{sz, REG_SZ};
use imgsvc::image::hive_file::{HiveAccess, HiveFile};
use imgsvc::image::now;
use imgsvc::progress::unobserved;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, parent, count, values] = arguments.as_slice() else {
        eprintln!("usage: hive-keys FILE PARENT COUNT VALUES");
        return ExitCode::from(2);
    };
    match add(Path::new(file), parent, number(count), number(values)) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("hive-keys: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> Result<u32> {
    text.parse()
        .map_err(|_| Error::InvalidArgument { parameter: "number", reason: format!("'{text}' is none") })
}

fn add(file: &Path, parent: &str, count: Result<u32>, values: Result<u32>) -> Result<String> {
    let (count, values) = (count?, values?);
    let mut file = HiveFile::open(file, HiveAccess::Write)?;
    let root = file.hive().root();
    let hive = file.hive_mut();
    let parent = hive.create_key(root, parent)?;
    for key in 0..count {
        let name = format!("{{{:08X}-0000-4000-8000-000000000000}}", key.wrapping_mul(2_654_435_761));
        let created = hive.create_key(parent, &name)?;
        for value in 0..values {
            let text = format!("data of value {value} in key {key}");
            hive.set_value(created, &format!("Value{value}"), REG_SZ, &sz(&text))?;
        }
    }
    let saved = file.save(now(), &mut unobserved)?;
    Ok(format!("{} bytes read, {} written", file.hive().bytes_read(), saved.written))
}
