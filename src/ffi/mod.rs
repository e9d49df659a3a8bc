//! The C ABI, and nothing else: lift the arguments, call one engine function, lower the result.
//!
//! The contract is in `docs/abi.md`; the header `include/imgsvc.h` is generated from these files by
//! cbindgen and committed. This is the only folder of the crate with `unsafe`.
//!
//! - Every fallible function returns [`imgsvc_status`]; its last parameter receives an owned
//!   [`imgsvc_error`], or is NULL. Out-parameters are written on success only.
//! - NULL is checked for every pointer. `*_free(NULL)` does nothing.
//! - No panic crosses: it becomes `IMGSVC_STATUS_PANIC`, and its handle serves `_free` only.
//! - A handle is used by one thread at a time; different handles are independent.
//! - Text is UTF-16 and NUL-terminated both ways; structured results are UTF-8 JSON documents.
#![allow(unsafe_code, non_camel_case_types)]

mod answer_file;
mod content;
mod document;
mod driver;
mod error;
mod file;
mod guard;
mod image;
mod item;
mod job;
mod progress;
mod registry;
mod session;
mod setup;
mod source;
mod status;
mod text;
mod unattend;
mod version;

pub use answer_file::*;
pub use content::*;
pub use document::*;
pub use driver::*;
pub use error::*;
pub use file::*;
pub use image::*;
pub use item::*;
pub use progress::*;
pub use registry::*;
pub use session::*;
pub use setup::*;
pub use status::*;
pub use unattend::*;
pub use version::*;
