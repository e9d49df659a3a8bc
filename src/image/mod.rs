//! The offline image as a place: container file, session, tree, journal.
//!
//! The only layer that touches the host's file system (through [`host`]), and the only one with
//! threads.

pub mod clock;
mod compress;
pub mod container;
mod content;
mod create;
pub mod decode;
mod encoding;
mod file;
pub mod folder;
mod hive_cache;
pub mod hive_file;
pub mod host;
pub mod identity;
mod info;
pub mod jobs;
mod journal;
mod metadata;
mod mount;
mod new_file;
mod operation;
mod options;
mod parts;
mod patch;
mod path;
mod pattern;
mod pool;
mod replay;
mod resource;
mod save;
mod saved;
mod session;
mod staging;
pub mod state;
mod status;
mod transaction;
pub mod transfer;
mod view;

pub use clock::{from_system_time, now, to_system_time};
pub use content::ContentReader;
pub use create::{create, CreateOptions};
pub use file::ImageFile;
pub use info::{
    Action, FileInfo, ImageDetails, Item, ItemType, MountMode, MountStatus, SaveReport, SessionInfo,
    StreamInfo, TransferItem, TransferReport,
};
pub use new_file::NewFile;
pub use options::{Content, ImageSelector, MountOptions, Put, PutOptions, SaveOptions, Times};
pub use path::{check_new_name, is_device_name, ImagePath, NAME_LIMIT};
pub use pattern::{Pattern, TextPattern};
pub use resource::Storage;
pub use saved::SavedImage;
pub use session::Session;
pub use transaction::{Savepoint, Transaction};
pub use view::View;
