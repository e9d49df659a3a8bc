//! Removing driver packages from an image: the reverse of adding, all of one call in one transaction.

pub(super) mod withdraw;

use super::boot_start::{BootCritical, DriverSections};
use super::database::oem_map::number_of;
use super::deferred;
use super::inventory::list::list;
use super::inventory::select::select;
use super::package::stored_drivers;
use super::report::{DriverInfo, DriverState, RemoveReport, RemoveStatus};
use super::store::{CATALOG_ROOT, DRIVERS_DIRECTORY, INF_DIRECTORY};
use super::target::TargetImage;
use crate::error::{Error, InFile, Result};
use crate::formats::inf::{Inf, SIZE_LIMIT};
use crate::image::{clock, ImagePath, Session, Transaction, View};
use crate::progress::{report, Observer, Phase};
use crate::servicing::setup::FirstBoot;

/// How packages are removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RemoveOptions {
    /// Remove packages that may be needed to boot, too.
    pub force: bool,
}

/// Removes the third-party packages that `names` mean: published names (`oem3.inf`), names of INFs, paths
/// of INFs in the driver store, with wildcards if need be.
///
/// A package that cannot be removed is reported, and the others go. All changes become part of the session
/// together; if that fails, or the caller cancels, nothing is changed. Progress is in packages
/// ([`Phase::Drivers`]).
///
/// Reports hold [`Error::DriverNotFound`] for a name without wildcards that no package has, and
/// [`Error::DriverProtected`] for packages that came with Windows (unless wildcards chose them: those leave
/// them alone), and, without [`RemoveOptions::force`], for packages that may be needed to boot.
///
/// # Errors
/// [`Error::NotServiceable`] if the image holds no Windows with a driver database,
/// [`Error::HiveDirty`] with the hive, [`Error::InvalidName`], [`Error::Cancelled`], and errors of the
/// session.
pub fn remove(
    session: &mut Session,
    names: &[String],
    options: RemoveOptions,
    observer: Observer<'_>,
) -> Result<Vec<RemoveReport>> {
    let (third_party, inbox) = list(session, true)?.into_iter().partition(|driver| !driver.inbox);
    let (chosen, missing) = select(third_party, names)?;
    let (protected, missing) = select(inbox, &missing)?;
    let mut reports: Vec<RemoveReport> = missing.into_iter().map(not_found).collect();
    for driver in &protected {
        reports.push(failed(driver, protection(driver, "it came with Windows")));
    }
    let details = session.image().clone();
    let mut transaction = session.transaction("remove drivers")?;
    let mut target = TargetImage::open_any(&transaction.view(), &details)?;
    let mut first_boot = FirstBoot::open(&transaction.view(), &target.windows)?;
    let total = u64::try_from(chosen.len()).unwrap_or(u64::MAX);
    let mut done = 0_u64;
    for driver in &chosen {
        report(observer, Phase::Drivers, done, total)?;
        reports.push(match driver.state {
            DriverState::Installed => remove_one(driver, options, &mut target, &mut transaction)?,
            DriverState::Deferred => forget(driver, &mut first_boot, &mut transaction)?,
        });
        done = done.saturating_add(1);
    }
    if reports.iter().any(|report| report.status == RemoveStatus::Removed) {
        first_boot.store(target.target.architecture, &mut transaction, observer)?;
        target.stage(&mut transaction, clock::now(), observer)?;
        // The last word a caller can cancel at: after it, the changes are made.
        report(observer, Phase::Drivers, total, total)?;
        transaction.commit()?;
    }
    Ok(reports)
}

fn not_found(name: String) -> RemoveReport {
    let error = Error::DriverNotFound { name: name.clone() };
    RemoveReport {
        driver: name,
        original_file_name: None,
        provider_name: None,
        class_name: None,
        version: None,
        status: RemoveStatus::Failed,
        reason: Some(error.to_string()),
        files: Vec::new(),
        error: Some(error),
    }
}

fn removed(driver: &DriverInfo, files: Vec<String>, reason: Option<String>) -> RemoveReport {
    RemoveReport {
        driver: driver.driver.clone(),
        original_file_name: Some(driver.original_file_name.clone()),
        provider_name: driver.provider_name.clone(),
        class_name: driver.class_name.clone(),
        version: driver.version.clone(),
        status: RemoveStatus::Removed,
        reason,
        files,
        error: None,
    }
}

fn failed(driver: &DriverInfo, error: Error) -> RemoveReport {
    let report = removed(driver, Vec::new(), Some(error.to_string()));
    RemoveReport { status: RemoveStatus::Failed, error: Some(error), ..report }
}

