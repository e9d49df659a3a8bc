//! Hooks of the plan: the files that Windows uses get them, and are byte for byte as before when they come out.

use crate::support::images::{path, put, read};
use crate::support::python::python;
use crate::support::windows::{edit_hive, WindowsBench};
use imgsvc::formats::regf::{sz, REG_SZ};
use imgsvc::image::{SaveOptions, Session};
use imgsvc::progress::unobserved;
use imgsvc::servicing::setup::{add_script, remove_script, ScriptInfo, ScriptOptions, StepPhase};
use imgsvc::servicing::unattend::{place, Location, PlaceOptions};
use std::process::Command;

const FIRST_LOGON: &str =
    r#"cmd.exe /d /s /c ""%SystemRoot%\Setup\ImageServicing\firstboot.cmd" FirstLogon""#;
const SPECIALIZE: &str = r#"cmd.exe /d /c "%SystemRoot%\Setup\ImageServicing\firstboot.cmd""#;
const PANTHER: &str = r"\Windows\Panther\unattend.xml";
const SYSPREP: &str = r"\Windows\System32\Sysprep\unattend.xml";
const STATE: &str = r"Microsoft\Windows\CurrentVersion\Setup\State";

fn add(session: &mut Session, name: &str, phase: StepPhase) -> ScriptInfo {
    let options = ScriptOptions {
        name: Some(name.to_owned()),
        command: Some(format!("echo {name}")),
        phase,
        ..ScriptOptions::default()
    };
    add_script(session, &options, &mut unobserved).unwrap()
}

fn component(name: &str, architecture: &str, settings: &str) -> String {
    format!(
        "<component name=\"{name}\" processorArchitecture=\"{architecture}\" publicKeyToken=\"31bf3856ad364e35\" \
         language=\"neutral\" versionScope=\"nonSxS\">{settings}</component>"
    )
}

fn unattend(passes: &str) -> String {
    format!("<?xml version='1.0' encoding='utf-8'?>\r\n<unattend xmlns='urn:schemas-microsoft-com:unattend'>\r\n{passes}\r\n</unattend>")
}

fn logon_commands() -> String {
    component(
        "Microsoft-Windows-Shell-Setup",
        "amd64",
        "\r\n\t<FirstLogonCommands>\r\n\t\t<SynchronousCommand wcm:action=\"add\" xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\">\
         <Order>3</Order><CommandLine>cmd /c ver</CommandLine></SynchronousCommand>\r\n\t</FirstLogonCommands>\r\n",
    )
}

