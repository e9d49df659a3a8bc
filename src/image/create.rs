//! Making an image file from nothing.

use crate::error::Result;
use crate::formats::security::{ace_flags, control, Ace, Acl, AclField, SecurityDescriptor, Sid};
use crate::formats::wim::tree::{Inode, Tree};
use crate::formats::wim::xml::Element;
use crate::formats::wim::Compression;
use crate::image::clock;
use crate::image::container::{CompressionType, ContainerOptions, ContainerWriter, ImageMetadata};
use crate::image::resource::Storage;
use crate::progress::unobserved;
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
    let CreateOptions { compression, chunk_size, name } = options;
    let chunk_size = match chunk_size {
        0 => compression.default_chunk_size(),
        size => *size,
    };
    let container = ContainerOptions {
        storage: Storage { compression: *compression, chunk_size },
        solid: None,
        ..ContainerOptions::new(CompressionType::Max)
    };
    let mut image = Element::new("IMAGE");
    image.set_text("NAME", name)?;
    let mut writer = ContainerWriter::create(path, &container, false)?;
    let tree = empty_tree(clock::now())?;
    writer.add_image(ImageMetadata::Tree(&tree), image, &mut unobserved)?;
    writer.finish(&mut unobserved)?;
    Ok(())
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
