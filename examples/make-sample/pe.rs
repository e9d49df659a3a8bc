//! A tiny PE32+ image: enough for loaders of headers (architecture, Authenticode digest), not for Windows.
//!
//! Reference: Microsoft, "PE Format".

/// `Machine` of the COFF header.
pub const AMD64: u16 = 0x8664;
/// `Machine` of the COFF header.
pub const ARM64: u16 = 0xAA64;

const HEADERS: usize = 0x200; // one file alignment unit
const OPTIONAL_HEADER: u16 = 240; // PE32+ with 16 data directories

/// An image with one section that holds `content`.
pub fn image(machine: u16, content: &[u8]) -> Vec<u8> {
    let size = content.len().max(1).next_multiple_of(HEADERS);
    let raw_size = u32::try_from(size).expect("a sample is small");

    let mut file = Vec::new();
    file.extend(b"MZ");
    file.resize(0x3C, 0);
    file.extend(0x40u32.to_le_bytes()); // e_lfanew
    file.extend(b"PE\0\0");

    // COFF header: one section, executable, large addresses.
    file.extend(machine.to_le_bytes());
    file.extend(1u16.to_le_bytes());
    file.extend([0; 12]);
    file.extend(OPTIONAL_HEADER.to_le_bytes());
    file.extend(0x0022u16.to_le_bytes());

    // Optional header, by offset. The data directories stay empty: the image is not signed in itself.
    let optional = file.len();
    file.resize(optional + usize::from(OPTIONAL_HEADER), 0);
    let mut put = |offset: usize, bytes: &[u8]| {
        file[optional + offset..optional + offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0, &0x20Bu16.to_le_bytes()); // PE32+
    put(24, &0x1_4000_0000u64.to_le_bytes()); // ImageBase
    put(32, &0x1000u32.to_le_bytes()); // SectionAlignment
    put(36, &0x200u32.to_le_bytes()); // FileAlignment
    put(40, &10u16.to_le_bytes()); // MajorOperatingSystemVersion
    put(48, &10u16.to_le_bytes()); // MajorSubsystemVersion
    put(56, &(0x1000 + raw_size.next_multiple_of(0x1000)).to_le_bytes()); // SizeOfImage
    put(60, &0x200u32.to_le_bytes()); // SizeOfHeaders
    put(68, &1u16.to_le_bytes()); // Subsystem: native
    put(108, &16u32.to_le_bytes()); // NumberOfRvaAndSizes

    // Section header: .rdata at RVA 0x1000.
    file.extend(b".rdata\0\0");
    for field in [raw_size, 0x1000, raw_size, 0x200, 0, 0, 0, 0x4000_0040] {
        file.extend(u32::to_le_bytes(field));
    }
    file.resize(HEADERS, 0);
    file.extend(content);
    file.resize(HEADERS + size, 0);
    file
}
