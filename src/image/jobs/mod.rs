//! What is done with image files as wholes: one file or folder per job.

pub mod append_session;
pub mod apply;
pub mod capture;
pub mod compare;
pub mod contents;
pub mod copy;
pub mod describe;
pub mod export;
mod fresh_set;
pub mod join;
pub mod ntfs;
pub mod optimize;
mod place;
pub mod remove;
pub mod repair;
pub mod split;
pub mod test;

pub use append_session::{AppendReport, AppendSessionOptions};
pub use apply::{apply, ApplyOptions, ApplyReport};
pub use capture::{append, capture, AppendOptions, CaptureOptions, CaptureReport};
pub use compare::{compare, compare_session, Aspect, Change, CompareOptions, Difference};
pub use contents::{extract, list, ListOptions};
pub use copy::{copy, CopyOptions, CopyReport};
pub use describe::{describe, DescribeOptions};
pub use export::{export, ExportOptions, ExportReport, ExportedImage};
pub use join::{join, JoinOptions, JoinReport};
pub use optimize::{optimize, OptimizeOptions, OptimizeReport};
pub use place::PlaceKind;
pub use remove::{remove, RemoveOptions, RemoveReport, RemovedImage};
pub use repair::{repair, LostItem, RepairOptions, RepairReport, RepairedImage};
pub use split::{split, SplitOptions, SplitReport};
pub use test::{test, Finding, Severity, TestOptions, TestReport};
