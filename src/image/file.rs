//! Image files on the host: one `.wim`, or the parts of a split set, with the files they refer to.

use crate::error::{Error, InFile, Result};
use crate::formats::upcase;
use crate::formats::wim::header::HEADER_SIZE;
use crate::formats::wim::{integrity, Archive, Blob, BlobReader, Hash, Header, ImageInfo};
use crate::formats::ReadAt;
use crate::image::host::HostFile;
use crate::image::info::{FileInfo, ImageDetails};
use crate::image::options::ImageSelector;
use crate::image::parts::{self, Part};
use crate::image::resource::Storage;
use crate::progress::{report, Observer, Phase};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open image file.
#[derive(Debug)]
pub struct ImageFile {
    path: PathBuf,
    file: Arc<HostFile>,
    /// All parts, `file` first.
    parts: Vec<Arc<HostFile>>,
    archive: Archive,
    /// Files that have content which this one refers to and does not hold.
    references: Vec<Arc<ImageFile>>,
}

impl ImageFile {
    /// Opens an image file for reading. Given any part of a split set, the others are looked for
    /// beside it: files of the same extension and GUID, whatever their names.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, &[])
    }

    /// Opens an image file for reading together with others: parts of the same split set that are
    /// in another place, and files (again whole or split) that hold the content which a delta file
    /// lacks. They are asked in the order given.
    pub fn open_with(path: &Path, references: &[PathBuf]) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|source| Error::io("find", path, source))?;
        let mut others = references.iter().map(|path| Part::open(path)).collect::<Result<Vec<_>>>()?;
        let mut image = Self::open_set(Part::open(&path)?, &mut others)?;
        while let Some(other) = others.pop() {
            if image.parts.iter().any(|part| parts::same_file(part, &other.file)) {
                continue;
            }
            image.references.push(Arc::new(Self::open_set(other, &mut others)?));
        }
        image.references.reverse();
        Ok(image)
    }

    /// Opens the set that `part` belongs to, and takes its parts out of `others`.
    fn open_set(part: Part, others: &mut Vec<Part>) -> Result<Self> {
        let path = part.file.path().to_path_buf();
        let file = Arc::clone(&part.file);
        let parts = parts::find_set(part, others)?;
        let shared = |part: &Arc<HostFile>| -> Arc<dyn ReadAt> { part.clone() };
        let sources = parts.iter().map(shared).collect();
        let archive = Archive::open(sources).in_file(path.display().to_string())?;
        Ok(Self { path, file, parts, archive, references: Vec::new() })
    }

    /// The files given to [`ImageFile::open_with`] that are no parts of this one.
    pub fn references(&self) -> &[Arc<ImageFile>] {
        &self.references
    }

    /// The file that holds a blob: this one, or the first of the references that does.
    pub fn holder(&self, hash: &Hash) -> Option<&ImageFile> {
        let others = self.references.iter().map(Arc::as_ref);
        std::iter::once(self).chain(others).find(|file| file.archive.blobs().get(hash).is_some())
    }

    /// The blob of that hash, of this file or of a reference; its place is one in the
    /// [`ImageFile::holder`].
    pub fn find_blob(&self, hash: &Hash) -> Option<&Blob> {
        self.holder(hash)?.archive.blobs().get(hash)
    }

    /// Opens a blob of this file or of a reference.
    ///
    /// # Errors
    /// [`Error::PartMissing`] or [`Error::ContentMissing`] when none has it.
    pub fn open_blob(&self, hash: &Hash) -> Result<BlobReader> {
        let holder = self.holder(hash).unwrap_or(self);
        holder.archive.open_blob(hash).in_file(holder.path.display().to_string())
    }

    /// The path it was opened by, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The container.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// The host file: for a split set the part that was named.
    pub(crate) fn host_file(&self) -> &Arc<HostFile> {
        &self.file
    }

    /// The paths of all parts that are there, part 1 first.
    pub(crate) fn part_paths(&self) -> Result<Vec<&Path>> {
        let numbered = |part: &Arc<HostFile>| Ok(read_header(part)?.part_number);
        let mut parts = self.parts.iter().map(|part| Ok((numbered(part)?, part.path())));
        let mut parts = parts.by_ref().collect::<Result<Vec<_>>>()?;
        parts.sort_unstable();
        Ok(parts.into_iter().map(|(_, path)| path).collect())
    }

    /// The host file that part `number` is in.
    ///
    /// # Errors
    /// [`Error::PartMissing`].
    pub(crate) fn part_file(&self, number: u16) -> Result<&Arc<HostFile>> {
        let is_it =
            |part: &&Arc<HostFile>| read_header(part).is_ok_and(|header| header.part_number == number);
        let total = self.archive.header().total_parts;
        self.parts.iter().find(is_it).ok_or(Error::PartMissing { part: number, total })
    }

    /// The host files of all parts.
    pub(crate) fn parts(&self) -> &[Arc<HostFile>] {
        &self.parts
    }

    /// Whether the file at its path is still the one that was opened, with the same header.
    pub(crate) fn is_current(&self) -> Result<bool> {
        let now = HostFile::open(&self.path)?;
        let same = now.identity()? == self.file.identity()?;
        Ok(same && (self.archive.is_split() || read_header_bytes(&now)? == self.archive.header().to_bytes()))
    }

    /// How resources of this file are stored.
    pub(crate) fn storage(&self) -> Storage {
        let header = self.archive.header();
        Storage { compression: header.compression(), chunk_size: header.chunk_size }
    }

    /// The index of the image asked for.
    pub fn select(&self, selector: &ImageSelector) -> Result<u32> {
        let images = self.archive.images();
        match selector {
            ImageSelector::Index(index) => match self.image(*index) {
                Some(_) => Ok(*index),
                None => {
                    let count = u32::try_from(images.len()).unwrap_or(u32::MAX);
                    Err(Error::IndexNotFound { index: *index, count })
                }
            },
            ImageSelector::Name(name) => {
                let wanted: Vec<u16> = name.encode_utf16().collect();
                let is_wanted =
                    |other: &str| upcase::equal(&other.encode_utf16().collect::<Vec<_>>(), &wanted);
                let names = || images.iter().filter_map(|image| Some((image.index, image.name.as_deref()?)));
                let exact = names().find(|(_, other)| other == name);
                if let Some((index, _)) = exact.or_else(|| names().find(|(_, other)| is_wanted(other))) {
                    return Ok(index);
                }
                let known: Vec<String> = names().map(|(_, name)| format!("'{name}'")).collect();
                let available = if known.is_empty() { "no names".to_owned() } else { known.join(", ") };
                Err(Error::ImageNameNotFound { name: name.clone(), available })
            }
        }
    }

    fn image(&self, index: u32) -> Option<&ImageInfo> {
        self.archive.images().iter().find(|image| image.index == index)
    }

    /// What the XML says of an image.
    pub fn image_details(&self, index: u32) -> Option<ImageDetails> {
        let bootable = self.archive.boot_index() == Some(index);
        Some(details(self.image(index)?, bootable))
    }

    /// Everything about the file that can be told without opening an image.
    pub fn info(&self) -> Result<FileInfo> {
        let header = self.archive.header();
        let mut file_size = 0u64;
        for part in &self.parts {
            file_size = file_size.saturating_add(part.length()?);
        }
        let format = match () {
            () if self.archive.is_split() => "Swm",
            () if self.archive.is_solid() => "Esd",
            () => "Wim",
        };
        Ok(FileInfo {
            path: self.path.clone(),
            format,
            version: header.version,
            compression: match header.compression().format() {
                None => "None",
                Some(wimlib_sys::codec::Format::Xpress) => "Xpress",
                Some(wimlib_sys::codec::Format::Lzx) => "Lzx",
                Some(wimlib_sys::codec::Format::Lzms) => "Lzms",
            },
            chunk_size: header.chunk_size,
            guid: uuid::Uuid::from_bytes_le(header.guid).to_string(),
            part_number: header.part_number,
            total_parts: header.total_parts,
            boot_index: header.boot_index,
            has_integrity_table: self.archive.has_integrity_table(),
            solid: self.archive.is_solid(),
            file_size,
            images: self
                .archive
                .images()
                .iter()
                .map(|image| details(image, self.archive.boot_index() == Some(image.index)))
                .collect(),
        })
    }

    /// Checks every part that has an integrity table against it.
    pub fn verify_integrity(&self, observer: Observer<'_>) -> Result<()> {
        let mut total = 0u64;
        let mut done = 0u64;
        let numbers: Vec<u16> = self.archive.headers().map(|header| header.part_number).collect();
        let mut tables = Vec::new();
        for number in numbers {
            if let Some((table, end)) = self.archive.integrity_table(number)? {
                total = total.saturating_add(end);
                tables.push((number, table, end));
            }
        }
        for (number, table, end) in tables {
            let source = self.archive.source(number)?;
            let found = integrity::verify(&table, &*source, end, &mut |bytes| {
                report(observer, Phase::Verifying, done.saturating_add(bytes), total)
            });
            match found.in_file(self.path.display().to_string())? {
                integrity::Integrity::Damaged(chunk) => {
                    return Err(integrity::damage(chunk).in_file(self.path.display().to_string()));
                }
                integrity::Integrity::Intact | integrity::Integrity::Absent => {}
            }
            done = done.saturating_add(end);
        }
        Ok(())
    }
}

