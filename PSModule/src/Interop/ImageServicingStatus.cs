namespace ImageServicing;

/// <summary>What an operation of the engine ended with: <c>imgsvc_status</c>. Numbers are never reused.</summary>
public enum ImageServicingStatus
{
    /// <summary>The operation succeeded.</summary>
    Ok = 0,

    /// <summary>An argument is not valid.</summary>
    InvalidArgument = 1,

    /// <summary>A file or folder of this machine was not found.</summary>
    NotFound = 2,

    /// <summary>Access to a file or folder of this machine was denied.</summary>
    AccessDenied = 3,

    /// <summary>The disk is full.</summary>
    NoSpace = 4,

    /// <summary>Reading or writing failed.</summary>
    Io = 5,

    /// <summary>A file does not have the format it should have.</summary>
    Malformed = 6,

    /// <summary>The file or operation is valid but not supported.</summary>
    Unsupported = 7,

    /// <summary>A limit of the engine or of the format was passed.</summary>
    LimitExceeded = 8,

    /// <summary>The image file has no image with this index.</summary>
    IndexNotFound = 9,

    /// <summary>The image file has no image with this name.</summary>
    ImageNameNotFound = 10,

    /// <summary>The image file may not be written.</summary>
    ImageFileReadOnly = 11,

    /// <summary>A split image cannot be written.</summary>
    SplitNotWritable = 12,

    /// <summary>A solid (ESD) image cannot be written.</summary>
    SolidNotWritable = 13,

    /// <summary>The image is already mounted for writing.</summary>
    AlreadyMounted = 14,

    /// <summary>A session with this path exists already.</summary>
    SessionExists = 15,

    /// <summary>There is no session with this path.</summary>
    SessionNotFound = 16,

    /// <summary>Another process is working on the session.</summary>
    Busy = 17,

    /// <summary>The session was mounted read-only.</summary>
    SessionReadOnly = 18,

    /// <summary>The image file was changed by somebody else since it was mounted.</summary>
    ImageChanged = 19,

    /// <summary>The image holds no item with this path.</summary>
    ItemNotFound = 20,

    /// <summary>The image holds an item with this path already.</summary>
    ItemExists = 21,

    /// <summary>The item is a directory where a file is needed, or the reverse.</summary>
    WrongItemKind = 22,

    /// <summary>The directory holds items.</summary>
    DirectoryNotEmpty = 23,

    /// <summary>The name cannot be used inside a Windows image.</summary>
    InvalidName = 24,

    /// <summary>A registry key or value was not found.</summary>
    RegistryNotFound = 25,

    /// <summary>A registry hive has unmerged transaction logs.</summary>
    HiveDirty = 26,

    /// <summary>The image does not hold what servicing needs.</summary>
    NotServiceable = 27,

    /// <summary>The driver package is not signed.</summary>
    DriverUnsigned = 28,

    /// <summary>A file of the driver package does not match its catalogue.</summary>
    DriverTampered = 29,

    /// <summary>A file that the driver package names is missing.</summary>
    DriverFileMissing = 30,

    /// <summary>The session's state is damaged.</summary>
    StateDamaged = 31,

    /// <summary>A file of this machine exists already.</summary>
    Exists = 32,

    /// <summary>Only an administrator may open the block device.</summary>
    ElevationRequired = 33,

    /// <summary>A part of a split set is missing.</summary>
    PartMissing = 34,

    /// <summary>The file holds only the changes to another one, which was not given.</summary>
    ContentMissing = 35,

    /// <summary>The image file has an image of that name.</summary>
    ImageNameExists = 36,

    /// <summary>The image has no such driver package.</summary>
    DriverNotFound = 37,

    /// <summary>A driver package that must not be removed.</summary>
    DriverProtected = 38,

    /// <summary>The operation was cancelled; the image is untouched.</summary>
    Cancelled = 100,

    /// <summary>The engine met a defect of its own.</summary>
    Panic = 101,
}
