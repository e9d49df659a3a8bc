//! Content on its way from the image file to the files of the target, on all cores.

use super::cores::Stop;
use super::plan::{File, Kind, Plan};
use super::schedule::{Piece, Schedule, Segment, Wanted};
use super::target::{NewFile, Target};
use crate::error::{Error, Result};
use crate::formats::wim::{check_hash, Hash, ResourceReader};
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Bytes written at a time: between two slices the work can be stopped.
const SLICE: usize = 4 << 20;
/// The unit of holes in sparse files.
const HOLE: usize = 4096;
/// How long a thread waits before it looks whether the work was stopped.
const PATIENCE: Duration = Duration::from_millis(20);

/// What all threads share.
pub(super) struct Writer<'a> {
    pub plan: &'a Plan<'a>,
    pub schedule: &'a Schedule<'a>,
    pub target: &'a Target,
    pub stop: &'a Stop,
    /// Bytes written.
    pub done: AtomicU64,
    /// Reparse data of links, by file.
    pub links: Mutex<Vec<(usize, Vec<u8>)>>,
    /// Files whose times the host refused.
    pub without_times: Mutex<Vec<usize>>,
    /// Contents that reach over several segments.
    unfinished: Mutex<HashMap<usize, Unfinished>>,
    handed_on: Condvar,
}

/// A content of which a part is written.
struct Unfinished {
    done: u64,
    digest: Sha1,
    /// The first file that has it, with its number; the others are copied from it in the end.
    file: Option<(usize, NewFile)>,
    /// What there is of a small content.
    data: Vec<u8>,
}

/// What one thread keeps from segment to segment.
#[derive(Default)]
pub(super) struct Hands {
    reader: Option<(usize, ResourceReader)>,
    buffer: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub fn new(plan: &'a Plan<'a>, schedule: &'a Schedule<'a>, target: &'a Target, stop: &'a Stop) -> Self {
        Self {
            plan,
            schedule,
            target,
            stop,
            done: AtomicU64::new(0),
            links: Mutex::default(),
            without_times: Mutex::default(),
            unfinished: Mutex::default(),
            handed_on: Condvar::new(),
        }
    }

    /// Decodes a segment and writes what it holds.
    pub fn segment(&self, hands: &mut Hands, segment: &Segment) -> Result<()> {
        let Some(content) = self.schedule.contents.get(segment.content) else { return Ok(()) };
        self.decode(hands, segment, content).map_err(|error| self.damage(content, error))?;
        let length = usize::try_from(segment.range.end.saturating_sub(segment.range.start)).unwrap_or(0);
        let decoded = hands.buffer.get(..length).unwrap_or_default();
        for piece in &segment.pieces {
            let Some(content) = self.schedule.contents.get(piece.content) else { continue };
            let start = usize::try_from(piece.start).unwrap_or(usize::MAX);
            let count = piece.range.end.saturating_sub(piece.range.start);
            let end = usize::try_from(count).ok().and_then(|count| start.checked_add(count));
            let Some(bytes) = end.and_then(|end| decoded.get(start..end)) else {
                let found = format!("{length} bytes");
                let error =
                    Error::malformed("WIM resource", "a content's place in it", "a longer one", found);
                return Err(self.damage(content, error));
            };
            if count == content.blob.size {
                self.whole(content, bytes)?;
            } else {
                self.part(piece, content, bytes)?;
            }
        }
        Ok(())
    }

    fn decode(&self, hands: &mut Hands, segment: &Segment, content: &Wanted<'_>) -> Result<()> {
        let mut reader = match hands.reader.take() {
            Some((resource, reader)) if resource == segment.resource => reader,
            other => {
                let mut reader = content.holder.archive().open_resource(&content.blob)?;
                if let Some((_, other)) = other {
                    reader.go_on_after(other);
                }
                reader
            }
        };
        let length = usize::try_from(segment.range.end.saturating_sub(segment.range.start));
        let length = length.map_err(|_| Error::LimitExceeded {
            what: "the size of a chunk",
            limit: u64::try_from(usize::MAX).unwrap_or(u64::MAX),
            found: segment.range.end,
        })?;
        if hands.buffer.len() < length {
            hands.buffer.resize(length, 0);
        }
        let buffer = hands.buffer.get_mut(..length).unwrap_or_default();
        reader.read_range(segment.range.start, buffer)?;
        hands.reader = Some((segment.resource, reader));
        Ok(())
    }

