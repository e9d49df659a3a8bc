//! Which Windows an image holds: where its directory is, architecture, version, product, registry.
//!
//! The XML of a WIM can be wrong or missing, so what the SYSTEM hive says comes first where it says
//! anything. How the hives are read is one thing with `image::identity`, which fills the XML.
//!
//! Reference: docs/formats/driver-database.md, "Facts of the image"; `VER_NT_*` and `VER_SUITE_*` of
//! winnt.h; the XML is described in docs/formats/wim.md.

use super::hives::ImageHive;
use crate::error::{Error, InFile, Result};
use crate::formats::inf::{Architecture, CodePage, ParseOptions, Target};
use crate::formats::regf::{Hive, KeyId, Peek};
use crate::image::identity::{self, control_set, Product, Software, Sources};
use crate::image::{ImageDetails, ImagePath, View};

/// Suites as `ProductOptions\ProductSuite` names them, with their `VER_SUITE_*` bits.
const SUITES: [(&str, u32); 13] = [
    ("Small Business", 0x1),
    ("Enterprise", 0x2),
    ("BackOffice", 0x4),
    ("CommunicationServer", 0x8),
    ("Terminal Server", 0x10),
    ("Small Business(Restricted)", 0x20),
    ("EmbeddedNT", 0x40),
    ("DataCenter", 0x80),
    ("Personal", 0x200),
    ("Blade", 0x400),
    ("Storage Server", 0x2000),
    ("Compute Server", 0x4000),
    ("WH Server", 0x8000),
];

/// The Windows directory of an image with its SYSTEM hive, and what they say.
#[derive(Debug)]
pub struct WindowsImage {
    /// The Windows directory: `\Windows`.
    pub directory: ImagePath,
    /// Architecture, version, product type and suites. If the build is not known, it is as high as a
    /// build can be, so that it excludes no driver.
    pub target: Target,
    /// What the text of INFs means here: the language Windows was installed with before English, and the
    /// ANSI code page.
    pub inf_text: ParseOptions,
    /// The SYSTEM hive.
    pub system: ImageHive,
}

impl WindowsImage {
    /// Finds Windows in an image.
    ///
    /// # Errors
    /// [`Error::NotServiceable`] if there is no SYSTEM hive, or nothing says the architecture or version.
    pub fn open(view: &View<'_>, details: &ImageDetails) -> Result<Self> {
        let directory = directory(view, details)?;
        let Some(system) = ImageHive::open(view, &hive_path(&directory, "SYSTEM")?)? else {
            return Err(Error::NotServiceable {
                reason: format!("it has no '{}', so it holds no Windows", hive_path(&directory, "SYSTEM")?),
            });
        };
        let architecture = architecture(view, details, &directory, &system.hive)?;
        let (major, minor, build) = version(view, details, &directory, &system.hive)?;
        let set = control_set(&system.hive)?;
        let options = match set {
            Some(set) => system.hive.find(set, r"Control\ProductOptions")?,
            None => None,
        };
        let inf_text = match set {
            Some(set) => inf_text(&system.hive, set)?,
            None => ParseOptions::default(),
        };
        let (product_type, suite) = product(&system.hive, options, details)?;
        let target = Target { architecture, major, minor, build, product_type, suite };
        Ok(Self { directory, target, inf_text, system })
    }
}

/// What the control set's `Control\Nls` says of languages; what it does not say is English and Western.
fn inf_text(system: &Hive, set: KeyId) -> Result<ParseOptions> {
    let text = |path: &str, name: &str| -> Result<Option<String>> {
        let Some(key) = system.find(set, path)? else { return Ok(None) };
        Ok(system.value(key, name)?.and_then(|value| value.as_text()))
    };
    let mut options = ParseOptions::default();
    for name in ["Default", "InstallLanguage"] {
        let language = text(r"Control\Nls\Language", name)?;
        let language = language.and_then(|text| u16::from_str_radix(text.trim(), 16).ok());
        if let Some(language) = language.filter(|language| *language != 0) {
            options.languages.retain(|known| *known != language);
            options.languages.insert(0, language);
        }
    }
    let page = text(r"Control\Nls\CodePage", "ACP")?.and_then(|text| text.trim().parse().ok()).map(CodePage);
    if let Some(page) = page.filter(|page| page.is_known()) {
        options.code_page = page;
    }
    Ok(options)
}

/// A hive of the image: `SYSTEM`, `DRIVERS`, `SOFTWARE`.
pub fn hive_path(windows: &ImagePath, name: &str) -> Result<ImagePath> {
    windows.join(&format!(r"System32\config\{name}"))
}

