//! Content on its way into solid resources: one behind the other, in large chunks that they share.
//!
//! The caller's thread gathers and hashes content; other threads compress chunks. The table of a
//! solid resource stands before its first chunk and grows with their number, which is not known
//! when the first is written: space is left for as many as are expected, and the resource begins
//! as late in that space as its table allows.
//!
//! Reference: `docs/formats/wim.md` "Chunks"; how `wimlib-imagex export --solid` lays files out.

use super::encode::{level_or_default, Listeners};
use super::options::SolidOptions;
use super::output::Output;
use crate::error::Result;
use crate::formats::wim::chunks::{table_bytes, table_size, ChunkLayout};
use crate::formats::wim::store::{compress_chunk, compressor};
use crate::formats::wim::{resource_flags, BlobLocation, Compression, Hash, ResourceHeader, SolidResource};
use crate::image::host;
use crate::image::pool::{cores, Pool};
use sha1::{Digest, Sha1};

/// The smallest chunks that LZMS allows.
const SMALLEST_CHUNK: u32 = 32 << 10;
/// Chunks for which there is space in a table when nobody said how much content will come.
const CHUNKS_EXPECTED: u64 = 1024;
/// Bytes that compressing takes per byte of chunk: libwim's LZMS tables, the chunk, its result.
const MEMORY_PER_BYTE: u64 = 13;

/// Makes solid resources.
#[derive(Debug)]
pub(super) struct Solid {
    chunk_size: u32,
    level: u32,
    open: Option<Open>,
}

/// The resource that is being written.
#[derive(Debug)]
struct Open {
    /// Its number in the blob table.
    number: u32,
    /// Where the space for the table begins, and the first chunk.
    start: u64,
    first_chunk: u64,
    /// As many chunks as the table has space for.
    capacity: u64,
    chunk_size: u32,
    /// Stored sizes of the chunks that were written.
    sizes: Vec<u32>,
    pool: Option<Pool<Vec<u8>, Vec<u8>>>,
    /// Content of the next chunk.
    gathered: Vec<u8>,
    /// Bytes of content in front of it.
    sent: u64,
    /// Where the present content begins, and its SHA-1 so far.
    blob: u64,
    digest: Sha1,
}

impl Open {
    fn length(&self) -> u64 {
        self.sent.saturating_add(u64::try_from(self.gathered.len()).unwrap_or(u64::MAX))
    }

    fn room(&self) -> u64 {
        self.capacity.saturating_mul(u64::from(self.chunk_size)).saturating_sub(self.length())
    }
}

impl Solid {
    pub fn new(options: SolidOptions, level: u32) -> Self {
        Self { chunk_size: options.chunk_size, level: level_or_default(level), open: None }
    }

    /// Begins a content of `size` bytes.
    pub fn begin(&mut self, size: u64, output: &mut Output, listeners: &mut Listeners<'_>) -> Result<()> {
        if self.open.as_ref().is_some_and(|open| open.room() < size) {
            self.close(output, listeners)?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            none => none.insert(begin_resource(self.chunk_size, size, output)?),
        };
        open.blob = open.length();
        open.digest = Sha1::new();
        Ok(())
    }

