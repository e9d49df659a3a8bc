//! Capturing: a directory of the host, or an NTFS volume, becomes an image (New-Image, Add-Image).
//!
//! A directory is looked at as a whole first ([`scan`]), then its contents are read and written
//! ([`contents`]), then the tree is complete and follows them. Nothing is in the image file before
//! its header (or its name) is.

mod contents;
mod describe;
mod directory;
mod link;
mod options;
mod scan;
mod template;

pub use options::{AppendOptions, CaptureOptions, CaptureReport, Skipped, SourceKind};

use crate::error::{Error, InFile, Result};
use crate::formats::wim::header::header_flags;
use crate::formats::wimscript::WimScript;
use crate::image::clock;
use crate::image::container::{self, CompressionType, ContainerOptions, ContainerWriter, Finished};
use crate::image::file::ImageFile;
use crate::image::folder;
use crate::image::host::HostFile;
use crate::image::jobs::{test, Severity, TestOptions};
use crate::image::metadata::read_tree;
use crate::image::options::ImageSelector;
use crate::image::resource::Storage;
use crate::progress::Observer;
use directory::Captured;
use scan::ScanOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use template::Template;

/// Bytes of a capture configuration file that are looked at.
const SCRIPT_LIMIT: u64 = 1 << 20;

/// Makes an image file with one image: what is in the directory (or on the volume) `source`.
///
/// Names, contents, hard links, symbolic links, times of last change and last access are captured.
/// Attributes are those of new files. Descriptors are inherited from the root's, which is that of a
/// new volume. Sockets, pipes and devices are skipped and reported.
///
/// # Errors
/// [`Error::Io`] naming a file that cannot be read or that changed meanwhile, and with
/// `AlreadyExists` without `overwrite`; [`Error::InvalidName`] for names that are not Unicode;
/// [`Error::Cancelled`]. No file is left behind, an existing one stays.
pub fn capture(
    source: &Path,
    image: &Path,
    options: &CaptureOptions,
    observer: Observer<'_>,
) -> Result<CaptureReport> {
    if image.symlink_metadata().is_ok() && !options.overwrite {
        return Err(Error::io("create", image, io::ErrorKind::AlreadyExists.into()));
    }
    let references = open_all(&options.delta_from)?;
    let script = script(options)?;
    let mut told = CaptureReport::default();
    told.notes.extend_from_slice(script.notes());
    let latest = latest(options);
    let scan_options = ScanOptions {
        script: &script,
        latest,
        fix_links: !options.no_link_fix,
        template: None,
        image_file: HostFile::open(image).and_then(|file| file.identity()).ok(),
    };
    let mut scan = scan::scan(source, &scan_options, &mut told, observer)?;
    let name = match options.name.as_str() {
        "" => default_name(&scan.root),
        name => name.to_owned(),
    };
    let container = container_options(options)?;
    let mut writer = ContainerWriter::create(image, &container, options.overwrite)?;
    references.iter().for_each(|file| writer.leave_out(file));
    let similar_together = container.solid.is_some();
    let captured = Captured { options, name: &name, latest, is_fresh: true, similar_together };
    captured.add(&mut scan, &references, &mut writer, &mut told, observer)?;
    if options.bootable {
        writer.set_boot_index(Some(told.index))?;
    }
    finish(writer.finish(observer)?, options, told, observer)
}

/// Adds an image to an image file: what is in the directory (or on the volume) `source`. Sessions on
/// the file's other images go on.
///
/// # Errors
/// As [`capture`]; [`Error::ImageNameExists`], [`Error::SplitNotWritable`],
/// [`Error::ImageFileReadOnly`], [`Error::Busy`]. The file stays as it was.
pub fn append(
    source: &Path,
    image: &Path,
    options: &AppendOptions,
    observer: Observer<'_>,
) -> Result<CaptureReport> {
    let update_of = options.update_of;
    let options = &CaptureOptions::from(options);
    let mut references = open_all(&options.delta_from)?;
    let file = Arc::new(ImageFile::open_with(image, &options.delta_from)?);
    let name = free_name(&file, source, options)?;
    let mut appended = container::AppendOptions { level: options.level, ..Default::default() };
    if options.integrity_table {
        appended.integrity_table = Some(true);
    }
    // First of all: it refuses files that cannot be added to.
    let mut writer = ContainerWriter::append(&file, &appended)?;
    references.iter().for_each(|file| writer.leave_out(file));
    let template = match update_of {
        Some(index) => {
            let index = file.select(&ImageSelector::Index(index))?;
            let tree = read_tree(file.archive(), index, observer).in_file(image.display().to_string())?;
            Some(Template::new(Arc::clone(&file), tree))
        }
        None => None,
    };
    let script = script(options)?;
    let mut told = CaptureReport::default();
    told.notes.extend_from_slice(script.notes());
    let latest = latest(options);
    // Whoever reads the file takes its word for all images.
    let others_are_fixed = file.archive().header().has(header_flags::REPARSE_POINT_FIX);
    let scan_options = ScanOptions {
        script: &script,
        latest,
        fix_links: !options.no_link_fix && others_are_fixed,
        template: template.as_ref(),
        image_file: Some(file.host_file().identity()?),
    };
    let mut scan = scan::scan(source, &scan_options, &mut told, observer)?;
    references.push(Arc::clone(&file));
    let similar_together = file.archive().is_solid();
    let captured = Captured { options, name: &name, latest, is_fresh: false, similar_together };
    captured.add(&mut scan, &references, &mut writer, &mut told, observer)?;
    if options.bootable {
        writer.set_boot_index(Some(told.index))?;
    }
    finish(writer.finish(observer)?, options, told, observer)
}

