//! What the blob table of the saved file is: which blobs come, which go, who refers to what.

use crate::error::{Error, Result};
use crate::formats::wim::tree::{Totals, Tree};
use crate::formats::wim::xml::Element;
use crate::formats::wim::{Archive, Blob, BlobLocation, BlobTable, Hash, ResourceHeader};
use crate::image::container::references::drop_unwanted;
use crate::image::container::runs::Runs;
use crate::image::content::{staged_header, ContentStore};
use crate::image::host::HostFile;
use crate::image::identity::{self, Sources};
use crate::image::operation::StagedBlob;
use crate::image::session::Loaded;
use crate::progress::{report, Observer, Phase};
use std::collections::HashSet;

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
        let mut gone = HashSet::new();
        for Change { hash, before, now } in &work.changes {
            let Some(blob) = table.get_mut(hash) else {
                match work.content.staged_blob(hash) {
                    Some(staged) => added.push((staged.clone(), *now)),
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
                gone.insert(*hash);
            }
        }
        added.sort_unstable_by_key(|(blob, _)| blob.offset);
        drop_unwanted(&mut table, archive, &[index], gone)?;
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
    let mut runs = Runs::new(staged, target, &mut advance);
    for (blob, references) in std::mem::take(&mut plan.added) {
        let to = *position;
        *position = position.saturating_add(blob.size_in_file);
        runs.add(blob.offset, to, blob.size_in_file)?;
        plan.table.add(Blob {
            hash: blob.hash,
            size: blob.size,
            references,
            part: 1,
            location: BlobLocation::Resource(ResourceHeader { offset: to, ..staged_header(&blob) }),
        })?;
    }
    runs.finish()
}
