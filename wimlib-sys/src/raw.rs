//! Raw declarations, named as in `wimlib.h`.
#![allow(non_camel_case_types)]

use libc::{c_int, c_uint, c_void, size_t};

/// `struct wimlib_compressor`, opaque.
pub enum wimlib_compressor {}
/// `struct wimlib_decompressor`, opaque.
pub enum wimlib_decompressor {}

#[cfg_attr(windows, link(name = "libwim-15", kind = "raw-dylib"))]
extern "C" {
    pub fn wimlib_create_compressor(
        ctype: c_int,
        max_block_size: size_t,
        compression_level: c_uint,
        compressor_ret: *mut *mut wimlib_compressor,
    ) -> c_int;
    pub fn wimlib_compress(
        uncompressed_data: *const c_void,
        uncompressed_size: size_t,
        compressed_data: *mut c_void,
        compressed_size_avail: size_t,
        compressor: *mut wimlib_compressor,
    ) -> size_t;
    pub fn wimlib_free_compressor(compressor: *mut wimlib_compressor);
    pub fn wimlib_create_decompressor(
        ctype: c_int,
        max_block_size: size_t,
        decompressor_ret: *mut *mut wimlib_decompressor,
    ) -> c_int;
    pub fn wimlib_decompress(
        compressed_data: *const c_void,
        compressed_size: size_t,
        uncompressed_data: *mut c_void,
        uncompressed_size: size_t,
        decompressor: *mut wimlib_decompressor,
    ) -> c_int;
    pub fn wimlib_free_decompressor(decompressor: *mut wimlib_decompressor);
}
