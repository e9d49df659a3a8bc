//! Reading many blobs of an image file on all cores.
//!
//! Small blobs of their own are read, decoded and hashed by one thread each, several at a time.
//! Everything else (large blobs, solid resources) is a row of chunks that are decoded in parallel
//! and put together on the caller's thread.

use crate::error::{Error, InFile, Result};
use crate::formats::bytes::to_hex;
use crate::formats::wim::{check_hash, Archive, Blob, BlobLocation, Compression, Hash, ResourceReader};
use crate::image::file::ImageFile;
use crate::image::host;
use crate::image::pool::{cores, Pool, Worker};
use sha1::{Digest, Sha1};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use wimlib_sys::codec::Decompressor;

/// Decoded bytes in one job, unless one chunk is larger.
const JOB_SIZE: u64 = 512 << 10;
/// A blob up to this size is a matter for one thread.
const SMALL: u64 = 256 << 10;
/// Small blobs in one job.
const SMALL_COUNT: usize = 64;
/// Decoded bytes in flight, unless that is less than a job for each thread.
const IN_FLIGHT: u64 = 32 << 20;

/// What [`read_blobs`] tells about a blob.
#[derive(Debug)]
pub enum BlobPart<'a> {
    /// The next bytes of its content.
    Bytes(&'a [u8]),
    /// All of it was handed out, and has the right SHA-1.
    End,
    /// It cannot be read, or does not have its SHA-1; nothing more comes of it.
    Damaged(Error),
}

/// In which order blobs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they are in the file: fastest, and each chunk of a solid resource is decoded once.
    OnDisk,
    /// As asked for, but blobs in solid resources come last and in the order on disk.
    AsGiven,
}

/// Who hears about the blobs.
type Listener<'a> = &'a mut dyn FnMut(usize, BlobPart<'_>) -> Result<()>;

/// Reads blobs and hands them out one after the other, each from front to back, on the caller's
/// thread; chunks are read, decoded and (for small blobs) hashed on all cores. `part` gets the
/// position in `hashes`, each of which is there once. `wait` is called at least every 50 ms while there is nothing to hand out,
/// and can stop the work. Memory is bounded by what a few chunks per core take. Content that the
/// file lacks is read from its [`ImageFile::references`].
///
/// # Errors
/// Those of `part` and `wait`; damage and missing content go to `part`.
pub fn read_blobs(
    file: &Arc<ImageFile>,
    hashes: &[Hash],
    order: Order,
    part: Listener<'_>,
    wait: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    let mut items = Vec::with_capacity(hashes.len());
    for (which, hash) in hashes.iter().enumerate() {
        match Item::find(file, which, hash) {
            _ if *hash == [0; 20] => part(which, BlobPart::End)?,
            Ok(item) => items.push(item),
            Err(error) => part(which, BlobPart::Damaged(error))?,
        }
    }
    match order {
        Order::OnDisk => items.sort_by_key(|item| (item.holder, item.place)),
        Order::AsGiven => items.sort_by_key(|item| match item.solid {
            Some(_) => (true, item.holder, item.place),
            None => (false, 0, (0, 0, 0)),
        }),
    }
    let largest = items.iter().map(|item| item.chunk_size).max().unwrap_or(0);
    let shared = Arc::clone(file);
    let pool = Pool::new(threads(largest), move || Ok(worker(Arc::clone(&shared))));
    let mut reading = Reading { file, pool, pending: VecDeque::new(), bytes: 0, open: None, part, wait };
    let mut rest = items.as_slice();
    while let Some((first, _)) = rest.split_first() {
        let is_mate = |item: &Item| match first.is_small() {
            true => item.is_small(),
            false => first.solid.is_some() && (item.holder, item.solid) == (first.holder, first.solid),
        };
        let mut count = rest.iter().take_while(|item| is_mate(item)).count().max(1);
        if first.is_small() {
            let mut size = 0u64;
            let fits = |item: &&Item| {
                size = size.saturating_add(item.size);
                size <= JOB_SIZE
            };
            count = rest.iter().take(count.min(SMALL_COUNT)).take_while(fits).count().max(1);
        }
        let (mates, others) = rest.split_at(count.min(rest.len()));
        rest = others;
        match first.is_small() {
            true => reading.submit_small(mates)?,
            false => reading.submit_chunks(mates)?,
        }
    }
    while !reading.pending.is_empty() {
        reading.take()?;
    }
    Ok(())
}

/// As [`read_blobs`] in the order on disk, where the first damage is an error. `consume` gets the
/// pieces of each blob in order, and an empty one at its end.
pub fn stream_blobs(
    file: &Arc<ImageFile>,
    hashes: &[Hash],
    consume: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    wait: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    let mut part = |which: usize, part: BlobPart<'_>| match part {
        BlobPart::Bytes(bytes) => consume(which, bytes),
        BlobPart::End => consume(which, &[]),
        BlobPart::Damaged(error) => Err(error),
    };
    read_blobs(file, hashes, Order::OnDisk, &mut part, wait).in_file(file.path().display().to_string())
}

