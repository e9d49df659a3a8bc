//! Content on its way into a WIM resource: cut into chunks, hashed, compressed on all cores.
//!
//! Content of any size passes in batches of a few MiB. While the workers compress a batch, the
//! caller's thread hashes it; it alone reads, writes, reports and can cancel.

use crate::error::{Error, Result};
use crate::image::pool::cores;
use std::sync::{Mutex, PoisonError};
use wimlib_sys::codec::{Compressor, Decompressor, Format};

/// libwim's scale: 20 is six times faster than its default of 50 for 3 % more bytes (measured
/// on a Windows tree with LZX).
pub const DEFAULT_LEVEL: u32 = 20;
/// Content in one batch, unless one chunk is larger: enough work for every core, little memory.
const BATCH_SIZE: usize = 2 << 20;
/// More workers than this would make batches of single chunks.
const WORKER_LIMIT: usize = 32;

/// Compressed chunks of earlier content that new content may share.
pub trait Earlier: Sync {
    /// The compressed form of chunk `index`, if that chunk exists in compressed form with
    /// `length` bytes of content, and is worth a look.
    fn compressed_chunk(&self, index: u64, length: usize) -> Option<Vec<u8>>;
}

/// No earlier content.
pub struct Nothing;

impl Earlier for Nothing {
    fn compressed_chunk(&self, _: u64, _: usize) -> Option<Vec<u8>> {
        None
    }
}

/// Compresses chunks, one codec per core.
#[derive(Debug)]
pub struct Packer {
    chunk_size: usize,
    workers: Vec<Worker>,
    output: Vec<u8>,
    sizes: Vec<usize>,
}

#[derive(Debug)]
struct Worker {
    compressor: Compressor,
    format: Format,
    chunk_size: usize,
    decompressor: Option<Decompressor>,
    scratch: Vec<u8>,
}

impl Packer {
    /// A packer for a compression format; `level` 0 is [`DEFAULT_LEVEL`].
    pub fn new(format: Format, chunk_size: u32, level: u32) -> Result<Self> {
        let chunk_size = usize::try_from(chunk_size).ok().filter(|size| *size > 0).ok_or_else(|| {
            Error::malformed("WIM header", "chunk size", "a positive number", chunk_size.to_string())
        })?;
        let level = if level == 0 { DEFAULT_LEVEL } else { level };
        let cores = cores().min(WORKER_LIMIT);
        let workers = (0..cores)
            .map(|_| {
                let compressor =
                    Compressor::new(format, chunk_size, level).map_err(|error| Error::Unsupported {
                        what: format!("compression in chunks of {chunk_size} bytes"),
                        reason: error.to_string(),
                    })?;
                Ok(Worker { compressor, format, chunk_size, decompressor: None, scratch: Vec::new() })
            })
            .collect::<Result<_>>()?;
        Ok(Self { chunk_size, workers, output: Vec::new(), sizes: Vec::new() })
    }

    /// Bytes of content to hand over at a time: whole chunks.
    pub fn batch_size(&self) -> usize {
        let chunks = (BATCH_SIZE / self.chunk_size.max(1)).max(self.workers.len()).max(1);
        chunks.saturating_mul(self.chunk_size)
    }

    /// Compresses the chunks of one batch, the first of which is chunk `first` of its content,
    /// and does `meanwhile` on this thread. The result stays until the next batch.
    pub fn pack(&mut self, first: u64, content: &[u8], earlier: &dyn Earlier, meanwhile: impl FnOnce()) {
        let chunk_size = self.chunk_size;
        self.output.resize(content.len(), 0);
        self.sizes.clear();
        self.sizes.resize(content.len().div_ceil(chunk_size), 0);
        let mut jobs = (first..)
            .zip(content.chunks(chunk_size))
            .zip(self.output.chunks_mut(chunk_size).zip(self.sizes.iter_mut()));
        if let ([worker, ..], true) = (self.workers.as_mut_slice(), content.len() <= chunk_size) {
            meanwhile();
            if let Some(((index, chunk), (output, size))) = jobs.next() {
                *size = worker.pack(index, chunk, output, earlier);
            }
            return;
        }
        let jobs = Mutex::new(jobs);
        std::thread::scope(|scope| {
            for worker in &mut self.workers {
                scope.spawn(|| loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(((index, chunk), (output, size))) = job else { break };
                    *size = worker.pack(index, chunk, output, earlier);
                });
            }
            meanwhile();
        });
    }

    /// The chunks of the last batch as they are stored.
    pub fn packed(&self) -> impl Iterator<Item = &[u8]> {
        let chunks = self.output.chunks(self.chunk_size).zip(&self.sizes);
        chunks.map(|(chunk, size)| chunk.get(..*size).unwrap_or(chunk))
    }
}

impl Worker {
    /// Puts the stored form of a chunk into `output` and returns its size: smaller than the chunk
    /// when it is compressed, the chunk itself otherwise.
    fn pack(&mut self, index: u64, chunk: &[u8], output: &mut [u8], earlier: &dyn Earlier) -> usize {
        if let Some(known) = earlier.compressed_chunk(index, chunk.len()) {
            if let Some(room) = output.get_mut(..known.len()) {
                if known.len() < chunk.len() && self.is_content_of(&known, chunk) {
                    room.copy_from_slice(&known);
                    return known.len();
                }
            }
        }
        let room = output.len().saturating_sub(1);
        let packed = output.get_mut(..room).and_then(|room| self.compressor.compress(chunk, room));
        packed.unwrap_or_else(|| {
            output.copy_from_slice(chunk);
            chunk.len()
        })
    }

    /// Checks by decompressing: a caller's word that a chunk did not change is not enough for
    /// content that will be vouched for by a new SHA-1.
    fn is_content_of(&mut self, known: &[u8], chunk: &[u8]) -> bool {
        if self.decompressor.is_none() {
            self.decompressor = Decompressor::new(self.format, self.chunk_size).ok();
        }
        self.scratch.resize(chunk.len(), 0);
        let Some(decompressor) = &mut self.decompressor else { return false };
        decompressor.decompress(known, &mut self.scratch).is_ok() && self.scratch == chunk
    }
}
