//! INF: the text file that describes a driver package.
//!
//! [`Inf::parse`] accepts what SetupAPI accepts and keeps lines and columns. [`Inf::evaluate`] answers
//! what the package would write for a target, and what is wrong with it; its parts can be asked for
//! alone: [`Inf::version`], [`Inf::manufacturers`] and [`Inf::models`], [`Inf::install`],
//! [`Inf::source_files`] and [`Inf::package_files`].
//! Windows code evaluates INFs; here nothing is executed, and no name leaves the package
//! ([`safe_relative_path`]).
//!
//! Reference: MicrosoftDocs "INF Files" (sections and directives); `docs/formats/inf.md`.

mod addition;
mod copy_files;
mod dirid;
mod evaluate;
mod filter;
mod finding;
mod guid;
mod install;
mod interface;
mod lexer;
mod line;
mod lint;
mod models;
mod path;
mod property;
mod reader;
mod registry;
mod registry_lines;
mod service;
mod service_control;
mod source_files;
mod store;
mod strings;
mod target;
mod text;
mod version;

pub use addition::Addition;
pub use copy_files::{CopyFile, Destination, FileChange};
pub use dirid::{directory, Dirid};
pub use evaluate::{Configuration, Environment, Evaluation, IncludedInf};
pub use filter::{Filter, FilterPosition};
pub use finding::{Code, Finding, Severity, Strictness};
pub use guid::Guid;
pub use install::{Install, INSTALL_PARTS};
pub use interface::Interface;
pub use line::{Line, Position, Section};
pub use models::{Applicability, Manufacturer, Model, Selection};
pub use path::safe_relative_path;
pub use property::{Property, PropertyKey};
pub use registry::{registry_flags, RegistryChange, RegistryData, RegistryOperation, RegistryRoot};
pub use service::{DeletedService, EventLog, Kept, Service};
pub use service_control::{FailureActions, Trigger};
pub use source_files::SourceFile;
pub use store::{driver_store_hash, label};
pub use strings::ENGLISH;
pub use target::{Architecture, Decoration, Target};
pub use text::{CodePage, Encoding, SIZE_LIMIT};
pub use version::{DriverVer, Version};

use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;
use strings::Strings;

/// Bytes of text that substitution may make of one file in all: bounds the memory of every view.
const EXPANSION_LIMIT: usize = 64 << 20;

/// What an INF's text means to an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseOptions {
    /// Languages (LANGIDs) whose `[Strings.<language>]` section is taken, the preferred first.
    pub languages: Vec<u16>,
    /// The code page of 8-bit files: the image's ANSI code page.
    pub code_page: CodePage,
}

impl Default for ParseOptions {
    /// English strings, windows-1252.
    fn default() -> Self {
        Self { languages: vec![ENGLISH], code_page: CodePage::WESTERN }
    }
}

/// A parsed INF. A clone costs nothing: both are the same text.
#[derive(Debug, Clone)]
pub struct Inf {
    encoding: Encoding,
    sections: Arc<[Section]>,
    by_name: Arc<HashMap<String, usize>>,
    strings: Arc<Strings>,
}

/// A text of an INF as written and as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// As it stands in the file: `%Mfg%`.
    pub raw: String,
    /// With `%token%` replaced.
    pub text: String,
}

impl Text {
    /// The token, if the whole text is one: `Mfg` for `%Mfg%`, in its case.
    pub fn token(&self) -> Option<&str> {
        let token = self.raw.strip_prefix('%')?.strip_suffix('%')?;
        (!token.is_empty() && !token.contains('%')).then_some(token)
    }
}

