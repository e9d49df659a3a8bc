//! One entry as `wimlib-imagex dir --detailed` prints it.
//!
//! Text is UTF-8; an unpaired surrogate is written as UTF-8 would write a character of its number.
//!
//! Reference: `ebiggers/wimlib` `programs/imagex.c`, `src/iterate_dir.c`; version 1.13.

use imgsvc::formats::bytes::{to_hex, u32_at};
use imgsvc::formats::wim::tree::tagged_items::{OBJECT_ID, UNIX_DATA};
use imgsvc::formats::wim::tree::{attributes, tagged_item, DentryId, Inode, StreamKind, Tree};
use imgsvc::formats::wim::{resource_flags, Archive, BlobLocation, Hash};
use std::io::Write;

const LINE: &str = "----------------------------------------------------------------------------";

const ATTRIBUTES: [(u32, &str); 15] = [
    (0x1, "READONLY"),
    (0x2, "HIDDEN"),
    (0x4, "SYSTEM"),
    (0x10, "DIRECTORY"),
    (0x20, "ARCHIVE"),
    (0x40, "DEVICE"),
    (0x80, "NORMAL"),
    (0x100, "TEMPORARY"),
    (0x200, "SPARSE_FILE"),
    (0x400, "REPARSE_POINT"),
    (0x800, "COMPRESSED"),
    (0x1000, "OFFLINE"),
    (0x2000, "NOT_CONTENT_INDEXED"),
    (0x4000, "ENCRYPTED"),
    (0x1_0000, "VIRTUAL"),
];

const FLAGS: [(u8, &str); 5] = [
    (resource_flags::COMPRESSED, "COMPRESSED"),
    (resource_flags::METADATA, "METADATA"),
    (resource_flags::FREE, "FREE"),
    (resource_flags::SPANNED, "SPANNED"),
    (resource_flags::SOLID, "SOLID"),
];

/// All lines of an entry.
pub fn entry(archive: &Archive, tree: &Tree, id: DentryId) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to memory does not fail.
    let _ = write_entry(&mut out, archive, tree, id);
    out
}

fn write_entry(out: &mut Vec<u8>, archive: &Archive, tree: &Tree, id: DentryId) -> std::io::Result<()> {
    let inode = tree.inode_of(id);
    writeln!(out, "{LINE}")?;
    quoted(out, "Full Path           = ", &path(tree, id), "\n")?;
    quoted(out, "Short Name          = ", &tree.dentry(id).short_name, "\n")?;
    writeln!(out, "Attributes          = 0x{:08x}", inode.attributes)?;
    for (_, name) in ATTRIBUTES.iter().filter(|(flag, _)| inode.attributes & flag != 0) {
        writeln!(out, "    FILE_ATTRIBUTE_{name} is set")?;
    }
    if let Some(descriptor) = tree.security_descriptor(tree.dentry(id).inode) {
        writeln!(out, "Security Descriptor = {}", to_hex(descriptor))?;
    }
    writeln!(out, "Creation Time       = {}", time(inode.creation_time))?;
    writeln!(out, "Last Write Time     = {}", time(inode.last_write_time))?;
    writeln!(out, "Last Access Time    = {}", time(inode.last_access_time))?;
    if inode.is_reparse_point() {
        writeln!(out, "Reparse Tag         = 0x{:x}", inode.reparse.tag)?;
    }
    writeln!(out, "Link Group ID       = 0x{:016x}", inode.link_group)?;
    writeln!(out, "Link Count          = {}", inode.links)?;
    tagged(out, inode)?;
    streams(out, archive, inode)
}

/// The path with slashes; a name can have backslashes.
fn path(tree: &Tree, id: DentryId) -> Vec<u16> {
    const SLASH: u16 = 0x2F;
    let upwards = std::iter::successors(Some(id), |at| Some(tree.dentry(*at).parent));
    let names: Vec<_> = upwards.take_while(|at| *at != tree.root()).map(|at| &tree.dentry(at).name).collect();
    if names.is_empty() {
        return vec![SLASH];
    }
    names.iter().rev().flat_map(|name| std::iter::once(SLASH).chain(name.iter().copied())).collect()
}

fn tagged(out: &mut Vec<u8>, inode: &Inode) -> std::io::Result<()> {
    if let Some(item) = tagged_item(&inode.extra, UNIX_DATA) {
        let fields = [0, 4, 8, 12].map(|at| u32_at(item.data, at));
        if let [Some(uid), Some(gid), Some(mode @ 1..), Some(rdev)] = fields {
            writeln!(out, "UNIX Data           = uid:{uid} gid:{gid} mode:0{mode:o} rdev:0x{rdev:x}")?;
        }
    }
    let Some(item) = tagged_item(&inode.extra, OBJECT_ID) else { return Ok(()) };
    let is_set = |id: &[u8]| id.iter().any(|&byte| byte != 0);
    let (ids, _) = item.data.as_chunks::<16>();
    if ids.first().is_some_and(|id| is_set(id)) {
        let names = ["Object ID", "Birth Volume ID", "Birth Object ID", "Domain ID"];
        for (name, id) in names.iter().zip(ids).filter(|(_, id)| is_set(*id)) {
            writeln!(out, "{name:<20}= 0x{}", to_hex(id))?;
        }
    }
    Ok(())
}

