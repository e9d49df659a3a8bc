//! Where the files of a package go: worked out whole before any is written.
//!
//! Reference: docs/formats/driver-store.md.

use crate::error::{Error, Result};
use crate::image::ImagePath;
use crate::servicing::drivers::boot_start;
use crate::servicing::drivers::package::{Package, PackageFile, PackageInf};
use crate::servicing::drivers::store::{CATALOG_ROOT, DRIVERS_DIRECTORY, INF_DIRECTORY};
use crate::servicing::drivers::target::TargetImage;
use std::path::Path;

/// A file to be put into the image.
#[derive(Debug)]
pub struct Placement<'a> {
    /// Where to.
    pub path: ImagePath,
    /// What.
    pub content: Content<'a>,
}

/// Content of a [`Placement`].
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// In memory.
    Bytes(&'a [u8]),
    /// A file of the package on the host, read again and compared with what was checked.
    File(&'a PackageFile),
}

impl Content<'_> {
    /// The file on the host, and its bytes.
    pub fn origin<'s>(&'s self, source: &'s PackageInf) -> (&'s Path, u64) {
        match self {
            Self::Bytes(bytes) => (&source.path, u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Self::File(file) => (&file.host, file.size),
        }
    }

    /// Whether an error is about this file, not about the image as a whole or the session.
    pub fn is_blamed(&self, error: &Error) -> bool {
        match (self, error.root()) {
            (_, Error::DriverTampered { .. } | Error::InvalidName { .. } | Error::WrongItemKind { .. }) => {
                true
            }
            (Self::File(file), Error::Io { path, .. }) => *path == file.host,
            _ => false,
        }
    }
}

/// The files of a package that is published as `oemN.inf`.
pub fn placements<'a>(
    target: &TargetImage,
    source: &'a PackageInf,
    package: &'a Package,
    number: u32,
) -> Result<Vec<Placement<'a>>> {
    let folder = target.store_folder(&package.label)?;
    let inf = Content::Bytes(&source.bytes);
    let mut plan = vec![Placement { path: folder.join(&source.name)?, content: inf }];
    for file in package.catalog.iter().chain(&package.files) {
        plan.push(Placement { path: folder.join(&file.path)?, content: Content::File(file) });
    }
    let published = target.windows.join(INF_DIRECTORY)?.join(&format!("oem{number}.inf"))?;
    plan.push(Placement { path: published, content: inf });
    if let Some(catalog) = &package.catalog {
        let path = target.windows.join(CATALOG_ROOT)?.join(&format!("oem{number}.cat"))?;
        plan.push(Placement { path, content: Content::File(catalog) });
    }
    let copies = package.boot_start.iter().flat_map(|boot_start| boot_start.driver_files());
    for copy in copies {
        // A file the package does not have is one of Windows: it is in the image, or nowhere.
        if let Some(file) = package.files.iter().find(|file| file.path.eq_ignore_ascii_case(&copy.source)) {
            let path = target.windows.join(DRIVERS_DIRECTORY)?.join(&boot_start::target(copy))?;
            plan.push(Placement { path, content: Content::File(file) });
        }
    }
    Ok(plan)
}
