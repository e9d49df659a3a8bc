//! The answer files of an image: which are there, and which of them Windows Setup uses in which pass.
//!
//! Setup looks anew at the beginning of every pass, and takes the first file that has settings for it.
//!
//! Reference: docs/formats/setup-answer-files.md.

use super::locations::{in_image, Location};
use crate::error::{Error, Result};
use crate::formats::unattend::{AnswerFile, PassName};
use crate::image::{ImagePath, View};
use crate::progress::Observer;
use crate::servicing::setup_state;
use crate::servicing::source::Source;
use crate::servicing::windows::directory;
use serde::Serialize;

/// Largest answer file that is read.
pub const SIZE_LIMIT: u64 = 16 << 20;

/// The passes for which Setup looks into an image. `windowsPE` and `offlineServicing` are those of media.
pub const IMAGE_PASSES: [PassName; 5] = [
    PassName::Generalize,
    PassName::Specialize,
    PassName::AuditSystem,
    PassName::AuditUser,
    PassName::OobeSystem,
];

/// A place where an answer file is, or would be found: `{order, location, itemPath, exists, length,
/// lastWriteTime, isValid, message, passes, processedPasses, usedPasses, wins, reason}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerFileInfo {
    /// The number of the place in Microsoft's list.
    pub order: u32,
    /// The place.
    pub location: Location,
    /// The path in the image; of a registry pointer that leads elsewhere, what it says.
    pub item_path: String,
    /// Whether there is a file.
    pub exists: bool,
    /// Its bytes.
    pub length: u64,
    /// When it was last written (FILETIME).
    pub last_write_time: u64,
    /// Whether it can be read.
    pub is_valid: bool,
    /// Why not, with line and column.
    pub message: Option<String>,
    /// The passes that it has components for, as it spells them.
    pub passes: Vec<String>,
    /// Those of them that Setup has marked as done.
    pub processed_passes: Vec<String>,
    /// The passes in which Setup uses this file.
    pub used_passes: Vec<String>,
    /// Whether there is such a pass.
    pub wins: bool,
    /// Why it is used, or not.
    pub reason: String,
}

/// The answer files of an image, in the order in which Setup looks; with `all` also the places where none is.
///
/// # Errors
/// [`Error::NotServiceable`] if the image holds no Windows; damage of the image. A file that cannot be read
/// is not valid.
pub fn find(source: Source<'_>, all: bool, observer: Observer<'_>) -> Result<Vec<AnswerFileInfo>> {
    let mut found = source.look(observer, |view, details| {
        survey(view, &directory(view, details)?, &|_, bytes| Some(bytes), None)
    })?;
    found.retain(|file| all || file.exists || file.location == Location::Registry);
    Ok(found)
}

/// What is to be seen of a file: other content, or nothing.
pub(in crate::servicing) type Seen<'s> = &'s dyn Fn(&ImagePath, Vec<u8>) -> Option<Vec<u8>>;

/// All places, in order; as if the file `placed` were in the image, too, and the others were what `seen` makes of them.
pub(in crate::servicing) fn survey(
    view: &View<'_>,
    windows: &ImagePath,
    seen: Seen<'_>,
    placed: Option<(&ImagePath, &AnswerFile)>,
) -> Result<Vec<AnswerFileInfo>> {
    let (facts, _) = setup_state::facts_of(view, windows)?;
    let mut files = Vec::new();
    if let Some(named) = facts.unattend_file() {
        files.push(match in_image(named, windows) {
            Some(path) => look(view, Location::Registry, &path, seen)?,
            None => {
                let mut file = AnswerFileInfo::none(Location::Registry, named.to_owned());
                file.reason = "the registry names a file that is not in the image".to_owned();
                file
            }
        });
    }
    for location in Location::ALL {
        for path in location.files(windows)? {
            files.push(look(view, location, &path, seen)?);
        }
    }
    if let Some((path, answers)) = placed {
        let name = path.to_string();
        for file in files.iter_mut().filter(|file| file.item_path.eq_ignore_ascii_case(&name)) {
            file.take(answers);
        }
    }
    decide(&mut files);
    Ok(files)
}

impl AnswerFileInfo {
    fn none(location: Location, item_path: String) -> Self {
        Self {
            order: location.order(),
            location,
            item_path,
            exists: false,
            length: 0,
            last_write_time: 0,
            is_valid: false,
            message: None,
            passes: Vec::new(),
            processed_passes: Vec::new(),
            used_passes: Vec::new(),
            wins: false,
            reason: "there is no file".to_owned(),
        }
    }