fn streams(out: &mut Vec<u8>, archive: &Archive, inode: &Inode) -> std::io::Result<()> {
    let (kind, title) = if inode.attributes & attributes::ENCRYPTED != 0 {
        (StreamKind::EfsRaw, "Raw encrypted data stream")
    } else if inode.is_reparse_point() {
        (StreamKind::Reparse, "Reparse point stream")
    } else {
        (StreamKind::Data, "Unnamed data stream")
    };
    writeln!(out, "\t{title}:")?;
    resource(out, archive, &inode.stream(kind, &[]).map_or([0; 20], |stream| stream.hash))?;
    let named = |kind: StreamKind, name: &[u16]| kind == StreamKind::Data && !name.is_empty();
    for stream in inode.streams.iter().filter(|stream| named(stream.kind, &stream.name)) {
        quoted(out, "\tNamed data stream ", &stream.name, ":\n")?;
        resource(out, archive, &stream.hash)?;
    }
    Ok(())
}

fn resource(out: &mut Vec<u8>, archive: &Archive, hash: &Hash) -> std::io::Result<()> {
    let blob = archive.blobs().get(hash);
    let hash_is_zero = *hash == [0; 20];
    writeln!(out, "Hash              = 0x{}", to_hex(hash))?;
    if blob.is_none() && !hash_is_zero {
        return writeln!(out); // another file has it
    }
    writeln!(out, "Uncompressed size = {} bytes", blob.map_or(0, |blob| blob.size))?;
    let mut flags = 0;
    match blob.map(|blob| blob.location) {
        Some(BlobLocation::Solid { resource, offset }) => {
            let solid =
                usize::try_from(resource).ok().and_then(|at| archive.blobs().solid_resources().get(at));
            let Some(solid) = solid else { return Ok(()) };
            let place = solid.header;
            flags = place.flags;
            writeln!(
                out,
                "Solid resource    = {} => {} bytes @ offset {}",
                place.size, place.size_in_file, place.offset
            )?;
            writeln!(out, "Solid offset      = {offset} bytes")?;
        }
        location => {
            let (mut size, mut offset) = (0, 0);
            if let Some(BlobLocation::Resource(place)) = location {
                (size, offset, flags) = (place.size_in_file, place.offset, place.flags);
            }
            writeln!(out, "Compressed size   = {size} bytes")?;
            writeln!(out, "Offset in WIM     = {offset} bytes")?;
        }
    }
    writeln!(out, "Part Number       = {}", blob.map_or(0, |blob| blob.part))?;
    writeln!(out, "Reference Count   = {}", blob.map_or(0, |blob| blob.references))?;
    write!(out, "Flags             = ")?;
    for (_, name) in FLAGS.iter().filter(|(flag, _)| flags & flag != 0) {
        write!(out, "WIM_RESHDR_FLAG_{name}  ")?;
    }
    writeln!(out)?;
    writeln!(out)
}

/// UTF-16 between quotation marks.
fn quoted(out: &mut Vec<u8>, before: &str, text: &[u16], after: &str) -> std::io::Result<()> {
    write!(out, "{before}\"")?;
    for unit in char::decode_utf16(text.iter().copied()) {
        match unit {
            Ok(character) => write!(out, "{character}")?,
            Err(unpaired) => {
                let unit = u32::from(unpaired.unpaired_surrogate());
                for byte in [0xE0 | unit >> 12, 0x80 | unit >> 6 & 0x3F, 0x80 | unit & 0x3F] {
                    out.push(u8::try_from(byte).unwrap_or(b'?'));
                }
            }
        }
    }
    write!(out, "\"{after}")
}

/// A FILETIME, to the second, as `strftime` has it: `Sun Nov 22 19:32:47 2026 UTC`.
fn time(filetime: u64) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]; // 1601-01-01 was a Monday
    const MONTHS: [(&str, u64); 12] = [
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
        ("Jan", 31),
        ("Feb", 29),
    ];
    let seconds = filetime / 10_000_000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days since 1 March 1600, a year that a cycle of 400 begins with: leap days end a year.
    let since = days + 306;
    let (cycle, day) = (since / 146_097, since % 146_097);
    let year_in_cycle = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let mut day = day - (365 * year_in_cycle + year_in_cycle / 4 - year_in_cycle / 100);
    let mut month = "Mar";
    for (name, length) in MONTHS {
        month = name;
        if day < length {
            break;
        }
        day -= length;
    }
    let year = 1600 + 400 * cycle + year_in_cycle + u64::from(["Jan", "Feb"].contains(&month));
    let week_day = usize::try_from(days % 7).ok().and_then(|day| DAYS.get(day)).unwrap_or(&"");
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{week_day} {month} {:02} {hour:02}:{minute:02}:{second:02} {year} UTC", day + 1)
}
