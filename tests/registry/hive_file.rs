//! Hive files of the host: whatever step a save stops at, the file is the old one or the new one.

use crate::support::hives;
use imgsvc::error::Error;
use imgsvc::formats::regf::logs::RecoveryState;
use imgsvc::formats::regf::*;
use imgsvc::image::hive_file::{CreateOptions, HiveAccess, HiveFile, HiveSaved};
use imgsvc::image::host::faults;
use imgsvc::progress::unobserved;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const NOW: u64 = 133_800_000_000_000_000;

/// Some 600 KB.
fn sample() -> Hive {
    let mut hive = Hive::new("SYSTEM", 5, None).unwrap();
    for number in 0..3000 {
        let key = hive.create_key(hive.root(), &format!("Key{number:04}")).unwrap();
        hive.set_value(key, "v", REG_BINARY, &[number as u8; 100]).unwrap();
    }
    hive
}

fn create(path: &Path) -> imgsvc::error::Result<()> {
    HiveFile::create(path, &mut sample(), NOW, &CreateOptions::default(), &mut unobserved)
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        create(&place.hive()).unwrap();
        place
    }

    fn hive(&self) -> PathBuf {
        self.folder.path().join("SYSTEM")
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// Edits that touch many pages, add bins and free space.
fn edit(hive: &mut Hive) {
    for number in (0..3000).step_by(40) {
        let key = hive.require(hive.root(), &format!("key{number:04}")).unwrap();
        hive.set_value(key, "v", REG_BINARY, &[0xEE; 100]).unwrap();
        hive.create_key(key, "below").unwrap();
    }
    let key = hive.require(hive.root(), "Key0001").unwrap();
    hive.set_value(key, "large", REG_BINARY, &vec![7; 100_000]).unwrap();
    hive.delete_key(hive.require(hive.root(), "Key2999").unwrap(), true).unwrap();
}

fn save_edited(path: &Path, compact: bool) -> imgsvc::error::Result<HiveSaved> {
    let mut file = HiveFile::open(path, HiveAccess::Write)?;
    edit(file.hive_mut());
    if compact {
        file.save_compacted(NOW + 1, &mut unobserved)
    } else {
        file.save(NOW + 1, &mut unobserved)
    }
}

fn dump(path: &Path) -> Vec<String> {
    hives::dump(HiveFile::open(path, HiveAccess::Read).unwrap().hive())
}

#[test]
fn a_save_writes_what_changed_and_nothing_else() {
    let place = Place::new();
    let before = fs::read(place.hive()).unwrap();
    assert!(create(&place.hive()).is_err(), "no file is replaced");
    let mut file = HiveFile::open(&place.hive(), HiveAccess::Write).unwrap();
    assert!(file.recovery().is_none());
    assert_eq!(file.save(NOW + 1, &mut unobserved).unwrap(), HiveSaved::default());
    let root = file.hive().root();
    let key = file.hive_mut().create_key(root, "Key1500\\new").unwrap();
    file.hive_mut().set_value(key, "v", REG_DWORD, &dword(7)).unwrap();
    let saved = file.save(NOW + 1, &mut unobserved).unwrap();
    assert!(saved.written <= 5 * 4096, "{saved:?}");
    assert!(file.hive().bytes_read() < 80_000);
    // And again, from where it is.
    file.hive_mut().delete_key(key, true).unwrap();
    file.save(NOW + 2, &mut unobserved).unwrap();
    drop(file);
    // What the first edit left free in its new bin is used by the next.
    for number in 0..10 {
        let mut file = HiveFile::open(&place.hive(), HiveAccess::Write).unwrap();
        let key = file.hive_mut().create_key(root, &format!("Key{:04}\\again", number * 300)).unwrap();
        file.save(NOW + 3, &mut unobserved).unwrap();
        file.hive_mut().delete_key(key, true).unwrap();
        file.save(NOW + 4, &mut unobserved).unwrap();
    }
    assert_eq!(place.names(), ["SYSTEM"]);
    let after = fs::read(place.hive()).unwrap();
    assert!(after.len() <= before.len() + 4096, "at most one bin more");
    let hive = Hive::open(after).unwrap();
    hive.check().unwrap();
    assert_eq!(hives::dump_without_times(&hive), hives::dump_without_times(&Hive::open(before).unwrap()));
}

#[test]
fn a_hive_opened_for_reading_is_not_saved_and_not_touched() {
    let place = Place::new();
    let before = fs::read(place.hive()).unwrap();
    let mut file = HiveFile::open(&place.hive(), HiveAccess::Read).unwrap();
    edit(file.hive_mut());
    assert!(matches!(file.save(NOW, &mut unobserved), Err(Error::NotServiceable { .. })));
    assert!(matches!(file.save_compacted(NOW, &mut unobserved), Err(Error::NotServiceable { .. })));
    assert!(fs::read(place.hive()).unwrap() == before);
}

#[test]
fn one_writer_at_a_time() {
    let place = Place::new();
    let first = HiveFile::open(&place.hive(), HiveAccess::Write).unwrap();
    assert!(matches!(HiveFile::open(&place.hive(), HiveAccess::Write), Err(Error::Busy { .. })));
    HiveFile::open(&place.hive(), HiveAccess::Read).unwrap();
    drop(first);
    HiveFile::open(&place.hive(), HiveAccess::Write).unwrap();
}

/// What the file holds after a save that was stopped, as the next reader and the next writer find it.
fn judge(place: &Place, old: &[String], new: &[String], what: &str) -> bool {
    let read = dump(&place.hive());
    let file = HiveFile::open(&place.hive(), HiveAccess::Write).unwrap();
    assert!(file.recovery().is_none_or(|recovery| recovery.state == RecoveryState::Clean), "{what}");
    file.hive().check().unwrap();
    assert!(hives::dump(file.hive()) == read, "{what}: readers and writers see the same");
    drop(file);
    assert!(read == old || read == new, "{what}: neither the old nor the new hive");
    let journal = place.names().iter().any(|name| name.ends_with("journal"));
    assert!(!journal, "{what}: {:?}", place.names());
    Hive::open(fs::read(place.hive()).unwrap()).unwrap().check().unwrap();
    read == new
}

#[test]
fn a_crash_at_any_step_leaves_the_old_or_the_new_hive() {
    for compact in [false, true] {
        let place = Place::new();
        let old = dump(&place.hive());
        let (saved, steps) = faults::count(|| save_edited(&place.hive(), compact));
        assert!(saved.unwrap().written > 100_000);
        let new = dump(&place.hive());
        let (mut before, mut after) = (0, 0);
        for at in 0..steps {
            let place = Place::new();
            let result = faults::crash_at(at, || save_edited(&place.hive(), compact));
            assert!(result.is_err() || at + 1 == steps, "{compact} {at}");
            if judge(&place, &old, &new, &format!("compact {compact}, step {at}")) {
                after += 1;
            } else {
                before += 1;
            }
        }
        assert!(before > 3 && after > 0, "{before} old, {after} new of {steps}");
    }
}

#[test]
fn a_full_disk_leaves_the_old_hive_at_once() {
    for compact in [false, true] {
        let place = Place::new();
        let old = dump(&place.hive());
        let (_, steps) = faults::count(|| save_edited(&place.hive(), compact));
        let new = dump(&place.hive());
        for at in 0..steps {
            let place = Place::new();
            let result = faults::full_at(at, || save_edited(&place.hive(), compact));
            // Not even what was written of the journal is left. (Here a full disk also refuses to write
            // over what is there, so later the journal stays for the next opening.)
            assert!(at > 2 || place.names().len() == 1, "step {at}: {:?}", place.names());
            let is_new = judge(&place, &old, &new, &format!("compact {compact}, step {at}"));
            assert_eq!(result.is_ok(), is_new, "compact {compact}, step {at}");
        }
    }
}

#[test]
fn a_failed_save_is_not_repeated_from_memory() {
    let place = Place::new();
    let mut file = HiveFile::open(&place.hive(), HiveAccess::Write).unwrap();
    edit(file.hive_mut());
    assert!(faults::full_at(3, || file.save(NOW + 1, &mut unobserved)).is_err());
    let root = file.hive().root();
    file.hive_mut().create_key(root, "more").unwrap();
    let error = file.save(NOW + 1, &mut unobserved).unwrap_err().to_string();
    assert!(error.contains("must be opened again"), "{error}");
}

#[test]
fn a_journal_of_another_file_is_not_played_into_this_one() {
    let place = Place::new();
    // Stopped while the pages are written: the journal stays.
    let steps = faults::count(|| save_edited(&Place::new().hive(), false)).1;
    let _ = faults::crash_at(steps / 2, || save_edited(&place.hive(), false));
    assert_eq!(place.names(), [".SYSTEM.imgsvc-journal", "SYSTEM"]);
    assert!(Hive::open(fs::read(place.hive()).unwrap()).is_err(), "others see that it is not whole");
    // Somebody puts a backup in its place.
    let mut other = sample();
    other.create_key(other.root(), "another hive").unwrap();
    let other = other.finish(NOW + 9).unwrap().bytes;
    fs::write(place.hive(), &other).unwrap();
    drop(HiveFile::open(&place.hive(), HiveAccess::Write).unwrap());
    assert!(fs::read(place.hive()).unwrap() == other);
    assert_eq!(place.names(), ["SYSTEM"]);
}

#[test]
fn a_dirty_hive_is_saved_with_its_logs_applied_and_the_logs_emptied() {
    let Some(folder) = hives::testdata("hives/regipy") else { return };
    let files = hives::files(&folder);
    let bytes = |name: &str| files.iter().find(|(found, _)| found.ends_with(name)).unwrap().1.clone();
    for compact in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("NTUSER.DAT");
        fs::write(&path, bytes("transactions_NTUSER.DAT.xz")).unwrap();
        fs::write(folder.path().join("ntuser.dat.LOG1"), bytes("transactions_ntuser.dat.log1.xz")).unwrap();
        fs::write(folder.path().join("ntuser.dat.LOG2"), bytes("transactions_ntuser.dat.log2.xz")).unwrap();
        let mut file = HiveFile::open(&path, HiveAccess::Write).unwrap();
        assert_eq!(file.recovery().unwrap().state, RecoveryState::Recovered);
        let recovered = hives::dump(file.hive());
        assert!(!file.hive().is_dirty());
        let saved =
            if compact { file.save_compacted(NOW, &mut unobserved) } else { file.save(NOW, &mut unobserved) }
                .unwrap();
        assert_eq!(saved.logs_emptied, 2);
        drop(file);
        for log in ["ntuser.dat.LOG1", "ntuser.dat.LOG2"] {
            assert_eq!(fs::metadata(folder.path().join(log)).unwrap().len(), 0);
        }
        let hive = Hive::open(fs::read(&path).unwrap()).unwrap();
        hive.check().unwrap();
        assert!(hives::dump(&hive) == recovered);
        if hives::has_hivex() {
            assert!(hives::hivex_dump(hive.bytes()).unwrap() == recovered);
        }
        // Without its logs it is read, and edited only when that is asked for.
        fs::write(&path, bytes("transactions_NTUSER.DAT.xz")).unwrap();
        let mut file = HiveFile::open(&path, HiveAccess::Write).unwrap();
        assert!(file.hive().is_dirty());
        let root = file.hive().root();
        assert!(matches!(file.hive_mut().create_key(root, "new"), Err(Error::HiveDirty { .. })));
        file.hive_mut().accept_dirty();
        file.hive_mut().create_key(root, "new").unwrap();
        file.save(NOW, &mut unobserved).unwrap();
        assert!(!HiveFile::open(&path, HiveAccess::Read).unwrap().hive().is_dirty());
    }
}