fn utf_16(text: &str) -> Vec<u8> {
    let text = text.replace("encoding='utf-8'", "encoding='utf-16'");
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Pass, component, order and line of every command, as Python's XML parser reads them; none without Python.
fn commands(xml: &[u8]) -> Option<Vec<String>> {
    const PROGRAM: &str = "
import sys, xml.etree.ElementTree as E
n = '{urn:schemas-microsoft-com:unattend}'
for s in E.fromstring(sys.stdin.buffer.read()).findall(n + 'settings'):
    for c in s.findall(n + 'component'):
        for r in c.iter():
            if r.tag in (n + 'SynchronousCommand', n + 'RunSynchronousCommand'):
                assert r.get('{http://schemas.microsoft.com/WMIConfig/2002/State}action') == 'add'
                line = r.find(n + 'CommandLine')
                line = r.find(n + 'Path') if line is None else line
                print(s.get('pass'), c.get('processorArchitecture'), r.find(n + 'Order').text, line.text)
";
    Some(python(PROGRAM, xml)?.lines().map(str::to_owned).collect())
}

fn run_once(session: &Session) -> Option<String> {
    let hive =
        imgsvc::formats::regf::Hive::open(read(session, r"\Windows\System32\config\SOFTWARE").unwrap())
            .unwrap();
    let key = hive.find(hive.root(), r"Microsoft\Windows\CurrentVersion\RunOnce").unwrap()?;
    hive.value(key, "ImageServicing").unwrap().and_then(|value| value.as_text())
}

fn exists(session: &Session, at: &str) -> bool {
    session.view().unwrap().exists(&path(at)).unwrap()
}

#[test]
fn commands_go_into_the_answer_file_that_setup_uses_and_hide_none() {
    let file = utf_16(&unattend(&format!(
        "<settings pass=\"specialize\">{}</settings><settings pass=\"oobeSystem\">{}</settings>",
        component("Microsoft-Windows-Shell-Setup", "x86", "<ComputerName>X</ComputerName>"),
        logon_commands()
    )));
    let bench = WindowsBench::with(|tree| {
        std::fs::create_dir_all(tree.join("Windows/System32/Sysprep")).unwrap();
        std::fs::write(tree.join("Windows/System32/Sysprep/unattend.xml"), &file).unwrap();
        std::fs::write(tree.join("Unattend.xml"), unattend("")).unwrap();
    });
    let mut session = bench.mount();
    let first = add(&mut session, "later", StepPhase::FirstLogon);
    assert_eq!((first.phase, first.remarks.len()), (StepPhase::FirstLogon, 0), "{:?}", first.remarks);
    assert!(!exists(&session, r"\Windows\Setup\Scripts"), "nothing runs at the end of Setup");
    add(&mut session, "now", StepPhase::Specialize);
    // A file of Panther would come before the one that Setup is to use.
    assert!(!exists(&session, PANTHER));
    if let Some(found) = commands(&read(&session, SYSPREP).unwrap()) {
        let expected = [
            format!("specialize amd64 1 {SPECIALIZE}"),
            "oobeSystem amd64 3 cmd /c ver".to_owned(),
            format!("oobeSystem amd64 4 {FIRST_LOGON}"),
        ];
        assert_eq!(found, expected);
    }
    // A file that comes before it takes both over, and the other one is as it was.
    let other = bench.images.path("u.xml");
    let text = unattend(&format!(
        "<settings pass=\"specialize\">{}</settings>",
        component("Microsoft-Windows-Deployment", "amd64", "")
    ));
    std::fs::write(&other, &text).unwrap();
    let placed = place(&mut session, Some(&other), PlaceOptions::default(), &mut unobserved).unwrap();
    assert_eq!((placed.used_passes, placed.warnings), (vec!["specialize".to_owned()], vec![]));
    if let Some(found) = commands(&read(&session, PANTHER).unwrap()) {
        assert_eq!(found, [format!("specialize amd64 1 {SPECIALIZE}")]);
        let found = commands(&read(&session, SYSPREP).unwrap()).unwrap();
        assert_eq!(
            found,
            ["oobeSystem amd64 3 cmd /c ver".to_owned(), format!("oobeSystem amd64 4 {FIRST_LOGON}")]
        );
    }
    remove_script(&mut session, "now", &mut unobserved).unwrap();
    assert_eq!(read(&session, PANTHER).unwrap(), text.as_bytes());
    remove_script(&mut session, "later", &mut unobserved).unwrap();
    assert_eq!(read(&session, SYSPREP).unwrap(), file);
    assert_eq!(run_once(&session), None);
}

#[test]
fn an_answer_file_is_byte_for_byte_as_before_whatever_it_was_like() {
    let deployment = component("Microsoft-Windows-Deployment", "amd64", "");
    let files: Vec<Vec<u8>> = vec![
        unattend("").into_bytes(),
        unattend("<settings pass=\"specialize\"/>").into_bytes(),
        unattend("<settings pass=\"specialize\">\n<!-- none -->\n</settings>").into_bytes(),
        unattend(&format!("<settings pass=\"specialize\">{deployment}</settings>")).into_bytes(),
        unattend(&format!(
            "<settings pass=\"specialize\">{}</settings>",
            deployment.replace("></component>", "/>")
        ))
        .into_bytes(),
        unattend(&format!(
            "<settings pass='specialize'>{}</settings>\r\n\r\n<settings pass='oobeSystem'>{}\n</settings>",
            component("Microsoft-Windows-Deployment", "amd64", "<RunSynchronous/>"),
            component(
                "Microsoft-Windows-Shell-Setup",
                "amd64",
                "\n<FirstLogonCommands>\n\n</FirstLogonCommands>\n"
            )
        ))
        .into_bytes(),
        utf_16(&unattend(&format!("<settings pass=\"oobeSystem\">{}</settings>", logon_commands()))),
        [&[0xEF, 0xBB, 0xBF], unattend("<!-- é -->").as_bytes()].concat(),
        b"<u:unattend xmlns:u=\"urn:schemas-microsoft-com:unattend\"/>".to_vec(),
    ];
    let bench = WindowsBench::with(|tree| std::fs::create_dir_all(tree.join("Windows/Panther")).unwrap());
    let mut session = bench.mount();
    let (one, two) = (("a", StepPhase::Specialize), ("b", StepPhase::FirstLogon));
    for file in &files {
        let shown = String::from_utf8_lossy(file);
        put(&mut session, PANTHER, file).unwrap();
        for (add_order, remove_order) in
            [([one, two], ["a", "b"]), ([one, two], ["b", "a"]), ([two, one], ["a", "b"])]
        {
            for (name, phase) in add_order {
                let added = add(&mut session, name, phase);
                assert!(added.remarks.is_empty(), "{shown}: {:?}", added.remarks);
            }
            let edited = read(&session, PANTHER).unwrap();
            if let Some(found) = commands(&edited) {
                assert!(found.iter().any(|line| line.ends_with(FIRST_LOGON)), "{shown} {found:?}");
                assert!(found.iter().any(|line| line.ends_with(SPECIALIZE)), "{shown} {found:?}");
            }
            for name in remove_order {
                remove_script(&mut session, name, &mut unobserved).unwrap();
            }
            assert_eq!(String::from_utf8_lossy(&read(&session, PANTHER).unwrap()), shown);
            assert_eq!(&read(&session, PANTHER).unwrap(), file, "{shown}");
        }
        // What was edited since keeps the edit, and loses the command.
        add(&mut session, "a", StepPhase::Specialize);
        let text = String::from_utf8_lossy(&read(&session, PANTHER).unwrap()).into_owned();
        if text.contains("</unattend>") {
            put(&mut session, PANTHER, text.replace("</unattend>", "<!-- mine --></unattend>").as_bytes())
                .unwrap();
            remove_script(&mut session, "a", &mut unobserved).unwrap();
            let rest = String::from_utf8(read(&session, PANTHER).unwrap()).unwrap();
            assert!(rest.contains("mine") && !rest.contains("firstboot"), "{rest}");
        } else {
            remove_script(&mut session, "a", &mut unobserved).unwrap();
        }
    }
}

#[test]
fn without_an_answer_file_the_registry_starts_the_steps_of_the_first_logon() {
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let added = add(&mut session, "later", StepPhase::FirstLogon);
    assert!(
        added.remarks[0].contains("no answer file") && added.remarks[0].contains("RunOnce"),
        "{:?}",
        added.remarks
    );
    assert!(!exists(&session, PANTHER));
    session.save(SaveOptions::default(), &mut unobserved).unwrap();
    bench.images.judge();
    let hive = bench.images.apply(1).join("Windows/System32/config/SOFTWARE");
    let output = Command::new("hivexget")
        .arg(hive)
        .args([r"\Microsoft\Windows\CurrentVersion\RunOnce", "ImageServicing"])
        .output()
        .expect("hivexget is installed");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), FIRST_LOGON);
    // An answer file that Setup uses in that pass takes it over.
    let file = bench.images.path("u.xml");
    std::fs::write(
        &file,
        unattend(&format!("<settings pass=\"oobeSystem\">{}</settings>", logon_commands())),
    )
    .unwrap();
    let options = PlaceOptions { location: Location::Root, ..PlaceOptions::default() };
    place(&mut session, Some(&file), options, &mut unobserved).unwrap();
    assert_eq!(run_once(&session), None);
    if let Some(found) = commands(&read(&session, r"\unattend.xml").unwrap()) {
        assert_eq!(found[1], format!("oobeSystem amd64 4 {FIRST_LOGON}"));
    }
    remove_script(&mut session, "later", &mut unobserved).unwrap();
    assert_eq!(read(&session, r"\unattend.xml").unwrap(), std::fs::read(&file).unwrap());
    assert!(!exists(&session, r"\Windows\Setup"));
}

