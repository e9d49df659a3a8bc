//! What signatures of catalogues are worth: public ones beside osslsigncode, those of a test authority made
//! here, and altered ones.

use crate::support::authority;
use crate::support::authority::{time, Authority, Issue, Stamp, NOW};
use imgsvc::formats::cat::{Catalog, CatalogBuilder, ChainEnd, SignatureVerdict, TimeStampKind, TrustStore};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The third-party files that are not part of the repository.
fn test_data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there (third-party catalogues)", folder.display());
        return None;
    }
    Some(folder)
}

/// The roots of code and of time stamps that the .NET SDK trusts, from Microsoft's programme.
fn public_roots() -> Option<Vec<PathBuf>> {
    let base = std::env::var("DOTNET_ROOT").unwrap_or_else(|_| "/usr/share/dotnet".to_owned());
    let versions = std::fs::read_dir(Path::new(&base).join("sdk")).ok()?;
    let files = versions.filter_map(|version| {
        let folder = version.ok()?.path().join("trustedroots");
        let files = ["codesignctl.pem", "timestampctl.pem"].map(|name| folder.join(name));
        files.iter().all(|file| file.is_file()).then(|| files.to_vec())
    });
    let found = files.max();
    if found.is_none() {
        eprintln!("SKIPPED: the .NET SDK's trustedroots are not below {base}/sdk");
    }
    found
}

fn store_of(files: &[PathBuf]) -> TrustStore {
    let mut store = TrustStore::new();
    for file in files {
        assert!(store.add_file(&std::fs::read(file).unwrap()).unwrap() > 100);
    }
    store
}

fn catalogues(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            catalogues(&path, found);
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("cat")) {
            found.push(path);
        }
    }
}

fn public_catalogues(data: &Path) -> Vec<(PathBuf, Catalog)> {
    let mut paths = Vec::new();
    catalogues(&data.join("drivers"), &mut paths);
    catalogues(&data.join("catalogs"), &mut paths);
    let read = |path: PathBuf| {
        let catalog = Catalog::parse(&std::fs::read(&path).unwrap()).ok()?;
        Some((path, catalog))
    };
    paths.into_iter().filter_map(read).collect()
}

#[test]
fn public_catalogues_are_trusted_where_osslsigncode_verifies_them() {
    let (Some(data), Some(roots)) = (test_data(), public_roots()) else { return };
    if Command::new("osslsigncode").arg("--version").output().is_err() {
        eprintln!("SKIPPED: osslsigncode is not installed");
        return;
    }
    let store = store_of(&roots);
    let folder = tempfile::tempdir().unwrap();
    let all = folder.path().join("roots.pem");
    let public = public_catalogues(&data);
    // Those that any certificate names; osslsigncode takes its time over all of them.
    let issuers: Vec<_> = public.iter().flat_map(|(_, catalog)| catalog.certificates()).collect();
    let named = store.roots().iter().filter(|root| issuers.iter().any(|found| found.issuer == root.subject));
    let pem = named.flat_map(|root| openssl::x509::X509::from_der(&root.der).unwrap().to_pem().unwrap());
    std::fs::write(&all, pem.collect::<Vec<u8>>()).unwrap();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (path, catalog) in public {
        let found = catalog.signature(&store, NOW);
        let stamp = found.time_stamp.as_ref().filter(|stamp| stamp.is_trusted).map(|stamp| stamp.time);
        let at = i64::try_from(stamp.unwrap_or(NOW) / 10_000_000).unwrap() - 11_644_473_600;
        // Its own reading of time stamps differs by version; the chain is asked as of ours.
        let output = Command::new("osslsigncode")
            .args(["verify", "-ignore-timestamp", "-ignore-crl", "-time", &at.to_string(), "-CAfile"])
            .arg(&all)
            .arg("-in")
            .arg(&path)
            .output()
            .unwrap();
        let end = found.chain.as_ref().map(|chain| chain.end);
        let key = (found.verdict, found.is_trusted, end, output.status.success());
        *counts.entry(format!("{key:?}")).or_default() += 1;
        assert_eq!(found.is_trusted, output.status.success(), "{}: {}", path.display(), found.reason);
        if found.verdict == SignatureVerdict::Whql {
            assert!(found.is_trusted, "{}: {}", path.display(), found.reason);
        }
    }
    eprintln!("{counts:#?}");
    assert!(counts.values().sum::<usize>() >= 150);
}

