//! Packages made to do harm, added to an image: each is refused with the reason and its place, nothing of it
//! is anywhere, and the good ones of the same call go in.
#![cfg(unix)] // Pipes, devices and names that Windows does not have.

use crate::support::packages::Sample;
use crate::support::windows::{add_all, WindowsBench};
use imgsvc::image::jobs::{self, CompareOptions};
use imgsvc::image::Session;
use imgsvc::progress::{Phase, Progress};
use imgsvc::servicing::drivers::{add, AddOptions, DriverReport, DriverStatus};
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

/// Whatever stops a package must not be its signature.
fn force() -> AddOptions {
    AddOptions { recurse: true, force_unsigned: true, ..AddOptions::default() }
}

/// The paths that the session adds to its image or changes there.
fn changed(session: &mut Session) -> Vec<String> {
    let mut paths = Vec::new();
    let note = &mut |differences: &[jobs::Difference]| {
        paths.extend(differences.iter().map(|difference| difference.path.clone()));
        Ok(())
    };
    jobs::compare_session(session, &CompareOptions::default(), note).unwrap();
    paths
}

/// Adds everything in the bench's folder together with one good package: that is the only one to go in.
fn refuse(bench: &WindowsBench) -> Vec<DriverReport> {
    Sample::storage("zgood").write(&bench.drivers());
    let mut session = bench.mount();
    let start = Instant::now();
    let mut reports = add_all(&mut session, &[bench.drivers()], force());
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    let place = reports.iter().position(|report| report.path.ends_with("zgood.inf")).expect("the good one");
    let good = reports.remove(place);
    assert_eq!(good.status, DriverStatus::Added, "{good:?}");
    for path in changed(&mut session) {
        let others = reports.iter().flat_map(|report| &report.files);
        let hives = [r"\Windows\System32\config\SYSTEM", r"\Windows\System32\config\SOFTWARE"];
        let mut known = good.files.iter().chain(others).map(String::as_str).chain(hives);
        assert!(known.any(|known| known.starts_with(&path) || path.starts_with(known)), "{path}");
    }
    reports
}

/// What is replaced in the INF of a good package, by what, and words of the message.
const TEXTS: [(&str, &str, &str); 45] = [
    // Files of the package.
    ("{name}.sys = 1", r"..\evil.sys = 1", "leaves the package"),
    ("{name}.sys = 1", r"a\..\..\evil.sys = 1", "leaves the package"),
    ("{name}.sys = 1", "a/../../evil.sys = 1", "leaves the package"),
    ("{name}.sys = 1", r"C:\Windows\evil.sys = 1", "a drive or a stream"),
    ("{name}.sys = 1", "{name}.sys:evil = 1", "a drive or a stream"),
    ("{name}.sys = 1", "{name}.sys::$DATA = 1", "a drive or a stream"),
    ("{name}.sys = 1", "CON = 1", "a device"),
    ("{name}.sys = 1", "NUL.sys = 1", "a device"),
    ("{name}.sys = 1", "com1.sys = 1", "a device"),
    ("{name}.sys = 1", "CONOUT$ = 1", "a device"),
    ("{name}.sys = 1", "{name}.sys. = 1", "ends with a dot"),
    ("{name}.sys = 1", "\"{name}.sys \" = 1", "ends with a space"),
    ("{name}.sys = 1", "evil?.sys = 1", "not allowed"),
    ("{name}.sys = 1", "\"evil\u{1}.sys\" = 1", "not allowed"),
    ("{name}.sys = 1", r"{name}.sys = 1,..\..", "leaves the package"),
    ("{name}.sys = 1", "{name}.sys = 1,x:y", "a drive or a stream"),
    ("1 = %Disk%", r"1 = %Disk%,,,..\..", "leaves the package"),
    ("1 = %Disk%", r"1 = %Disk%,,,\\?\C:\Windows", "not allowed"),
    ("{name}.sys = 1", r"\\server\share\evil.sys = 1", "server\\share"),
    ("CatalogFile = {name}.cat", r"CatalogFile = ..\evil.cat", "leaves the package"),
    ("CatalogFile = {name}.cat", r"CatalogFile = C:\evil.cat", "a drive or a stream"),
    ("CatalogFile = {name}.cat", "CatalogFile = NUL", "a device"),
    // Where they are to go.
    ("[Files]", "[Files]\r\n..\\..\\evil.sys,{name}.sys", "leaves the package"),
    ("[Files]", "[Files]\r\nC:\\Windows\\evil.sys,{name}.sys", "a drive or a stream"),
    ("[Files]", "[Files]\r\nntoskrnl.exe:evil,{name}.sys", "a drive or a stream"),
    ("CopyFiles = Files", r"CopyFiles = @..\evil.sys", "leaves the package"),
    ("CopyFiles = Files", "CopyFiles = @AUX", "a device"),
    ("Files = 12", r"Files = 12,..\config", "leaves the package"),
    ("Files = 12", r"Files = -1,C:\Windows\System32\config", "absolute path"),
    ("Files = 12", "Files = Windows", "a directory id"),
    // Names in the registry.
    ("AddService = {name}, 2", r"AddService = ..\..\Select, 2", "the name of a service"),
    ("AddService = {name}, 2", "AddService = a/b, 2", "the name of a service"),
    ("AddService = {name}, 2", "AddService = .., 2", "the name of a service"),
    ("AddService = {name}, 2", "AddService = \"a\u{7}\", 2", "the name of a service"),
    ("Service, Log", r"Service, Log, ..\..\..\Select", "the name of an event log"),
    ("Service, Log", "Service, Log, System, \"\\\"", "the name of an event log source"),
    ("Service, Log", r"Service, Log, System, a\b", "the name of an event log source"),
    ("MSISupported,", "\"MSI\0Supported\",", "a NUL character"),
    ("HKR, , TypesSupported,", "EVIL, , TypesSupported,", "EVIL"),
    // Text.
    ("Sample Device", "{long}", "65536"),
    ("[Manufacturer]", "[Manufacturer", "']'"),
    ("[Manufacturer]", "[{long}]", "section name"),
    ("StartType = 0", "StartType = 99999999999", "StartType"),
    ("ClassGuid = {4d36e97b-e325-11ce-bfc1-08002be10318}", "ClassGuid = {4d36}", "GUID"),
    ("08/02/2019,1.3.15.0", "99/99/9999,1", "a date"),
];

