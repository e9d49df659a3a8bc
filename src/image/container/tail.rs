//! The end of an image file: blob table, XML document, integrity table.
//!
//! In this order: wimlib refuses to update files in which resources follow the XML document, or
//! anything but an integrity table follows it.

use crate::error::Result;
use crate::formats::wim::integrity::IntegrityTable;
use crate::formats::wim::{
    header_flags, resource_flags, Blob, BlobLocation, BlobTable, Header, ResourceHeader, XmlDocument,
};
use crate::image::host::HostFile;
use crate::image::resource::Written;
use crate::progress::{report, Observer, Phase};

/// What a file ends with.
pub(crate) struct Tail<'a> {
    /// The blob table, with the metadata of all images.
    pub table: BlobTable,
    /// The XML document; its `TOTALBYTES` is set.
    pub xml: &'a mut XmlDocument,
    /// Whether there is an integrity table; and for a file that has grown the table it had, with
    /// the end of what that covers.
    pub integrity: Option<Option<(IntegrityTable, u64)>>,
    /// The blob table that the header points to is still right.
    pub keep_table: bool,
}

impl Tail<'_> {
    /// Writes the tail at `position`, lets the header point to it, and returns the file's end. The
    /// header itself is not written.
    pub fn write(
        self,
        file: &HostFile,
        mut position: u64,
        header: &mut Header,
        observer: Observer<'_>,
    ) -> Result<u64> {
        let boots = usize::try_from(header.boot_index).ok().and_then(|boot| boot.checked_sub(1));
        let boots = boots.and_then(|boot| self.table.metadata().get(boot));
        header.boot_metadata = match boots.map(|blob| blob.location) {
            Some(BlobLocation::Resource(place)) => place,
            _ => ResourceHeader::default(),
        };
        if !self.keep_table {
            let bytes = self.table.to_bytes(header.part_number);
            header.blob_table = put(file, &mut position, &bytes, header.blob_table.flags)?;
        }
        drop(self.table);
        // What an integrity table covers.
        let table_end = header.blob_table.end().unwrap_or(position);

        self.xml.set_total_bytes(table_end);
        header.image_count = self.xml.image_count();
        header.xml = put(file, &mut position, &self.xml.to_bytes(), header.xml.flags)?;

        header.integrity = match self.integrity {
            Some(old) => {
                let old = old.as_ref().map(|(table, end)| (table, *end));
                let table = IntegrityTable::compute(file, table_end, old, &mut |done| {
                    report(observer, Phase::Verifying, done, table_end)
                })?;
                put(file, &mut position, &table.to_bytes(), 0)?
            }
            None => ResourceHeader::default(),
        };
        // A mark that a wimlib process left when it died; its leftovers are overwritten or behind us.
        header.flags &= !header_flags::WRITE_IN_PROGRESS;
        Ok(position)
    }
}

/// The entry of an image's metadata.
pub(crate) fn metadata_blob(written: &Written, part: u16) -> Blob {
    let header = written.header;
    let place = ResourceHeader { flags: header.flags | resource_flags::METADATA, ..header };
    let location = BlobLocation::Resource(place);
    Blob { hash: written.hash, size: header.size, references: 1, part, location }
}

/// Writes a resource that is not compressed.
fn put(file: &HostFile, position: &mut u64, bytes: &[u8], flags: u8) -> Result<ResourceHeader> {
    file.write_at(bytes, *position)?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let header = ResourceHeader::uncompressed(*position, size, flags & !resource_flags::COMPRESSED);
    *position = position.saturating_add(size);
    Ok(header)
}
