//! Adding driver packages to an image: all of one call in one transaction, one report for each INF.

pub(super) mod placement;
pub(super) mod plan;
pub(super) mod prepare;
pub(super) mod queue;

use super::boot_start::BootCritical;
use super::deferred;
use super::package::find::find;
use super::package::PackageFile;
use super::report::{joined, DriverReport, DriverStatus};
use crate::error::{Error, Result};
use crate::formats::cat::FileDigests;
use crate::image::identity::SetupState;
use crate::image::{clock, folder, ImageDetails, ImagePath, PutOptions, Session, Transaction, View};
use crate::progress::{report, Observer, Phase};
use crate::servicing::setup_state;
use placement::{Content, Placement};
use prepare::{Outcome, Planner, Prepared};
use queue::Queue;
use std::path::{Path, PathBuf};

/// How packages are added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddOptions {
    /// Search the subfolders of folders.
    pub recurse: bool,
    /// Add unsigned packages, and those that do not match their catalogue.
    pub force_unsigned: bool,
    /// Refuse what Microsoft did not sign, whatever else is asked for.
    pub require_whql: bool,
    /// A file of certificates, or a folder of such files, that are roots beside those of the image.
    pub trusted_roots: Option<PathBuf>,
    /// Change nothing, and report what would be changed; see [`DriverReport::plan`].
    pub preview: bool,
    /// Which packages get what a driver needs to start at boot.
    pub boot_critical: BootCritical,
    /// Leave what only a running Windows can install to Windows Setup.
    pub defer: bool,
}

/// Adds the packages of all INFs in `paths` (files and folders).
///
/// A package that cannot be added is reported, and the others go in. All changes become part of the
/// session together; if that fails, or the caller cancels, nothing is changed. Progress is in packages
/// ([`Phase::Drivers`]) and, while content is stored, in bytes ([`Phase::Staging`]).
///
/// # Errors
/// [`Error::NotServiceable`] if the image holds no Windows with a driver database,
/// [`Error::HiveDirty`] with the hive, [`Error::Cancelled`], and errors of the session.
pub fn add(
    session: &mut Session,
    paths: &[PathBuf],
    options: AddOptions,
    observer: Observer<'_>,
) -> Result<Vec<DriverReport>> {
    if options.preview {
        session.refresh()?;
        return preview(&session.view()?, session.image(), paths, options, observer);
    }
    let details = session.image().clone();
    let mut transaction = session.transaction("add drivers")?;
    let reports = add_to(&mut transaction, &details, paths, options, observer)?;
    transaction.commit()?;
    Ok(reports)
}

/// [`add`] as a part of a transaction.
pub(crate) fn add_to(
    transaction: &mut Transaction<'_>,
    details: &ImageDetails,
    paths: &[PathBuf],
    options: AddOptions,
    observer: Observer<'_>,
) -> Result<Vec<DriverReport>> {
    let now = clock::now();
    let recurse = options.recurse;
    let mut planner = Planner::open(&transaction.view(), details, options, now)?;
    let (mut reports, total) =
        each_package(&mut planner, paths, recurse, &mut Way::Add(transaction), observer)?;
    if reports.iter().any(|report| report.status == DriverStatus::Deferred) {
        let architecture = planner.target.target.architecture;
        let mut remarks = planner.first_boot.store(architecture, transaction, observer)?;
        remarks.extend(set_up_already(&transaction.view(), details)?);
        for report in reports.iter_mut().filter(|report| report.status == DriverStatus::Deferred) {
            report.reason = report.reason.take().into_iter().chain(remarks.clone()).reduce(joined);
        }
    }
    let changes = [DriverStatus::Added, DriverStatus::Deferred];
    if reports.iter().any(|report| changes.contains(&report.status)) {
        planner.target.stage(transaction, now, observer)?;
        // The last word a caller can cancel at: after it, the changes are made.
        report(observer, Phase::Drivers, total, total)?;
    } else {
        planner.target.close(&transaction.view());
    }
    Ok(reports)
}

/// What [`add`] would do to an image, each package on top of those before it.
pub(super) fn preview(
    view: &View<'_>,
    details: &ImageDetails,
    paths: &[PathBuf],
    options: AddOptions,
    observer: Observer<'_>,
) -> Result<Vec<DriverReport>> {
    let recurse = options.recurse;
    let mut planner = Planner::open(view, details, AddOptions { preview: true, ..options }, clock::now())?;
    let (reports, _) = each_package(&mut planner, paths, recurse, &mut Way::Preview(view), observer)?;
    planner.target.close(view);
    Ok(reports)
}

/// What is done with a package that can be added.
enum Way<'a, 't> {
    Add(&'a mut Transaction<'t>),
    Preview(&'a View<'a>),
}

impl Way<'_, '_> {
    fn view(&self) -> View<'_> {
        match self {
            Self::Add(transaction) => transaction.view(),
            Self::Preview(view) => **view,
        }
    }
}

