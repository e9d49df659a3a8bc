//! Every content: it is there, can be decompressed, and has its SHA-1.

use super::images::{self, Images};
use super::{Finding, Findings, Severity};
use crate::error::{Error, Result};
use crate::formats::bytes::to_hex;
use crate::formats::wim::Hash;
use crate::image::decode::{read_blobs, BlobPart, Order};
use crate::image::ImageFile;
use crate::progress::Meter;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What is known of the content.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Content that is damaged or not there, and why.
    pub lost: HashMap<Hash, String>,
    /// Bytes of sound content.
    pub bytes: u64,
    /// Contents that are sound.
    pub blobs: u64,
}

/// Reads the content that the images need, and with `whole` all that is in the file.
pub(super) fn check(
    image: &Arc<ImageFile>,
    images: &Images,
    whole: bool,
    findings: &mut Findings,
    meter: &mut Meter<'_>,
) -> Result<Content> {
    let mut hashes = Vec::new();
    let mut absent = HashSet::new();
    for hash in images.references.keys() {
        match image.find_blob(hash) {
            Some(_) => hashes.push(*hash),
            None => drop(absent.insert(*hash)),
        }
    }
    if whole {
        let others = image.archive().blobs().iter().map(|blob| blob.hash);
        hashes.extend(others.filter(|hash| !images.references.contains_key(hash)));
    }
    let sizes: Vec<u64> =
        hashes.iter().map(|hash| image.find_blob(hash).map_or(0, |blob| blob.size)).collect();
    sizes.iter().for_each(|size| meter.expect(*size));
    let mut content = Content::default();
    let meter = &RefCell::new(meter);
    let mut part = |which: usize, part: BlobPart<'_>| -> Result<()> {
        let damage = match part {
            BlobPart::Bytes(bytes) => {
                return meter.borrow_mut().advance(u64::try_from(bytes.len()).unwrap_or(0));
            }
            BlobPart::End => None,
            BlobPart::Damaged(error @ (Error::Cancelled | Error::Io { .. })) => return Err(error),
            BlobPart::Damaged(error) => Some(error),
        };
        let Some(hash) = hashes.get(which) else { return Ok(()) };
        match damage {
            None => {
                content.blobs = content.blobs.saturating_add(1);
                let size = sizes.get(which).copied().unwrap_or(0);
                content.bytes = content.bytes.saturating_add(size);
            }
            Some(error) => drop(content.lost.insert(*hash, error.root().to_string())),
        }
        Ok(())
    };
    read_blobs(image, &hashes, Order::OnDisk, &mut part, &mut || meter.borrow_mut().wait())?;
    tell(image, images, &content, &absent, findings, *meter.borrow_mut())?;
    let reason = |hash| (hash, missing_error(image, &hash).to_string());
    content.lost.extend(absent.into_iter().map(reason));
    Ok(content)
}

fn missing_error(image: &ImageFile, hash: &Hash) -> Error {
    match image.archive().missing_parts().next() {
        Some(part) => Error::PartMissing { part, total: image.archive().header().total_parts },
        None => Error::ContentMissing { hash: to_hex(hash) },
    }
}

/// Adds a finding for each damaged content and one for all that is not there, with the files that
/// need them.
fn tell(
    image: &ImageFile,
    images: &Images,
    content: &Content,
    absent: &HashSet<Hash>,
    findings: &mut Findings,
    meter: &mut Meter<'_>,
) -> Result<()> {
    let mut missing = missing_finding(image, absent);
    if content.lost.is_empty() && missing.is_none() {
        return Ok(());
    }
    let mut damaged: Vec<(Hash, Finding)> = content
        .lost
        .iter()
        .map(|(hash, reason)| (*hash, Finding::new(Severity::Error, to_hex(hash), reason)))
        .collect();
    damaged.sort_by_key(|(hash, _)| *hash);
    let position: HashMap<Hash, usize> =
        damaged.iter().enumerate().map(|(position, (hash, _))| (*hash, position)).collect();
    for index in &images.sound {
        let tree = images::read(image, *index, meter)?;
        for dentry in tree.walk(tree.root()) {
            let path = || format!("{index}:{}", tree.display_path(dentry));
            for stream in &tree.inode_of(dentry).streams {
                let finding = match position.get(&stream.hash) {
                    Some(position) => damaged.get_mut(*position).map(|(_, finding)| finding),
                    None if absent.contains(&stream.hash) => missing.as_mut(),
                    None => None,
                };
                if let Some(finding) = finding {
                    finding.add_dependent(path);
                }
            }
        }
    }
    findings.list.extend(missing);
    findings.list.extend(damaged.into_iter().map(|(_, finding)| finding));
    Ok(())
}

/// One finding for all content that is not there, and for parts that are missing.
fn missing_finding(image: &ImageFile, absent: &HashSet<Hash>) -> Option<Finding> {
    let parts: Vec<String> = image.archive().missing_parts().map(|part| part.to_string()).collect();
    // The references may hold what is in the missing parts.
    if !parts.is_empty() && (!absent.is_empty() || image.references().is_empty()) {
        let total = image.archive().header().total_parts;
        let message = format!("part(s) {} of {total} are missing", parts.join(", "));
        return Some(Finding::new(Severity::Error, "SplitSet", message));
    }
    let first = absent.iter().min()?;
    let message = match absent.len() {
        1 => missing_error(image, first).to_string(),
        count => format!("{count} contents are not there: {}", missing_error(image, first)),
    };
    Some(Finding::new(Severity::Error, "Content", message))
}