#[test]
fn the_registry_is_used_where_setup_is_done_or_cannot_read_its_file_and_goes_back() {
    let bench = WindowsBench::with(|tree| {
        std::fs::create_dir_all(tree.join("Windows/Panther")).unwrap();
        std::fs::write(tree.join("Windows/Panther/unattend.xml"), "<unattend").unwrap();
        edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), |hive| {
            hive.create_key(hive.root(), r"Microsoft\Windows\CurrentVersion").unwrap();
        });
    });
    let mut session = bench.mount();
    let before = read(&session, r"\Windows\System32\config\SOFTWARE").unwrap();
    let added = add(&mut session, "later", StepPhase::FirstLogon);
    assert!(added.remarks[0].contains("was left alone"), "{:?}", added.remarks);
    assert_eq!(run_once(&session).as_deref(), Some(FIRST_LOGON));
    remove_script(&mut session, "later", &mut unobserved).unwrap();
    let dump = |bytes: Vec<u8>| {
        crate::support::hives::dump_without_times(&imgsvc::formats::regf::Hive::open(bytes).unwrap())
    };
    assert_eq!(dump(read(&session, r"\Windows\System32\config\SOFTWARE").unwrap()), dump(before));

    let bench = WindowsBench::with(|tree| {
        std::fs::create_dir_all(tree.join("Windows/Panther")).unwrap();
        let text = unattend(&format!("<settings pass=\"oobeSystem\">{}</settings>", logon_commands()));
        std::fs::write(tree.join("Windows/Panther/unattend.xml"), text).unwrap();
        edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), |hive| {
            let key = hive.create_key(hive.root(), STATE).unwrap();
            hive.set_value(key, "ImageState", REG_SZ, &sz("IMAGE_STATE_COMPLETE")).unwrap();
        });
    });
    let mut session = bench.mount();
    let added = add(&mut session, "later", StepPhase::FirstLogon);
    assert!(added.remarks[0].contains("Setup is done with this image"), "{:?}", added.remarks);
    assert_eq!(run_once(&session).as_deref(), Some(FIRST_LOGON));
}

