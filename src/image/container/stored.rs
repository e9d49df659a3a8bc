//! Content of other image files: copied as it is stored where that is possible, else decompressed
//! and compressed again.

use super::encode::{Listeners, Small, SMALL};
use super::output::Output;
use super::runs::Runs;
use super::ContainerWriter;
use crate::error::{InFile, Result};
use crate::formats::wim::{resource_flags, Blob, BlobLocation, Hash, ResourceHeader};
use crate::image::decode::{read_blobs, BlobPart, Order};
use crate::image::file::ImageFile;
use crate::image::host::{self, HostFile};
use crate::progress::{report, Observer, Phase};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A resource that is copied.
struct Copied {
    /// The file and the part of it.
    holder: usize,
    part: u16,
    header: ResourceHeader,
    what: What,
}

enum What {
    /// One content.
    Blob(Hash),
    /// A solid resource, by its number in its file.
    Solid(u32),
}

/// Solid resources are copied whole if at least this many quarters of them are wanted.
const WANTED_QUARTERS: u64 = 3;

impl ContainerWriter {
    /// See [`ContainerWriter::add_stored`].
    pub(super) fn add_from(
        &mut self,
        from: &Arc<ImageFile>,
        hashes: &[Hash],
        observer: Observer<'_>,
    ) -> Result<()> {
        let mut seen = HashSet::new();
        let is_new =
            |hash: &&Hash| **hash != [0; 20] && !self.output.known.contains(hash) && seen.insert(**hash);
        let hashes: Vec<Hash> = hashes.iter().filter(is_new).copied().collect();
        let (copied, recoded) = self.choose(from, &hashes);
        self.copy(from, copied, &hashes, observer)?;
        self.recode(from, &recoded, observer)
    }

    /// Copies resources that are stored as this file stores them, each one content that is not
    /// there yet, from any host file.
    pub(crate) fn add_resources(
        &mut self,
        source: &HostFile,
        resources: &[(Hash, ResourceHeader)],
        observer: Observer<'_>,
    ) -> Result<()> {
        self.close_solid(observer)?;
        let output = &mut self.output;
        output.target.flush()?;
        let (before, total) = (output.done, output.total);
        let mut done = before;
        let mut advance = |bytes: u64| {
            done = done.saturating_add(bytes);
            report(observer, Phase::WritingContent, done, total.max(done))
        };
        let mut runs = Runs::new(source, output.target.file(), &mut advance);
        let mut to = output.target.position();
        let mut placed = Vec::with_capacity(resources.len());
        for (hash, header) in resources {
            runs.add(header.offset, to, header.size_in_file)?;
            placed.push((hash, ResourceHeader { offset: to, ..*header }));
            to = to.saturating_add(header.size_in_file);
        }
        runs.finish()?;
        output.target.move_to(to)?;
        output.done = done;
        placed.into_iter().try_for_each(|(hash, header)| output.add_resource(hash, header))
    }

    /// Which resources are copied, and which contents are compressed again.
    fn choose(&self, from: &ImageFile, hashes: &[Hash]) -> (Vec<Copied>, Vec<Hash>) {
        let holders = holders(from);
        let (mut copied, mut recoded) = (Vec::new(), Vec::new());
        let mut solid: HashMap<(usize, u32), (u64, Vec<Hash>)> = HashMap::new();
        for hash in hashes {
            let Some((holder, blob)) = find(&holders, hash) else {
                // Reading it will say why it is missing.
                recoded.push(*hash);
                continue;
            };
            let same = holders.get(holder).is_some_and(|file| file.storage() == self.storage);
            match blob.location {
                BlobLocation::Resource(header) if same && self.solid.is_none() && !self.recompress => {
                    copied.push(Copied { holder, part: blob.part, header, what: What::Blob(*hash) });
                }
                BlobLocation::Solid { resource, .. } if self.solid.is_some() && !self.recompress => {
                    let (bytes, members) = solid.entry((holder, resource)).or_default();
                    *bytes = bytes.saturating_add(blob.size);
                    members.push(*hash);
                }
                _ => recoded.push(*hash),
            }
        }
        for ((holder, number), (bytes, members)) in solid {
            let position = usize::try_from(number).unwrap_or(usize::MAX);
            let resource =
                holders.get(holder).and_then(|file| file.archive().blobs().solid_resources().get(position));
            match resource {
                Some(solid) if bytes >= (solid.header.size / 4).saturating_mul(WANTED_QUARTERS) => {
                    let (part, header) = (solid.part, solid.header);
                    copied.push(Copied { holder, part, header, what: What::Solid(number) });
                }
                _ => recoded.extend(members),
            }
        }
        // What was in solid resources comes back in the order asked for.
        if self.solid.is_some() && !recoded.is_empty() {
            let wanted: HashSet<Hash> = recoded.into_iter().collect();
            recoded = hashes.iter().filter(|hash| wanted.contains(*hash)).copied().collect();
        }
        copied.sort_by_key(|resource| (resource.holder, resource.part, resource.header.offset));
        (copied, recoded)
    }

