//! What an image is captured from or applied to.

use serde::{Deserialize, Serialize};

/// A directory or a volume.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlaceKind {
    /// An NTFS volume when it is a file or device that holds one, else a directory.
    #[default]
    Auto,
    /// A directory of the host.
    Directory,
    /// An NTFS volume: a block device, or a file with its content.
    Ntfs,
}
