//! Capturing: a directory of the host, or an NTFS volume, becomes an image (New-Image, Add-Image).
//!
//! A directory is looked at as a whole first (`scan`), then its contents are read and written
//! (`contents`), then the tree is complete and follows them. Nothing is in the image file before
//! its header (or its name) is.

mod contents;
mod describe;
mod job;
mod link;
mod options;
mod scan;
mod template;
mod verify;
mod volume;

pub use options::{AppendOptions, CaptureOptions, CaptureReport, Skipped};

use crate::error::{Error, InFile, Result};
use crate::formats::wim::header::header_flags;
use crate::formats::wimscript::WimScript;
use crate::image::clock;
use crate::image::container::{self, CompressionType, ContainerOptions, ContainerWriter, Finished};
use crate::image::file::ImageFile;
use crate::image::folder::{self, HostKind};
use crate::image::host::{self, HostFile};
use crate::image::jobs::ntfs;
use crate::image::jobs::PlaceKind;
use crate::image::metadata::read_tree;
use crate::image::options::ImageSelector;
use crate::image::resource::Storage;
use crate::progress::Observer;
use job::Job;
use scan::ScanOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use template::Template;
use volume::{VolumeImage, VolumeOptions};

/// Bytes of a capture configuration file that are looked at.
const SCRIPT_LIMIT: u64 = 1 << 20;

/// Makes an image file with one image: what is in the directory (or on the volume) `source`.
///
/// Of a directory, names, contents, hard links, symbolic links, times of last change and last
/// access are captured. Attributes are those of new files. Descriptors are inherited from the
/// root's, which is that of a new volume. Sockets, pipes and devices are skipped and reported. Of a
/// volume everything is captured but encrypted files.
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
    let container = container_options(options)?;
    let known = open_all(&options.delta_from)?;
    let latest = latest(options);
    let name = match options.name.as_str() {
        "" => default_name(source)?,
        name => name.to_owned(),
    };
    let similar_together = container.solid.is_some();
    let job = Job { options, name: &name, latest, is_fresh: true, similar_together, known: &known };
    let mut told = CaptureReport::default();
    let start = || -> Result<ContainerWriter> {
        let mut writer = ContainerWriter::create(image, &container, options.overwrite)?;
        known.iter().for_each(|file| writer.leave_out(file));
        Ok(writer)
    };
    let mut writer;
    if is_volume(source, options)? {
        let how = VolumeOptions {
            storage: container.storage,
            solid: similar_together,
            script: &script(options, &mut told)?,
            latest,
            references: options.delta_from.clone(),
            template: None,
        };
        let volume = VolumeImage::capture(source, image, options, how, &mut told, observer)?;
        writer = start()?;
        job.add_volume(&volume, &mut writer, &mut told, observer)?;
    } else {
        let how = ScanOptions {
            script: &script(options, &mut told)?,
            latest,
            fix_links: !options.no_link_fix,
            template: None,
            image_file: HostFile::open(image).and_then(|file| file.identity()).ok(),
        };
        let scan = scan::scan(source, &how, &mut told, observer)?;
        // Only now, so that the file itself is not found.
        writer = start()?;
        job.add_directory(scan, &mut writer, &mut told, observer)?;
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
    let file = Arc::new(ImageFile::open_with(image, &options.delta_from)?);
    let update_of = update_of.map(|index| file.select(&ImageSelector::Index(index))).transpose()?;
    let name = free_name(&file, source, options)?;
    let appended = container::AppendOptions {
        level: options.level,
        integrity_table: options.integrity_table.then_some(true),
        ..Default::default()
    };
    let mut known = open_all(&options.delta_from)?;
    // First of all: it refuses files that cannot be added to.
    let mut writer = ContainerWriter::append(&file, &appended)?;
    known.iter().for_each(|file| writer.leave_out(file));
    known.push(Arc::clone(&file));
    let latest = latest(options);
    let similar_together = file.archive().is_solid();
    let job = Job { options, name: &name, latest, is_fresh: false, similar_together, known: &known };
    let mut told = CaptureReport::default();
    if is_volume(source, options)? {
        let how = VolumeOptions {
            storage: file.storage(),
            solid: similar_together,
            script: &script(options, &mut told)?,
            latest,
            references: std::iter::once(image.to_path_buf()).chain(options.delta_from.clone()).collect(),
            template: update_of.map(|index| (image, index)),
        };
        let volume = VolumeImage::capture(source, image, options, how, &mut told, observer)?;
        job.add_volume(&volume, &mut writer, &mut told, observer)?;
    } else {
        let template = match update_of {
            Some(index) => {
                let tree = read_tree(file.archive(), index, observer).in_file(image.display().to_string())?;
                Some(Template::new(Arc::clone(&file), tree))
            }
            None => None,
        };
        // Whoever reads the file takes its header's word for all images.
        let others_are_fixed = file.archive().header().has(header_flags::REPARSE_POINT_FIX);
        let how = ScanOptions {
            script: &script(options, &mut told)?,
            latest,
            fix_links: !options.no_link_fix && others_are_fixed,
            template: template.as_ref(),
            image_file: Some(file.host_file().identity()?),
        };
        let scan = scan::scan(source, &how, &mut told, observer)?;
        job.add_directory(scan, &mut writer, &mut told, observer)?;
    }
    finish(writer.finish(observer)?, options, told, observer)
}

