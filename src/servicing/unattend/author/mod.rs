//! Writing answer files from what people think in: a computer name, a locale, a disk layout, an administrator.
//!
//! [`Options`] say what is wanted; [`author`] turns each group of them into settings, where Microsoft's reference has
//! them. What Setup would stop at is refused; what it would do that may surprise is a warning.
//!
//! Reference: docs/unattend-authoring.md; <https://learn.microsoft.com/windows-hardware/customize/desktop/unattend/>.

mod accounts;
mod commands;
mod computer_name;
mod disk;
mod draft;
mod join;
mod locale;
mod oobe;
mod options;
mod other;
mod setup;

pub use disk::DiskLayout;
pub use oobe::OobePage;
pub use options::{Architecture, Credential, Join, Mode, Options, SettingValue};

use crate::error::{Error, Result};
use crate::formats::unattend::{AnswerFile, SettingPath, Step};
use crate::image::NewFile;
use draft::Draft;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

/// Where most settings of the installed Windows are.
const SHELL_SETUP: &str = "Microsoft-Windows-Shell-Setup";
/// Commands of pass specialize, and where a pass leads.
const DEPLOYMENT: &str = "Microsoft-Windows-Deployment";

/// An answer file that was authored.
#[derive(Debug)]
pub struct Authored {
    /// The file.
    pub file: AnswerFile,
    /// What it will do that may surprise, one sentence or two each.
    pub warnings: Vec<String>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorReport {
    /// The passes that the file has settings for, in the order in which they run.
    pub passes: Vec<String>,
    /// How many settings it has.
    pub settings: u64,
    /// What it will do that may surprise.
    pub warnings: Vec<String>,
}

/// Makes an answer file of options.
///
/// # Errors
/// [`Error::InvalidArgument`] for what Setup would refuse, and for options that exclude each other.
pub fn author(options: &Options) -> Result<Authored> {
    let mut draft = Draft::new(&options.architectures)?;
    locale::write(&mut draft, options)?;
    setup::write(&mut draft, options)?;
    computer_name::write(&mut draft, options)?;
    join::write(&mut draft, options)?;
    commands::write(&mut draft, options)?;
    accounts::write(&mut draft, options)?;
    oobe::write(&mut draft, options)?;
    other::write(&mut draft, options)?;
    draft.finish()
}

/// Writes the answer file of options to `path`, which appears when it is whole.
///
/// # Errors
/// [`Error::Io`] with `AlreadyExists` unless `overwrite`; those of [`author`].
pub fn create(path: &Path, options: &Options, overwrite: bool) -> Result<AuthorReport> {
    let authored = author(options)?;
    let mut target = NewFile::create(path, overwrite)?;
    target.write_all(&authored.file.to_bytes()).map_err(|source| Error::io("write", path, source))?;
    target.finish()?;
    Ok(authored.report())
}

impl Authored {
    /// What of it is told to people.
    pub fn report(self) -> AuthorReport {
        let all = SettingPath { steps: vec![Step::named("**")], attribute: None };
        let settings = self.file.settings(&all).len();
        AuthorReport {
            passes: self.file.passes().map(|pass| pass.name()).collect(),
            settings: u64::try_from(settings).unwrap_or(u64::MAX),
            warnings: self.warnings,
        }
    }
}

/// An option that cannot be.
fn refused(parameter: &'static str, reason: impl Into<String>) -> Error {
    Error::InvalidArgument { parameter, reason: reason.into() }
}
