//! Bins and the cells in them.
//!
//! Reference: `msuhanov/regf` "Hive bin", "Cell".

use super::super::cells::{damaged, index, Cells, BIN_HEADER, CELL_ALIGNMENT, PAGE};
use super::super::meter::Meter;
use crate::error::Result;
use crate::formats::bytes::u32_at;
use std::ops::Range;

/// One bit for each cell that could be.
#[derive(Debug, Clone, Default)]
pub(crate) struct CellSet(Vec<u64>);

impl CellSet {
    pub fn new(bins_size: u32) -> Self {
        Self(vec![0; index(bins_size / CELL_ALIGNMENT / 64).saturating_add(1)])
    }

    fn place(offset: u32) -> (usize, u64) {
        let number = offset / CELL_ALIGNMENT;
        (index(number / 64), 1 << (number % 64))
    }

    pub fn contains(&self, offset: u32) -> bool {
        let (word, bit) = Self::place(offset);
        offset.is_multiple_of(CELL_ALIGNMENT) && self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Adds a cell; false if it was in the set, or cannot be.
    pub fn insert(&mut self, offset: u32) -> bool {
        let (word, bit) = Self::place(offset);
        match self.0.get_mut(word) {
            Some(bits) if *bits & bit == 0 => {
                *bits |= bit;
                true
            }
            _ => false,
        }
    }

    pub fn remove(&mut self, offset: u32) {
        let (word, bit) = Self::place(offset);
        if let Some(bits) = self.0.get_mut(word) {
            *bits &= !bit;
        }
    }

    /// The cells in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let words = self.0.iter().enumerate().filter(|(_, &bits)| bits != 0);
        words.flat_map(|(word, &bits)| {
            (0..64_usize).filter(move |bit| bits >> bit & 1 != 0).map(move |bit| {
                let number = word.saturating_mul(64).saturating_add(bit);
                u32::try_from(number).unwrap_or(u32::MAX).saturating_mul(CELL_ALIGNMENT)
            })
        })
    }
}

/// What the bins consist of.
#[derive(Debug, Default)]
pub(crate) struct Bins {
    /// Offset and size of the unallocated cells.
    pub free: Vec<(u32, u32)>,
    pub allocated: CellSet,
    /// Offset, what was expected, what was found.
    pub damage: Vec<(u32, String, String)>,
}

/// Walks all bins and their cells. Behind a damaged cell the rest of its bin is unknown; behind a damaged
/// bin the walk goes on at the next page that is the header of one. Free space is done with here, what
/// else there is was only looked at.
///
/// # Errors
/// [`Cancelled`](crate::error::Error::Cancelled) only.
pub(crate) fn walk(cells: &Cells, meter: &mut Meter<'_>) -> Result<Bins> {
    let total = cells.bins_size();
    let mut bins = Bins { allocated: CellSet::new(total), ..Bins::default() };
    let (mut bin, mut lost) = (0, false);
    while bin < total {
        match header(cells, bin) {
            Ok(end) => {
                let known = bins.free.len();
                bins.cells(cells, bin.saturating_add(BIN_HEADER), end);
                let free = bins.free.iter().skip(known).map(|&(_, size)| u64::from(size));
                meter.advance(free.sum::<u64>().saturating_add(u64::from(BIN_HEADER)))?;
                meter.look(u64::from(end.saturating_sub(bin)))?;
                (bin, lost) = (end, false);
            }
            Err(damage) => {
                if !lost {
                    bins.damage.push(damage);
                }
                meter.advance(u64::from(PAGE))?;
                (bin, lost) = (bin.saturating_add(PAGE), true);
            }
        }
    }
    Ok(bins)
}

/// Offset and size of the unallocated cells of one bin.
///
/// # Errors
/// A cell that does not end in the bin.
pub(crate) fn walk_bin(cells: &Cells, bin: Range<u32>) -> Result<Vec<(u32, u32)>> {
    let mut bins = Bins { allocated: CellSet::default(), ..Bins::default() };
    bins.cells(cells, bin.start.saturating_add(BIN_HEADER), bin.end);
    match bins.damage.into_iter().next() {
        Some((offset, expected, found)) => Err(damaged(offset, expected, found)),
        None => Ok(bins.free),
    }
}

/// The end of the bin at `bin`.
fn header(cells: &Cells, bin: u32) -> Result<u32, (u32, String, String)> {
    let total = cells.bins_size();
    let header = cells.raw(bin, BIN_HEADER).unwrap_or_default();
    let field = |at: usize| u32_at(header, at).unwrap_or(0);
    if !header.starts_with(b"hbin") {
        return Err((bin, "the signature 'hbin' of a bin".to_owned(), "something else".to_owned()));
    }
    let (own, size) = (field(4), field(8));
    if own != bin {
        let expected = format!("the bin's own offset {bin:#x}");
        return Err((bin.saturating_add(4), expected, format!("{own:#x}")));
    }
    bin.checked_add(size).filter(|&end| end <= total && size >= PAGE && size.is_multiple_of(PAGE)).ok_or_else(
        || {
            let expected = "the size of a bin, a multiple of 4096 inside the hive".to_owned();
            (bin.saturating_add(8), expected, format!("{size:#x}"))
        },
    )
}

impl Bins {
    fn cells(&mut self, cells: &Cells, start: u32, end: u32) {
        let mut cell = start;
        while cell < end {
            let field = cells.size_field(cell).unwrap_or(0);
            let size = field.unsigned_abs();
            let next = cell.checked_add(size).filter(|&next| next <= end);
            let Some(next) = next.filter(|_| size > 0 && size.is_multiple_of(CELL_ALIGNMENT)) else {
                let expected = "a cell that ends inside its bin".to_owned();
                self.damage.push((cell, expected, format!("a size of {field}")));
                return;
            };
            if field < 0 {
                self.allocated.insert(cell);
            } else {
                self.free.push((cell, size));
            }
            cell = next;
        }
    }
}
