//! The driver database against Windows itself: what is generated from an INF alone, and what Windows wrote
//! for the same INF (the same by its store folder's hash), entry by entry.
//!
//! What Windows wrote stands in `testdata/driverdb-oracle/*.txt` and in the SYSTEM hives of `testdata/hives`;
//! INFs are sought everywhere in `testdata`.
//! Each difference is explained in [`EXPLAINED`], or is a failure.

use crate::support::database_dump::{dump_of, Dump, Entry};
use crate::support::hives;
use imgsvc::error::Result;
use imgsvc::formats::inf::{driver_store_hash, Environment, Inf, Target};
use imgsvc::formats::regf::Hive;
use imgsvc::servicing::drivers::database;
use imgsvc::servicing::drivers::database::configuration::{configuration, descriptors};
use imgsvc::servicing::drivers::database::oem_map::{number_of, OemInfMap};
use imgsvc::servicing::drivers::database::record::record;
use imgsvc::servicing::drivers::package::{Package, PackageInf};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// A kind of difference that is understood.
struct Explained {
    /// Short name, for the list.
    name: &'static str,
    /// Why it is there.
    reason: &'static str,
    /// Whether a difference is of the kind.
    applies: fn(&Difference) -> bool,
}

/// One entry that differs. Paths are relative to the package's key, or name the other subtree.
struct Difference {
    label: String,
    path: String,
    name: String,
    ours: Option<String>,
    theirs: Option<String>,
}

impl Difference {
    fn is(&self, path: &str, names: &[&str]) -> bool {
        self.path == path && names.contains(&self.name.as_str())
    }

    /// Windows wrote it; nothing is written here.
    fn is_left_out(&self) -> bool {
        self.ours.is_none()
    }
}

const EXPLAINED: [Explained; 8] = [
    Explained {
        name: "host's path, time",
        reason:
            "`OemPath` would leave the host's path in the image; `ImportDate` is the time of the addition",
        applies: |found| found.is("", &["OemPath", "ImportDate"]),
    },
    Explained {
        name: "signature",
        reason: "comes from the catalogue, not from the INF",
        applies: |found| found.is("", &["SignerName", "SignerScore"]),
    },
    Explained {
        name: "Catalog",
        reason: "Windows 10 1709 and older did not write it",
        applies: |found| found.is("", &["Catalog"]) && found.theirs.is_none(),
    },
    Explained {
        name: "WHQL properties",
        reason: "`Properties` of the package: what Microsoft noted in the catalogue; nothing needs it",
        applies: |found| found.path.starts_with("Properties") && found.is_left_out(),
    },
    Explained {
        name: "FileSize",
        reason: "newer builds note the size of the package's files; nothing needs it",
        applies: |found| found.is("", &["FileSize"]) && found.is_left_out(),
    },
    Explained {
        name: "class of viostor",
        reason: "its text was taken together with that of vioscsi, which has the key of the class they share",
        applies: |found| {
            found.path == r"DeviceIds\{4d36e97b-e325-11ce-bfc1-08002be10318}"
                && found.label.starts_with("viostor.inf_")
                && found.theirs.is_none()
        },
    },
    Explained {
        name: "StatusFlags 0x400",
        reason: "a bit of viogpudo (Display) whose rule is not known",
        applies: |found| {
            let number = |text: &Option<String>| {
                let text = text.as_deref()?.strip_prefix("DWORD 0x")?;
                u32::from_str_radix(text, 16).ok()
            };
            found.is("", &["StatusFlags"])
                && number(&found.theirs) == number(&found.ours).map(|bits| bits | 0x400)
        },
    },
    Explained {
        name: "unused device",
        reason: "Windows keeps descriptors, and their strings, of devices that were there",
        applies: |found| {
            let part = found.path.split('\\').next().unwrap_or_default();
            (part == "Descriptors" || part == "Strings") && found.theirs.is_none()
        },
    },
];

/// An INF of the test data, with the bytes its store folder is named after.
struct KnownInf {
    path: PathBuf,
    bytes: Vec<u8>,
}

/// The INFs of the test data by the hash of their bytes: as they are, and with the line ends that a
/// version control system took away.
fn known_infs(root: &Path) -> HashMap<String, KnownInf> {
    let mut known = HashMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("inf")) {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            for bytes in [with_crlf(&bytes), bytes] {
                known.insert(driver_store_hash(&bytes), KnownInf { path: path.clone(), bytes });
            }
        }
    }
    known
}

fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    let mut restored = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if byte == b'\n' && restored.last() != Some(&b'\r') {
            restored.push(b'\r');
        }
        restored.push(byte);
    }
    restored
}

/// What is written for an INF, published under that name, in a hive of its own. `configured`: as for a
/// package that starts at boot, which has all there can be.
fn generated(inf: &KnownInf, label: &str, published: &str, target: Target, configured: bool) -> Dump {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(inf.path.file_name().unwrap());
    std::fs::write(&path, &inf.bytes).unwrap();
    let source = PackageInf::read(&path).unwrap().unwrap();
    let included = &mut |_: &str| -> Result<Option<Inf>> { Ok(None) };
    let package = Package::of_inf(&source, &target, included).unwrap();
    assert_eq!(package.label, label);
    let mut record = record(&source, &package, &target, published, 0);
    record.catalog = source.version.catalog_file(target.architecture).map(str::to_owned);
    let environment = Environment { store_folder: Some(label), ..Environment::new(target) };
    let evaluation = source.inf.evaluate(&environment, included).unwrap();
    let mut strings = BTreeMap::new();
    record.configurations.clear();
    record.descriptors.clear();
    for found in evaluation.configurations.iter().filter(|_| configured) {
        record.configurations.push(configuration(&found.install, package.traits, target.build));
        record.descriptors.extend(descriptors(&found.models, &found.install.section, &mut strings));
    }
    record.strings = strings.into_iter().collect();
    let mut hive = Hive::new("SYSTEM", 5, None).unwrap();
    database::write(&mut hive, &record).unwrap();
    dump_of(&hive, "")
}

/// The entries of one subtree of a dump, by path below it and name; keys and names compare in any case.
fn entries(dump: &Dump, below: &str) -> BTreeMap<(String, String), (Entry, String)> {
    let prefix = below.to_lowercase();
    let mut found = BTreeMap::new();
    for entry in &dump.entries {
        let lower = entry.path.to_lowercase();
        let Some(rest) = lower.strip_prefix(&prefix) else { continue };
        if !rest.is_empty() && !rest.starts_with('\\') {
            continue;
        }
        let path = entry.path.split_at(below.len()).1.trim_start_matches('\\').to_owned();
        found.insert((path.to_lowercase(), entry.name.to_lowercase()), (entry.clone(), path));
    }
    found
}

fn differences(
    label: &str,
    ours: &Dump,
    theirs: &Dump,
    below: &str,
    prefix: &str,
) -> (usize, Vec<Difference>) {
    let (ours, theirs) = (entries(ours, below), entries(theirs, below));
    let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let mut equal = 0;
    let mut different = Vec::new();
    for key in keys {
        let (our, their) = (ours.get(key), theirs.get(key));
        let value = |found: Option<&(Entry, String)>| found.map(|(entry, _)| entry.value.clone());
        if value(our) == value(their) {
            equal += 1;
            continue;
        }
        let (entry, path) = our.or(their).unwrap();
        different.push(Difference {
            label: label.to_owned(),
            path: format!("{prefix}{path}"),
            name: entry.name.clone(),
            ours: value(our),
            theirs: value(their),
        });
    }
    (equal, different)
}

/// The values of one published name in the index of devices.
fn device_ids(dump: &Dump, published: &str) -> Dump {
    let is_id = |entry: &&Entry| {
        entry.path.to_lowercase().starts_with(r"driverdatabase\deviceids")
            && entry.name.eq_ignore_ascii_case(published)
    };
    Dump { entries: dump.entries.iter().filter(is_id).cloned().collect(), root: dump.root.clone() }
}

/// The SYSTEM hives of real systems: their names and bytes.
fn system_hives() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = hives::testdata("hives/regipy") else { return Vec::new() };
    let is_system = |name: &str| name.contains("/SYSTEM") && !name.contains(".LOG");
    hives::files(&folder).into_iter().filter(|(name, _)| is_system(name)).collect()
}

/// The hive, whether it was written to the end or not: old entries are all that is looked at.
fn open_anyway(mut bytes: Vec<u8>) -> Hive {
    bytes.copy_within(4..8, 8);
    let words = bytes[..508].chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    let checksum = words.fold(0, std::ops::BitXor::bitxor);
    bytes[508..512].copy_from_slice(&checksum.to_le_bytes());
    Hive::open(bytes).unwrap()
}