    fn copy(
        &mut self,
        from: &ImageFile,
        copied: Vec<Copied>,
        hashes: &[Hash],
        observer: Observer<'_>,
    ) -> Result<()> {
        if copied.is_empty() {
            return Ok(());
        }
        self.close_solid(observer)?;
        let holders = holders(from);
        let output = &mut self.output;
        output.target.flush()?;
        let sum = |of: fn(&ResourceHeader) -> u64| {
            copied.iter().map(|resource| of(&resource.header)).fold(0, u64::saturating_add)
        };
        let (content, stored) = (sum(|header| header.size), sum(|header| header.size_in_file).max(1));
        if let Some(directory) = output.target.file().path().parent() {
            host::require_room(directory, stored)?;
        }
        let (before, total) = (output.done, output.total);
        let mut progress = 0u64;
        // Stored bytes are told as the bytes of content that they stand for.
        let mut advance = |bytes: u64| {
            progress = progress.saturating_add(bytes);
            let share = u128::from(content).saturating_mul(u128::from(progress)) / u128::from(stored);
            let done = before.saturating_add(u64::try_from(share).unwrap_or(u64::MAX));
            report(observer, Phase::WritingContent, done, total.max(done))
        };
        let start = output.target.position();
        let mut to = start;
        let mut rest = copied.as_slice();
        while let Some(first) = rest.first() {
            let together = |other: &&Copied| (other.holder, other.part) == (first.holder, first.part);
            let count = rest.iter().take_while(together).count();
            let (now, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            rest = later;
            let source: &HostFile = match holders.get(first.holder) {
                Some(file) => file.part_file(first.part)?,
                None => continue,
            };
            let mut runs = Runs::new(source, output.target.file(), &mut advance);
            for resource in now {
                runs.add(resource.header.offset, to, resource.header.size_in_file)?;
                to = to.saturating_add(resource.header.size_in_file);
            }
            runs.finish().in_file(from.path().display().to_string())?;
        }
        output.target.move_to(to)?;
        output.done = before.saturating_add(content);
        note_copied(output, &holders, &copied, hashes, start)
    }

    fn recode(&mut self, from: &Arc<ImageFile>, hashes: &[Hash], observer: Observer<'_>) -> Result<()> {
        if hashes.is_empty() {
            return Ok(());
        }
        self.recompressed = true;
        let order = if self.solid.is_some() { Order::AsGiven } else { Order::OnDisk };
        let mut done = |_: u64, _: Hash, _: u64| {};
        let listeners = Listeners { done: &mut done, observer };
        let recoding = Recoding { writer: self, listeners, from, hashes, piece: Vec::new(), begun: false };
        let recoding = RefCell::new(recoding);
        let mut part = |which: usize, part: BlobPart<'_>| recoding.borrow_mut().take(which, part);
        let mut wait = || {
            let Recoding { writer, listeners, .. } = &mut *recoding.borrow_mut();
            writer.output.report(&mut *listeners.observer)
        };
        read_blobs(from, hashes, order, &mut part, &mut wait)?;
        let Recoding { writer, mut listeners, .. } = recoding.into_inner();
        writer.encoder.drain(&mut writer.output, &mut listeners)
    }
}

/// The file and those it refers to.
fn holders(file: &ImageFile) -> Vec<&ImageFile> {
    std::iter::once(file).chain(file.references().iter().map(Arc::as_ref)).collect()
}

fn find<'a>(holders: &[&'a ImageFile], hash: &Hash) -> Option<(usize, &'a Blob)> {
    let mut found = holders.iter().enumerate();
    found.find_map(|(number, file)| Some((number, file.archive().blobs().get(hash)?)))
}

