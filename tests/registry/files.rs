//! Real registration files through the registry: imported into a fresh hive, exported, imported again.

use crate::support::hives;
use imgsvc::formats::reg::{CodePage, Version};
use imgsvc::formats::regf::*;
use imgsvc::progress::unobserved;
use imgsvc::servicing::registry::*;

/// The roots that real files have, each below a key of its own, because one hive has them all.
fn import_options() -> ImportOptions {
    let roots = ["HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER", "HKEY_CLASSES_ROOT", "HKEY_USERS"];
    let mappings = roots.map(|root| KeyMapping { from: root.to_owned(), to: format!(r"\{root}") });
    ImportOptions { mappings: mappings.to_vec(), skip_errors: true, ..ImportOptions::default() }
}

fn import(hive: &mut Hive, file: &[u8], options: &ImportOptions) -> ImportReport {
    Registry::of_hive(hive).import(file, options, &mut unobserved).unwrap()
}

fn fresh() -> Hive {
    Hive::new("ROOT", 5, None).unwrap()
}

#[test]
fn every_real_file_is_imported_and_exported_to_the_same_meaning() {
    let Some(folder) = hives::testdata("reg") else { return };
    let (mut files, mut keys, mut values) = (0, 0, 0);
    for (name, bytes) in hives::files(&folder).into_iter().filter(|(name, _)| name.ends_with(".reg")) {
        let mut first = fresh();
        let report = import(&mut first, &bytes, &import_options());
        // One has a quotation mark too many, for which regedit skips the line too.
        let places: Vec<_> = report.errors.iter().map(|error| (error.line, error.column)).collect();
        let faults: &[_] = if name.contains("Sytem") { &[(Some(52), Some(33))] } else { &[] };
        assert_eq!(places, faults, "{name}: {:?}", report.errors);
        first.check().unwrap();
        let says = hives::dump_without_times(&first);
        for version in [Version::V5, Version::V4] {
            let options =
                ExportOptions { version, name: Some("HKEY_USERS\\X".to_owned()), ..ExportOptions::default() };
            let mut file = Vec::new();
            let exported =
                Registry::of_hive(&mut first).export(r"\", &mut file, &options, &mut unobserved).unwrap();
            if version == Version::V4 && exported.error_count > 0 {
                // Names and text that the code page lacks; said, and left out.
                assert!(name.contains("Sytem"), "{name}: {:?}", exported.errors);
                continue;
            }
            assert_eq!((exported.error_count, exported.errors.as_slice()), (0, &[][..]), "{name}");
            let mut second = fresh();
            let back =
                import(&mut second, &file, &ImportOptions { skip_errors: false, ..ImportOptions::default() });
            assert_eq!((back.error_count, back.applied), (0, true), "{name}: {:?}", back.errors);
            assert!(hives::dump_without_times(&second) == says, "{name}, {version:?}");
            if version == Version::V5 {
                if hives::has_hivex() {
                    let bytes = second.finish(1).unwrap().bytes;
                    assert!(hives::hivex_dump(&bytes).unwrap() == hives::dump(&second), "{name}");
                }
                (files, keys, values) = (files + 1, keys + exported.keys, values + exported.values);
            }
        }
        // Without leave to skip errors, a file with one changes nothing.
        let mut untouched = fresh();
        let strict = ImportOptions { skip_errors: false, ..import_options() };
        assert_eq!(import(&mut untouched, &bytes, &strict).applied, faults.is_empty(), "{name}");
    }
    eprintln!("{files} files: {keys} keys and {values} values imported, exported and imported again");
    assert!(files >= 36, "{files}");
}

#[test]
fn real_hives_are_exported_and_imported_to_the_same_meaning() {
    let folders = ["hives", "bcd"].into_iter().filter_map(hives::testdata);
    let (mut whole, mut with_errors) = (0, 0);
    for (name, bytes) in folders.flat_map(|folder| hives::files(&folder)) {
        // Half a megabyte, or what is said here takes a minute.
        if bytes.len() > 600_000 {
            continue;
        }
        let Ok(mut hive) = Hive::open(bytes) else { continue };
        if hive.inspect(&mut unobserved).is_err() {
            continue;
        }
        let mut file = Vec::new();
        let options = ExportOptions { name: Some("HKEY_USERS\\X".to_owned()), ..ExportOptions::default() };
        let exported =
            Registry::of_hive(&mut hive).export(r"\", &mut file, &options, &mut unobserved).unwrap();
        let mut again = fresh();
        let back = import(
            &mut again,
            &file,
            &ImportOptions { code_page: CodePage::default(), ..ImportOptions::default() },
        );
        assert_eq!((back.error_count, back.applied), (0, true), "{name}: {:?}", back.errors);
        let (before, after) = (hives::dump_without_times(&hive), hives::dump_without_times(&again));
        if exported.error_count == 0 {
            // Keys and values of one name in any case are one after an import.
            if !["DupNameHive", "DuplicateSubkeysHive"].iter().any(|end| name.ends_with(end)) {
                assert!(before == after, "{name}");
            }
            whole += 1;
        } else {
            assert!(after.len() < before.len(), "{name}: {:?}", exported.errors);
            with_errors += 1;
        }
    }
    eprintln!("{whole} hives exported whole, {with_errors} with names that no file can hold");
}

#[test]
fn an_error_names_its_line_and_its_key() {
    let text =
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\X\\a]\r\n\"v\"=dword:xyz\r\n\
                [HKEY_LOCAL_MACHINE\\Y\\b]\r\n\"w\"=\"lost\"\r\n";
    let mut hive = fresh();
    let report = import(&mut hive, text.as_bytes(), &ImportOptions::default());
    let lines: Vec<_> = report.errors.iter().map(|error| error.line).collect();
    assert_eq!((report.applied, lines.as_slice()), (false, &[Some(4), Some(5)][..]), "{report:?}");
    assert!(report.errors[1].key.as_deref().is_some_and(|key| key.ends_with(r"Y\b")), "{report:?}");
}