/// Works through the packages of `paths` and those that they bring: their reports, and how many they are.
fn each_package(
    planner: &mut Planner,
    paths: &[PathBuf],
    recurse: bool,
    way: &mut Way<'_, '_>,
    observer: Observer<'_>,
) -> Result<(Vec<DriverReport>, u64)> {
    let found = find(paths, recurse)?;
    let mut reports: Vec<DriverReport> = found.missing.iter().map(|path| not_found(path)).collect();
    let mut queue = Queue::new(found.packages);
    while let Some(waiting) = queue.next() {
        report(observer, Phase::Drivers, queue.done(), queue.total())?;
        let outcome = planner.prepare(&waiting.path, &way.view())?;
        if let Outcome::Ready(_, prepared) | Outcome::Deferred(_, prepared) = &outcome {
            queue.bring(&waiting.path, prepared.copy_infs())?;
        }
        let report = match (outcome, &mut *way) {
            (Outcome::Done(report), _) => report,
            (Outcome::Ready(report, prepared), Way::Add(transaction)) => {
                put(planner, report, &prepared, transaction, observer)?
            }
            (Outcome::Ready(report, prepared), Way::Preview(view)) => {
                planner.plan(report, &prepared, view)?
            }
            (Outcome::Deferred(report, prepared), Way::Add(transaction)) => {
                defer(planner, report, &prepared, transaction, observer)?
            }
            (Outcome::Deferred(report, prepared), Way::Preview(view)) => {
                planner.plan_deferred(report, &prepared, view)?
            }
        };
        reports.push(waiting.explain(report));
    }
    Ok((reports, queue.total()))
}

/// What an admin should know of an image that Windows Setup is done with.
fn set_up_already(view: &View<'_>, details: &ImageDetails) -> Result<Option<String>> {
    let found = setup_state::facts(view, details)?.0.finding();
    Ok(matches!(found.state, SetupState::Complete | SetupState::Audit).then(|| {
        format!(
            "Setup is done with this image ({}), and runs the plan only after it was generalized again",
            found.reason
        )
    }))
}

pub(super) fn not_found(path: &Path) -> DriverReport {
    let error = std::io::Error::from(std::io::ErrorKind::NotFound);
    DriverReport::new(path).failed(Error::io("read", path, error))
}

/// Adds one package. An error is one that no package is to blame for: it ends the whole call.
fn put(
    planner: &mut Planner,
    report: DriverReport,
    prepared: &Prepared,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<DriverReport> {
    let placements = prepared.placements(&planner.target)?;
    if let Err(error) = place_all(transaction, &placements, observer)? {
        let inf = report.path.clone();
        return Ok(report.failed(error.in_file(inf)));
    }
    planner.record(prepared, &transaction.view())?;
    Ok(report.done(DriverStatus::Added, prepared, &placements))
}

/// Puts one package into the first-boot plan.
fn defer(
    planner: &mut Planner,
    report: DriverReport,
    prepared: &Prepared,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<DriverReport> {
    planner.first_boot.begin(transaction)?;
    let placements = deferred::placements(&planner.first_boot, &prepared.source, &prepared.package)?;
    if let Err(error) = place_all(transaction, &placements, observer)? {
        let inf = report.path.clone();
        return Ok(report.failed(error.in_file(inf)));
    }
    planner.first_boot.add(deferred::step(&prepared.source, &prepared.package, &planner.target.target)?)?;
    Ok(report.deferred(prepared, &placements))
}

/// Puts the files of a package into the image: all, or none after an error that the package is to blame for.
fn place_all(
    transaction: &mut Transaction<'_>,
    placements: &[Placement<'_>],
    observer: Observer<'_>,
) -> Result<Result<()>> {
    let savepoint = transaction.savepoint();
    for placement in placements {
        if let Err(error) = place(transaction, placement, observer) {
            if !placement.content.is_blamed(&error) {
                return Err(error);
            }
            transaction.roll_back_to(savepoint)?;
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// Puts one file into the image.
fn place(transaction: &mut Transaction<'_>, placement: &Placement<'_>, observer: Observer<'_>) -> Result<()> {
    if let Some(parent) = placement.path.parent() {
        transaction.create_directories(&parent)?;
    }
    unlink_shared(transaction, &placement.path)?;
    let options = PutOptions::overwrite();
    match placement.content {
        Content::Bytes(bytes) => {
            transaction.put_file(&placement.path, bytes.into(), &options, observer).map(|_| ())
        }
        Content::File(PackageFile { host, digests, .. }) => {
            let (file, size) = folder::open(host)?;
            let content = crate::image::Content::new(size, file);
            let put = transaction.put_file(&placement.path, content, &options, observer)?;
            // Empty content has no blob, and so no hash, in an image.
            let stored = if put.size == 0 { FileDigests::of(&[]).flat_sha1 } else { put.hash };
            if stored != digests.flat_sha1 {
                let reason = format!("'{}' changed while it was added", host.display());
                return Err(Error::DriverTampered { reason });
            }
            Ok(())
        }
    }
}

/// A file with several names is not written through all of them: an inbox driver in
/// `System32\drivers` is also a file of the component store, which must stay as it is.
fn unlink_shared(transaction: &mut Transaction<'_>, path: &ImagePath) -> Result<()> {
    let item = transaction.view().item(path)?;
    if item.is_some_and(|item| item.link_count.unwrap_or(1) > 1) {
        transaction.remove(path, false)?;
    }
    Ok(())
}