#[test]
fn the_authorities_known_by_thumbprint_are_signed_by_microsofts_roots() {
    let (Some(data), Some(roots)) = (test_data(), public_roots()) else { return };
    let roots = store_of(&roots);
    let mut shown: BTreeMap<String, bool> = BTreeMap::new();
    for (_, catalog) in public_catalogues(&data) {
        let found = catalog.signature(&TrustStore::new(), NOW);
        let stamp = found.time_stamp.map(|stamp| stamp.chain);
        for chain in found.chain.into_iter().chain(stamp) {
            if chain.end != ChainEnd::KnownIssuer {
                continue;
            }
            let pinned = chain.certificates.last().unwrap();
            let x509 = openssl::x509::X509::from_der(&pinned.der).unwrap();
            let signed = roots.roots().iter().filter(|root| root.subject == pinned.issuer).any(|root| {
                let root = openssl::x509::X509::from_der(&root.der).unwrap();
                x509.verify(&root.public_key().unwrap()).unwrap()
            });
            let name = pinned.subject.clone().unwrap();
            let thumbprint = imgsvc::formats::bytes::to_hex(&pinned.sha256());
            shown.insert(format!("{name} {thumbprint}"), signed);
        }
    }
    eprintln!("{shown:#?}");
    // All of src/formats/cat/pins.rs occur in the public catalogues.
    assert_eq!(shown.len(), 13);
    assert!(shown.values().all(|signed| *signed), "{shown:#?}");
}

#[test]
fn without_any_roots_microsofts_signatures_are_known_by_thumbprint_and_others_are_not() {
    let Some(data) = test_data() else { return };
    let (mut whql, mut others) = (0, 0);
    for (path, catalog) in public_catalogues(&data) {
        let found = catalog.signature(&TrustStore::new(), NOW);
        match found.verdict {
            SignatureVerdict::Whql => {
                whql += 1;
                let chain = found.chain.unwrap();
                assert!(chain.is_microsoft && chain.ends_well(), "{}", path.display());
                assert!(matches!(chain.end, ChainEnd::Root | ChainEnd::KnownIssuer));
            }
            _ => {
                others += 1;
                assert!(!found.is_trusted, "{}: {}", path.display(), found.reason);
            }
        }
    }
    assert!(whql >= 100 && others >= 50, "{whql} {others}");
}

#[test]
fn a_changed_byte_of_a_public_catalogue_is_seen() {
    let Some(data) = test_data() else { return };
    let path = data.join("drivers/003_WinPEDriverPack_pvscsi/pvscsi.cat");
    let original = std::fs::read(path).unwrap();
    let catalog = Catalog::parse(&original).unwrap();
    let place = |part: &[u8]| original.windows(part.len()).position(|window| window == part).unwrap();
    // The list's type, then the list, then the first certificate.
    let list = place(&[0x2B, 6, 1, 4, 1, 0x82, 0x37, 10, 1]);
    let certificates = place(&catalog.certificates()[0].der);
    let signer =
        catalog.certificates().iter().find(|found| found.subject.as_deref() == catalog.signer_name());
    let signer = place(&signer.unwrap().der);
    let signer_end = signer + catalog.certificates()[0].der.len().min(800);
    let (mut tampered, mut broken, mut unseen) = (0, 0, Vec::new());
    for at in (0..original.len()).step_by(5) {
        let mut bytes = original.clone();
        bytes[at] ^= 0x01;
        let Ok(catalog) = Catalog::parse(&bytes) else {
            broken += 1;
            continue;
        };
        let found = catalog.signature(&TrustStore::new(), NOW);
        match found.verdict {
            SignatureVerdict::Tampered => tampered += 1,
            _ if found.is_trusted => unseen.push(at),
            _ => {}
        }
        if (list..certificates).contains(&at) {
            assert_eq!(found.verdict, SignatureVerdict::Tampered, "byte {at}: {}", found.reason);
        }
        // A changed name of the issuer leaves the chain without one.
        if (signer..signer_end).contains(&at) {
            assert!(!found.is_trusted, "byte {at}: {}", found.reason);
        }
    }
    eprintln!("{tampered} tampered, {broken} unreadable, {} without effect: {unseen:?}", unseen.len());
    // Versions, lists of algorithms, and certificates that no chain needs are not signed.
    assert!(unseen.len() * 4 < tampered, "{unseen:?}");
}

fn sign(issue: &Issue, stamp: Option<&Stamp>) -> Option<Catalog> {
    let plain = CatalogBuilder::new().file("acme.inf", b"[Version]").attribute("OS", "_v100").to_bytes();
    authority::sign(&plain, issue, stamp).map(|bytes| Catalog::parse(&bytes).unwrap())
}

fn trusting(root: &Authority) -> TrustStore {
    let mut store = TrustStore::new();
    store.add_file(&root.pem()).unwrap();
    store
}

