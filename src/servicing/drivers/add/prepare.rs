//! Working out what adding a package does, before anything of the image is changed: the same for adding
//! and for previews.

use super::placement::{placements, Placement};
use super::plan::{PackagePlan, PlannedChange, PlannedFile, SignatureInfo};
use super::AddOptions;
use crate::error::{Error, InFile, Result};
use crate::formats::inf::Applicability;
use crate::image::{ImageDetails, View};
use crate::servicing::drivers::boot_start::BootCritical;
use crate::servicing::drivers::database::classes::well_known_name;
use crate::servicing::drivers::database::oem_map::number_of;
use crate::servicing::drivers::database::record::{record, rehearse};
use crate::servicing::drivers::database::version::text;
use crate::servicing::drivers::database::Record;
use crate::servicing::drivers::deferred::{self, Why};
use crate::servicing::drivers::package::find::is_inf;
use crate::servicing::drivers::package::trust::Trust;
use crate::servicing::drivers::package::{Package, PackageInf};
use crate::servicing::drivers::report::{DriverReport, DriverSignature, DriverStatus};
use crate::servicing::drivers::target::TargetImage;
use crate::servicing::setup::FirstBoot;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Packages that start at boot carry this remark, until it was shown that Windows boots with them.
const BOOT_START_REMARK: &str =
    "it starts at boot: written as Windows writes it, but not proven by booting Windows";

/// Packages that are treated as if they started at boot carry this one.
const FORCED_REMARK: &str =
    "what a driver needs at boot was written as asked for (Force), its services start as the \
                             INF says; not proven by booting Windows";

/// What one call knows: the image, and what it is to do.
pub struct Planner {
    /// The image.
    pub target: TargetImage,
    options: AddOptions,
    trust: Trust,
    now: u64,
    /// The INFs that this call recorded, by their store folders.
    recorded: HashMap<String, PathBuf>,
    /// What Windows Setup is to do.
    pub first_boot: FirstBoot,
}

/// A package that can go in.
pub struct Prepared {
    /// Its INF.
    pub source: PackageInf,
    /// What of it is for the image.
    pub package: Package,
    boot_critical: BootCritical,
    /// Why it would be left to Windows Setup.
    why: Option<Why>,
    record: Record,
    number: u32,
}

/// What was worked out of an INF.
pub enum Outcome {
    /// A package that can go in, and what is known of it.
    Ready(DriverReport, Box<Prepared>),
    /// A package that is left to Windows Setup, and what is known of it.
    Deferred(DriverReport, Box<Prepared>),
    /// There is nothing to do, or nothing that can be done.
    Done(DriverReport),
}

/// What a first look at an INF gave.
enum Examined {
    /// A package to add; `known` is the published name of one that is recorded but lost its files.
    Package { package: Box<Package>, known: Option<String> },
    /// The image has the package under this published name; the reason says so.
    Present { published: String, reason: String },
    /// The first-boot plan has the package.
    Waiting,
    /// Not for this image, or no driver.
    NotApplicable(String),
}

impl Planner {
    /// Opens the image, and finds out what is trusted: what the image trusts, and what the caller gave.
    pub fn open(view: &View<'_>, details: &ImageDetails, options: AddOptions, now: u64) -> Result<Self> {
        let target = match options.defer {
            true => TargetImage::open_any(view, details)?,
            false => TargetImage::open(view, details)?,
        };
        let first_boot = FirstBoot::open(view, &target.windows)?;
        let mut trust = Trust::new(now);
        if let Some(software) = target.look_at_software(view)? {
            trust.add_image(&software.hive).in_file(software.path().to_string())?;
            software.close(view);
        }
        if let Some(path) = &options.trusted_roots {
            trust.add_path(path)?;
        }
        Ok(Self { target, options, trust, now, recorded: HashMap::new(), first_boot })
    }

    /// Works out one package. An error is one that no package is to blame for: it ends the whole call.
    pub fn prepare(&self, path: &Path, view: &View<'_>) -> Result<Outcome> {
        let mut report = DriverReport::new(path);
        if !is_inf(path) {
            return Ok(Outcome::Done(report.not_applicable("its name does not end with .inf")));
        }
        let source = match PackageInf::read_with(path, &self.target.inf_text) {
            Ok(Ok(source)) => source,
            Ok(Err(reason)) => return Ok(Outcome::Done(report.not_applicable(reason))),
            Err(error) => return Ok(Outcome::Done(report.failed(error))),
        };
        let (package, known) = match self.examine(&source, &mut report, view) {
            Ok(Examined::Package { package, known }) => (*package, known),
            Ok(Examined::Present { published, reason }) => {
                return Ok(Outcome::Done(report.present(published, reason)))
            }
            Ok(Examined::Waiting) => return Ok(Outcome::Done(report.waiting())),
            Ok(Examined::NotApplicable(reason)) => return Ok(Outcome::Done(report.not_applicable(reason))),
            Err(error) => return Ok(Outcome::Done(report.failed(error))),
        };
        let signature = &package.signature;
        let refusal = if self.options.require_whql {
            signature.refusal_without_whql()
        } else {
            signature.refusal().filter(|_| !self.options.force_unsigned)
        };
        if let Some(error) = refusal {
            return Ok(Outcome::Done(report.failed(error.in_file(path.display().to_string()))));
        }
        let number = match known.as_deref().and_then(number_of) {
            Some(number) => number,
            None => self.target.free_number(view)?,
        };
        let published = format!("oem{number}.inf");
        let record = record(&source, &package, &self.target.target, &published, self.now);
        let why = if !self.target.has_database {
            Some(Why::NoDatabase)
        } else {
            package.is_primitive.then_some(Why::Primitive)
        };
        let boot_critical = self.options.boot_critical;
        let prepared = Prepared { source, package, boot_critical, why, record, number };
        if let Some(why) = why.filter(|_| self.options.defer) {
            return Ok(match self.refuse_deferral(&prepared, why) {
                Some(error) => Outcome::Done(report.failed(error.in_file(path.display().to_string()))),
                None => Outcome::Deferred(report, Box::new(prepared)),
            });
        }
        match prepared.check(&self.target, view) {
            Ok(()) => Ok(Outcome::Ready(report, Box::new(prepared))),
            Err(error) => Ok(Outcome::Done(report.failed(error.in_file(path.display().to_string())))),
        }
    }