/// Completes the report, after a look at what was written if that was asked for.
fn finish(
    finished: Finished,
    options: &CaptureOptions,
    told: CaptureReport,
    observer: Observer<'_>,
) -> Result<CaptureReport> {
    if options.verify {
        let indexes = vec![told.index];
        let reference_paths = options.delta_from.clone();
        let found = test(&finished.path, &TestOptions { indexes, reference_paths }, observer)?;
        if let Some(error) = found.findings.iter().find(|finding| finding.severity == Severity::Error) {
            let damage = Error::malformed("image file", &error.item, "what was captured", &error.message);
            return Err(damage).in_file(finished.path.display().to_string());
        }
    }
    let Finished { path, bytes_written, file_size } = finished;
    Ok(CaptureReport { image_path: path, bytes_written, file_size, ..told })
}

fn open_all(paths: &[PathBuf]) -> Result<Vec<Arc<ImageFile>>> {
    paths.iter().map(|path| ImageFile::open(path).map(Arc::new)).collect()
}

fn script(options: &CaptureOptions) -> Result<WimScript> {
    match &options.exclude {
        _ if options.no_exclusions => Ok(WimScript::nothing()),
        Some(path) => {
            let bytes = folder::read(path, SCRIPT_LIMIT)?;
            WimScript::parse(&bytes).in_file(path.display().to_string())
        }
        None => Ok(WimScript::default()),
    }
}

/// The time that everything later becomes, for a result that depends on the tree alone.
fn latest(options: &CaptureOptions) -> Option<u64> {
    let seconds = options.timestamp.or_else(clock::fixed_seconds)?;
    Some(clock::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX), 0))
}

fn container_options(options: &CaptureOptions) -> Result<ContainerOptions> {
    let mut container = ContainerOptions::new(options.compression);
    container.level = options.level;
    container.integrity_table = options.integrity_table;
    let refused = |name: &str| {
        let reason = format!("{name} does not allow chunks of {} bytes", options.chunk_size);
        Err(Error::InvalidArgument { parameter: "chunkSize", reason })
    };
    match (&mut container.solid, options.chunk_size) {
        (_, 0) => {}
        (Some(solid), size) => match container.storage.compression.allows_chunk_size(size) {
            true => solid.chunk_size = size,
            false => return refused("LZMS"),
        },
        (None, size) => {
            let compression = container.storage.compression;
            if options.compression == CompressionType::None || !compression.allows_chunk_size(size) {
                return refused(compression.name());
            }
            container.storage = Storage { compression, chunk_size: size };
        }
    }
    Ok(container)
}

fn default_name(source: &Path) -> String {
    source.file_name().map_or_else(|| "Image".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The name of a new image in a file that has images.
fn free_name(file: &ImageFile, source: &Path, options: &CaptureOptions) -> Result<String> {
    let taken = |name: &str| file.select(&ImageSelector::Name(name.to_owned())).ok();
    if !options.name.is_empty() {
        return match taken(&options.name) {
            Some(index) => Err(Error::ImageNameExists { name: options.name.clone(), index }),
            None => Ok(options.name.clone()),
        };
    }
    let name = default_name(&crate::image::host::canonical(source)?);
    let numbered = (2u32..).map(|number| format!("{name} ({number})"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    Ok(names.find(|name| taken(name).is_none()).unwrap_or(name))
}