const CHILD: &str = "IMGSVC_TEST_HIVE";

/// Not a test of its own: what the killed process does, when this program is run as one.
#[test]
fn child_that_saves() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let compact = std::env::var_os("IMGSVC_TEST_COMPACT").is_some();
    save_edited(Path::new(&path), compact).unwrap();
}

fn start(path: &Path, compact: bool) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "hive_file::child_that_saves"]).env(CHILD, path);
    if compact {
        command.env("IMGSVC_TEST_COMPACT", "1");
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// `IMGSVC_KILLS` is how often each way of saving is killed; 20 times unless it is set.
#[test]
fn a_killed_save_leaves_the_old_or_the_new_hive() {
    let rounds = std::env::var("IMGSVC_KILLS").ok().and_then(|count| count.parse().ok());
    let rounds: u32 = rounds.unwrap_or(20);
    for compact in [false, true] {
        let place = Place::new();
        let old = dump(&place.hive());
        let started = Instant::now();
        assert!(start(&place.hive(), compact).wait().unwrap().success());
        let whole = started.elapsed().max(Duration::from_millis(5));
        let new = dump(&place.hive());
        let (mut before, mut after) = (0, 0);
        for round in 0..rounds {
            let place = Place::new();
            let mut child = start(&place.hive(), compact);
            // Moments spread over the time a save takes; which step they hit is left to chance.
            std::thread::sleep(whole * (round * 13 % rounds) / (rounds - rounds / 10));
            let _ = child.kill();
            child.wait().unwrap();
            match judge(&place, &old, &new, &format!("compact {compact}, round {round}")) {
                true => after += 1,
                false => before += 1,
            }
        }
        eprintln!("killed {rounds} times, compact {compact}: {before} old hives, {after} new ones");
    }
}