    /// Why a package cannot be left to Windows Setup either.
    fn refuse_deferral(&self, prepared: &Prepared, why: Why) -> Option<Error> {
        let reason = if prepared.package.starts_at_boot {
            "its driver starts at boot, and Windows Setup would come too late to install it"
        } else if self.target.is_windows_pe {
            "Windows PE has no Windows Setup that would install it when it starts"
        } else {
            return None;
        };
        let reason = format!("{}; {reason}", why.text());
        Some(Error::Unsupported { what: "deferring this package".to_owned(), reason })
    }

    /// Writes down what leaving a package to Windows Setup would change.
    pub fn plan_deferred(
        &mut self,
        mut report: DriverReport,
        prepared: &Prepared,
        view: &View<'_>,
    ) -> Result<DriverReport> {
        let placements = deferred::placements(&self.first_boot, &prepared.source, &prepared.package)?;
        let plan = report.plan.get_or_insert_with(Box::default);
        for placement in &placements {
            plan.files.push(PlannedFile::of(placement, &prepared.source, view)?);
        }
        let report = report.deferred(prepared, &placements);
        self.first_boot.add(deferred::step(&prepared.source, &prepared.package, &self.target.target)?)?;
        Ok(DriverReport { status: DriverStatus::Planned, ..report })
    }

    /// Reads the package and fills in what the report says of it.
    fn examine(&self, source: &PackageInf, report: &mut DriverReport, view: &View<'_>) -> Result<Examined> {
        let target = self.target.target;
        let mut included = |name: &str| self.target.inbox_inf(view, name);
        if self.options.preview {
            report.plan = Some(Box::new(PackagePlan::of_inf(source, &target, &mut included)?));
        }
        let version = &source.version;
        report.describe(source);
        report.catalog_file = version.catalog_file(target.architecture).map(str::to_owned);
        if let Some(class) = source.class_guid() {
            report.boot_critical = self.target.is_boot_critical(class);
            if version.class.is_none() {
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
        let label = source.label(&target);
        let stored = self.target.store_folder(&label)?.join(&source.name)?;
        report.original_file_name = Some(stored.to_string());
        let known = self.target.known(&label)?;
        let published = known.as_ref().and_then(|known| known.published_name.clone());
        if let (Some(known), Some(published)) = (&known, published.clone()) {
            let twin = self.recorded.get(&label);
            if twin.is_some() || view.exists(&stored)? {
                report.driver_signature = DriverSignature::recorded(known.signer_score);
                let reason = match twin {
                    Some(path) => format!("it is the same package as '{}'", path.display()),
                    None => format!("the image has it as {published}"),
                };
                return Ok(Examined::Present { published, reason });
            }
        }
        if deferred::is_planned(&self.first_boot, &label) {
            return Ok(Examined::Waiting);
        }
        let boot_critical = self.options.boot_critical;
        let package =
            Package::read_for(boot_critical, source, applicability, &target, &self.trust, &mut included)?;
        report.driver_signature = package.signature.signature;
        report.signature_verdict = Some(package.signature.verdict);
        report.signer_name = package.signature.signer.clone();
        if let Some(plan) = &mut report.plan {
            plan.signature = Some(SignatureInfo::of(&package.signature));
        }
        Ok(Examined::Package { package: Box::new(package), known: published })
    }

    /// Writes the registry's part of a package into the hives in memory.
    pub fn record(&mut self, prepared: &Prepared, view: &View<'_>) -> Result<()> {
        let Prepared { source, package, record, number, .. } = prepared;
        let forced = prepared.boot_critical == BootCritical::Force && package.boot_start.is_some();
        self.target.record(record, *number, forced)?;
        self.recorded.insert(package.label.clone(), source.path.clone());
        if let Some(boot_start) = &package.boot_start {
            let published = &record.published_name;
            boot_start.write_system(self.target.system(), package.class_guid, &package.label, published)?;
            let locked = source.version.pnp_lockdown;
            if let Some(software) = self.target.software(view)? {
                boot_start.write_lockdown(software, locked, &package.label, published)?;
            }
        }
        Ok(())
    }

    /// Writes down what adding a package would change. The hives in memory then have it, as they would after
    /// adding it, so that packages behind it are planned as they would be added.
    pub fn plan(
        &mut self,
        mut report: DriverReport,
        prepared: &Prepared,
        view: &View<'_>,
    ) -> Result<DriverReport> {
        let placements = prepared.placements(&self.target)?;
        self.target.note_edits();
        let recorded = self.record(prepared, view);
        let edits = self.target.take_edits();
        recorded?;
        let plan = report.plan.get_or_insert_with(Box::default);
        plan.remarks = prepared.remarks();
        plan.registry = edits.into_iter().flat_map(PlannedChange::of).collect();
        for placement in &placements {
            plan.files.push(PlannedFile::of(placement, &prepared.source, view)?);
        }
        Ok(report.done(DriverStatus::Planned, prepared, &placements))
    }
}

impl Prepared {
    /// The files to be put into the image.
    pub fn placements(&self, target: &TargetImage) -> Result<Vec<Placement<'_>>> {
        placements(target, &self.source, &self.package, self.number)
    }

    /// Finds out what would go wrong: files that cannot be where they belong, and what no registry can hold.
    fn check(&self, target: &TargetImage, view: &View<'_>) -> Result<()> {
        for placement in self.placements(target)? {
            view.check_place(&placement.path)?;
        }
        rehearse(&self.record, &self.source, &self.package)
    }

    /// The INFs that it brings along.
    pub fn copy_infs(&self) -> &[String] {
        &self.package.copy_infs
    }

    /// What an admin should know of the part that starts at boot.
    fn boot_remark(&self) -> Option<&'static str> {
        let package = &self.package;
        match (self.boot_critical, package.starts_at_boot, package.boot_start.is_some()) {
            (BootCritical::Never, true, _) => Some(
                "it starts at boot, and what that needs was left out as asked for (Never): \
                 Windows cannot start from a device of it",
            ),
            (BootCritical::Force, false, true) => Some(FORCED_REMARK),
            (BootCritical::Force, _, false) => {
                Some("it has no driver's service that could be prepared for the boot (Force)")
            }
            (_, _, true) => Some(BOOT_START_REMARK),
            _ => None,
        }
    }

