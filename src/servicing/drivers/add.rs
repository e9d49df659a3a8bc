//! Adding driver packages to an image: all of one call in one transaction, one report for each INF.

use super::database::Record;
use super::find::{find, is_inf};
use super::oem_map::number_of;
use super::package::{Package, PackageFile, PackageInf};
use super::placement::{placements, Content, Placement};
use super::record::{record, rehearse};
use super::report::{DriverReport, DriverSignature, DriverStatus};
use super::target::TargetImage;
use super::trust::Trust;
use super::version::text;
use crate::error::{Error, InFile, Result};
use crate::formats::cat::FileDigests;
use crate::formats::inf::Applicability;
use crate::image::{clock, folder, ImagePath, PutOptions, Session, Transaction};
use crate::progress::{report, Observer, Phase};
use std::path::{Path, PathBuf};

/// Packages that start at boot carry this remark, until it was shown that Windows boots with them.
const BOOT_START_REMARK: &str =
    "it starts at boot: written as Windows writes it, but not proven by booting Windows";

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
    let found = find(paths, options.recurse)?;
    let details = session.image().clone();
    let mut transaction = session.transaction("add drivers")?;
    let target = TargetImage::open(&transaction.view(), &details)?;
    let mut job = Job { target, options, trust: Trust::new(clock::now()), now: clock::now() };
    job.trust(&transaction)?;
    let total = u64::try_from(found.packages.len()).unwrap_or(u64::MAX);
    let mut reports: Vec<DriverReport> = found.missing.iter().map(|path| not_found(path)).collect();
    let mut done: u64 = 0;
    for package in &found.packages {
        report(observer, Phase::Drivers, done, total)?;
        reports.push(job.add(&package.path, &mut transaction, observer)?);
        done = done.saturating_add(1);
    }
    if reports.iter().any(|report| report.status == DriverStatus::Added) {
        job.target.stage(&mut transaction, job.now, observer)?;
        // The last word a caller can cancel at: after it, the changes are made.
        report(observer, Phase::Drivers, total, total)?;
    } else {
        job.target.close(&transaction.view());
    }
    transaction.commit()?;
    Ok(reports)
}

fn not_found(path: &Path) -> DriverReport {
    let error = std::io::Error::from(std::io::ErrorKind::NotFound);
    DriverReport::new(path).failed(Error::io("read", path, error))
}

/// The state of one call.
struct Job {
    target: TargetImage,
    options: AddOptions,
    trust: Trust,
    now: u64,
}

/// What a first look at an INF gave.
enum Examined {
    /// A package to add; `known` is the published name of one that is recorded but lost its files.
    Package { source: Box<PackageInf>, package: Box<Package>, known: Option<String> },
    /// The image has the package under this published name.
    Present(String),
    /// Not for this image, or no driver.
    NotApplicable(String),
}

impl Job {
    /// Finds out what is trusted: what the image trusts, and what the caller gave.
    fn trust(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        if let Some(software) = self.target.look_at_software(&transaction.view())? {
            self.trust.add_image(&software.hive).in_file(software.path().to_string())?;
            software.close(&transaction.view());
        }
        match &self.options.trusted_roots {
            Some(path) => self.trust.add_path(path),
            None => Ok(()),
        }
    }