impl Inf {
    /// Parses the bytes of an INF, with its English or neutral strings.
    ///
    /// # Errors
    /// [`Error::Malformed`] with line and column for a section name without `]` or an endless field;
    /// [`Error::LimitExceeded`] for sizes no driver has.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Self::parse_with(bytes, &ParseOptions::default())
    }

    /// Parses the bytes of an INF as an image of that language and code page would.
    ///
    /// # Errors
    /// As [`Self::parse`]; [`Error::Unsupported`] for a code page that is not known here.
    pub fn parse_with(bytes: &[u8], options: &ParseOptions) -> Result<Self> {
        let (encoding, text) = text::decode(bytes, options.code_page)?;
        let mut sections: Vec<Section> = Vec::new();
        let mut by_name: HashMap<String, usize> = HashMap::new();
        for part in lexer::split(&text)? {
            let index = *by_name.entry(part.name.to_lowercase()).or_insert(sections.len());
            match sections.get_mut(index) {
                Some(section) => {
                    section.repeated.push(part.position());
                    section.lines.extend(part.lines);
                }
                None => sections.push(part),
            }
        }
        let strings = Arc::new(Strings::new(&sections, &options.languages));
        let inf = Self { encoding, sections: sections.into(), by_name: Arc::new(by_name), strings };
        inf.check_expansion()?;
        Ok(inf)
    }

    fn check_expansion(&self) -> Result<()> {
        let fields = self.sections.iter().flat_map(|section| &section.lines);
        let fields = fields.flat_map(|line| line.key().into_iter().chain(line.fields()));
        let size = fields.map(|field| self.strings.expanded_size(field)).fold(0, usize::saturating_add);
        if size > EXPANSION_LIMIT {
            return Err(limit("the text an INF's strings expand to, in bytes,", EXPANSION_LIMIT, size));
        }
        Ok(())
    }

    /// Bytes of the lines' text with tokens replaced, at most.
    fn text_size(&self, lines: &[Line]) -> usize {
        let fields = lines.iter().flat_map(|line| line.key().into_iter().chain(line.fields()));
        fields
            .map(|field| field.len().saturating_add(self.strings.expanded_size(field)))
            .fold(0, usize::saturating_add)
    }

    /// The encoding of the file.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// All sections, in order of first appearance.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section of that name, whatever its case; parts of the same name are merged.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.get(*self.by_name.get(&name.to_lowercase())?)
    }

    /// The entries of `section` whose key is `key`, whatever its case.
    pub fn entries<'a>(&'a self, section: &str, key: &'a str) -> impl Iterator<Item = &'a Line> + 'a {
        let lines = self.section(section).map(|section| section.lines.as_slice()).unwrap_or_default();
        lines.iter().filter(move |line| line.key().is_some_and(|found| self.is_named(found, key)))
    }

    /// The first value of `key` in `section`, with `%token%` replaced; `None` if absent or empty.
    pub fn value(&self, section: &str, key: &str) -> Option<Text> {
        let text = self.entries(section, key).find_map(|line| line.field(0)).map(|raw| self.text(raw));
        text.filter(|text| !text.text.is_empty())
    }

    /// `raw` with each known `%token%` replaced and `%%` made `%`. Directory ids (`%12%`) stay.
    pub fn expand(&self, raw: &str) -> String {
        self.strings.expand(raw)
    }

    /// As [`Self::expand`], and with each directory id (`%12%`) for which `directory` has a path replaced;
    /// a backslash at the path's end is not doubled.
    pub fn expand_directories(&self, raw: &str, directory: &dyn Fn(u32) -> Option<String>) -> String {
        self.strings.expand_with(raw, directory)
    }

    /// Whether `raw`, with `%token%` replaced, is the name `wanted`.
    fn is_named(&self, raw: &str, wanted: &str) -> bool {
        if raw.is_ascii() && !raw.contains('%') {
            return raw.eq_ignore_ascii_case(wanted);
        }
        same(&self.expand(raw), wanted)
    }

    /// `raw` as written and as shown.
    pub fn text(&self, raw: &str) -> Text {
        Text { raw: raw.to_owned(), text: self.expand(raw) }
    }

    /// The text of a token, without its percent signs, whatever its case.
    pub fn string(&self, token: &str) -> Option<&str> {
        self.strings.get(token)
    }

    /// All tokens, in lower case, with their texts, sorted.
    pub fn strings(&self) -> Vec<(&str, &str)> {
        let mut strings: Vec<_> = self.strings.iter().collect();
        strings.sort_unstable();
        strings
    }
}

/// Whether two INF names are the same.
fn same(left: &str, right: &str) -> bool {
    left == right || left.eq_ignore_ascii_case(right) || left.to_lowercase() == right.to_lowercase()
}

/// An INF's number: decimal, or hexadecimal with `0x`; a sign is allowed.
fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let value = match hexadecimal {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => digits.parse(),
    }
    .ok()?;
    if negative {
        value.checked_neg()
    } else {
        Some(value)
    }
}

/// A number that must fit 32 bits, as Windows reads flags: `0xFFFFFFFF` and `-1` are the same.
fn number32(text: &str) -> Option<u32> {
    let value = number(text)?;
    u32::try_from(value).ok().or_else(|| i32::try_from(value).ok().map(i32::cast_unsigned))
}

/// An error at a place.
fn bad(at: Position, expected: impl Into<String>, found: impl Into<String>) -> Error {
    Error::malformed("INF", at.to_string(), expected, found)
}

/// More of something than any driver has.
fn limit(what: &'static str, limit: usize, found: usize) -> Error {
    let number = |size| u64::try_from(size).unwrap_or(u64::MAX);
    Error::LimitExceeded { what, limit: number(limit), found: number(found) }
}