#[test]
fn a_signature_of_an_authority_is_authenticode_and_trusted_by_its_root_alone() {
    let root = Authority::root("Acme Root");
    let middle = root.authority("Acme Issuing");
    let leaf = middle.signer("Acme Drivers", &["1.3.6.1.5.5.7.3.3"], 2025, 2030);
    let Some(catalog) = sign(&leaf, None) else { return };
    let found = catalog.signature(&trusting(&root), NOW);
    assert_eq!((found.verdict, found.is_trusted), (SignatureVerdict::Authenticode, true), "{}", found.reason);
    let chain = found.chain.unwrap();
    let names: Vec<_> = chain.certificates.iter().map(|found| found.subject.clone().unwrap()).collect();
    assert_eq!(names, ["Acme Drivers", "Acme Issuing", "Acme Root"]);
    assert!(found.reason.contains("not time-stamped"), "{}", found.reason);

    let found = catalog.signature(&TrustStore::new(), NOW);
    assert_eq!((found.verdict, found.is_trusted), (SignatureVerdict::Authenticode, false));
    let other = catalog.signature(&trusting(&Authority::root("Acme Root")), NOW);
    assert!(!other.is_trusted, "a root of the same name: {}", other.reason);
}

#[test]
fn a_chain_without_its_issuer_is_undecided_and_says_who_is_missing() {
    let root = Authority::root("Acme Root");
    let middle = root.authority("Acme Issuing");
    let mut leaf = middle.signer("Acme Drivers", &["1.3.6.1.5.5.7.3.3"], 2025, 2030);
    leaf.issuers.clear();
    let Some(catalog) = sign(&leaf, None) else { return };
    let found = catalog.signature(&trusting(&root), NOW);
    assert!(!found.is_trusted && found.is_undecided(), "{}", found.reason);
    assert!(found.reason.contains("'Acme Issuing'"), "{}", found.reason);
}

#[test]
fn signatures_of_tests_and_of_nobody_are_told_apart() {
    let root = Authority::root("Acme Root");
    let test = root.signer("WDKTestCert someone,133000000000000000", &["1.3.6.1.5.5.7.3.3"], 2025, 2030);
    let Some(catalog) = sign(&test, None) else { return };
    let found = catalog.signature(&TrustStore::new(), NOW);
    assert_eq!((found.verdict, found.is_trusted), (SignatureVerdict::TestSigned, false), "{}", found.reason);

    let test_root = Authority::root("Microsoft Testing Root Certificate Authority 2010");
    let claims =
        test_root.signer("Microsoft Windows", &["1.3.6.1.5.5.7.3.3", "1.3.6.1.4.1.311.10.3.6"], 2025, 2030);
    let found = sign(&claims, None).unwrap().signature(&trusting(&test_root), NOW);
    assert_eq!((found.verdict, found.is_trusted), (SignatureVerdict::TestSigned, true), "{}", found.reason);

    let own = Authority::self_signed("Acme");
    let found = sign(&own, None).unwrap().signature(&TrustStore::new(), NOW);
    assert_eq!((found.verdict, found.is_trusted), (SignatureVerdict::SelfSigned, false), "{}", found.reason);
}

#[test]
fn names_and_usages_of_microsoft_do_not_make_a_signature_whql() {
    let root = Authority::root("Microsoft Root Certificate Authority 2010");
    let middle = root.authority("Microsoft Windows Third Party Component CA 2012");
    let usages = ["1.3.6.1.4.1.311.10.3.5", "1.3.6.1.5.5.7.3.3"];
    let leaf = middle.signer("Microsoft Windows Hardware Compatibility Publisher", &usages, 2025, 2030);
    let Some(catalog) = sign(&leaf, None) else { return };
    let found = catalog.signature(&TrustStore::new(), NOW);
    assert_eq!(
        (found.verdict, found.is_trusted),
        (SignatureVerdict::Authenticode, false),
        "{}",
        found.reason
    );
    // Not even if someone made the image trust that root.
    let found = catalog.signature(&trusting(&root), NOW);
    assert_eq!((found.verdict, found.is_trusted), (SignatureVerdict::Authenticode, true), "{}", found.reason);
}

#[test]
fn a_certificate_for_something_else_is_not_trusted() {
    let root = Authority::root("Acme Root");
    let leaf = root.signer("Acme Web", &["1.3.6.1.5.5.7.3.1"], 2025, 2030);
    let Some(catalog) = sign(&leaf, None) else { return };
    let found = catalog.signature(&trusting(&root), NOW);
    assert!(!found.is_trusted && found.reason.contains("not for signing code"), "{}", found.reason);
}