/// Threads for chunks of that size: a chunk is held up to three times per thread.
fn threads(chunk_size: u32) -> usize {
    let each = u64::from(chunk_size).saturating_mul(4).max(1);
    let room = host::available_memory().map_or(u64::MAX, |free| (free / 2) / each);
    cores().min(usize::try_from(room).unwrap_or(usize::MAX)).max(1)
}

/// A blob that is wanted.
#[derive(Debug, Clone, Copy)]
struct Item {
    which: usize,
    hash: Hash,
    size: u64,
    /// Offset in its resource.
    offset: u64,
    /// The file itself, or the number of the reference plus one.
    holder: usize,
    solid: Option<u32>,
    chunk_size: u32,
    /// Part, offset in the part, offset in the solid resource.
    place: (u16, u64, u64),
}

impl Item {
    fn find(file: &ImageFile, which: usize, hash: &Hash) -> Result<Self> {
        let files = std::iter::once(file).chain(file.references().iter().map(Arc::as_ref));
        let found =
            files.enumerate().find_map(|(number, file)| Some((number, file.archive().blobs().get(hash)?)));
        let Some((holder, blob)) = found else {
            // It says which of the two reasons it is.
            file.archive().blob(hash)?;
            return Err(Error::ContentMissing { hash: to_hex(hash) });
        };
        let archive = holder_of(file, holder).archive();
        let (solid, offset, at, chunk_size) = match blob.location {
            BlobLocation::Resource(header) => (None, 0, header.offset, archive.header().chunk_size),
            BlobLocation::Solid { resource, offset } => {
                let number = usize::try_from(resource).unwrap_or(usize::MAX);
                let solid = archive.blobs().solid_resources().get(number);
                let at = solid.map_or(0, |solid| solid.header.offset);
                (Some(resource), offset, at, solid.map_or(0, |solid| solid.chunk_size))
            }
        };
        let place = (blob.part, at, offset);
        Ok(Self { which, hash: *hash, size: blob.size, offset, holder, solid, chunk_size, place })
    }

    fn is_small(&self) -> bool {
        self.solid.is_none() && self.size <= SMALL
    }
}

fn holder_of(file: &ImageFile, holder: usize) -> &ImageFile {
    let reference = holder.checked_sub(1).and_then(|number| file.references().get(number));
    reference.map_or(file, Arc::as_ref)
}

enum Job {
    /// Small blobs: holder and hash.
    Whole(Vec<(usize, Hash)>),
    Chunks(Arc<ResourceReader>, Range<u64>),
}

/// What a job gave: one blob or one chunk each.
type Decoded = Vec<Result<Vec<u8>>>;

/// What is to be done with the next result, or without one.
enum Pending {
    /// Small blobs, and bytes in flight.
    Whole(Vec<usize>, u64),
    /// From now on, chunks belong to these blobs of one resource.
    Open(Vec<Item>),
    /// Which bytes of the resource each chunk has, and bytes in flight.
    Chunks(Vec<Range<u64>>, u64),
    /// Blobs of a resource that cannot be opened.
    Failed(Vec<usize>, Error),
}

