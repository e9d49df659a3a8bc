//! The registry of an image and of single hives: names, edits, registration files, differences; and
//! what hivex and wimlib-imagex say of the result.

use crate::support::hives;
use crate::support::images;
use crate::support::images::{read, root, save};
use crate::support::windows;
use crate::support::windows::{hive, WindowsBench, OLD_LOG};
use imgsvc::error::{Error, Result};
use imgsvc::formats::regf::*;
use imgsvc::image::hive_file::{HiveAccess, HiveFile};
use imgsvc::image::{SavedImage, Session};
use imgsvc::progress::unobserved;
use imgsvc::servicing::registry::*;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

/// An image with the hives of the machine and of three users.
fn bench() -> WindowsBench {
    WindowsBench::with(|tree| {
        let config = tree.join("Windows/System32/config");
        for name in ["SAM", "SECURITY", "DEFAULT", "COMPONENTS"] {
            write_hive(&config.join(name), name);
        }
        for folder in ["Default", "jo", "Jo Ünï"] {
            let folder = tree.join("Users").join(folder);
            std::fs::create_dir_all(folder.join("AppData/Local/Microsoft/Windows")).unwrap();
            write_hive(&folder.join("NTUSER.DAT"), "NTUSER");
            std::fs::write(folder.join("NTUSER.DAT.LOG1"), OLD_LOG).unwrap();
        }
        write_hive(&tree.join("Users/jo/AppData/Local/Microsoft/Windows/UsrClass.dat"), "CLASSES");
        let service = tree.join("Windows/ServiceProfiles/LocalService");
        std::fs::create_dir_all(&service).unwrap();
        write_hive(&service.join("NTUSER.DAT"), "SERVICE");
        std::fs::write(tree.join("Users/desktop.ini"), b"no folder").unwrap();
    })
}

/// A hive whose only key says which it is.
fn write_hive(path: &Path, name: &str) {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let key = hive.create_key(hive.root(), "Which").unwrap();
    hive.set_value(key, "", REG_SZ, &sz(name)).unwrap();
    std::fs::write(path, hive.finish(1).unwrap().bytes).unwrap();
}

