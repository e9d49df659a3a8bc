//! The frame of an image file: headers, what they point at, and the integrity table.

use super::Findings;
use crate::error::{Error, Result};
use crate::formats::wim::integrity::IntegrityTable;
use crate::formats::wim::{
    header_flags, resource_flags, BlobLocation, Header, ResourceHeader, ResourceReader,
};
use crate::formats::ReadAt;
use crate::image::file::read_header_bytes;
use crate::image::host::HostFile;
use crate::image::parts::{self, Part};
use crate::image::pool::{cores, Pool};
use crate::image::ImageFile;
use crate::progress::Meter;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// More damaged chunks of the integrity table than this are counted but not listed.
const CHUNK_LIMIT: usize = 100;
/// An integrity table of a terabyte in the usual chunks has 2 MB.
const MAX_INTEGRITY_TABLE: u64 = 64 << 20;
const MAGIC: &[u8] = b"MSWIM\0\0\0";

/// The files of an image file.
pub(super) struct Files {
    pub path: PathBuf,
    /// Parts whose headers can be read.
    parts: Vec<Part>,
    /// All of them together, if they can be opened.
    pub image: Option<Arc<ImageFile>>,
}

/// Opens the file and checks the headers.
///
/// # Errors
/// When it is no image file, or one of a kind that this engine does not read.
pub(super) fn open(path: &Path, references: &[PathBuf], findings: &mut Findings) -> Result<Files> {
    let path = std::path::absolute(path).map_err(|source| Error::io("find", path, source))?;
    let file = HostFile::open(&path)?;
    let bytes = read_header_bytes(&file).map_err(|error| error.in_file(path.display().to_string()))?;
    let part = match Part::open(&path) {
        Ok(part) => part,
        Err(error) if bytes.starts_with(MAGIC) && !matches!(error.root(), Error::Unsupported { .. }) => {
            findings.error("Header", error.root().to_string());
            return Ok(Files { path, parts: Vec::new(), image: None });
        }
        Err(error) => return Err(error),
    };
    let mut others = Vec::new();
    for reference in references {
        others.push(Part::open(reference)?);
    }
    let set = parts::find_set(part, &mut others)?;
    let parts = set.iter().filter_map(|file| Part::open(file.path()).ok()).collect();
    let image = match ImageFile::open_with(&path, references) {
        Ok(image) => Some(Arc::new(image)),
        Err(error @ (Error::Io { .. } | Error::Cancelled)) => return Err(error),
        Err(error) if matches!(error.root(), Error::Unsupported { .. } | Error::Stream(_)) => {
            return Err(error)
        }
        Err(error) => {
            findings.error(item_of(&error), error.root().to_string());
            None
        }
    };
    let files = Files { path, parts, image };
    for part in &files.parts {
        check_header(part, files.image.as_deref(), findings)?;
    }
    Ok(files)
}

/// Which part of a file an error that came of opening it is about.
fn item_of(error: &Error) -> &'static str {
    match error.root() {
        Error::Malformed { format, .. } if format.contains("XML") => "Xml",
        Error::Malformed { format: "WIM split set", .. } | Error::PartMissing { .. } => "SplitSet",
        Error::Malformed { format: "WIM header" | "WIM file", .. } => "Header",
        _ => "BlobTable",
    }
}

fn check_header(part: &Part, image: Option<&ImageFile>, findings: &mut Findings) -> Result<()> {
    let header = &part.header;
    let place = |what: &str| match header.is_split() {
        true => format!("{what} of part {}", header.part_number),
        false => what.to_owned(),
    };
    let length = part.file.length()?;
    let frame = [
        ("the blob table", header.blob_table),
        ("the XML document", header.xml),
        ("the integrity table", header.integrity),
        ("the metadata of the image that boots", header.boot_metadata),
    ];
    for (what, resource) in frame.iter().filter(|(_, resource)| resource.is_present()) {
        let outside = resource.offset < 208 || resource.end().is_none_or(|end| end > length);
        if outside {
            let end = resource.offset.saturating_add(resource.size_in_file);
            let what = place(what);
            findings.error(
                "Header",
                format!("{what} is at bytes {} to {end} of a file of {length} bytes", resource.offset),
            );
        }
    }
    if header.has(header_flags::WRITE_IN_PROGRESS) {
        findings.warning("Header", place("a writer was interrupted, says the header"));
    }
    let formats = [
        header_flags::COMPRESS_XPRESS,
        header_flags::COMPRESS_LZX,
        header_flags::COMPRESS_LZMS,
        header_flags::COMPRESS_XPRESS_2,
    ];
    if formats.iter().filter(|flag| header.has(**flag)).count() > 1 {
        findings.warning("Header", place("more than one compression is named in the header"));
    }
    if header.boot_index > header.image_count {
        let message = format!("the boot index is {}, of {} image(s)", header.boot_index, header.image_count);
        findings.warning("Header", message);
    } else if header.boot_index == 0 && header.boot_metadata.is_present() {
        findings.warning("Header", "there is metadata of an image that boots, and no such image");
    } else if let Some(image) = image.filter(|_| header.boot_index > 0 && header.part_number == 1) {
        let metadata = image.archive().metadata_blob(header.boot_index).ok().map(|blob| blob.location);
        let same = match metadata {
            Some(BlobLocation::Resource(resource)) => {
                (resource.offset, resource.size_in_file, resource.size)
                    == (
                        header.boot_metadata.offset,
                        header.boot_metadata.size_in_file,
                        header.boot_metadata.size,
                    )
            }
            _ => true,
        };
        if !same {
            let message = format!("the metadata to boot is not that of image {}", header.boot_index);
            findings.warning("Header", message);
        }
    }
    if let Some(image) = image {
        check_overlaps(header, image, findings);
    }
    Ok(())
}

