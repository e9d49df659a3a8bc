//! What the XML document says about one image.

use super::xml::{Element, XmlDocument};

/// One image, as the XML document describes it. Everything is optional there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageInfo {
    /// From 1.
    pub index: u32,
    /// `NAME`.
    pub name: Option<String>,
    /// `DESCRIPTION`.
    pub description: Option<String>,
    /// `DISPLAYNAME`.
    pub display_name: Option<String>,
    /// `DISPLAYDESCRIPTION`.
    pub display_description: Option<String>,
    /// `FLAGS`: usually the edition.
    pub flags: Option<String>,
    /// `WINDOWS`: only for images of Windows.
    pub windows: Option<WindowsInfo>,
    /// `DIRCOUNT`.
    pub dir_count: u64,
    /// `FILECOUNT`.
    pub file_count: u64,
    /// `TOTALBYTES`: content of all names, bytes.
    pub total_bytes: u64,
    /// `HARDLINKBYTES`: content that further names of a file repeat, bytes.
    pub hard_link_bytes: u64,
    /// `CREATIONTIME`, a FILETIME.
    pub creation_time: Option<u64>,
    /// `LASTMODIFICATIONTIME`, a FILETIME.
    pub last_modification_time: Option<u64>,
    /// `WIMBOOT`: the image is the backing store of an installation.
    pub wim_boot: bool,
    /// The `IMAGE` element as text.
    pub xml: String,
}

/// The `WINDOWS` element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WindowsInfo {
    /// `ARCH`: a PROCESSOR_ARCHITECTURE number (0 x86, 5 ARM, 9 amd64, 12 arm64).
    pub architecture: Option<u16>,
    /// `PRODUCTNAME`.
    pub product_name: Option<String>,
    /// `EDITIONID`.
    pub edition_id: Option<String>,
    /// `INSTALLATIONTYPE`: Client, Server, WindowsPE…
    pub installation_type: Option<String>,
    /// `HAL`.
    pub hal: Option<String>,
    /// `PRODUCTTYPE`: WinNT, ServerNT, LanmanNT.
    pub product_type: Option<String>,
    /// `PRODUCTSUITE`.
    pub product_suite: Option<String>,
    /// `LANGUAGES/LANGUAGE`, all of them.
    pub languages: Vec<String>,
    /// `LANGUAGES/DEFAULT`.
    pub default_language: Option<String>,
    /// `VERSION`.
    pub version: Option<WindowsVersion>,
    /// `SYSTEMROOT`: usually `WINDOWS`.
    pub system_root: Option<String>,
}

/// The `VERSION` element; absent numbers are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WindowsVersion {
    /// `MAJOR`.
    pub major: u64,
    /// `MINOR`.
    pub minor: u64,
    /// `BUILD`.
    pub build: u64,
    /// `SPBUILD`: the update revision of current Windows versions.
    pub sp_build: u64,
    /// `SPLEVEL`.
    pub sp_level: u64,
}

impl ImageInfo {
    /// Every image of the document, by index.
    pub fn all(document: &XmlDocument) -> Vec<Self> {
        let mut images: Vec<Self> =
            document.images().map(|(index, image)| Self::from_element(index, image)).collect();
        images.sort_by_key(|image| image.index);
        images
    }

    /// Reads one `IMAGE` element.
    pub fn from_element(index: u32, image: &Element) -> Self {
        Self {
            index,
            name: image.text_at("NAME"),
            description: image.text_at("DESCRIPTION"),
            display_name: image.text_at("DISPLAYNAME"),
            display_description: image.text_at("DISPLAYDESCRIPTION"),
            flags: image.text_at("FLAGS"),
            windows: image.find("WINDOWS").map(WindowsInfo::from_element),
            dir_count: image.number_at("DIRCOUNT").unwrap_or(0),
            file_count: image.number_at("FILECOUNT").unwrap_or(0),
            total_bytes: image.number_at("TOTALBYTES").unwrap_or(0),
            hard_link_bytes: image.number_at("HARDLINKBYTES").unwrap_or(0),
            creation_time: image.time_at("CREATIONTIME"),
            last_modification_time: image.time_at("LASTMODIFICATIONTIME"),
            wim_boot: image.number_at("WIMBOOT").unwrap_or(0) != 0,
            xml: image.to_xml(),
        }
    }
}

impl WindowsInfo {
    fn from_element(windows: &Element) -> Self {
        let languages = windows.find("LANGUAGES").map(|languages| {
            languages.elements().filter(|element| element.name() == "LANGUAGE").map(Element::text).collect()
        });
        Self {
            architecture: windows.number_at("ARCH").and_then(|number| u16::try_from(number).ok()),
            product_name: windows.text_at("PRODUCTNAME"),
            edition_id: windows.text_at("EDITIONID"),
            installation_type: windows.text_at("INSTALLATIONTYPE"),
            hal: windows.text_at("HAL"),
            product_type: windows.text_at("PRODUCTTYPE"),
            product_suite: windows.text_at("PRODUCTSUITE"),
            languages: languages.unwrap_or_default(),
            default_language: windows.text_at("LANGUAGES/DEFAULT"),
            version: windows.find("VERSION").map(|version| WindowsVersion {
                major: version.number_at("MAJOR").unwrap_or(0),
                minor: version.number_at("MINOR").unwrap_or(0),
                build: version.number_at("BUILD").unwrap_or(0),
                sp_build: version.number_at("SPBUILD").unwrap_or(0),
                sp_level: version.number_at("SPLEVEL").unwrap_or(0),
            }),
            system_root: windows.text_at("SYSTEMROOT"),
        }
    }
}
