//! What each error is outside the engine: status, stable id, DISM's HRESULT, and what to do.
//!
//! Reference for the HRESULTs: the wimgapi and DISM API error catalogues and `winerror.h`; Win32
//! codes appear as `0x8007xxxx`.

use crate::error::Error;

/// 0 for success, else one of the `IMGSVC_STATUS_…` numbers. Numbers are never reused.
pub type imgsvc_status = i32;

/// Success.
pub const IMGSVC_STATUS_OK: imgsvc_status = 0;
/// A parameter cannot be used (NULL, out of range, contradictory).
pub const IMGSVC_STATUS_INVALID_ARGUMENT: imgsvc_status = 1;
/// A file or directory of the host does not exist.
pub const IMGSVC_STATUS_NOT_FOUND: imgsvc_status = 2;
/// The host refused access.
pub const IMGSVC_STATUS_ACCESS_DENIED: imgsvc_status = 3;
/// The host's disk is full.
pub const IMGSVC_STATUS_NO_SPACE: imgsvc_status = 4;
/// Another input or output error of the host.
pub const IMGSVC_STATUS_IO: imgsvc_status = 5;
/// A file does not follow its format.
pub const IMGSVC_STATUS_MALFORMED: imgsvc_status = 6;
/// A correct file asks for something this library does not do.
pub const IMGSVC_STATUS_UNSUPPORTED: imgsvc_status = 7;
/// A size or count is over the limit that protects against hostile input.
pub const IMGSVC_STATUS_LIMIT_EXCEEDED: imgsvc_status = 8;
/// The image file has no image of that index.
pub const IMGSVC_STATUS_INDEX_NOT_FOUND: imgsvc_status = 9;
/// The image file has no image of that name.
pub const IMGSVC_STATUS_IMAGE_NAME_NOT_FOUND: imgsvc_status = 10;
/// The image file may not be written.
pub const IMGSVC_STATUS_IMAGE_FILE_READ_ONLY: imgsvc_status = 11;
/// A split set opens read-only.
pub const IMGSVC_STATUS_SPLIT_NOT_WRITABLE: imgsvc_status = 12;
/// A solid (ESD) file opens read-only.
pub const IMGSVC_STATUS_SOLID_NOT_WRITABLE: imgsvc_status = 13;
/// The image has a writable session already.
pub const IMGSVC_STATUS_ALREADY_MOUNTED: imgsvc_status = 14;
/// A session of that path exists.
pub const IMGSVC_STATUS_SESSION_EXISTS: imgsvc_status = 15;
/// No session has that path or id.
pub const IMGSVC_STATUS_SESSION_NOT_FOUND: imgsvc_status = 16;
/// Another process uses the session or the image file.
pub const IMGSVC_STATUS_BUSY: imgsvc_status = 17;
/// The session is read-only.
pub const IMGSVC_STATUS_SESSION_READ_ONLY: imgsvc_status = 18;
/// The image file changed under the session.
pub const IMGSVC_STATUS_IMAGE_CHANGED: imgsvc_status = 19;
/// No such item in the image.
pub const IMGSVC_STATUS_ITEM_NOT_FOUND: imgsvc_status = 20;
/// The item exists in the image.
pub const IMGSVC_STATUS_ITEM_EXISTS: imgsvc_status = 21;
/// A file where a directory is needed, or the reverse.
pub const IMGSVC_STATUS_WRONG_ITEM_KIND: imgsvc_status = 22;
/// The directory in the image is not empty.
pub const IMGSVC_STATUS_DIRECTORY_NOT_EMPTY: imgsvc_status = 23;
/// A name that Windows would not accept.
pub const IMGSVC_STATUS_INVALID_NAME: imgsvc_status = 24;
/// No such registry key or value.
pub const IMGSVC_STATUS_REGISTRY_NOT_FOUND: imgsvc_status = 25;
/// A registry hive with changes in its transaction logs.
pub const IMGSVC_STATUS_HIVE_DIRTY: imgsvc_status = 26;
/// The image lacks what the operation needs.
pub const IMGSVC_STATUS_NOT_SERVICEABLE: imgsvc_status = 27;
/// The driver package is not signed.
pub const IMGSVC_STATUS_DRIVER_UNSIGNED: imgsvc_status = 28;
/// The driver package does not match its catalogue.
pub const IMGSVC_STATUS_DRIVER_TAMPERED: imgsvc_status = 29;
/// The driver package lacks a file that its INF names.
pub const IMGSVC_STATUS_DRIVER_FILE_MISSING: imgsvc_status = 30;
/// The session's own state is damaged.
pub const IMGSVC_STATUS_STATE_DAMAGED: imgsvc_status = 31;
/// A file of that name exists on the host.
pub const IMGSVC_STATUS_EXISTS: imgsvc_status = 32;
/// A block device that only an administrator may open.
pub const IMGSVC_STATUS_ELEVATION_REQUIRED: imgsvc_status = 33;
/// A part of a split set is not beside the others.
pub const IMGSVC_STATUS_PART_MISSING: imgsvc_status = 34;
/// The file holds only the changes to another one, which was not given.
pub const IMGSVC_STATUS_CONTENT_MISSING: imgsvc_status = 35;
/// The image file has an image of that name.
pub const IMGSVC_STATUS_IMAGE_NAME_EXISTS: imgsvc_status = 36;
/// The image has no such driver package.
pub const IMGSVC_STATUS_DRIVER_NOT_FOUND: imgsvc_status = 37;
/// A driver package that must not be removed.
pub const IMGSVC_STATUS_DRIVER_PROTECTED: imgsvc_status = 38;
/// The progress callback asked to stop; nothing was changed.
pub const IMGSVC_STATUS_CANCELLED: imgsvc_status = 100;
/// A fault in this library. The handle serves `_free` only; the image file is as it was.
pub const IMGSVC_STATUS_PANIC: imgsvc_status = 101;