#[test]
fn texts_made_to_do_harm_are_refused_with_their_line() {
    let bench = WindowsBench::new();
    let long = "y".repeat(70_000);
    for (number, (part, by, _)) in TEXTS.iter().enumerate() {
        let name = format!("evil{number:02}");
        let inf = Sample::storage(&name).write(&bench.drivers());
        let fill = |text: &str| text.replace("{name}", &name).replace("{long}", &long);
        let text = Sample::storage(&name).inf();
        assert!(text.contains(&fill(part)), "{part}");
        std::fs::write(inf, text.replacen(&fill(part), &fill(by), 1)).unwrap();
    }
    let reports = refuse(&bench);
    assert_eq!(reports.len(), TEXTS.len());
    for (report, (_, by, words)) in reports.iter().zip(TEXTS) {
        assert_eq!(report.status, DriverStatus::Failed, "{by}: {report:?}");
        let reason = report.reason.as_deref().unwrap_or_default();
        assert!(reason.contains(words), "{by}: {reason}");
        assert!(reason.contains(&report.path), "{by}: the INF is named: {reason}");
        // A file that is not there has a path, and no line is wrong.
        let has_place = reason.contains("line ") || words == "server\\share";
        assert!(has_place, "{by}: the line is named: {reason}");
        assert!(report.files.is_empty());
    }
}

