//! Doing what an answer file says, as far as it can be done without Windows: drivers and settings of pass
//! offlineServicing now, packages by the first-boot plan, by placing the file what Setup will do, and for every setting
//! a word on what became of it. All of it is one transaction.
//!
//! Reference: docs/formats/setup-answer-files.md, "Applying".

mod host_paths;
mod offline;
mod packages;
mod verdict;

use super::place::{self, PlaceOptions, PlaceReport, Placement};
use super::Location;
use crate::error::{Error, Result};
use crate::formats::inf::Architecture;
use crate::formats::unattend::{AnswerFile, SettingPath};
use crate::image::{ImageDetails, ImagePath, Session, Transaction, View};
use crate::progress::Observer;
use crate::servicing::drivers::{self, AddOptions, DriverReport, DriverStatus};
use crate::servicing::registry::{edit_transaction, Access, Registry};
use crate::servicing::setup::{plan_warning, FirstBoot};
use crate::servicing::windows::WindowsImage;
use offline::Edit;
use packages::{Judge, Planned};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use verdict::{Action, Verdicts};

/// The first version of Windows that is not as 7 is.
const WINDOWS_8: (u32, u32) = (6, 2);

/// How [`apply`] applies an answer file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ApplyOptions {
    /// Where the file is placed for Setup.
    pub location: Location,
    /// Do not place it. Settings of later passes that have an offline home are written to the registry then.
    pub no_place: bool,
    /// Replace another answer file that is there.
    pub force: bool,
    /// The folder below which paths of other computers, to drivers and packages, are looked for; `None` for the
    /// answer file's.
    pub source_root: Option<PathBuf>,
    /// Add unsigned driver packages, too.
    pub force_unsigned: bool,
    /// Roots of trust for driver packages; see [`AddOptions`].
    pub trusted_roots: Option<PathBuf>,
    /// Change nothing, and report what would be done.
    pub preview: bool,
}

/// What became of a setting. The names are part of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum SettingOutcome {
    /// It is in the image.
    Applied,
    /// Setup will read it in its pass.
    Placed,
    /// It needs a running Windows, and a first-boot step will do it.
    Deferred,
    /// Nothing in this image reads it.
    NotApplicable,
    /// It should have been applied and could not be.
    Failed,
}

/// A setting and what became of it: `{pass, component, architecture, setting, value, line, column, result,
/// reason, target}`, and the packages of a driver path.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingResult {
    /// The pass as the file spells it.
    pub pass: String,
    /// The component; nothing for a package of the servicing section.
    pub component: Option<String>,
    /// The component's architecture as the file spells it.
    pub architecture: Option<String>,
    /// The path in the component; of a package its name.
    pub setting: String,
    /// The value; of a secret stars.
    pub value: String,
    /// The line of the file, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: u64,
    /// What became of it.
    pub result: SettingOutcome,
    /// Why.
    pub reason: String,
    /// The registry value or the file of the image that has it now, or the step of the first-boot plan, by the name that
    /// [`scripts`](crate::servicing::setup::scripts) has.
    pub target: Option<String>,
    /// What became of the packages of a driver path.
    #[serde(skip)]
    pub drivers: Vec<DriverReport>,
}

/// What applying an answer file did.
#[derive(Debug)]
pub struct ApplyReport {
    /// All settings, in the order of the file, and the packages of the servicing section.
    pub settings: Vec<SettingResult>,
    /// Where the file was placed; nothing if it was not.
    pub placed: Option<PlaceReport>,
}

/// Applies an answer file to the image of a session: adds the drivers that its pass offlineServicing names,
/// writes the settings of that pass that have an offline home, places the file where Setup reads the later
/// passes, and puts the packages and features of its servicing section into the first-boot plan. With
/// [`ApplyOptions::preview`] nothing is changed.
///
/// # Errors
/// [`Error::Malformed`](crate::error::Error::Malformed) for a file that Setup could not read;
/// [`Error::ItemExists`](crate::error::Error::ItemExists) for another answer file in its place, unless `force`;
/// [`Error::NotServiceable`](crate::error::Error::NotServiceable) if the image holds no Windows. What is wrong
/// with one setting is its result.
pub fn apply(
    session: &mut Session,
    file: &Path,
    options: &ApplyOptions,
    observer: Observer<'_>,
) -> Result<ApplyReport> {
    let answers = place::read(file)?;
    let base = match (&options.source_root, file.parent()) {
        (Some(root), _) => root.clone(),
        (None, Some(parent)) => parent.to_path_buf(),
        (None, None) => PathBuf::new(),
    };
    if options.preview {
        session.refresh()?;
        let mut job = Job::plan(&session.view()?, session.image(), &answers, &base, options)?;
        let access = Access::default();
        let mut registry = Registry::of_image(session.view()?, session.image(), access)?;
        job.edits(&mut registry)?;
        let paths = job.driver_paths();
        if !paths.is_empty() {
            let reports = drivers::add(session, &paths, job.add_options(), observer)?;
            job.take_drivers(reports);
        }
        return Ok(job.finish());
    }
    let details = session.image().clone();
    let mut transaction = session.transaction("apply an answer file")?;
    let job = Job::plan(&transaction.view(), &details, &answers, &base, options)?;
    let report = job.run(&mut transaction, &details, observer)?;
    transaction.commit()?;
    Ok(report)
}

/// The state of one call.
struct Job<'a> {
    options: &'a ApplyOptions,
    rows: Vec<(SettingResult, Action)>,
    placement: Option<Placement>,
    /// Steps of the first-boot plan.
    packages: Vec<Planned>,
    architecture: Architecture,
    /// The Windows directory.
    directory: ImagePath,
}

