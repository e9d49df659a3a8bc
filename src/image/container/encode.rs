//! Content on its way into ordinary resources, on all cores.
//!
//! Small contents travel several at a time: one thread opens, reads, hashes and compresses them.
//! Large ones are read and hashed on the caller's thread, while other threads compress what was
//! read before. Results are written in the order in which contents came.

use super::options::Incoming;
use super::output::{check_announced, Known, Output};
use crate::error::{Error, Result};
use crate::formats::wim::store::{assemble, compress_chunk, compressor};
use crate::formats::wim::{chunks, Compression, EncodedResource, Hash, ResourceHeader};
use crate::image::pool::{cores, Pool, Worker};
use crate::image::resource::{conclude, Storage};
use crate::progress::Observer;
use sha1::{Digest, Sha1};
use std::io::Read;
use wimlib_sys::codec::Compressor;

/// Content in one job, unless one chunk is larger.
pub(super) const JOB_SIZE: usize = 512 << 10;
/// Content up to this size is handled by one thread.
pub(super) const SMALL: u64 = 512 << 10;
/// Small contents in one job.
const SMALL_COUNT: usize = 64;
/// Jobs in flight per thread: enough that none waits, little memory.
const JOBS_PER_THREAD: usize = 3;
/// libwim's own default level. Its codecs keep a process-wide one for 0.
const DEFAULT_LEVEL: u32 = 50;

/// Who is told about contents (tag, SHA-1, size) and progress.
pub(super) struct Listeners<'a> {
    pub done: &'a mut dyn FnMut(u64, Hash, u64),
    pub observer: Observer<'a>,
}

/// The level that is meant by 0.
pub(super) fn level_or_default(level: u32) -> u32 {
    match level {
        0 => DEFAULT_LEVEL,
        level => level,
    }
}

/// A small content.
#[derive(Debug)]
pub(super) enum Small {
    /// To be read.
    Read(u64, Incoming),
    /// In memory, with its SHA-1.
    Bytes(Hash, Vec<u8>),
    /// There already: tag, SHA-1, size.
    Present(u64, Hash, u64),
}

enum Job {
    Small(Vec<Small>),
    Piece(Piece),
}

/// Whole chunks of a large content.
struct Piece {
    bytes: Vec<u8>,
    /// The size of the content that begins here.
    first: Option<u64>,
    /// Tag and SHA-1 of the content that ends here.
    last: Option<(u64, Hash)>,
}

enum Done {
    Small(Vec<Result<Finished>>),
    Piece { chunks: Vec<u8>, sizes: Vec<u32>, length: u64, first: Option<u64>, last: Option<(u64, Hash)> },
}

/// A small content in its stored form; without one it was there already.
struct Finished {
    tag: u64,
    hash: Hash,
    size: u64,
    encoded: Option<EncodedResource>,
}

/// The large content that is being written.
#[derive(Debug)]
struct Row {
    offset: u64,
    size: u64,
    sizes: Vec<u32>,
}

/// Makes ordinary resources.
#[derive(Debug)]
pub(super) struct Encoder {
    storage: Storage,
    pool: Pool<Job, Done>,
    gathered: Vec<Small>,
    gathered_bytes: usize,
    numbered: u64,
    row: Option<Row>,
}

impl Encoder {
    pub fn new(storage: Storage, level: u32, known: &Known) -> Self {
        let level = level_or_default(level);
        let known = known.clone();
        let pool = Pool::new(cores(), move || worker(storage, level, known.clone()));
        Self { storage, pool, gathered: Vec::new(), gathered_bytes: 0, numbered: 0, row: None }
    }

    /// The number of the next content, from 1.
    pub fn number(&mut self) -> u64 {
        self.numbered = self.numbered.saturating_add(1);
        self.numbered
    }