/// The Windows directory: as the XML says if it is there, else the one that has Windows' files, else
/// `\Windows`; in the case the image has.
pub fn directory(view: &View<'_>, details: &ImageDetails) -> Result<ImagePath> {
    let named = details.system_root.as_deref().and_then(|root| ImagePath::parse(root.trim()).ok());
    let usual = ImagePath::parse(r"\Windows")?;
    let sources = Sources::of(view.tree());
    let found = sources.root().and_then(|root| ImagePath::from_utf16(root).ok());
    for path in named.into_iter().filter(|path| !path.is_root()).chain(found).chain([usual.clone()]) {
        if let Some(found) = view.lookup(&path)? {
            return ImagePath::from_utf16(&view.tree().path_of(found));
        }
    }
    Ok(usual)
}

/// A number below the driver database's root.
fn database_number(system: &Hive, name: &str) -> Result<Option<u32>> {
    let Some(key) = system.find(system.root(), "DriverDatabase")? else { return Ok(None) };
    let number = system.value(key, name)?.and_then(|value| value.as_number());
    Ok(number.and_then(|number| u32::try_from(number).ok()))
}

fn architecture(
    view: &View<'_>,
    details: &ImageDetails,
    windows: &ImagePath,
    system: &Hive,
) -> Result<Architecture> {
    let numbered = |number: u32| u16::try_from(number).ok().and_then(Architecture::from_number);
    if let Some(found) = database_number(system, "Architecture")?.and_then(numbered) {
        return Ok(found);
    }
    if let Some(set) = control_set(system)? {
        if let Some(key) = system.find(set, r"Control\Session Manager\Environment")? {
            let name = system.value(key, "PROCESSOR_ARCHITECTURE")?.and_then(|value| value.as_text());
            if let Some(found) = name.and_then(|name| Architecture::from_name(name.trim())) {
                return Ok(found);
            }
        }
    }
    if let Some(found) = details.architecture.and_then(numbered) {
        return Ok(found);
    }
    for name in [r"System32\ntdll.dll", r"System32\kernel32.dll"] {
        let path = windows.join(name)?;
        if view.exists(&path)? {
            let machine = identity::machine(&mut view.open_file(&path)?);
            if let Some(found) = machine.and_then(identity::architecture).and_then(Architecture::from_number)
            {
                return Ok(found);
            }
        }
    }
    Err(Error::NotServiceable { reason: "nothing in it says for which architecture it is".to_owned() })
}

/// Major, minor, build.
fn version(
    view: &View<'_>,
    details: &ImageDetails,
    windows: &ImagePath,
    system: &Hive,
) -> Result<(u32, u32, u32)> {
    if let (Some(major), Some(minor), Some(build)) =
        (details.major_version, details.minor_version, details.build)
    {
        if major != 0 {
            return Ok((major, minor, build));
        }
    }
    if let Some(version) = version_of(view, &hive_path(windows, "SOFTWARE")?)? {
        return Ok(version);
    }
    if let Some(version) = database_version(system)? {
        return Ok(version);
    }
    match ImageHive::open(view, &hive_path(windows, "DRIVERS")?)? {
        // The hive came with Windows 8. One that does not say its version excludes no driver.
        Some(drivers) => {
            let version = database_version(&drivers.hive)?;
            drivers.close(view);
            Ok(version.unwrap_or((10, 0, u32::MAX)))
        }
        None => Err(Error::NotServiceable { reason: "nothing in it says which Windows it is".to_owned() }),
    }
}

/// The version that a hive's driver database was made for; it does not tell the build.
fn database_version(hive: &Hive) -> Result<Option<(u32, u32, u32)>> {
    let version = database_number(hive, "Version")?.map(u32::to_be_bytes);
    Ok(version
        .and_then(|[major, minor, ..]| (major != 0).then(|| (u32::from(major), u32::from(minor), u32::MAX))))
}

/// The version in the SOFTWARE hive at `path`.
fn version_of(view: &View<'_>, path: &ImagePath) -> Result<Option<(u32, u32, u32)>> {
    if !view.exists(path)? {
        return Ok(None);
    }
    let content = view.open_file(path)?;
    let looked = Peek::open(Box::new(content)).and_then(|mut peek| peek.look(Software::read));
    let (software, damage) = looked.in_file(path.to_string())?;
    match (software.version, damage) {
        (None, Some(damage)) => Err(damage.in_file(path.to_string())),
        (version, _) => Ok(version.map(|(major, minor, build)| (major, minor, build.unwrap_or(u32::MAX)))),
    }
}

/// Product type and suites.
fn product(
    system: &Hive,
    options: Option<KeyId>,
    details: &ImageDetails,
) -> Result<(Option<u32>, Option<u32>)> {
    let Product { kind, suites } = Product::read(system, options)?;
    let product_type = kind.or_else(|| details.product_type.clone()).and_then(|text| {
        match text.trim().to_ascii_lowercase().as_str() {
            "winnt" => Some(1),
            "lanmannt" => Some(2),
            "servernt" => Some(3),
            _ => None,
        }
    });
    let suites = suites.or_else(|| details.product_suite.clone().map(|suite| vec![suite]));
    let bit = |name: &String| SUITES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
    let suite = suites.map(|names| names.iter().filter_map(bit).fold(0, |bits, (_, bit)| bits | bit));
    Ok((product_type, suite))
}
