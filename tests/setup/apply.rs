//! Applying answer files: what is done, what is left to Setup, and what hivex and wimlib find in the image.

use crate::support::packages::Sample;
use crate::support::windows::{edit_hive, WindowsBench};
use imgsvc::error::Error;
use imgsvc::formats::regf::{sz, REG_BINARY, REG_SZ};
use imgsvc::image::{ImagePath, SaveOptions};
use imgsvc::progress::unobserved;
use imgsvc::servicing::unattend::{apply, ApplyOptions, ApplyReport, SettingOutcome, SettingResult};
use std::path::Path;
use std::process::Command;

const ZONE: &str = r"Microsoft\Windows NT\CurrentVersion\Time Zones\W. Europe Standard Time";
const STATE: &str = r"Microsoft\Windows\CurrentVersion\Setup\State";

fn component(name: &str, architecture: &str, settings: &str) -> String {
    format!(
        "<component name=\"{name}\" processorArchitecture=\"{architecture}\" \
         publicKeyToken=\"31bf3856ad364e35\" language=\"neutral\" versionScope=\"nonSxS\" \
         xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\">{settings}</component>\n"
    )
}

fn pass(name: &str, components: &str) -> String {
    format!("<settings pass=\"{name}\">\n{components}</settings>\n")
}

fn answers() -> String {
    let offline = component("Microsoft-Windows-LUA-Settings", "amd64", "<EnableLUA>false</EnableLUA>")
        + &component("Microsoft-Windows-PartitionManager", "amd64", "<SanPolicy>4</SanPolicy>")
        + &component("Microsoft-Windows-PartitionManager", "x86", "<SanPolicy>1</SanPolicy>")
        + &component("Microsoft-Windows-CodeIntegrity", "amd64", "<SKUPolicyRequired>1</SKUPolicyRequired>")
        + &component(
            "Microsoft-Windows-PnpCustomizationsNonWinPE",
            "amd64",
            "<DriverPaths><PathAndCredentials wcm:action=\"add\" wcm:keyValue=\"1\"><Path>\\\\srv\\share\\DRIVERS</Path>\
             <Credentials><Password>hush</Password></Credentials></PathAndCredentials>\
             <PathAndCredentials wcm:action=\"add\" wcm:keyValue=\"2\"><Path>C:\\none</Path></PathAndCredentials></DriverPaths>",
        );
    let shell = component(
        "Microsoft-Windows-Shell-Setup",
        "amd64",
        "<ComputerName>PC1</ComputerName><TimeZone>W. Europe Standard Time</TimeZone>\
         <AutoLogon><Enabled>true</Enabled><Username>ann</Username><Password><Value>secret</Value>\
         <PlainText>true</PlainText></Password></AutoLogon>",
    );
    let package =
        "<servicing><package action=\"install\"><assemblyIdentity name=\"Fod\" version=\"1.0.0.0\" \
                   processorArchitecture=\"amd64\" publicKeyToken=\"31bf3856ad364e35\" language=\"neutral\"/>\
                   <source location=\"fod.cab\"/></package></servicing>\n";
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">\n{package}{}{}{}</unattend>\n",
        pass("windowsPE", &component("Microsoft-Windows-Setup", "amd64", "<UseConfigurationSet>true</UseConfigurationSet>")),
        pass("offlineServicing", &offline),
        pass("specialize", &shell)
    )
}