    /// Takes a small content of about that many bytes.
    pub fn add_small(
        &mut self,
        small: Small,
        bytes: usize,
        output: &mut Output,
        listeners: &mut Listeners<'_>,
    ) -> Result<()> {
        self.gathered.push(small);
        self.gathered_bytes = self.gathered_bytes.saturating_add(bytes);
        if self.gathered_bytes >= JOB_SIZE || self.gathered.len() >= SMALL_COUNT {
            self.send_gathered(output, listeners)?;
        }
        Ok(())
    }

    /// Bytes of a large content's pieces but the last.
    pub fn piece_size(&self) -> usize {
        let chunk = usize::try_from(self.storage.chunk_size).unwrap_or(usize::MAX).max(1);
        (JOB_SIZE / chunk).max(1).saturating_mul(chunk).max(match self.storage.compression {
            Compression::None => JOB_SIZE,
            _ => 0,
        })
    }

    /// Takes a piece of a large content; `first` is the content's size at its beginning, `last` its
    /// tag and SHA-1 at its end.
    pub fn add_piece(
        &mut self,
        bytes: Vec<u8>,
        first: Option<u64>,
        last: Option<(u64, Hash)>,
        output: &mut Output,
        listeners: &mut Listeners<'_>,
    ) -> Result<()> {
        self.send_gathered(output, listeners)?;
        self.send(Job::Piece(Piece { bytes, first, last }), output, listeners)
    }

    fn send_gathered(&mut self, output: &mut Output, listeners: &mut Listeners<'_>) -> Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        self.gathered_bytes = 0;
        let job = Job::Small(std::mem::take(&mut self.gathered));
        self.send(job, output, listeners)
    }

    fn send(&mut self, job: Job, output: &mut Output, listeners: &mut Listeners<'_>) -> Result<()> {
        while self.pool.in_flight() >= self.pool.limit().saturating_mul(JOBS_PER_THREAD) {
            self.take(output, listeners)?;
        }
        self.pool.submit(job)?;
        while let Some(done) = self.pool.ready() {
            self.write(done, output, listeners)?;
        }
        Ok(())
    }

    /// Waits until everything is written.
    pub fn drain(&mut self, output: &mut Output, listeners: &mut Listeners<'_>) -> Result<()> {
        self.send_gathered(output, listeners)?;
        while self.pool.in_flight() > 0 {
            self.take(output, listeners)?;
        }
        Ok(())
    }

    fn take(&mut self, output: &mut Output, listeners: &mut Listeners<'_>) -> Result<()> {
        match self.pool.next(&mut || output.report(&mut *listeners.observer))? {
            Some(done) => self.write(done, output, listeners),
            None => Ok(()),
        }
    }

    fn write(&mut self, done: Done, output: &mut Output, listeners: &mut Listeners<'_>) -> Result<()> {
        let bytes = match done {
            Done::Small(contents) => {
                let mut bytes = 0u64;
                for content in contents {
                    let Finished { tag, hash, size, encoded } = content?;
                    if let Some(encoded) = &encoded {
                        output.put_blob(&hash, encoded)?;
                    }
                    (listeners.done)(tag, hash, size);
                    bytes = bytes.saturating_add(size);
                }
                bytes
            }
            Done::Piece { chunks, sizes, length, first, last } => {
                if let Some(size) = first {
                    self.begin_row(size, output)?;
                }
                output.target.put(&chunks)?;
                if let Some(row) = &mut self.row {
                    row.sizes.extend_from_slice(&sizes);
                }
                if let Some((tag, hash)) = last {
                    let size = self.end_row(&hash, output)?;
                    (listeners.done)(tag, hash, size);
                }
                length
            }
        };
        output.advance(bytes, &mut *listeners.observer)
    }

    fn begin_row(&mut self, size: u64, output: &mut Output) -> Result<()> {
        let offset = output.target.position();
        if self.storage.compression != Compression::None {
            let layout = chunks::ChunkLayout::Ordinary;
            let table = chunks::table_size(size, self.storage.chunk_size, layout);
            output.target.move_to(offset.saturating_add(table))?;
        }
        self.row = Some(Row { offset, size, sizes: Vec::new() });
        Ok(())
    }