#[test]
fn the_file_that_the_registry_names_gets_the_command_before_all_others() {
    let text = unattend(&format!(
        "<settings pass=\"specialize\">{}</settings>",
        component("Microsoft-Windows-Shell-Setup", "amd64", "<ComputerName>X</ComputerName>")
    ));
    let bench = WindowsBench::with(|tree| {
        for place in ["Answers", "Windows/Panther"] {
            std::fs::create_dir_all(tree.join(place)).unwrap();
        }
        std::fs::write(tree.join("Answers/mine.xml"), &text).unwrap();
        std::fs::write(tree.join("Windows/Panther/unattend.xml"), &text).unwrap();
        edit_hive(&tree.join("Windows/System32/config/SYSTEM"), |hive| {
            let key = hive.create_key(hive.root(), "Setup").unwrap();
            hive.set_value(key, "UnattendFile", REG_SZ, &sz(r"%SystemDrive%\Answers\mine.xml")).unwrap();
        });
    });
    let mut session = bench.mount();
    assert!(add(&mut session, "a", StepPhase::Specialize).remarks.is_empty());
    assert_eq!(read(&session, PANTHER).unwrap(), text.as_bytes());
    if let Some(found) = commands(&read(&session, r"\Answers\mine.xml").unwrap()) {
        assert_eq!(found, [format!("specialize amd64 1 {SPECIALIZE}")]);
    }
    remove_script(&mut session, "a", &mut unobserved).unwrap();
    assert_eq!(read(&session, r"\Answers\mine.xml").unwrap(), text.as_bytes());
}
