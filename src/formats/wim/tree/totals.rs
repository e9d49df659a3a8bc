//! What the XML document says about the size of an image, and which blobs an image needs.

use super::super::Hash;
use super::Tree;
use std::collections::HashMap;

/// `DIRCOUNT`, `FILECOUNT`, `TOTALBYTES` and `HARDLINKBYTES` of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Directories, the root included.
    pub directories: u64,
    /// Names of files; reparse points count as files.
    pub files: u64,
    /// Bytes of all streams, once per name.
    pub total_bytes: u64,
    /// Bytes that the second and further names of files repeat.
    pub hard_link_bytes: u64,
}

impl Tree {
    /// Counts, as wimlib does. `size_of` gives the size of a blob; unknown ones count 0.
    ///
    /// Reference: `ebiggers/wimlib` `src/xml.c`, `xml_update_image_info`.
    pub fn totals(&self, mut size_of: impl FnMut(&Hash) -> Option<u64>) -> Totals {
        let mut totals = Totals::default();
        for (_, inode) in self.inodes() {
            let links = u64::from(inode.links);
            match inode.is_directory() {
                true => totals.directories = totals.directories.saturating_add(links),
                false => totals.files = totals.files.saturating_add(links),
            }
            let hashes = inode.streams.iter().map(|stream| stream.hash).filter(|hash| *hash != [0; 20]);
            let size: u64 = hashes.filter_map(|hash| size_of(&hash)).fold(0, u64::saturating_add);
            totals.total_bytes = totals.total_bytes.saturating_add(size.saturating_mul(links));
            let repeated = size.saturating_mul(links.saturating_sub(1));
            totals.hard_link_bytes = totals.hard_link_bytes.saturating_add(repeated);
        }
        totals
    }

    /// How often the image refers to each blob: once per stream and name, as the blob table counts.
    pub fn blob_references(&self) -> HashMap<Hash, u32> {
        let mut references: HashMap<Hash, u32> = HashMap::new();
        for (_, inode) in self.inodes() {
            for stream in inode.streams.iter().filter(|stream| stream.hash != [0; 20]) {
                let count = references.entry(stream.hash).or_default();
                *count = count.saturating_add(inode.links);
            }
        }
        references
    }
}
