//! An NTFS volume as a source: libwim captures it into a temporary file beside the image file, whose
//! contents go into the image file from there.

use super::options::{CaptureOptions, CaptureReport};
use super::scan::display;
use crate::error::Result;
use crate::formats::wim::tree::Tree;
use crate::formats::wim::Compression;
use crate::formats::wimscript::WimScript;
use crate::image::container::ImageMetadata;
use crate::image::file::ImageFile;
use crate::image::host;
use crate::image::jobs::ntfs::{capture_volume, VolumeCapture};
use crate::image::metadata::read_tree;
use crate::image::resource::Storage;
use crate::progress::Observer;
use std::cell::RefCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Quick, for contents that are compressed again.
const QUICK: u32 = 20;

/// A captured volume. The file goes with it.
pub(super) struct VolumeImage {
    file: Arc<ImageFile>,
    tree: Tree,
    is_changed: bool,
    _temporary: Temporary,
}

struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = host::remove_file(&self.0);
    }
}

/// How a volume is captured, besides what the options say.
pub(super) struct VolumeOptions<'a> {
    /// How contents of the image file are stored.
    pub storage: Storage,
    /// They go into solid resources.
    pub solid: bool,
    /// What is left out.
    pub script: &'a WimScript,
    /// The time that everything later becomes.
    pub latest: Option<u64>,
    /// Files whose contents need not be captured.
    pub references: Vec<PathBuf>,
    /// An earlier image of the volume.
    pub template: Option<(&'a Path, u32)>,
}

impl VolumeImage {
    /// Captures a volume for the image file `image`.
    pub fn capture(
        source: &Path,
        image: &Path,
        options: &CaptureOptions,
        how: VolumeOptions<'_>,
        told: &mut CaptureReport,
        observer: Observer<'_>,
    ) -> Result<Self> {
        let mut name = OsString::from(".");
        name.push(image.file_name().unwrap_or_default());
        name.push(format!(".imgsvc-{}.volume.tmp", uuid::Uuid::new_v4().simple()));
        let temporary = Temporary(image.with_file_name(name));
        let capture = VolumeCapture {
            compression: if how.solid { Compression::Xpress } else { how.storage.compression },
            chunk_size: if how.solid { 0 } else { how.storage.chunk_size },
            level: if how.solid { QUICK } else { options.level },
            references: how.references.clone(),
            template: how.template.map(|(path, index)| (path.to_path_buf(), index)),
        };
        let excluded = RefCell::new(Vec::new());
        let excludes = |path: &[Vec<u16>]| {
            let excludes = how.script.excludes(path);
            if excludes {
                excluded.borrow_mut().push(display(path));
            }
            excludes
        };
        let captured = capture_volume(source, &temporary.0, &capture, &excludes, observer)?;
        for path in excluded.into_inner() {
            told.exclude(|| path);
        }
        for path in captured.unsupported {
            told.skip(|| path, "it is encrypted");
        }
        let file = Arc::new(ImageFile::open_with(&temporary.0, &how.references)?);
        let mut tree = read_tree(file.archive(), 1, observer)?;
        if let Some(latest) = how.latest {
            set_latest(&mut tree, latest);
        }
        Ok(Self { file, tree, is_changed: how.latest.is_some(), _temporary: temporary })
    }

    /// The file with the contents.
    pub fn file(&self) -> &Arc<ImageFile> {
        &self.file
    }

    /// The directories and files.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The same, as it is to be written.
    pub fn metadata(&self) -> ImageMetadata<'_> {
        match self.is_changed {
            true => ImageMetadata::Tree(&self.tree),
            false => ImageMetadata::Stored { file: &self.file, index: 1 },
        }
    }
}

fn set_latest(tree: &mut Tree, latest: u64) {
    let ids: Vec<_> = tree.inodes().map(|(id, _)| id).collect();
    for id in ids {
        if let Some(inode) = tree.inode_mut(id) {
            inode.creation_time = inode.creation_time.min(latest);
            inode.last_write_time = inode.last_write_time.min(latest);
            inode.last_access_time = inode.last_write_time;
        }
    }
}
