//! Putting the settings of several answer files into one.

use super::graft::Graft;
use super::{AnswerFile, Identity};
use crate::error::Result;

/// Which value a setting gets that two files have differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefer {
    /// The one that is there already.
    Base,
    /// The one of the file that is merged in.
    Other,
}

/// A setting that two files have differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The pass; `servicing` for the servicing section.
    pub pass: String,
    /// The component; `None` in the servicing section.
    pub component: Option<Identity>,
    /// The path in the component.
    pub name: String,
    /// The whole path.
    pub path: String,
    /// Whether the values are passwords or the like.
    pub secret: bool,
    /// The value of what was merged so far.
    pub base: String,
    /// The other value.
    pub other: String,
    /// Which of the files that are merged in has it, from 0.
    pub file: usize,
    /// The value that was taken; `None` if nobody said which.
    pub chosen: Option<Prefer>,
}

/// What came of a merge.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The base with the settings of the others.
    pub file: AnswerFile,
    /// How many settings were added.
    pub added: usize,
    /// How many got another value.
    pub changed: usize,
    /// What two files have differently, in order.
    pub conflicts: Vec<Conflict>,
}

/// Puts the settings of other files into a base. The base's text stays as it is but for that; comments of the
/// others do not come along.
///
/// # Errors
/// [`Error::InvalidArgument`](crate::error::Error::InvalidArgument) when a setting cannot be placed, as where the base
/// has its pass or its component twice.
pub fn merge(base: &AnswerFile, others: &[AnswerFile], prefer: Option<Prefer>) -> Result<Merged> {
    let mut merged = Merged { file: base.clone(), added: 0, changed: 0, conflicts: Vec::new() };
    for (number, other) in others.iter().enumerate() {
        let mut graft = Graft::new(&merged.file, other, prefer);
        graft.everything()?;
        let Graft { changes, added, changed, conflicts, .. } = graft;
        let conflicts = conflicts.into_iter().map(|conflict| Conflict { file: number, ..conflict });
        merged.conflicts.extend(conflicts);
        merged.added = merged.added.saturating_add(added);
        merged.changed = merged.changed.saturating_add(changed);
        changes.make(&mut merged.file.document)?;
    }
    Ok(merged)
}
