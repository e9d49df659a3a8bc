//! What is prepared for the boot, what packages bring along, and what is left to Windows Setup.

use crate::support::images::{path, put, read, save};
use crate::support::packages::{Sample, SIGNER};
use crate::support::python::python;
use crate::support::windows;
use crate::support::windows::{add_all, edit_hive, has_key, hive, WindowsBench};
use imgsvc::error::Error;
use imgsvc::formats::cat::CatalogBuilder;
use imgsvc::formats::regf::{sz, Hive, REG_SZ};
use imgsvc::image::jobs::{self, CompareOptions};
use imgsvc::image::Session;
use imgsvc::progress::unobserved;
use imgsvc::servicing::drivers::{
    add, export, list, remove, AddOptions, BootCritical, DriverReport, DriverState, DriverStatus,
    ExportOptions, ExportStatus, RemoveOptions, RemoveStatus,
};
use imgsvc::servicing::registry;
use std::path::{Path, PathBuf};

const PLAN: &str = r"\Windows\Setup\ImageServicing";
const ANSWER_FILE: &str = r"\Windows\Panther\unattend.xml";
const SETUP_COMPLETE: &str = r"\Windows\Setup\Scripts\SetupComplete.cmd";

/// An image with the folders and keys that every Windows has, and what `change` makes of it.
fn bench(change: impl FnOnce(&Path)) -> WindowsBench {
    WindowsBench::with(|tree| {
        let catalogs = "Windows/System32/CatRoot/{F750E6C3-38EE-11D1-85E5-00C04FC295EE}";
        std::fs::create_dir_all(tree.join(catalogs)).unwrap();
        let config = tree.join("Windows/System32/config");
        edit_hive(&config.join("SYSTEM"), |system| {
            for set in ["ControlSet001", "ControlSet002"] {
                system.create_key(system.root(), &format!(r"{set}\Services\EventLog\System")).unwrap();
            }
        });
        edit_hive(&config.join("SOFTWARE"), |software| {
            let files = r"Microsoft\Windows\CurrentVersion\Setup\PnpLockdownFiles";
            software.create_key(software.root(), files).unwrap();
        });
        change(tree);
    })
}

fn boot(boot_critical: BootCritical) -> AddOptions {
    AddOptions { recurse: true, boot_critical, ..AddOptions::default() }
}

fn defer() -> AddOptions {
    AddOptions { recurse: true, defer: true, ..AddOptions::default() }
}

/// What a session changes in its image: items, and keys and values of the registry.
fn changes(session: &mut Session) -> Vec<String> {
    let mut found = Vec::new();
    let note = &mut |differences: &[jobs::Difference]| {
        found.extend(
            differences.iter().map(|found| format!("{:?} {} {:?}", found.change, found.path, found.what)),
        );
        Ok(())
    };
    jobs::compare_session(session, &CompareOptions::default(), note).unwrap();
    // Not the bytes of hives, but what they say; and not when a file was last written.
    found.retain(|line| !line.contains(r"\System32\config\") && !line.ends_with(" [Times]"));
    let note = &mut |change: registry::Change| {
        found.push(format!("{:?} {} {:?}", change.change, change.key, change.name));
        Ok(())
    };
    registry::compare_session(session, None, &registry::Access::default(), note, &mut unobserved).unwrap();
    found
}

fn remove_all(session: &mut Session, names: &[&str]) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    for report in remove(session, &names, RemoveOptions { force: true }, &mut unobserved).unwrap() {
        assert_eq!(report.status, RemoveStatus::Removed, "{report:?}");
    }
}

fn statuses(reports: &[DriverReport]) -> Vec<DriverStatus> {
    reports.iter().map(|report| report.status).collect()
}

fn number(hive: &Hive, key: &str, name: &str) -> Option<u64> {
    let key = hive.require(hive.root(), key).unwrap();
    hive.value(key, name).unwrap().and_then(|value| value.as_number())
}

#[test]
fn a_driver_that_starts_at_boot_is_left_to_user_mode_when_that_is_asked_for() {
    let bench = bench(|_| {});
    let inf = Sample::storage("stor").write(&bench.drivers());
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[inf], boot(BootCritical::Never));
    assert_eq!(statuses(&reports), [DriverStatus::Added], "{reports:?}");
    let reason = reports[0].reason.as_ref().unwrap();
    assert!(reason.contains("(Never)") && reason.contains("cannot start from"), "{reason}");
    let system = hive(&session, "SYSTEM");
    assert!(has_key(&system, r"DriverDatabase\DeviceIds\PCI\VEN_FFFF&DEV_stor"));
    assert!(!has_key(&system, r"ControlSet001\Services\stor"));
    assert!(read(&session, r"\Windows\System32\drivers\stor.sys").is_err());
    let label = reports[0].original_file_name.as_ref().unwrap().rsplit('\\').nth(1).unwrap().to_owned();
    assert!(!has_key(&system, &format!(r"DriverDatabase\DriverPackages\{label}\Configurations")));
    remove_all(&mut session, &["stor.inf"]);
    assert_eq!(changes(&mut session), Vec::<String>::new());
}

