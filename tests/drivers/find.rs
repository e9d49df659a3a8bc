//! Looking for driver packages: filters and details of a list, the rank of a match, and comparisons.

use crate::support::hives;
use crate::support::images::path;
use crate::support::packages::{Sample, SIGNER};
use crate::support::windows::{add_all, edit_hive, WindowsBench};
use imgsvc::formats::cat::CatalogBuilder;
use imgsvc::formats::regf::{dword, Hive, KeyId, REG_DWORD};
use imgsvc::image::Session;
use imgsvc::progress::unobserved;
use imgsvc::servicing::drivers::{
    find_matches, query, AddOptions, Compared, DriverChange, DriverDifference, DriverMatch, DriverSignature,
    ListOptions, MatchOptions, NominalTarget,
};
use imgsvc::servicing::source::Source;
use std::path::{Path, PathBuf};

/// Adds what is in folders below, signed or not.
fn recurse() -> AddOptions {
    AddOptions { recurse: true, force_unsigned: true, ..AddOptions::default() }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Names of the packages that a session's image lists.
fn listed(session: &mut Session, options: &ListOptions) -> Vec<String> {
    let found = query(session, options, &mut unobserved).unwrap();
    found.drivers.into_iter().map(|driver| driver.driver).collect()
}

#[test]
fn a_list_is_filtered_by_names_ids_and_classes_with_wildcards() {
    let bench = WindowsBench::new();
    Sample::network("net").write(&bench.drivers());
    Sample::storage("stor").write(&bench.drivers());
    let mut session = bench.mount();
    add_all(&mut session, &[bench.drivers()], recurse());
    let all = ListOptions::default();
    let by_id = |id: &str| ListOptions { hardware_ids: texts(&[id]), ..ListOptions::default() };
    let by_class = |class: &str| ListOptions { classes: texts(&[class]), ..ListOptions::default() };
    for (options, expected) in [
        (all.clone(), vec!["oem0.inf", "oem1.inf"]),
        (ListOptions { all: true, ..all.clone() }, vec!["oem0.inf", "oem1.inf", "disk.inf"]),
        // The line's hardware id, its compatible id, in any case; one part of an id is none.
        (by_id(r"PCI\VEN_FFFF&DEV_0001&SUBSYS_net"), vec!["oem0.inf"]),
        (by_id(r"pci\ven_ffff&dev_STOR"), vec!["oem1.inf"]),
        (by_id("PCI"), vec![]),
        (by_id(r"PCI\VEN_FFFF*"), vec!["oem0.inf", "oem1.inf"]),
        (by_id("*dev_net"), vec!["oem0.inf"]),
        (by_id(r"PCI\VEN_FFFF&DEV_000?&SUBSYS_s*"), vec!["oem1.inf"]),
        (by_id("{*}"), vec![]),
        (by_class("net"), vec!["oem0.inf"]),
        (by_class("SCSI*"), vec!["oem1.inf"]),
        (by_class("{4D36E972-e325-11ce-bfc1-08002be10318}"), vec!["oem0.inf"]),
        (by_class("4d36e97b-*"), vec!["oem1.inf"]),
        (ListOptions { names: texts(&["stor*.inf"]), ..all.clone() }, vec!["oem1.inf"]),
        (ListOptions { names: texts(&["OEM0.inf"]), ..by_class("net") }, vec!["oem0.inf"]),
        (ListOptions { names: texts(&["oem*"]), ..by_id("*STOR") }, vec!["oem1.inf"]),
        (ListOptions { classes: texts(&["net"]), ..by_id("*DEV_stor") }, vec![]),
    ] {
        assert_eq!(listed(&mut session, &options), expected, "{options:?}");
    }
    let names = ListOptions { names: texts(&["oem0.inf", "oem7.inf", "none*"]), ..all };
    assert_eq!(query(&mut session, &names, &mut unobserved).unwrap().missing, ["oem7.inf"]);
}

#[test]
fn details_are_those_of_the_inf_and_of_the_database_where_it_is_gone() {
    let bench = WindowsBench::new();
    Sample::storage("stor").write(&bench.drivers());
    let more = "[Models.NTarm64]\n%Device% = Install, PCI\\ARM\n".to_owned();
    Sample { more, ..Sample::network("net") }.write(&bench.drivers());
    let mut session = bench.mount();
    add_all(&mut session, &[bench.drivers()], recurse());
    let detailed = ListOptions { detailed: true, all: true, ..ListOptions::default() };
    let found = query(&mut session, &detailed, &mut unobserved).unwrap().drivers;
    let document = serde_json::to_value(&found[1]).unwrap();
    assert_eq!(document["driver"], "oem1.inf");
    assert_eq!(document["architecture"], "amd64");
    assert_eq!(document["intact"], true);
    assert_eq!(document["reason"], serde_json::Value::Null);
    assert_eq!(document["signerScore"], 0x0F00_0000);
    assert!(document["importDate"].as_u64().unwrap() > 134_000_000_000_000_000);
    let devices = document["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0]["hardwareId"], r"PCI\VEN_FFFF&DEV_0001&SUBSYS_stor");
    assert_eq!(devices[0]["compatibleIds"], serde_json::json!([r"PCI\VEN_FFFF&DEV_stor"]));
    assert_eq!(devices[0]["description"], "Sample Device");
    assert_eq!(devices[0]["manufacturer"], "Sample Maker");
    assert_eq!(devices[0]["section"], "Install.NT");
    assert_eq!(devices[0]["featureScore"], 0xFF);
    assert_eq!(
        document["services"],
        serde_json::json!([{ "name": "stor", "start": 0, "type": 1, "binary": r"\Windows\System32\drivers\stor.sys",
            "displayName": "Sample Device" }])
    );
    let folder = document["storePath"].as_str().unwrap();
    let size = u64::try_from(Sample::storage("stor").driver().len()).unwrap();
    let file = serde_json::json!({ "path": format!(r"{folder}\stor.sys"), "size": size, "present": true });
    assert_eq!(document["files"].as_array().unwrap().len(), 3);
    assert!(document["files"].as_array().unwrap().contains(&file), "{document}");
    // The bench has one inbox package, whose files it does not have.
    let inbox = found[2].detail.as_ref().unwrap();
    assert!(inbox.reason.as_ref().unwrap().contains("is not in the image"), "{inbox:?}");

    // Lost files are told, and a lost INF leaves the ids.
    let mut transaction = session.transaction("lose files").unwrap();
    transaction.remove(&path(&format!(r"{folder}\stor.sys")), false).unwrap();
    let lost = found[0].original_file_name.clone();
    transaction.remove(&path(&lost), false).unwrap();
    transaction.commit().unwrap();
    let found = query(&mut session, &detailed, &mut unobserved).unwrap().drivers;
    let [net, stor] = [0, 1].map(|index| found[index].detail.as_ref().unwrap());
    assert!(stor.reason.as_ref().unwrap().contains("1 of its files"), "{stor:?}");
    assert_eq!(net.intact, None);
    assert!(net.reason.as_ref().unwrap().contains("the ids are those of the driver database"));
    let ids: Vec<_> = net.devices.iter().map(|device| device.hardware_id.as_deref()).collect();
    assert_eq!(ids, [Some(r"PCI\VEN_FFFF&DEV_0001&SUBSYS_net"), None]);
    assert_eq!(net.devices[1].compatible_ids, [r"PCI\VEN_FFFF&DEV_net"]);
}

/// A package whose text is changed before it is signed.
fn write_changed(folder: &Path, name: &str, changes: &[(&str, &str)]) -> PathBuf {
    let sample = Sample::network(name);
    let inf = sample.write(folder);
    let mut text = sample.inf();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    std::fs::write(&inf, &text).unwrap();
    let catalog = CatalogBuilder::new().file(&format!("{name}.inf"), text.as_bytes());
    let catalog = catalog.file(&format!("{name}.sys"), &sample.driver()).sample_signer(SIGNER).to_bytes();
    std::fs::write(inf.with_extension("cat"), catalog).unwrap();
    inf
}

/// Searches, with the samples' signer as a root.
struct Search {
    roots: tempfile::TempDir,
}

impl Search {
    fn new() -> Self {
        let roots = tempfile::tempdir().unwrap();
        std::fs::write(roots.path().join("r.cer"), CatalogBuilder::sample_certificate(SIGNER)).unwrap();
        Self { roots }
    }

    fn options(&self, hardware_ids: &[&str], compatible_ids: &[&str]) -> MatchOptions {
        MatchOptions {
            hardware_ids: texts(hardware_ids),
            compatible_ids: texts(compatible_ids),
            recurse: true,
            nominal: NominalTarget::default(),
            trusted_roots: Some(self.roots.path().to_path_buf()),
        }
    }

    fn folder(&self, folder: &Path, hardware_ids: &[&str], compatible_ids: &[&str]) -> Vec<DriverMatch> {
        let options = self.options(hardware_ids, compatible_ids);
        let found = find_matches(&[folder.to_path_buf()], None, &options, &mut unobserved).unwrap();
        assert!(found.unread.is_empty() && found.missing.is_empty(), "{found:?}");
        found.matches
    }
}

/// Names and ranks, in order.
fn ranked(matches: &[DriverMatch]) -> Vec<(String, u32)> {
    let name = |found: &DriverMatch| {
        let inf = found.inf_path.as_ref().or(found.original_file_name.as_ref()).unwrap();
        inf.rsplit(['/', '\\']).next().unwrap().trim_end_matches(".inf").to_owned()
    };
    matches.iter().map(|found| (name(found), found.rank.number())).collect()
}

fn pairs(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
    expected.iter().map(|&(name, rank)| (name.to_owned(), rank)).collect()
}

#[test]
fn packages_are_ranked_by_signature_feature_and_ids_then_by_date_and_version() {
    let bench = WindowsBench::new();
    let folder = bench.drivers();
    let line = r"PCI\VEN_FFFF&DEV_0001&SUBSYS_";
    let with_ids = |name: &str, ids: &str, more: &[(&str, &str)]| {
        let old = format!(r"{line}{name}, PCI\VEN_FFFF&DEV_{name}");
        let changes: Vec<_> = [(old.as_str(), ids)].into_iter().chain(more.iter().copied()).collect();
        write_changed(&folder, name, &changes);
    };
    with_ids("hardware", "A", &[]);
    with_ids("newer", "A", &[("08/02/2019,1.3.15.0", "08/03/2019,1.0.0.0")]);
    with_ids("higher", "A", &[("08/02/2019,1.3.15.0", "08/02/2019,1.3.15.1")]);
    with_ids("second", "B", &[]);
    with_ids("compatible", "X, A", &[]);
    with_ids("third", "Y, Z, C", &[]);
    with_ids("fourth", "C", &[]);
    with_ids("feature", "D", &[("[Install.NT]", "[Install.NT]\r\nFeatureScore = 80")]);
    with_ids("excluded", "A", &[("[Install.NT]", "[Install.NT]\r\nExcludeID = B")]);
    with_ids("other", "E", &[]);
    let unsigned = Sample { catalog: false, ..Sample::network("unsigned") };
    let inf = unsigned.write(&folder);
    std::fs::write(&inf, unsigned.inf().replace(&format!("{line}unsigned"), "A")).unwrap();
    // Two lines match: the better one counts.
    with_ids("lines", "B\r\n%Device% = Install, A", &[]);
    // For Windows 12 there is another section, and an elder one that is not chosen for Windows 11.
    with_ids(
        "decorated",
        "A",
        &[
            ("Models, NTamd64", "Models, NTamd64.6.1, NTamd64.10.0, NTamd64.12.0"),
            ("[Models.NTamd64]", "[Models.NTamd64.6.1]\r\n%Device% = Install, A\r\n[Models.NTamd64.10.0]\r\n%Device% = Install, Q\r\n[Models.NTamd64.12.0]"),
        ],
    );
    let found = Search::new().folder(&folder, &["A", "B"], &["D", "C"]);
    let expected = [
        ("feature", 0x0080_2000),
        ("newer", 0x00FF_0000),
        ("higher", 0x00FF_0000),
        ("hardware", 0x00FF_0000),
        ("lines", 0x00FF_0000),
        ("second", 0x00FF_0001),
        ("compatible", 0x00FF_1000),
        ("fourth", 0x00FF_2001),
        ("third", 0x00FF_3101),
        ("unsigned", 0x80FF_0000),
    ];
    assert_eq!(ranked(&found), pairs(&expected));
    let third = &found[8];
    assert_eq!((third.matching_device_id.as_str(), third.matched_id.as_str()), ("C", "C"));
    assert_eq!(third.section.as_deref(), Some("Install.NT"));
    assert_eq!(third.architectures, ["amd64"]);
    assert_eq!(third.driver_signature, DriverSignature::Signed);
    assert_eq!(found[9].driver_signature, DriverSignature::Unsigned);

    // Wildcards; a package that is not whole is found, and said to be so.
    std::fs::remove_file(folder.join("other/other.sys")).unwrap();
    let found = Search::new().folder(&folder, &["[EQ]"], &[]);
    assert_eq!(ranked(&found), pairs(&[("decorated", 0x00FF_0000), ("other", 0xFFFF_0000)]));
    assert!(found[1].reason.as_ref().unwrap().contains("other.sys"), "{found:?}");
    let twelve = NominalTarget::parse(Some("amd64"), Some("12.0")).unwrap();
    let search = Search::new();
    let options = MatchOptions { nominal: twelve, ..search.options(&["Q"], &[]) };
    assert!(find_matches(&[folder], None, &options, &mut unobserved).unwrap().matches.is_empty());
}

#[test]
fn one_bad_inf_does_not_hide_the_others() {
    let bench = WindowsBench::new();
    Sample::network("net").write(&bench.drivers());
    std::fs::write(bench.drivers().join("bad.inf"), "[Version\r\n").unwrap();
    std::fs::write(bench.drivers().join("autorun.inf"), "[autorun]\r\nopen=x\r\n").unwrap();
    let search = Search::new();
    let paths = [bench.drivers(), bench.images.path("absent")];
    let options = search.options(&["*DEV_net"], &[]);
    let found = find_matches(&paths, None, &options, &mut unobserved).unwrap();
    assert_eq!(ranked(&found.matches), pairs(&[("net", 0x00FF_1000)]));
    assert_eq!(found.missing, [bench.images.path("absent")]);
    assert!(found.unread[0].0.ends_with("bad.inf") && found.unread.len() == 1, "{found:?}");
    assert!(find_matches(&paths, None, &MatchOptions::default(), &mut unobserved).is_err());
    let none: &[PathBuf] = &[];
    assert!(find_matches(none, None, &options, &mut unobserved).is_err());
}

#[test]
fn an_image_ranks_its_packages_as_their_folders_are_ranked_for_it() {
    let bench = WindowsBench::new();
    for sample in [Sample::network("net"), Sample::storage("stor")] {
        sample.write(&bench.drivers());
    }
    Sample { catalog: false, ..Sample::network("unsigned") }.write(&bench.drivers());
    let mut session = bench.mount();
    add_all(&mut session, &[bench.drivers()], recurse());
    let search = Search::new();
    let options = search.options(&["none", r"PCI\VEN_FFFF&DEV_*"], &["*"]);
    let folders = [bench.drivers()];
    let place = Source::Session(&mut session);
    let of_folder = find_matches(&folders, Some(place), &options, &mut unobserved).unwrap().matches;
    let place = Source::Session(&mut session);
    let of_image = find_matches(&[], Some(place), &options, &mut unobserved).unwrap().matches;
    let expected = pairs(&[("net", 0x00FF_0001), ("stor", 0x00FF_0001), ("unsigned", 0x80FF_0001)]);
    assert_eq!(ranked(&of_folder), expected);
    assert_eq!(ranked(&of_image), expected);
    assert_eq!(of_image[0].driver.as_deref(), Some("oem0.inf"));
    assert_eq!(of_image[0].description.as_deref(), Some("Sample Device"));
    // Without its INF a package has the same rank, and says whence.
    let lost = of_image[2].original_file_name.clone().unwrap();
    let mut transaction = session.transaction("lose").unwrap();
    transaction.remove(&path(&lost), false).unwrap();
    transaction.commit().unwrap();
    let place = Source::Session(&mut session);
    let found = find_matches(&[], Some(place), &options, &mut unobserved).unwrap().matches;
    assert_eq!(ranked(&found), expected);
    assert!(found[2].reason.as_ref().unwrap().contains("by the driver database alone"));
}

#[test]
fn signers_are_told_apart_where_the_policy_says_so() {
    let bench = WindowsBench::with(|tree| {
        edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), |hive| {
            let key = r"Policies\Microsoft\Windows\DeviceInstall\Settings";
            let key = hive.create_key(hive.root(), key).unwrap();
            hive.set_value(key, "AllSigningEqual", REG_DWORD, &dword(0)).unwrap();
        });
    });
    let inf = Sample::network("net").write(&bench.drivers());
    let options = MatchOptions { trusted_roots: None, ..Search::new().options(&["*SUBSYS_net"], &[]) };
    let place = || Source::File { path: bench.images.wim(), index: 1 };
    let found = find_matches(&[inf], Some(place()), &options, &mut unobserved).unwrap().matches;
    assert_eq!(ranked(&found), pairs(&[("net", 0x0FFF_0000)]));
}

