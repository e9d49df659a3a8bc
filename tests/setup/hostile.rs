//! What an image or a script may be like at two in the morning: names, line ends, other people's files, images in
//! which nothing can run.

use crate::support::images::{put, read};
use crate::support::windows::{edit_hive, WindowsBench};
use imgsvc::error::Error;
use imgsvc::formats::regf::{dword, sz, REG_DWORD, REG_SZ};
use imgsvc::image::{ImageSelector, MountOptions, Session};
use imgsvc::progress::unobserved;
use imgsvc::servicing::setup::{add_script, remove_script, scripts, ScriptInfo, ScriptOptions, StepPhase};
use imgsvc::servicing::source::Source;
use imgsvc::servicing::unattend::{apply, place, ApplyOptions, PlaceOptions, SettingOutcome};

const PLAN: &str = r"\Windows\Setup\ImageServicing";
const SETUP_COMPLETE: &str = r"\Windows\Setup\Scripts\SetupComplete.cmd";
const LINE: &str = "@call \"%SystemRoot%\\Setup\\ImageServicing\\firstboot.cmd\" SetupComplete\r\n";

fn add(bench: &WindowsBench, session: &mut Session, name: &str, content: &[u8]) -> ScriptInfo {
    let script = bench.images.path(name);
    std::fs::write(&script, content).unwrap();
    let options = ScriptOptions { script: Some(script), ..ScriptOptions::default() };
    add_script(session, &options, &mut unobserved).unwrap()
}

fn command(name: &str, phase: StepPhase) -> ScriptOptions {
    ScriptOptions {
        name: Some(name.to_owned()),
        command: Some("ver".to_owned()),
        phase,
        ..ScriptOptions::default()
    }
}

