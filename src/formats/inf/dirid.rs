//! Directory identifiers, and where they point in an offline image.
//!
//! Reference: MicrosoftDocs "Using Dirids", "Printer Dirids"; CSIDL values of shlobj.h plus 0x4000.

use super::Architecture;

/// A directory identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dirid(pub u32);

impl Dirid {
    /// The directory of the INF itself.
    pub const SOURCE: Self = Self(1);
    /// `%SystemRoot%`.
    pub const WINDOWS: Self = Self(10);
    /// `%SystemRoot%\System32`.
    pub const SYSTEM: Self = Self(11);
    /// `%SystemRoot%\System32\drivers`.
    pub const DRIVERS: Self = Self(12);
    /// The package's folder in the driver store: the file is used where it is.
    pub const DRIVER_STORE: Self = Self(13);
    /// `%SystemRoot%\INF`.
    pub const INF: Self = Self(17);
    /// `%SystemRoot%\Help`.
    pub const HELP: Self = Self(18);
    /// `%SystemRoot%\Fonts`.
    pub const FONTS: Self = Self(20);
    /// `%SystemRoot%\System32\viewers`, of Windows 9x.
    pub const VIEWERS: Self = Self(21);
    /// The directory shared by several Windows of one network: the Windows directory.
    pub const SHARED: Self = Self(25);
    /// `%SystemRoot%\System32\spool\drivers\color`.
    pub const COLOR: Self = Self(23);
    /// The root of the system volume.
    pub const SYSTEM_ROOT: Self = Self(24);
    /// The root of the boot volume.
    pub const BOOT_ROOT: Self = Self(30);
    /// `%SystemRoot%\System`, the 16-bit system directory.
    pub const SYSTEM16: Self = Self(50);
    /// `%SystemRoot%\System32\spool`.
    pub const SPOOL: Self = Self(51);
    /// `%SystemRoot%\System32\spool\drivers`.
    pub const SPOOL_DRIVERS: Self = Self(52);
    /// The current user's profile: not known offline.
    pub const USER_PROFILE: Self = Self(53);
    /// Where the boot loader is: the root of the system volume.
    pub const LOADER: Self = Self(54);
    /// `%SystemRoot%\System32\spool\prtprocs\<environment>`.
    pub const PRINT_PROCESSORS: Self = Self(55);
    /// `%ProgramFiles%`.
    pub const PROGRAM_FILES: Self = Self(16422);
    /// `System32` of 32-bit programs.
    pub const SYSTEM_X86: Self = Self(16425);
    /// `%ProgramFiles(x86)%`.
    pub const PROGRAM_FILES_X86: Self = Self(16426);
    /// `%CommonProgramFiles%`.
    pub const COMMON_FILES: Self = Self(16427);
    /// `%CommonProgramFiles(x86)%`.
    pub const COMMON_FILES_X86: Self = Self(16428);
    /// The start menu of all users.
    pub const START_MENU: Self = Self(16406);
    /// Programs in the start menu of all users.
    pub const PROGRAMS: Self = Self(16407);
    /// Programs started for all users.
    pub const STARTUP: Self = Self(16408);
    /// The desktop of all users.
    pub const DESKTOP: Self = Self(16409);
    /// The favourites of all users: none since Windows Vista.
    pub const FAVORITES: Self = Self(16415);
    /// The Windows directory, as a shell folder.
    pub const SHELL_WINDOWS: Self = Self(16420);
    /// `System32`, as a shell folder.
    pub const SHELL_SYSTEM: Self = Self(16421);
    /// Document templates of all users.
    pub const TEMPLATES: Self = Self(16429);
    /// Documents of all users.
    pub const DOCUMENTS: Self = Self(16430);
    /// `%ProgramData%`.
    pub const PROGRAM_DATA: Self = Self(16419);
    /// The printer driver directory.
    pub const PRINTER_DRIVERS: Self = Self(66000);
    /// The print processor directory.
    pub const PRINTER_PROCESSORS: Self = Self(66001);
    /// `System32` for print monitors.
    pub const PRINT_MONITORS: Self = Self(66002);
    /// The ICM profile directory.
    pub const PRINTER_COLOR: Self = Self(66003);
    /// The print server's web pages.
    pub const PRINTER_WEB: Self = Self(66004);
    /// An absolute path follows; never allowed offline.
    pub const ABSOLUTE: Self = Self(u32::MAX);
    /// The other spelling of [`Self::ABSOLUTE`].
    pub const ABSOLUTE_16: Self = Self(65535);
}