#[test]
fn any_function_driver_is_prepared_for_the_boot_when_that_is_asked_for() {
    let bench = bench(|_| {});
    let inf = Sample { dirid: 12, ..Sample::network("net") }.write(&bench.drivers());
    let store = Sample::network("wifi").write(&bench.drivers());
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[inf, store], boot(BootCritical::Force));
    assert_eq!(statuses(&reports), [DriverStatus::Added; 2], "{reports:?}");
    let reason = reports[0].reason.as_ref().unwrap();
    assert!(reason.contains("(Force)") && reason.contains("not proven by booting"), "{reason}");
    let system = hive(&session, "SYSTEM");
    for set in ["ControlSet001", "ControlSet002"] {
        let key = format!(r"{set}\Services\net");
        assert_eq!(number(&system, &key, "Start"), Some(3), "as the INF says");
        let key = system.require(system.root(), &key).unwrap();
        let image = system.value(key, "ImagePath").unwrap().unwrap().as_text().unwrap();
        assert_eq!(image, r"\SystemRoot\System32\drivers\net.sys");
    }
    // The kernel looks into SYSTEM alone before user mode starts.
    let label = reports[0].original_file_name.as_ref().unwrap().rsplit('\\').nth(1).unwrap().to_owned();
    assert!(has_key(&system, &format!(r"DriverDatabase\DriverPackages\{label}\Configurations\Install.NT")));
    assert!(!has_key(&hive(&session, "DRIVERS"), &format!(r"DriverDatabase\DriverPackages\{label}")));
    assert!(read(&session, r"\Windows\System32\drivers\net.sys").is_ok());

    // As other drivers that Windows may need to start, it goes only by force, and leaves nothing.
    let names = ["net.inf".to_owned(), "wifi.inf".to_owned()];
    let refused = remove(&mut session, &names, RemoveOptions::default(), &mut unobserved).unwrap();
    assert!(refused.iter().all(|report| report.status == RemoveStatus::Failed), "{refused:?}");
    remove_all(&mut session, &["net.inf", "wifi.inf"]);
    assert_eq!(changes(&mut session), Vec::<String>::new());
    save(&mut session).unwrap();
    bench.images.judge();
}

/// A package with a `CopyINF` line, signed.
fn write_bringing(folder: &Path, name: &str, names: &str) -> PathBuf {
    let sample = Sample::network(name);
    let inf = sample.inf().replace("CopyFiles = Files", &format!("CopyFiles = Files\r\nCopyINF = {names}"));
    std::fs::create_dir_all(folder).unwrap();
    let catalog = CatalogBuilder::new().file(&format!("{name}.inf"), inf.as_bytes());
    let catalog = catalog.file(&format!("{name}.sys"), &sample.driver()).sample_signer(SIGNER).to_bytes();
    std::fs::write(folder.join(format!("{name}.cat")), catalog).unwrap();
    std::fs::write(folder.join(format!("{name}.sys")), sample.driver()).unwrap();
    let path = folder.join(format!("{name}.inf"));
    std::fs::write(&path, inf).unwrap();
    path
}

