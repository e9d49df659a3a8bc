//! Checking answer files against an image file: rules that look at the files of the image.

use crate::support::images::Bench;
use crate::support::windows::write_tree;
use imgsvc::progress::unobserved;
use imgsvc::servicing::source::Source;
use imgsvc::servicing::unattend::check::{Finding, Severity};
use imgsvc::servicing::unattend::test;

const SCRIPTS: &str = "Windows/Setup/Scripts";

/// A Windows of an edition with these files.
fn windows(edition: &str, files: &[&str]) -> Bench {
    let bench = Bench::new();
    let tree = bench.path("tree");
    write_tree(&tree);
    for file in files {
        std::fs::create_dir_all(tree.join(file).parent().unwrap()).unwrap();
        std::fs::write(tree.join(file), b"").unwrap();
    }
    let edition = format!("--image-property=WINDOWS/EDITIONID={edition}");
    bench.capture(&[&edition, "--image-property=WINDOWS/INSTALLATIONTYPE=Client"]);
    bench
}

/// What is found in an answer file with these components of a pass, held against the image.
fn findings(bench: &Bench, pass: &str, components: &[(&str, &str)]) -> Vec<Finding> {
    let component = |(name, settings): &(&str, &str)| {
        format!(
            "<component name=\"{name}\" processorArchitecture=\"amd64\" publicKeyToken=\"31bf3856ad364e35\" \
             language=\"neutral\" versionScope=\"nonSxS\">{settings}</component>"
        )
    };
    let components: String = components.iter().map(component).collect();
    let file = bench.path("unattend.xml");
    let text = format!(
        "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\" \
         xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\"><settings pass=\"{pass}\">{components}\
         </settings></unattend>"
    );
    std::fs::write(&file, text).unwrap();
    let image = Source::File { path: bench.wim(), index: 1 };
    test(&file, Some(image), &mut unobserved).unwrap().findings
}

fn rules(found: &[Finding]) -> Vec<(&'static str, Severity)> {
    found.iter().map(|finding| (finding.rule, finding.severity)).collect()
}

const SHELL: &str = "Microsoft-Windows-Shell-Setup";
/// A key that nobody has published.
const KEY: &str = "<ProductKey>BBBBB-CCCCC-DDDDD-FFFFF-GGGGG</ProductKey>";

#[test]
fn a_script_that_windows_will_not_run_is_told() {
    let bench = windows("Professional", &[&format!("{SCRIPTS}/SetupComplete.ps1")]);
    let found = findings(&bench, "specialize", &[(SHELL, "<ComputerName>*</ComputerName>")]);
    assert_eq!(rules(&found), [("setupcomplete-name", Severity::Warning)], "{found:#?}");
    let both = [format!("{SCRIPTS}/SetupComplete.cmd"), format!("{SCRIPTS}/SetupComplete.ps1")];
    let bench = windows("Professional", &[&both[0], &both[1]]);
    let found = findings(&bench, "specialize", &[(SHELL, "<ComputerName>*</ComputerName>")]);
    assert_eq!(rules(&found), [], "{found:#?}");
    let found = findings(&bench, "specialize", &[(SHELL, KEY)]);
    assert_eq!(rules(&found), [("setupcomplete-oem-key", Severity::Information)], "{found:#?}");
    let bench = windows("Enterprise", &[&both[0]]);
    let found = findings(&bench, "specialize", &[(SHELL, KEY)]);
    assert_eq!(rules(&found), [], "Enterprise runs the script with any key: {found:#?}");
}

#[test]
fn a_program_that_neither_the_image_nor_the_file_has_is_told() {
    let bench = windows("Professional", &["Windows/System32/net.exe", "Tools/there.cmd"]);
    let commands = [
        r"C:\Tools\missing.exe /quiet",
        r"cmd.exe /c C:\Tools\there.cmd",
        r"cmd.exe /c %SystemDrive%\Tools\gone.cmd",
        r"net user a /add",
        r"D:\setup.exe",
        // Made by one command, run by another.
        r"cmd.exe /c echo a &gt; C:\Tools\made.cmd",
        r"C:\Tools\made.cmd",
    ];
    let one = |(order, path): (usize, &&str)| {
        format!("<RunSynchronousCommand wcm:action=\"add\"><Order>{}</Order><Path>{path}</Path></RunSynchronousCommand>", order + 1)
    };
    let list: String = commands.iter().enumerate().map(one).collect();
    let list = format!("<RunSynchronous>{list}</RunSynchronous>");
    let found = findings(&bench, "specialize", &[("Microsoft-Windows-Deployment", &list)]);
    let mut told: Vec<&str> = found
        .iter()
        .filter(|finding| finding.rule == "command-file-missing" && finding.severity == Severity::Warning)
        .map(|finding| finding.message.as_str())
        .collect();
    // The test's image has no interpreter either; real ones do.
    told.retain(|message| !message.contains("cmd.exe"));
    assert_eq!(
        told,
        [
            r"The command runs C:\Tools\missing.exe, which is not in the image.",
            r"The command runs %SystemDrive%\Tools\gone.cmd, which is not in the image."
        ],
        "{found:#?}"
    );
    let found = findings(&bench, "windowsPE", &[("Microsoft-Windows-Setup", &list)]);
    assert!(
        found.iter().all(|finding| finding.rule != "command-file-missing"),
        "Windows PE is another image"
    );
}