/// The path of a directory id in the image, from its root, `\` between components and none around.
/// `None` for ids that depend on the package ([`Dirid::DRIVER_STORE`]), on a user, or are not known.
pub fn directory(dirid: Dirid, architecture: Architecture) -> Option<String> {
    let is_64_bit = !matches!(architecture, Architecture::X86 | Architecture::Arm);
    let environment = match architecture {
        Architecture::X86 => "W32X86",
        Architecture::Amd64 => "x64",
        Architecture::Arm => "ARM",
        Architecture::Arm64 => "ARM64",
        Architecture::Ia64 => "IA64",
    };
    let path = match dirid {
        Dirid::WINDOWS | Dirid::SHARED | Dirid::SHELL_WINDOWS => "Windows",
        Dirid::SYSTEM | Dirid::SHELL_SYSTEM | Dirid::PRINT_MONITORS => r"Windows\System32",
        Dirid::DRIVERS => r"Windows\System32\drivers",
        Dirid::INF => r"Windows\INF",
        Dirid::HELP => r"Windows\Help",
        Dirid::FONTS => r"Windows\Fonts",
        Dirid::VIEWERS => r"Windows\System32\viewers",
        Dirid::START_MENU => r"ProgramData\Microsoft\Windows\Start Menu",
        Dirid::PROGRAMS => r"ProgramData\Microsoft\Windows\Start Menu\Programs",
        Dirid::STARTUP => r"ProgramData\Microsoft\Windows\Start Menu\Programs\StartUp",
        Dirid::DESKTOP => r"Users\Public\Desktop",
        Dirid::TEMPLATES => r"ProgramData\Microsoft\Windows\Templates",
        Dirid::DOCUMENTS => r"Users\Public\Documents",
        Dirid::COLOR | Dirid::PRINTER_COLOR => r"Windows\System32\spool\drivers\color",
        Dirid::SYSTEM_ROOT | Dirid::BOOT_ROOT | Dirid::LOADER => "",
        Dirid::SYSTEM16 => r"Windows\System",
        Dirid::SPOOL => r"Windows\System32\spool",
        Dirid::SPOOL_DRIVERS => r"Windows\System32\spool\drivers",
        Dirid::PRINT_PROCESSORS | Dirid::PRINTER_PROCESSORS => {
            return Some(format!(r"Windows\System32\spool\prtprocs\{environment}"))
        }
        Dirid::PRINTER_DRIVERS => return Some(format!(r"Windows\System32\spool\drivers\{environment}\3")),
        Dirid::PRINTER_WEB => r"Windows\web\printers",
        Dirid::SYSTEM_X86 if is_64_bit => r"Windows\SysWOW64",
        Dirid::SYSTEM_X86 => r"Windows\System32",
        Dirid::PROGRAM_FILES_X86 if is_64_bit => "Program Files (x86)",
        Dirid::PROGRAM_FILES | Dirid::PROGRAM_FILES_X86 => "Program Files",
        Dirid::COMMON_FILES_X86 if is_64_bit => r"Program Files (x86)\Common Files",
        Dirid::COMMON_FILES | Dirid::COMMON_FILES_X86 => r"Program Files\Common Files",
        Dirid::PROGRAM_DATA => "ProgramData",
        _ => return None,
    };
    Some(path.to_owned())
}

/// Whether Microsoft documents the id: those of directories, of printers, the shell's, and and absolute paths.
pub(super) fn is_documented(dirid: Dirid) -> bool {
    let known = directory(dirid, Architecture::Amd64).is_some();
    let special = matches!(
        dirid,
        Dirid::SOURCE
            | Dirid::DRIVER_STORE
            | Dirid::USER_PROFILE
            | Dirid::FAVORITES
            | Dirid::ABSOLUTE
            | Dirid::ABSOLUTE_16
    );
    known || special
}
