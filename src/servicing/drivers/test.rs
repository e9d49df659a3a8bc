//! Testing packages before anything is done with them: against an image, as a preview of adding, or without
//! one, for systems that the caller names.

use super::add::plan::{PackagePlan, PlannedFile, SignatureInfo};
use super::add::{not_found, preview, AddOptions};
use super::database::classes::BootClasses;
use super::package::find::{find, is_inf};
use super::package::nominal::NominalTarget;
use super::package::trust::Trust;
use super::package::{Package, PackageInf};
use super::report::{DriverReport, DriverSignature, DriverStatus};
use crate::error::{Error, Result};
use crate::formats::inf::{Applicability, Inf, Target};
use crate::image::clock;
use crate::progress::{report, unobserved, Observer, Phase};
use crate::servicing::source::Source;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How packages are tested.
#[derive(Debug, Clone, Default)]
pub struct TestOptions {
    /// Search the subfolders of folders.
    pub recurse: bool,
    /// The systems that packages are tested for, without an image.
    pub nominal: NominalTarget,
    /// A file of certificates, or a folder of such files, that are roots beside Microsoft's and the image's.
    pub trusted_roots: Option<PathBuf>,
}

/// What testing one INF found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverTest {
    /// As a preview of adding has it, also for what is not signed. The reason says what is the matter, and is
    /// absent if nothing is.
    #[serde(flatten)]
    pub report: DriverReport,
    /// It is for the image, or for one of the systems, and can be added there, or is there.
    pub applicable: bool,
    /// The architectures that it is for, of those it was tested for.
    pub architectures: Vec<&'static str>,
}

/// Tests the packages of all INFs in `paths` (files and folders); one that cannot be read is reported, and the
/// others are tested.
///
/// With an image each package is planned as adding it would, on top of those before it, unsigned ones too.
/// Without one it is read and checked for each system of [`TestOptions::nominal`] that it is for.
///
/// # Errors
/// [`Error::InvalidArgument`] for an image and a system; [`Error::NotServiceable`] and [`Error::HiveDirty`] of
/// the image; [`Error::Cancelled`].
pub fn test(
    paths: &[PathBuf],
    image: Option<Source<'_>>,
    options: &TestOptions,
    observer: Observer<'_>,
) -> Result<Vec<DriverTest>> {
    if let Some(image) = image {
        if options.nominal != NominalTarget::default() {
            let reason = "an image says itself which architecture and version it has".to_owned();
            return Err(Error::InvalidArgument { parameter: "options", reason });
        }
        let adding = AddOptions {
            recurse: options.recurse,
            force_unsigned: true,
            trusted_roots: options.trusted_roots.clone(),
            ..AddOptions::default()
        };
        let reports =
            image.look(&mut unobserved, |view, details| preview(view, details, paths, adding, observer))?;
        return Ok(reports.into_iter().map(DriverTest::of_preview).collect());
    }
    let found = find(paths, options.recurse)?;
    let mut trust = Trust::new(clock::now());
    if let Some(path) = &options.trusted_roots {
        trust.add_path(path)?;
    }
    let targets = options.nominal.targets();
    let mut tests: Vec<DriverTest> =
        found.missing.iter().map(|path| DriverTest::of_preview(not_found(path))).collect();
    let total = u64::try_from(found.packages.len()).unwrap_or(u64::MAX);
    for (done, package) in (0_u64..).zip(&found.packages) {
        report(observer, Phase::Drivers, done, total)?;
        tests.push(alone(&package.path, &targets, &trust));
    }
    Ok(tests)
}

impl DriverTest {
    fn of_preview(mut report: DriverReport) -> Self {
        if report.status == DriverStatus::Planned {
            report.reason = doubt(&report);
        }
        let applicable = matches!(report.status, DriverStatus::Planned | DriverStatus::AlreadyPresent);
        let mut architectures: Vec<&'static str> = Vec::new();
        for device in report.plan.iter().flat_map(|plan| &plan.devices) {
            if !architectures.contains(&device.architecture) {
                architectures.push(device.architecture);
            }
        }
        Self { report, applicable, architectures }
    }
}

/// Why the package is not signed; nothing if it is.
fn doubt(report: &DriverReport) -> Option<String> {
    let signature = report.plan.as_ref().and_then(|plan| plan.signature.as_ref());
    let signed = report.driver_signature == DriverSignature::Signed;
    signature.filter(|_| !signed).map(|signature| signature.reason.clone())
}

