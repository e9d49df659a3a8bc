//! Catalogues that the builder makes, read by us and by openssl, and broken ones.

use imgsvc::formats::cat::{Catalog, CatalogBuilder, Digest, FileDigests, MemberKind};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use std::process::Command;

/// A small PE32+ image with a certificate table of `certificates` bytes at its end.
fn image(certificates: usize) -> Vec<u8> {
    let mut bytes = vec![0x5A_u8; 0x200];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3C..0x40].copy_from_slice(&0x80_u32.to_le_bytes());
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    bytes[0x84..0x86].copy_from_slice(&0x8664_u16.to_le_bytes());
    bytes[0x98..0x9A].copy_from_slice(&0x020B_u16.to_le_bytes());
    bytes[0x98 + 108..0x98 + 112].copy_from_slice(&16_u32.to_le_bytes());
    let entry = 0x98 + 112 + 4 * 8;
    let (offset, size) = if certificates == 0 { (0, 0) } else { (0x200, certificates) };
    bytes[entry..entry + 4].copy_from_slice(&u32::try_from(offset).unwrap().to_le_bytes());
    bytes[entry + 4..entry + 8].copy_from_slice(&u32::try_from(size).unwrap().to_le_bytes());
    bytes.extend(vec![0xCE; certificates]);
    bytes
}

fn sample() -> Vec<u8> {
    CatalogBuilder::new()
        .file("acme.inf", b"[Version]")
        .file("acme.sys", &image(0))
        .attribute("OS", "_v100")
        .attribute("HWID1", r"pci\ven_1")
        .to_bytes()
}

#[test]
fn a_built_catalogue_covers_its_files_and_no_others() {
    let catalog = Catalog::parse(&sample()).unwrap();
    let member = catalog.covers(&FileDigests::of(b"[Version]")).unwrap();
    assert_eq!((member.kind.clone(), member.attribute("file")), (MemberKind::Flat, Some("acme.inf")));
    assert_eq!(member.digest, Digest::Sha256(Sha256::digest(b"[Version]").into()));
    let member = catalog.covers(&FileDigests::of(&image(0))).unwrap();
    assert_eq!((member.kind.clone(), member.attribute("File")), (MemberKind::Image, Some("acme.sys")));
    assert!(catalog.covers(&FileDigests::of(b"[version]")).is_none());
    assert_eq!(catalog.attribute("os"), Some("_v100"));
    assert_eq!(catalog.hardware_ids().collect::<Vec<_>>(), [r"pci\ven_1"]);
    assert!(catalog.signers().is_empty() && catalog.signer_name().is_none());
}

#[test]
fn a_signature_appended_to_an_image_does_not_change_what_covers_it() {
    let catalog = Catalog::parse(&sample()).unwrap();
    let mut signed = image(64);
    signed[0x98 + 64..0x98 + 68].copy_from_slice(&[1, 2, 3, 4]); // the checksum
    assert!(catalog.covers(&FileDigests::of(&signed)).is_some());
    signed[0x1FF] ^= 1;
    assert!(catalog.covers(&FileDigests::of(&signed)).is_none(), "a changed byte is seen");
}

#[test]
fn openssl_reads_a_built_catalogue() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme.cat");
    std::fs::write(&path, sample()).unwrap();
    let run = |arguments: &[&str]| Command::new("openssl").args(arguments).arg("-in").arg(&path).output();
    let Ok(output) = run(&["asn1parse", "-inform", "der"]) else {
        eprintln!("SKIPPED: openssl is not installed");
        return;
    };
    let listing = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for expected in ["pkcs7-signedData", "1.3.6.1.4.1.311.10.1", "1.3.6.1.4.1.311.12.2.3", "sha256"] {
        assert!(listing.contains(expected), "{expected} in {listing}");
    }
    let digest: String = Sha256::digest(b"[Version]").iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(listing.contains(&digest));
    assert!(run(&["pkcs7", "-inform", "der", "-noout"]).unwrap().status.success());
}

#[test]
fn what_is_no_catalogue_is_refused_with_its_offset() {
    let cases: [(&[u8], &str); 5] = [
        (&[], "offset 0x0"),
        (b"MZ", "offset 0x0"),
        (&[0x30, 0x80, 0, 0], "offset 0x2"),
        (&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], "offset 0x6"),
        (&[0x30, 0x05, 0x06, 0x03, 0x2A, 0x03, 0x04], "object 1.2.3.4"),
    ];
    for (bytes, place) in cases {
        let message = Catalog::parse(bytes).unwrap_err().to_string();
        assert!(message.contains(place), "{message}");
    }
}

#[test]
fn every_truncation_and_every_changed_byte_gives_an_answer() {
    let whole = sample();
    for length in 0..whole.len() {
        assert!(Catalog::parse(&whole[..length]).is_err(), "{length} bytes");
    }
    for position in 0..whole.len() {
        for value in [0, 0x30, 0x7F, 0x80, 0x84, 0xFF] {
            let mut bytes = whole.clone();
            bytes[position] = value;
            let _ = Catalog::parse(&bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Catalog::parse(&bytes);
        let _ = FileDigests::of(&bytes);
    }

    #[test]
    fn files_of_any_content_are_covered(files in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..20)) {
        let builder = files.iter().fold(CatalogBuilder::new(), |builder, file| builder.file("f", file));
        let catalog = Catalog::parse(&builder.to_bytes()).unwrap();
        prop_assert_eq!(catalog.members().len(), files.len());
        for file in &files {
            prop_assert!(catalog.covers(&FileDigests::of(file)).is_some());
        }
    }
}
