//! Streams: the contents of a file, and the rules by which a dentry's hashes mean them.
//!
//! A dentry has one "main hash" and any number of extra entries, each a name and a hash. Named
//! entries are alternate data streams. Which unnamed hash is the reparse data and which is the
//! file's content is not written down; the rules here are DISM's, as wimlib found them.
//!
//! Reference: `docs/formats/wim.md` "Streams"; `ebiggers/wimlib` `src/dentry.c`.

use super::super::Hash;
use super::{attributes, Inode};

/// What a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// Content: unnamed, or an alternate data stream.
    Data,
    /// Reparse data, without its 8-byte header.
    Reparse,
    /// An encrypted file as ReadEncryptedFileRaw gives it.
    EfsRaw,
    /// An unnamed stream too many, or a named one of an encrypted file: kept, not interpreted.
    Unknown,
}

/// A content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// What it is.
    pub kind: StreamKind,
    /// Name of an alternate data stream; empty for the unnamed ones.
    pub name: Box<[u16]>,
    /// SHA-1 of the content; all zero when it is empty.
    pub hash: Hash,
}

const EMPTY: Hash = [0; 20];

impl Inode {
    /// The content's SHA-1; all zero when it is empty.
    pub fn unnamed_hash(&self) -> Hash {
        self.stream(StreamKind::Data, &[]).map_or(EMPTY, |stream| stream.hash)
    }

    /// The stream of that kind and name (compared without case).
    pub fn stream(&self, kind: StreamKind, name: &[u16]) -> Option<&Stream> {
        let same =
            |stream: &&Stream| stream.kind == kind && crate::formats::upcase::equal(&stream.name, name);
        self.streams.iter().find(same)
    }

    /// Sets a stream's content, adding the stream when it is not there. Setting a file's unnamed
    /// data to the empty content removes the stream: that is how an empty file is stored.
    pub fn set_stream(&mut self, kind: StreamKind, name: &[u16], hash: Hash) {
        if kind == StreamKind::Data && name.is_empty() && hash == EMPTY {
            self.remove_stream(kind, name);
            return;
        }
        let same =
            |stream: &&mut Stream| stream.kind == kind && crate::formats::upcase::equal(&stream.name, name);
        match self.streams.iter_mut().find(same) {
            Some(stream) => stream.hash = hash,
            None => self.streams.push(Stream { kind, name: name.into(), hash }),
        }
    }

    /// Removes a stream; `false` when it is not there.
    pub fn remove_stream(&mut self, kind: StreamKind, name: &[u16]) -> bool {
        let before = self.streams.len();
        self.streams
            .retain(|stream| stream.kind != kind || !crate::formats::upcase::equal(&stream.name, name));
        before != self.streams.len()
    }

    /// Gives the hashes of a dentry their meaning. `extra` are the entries in their order.
    pub(super) fn assign_streams(&mut self, main_hash: Hash, extra: Vec<(Box<[u16]>, Hash)>) {
        let encrypted = self.attributes & attributes::ENCRYPTED != 0;
        let mut reparse = !encrypted && self.attributes & attributes::REPARSE_POINT != 0;
        let mut data = true;
        let mut interpreted = false;
        let main = (main_hash != EMPTY).then(|| (Box::default(), main_hash));
        // Exactly as many as there are: almost every file has one, and there are many files.
        self.streams.reserve_exact(extra.len().saturating_add(usize::from(main.is_some())));
        for (name, hash) in main.into_iter().chain(extra) {
            let kind = if encrypted {
                // The first unnamed content is the whole file; nothing else is interpreted.
                match name.is_empty() && hash != EMPTY && !interpreted {
                    true => StreamKind::EfsRaw,
                    false => StreamKind::Unknown,
                }
            } else if !name.is_empty() {
                StreamKind::Data
            } else if std::mem::take(&mut reparse) {
                StreamKind::Reparse
            } else if std::mem::take(&mut data) {
                StreamKind::Data
            } else {
                StreamKind::Unknown
            };
            interpreted |= name.is_empty() && kind != StreamKind::Unknown;
            // Unnamed data that is empty is not kept for files, which always have some, and
            // unknown streams without content say nothing.
            let says_nothing = match kind {
                StreamKind::Data => name.is_empty() && self.attributes & attributes::DIRECTORY == 0,
                StreamKind::Unknown => name.is_empty(),
                StreamKind::Reparse | StreamKind::EfsRaw => false,
            };
            if hash != EMPTY || !says_nothing {
                // Nearly every file has one stream; room for more in each would be a third of a
                // large image's tree.
                self.streams.reserve_exact(1);
                self.streams.push(Stream { kind, name, hash });
            }
        }
    }

    /// The main hash and the extra entries that mean this inode's streams.
    ///
    /// A single unnamed stream goes into the main hash. Otherwise every stream gets an entry and
    /// the main hash stays zero: reparse data, then unnamed data, then the named ones.
    pub(super) fn stored_streams(&self) -> (Hash, Vec<(&[u16], Hash)>) {
        let unnamed = |kind| {
            let mut same =
                self.streams.iter().filter(move |stream| stream.kind == kind && stream.name.is_empty());
            same.next().map(|stream| stream.hash)
        };
        let mut entries: Vec<(&[u16], Hash)> = Vec::new();
        if self.attributes & attributes::ENCRYPTED != 0 {
            entries.push((&[], unnamed(StreamKind::EfsRaw).unwrap_or(EMPTY)));
        } else {
            if self.attributes & attributes::REPARSE_POINT != 0 {
                entries.push((&[], unnamed(StreamKind::Reparse).unwrap_or(EMPTY)));
            }
            // Directories have no unnamed data, but wimlib before 1.14.2 wrote an empty one.
            let data = unnamed(StreamKind::Data);
            if self.attributes & attributes::DIRECTORY == 0 || data.is_some() {
                entries.push((&[], data.unwrap_or(EMPTY)));
            }
        }
        let single = entries.len();
        for kind in [StreamKind::Data, StreamKind::Unknown] {
            let more = self.streams.iter().filter(|stream| stream.kind == kind);
            let more = more.filter(|stream| kind == StreamKind::Unknown || !stream.name.is_empty());
            entries.extend(more.map(|stream| (&*stream.name, stream.hash)));
        }
        match entries.as_slice() {
            [] => (EMPTY, Vec::new()),
            [(_, hash)] if single == 1 => (*hash, Vec::new()),
            _ => (EMPTY, entries),
        }
    }
}