/// Tests a package without an image.
fn alone(path: &Path, targets: &[Target], trust: &Trust) -> DriverTest {
    let report = DriverReport::new(path);
    let done = |report| DriverTest { report, applicable: false, architectures: Vec::new() };
    if !is_inf(path) {
        return done(report.not_applicable("its name does not end with .inf"));
    }
    let source = match PackageInf::read(path) {
        Ok(Ok(source)) => source,
        Ok(Err(reason)) => return done(report.not_applicable(reason)),
        Err(error) => return done(report.failed(error)),
    };
    let mut findings =
        Systems { report, plan: PackagePlan::default(), architectures: Vec::new(), faults: Vec::new() };
    findings.report.describe(&source);
    if let Some(class) = source.class_guid() {
        findings.report.boot_critical = BootClasses::new([]).contains(class);
    }
    let mut reasons: Vec<String> = Vec::new();
    let mut sound = false;
    for target in targets {
        match findings.look(&source, target, trust) {
            Ok(None) => sound = true,
            Ok(Some(reason)) if reasons.contains(&reason) => {}
            Ok(Some(reason)) => reasons.push(reason),
            Err(error) => findings.faults.push((target.architecture.name(), error)),
        }
    }
    findings.conclude(sound, reasons.join("; "))
}

/// What was found for one system after the other.
struct Systems {
    report: DriverReport,
    plan: PackagePlan,
    architectures: Vec<&'static str>,
    /// What is wrong, and for which architecture.
    faults: Vec<(&'static str, Error)>,
}

impl Systems {
    /// Looks at the package for one system: `None` if it is sound, or why it is not for the system.
    fn look(&mut self, source: &PackageInf, target: &Target, trust: &Trust) -> Result<Option<String>> {
        // No INF of an image is at hand, and none is missed.
        let included = &mut |_: &str| -> Result<Option<Inf>> { Ok(None) };
        let applicability = source.applicability(target);
        self.plan.add_system(PackagePlan::of_inf(source, target, included)?);
        let applicability = match applicability? {
            Applicability::NotApplicable(reason) => return Ok(Some(reason)),
            applicability => applicability,
        };
        if source.class_guid().is_none() {
            return Ok(Some("it is not the INF of a driver: it has no device setup class".to_owned()));
        }
        self.architectures.push(target.architecture.name());
        let package = Package::read(source, applicability, target, trust, included)?;
        let signature = &package.signature;
        if self.plan.signature.is_none() || weight(signature.signature) > weight(self.report.driver_signature)
        {
            self.report.driver_signature = signature.signature;
            self.report.signature_verdict = Some(signature.verdict);
            self.report.signer_name = signature.signer.clone();
            self.report.catalog_file = source.version.catalog_file(target.architecture).map(str::to_owned);
            self.plan.signature = Some(SignatureInfo::of(signature));
        }
        for file in PlannedFile::of_package(source, &package) {
            if !self.plan.files.contains(&file) {
                self.plan.files.push(file);
            }
        }
        Ok(None)
    }

    fn conclude(self, sound: bool, reasons: String) -> DriverTest {
        let Self { mut report, plan, architectures, faults } = self;
        report.plan = Some(Box::new(plan));
        let mut faults = faults.into_iter();
        let report = match (sound, faults.next()) {
            (false, None) => report.not_applicable(reasons),
            (false, Some((_, error))) => report.failed(error),
            (true, first) => {
                let faults = first.into_iter().chain(faults);
                let faults = faults.map(|(architecture, error)| format!("for {architecture}: {error}"));
                let reasons: Vec<String> = doubt(&report).into_iter().chain(faults).collect();
                report.status = DriverStatus::Planned;
                report.reason = (!reasons.is_empty()).then(|| reasons.join("; "));
                report
            }
        };
        DriverTest { report, applicable: sound, architectures }
    }
}

/// Sorts signatures: what is wrong weighs more.
fn weight(signature: DriverSignature) -> u8 {
    match signature {
        DriverSignature::Signed => 0,
        DriverSignature::Unknown => 1,
        DriverSignature::Unsigned => 2,
        DriverSignature::Tampered => 3,
    }
}
