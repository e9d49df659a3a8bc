//! The one error type of the engine.
//!
//! A variant says which situation it is; its fields say where, and what was expected. The message
//! starts in lower case and has no full stop; [`Error::InFile`] puts the file in front. Statuses of
//! the C ABI and DISM's HRESULTs are chosen by variant, in one place each.

use std::path::{Path, PathBuf};

/// What every fallible function of the engine returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong in the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host's file system refused an operation (the source tells: no space, access, not found).
    #[error("cannot {action} '{}': {source}", path.display())]
    Io {
        /// What was tried, as an infinitive: `read`, `write`, `create`…
        action: &'static str,
        /// The host file.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// Reading or writing through a stream that has no name here; callers add the file.
    #[error("{0}")]
    Stream(#[source] std::io::Error),
    /// Bytes that do not follow their format.
    #[error("damaged {format} at {place}: expected {expected}, found {found}")]
    Malformed {
        /// The format, as users know it: `WIM header`, `registry hive`, `INF`…
        format: &'static str,
        /// Offset, line, key or entry: whatever leads to the spot.
        place: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A correct file that asks for something this engine does not do.
    #[error("{what} is not supported: {reason}")]
    Unsupported {
        /// The thing asked for.
        what: String,
        /// Why not, and what to do instead.
        reason: String,
    },
    /// A size or count beyond the limit that protects against hostile input.
    #[error("{what} is {found}, more than the limit of {limit}")]
    LimitExceeded {
        /// What was counted.
        what: &'static str,
        /// The limit, in the same unit.
        limit: u64,
        /// The number found.
        found: u64,
    },
    /// Another error, with the file it happened in.
    #[error("'{file}': {source}")]
    InFile {
        /// The host file, or the path inside the image.
        file: String,
        /// What happened there.
        source: Box<Error>,
    },
    /// The image file has no image of that index.
    #[error("the file has {count} image(s); there is no image {index}")]
    IndexNotFound {
        /// The index asked for, 1-based.
        index: u32,
        /// How many images the file has.
        count: u32,
    },
    /// The image file has no image of that name.
    #[error("the file has no image named '{name}'; it has {available}")]
    ImageNameNotFound {
        /// The name asked for.
        name: String,
        /// The names there are, for the message.
        available: String,
    },
    /// The image file may not be written (attribute, rights, medium) and a writable session was asked for.
    #[error("the image file is read-only")]
    ImageFileReadOnly,
    /// A split set cannot be serviced in place.
    #[error("a split image set can only be opened read-only")]
    SplitNotWritable,
    /// A solid (ESD) file cannot be serviced in place.
    #[error("a solid (ESD) image file can only be opened read-only; export it to a .wim first")]
    SolidNotWritable,
    /// The image already has a writable session.
    #[error("image {index} is already mounted for writing as '{session}'")]
    AlreadyMounted {
        /// The image's index, 1-based.
        index: u32,
        /// The session's path.
        session: String,
    },
    /// A session of that name exists.
    #[error("'{session}' is the path of another session")]
    SessionExists {
        /// The session's path.
        session: String,
    },
    /// No session has that path or id.
    #[error("no image is mounted as '{session}'")]
    SessionNotFound {
        /// What was asked for.
        session: String,
    },
    /// Another process works on the session, or on the image file.
    #[error("'{what}' is in use by another process")]
    Busy {
        /// The session or the image file.
        what: String,
    },
    /// A change was asked of a read-only session.
    #[error("'{session}' was mounted read-only")]
    SessionReadOnly {
        /// The session's path.
        session: String,
    },
    /// The image file is not the one the session was made of.
    #[error("the image file has changed since it was mounted ({difference}); nothing was written")]
    ImageChanged {
        /// What is different.
        difference: String,
    },
    /// No such file, directory or stream in the image.
    #[error("there is no '{path}' in the image")]
    ItemNotFound {
        /// The path inside the image.
        path: String,
    },
    /// A file or directory of that name is already there.
    #[error("'{path}' already exists in the image")]
    ItemExists {
        /// The path inside the image.
        path: String,
    },
    /// A directory was needed, or a file was needed.
    #[error("'{path}' in the image is {found}, {needed} is needed")]
    WrongItemKind {
        /// The path inside the image.
        path: String,
        /// What it is: `a file`, `a directory`, `a reparse point`.
        found: &'static str,
        /// What the operation needs.
        needed: &'static str,
    },
    /// A directory that is not empty, without a request to remove what it holds.
    #[error("directory '{path}' in the image is not empty")]
    DirectoryNotEmpty {
        /// The path inside the image.
        path: String,
    },
    /// A name or path that Windows would not accept, or that would leave the image.
    #[error("'{name}' is not a valid {what}: {reason}")]
    InvalidName {
        /// `file name`, `path`, `key name`…
        what: &'static str,
        /// The name as given.
        name: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// No such registry key or value.
    #[error("there is no {what} '{path}' in the hive")]
    RegistryNotFound {
        /// `key` or `value`.
        what: &'static str,
        /// The path from the hive's root.
        path: String,
    },
    /// The hive was not closed cleanly; its transaction logs hold changes.
    #[error("the registry hive is dirty (sequence numbers {primary} and {secondary}): its transaction logs must be applied first")]
    HiveDirty {
        /// Primary sequence number.
        primary: u32,
        /// Secondary sequence number.
        secondary: u32,
    },
    /// The image is not one this operation can service.
    #[error("the image cannot be serviced: {reason}")]
    NotServiceable {
        /// What is missing or in the way.
        reason: String,
    },
    /// A driver package without a catalogue, or with files the catalogue does not cover.
    #[error("the driver package is not signed: {reason}")]
    DriverUnsigned {
        /// What is missing.
        reason: String,
    },
    /// A driver package whose files do not match its catalogue.
    #[error("the driver package was tampered with: {reason}")]
    DriverTampered {
        /// Which file, and how it differs.
        reason: String,
    },
    /// A file that the driver's INF names is not in the package.
    #[error("the driver package lacks '{file}', which its INF names")]
    DriverFileMissing {
        /// The file, relative to the package.
        file: String,
    },
    /// No package of the image has that name.
    #[error("there is no driver package '{name}' in the image")]
    DriverNotFound {
        /// A published name, or the name of an INF.
        name: String,
    },
    /// A driver package that must not be removed.
    #[error("driver package '{driver}' is not removed: {reason}")]
    DriverProtected {
        /// The published name.
        driver: String,
        /// Why.
        reason: String,
    },
    /// A parameter that cannot be used.
    #[error("{parameter} is not valid: {reason}")]
    InvalidArgument {
        /// The parameter.
        parameter: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Not enough room on the host for what is about to be written; told before writing starts.
    #[error("'{}' has room for {available} bytes, {needed} are needed", path.display())]
    NoSpace {
        /// Where it was to be written.
        path: PathBuf,
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        available: u64,
    },
    /// A block device that only an administrator may open.
    #[error("'{}' is a block device, which only an administrator may open", path.display())]
    ElevationRequired {
        /// The device.
        path: PathBuf,
    },
    /// A part of a split set is not beside the others.
    #[error("part {part} of {total} of the split set is missing")]
    PartMissing {
        /// The part's number, from 1.
        part: u16,
        /// How many parts the set has.
        total: u16,
    },
    /// A file that holds only the changes to another one, without that other file.
    #[error("the image needs content that the file does not hold (SHA-1 {hash}): it holds only the changes to another file")]
    ContentMissing {
        /// SHA-1 of the first content that is missing, in hexadecimal.
        hash: String,
    },
    /// The image file already has an image of that name.
    #[error("the file already has an image named '{name}' (image {index})")]
    ImageNameExists {
        /// The name.
        name: String,
        /// The image that has it, 1-based.
        index: u32,
    },
    /// The state directory of a session is damaged.
    #[error("the session's state is damaged: {reason}")]
    StateDamaged {
        /// What is wrong.
        reason: String,
    },
    /// The caller asked to stop; nothing was changed.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// Bytes that do not follow their format.
    pub fn malformed(
        format: &'static str,
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Malformed { format, place: place.into(), expected: expected.into(), found: found.into() }
    }

    /// The host's file system refused `action` on `path`.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io { action, path: path.as_ref().to_path_buf(), source }
    }

    /// Adds the file an error happened in. An error that already names one is left as it is.
    pub fn in_file(self, file: impl Into<String>) -> Self {
        match self {
            Self::InFile { .. } | Self::Io { .. } | Self::Cancelled => self,
            other => Self::InFile { file: file.into(), source: Box::new(other) },
        }
    }

    /// The error under [`Error::InFile`].
    pub fn root(&self) -> &Self {
        match self {
            Self::InFile { source, .. } => source.root(),
            other => other,
        }
    }
}

/// Adds the file to the error of a `Result`.
pub trait InFile<T> {
    /// See [`Error::in_file`].
    fn in_file(self, file: impl Into<String>) -> Result<T>;
}

impl<T> InFile<T> for Result<T> {
    fn in_file(self, file: impl Into<String>) -> Result<T> {
        self.map_err(|error| error.in_file(file))
    }
}