    /// Adds one package. An error is one that no package is to blame for: it ends the whole call.
    fn add(
        &mut self,
        path: &Path,
        transaction: &mut Transaction<'_>,
        observer: Observer<'_>,
    ) -> Result<DriverReport> {
        let mut report = DriverReport::new(path);
        if !is_inf(path) {
            return Ok(report.not_applicable("its name does not end with .inf"));
        }
        let examined = match self.examine(path, &mut report, transaction) {
            Ok(examined) => examined,
            Err(error) => return Ok(report.failed(error)),
        };
        let (source, package, known) = match examined {
            Examined::Package { source, package, known } => (source, package, known),
            Examined::Present(published) => return Ok(report.present(published)),
            Examined::NotApplicable(reason) => return Ok(report.not_applicable(reason)),
        };
        let signature = &package.signature;
        let refusal = if self.options.require_whql {
            signature.refusal_without_whql()
        } else {
            signature.refusal().filter(|_| !self.options.force_unsigned)
        };
        if let Some(error) = refusal {
            return Ok(report.failed(error.in_file(path.display().to_string())));
        }
        let savepoint = transaction.savepoint();
        let number = match known.as_deref().and_then(number_of) {
            Some(number) => number,
            None => self.target.free_number(&transaction.view())?,
        };
        let published = format!("oem{number}.inf");
        let record = record(&source, &package, self.target.target.architecture, &published, self.now);
        let plan = placements(&self.target, &source, &package, number)
            .and_then(|plan| rehearse(&record, &source, &package).map(|()| plan));
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => return Ok(report.failed(error.in_file(path.display().to_string()))),
        };
        for placement in &plan {
            if let Err(error) = place(transaction, placement, observer) {
                if !placement.content.is_blamed(&error) {
                    return Err(error);
                }
                transaction.roll_back_to(savepoint)?;
                return Ok(report.failed(error.in_file(path.display().to_string())));
            }
        }
        self.write(&source, &package, &record, number, transaction)?;
        report.status = DriverStatus::Added;
        report.driver = Some(published);
        report.files = plan.iter().map(|placement| placement.path.to_string()).collect();
        report.reason = Some(remarks(&package));
        Ok(report)
    }

    /// Reads the package and fills in what the report says of it.
    fn examine(
        &self,
        path: &Path,
        report: &mut DriverReport,
        transaction: &Transaction<'_>,
    ) -> Result<Examined> {
        let source = match PackageInf::read(path)? {
            Ok(source) => source,
            Err(reason) => return Ok(Examined::NotApplicable(reason)),
        };
        let target = self.target.target;
        let version = &source.version;
        report.provider_name = version.provider.as_ref().map(|text| text.text.clone());
        report.class_name = version.class.as_ref().map(|text| text.text.clone());
        if let Some(driver_ver) = version.driver_ver {
            report.version = Some(text(driver_ver.version));
            report.date = Some(driver_ver.date);
        }
        report.catalog_file = version.catalog_file(target.architecture).map(str::to_owned);
        if let Some(class) = source.class_guid() {
            report.class_guid = Some(class.to_string());
            report.boot_critical = self.target.is_boot_critical(class);
            if report.class_name.is_none() {
                report.class_name = self.target.class_name(class)?;
            }
        }
        if version.class.is_none() && version.class_guid.is_none() {
            let reason = "it is not the INF of a driver: it has no device setup class";
            return Ok(Examined::NotApplicable(reason.to_owned()));
        }
        let applicability = source.applicability(&target)?;
        if let Applicability::NotApplicable(reason) = applicability {
            return Ok(Examined::NotApplicable(reason));
        }
        let view = transaction.view();
        let label = source.label(&target);
        let stored = self.target.store_folder(&label)?.join(&source.name)?;
        report.original_file_name = Some(stored.to_string());
        let known = self.target.known(&label)?;
        let published = known.as_ref().and_then(|known| known.published_name.clone());
        if let (Some(known), Some(published)) = (&known, published.clone()) {
            if view.exists(&stored)? {
                report.driver_signature = DriverSignature::recorded(known.signer_score);
                return Ok(Examined::Present(published));
            }
        }
        let mut included = |name: &str| self.target.inbox_inf(&view, name);
        let package = Package::read(&source, applicability, &target, &self.trust, &mut included)?;
        report.driver_signature = package.signature.signature;
        report.signature_verdict = Some(package.signature.verdict);
        report.signer_name = package.signature.signer.clone();
        let (source, package) = (Box::new(source), Box::new(package));
        Ok(Examined::Package { source, package, known: published })
    }

    /// Writes the registry's part of a package into the hives in memory.
    fn write(
        &mut self,
        source: &PackageInf,
        package: &Package,
        record: &Record,
        number: u32,
        transaction: &Transaction<'_>,
    ) -> Result<()> {
        self.target.record(record, number)?;
        if let Some(boot_start) = &package.boot_start {
            let published = &record.published_name;
            boot_start.write_system(self.target.system(), package.class_guid, &package.label, published)?;
            let locked = source.version.pnp_lockdown;
            if let Some(software) = self.target.software(&transaction.view())? {
                boot_start.write_lockdown(software, locked, &package.label, published)?;
            }
        }
        Ok(())
    }
}

/// What an admin should know of a package that was added.
fn remarks(package: &Package) -> String {
    let mut remarks = vec![package.signature.detail.clone()];
    if package.signature.signature != DriverSignature::Signed {
        remarks.push("added because unsigned drivers were asked for".to_owned());
    }
    if package.is_primitive {
        remarks.push("it has no devices, so it is staged and not installed".to_owned());
    }
    if package.boot_start.is_some() {
        remarks.push(BOOT_START_REMARK.to_owned());
    }
    remarks.join("; ")
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
