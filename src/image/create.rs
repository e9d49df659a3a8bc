//! Making an image file from nothing.

use crate::error::{Error, InFile, Result};
use crate::formats::security::{ace_flags, control, Ace, Acl, AclField, SecurityDescriptor, Sid};
use crate::formats::wim::header::HEADER_SIZE;
use crate::formats::wim::tree::{Inode, Tree};
use crate::formats::wim::xml::{Element, XmlDocument};
use crate::formats::wim::{
    resource_flags, Blob, BlobLocation, BlobTable, Compression, Header, ResourceHeader,
};
use crate::image::clock;
use crate::image::compress::Nothing;
use crate::image::host::{self, HostFile};
use crate::image::resource::{ResourceWriter, Storage};
use std::path::Path;

/// FILE_ALL_ACCESS.
const FULL_CONTROL: u32 = 0x001f_01ff;
/// FILE_GENERIC_READ | FILE_GENERIC_EXECUTE.
const READ_AND_EXECUTE: u32 = 0x0012_00a9;

/// What [`create`] makes.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// How resources are compressed.
    pub compression: Compression,
    /// Bytes per chunk; 0 for what is usual with the compression.
    pub chunk_size: u32,
    /// The name of the image.
    pub name: String,
}

impl CreateOptions {
    /// LZX in chunks of 32 KiB, as install.wim has it.
    pub fn new(name: impl Into<String>) -> Self {
        Self { compression: Compression::Lzx, chunk_size: 0, name: name.into() }
    }
}

/// Makes a new WIM file with one image that has nothing but a root directory. A file that exists
/// is not touched.
pub fn create(path: &Path, options: &CreateOptions) -> Result<()> {
    let file = HostFile::create(path)?;
    let written = write(&file, options);
    drop(file);
    match written {
        Ok(()) => match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => host::sync_directory(parent),
            None => Ok(()),
        },
        Err(error) => {
            let _ = host::remove_file(path);
            Err(error).in_file(path.display().to_string())
        }
    }
}

fn write(file: &HostFile, options: &CreateOptions) -> Result<()> {
    let compression = options.compression;
    let chunk_size = match options.chunk_size {
        0 => compression.default_chunk_size(),
        size if compression.allows_chunk_size(size) => size,
        size => {
            let reason = format!("{} does not allow chunks of {size} bytes", compression.name());
            return Err(Error::InvalidArgument { parameter: "chunk_size", reason });
        }
    };
    let time = clock::now();
    let tree = empty_tree(time)?;
    let totals = tree.totals(|_| None);
    let mut header = Header::new(compression, chunk_size, *uuid::Uuid::new_v4().as_bytes());
    header.image_count = 1;

    let start = u64::try_from(HEADER_SIZE).unwrap_or(u64::MAX);
    file.write_at(&[0; HEADER_SIZE], 0)?;
    let bytes = tree.to_bytes()?;
    let mut writer = ResourceWriter::new(Storage { compression, chunk_size }, 0)?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let metadata = writer.write(file, start, size, &mut &*bytes, &Nothing, &mut |_| Ok(()))?;
    let place = ResourceHeader { flags: metadata.header.flags | resource_flags::METADATA, ..metadata.header };
    let mut table = BlobTable::new();
    table.metadata_mut().push(Blob {
        hash: metadata.hash,
        size,
        references: 1,
        part: 1,
        location: BlobLocation::Resource(place),
    });
    let mut position = metadata.end;
    let mut put = |bytes: &[u8]| -> Result<ResourceHeader> {
        file.write_at(bytes, position)?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let header = ResourceHeader::uncompressed(position, size, 0);
        position = position.saturating_add(size);
        Ok(header)
    };
    header.blob_table = put(&table.to_bytes(1))?;
    let mut xml = XmlDocument::new();
    let mut image = Element::new("IMAGE");
    image.set_text("DIRCOUNT", &totals.directories.to_string())?;
    image.set_text("FILECOUNT", &totals.files.to_string())?;
    image.set_text("TOTALBYTES", &totals.total_bytes.to_string())?;
    image.set_text("HARDLINKBYTES", &totals.hard_link_bytes.to_string())?;
    image.replace(Element::with_time("CREATIONTIME", time));
    image.replace(Element::with_time("LASTMODIFICATIONTIME", time));
    if !options.name.is_empty() {
        image.set_text("NAME", &options.name)?;
    }
    xml.append_image(image);
    xml.set_total_bytes(header.blob_table.end().unwrap_or(0));
    header.xml = put(&xml.to_bytes())?;
    file.write_at(&header.to_bytes(), 0)?;
    file.sync()
}

fn empty_tree(time: u64) -> Result<Tree> {
    let mut tree = Tree::new();
    let root = tree.dentry(tree.root()).inode;
    if let Some(inode) = tree.inode_mut(root) {
        *inode = Inode {
            creation_time: time,
            last_access_time: time,
            last_write_time: time,
            links: inode.links,
            ..Inode::directory()
        };
    }
    tree.set_security_descriptor(root, Some(&root_descriptor()?))?;
    Ok(tree)
}

/// The descriptor of a new image's root: SYSTEM and Administrators have full control, Users may
/// read and execute, all of it inherited by what is inside. Owner and group are Administrators.
pub(crate) fn root_descriptor() -> Result<Vec<u8>> {
    let inherited = ace_flags::OBJECT_INHERIT | ace_flags::CONTAINER_INHERIT;
    let entries = vec![
        Ace::allow(FULL_CONTROL, &Sid::system(), inherited),
        Ace::allow(FULL_CONTROL, &Sid::administrators(), inherited),
        Ace::allow(READ_AND_EXECUTE, &Sid::users(), inherited),
    ];
    let descriptor = SecurityDescriptor {
        control: control::DACL_PROTECTED,
        owner: Some(Sid::administrators()),
        group: Some(Sid::administrators()),
        dacl: AclField::List(Acl::new(entries)),
        ..SecurityDescriptor::default()
    };
    descriptor.to_bytes()
}
