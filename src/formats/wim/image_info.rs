//! What the XML document says about one image.

use super::windows_info::WindowsInfo;
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
