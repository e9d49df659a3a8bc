//! Putting an answer file where Windows Setup looks.
//!
//! Reference: docs/formats/setup-answer-files.md.

use super::find::{passes_of, survey, AnswerFileInfo, IMAGE_PASSES, SIZE_LIMIT};
use super::locations::Location;
use crate::error::{Error, InFile, Result};
use crate::formats::inf::Architecture;
use crate::formats::unattend::{AnswerFile, SetOptions};
use crate::image::identity::SetupState;
use crate::image::{folder, ImageDetails, ImagePath, PutOptions, Session, Transaction, View};
use crate::progress::Observer;
use crate::servicing::setup::FirstBoot;
use crate::servicing::setup_state;
use crate::servicing::windows::{directory, WindowsImage};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The setting that makes Setup start audit mode where the welcome pages would come.
const AUDIT_SETTING: &str = "oobeSystem/Microsoft-Windows-Deployment/Reseal/Mode";

/// How [`place`] puts an answer file into an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PlaceOptions {
    /// The place.
    pub location: Location,
    /// Replace another file that is there.
    pub force: bool,
    /// Make the image start audit mode: sets `Reseal/Mode` of the pass oobeSystem to `Audit`.
    pub audit: bool,
}

/// What placing an answer file did: `{itemPath, location, order, replaced, length, passes, usedPasses, audit,
/// warnings, notes}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceReport {
    /// The path in the image.
    pub item_path: String,
    /// The place.
    pub location: Location,
    /// Its number in Microsoft's list.
    pub order: u32,
    /// Whether a file was replaced.
    pub replaced: bool,
    /// Bytes that were written.
    pub length: u64,
    /// The passes that the file has components for.
    pub passes: Vec<String>,
    /// The passes in which Setup will use it.
    pub used_passes: Vec<String>,
    /// The setting that was set for audit mode, and its value; nothing if it was not asked for.
    pub audit: Option<String>,
    /// Why passes of the file will not be run from it.
    pub warnings: Vec<String>,
    /// What else an admin should know.
    pub notes: Vec<String>,
}

/// Puts an answer file of the host into the image, as one transaction. Without a file, which is for audit
/// mode only, what is placed holds nothing but that setting.
///
/// # Errors
/// [`Error::Malformed`] with the file, line and column for one that Setup could not read;
/// [`Error::ItemExists`] for another file that is there, unless `force`; [`Error::InvalidArgument`] for the registry as a place, and if there
/// is neither a file nor audit mode; [`Error::NotServiceable`] if the image holds no Windows.
pub fn place(
    session: &mut Session,
    file: Option<&Path>,
    options: PlaceOptions,
    observer: Observer<'_>,
) -> Result<PlaceReport> {
    let mut answers = match file {
        Some(path) => read(path)?,
        None if options.audit => AnswerFile::new()?,
        None => {
            let reason = "there is no file to place".to_owned();
            return Err(Error::InvalidArgument { parameter: "file", reason });
        }
    };
    let details = session.image().clone();
    let mut transaction = session.transaction("add an answer file")?;
    if options.audit {
        let windows = WindowsImage::open(&transaction.view(), &details)?;
        set_audit(&mut answers, windows.target.architecture)?;
        windows.system.close(&transaction.view());
    }
    let placement = Placement::plan(&transaction.view(), &details, &answers, options)?;
    placement.put(&mut transaction, &details, observer)?;
    transaction.commit()?;
    Ok(placement.report)
}

/// Reads an answer file of the host.
pub(super) fn read(path: &Path) -> Result<AnswerFile> {
    AnswerFile::parse(&folder::read(path, SIZE_LIMIT)?).in_file(path.display().to_string())
}

fn set_audit(answers: &mut AnswerFile, architecture: Architecture) -> Result<()> {
    let options = SetOptions { architecture: Some(architecture.name().to_owned()) };
    answers.set(AUDIT_SETTING, "Audit", &options)?;
    Ok(())
}

/// A file that is to be put into the image.
pub(super) struct Placement {
    /// Where it goes.
    pub path: ImagePath,
    bytes: Vec<u8>,
    windows: ImagePath,
    /// The image has a first-boot plan.
    is_planned: bool,
    /// What it leads to.
    pub report: PlaceReport,
}

