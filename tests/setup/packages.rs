//! The servicing section of an answer file: what of it the first-boot plan does, and that all of it is one transaction.

use crate::support::hives::testdata;
use crate::support::images::read;
use crate::support::windows::WindowsBench;
use imgsvc::image::{ImagePath, SaveOptions, Session};
use imgsvc::progress::unobserved;
use imgsvc::servicing::setup::{remove_script, scripts, StepPhase};
use imgsvc::servicing::source::Source;
use imgsvc::servicing::unattend::{apply, ApplyOptions, ApplyReport, SettingOutcome};
use std::ops::ControlFlow;
use std::path::PathBuf;

const DISM: &str = r#""%SystemRoot%\System32\dism.exe" /Online /Quiet /NoRestart"#;
const PLAN: &str = r"\Windows\Setup\ImageServicing";

fn identity(name: &str, architecture: &str, language: &str, version: &str) -> String {
    format!(
        "<assemblyIdentity name=\"{name}\" version=\"{version}\" processorArchitecture=\"{architecture}\" \
         publicKeyToken=\"31bf3856ad364e35\" language=\"{language}\"/>"
    )
}

/// An answer file with these packages, beside a folder with `packages`.
fn write(bench: &WindowsBench, packages: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = bench.images.path("answers");
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let file = folder.join("u.xml");
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">\n\
         <servicing>\n{packages}</servicing>\n</unattend>\n"
    );
    std::fs::write(&file, text).unwrap();
    file
}

fn use_file(session: &mut Session, file: &std::path::Path, preview: bool) -> ApplyReport {
    let options = ApplyOptions { preview, ..ApplyOptions::default() };
    apply(session, file, &options, &mut unobserved).unwrap()
}

fn told(report: &ApplyReport) -> Vec<(&str, &str, SettingOutcome)> {
    report.settings.iter().map(|row| (row.setting.as_str(), row.value.as_str(), row.result)).collect()
}

