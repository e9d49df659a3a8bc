//! Where Setup looks for answer files, which one it uses, and placing one there.

use crate::support::python::python;
use crate::support::windows::{edit_hive, WindowsBench};
use imgsvc::error::Error;
use imgsvc::formats::regf::{sz, REG_SZ};
use imgsvc::image::{SaveOptions, Session};
use imgsvc::progress::unobserved;
use imgsvc::servicing::source::Source;
use imgsvc::servicing::unattend::{find, place, AnswerFileInfo, Location, PlaceOptions};
use std::path::Path;

/// An answer file with a component in each of the passes.
fn answers(passes: &[&str]) -> String {
    let pass = |name: &&str| {
        format!(
            "  <settings pass=\"{name}\"{}>\r\n    <component name=\"Microsoft-Windows-Shell-Setup\" \
             processorArchitecture=\"amd64\" publicKeyToken=\"31bf3856ad364e35\" language=\"neutral\" \
             versionScope=\"nonSxS\">\r\n      <RegisteredOwner>Ann</RegisteredOwner>\r\n    </component>\r\n  </settings>\r\n",
            if name.starts_with('!') { " wasPassProcessed=\"true\"" } else { "" }
        )
        .replace("pass=\"!", "pass=\"")
    };
    let passes: String = passes.iter().map(pass).collect();
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">\r\n{passes}</unattend>\r\n")
}