    /// A content that is all there.
    fn whole(&self, content: &Wanted<'_>, bytes: &[u8]) -> Result<()> {
        self.check(content, Sha1::digest(bytes).into())?;
        for number in self.schedule.files_of(content) {
            self.stop.check()?;
            let Some(file) = self.plan.files.get(*number) else { continue };
            if file.kind == Kind::Link {
                self.keep_link(*number, bytes.to_vec());
                continue;
            }
            let path = self.plan.path(file.name)?;
            let mut new = self.target.create_file(&path)?;
            if let Err(error) = self.append(&mut new, file, bytes) {
                self.target.abandon_file(new);
                return Err(error);
            }
            self.end_file(*number, file, new, content.blob.size)?;
        }
        Ok(())
    }

    /// A part of a content: what comes before it is waited for.
    fn part(&self, piece: &Piece, content: &Wanted<'_>, bytes: &[u8]) -> Result<()> {
        let mut state = match piece.range.start {
            0 => self.begin(content)?,
            _ => self.wait_for(piece)?,
        };
        match self.go_on(&mut state, content, bytes) {
            Ok(()) if piece.range.end < content.blob.size => {
                state.done = piece.range.end;
                self.unfinished.lock().unwrap_or_else(PoisonError::into_inner).insert(piece.content, state);
                self.handed_on.notify_all();
                Ok(())
            }
            Ok(()) => self.end(state, content),
            Err(error) => {
                self.abandon(state);
                Err(error)
            }
        }
    }

    fn begin(&self, content: &Wanted<'_>) -> Result<Unfinished> {
        let mut state = Unfinished { done: 0, digest: Sha1::new(), file: None, data: Vec::new() };
        if !is_small(content) {
            let mut files = self.schedule.files_of(content).iter();
            let first = files.find_map(|number| {
                let file = self.plan.files.get(*number)?;
                (file.kind == Kind::File).then_some((*number, file))
            });
            if let Some((number, file)) = first {
                state.file = Some((number, self.target.create_file(&self.plan.path(file.name)?)?));
            }
        }
        Ok(state)
    }

