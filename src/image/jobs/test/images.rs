//! Every image: its metadata, and what the XML document says of it.

use super::Findings;
use crate::error::{Error, Result};
use crate::formats::security::SecurityDescriptor;
use crate::formats::wim::tree::Tree;
use crate::formats::wim::Hash;
use crate::image::metadata::read_tree;
use crate::image::{check_new_name, ImageFile};
use crate::progress::{Meter, Phase, Progress};
use std::collections::HashMap;

/// What is known of the images.
#[derive(Debug, Default)]
pub(super) struct Images {
    /// Those whose metadata is sound, from 1.
    pub sound: Vec<u32>,
    /// All that were asked for are sound.
    pub all_sound: bool,
    /// How often they refer to each content.
    pub references: HashMap<Hash, u64>,
}

/// Checks the images in `indexes`, or all if there are none in it.
pub(super) fn check(
    image: &ImageFile,
    indexes: &[u32],
    findings: &mut Findings,
    meter: &mut Meter<'_>,
) -> Result<Images> {
    let mut images = Images { all_sound: true, ..Images::default() };
    let archive = image.archive();
    let wanted = |index: &u32| indexes.is_empty() || indexes.contains(index);
    let size_of = |index| archive.metadata_blob(index).map_or(0, |blob| blob.size);
    let count = archive.header().image_count;
    (1..=count).filter(wanted).for_each(|index| meter.expect(size_of(index)));
    for index in (1..=count).filter(wanted) {
        let tree = match read(image, index, meter) {
            Ok(tree) => tree,
            Err(error @ (Error::Cancelled | Error::Io { .. } | Error::Stream(_))) => return Err(error),
            Err(error) => {
                let message = match error.root() {
                    Error::IndexNotFound { .. } => "its metadata is not in the blob table".to_owned(),
                    other => other.to_string(),
                };
                findings.error(format!("Image {index}"), message);
                images.all_sound = false;
                continue;
            }
        };
        images.sound.push(index);
        for (hash, references) in tree.blob_references() {
            let known = images.references.entry(hash).or_default();
            *known = known.saturating_add(u64::from(references));
        }
        check_tree(&tree, index, findings);
        for (name, stored, found) in wrong_counts(image, &tree, index) {
            findings.warning("Xml", format!("{name} of image {index} is {stored}; the image has {found}"));
        }
        meter.advance(size_of(index))?;
    }
    Ok(images)
}

/// The tree of an image, with progress as part of the whole.
pub(super) fn read(image: &ImageFile, index: u32, meter: &mut Meter<'_>) -> Result<Tree> {
    let at_its_start = Progress { phase: Phase::Verifying, done: 0, total: 0 };
    read_tree(image.archive(), index, &mut |_| meter.observe(at_its_start))
}

fn check_tree(tree: &Tree, index: u32, findings: &mut Findings) {
    let item = format!("Image {index}");
    for note in tree.notes() {
        findings.warning(&item, note);
    }
    let table = tree.security();
    let ids = 0..u32::try_from(table.len()).unwrap_or(u32::MAX);
    // Some writers leave empty ones.
    let mut damaged = ids.filter(|id| {
        table.get(*id).is_some_and(|bytes| !bytes.is_empty() && SecurityDescriptor::parse(bytes).is_err())
    });
    if let Some(first) = damaged.next() {
        let count = damaged.count().saturating_add(1);
        findings.warning(&item, format!("{count} security descriptor(s) are damaged: first number {first}"));
    }
    let mut names =
        tree.walk(tree.root()).skip(1).filter(|dentry| check_new_name(&tree.dentry(*dentry).name).is_err());
    if let Some(first) = names.next() {
        let count = names.count().saturating_add(1);
        let path = tree.display_path(first);
        findings.warning(&item, format!("{count} name(s) are none that Windows can use: first '{path}'"));
    }
}

/// Numbers of the XML document that are too small for the image: name, number there, number here.
///
/// Larger ones are no fault: Windows' own files count what was left out of the image, and do not
/// count the root directory (seen in provisioning packages).
pub(in crate::image::jobs) fn wrong_counts(
    image: &ImageFile,
    tree: &Tree,
    index: u32,
) -> Vec<(&'static str, u64, u64)> {
    let Some(xml) = image.archive().images().iter().find(|info| info.index == index) else {
        return Vec::new();
    };
    let totals = tree.totals(|hash| image.find_blob(hash).map(|blob| blob.size));
    let mut numbers = vec![
        ("DIRCOUNT", xml.dir_count, totals.directories.saturating_sub(1)),
        ("FILECOUNT", xml.file_count, totals.files),
        ("TOTALBYTES", xml.total_bytes, totals.total_bytes),
    ];
    numbers.retain(|(_, stored, found)| stored < found);
    numbers
}