fn is_volume(source: &Path, options: &CaptureOptions) -> Result<bool> {
    match options.source {
        PlaceKind::Ntfs => Ok(true),
        PlaceKind::Directory => Ok(false),
        PlaceKind::Auto => match folder::kind(source)? {
            Some(HostKind::Directory) => Ok(false),
            Some(_) => ntfs::is_volume(source),
            None => Err(Error::io("capture", source, io::ErrorKind::NotFound.into())),
        },
    }
}

/// Completes the report, after what was written is read back if that was asked for.
fn finish(
    finished: Finished,
    options: &CaptureOptions,
    told: CaptureReport,
    observer: Observer<'_>,
) -> Result<CaptureReport> {
    if options.verify {
        verify::verify(&finished.path, told.index, &options.delta_from, observer)?;
    }
    let Finished { path, bytes_written, file_size } = finished;
    Ok(CaptureReport { image_path: path, bytes_written, file_size, ..told })
}

fn open_all(paths: &[PathBuf]) -> Result<Vec<Arc<ImageFile>>> {
    paths.iter().map(|path| ImageFile::open(path).map(Arc::new)).collect()
}

fn script(options: &CaptureOptions, told: &mut CaptureReport) -> Result<WimScript> {
    match &options.exclude {
        _ if options.no_exclusions => Ok(WimScript::nothing()),
        Some(path) => {
            let bytes = folder::read(path, SCRIPT_LIMIT)?;
            let script = WimScript::parse(&bytes).in_file(path.display().to_string())?;
            told.notes.extend_from_slice(script.notes());
            Ok(script)
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

fn default_name(source: &Path) -> Result<String> {
    let source = host::canonical(source)?;
    let name = source.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(name.unwrap_or_else(|| "Image".to_owned()))
}

/// The name of a new image in a file that has images.
fn free_name(file: &ImageFile, source: &Path, options: &CaptureOptions) -> Result<String> {
    let taken = |name: &str| file.archive().xml().image_named(name);
    if !options.name.is_empty() {
        return match taken(&options.name) {
            Some(index) => Err(Error::ImageNameExists { name: options.name.clone(), index }),
            None => Ok(options.name.clone()),
        };
    }
    let name = default_name(source)?;
    let numbered = (2u32..).map(|number| format!("{name} ({number})"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    Ok(names.find(|name| taken(name).is_none()).unwrap_or(name))
}
