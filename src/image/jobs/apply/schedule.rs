//! In which steps content is read: the resources that hold it are cut into segments, in the order
//! of their place in the image files, and each segment is decoded by one thread.
//!
//! A small resource is one segment; a large or solid one has several, each of whole chunks, so that
//! every chunk is decoded once. A content that reaches over several segments is handed on from
//! segment to segment.

use super::plan::Plan;
use crate::error::{Error, InFile, Result};
use crate::formats::wim::{Blob, BlobLocation, Hash};
use crate::image::content::EMPTY;
use crate::image::file::ImageFile;
use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes of a segment, unless one chunk is larger: enough work for the overhead of taking it, few
/// enough for one buffer per thread.
const SEGMENT: u64 = 4 << 20;

/// A content that is wanted.
pub(super) struct Wanted<'i> {
    /// The image file that has it.
    pub holder: &'i ImageFile,
    pub blob: Blob,
    /// The files of the plan that have this content, as a range of [`Schedule::files`].
    pub files: Range<usize>,
}

/// The part of a content that one segment holds.
pub(super) struct Piece {
    /// Index into [`Schedule::contents`].
    pub content: usize,
    /// The bytes of the content.
    pub range: Range<u64>,
    /// Where they begin in the segment.
    pub start: u64,
}

/// What one thread decodes at a time.
pub(super) struct Segment {
    /// Index into [`Schedule::contents`] of one that is in the resource.
    pub content: usize,
    /// The resource, by its first content in it: segments of one resource share its reader.
    pub resource: usize,
    /// The bytes of the decoded resource.
    pub range: Range<u64>,
    /// In the order they are worked on: first the one that another thread may be waiting for, last
    /// the one that has to be waited for.
    pub pieces: Vec<Piece>,
}

/// All content that a plan needs.
pub(super) struct Schedule<'i> {
    pub contents: Vec<Wanted<'i>>,
    /// Indices of files of the plan, grouped by content.
    pub files: Vec<usize>,
    /// In the order in which they are taken.
    pub segments: Vec<Segment>,
}

impl<'i> Schedule<'i> {
    /// Finds all content; [`Schedule::cut`] does the rest.
    ///
    /// # Errors
    /// [`Error::ContentMissing`] and [`Error::PartMissing`] when a content is nowhere.
    pub fn locate(image: &'i ImageFile, plan: &Plan<'_>) -> Result<Self> {
        let mut by_hash: Vec<(Hash, usize)> = (0..)
            .zip(&plan.files)
            .filter(|(_, file)| file.hash != EMPTY)
            .map(|(number, file)| (file.hash, number))
            .collect();
        by_hash.sort_unstable();
        let files = by_hash.iter().map(|(_, file)| *file).collect();
        let mut contents = Vec::new();
        let mut start = 0usize;
        for group in by_hash.chunk_by(|(one, _), (other, _)| one == other) {
            let end = start.saturating_add(group.len());
            if let Some((hash, _)) = group.first() {
                contents.push(locate(image, hash, start..end)?);
            }
            start = end;
        }
        contents.sort_by_cached_key(|(order, content)| (*order, place(content)));
        let contents = contents.into_iter().map(|(_, content)| content).collect();
        Ok(Self { contents, files, segments: Vec::new() })
    }

    /// Makes the segments.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a resource that claims to be larger than the file.
    pub fn cut(mut self) -> Result<Self> {
        let key = |content: &Wanted<'_>| {
            let (part, offset, _) = place(content);
            (std::ptr::from_ref(content.holder), part, offset)
        };
        let mut first = 0usize;
        for group in self.contents.chunk_by(|one, other| key(one) == key(other)) {
            cut_resource(group, first, &mut self.segments)?;
            first = first.saturating_add(group.len());
        }
        Ok(self)
    }

    /// The plan's files that have a content.
    pub fn files_of(&self, content: &Wanted<'_>) -> &[usize] {
        self.files.get(content.files.clone()).unwrap_or_default()
    }

    /// Bytes of the largest segment.
    pub fn largest_segment(&self) -> u64 {
        let sizes = self.segments.iter().map(|segment| segment.range.end.saturating_sub(segment.range.start));
        sizes.max().unwrap_or(0)
    }
}

