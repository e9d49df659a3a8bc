//! The 208-byte header of a WIM file, and the resource headers it and the blob table are made of.
//!
//! Reference: `docs/formats/wim.md`; Microsoft "Windows Imaging File Format (WIM)" white paper;
//! `ebiggers/wimlib` `include/wimlib/header.h` for version 0xe00 and the later flags.

use crate::error::{Error, Result};
use crate::formats::bytes::Reader;
use wimlib_sys::codec::Format;

/// Bytes of the header on disk; the only value its own size field may have.
pub const HEADER_SIZE: usize = 208;
/// The version Windows writes unless resources are solid: each blob is a resource of its own.
pub const VERSION_DEFAULT: u32 = 0x10d00;
/// The version that allows solid resources and LZMS.
pub const VERSION_SOLID: u32 = 0xe00;
/// More images than this are taken for damage; wimlib has the same limit.
pub const MAX_IMAGES: u32 = 65_535;

const FORMAT: &str = "WIM header";
const MAGIC: [u8; 8] = *b"MSWIM\0\0\0";
const MAGIC_PIPABLE: [u8; 8] = *b"WLPWM\0\0\0";
/// Sizes of resources have seven bytes on disk, the eighth holds the flags.
const MAX_SIZE_IN_FILE: u64 = (1 << 56) - 1;

/// Bits of [`Header::flags`]; unknown ones are kept.
pub mod header_flags {
    /// Resources may be compressed; exactly one of the `COMPRESS_*` bits is set too.
    pub const COMPRESSION: u32 = 0x0000_0002;
    /// The file asks not to be changed.
    pub const READ_ONLY: u32 = 0x0000_0004;
    /// The file is a part of a split set.
    pub const SPANNED: u32 = 0x0000_0008;
    /// The blob table has no metadata resources.
    pub const RESOURCE_ONLY: u32 = 0x0000_0010;
    /// The blob table has only metadata resources.
    pub const METADATA_ONLY: u32 = 0x0000_0020;
    /// A writer is at work, or died at work.
    pub const WRITE_IN_PROGRESS: u32 = 0x0000_0040;
    /// Targets of absolute links were made relative to the image's root at capture.
    pub const REPARSE_POINT_FIX: u32 = 0x0000_0080;
    /// XPRESS.
    pub const COMPRESS_XPRESS: u32 = 0x0002_0000;
    /// LZX.
    pub const COMPRESS_LZX: u32 = 0x0004_0000;
    /// LZMS, only with [`super::VERSION_SOLID`].
    pub const COMPRESS_LZMS: u32 = 0x0008_0000;
    /// XPRESS too, with small chunks.
    pub const COMPRESS_XPRESS_2: u32 = 0x0020_0000;
}

/// Bits of [`ResourceHeader::flags`]; unknown ones are kept.
pub mod resource_flags {
    /// Meaning unknown, kept.
    pub const FREE: u8 = 0x01;
    /// An image's metadata, the blob table or the XML document.
    pub const METADATA: u8 = 0x02;
    /// Compressed in chunks with the file's format and chunk size.
    pub const COMPRESSED: u8 = 0x04;
    /// Meaning unknown, kept.
    pub const SPANNED: u8 = 0x08;
    /// A solid resource, or a blob inside one.
    pub const SOLID: u8 = 0x10;
}

/// How the compressed resources of a file are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// No resource is compressed.
    None,
    /// XPRESS Huffman: fast.
    Xpress,
    /// LZX: what `install.wim` has.
    Lzx,
    /// LZMS: what `install.esd` has.
    Lzms,
}

impl Compression {
    /// The codec, or `None` for files without compression.
    pub fn format(self) -> Option<Format> {
        match self {
            Self::None => None,
            Self::Xpress => Some(Format::Xpress),
            Self::Lzx => Some(Format::Lzx),
            Self::Lzms => Some(Format::Lzms),
        }
    }

    /// By the number that solid resources carry (the same as in WIMGAPI).
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::Xpress),
            2 => Some(Self::Lzx),
            3 => Some(Self::Lzms),
            _ => None,
        }
    }

    /// The number that solid resources carry.
    pub fn number(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Xpress => 1,
            Self::Lzx => 2,
            Self::Lzms => 3,
        }
    }

    /// The name users know.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Xpress => "XPRESS",
            Self::Lzx => "LZX",
            Self::Lzms => "LZMS",
        }
    }

    /// The chunk size, in bytes, that Windows uses for this compression outside solid resources.
    pub fn default_chunk_size(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Xpress | Self::Lzx => 32_768,
            Self::Lzms => 131_072,
        }
    }

    /// Whether chunks of `size` bytes are allowed: a power of two inside the codec's range.
    pub fn allows_chunk_size(self, size: u32) -> bool {
        let range = match self {
            Self::None => return size == 0,
            Self::Xpress => 1 << 12..=1 << 16,
            Self::Lzx => 1 << 15..=1 << 21,
            Self::Lzms => 1 << 15..=1 << 30,
        };
        size.is_power_of_two() && range.contains(&size)
    }

    /// The header flags that say so.
    pub fn header_flags(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Xpress => header_flags::COMPRESSION | header_flags::COMPRESS_XPRESS,
            Self::Lzx => header_flags::COMPRESSION | header_flags::COMPRESS_LZX,
            Self::Lzms => header_flags::COMPRESSION | header_flags::COMPRESS_LZMS,
        }
    }
}

