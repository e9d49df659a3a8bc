//! The first sector of a volume: its geometry, and where the master file table (MFT) begins.
//!
//! Reference: `docs/formats/ntfs.md` "Boot sector".

use super::FORMAT;
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;

/// Bytes that [`BootSector::parse`] needs; sectors may be larger.
pub const BOOT_SECTOR_SIZE: usize = 512;

const OEM_ID: &[u8; 8] = b"NTFS    ";
/// The largest cluster that Windows makes.
const MAX_CLUSTER: u64 = 2 << 20;

/// The geometry of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootSector {
    /// Bytes per cluster.
    pub cluster_size: u64,
    /// Sectors of the volume, without the copy of the boot sector behind them.
    pub sectors: u64,
    /// Bytes per sector.
    pub sector_size: u64,
    /// The cluster in which the MFT begins.
    pub mft_start: u64,
    /// Bytes per record of the MFT.
    pub record_size: u64,
    /// The volume's serial number.
    pub serial: u64,
}

/// Whether bytes are the start of an NTFS boot sector: eleven are enough.
pub fn is_boot_sector(start: &[u8]) -> bool {
    start.get(3..11) == Some(OEM_ID)
}

impl BootSector {
    /// Reads a boot sector.
    ///
    /// # Errors
    /// [`Error::Malformed`] for other file systems and for a geometry that cannot be.
    pub fn parse(bytes: &[u8; BOOT_SECTOR_SIZE]) -> Result<Self> {
        if !is_boot_sector(bytes) {
            return Err(Error::malformed(FORMAT, "offset 3", "an NTFS boot sector", "something else"));
        }
        let mut reader = Reader::new(FORMAT, bytes);
        reader.seek(0x0B)?;
        let sector_size = u64::from(reader.u16()?);
        if !(256..=4096).contains(&sector_size) || !sector_size.is_power_of_two() {
            return Err(wrong("offset 0x0B", "256 to 4096 bytes per sector", sector_size));
        }
        let cluster_size = sector_size.saturating_mul(per_cluster(reader.u8()?));
        if !(512..=MAX_CLUSTER).contains(&cluster_size) || !cluster_size.is_power_of_two() {
            return Err(wrong("offset 0x0D", "512 bytes to 2 MiB per cluster", cluster_size));
        }
        reader.seek(0x28)?;
        let (sectors, mft_start) = (reader.u64()?, reader.u64()?);
        reader.seek(0x40)?;
        let record_size = match i8::from_le_bytes([reader.u8()?]) {
            negative @ ..=-1 => 1u64.checked_shl(u32::from(negative.unsigned_abs())).unwrap_or(0),
            clusters => cluster_size.saturating_mul(u64::from(clusters.unsigned_abs())),
        };
        if !(512..=65536).contains(&record_size) || !record_size.is_power_of_two() {
            return Err(wrong("offset 0x40", "512 to 65536 bytes per MFT record", record_size));
        }
        reader.seek(0x48)?;
        let serial = reader.u64()?;
        let this = Self { cluster_size, sectors, sector_size, mft_start, record_size, serial };
        if mft_start == 0 || mft_start >= this.clusters() {
            return Err(wrong("offset 0x30", "a cluster of the volume", mft_start));
        }
        Ok(this)
    }

    /// Clusters of the volume.
    pub fn clusters(&self) -> u64 {
        self.size().checked_div(self.cluster_size).unwrap_or(0)
    }

    /// Bytes of the volume, without the copy of the boot sector behind it.
    pub fn size(&self) -> u64 {
        self.sectors.saturating_mul(self.sector_size)
    }
}

/// Sectors per cluster: a power of two, or its negative logarithm from 2^8 on.
fn per_cluster(byte: u8) -> u64 {
    match byte {
        0..=128 => u64::from(byte),
        _ => 1u64.checked_shl(u32::from(byte.wrapping_neg())).unwrap_or(0),
    }
}

fn wrong(place: &str, expected: &str, found: u64) -> Error {
    Error::malformed(FORMAT, place, expected, found.to_string())
}