fn protection(driver: &DriverInfo, reason: impl Into<String>) -> Error {
    Error::DriverProtected { driver: driver.driver.clone(), reason: reason.into() }
}

/// Removes one package. An error is one that no package is to blame for: it ends the whole call.
fn remove_one(
    driver: &DriverInfo,
    options: RemoveOptions,
    target: &mut TargetImage,
    transaction: &mut Transaction<'_>,
) -> Result<RemoveReport> {
    let inf = ImagePath::parse(&driver.original_file_name)?;
    let Some(folder) = inf.parent() else {
        return Ok(failed(driver, protection(driver, "the image records no folder of it")));
    };
    let label = String::from_utf16_lossy(folder.file_name().unwrap_or_default());
    let (drivers, remark) = match drivers(target, &transaction.view(), &inf, &label) {
        Ok(drivers) => (drivers, None),
        // A package whose INF was lost or damaged is what an admin wants to be rid of.
        Err(error) => (
            DriverSections::default(),
            Some(format!("its INF could not be read, so not all that it set up is known: {error}")),
        ),
    };
    // A driver that does not start at boot may have been added as if it did.
    let starts_at_boot = drivers.start_at_boot() || withdraw::has_services(target.system(), &driver.driver)?;
    let boot_start = drivers.choose(BootCritical::Force);
    if !options.force && (driver.boot_critical || starts_at_boot) {
        return Ok(failed(driver, protection(driver, "Windows may need it to start")));
    }
    let shared = withdraw::shared_services(target.system(), &label, &driver.driver)?;
    if let Some(service) = shared.first() {
        let owners = service.owners.join(", ");
        let reason = format!("service '{}' of {owners} runs from its folder", service.name);
        return Ok(failed(driver, protection(driver, reason)));
    }
    target.forget(&label, &driver.driver)?;
    withdraw::system(target.system(), boot_start.as_ref(), &driver.driver)?;
    let mut paths = vec![folder];
    if let Some(number) = number_of(&driver.driver) {
        for extension in ["inf", "pnf"] {
            paths.push(target.windows.join(INF_DIRECTORY)?.join(&format!("oem{number}.{extension}"))?);
        }
        paths.push(target.windows.join(CATALOG_ROOT)?.join(&format!("oem{number}.cat"))?);
    }
    let mut kept = Vec::new();
    if let (Some(boot_start), Some(software)) = (&boot_start, target.software(&transaction.view())?) {
        for path in withdraw::lockdown(software, boot_start, &driver.driver)? {
            let full = target.windows.join(DRIVERS_DIRECTORY)?.join(&path)?;
            match withdraw::is_loaded(target.system(), &path)? {
                true => kept.push(full.to_string()),
                false => paths.push(full),
            }
        }
    }
    let mut files = Vec::new();
    for path in paths {
        if transaction.view().exists(&path)? {
            transaction.remove(&path, true)?;
            files.push(path.to_string());
        }
    }
    let kept = (!kept.is_empty()).then(|| format!("kept, because a service loads it: {}", kept.join(", ")));
    let remarks: Vec<String> = remark.into_iter().chain(kept).collect();
    Ok(removed(driver, files, (!remarks.is_empty()).then(|| remarks.join("; "))))
}

/// Takes a package out of the first-boot plan, with its files.
fn forget(
    driver: &DriverInfo,
    first_boot: &mut FirstBoot,
    transaction: &mut Transaction<'_>,
) -> Result<RemoveReport> {
    let inf = ImagePath::parse(&driver.original_file_name)?;
    let folder = inf.parent().map(|folder| folder.to_string());
    let label = folder.as_deref().and_then(|folder| folder.rsplit('\\').next()).unwrap_or_default();
    first_boot.remove(&deferred::step_name(label), transaction)?;
    Ok(removed(driver, folder.into_iter().collect(), Some("Windows Setup will not install it".to_owned())))
}

/// The package's drivers, as its INF in the store says.
fn drivers(target: &TargetImage, view: &View<'_>, inf: &ImagePath, label: &str) -> Result<DriverSections> {
    let bytes = view.read_file(inf, u64::try_from(SIZE_LIMIT).unwrap_or(u64::MAX))?;
    let parsed = Inf::parse_with(&bytes, &target.inf_text).in_file(inf.to_string())?;
    let included = &mut |name: &str| target.inbox_inf(view, name);
    stored_drivers(&parsed, label, &target.target, included).in_file(inf.to_string())
}