fn write(tree: &Path, path: &str, text: &str) {
    let path = tree.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn found(session: &mut Session, all: bool) -> Vec<AnswerFileInfo> {
    find(Source::Session(session), all, &mut unobserved).unwrap()
}

#[test]
fn each_pass_is_served_by_the_first_file_that_has_it() {
    let bench = WindowsBench::with(|tree| {
        write(tree, "Windows/Panther/Unattend/Unattend.xml", &answers(&["auditUser"]));
        write(tree, "Windows/Panther/unattend.xml", &answers(&["windowsPE", "!specialize", "oobeSystem"]));
        write(
            tree,
            "Windows/System32/Sysprep/unattend.xml",
            &answers(&["generalize", "specialize", "oobeSystem"]),
        );
        write(tree, "Unattend.xml", "<unattend");
        write(tree, "Autounattend.xml", &answers(&["specialize"]));
    });
    let mut session = bench.mount();
    let files = found(&mut session, false);
    let used: Vec<(u32, &str, Vec<&str>)> = files
        .iter()
        .map(|file| {
            (file.order, file.item_path.as_str(), file.used_passes.iter().map(String::as_str).collect())
        })
        .collect();
    assert_eq!(
        used,
        [
            (2, r"\Windows\Panther\Unattend\Unattend.xml", vec!["auditUser"]),
            (3, r"\Windows\Panther\unattend.xml", vec!["oobeSystem"]),
            (6, r"\Windows\System32\Sysprep\unattend.xml", vec!["generalize", "specialize"]),
            (7, r"\Unattend.xml", vec![]),
            (7, r"\Autounattend.xml", vec![]),
        ]
    );
    let [_, panther, sysprep, broken, root] = files.as_slice() else { panic!("{files:?}") };
    assert_eq!(panther.processed_passes, ["specialize"]);
    assert!(panther.reason.contains("nobody reads its windowsPE"), "{}", panther.reason);
    assert!(sysprep.reason.contains(r"for oobeSystem '\Windows\Panther\unattend.xml' comes before it"));
    assert!(!broken.is_valid && broken.message.is_some(), "{broken:?}");
    assert!(!root.wins && root.reason.contains("Sysprep"), "{}", root.reason);
    // The places where nothing is are there on demand.
    assert_eq!(found(&mut session, true).len(), 6);
}

#[test]
fn the_registry_s_file_comes_before_all_others() {
    let bench = WindowsBench::with(|tree| {
        write(tree, "Answers/mine.xml", &answers(&["specialize"]));
        write(tree, "Windows/Panther/unattend.xml", &answers(&["specialize"]));
        edit_hive(&tree.join("Windows/System32/config/SYSTEM"), |hive| {
            let key = hive.create_key(hive.root(), "Setup").unwrap();
            hive.set_value(key, "UnattendFile", REG_SZ, &sz(r"C:\Answers\mine.xml")).unwrap();
        });
    });
    let mut session = bench.mount();
    let files = found(&mut session, false);
    assert_eq!(files[0].location, Location::Registry);
    assert_eq!((files[0].order, files[0].item_path.as_str()), (1, r"\Answers\mine.xml"));
    assert!(files[0].wins && !files[1].wins, "{files:?}");
    // Placing a file behind it is done, with a warning.
    let file = bench.images.path("u.xml");
    std::fs::write(&file, answers(&["specialize", "oobeSystem"])).unwrap();
    let options = PlaceOptions { force: true, ..PlaceOptions::default() };
    let report = place(&mut session, Some(&file), options, &mut unobserved).unwrap();
    assert_eq!(report.used_passes, ["oobeSystem"]);
    assert!(report.warnings.iter().any(|text| text.contains(r"\Answers\mine.xml")), "{:?}", report.warnings);
}

#[test]
fn a_placed_file_is_the_host_s_bit_for_bit_and_has_inherited_its_descriptor() {
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let file = bench.images.path("u.xml");
    std::fs::write(&file, answers(&["windowsPE", "specialize", "oobeSystem"])).unwrap();
    let report = place(&mut session, Some(&file), PlaceOptions::default(), &mut unobserved).unwrap();
    assert_eq!(report.item_path, r"\Windows\Panther\unattend.xml");
    assert!(!report.replaced);
    assert_eq!(report.used_passes, ["specialize", "oobeSystem"]);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    assert!(report.notes[0].contains("windowsPE"), "{:?}", report.notes);
    // Another one without force: refused, and nothing changed.
    let other = bench.images.path("other.xml");
    std::fs::write(&other, answers(&["specialize"])).unwrap();
    let again = place(&mut session, Some(&other), PlaceOptions::default(), &mut unobserved);
    assert!(matches!(again, Err(Error::ItemExists { .. })), "{again:?}");
    session.save(SaveOptions::default(), &mut unobserved).unwrap();
    let applied = bench.images.apply(1);
    let placed = std::fs::read(applied.join("Windows/Panther/unattend.xml")).unwrap();
    assert_eq!(placed, std::fs::read(&file).unwrap());
    bench.images.judge();
}

#[test]
fn audit_mode_is_what_microsoft_s_example_file_says() {
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let options = PlaceOptions { audit: true, ..PlaceOptions::default() };
    let report = place(&mut session, None, options, &mut unobserved).unwrap();
    assert_eq!(report.used_passes, ["oobeSystem"]);
    assert_eq!(report.audit.as_deref(), Some("oobeSystem/Microsoft-Windows-Deployment/Reseal/Mode = Audit"));
    session.save(SaveOptions::default(), &mut unobserved).unwrap();
    let placed = bench.images.apply(1).join("Windows/Panther/unattend.xml");
    const PROGRAM: &str = "
import sys, xml.etree.ElementTree as E
n = '{urn:schemas-microsoft-com:unattend}'
for s in E.fromstring(sys.stdin.buffer.read()).findall(n + 'settings'):
    for c in s.findall(n + 'component'):
        print(s.get('pass'), c.get('name'), c.get('processorArchitecture'), c.get('publicKeyToken'), c.get('language'),
              c.get('versionScope'), c.find(n + 'Reseal').find(n + 'Mode').text)
";
    let Some(read) = python(PROGRAM, &std::fs::read(placed).unwrap()) else { return };
    assert_eq!(
        read.trim(),
        "oobeSystem Microsoft-Windows-Deployment amd64 31bf3856ad364e35 neutral nonSxS Audit"
    );
}

#[test]
fn what_cannot_be_placed_is_refused() {
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let file = bench.images.path("u.xml");
    std::fs::write(&file, "<unattend><settings></unattend>").unwrap();
    let refused = place(&mut session, Some(&file), PlaceOptions::default(), &mut unobserved).unwrap_err();
    assert!(
        matches!(refused.root(), Error::Malformed { .. }) && refused.to_string().contains("u.xml"),
        "{refused}"
    );
    let nothing = place(&mut session, None, PlaceOptions::default(), &mut unobserved);
    assert!(matches!(nothing, Err(Error::InvalidArgument { .. })), "{nothing:?}");
    std::fs::write(&file, answers(&["specialize"])).unwrap();
    let registry = PlaceOptions { location: Location::Registry, ..PlaceOptions::default() };
    let registry = place(&mut session, Some(&file), registry, &mut unobserved);
    assert!(matches!(registry, Err(Error::InvalidArgument { .. })), "{registry:?}");
    assert!(found(&mut session, false).is_empty());
}
