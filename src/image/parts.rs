//! Which host files make up a split set.
//!
//! Reference: `docs/formats/wim.md` "Split sets and deltas".

use crate::error::{Error, InFile, Result};
use crate::formats::wim::Header;
use crate::image::file::read_header;
use crate::image::host::HostFile;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that is a WIM, whole or a part of one.
pub(super) struct Part {
    pub file: Arc<HostFile>,
    pub header: Header,
}

impl Part {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|source| Error::io("find", path, source))?;
        let file = Arc::new(HostFile::open(&path)?);
        let header = read_header(&file).in_file(path.display().to_string())?;
        Ok(Self { file, header })
    }

    fn belongs_to(&self, header: &Header) -> bool {
        self.header.guid == header.guid && self.header.total_parts == header.total_parts
    }
}

/// All parts of the set that `part` belongs to, `part` first: those among `others`, which are taken
/// out, and those in its directory. Missing ones are noticed when something in them is asked for.
pub(super) fn find_set(part: Part, others: &mut Vec<Part>) -> Result<Vec<Arc<HostFile>>> {
    let mut parts = vec![Arc::clone(&part.file)];
    if !part.header.is_split() {
        return Ok(parts);
    }
    let mut numbers = vec![part.header.part_number];
    let mut add = |other: &Part| {
        if !numbers.contains(&other.header.part_number) {
            numbers.push(other.header.part_number);
            parts.push(Arc::clone(&other.file));
        }
    };
    others.retain(|other| {
        let belongs = other.belongs_to(&part.header);
        if belongs {
            add(other);
        }
        !belongs
    });
    for candidate in neighbours(part.file.path())? {
        if let Some(other) = Part::open(&candidate).ok().filter(|other| other.belongs_to(&part.header)) {
            add(&other);
        }
    }
    Ok(parts)
}

/// The files beside `path` that have its extension, by name.
fn neighbours(path: &Path) -> Result<Vec<PathBuf>> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let extension = path.extension().unwrap_or_default();
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .map_err(|source| Error::io("read", directory, source))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|other| {
            other.extension().unwrap_or_default().eq_ignore_ascii_case(extension) && other != path
        })
        .collect();
    files.sort();
    Ok(files)
}

/// Two handles are of the same file.
pub(super) fn same_file(one: &HostFile, other: &HostFile) -> bool {
    matches!((one.identity(), other.identity()), (Ok(one), Ok(other)) if one == other)
}