#[test]
fn what_lies_on_the_host_is_read_only_if_it_is_a_file_of_the_package() {
    let bench = WindowsBench::new();
    let drivers = bench.drivers();
    let write = |name: &str| Sample::storage(name).write(&drivers);
    let pipe = |path: &Path| {
        let _file = std::fs::remove_file(path);
        let status = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(status.success());
    };
    let link = |to: &str, path: &Path| {
        let _file = std::fs::remove_file(path);
        symlink(to, path).unwrap();
    };
    let huge = |path: &Path, size: u64| std::fs::File::create(path).unwrap().set_len(size).unwrap();
    let secret = bench.images.path("secret.sys");
    std::fs::write(&secret, "secret").unwrap();
    let secret = secret.display().to_string();

    pipe(&write("a01pipe"));
    link("/dev/zero", &write("a02device"));
    huge(&write("a03huge"), 17 << 20);
    pipe(&write("a04pipe").with_extension("sys"));
    link("/dev/zero", &write("a05device").with_extension("sys"));
    link(&secret, &write("a06link").with_extension("sys"));
    huge(&write("a07huge").with_extension("sys"), 3 << 30);
    link(&secret, &write("a09link").with_extension("cat"));
    huge(&write("a10huge").with_extension("cat"), 3 << 30);
    link("nowhere", &write("a11nowhere").with_extension("sys"));
    // A folder of the package that is a link to another place.
    let inf = write("a12folder");
    let text = Sample::storage("a12folder").inf().replace("a12folder.sys = 1", "secret.sys = 1,sub");
    std::fs::write(&inf, text).unwrap();
    symlink(bench.images.path("."), inf.with_file_name("sub")).unwrap();
    for name in [r"..\..\a13.inf", r"a\a14.inf", "a15:stream.inf", "NUL.inf", "a16 .inf.INF"] {
        std::fs::copy(write("zgood"), drivers.join(name)).unwrap();
    }

    let expected = [
        ("a01pipe", "not a file"),
        ("a02device", "not a file"),
        ("a03huge", "more than the limit"),
        ("a04pipe", "a04pipe.sys"),
        ("a05device", "a05device.sys"),
        ("a06link", "leaves the package"),
        ("a07huge", "more than the limit"),
        ("a09link", "leaves the package"),
        ("a10huge", "more than the limit"),
        ("a11nowhere", "a11nowhere.sys"),
        ("a12folder", "leaves the package"),
        (r"..\a13", "leaves the package"),
        (r"a\a14", "a backslash"),
        ("a15:stream", "a drive or a stream"),
        ("NUL", "a device"),
    ];
    let reports = refuse(&bench);
    for (name, words) in expected {
        let mut found = reports.iter().filter(|report| report.path.ends_with(&format!("{name}.inf")));
        let report = found.next().expect(name);
        assert_eq!(report.status, DriverStatus::Failed, "{report:?}");
        assert!(report.reason.as_ref().unwrap().contains(words), "{name}: {:?}", report.reason);
    }
}

#[test]
fn large_and_looping_packages_end() {
    let bench = WindowsBench::new();
    let drivers = bench.drivers();
    let write = |name: &str, change: &dyn Fn(String) -> String| {
        let inf = Sample::storage(name).write(&drivers);
        std::fs::write(inf, change(Sample::storage(name).inf())).unwrap();
    };
    let models: String =
        (0..20_000).map(|number| format!("%Device%=Install,ROOT\\EVIL{number}\r\n")).collect();
    write("models", &|text| text.replace("[Install.NT]", &format!("{models}[Install.NT]")));
    let lines = "HKR,,a,,b\r\n".repeat(250_000);
    write("lines", &|text| text.replace("[Parameters]", &format!("[Parameters]\r\n{lines}")));
    let needs = "[Install.NT]\r\nInclude=needs.inf,..\\..\\x.inf,CON\r\nNeeds=Install.NT,A\r\n[A]\r\nNeeds=B\r\n[B]\r\nNeeds=A\r\n";
    write("needs", &|text| text.replace("[Install.NT]\r\n", needs));
    let reports = refuse(&bench);
    let status = |name: &str| {
        let report = reports.iter().find(|report| report.path.ends_with(&format!("{name}.inf"))).unwrap();
        (report.status, report.reason.clone().unwrap_or_default())
    };
    assert_eq!(status("lines").0, DriverStatus::Failed);
    assert!(status("lines").1.contains("more than the limit"), "{:?}", status("lines"));
    // Sections that need each other do no harm: each is read once.
    assert_eq!(status("needs").0, DriverStatus::Added);
    assert_eq!(status("models").0, DriverStatus::Added, "as many devices as no driver has, but bounded");
}

#[test]
fn a_file_that_changes_while_it_is_added_stops_its_package_alone() {
    let bench = WindowsBench::new();
    let sys = Sample::storage("evil").write(&bench.drivers()).with_extension("sys");
    Sample::storage("zgood").write(&bench.drivers());
    let mut session = bench.mount();
    let mut change = |progress: Progress| {
        if progress.phase == Phase::Staging {
            std::fs::write(&sys, "another driver").unwrap();
        }
        ControlFlow::Continue(())
    };
    let reports = add(&mut session, &[bench.drivers()], force(), &mut change).unwrap();
    let statuses: Vec<_> = reports.iter().map(|report| report.status).collect();
    assert_eq!(statuses, [DriverStatus::Failed, DriverStatus::Added], "{reports:?}");
    let reason = reports.first().and_then(|report| report.reason.clone()).unwrap();
    assert!(reason.contains("evil.sys") && reason.contains("changed while it was added"), "{reason}");
    assert!(changed(&mut session).iter().all(|path| !path.contains("evil")));
}
