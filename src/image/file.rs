//! Image files on the host: one `.wim`, or the parts of a split set.

use crate::error::{Error, InFile, Result};
use crate::formats::upcase;
use crate::formats::wim::header::HEADER_SIZE;
use crate::formats::wim::{integrity, Archive, Header, ImageInfo};
use crate::formats::ReadAt;
use crate::image::host::HostFile;
use crate::image::info::{FileInfo, ImageDetails};
use crate::image::options::ImageSelector;
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
}

impl ImageFile {
    /// Opens an image file for reading. Given any part of a split set, the others are looked for
    /// beside it: files of the same extension and GUID, whatever their names.
    pub fn open(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|source| Error::io("find", path, source))?;
        let name = path.display().to_string();
        let file = Arc::new(HostFile::open(&path)?);
        let header = read_header(&file).in_file(&name)?;
        let mut parts = vec![Arc::clone(&file)];
        if header.is_split() {
            find_other_parts(&path, &header, &mut parts)?;
        }
        let shared = |part: &Arc<HostFile>| -> Arc<dyn ReadAt> { part.clone() };
        let sources = parts.iter().map(shared).collect();
        let archive = Archive::open(sources).in_file(&name)?;
        Ok(Self { path, file, parts, archive })
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

/// Adds the other parts of a split set, by part number. Missing ones are noticed when something in
/// them is asked for.
fn find_other_parts(path: &Path, header: &Header, parts: &mut Vec<Arc<HostFile>>) -> Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let extension = path.extension().unwrap_or_default();
    let mut numbers = vec![header.part_number];
    let mut candidates: Vec<PathBuf> = std::fs::read_dir(directory)
        .map_err(|source| Error::io("read", directory, source))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|other| {
            other.extension().unwrap_or_default().eq_ignore_ascii_case(extension) && other != path
        })
        .collect();
    candidates.sort();
    for candidate in candidates {
        let Ok(file) = HostFile::open(&candidate) else { continue };
        let Ok(other) = read_header(&file) else { continue };
        let belongs = other.guid == header.guid && other.total_parts == header.total_parts;
        if belongs && !numbers.contains(&other.part_number) {
            numbers.push(other.part_number);
            parts.push(Arc::new(file));
        }
    }
    Ok(())
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
