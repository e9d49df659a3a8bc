//! What is known of the image that an answer file is for.

use crate::error::{Error, Result};
use crate::formats::inf::Architecture;
use crate::image::identity::System;
use crate::image::{ImageDetails, ImagePath, View};
use crate::servicing::hives::{ImageHive, Opening};
use crate::servicing::windows::{self, hive_path, WindowsImage};
use std::collections::HashSet;

/// Where the SOFTWARE hive lists the time zones.
const TIME_ZONES: &str = r"Microsoft\Windows NT\CurrentVersion\Time Zones";

/// An image of the image file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    /// Its index, from 1.
    pub index: u32,
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Its edition: `Professional`.
    pub edition: Option<String>,
    /// Its build of Windows.
    pub build: Option<u32>,
}

impl std::fmt::Display for ImageName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} '{}'", self.index, self.name.as_deref().unwrap_or_default())
    }
}

/// An image. What is not known of it is `None` or empty, and rules that need it find nothing.
#[derive(Debug, Default)]
pub struct Target<'a> {
    /// As answer files call it: `amd64`.
    pub architecture: Option<&'static str>,
    /// The build of Windows.
    pub build: Option<u32>,
    /// The edition: `Professional`.
    pub edition: Option<String>,
    /// `Client`, `Server`, `Server Core`…
    pub installation_type: Option<String>,
    /// The languages that it has, the default one first.
    pub languages: Vec<String>,
    /// The names of its time zones, in lower case.
    pub time_zones: Option<HashSet<String>>,
    /// The images of its file.
    pub images: Vec<ImageName>,
    /// The name of its file.
    pub file_name: Option<String>,
    view: Option<View<'a>>,
}

impl<'a> Target<'a> {
    /// Looks at an image. One that holds no Windows, or hives that cannot be read, tell less.
    ///
    /// # Errors
    /// Damage of the image itself.
    pub fn of(view: View<'a>, details: &ImageDetails) -> Result<Self> {
        let numbered = |number: u32| u16::try_from(number).ok().and_then(Architecture::from_number);
        let mut target = Self {
            architecture: details.architecture.and_then(numbered).map(Architecture::name),
            build: details.build.filter(|build| *build != 0),
            edition: details.edition_id.clone(),
            installation_type: details.installation_type.clone(),
            languages: details.languages.clone(),
            view: Some(view),
            ..Self::default()
        };
        if let Some(windows) = tolerated(WindowsImage::open(&view, details))? {
            target.architecture = Some(windows.target.architecture.name());
            target.build = target.build.or(Some(windows.target.build).filter(|build| *build != u32::MAX));
            if target.languages.is_empty() {
                target.languages = System::read(&windows.system.hive).0.languages;
            }
            windows.system.close(&view);
        }
        target.time_zones = tolerated(time_zones(&view, details))?.flatten();
        Ok(target)
    }

    /// Names the images of the file.
    #[must_use]
    pub fn with_images(mut self, file_name: Option<String>, images: Vec<ImageName>) -> Self {
        self.file_name = file_name;
        self.images = images;
        self
    }

    /// Whether the image has a file; `None` if that cannot be told.
    pub fn has_file(&self, path: &str) -> Option<bool> {
        let path = ImagePath::parse(path).ok()?;
        match self.view?.item(&path) {
            Ok(item) => Some(item.is_some()),
            // The path goes through a link, which leads anywhere.
            Err(_) => None,
        }
    }

    /// Whether the image has a language.
    pub fn has_language(&self, name: &str) -> bool {
        self.languages.iter().any(|language| language.eq_ignore_ascii_case(name))
    }

    /// The image is of an evaluation edition: `EnterpriseEval`, `ServerStandardEvalCor`.
    pub fn is_evaluation(&self) -> bool {
        let edition = self.edition.as_deref().unwrap_or_default().to_ascii_lowercase();
        ["eval", "evalcor", "evalcore"].iter().any(|end| edition.ends_with(end))
    }

    /// The image is known to be of a client.
    pub fn is_client(&self) -> bool {
        self.installation_type.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("Client"))
    }

    /// The image is of an Enterprise or Education edition, or of a long-term servicing channel.
    pub fn is_enterprise(&self) -> bool {
        let edition = self.edition.as_deref().unwrap_or_default().to_ascii_lowercase();
        edition.starts_with("enterprise") || edition.starts_with("iotenterprise")
    }
}

/// What is not there, or is damaged inside, tells nothing; other errors stay.
fn tolerated<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) => match error.root() {
            Error::NotServiceable { .. } | Error::HiveDirty { .. } | Error::Malformed { .. } => Ok(None),
            Error::ItemNotFound { .. } | Error::WrongItemKind { .. } => Ok(None),
            _ => Err(error),
        },
    }
}

fn time_zones(view: &View<'_>, details: &ImageDetails) -> Result<Option<HashSet<String>>> {
    let directory = windows::directory(view, details)?;
    let Some(software) = ImageHive::open_for(view, &hive_path(&directory, "SOFTWARE")?, Opening::Look)?
    else {
        return Ok(None);
    };
    let hive = &software.hive;
    let Some(key) = hive.find(hive.root(), TIME_ZONES)? else { return Ok(None) };
    let keys = hive.subkeys(key)?.into_iter().map(|key| hive.name(key));
    let names = keys.map(|name| Ok(String::from_utf16_lossy(&name?).to_ascii_lowercase()));
    let names = names.collect::<Result<HashSet<String>>>()?;
    Ok(Some(names).filter(|names| !names.is_empty()))
}
