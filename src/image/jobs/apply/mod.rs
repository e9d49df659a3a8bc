//! Applying an image: its files become files of the host.

mod cores;
mod directory;
mod link;
mod options;
mod plan;
mod schedule;
mod select;
mod target;
mod write;

pub use options::{ApplyOptions, ApplyReport, NotApplied, NotAppliedCounts};

use crate::error::{Error, InFile, Result};
use crate::image::file::ImageFile;
use crate::image::jobs::ntfs::{self, VolumeTarget};
use crate::image::jobs::PlaceKind;
use crate::image::metadata::read_tree;
use crate::image::options::ImageSelector;
use crate::progress::Observer;
use select::Selection;
use std::path::Path;

/// Writes image `index` (from 1) of an image file, or what `options.include` names of it, into
/// `target`: a directory, or an NTFS volume.
///
/// A directory that is not there is made, and has its name only when everything is in it; one that
/// is there must be empty, unless `options.overwrite`. Its file system keeps what it can: names,
/// content, hard and symbolic links, times. The report counts the rest.
///
/// # Errors
/// [`Error::NoSpace`] before anything is written; [`Error::ItemNotFound`] for an included path that
/// names nothing; [`Error::InvalidName`] for a name that would lead out of the target;
/// [`Error::Malformed`] for damaged content, with the file it belongs to; [`Error::ContentMissing`]
/// and [`Error::PartMissing`]; [`Error::Io`] with `AlreadyExists` when the target is not empty;
/// [`Error::InvalidArgument`] for a file or device that is no NTFS volume. After an error or
/// [`Error::Cancelled`] nothing is left in a directory of what was made; a volume must then be
/// formatted again (see [`ntfs::apply_volume`]).
pub fn apply(
    image: &Path,
    index: u32,
    target: &Path,
    options: &ApplyOptions,
    observer: Observer<'_>,
) -> Result<ApplyReport> {
    let image = ImageFile::open_with(image, &options.reference_paths)?;
    image.select(&ImageSelector::Index(index)).in_file(image.path().display().to_string())?;
    let is_volume = is_volume(target, options.target)?;
    if options.check_integrity {
        image.verify_integrity(observer)?;
    }
    let tree = read_tree(image.archive(), index, observer)?;
    let selection = Selection::of(&tree, &options.include)?;
    if !is_volume {
        return directory::apply(&image, index, &tree, &selection, target, options.overwrite, observer);
    }
    let selected = |item| selection.has(item);
    let volume = VolumeTarget {
        image: &image,
        index,
        tree: &tree,
        selected: if selection.is_whole() { None } else { Some(&selected) },
        volume: target,
        overwrite: options.overwrite,
    };
    ntfs::apply_volume(&volume, observer)
}

/// The path is where the host has its devices.
fn is_device_path(path: &Path) -> bool {
    let places = [r"\\.\", "/dev"];
    std::path::absolute(path).is_ok_and(|path| places.iter().any(|place| path.starts_with(place)))
}

/// The target is an NTFS volume, and not a directory.
fn is_volume(target: &Path, kind: PlaceKind) -> Result<bool> {
    let refuse = |reason| Err(Error::InvalidArgument { parameter: "target", reason });
    let is_directory = match std::fs::metadata(target) {
        Ok(found) => found.is_dir(),
        // A device that is not there must not become a directory among the devices.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_device_path(target) => {
            kind != PlaceKind::Ntfs
        }
        Err(error) => return Err(Error::io("open", target, error)),
    };
    let shown = target.display();
    match kind {
        PlaceKind::Directory if !is_directory => refuse(format!("'{shown}' is not a directory")),
        PlaceKind::Directory => Ok(false),
        PlaceKind::Auto if is_directory => Ok(false),
        PlaceKind::Auto | PlaceKind::Ntfs if ntfs::is_volume(target)? => Ok(true),
        PlaceKind::Auto | PlaceKind::Ntfs => refuse(format!(
            "'{shown}' is not an NTFS volume; name a directory, or make an NTFS volume of a file or \
             device first, with 'mkntfs -F {shown}'"
        )),
    }
}