#[test]
fn an_expired_certificate_needs_a_time_stamp_of_its_time_by_a_trusted_authority() {
    let root = Authority::root("Acme Root");
    let leaf = root.signer("Acme Drivers", &["1.3.6.1.5.5.7.3.3"], 2015, 2018);
    let Some(catalog) = sign(&leaf, None) else { return };
    let found = catalog.signature(&trusting(&root), NOW);
    assert!(!found.is_trusted && found.reason.contains("valid from 2015-01-01"), "{}", found.reason);

    let clock = root.signer("Acme Clock", &["1.3.6.1.5.5.7.3.8"], 2015, 2035);
    let stamped = |year| sign(&leaf, Some(&Stamp { signer: &clock, year })).unwrap();
    let found = stamped(2016).signature(&trusting(&root), NOW);
    let stamp = found.time_stamp.clone().unwrap();
    assert_eq!((stamp.kind, stamp.time), (TimeStampKind::Rfc3161, time(2016)));
    assert!(found.is_trusted && stamp.is_trusted, "{}", found.reason);
    // After the certificate's end.
    let found = stamped(2019).signature(&trusting(&root), NOW);
    assert!(!found.is_trusted, "{}", found.reason);

    // By one that is not trusted, and by one that is not for time stamps.
    let stranger = Authority::root("Strange Root");
    let clock = stranger.signer("Strange Clock", &["1.3.6.1.5.5.7.3.8"], 2015, 2035);
    let found =
        sign(&leaf, Some(&Stamp { signer: &clock, year: 2016 })).unwrap().signature(&trusting(&root), NOW);
    assert!(!found.is_trusted && found.reason.contains("which is not trusted"), "{}", found.reason);
    let mut both = trusting(&root);
    both.add_file(&stranger.pem()).unwrap();
    let found = sign(&leaf, Some(&Stamp { signer: &clock, year: 2016 })).unwrap().signature(&both, NOW);
    assert!(found.is_trusted, "{}", found.reason);
}

#[test]
fn roots_are_read_from_pem_der_p7b_and_the_registrys_blobs() {
    let root = Authority::root("Acme Root");
    let der = root.der();
    let mut blob = Vec::new();
    for (property, value) in [(3_u32, vec![7; 20]), (32, der.clone())] {
        let length = u32::try_from(value.len()).unwrap();
        blob.extend([property, 1, length].map(u32::to_le_bytes).concat());
        blob.extend(value);
    }
    let mut store = TrustStore::new();
    store.add_blob(&blob).unwrap();
    for bytes in [der.clone(), root.pem()] {
        let mut other = TrustStore::new();
        assert_eq!(other.add_file(&bytes).unwrap(), 1);
        assert_eq!(other, store);
    }
    if let Some(bytes) = authority::p7b(&root.pem()) {
        let mut other = TrustStore::new();
        assert_eq!(other.add_file(&bytes).unwrap(), 1);
        assert_eq!(other, store);
    }
    for length in 0..blob.len() {
        assert!(TrustStore::new().add_blob(&blob[..length]).is_err() || length == 32, "{length} bytes");
    }
    assert!(TrustStore::new().add_file(b"").is_err());
    assert!(TrustStore::new()
        .add_file(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----")
        .is_err());

    let leaf = root.signer("Acme Drivers", &["1.3.6.1.5.5.7.3.3"], 2025, 2030);
    let Some(catalog) = sign(&leaf, None) else { return };
    assert!(catalog.signature(&store, NOW).is_trusted);
    store.distrust_blob(&blob).unwrap();
    let found = catalog.signature(&store, NOW);
    assert!(!found.is_trusted && found.reason.contains("distrusts"), "{}", found.reason);
}

#[test]
fn hostile_signatures_get_an_answer() {
    let root = Authority::root("Acme Root");
    let leaf = root.signer("Acme Drivers", &["1.3.6.1.5.5.7.3.3"], 2015, 2018);
    let clock = root.signer("Acme Clock", &["1.3.6.1.5.5.7.3.8"], 2015, 2035);
    let plain = CatalogBuilder::new().file("acme.inf", b"[Version]").to_bytes();
    let stamp = Stamp { signer: &clock, year: 2016 };
    let Some(whole) = authority::sign(&plain, &leaf, Some(&stamp)) else { return };
    let store = trusting(&root);
    assert!(Catalog::parse(&whole).unwrap().signature(&store, NOW).is_trusted);
    for length in 0..whole.len() {
        assert!(Catalog::parse(&whole[..length]).is_err(), "{length} bytes");
    }
    for at in 0..whole.len() {
        for value in [0x00, 0x30, 0x84, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            if let Ok(catalog) = Catalog::parse(&bytes) {
                let _ = catalog.signature(&store, NOW);
            }
        }
    }
    // Ten thousand sequences inside each other are no deeper than what is looked for.
    let mut nested = vec![0x30, 0];
    for _ in 0..10_000 {
        let length = u32::try_from(nested.len()).unwrap().to_be_bytes();
        nested = [[0x30, 0x84].as_slice(), &length, &nested].concat();
    }
    assert!(Catalog::parse(&nested).is_err());
}