/// An error as callers outside see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub status: imgsvc_status,
    /// Stable id, for scripts.
    pub id: &'static str,
    /// The bits of DISM's or Windows' HRESULT for the same situation.
    pub hresult: u32,
    /// What the user can do.
    pub remedy: Option<&'static str>,
}

/// The verdict on a fault in this library.
pub(super) const PANIC: Verdict = Verdict {
    status: IMGSVC_STATUS_PANIC,
    id: "InternalError",
    hresult: 0x8000_FFFF, // E_UNEXPECTED
    remedy: Some(
        "this is a fault in ImageServicing: report it with the message; the image file is as it was",
    ),
};

/// The verdict on an engine error. Exhaustive on purpose: a new variant forces a decision here.
pub(super) fn verdict(error: &Error) -> Verdict {
    let (status, id, hresult, remedy) = match error {
        Error::InFile { source, .. } => return verdict(source),
        Error::Io { source, .. } | Error::Stream(source) => return verdict_on_io(source),
        Error::Malformed { .. } => (
            IMGSVC_STATUS_MALFORMED,
            "InvalidData",
            0x8007_000D, // ERROR_INVALID_DATA
            "use an undamaged copy of the file",
        ),
        Error::Unsupported { .. } => (IMGSVC_STATUS_UNSUPPORTED, "NotSupported", 0x8007_0032, ""),
        Error::LimitExceeded { .. } => (
            IMGSVC_STATUS_LIMIT_EXCEEDED,
            "LimitExceeded",
            0x8007_000D,
            "the file is damaged or made to exhaust memory; use another copy",
        ),
        Error::IndexNotFound { .. } => (
            IMGSVC_STATUS_INDEX_NOT_FOUND,
            "ImageIndexNotFound",
            0xC151_0113,
            "list the images with Get-Image",
        ),
        Error::ImageNameNotFound { .. } => (
            IMGSVC_STATUS_IMAGE_NAME_NOT_FOUND,
            "ImageNameNotFound",
            0xC151_0113,
            "list the images with Get-Image",
        ),
        Error::ImageFileReadOnly => (
            IMGSVC_STATUS_IMAGE_FILE_READ_ONLY,
            "ImageFileReadOnly",
            0xC151_0111,
            "make the file writable (files copied from an ISO are read-only), or use -ReadOnly",
        ),
        Error::SplitNotWritable => (
            IMGSVC_STATUS_SPLIT_NOT_WRITABLE,
            "SplitImageNotWritable",
            0xC142_0130,
            "use -ReadOnly, or join the parts into one .wim first",
        ),
        Error::SolidNotWritable => (
            IMGSVC_STATUS_SOLID_NOT_WRITABLE,
            "SolidImageNotWritable",
            0xC142_013C,
            "use -ReadOnly, or export the image to a .wim first",
        ),
        Error::AlreadyMounted { .. } => (
            IMGSVC_STATUS_ALREADY_MOUNTED,
            "ImageAlreadyMounted",
            0xC142_0127,
            "see Get-Image -Mounted; end that session with Dismount-Image -Save or -Discard",
        ),
        Error::SessionExists { .. } => (
            IMGSVC_STATUS_SESSION_EXISTS,
            "SessionPathInUse",
            0xC142_0113,
            "choose another -Path, or end that session with Dismount-Image",
        ),
        Error::SessionNotFound { .. } => (
            IMGSVC_STATUS_SESSION_NOT_FOUND,
            "SessionNotFound",
            0xC142_010B,
            "list the sessions with Get-Image -Mounted",
        ),
        Error::Busy { .. } => (
            IMGSVC_STATUS_BUSY,
            "ImageInUse",
            0xC142_0118,
            "wait for the other process to finish, then try again",
        ),
        Error::SessionReadOnly { .. } => (
            IMGSVC_STATUS_SESSION_READ_ONLY,
            "SessionReadOnly",
            0xC142_010C,
            "mount the image again without -ReadOnly",
        ),
        Error::ImageChanged { .. } => (
            IMGSVC_STATUS_IMAGE_CHANGED,
            "ImageChanged",
            0xC142_0122,
            "discard the session and mount the file again, or put the original file back",
        ),
        Error::ItemNotFound { .. } => (IMGSVC_STATUS_ITEM_NOT_FOUND, "ItemNotFound", 0x8007_0002, ""),
        Error::ItemExists { .. } => {
            (IMGSVC_STATUS_ITEM_EXISTS, "ItemExists", 0x8007_00B7, "use -Force to replace it")
        }
        Error::WrongItemKind { .. } => (IMGSVC_STATUS_WRONG_ITEM_KIND, "WrongItemKind", 0x8007_010B, ""),
        Error::DirectoryNotEmpty { .. } => (
            IMGSVC_STATUS_DIRECTORY_NOT_EMPTY,
            "DirectoryNotEmpty",
            0x8007_0091,
            "use -Recurse to remove what it holds",
        ),
        Error::InvalidName { .. } => (IMGSVC_STATUS_INVALID_NAME, "InvalidName", 0x8007_007B, ""),
        Error::RegistryNotFound { .. } => {
            (IMGSVC_STATUS_REGISTRY_NOT_FOUND, "RegistryItemNotFound", 0x8007_0002, "")
        }
        Error::HiveDirty { .. } => (
            IMGSVC_STATUS_HIVE_DIRTY,
            "HiveDirty",
            0x8007_03F7, // ERROR_REGISTRY_CORRUPT
            "start and shut down Windows once from this image, or apply the hive's logs with another tool",
        ),
        Error::NotServiceable { .. } => {
            (IMGSVC_STATUS_NOT_SERVICEABLE, "ImageNotServiceable", 0x800F_0830, "")
        }
        Error::DriverUnsigned { .. } => (
            IMGSVC_STATUS_DRIVER_UNSIGNED,
            "DriverUnsigned",
            0xE000_022F, // ERROR_NO_CATALOG_FOR_OEM_INF
            "use a signed package, or -ForceUnsigned if the image will allow unsigned drivers",
        ),
        Error::DriverTampered { .. } => (
            IMGSVC_STATUS_DRIVER_TAMPERED,
            "DriverTampered",
            0xE000_024B, // ERROR_FILE_HASH_NOT_IN_CATALOG
            "get the package from its maker again; -ForceUnsigned adds it as it is",
        ),
        Error::DriverFileMissing { .. } => (
            IMGSVC_STATUS_DRIVER_FILE_MISSING,
            "DriverFileMissing",
            0x8007_0002,
            "unpack the whole driver package and try again",
        ),
        Error::DriverNotFound { .. } => (
            IMGSVC_STATUS_DRIVER_NOT_FOUND,
            "DriverNotFound",
            0x8007_0490, // ERROR_NOT_FOUND
            "Get-Driver lists the packages of the image",
        ),
        Error::DriverProtected { .. } => (
            IMGSVC_STATUS_DRIVER_PROTECTED,
            "DriverProtected",
            0x8007_0032, // ERROR_NOT_SUPPORTED
            "-Force removes a package that may be needed to boot; those of Windows always stay",
        ),
        Error::InvalidArgument { .. } => (IMGSVC_STATUS_INVALID_ARGUMENT, "InvalidArgument", 0x8007_0057, ""),
        Error::NoSpace { .. } => (
            IMGSVC_STATUS_NO_SPACE,
            "DiskFull",
            0x8007_0070, // ERROR_DISK_FULL
            "free space on that disk, or choose another one",
        ),
        Error::ElevationRequired { .. } => (
            IMGSVC_STATUS_ELEVATION_REQUIRED,
            "ElevationRequired",
            0x8007_02E4, // ERROR_ELEVATION_REQUIRED
            "run as an administrator (root), or work on a disk file instead of the device",
        ),
        Error::PartMissing { .. } => (
            IMGSVC_STATUS_PART_MISSING,
            "ImagePartMissing",
            0x8007_0002, // ERROR_FILE_NOT_FOUND
            "put all parts of the set into one folder, with the same extension",
        ),
        Error::ContentMissing { .. } => (
            IMGSVC_STATUS_CONTENT_MISSING,
            "ImageContentMissing",
            0x8007_0002,
            "name the file it was made against with -ReferencePath",
        ),
        Error::ImageNameExists { .. } => (
            IMGSVC_STATUS_IMAGE_NAME_EXISTS,
            "ImageNameExists",
            0x8007_00B7, // ERROR_ALREADY_EXISTS
            "choose another name",
        ),
        Error::StateDamaged { .. } => (
            IMGSVC_STATUS_STATE_DAMAGED,
            "SessionDamaged",
            0xC142_0120,
            "end the session with Dismount-Image -Discard; the image file is as it was last saved",
        ),
        Error::Cancelled => (IMGSVC_STATUS_CANCELLED, "Cancelled", 0x8007_04C7, ""),
    };
    Verdict { status, id, hresult, remedy: Some(remedy).filter(|text| !text.is_empty()) }
}

fn verdict_on_io(source: &std::io::Error) -> Verdict {
    use std::io::ErrorKind as Kind;
    let (status, id, hresult, remedy) = match source.kind() {
        Kind::NotFound => (IMGSVC_STATUS_NOT_FOUND, "FileNotFound", 0x8007_0002, None),
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
            (IMGSVC_STATUS_ACCESS_DENIED, "AccessDenied", 0x8007_0005, None)
        }
        Kind::StorageFull | Kind::QuotaExceeded => (
            IMGSVC_STATUS_NO_SPACE,
            "DiskFull",
            0x8007_0070,
            Some("free space on that disk and try again; the image file and the session are as they were"),
        ),
        Kind::AlreadyExists => {
            (IMGSVC_STATUS_EXISTS, "FileExists", 0x8007_0050, Some("use -Force to replace it"))
        }
        Kind::UnexpectedEof => (IMGSVC_STATUS_MALFORMED, "InvalidData", 0x8007_0026, None), // ERROR_HANDLE_EOF
        _ => (IMGSVC_STATUS_IO, "InputOutputError", 0x8007_001D, None), // ERROR_WRITE_FAULT
    };
    Verdict { status, id, hresult, remedy }
}
