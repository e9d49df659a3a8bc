//! Image files: what is in them.

use super::document::imgsvc_document;
use super::error::imgsvc_error;
use super::guard::enter_giving;
use super::status::imgsvc_status;
use super::text::required_path;
use crate::image::ImageFile;

/// Reads what an image file (.wim, .esd, .swm with its other parts beside it) says of itself and its
/// images: header and XML, no image metadata.
///
/// `*out_document`: `{path, format: "Wim"|"Esd"|"Swm", version, compression, chunkSize, guid,
/// partNumber, totalParts, bootIndex, hasIntegrityTable, solid, fileSize, images: [{index, name,
/// description, displayName, displayDescription, flags, totalBytes, directoryCount, fileCount,
/// hardLinkBytes, creationTime, lastModificationTime, bootable, wimBoot, architecture, productName,
/// editionId, installationType, hal, productType, productSuite, systemRoot, languages,
/// defaultLanguage, version, majorVersion, minorVersion, build, spBuild, spLevel, xml}]}`.
/// `architecture` is the number Windows uses (0 x86, 5 ARM, 9 x64, 12 ARM64).
///
/// # Safety
/// `path` is NUL-terminated UTF-16. `out_document` is writable. `out_error` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn imgsvc_file_get_info(
    path: *const u16,
    out_document: *mut *mut imgsvc_document,
    out_error: *mut *mut imgsvc_error,
) -> imgsvc_status {
    let body = || {
        // SAFETY: promised by the caller.
        let path = unsafe { required_path(path, "path") }?;
        imgsvc_document::of(&ImageFile::open(&path)?.info()?)
    };
    // SAFETY: promised by the caller.
    unsafe { enter_giving(out_document, "out_document", out_error, body) }
}