fn look<T>(session: &mut Session, look: impl FnOnce(&mut Registry<'_>) -> Result<T>) -> Result<T> {
    Target::Session(session).read(&Access::default(), look)
}

fn edit<T>(session: &mut Session, change: impl FnOnce(&mut Registry<'_>) -> Result<T>) -> Result<T> {
    Target::Session(session).edit("test", &Access::default(), &mut unobserved, change)
}

fn forced() -> Access {
    Access { force: true, current_user: Some("jo".to_owned()) }
}

#[test]
fn each_name_leads_to_its_hive() {
    let bench = bench();
    let mut session = bench.mount();
    for (name, expected) in [
        (r"HKLM\COMPONENTS\Which", "COMPONENTS"),
        (r"hklm:\components\which", "COMPONENTS"),
        (r"HKEY_LOCAL_MACHINE\\SAM\Which\", "SAM"),
        (r"HKLM\SECURITY\Which", "SECURITY"),
        (r"HKU\.DEFAULT\Which", "DEFAULT"),
        (r"HKU\S-1-5-18\Which", "DEFAULT"),
        (r"HKEY_USERS\s-1-5-19\Which", "SERVICE"),
        (r"HKU:\Default\Which", "NTUSER"),
        (r"HKU\jo ünï\Which", "NTUSER"),
        (r"HKU\jo_Classes\Which", "CLASSES"),
        (r"HKCU\Which", "NTUSER"),
    ] {
        let values = Target::Session(&mut session).read(&forced(), |registry| registry.values(name, None));
        let values = values.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(values[0].content.data, ValueData::Text(expected.to_owned()), "{name}");
    }
    let key = look(&mut session, |registry| registry.key(r"HKLM\system\currentcontrolset\Control")).unwrap();
    assert_eq!(key.key, r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Control");
    assert_eq!(key.hive.as_deref(), Some(r"\Windows\System32\config\SYSTEM"));
    let key = look(&mut session, |registry| registry.key(r"HKLM\SOFTWARE")).unwrap();
    assert_eq!((key.name.as_str(), key.sub_key_count, key.value_count), ("SOFTWARE", 1, 0));
}

#[test]
fn an_account_is_found_by_its_sid() {
    let sid = "S-1-5-21-1-2-3-1001";
    let bench = WindowsBench::with(|tree| {
        windows::edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), |hive| {
            let list = r"Microsoft\Windows NT\CurrentVersion\ProfileList";
            let key = hive.create_key(hive.root(), &format!(r"{list}\{sid}")).unwrap();
            hive.set_value(key, "ProfileImagePath", REG_EXPAND_SZ, &sz(r"C:\Profiles\ann.DOMAIN")).unwrap();
        });
        let folder = tree.join("Profiles/ann.DOMAIN");
        std::fs::create_dir_all(&folder).unwrap();
        write_hive(&folder.join("NTUSER.DAT"), "ann");
    });
    let mut session = bench.mount();
    let name = format!(r"HKU\{sid}\Which");
    let key = look(&mut session, |registry| registry.key(&name)).unwrap();
    assert_eq!(key.hive.as_deref(), Some(r"\Profiles\ann.DOMAIN\NTUSER.DAT"));
    let unknown = look(&mut session, |registry| registry.key(r"HKU\S-1-5-21-9\Which"));
    assert!(matches!(root(unknown.unwrap_err()), Error::ItemNotFound { .. }));
}

#[test]
fn the_hives_of_an_image_are_listed_by_name() {
    let bench = bench();
    let mut session = bench.mount();
    let hives = look(&mut session, |registry| registry.hives()).unwrap();
    let names: Vec<&str> = hives.iter().map(|hive| hive.key.as_str()).collect();
    let machine = ["SYSTEM", "SOFTWARE", "DRIVERS", "COMPONENTS", "SAM", "SECURITY"];
    let machine = machine.map(|name| format!(r"HKEY_LOCAL_MACHINE\{name}"));
    assert_eq!(names[..6], machine);
    let users =
        [".DEFAULT", "Default", "jo", "jo_Classes", "Jo Ünï"].map(|name| format!(r"HKEY_USERS\{name}"));
    assert_eq!(names[6..].iter().collect::<std::collections::BTreeSet<_>>().len(), users.len());
    assert!(users.iter().all(|user| names.contains(&user.as_str())), "{names:?}");
    assert_eq!(hives[1].hive, r"\Windows\System32\config\SOFTWARE");
}

#[test]
fn a_hive_file_is_saved_when_the_whole_change_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("SOFTWARE");
    write_hive(&path, "file");
    std::fs::write(folder.path().join("SOFTWARE.LOG1"), OLD_LOG).unwrap();
    let before = std::fs::read(&path).unwrap();
    let edit = |text: &str| {
        let mut file = HiveFile::open(&path, HiveAccess::Write).unwrap();
        let import = |registry: &mut Registry<'_>| {
            registry.import(text.as_bytes(), &ImportOptions::default(), &mut unobserved)
        };
        Target::File(&mut file).edit("import", &Access::default(), &mut unobserved, import).unwrap()
    };
    let good = format!("{V5}[HKEY_LOCAL_MACHINE\\X\\New]\r\n\"a\"=dword:7\r\n");
    assert!(!edit(&format!("{good}rubbish\r\n")).applied);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(edit(&good).applied);
    let after = std::fs::read(&path).unwrap();
    assert!(windows::has_key(&Hive::open(after.clone()).unwrap(), "New"));
    hives::assert_hivexml_reads(&after);
    assert_eq!(std::fs::read(folder.path().join("SOFTWARE.LOG1")).unwrap(), b"");
    let mut file = HiveFile::open(&path, HiveAccess::Read).unwrap();
    let values = |registry: &mut Registry<'_>| registry.values(r"\new", Some("A"));
    let values = Target::File(&mut file).read(&Access::default(), values).unwrap();
    assert_eq!((values[0].key.as_str(), &values[0].content.data), (r"\New", &ValueData::Number(7)));
}

#[test]
fn a_dirty_hive_file_is_changed_as_its_logs_make_it() {
    let Some(primary) = corpus("NewDirtyHive") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("HIVE");
    std::fs::write(&path, primary).unwrap();
    for log in ["LOG1", "LOG2"] {
        std::fs::write(
            folder.path().join(format!("HIVE.{log}")),
            corpus(&format!("NewDirtyHive.{log}")).unwrap(),
        )
        .unwrap();
    }
    let mut file = HiveFile::open(&path, HiveAccess::Write).unwrap();
    let create = |registry: &mut Registry<'_>| {
        registry.create_key("New", false)?;
        Ok(registry.recoveries())
    };
    let recoveries =
        Target::File(&mut file).edit("new", &Access::default(), &mut unobserved, create).unwrap();
    assert!(recoveries[0].recovered && recoveries[0].hive.ends_with("HIVE"), "{recoveries:?}");
    let mut healed = Hive::open(corpus("RecoveredHive_Windows10").unwrap()).unwrap();
    healed.create_key(healed.root(), "New").unwrap();
    let stored = Hive::open(std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(hives::dump_without_times(&stored), hives::dump_without_times(&healed));
}

#[test]
fn a_name_that_leads_nowhere_says_why() {
    let bench = bench();
    let mut session = bench.mount();
    let mut fails = |name: &str| root(look(&mut session, |registry| registry.key(name)).unwrap_err());
    for name in
        ["SOFTWARE", r"HKLM", r"HKLM\HARDWARE", r"HKU", r"HKCU\Software", r"HKU\a/b\x", r"HKU\..\x", ""]
    {
        assert!(matches!(fails(name), Error::InvalidName { .. }), "{name}: {}", fails(name));
    }
    for name in [r"HKU\nobody\Software", r"HKU\Default_Classes", r"HKU\desktop.ini"] {
        let error = fails(name);
        assert!(matches!(error, Error::ItemNotFound { .. } | Error::WrongItemKind { .. }), "{name}: {error}");
    }
    for name in [r"HKLM\SOFTWARE\Nothing", r"HKCR\.txt", r"HKCC\Software"] {
        assert!(matches!(fails(name), Error::RegistryNotFound { what: "key", .. }), "{name}");
    }
    let error = look(&mut session, |registry| registry.values(r"HKLM\SOFTWARE", Some("none"))).unwrap_err();
    assert!(matches!(error, Error::RegistryNotFound { what: "value", .. }));
}

