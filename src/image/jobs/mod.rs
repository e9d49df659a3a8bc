//! What is done with image files as wholes: one file or folder per job.

pub mod apply;
pub mod copy;
pub mod join;
pub mod split;

pub use apply::{apply, ApplyOptions, ApplyReport};
pub use copy::{copy, CopyOptions, CopyReport};
pub use join::{join, JoinOptions, JoinReport};
pub use split::{split, SplitOptions, SplitReport};
