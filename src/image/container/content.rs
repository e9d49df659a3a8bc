//! Content that comes from outside: files to be captured, streams.

use super::encode::{not_as_announced, read_announced, Encoder, Listeners, Small, SMALL};
use super::options::Incoming;
use super::output::{check_announced, Output};
use super::solid::Solid;
use super::ContainerWriter;
use crate::error::{Error, Result};
use crate::formats::wim::Hash;
use sha1::{Digest, Sha1};
use std::io::{ErrorKind, Read};

/// The hash of no content.
const EMPTY: Hash = [0; 20];
/// Bytes read at a time on the way into a solid resource.
const WINDOW: usize = 1 << 20;

impl ContainerWriter {
    /// See [`ContainerWriter::add_content`].
    pub(super) fn take_content(
        &mut self,
        items: &mut dyn Iterator<Item = Incoming>,
        listeners: &mut Listeners<'_>,
    ) -> Result<()> {
        let Self { output, encoder, solid, .. } = self;
        for item in items {
            let known = item.hash.filter(|hash| output.known.contains(hash));
            let present = if item.size == 0 { Some(EMPTY) } else { known };
            match (present, &mut *solid) {
                (Some(hash), Some(_)) => {
                    (listeners.done)(item.tag, hash, item.size);
                    output.advance(item.size, &mut *listeners.observer)?;
                }
                (None, Some(solid)) => add_solid(item, solid, output, listeners)?,
                (Some(hash), None) => {
                    let present = Small::Present(item.tag, hash, item.size);
                    encoder.add_small(present, 0, output, listeners)?;
                }
                (None, None) if item.size <= SMALL => {
                    let bytes = usize::try_from(item.size).unwrap_or(usize::MAX);
                    let small = Small::Read(encoder.number(), item);
                    encoder.add_small(small, bytes, output, listeners)?;
                }
                (None, None) => add_large(item, encoder, output, listeners)?,
            }
        }
        encoder.drain(output, listeners)
    }
}

/// Reads a large content piece by piece; other threads compress the pieces.
fn add_large(
    item: Incoming,
    encoder: &mut Encoder,
    output: &mut Output,
    listeners: &mut Listeners<'_>,
) -> Result<()> {
    let Incoming { tag, size, hash: announced, open } = item;
    let mut reader = open()?;
    let mut digest = Sha1::new();
    let mut first = Some(size);
    let mut left = size;
    while left > 0 {
        let room = encoder.piece_size();
        let mut piece = vec![0; usize::try_from(left).map_or(room, |left| left.min(room))];
        read_exact(&mut *reader, &mut piece)?;
        digest.update(&piece);
        left = left.saturating_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        let last = match left {
            0 => Some((tag, end(&mut *reader, &mut digest, announced)?)),
            _ => None,
        };
        encoder.add_piece(piece, first.take(), last, output, listeners)?;
    }
    Ok(())
}

/// Puts a content into the solid resource. What fits in memory is hashed first.
fn add_solid(
    item: Incoming,
    solid: &mut Solid,
    output: &mut Output,
    listeners: &mut Listeners<'_>,
) -> Result<()> {
    let Incoming { tag, size, hash: announced, open } = item;
    let mut reader = open()?;
    if size <= u64::try_from(WINDOW).unwrap_or(u64::MAX) {
        let bytes = read_announced(&mut *reader, size)?;
        let hash = Sha1::digest(&bytes).into();
        check_announced(announced, &hash)?;
        if !output.known.contains(&hash) {
            solid.begin(size, output, listeners)?;
            solid.push(&bytes, output, listeners)?;
            solid.end(output)?;
        }
        (listeners.done)(tag, hash, size);
        return output.advance(size, &mut *listeners.observer);
    }
    solid.begin(size, output, listeners)?;
    let mut window = vec![0; WINDOW];
    let mut left = size;
    while left > 0 {
        let now = usize::try_from(left).map_or(WINDOW, |left| left.min(WINDOW));
        let part = window.get_mut(..now).unwrap_or_default();
        read_exact(&mut *reader, part)?;
        solid.push(part, output, listeners)?;
        let bytes = u64::try_from(now).unwrap_or(u64::MAX);
        left = left.saturating_sub(bytes);
        output.advance(bytes, &mut *listeners.observer)?;
    }
    check_end(&mut *reader)?;
    let hash = solid.end(output)?;
    check_announced(announced, &hash)?;
    (listeners.done)(tag, hash, size);
    Ok(())
}

/// The SHA-1 of a content that must end here.
fn end(reader: &mut dyn Read, digest: &mut Sha1, announced: Option<Hash>) -> Result<Hash> {
    check_end(reader)?;
    let hash = std::mem::take(digest).finalize().into();
    check_announced(announced, &hash)?;
    Ok(hash)
}

fn check_end(reader: &mut dyn Read) -> Result<()> {
    match reader.read(&mut [0]).map_err(Error::Stream)? {
        0 => Ok(()),
        _ => Err(not_as_announced()),
    }
}

fn read_exact(reader: &mut dyn Read, buffer: &mut [u8]) -> Result<()> {
    reader.read_exact(buffer).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => not_as_announced(),
        _ => Error::Stream(error),
    })
}
