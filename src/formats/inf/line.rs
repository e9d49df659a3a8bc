//! Sections, their lines and fields, and where each begins in the file.
//!
//! Reference: MicrosoftDocs "General Syntax Rules for INF Files".

/// A place in an INF: line and column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Position {
    /// Reads what [`std::fmt::Display`] writes: the place in an error.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (line, column) = text.strip_prefix("line ")?.split_once(", column ")?;
        Some(Self { line: line.parse().ok()?, column: column.parse().ok()? })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// A key or a field, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) text: Box<str>,
    pub(super) position: Position,
}

/// One entry of a section: an optional key and the fields after it, before `%token%` substitution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where the entry begins, 1-based.
    pub number: u32,
    /// The column it begins at, 1-based.
    pub column: u32,
    pub(super) key: Option<Part>,
    pub(super) fields: Vec<Part>,
}

impl Line {
    /// What stands before `=`, quotes removed, `%token%` kept; `None` if the line has no `=`.
    pub fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.text.as_ref())
    }

    /// The fields after the key (all fields, if there is no key), `%token%` kept.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.fields.iter().map(|field| field.text.as_ref())
    }

    /// Field `index`, 0-based after the key; `None` if it is not there or empty.
    pub fn field(&self, index: usize) -> Option<&str> {
        self.fields.get(index).map(|field| field.text.as_ref()).filter(|field: &&str| !field.is_empty())
    }

    /// Where the entry begins.
    pub fn position(&self) -> Position {
        Position { line: self.number, column: self.column }
    }

    /// Where field `index` begins (0-based after the key); the entry's beginning if it is not there.
    pub fn field_position(&self, index: usize) -> Position {
        self.fields.get(index).map_or(self.position(), |field| field.position)
    }
}

/// A section, all its parts merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The name as first written.
    pub name: String,
    /// Where the section first begins, 1-based.
    pub number: u32,
    /// The column its `[` is at, 1-based.
    pub column: u32,
    /// Where it begins again, if several sections of the file have its name.
    pub repeated: Vec<Position>,
    /// The entries, in order.
    pub lines: Vec<Line>,
}

impl Section {
    /// Where the section first begins.
    pub fn position(&self) -> Position {
        Position { line: self.number, column: self.column }
    }
}
