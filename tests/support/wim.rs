//! What the WIM tests share: foreign tools, small trees on disk, and a WIM put together from the
//! engine's own writers.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::print_stderr, clippy::as_conversions)]
#![allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]

use imgsvc::formats::wim::tree::Tree;
use imgsvc::formats::wim::xml::Element;
use imgsvc::formats::wim::{
    resource_flags, store, Archive, Blob, BlobLocation, BlobTable, Compression, Hash, Header, ResourceHeader,
    XmlDocument,
};
use imgsvc::formats::ReadAt;
use sha1::{Digest, Sha1};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Whether a tool is installed; says so loudly when not.
pub fn tool_is_there(name: &str) -> bool {
    let there = Command::new(name).arg("--version").output().is_ok();
    if !there {
        eprintln!("SKIPPED: {name} is not installed");
    }
    there
}

/// Runs a tool that must succeed, and gives its output.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

pub fn open(paths: &[&Path]) -> imgsvc::error::Result<Archive> {
    let read = |path: &&Path| -> Arc<dyn ReadAt> { Arc::new(std::fs::read(path).unwrap()) };
    Archive::open(paths.iter().map(read).collect())
}

pub fn open_bytes(bytes: Vec<u8>) -> imgsvc::error::Result<Archive> {
    Archive::open(vec![Arc::new(bytes)])
}

pub fn sha1(bytes: &[u8]) -> Hash {
    if bytes.is_empty() {
        return [0; 20];
    }
    Sha1::digest(bytes).into()
}

pub fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Repeatable numbers for tests: xorshift.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Bytes that compress somewhat.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|i| if i % 3 == 0 { self.next() as u8 } else { (i / 100) as u8 }).collect()
    }
}

/// A whole WIM file: the images' trees, with the contents that they refer to.
pub fn assemble(images: &[Tree], contents: &[Vec<u8>], compression: Compression, chunk_size: u32) -> Vec<u8> {
    let metadata: Vec<Vec<u8>> = images.iter().map(|tree| tree.to_bytes().unwrap()).collect();
    assemble_metadata(images, &metadata, contents, compression, chunk_size)
}

/// As [`assemble`], with metadata that need not be what the trees say.
pub fn assemble_metadata(
    images: &[Tree],
    metadata: &[Vec<u8>],
    contents: &[Vec<u8>],
    compression: Compression,
    chunk_size: u32,
) -> Vec<u8> {
    let mut header = Header::new(compression, chunk_size, [0x5A; 16]);
    let mut file = vec![0; 208];
    let mut blobs = BlobTable::new();
    let mut xml = XmlDocument::new();
    let mut references = std::collections::HashMap::new();
    for (hash, count) in images.iter().flat_map(Tree::blob_references) {
        *references.entry(hash).or_insert(0u32) += count;
    }
    let append = |file: &mut Vec<u8>, data: &[u8], flags: u8| -> ResourceHeader {
        let encoded = store::encode(data, compression, chunk_size, 20).unwrap();
        let header = encoded.header(file.len() as u64, flags);
        file.extend_from_slice(&encoded.bytes);
        header
    };
    for content in contents.iter().filter(|content| !content.is_empty()) {
        let hash = sha1(content);
        if blobs.get(&hash).is_some() {
            continue;
        }
        let resource = append(&mut file, content, 0);
        let references = references.get(&hash).copied().unwrap_or(0);
        let location = BlobLocation::Resource(resource);
        blobs.add(Blob { hash, size: content.len() as u64, references, part: 1, location }).unwrap();
    }
    for (index, (tree, metadata)) in images.iter().zip(metadata).enumerate() {
        let resource = append(&mut file, metadata, resource_flags::METADATA);
        let location = BlobLocation::Resource(resource);
        let hash = sha1(metadata);
        blobs.metadata_mut().push(Blob {
            hash,
            size: metadata.len() as u64,
            references: 1,
            part: 1,
            location,
        });
        let number = xml.append_image(Element::new("IMAGE"));
        let totals = tree.totals(|hash| blobs.get(hash).map(|blob| blob.size));
        let image = xml.image_mut(number).unwrap();
        image.set_text("NAME", &format!("image {}", index + 1)).unwrap();
        image.set_text("DIRCOUNT", &totals.directories.to_string()).unwrap();
        image.set_text("FILECOUNT", &totals.files.to_string()).unwrap();
        image.set_text("TOTALBYTES", &totals.total_bytes.to_string()).unwrap();
        image.set_text("HARDLINKBYTES", &totals.hard_link_bytes.to_string()).unwrap();
        image.replace(Element::with_time("CREATIONTIME", 0x01DD_7AA4_0000_0000));
        image.replace(Element::with_time("LASTMODIFICATIONTIME", 0x01DD_7AA4_0000_0001));
        header.image_count = number;
    }
    let table = blobs.to_bytes(1);
    header.blob_table =
        ResourceHeader::uncompressed(file.len() as u64, table.len() as u64, resource_flags::METADATA);
    file.extend_from_slice(&table);
    xml.set_total_bytes(file.len() as u64);
    let document = xml.to_bytes();
    header.xml =
        ResourceHeader::uncompressed(file.len() as u64, document.len() as u64, resource_flags::METADATA);
    file.extend_from_slice(&document);
    file[..208].copy_from_slice(&header.to_bytes());
    file
}
