//! The `WINDOWS` element: which Windows an image holds.
//!
//! Reference: `docs/formats/wim.md` "The WINDOWS element".

use super::xml::Element;
use crate::error::Result;

/// The order of an image's elements in Microsoft's files.
const IMAGE_ORDER: &[&str] =
    &["WINDOWS", "NAME", "DESCRIPTION", "FLAGS", "DISPLAYNAME", "DISPLAYDESCRIPTION"];
/// The order below `WINDOWS`.
const WINDOWS_ORDER: &[&str] = &[
    "ARCH",
    "PRODUCTNAME",
    "EDITIONID",
    "INSTALLATIONTYPE",
    "SERVICINGDATA",
    "HAL",
    "PRODUCTTYPE",
    "PRODUCTSUITE",
    "LANGUAGES",
    "VERSION",
    "SYSTEMROOT",
];
/// The order below `VERSION`.
const VERSION_ORDER: &[&str] = &["MAJOR", "MINOR", "BUILD", "SPBUILD", "SPLEVEL", "BRANCH"];

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
    /// `VERSION/BRANCH`: where the build comes from, since Windows 10.
    pub branch: Option<String>,
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

impl WindowsInfo {
    /// Reads a `WINDOWS` element.
    pub fn from_element(windows: &Element) -> Self {
        Self {
            architecture: windows.number_at("ARCH").and_then(|number| u16::try_from(number).ok()),
            product_name: windows.text_at("PRODUCTNAME"),
            edition_id: windows.text_at("EDITIONID"),
            installation_type: windows.text_at("INSTALLATIONTYPE"),
            hal: windows.text_at("HAL"),
            product_type: windows.text_at("PRODUCTTYPE"),
            product_suite: windows.text_at("PRODUCTSUITE"),
            languages: windows.find("LANGUAGES").map(Self::languages_of).unwrap_or_default(),
            default_language: windows.text_at("LANGUAGES/DEFAULT"),
            version: windows.find("VERSION").map(|version| WindowsVersion {
                major: version.number_at("MAJOR").unwrap_or(0),
                minor: version.number_at("MINOR").unwrap_or(0),
                build: version.number_at("BUILD").unwrap_or(0),
                sp_build: version.number_at("SPBUILD").unwrap_or(0),
                sp_level: version.number_at("SPLEVEL").unwrap_or(0),
            }),
            system_root: windows.text_at("SYSTEMROOT"),
            branch: windows.text_at("VERSION/BRANCH"),
        }
    }

    /// Writes what is known into the `WINDOWS` element of an image. Elements for what is not known,
    /// and ones that are not known here (`SERVICINGDATA`, `FALLBACK`), stay as they are.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](crate::error::Error::InvalidArgument) for text that XML cannot hold.
    pub fn write_to(&self, image: &mut Element) -> Result<()> {
        let windows = image.child_in_order("WINDOWS", IMAGE_ORDER)?;
        let architecture = self.architecture.map(|number| number.to_string());
        let front = [
            ("ARCH", &architecture),
            ("PRODUCTNAME", &self.product_name),
            ("EDITIONID", &self.edition_id),
            ("INSTALLATIONTYPE", &self.installation_type),
            ("HAL", &self.hal),
            ("PRODUCTTYPE", &self.product_type),
            ("PRODUCTSUITE", &self.product_suite),
            ("SYSTEMROOT", &self.system_root),
        ];
        for (name, text) in front {
            write(windows, name, WINDOWS_ORDER, text.as_deref())?;
        }
        if !self.languages.is_empty() {
            let languages = windows.child_in_order("LANGUAGES", WINDOWS_ORDER)?;
            let written = Self::languages_of(languages);
            if written != self.languages {
                written.iter().for_each(|_| languages.remove("LANGUAGE"));
                languages.insert_front(self.languages.iter().map(|tag| Element::with_text("LANGUAGE", tag)));
            }
        }
        if self.default_language.is_some() {
            let languages = windows.child_in_order("LANGUAGES", WINDOWS_ORDER)?;
            write(languages, "DEFAULT", &[], self.default_language.as_deref())?;
        }
        if let Some(version) = &self.version {
            let element = windows.child_in_order("VERSION", WINDOWS_ORDER)?;
            let numbers = [
                ("MAJOR", version.major),
                ("MINOR", version.minor),
                ("BUILD", version.build),
                ("SPBUILD", version.sp_build),
                ("SPLEVEL", version.sp_level),
            ];
            for (name, number) in numbers {
                write(element, name, VERSION_ORDER, Some(&number.to_string()))?;
            }
            write(element, "BRANCH", VERSION_ORDER, self.branch.as_deref())?;
        }
        Ok(())
    }

    fn languages_of(languages: &Element) -> Vec<String> {
        let tags = languages.elements().filter(|element| element.name() == "LANGUAGE");
        tags.map(Element::text).collect()
    }
}

fn write(parent: &mut Element, name: &str, order: &[&str], text: Option<&str>) -> Result<()> {
    match text {
        Some(text) => parent.child_in_order(name, order)?.set_own_text(text),
        None => Ok(()),
    }
}
