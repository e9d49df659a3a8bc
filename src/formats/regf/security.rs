//! Security records (`sk`): shared by keys, counted, in one circular list.
//!
//! Reference: `msuhanov/regf` "Key security".

use super::cells::{index, Cells};
use crate::error::Result;

pub(super) const FLINK: usize = 4;
pub(super) const BLINK: usize = 8;
pub(super) const REFERENCES: usize = 12;
pub(super) const SIZE: usize = 16;
pub(super) const DESCRIPTOR: usize = 20;

/// The descriptor in the security record at `offset`.
pub(super) fn descriptor(cells: &Cells, offset: u32) -> Result<&[u8]> {
    let record = cells.record_of(offset, b"sk")?;
    let size = record.u32(SIZE)?;
    record.bytes(DESCRIPTOR, index(size))
}