    /// The file is, or becomes, this one.
    fn take(&mut self, answers: &AnswerFile) {
        (self.exists, self.is_valid, self.message) = (true, true, None);
        (self.passes, self.processed_passes) = passes_of(answers);
    }

    /// Whether Setup would take the file for a pass that is still to be done.
    fn serves(&self, pass: PassName) -> bool {
        let has = |passes: &[String]| passes.iter().any(|name| name == pass.as_str());
        self.is_valid && has(&self.passes) && !has(&self.processed_passes)
    }
}

fn look(view: &View<'_>, location: Location, path: &ImagePath, seen: Seen<'_>) -> Result<AnswerFileInfo> {
    let mut file = AnswerFileInfo::none(location, path.to_string());
    let item = match view.item(path) {
        Ok(item) => item,
        // Something on the way is no directory: there is no file.
        Err(Error::WrongItemKind { .. }) => None,
        Err(error) => return Err(error),
    };
    let Some(item) = item else { return Ok(file) };
    let answers = match view.read_file(path, SIZE_LIMIT) {
        Ok(bytes) => match seen(path, bytes) {
            Some(bytes) => AnswerFile::parse(&bytes),
            None => return Ok(file),
        },
        Err(error) => Err(error),
    };
    file.exists = true;
    (file.item_path, file.length, file.last_write_time) = (item.path, item.length, item.last_write_time);
    match answers {
        Ok(answers) => file.take(&answers),
        Err(Error::Cancelled) => return Err(Error::Cancelled),
        Err(error) => file.message = Some(error.to_string()),
    }
    Ok(file)
}

/// The passes that have components, and those that Setup has marked as done.
pub(super) fn passes_of(answers: &AnswerFile) -> (Vec<String>, Vec<String>) {
    let (mut passes, mut processed) = (Vec::new(), Vec::new());
    for pass in answers.passes().filter(|pass| pass.components().next().is_some()) {
        let name = pass.name();
        if pass.was_processed() && !processed.contains(&name) {
            processed.push(name.clone());
        }
        if !passes.contains(&name) {
            passes.push(name);
        }
    }
    (passes, processed)
}

/// Says of every file in which passes it is used, and why.
fn decide(files: &mut [AnswerFileInfo]) {
    let winner = |files: &[AnswerFileInfo], pass| files.iter().position(|file| file.serves(pass));
    for pass in IMAGE_PASSES {
        if let Some(file) = winner(files, pass).and_then(|at| files.get_mut(at)) {
            file.used_passes.push(pass.as_str().to_owned());
            file.wins = true;
        }
    }
    let reasons: Vec<String> = files.iter().map(|file| reason(file, files)).collect();
    for (file, reason) in files.iter_mut().zip(reasons) {
        file.reason = reason;
    }
}

fn reason(file: &AnswerFileInfo, files: &[AnswerFileInfo]) -> String {
    if !file.exists {
        return file.reason.clone();
    }
    if let Some(message) = &file.message {
        return format!("Setup cannot read it, and may stop because of it: {message}");
    }
    let mut parts = Vec::new();
    if file.wins {
        parts.push(format!("the first file with settings for {}", file.used_passes.join(", ")));
    }
    for pass in IMAGE_PASSES.iter().filter(|pass| file.serves(**pass)) {
        let used = |other: &&AnswerFileInfo| other.used_passes.iter().any(|name| name == pass.as_str());
        if let Some(other) = files.iter().find(used).filter(|other| other.item_path != file.item_path) {
            parts.push(format!("for {} '{}' comes before it", pass.as_str(), other.item_path));
        }
    }
    if !file.processed_passes.is_empty() {
        parts.push(format!("Setup has done its {}", file.processed_passes.join(", ")));
    }
    let unread: Vec<&str> = file
        .passes
        .iter()
        .filter(|name| !IMAGE_PASSES.iter().any(|pass| pass.as_str() == name.as_str()))
        .map(String::as_str)
        .collect();
    if !unread.is_empty() {
        parts.push(format!("nobody reads its {} here", unread.join(", ")));
    }
    match parts.is_empty() {
        true => "it has no settings for any pass".to_owned(),
        false => parts.join("; "),
    }
}
