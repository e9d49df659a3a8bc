//! Driver packages on the host: finding INFs, files, and what the catalogue says.

use crate::support::packages::{trust, Sample, SIGNER};
use imgsvc::error::{Error, Result};
use imgsvc::formats::cat::SignatureVerdict;
use imgsvc::formats::inf::{Architecture, Inf, Target};
use imgsvc::servicing::drivers::database::SignerScore;
use imgsvc::servicing::drivers::package::{Package, PackageInf};
use imgsvc::servicing::drivers::{find, DriverSignature};
use std::path::Path;

fn windows_11() -> Target {
    Target::new(Architecture::Amd64, 10, 0, 26100)
}

fn read(inf: &Path) -> Result<Package> {
    let source = PackageInf::read(inf)?.unwrap();
    let applicability = source.applicability(&windows_11())?;
    Package::read(&source, applicability, &windows_11(), &trust(), &mut |_: &str| -> Result<Option<Inf>> {
        Ok(None)
    })
}

#[test]
fn a_package_of_a_trusted_signer_is_signed_and_the_detail_says_what_was_not_checked() {
    let folder = tempfile::tempdir().unwrap();
    let package = read(&Sample::network("net").write(folder.path())).unwrap();
    assert_eq!(package.signature.signature, DriverSignature::Signed);
    assert_eq!(package.signature.signer.as_deref(), Some(SIGNER));
    assert!(package.signature.detail.contains("revocation was not checked"));
    assert_eq!(package.signature.verdict, SignatureVerdict::SelfSigned);
    assert!(matches!(package.signature.refusal_without_whql(), Some(Error::DriverUnsigned { .. })));
    assert_eq!(package.signature.score(), SignerScore::Authenticode);
    assert!(package.signature.refusal().is_none());
    assert!(package.boot_start.is_none());
}

#[test]
fn a_package_without_a_catalogue_is_unsigned() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample { catalog: false, ..Sample::network("net") };
    let package = read(&sample.write(folder.path())).unwrap();
    assert_eq!(package.signature.signature, DriverSignature::Unsigned);
    assert!(matches!(package.signature.refusal(), Some(Error::DriverUnsigned { .. })));
    assert_eq!(package.signature.score(), SignerScore::Unsigned);
}

#[test]
fn a_catalogue_that_is_missing_empty_or_not_signed_leaves_the_package_unsigned() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample::network("net");
    let inf = sample.write(folder.path());
    let catalog = inf.with_extension("cat");
    let unsigned = sample.catalog().to_bytes();
    std::fs::write(&catalog, unsigned).unwrap();
    let package = read(&inf).unwrap();
    assert_eq!(package.signature.signature, DriverSignature::Unsigned);
    assert!(package.signature.detail.contains("carries no signature"), "{}", package.signature.detail);

    std::fs::write(&catalog, b"").unwrap();
    assert_eq!(read(&inf).unwrap().signature.signature, DriverSignature::Unsigned);
    std::fs::remove_file(&catalog).unwrap();
    let package = read(&inf).unwrap();
    assert_eq!(package.signature.signature, DriverSignature::Unsigned);
    assert!(package.signature.detail.contains("'net.cat' is not in the package"));
    assert!(package.catalog.is_none());
}

#[test]
fn one_changed_byte_in_the_inf_or_in_a_file_the_catalogue_names_is_tampering() {
    let folder = tempfile::tempdir().unwrap();
    let inf = Sample::network("net").write(folder.path());
    for file in ["net.inf", "net.sys"] {
        let path = inf.with_file_name(file);
        let original = std::fs::read(&path).unwrap();
        std::fs::write(&path, [original.as_slice(), b" "].concat()).unwrap();
        let package = read(&inf).unwrap();
        assert_eq!(package.signature.signature, DriverSignature::Tampered, "{file}");
        assert!(package.signature.detail.contains(file), "{}", package.signature.detail);
        assert!(matches!(package.signature.refusal(), Some(Error::DriverTampered { .. })));
        std::fs::write(&path, original).unwrap();
    }
    assert_eq!(read(&inf).unwrap().signature.signature, DriverSignature::Signed);
}

