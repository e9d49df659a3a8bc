//! Testing an answer file of the host, alone or against an image.

use super::check::{check, Finding, ImageName, Severity, Target};
use crate::error::{InFile, Result};
use crate::formats::xml::Limits;
use crate::image::{folder, ImageFile};
use crate::progress::Observer;
use crate::servicing::source::Source;
use serde::Serialize;
use std::path::Path;

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

/// Tests an answer file of the host, against an image if one is given. What is wrong with it is a finding, not an error.
///
/// # Errors
/// A file that cannot be read, or is larger than any answer file; damage of the image; `Error::Cancelled`.
pub fn test(file: &Path, image: Option<Source<'_>>, observer: Observer<'_>) -> Result<TestReport> {
    let name = file.display().to_string();
    let bytes = folder::read(file, u64::try_from(Limits::ANSWER_FILE.size).unwrap_or(u64::MAX))?;
    let findings = match image {
        None => check(&bytes, None),
        Some(image) => {
            let path = image.image_path().to_owned();
            image.look(observer, |view, details| {
                let target = of_file(Target::of(*view, details)?, &path)?;
                Ok(check(&bytes, Some(&target)))
            })?
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
        edition: image.windows.as_ref().and_then(|windows| windows.edition_id.clone()),
        build: image
            .windows
            .as_ref()
            .and_then(|windows| windows.version)
            .and_then(|version| u32::try_from(version.build).ok()),
    });
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(target.with_images(name, images.collect()))
}
