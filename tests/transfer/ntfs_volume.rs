//! Reading volumes that are damaged or made to harm: an error or an answer, never a panic, a hang or
//! more memory than the volume warrants.

use crate::support::ntfs::{are_there, fill, format};
use imgsvc::error::{Error, Result};
use imgsvc::formats::ntfs::{BootSector, Volume, BOOT_SECTOR_SIZE};
use imgsvc::formats::ReadAt;
use proptest::prelude::*;
use std::sync::OnceLock;

/// A volume with more names in its root than the root's record holds.
fn volume() -> Option<&'static Vec<u8>> {
    static VOLUME: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    let make = || {
        if !are_there(&["mkntfs", "ntfs-3g", "python3"]) {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("volume.ntfs");
        format(&path, 32);
        fill(&path).then(|| std::fs::read(&path).unwrap())
    };
    VOLUME.get_or_init(make).as_ref()
}

fn look(bytes: &Vec<u8>) -> Result<(Option<u64>, usize)> {
    let volume = Volume::open(bytes)?;
    Ok((volume.free_space(&mut || Ok(()))?, volume.root_names()?.len()))
}

fn boot_sector(bytes: &[u8]) -> Result<BootSector> {
    BootSector::parse(&bytes[..BOOT_SECTOR_SIZE].try_into().unwrap())
}

#[test]
fn the_volume_itself_is_read() {
    let Some(bytes) = volume() else { return };
    let (free, names) = look(bytes).unwrap();
    assert!(free.unwrap() < bytes.len() as u64);
    assert_eq!(names, 3, "Windows, Users, pagefile.sys");
}

#[test]
fn each_field_of_the_boot_sector_is_checked() {
    let Some(bytes) = volume() else { return };
    let sane = boot_sector(bytes).unwrap();
    assert_eq!((sane.cluster_size, sane.sector_size, sane.record_size), (4096, 512, 1024));
    let with = |offset: usize, value: &[u8]| {
        let mut bytes = bytes[..BOOT_SECTOR_SIZE].to_vec();
        bytes[offset..offset + value.len()].copy_from_slice(value);
        boot_sector(&bytes)
    };
    for (offset, value) in [
        (3, &b"EXFAT   "[..]),
        (0x0B, &[0, 0]),
        (0x0B, &[1, 2]),
        (0x0D, &[0]),
        (0x0D, &[3]),
        (0x0D, &[0x81]),
        (0x28, &[0; 8]),
        (0x30, &[0; 8]),
        (0x30, &[0xFF; 8]),
        (0x40, &[0]),
        (0x40, &[0x80]),
        (0x40, &[3]),
    ] {
        let error = with(offset, value).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{offset:#x} {value:?}: {error}");
    }
    assert_eq!(with(0x0D, &[0xF7]).unwrap().cluster_size, 512 << 9, "clusters of more than 128 sectors");
}

#[test]
fn a_volume_that_ends_anywhere_is_refused() {
    let Some(bytes) = volume() else { return };
    for length in [0, 1, 511, 512, 4096, 16 << 10, 20 << 10] {
        assert!(look(&bytes[..length].to_vec()).is_err(), "{length}");
    }
}

#[test]
fn a_torn_record_is_refused() {
    let Some(bytes) = volume() else { return };
    let boot = boot_sector(bytes).unwrap();
    let mft = (boot.mft_start * boot.cluster_size) as usize;
    for record in [0, 5, 6] {
        let mut torn = bytes.clone();
        torn[mft + record * 1024 + 1022] ^= 1;
        let error = look(&torn).unwrap_err();
        assert!(error.to_string().contains(&format!("MFT record {record}")), "{error}");
    }
}

/// A volume in which some bytes are others.
struct Changed {
    bytes: &'static [u8],
    changes: Vec<(usize, u8)>,
}

impl ReadAt for Changed {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        let end = offset.saturating_add(buffer.len() as u64);
        if end > self.bytes.len() as u64 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        buffer.copy_from_slice(&self.bytes[offset as usize..end as usize]);
        for (place, value) in
            self.changes.iter().filter(|(place, _)| (offset..end).contains(&(*place as u64)))
        {
            buffer[place - offset as usize] = *value;
        }
        Ok(())
    }

    fn size(&self) -> std::io::Result<u64> {
        Ok(self.bytes.len() as u64)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn damage_in_what_is_read_never_panics(
        changes in proptest::collection::vec((0usize..5, 0usize..1024, any::<u8>()), 1..6),
    ) {
        let Some(bytes) = volume() else { return Ok(()) };
        let boot = boot_sector(bytes).unwrap();
        let mft = (boot.mft_start * boot.cluster_size) as usize;
        let index = bytes.chunks(4096).position(|block| block.starts_with(b"INDX")).unwrap() * 4096;
        let places = [0, mft, mft + 5 * 1024, mft + 6 * 1024, index];
        let at = |(place, offset, value): (usize, usize, u8)| (places[place] + offset, value);
        let changes = changes.into_iter().map(at).collect();
        let damaged = Changed { bytes, changes };
        if let Ok(volume) = Volume::open(&damaged) {
            let _ = volume.free_space(&mut || Ok(()));
            let _ = volume.root_names();
        }
    }
}
