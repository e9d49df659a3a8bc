//! Checking and salvaging hives, in files and in images: with their logs, cancelled, interrupted.

use crate::support::hives;
use crate::support::images;
use crate::support::images::{read, root};
use crate::support::windows::WindowsBench;
use imgsvc::error::Error;
use imgsvc::formats::regf::*;
use imgsvc::image::hive_file::{HiveAccess, HiveFile};
use imgsvc::image::host::faults;
use imgsvc::progress::{unobserved, Observer, Phase, Progress};
use imgsvc::servicing::registry::*;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

const SYSTEM: &str = r"\Windows\System32\config\SYSTEM";

/// Some 300 KB.
fn sample() -> Vec<u8> {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    for number in 0..1500 {
        let key = hive.create_key(hive.root(), &format!("Key{number:04}")).unwrap();
        hive.set_value(key, "v", REG_BINARY, &[7; 100]).unwrap();
    }
    hive.finish(1).unwrap().bytes
}

/// The same with a value whose record is not one.
fn damaged() -> Vec<u8> {
    let mut bytes = sample();
    let value = bytes.windows(2).rposition(|bytes| bytes == b"vk").unwrap();
    bytes[value] = b'x';
    bytes
}

fn put(folder: &Path, name: impl AsRef<Path>, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_sound_file_and_a_damaged_one_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let good = put(folder.path(), "good", &sample());
    let report = check_hive_file(&good, &mut unobserved).unwrap();
    let [hive] = report.hives.as_slice() else { panic!("{report:?}") };
    assert!(hive.sound && hive.error.is_none() && hive.key.is_none() && hive.recovery.is_none());
    assert_eq!((hive.state, hive.keys, hive.values, hive.defect_count), (HiveState::Clean, 1501, 1500, 0));
    let bad = put(folder.path(), "bad", &damaged());
    let report = check_hive_file(&bad, &mut unobserved).unwrap();
    let hive = &report.hives[0];
    assert!(!hive.sound);
    assert_eq!((hive.state, hive.keys, hive.values, hive.damage_count), (HiveState::Clean, 1501, 1499, 1));
    let text = serde_json::to_value(&report).unwrap();
    let defect = &text["hives"][0]["defects"][0];
    assert_eq!(defect["severity"], "Damage");
    let at = usize::try_from(defect["offset"].as_u64().unwrap()).unwrap();
    assert_eq!(&damaged()[at..at + 2], b"xk", "the offset is that of the damage");
    // What is no hive at all has defects too.
    for bytes in [&b""[..], &b"regf"[..], &[0; 9000][..]] {
        let none = put(folder.path(), "none", bytes);
        let report = check_hive_file(&none, &mut unobserved).unwrap();
        assert!(!report.hives[0].sound && report.hives[0].damage_count > 0);
        let refused = repair_hive_file(&none, &folder.path().join("new"), false, &mut unobserved);
        assert!(refused.unwrap_err().to_string().contains("a hive with a root key"));
        assert_eq!(names(folder.path()), ["bad", "good", "none"]);
    }
    let missing = check_hive_file(&folder.path().join("missing"), &mut unobserved);
    assert!(matches!(missing, Err(Error::Io { .. })));
}

#[test]
fn a_repaired_file_has_the_rest_and_a_list_of_what_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let bad = put(folder.path(), "bad", &damaged());
    let target = folder.path().join("good");
    let report = repair_hive_file(&bad, &target, false, &mut unobserved).unwrap();
    assert_eq!((report.keys, report.values, report.lost_count), (1501, 1499, 1));
    assert!(report.lost[0].path.starts_with("Key"), "{report:?}");
    assert!(check_hive_file(&target, &mut unobserved).unwrap().hives[0].sound);
    assert!(fs::read(&bad).unwrap() == damaged(), "the damaged file stays");
    let hive = Hive::open(fs::read(&target).unwrap()).unwrap();
    if hives::has_hivex() {
        assert!(hives::hivex_dump(hive.bytes()).unwrap() == hives::dump(&hive));
    }
    // A second time only when that is asked for; over the file itself too.
    let before = fs::read(&target).unwrap();
    assert!(matches!(repair_hive_file(&bad, &target, false, &mut unobserved), Err(Error::Io { .. })));
    assert!(fs::read(&target).unwrap() == before);
    put(folder.path(), "good.LOG1", b"the log of the hive that was replaced");
    repair_hive_file(&bad, &target, true, &mut unobserved).unwrap();
    assert_eq!(fs::metadata(folder.path().join("good.LOG1")).unwrap().len(), 0);
    repair_hive_file(&bad, &bad, true, &mut unobserved).unwrap();
    assert!(check_hive_file(&bad, &mut unobserved).unwrap().hives[0].sound);
    assert_eq!(names(folder.path()), ["bad", "good", "good.LOG1"]);
}

