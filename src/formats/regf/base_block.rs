//! The base block: the first 4096 bytes of a hive file.
//!
//! Only the fields below are read or written. The rest (GUIDs, flags, the mark of the offline
//! registry library, reserved bytes) stays as it is.
//!
//! Reference: `msuhanov/regf` "Base block".

use super::cells::{index, MAX_BINS_SIZE, PAGE};
use super::FORMAT;
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;

const SIGNATURE: &[u8; 4] = b"regf";
pub(super) const PRIMARY_SEQUENCE: usize = 4;
pub(super) const SECONDARY_SEQUENCE: usize = 8;
pub(super) const LAST_WRITTEN: usize = 12;
pub(super) const MAJOR: usize = 20;
pub(super) const MINOR: usize = 24;
pub(super) const FILE_TYPE: usize = 28;
pub(super) const FILE_FORMAT: usize = 32;
pub(super) const ROOT: usize = 36;
pub(super) const BINS_SIZE: usize = 40;
pub(super) const CLUSTERING: usize = 44;
pub(super) const CHECKSUM: usize = 508;

/// What the engine needs of a base block.
#[derive(Debug, Clone, Copy)]
pub(super) struct BaseBlock {
    pub minor: u32,
    pub root: u32,
    pub bins_size: u32,
}

impl BaseBlock {
    /// Reads and checks the base block that a primary file of `size` bytes starts with.
    ///
    /// # Errors
    /// [`Error::HiveDirty`] when the sequence numbers differ: the logs then hold newer data.
    pub fn parse(file: &[u8], size: u64) -> Result<Self> {
        let mut reader = reader(file)?;
        let (stored, computed) = (number(&mut reader, CHECKSUM)?, checksum(reader.whole()));
        if stored != computed {
            let expected = format!("the checksum {computed:#010x}");
            return Err(reader.error_at(CHECKSUM, expected, format!("{stored:#010x}")));
        }
        let primary = number(&mut reader, PRIMARY_SEQUENCE)?;
        let secondary = number(&mut reader, SECONDARY_SEQUENCE)?;
        if primary != secondary {
            return Err(Error::HiveDirty { primary, secondary });
        }
        Self::fields(reader, size)
    }

    /// Reads a base block as far as reading needs it, whatever the logs hold. `size` is that of the
    /// file. Also says whether the hive is dirty.
    pub fn peek(block: &[u8], size: u64) -> Result<(Self, bool)> {
        let mut reader = reader(block)?;
        let clean = number(&mut reader, CHECKSUM)? == checksum(reader.whole())
            && number(&mut reader, PRIMARY_SEQUENCE)? == number(&mut reader, SECONDARY_SEQUENCE)?;
        Ok((Self::fields(reader, size)?, !clean))
    }

    fn fields(mut reader: Reader<'_>, size: u64) -> Result<Self> {
        let (major, minor) = (number(&mut reader, MAJOR)?, number(&mut reader, MINOR)?);
        if major != 1 || !(1..=6).contains(&minor) {
            return Err(Error::Unsupported {
                what: format!("a registry hive of version {major}.{minor}"),
                reason: "only versions 1.1 to 1.6 (Windows NT 3.1 and later) are known".to_owned(),
            });
        }
        let (kind, format) = (number(&mut reader, FILE_TYPE)?, number(&mut reader, FILE_FORMAT)?);
        if (kind, format) != (0, 1) {
            return Err(reader.error_at(FILE_TYPE, "a primary file (0, 1)", format!("({kind}, {format})")));
        }
        let (root, bins_size) = (number(&mut reader, ROOT)?, number(&mut reader, BINS_SIZE)?);
        if bins_size == 0 || !bins_size.is_multiple_of(PAGE) || bins_size > MAX_BINS_SIZE {
            return Err(reader.error_at(
                BINS_SIZE,
                "a multiple of 4096 below 2 GiB as the size of the bins",
                format!("{bins_size:#x}"),
            ));
        }
        let held = size.saturating_sub(u64::from(PAGE));
        if held < u64::from(bins_size) {
            return Err(reader.error_at(
                BINS_SIZE,
                format!("{bins_size:#x} bytes of bins in the file"),
                format!("{held:#x}"),
            ));
        }
        Ok(Self { minor, root, bins_size })
    }
}

/// The base block of a file that starts like a hive.
fn reader(file: &[u8]) -> Result<Reader<'_>> {
    let block = file.get(..index(PAGE)).ok_or_else(|| {
        let found = format!("a file of {}", file.len());
        Error::malformed(FORMAT, "offset 0x0", "a base block of 4096 bytes", found)
    })?;
    let mut reader = Reader::new(FORMAT, block);
    if reader.take(SIGNATURE.len())? != SIGNATURE {
        return Err(reader.error_at(0, "the signature 'regf'", "something else"));
    }
    Ok(reader)
}

fn number(reader: &mut Reader<'_>, at: usize) -> Result<u32> {
    reader.seek(at)?;
    reader.u32()
}

/// XOR of the first 127 words; the two results that have a meaning of their own are avoided.
pub(super) fn checksum(block: &[u8]) -> u32 {
    let words = block.get(..CHECKSUM).unwrap_or_default().chunks_exact(4);
    let xor = words.fold(0, |sum, word| sum ^ word.try_into().map_or(0, u32::from_le_bytes));
    match xor {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        other => other,
    }
}