#[test]
fn a_package_brings_along_the_packages_that_its_inf_names() {
    let bench = bench(|_| {});
    let folder = bench.drivers();
    let root = write_bringing(&folder, "root", "CHILD.INF, gone.inf");
    write_bringing(&folder, "child", "grandchild.inf");
    write_bringing(&folder, "grandchild", "root.inf");
    write_bringing(&folder, "other", "child.inf");
    let mut session = bench.mount();
    let reports = add_all(&mut session, std::slice::from_ref(&root), AddOptions::default());
    use DriverStatus::{Added, AlreadyPresent, Failed};
    assert_eq!(statuses(&reports), [Added, Added, Added, Failed], "{reports:?}");
    let names: Vec<_> = reports.iter().map(|report| report.path.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["root.inf", "child.inf", "grandchild.inf", "gone.inf"]);
    for (report, by) in
        [(1, "root.inf"), (2, "child.inf"), (3, "root.inf")].map(|(at, by)| (&reports[at], by))
    {
        let reason = report.reason.as_ref().unwrap();
        assert!(reason.contains(&format!("{by}' brings it along (CopyINF)")), "{reason}");
    }
    // In a folder each is taken once, and what is there is not added again.
    let reports = add_all(&mut session, &[folder], AddOptions::default());
    let present = reports.iter().filter(|report| report.status == AlreadyPresent).count();
    assert_eq!((reports.len(), present), (4, 3), "{reports:?}");

    let evil = write_bringing(&bench.drivers().join("evil"), "evil", r"..\root.inf");
    let reports = add_all(&mut session, &[evil], AddOptions::default());
    assert_eq!(statuses(&reports), [Failed]);
    assert!(reports[0].reason.as_ref().unwrap().contains("leaves the package"));
}

/// A signed package without devices.
fn write_primitive(folder: &Path, name: &str) -> PathBuf {
    let sample = Sample::network(name);
    let inf = sample.inf();
    let (head, rest) = inf.split_once("[Manufacturer]").unwrap();
    let (_, tail) = rest.split_once("[Interrupts]").unwrap();
    let middle = format!(
        "[DefaultInstall.NTamd64]\r\nCopyFiles = Files\r\n[DefaultInstall.NTamd64.Services]\r\n\
         AddService = {name},, Service\r\n[Interrupts]"
    );
    let inf = format!("{head}{middle}{tail}");
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let catalog = CatalogBuilder::new().file(&format!("{name}.inf"), inf.as_bytes());
    let catalog = catalog.file(&format!("{name}.sys"), &sample.driver()).sample_signer(SIGNER).to_bytes();
    std::fs::write(folder.join(format!("{name}.cat")), catalog).unwrap();
    std::fs::write(folder.join(format!("{name}.sys")), sample.driver()).unwrap();
    let path = folder.join(format!("{name}.inf"));
    std::fs::write(&path, inf).unwrap();
    path
}

fn text(session: &Session, at: &str) -> String {
    String::from_utf8(read(session, at).unwrap()).unwrap()
}

/// Order and Path of the specialize commands, as Python's XML parser reads them; none without Python.
fn commands(xml: &str) -> Option<Vec<(String, String)>> {
    const PROGRAM: &str = "
import sys, xml.etree.ElementTree as E
n = '{urn:schemas-microsoft-com:unattend}'
root = E.fromstring(sys.stdin.buffer.read())
for s in root.findall(n + 'settings'):
    for c in s.findall(n + 'component'):
        for r in c.findall(n + 'RunSynchronous/' + n + 'RunSynchronousCommand'):
            assert s.get('pass') == 'specialize' and c.get('name') == 'Microsoft-Windows-Deployment'
            assert c.get('processorArchitecture') == 'amd64' and c.get('publicKeyToken') == '31bf3856ad364e35'
            assert r.get('{http://schemas.microsoft.com/WMIConfig/2002/State}action') == 'add'
            print(r.find(n + 'Order').text + '|' + r.find(n + 'Path').text)
";
    let lines = python(PROGRAM, xml.as_bytes())?;
    Some(lines.lines().map(|line| line.split_once('|').unwrap()).map(|(a, b)| (a.into(), b.into())).collect())
}

