//! Making a session: what may be opened how, and under which name.

use crate::error::{Error, InFile, Result};
use crate::formats::wim::header_flags;
use crate::formats::wim::tree::Tree;
use crate::image::clock;
use crate::image::content::ContentStore;
use crate::image::file::ImageFile;
use crate::image::host::{self, HostFile};
use crate::image::identity::Sources;
use crate::image::metadata::read_tree;
use crate::image::options::MountOptions;
use crate::image::session::{base_of, lock_shared, Loaded, Pending, Session};
use crate::image::state::{Record, StateDirectory};
use crate::progress::Observer;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Session {
    /// Opens an image and makes a session of it.
    ///
    /// # Errors
    /// For a writable session: [`Error::SplitNotWritable`], [`Error::SolidNotWritable`],
    /// [`Error::ImageFileReadOnly`], [`Error::AlreadyMounted`]. [`Error::IndexNotFound`],
    /// [`Error::ImageNameNotFound`], [`Error::SessionExists`], and damage of the image file.
    pub fn mount(options: &MountOptions, observer: Observer<'_>) -> Result<Self> {
        Self::mount_in(StateDirectory::locate()?, options, observer)
    }

    /// As [`Session::mount`], with the state directory given.
    pub fn mount_in(state: StateDirectory, options: &MountOptions, observer: Observer<'_>) -> Result<Self> {
        loop {
            let image_path = host::canonical(&options.image_path)?;
            let image = Arc::new(ImageFile::open(&image_path)?);
            if let Some(session) = Self::mount_image(&state, options, image, image_path, observer)? {
                return Ok(session);
            }
        }
    }

    /// Makes a session on an open file; `None` if somebody saved into the file meanwhile.
    fn mount_image(
        state: &StateDirectory,
        options: &MountOptions,
        image: Arc<ImageFile>,
        image_path: PathBuf,
        observer: Observer<'_>,
    ) -> Result<Option<Self>> {
        let name = image_path.display().to_string();
        if options.check_integrity {
            image.verify_integrity(observer)?;
        }
        let index = image.select(&options.image).in_file(&name)?;
        if !options.read_only {
            check_writable(&image, false).in_file(&name)?;
            lock_shared(&image)?;
        }
        let file = image.host_file();
        let base = base_of(&image, index)?;
        let tree = read_tree(image.archive(), index, observer).in_file(&name)?;
        if !options.read_only {
            check_complete(&tree).in_file(&name)?;
        }
        let details = image.image_details(index).unwrap_or_default();

        let guard = state.lock()?;
        // From here on, whoever saves into the file leaves a note for this session first.
        if !image.is_current()? {
            return Ok(None);
        }
        state.sweep()?;
        let path = choose_path(state, options, &image_path, index)?;
        let record = Record {
            format: Record::format(),
            id: uuid::Uuid::new_v4().to_string(),
            path,
            image_file: file.identity()?,
            image_path,
            image_index: index,
            image_name: details.name.unwrap_or_default(),
            read_only: options.read_only,
            created_time: clock::now(),
            architecture: details.architecture,
            edition_id: details.edition_id,
            version: details.version,
            base,
            generation: 1,
            commit: None,
        };
        check_conflicts(state, &record)?;
        let directory = state.create(&record.id)?;
        directory.write(&record)?;
        drop(guard);
        let loaded = Loaded {
            base_references: tree.blob_references(),
            base_sources: Sources::of(&tree),
            tree,
            content: ContentStore::new(Arc::clone(&image)),
            pending: Pending::default(),
        };
        let details = OnceCell::new();
        let state = state.clone();
        let (image, loaded) = (image.into(), loaded.into());
        Ok(Some(Self { state, directory, record, image, details, loaded, hives: Arc::default() }))
    }
}

/// A save writes the tree as it was read, so what was left out when reading would be lost.
fn check_complete(tree: &Tree) -> Result<()> {
    if tree.is_complete() {
        return Ok(());
    }
    Err(Error::Unsupported {
        what: "writing an image whose metadata is damaged".to_owned(),
        reason: format!("a save would lose something: {}; it opens read-only", tree.notes().join("; ")),
    })
}

/// The file may be changed in place; a solid one only by whoever does not need to change content.
pub(super) fn check_writable(image: &ImageFile, solid_too: bool) -> Result<()> {
    if image.archive().is_split() {
        return Err(Error::SplitNotWritable);
    }
    if image.archive().is_solid() && !solid_too {
        return Err(Error::SolidNotWritable);
    }
    if image.archive().header().has(header_flags::READ_ONLY) {
        return Err(Error::ImageFileReadOnly);
    }
    let file = image.host_file();
    let metadata = file.file().metadata().map_err(|source| Error::io("read", image.path(), source))?;
    if metadata.permissions().readonly() {
        return Err(Error::ImageFileReadOnly);
    }
    match HostFile::open_writable(image.path()) {
        Ok(_) => Ok(()),
        Err(Error::Io { source, .. })
            if matches!(
                source.kind(),
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            Err(Error::ImageFileReadOnly)
        }
        Err(error) => Err(error),
    }
}

fn choose_path(
    state: &StateDirectory,
    options: &MountOptions,
    image_path: &Path,
    index: u32,
) -> Result<PathBuf> {
    let taken = |path: &Path| -> Result<bool> {
        let sessions = state.all()?;
        let records = sessions.iter().filter_map(|session| session.read().ok());
        Ok(records.into_iter().any(|record| host::same_path(&record.path, path)))
    };
    if let Some(path) = &options.session_path {
        let path = std::path::absolute(path).map_err(|source| Error::io("find", path, source))?;
        return match taken(&path)? {
            false => Ok(path),
            true => Err(Error::SessionExists { session: path.display().to_string() }),
        };
    }
    let mut name = image_path.as_os_str().to_os_string();
    name.push(format!("#{index}"));
    let first = PathBuf::from(&name);
    let mut path = first.clone();
    let mut number = 1u32;
    // A second writable one is refused later on; read-only ones are numbered.
    while options.read_only && taken(&path)? {
        number = number.saturating_add(1);
        let mut numbered = name.clone();
        numbered.push(format!(".{number}"));
        path = PathBuf::from(numbered);
    }
    Ok(path)
}

fn check_conflicts(state: &StateDirectory, new: &Record) -> Result<()> {
    for directory in state.all()? {
        let Ok(other) = directory.read() else { continue };
        let same_file = other.is_on(&new.image_path, new.image_file);
        let both_write = !other.read_only && !new.read_only;
        if same_file && both_write && other.image_index == new.image_index {
            let session = other.path.display().to_string();
            return Err(Error::AlreadyMounted { index: new.image_index, session });
        }
        if host::same_path(&other.path, &new.path) {
            return Err(Error::SessionExists { session: new.path.display().to_string() });
        }
    }
    Ok(())
}
