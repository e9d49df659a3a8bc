//! Scripts of the first-boot plan: what is in the image, and that answer files placed later keep the plan running.

use crate::support::windows::WindowsBench;
use imgsvc::error::Error;
use imgsvc::image::SaveOptions;
use imgsvc::progress::unobserved;
use imgsvc::servicing::setup::{add_script, remove_script, scripts, ScriptOptions};
use imgsvc::servicing::source::Source;
use imgsvc::servicing::unattend::{place, PlaceOptions};

const ANSWERS: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">\n  <settings pass=\"oobeSystem\">\n    \
<component name=\"Microsoft-Windows-Shell-Setup\" processorArchitecture=\"amd64\" \
publicKeyToken=\"31bf3856ad364e35\" language=\"neutral\" versionScope=\"nonSxS\">\n      \
<RegisteredOwner>Ann</RegisteredOwner>\n    </component>\n  </settings>\n</unattend>\n";

fn script(path: std::path::PathBuf) -> ScriptOptions {
    ScriptOptions { script: Some(path), ..ScriptOptions::default() }
}

#[test]
fn scripts_run_in_order_from_both_hooks_and_survive_an_answer_file() {
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let [first, second] = ["first.cmd", "second.ps1"].map(|name| {
        let path = bench.images.path(name);
        std::fs::write(&path, format!("rem {name}\r\n")).unwrap();
        path
    });
    let added = add_script(&mut session, &script(first.clone()), &mut unobserved).unwrap();
    assert_eq!((added.name.as_str(), added.order), ("first.cmd", 1));
    assert_eq!(added.command, r#""%ROOT%scripts\first.cmd\first.cmd""#);
    add_script(&mut session, &script(second), &mut unobserved).unwrap();
    let command = ScriptOptions {
        name: Some("power".into()),
        command: Some("powercfg /h off".into()),
        success: vec![0, 5],
        ..ScriptOptions::default()
    };
    assert_eq!(add_script(&mut session, &command, &mut unobserved).unwrap().order, 3);
    let again = add_script(&mut session, &script(first.clone()), &mut unobserved);
    assert!(matches!(again, Err(Error::ItemExists { .. })), "{again:?}");

    // An answer file in the place of the one that was made for the command gets it, too; twice is no conflict.
    let answers = bench.images.path("u.xml");
    std::fs::write(&answers, ANSWERS).unwrap();
    let options = PlaceOptions::default();
    let placed = place(&mut session, Some(&answers), options, &mut unobserved).unwrap();
    assert!(!placed.replaced);
    let placed = place(&mut session, Some(&answers), options, &mut unobserved).unwrap();
    assert!(placed.notes.iter().any(|note| note.contains("first-boot plan")), "{:?}", placed.notes);

    session.save(SaveOptions::default(), &mut unobserved).unwrap();
    bench.images.judge();
    let windows = bench.images.apply(1).join("Windows");
    let read = |path: &str| String::from_utf8(std::fs::read(windows.join(path)).unwrap()).unwrap();
    assert_eq!(read("Setup/ImageServicing/scripts/first.cmd/first.cmd"), "rem first.cmd\r\n");
    let batch = read("Setup/ImageServicing/firstboot.cmd");
    let order = ["first.cmd\"", "second.ps1\"", "powercfg /h off"].map(|text| batch.find(text).unwrap());
    assert!(order.is_sorted(), "{batch}");
    assert!(batch.contains("in (0 5)"), "{batch}");
    let unattend = read("Panther/unattend.xml");
    assert!(unattend.contains("firstboot.cmd") && unattend.contains("<RegisteredOwner>Ann"), "{unattend}");
    assert!(read("Setup/Scripts/SetupComplete.cmd").contains("firstboot.cmd"));
}

#[test]
fn the_last_script_takes_the_plan_with_it() {
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let path = bench.images.path("one.cmd");
    std::fs::write(&path, "exit /b 0\r\n").unwrap();
    add_script(&mut session, &script(path), &mut unobserved).unwrap();
    let listed = scripts(Source::Session(&mut session), &mut unobserved).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].item_path.as_deref(), Some(r"\Windows\Setup\ImageServicing\scripts\one.cmd"));
    let missing = remove_script(&mut session, "two.cmd", &mut unobserved);
    assert!(matches!(missing, Err(Error::ItemNotFound { .. })), "{missing:?}");
    remove_script(&mut session, "ONE.CMD", &mut unobserved).unwrap();
    assert!(scripts(Source::Session(&mut session), &mut unobserved).unwrap().is_empty());
    session.save(SaveOptions::default(), &mut unobserved).unwrap();
    let windows = bench.images.apply(1).join("Windows");
    assert!(!windows.join("Setup").exists() && !windows.join("Panther").exists());
}

#[test]
fn what_could_not_run_is_refused() {
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let file = |name: &str| {
        let path = bench.images.path(name);
        std::fs::write(&path, "x").unwrap();
        script(path)
    };
    let cases = [
        file("readme.txt"),
        file("quote\".cmd"),
        file("ünï.cmd"),
        ScriptOptions { command: Some("dir".into()), ..ScriptOptions::default() },
        ScriptOptions { name: Some("n".into()), ..ScriptOptions::default() },
        ScriptOptions { name: Some("..".into()), command: Some("dir".into()), ..ScriptOptions::default() },
        ScriptOptions { name: Some("n".into()), command: Some("a\r\nb".into()), ..ScriptOptions::default() },
    ];
    for options in cases {
        let refused = add_script(&mut session, &options, &mut unobserved);
        assert!(
            matches!(refused, Err(Error::InvalidArgument { .. } | Error::InvalidName { .. })),
            "{options:?}: {refused:?}"
        );
    }
    assert!(scripts(Source::Session(&mut session), &mut unobserved).unwrap().is_empty());
}