/// What Windows wrote, by where it is from: the texts, then packages that only a hive has.
fn written_by_windows(infs: &HashMap<String, KnownInf>) -> Vec<(String, Dump)> {
    let Some(folder) = hives::testdata("driverdb-oracle") else { return Vec::new() };
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let text = |path: &PathBuf| Dump::parse(&std::fs::read_to_string(path).unwrap());
    let mut found: Vec<_> = files.iter().map(|path| (name(path), text(path))).collect();
    let mut known: BTreeSet<String> =
        found.iter().flat_map(|(_, dump)| dump.packages()).map(|(label, _)| label).collect();
    for (name, bytes) in system_hives() {
        let hive = open_anyway(bytes);
        let labels: Vec<_> =
            database::packages(&hive).unwrap().into_iter().map(|package| package.label).collect();
        let of_inf = |label: &&String| infs.contains_key(label.rsplit('_').next().unwrap());
        let held: BTreeSet<_> =
            labels.iter().filter(of_inf).filter(|label| !known.contains(*label)).cloned().collect();
        eprintln!("{name}: {} packages, {} further ones with an INF at hand", labels.len(), held.len());
        if !held.is_empty() {
            let mut dump = dump_of(&hive, "DriverDatabase");
            dump.keep_packages(&held);
            found.push((name, dump));
            known.extend(held);
        }
    }
    found
}

/// The differences of one package, and how many entries are equal.
fn compare(theirs: &Dump, inf: &KnownInf, label: &str, published: &str) -> (usize, Vec<Difference>) {
    let package = format!(r"DriverDatabase\DriverPackages\{label}");
    let configured = theirs.has_key(&format!(r"{package}\Configurations"));
    let ours = generated(inf, label, published, theirs.target(), configured);
    let (mut equal, mut all) = differences(label, &ours, theirs, &package, "");
    let published_key = format!(r"DriverDatabase\DriverInfFiles\{published}");
    let (our_ids, their_ids) = (device_ids(&ours, published), device_ids(theirs, published));
    for (below, prefix, ours, theirs) in [
        (published_key.as_str(), "DriverInfFiles", &ours, theirs),
        (r"DriverDatabase\DeviceIds", r"DeviceIds\", &our_ids, &their_ids),
    ] {
        let (more, different) = differences(label, ours, theirs, below, prefix);
        equal += more;
        all.extend(different);
    }
    (equal, all)
}

#[test]
fn windows_wrote_the_same_for_every_inf_that_is_at_hand() {
    let Some(root) = hives::testdata("") else { return };
    let infs = known_infs(&root);
    let mut compared = 0;
    let mut unexplained = Vec::new();
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    for (source, theirs) in written_by_windows(&infs) {
        for (label, published) in theirs.packages() {
            let shown = format!("{source} {label}");
            let Some(inf) = infs.get(label.rsplit('_').next().unwrap()) else {
                eprintln!("{shown}: no INF at hand");
                continue;
            };
            if let (Some(map), Some(number)) = (theirs.oem_map(), number_of(&published)) {
                assert!(OemInfMap::from_bytes(&map).is_taken(number), "{shown}: {published}");
            }
            let (equal, different) = compare(&theirs, inf, &label, &published);
            let (mut explained, mut left) = (0, 0);
            for found in different {
                if let Some(kind) = EXPLAINED.iter().find(|kind| (kind.applies)(&found)) {
                    *used.entry(kind.name).or_default() += 1;
                    explained += 1;
                    continue;
                }
                let Difference { path, name, ours, theirs, .. } = found;
                unexplained.push(format!("{shown}: [{path}] {name}: {ours:?} here, {theirs:?} by Windows"));
                left += 1;
            }
            eprintln!("{shown}: {equal} equal, {explained} explained, {left} unexplained");
            compared += 1;
        }
    }
    for kind in &EXPLAINED {
        eprintln!("{:4} {}: {}", used.get(kind.name).unwrap_or(&0), kind.name, kind.reason);
    }
    eprintln!("{compared} packages compared");
    if compared == 0 {
        eprintln!("SKIPPED: no INF at hand that Windows wrote entries for");
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}