const COMMAND: &str = r#"cmd.exe /d /c "%SystemRoot%\Setup\ImageServicing\firstboot.cmd""#;

#[test]
fn what_only_a_running_windows_installs_is_left_to_setup_and_can_be_taken_back() {
    let bench = bench(|_| {});
    let drivers = bench.drivers();
    let filter = write_primitive(&drivers, "filter");
    write_primitive(&drivers, "other");
    Sample::network("net").write(&drivers);
    let mut session = bench.mount();

    // Without being asked for, it is staged, and the report says what would be better.
    let reports = add_all(&mut session, std::slice::from_ref(&filter), AddOptions::default());
    assert_eq!(statuses(&reports), [DriverStatus::Added], "{reports:?}");
    assert!(reports[0].reason.as_ref().unwrap().contains("defer it"), "{:?}", reports[0].reason);
    remove_all(&mut session, &["filter.inf"]);
    assert_eq!(changes(&mut session), Vec::<String>::new());

    let reports = add_all(&mut session, std::slice::from_ref(&drivers), defer());
    use DriverStatus::{Added, AlreadyPresent, Deferred};
    assert_eq!(statuses(&reports), [Deferred, Added, Deferred], "{reports:?}");
    let report = &reports[0];
    let inf = report.original_file_name.clone().unwrap();
    assert!(inf.starts_with(&format!(r"{PLAN}\drivers\filter.inf_amd64_")), "{inf}");
    assert_eq!(report.driver.as_deref(), Some("filter.inf"));
    assert_eq!(report.files.len(), 3, "{:?}", report.files);
    let reason = report.reason.as_ref().unwrap();
    assert!(reason.contains("pnputil") && reason.contains("not tried with Windows"), "{reason}");
    for (file, extension) in report.files.iter().zip(["inf", "cat", "sys"]) {
        assert_eq!(read(&session, file).unwrap(), std::fs::read(filter.with_extension(extension)).unwrap());
    }

    let script = text(&session, &format!(r"{PLAN}\firstboot.cmd"));
    let label = inf.rsplit('\\').nth(1).unwrap();
    let line = format!(
        "\"%SystemRoot%\\System32\\pnputil.exe\" /add-driver \"%ROOT%drivers\\{label}\\*.inf\" /install\r\n"
    );
    assert!(script.contains(&line), "{script}");
    assert!(script.lines().all(str::is_ascii) && script.ends_with("exit %ERRORLEVEL%\r\n"));
    let plan: serde_json::Value =
        serde_json::from_slice(&read(&session, &format!(r"{PLAN}\plan.json")).unwrap()).unwrap();
    assert_eq!(plan["steps"].as_array().unwrap().len(), 2);
    assert_eq!(plan["steps"][0]["success"], serde_json::json!([0, 259, 1641, 3010]));
    let hook = "@call \"%SystemRoot%\\Setup\\ImageServicing\\firstboot.cmd\" SetupComplete\r\n";
    assert_eq!(text(&session, SETUP_COMPLETE), hook);
    if let Some(found) = commands(&text(&session, ANSWER_FILE)) {
        assert_eq!(found, [("1".to_owned(), COMMAND.to_owned())]);
    }

    let listed = list(&mut session, false).unwrap();
    let states: Vec<_> = listed.iter().map(|driver| (driver.driver.as_str(), driver.state)).collect();
    let expected = [
        ("oem0.inf", DriverState::Installed),
        ("filter.inf", DriverState::Deferred),
        ("other.inf", DriverState::Deferred),
    ];
    assert_eq!(states, expected);
    assert_eq!(listed[1].version.as_deref(), Some("1.3.15.0"));
    assert_eq!(listed[1].original_file_name, inf);

    let reports = add_all(&mut session, std::slice::from_ref(&drivers), defer());
    assert_eq!(statuses(&reports), [AlreadyPresent; 3], "{reports:?}");
    let reports = add_all(&mut session, std::slice::from_ref(&filter), AddOptions::default());
    assert_eq!(statuses(&reports), [AlreadyPresent], "{reports:?}");

    let taken = bench.images.path("taken");
    let names = ["filter.inf".to_owned()];
    let exported = export(&mut session, &names, &taken, ExportOptions::default(), &mut unobserved).unwrap();
    assert_eq!(
        (exported[0].status, exported[0].files, exported[0].intact),
        (ExportStatus::Exported, 3, Some(true))
    );

    remove_all(&mut session, &["filter.inf"]);
    assert!(read(&session, &inf).is_err());
    assert!(!text(&session, &format!(r"{PLAN}\firstboot.cmd")).contains("filter.inf"));
    remove_all(&mut session, &["oem0.inf", "other.inf"]);
    assert_eq!(changes(&mut session), Vec::<String>::new());
    save(&mut session).unwrap();
    bench.images.judge();
}