/// Where a resource is in the file, and how it is stored. All zero: there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ResourceHeader {
    /// Offset in the file, bytes.
    pub offset: u64,
    /// Bytes in the file, the chunk table included.
    pub size_in_file: u64,
    /// [`resource_flags`].
    pub flags: u8,
    /// Bytes when decompressed.
    pub size: u64,
}

impl ResourceHeader {
    /// Bytes on disk.
    pub const DISK_SIZE: usize = 24;

    /// A resource stored as it is.
    pub fn uncompressed(offset: u64, size: u64, flags: u8) -> Self {
        Self { offset, size_in_file: size, flags: flags & !resource_flags::COMPRESSED, size }
    }

    /// Whether the bit is set.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether there is such a resource at all. The writers of WIM files say "none" by zeroes.
    pub fn is_present(&self) -> bool {
        self.size_in_file != 0 || self.size != 0
    }

    /// The offset behind the resource.
    pub fn end(&self) -> Option<u64> {
        self.offset.checked_add(self.size_in_file)
    }

    /// Reads the 24 bytes.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Self::from_bytes(&reader.array()?))
    }

    /// What the 24 bytes say.
    #[inline]
    pub fn from_bytes(bytes: &[u8; Self::DISK_SIZE]) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        let [packed, offset, size] = words else { return Self::default() };
        let [packed, offset, size] = [packed, offset, size].map(|word| u64::from_le_bytes(*word));
        let [.., flags] = packed.to_le_bytes();
        Self { offset, size_in_file: packed & MAX_SIZE_IN_FILE, flags, size }
    }

    /// The 24 bytes. The caller keeps `size_in_file` under 2^56.
    pub fn to_bytes(&self) -> [u8; Self::DISK_SIZE] {
        let packed = (self.size_in_file & MAX_SIZE_IN_FILE) | u64::from(self.flags) << 56;
        let mut bytes = [0; Self::DISK_SIZE];
        let numbers = [packed, self.offset, self.size];
        for (target, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            target.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }
}

/// The header of a WIM file, every field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// [`VERSION_DEFAULT`] or [`VERSION_SOLID`].
    pub version: u32,
    /// [`header_flags`].
    pub flags: u32,
    /// Bytes per chunk of compressed resources outside solid ones; 0 without compression.
    pub chunk_size: u32,
    /// Names the file; the parts of a split set share it.
    pub guid: [u8; 16],
    /// Which part of a split set, from 1; 1 for a whole file.
    pub part_number: u16,
    /// How many parts; 1 for a whole file.
    pub total_parts: u16,
    /// How many images the file (or the split set) has.
    pub image_count: u32,
    /// The blob table.
    pub blob_table: ResourceHeader,
    /// The XML document.
    pub xml: ResourceHeader,
    /// The metadata of the image to boot, a copy of its blob table entry.
    pub boot_metadata: ResourceHeader,
    /// Which image boots, from 1; 0 for none.
    pub boot_index: u32,
    /// The integrity table.
    pub integrity: ResourceHeader,
    /// The 60 bytes behind the defined fields, kept as they were.
    pub unused: [u8; 60],
}

impl Header {
    /// The header of an empty file without images.
    pub fn new(compression: Compression, chunk_size: u32, guid: [u8; 16]) -> Self {
        Self {
            version: if compression == Compression::Lzms { VERSION_SOLID } else { VERSION_DEFAULT },
            flags: compression.header_flags(),
            chunk_size,
            guid,
            part_number: 1,
            total_parts: 1,
            image_count: 0,
            blob_table: ResourceHeader::default(),
            xml: ResourceHeader::default(),
            boot_metadata: ResourceHeader::default(),
            boot_index: 0,
            integrity: ResourceHeader::default(),
            unused: [0; 60],
        }
    }

