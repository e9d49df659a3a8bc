//! Testing an answer file of the host, alone or against an image.

use super::check::{check, Finding, ImageName, Severity, Target};
use crate::error::{InFile, Result};
use crate::formats::xml::MAX_SIZE;
use crate::image::{folder, ImageFile, SavedImage, Session};
use crate::progress::Observer;
use serde::Serialize;
use std::path::Path;

/// What a file is tested against.
#[derive(Debug)]
pub enum Against<'a> {
    /// Nothing: only what can be told of the file alone.
    Nothing,
    /// The image of a session, as it is now.
    Session(&'a Session),
    /// Image `index`, 1-based, of an image file.
    File {
        /// The image file.
        path: &'a Path,
        /// Which of its images.
        index: u32,
    },
}

/// What a test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// The file.
    pub file: String,
    /// The findings, in the order of the file.
    pub findings: Vec<Finding>,
}

impl TestReport {
    /// Findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// Tests an answer file. What is wrong with it is a finding, not an error.
///
/// # Errors
/// A file that cannot be read, or is larger than any answer file; damage of the image; `Error::Cancelled`.
pub fn test(file: &Path, against: &Against<'_>, observer: Observer<'_>) -> Result<TestReport> {
    let name = file.display().to_string();
    let bytes = folder::read(file, u64::try_from(MAX_SIZE).unwrap_or(u64::MAX))?;
    let findings = match against {
        Against::Nothing => check(&bytes, None),
        Against::Session(session) => {
            let target = Target::of(session.view()?, session.image())?;
            check(&bytes, Some(&of_file(target, session.image_path())?))
        }
        Against::File { path, index } => {
            let image = SavedImage::open(path, *index, observer)?;
            let target = Target::of(image.view(), image.details())?;
            check(&bytes, Some(&of_file(target, path)?))
        }
    };
    Ok(TestReport { findings: findings.in_file(&name)?, file: name })
}

/// Adds what the image file says of its images.
fn of_file<'a>(target: Target<'a>, path: &Path) -> Result<Target<'a>> {
    let file = ImageFile::open(path)?;
    let images = file.archive().images().iter();
    let images = images.map(|image| ImageName {
        index: image.index,
        name: image.name.clone(),
        description: image.description.clone(),
    });
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(target.with_images(name, images.collect()))
}
