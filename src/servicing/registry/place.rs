//! Where callers say a registry is: a session's image, a hive file of the host, an image of a file.

use super::offline::{Access, Registry};
use super::report::{Change, RecoveryInfo};
use super::target::Target;
use super::{compare, ExportOptions, ExportReport, ImportOptions, ImportReport};
use crate::error::{InFile, Result};
use crate::image::hive_file::{HiveAccess, HiveFile};
use crate::image::{folder, NewFile, SavedImage, Session};
use crate::progress::{unobserved, Observer};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// A registry to work on.
#[derive(Debug)]
pub enum Place<'a> {
    /// That of a session's image.
    Session(&'a mut Session),
    /// A hive file of the host; it is opened for the call.
    HiveFile(PathBuf),
}

/// What a call found or did, and which hives it met that were not closed cleanly. Serialised:
/// the report's properties and `recoveries`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer<T> {
    /// What was asked for.
    #[serde(flatten)]
    pub report: T,
    /// The hives that were dirty, and what their logs did.
    pub recoveries: Vec<RecoveryInfo>,
}

impl Place<'_> {
    /// Looks at the registry; see [`Target::read`].
    pub fn read<T>(
        self,
        access: &Access,
        look: impl FnOnce(&mut Registry<'_>) -> Result<T>,
    ) -> Result<Answer<T>> {
        match self {
            Self::Session(session) => {
                Target::Session(session).read(access, |registry| answer(registry, look))
            }
            Self::HiveFile(path) => {
                let mut file = HiveFile::open(&path, HiveAccess::Read)?;
                let read = Target::File(&mut file).read(access, |registry| answer(registry, look));
                read.in_file(path.display().to_string())
            }
        }
    }

    /// Changes the registry in one transaction, or one save of the hive file; see [`Target::edit`].
    /// Nothing is changed if `change` fails.
    pub fn edit<T>(
        self,
        label: &str,
        access: &Access,
        observer: Observer<'_>,
        change: impl FnOnce(&mut Registry<'_>) -> Result<T>,
    ) -> Result<Answer<T>> {
        match self {
            Self::Session(session) => {
                Target::Session(session).edit(label, access, observer, |registry| answer(registry, change))
            }
            Self::HiveFile(path) => edit_file(&path, HiveAccess::Write, label, access, observer, change),
        }
    }

    /// Does what the registration file at `file` says; see [`Registry::import`]. A preview does not touch
    /// the place.
    pub fn import(
        self,
        file: &Path,
        options: &ImportOptions,
        access: &Access,
        mut observer: Observer<'_>,
    ) -> Result<Answer<ImportReport>> {
        let label = "import a registration file";
        // The import and the storing of what it changed report one after the other.
        let observer: &RefCell<Observer<'_>> = &RefCell::new(&mut observer);
        let import = |registry: &mut Registry<'_>| {
            let (content, _) = folder::open(file)?;
            let report = registry.import(content, options, &mut |now| (observer.borrow_mut())(now));
            report.in_file(file.display().to_string())
        };
        let stored = &mut |now| (observer.borrow_mut())(now);
        match self {
            Self::HiveFile(path) if options.preview => {
                edit_file(&path, HiveAccess::Read, label, access, stored, import)
            }
            place => place.edit(label, access, stored, import),
        }
    }

    /// Writes a key with all below it to the file at `file`, which appears when it is whole; see
    /// [`Registry::export`].
    ///
    /// # Errors
    /// [`Error::Io`](crate::error::Error::Io) with `AlreadyExists` unless `overwrite`; those of
    /// [`Registry::export`].
    pub fn export(
        self,
        key: &str,
        file: &Path,
        overwrite: bool,
        options: &ExportOptions,
        access: &Access,
        observer: Observer<'_>,
    ) -> Result<Answer<ExportReport>> {
        self.read(access, |registry| {
            let mut target = NewFile::create(file, overwrite)?;
            let report = registry.export(key, &mut target, options, observer)?;
            target.finish()?;
            Ok(report)
        })
    }
}

fn edit_file<T>(
    path: &Path,
    opening: HiveAccess,
    label: &str,
    access: &Access,
    observer: Observer<'_>,
    change: impl FnOnce(&mut Registry<'_>) -> Result<T>,
) -> Result<Answer<T>> {
    let mut file = HiveFile::open(path, opening)?;
    let edited = Target::File(&mut file).edit(label, access, observer, |registry| answer(registry, change));
    edited.in_file(path.display().to_string())
}

fn answer<T>(
    registry: &mut Registry<'_>,
    work: impl FnOnce(&mut Registry<'_>) -> Result<T>,
) -> Result<Answer<T>> {
    let report = work(registry)?;
    Ok(Answer { report, recoveries: registry.recoveries() })
}

/// A registry to compare: `{hivePath}`, or `{imagePath, index}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Compared {
    /// A hive file of the host.
    #[serde(rename_all = "camelCase")]
    Hive {
        /// The file.
        hive_path: PathBuf,
    },
    /// An image of a file.
    #[serde(rename_all = "camelCase")]
    Image {
        /// The image file.
        image_path: PathBuf,
        /// The image's number, from 1.
        index: u32,
    },
}

impl Compared {
    fn open<T>(&self, access: &Access, look: impl FnOnce(&mut Registry<'_>) -> Result<T>) -> Result<T> {
        match self {
            Self::Hive { hive_path } => {
                Target::File(&mut HiveFile::open(hive_path, HiveAccess::Read)?).read(access, look)
            }
            Self::Image { image_path, index } => {
                let image = SavedImage::open(image_path, *index, &mut unobserved)?;
                look(&mut Registry::of_image(image.view(), image.details(), access.clone())?)
            }
        }
    }
}

/// Gives `visit` the differences between two places; says which hives were dirty. See [`compare`].
pub fn compare_places(
    before: &Compared,
    after: &Compared,
    key: Option<&str>,
    access: &Access,
    visit: &mut dyn FnMut(Change) -> Result<()>,
    observer: Observer<'_>,
) -> Result<Vec<RecoveryInfo>> {
    before.open(access, |before| after.open(access, |after| compared(before, after, key, visit, observer)))
}

/// Gives `visit` what a session changes in its image's registry: the image as it was saved last against
/// the session as it is. See [`compare`].
pub fn compare_session(
    session: &mut Session,
    key: Option<&str>,
    access: &Access,
    visit: &mut dyn FnMut(Change) -> Result<()>,
    observer: Observer<'_>,
) -> Result<Vec<RecoveryInfo>> {
    let saved = SavedImage::of(session, &mut unobserved)?;
    let mut before = Registry::of_image(saved.view(), saved.details(), access.clone())?;
    Target::Session(session).read(access, |after| compared(&mut before, after, key, visit, observer))
}

fn compared(
    before: &mut Registry<'_>,
    after: &mut Registry<'_>,
    key: Option<&str>,
    visit: &mut dyn FnMut(Change) -> Result<()>,
    observer: Observer<'_>,
) -> Result<Vec<RecoveryInfo>> {
    compare(before, after, key, visit, observer)?;
    let mut recoveries = before.recoveries();
    recoveries.extend(after.recoveries());
    Ok(recoveries)
}