    /// Reads and checks a header. Its resource headers are checked where they are used, because
    /// that takes the size of the file.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not a WIM header; [`Error::Unsupported`] for wimlib's
    /// pipable format and for unknown versions.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(FORMAT, bytes);
        let magic: [u8; 8] = reader.array()?;
        if magic == MAGIC_PIPABLE {
            return Err(Error::Unsupported {
                what: "a pipable WIM file".into(),
                reason: "only wimlib reads that layout; export it to an ordinary WIM file first".into(),
            });
        }
        if magic != MAGIC {
            return Err(reader.error_at(0, "the signature 'MSWIM'", format!("{magic:02x?}")));
        }
        let header_size = reader.u32()?;
        if usize::try_from(header_size) != Ok(HEADER_SIZE) {
            return Err(reader.error_at(8, "a header size of 208", header_size.to_string()));
        }
        let version = reader.u32()?;
        if version != VERSION_DEFAULT && version != VERSION_SOLID {
            return Err(Error::Unsupported {
                what: format!("WIM version {version:#x}"),
                reason: "0x10d00 (WIM) and 0xe00 (ESD) are the versions that Windows writes".into(),
            });
        }
        let header = Self {
            version,
            flags: reader.u32()?,
            chunk_size: reader.u32()?,
            guid: reader.array()?,
            part_number: reader.u16()?,
            total_parts: reader.u16()?,
            image_count: reader.u32()?,
            blob_table: ResourceHeader::read(&mut reader)?,
            xml: ResourceHeader::read(&mut reader)?,
            boot_metadata: ResourceHeader::read(&mut reader)?,
            boot_index: reader.u32()?,
            integrity: ResourceHeader::read(&mut reader)?,
            unused: reader.array()?,
        };
        header.check(&reader)?;
        Ok(header)
    }

    fn check(&self, reader: &Reader<'_>) -> Result<()> {
        if self.part_number == 0 || self.part_number > self.total_parts {
            let found = format!("part {} of {}", self.part_number, self.total_parts);
            return Err(reader.error_at(0x28, "a part number from 1 to the number of parts", found));
        }
        if self.image_count > MAX_IMAGES {
            return Err(Error::LimitExceeded {
                what: "the number of images",
                limit: u64::from(MAX_IMAGES),
                found: u64::from(self.image_count),
            });
        }
        let Some(compression) = self.compression_by_flags() else {
            let found = format!("flags {:#010x}", self.flags);
            return Err(reader.error_at(0x10, "a compression format with the compression flag", found));
        };
        if !compression.allows_chunk_size(self.chunk_size) {
            let expected = format!("a chunk size that {} allows", compression.name());
            return Err(reader.error_at(0x14, expected, self.chunk_size.to_string()));
        }
        if !self.blob_table.is_present() && !self.xml.is_present() {
            return Err(reader.error_at(0x30, "a blob table and an XML document", "a file never finished"));
        }
        Ok(())
    }

    fn compression_by_flags(&self) -> Option<Compression> {
        use header_flags::{COMPRESS_LZMS, COMPRESS_LZX, COMPRESS_XPRESS, COMPRESS_XPRESS_2};
        if self.flags & header_flags::COMPRESSION == 0 {
            Some(Compression::None)
        } else if self.flags & COMPRESS_LZX != 0 {
            Some(Compression::Lzx)
        } else if self.flags & (COMPRESS_XPRESS | COMPRESS_XPRESS_2) != 0 {
            Some(Compression::Xpress)
        } else if self.flags & COMPRESS_LZMS != 0 {
            Some(Compression::Lzms)
        } else {
            None
        }
    }

    /// The compression of resources that carry [`resource_flags::COMPRESSED`].
    pub fn compression(&self) -> Compression {
        self.compression_by_flags().unwrap_or(Compression::None)
    }

    /// Whether the bit of [`header_flags`] is set.
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Whether the file is a part of a split set.
    pub fn is_split(&self) -> bool {
        self.total_parts != 1
    }

    /// The 208 bytes.
    pub fn to_bytes(&self) -> [u8; HEADER_SIZE] {
        let fields: [&[u8]; 15] = [
            &MAGIC,
            &208u32.to_le_bytes(),
            &self.version.to_le_bytes(),
            &self.flags.to_le_bytes(),
            &self.chunk_size.to_le_bytes(),
            &self.guid,
            &self.part_number.to_le_bytes(),
            &self.total_parts.to_le_bytes(),
            &self.image_count.to_le_bytes(),
            &self.blob_table.to_bytes(),
            &self.xml.to_bytes(),
            &self.boot_metadata.to_bytes(),
            &self.boot_index.to_le_bytes(),
            &self.integrity.to_bytes(),
            &self.unused,
        ];
        let mut bytes = [0; HEADER_SIZE];
        let mut rest = bytes.as_mut_slice();
        for field in fields {
            // The fields add up to 208, so nothing is cut.
            let Some((target, behind)) = rest.split_at_mut_checked(field.len()) else { break };
            target.copy_from_slice(field);
            rest = behind;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back_as_it_was_written() {
        let mut header = Header::new(Compression::Lzx, 32_768, [7; 16]);
        header.flags |= header_flags::WRITE_IN_PROGRESS | 0x4000_0000;
        header.blob_table = ResourceHeader { offset: 1, size_in_file: (1 << 56) - 1, flags: 0xFF, size: 3 };
        header.boot_index = 9;
        header.unused[59] = 5;
        assert_eq!(Header::parse(&header.to_bytes()).unwrap(), header);
    }
}