struct Reading<'a> {
    file: &'a ImageFile,
    pool: Pool<Job, Decoded>,
    pending: VecDeque<Pending>,
    bytes: u64,
    open: Option<Row>,
    part: Listener<'a>,
    wait: &'a mut dyn FnMut() -> Result<()>,
}

/// The blobs of one resource, while its chunks come in.
struct Row {
    blobs: VecDeque<Item>,
    digest: Sha1,
    damaged: bool,
}

impl Reading<'_> {
    fn submit_small(&mut self, items: &[Item]) -> Result<()> {
        let size = items.iter().map(|item| item.size).fold(0, u64::saturating_add);
        let job = Job::Whole(items.iter().map(|item| (item.holder, item.hash)).collect());
        let pending = Pending::Whole(items.iter().map(|item| item.which).collect(), size);
        self.submit(job, pending, size)
    }

    /// All chunks that some of the blobs, which are in one resource, need.
    fn submit_chunks(&mut self, items: &[Item]) -> Result<()> {
        let Some(first) = items.first() else { return Ok(()) };
        let archive = holder_of(self.file, first.holder).archive();
        let resource = match archive.blob(&first.hash).and_then(|blob| archive.open_resource(blob)) {
            Ok(resource) => Arc::new(resource),
            Err(error) => {
                let blobs = items.iter().map(|item| item.which).collect();
                self.pending.push_back(Pending::Failed(blobs, error));
                return Ok(());
            }
        };
        self.pending.push_back(Pending::Open(items.to_vec()));
        let chunk_size = u64::from(resource.chunk_size().max(1));
        let per_job = (JOB_SIZE / chunk_size).max(1);
        let mut next = 0u64;
        for item in items {
            let end = item.offset.saturating_add(item.size).div_ceil(chunk_size).min(resource.chunk_count());
            next = next.max(item.offset / chunk_size);
            while next < end {
                let chunks = next..next.saturating_add(per_job).min(end);
                next = chunks.end;
                let ranges: Vec<_> = chunks.clone().map(|chunk| resource.chunk_range(chunk)).collect();
                let size = chunks.end.saturating_sub(chunks.start).saturating_mul(chunk_size);
                self.submit(Job::Chunks(Arc::clone(&resource), chunks), Pending::Chunks(ranges, size), size)?;
            }
        }
        Ok(())
    }

    fn submit(&mut self, job: Job, pending: Pending, size: u64) -> Result<()> {
        let full = |reading: &Self| {
            let jobs = reading.pool.in_flight();
            let threads = reading.pool.limit();
            jobs > threads && (reading.bytes >= IN_FLIGHT || jobs >= threads.saturating_mul(4))
        };
        while full(self) {
            self.take()?;
        }
        self.bytes = self.bytes.saturating_add(size);
        self.pending.push_back(pending);
        self.pool.submit(job)
    }

    /// Waits for what comes next and hands it out.
    fn take(&mut self) -> Result<()> {
        match self.pending.pop_front() {
            None => {}
            Some(Pending::Open(items)) => {
                self.open = Some(Row { blobs: items.into(), digest: Sha1::new(), damaged: false });
            }
            Some(Pending::Failed(blobs, error)) => {
                for which in blobs {
                    (self.part)(which, BlobPart::Damaged(repeated(&error)))?;
                }
            }
            Some(Pending::Whole(blobs, size)) => {
                let decoded = self.pool.next(self.wait)?.unwrap_or_default();
                self.bytes = self.bytes.saturating_sub(size);
                for (which, content) in blobs.into_iter().zip(decoded) {
                    match content {
                        Ok(content) => {
                            (self.part)(which, BlobPart::Bytes(&content))?;
                            (self.part)(which, BlobPart::End)?;
                        }
                        Err(error) => (self.part)(which, BlobPart::Damaged(error))?,
                    }
                }
            }
            Some(Pending::Chunks(ranges, size)) => {
                let decoded = self.pool.next(self.wait)?.unwrap_or_default();
                self.bytes = self.bytes.saturating_sub(size);
                for (range, chunk) in ranges.into_iter().zip(decoded) {
                    if let Some(row) = &mut self.open {
                        row.take(&range, &chunk, self.part)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Row {
    /// Hands a chunk out to the blobs that have bytes in it.
    fn take(&mut self, range: &Range<u64>, chunk: &Result<Vec<u8>>, part: Listener<'_>) -> Result<()> {
        while let Some(blob) = self.blobs.front().filter(|blob| blob.offset < range.end) {
            let end = blob.offset.saturating_add(blob.size);
            let place = |at: u64| {
                let inside = at.clamp(range.start, range.end).saturating_sub(range.start);
                usize::try_from(inside).unwrap_or(usize::MAX)
            };
            match chunk {
                _ if self.damaged => {}
                Ok(chunk) => {
                    let bytes = chunk.get(place(blob.offset)..place(end)).unwrap_or_default();
                    self.digest.update(bytes);
                    if !bytes.is_empty() {
                        part(blob.which, BlobPart::Bytes(bytes))?;
                    }
                }
                Err(error) => {
                    self.damaged = true;
                    part(blob.which, BlobPart::Damaged(repeated(error)))?;
                }
            }
            if end > range.end {
                return Ok(());
            }
            let found = std::mem::take(&mut self.digest).finalize().into();
            if !std::mem::take(&mut self.damaged) {
                match check_hash(&blob.hash, &found, || "content of a blob".into()) {
                    Ok(()) => part(blob.which, BlobPart::End)?,
                    Err(error) => part(blob.which, BlobPart::Damaged(error))?,
                }
            }
            self.blobs.pop_front();
        }
        Ok(())
    }
}

/// The same error for several blobs.
fn repeated(error: &Error) -> Error {
    match error {
        Error::Malformed { format, place, expected, found } => {
            Error::malformed(format, place.clone(), expected.clone(), found.clone())
        }
        Error::PartMissing { part, total } => Error::PartMissing { part: *part, total: *total },
        other => Error::Stream(std::io::Error::other(other.to_string())),
    }
}

/// Codecs by compression and chunk size, made when they are needed.
type Codecs = HashMap<(u32, u32), Option<Decompressor>>;

fn worker(file: Arc<ImageFile>) -> Worker<Job, Decoded> {
    let mut codecs = Codecs::new();
    let mut raw = Vec::new();
    Box::new(move |job| match job {
        Job::Chunks(resource, chunks) => chunks
            .map(|chunk| {
                let mut decoded = Vec::new();
                decode(&mut codecs, &resource, chunk, &mut raw, &mut decoded)?;
                Ok(decoded)
            })
            .collect(),
        Job::Whole(blobs) => blobs
            .into_iter()
            .map(|(holder, hash)| {
                let archive = holder_of(&file, holder).archive();
                let blob = archive.blob(&hash)?;
                read_whole(&mut codecs, archive, blob, &mut raw)
            })
            .collect(),
    })
}

fn read_whole(codecs: &mut Codecs, archive: &Archive, blob: &Blob, raw: &mut Vec<u8>) -> Result<Vec<u8>> {
    let resource = archive.open_resource(blob)?;
    let mut content = Vec::new();
    let mut chunk = Vec::new();
    for index in 0..resource.chunk_count() {
        decode(codecs, &resource, index, raw, &mut chunk)?;
        match content.is_empty() {
            true => std::mem::swap(&mut content, &mut chunk),
            false => content.extend_from_slice(&chunk),
        }
    }
    check_hash(&blob.hash, &Sha1::digest(&content).into(), || "content of a blob".into())?;
    Ok(content)
}

fn decode(
    codecs: &mut Codecs,
    resource: &ResourceReader,
    chunk: u64,
    raw: &mut Vec<u8>,
    decoded: &mut Vec<u8>,
) -> Result<()> {
    let codec = match resource.compression() {
        Compression::None => &mut None,
        compression => match codecs.entry((compression.number(), resource.chunk_size())) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(resource.decompressor()?),
        },
    };
    resource.read_chunk_raw(chunk, raw)?;
    resource.decode_chunk(codec.as_mut(), chunk, raw, decoded)
}