/// Every resource has bytes of its own.
fn check_overlaps(header: &Header, image: &ImageFile, findings: &mut Findings) {
    let blobs = image.archive().blobs();
    let part = header.part_number;
    let own =
        |resource: ResourceHeader| resource.offset..resource.offset.saturating_add(resource.size_in_file);
    let mut places: Vec<(Range<u64>, &'static str)> = Vec::new();
    for (what, resource) in [
        ("blob table", header.blob_table),
        ("XML document", header.xml),
        ("integrity table", header.integrity),
    ] {
        places.push((own(resource), what));
    }
    for blob in blobs.iter().chain(blobs.metadata()).filter(|blob| blob.part == part) {
        if let BlobLocation::Resource(resource) = blob.location {
            places.push((own(resource), "resource"));
        }
    }
    let solid = blobs.solid_resources().iter().filter(|solid| solid.part == part);
    places.extend(solid.map(|solid| (own(solid.header), "solid resource")));
    places.retain(|(place, _)| !place.is_empty());
    places.sort_by_key(|(place, _)| (place.start, place.end));
    // Two images may have the very same metadata.
    places.dedup();
    let mut count = 0u64;
    let mut first = None;
    let mut before: Option<&(Range<u64>, &str)> = None;
    for place in &places {
        if let Some(before) = before.filter(|before| before.0.end > place.0.start) {
            count = count.saturating_add(1);
            first.get_or_insert((before, place));
        }
        if before.is_none_or(|before| before.0.end < place.0.end) {
            before = Some(place);
        }
    }
    if let Some(((one, one_is), (other, other_is))) = first {
        findings.warning(
            "BlobTable",
            format!(
                "{count} resource(s) overlap others: first the {one_is} at {:#x} to {:#x} and the {other_is} at {:#x} to {:#x}",
                one.start, one.end, other.start, other.end
            ),
        );
    }
}

/// Checks each part against its integrity table, if it has one.
pub(super) fn check_integrity(files: &Files, findings: &mut Findings, meter: &mut Meter<'_>) -> Result<()> {
    for part in &files.parts {
        let header = &part.header;
        if !header.integrity.is_present() {
            continue;
        }
        let end = header.blob_table.end().unwrap_or(u64::MAX);
        match read_table(part, end) {
            Ok(table) => check_chunks(part, Arc::new(table), end, findings, meter)?,
            Err(error @ Error::Stream(_)) => return Err(error),
            Err(error) => findings.error("IntegrityTable", error.to_string()),
        }
    }
    Ok(())
}

fn read_table(part: &Part, end: u64) -> Result<IntegrityTable> {
    let header = &part.header;
    if header.integrity.has(resource_flags::SOLID) {
        return Err(Error::malformed("WIM header", "integrity table", "an ordinary resource", "a solid one"));
    }
    let source: Arc<dyn ReadAt> = part.file.clone();
    let mut resource =
        ResourceReader::open(source, header.integrity, header.compression(), header.chunk_size)?;
    IntegrityTable::parse(&resource.read_all("the size of the integrity table", MAX_INTEGRITY_TABLE)?, end)
}

fn check_chunks(
    part: &Part,
    table: Arc<IntegrityTable>,
    end: u64,
    findings: &mut Findings,
    meter: &mut Meter<'_>,
) -> Result<()> {
    meter.expect(end.saturating_sub(208));
    let (file, shared) = (Arc::clone(&part.file), Arc::clone(&table));
    let mut pool: Pool<usize, Result<bool>> = Pool::new(cores(), move || {
        let (file, table) = (Arc::clone(&file), Arc::clone(&shared));
        Ok(Box::new(move |chunk| table.chunk_matches(&*file, end, chunk)))
    });
    let mut damaged = 0usize;
    let mut checked = 0..table.chunk_count();
    let mut taken = 0..table.chunk_count();
    loop {
        while pool.in_flight() <= pool.limit() {
            let Some(chunk) = checked.next() else { break };
            pool.submit(chunk)?;
        }
        let Some(matches) = pool.next(&mut || meter.wait())? else { break };
        let chunk = taken.next().unwrap_or_default();
        let bytes = table.chunk_bytes(end, chunk);
        let problem = match matches {
            Ok(true) => None,
            Ok(false) => Some("its bytes do not have their SHA-1".to_owned()),
            Err(error @ Error::Stream(_)) => return Err(error),
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            damaged = damaged.saturating_add(1);
            if damaged <= CHUNK_LIMIT {
                let place = format!("chunk {chunk}, bytes {} to {}", bytes.start, bytes.end);
                let place = match part.header.is_split() {
                    true => format!("part {}, {place}", part.header.part_number),
                    false => place,
                };
                findings.error("IntegrityTable", format!("{place}: {problem}"));
            }
        }
        meter.advance(bytes.end.saturating_sub(bytes.start))?;
    }
    if damaged > CHUNK_LIMIT {
        findings.error("IntegrityTable", format!("{damaged} chunks are damaged; the first are listed"));
    }
    Ok(())
}
