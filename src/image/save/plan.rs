//! What the blob table of the saved file is: which blobs come, which go, who refers to what.

use crate::error::{Error, Result};
use crate::formats::wim::tree::{Totals, Tree};
use crate::formats::wim::xml::Element;
use crate::formats::wim::{Archive, Blob, BlobLocation, BlobTable, Hash, ResourceHeader};
use crate::image::content::staged_header;
use crate::image::content::ContentStore;
use crate::image::host::HostFile;
use crate::image::identity::{self, Sources};
use crate::image::operation::StagedBlob;
use crate::image::session::Loaded;
use crate::progress::{report, Observer, Phase};
use std::collections::{HashMap, HashSet};

/// The image to be saved.
pub(super) struct Work {
    pub tree: Tree,
    pub totals: Totals,
    pub content: ContentStore,
    changes: Vec<Change>,
    base_sources: Sources,
}

/// A blob to which the image refers more or less often than before.
struct Change {
    hash: Hash,
    before: u32,
    now: u32,
}

impl Work {
    pub fn new(loaded: Loaded) -> Self {
        let Loaded { tree, content, base_references, base_sources, .. } = loaded;
        let totals = tree.totals(|hash| content.size(hash));
        let mut references = tree.blob_references();
        let mut changes = Vec::new();
        for (hash, before) in base_references {
            let now = references.remove(&hash).unwrap_or(0);
            if now != before {
                changes.push(Change { hash, before, now });
            }
        }
        changes.extend(references.into_iter().map(|(hash, now)| Change { hash, before: 0, now }));
        Self { tree, totals, content, changes, base_sources }
    }
}

impl Work {
    /// Brings what the XML says of the image's Windows up to date. Gives notes on what was not read.
    pub fn describe(&self, image: &mut Element) -> Vec<String> {
        identity::update_xml(image, &self.tree, Some(&self.base_sources), &mut |hash| {
            Ok(Box::new(self.content.open(hash)?))
        })
    }
}

/// The blobs of the file after a save.
pub struct Plan {
    /// The old table with the new counts, without the new blobs.
    pub table: BlobTable,
    /// New blobs and how often they are referred to, in the order they were staged; they get
    /// into the table when they are copied.
    added: Vec<(StagedBlob, u32)>,
    /// How many blobs are new.
    pub blobs_added: u64,
}

impl Plan {
    /// Works out the counts: those of the file, less what the saved image referred to, plus what
    /// it refers to now.
    pub fn new(archive: &Archive, work: &Work, index: u32) -> Result<Self> {
        let mut table = archive.blobs().clone();
        let mut added = Vec::new();
        let mut gone: Vec<Hash> = Vec::new();
        for Change { hash, before, now } in &work.changes {
            let Some(blob) = table.get_mut(hash) else {
                match work.content.staged_blob(hash) {
                    Some(staged) => added.push((*staged, *now)),
                    // The image was damaged before, and is no worse for it.
                    None if *before > 0 => {}
                    None => {
                        // It was in the file when it was put into the image, for another image.
                        let hash = crate::image::encoding::to_hex(hash);
                        return Err(Error::ImageChanged { difference: format!("content {hash} is gone") });
                    }
                }
                continue;
            };
            // Files by Microsoft's tools count too few references at times. Then nothing is known
            // of the other images' share, and the blob stays as it is.
            match blob.references.checked_sub(*before) {
                Some(others) => blob.references = others.saturating_add(*now),
                None => blob.references = blob.references.max(*now),
            }
            if blob.references == 0 {
                gone.push(*hash);
            }
        }
        added.sort_unstable_by_key(|(blob, _)| blob.offset);
        let wanted = wanted_elsewhere(archive, index, gone.iter().copied().collect())?;
        for hash in gone {
            match wanted.get(&hash) {
                Some(count) => {
                    if let Some(blob) = table.get_mut(&hash) {
                        blob.references = *count;
                    }
                }
                None => drop(table.remove(&hash)),
            }
        }
        let blobs_added = u64::try_from(added.len()).unwrap_or(u64::MAX);
        Ok(Self { table, added, blobs_added })
    }
}

/// Copies the new blobs to `position` of the image file, as they are in the staged file.
pub(super) fn copy_staged(
    plan: &mut Plan,
    content: &ContentStore,
    target: &HostFile,
    position: &mut u64,
    observer: Observer<'_>,
) -> Result<()> {
    let Some(staged) = content.staged_file() else { return Ok(()) };
    let total = plan.added.iter().map(|(blob, _)| blob.size_in_file).fold(0, u64::saturating_add);
    let mut done = 0u64;
    let mut advance = |bytes| {
        done = done.saturating_add(bytes);
        report(observer, Phase::WritingContent, done, total)
    };
    // Blobs that stand side by side in the staged file are copied in one go.
    let mut run: Option<(u64, u64, u64)> = None;
    for (blob, references) in std::mem::take(&mut plan.added) {
        let to = *position;
        *position = position.saturating_add(blob.size_in_file);
        run = match run {
            Some((from, start, length)) if from.saturating_add(length) == blob.offset => {
                Some((from, start, length.saturating_add(blob.size_in_file)))
            }
            finished => {
                if let Some((from, to, length)) = finished {
                    target.copy_from(staged, from, to, length, &mut advance)?;
                }
                Some((blob.offset, to, blob.size_in_file))
            }
        };
        plan.table.add(Blob {
            hash: blob.hash,
            size: blob.size,
            references,
            part: 1,
            location: BlobLocation::Resource(ResourceHeader { offset: to, ..staged_header(&blob) }),
        })?;
    }
    match run {
        Some((from, to, length)) => target.copy_from(staged, from, to, length, &mut advance),
        None => Ok(()),
    }
}

/// Which of the blobs that nobody seems to need any more other images refer to. A table that
/// counts too few must not cost another image its content.
fn wanted_elsewhere(archive: &Archive, index: u32, gone: HashSet<Hash>) -> Result<HashMap<Hash, u32>> {
    let mut wanted: HashMap<Hash, u32> = HashMap::new();
    if gone.is_empty() {
        return Ok(wanted);
    }
    // Most places in the metadata are told from the start of any hash by two bytes.
    let mut starts = vec![false; 1 << 16];
    for hash in &gone {
        if let Some(start) = starts.get_mut(first_two(hash)) {
            *start = true;
        }
    }
    for image in archive.images().iter().filter(|image| image.index != index) {
        let metadata = archive.read_metadata(image.index)?;
        // Looking for the bytes at every place costs less than building the tree, and finds too
        // much rather than too little.
        for bytes in metadata.windows(20) {
            if starts.get(first_two(bytes)).copied().unwrap_or(false) {
                let Some(hash) = bytes.first_chunk::<20>().filter(|hash| gone.contains(*hash)) else {
                    continue;
                };
                let count = wanted.entry(*hash).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
    Ok(wanted)
}

fn first_two(bytes: &[u8]) -> usize {
    bytes.first_chunk::<2>().map_or(0, |bytes| usize::from(u16::from_le_bytes(*bytes)))
}
