//! Adding drivers while the disk fills up or the process dies, and packages with any byte changed.

use crate::support::packages::{trust, Sample};
use crate::support::windows::WindowsBench;
use imgsvc::error::{Error, Result};
use imgsvc::formats::cat::Catalog;
use imgsvc::formats::inf::{Applicability, Architecture, Inf, Target};
use imgsvc::image::host::faults;
use imgsvc::image::Session;
use imgsvc::progress::{unobserved, Phase, Progress};
use imgsvc::servicing::drivers::package::{Package, PackageInf};
use imgsvc::servicing::drivers::{add, list, AddOptions, DriverReport, DriverSignature, DriverStatus};
use std::ops::ControlFlow;
use std::path::Path;

fn recurse() -> AddOptions {
    AddOptions { recurse: true, ..AddOptions::default() }
}

fn bench() -> WindowsBench {
    let bench = WindowsBench::new();
    Sample::network("net").write(&bench.drivers());
    Sample::storage("stor").write(&bench.drivers());
    bench
}

fn work(session: &mut Session, bench: &WindowsBench) -> Result<Vec<DriverReport>> {
    add(session, &[bench.drivers()], recurse(), &mut unobserved)
}

fn all_added(reports: &[DriverReport]) -> bool {
    reports.len() == 2 && reports.iter().all(|report| report.status == DriverStatus::Added)
}

#[test]
fn a_full_disk_at_any_step_is_an_error_that_changes_nothing_and_the_session_goes_on() {
    let bench = bench();
    let (reports, steps) = faults::count(|| work(&mut bench.mount(), &bench).unwrap());
    assert!(all_added(&reports) && steps > 3, "{steps} steps");
    let session = imgsvc::image::Session::list_in(&bench.images.state()).unwrap();
    bench.images.reopen(&session[0].id).discard().unwrap();

    let mut failures = 0;
    for at in 0..steps {
        let mut session = bench.mount();
        match faults::full_at(at, || work(&mut session, &bench)) {
            Ok(reports) => assert!(all_added(&reports), "step {at}: {reports:?}"),
            Err(error) => {
                assert!(matches!(error.root(), Error::Io { .. } | Error::Stream(_)), "step {at}: {error}");
                assert_eq!(session.info().unwrap().pending_transactions, 0, "step {at}");
                assert!(list(&mut session, false).unwrap().is_empty(), "step {at}");
                assert!(all_added(&work(&mut session, &bench).unwrap()), "step {at}: with space again");
                failures += 1;
            }
        }
        session.discard().unwrap();
    }
    assert!(failures > 0);
}

#[test]
fn a_crash_at_any_step_leaves_all_drivers_or_none() {
    let bench = bench();
    let (_, steps) = faults::count(|| work(&mut bench.mount(), &bench).unwrap());
    let session = imgsvc::image::Session::list_in(&bench.images.state()).unwrap();
    bench.images.reopen(&session[0].id).discard().unwrap();
    for at in 0..steps {
        let session = bench.mount();
        let id = session.info().unwrap().id;
        drop(session);
        faults::crash_at(at, || {
            let mut session = bench.images.reopen(&id);
            let _ = work(&mut session, &bench);
        });
        let mut session = bench.images.reopen(&id);
        let drivers = list(&mut session, false).unwrap().len();
        assert!(drivers == 0 || drivers == 2, "step {at}: {drivers} drivers");
        session.discard().unwrap();
    }
}

#[test]
fn cancelling_while_content_is_stored_changes_nothing() {
    let bench = bench();
    let mut session = bench.mount();
    let mut seen = 0;
    let mut observer = |progress: Progress| {
        if progress.phase == Phase::Staging {
            seen += 1;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let result = add(&mut session, &[bench.drivers()], recurse(), &mut observer);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert_eq!(seen, 1);
    assert_eq!(session.info().unwrap().pending_transactions, 0);
    assert!(all_added(&work(&mut session, &bench).unwrap()));
}

fn signature(inf: &Path) -> Result<Option<DriverSignature>> {
    let target = Target::new(Architecture::Amd64, 10, 0, 26100);
    let Ok(source) = PackageInf::read(inf)? else { return Ok(None) };
    let applicability = source.applicability(&target)?;
    if let Applicability::NotApplicable(_) = applicability {
        return Ok(None);
    }
    let included = &mut |_: &str| -> Result<Option<Inf>> { Ok(None) };
    Ok(Some(Package::read(&source, applicability, &target, &trust(), included)?.signature.signature))
}

#[test]
fn no_changed_byte_of_an_inf_or_a_driver_passes_as_signed() {
    let folder = tempfile::tempdir().unwrap();
    let inf = Sample::storage("stor").write(folder.path());
    assert_eq!(signature(&inf).unwrap(), Some(DriverSignature::Signed));
    for file in [inf.clone(), inf.with_extension("sys")] {
        let original = std::fs::read(&file).unwrap();
        for at in 0..original.len() {
            let mut bytes = original.clone();
            bytes[at] ^= [0x01, 0x20, 0x80][at % 3];
            std::fs::write(&file, bytes).unwrap();
            // An error, not applicable, unsigned, tampered: whatever, but not signed.
            let found = signature(&inf);
            assert!(!matches!(found, Ok(Some(DriverSignature::Signed))), "{} byte {at}", file.display());
        }
        std::fs::write(&file, original).unwrap();
    }
    assert_eq!(signature(&inf).unwrap(), Some(DriverSignature::Signed));
}

#[test]
fn a_damaged_catalogue_never_passes_as_signed() {
    let folder = tempfile::tempdir().unwrap();
    let inf = Sample::storage("stor").write(folder.path());
    let file = inf.with_extension("cat");
    let original = std::fs::read(&file).unwrap();
    let mut allowed = 0;
    for at in 0..original.len() {
        let mut bytes = original.clone();
        bytes[at] ^= 0x81;
        std::fs::write(&file, &bytes).unwrap();
        if signature(&inf).unwrap() == Some(DriverSignature::Signed) {
            // What is not signed says nothing: the envelope's version, its list of algorithms.
            let [before, after] = [&original, &bytes].map(|bytes| Catalog::parse(bytes).unwrap());
            assert_eq!(before.members(), after.members(), "byte {at}");
            assert_eq!(before.attributes(), after.attributes(), "byte {at}");
            assert_eq!(before.certificates(), after.certificates(), "byte {at}");
            allowed += 1;
        }
        std::fs::write(&file, &original[..at]).unwrap();
        let cut = signature(&inf).unwrap();
        let expected = if at == 0 { DriverSignature::Unsigned } else { DriverSignature::Tampered };
        assert_eq!(cut, Some(expected), "cut at {at}");
    }
    assert!(allowed < 50, "{allowed} of {} bytes", original.len());
}
