//! Public answer files made again from the parameters of `New-Unattend`, setting for setting.

use super::author::{account, made, settings, text};
use crate::support::hives;
use imgsvc::formats::unattend::{AnswerFile, SettingPath};
use imgsvc::servicing::unattend::author::{Architecture, DiskLayout, OobePage, Options, SettingValue};
use std::collections::BTreeMap;

/// A file of the corpus.
fn real(name: &str) -> Option<AnswerFile> {
    let Some(folder) = hives::testdata("unattend") else {
        eprintln!("SKIPPED: there is no testdata/unattend; {name} was not rebuilt");
        return None;
    };
    Some(AnswerFile::parse(&std::fs::read(folder.join(name)).unwrap()).unwrap())
}

/// What a file has and options do not give, whatever the number in a list; and that with these settings by path
/// nothing of it is missing.
fn cannot(original: &AnswerFile, options: &Options) -> Vec<String> {
    let missing = |ours: &AnswerFile| {
        let ours = settings(ours);
        let mut theirs = settings(original);
        theirs.retain(|path, value| ours.get(path) != Some(value));
        theirs
    };
    let left = missing(&made(options));
    let by_path: Vec<SettingValue> =
        left.iter().map(|(path, value)| SettingValue { path: path.clone(), value: value.clone() }).collect();
    let whole = made(&Options { settings: by_path, ..options.clone() });
    assert_eq!(missing(&whole), BTreeMap::new());
    let mut names: Vec<String> = left
        .keys()
        .map(|path| path.split('/').map(|part| part.split('[').next().unwrap()).collect::<Vec<_>>().join("/"))
        .map(|path| path.replace("Microsoft-Windows-", ""))
        .collect();
    names.dedup();
    names
}

#[test]
fn the_base_of_a_well_known_generator_is_rebuilt() {
    let Some(original) = real("082_cschneegans__resource_autounattend.xml") else { return };
    let options = Options {
        architectures: vec![Architecture::X86],
        locale: text("de-DE"),
        accept_eula: true,
        skip_oobe: vec![OobePage::Eula, OobePage::Wireless, OobePage::ExpressSettings],
        ..Options::default()
    };
    // Empty elements, which say nothing, and values that are what Setup does anyway.
    let expected = [
        "oobeSystem/Shell-Setup/AutoLogon",
        "oobeSystem/Shell-Setup/OOBE/HideOnlineAccountScreens",
        "oobeSystem/Shell-Setup/UserAccounts",
        "windowsPE/Setup/UseConfigurationSet",
        "windowsPE/Setup/UserData/ProductKey/Key",
        "windowsPE/Setup/UserData/ProductKey/WillShowUI",
    ];
    assert_eq!(cannot(&original, &options), expected);
}

#[test]
fn the_file_of_a_well_known_image_builder_is_rebuilt() {
    let Some(original) = real("148_rgl__windows-11-24h2-uefi_autounattend.xml") else { return };
    let values = |path: &str| -> Vec<String> {
        original.settings(&SettingPath::parse(path).unwrap()).into_iter().map(|found| found.value).collect()
    };
    let options = Options {
        locale: text("en-US"),
        time_zone: text("UTC"),
        disk_layout: Some(DiskLayout::UefiWithoutRecovery),
        image_index: Some(1),
        accept_eula: true,
        owner: text("Vagrant"),
        organization: text("Vagrant"),
        // The encoded passwords are those of the file, digit by digit.
        local_admins: vec![account("vagrant", "vagrant"), account("Administrator", "vagrant")],
        auto_logon: Some(1),
        skip_oobe: vec![
            OobePage::Eula,
            OobePage::LocalAccount,
            OobePage::OemRegistration,
            OobePage::OnlineAccount,
            OobePage::Wireless,
        ],
        driver_paths: vec![r"E:\".into()],
        windows_pe_commands: values("windowsPE/*/RunSynchronous/*/Path"),
        first_logon_commands: values("oobeSystem/*/FirstLogonCommands/*/CommandLine"),
        ..Options::default()
    };
    let expected = [
        "offlineServicing/LUA-Settings/EnableLUA",
        "oobeSystem/International-Core/UILanguageFallback",
        "oobeSystem/Shell-Setup/FirstLogonCommands/SynchronousCommand/Description",
        "oobeSystem/Shell-Setup/OOBE/ProtectYourPC",
        // It is in pass specialize.
        "oobeSystem/Shell-Setup/TimeZone",
        "oobeSystem/Shell-Setup/UserAccounts/LocalAccounts/LocalAccount/Description",
        "oobeSystem/Shell-Setup/UserAccounts/LocalAccounts/LocalAccount/DisplayName",
        "windowsPE/International-Core-WinPE/UILanguageFallback",
        // Disks with sectors of 4,096 bytes need more than 100 MB.
        "windowsPE/Setup/DiskConfiguration/Disk/CreatePartitions/CreatePartition/Size",
        "windowsPE/Setup/UserData/ProductKey/WillShowUI",
    ];
    assert_eq!(cannot(&original, &options), expected);
}
