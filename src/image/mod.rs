//! The offline image as a place: container file, session, tree, journal.
//!
//! The only layer that touches the host's file system (through [`host`]), and the only one with
//! threads.

#![allow(dead_code)] // until the session stands on it

pub mod compress;
pub mod encoding;
pub mod folder;
pub mod host;
pub mod info;
pub mod journal;
mod options;
mod path;
mod session;
pub mod state;

pub use info::{
    Action, FileInfo, ImageDetails, Item, ItemType, MountMode, MountStatus, SaveReport, SessionInfo,
    StreamInfo, TransferItem, TransferReport,
};
pub use options::{Content, ImageSelector, MountOptions, Put, PutOptions, SaveOptions, Times};
pub use path::{check_new_name, is_device_name, ImagePath, NAME_LIMIT};
pub use session::{Savepoint, Session, Transaction, View};