#[test]
fn an_answer_file_and_a_script_that_are_there_are_kept() {
    let unattend = "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- ours -->\r\n\
        <unattend xmlns=\"urn:schemas-microsoft-com:unattend\" xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\">\r\n  \
        <settings pass=\"specialize\">\r\n    <component name=\"Microsoft-Windows-Deployment\" processorArchitecture=\"amd64\" \
        publicKeyToken=\"31bf3856ad364e35\" language=\"neutral\" versionScope=\"nonSxS\">\r\n      <RunSynchronous>\r\n        \
        <RunSynchronousCommand wcm:action=\"add\">\r\n          <Order>7</Order>\r\n          <Path>cmd /c ver</Path>\r\n        \
        </RunSynchronousCommand>\r\n      </RunSynchronous>\r\n    </component>\r\n  </settings>\r\n</unattend>\r\n";
    let script = "@echo off\r\necho ours\r\nexit /b 3\r\n";
    let bench = bench(|tree| {
        for (path, text) in [("Panther/unattend.xml", unattend), ("Setup/Scripts/SetupComplete.cmd", script)]
        {
            let path = tree.join("Windows").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    });
    let filter = write_primitive(&bench.drivers(), "filter");
    let mut session = bench.mount();
    let reports = add_all(&mut session, std::slice::from_ref(&filter), defer());
    assert_eq!(statuses(&reports), [DriverStatus::Deferred], "{reports:?}");
    let edited = text(&session, ANSWER_FILE);
    for line in unattend.lines() {
        assert!(edited.contains(line), "{line}\n{edited}");
    }
    if let Some(found) = commands(&edited) {
        let expected = [("7", "cmd /c ver"), ("8", COMMAND)].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(found, expected);
    }
    let lines = text(&session, SETUP_COMPLETE);
    assert!(lines.starts_with("@call ") && lines.ends_with(script), "{lines}");
    remove_all(&mut session, &["filter.inf"]);
    assert_eq!(text(&session, SETUP_COMPLETE), script);
    assert_eq!(text(&session, ANSWER_FILE), unattend);
    assert_eq!(changes(&mut session), Vec::<String>::new());

    // What Setup is done with, or cannot be read, is left alone, and said.
    let done = unattend.replace("<settings pass", "<settings wasPassProcessed=\"true\" pass");
    for (content, words) in [(done.as_str(), "done with its specialize pass"), ("<unattend", "answer file")] {
        put(&mut session, ANSWER_FILE, content.as_bytes()).unwrap();
        let reports = add_all(&mut session, std::slice::from_ref(&filter), defer());
        let reason = reports[0].reason.as_ref().unwrap();
        assert!(reason.contains(words) && reason.contains("SetupComplete.cmd runs the plan"), "{reason}");
        assert_eq!(text(&session, ANSWER_FILE), content);
        remove_all(&mut session, &["filter.inf"]);
    }
}

#[test]
fn windows_7_takes_drivers_through_setup_but_none_that_starts_at_boot() {
    let bench = bench(|tree| {
        let config = tree.join("Windows/System32/config");
        edit_hive(&config.join("SYSTEM"), |hive| {
            let key = hive.require(hive.root(), "DriverDatabase").unwrap();
            hive.delete_key(key, true).unwrap();
        });
        edit_hive(&config.join("SOFTWARE"), windows::make_windows_7);
        std::fs::remove_file(config.join("DRIVERS")).unwrap();
    });
    let drivers = bench.drivers();
    Sample::network("net").write(&drivers);
    Sample::storage("stor").write(&drivers);
    let mut session = bench.mount();
    let error = add(&mut session, std::slice::from_ref(&drivers), boot(BootCritical::Auto), &mut unobserved)
        .unwrap_err();
    assert!(matches!(error.root(), Error::NotServiceable { .. }), "{error}");
    assert!(error.to_string().contains("deferred"), "{error}");
    let reports = add_all(&mut session, std::slice::from_ref(&drivers), defer());
    assert_eq!(statuses(&reports), [DriverStatus::Deferred, DriverStatus::Failed], "{reports:?}");
    assert!(reports[1].reason.as_ref().unwrap().contains("too late"), "{:?}", reports[1].reason);
    let script = text(&session, &format!(r"{PLAN}\firstboot.cmd"));
    assert!(script.contains(r#"pnputil.exe" -i -a "%ROOT%drivers\net.inf_amd64_"#), "{script}");
    let listed = list(&mut session, false).unwrap();
    assert_eq!(listed.iter().map(|driver| driver.state).collect::<Vec<_>>(), [DriverState::Deferred]);
    assert!(!has_key(&hive(&session, "SYSTEM"), "DriverDatabase"), "the registry is not touched");
    remove_all(&mut session, &["net.inf"]);
    assert_eq!(changes(&mut session), Vec::<String>::new());
}

#[test]
fn an_image_that_setup_is_done_with_gets_the_plan_and_a_word_of_warning() {
    let bench = bench(|tree| {
        edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), |hive| {
            let key = hive.create_key(hive.root(), r"Microsoft\Windows\CurrentVersion\Setup\State").unwrap();
            hive.set_value(key, "ImageState", REG_SZ, &sz("IMAGE_STATE_COMPLETE")).unwrap();
        });
    });
    let filter = write_primitive(&bench.drivers(), "filter");
    let reports = add_all(&mut bench.mount(), &[filter], defer());
    assert_eq!(statuses(&reports), [DriverStatus::Deferred], "{reports:?}");
    let reason = reports[0].reason.as_ref().unwrap();
    assert!(
        reason.contains("Setup is done with this image") && reason.contains("generalized again"),
        "{reason}"
    );
}

#[test]
fn windows_pe_has_no_setup_to_leave_anything_to() {
    let bench = bench(|tree| {
        edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), |hive| {
            let key = hive.require(hive.root(), r"Microsoft\Windows NT\CurrentVersion").unwrap();
            hive.set_value(key, "InstallationType", REG_SZ, &sz("WindowsPE")).unwrap();
            hive.set_value(key, "EditionID", REG_SZ, &sz("WindowsPE")).unwrap();
        });
    });
    let filter = write_primitive(&bench.drivers(), "filter");
    let mut session = bench.mount();
    let reports = add_all(&mut session, &[filter], defer());
    assert_eq!(statuses(&reports), [DriverStatus::Failed], "{reports:?}");
    assert!(reports[0].reason.as_ref().unwrap().contains("Windows PE"), "{:?}", reports[0].reason);
    assert!(!session.view().unwrap().exists(&path(PLAN)).unwrap());
}

#[test]
fn a_plan_that_was_tampered_with_is_refused_and_nothing_outside_is_removed() {
    let bench = bench(|_| {});
    let filter = write_primitive(&bench.drivers(), "filter");
    let mut session = bench.mount();
    add_all(&mut session, std::slice::from_ref(&filter), defer());
    let plan = text(&session, &format!(r"{PLAN}\plan.json"));
    for (part, by) in
        [(r#""payload": "drivers\\"#, r#""payload": "..\\..\\"#), (r#""name": ""#, r#""name": "..\\"#)]
    {
        assert!(plan.contains(part), "{plan}");
        put(&mut session, &format!(r"{PLAN}\plan.json"), plan.replacen(part, by, 1).as_bytes()).unwrap();
        let error = list(&mut session, false).unwrap_err();
        assert!(error.to_string().contains("plan.json"), "{error}");
    }
}