/// An id as a pattern that means itself.
fn escaped(id: &str) -> String {
    id.chars().flat_map(|unit| "*?[]`".contains(unit).then_some('`').into_iter().chain([unit])).collect()
}

/// A device as Windows left it: hardware ids, compatible ids, and what it installed.
struct Installed {
    hardware_ids: Vec<String>,
    compatible_ids: Vec<String>,
    inf: String,
    matching_id: String,
    rank: u32,
}

/// The devices of `Enum` of which Windows recorded the driver and its rank (`DEVPKEY_Device_DriverRank` and
/// others of that set, by their numbers in devpkey.h).
fn installed_devices(hive: &Hive) -> Vec<Installed> {
    let top = hive.require(hive.root(), r"ControlSet001\Enum").unwrap();
    let below = |keys: Vec<KeyId>| -> Vec<KeyId> {
        keys.into_iter().flat_map(|key| hive.subkeys(key).unwrap()).collect()
    };
    let mut devices = Vec::new();
    for device in below(below(below(vec![top]))) {
        let set = r"Properties\{a8b865dd-2e3d-4094-ad97-e593a70c75d6}";
        let Some(set) = hive.find(device, set).unwrap() else { continue };
        let property = |number: &str| {
            let key = hive.require(set, number).unwrap();
            hive.value(key, "").unwrap().unwrap().data
        };
        let text = |data: Vec<u8>| imgsvc::formats::regf::read_sz(&data);
        let list = |name: &str| {
            let value = hive.value(device, name).unwrap();
            value.and_then(|value| value.as_texts()).unwrap_or_default()
        };
        devices.push(Installed {
            hardware_ids: list("HardwareID"),
            compatible_ids: list("CompatibleIDs"),
            inf: text(property("0005")).to_lowercase(),
            matching_id: text(property("0008")).to_lowercase(),
            rank: u32::from_le_bytes(property("000E").try_into().unwrap()),
        });
    }
    devices
}