fn bench(state: &str) -> WindowsBench {
    WindowsBench::with(|tree| {
        edit_hive(&tree.join("Windows/System32/config/SOFTWARE"), |hive| {
            let key = hive.create_key(hive.root(), ZONE).unwrap();
            let mut tzi: Vec<u8> = [-60_i32, 0, -60].iter().flat_map(|bias| bias.to_le_bytes()).collect();
            tzi.extend([0, 0, 10, 0, 0, 0, 5, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
            tzi.extend([0, 0, 3, 0, 0, 0, 5, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
            hive.set_value(key, "TZI", REG_BINARY, &tzi).unwrap();
            hive.set_value(key, "MUI_Std", REG_SZ, &sz("@tzres.dll,-322")).unwrap();
            hive.set_value(key, "MUI_Dlt", REG_SZ, &sz("@tzres.dll,-321")).unwrap();
            let key = hive.create_key(hive.root(), STATE).unwrap();
            hive.set_value(key, "ImageState", REG_SZ, &sz(state)).unwrap();
        });
    })
}

/// An answer file with a driver package beside it.
fn write_answers(bench: &WindowsBench) -> std::path::PathBuf {
    let folder = bench.images.path("answers");
    Sample::network("net").write(&folder.join("Drivers"));
    let file = folder.join("u.xml");
    std::fs::write(&file, answers()).unwrap();
    file
}

fn row<'r>(report: &'r ApplyReport, setting: &str) -> &'r SettingResult {
    let found = report.settings.iter().find(|row| row.setting.ends_with(setting));
    found.unwrap_or_else(|| panic!("{setting} is not among {:?}", report.settings))
}

fn hivexget(applied: &Path, hive: &str, key: &str, name: &str) -> String {
    let path = applied.join("Windows/System32/config").join(hive);
    let output =
        Command::new("hivexget").arg(path).arg(key).arg(name).output().expect("hivexget is installed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn each_setting_comes_back_with_what_became_of_it() {
    let bench = bench("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE");
    let file = write_answers(&bench);
    let mut session = bench.mount();
    let options = ApplyOptions { preview: true, ..ApplyOptions::default() };
    let preview = apply(&mut session, &file, &options, &mut unobserved).unwrap();
    assert_eq!(
        session.view().unwrap().item(&ImagePath::parse(r"\Windows\Panther").unwrap()).unwrap().map(|_| ()),
        None
    );
    let report = apply(&mut session, &file, &ApplyOptions::default(), &mut unobserved).unwrap();
    // A preview says the same.
    let told = |report: &ApplyReport| -> Vec<(String, SettingOutcome)> {
        report.settings.iter().map(|row| (row.setting.clone(), row.result)).collect()
    };
    assert_eq!(told(&preview), told(&report));
    assert_eq!(preview.placed, report.placed);

    assert_eq!(row(&report, "EnableLUA").result, SettingOutcome::Applied);
    let [amd64, x86] =
        [0, 1].map(|at| report.settings.iter().filter(|row| row.setting == "SanPolicy").nth(at).unwrap());
    assert_eq!((amd64.result, x86.result), (SettingOutcome::Applied, SettingOutcome::NotApplicable));
    assert!(x86.reason.contains("x86"), "{}", x86.reason);
    assert_eq!(row(&report, "SKUPolicyRequired").result, SettingOutcome::NotApplicable);
    assert_eq!(row(&report, "UseConfigurationSet").result, SettingOutcome::NotApplicable);
    assert_eq!(row(&report, "Fod").result, SettingOutcome::NotApplicable);
    let placed = row(&report, "ComputerName");
    assert_eq!(placed.result, SettingOutcome::Placed);
    assert_eq!(placed.target.as_deref(), Some(r"\Windows\Panther\unattend.xml"));
    // A Setup that is to come sets the time zone itself.
    assert_eq!(row(&report, "TimeZone").result, SettingOutcome::Placed);
    let secret = row(&report, "Password/Value");
    assert_eq!((secret.value.as_str(), secret.result), ("********", SettingOutcome::Placed));
    let drivers = row(&report, "PathAndCredentials[1]/Path");
    assert_eq!(drivers.result, SettingOutcome::Applied, "{}", drivers.reason);
    assert_eq!(drivers.drivers.len(), 1);
    assert_eq!(row(&report, "PathAndCredentials[2]/Path").result, SettingOutcome::Failed);

    session.save(SaveOptions::default(), &mut unobserved).unwrap();
    bench.images.judge();
    let applied = bench.images.apply(1);
    assert_eq!(
        std::fs::read(applied.join("Windows/Panther/unattend.xml")).unwrap(),
        std::fs::read(&file).unwrap()
    );
    assert!(applied.join("Windows/INF/oem0.inf").is_file());
    assert_eq!(
        hivexget(&applied, "SOFTWARE", r"\Microsoft\Windows\CurrentVersion\Policies\System", "EnableLUA"),
        "0"
    );
    assert_eq!(hivexget(&applied, "SYSTEM", r"\ControlSet001\Services\partmgr\Parameters", "SanPolicy"), "4");
    assert_eq!(
        hivexget(&applied, "SYSTEM", r"\ControlSet001\Control\TimeZoneInformation", "TimeZoneKeyName"),
        ""
    );
}

#[test]
fn what_no_pass_will_do_is_written_to_the_registry() {
    let bench = bench("IMAGE_STATE_COMPLETE");
    let file = write_answers(&bench);
    let mut session = bench.mount();
    let report = apply(&mut session, &file, &ApplyOptions::default(), &mut unobserved).unwrap();
    assert_eq!(row(&report, "TimeZone").result, SettingOutcome::Applied);
    assert_eq!(row(&report, "ComputerName").result, SettingOutcome::Placed);
    assert!(row(&report, "ComputerName").reason.contains("Sysprep"));
    session.save(SaveOptions::default(), &mut unobserved).unwrap();
    let applied = bench.images.apply(1);
    let zone = |name: &str| hivexget(&applied, "SYSTEM", r"\ControlSet001\Control\TimeZoneInformation", name);
    assert_eq!(zone("TimeZoneKeyName"), "W. Europe Standard Time");
    assert_eq!(zone("StandardName"), "@tzres.dll,-322");
    // hivexget shows REG_DWORD unsigned.
    assert_eq!(zone("Bias").parse::<i64>().unwrap() as i32, -60);
    assert_eq!(zone("DynamicDaylightTimeDisabled"), "0");
    let logon =
        |name: &str| hivexget(&applied, "SOFTWARE", r"\Microsoft\Windows NT\CurrentVersion\Winlogon", name);
    assert_eq!(
        [logon("AutoAdminLogon"), logon("DefaultUserName"), logon("DefaultPassword")],
        ["1", "ann", "secret"]
    );
}

#[test]
fn without_placing_only_offline_homes_are_left_and_a_bad_value_fails_alone() {
    let bench = bench("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE");
    let file = write_answers(&bench);
    std::fs::write(&file, answers().replace("W. Europe Standard", "Middle Earth").replace(">4<", ">four<"))
        .unwrap();
    let mut session = bench.mount();
    let options = ApplyOptions { no_place: true, ..ApplyOptions::default() };
    let report = apply(&mut session, &file, &options, &mut unobserved).unwrap();
    assert_eq!(report.placed, None);
    assert_eq!(row(&report, "ComputerName").result, SettingOutcome::NotApplicable);
    assert_eq!(row(&report, "AutoLogon/Username").result, SettingOutcome::Applied);
    for (setting, reason) in [("TimeZone", "Middle Earth"), ("SanPolicy", "not a number")] {
        assert_eq!(row(&report, setting).result, SettingOutcome::Failed, "{setting}");
        assert!(row(&report, setting).reason.contains(reason), "{}", row(&report, setting).reason);
    }
    assert_eq!(row(&report, "EnableLUA").result, SettingOutcome::Applied);
}

#[test]
fn another_answer_file_in_the_place_stops_all_of_it() {
    let bench = bench("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE");
    let file = write_answers(&bench);
    let mut session = bench.mount();
    apply(&mut session, &file, &ApplyOptions::default(), &mut unobserved).unwrap();
    // The same file again is fine.
    apply(&mut session, &file, &ApplyOptions::default(), &mut unobserved).unwrap();
    std::fs::write(&file, answers().replace("PC1", "PC2").replace("<EnableLUA>false", "<EnableLUA>true"))
        .unwrap();
    let refused = apply(&mut session, &file, &ApplyOptions::default(), &mut unobserved);
    assert!(matches!(refused, Err(Error::ItemExists { .. })), "{refused:?}");
    let forced = ApplyOptions { force: true, ..ApplyOptions::default() };
    assert!(apply(&mut session, &file, &forced, &mut unobserved).unwrap().placed.unwrap().replaced);
}
