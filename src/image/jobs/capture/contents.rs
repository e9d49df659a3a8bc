//! Contents of the files that were found: read, hashed, and handed to the writer of the image file.
//!
//! Each file is read once. A large one is read for its SHA-1 first if another content of its size
//! is known, since it may then be stored already. A file that is not what it was when it was found,
//! or that changes while it is read, is an error: half of an old and half of a new content is none.

use super::scan::{FoundFile, Scan};
use crate::error::{Error, Result};
use crate::formats::upcase::upcase;
use crate::formats::wim::tree::{Stream, StreamKind};
use crate::formats::wim::Hash;
use crate::image::container::{ContainerWriter, Incoming};
use crate::image::file::ImageFile;
use crate::image::host::listing::{self, FileState};
use crate::image::pool::cores;
use crate::progress::{report, Observer, Phase};
use sha1::{Digest, Sha1};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{mpsc, Arc};
use std::time::Duration;

/// Files from this size on are hashed first when their content may be there already.
const LARGE: u64 = 1 << 20;
/// Bytes that are read at once for a SHA-1.
const WINDOW: usize = 256 << 10;
/// How long the caller's thread waits for the others before it reports.
const REPORT_INTERVAL: Duration = Duration::from_millis(50);

/// Adds the contents of everything found, and enters them in the tree; gives their sizes. `known`
/// are files whose contents need not be written.
///
/// # Errors
/// [`Error::Io`] naming a file that cannot be read or that changed.
pub(super) fn add(
    scan: &mut Scan,
    known: &[Arc<ImageFile>],
    writer: &mut ContainerWriter,
    similar_together: bool,
    observer: Observer<'_>,
) -> Result<HashMap<Hash, u64>> {
    let hashes = hash_suspects(scan, known, observer)?;
    let mut order: Vec<usize> = (0..scan.files.len()).collect();
    if similar_together {
        sort_by_kind(scan, &mut order);
    }
    let links = std::mem::take(&mut scan.links);
    let links_at = scan.files.len();
    let mut found: Vec<Hash> = vec![[0; 20]; links_at];
    let mut sizes = HashMap::new();
    let total = scan.files.iter().map(|file| file.state.size).fold(0, u64::saturating_add);
    let of_links = links.iter().map(|(_, data)| length(data)).fold(0, u64::saturating_add);
    writer.expect(total.saturating_add(of_links));
    {
        let scan = &*scan;
        let files = order.into_iter().filter_map(|index| {
            let file = scan.files.get(index)?;
            let (path, state) = (scan.host_path(file.name), file.state);
            let open = move || -> Result<Box<dyn Read + Send>> { Ok(Box::new(Watched::open(path, state)?)) };
            let hash = hashes.get(&index).copied();
            let tag = u64::try_from(index).ok()?;
            Some(Incoming { tag, size: state.size, hash, open: Box::new(open) })
        });
        let links = links.into_iter().map(|(hash, data)| {
            let size = length(&data);
            let open = move || -> Result<Box<dyn Read + Send>> { Ok(Box::new(io::Cursor::new(data))) };
            Incoming { tag: u64::MAX, size, hash: Some(hash), open: Box::new(open) }
        });
        let mut done = |tag: u64, hash: Hash, size: u64| {
            sizes.insert(hash, size);
            if let Some(place) = usize::try_from(tag).ok().and_then(|index| found.get_mut(index)) {
                *place = hash;
            }
        };
        writer.add_content(&mut files.chain(links), &mut done, observer).map_err(reveal)?;
    }
    for (file, hash) in scan.files.iter().zip(found) {
        if let Some(inode) = scan.tree.inode_mut(file.inode) {
            // One element, and no room for more: nearly every file has just one.
            inode.streams = Vec::from([Stream { kind: StreamKind::Data, name: Box::default(), hash }]);
        }
    }
    Ok(sizes)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Files of one kind behind each other, as solid compression likes them: by extension, then name.
fn sort_by_kind(scan: &Scan, order: &mut [usize]) {
    const DOT: u16 = 0x2E;
    order.sort_by_cached_key(|index| {
        let name = scan.files.get(*index).map(|file| &scan.tree.dentry(file.name).name);
        let name: Vec<u16> =
            name.into_iter().flat_map(|name| name.iter().map(|unit| upcase(*unit))).collect();
        let extension = name.iter().rposition(|unit| *unit == DOT);
        let extension = extension.and_then(|dot| name.get(dot..)).unwrap_or_default().to_vec();
        (extension, name)
    });
}

/// The SHA-1 of large files that may have a content that is there already, by their index.
fn hash_suspects(
    scan: &Scan,
    known: &[Arc<ImageFile>],
    observer: Observer<'_>,
) -> Result<HashMap<usize, Hash>> {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    let large = || scan.files.iter().enumerate().filter(|(_, file)| file.state.size >= LARGE);
    for (_, file) in large() {
        let count = counts.entry(file.state.size).or_default();
        *count = count.saturating_add(1);
    }
    let stored: HashSet<u64> =
        known.iter().flat_map(|file| file.archive().blobs().iter()).map(|blob| blob.size).collect();
    let is_suspect = |file: &FoundFile| {
        let size = file.state.size;
        counts.get(&size).is_some_and(|count| *count > 1) || stored.contains(&size)
    };
    let suspects: Vec<(usize, &FoundFile)> = large().filter(|(_, file)| is_suspect(file)).collect();
    if suspects.is_empty() {
        return Ok(HashMap::new());
    }
    let total = suspects.iter().map(|(_, file)| file.state.size).fold(0, u64::saturating_add);
    let (next, done, stop) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let work = &|sender: mpsc::Sender<Result<(usize, Hash)>>| {
        while let Some((index, file)) = suspects.get(next.fetch_add(1, Ordering::Relaxed)) {
            let hash = hash(scan.host_path(file.name), file.state, &done, &stop);
            if sender.send(hash.map(|hash| (*index, hash))).is_err() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let cores = cores();
        let threads: Vec<_> = (0..cores.min(suspects.len()))
            .map(|_| {
                let sender = sender.clone();
                scope.spawn(move || work(sender))
            })
            .collect();
        drop(sender);
        let mut hashes = HashMap::new();
        let answer = loop {
            match receiver.recv_timeout(REPORT_INTERVAL) {
                Ok(Ok((index, hash))) => drop(hashes.insert(index, hash)),
                Ok(Err(error)) => break Err(error),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break Ok(()),
            }
            let answer = report(observer, Phase::Verifying, done.load(Ordering::Relaxed), total);
            if answer.is_err() {
                break answer;
            }
        };
        stop.store(true, Ordering::Relaxed);
        drop(receiver);
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
        answer.map(|()| hashes)
    })
}

fn hash(path: PathBuf, state: FileState, done: &AtomicU64, stop: &AtomicBool) -> Result<Hash> {
    let mut file = Watched::open(path, state)?;
    let mut digest = Sha1::new();
    let mut window = vec![0; WINDOW];
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        match file.read(&mut window) {
            Ok(0) => return Ok(digest.finalize().into()),
            Ok(count) => {
                let part = window.get(..count).unwrap_or_default();
                digest.update(part);
                done.fetch_add(length(part), Ordering::Relaxed);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reveal(Error::Stream(error))),
        }
    }
}

