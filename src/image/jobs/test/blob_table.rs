//! The blob table: entries that say nothing, and how often contents are referred to.

use super::images::Images;
use super::Findings;
use crate::formats::bytes::to_hex;
use crate::formats::wim::IgnoredReason;
use crate::image::ImageFile;
use std::collections::BTreeMap;

/// Entries that were left out when the table was read.
pub(super) fn check(image: &ImageFile, findings: &mut Findings) {
    let archive = image.archive();
    let mut reasons: BTreeMap<IgnoredReason, (u64, u16, usize)> = BTreeMap::new();
    for ignored in archive.blobs().ignored_entries() {
        let known = reasons.entry(ignored.reason).or_insert((0, ignored.part, ignored.entry));
        known.0 = known.0.saturating_add(1);
    }
    for (reason, (count, part, entry)) in reasons {
        let what = match reason {
            // It is left over in images that Microsoft made, and does no harm.
            IgnoredReason::UnusedMetadata => continue,
            IgnoredReason::NoHash => "have no SHA-1",
            IgnoredReason::NoSize => "have no size",
            IgnoredReason::OtherPart => "name another part of a split set",
            IgnoredReason::Duplicate => "have the SHA-1 of an earlier one",
            IgnoredReason::MoreMetadata => "are metadata of more images than the header has",
        };
        let message = format!("{count} entries {what}: first entry {entry} of part {part}");
        findings.warning("BlobTable", message);
    }
}

/// Compares the number of references in the table with the images. With too few, removing an image
/// would remove content that others need; too many are harmless, and Windows' own files have some.
pub(super) fn check_references(image: &ImageFile, images: &Images, findings: &mut Findings) {
    if !images.all_sound {
        return;
    }
    let mut count = 0u64;
    let mut first = None;
    for blob in image.archive().blobs().iter() {
        let found = images.references.get(&blob.hash).copied().unwrap_or(0);
        if found > u64::from(blob.references) {
            count = count.saturating_add(1);
            first.get_or_insert((blob.hash, blob.references, found));
        }
    }
    if let Some((hash, stored, found)) = first {
        findings.warning(
            "BlobTable",
            format!(
                "{count} content(s) are referred to more often than their entries say: first {}, {found} times instead of {stored}",
                to_hex(&hash)
            ),
        );
    }
}