impl Placement {
    /// Works out what placing an answer file leads to.
    pub fn plan(
        view: &View<'_>,
        details: &ImageDetails,
        answers: &AnswerFile,
        options: PlaceOptions,
    ) -> Result<Self> {
        let windows = directory(view, details)?;
        let Some(path) = options.location.files(&windows)?.into_iter().next() else {
            let reason = "the registry is set with Set-ImageRegistryValue: it names a file, and holds none";
            return Err(Error::InvalidArgument { parameter: "location", reason: reason.to_owned() });
        };
        let bytes = answers.to_bytes();
        let boot = FirstBoot::open(view, &windows)?;
        // What the plan has put there is put there again, and nobody's loss.
        let existing = match view.exists(&path)? {
            true => match view.read_file(&path, SIZE_LIMIT) {
                Ok(bytes) => boot.without_hooks(&path, bytes).map(Some),
                Err(_) => Some(None),
            },
            false => None,
        };
        let existed = existing.is_some();
        if existing.is_some_and(|existing| !options.force && existing.as_ref() != Some(&bytes)) {
            return Err(Error::ItemExists { path: path.to_string() });
        }
        let seen = |path: &ImagePath, bytes| boot.without_hooks(path, bytes);
        let files = survey(view, &windows, &seen, Some((&path, answers)))?;
        let mut report = report(&files, &path, answers, existed, options)?;
        report.length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let (facts, _) = setup_state::facts_of(view, &windows)?;
        match facts.finding().state {
            SetupState::Complete => report.warnings.push(
                "Setup has finished with this image, so its next start runs no pass: they run after Sysprep"
                    .to_owned(),
            ),
            SetupState::WindowsPE => report.warnings.push(
                "it is Windows PE, in which no pass of an installed Windows is run; it reads the windowsPE pass of an \
                 Unattend.xml in its root"
                    .to_owned(),
            ),
            _ => {}
        }
        let is_planned = !boot.steps().is_empty();
        if is_planned {
            report.notes.push("the command of the image's first-boot plan is put into it".to_owned());
        }
        Ok(Self { path, bytes, windows, is_planned, report })
    }

    /// Puts the file into the image of a transaction, and the command of a first-boot plan into the file.
    pub fn put(
        &self,
        transaction: &mut Transaction<'_>,
        details: &ImageDetails,
        observer: Observer<'_>,
    ) -> Result<()> {
        if let Some(parent) = self.path.parent() {
            transaction.create_directories(&parent)?;
        }
        transaction.put_file(&self.path, (&self.bytes).into(), &PutOptions::overwrite(), observer)?;
        if self.is_planned {
            let view = transaction.view();
            let WindowsImage { target, system, .. } = WindowsImage::open(&view, details)?;
            system.close(&view);
            let mut plan = FirstBoot::open(&view, &self.windows)?;
            plan.hook_again(target.architecture, transaction, observer)?;
        }
        Ok(())
    }
}

/// What becomes of the file that was put to `path`.
fn report(
    files: &[AnswerFileInfo],
    path: &ImagePath,
    answers: &AnswerFile,
    replaced: bool,
    options: PlaceOptions,
) -> Result<PlaceReport> {
    let name = path.to_string();
    let is_it = |file: &&AnswerFileInfo| file.item_path.eq_ignore_ascii_case(&name);
    let Some(file) = files.iter().find(is_it) else {
        return Err(Error::ItemNotFound { path: name });
    };
    let mut warnings = Vec::new();
    for pass in IMAGE_PASSES.map(|pass| pass.as_str()) {
        let is_of = |passes: &[String]| passes.iter().any(|name| name == pass);
        let Some(other) = files.iter().find(|other| is_of(&other.used_passes)) else { continue };
        if is_of(&file.passes) && other.item_path != file.item_path {
            warnings
                .push(format!("in pass {pass} Setup uses '{}' instead: {}", other.item_path, other.reason));
        }
    }
    // The order in which Setup looks.
    let before = files.iter().take_while(|other| other.item_path != file.item_path);
    for other in before.filter(|other| other.exists && !other.is_valid) {
        warnings.push(format!("'{}' comes before it: {}", other.item_path, other.reason));
    }
    let (passes, done) = passes_of(answers);
    for pass in done {
        warnings.push(format!("its pass {pass} is marked as done (wasPassProcessed), so Setup skips it"));
    }
    let mut notes = Vec::new();
    let unread: Vec<&str> = passes
        .iter()
        .map(String::as_str)
        .filter(|pass| !IMAGE_PASSES.iter().any(|known| known.as_str() == *pass))
        .collect();
    if !unread.is_empty() {
        notes.push(format!("Setup reads its {} from installation media only", unread.join(", ")));
    }
    if options.location == Location::PantherUnattend {
        notes.push(
            "a file there replaces the cached one at the beginning of every pass, so that Setup does not clear \
             passwords of passes that are done"
                .to_owned(),
        );
    }
    Ok(PlaceReport {
        item_path: file.item_path.clone(),
        location: options.location,
        order: file.order,
        replaced,
        length: 0,
        passes,
        used_passes: file.used_passes.clone(),
        audit: options.audit.then(|| format!("{AUDIT_SETTING} = Audit")),
        warnings,
        notes,
    })
}