#[test]
fn values_of_sam_and_security_are_for_force_only() {
    let bench = bench();
    let mut session = bench.mount();
    let key = look(&mut session, |registry| registry.key(r"HKLM\SAM\Which")).unwrap();
    assert_eq!(key.value_count, 1);
    let refused =
        |error: Error| assert!(matches!(root(error), Error::InvalidArgument { parameter: "key", .. }));
    refused(look(&mut session, |registry| registry.values(r"HKLM\SAM\Which", None)).unwrap_err());
    refused(edit(&mut session, |registry| registry.create_key(r"HKLM\SECURITY\New", true)).unwrap_err());
    refused(edit(&mut session, |registry| registry.delete_key(r"HKLM\SAM\Which", true)).unwrap_err());
    let mut file = Vec::new();
    let export = |registry: &mut Registry<'_>| {
        registry.export(r"HKLM\SAM", &mut file, &ExportOptions::default(), &mut unobserved)
    };
    refused(look(&mut session, export).unwrap_err());
    let target = Target::Session(&mut session);
    let set = |registry: &mut Registry<'_>| registry.set_value(r"HKLM\SAM\Which", "x", 4, &dword(1), false);
    target.edit("test", &forced(), &mut unobserved, set).unwrap();
}

/// Extracts a file of the image with wimlib-imagex.
fn extract(bench: &WindowsBench, path: &str) -> std::path::PathBuf {
    let target = bench.images.path("extracted");
    let mut command = Command::new("wimlib-imagex");
    command.arg("extract").arg(bench.images.wim()).args(["1", path, "--no-acls"]);
    images::succeed({
        command.arg(format!("--dest-dir={}", target.display()));
        command
    });
    target.join(path.rsplit('/').next().unwrap())
}

#[test]
fn edits_are_saved_as_foreign_readers_see_them() {
    let bench = bench();
    let mut session = bench.mount();
    edit(&mut session, |registry| {
        let number = ValueData::Number(5).encode(ValueKind::DWord)?;
        let info = registry.set_value(r"HKLM\SOFTWARE\Contoso", "Level", REG_DWORD, &number, true)?;
        assert_eq!(info.key, r"HKEY_LOCAL_MACHINE\SOFTWARE\Contoso");
        let texts =
            ValueData::Texts(vec!["one".to_owned(), "zwei ü".to_owned()]).encode(ValueKind::MultiString)?;
        registry.set_value(r"HKLM\SOFTWARE\Contoso", "List", REG_MULTI_SZ, &texts, false)?;
        registry.set_value(r"HKU\Default\Software\Contoso", "", REG_SZ, &sz("default"), true)?;
        registry.create_key(r"HKLM\SYSTEM\CurrentControlSet\Services\New", false)?;
        registry.delete_key(r"HKLM\SYSTEM\ControlSet002", true)
    })
    .unwrap();
    for log in [r"\Windows\System32\config\SOFTWARE.LOG1", r"\Users\Default\NTUSER.DAT.LOG1"] {
        assert_eq!(read(&session, log).unwrap(), b"", "{log}");
    }
    for log in [r"\Windows\System32\config\DRIVERS.LOG1", r"\Users\jo\NTUSER.DAT.LOG1"] {
        assert_eq!(read(&session, log).unwrap(), OLD_LOG, "{log}");
    }
    save(&mut session).unwrap();
    bench.images.judge();
    for path in
        ["/Windows/System32/config/SOFTWARE", "/Windows/System32/config/SYSTEM", "/Users/Default/NTUSER.DAT"]
    {
        let file = extract(&bench, path);
        let bytes = std::fs::read(&file).unwrap();
        Hive::open(bytes.clone()).unwrap().check().unwrap();
        hives::assert_hivexml_reads(&bytes);
        if hives::has_hivex() {
            assert_eq!(hives::hivex_dump(&bytes).unwrap(), hives::dump(&Hive::open(bytes).unwrap()));
        }
    }
    let get = |hive: &str, key: &str, value: &str| {
        let mut command = Command::new("hivexget");
        command.arg(bench.images.path("extracted").join(hive)).args([key, value]);
        let Ok(output) = command.output() else {
            eprintln!("SKIPPED: hivexget is not installed");
            return None;
        };
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if let Some(level) = get("SOFTWARE", r"\Contoso", "Level") {
        assert_eq!(level, "5");
        assert_eq!(get("SOFTWARE", r"\Contoso", "List").unwrap(), "one\nzwei ü");
        assert_eq!(get("NTUSER.DAT", r"\Software\Contoso", "@").unwrap(), "default");
        assert_eq!(get("SYSTEM", r"\Select", "Default").unwrap(), "1");
    }
    let system = hive(&session, "SYSTEM");
    assert!(windows::has_key(&system, r"ControlSet001\Services\New"));
    assert!(!windows::has_key(&system, "ControlSet002"));
}

#[test]
fn names_of_one_hive_lead_to_one_hive() {
    let bench = bench();
    let mut session = bench.mount();
    let names = [r"HKU\jo", r"HKU\JO", r"HKCU", r"HKEY_USERS\Jo"];
    let set = |registry: &mut Registry<'_>| {
        for (number, name) in names.iter().enumerate() {
            let name = format!(r"{name}\WHICH");
            let info = registry.set_value(&name, &format!("v{number}"), REG_DWORD, &dword(1), false)?;
            assert_eq!(info.key, r"HKEY_USERS\jo\Which");
        }
        Ok(())
    };
    Target::Session(&mut session).edit("test", &forced(), &mut unobserved, set).unwrap();
    let values = look(&mut session, |registry| registry.values(r"HKU\jo\Which", None)).unwrap();
    assert_eq!(values.len(), 1 + names.len());
}

