//! The best-known answer files: which errors are found in them, each judged by hand.

use crate::support::hives;
use imgsvc::servicing::unattend::check::{check, Severity};

/// File, and the errors in it: rule and line. Why each is true: docs/unattend-rules.md, "The best-known files".
const FILES: [(&str, &[(&str, u64)]); 20] = [
    ("001_FriendsOfMDT__Templates_Unattend_PE_x64.xml", &[]),
    ("003_FriendsOfMDT__Templates_Unattend_x64.xml", &[]),
    ("006_StefanScherer__answer_files_10_insider_Autounattend.xml", &[("component-not-in-pass", 52)]),
    ("009_StefanScherer__answer_files_11_insider_Autounattend.xml", &[("component-not-in-pass", 52)]),
    ("019_StefanScherer__answer_files_2019_Autounattend.xml", &[]),
    ("024_StefanScherer__answer_files_2025_Autounattend.xml", &[]),
    ("042_boxcutter__floppy_eval-win10x64-enterprise_Autounattend.xml", &[("text-in-group", 43)]),
    ("057_boxcutter__floppy_win2012r2-standard_Autounattend.xml", &[]),
    ("075_chef__win_answer_files_2022_Autounattend.xml", &[]),
    ("081_cloudbase__UnattendTemplate.xml", &[("setting-not-in-pass", 143)]),
    ("082_cschneegans__resource_autounattend.xml", &[]),
    ("087_dockur__assets_win11x64-enterprise.xml", &[]),
    ("090_dockur__assets_win11x64.xml", &[]),
    ("096_dockur__assets_win2022.xml", &[]),
    ("123_joefitzgerald__answer_files_2012_r2_Autounattend.xml", &[]),
    ("133_kubernetes-sigs__windows_windows-2022_autounattend.xml", &[]),
    ("136_microsoft__.github_crashdetect_Unattend.xml", &[]),
    ("139_mwrock__answer_files_2016_Autounattend.xml", &[]),
    ("145_ntdevlabs__autounattend.xml", &[]),
    ("148_rgl__windows-11-24h2-uefi_autounattend.xml", &[]),
];

#[test]
fn the_best_known_answer_files_have_the_errors_that_they_have() {
    let Some(folder) = hives::testdata("unattend") else { return };
    for (name, expected) in FILES {
        let bytes = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = check(&bytes, None).unwrap();
        let errors = found.iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<(&str, u64)> = errors.map(|finding| (finding.rule, finding.line)).collect();
        assert_eq!(errors, expected, "{name}: {found:#?}");
    }
}
