//! libwim's block codecs: one [`Compressor`] or [`Decompressor`] per thread, used chunk after chunk.

use crate::raw;
use std::ptr::NonNull;

/// libwim's DEFAULT_COMPRESSION_LEVEL.
const DEFAULT_LEVEL: u32 = 50;

/// Compression formats with their numbers in the WIM format (`enum wimlib_compression_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Format {
    /// XPRESS Huffman.
    Xpress = 1,
    /// LZX with the WIM variant's parameters.
    Lzx = 2,
    /// LZMS, used by solid resources and WIM version 0xe00.
    Lzms = 3,
}

impl Format {
    pub(crate) fn number(self) -> libc::c_int {
        match self {
            Self::Xpress => 1,
            Self::Lzx => 2,
            Self::Lzms => 3,
        }
    }
}

/// Why a codec could not be made or a block could not be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodecError {
    /// libwim's `enum wimlib_error_code` when creating a codec (block size out of range, memory).
    Create(i32),
    /// The compressed block is not valid for this format and size.
    InvalidData,
}

impl std::fmt::Display for CodecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Create(code) => write!(f, "libwim refused to create a codec (code {code})"),
            Self::InvalidData => f.write_str("the compressed data is not valid"),
        }
    }
}

impl std::error::Error for CodecError {}

/// Compresses blocks of at most the size it was made for.
#[derive(Debug)]
pub struct Compressor {
    raw: NonNull<raw::wimlib_compressor>,
}

// SAFETY: a wimlib_compressor is plain memory without thread affinity; `&mut self` on every use
// keeps it to one thread at a time.
unsafe impl Send for Compressor {}

impl Compressor {
    /// Makes a compressor for blocks up to `max_block` bytes. `level` is libwim's scale: 20 fast,
    /// 50 its default, 100 slow; 0 asks for the default.
    pub fn new(format: Format, max_block: usize, level: u32) -> Result<Self, CodecError> {
        let mut raw = std::ptr::null_mut();
        // libwim's default is one for the whole process, and may be set for a write going on.
        let level = if level == 0 { DEFAULT_LEVEL } else { level };
        // SAFETY: `raw` is writable; libwim checks the other arguments.
        let code = unsafe { raw::wimlib_create_compressor(format.number(), max_block, level, &mut raw) };
        match NonNull::new(raw) {
            Some(raw) if code == 0 => Ok(Self { raw }),
            _ => Err(CodecError::Create(code)),
        }
    }

    /// Compresses `data` into `out` and returns the compressed size, or `None` when the result
    /// would not be smaller than `out` allows: the block is then stored as it is.
    pub fn compress(&mut self, data: &[u8], out: &mut [u8]) -> Option<usize> {
        // SAFETY: both slices are valid for their lengths and do not overlap (one is `&mut`).
        let size = unsafe {
            raw::wimlib_compress(
                data.as_ptr().cast(),
                data.len(),
                out.as_mut_ptr().cast(),
                out.len(),
                self.raw.as_ptr(),
            )
        };
        (size != 0).then_some(size)
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        // SAFETY: made by wimlib_create_compressor and freed once.
        unsafe { raw::wimlib_free_compressor(self.raw.as_ptr()) }
    }
}

/// Decompresses blocks of at most the size it was made for.
#[derive(Debug)]
pub struct Decompressor {
    raw: NonNull<raw::wimlib_decompressor>,
    max_block: usize,
}

// SAFETY: as for `Compressor`.
unsafe impl Send for Decompressor {}
// SAFETY: a shared reference gives access to nothing: every method takes `&mut self`.
unsafe impl Sync for Decompressor {}

impl Decompressor {
    /// Makes a decompressor for blocks up to `max_block` bytes (uncompressed).
    pub fn new(format: Format, max_block: usize) -> Result<Self, CodecError> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: `raw` is writable; libwim checks the other arguments.
        let code = unsafe { raw::wimlib_create_decompressor(format.number(), max_block, &mut raw) };
        match NonNull::new(raw) {
            Some(raw) if code == 0 => Ok(Self { raw, max_block }),
            _ => Err(CodecError::Create(code)),
        }
    }

    /// Decompresses one block; `out` has exactly the block's uncompressed size.
    pub fn decompress(&mut self, data: &[u8], out: &mut [u8]) -> Result<(), CodecError> {
        if out.len() > self.max_block {
            return Err(CodecError::InvalidData);
        }
        // SAFETY: both slices are valid for their lengths and do not overlap; `out` is not larger
        // than the block size the decompressor was made for.
        let code = unsafe {
            raw::wimlib_decompress(
                data.as_ptr().cast(),
                data.len(),
                out.as_mut_ptr().cast(),
                out.len(),
                self.raw.as_ptr(),
            )
        };
        if code == 0 {
            Ok(())
        } else {
            Err(CodecError::InvalidData)
        }
    }
}

impl Drop for Decompressor {
    fn drop(&mut self) {
        // SAFETY: made by wimlib_create_decompressor and freed once.
        unsafe { raw::wimlib_free_decompressor(self.raw.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_gives_back_what_it_compressed() {
        let data: Vec<u8> = (0..32768u32).map(|i| (i / 7 % 251) as u8).collect();
        for format in [Format::Xpress, Format::Lzx, Format::Lzms] {
            let mut packed = vec![0; data.len()];
            let size = Compressor::new(format, data.len(), 20).unwrap().compress(&data, &mut packed).unwrap();
            let mut back = vec![0; data.len()];
            let mut decompressor = Decompressor::new(format, data.len()).unwrap();
            decompressor.decompress(&packed[..size], &mut back).unwrap();
            assert!(back == data, "{format:?}");
        }
    }

    #[test]
    fn a_block_larger_than_promised_is_refused() {
        let mut decompressor = Decompressor::new(Format::Lzx, 32768).unwrap();
        assert_eq!(decompressor.decompress(&[0; 16], &mut vec![0; 65536]), Err(CodecError::InvalidData));
    }
}