#[test]
fn an_edit_that_fails_or_is_cancelled_changes_nothing() {
    let bench = bench();
    let mut session = bench.mount();
    let before = read(&session, r"\Windows\System32\config\SOFTWARE").unwrap();
    let change = |registry: &mut Registry<'_>| {
        registry.create_key(r"HKLM\SOFTWARE\First", false)?;
        registry.set_value(r"HKLM\SOFTWARE\Missing\Key", "x", 4, &dword(1), false)
    };
    assert!(matches!(root(edit(&mut session, change).unwrap_err()), Error::RegistryNotFound { .. }));
    let mut cancel = |_| ControlFlow::Break(());
    let target = Target::Session(&mut session);
    let change = |registry: &mut Registry<'_>| registry.create_key(r"HKLM\SOFTWARE\First", false);
    let cancelled = target.edit("test", &Access::default(), &mut cancel, change);
    assert!(matches!(cancelled.unwrap_err(), Error::Cancelled));
    assert_eq!(read(&session, r"\Windows\System32\config\SOFTWARE").unwrap(), before);
    assert_eq!(session.info().unwrap().pending_transactions, 0);
}

/// A file of a dirty hive of the corpus.
fn corpus(name: &str) -> Option<Vec<u8>> {
    let files = hives::files(&hives::testdata("hives")?.join("yarp/NewDirtyHive1"));
    let is =
        |path: &str| Path::new(path.strip_suffix(".xz").unwrap_or(path)).file_name() == Some(name.as_ref());
    files.into_iter().find(|(path, _)| is(path)).map(|(_, bytes)| bytes)
}

/// An image whose SOFTWARE hive is that one, with its logs if `logs`.
fn dirty_bench(logs: bool) -> Option<WindowsBench> {
    let hive = corpus("NewDirtyHive")?;
    Some(WindowsBench::with(|tree| {
        let config = tree.join("Windows/System32/config");
        std::fs::write(config.join("SOFTWARE"), hive).unwrap();
        for log in ["LOG1", "LOG2"] {
            let bytes = corpus(&format!("NewDirtyHive.{log}")).unwrap();
            let bytes = if logs { bytes.as_slice() } else { OLD_LOG };
            std::fs::write(config.join(format!("SOFTWARE.{log}")), bytes).unwrap();
        }
    }))
}

#[test]
fn a_dirty_hive_is_read_and_changed_as_its_logs_make_it() {
    let Some(bench) = dirty_bench(true) else { return };
    let mut healed = Hive::open(corpus("RecoveredHive_Windows10").unwrap()).unwrap();
    let mut session = bench.mount();
    let mut names = Vec::new();
    let recoveries = look(&mut session, |registry| {
        registry.keys(r"HKLM\SOFTWARE", u32::MAX, &mut |key| {
            names.push(key.key.replace(r"HKEY_LOCAL_MACHINE\SOFTWARE", ""));
            Ok(())
        })?;
        Ok(registry.recoveries())
    })
    .unwrap();
    let mut expected = Vec::new();
    let visit = |registry: &mut Registry<'_>| {
        registry.keys(r"\", u32::MAX, &mut |key| {
            expected.push(if key.key == r"\" { String::new() } else { key.key });
            Ok(())
        })
    };
    Target::Hive(&mut healed).read(&Access::default(), visit).unwrap();
    assert_eq!(names, expected);
    assert_eq!((recoveries.len(), recoveries[0].recovered), (1, true));
    assert_eq!(recoveries[0].logs.iter().map(|log| log.entries).sum::<u32>(), 4);

    edit(&mut session, |registry| registry.create_key(r"HKLM\SOFTWARE\New", false)).unwrap();
    healed.create_key(healed.root(), "New").unwrap();
    let stored = hive(&session, "SOFTWARE");
    stored.check().unwrap();
    assert_eq!(hives::dump_without_times(&stored), hives::dump_without_times(&healed));
    assert_eq!(read(&session, r"\Windows\System32\config\SOFTWARE.LOG1").unwrap(), b"");
}