/// A file that must stay what it was when it was found.
struct Watched {
    file: File,
    path: PathBuf,
    state: FileState,
    left: u64,
}

impl Watched {
    fn open(path: PathBuf, state: FileState) -> Result<Self> {
        let (file, found) = listing::open_file(&path)?;
        match found == state {
            true => Ok(Self { file, path, state, left: state.size }),
            false => Err(changed(&path)),
        }
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let buffer = buffer.get_mut(..most).unwrap_or_default();
        if buffer.is_empty() {
            return Ok(0);
        }
        let named = |error| io::Error::other(Error::io("read", &self.path, error));
        let count = match self.file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            answer => answer.map_err(named)?,
        };
        self.left = self.left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        let ended = count == 0 || self.left == 0;
        if ended {
            let state = listing::file_state(&self.file, &self.path).map_err(io::Error::other)?;
            if self.left > 0 || state != self.state {
                return Err(io::Error::other(changed(&self.path)));
            }
        }
        Ok(count)
    }
}

fn changed(path: &std::path::Path) -> Error {
    Error::io("capture", path, io::Error::other("it changed while it was captured"))
}

/// The error that names the file, from inside the one that a reader can give.
fn reveal(error: Error) -> Error {
    match error {
        Error::Stream(source) => match source.downcast::<Error>() {
            Ok(error) => error,
            Err(source) => Error::Stream(source),
        },
        other => other,
    }
}
