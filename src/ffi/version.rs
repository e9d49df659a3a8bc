//! Which ABI and which library this is.

/// The version of the ABI that this header describes. A program compares it with
/// `imgsvc_abi_version()` before it calls anything else.
pub const IMGSVC_ABI_VERSION: u32 = 1;

/// The ABI version of the loaded library; see `IMGSVC_ABI_VERSION`.
#[no_mangle]
pub extern "C" fn imgsvc_abi_version() -> u32 {
    IMGSVC_ABI_VERSION
}