#[test]
fn a_target_that_is_open_elsewhere_or_a_folder_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let bad = put(folder.path(), "bad", &damaged());
    let target = put(folder.path(), "target", &sample());
    let open = HiveFile::open(&target, HiveAccess::Write).unwrap();
    assert!(matches!(repair_hive_file(&bad, &target, true, &mut unobserved), Err(Error::Busy { .. })));
    drop(open);
    fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(repair_hive_file(&bad, &folder.path().join("folder"), true, &mut unobserved).is_err());
    assert_eq!(names(folder.path()), ["bad", "folder", "target"]);
}

#[cfg(unix)]
#[test]
fn a_new_file_is_as_private_as_the_damaged_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let bad = put(folder.path(), "bad", &damaged());
    fs::set_permissions(&bad, fs::Permissions::from_mode(0o600)).unwrap();
    let target = folder.path().join("new");
    repair_hive_file(&bad, &target, false, &mut unobserved).unwrap();
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_logs_beside_a_file_are_taken_into_account() {
    let Some(corpus) = hives::testdata("hives/regipy") else { return };
    let folder = tempfile::tempdir().unwrap();
    let files = hives::files(&corpus);
    let bytes = |name: &str| files.iter().find(|(found, _)| found.ends_with(name)).unwrap().1.clone();
    let path = put(folder.path(), "NTUSER.DAT", &bytes("transactions_NTUSER.DAT.xz"));
    for log in ["log1", "log2"] {
        let bytes = bytes(&format!("transactions_ntuser.dat.{log}.xz"));
        put(folder.path(), format!("ntuser.dat.{}", log.to_uppercase()), &bytes);
    }
    let before: Vec<Vec<u8>> =
        names(folder.path()).iter().map(|name| fs::read(folder.path().join(name)).unwrap()).collect();
    let report = check_hive_file(&path, &mut unobserved).unwrap();
    let hive = &report.hives[0];
    assert_eq!((hive.state, hive.sound, hive.defect_count), (HiveState::Recovered, true, 0));
    let recovery = hive.recovery.as_ref().unwrap();
    assert!(recovery.recovered && recovery.logs.len() == 2 && recovery.logs[0].entries > 0);
    let target = folder.path().join("new");
    let repaired = repair_hive_file(&path, &target, false, &mut unobserved).unwrap();
    assert!(repaired.recovery.unwrap().recovered && repaired.lost_count == 0);
    let salvaged = Hive::open(fs::read(&target).unwrap()).unwrap();
    let opened = HiveFile::open(&path, HiveAccess::Read).unwrap();
    assert!(hives::dump(&salvaged) == hives::dump(opened.hive()));
    drop(opened);
    fs::remove_file(&target).unwrap();
    let after: Vec<Vec<u8>> =
        names(folder.path()).iter().map(|name| fs::read(folder.path().join(name)).unwrap()).collect();
    assert!(before == after, "hive and logs stay as they are");
    // Without its logs it is dirty, and that is said.
    for log in ["ntuser.dat.LOG1", "ntuser.dat.LOG2"] {
        fs::remove_file(folder.path().join(log)).unwrap();
    }
    let report = check_hive_file(&path, &mut unobserved).unwrap();
    let hive = &report.hives[0];
    assert_eq!((hive.state, hive.sound), (HiveState::Dirty, false));
    assert!(!hive.recovery.as_ref().unwrap().recovered && hive.recovery.as_ref().unwrap().logs.is_empty());
    assert!(hive.defects[0].text.contains("the logs hold newer data"));
    assert!(!repair_hive_file(&path, &target, false, &mut unobserved).unwrap().recovery.unwrap().recovered);
}

