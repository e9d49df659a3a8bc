//! The journal of a session: one framed, checksummed record per transaction.
//!
//! Records are only ever appended, each with one write and one sync, so that a crash can tear no
//! record but the last. A torn last record never happened: it is left out, and cut off by the
//! next append. Damage before the last record is an error: later work cannot stand without
//! earlier work.
//! Reference: docs/formats/journal.md.

use crate::error::{Error, Result};
use crate::image::host::HostFile;
use std::path::Path;

/// First bytes of every frame.
const MAGIC: [u8; 4] = *b"IJR1";
/// Frame header: magic, sequence number, payload length, payload CRC-32, header CRC-32.
const HEADER_SIZE: usize = 24;
/// `HEADER_SIZE` as a file offset.
const HEADER_LENGTH: u64 = 24;

/// What the journal holds, apart from the payloads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Valid records.
    pub records: u32,
    /// Where the last valid record ends: the next one goes here.
    pub length: u64,
}

struct FrameHeader {
    sequence: u32,
    payload: u64,
    crc: u32,
}

impl FrameHeader {
    fn parse(bytes: &[u8; HEADER_SIZE]) -> Option<Self> {
        let (fields, sum) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(fields) != u32::from_le_bytes(*sum) {
            return None;
        }
        let (magic, fields) = fields.split_first_chunk::<4>()?;
        let (sequence, fields) = fields.split_first_chunk::<4>()?;
        let (payload, fields) = fields.split_first_chunk::<8>()?;
        let crc = fields.first_chunk::<4>()?;
        (*magic == MAGIC).then(|| Self {
            sequence: u32::from_le_bytes(*sequence),
            payload: u64::from_le_bytes(*payload),
            crc: u32::from_le_bytes(*crc),
        })
    }

    fn to_bytes(&self) -> [u8; HEADER_SIZE] {
        let mut bytes = [0; HEADER_SIZE];
        let fields = [
            &MAGIC[..],
            &self.sequence.to_le_bytes()[..],
            &self.payload.to_le_bytes()[..],
            &self.crc.to_le_bytes()[..],
        ]
        .concat();
        let sum = crc32fast::hash(&fields).to_le_bytes();
        for (to, from) in bytes.iter_mut().zip(fields.iter().chain(&sum)) {
            *to = *from;
        }
        bytes
    }
}

/// Reads the records after `from` and hands each payload to `each`. A journal that does not exist
/// is empty.
pub fn read(path: &Path, from: Extent, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<Extent> {
    let file = match HostFile::open(path) {
        Ok(file) => file,
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return match from.records {
                0 => Ok(from),
                _ => Err(damaged("the journal is gone".to_owned())),
            };
        }
        Err(error) => return Err(error),
    };
    let end = file.length()?;
    let mut extent = from;
    loop {
        let left = end.saturating_sub(extent.length);
        let Some(payload) = read_frame(&file, extent, left)? else { break };
        each(&payload)?;
        let size = HEADER_LENGTH.saturating_add(u64::try_from(payload.len()).unwrap_or(u64::MAX));
        extent.length = extent.length.saturating_add(size);
        extent.records = extent.records.saturating_add(1);
    }
    Ok(extent)
}

/// The payload at the end of `extent`, or `None` when there is none or a torn one.
fn read_frame(file: &HostFile, extent: Extent, left: u64) -> Result<Option<Vec<u8>>> {
    let Some(most) = left.checked_sub(HEADER_LENGTH) else { return Ok(None) };
    let mut header = [0; HEADER_SIZE];
    file.read_at(&mut header, extent.length)?;
    let torn_unless_followed = |what: &str| {
        if valid_frame_follows(file, extent.length, left)? {
            return Err(damaged(format!("journal record {} at {:#x} {what}", extent.records, extent.length)));
        }
        Ok(None)
    };
    let Some(header) = FrameHeader::parse(&header) else {
        return torn_unless_followed("has a damaged header");
    };
    if header.sequence != extent.records {
        return Err(damaged(format!(
            "the journal has record {} where {} belongs",
            header.sequence, extent.records
        )));
    }
    if header.payload > most {
        return Ok(None);
    }
    let size = usize::try_from(header.payload).map_err(|_| damaged("a record is too large".to_owned()))?;
    let mut payload = vec![0; size];
    file.read_at(&mut payload, extent.length.saturating_add(HEADER_LENGTH))?;
    if crc32fast::hash(&payload) == header.crc {
        return Ok(Some(payload));
    }
    if header.payload < most {
        return Err(damaged(format!("journal record {} at {:#x} is damaged", extent.records, extent.length)));
    }
    Ok(None)
}

/// Looks for a sound frame header behind a damaged one: then it was not the last append that tore.
fn valid_frame_follows(file: &HostFile, start: u64, left: u64) -> Result<bool> {
    const WINDOW: usize = 1 << 20;
    let mut position = start.saturating_add(1);
    let end = start.saturating_add(left);
    let mut window = Vec::new();
    while end.saturating_sub(position) >= HEADER_LENGTH {
        let size = usize::try_from(end.saturating_sub(position)).map_or(WINDOW, |left| left.min(WINDOW));
        window.resize(size, 0);
        file.read_at(&mut window, position)?;
        let found = window.windows(HEADER_SIZE).any(|bytes| {
            bytes.starts_with(&MAGIC) && bytes.first_chunk().and_then(FrameHeader::parse).is_some()
        });
        if found {
            return Ok(true);
        }
        let step = size.saturating_sub(HEADER_SIZE).saturating_add(1);
        position = position.saturating_add(u64::try_from(step).unwrap_or(u64::MAX));
    }
    Ok(false)
}

/// Appends one record, durable when it returns. When it fails, the journal is as before.
pub fn append(path: &Path, extent: Extent, payload: &[u8]) -> Result<Extent> {
    let size = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    let header = FrameHeader { sequence: extent.records, payload: size, crc: crc32fast::hash(payload) };
    let mut frame = Vec::with_capacity(payload.len().saturating_add(HEADER_SIZE));
    frame.extend_from_slice(&header.to_bytes());
    frame.extend_from_slice(payload);
    let file = HostFile::open_private(path)?;
    if file.length()? > extent.length {
        file.set_length(extent.length)?;
    }
    let written = file.write_at(&frame, extent.length).and_then(|()| file.sync());
    let named = match extent.records {
        0 => path.parent().map_or(Ok(()), crate::image::host::sync_directory),
        _ => Ok(()),
    };
    if let Err(error) = written.and(named) {
        // A record that could not be made durable must not come to life later.
        let _ = file.set_length(extent.length);
        return Err(error);
    }
    let end = HEADER_LENGTH.saturating_add(size).saturating_add(extent.length);
    Ok(Extent { records: extent.records.saturating_add(1), length: end })
}

/// Nothing follows the records of `extent`.
pub fn ends_at(path: &Path, extent: Extent) -> bool {
    match std::fs::metadata(path) {
        Ok(metadata) => metadata.len() <= extent.length,
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

fn damaged(reason: String) -> Error {
    Error::StateDamaged { reason }
}