/// Puts what was copied, from `start` on, into the blob table.
fn note_copied(
    output: &mut Output,
    holders: &[&ImageFile],
    copied: &[Copied],
    hashes: &[Hash],
    start: u64,
) -> Result<()> {
    let mut at = start;
    let mut numbers = HashMap::new();
    for Copied { holder, header, what, .. } in copied {
        let place = ResourceHeader { offset: at, ..*header };
        at = at.saturating_add(header.size_in_file);
        match what {
            What::Blob(hash) => {
                let flags = header.flags & resource_flags::COMPRESSED;
                output.add_resource(hash, ResourceHeader { flags, ..place })?;
            }
            What::Solid(number) => {
                let position = usize::try_from(*number).unwrap_or(usize::MAX);
                let old = holders.get(*holder);
                let old = old.and_then(|file| file.archive().blobs().solid_resources().get(position));
                if let Some(old) = old {
                    let moved =
                        crate::formats::wim::SolidResource { part: output.part, header: place, ..*old };
                    numbers.insert((*holder, *number), output.table.add_solid_resource(moved)?);
                }
            }
        }
    }
    if numbers.is_empty() {
        return Ok(());
    }
    for hash in hashes {
        let Some((holder, blob)) = find(holders, hash) else { continue };
        let BlobLocation::Solid { resource, offset } = blob.location else { continue };
        if let Some(number) = numbers.get(&(holder, resource)) {
            output.add_blob(hash, blob.size, BlobLocation::Solid { resource: *number, offset })?;
        }
    }
    Ok(())
}

/// Content on its way from the decoder to the encoder.
struct Recoding<'a> {
    writer: &'a mut ContainerWriter,
    listeners: Listeners<'a>,
    from: &'a ImageFile,
    hashes: &'a [Hash],
    /// What was not handed on yet of the present content.
    piece: Vec<u8>,
    /// The beginning of the present content was handed on.
    begun: bool,
}

impl Recoding<'_> {
    fn take(&mut self, which: usize, part: BlobPart<'_>) -> Result<()> {
        let Some(hash) = self.hashes.get(which).copied() else { return Ok(()) };
        let size = self.from.find_blob(&hash).map_or(0, |blob| blob.size);
        let Self { writer, listeners, piece, begun, .. } = self;
        let ContainerWriter { output, encoder, solid, .. } = &mut **writer;
        match (part, solid) {
            (BlobPart::Damaged(error), _) => Err(error).in_file(self.from.path().display().to_string()),
            (BlobPart::Bytes(bytes), Some(solid)) => {
                if !std::mem::replace(begun, true) {
                    solid.begin(size, output, listeners)?;
                }
                solid.push(bytes, output, listeners)?;
                output.advance(u64::try_from(bytes.len()).unwrap_or(0), &mut *listeners.observer)
            }
            (BlobPart::End, Some(solid)) => {
                *begun = false;
                solid.end(output).map(drop)
            }
            (BlobPart::Bytes(mut bytes), None) => {
                let room = if size <= SMALL { usize::MAX } else { encoder.piece_size() };
                while !bytes.is_empty() {
                    if piece.len() >= room {
                        let first = (!std::mem::replace(begun, true)).then_some(size);
                        encoder.add_piece(std::mem::take(piece), first, None, output, listeners)?;
                    }
                    let fits = room.saturating_sub(piece.len()).min(bytes.len());
                    let (now, later) = bytes.split_at_checked(fits).unwrap_or((bytes, &[]));
                    piece.extend_from_slice(now);
                    bytes = later;
                }
                Ok(())
            }
            (BlobPart::End, None) => {
                let bytes = std::mem::take(piece);
                if size <= SMALL {
                    let length = bytes.len();
                    return encoder.add_small(Small::Bytes(hash, bytes), length, output, listeners);
                }
                let first = (!std::mem::replace(begun, false)).then_some(size);
                *begun = false;
                encoder.add_piece(bytes, first, Some((0, hash)), output, listeners)
            }
        }
    }
}