/// Windows recorded the driver it chose for each device, and the rank: ours must be the same. Packages of
/// classes that are in the DRIVERS hive cannot be asked for, because only SYSTEM hives are public.
#[test]
fn windows_chose_the_same_packages_with_the_same_ranks() {
    for (name, expected) in [("SYSTEM_2", (47, 37)), ("SYSTEM_B", (145, 88))] {
        let Some(system) = hives::real_hive(name) else { return };
        let devices = installed_devices(&Hive::open(system.clone()).unwrap());
        let bench = WindowsBench::with(|tree| {
            std::fs::write(tree.join("Windows/System32/config/SYSTEM"), &system).unwrap();
        });
        let mut session = bench.mount();
        let mut ranked = 0;
        for device in &devices {
            let escape = |ids: &[String]| ids.iter().map(|id| escaped(id)).collect();
            let options = MatchOptions {
                hardware_ids: escape(&device.hardware_ids),
                compatible_ids: escape(&device.compatible_ids),
                ..MatchOptions::default()
            };
            let place = Source::Session(&mut session);
            let found = find_matches(&[], Some(place), &options, &mut unobserved).unwrap().matches;
            let Some(best) = found.iter().find(|found| !found.extension) else { continue };
            ranked += 1;
            let chosen = (best.driver.as_deref().unwrap().to_lowercase(), best.rank.number());
            assert_eq!(chosen, (device.inf.clone(), device.rank), "{:?}", device.hardware_ids);
            assert_eq!(best.matching_device_id.to_lowercase(), device.matching_id);
        }
        assert_eq!((devices.len(), ranked), expected, "{name}");
    }
}