/// The header of a host file.
pub(crate) fn read_header(file: &HostFile) -> Result<Header> {
    Header::parse(&read_header_bytes(file)?)
}

/// The bytes of the header, which must be there.
pub(crate) fn read_header_bytes(file: &HostFile) -> Result<[u8; HEADER_SIZE]> {
    let mut bytes = [0; HEADER_SIZE];
    match file.read_at(&mut bytes, 0) {
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
            let found = format!("{} bytes", file.length()?);
            Err(Error::malformed("WIM file", "offset 0x0", "a header of 208 bytes", found))
        }
        answer => answer.map(|()| bytes),
    }
}

fn details(image: &ImageInfo, bootable: bool) -> ImageDetails {
    let windows = image.windows.clone().unwrap_or_default();
    let version = windows.version;
    let number = |number: u64| u32::try_from(number).ok();
    ImageDetails {
        index: image.index,
        name: image.name.clone(),
        description: image.description.clone(),
        display_name: image.display_name.clone(),
        display_description: image.display_description.clone(),
        flags: image.flags.clone(),
        total_bytes: image.total_bytes,
        directory_count: image.dir_count,
        file_count: image.file_count,
        hard_link_bytes: image.hard_link_bytes,
        creation_time: image.creation_time,
        last_modification_time: image.last_modification_time,
        bootable,
        wim_boot: image.wim_boot,
        architecture: windows.architecture.map(u32::from),
        product_name: windows.product_name,
        edition_id: windows.edition_id,
        installation_type: windows.installation_type,
        hal: windows.hal,
        product_type: windows.product_type,
        product_suite: windows.product_suite,
        system_root: windows.system_root,
        languages: windows.languages,
        default_language: windows.default_language,
        version: version.map(|version| {
            let [major, minor] = [version.major, version.minor];
            format!("{major}.{minor}.{}.{}", version.build, version.sp_build)
        }),
        major_version: version.and_then(|version| number(version.major)),
        minor_version: version.and_then(|version| number(version.minor)),
        build: version.and_then(|version| number(version.build)),
        sp_build: version.and_then(|version| number(version.sp_build)),
        sp_level: version.and_then(|version| number(version.sp_level)),
        xml: image.xml.clone(),
    }
}