#[test]
fn a_dirty_hive_without_use_of_its_logs_is_only_read_unless_forced() {
    let Some(bench) = dirty_bench(false) else { return };
    let mut session = bench.mount();
    let look_at = |registry: &mut Registry<'_>| {
        registry.key(r"HKLM\SOFTWARE")?;
        Ok(registry.recoveries())
    };
    let recoveries = look(&mut session, look_at).unwrap();
    assert!(!recoveries[0].recovered, "{recoveries:?}");
    let create = |registry: &mut Registry<'_>| registry.create_key(r"HKLM\SOFTWARE\New", false);
    let refused = edit(&mut session, create).unwrap_err();
    assert!(matches!(root(refused), Error::HiveDirty { primary: 3, secondary: 2 }));
    Target::Session(&mut session).edit("test", &forced(), &mut unobserved, create).unwrap();
    assert!(windows::has_key(&hive(&session, "SOFTWARE"), "New"));
}

#[test]
fn keys_are_created_and_deleted_as_the_caller_says() {
    let bench = bench();
    let mut session = bench.mount();
    edit(&mut session, |registry| {
        let new = r"HKLM\SOFTWARE\A\B";
        assert!(matches!(registry.create_key(new, false), Err(Error::RegistryNotFound { .. })));
        assert_eq!(registry.create_key(new, true)?.name, "B");
        assert!(matches!(registry.create_key(new, false), Err(Error::ItemExists { .. })));
        registry.create_key(new, true)?;
        let refused = |result: Result<DeleteReport>| {
            assert!(matches!(root(result.unwrap_err()), Error::InvalidArgument { .. }));
        };
        refused(registry.delete_key(r"HKLM\SOFTWARE\A", false));
        refused(registry.delete_key(r"HKLM\SOFTWARE", true));
        refused(registry.delete_key(r"HKLM\SYSTEM\CurrentControlSet", true));
        assert_eq!(registry.delete_key(r"HKLM\SOFTWARE\A", true)?.keys, 2);
        registry.set_value(r"HKLM\SOFTWARE", "x", REG_SZ, &sz("y"), false)?;
        registry.delete_value(r"HKLM\SOFTWARE", "X")?;
        assert!(matches!(registry.delete_value(r"HKLM\SOFTWARE", "x"), Err(Error::RegistryNotFound { .. })));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_walk_gives_each_key_before_its_subkeys_by_name() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    for path in [r"b\x", r"a\z", r"a\y", "C"] {
        hive.create_key(hive.root(), path).unwrap();
    }
    let mut walk = |name: &str, levels: u32| {
        let mut names = Vec::new();
        let visit = |registry: &mut Registry<'_>| {
            registry.keys(name, levels, &mut |key| {
                names.push(key.key);
                Ok(())
            })
        };
        Target::Hive(&mut hive).read(&Access::default(), visit).unwrap();
        names
    };
    assert_eq!(walk(r"\", u32::MAX), [r"\", r"\a", r"\a\y", r"\a\z", r"\b", r"\b\x", r"\C"]);
    assert_eq!(walk(r"\", 1), [r"\", r"\a", r"\b", r"\C"]);
    assert_eq!(walk("A", 0), [r"\a"]);
}

#[test]
fn documents_have_the_names_of_dotnet() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    hive.set_class(hive.root(), Some(&class_bytes("klass"))).unwrap();
    for (name, kind, data) in [
        ("a", REG_DWORD, dword(u32::MAX)),
        ("b", REG_QWORD, qword(1 << 40)),
        ("c", REG_MULTI_SZ, multi_sz(["x", "y"])),
        ("d", REG_BINARY, vec![0, 255]),
        ("e", 0xABCD, vec![1]),
        ("f", REG_DWORD, vec![1, 2]),
        ("g", REG_EXPAND_SZ, sz("%x%")),
        ("h", REG_NONE, Vec::new()),
    ] {
        hive.set_value(hive.root(), name, kind, &data).unwrap();
    }
    let target = Target::Hive(&mut hive);
    let (key, values) = target
        .read(&Access::default(), |registry| Ok((registry.key("")?, registry.values("", None)?)))
        .unwrap();
    let json = serde_json::to_value(key).unwrap();
    assert_eq!((&json["key"], &json["className"]), (&r"\".into(), &"klass".into()));
    assert_eq!((&json["subKeyCount"], &json["valueCount"]), (&0.into(), &8.into()));
    let found: Vec<String> = values
        .iter()
        .map(|value| {
            let json = serde_json::to_value(value).unwrap();
            format!(
                "{} {} {} {} {}",
                json["name"], json["kind"], json["kindNumber"], json["form"], json["value"]
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            r#""a" "DWord" 4 "number" -1"#,
            r#""b" "QWord" 11 "number" 1099511627776"#,
            r#""c" "MultiString" 7 "texts" ["x","y"]"#,
            r#""d" "Binary" 3 "bytes" "00ff""#,
            r#""e" "Unknown" 43981 "bytes" "01""#,
            r#""f" "DWord" 4 "bytes" "0102""#,
            r#""g" "ExpandString" 2 "text" "%x%""#,
            r#""h" "None" 0 "bytes" """#,
        ]
    );
    let data: ValueData = serde_json::from_str(r#"{"form":"bytes","value":"0aFF"}"#).unwrap();
    assert_eq!(data, ValueData::Bytes(vec![10, 255]));
    assert!(serde_json::from_str::<ValueData>(r#"{"form":"bytes","value":"0g"}"#).is_err());
}

#[test]
fn data_that_do_not_fit_their_kind_are_refused() {
    let refused = |data: ValueData, kind| {
        assert!(matches!(data.encode(kind), Err(Error::InvalidArgument { parameter: "value", .. })));
    };
    refused(ValueData::Number(1 << 32), ValueKind::DWord);
    refused(ValueData::Number(-(1 << 31) - 1), ValueKind::DWord);
    refused(ValueData::Text("5".to_owned()), ValueKind::DWord);
    refused(ValueData::Text("a\0b".to_owned()), ValueKind::String);
    refused(ValueData::Texts(vec![String::new()]), ValueKind::MultiString);
    refused(ValueData::Number(1), ValueKind::Binary);
    for number in [i64::from(u32::MAX), -1] {
        assert_eq!(ValueData::Number(number).encode(ValueKind::DWord).unwrap(), [255; 4]);
    }
}

const V5: &str = "Windows Registry Editor Version 5.00\r\n\r\n";

fn import(session: &mut Session, text: &str, options: &ImportOptions) -> Result<ImportReport> {
    let access = forced();
    Target::Session(session).edit("import", &access, &mut unobserved, |registry| {
        registry.import(text.as_bytes(), options, &mut unobserved)
    })
}

#[test]
fn a_registration_file_is_imported_into_the_hives_it_names() {
    let bench = bench();
    let mut session = bench.mount();
    let text = format!(
        "{V5}[HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\Deep]\r\n@=\"x\"\r\n\"n\"=dword:1\r\n\r\n\
         [HKEY_CURRENT_USER\\Software]\r\n\"user\"=\"jo\"\r\n\r\n\
         [HKEY_CLASSES_ROOT\\.abc]\r\n@=\"abcfile\"\r\n\r\n\
         [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control]\r\n\"none\"=-\r\n\r\n\
         [-HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002]\r\n[-HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet009]\r\n\
         [HKEY_LOCAL_MACHINE\\Offline\\A]\r\n\"a\"=\"b\"\r\n"
    );
    let mapping = KeyMapping { from: r"HKLM\Offline".to_owned(), to: r"HKLM\SOFTWARE\Mapped".to_owned() };
    let options = ImportOptions { mappings: vec![mapping], ..ImportOptions::default() };
    let report = import(&mut session, &text, &options).unwrap();
    let counts = (report.keys_created, report.keys_deleted, report.values_set, report.values_deleted);
    assert_eq!((report.applied, counts, report.errors), (true, (7, 1, 5, 0), vec![]));
    let software = hive(&session, "SOFTWARE");
    for key in [r"Contoso\Deep", r"Classes\.abc", r"Mapped\A"] {
        assert!(windows::has_key(&software, key), "{key}");
    }
    assert!(!windows::has_key(&hive(&session, "SYSTEM"), "ControlSet002"));
    let user = Hive::open(read(&session, r"\Users\jo\NTUSER.DAT").unwrap()).unwrap();
    assert!(windows::has_key(&user, "Software"));
}

#[test]
fn a_file_with_errors_changes_nothing_unless_they_are_skipped() {
    let bench = bench();
    let mut session = bench.mount();
    let before = read(&session, r"\Windows\System32\config\SOFTWARE").unwrap();
    let text = format!(
        "{V5}[HKEY_LOCAL_MACHINE\\SOFTWARE\\Good]\n\"a\"=dword:xyz\n\"b\"=dword:2\n\
         [HKEY_LOCAL_MACHINE\\HARDWARE\\Bad]\n\"lost\"=\"\"\n[HKEY_USERS\\nobody\\Bad]\n\
         [HKEY_LOCAL_MACHINE\\SOFTWARE\\{}]\n[-HKEY_LOCAL_MACHINE\\SOFTWARE]\n",
        "x".repeat(256)
    );
    let report = import(&mut session, &text, &ImportOptions::default()).unwrap();
    assert!(!report.applied);
    let places: Vec<_> = report.errors.iter().map(|error| (error.line.unwrap(), error.column)).collect();
    assert_eq!(places, [(4, Some(11)), (6, None), (8, None), (9, None), (10, None)]);
    assert_eq!(report.errors[1].key.as_deref(), Some(r"HKEY_LOCAL_MACHINE\HARDWARE\Bad"));
    assert_eq!(report.error_count, 5);
    assert_eq!(read(&session, r"\Windows\System32\config\SOFTWARE").unwrap(), before);

    let options = ImportOptions { skip_errors: true, ..ImportOptions::default() };
    let report = import(&mut session, &text, &options).unwrap();
    assert!(report.applied);
    assert_eq!((report.keys_created, report.values_set, report.error_count), (1, 1, 5));
    assert!(windows::has_key(&hive(&session, "SOFTWARE"), "Good"));
}

fn import_into(hive: &mut Hive, file: &[u8]) -> ImportReport {
    import_with(hive, file, &ImportOptions::default())
}

fn import_with(hive: &mut Hive, file: &[u8], options: &ImportOptions) -> ImportReport {
    Target::Hive(hive)
        .edit("import", &Access::default(), &mut unobserved, |registry| {
            registry.import(file, options, &mut unobserved)
        })
        .unwrap()
}

fn export_of(hive: &mut Hive, options: &ExportOptions) -> (Vec<u8>, ExportReport) {
    let mut file = Vec::new();
    let export = |registry: &mut Registry<'_>| registry.export(r"\", &mut file, options, &mut unobserved);
    let report = Target::Hive(hive).read(&Access::default(), export).unwrap();
    (file, report)
}

#[test]
fn every_real_file_goes_into_a_fresh_hive_and_comes_out_with_the_same_meaning() {
    let Some(folder) = hives::testdata("reg") else { return };
    // Some are for several hives.
    let machine = || "HKEY_LOCAL_MACHINE".to_owned();
    let mapping = KeyMapping { from: machine(), to: r"\".to_owned() };
    let options = ImportOptions { mappings: vec![mapping], ..ImportOptions::default() };
    let exported_as = ExportOptions { name: Some(machine()), ..ExportOptions::default() };
    for (name, bytes) in hives::files(&folder).into_iter().filter(|(name, _)| name.ends_with(".reg")) {
        let mut first = Hive::new("ROOT", 5, None).unwrap();
        let report = import_with(&mut first, &bytes, &options);
        if name.contains("Sytem") {
            // regedit would skip this line, which has a quotation mark too many.
            assert_eq!((report.applied, report.error_count, report.errors[0].line), (false, 1, Some(52)));
        } else {
            assert_eq!((report.applied, report.errors), (true, vec![]), "{name}");
        }
        let (exported, report) = export_of(&mut first, &exported_as);
        assert_eq!(report.errors, [], "{name}");
        let mut second = Hive::new("ROOT", 5, None).unwrap();
        assert!(import_with(&mut second, &exported, &options).applied, "{name}");
        assert_eq!(hives::dump_without_times(&second), hives::dump_without_times(&first), "{name}");
    }
}

#[test]
fn a_file_for_one_hive_may_name_only_one() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let text = format!("{V5}[HKEY_LOCAL_MACHINE\\X\\A]\n[HKLM\\x\\B]\n[HKEY_LOCAL_MACHINE\\Y\\C]\n");
    let report = import_into(&mut hive, text.as_bytes());
    assert_eq!((report.applied, report.keys_created, report.errors[0].line), (false, 2, Some(5)));
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    assert!(import_into(&mut hive, b"[\\A]\n[A\\B]\n").applied);
    assert!(windows::has_key(&hive, r"A\B"));
}

#[test]
fn an_export_leaves_out_only_what_no_file_can_hold() {
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    hive.create_key(hive.root(), "a\nb\\below").unwrap();
    let key = hive.create_key(hive.root(), "c").unwrap();
    hive.set_value(key, "x\0y", REG_SZ, &sz("")).unwrap();
    hive.set_value(key, "z", REG_SZ, &sz("")).unwrap();
    let (file, report) = export_of(&mut hive, &ExportOptions::default());
    let units: Vec<u16> = file.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    assert!(String::from_utf16_lossy(&units).contains("\r\n[HKEY_LOCAL_MACHINE\\HIVE\\c]\r\n"));
    assert_eq!((report.keys, report.values, report.error_count), (2, 1, 2));
}

#[test]
fn wine_reads_an_export_as_it_is() {
    if std::env::var_os("IMGSVC_TEST_WINE").is_none()
        || Command::new("wine").arg("--version").output().is_err()
    {
        eprintln!("SKIPPED: wine is not installed, or IMGSVC_TEST_WINE is not set");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    let key = hive.create_key(hive.root(), r"Imgsvc Test\sub key]x").unwrap();
    for (name, kind, data) in [
        ("", REG_SZ, sz("default")),
        ("quo\"ted=\\", REG_SZ, sz(r#"C:\Windows "x" ü日"#)),
        ("number", REG_DWORD, dword(0xDEAD_BEEF)),
        ("long", REG_QWORD, qword(u64::MAX)),
        ("bytes", REG_BINARY, (0..=255).collect()),
        ("path", REG_EXPAND_SZ, sz("%SystemRoot%\\x")),
        ("list", REG_MULTI_SZ, multi_sz(["one", "two"])),
        ("other", 0x0012_FFFF, vec![7]),
    ] {
        hive.set_value(key, name, kind, &data).unwrap();
    }
    let mut file = Vec::new();
    let options =
        ExportOptions { name: Some(r"HKEY_CURRENT_USER\Imgsvc Test".to_owned()), ..Default::default() };
    let export =
        |registry: &mut Registry<'_>| registry.export("Imgsvc Test", &mut file, &options, &mut unobserved);
    Target::Hive(&mut hive).read(&Access::default(), export).unwrap();
    std::fs::write(folder.path().join("ours.reg"), &file).unwrap();
    let wine = |arguments: &[&str]| {
        let mut command = Command::new("wine");
        command.args(arguments).current_dir(folder.path()).env("WINEDEBUG", "-all");
        images::succeed(command)
    };
    let _ = Command::new("wine").args(["reg", "delete", r"HKCU\Imgsvc Test", "/f"]).output();
    wine(&["reg", "import", "ours.reg"]);
    wine(&["reg", "export", r"HKCU\Imgsvc Test", "theirs.reg", "/y"]);
    let theirs = std::fs::read(folder.path().join("theirs.reg")).unwrap();
    let mut read = Hive::new("ROOT", 5, None).unwrap();
    let report = import_into(&mut read, &theirs);
    assert_eq!(report.errors, []);
    let mut expected = Hive::new("ROOT", 5, None).unwrap();
    import_into(&mut expected, &file);
    assert_eq!(hives::dump_without_times(&read), hives::dump_without_times(&expected));
}

fn changes(before: &mut Registry<'_>, after: &mut Registry<'_>, key: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    let mut visit = |change: Change| {
        let name = change.name.map(|name| format!("!{name}")).unwrap_or_default();
        let kinds = [change.before, change.after].map(|side| side.map(|side| side.kind));
        found.push(format!(
            "{:?} {} {}{name} {kinds:?} {:?}",
            change.change, change.item, change.key, change.parts
        ));
        Ok(())
    };
    compare(before, after, key, &mut visit, &mut unobserved).unwrap();
    found
}

#[test]
fn two_hives_differ_by_what_was_done_to_one() {
    let mut first = Hive::new("ROOT", 5, None).unwrap();
    for (path, value) in [(r"a\same", "v"), (r"b\gone", "w"), ("c", "Changed")] {
        let key = first.create_key(first.root(), path).unwrap();
        first.set_value(key, value, REG_SZ, &sz("x")).unwrap();
    }
    let mut second = first.clone();
    second.delete_key(second.require(second.root(), "b").unwrap(), true).unwrap();
    let key = second.require(second.root(), "C").unwrap();
    second.set_value(key, "changed", REG_DWORD, &dword(1)).unwrap();
    second.set_class(key, Some(b"c\0")).unwrap();
    let key = second.create_key(second.root(), r"B2\new").unwrap();
    second.set_value(key, "v", REG_SZ, &sz("x")).unwrap();
    let (mut before, mut after) = (Registry::of_hive(&mut first), Registry::of_hive(&mut second));
    let expected = [
        r"Removed Key \b [None, None] []",
        r"Removed Key \b\gone [None, None] []",
        r"Removed Value \b\gone!w [Some(String), None] []",
        r"Added Key \B2 [None, None] []",
        r"Added Key \B2\new [None, None] []",
        r"Added Value \B2\new!v [None, Some(String)] []",
        r#"Changed Key \c [None, None] ["ClassName"]"#,
        r"Changed Value \c!Changed [Some(String), Some(DWord)] []",
    ];
    assert_eq!(changes(&mut before, &mut after, None), expected);
    assert_eq!(changes(&mut before, &mut after, Some("B2")).len(), 3);
    assert_eq!(changes(&mut after, &mut before, Some("b")).len(), 3);
    let mut nothing = |_| Ok(());
    let missing = compare(&mut before, &mut after, Some("none"), &mut nothing, &mut unobserved);
    assert!(matches!(missing, Err(Error::RegistryNotFound { .. })));
    let cancelled = compare(&mut before, &mut after, None, &mut nothing, &mut |_| ControlFlow::Break(()));
    assert!(matches!(cancelled, Err(Error::Cancelled)));
}

#[test]
fn a_session_differs_from_its_saved_image_by_its_edits() {
    let bench = bench();
    let mut session = bench.mount();
    edit(&mut session, |registry| {
        registry.set_value(r"HKLM\SOFTWARE\Contoso", "Level", REG_DWORD, &dword(5), true)?;
        registry.set_value(r"HKU\jo\Which", "", REG_SZ, &sz("jo"), false)
    })
    .unwrap();
    let saved = SavedImage::of(&session, &mut unobserved).unwrap();
    let mut before = Registry::of_image(saved.view(), saved.details(), Access::default()).unwrap();
    let mut after = Registry::of_image(session.view().unwrap(), session.image(), Access::default()).unwrap();
    let expected = [
        r"Added Key HKEY_LOCAL_MACHINE\SOFTWARE\Contoso [None, None] []",
        r"Added Value HKEY_LOCAL_MACHINE\SOFTWARE\Contoso!Level [None, Some(DWord)] []",
        r"Changed Value HKEY_USERS\jo\Which! [Some(String), Some(String)] []",
    ];
    assert_eq!(changes(&mut before, &mut after, None), expected);
    assert_eq!(changes(&mut before, &mut after, Some(r"HKLM\SOFTWARE\Contoso")).len(), 2);
    let from_file = SavedImage::open(&bench.images.wim(), 1, &mut unobserved).unwrap();
    let mut from_file = Registry::of_image(from_file.view(), from_file.details(), Access::default()).unwrap();
    assert!(changes(&mut before, &mut from_file, None).is_empty());
}
