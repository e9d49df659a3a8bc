//! Who refers to which content.

use crate::error::Result;
use crate::formats::wim::{Archive, BlobTable, Hash};
use std::collections::{HashMap, HashSet};

/// Takes references away: `lost` says how many of each content are gone with (or in) the images
/// `except`. What nobody refers to any more leaves the table.
pub(crate) fn release(
    table: &mut BlobTable,
    archive: &Archive,
    except: &[u32],
    lost: impl IntoIterator<Item = (Hash, u32)>,
) -> Result<()> {
    let mut gone = HashSet::new();
    for (hash, count) in lost {
        let Some(blob) = table.get_mut(&hash) else { continue };
        // Files by Microsoft's tools count too few references at times. Then nothing is known of
        // the other images' share, and the blob stays as it is.
        match blob.references.checked_sub(count) {
            Some(0) => drop(gone.insert(hash)),
            Some(others) => blob.references = others,
            None => {}
        }
    }
    drop_unwanted(table, archive, except, gone)
}

/// Takes those of the `gone` blobs out of the table that no other image refers to. A table that
/// counts too few must not cost another image its content.
pub(crate) fn drop_unwanted(
    table: &mut BlobTable,
    archive: &Archive,
    except: &[u32],
    gone: HashSet<Hash>,
) -> Result<()> {
    let wanted = wanted_elsewhere(archive, except, &gone)?;
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
    Ok(())
}

/// Which of the blobs that nobody seems to need any more other images refer to, and how often.
fn wanted_elsewhere(archive: &Archive, except: &[u32], gone: &HashSet<Hash>) -> Result<HashMap<Hash, u32>> {
    let mut wanted: HashMap<Hash, u32> = HashMap::new();
    if gone.is_empty() {
        return Ok(wanted);
    }
    // Most places in the metadata are told from the start of any hash by two bytes.
    let mut starts = vec![false; 1 << 16];
    for hash in gone {
        if let Some(start) = starts.get_mut(first_two(hash)) {
            *start = true;
        }
    }
    for image in archive.images().iter().filter(|image| !except.contains(&image.index)) {
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
