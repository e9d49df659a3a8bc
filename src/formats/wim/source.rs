//! Reading the file that a WIM is in: errors that say where, and sizes that are really there.

use crate::error::{Error, Result};
use crate::formats::ReadAt;

const FORMAT: &str = "WIM file";

/// Fills `buffer` from `offset`; a file that ends before that is damage, not an I/O error.
pub(crate) fn read_exact_at(source: &dyn ReadAt, buffer: &mut [u8], offset: u64) -> Result<()> {
    source.read_exact_at(buffer, offset).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::malformed(
            FORMAT,
            format!("offset {offset:#x}"),
            format!("{} byte(s)", buffer.len()),
            "the end of the file",
        ),
        _ => Error::Stream(error),
    })
}

/// The size of the file in bytes.
pub(crate) fn size_of(source: &dyn ReadAt) -> Result<u64> {
    source.size().map_err(Error::Stream)
}

/// `count` bytes at `offset`, allocated only after the file is known to have them.
pub(crate) fn read_vec_at(source: &dyn ReadAt, offset: u64, count: u64) -> Result<Vec<u8>> {
    let present = size_of(source)?;
    let fits = offset.checked_add(count).is_some_and(|end| end <= present);
    let (true, Ok(count)) = (fits, usize::try_from(count)) else {
        let found = format!("a file of {present} bytes");
        return Err(Error::malformed(
            FORMAT,
            format!("offset {offset:#x}"),
            format!("{count} byte(s)"),
            found,
        ));
    };
    let mut bytes = vec![0; count];
    read_exact_at(source, &mut bytes, offset)?;
    Ok(bytes)
}
