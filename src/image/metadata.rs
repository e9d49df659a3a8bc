//! Reading an image's metadata on all cores.

use crate::error::{Error, Result};
use crate::formats::wim::tree::Tree;
use crate::formats::wim::{check_hash, Archive, Hash};
use crate::image::pool::cores;
use crate::progress::{report, Observer, Phase};
use sha1::{Digest, Sha1};

/// Bytes of metadata per thread below which another thread does not pay.
const SHARE_MINIMUM: usize = 1 << 20;

/// The tree of image `index`, from metadata that has the SHA-1 the blob table gives.
pub fn read_tree(archive: &Archive, index: u32, observer: Observer<'_>) -> Result<Tree> {
    let bytes = read_metadata(archive, index, observer)?;
    Tree::parse(&bytes)
}

/// The metadata of image `index`, decompressed on all cores, with the SHA-1 the blob table gives.
pub fn read_metadata(archive: &Archive, index: u32, observer: Observer<'_>) -> Result<Vec<u8>> {
    let resource = archive.open_metadata(index)?;
    let total = resource.size();
    report(observer, Phase::Opening, 0, total)?;
    let chunk_size = usize::try_from(resource.chunk_size()).unwrap_or(usize::MAX).max(1);
    let size = usize::try_from(total).map_err(|_| Error::LimitExceeded {
        what: "the size of an image's metadata in bytes",
        limit: u64::try_from(isize::MAX).unwrap_or(u64::MAX),
        found: total,
    })?;
    drop(resource);
    let mut bytes = vec![0; size];
    let cores = cores();
    let share = size.div_ceil(cores).max(SHARE_MINIMUM).next_multiple_of(chunk_size);
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        let mut offset = 0u64;
        for part in bytes.chunks_mut(share) {
            let start = offset;
            offset = offset.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
            threads.push(scope.spawn(move || archive.open_metadata(index)?.read_range(start, part)));
        }
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(answer) => answer,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    let expected = archive.metadata_blob(index)?.hash;
    let found: Hash = Sha1::digest(&bytes).into();
    check_hash(&expected, &found, || format!("metadata of image {index}"))?;
    report(observer, Phase::Opening, total, total)?;
    Ok(bytes)
}