/// Runs an operation until it says that it is done, each time stopped one moment later. Returns how often
/// it asked.
fn stop_at_each(run: &mut dyn FnMut(Observer<'_>) -> bool) -> u64 {
    for moment in 0_u64.. {
        let mut asked = 0;
        let done = run(&mut |_| {
            asked += 1;
            if asked > moment {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        assert!(asked <= moment + 1, "asked again after it was told to stop");
        if done {
            return moment;
        }
    }
    unreachable!()
}

#[test]
fn each_pass_can_be_stopped_and_tells_how_far_it_is() {
    let bytes = damaged();
    let mut last: Option<Progress> = None;
    check_file(&bytes, &mut |progress| {
        if let Some(last) = last {
            assert!(last.done <= progress.done && progress.done <= progress.total);
        }
        assert_eq!(progress.phase, Phase::Verifying);
        last = Some(progress);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(last.is_some_and(|last| last.done == last.total && last.total > 200_000));
    let moments = stop_at_each(&mut |observer| match check_file(&bytes, observer) {
        Ok(found) => found.damage_count == 1,
        Err(error) => !matches!(error, Error::Cancelled),
    });
    assert!(moments > 3, "{moments}");
    let moments = stop_at_each(&mut |observer| match repair(&bytes, observer) {
        Ok((_, salvage)) => salvage.lost_count == 1,
        Err(error) => !matches!(error, Error::Cancelled),
    });
    assert!(moments > 3, "{moments}");
    let mut hive = Hive::open(sample()).unwrap();
    let before = hives::dump(&hive);
    let moments = stop_at_each(&mut |observer| {
        let done = hive.compact(observer);
        assert!(hives::dump(&hive) == before && hive.check().is_ok());
        done.is_ok()
    });
    assert!(moments > 3, "{moments}");
    let folder = tempfile::tempdir().unwrap();
    let (bad, target) = (put(folder.path(), "bad", &bytes), folder.path().join("new"));
    stop_at_each(&mut |observer| {
        let done = repair_hive_file(&bad, &target, false, observer);
        assert_eq!(done.is_ok(), target.exists());
        assert!(done.is_ok() || names(folder.path()) == ["bad"]);
        done.is_ok()
    });
}

#[test]
fn a_crash_while_a_new_file_is_written_leaves_the_old_or_the_new_one() {
    let folder = || {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "bad", &damaged());
        put(folder.path(), "target", &sample());
        folder
    };
    let run =
        |folder: &Path| repair_hive_file(&folder.join("bad"), &folder.join("target"), true, &mut unobserved);
    let first = folder();
    let (done, steps) = faults::count(|| run(first.path()));
    done.unwrap();
    let (mut old, mut new) = (0, 0);
    for at in 0..steps {
        let folder = folder();
        let _ = faults::crash_at(at, || run(folder.path()));
        let report = check_hive_file(&folder.path().join("target"), &mut unobserved).unwrap();
        let hive = &report.hives[0];
        assert!(hive.sound);
        match hive.values {
            1500 => old += 1,
            1499 => new += 1,
            other => panic!("{other} values"),
        }
    }
    assert!(old > 1 && new > 0, "{old} old, {new} new");
}

#[test]
fn the_hives_of_an_image_are_checked_and_one_is_repaired_in_one_transaction() {
    let bench = WindowsBench::with(|tree| {
        let config = tree.join("Windows/System32/config");
        fs::write(config.join("SYSTEM"), damaged()).unwrap();
        fs::write(config.join("SYSTEM.LOG1"), b"a log that is of no use").unwrap();
        fs::write(config.join("SAM"), b"no hive").unwrap();
    });
    let mut session = bench.mount();
    let access = Access::default();
    let config = images::path(r"\Windows\System32\config");
    let before = session.view().unwrap().names(&config).unwrap();
    let report = check_image_hives(&mut session, None, &access, &mut unobserved).unwrap();
    let system = report.hives.iter().find(|hive| hive.hive == SYSTEM).unwrap();
    assert_eq!((system.sound, system.damage_count), (false, 1));
    assert_eq!(system.key.as_deref(), Some(r"HKEY_LOCAL_MACHINE\SYSTEM"));
    let sam = report.hives.iter().find(|hive| hive.hive.ends_with("SAM")).unwrap();
    assert!(!sam.sound && sam.damage_count > 0 && sam.length == 7);
    assert!(report.hives.len() > 3);
    let mut last = 0;
    let one = check_image_hives(&mut session, Some(r"HKLM\SYSTEM\any key"), &access, &mut |progress| {
        assert!(progress.done <= progress.total && progress.total == system.length);
        last = progress.done;
        ControlFlow::Continue(())
    });
    assert_eq!(one.unwrap().hives, std::slice::from_ref(system));
    assert_eq!(last, system.length);
    let none = check_image_hives(&mut session, Some(r"HKLM\COMPONENTS"), &access, &mut unobserved);
    assert!(matches!(root(none.unwrap_err()), Error::ItemNotFound { .. }));
    // Stopped at any moment, nothing changes.
    stop_at_each(&mut |observer| {
        let done = repair_image_hive(&mut session, "HKLM:\\SYSTEM", &access, observer);
        let now = read(&session, SYSTEM).unwrap();
        assert_eq!(done.is_err(), now == damaged());
        if let Ok(report) = &done {
            assert_eq!((report.hive.as_str(), report.target.as_deref()), (SYSTEM, None));
            assert_eq!((report.keys, report.values, report.lost_count), (1501, 1499, 1));
            Hive::open(now).unwrap().check().unwrap();
        }
        done.is_ok()
    });
    assert_eq!(read(&session, r"\Windows\System32\config\SYSTEM.LOG1").unwrap(), b"");
    assert_eq!(session.view().unwrap().names(&config).unwrap(), before, "no file came or went");
    let refused = repair_image_hive(&mut session, r"HKLM\SAM", &access, &mut unobserved);
    assert!(refused.unwrap_err().to_string().contains("a hive with a root key"));
    // The session is saved, and the image opened again.
    images::save(&mut session).unwrap();
    session.discard().unwrap();
    let mut session = bench.mount();
    let report = check_image_hives(&mut session, Some(r"HKLM\SYSTEM"), &access, &mut unobserved).unwrap();
    assert!(report.hives[0].sound);
}