/// The image file among the image and its references that has a content, by its position there.
fn locate<'i>(image: &'i ImageFile, hash: &Hash, files: Range<usize>) -> Result<(usize, Wanted<'i>)> {
    let references = image.references().iter().map(AsRef::as_ref);
    let mut holders = (0..).zip(std::iter::once(image).chain(references));
    let found =
        holders.find_map(|(order, holder)| Some((order, holder, holder.archive().blobs().get(hash)?)));
    match found {
        Some((order, holder, blob)) => Ok((order, Wanted { holder, blob: *blob, files })),
        // Says which part or content is missing.
        None => match image.open_blob(hash) {
            Ok(_) => Err(Error::ContentMissing { hash: crate::image::encoding::to_hex(hash) }),
            Err(error) => Err(error),
        },
    }
}

/// Part, offset of the resource in it, offset in the decoded resource.
fn place(content: &Wanted<'_>) -> (u16, u64, u64) {
    let blob = &content.blob;
    match blob.location {
        BlobLocation::Resource(header) => (blob.part, header.offset, 0),
        BlobLocation::Solid { resource, offset } => {
            let solid = content.holder.archive().blobs().solid_resources();
            let header = usize::try_from(resource).ok().and_then(|resource| solid.get(resource));
            (blob.part, header.map_or(0, |solid| solid.header.offset), offset)
        }
    }
}

/// The resource a content is in: decoded size and bytes per chunk.
fn resource(content: &Wanted<'_>) -> (u64, u64) {
    let archive = content.holder.archive();
    match content.blob.location {
        BlobLocation::Resource(header) => (header.size, u64::from(archive.header().chunk_size)),
        BlobLocation::Solid { resource, .. } => {
            let index = usize::try_from(resource).unwrap_or(usize::MAX);
            let solid = archive.blobs().solid_resources().get(index);
            solid.map_or((0, 0), |solid| (solid.header.size, u64::from(solid.chunk_size)))
        }
    }
}

/// Cuts the resource that holds the contents of `group`, sorted by place, of which `first` is the number of the first content.
fn cut_resource(group: &[Wanted<'_>], first: usize, segments: &mut Vec<Segment>) -> Result<()> {
    let Some(holder) = group.first() else { return Ok(()) };
    let (size, chunk_size) = resource(holder);
    let length = chunk_size.max(SEGMENT);
    if size > length {
        check_extent(holder).in_file(holder.holder.path().display().to_string())?;
    }
    let mut pieces: BTreeMap<u64, Vec<Piece>> = BTreeMap::new();
    for (number, content) in (first..).zip(group) {
        let (_, _, start) = place(content);
        let mut done = 0;
        while done < content.blob.size {
            let at = start.saturating_add(done);
            let segment = at / length;
            let room = segment.saturating_add(1).saturating_mul(length).saturating_sub(at).max(1);
            let end = done.saturating_add(room).min(content.blob.size);
            let piece = Piece { content: number, range: done..end, start: at % length };
            pieces.entry(segment).or_default().push(piece);
            done = end;
        }
    }
    for (number, mut pieces) in pieces {
        let begins = |piece: &Piece| piece.range.start == 0;
        let ends = |piece: &Piece| {
            let content = piece.content.checked_sub(first).and_then(|index| group.get(index));
            content.is_none_or(|content| content.blob.size == piece.range.end)
        };
        pieces.sort_by_key(|piece| match (begins(piece), ends(piece)) {
            (true, false) => 0,
            (true, true) => 1,
            (false, _) => 2,
        });
        let start = number.saturating_mul(length);
        let range = start..start.saturating_add(length).min(size);
        let content = pieces.first().map_or(first, |piece| piece.content);
        segments.push(Segment { content, resource: first, range, pieces });
    }
    Ok(())
}

/// Refuses a resource that claims to be larger than the file, before it is cut into pieces.
fn check_extent(content: &Wanted<'_>) -> Result<()> {
    let archive = content.holder.archive();
    // Its chunk table, if it has one, is then in the file.
    let resource = archive.open_resource(&content.blob)?;
    let end = resource.header().end().unwrap_or(u64::MAX);
    let size = archive.source(content.blob.part)?.size().map_err(Error::Stream)?;
    if end > size {
        let place = format!("offset {:#x}", resource.header().offset);
        let found = format!("one up to {end:#x}, of {size:#x} bytes");
        return Err(Error::malformed("WIM resource", place, "a resource inside the file", found));
    }
    Ok(())
}
