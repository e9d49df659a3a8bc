//! Authenticode digests of PE images: compared with the digests inside the images' own signatures,
//! which openssl extracts, and hostile headers.

use imgsvc::formats::pe::{authenticode_digests, headers, machine};
use std::path::{Path, PathBuf};

fn files_under(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_under(&path, found);
        } else if path.extension().is_some_and(|extension| {
            ["sys", "dll", "exe"].iter().any(|wanted| extension.eq_ignore_ascii_case(wanted))
        }) {
            found.push(path);
        }
    }
}

/// Offset and size of the certificate table, found as a reader of the format's page would.
fn certificates(bytes: &[u8]) -> Option<&[u8]> {
    let u32_at = |offset: usize| Some(u32::from_le_bytes(bytes.get(offset..offset + 4)?.try_into().ok()?));
    let pe = usize::try_from(u32_at(0x3C)?).ok()?;
    let wide = bytes.get(pe + 24..pe + 26)? == [0x0B, 0x02];
    let entry = pe + 24 + if wide { 112 } else { 96 } + 32;
    let offset = usize::try_from(u32_at(entry)?).ok()?;
    let size = usize::try_from(u32_at(entry + 4)?).ok()?;
    if size == 0 {
        None
    } else {
        bytes.get(offset..offset + size)
    }
}

#[test]
fn signed_images_hold_the_digest_we_compute() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata/drivers");
    if !folder.is_dir() {
        eprintln!(
            "SKIPPED: {} is not there (third-party images are not in the repository)",
            folder.display()
        );
        return;
    }
    let mut paths = Vec::new();
    files_under(&folder, &mut paths);
    let (mut images, mut signed, mut differ) = (0, 0, Vec::new());
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let Some(digests) = authenticode_digests(&bytes).unwrap() else { continue };
        images += 1;
        let Some(table) = certificates(&bytes) else { continue };
        signed += 1;
        let holds = |digest: &[u8]| table.windows(digest.len()).any(|window| window == digest);
        if !holds(&digests.sha1) && !holds(&digests.sha256) {
            differ.push(path.file_name().unwrap().to_owned());
        }
    }
    eprintln!("{images} images, {signed} with signatures, {} differ: {differ:?}", differ.len());
    assert!(signed >= 20 && differ.len() * 20 <= signed, "{signed} signed, {differ:?}");
}

#[test]
fn the_machine_is_read() {
    let mut bytes = vec![0; 0x200];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3C] = 0x40;
    bytes[0x40..0x44].copy_from_slice(b"PE\0\0");
    bytes[0x44..0x46].copy_from_slice(&0xAA64_u16.to_le_bytes());
    bytes[0x58..0x5A].copy_from_slice(&0x020B_u16.to_le_bytes());
    let found = headers(&bytes).unwrap().unwrap();
    assert_eq!((found.machine, found.is_64_bit), (machine::ARM64, true));
    assert_eq!(headers(b"MZ").unwrap(), None);
    assert_eq!(headers(b"[Version]").unwrap(), None);
    for length in 0x44..0x90 {
        assert!(authenticode_digests(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_certificate_table_outside_the_file_is_refused() {
    let mut bytes = vec![0; 0x200];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3C] = 0x40;
    bytes[0x40..0x44].copy_from_slice(b"PE\0\0");
    bytes[0x58..0x5A].copy_from_slice(&0x010B_u16.to_le_bytes());
    bytes[0x58 + 92] = 16;
    let entry = 0x58 + 96 + 32;
    for (offset, size) in [(0x200_u32, 1_u32), (0x1FF, 2), (u32::MAX, u32::MAX), (4, 8), (0x10, 0x10)] {
        bytes[entry..entry + 4].copy_from_slice(&offset.to_le_bytes());
        bytes[entry + 4..entry + 8].copy_from_slice(&size.to_le_bytes());
        assert!(authenticode_digests(&bytes).is_err(), "{offset:#x} {size:#x}");
    }
}