    /// The state of a content that another thread has brought to where this piece begins.
    fn wait_for(&self, piece: &Piece) -> Result<Unfinished> {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if unfinished.get(&piece.content).is_some_and(|state| state.done == piece.range.start) {
                if let Some(state) = unfinished.remove(&piece.content) {
                    return Ok(state);
                }
            }
            self.stop.check()?;
            let waited = self.handed_on.wait_timeout(unfinished, PATIENCE);
            unfinished = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn go_on(&self, state: &mut Unfinished, content: &Wanted<'_>, bytes: &[u8]) -> Result<()> {
        if is_small(content) {
            state.data.extend_from_slice(bytes);
            return Ok(());
        }
        state.digest.update(bytes);
        match &mut state.file {
            Some((number, new)) => match self.plan.files.get(*number) {
                Some(file) => self.append(new, file, bytes),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    fn end(&self, state: Unfinished, content: &Wanted<'_>) -> Result<()> {
        if is_small(content) {
            return self.whole(content, &state.data);
        }
        if let Err(error) = self.check(content, state.digest.clone().finalize().into()) {
            self.abandon(state);
            return Err(error);
        }
        let Some((first, new)) = state.file else {
            // Reparse data of that size is none.
            let links = self.schedule.files_of(content).iter();
            links.for_each(|number| self.keep_link(*number, Vec::new()));
            return Ok(());
        };
        let Some(original) = self.plan.files.get(first) else { return Ok(()) };
        self.end_file(first, original, new, content.blob.size)?;
        for number in self.schedule.files_of(content).iter().filter(|number| **number != first) {
            let Some(file) = self.plan.files.get(*number) else { continue };
            match file.kind {
                Kind::Link => self.keep_link(*number, Vec::new()),
                Kind::File | Kind::Directory => self.copy(original, *number, file, content.blob.size)?,
            }
        }
        Ok(())
    }

    /// Writes a large content again, from a file that has it.
    fn copy(&self, original: &File, number: usize, file: &File, size: u64) -> Result<()> {
        let path = self.plan.path(original.name)?;
        let refused = |source| Error::io("read", self.target.display(&path), source);
        let mut source = self.target.tree().open_file(&path).map_err(refused)?;
        let mut new = self.target.create_file(&self.plan.path(file.name)?)?;
        let mut buffer = vec![0; SLICE];
        loop {
            let copied = source.read(&mut buffer).map_err(refused).and_then(|count| {
                self.append(&mut new, file, buffer.get(..count).unwrap_or_default())?;
                Ok(count)
            });
            match copied {
                Ok(0) => return self.end_file(number, file, new, size),
                Ok(_) => {}
                Err(error) => {
                    self.target.abandon_file(new);
                    return Err(error);
                }
            }
        }
    }

    /// Appends to a file; in a sparse one, blocks of zeros become holes.
    fn append(&self, new: &mut NewFile, file: &File, bytes: &[u8]) -> Result<()> {
        let sparse = self.plan.is_sparse(file);
        for slice in bytes.chunks(SLICE) {
            self.stop.check()?;
            let written = match sparse {
                false => new.file.write_all(slice),
                true => slice.chunks(HOLE).try_for_each(|block| match block.iter().all(|byte| *byte == 0) {
                    true => new.file.skip(u64::try_from(block.len()).unwrap_or(0)),
                    false => new.file.write_all(block),
                }),
            };
            if let Err(source) = written {
                return Err(Error::io("write", self.target.display(&self.plan.path(file.name)?), source));
            }
            self.done.fetch_add(u64::try_from(slice.len()).unwrap_or(0), Ordering::Relaxed);
        }
        Ok(())
    }

    /// A file without content.
    pub fn empty(&self, number: usize, file: &File) -> Result<()> {
        let new = self.target.create_file(&self.plan.path(file.name)?)?;
        self.end_file(number, file, new, 0)
    }

    /// Gives a written file its length, times and names.
    fn end_file(&self, number: usize, file: &File, mut new: NewFile, size: u64) -> Result<()> {
        let path = self.plan.path(file.name)?;
        if self.plan.is_sparse(file) {
            if let Err(source) = new.file.set_length(size) {
                self.target.abandon_file(new);
                return Err(Error::io("write", self.target.display(&path), source));
            }
        }
        if new.file.set_times(self.plan.times(file.inode)).is_err() {
            self.without_times.lock().unwrap_or_else(PoisonError::into_inner).push(number);
        }
        self.target.finish_file(&path, new)?;
        file.links.iter().try_for_each(|name| self.target.link(&path, &self.plan.path(*name)?))
    }

    fn keep_link(&self, number: usize, data: Vec<u8>) {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).push((number, data));
    }

    /// Removes what is left of contents that were not finished.
    pub fn clean_up(&self) {
        let unfinished = std::mem::take(&mut *self.unfinished.lock().unwrap_or_else(PoisonError::into_inner));
        unfinished.into_values().for_each(|state| self.abandon(state));
    }

    fn abandon(&self, state: Unfinished) {
        if let Some((_, file)) = state.file {
            self.target.abandon_file(file);
        }
    }

    fn check(&self, content: &Wanted<'_>, found: Hash) -> Result<()> {
        let checked = check_hash(&content.blob.hash, &found, || "content".to_owned());
        checked.map_err(|error| self.damage(content, error))
    }

    /// Names the image file and the first file that has a damaged content.
    fn damage(&self, content: &Wanted<'_>, error: Error) -> Error {
        let file = self.schedule.files_of(content).first().and_then(|number| self.plan.files.get(*number));
        let error = match file {
            Some(file) => error.in_file(self.plan.tree.display_path(file.name)),
            None => error,
        };
        match error {
            Error::Io { .. } | Error::Cancelled => error,
            other => {
                Error::InFile { file: content.holder.path().display().to_string(), source: Box::new(other) }
            }
        }
    }
}

/// Small contents are put together in memory when they reach over two segments.
fn is_small(content: &Wanted<'_>) -> bool {
    usize::try_from(content.blob.size).is_ok_and(|size| size <= SLICE)
}