#[test]
fn packages_and_features_become_steps_of_the_plan_in_their_order() {
    let bench = WindowsBench::new();
    let packages = [
        format!(
            "<package action=\"install\" permanence=\"permanent\">{}<source location=\"\\\\srv\\share\\PKG\\Fod &amp; 100%.cab\"/>\
             <selection name=\"NetFx3\" state=\"true\"/></package>\n",
            identity("Microsoft-Windows-NetFx3-OnDemand-Package", "amd64", "neutral", "10.0.26100.1")
        ),
        format!(
            "<package action=\"install\">{}<source location=\"E:\\pkg\\kb1.msu\"/></package>\n",
            identity("Package_for_KB1", "amd64", "neutral", "1.0.0.0")
        ),
        format!("<package action=\"remove\">{}</package>\n", identity("Old", "amd64", "de-DE", "2.0.0.0")),
        format!(
            "<package action=\"configure\">{}<selection name=\"TelnetClient\" state=\"true\"/>\
             <selection name=\"SMB1Protocol\" state=\"false\"/><selection name=\"Bad\" state=\"maybe\"/></package>\n",
            identity("Microsoft-Windows-Foundation-Package", "amd64", "", "10.0.0.0")
        ),
    ];
    let cab = [&b"MSCF"[..], &[0; 60]].concat();
    let file = write(
        &bench,
        &packages.concat(),
        &[("pkg/fod & 100%.cab", &cab), ("pkg/kb1.msu", b"MSWIM\0\0\0rest")],
    );
    let mut session = bench.mount();
    let preview = use_file(&mut session, &file, true);
    assert!(!session.view().unwrap().exists(&ImagePath::parse(PLAN).unwrap()).unwrap());
    let report = use_file(&mut session, &file, false);
    use SettingOutcome::{Deferred, NotApplicable};
    let expected = [
        ("Microsoft-Windows-NetFx3-OnDemand-Package", "install", Deferred),
        ("Microsoft-Windows-NetFx3-OnDemand-Package/NetFx3", "true", Deferred),
        ("Package_for_KB1", "install", Deferred),
        ("Old", "remove", Deferred),
        ("Microsoft-Windows-Foundation-Package/TelnetClient", "true", Deferred),
        ("Microsoft-Windows-Foundation-Package/SMB1Protocol", "false", Deferred),
        ("Microsoft-Windows-Foundation-Package/Bad", "maybe", NotApplicable),
    ];
    assert_eq!(told(&report), expected);
    let rows = |report: &ApplyReport| -> Vec<_> {
        report.settings.iter().map(|row| (row.result, row.reason.clone(), row.target.clone())).collect()
    };
    assert_eq!(rows(&preview), rows(&report), "a preview says the same");
    assert!(report.settings[0].reason.contains("not tried with Windows"), "{}", report.settings[0].reason);
    assert!(report.settings[0].reason.contains("will not be permanent"), "{}", report.settings[0].reason);

    let steps = scripts(Source::Session(&mut session), &mut unobserved).unwrap();
    let name = |at: usize| steps[at].name.clone();
    assert_eq!(report.settings[0].target.as_deref(), Some(name(0).as_str()));
    let commands: Vec<&str> = steps.iter().map(|step| step.command.as_str()).collect();
    let fod = format!(r#"{DISM} /Add-Package "/PackagePath:%ROOT%scripts\{}\fod & 100%%.cab""#, name(0));
    let package = "Microsoft-Windows-NetFx3-OnDemand-Package~31bf3856ad364e35~amd64~~10.0.26100.1";
    assert_eq!(
        commands,
        [
            fod,
            format!(r#"{DISM} /Enable-Feature "/FeatureName:NetFx3" "/PackageName:{package}" /All"#),
            format!(
                r#""%SystemRoot%\System32\wusa.exe" "%ROOT%scripts\{}\kb1.msu" /quiet /norestart"#,
                name(2)
            ),
            format!(r#"{DISM} /Remove-Package "/PackageName:Old~31bf3856ad364e35~amd64~de-DE~2.0.0.0""#),
            format!(r#"{DISM} /Enable-Feature "/FeatureName:TelnetClient" /All"#),
            format!(r#"{DISM} /Disable-Feature "/FeatureName:SMB1Protocol""#),
        ]
    );
    assert_eq!(steps[2].success, [0, 1641, 3010, 2_359_302]);
    assert!(steps.iter().all(|step| step.phase == StepPhase::Specialize));
    // Again is the same plan.
    use_file(&mut session, &file, false);
    assert_eq!(scripts(Source::Session(&mut session), &mut unobserved).unwrap(), steps);

    session.save(SaveOptions::default(), &mut unobserved).unwrap();
    bench.images.judge();
    let plan = bench.images.apply(1).join("Windows/Setup/ImageServicing");
    assert_eq!(std::fs::read(plan.join("scripts").join(name(0)).join("fod & 100%.cab")).unwrap(), cab);
    assert!(std::fs::read_to_string(plan.join("firstboot.cmd"))
        .unwrap()
        .contains("/FeatureName:TelnetClient"));
    for step in &steps {
        remove_script(&mut session, &step.name, &mut unobserved).unwrap();
    }
    assert!(!session.view().unwrap().exists(&ImagePath::parse(r"\Windows\Setup").unwrap()).unwrap());
}

#[test]
fn what_no_step_can_do_is_not_applicable_with_the_reason() {
    let bench = WindowsBench::new();
    let install = |name: &str, architecture: &str, source: &str| {
        let source =
            if source.is_empty() { String::new() } else { format!("<source location=\"{source}\"/>") };
        let identity = identity(name, architecture, "neutral", "1.0.0.0");
        format!("<package action=\"install\">{identity}{source}</package>\n")
    };
    let cases = [
        (install("Gone", "amd64", r"\\srv\share\x\gone.cab"), "answers/x/gone.cab'"),
        (install("Up", "amd64", r"C:\..\..\etc\passwd.cab"), "no path that can be looked for"),
        (install("Text", "amd64", "text.cab"), "it is no cabinet"),
        (install("Exe", "amd64", "setup.exe"), "neither a .cab nor an .msu"),
        (install("Quote", "amd64", "ünï.cab"), "cannot stand in a batch file"),
        (install("Other", "x86", "ok.cab"), "for x86 and the image is amd64"),
        (install("Bare", "amd64", ""), "names no source"),
        ("<package action=\"stage\"><assemblyIdentity name=\"S\"/></package>\n".to_owned(), "offline only"),
        (
            "<package action=\"remove\"><assemblyIdentity name=\"R\"/></package>\n".to_owned(),
            "no whole identity",
        ),
        ("<package action=\"dance\"/>\n".to_owned(), "no action"),
        ("<package action=\"configure\"/>\n".to_owned(), "names no feature"),
        (
            format!(
                "<package action=\"remove\">{}</package>\n",
                identity("a&quot; &amp; del", "amd64", "neutral", "1.0.0.0")
            ),
            "no whole identity",
        ),
    ];
    let packages: String = cases.iter().map(|(package, _)| package.as_str()).collect();
    let cab: &[u8] = b"MSCF....";
    let files = [("text.cab", &b"text"[..]), ("setup.exe", b"MZ"), ("ünï.cab", cab), ("ok.cab", cab)];
    let file = write(&bench, &packages, &files);
    let mut session = bench.mount();
    let report = use_file(&mut session, &file, false);
    assert_eq!(report.settings.len(), cases.len());
    for (row, (_, reason)) in report.settings.iter().zip(&cases) {
        assert_eq!(row.result, SettingOutcome::NotApplicable, "{row:?}");
        assert!(row.reason.contains(reason), "{row:?}");
    }
    assert!(!session.view().unwrap().exists(&ImagePath::parse(PLAN).unwrap()).unwrap());
}

#[test]
fn a_hostile_name_stays_one_argument_and_cancelling_leaves_nothing() {
    let bench = WindowsBench::new();
    let package = format!(
        "<package action=\"configure\">{}<selection name=\"a &amp; del %TEMP% ^ | x\" state=\"true\"/></package>\n\
         <package action=\"install\">{}<source location=\"a.cab\"/></package>\n",
        identity("Microsoft-Windows-Foundation-Package", "amd64", "", "10.0.0.0"),
        identity("A", "amd64", "neutral", "1.0.0.0")
    );
    let file = write(&bench, &package, &[("a.cab", &[&b"MSCF"[..], &[7; 3_000_000]].concat())]);
    let mut session = bench.mount();
    let mut stop = |_| ControlFlow::Break(());
    assert!(apply(&mut session, &file, &ApplyOptions::default(), &mut stop).is_err());
    assert!(!session.view().unwrap().exists(&ImagePath::parse(PLAN).unwrap()).unwrap());
    use_file(&mut session, &file, false);
    let batch = String::from_utf8(read(&session, &format!(r"{PLAN}\firstboot.cmd")).unwrap()).unwrap();
    assert!(batch.contains("\r\n\"%SystemRoot%\\System32\\dism.exe\" /Online /Quiet /NoRestart /Enable-Feature \"/FeatureName:a & del %%TEMP%% ^ | x\" /All\r\n"), "{batch}");
}

#[test]
fn the_name_of_a_package_is_the_one_that_microsoft_s_files_have() {
    let Some(folder) = testdata("cab/cbs") else { return };
    let bench = WindowsBench::new();
    let mut session = bench.mount();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(full) = name.strip_suffix(".cab") else { continue };
        let parts: Vec<&str> = full.split('~').collect();
        let [name, _, architecture, language, _] = parts.as_slice() else { panic!("{full}") };
        if *architecture != "amd64" {
            continue;
        }
        let language = if language.is_empty() { "neutral" } else { language };
        let package = format!(
            "<package action=\"remove\">{}</package>\n",
            identity(name, architecture, language, "1.0.0.0")
        );
        let report = use_file(&mut session, &write(&bench, &package, &[]), false);
        assert!(report.settings[0].reason.contains(&format!("\"/PackageName:{full}1.0.0.0\"")), "{report:?}");
        count += 1;
    }
    assert!(count > 1);
}