    fn end_row(&mut self, hash: &Hash, output: &mut Output) -> Result<u64> {
        let Some(Row { offset, size, sizes }) = self.row.take() else { return Ok(0) };
        if output.table.get(hash).is_some() {
            output.target.move_to(offset)?;
            return Ok(size);
        }
        if self.storage.compression == Compression::None {
            output.add_resource(hash, ResourceHeader::uncompressed(offset, size, 0))?;
            return Ok(size);
        }
        output.target.flush()?;
        let (header, end) = conclude(self.storage, output.target.file(), offset, size, &sizes)?;
        output.target.move_to(end)?;
        output.add_resource(hash, header)?;
        Ok(size)
    }
}

fn worker(storage: Storage, level: u32, known: Known) -> Result<Worker<Job, Done>> {
    let mut codec = compressor(storage.compression, storage.chunk_size, level)?;
    Ok(Box::new(move |job| match job {
        Job::Small(contents) => Done::Small(
            contents.into_iter().map(|content| finish(content, &mut codec, storage, &known)).collect(),
        ),
        Job::Piece(Piece { bytes, first, last }) => {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            let (chunks, sizes) = match &mut codec {
                Some(codec) => compress(codec, &bytes, storage.chunk_size),
                None => (bytes, Vec::new()),
            };
            Done::Piece { chunks, sizes, length, first, last }
        }
    }))
}

/// The stored form of a small content.
fn finish(
    content: Small,
    codec: &mut Option<Compressor>,
    storage: Storage,
    known: &Known,
) -> Result<Finished> {
    let (tag, hash, bytes) = match content {
        Small::Present(tag, hash, size) => return Ok(Finished { tag, hash, size, encoded: None }),
        Small::Bytes(hash, bytes) => (0, hash, bytes),
        Small::Read(number, incoming) => {
            let Incoming { tag, size, hash: announced, open } = incoming;
            let bytes = read_announced(&mut *open()?, size)?;
            let hash = Sha1::digest(&bytes).into();
            check_announced(announced, &hash)?;
            if !known.claim(&hash, number) {
                return Ok(Finished { tag, hash, size, encoded: None });
            }
            (tag, hash, bytes)
        }
    };
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let packed = codec.as_mut().and_then(|codec| {
        let (chunks, sizes) = compress(codec, &bytes, storage.chunk_size);
        assemble(&chunks, &sizes, size, storage.chunk_size, storage.compression)
    });
    let encoded = packed.unwrap_or(EncodedResource { bytes, size, compressed: false });
    Ok(Finished { tag, hash, size, encoded: Some(encoded) })
}

/// The chunks in their stored form, one behind the other, and the size of each.
fn compress(codec: &mut Compressor, bytes: &[u8], chunk_size: u32) -> (Vec<u8>, Vec<u32>) {
    let (mut packed, mut sizes) = (Vec::with_capacity(bytes.len()), Vec::new());
    for chunk in bytes.chunks(usize::try_from(chunk_size).unwrap_or(usize::MAX).max(1)) {
        let before = packed.len();
        compress_chunk(codec, chunk, &mut packed);
        // A stored chunk is not larger than the chunk size, a u32.
        sizes.push(u32::try_from(packed.len().saturating_sub(before)).unwrap_or(u32::MAX));
    }
    (packed, sizes)
}

/// Reads exactly `size` bytes, behind which the reader must end.
pub(super) fn read_announced(reader: &mut dyn Read, size: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(JOB_SIZE));
    // One byte more shows content that has grown.
    let read = reader.take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(Error::Stream)?;
    match u64::try_from(read) == Ok(size) {
        true => Ok(bytes),
        false => Err(not_as_announced()),
    }
}

/// The error for content that is shorter or longer than was said.
pub(super) fn not_as_announced() -> Error {
    let message = "the content does not have the size that was announced";
    Error::Stream(std::io::Error::other(message))
}