#[test]
fn names_that_cmd_reads_in_its_own_way_are_quoted() {
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let name = "a & b (100%) ^x! 'y'.cmd";
    let added = add(&bench, &mut session, name, b"exit 5\r\n");
    assert_eq!(added.name, "a___b__100____x___y_.cmd");
    assert_eq!(added.command, r#""%ROOT%scripts\a___b__100____x___y_.cmd\a & b (100%%) ^x! 'y'.cmd""#);
    let folder = added.item_path.unwrap();
    assert_eq!(read(&session, &format!(r"{folder}\{name}")).unwrap(), b"exit 5\r\n");
    let batch = String::from_utf8(read(&session, &format!(r"{PLAN}\firstboot.cmd")).unwrap()).unwrap();
    // Each step has a process, so that one that ends its own does not end the plan.
    assert!(batch.contains("cmd.exe\" /d /s /c ^\"\"%~f0\" /step 1^\" <nul >>\"%LOG%\" 2>&1\r\n"), "{batch}");
    assert!(batch.contains(&format!("\r\n:step1\r\n{}\r\nexit %ERRORLEVEL%\r\n", added.command)), "{batch}");
    // Exit codes are compared as cmd.exe shows them, with a sign.
    let options = ScriptOptions { success: vec![0, 0x800F_081E], ..command("n", StepPhase::Specialize) };
    add_script(&mut session, &options, &mut unobserved).unwrap();
    let batch = String::from_utf8(read(&session, &format!(r"{PLAN}\firstboot.cmd")).unwrap()).unwrap();
    assert!(batch.contains("in (0 -2146498530)"), "{batch}");
}

#[test]
fn scripts_get_what_their_program_can_read() {
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let content =
        |session: &Session, name: &str| read(session, &format!(r"{PLAN}\scripts\{name}\{name}")).unwrap();
    let added = add(&bench, &mut session, "unix.cmd", b"goto end\n:end\nver\n");
    assert_eq!(content(&session, "unix.cmd"), b"goto end\r\n:end\r\nver\r\n");
    assert!(added.remarks[0].contains("CR LF"), "{:?}", added.remarks);
    let added = add(&bench, &mut session, "page.cmd", "echo Grüße\r\n".as_bytes());
    assert!(added.remarks[0].contains("chcp 65001"), "{:?}", added.remarks);
    let added = add(&bench, &mut session, "page.ps1", "'Grüße'\n".as_bytes());
    assert!(added.remarks[0].contains("ANSI"), "{:?}", added.remarks);
    assert_eq!(content(&session, "page.ps1"), "'Grüße'\n".as_bytes());
    assert!(add(&bench, &mut session, "plain.ps1", b"'a'\n").remarks.is_empty());
    let wide = bench.images.path("wide.cmd");
    std::fs::write(&wide, [0xFF, 0xFE, b'v', 0]).unwrap();
    let options = ScriptOptions { script: Some(wide), ..ScriptOptions::default() };
    let refused = add_script(&mut session, &options, &mut unobserved).unwrap_err();
    assert!(matches!(refused.root(), Error::InvalidArgument { .. }), "{refused}");
    assert!(refused.to_string().contains("wide.cmd"), "{refused}");
    assert_eq!(scripts(Source::Session(&mut session), &mut unobserved).unwrap().len(), 4);
}

#[test]
fn a_setup_complete_of_somebody_else_is_called_and_kept() {
    for theirs in ["@echo off\r\ncall other.cmd\r\nexit /b 3", "goto a\n:a\n", "\u{FEFF}rem\r\n", LINE] {
        let bench = WindowsBench::with(|tree| {
            std::fs::create_dir_all(tree.join("Windows/Setup/Scripts")).unwrap();
            std::fs::write(tree.join("Windows/Setup/Scripts/SetupComplete.cmd"), theirs).unwrap();
        });
        let mut session = bench.mount();
        let added =
            add_script(&mut session, &command("c", StepPhase::SetupComplete), &mut unobserved).unwrap();
        assert!(added.remarks.iter().any(|remark| remark.contains("OEM key")), "{:?}", added.remarks);
        let text = read(&session, SETUP_COMPLETE).unwrap();
        assert!(text.starts_with(LINE.as_bytes()) && text.ends_with(theirs.as_bytes()), "{theirs:?}");
        // It needs no answer file.
        assert!(read(&session, r"\Windows\Panther\unattend.xml").is_err());
        remove_script(&mut session, "c", &mut unobserved).unwrap();
        let left = read(&session, SETUP_COMPLETE).unwrap();
        // A line that was there before is no one's but the plan's.
        assert_eq!(left, if theirs == LINE { b"" } else { theirs.as_bytes() });
    }
}

#[test]
fn windows_pe_and_read_only_sessions_take_no_plan() {
    let bench = WindowsBench::with(|tree| {
        edit_hive(&tree.join("Windows/System32/config/SYSTEM"), |hive| {
            let key = hive.create_key(hive.root(), r"ControlSet001\Control\MiniNT").unwrap();
            hive.set_value(key, "x", REG_DWORD, &dword(0)).unwrap();
        });
    });
    let mut session = bench.mount();
    for phase in [StepPhase::Specialize, StepPhase::SetupComplete, StepPhase::FirstLogon] {
        let refused = add_script(&mut session, &command("c", phase), &mut unobserved).unwrap_err();
        assert!(matches!(refused.root(), Error::NotServiceable { .. }), "{refused}");
        assert!(refused.to_string().contains("Windows PE"), "{refused}");
    }
    let file = bench.images.path("u.xml");
    let text = "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\"><servicing><package action=\"configure\">\
        <assemblyIdentity name=\"Microsoft-Windows-Foundation-Package\"/><selection name=\"A\" state=\"true\"/></package>\
        </servicing><settings pass=\"specialize\"><component name=\"Microsoft-Windows-Shell-Setup\" \
        processorArchitecture=\"amd64\"><ComputerName>A</ComputerName></component></settings></unattend>";
    std::fs::write(&file, text).unwrap();
    let report = apply(&mut session, &file, &ApplyOptions::default(), &mut unobserved).unwrap();
    let package = report.settings.last().unwrap();
    assert_eq!(package.result, SettingOutcome::NotApplicable);
    assert!(package.reason.contains("Windows PE"), "{}", package.reason);
    let placed = report.placed.unwrap();
    assert!(placed.warnings.iter().any(|text| text.contains("Windows PE")), "{:?}", placed.warnings);
    drop(session);

    let bench = WindowsBench::new();
    let mut options = MountOptions::new(bench.images.wim(), ImageSelector::Index(1));
    options.read_only = true;
    let mut session = bench.images.try_mount(options).unwrap();
    let refused = add_script(&mut session, &command("c", StepPhase::FirstLogon), &mut unobserved);
    assert!(matches!(refused, Err(Error::SessionReadOnly { .. })), "{refused:?}");
    let refused = apply(&mut session, &file, &ApplyOptions::default(), &mut unobserved);
    assert!(matches!(refused, Err(Error::SessionReadOnly { .. })), "{refused:?}");
    let refused = place(&mut session, Some(&file), PlaceOptions::default(), &mut unobserved);
    assert!(matches!(refused, Err(Error::SessionReadOnly { .. })), "{refused:?}");
    // Looking is no change.
    let preview = ApplyOptions { preview: true, ..ApplyOptions::default() };
    let report = apply(&mut session, &file, &preview, &mut unobserved).unwrap();
    assert_eq!(report.settings.last().unwrap().result, SettingOutcome::Deferred);
}

#[test]
fn an_x86_image_gets_x86_components_and_an_image_that_is_set_up_a_warning() {
    let bench = WindowsBench::with(|tree| {
        let config = tree.join("Windows/System32/config");
        edit_hive(&config.join("SYSTEM"), |hive| {
            let key = hive.require(hive.root(), "DriverDatabase").unwrap();
            hive.set_value(key, "Architecture", REG_DWORD, &dword(0)).unwrap();
        });
        edit_hive(&config.join("SOFTWARE"), |hive| {
            let key = hive.create_key(hive.root(), r"Microsoft\Windows\CurrentVersion\Setup\State").unwrap();
            hive.set_value(key, "ImageState", REG_SZ, &sz("IMAGE_STATE_COMPLETE")).unwrap();
        });
    });
    let mut session = bench.mount();
    let added = add_script(&mut session, &command("c", StepPhase::Specialize), &mut unobserved).unwrap();
    assert!(added.remarks[0].contains("generalized"), "{:?}", added.remarks);
    let text = String::from_utf8(read(&session, r"\Windows\Panther\unattend.xml").unwrap()).unwrap();
    assert!(text.contains("processorArchitecture=\"x86\"") && !text.contains("amd64"), "{text}");
    // A plan survives that its answer file is deleted by somebody.
    put(&mut session, r"\Windows\Panther\unattend.xml", b"").unwrap();
    let added = add_script(&mut session, &command("d", StepPhase::Specialize), &mut unobserved).unwrap();
    assert!(added.remarks.iter().any(|remark| remark.contains("was left alone")), "{:?}", added.remarks);
    remove_script(&mut session, "c", &mut unobserved).unwrap();
    remove_script(&mut session, "d", &mut unobserved).unwrap();
    assert_eq!(read(&session, r"\Windows\Panther\unattend.xml").unwrap(), b"");
}