    /// What an admin should know of the package, besides its signature.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.package.is_primitive {
            let remark =
                "it has no devices, so it is staged and not installed: defer it to have Setup install it";
            remarks.push(remark.to_owned());
        }
        remarks.extend(self.boot_remark().map(str::to_owned));
        remarks
    }
}

impl DriverReport {
    /// The package waits for Windows Setup.
    pub(in crate::servicing::drivers) fn deferred(
        mut self,
        prepared: &Prepared,
        placements: &[Placement<'_>],
    ) -> Self {
        self.status = DriverStatus::Deferred;
        let inf = placements.first().map(|placement| placement.path.to_string());
        self.driver = Some(prepared.source.name.clone());
        self.original_file_name = inf;
        self.files = placements.iter().map(|placement| placement.path.to_string()).collect();
        let signature = &prepared.package.signature;
        let mut remarks = vec![signature.detail.clone()];
        if signature.signature != DriverSignature::Signed {
            remarks.push("pnputil will refuse it unless Windows trusts it by then".to_owned());
        }
        remarks.extend(prepared.why.map(|why| why.text().to_owned()));
        remarks
            .push("Windows Setup will install it with pnputil; that was not tried with Windows".to_owned());
        self.reason = Some(remarks.join("; "));
        self
    }

    /// What the INF's `[Version]` section says.
    pub(in crate::servicing::drivers) fn describe(&mut self, source: &PackageInf) {
        let version = &source.version;
        let class = source.class_guid();
        self.provider_name = version.provider.as_ref().map(|text| text.text.clone());
        let well_known = || class.and_then(well_known_name).map(str::to_owned);
        self.class_name = version.class.as_ref().map(|text| text.text.clone()).or_else(well_known);
        self.class_guid = class.map(|class| class.to_string());
        self.version = version.driver_ver.map(|driver_ver| text(driver_ver.version));
        self.date = version.driver_ver.map(|driver_ver| driver_ver.date);
    }

    /// The package is in the image, or would be.
    pub(in crate::servicing::drivers) fn done(
        mut self,
        status: DriverStatus,
        prepared: &Prepared,
        placements: &[Placement<'_>],
    ) -> Self {
        self.status = status;
        self.driver = Some(prepared.record.published_name.clone());
        self.files = placements.iter().map(|placement| placement.path.to_string()).collect();
        let signature = &prepared.package.signature;
        let mut reasons = vec![signature.detail.clone()];
        if signature.signature != DriverSignature::Signed {
            reasons.push("it goes in because unsigned drivers were asked for".to_owned());
        }
        reasons.extend(prepared.remarks());
        self.reason = Some(reasons.join("; "));
        self
    }
}
