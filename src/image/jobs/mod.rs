//! What is done with image files as wholes: one file or folder per job.

pub mod apply;
pub mod capture;
pub mod compare;
pub mod contents;
pub mod copy;
mod fresh_set;
pub mod join;
pub mod ntfs;
pub mod repair;
pub mod split;
pub mod test;

pub use apply::{apply, ApplyOptions, ApplyReport};
pub use capture::{append, capture, AppendOptions, CaptureOptions, CaptureReport};
pub use compare::{compare, compare_session, Aspect, Change, CompareOptions, Difference};
pub use contents::{extract, list, ListOptions};
pub use copy::{copy, CopyOptions, CopyReport};
pub use join::{join, JoinOptions, JoinReport};
pub use repair::{repair, LostItem, RepairOptions, RepairReport, RepairedImage};
pub use split::{split, SplitOptions, SplitReport};
pub use test::{test, Finding, Severity, TestOptions, TestReport};