#[test]
fn two_sides_are_compared_driver_by_driver() {
    let bench = WindowsBench::new();
    let (old, new) = (bench.drivers().join("old"), bench.drivers().join("new"));
    let changes: [&[(&str, &str)]; 2] = [&[], &[("08/02/2019,1.3.15.0", "09/02/2019,1.3.15.0")]];
    for (folder, [newer, older]) in [(&old, [0, 1]), (&new, [1, 0])] {
        write_changed(folder, "newer", changes[newer]);
        write_changed(folder, "older", changes[older]);
        write_changed(folder, "same", &[]);
    }
    write_changed(&old, "missing", &[]);
    write_changed(&new, "added", &[]);
    write_changed(&old, "changed", &[]);
    write_changed(&new, "changed", &[("StartType = 3", "StartType = 4")]);
    // Not for the image, so that it is not missing there.
    Sample { architecture: "arm64".into(), ..Sample::network("other") }.write(&new);
    let mut session = bench.mount();
    add_all(&mut session, &[old], recurse());
    let of = |session: &mut Session| Compared::read(Source::Session(session), false).unwrap();
    let folder = [new.clone()];
    let found = of(&mut session).against_paths(&folder, true, &mut unobserved).unwrap().differences;
    let told = |found: &[DriverDifference]| -> Vec<(String, DriverChange)> {
        found.iter().map(|row| (row.inf_name.clone(), row.change)).collect()
    };
    let expected = [
        ("added.inf", DriverChange::Added),
        ("changed.inf", DriverChange::Changed),
        ("missing.inf", DriverChange::Missing),
        ("newer.inf", DriverChange::Newer),
        ("older.inf", DriverChange::Older),
        ("same.inf", DriverChange::Same),
    ];
    let expected = expected.map(|(name, change)| (name.to_owned(), change));
    assert_eq!(told(&found), expected);
    let newer = serde_json::to_value(&found[3]).unwrap();
    assert_eq!(newer["reference"]["driver"], "oem2.inf");
    assert_eq!(newer["difference"]["infPath"], new.join("newer/newer.inf").display().to_string());
    assert_eq!(newer["className"], "Net");

    // The same between two images: what the session adds is new to the image as it was saved.
    let second = WindowsBench::new();
    let mut other = second.mount();
    add_all(&mut other, &[new], recurse());
    assert_eq!(told(&of(&mut session).against(of(&mut other)).differences), expected);
    let saved = |all| {
        let place = Source::File { path: second.images.wim(), index: 1 };
        Compared::read(place, all).unwrap()
    };
    let found = saved(false).against(of(&mut other)).differences;
    assert!(found.len() == 5 && found.iter().all(|row| row.change == DriverChange::Added), "{found:?}");
    // Inbox packages are compared if that is asked for.
    let before = Compared::read(Source::Saved(&mut other), true).unwrap();
    let mut found = before.against(saved(true));
    assert_eq!(told(&found.differences), [("disk.inf".to_owned(), DriverChange::Same)]);
    found.leave_out_equal();
    assert!(found.differences.is_empty());
}
