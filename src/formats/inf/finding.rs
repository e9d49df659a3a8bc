//! What is wrong or remarkable about an INF: one value for each thing, with its place.
//!
//! Readers report what they find here and go on. Whoever installs a package asks for
//! [`Strictness::Refuse`] and gets the first mistake as an error; whoever examines it asks for
//! [`Strictness::Report`] and gets all of them.
//!
//! Reference: MicrosoftDocs "InfVerif" for what is worth saying; the codes are ours.

use super::line::Position;
use crate::error::{Error, Result};

/// Findings one INF may have; what is found after that is not kept.
const FINDING_LIMIT: usize = 10_000;
/// Characters of a finding's text: what is quoted of an INF may be long.
const TEXT_LIMIT: usize = 500;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Windows installs it, but perhaps not as it was meant.
    Warning,
    /// The package is refused.
    Error,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// `[Version]` is missing, or Windows does not know its signature.
    Signature,
    /// No catalogue is named for the target's architecture: the package cannot be signed.
    CatalogMissing,
    /// `DriverVer` is missing, or is no date and version.
    DriverVer,
    /// The class is missing, or its name and GUID are not of one class.
    Class,
    /// `Provider` is missing.
    Provider,
    /// An extension INF without `ExtensionId`, or the other way round.
    Extension,
    /// A `%token%` that `[Strings]` does not define.
    UndefinedToken,
    /// A token defined twice in one section; the first counts.
    DuplicateToken,
    /// Several sections of one name, which Windows reads as one.
    DuplicateSection,
    /// A section that is named and not there.
    SectionMissing,
    /// An INF that `Include` names and that the image does not have.
    IncludeMissing,
    /// Sections that need each other in a circle.
    NeedsCycle,
    /// A file that is copied and not listed in `[SourceDisksFiles]`.
    FileNotListed,
    /// A disk that `[SourceDisksNames]` does not list.
    DiskNotListed,
    /// A directory id that is not documented.
    UnknownDirid,
    /// A directory whose path an offline image does not know.
    Unresolvable,
    /// A path that leaves the package or its directory, or is none of a file.
    Path,
    /// An entry of a registry section that cannot be read.
    Registry,
    /// A service that cannot be read.
    Service,
    /// Another directive that cannot be read.
    Directive,
    /// A decoration that Windows does not understand.
    Decoration,
    /// A manufacturer or a model that cannot be read.
    Model,
    /// A directive that runs at device installation and writes nothing into an offline image.
    NotOffline,
    /// 8-bit text beyond ASCII: what it says depends on the image's code page.
    CodePage,
}

impl Code {
    /// The name, for people and programs; it does not change.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signature => "Signature",
            Self::CatalogMissing => "CatalogMissing",
            Self::DriverVer => "DriverVer",
            Self::Class => "Class",
            Self::Provider => "Provider",
            Self::Extension => "Extension",
            Self::UndefinedToken => "UndefinedToken",
            Self::DuplicateToken => "DuplicateToken",
            Self::DuplicateSection => "DuplicateSection",
            Self::SectionMissing => "SectionMissing",
            Self::IncludeMissing => "IncludeMissing",
            Self::NeedsCycle => "NeedsCycle",
            Self::FileNotListed => "FileNotListed",
            Self::DiskNotListed => "DiskNotListed",
            Self::UnknownDirid => "UnknownDirid",
            Self::Unresolvable => "Unresolvable",
            Self::Path => "Path",
            Self::Registry => "Registry",
            Self::Service => "Service",
            Self::Directive => "Directive",
            Self::Decoration => "Decoration",
            Self::Model => "Model",
            Self::NotOffline => "NotOffline",
            Self::CodePage => "CodePage",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The INF: empty for the package's own, else the name that `Include` has.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub code: Code,
    /// What is the matter, for people.
    pub text: String,
}

/// What happens at a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// The first one is the error of the whole call.
    Refuse,
    /// It is reported, what it is in is left out, and reading goes on.
    Report,
}

/// Findings as they come.
#[derive(Debug)]
pub(super) struct Findings {
    strictness: Strictness,
    found: Vec<Finding>,
}

impl Findings {
    pub(super) fn new(strictness: Strictness) -> Self {
        Self { strictness, found: Vec::new() }
    }

    /// Adds something that is no error.
    pub(super) fn add(&mut self, severity: Severity, code: Code, file: &str, at: Position, text: String) {
        if self.found.len() < FINDING_LIMIT {
            let Position { line, column } = at;
            let text = match text.char_indices().nth(TEXT_LIMIT).and_then(|(end, _)| text.get(..end)) {
                Some(start) => format!("{start}…"),
                None => text,
            };
            self.found.push(Finding { file: file.to_owned(), line, column, severity, code, text });
        }
    }

    /// The value; or `None` after the mistake was noted; or the mistake.
    ///
    /// # Errors
    /// The mistake, if mistakes refuse the package. What exceeds a limit always does.
    pub(super) fn check<T>(
        &mut self,
        code: Code,
        file: &str,
        at: Position,
        result: Result<T>,
    ) -> Result<Option<T>> {
        let error = match result {
            Ok(value) => return Ok(Some(value)),
            Err(error) => error,
        };
        if self.strictness == Strictness::Refuse || matches!(error.root(), Error::LimitExceeded { .. }) {
            return Err(if file.is_empty() { error } else { error.in_file(file) });
        }
        let (text, place) = match error.root() {
            Error::Malformed { place, expected, found, .. } => {
                (format!("expected {expected}, found {found}"), place.as_str())
            }
            other => (other.to_string(), ""),
        };
        self.add(Severity::Error, code, file, Position::parse(place).unwrap_or(at), text);
        Ok(None)
    }

    /// All of them, by place; each once.
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.found.sort();
        self.found.dedup();
        self.found
    }
}