#[test]
fn a_file_the_catalogue_does_not_know_leaves_the_package_unsigned() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample::network("net");
    let inf = sample.write(folder.path());
    let partial = imgsvc::formats::cat::CatalogBuilder::new().file("net.inf", sample.inf().as_bytes());
    std::fs::write(inf.with_extension("cat"), partial.sample_signer(SIGNER).to_bytes()).unwrap();
    let package = read(&inf).unwrap();
    assert_eq!(package.signature.signature, DriverSignature::Unsigned);
    assert!(package.signature.detail.contains("'net.sys' is not covered"), "{}", package.signature.detail);
}

#[test]
fn files_are_found_whatever_their_case_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let inf = Sample::network("net").write(folder.path());
    std::fs::rename(inf.with_extension("sys"), inf.with_file_name("NET.SYS")).unwrap();
    std::fs::rename(inf.with_extension("cat"), inf.with_file_name("Net.Cat")).unwrap();
    assert_eq!(read(&inf).unwrap().signature.signature, DriverSignature::Signed);

    std::fs::remove_file(inf.with_file_name("NET.SYS")).unwrap();
    let error = read(&inf).unwrap_err();
    assert!(matches!(error.root(), Error::DriverFileMissing { file } if file == "net.sys"), "{error}");
    assert!(error.to_string().contains("net.inf"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_link_that_leaves_the_package_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inf = Sample::network("net").write(folder.path());
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    std::fs::remove_file(inf.with_extension("sys")).unwrap();
    std::os::unix::fs::symlink(&secret, inf.with_extension("sys")).unwrap();
    let error = read(&inf).unwrap_err();
    assert!(matches!(error.root(), Error::InvalidName { .. }), "{error}");
}

#[test]
fn a_boot_start_driver_is_recognised_with_its_file_and_service() {
    let folder = tempfile::tempdir().unwrap();
    let package = read(&Sample::storage("stor").write(folder.path())).unwrap();
    let boot_start = package.boot_start.unwrap();
    let services: Vec<_> = boot_start.services().iter().map(|service| service.name.clone()).collect();
    assert_eq!(services, ["stor"]);
    let files: Vec<_> = boot_start.driver_files().iter().map(|copy| copy.name.clone()).collect();
    assert_eq!(files, ["stor.sys"]);
}

#[test]
fn infs_without_a_version_section_are_no_driver_infs() {
    let folder = tempfile::tempdir().unwrap();
    let autorun = folder.path().join("autorun.inf");
    std::fs::write(&autorun, "[AutoRun]\r\nopen=setup.exe\r\n").unwrap();
    let reason = PackageInf::read(&autorun).unwrap().unwrap_err();
    assert!(reason.contains("no [Version] section"), "{reason}");
}

#[test]
fn folders_are_searched_in_order_and_each_inf_is_found_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("sub/deeper")).unwrap();
    for file in ["b.INF", "A.inf", "readme.txt", "sub/c.inf", "sub/deeper/d.Inf"] {
        std::fs::write(root.join(file), "").unwrap();
    }
    let names = |recurse| -> Vec<String> {
        let found = find(&[root.to_path_buf(), root.join("A.inf"), root.join("gone")], recurse).unwrap();
        assert_eq!(found.missing, [root.join("gone")]);
        let shown = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
        found.packages.iter().map(|package| shown(&package.path)).collect()
    };
    assert_eq!(names(false), ["A.inf", "b.INF"]);
    assert_eq!(names(true), ["A.inf", "b.INF", "sub/c.inf", "sub/deeper/d.Inf"]);
}

#[cfg(unix)]
#[test]
fn a_loop_of_links_ends_the_search() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.inf"), "").unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    assert_eq!(find(&[folder.path().to_path_buf()], true).unwrap().packages.len(), 1);

    // A link to nowhere is found too, so that it is reported.
    std::os::unix::fs::symlink("nowhere", folder.path().join("b.inf")).unwrap();
    let found = find(&[folder.path().to_path_buf()], true).unwrap();
    assert_eq!(found.packages.len(), 2);
    assert!(PackageInf::read(&found.packages[1].path).is_err());
}