impl<'a> Job<'a> {
    /// Decides what is to become of every setting.
    fn plan(
        view: &View<'_>,
        details: &ImageDetails,
        answers: &AnswerFile,
        base: &Path,
        options: &'a ApplyOptions,
    ) -> Result<Self> {
        let WindowsImage { directory, target, system, .. } = WindowsImage::open(view, details)?;
        let architecture = target.architecture;
        system.close(view);
        let how = PlaceOptions { location: options.location, force: options.force, audit: false };
        let placement = match options.no_place || !verdict::has_later_passes(answers) {
            true => None,
            false => Some(Placement::plan(view, details, answers, how)?),
        };
        let verdicts = Verdicts::new(view, details, architecture, placement.as_ref(), base)?;
        let mut rows = Vec::new();
        for setting in answers.settings(&SettingPath::parse("*")?) {
            rows.push(verdicts.of_setting(&setting, answers)?);
        }
        let mut packages = Vec::new();
        let found = answers.packages();
        if !found.is_empty() {
            let (refused, warning) = match plan_warning(view, &directory) {
                Ok(warning) => (None, warning),
                Err(Error::NotServiceable { reason }) => (Some(reason), None),
                Err(error) => return Err(error),
            };
            let judge = Judge {
                architecture,
                base,
                refused: refused.as_deref(),
                warning: warning.as_deref(),
                knows_all: (target.major, target.minor) >= WINDOWS_8,
            };
            for package in found {
                for (row, planned) in judge.of_package(package)? {
                    rows.push((row, Action::None));
                    packages.extend(planned);
                }
            }
        }
        Ok(Self { options, rows, placement, packages, architecture, directory })
    }

    fn run(
        mut self,
        transaction: &mut Transaction<'_>,
        details: &ImageDetails,
        observer: Observer<'_>,
    ) -> Result<ApplyReport> {
        let paths = self.driver_paths();
        if !paths.is_empty() {
            let reports = drivers::add_to(transaction, details, &paths, self.add_options(), observer)?;
            self.take_drivers(reports);
        }
        if self.rows.iter().any(|(_, action)| matches!(action, Action::Home { .. })) {
            edit_transaction(transaction, details, &Access::default(), observer, |registry| {
                for Edit { key, name, kind, data } in self.edits(registry)? {
                    let number = kind.number().unwrap_or_default();
                    registry.set_value(&key, &name, number, &data.encode(kind)?, true)?;
                }
                Ok(())
            })?;
        }
        if let Some(placement) = &self.placement {
            placement.put(transaction, details, observer)?;
        }
        if !self.packages.is_empty() {
            let mut boot = FirstBoot::open(&transaction.view(), &self.directory)?;
            packages::plan(&self.packages, &mut boot, transaction, observer)?;
            for remark in boot.store_with_registry(self.architecture, transaction, observer)? {
                let is_deferred = |row: &&mut SettingResult| row.result == SettingOutcome::Deferred;
                for row in self.rows.iter_mut().map(|(row, _)| row).filter(is_deferred) {
                    row.reason = format!("{}; {remark}", row.reason);
                }
            }
        }
        Ok(self.finish())
    }

    /// What is to be written to the registry; a value that cannot be is told in its row.
    fn edits(&mut self, registry: &mut Registry<'_>) -> Result<Vec<Edit>> {
        let mut edits = Vec::new();
        for (row, action) in &mut self.rows {
            let Action::Home { home, value, encoded } = action else { continue };
            match home.edits(value, *encoded, registry) {
                Ok(found) => edits.extend(found),
                Err(Error::InvalidArgument { reason, .. }) => {
                    (row.result, row.reason, row.target) = (SettingOutcome::Failed, reason, None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(edits)
    }

    fn driver_paths(&self) -> Vec<PathBuf> {
        let folder = |(_, action): &(SettingResult, Action)| match action {
            Action::Drivers(folder) => Some(folder.clone()),
            _ => None,
        };
        let mut folders: Vec<PathBuf> = self.rows.iter().filter_map(folder).collect();
        folders.sort();
        folders.dedup();
        folders
    }

    fn add_options(&self) -> AddOptions {
        AddOptions {
            recurse: true,
            force_unsigned: self.options.force_unsigned,
            trusted_roots: self.options.trusted_roots.clone(),
            preview: self.options.preview,
            ..AddOptions::default()
        }
    }

    /// Gives each driver path the packages that were found below it.
    fn take_drivers(&mut self, mut reports: Vec<DriverReport>) {
        for (row, action) in &mut self.rows {
            let Action::Drivers(folder) = action else { continue };
            let (own, rest) =
                reports.into_iter().partition(|report| Path::new(&report.path).starts_with(&folder));
            reports = rest;
            row.drivers = own;
            let count = |wanted: &[DriverStatus]| {
                row.drivers.iter().filter(|report| wanted.contains(&report.status)).count()
            };
            let done = count(&[DriverStatus::Added, DriverStatus::Planned, DriverStatus::AlreadyPresent]);
            let failed = count(&[DriverStatus::Failed]);
            row.result = match (done, failed) {
                (_, 1..) => SettingOutcome::Failed,
                (0, 0) => SettingOutcome::NotApplicable,
                (1.., 0) => SettingOutcome::Applied,
            };
            row.reason = format!(
                "'{}': {done} packages in the image, {failed} refused, {} not for it",
                folder.display(),
                count(&[DriverStatus::NotApplicable])
            );
        }
    }

    fn finish(self) -> ApplyReport {
        ApplyReport {
            settings: self.rows.into_iter().map(|(row, _)| row).collect(),
            placed: self.placement.map(|placement| placement.report),
        }
    }
}
