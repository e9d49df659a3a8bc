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

/// What the high-level wrappers need. Windows' libwim has no NTFS-3G, so they are not made there.
#[cfg(unix)]
mod archive {
    use libc::{c_char, c_int, c_uint, c_void};

    /// `struct WIMStruct`, opaque.
    pub enum WIMStruct {}

    pub const WIMLIB_ERR_ABORTED_BY_PROGRESS: c_int = 76;

    pub const WIMLIB_ALL_IMAGES: c_int = -1;

    pub const WIMLIB_ADD_FLAG_NTFS: c_int = 0x0000_0001;
    pub const WIMLIB_ADD_FLAG_VERBOSE: c_int = 0x0000_0004;
    pub const WIMLIB_ADD_FLAG_EXCLUDE_VERBOSE: c_int = 0x0000_0080;
    pub const WIMLIB_ADD_FLAG_TEST_FILE_EXCLUSION: c_int = 0x0000_4000;
    pub const WIMLIB_ADD_FLAG_FILE_PATHS_UNNEEDED: c_int = 0x0001_0000;

    pub const WIMLIB_EXTRACT_FLAG_NTFS: c_int = 0x0000_0001;

    pub const WIMLIB_WRITE_FLAG_SKIP_EXTERNAL_WIMS: c_int = 0x0000_0200;

    pub const WIMLIB_DELETE_FLAG_RECURSIVE: c_int = 0x0000_0002;

    pub const WIMLIB_PROGRESS_STATUS_CONTINUE: c_int = 0;
    pub const WIMLIB_PROGRESS_STATUS_ABORT: c_int = 1;

    pub const WIMLIB_PROGRESS_MSG_EXTRACT_FILE_STRUCTURE: c_int = 3;
    pub const WIMLIB_PROGRESS_MSG_EXTRACT_STREAMS: c_int = 4;
    pub const WIMLIB_PROGRESS_MSG_EXTRACT_METADATA: c_int = 6;
    pub const WIMLIB_PROGRESS_MSG_SCAN_DENTRY: c_int = 10;
    pub const WIMLIB_PROGRESS_MSG_SCAN_END: c_int = 11;
    pub const WIMLIB_PROGRESS_MSG_WRITE_STREAMS: c_int = 12;
    pub const WIMLIB_PROGRESS_MSG_TEST_FILE_EXCLUSION: c_int = 30;

    pub const WIMLIB_SCAN_DENTRY_UNSUPPORTED: c_int = 2;

    pub type wimlib_progress_func_t =
        Option<unsafe extern "C" fn(msg: c_int, info: *mut c_void, progctx: *mut c_void) -> c_int>;

    /// The start of `struct wimlib_progress_info_write_streams`.
    #[repr(C)]
    pub struct write_streams {
        pub total_bytes: u64,
        pub total_streams: u64,
        pub completed_bytes: u64,
    }

    /// `struct wimlib_progress_info_scan`.
    #[repr(C)]
    pub struct scan {
        pub source: *const c_char,
        pub cur_path: *const c_char,
        pub status: c_int,
        /// A union of `wim_target_path` and `symlink_target`.
        pub target: *const c_char,
        pub num_dirs_scanned: u64,
        pub num_nondirs_scanned: u64,
        pub num_bytes_scanned: u64,
    }

    /// `struct wimlib_progress_info_test_file_exclusion`.
    #[repr(C)]
    pub struct test_file_exclusion {
        pub path: *const c_char,
        pub will_exclude: bool,
    }

    /// `struct wimlib_progress_info_extract`.
    #[repr(C)]
    pub struct extract {
        pub image: u32,
        pub extract_flags: u32,
        pub wimfile_name: *const c_char,
        pub image_name: *const c_char,
        pub target: *const c_char,
        pub reserved: *const c_char,
        pub total_bytes: u64,
        pub completed_bytes: u64,
        pub total_streams: u64,
        pub completed_streams: u64,
        pub part_number: u32,
        pub total_parts: u32,
        pub guid: [u8; 16],
        pub current_file_count: u64,
        pub end_file_count: u64,
    }

    extern "C" {
        pub fn wimlib_global_init(init_flags: c_int) -> c_int;
        pub fn wimlib_get_error_string(code: c_int) -> *const c_char;
        pub fn wimlib_set_print_errors(show_messages: bool) -> c_int;
        #[cfg(target_os = "linux")]
        pub fn wimlib_set_error_file(fp: *mut libc::FILE) -> c_int;
        pub fn wimlib_free(wim: *mut WIMStruct);
        pub fn wimlib_open_wim(
            wim_file: *const c_char,
            open_flags: c_int,
            wim_ret: *mut *mut WIMStruct,
        ) -> c_int;
        pub fn wimlib_create_new_wim(ctype: c_int, wim_ret: *mut *mut WIMStruct) -> c_int;
        pub fn wimlib_set_output_chunk_size(wim: *mut WIMStruct, chunk_size: u32) -> c_int;
        pub fn wimlib_set_default_compression_level(ctype: c_int, compression_level: c_uint) -> c_int;
        pub fn wimlib_register_progress_function(
            wim: *mut WIMStruct,
            progfunc: wimlib_progress_func_t,
            progctx: *mut c_void,
        );
        pub fn wimlib_add_image(
            wim: *mut WIMStruct,
            source: *const c_char,
            name: *const c_char,
            config_file: *const c_char,
            add_flags: c_int,
        ) -> c_int;
        pub fn wimlib_reference_resource_files(
            wim: *mut WIMStruct,
            resource_wimfiles_or_globs: *const *const c_char,
            count: c_uint,
            ref_flags: c_int,
            open_flags: c_int,
        ) -> c_int;
        pub fn wimlib_reference_template_image(
            wim: *mut WIMStruct,
            new_image: c_int,
            template_wim: *mut WIMStruct,
            template_image: c_int,
            flags: c_int,
        ) -> c_int;
        pub fn wimlib_delete_path(
            wim: *mut WIMStruct,
            image: c_int,
            path: *const c_char,
            delete_flags: c_int,
        ) -> c_int;
        pub fn wimlib_extract_image(
            wim: *mut WIMStruct,
            image: c_int,
            target: *const c_char,
            extract_flags: c_int,
        ) -> c_int;
        pub fn wimlib_write(
            wim: *mut WIMStruct,
            path: *const c_char,
            image: c_int,
            write_flags: c_int,
            num_threads: c_uint,
        ) -> c_int;
    }

    /// The C library's streams that call back.
    #[cfg(target_os = "linux")]
    pub mod cookie {
        use libc::{c_char, c_int, c_void, off64_t, size_t, ssize_t, FILE};

        /// `cookie_io_functions_t` of `stdio.h`.
        #[repr(C)]
        pub struct cookie_io_functions_t {
            pub read: Option<unsafe extern "C" fn(*mut c_void, *mut c_char, size_t) -> ssize_t>,
            pub write: Option<unsafe extern "C" fn(*mut c_void, *const c_char, size_t) -> ssize_t>,
            pub seek: Option<unsafe extern "C" fn(*mut c_void, *mut off64_t, c_int) -> c_int>,
            pub close: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
        }

        extern "C" {
            pub fn fopencookie(
                cookie: *mut c_void,
                mode: *const c_char,
                functions: cookie_io_functions_t,
            ) -> *mut FILE;
        }
    }
}

#[cfg(unix)]
pub use archive::*;