    /// Takes the next bytes of the content.
    pub fn push(
        &mut self,
        mut bytes: &[u8],
        output: &mut Output,
        listeners: &mut Listeners<'_>,
    ) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.digest.update(bytes);
        let chunk_size = usize::try_from(open.chunk_size).unwrap_or(usize::MAX);
        while !bytes.is_empty() {
            if open.gathered.len() >= chunk_size {
                send(open, self.level, output, listeners)?;
            }
            let room = chunk_size.saturating_sub(open.gathered.len()).min(bytes.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            open.gathered.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Ends the content; gives its SHA-1. One that was there already is taken back as far as it
    /// was not sent off; the rest takes space that nothing refers to.
    pub fn end(&mut self, output: &mut Output) -> Result<Hash> {
        let Some(open) = &mut self.open else { return Ok([0; 20]) };
        let hash: Hash = std::mem::take(&mut open.digest).finalize().into();
        if output.table.get(&hash).is_some() {
            let kept = open.blob.saturating_sub(open.sent);
            open.gathered.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
            return Ok(hash);
        }
        let size = open.length().saturating_sub(open.blob);
        let location = BlobLocation::Solid { resource: open.number, offset: open.blob };
        output.add_blob(&hash, size, location)?;
        Ok(hash)
    }

    /// Finishes the resource that is being written, if there is one.
    pub fn close(&mut self, output: &mut Output, listeners: &mut Listeners<'_>) -> Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        if open.sent == 0 {
            // All of it fits a smaller chunk, which takes less memory to read, too.
            let length = u32::try_from(open.length()).unwrap_or(u32::MAX);
            let fitting = length.checked_next_power_of_two().unwrap_or(u32::MAX).max(SMALLEST_CHUNK);
            open.chunk_size = open.chunk_size.min(fitting);
        }
        let size = open.length();
        if !open.gathered.is_empty() {
            send(&mut open, self.level, output, listeners)?;
        }
        while open.pool.as_ref().is_some_and(|pool| pool.in_flight() > 0) {
            take(&mut open, output, listeners)?;
        }
        if size == 0 {
            return output.target.move_to(open.start);
        }
        let table = table_bytes(&open.sizes, size, open.chunk_size, Compression::Lzms, ChunkLayout::Solid);
        let offset = open.first_chunk.saturating_sub(table_size(size, open.chunk_size, ChunkLayout::Solid));
        output.target.flush()?;
        output.target.file().write_at(&table, offset)?;
        let size_in_file = output.target.position().saturating_sub(offset);
        if let Some(solid) = output.table.solid_resource_mut(open.number) {
            solid.header = ResourceHeader { offset, size_in_file, flags: resource_flags::SOLID, size };
            solid.chunk_size = open.chunk_size;
        }
        Ok(())
    }
}

fn begin_resource(chunk_size: u32, size: u64, output: &mut Output) -> Result<Open> {
    let expected = output.total.saturating_sub(output.done).max(size);
    let capacity = expected.div_ceil(u64::from(chunk_size.max(1))).saturating_add(1).max(CHUNKS_EXPECTED);
    let start = output.target.position();
    let whole = capacity.saturating_mul(u64::from(chunk_size));
    let first_chunk = start.saturating_add(table_size(whole, chunk_size, ChunkLayout::Solid));
    output.target.move_to(first_chunk)?;
    let number = output.table.add_solid_resource(SolidResource {
        part: output.part,
        header: ResourceHeader::default(),
        compression: Compression::Lzms,
        chunk_size,
    })?;
    Ok(Open {
        number,
        start,
        first_chunk,
        capacity,
        chunk_size,
        sizes: Vec::new(),
        pool: None,
        gathered: Vec::new(),
        sent: 0,
        blob: 0,
        digest: Sha1::new(),
    })
}

/// Sends what is gathered to be compressed as one chunk.
fn send(open: &mut Open, level: u32, output: &mut Output, listeners: &mut Listeners<'_>) -> Result<()> {
    while open.pool.as_ref().is_some_and(|pool| pool.in_flight() >= pool.limit()) {
        take(open, output, listeners)?;
    }
    let pool = open.pool.get_or_insert_with(|| new_pool(open.chunk_size, level));
    let chunk = std::mem::take(&mut open.gathered);
    open.sent = open.sent.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
    pool.submit(chunk)
}

/// Waits for the next compressed chunk and writes it.
fn take(open: &mut Open, output: &mut Output, listeners: &mut Listeners<'_>) -> Result<()> {
    let Some(pool) = &mut open.pool else { return Ok(()) };
    if let Some(chunk) = pool.next(&mut || output.report(&mut *listeners.observer))? {
        output.target.put(&chunk)?;
        open.sizes.push(u32::try_from(chunk.len()).unwrap_or(u32::MAX));
    }
    Ok(())
}

fn new_pool(chunk_size: u32, level: u32) -> Pool<Vec<u8>, Vec<u8>> {
    let each = u64::from(chunk_size).saturating_mul(MEMORY_PER_BYTE).max(1);
    let room = host::available_memory().map_or(u64::MAX, |free| free.saturating_mul(3) / 4 / each);
    let threads = cores().min(usize::try_from(room).unwrap_or(usize::MAX)).max(1);
    Pool::new(threads, move || {
        let mut codec = compressor(Compression::Lzms, chunk_size, level)?;
        Ok(Box::new(move |chunk: Vec<u8>| {
            let mut packed = Vec::new();
            if let Some(codec) = &mut codec {
                compress_chunk(codec, &chunk, &mut packed);
            }
            packed.shrink_to_fit();
            packed
        }))
    })
}
