//! Reading a registration file from its start to its end.

use super::code_page::CodePage;
use super::cursor::{Cursor, Parsed};
use super::data::{self, Dialect};
use super::lines::{Line, Lines};
use super::{Complaint, Item, Operation, Version, HEADER_4, HEADER_5};
use crate::error::Result;
use std::io::Read;

/// Where values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// No key was named yet, or one that could not be read.
    Nowhere,
    /// The last key.
    Key,
    /// The last key is deleted.
    Deleted,
}

/// Reads operations one after the other; memory does not grow with the file.
pub struct Parser<R> {
    lines: Lines<R>,
    dialect: Dialect,
    place: Place,
}

impl<R: Read> Parser<R> {
    /// Reads the header. `ansi` is the code page of 8-bit text. A file without a header, as hivexregedit
    /// takes them, is read as version 5.
    ///
    /// # Errors
    /// A first line that is no header; errors of the source.
    pub fn open(source: R, ansi: CodePage) -> Result<Self> {
        let mut lines = Lines::open(source, ansi)?;
        let mut version = Version::V5;
        if let Some(line) = lines.next()? {
            match header(&line).map_err(Complaint::into_error)? {
                Some(named) => version = named,
                None => lines.give_back(line),
            }
        }
        let dialect = Dialect { version, code_page: ansi };
        Ok(Self { lines, dialect, place: Place::Nowhere })
    }

    /// The file's version.
    pub fn version(&self) -> Version {
        self.dialect.version
    }

    /// What comes next; `None` at the end.
    ///
    /// # Errors
    /// [`LimitExceeded`](crate::error::Error::LimitExceeded), and errors of the source. What the file has
    /// wrong is [`Item::Malformed`].
    pub fn next_item(&mut self) -> Result<Option<Item>> {
        loop {
            let Some(line) = self.lines.next()? else { return Ok(None) };
            let mut cursor = Cursor::new(&line);
            cursor.skip_blanks();
            let operation = match cursor.peek() {
                // regedit skips lines that start with anything else; `#` has become a habit.
                Some(b';' | b'#') => continue,
                None if cursor.is_at_end() => continue,
                Some(b'[') => self.key(cursor),
                Some(b'@' | b'"') => self.value(cursor)?,
                _ => Err(cursor.complain("[key], \"value\"=, @=, or a comment after ;")),
            };
            return Ok(Some(match operation {
                Ok(operation) => Item::Operation { line: line.number, operation },
                Err(complaint) => Item::Malformed(complaint),
            }));
        }
    }

    fn key(&mut self, mut cursor: Cursor<'_>) -> Parsed<Operation> {
        self.place = Place::Nowhere;
        cursor.advance(1);
        let deletes = cursor.eat(b'-');
        if matches!(cursor.peek(), Some(b' ' | b'\t')) {
            return Err(cursor.complain("the name of a key right behind the bracket"));
        }
        // A name may have brackets in it: the last one of the line closes it.
        let last = cursor.rest().iter().rposition(|unit| *unit == u16::from(b']'));
        let name = last.and_then(|last| cursor.rest().get(..last)).unwrap_or_default();
        let Some(last) = last.filter(|_| !name.is_empty()) else {
            return Err(cursor.complain("the name of a key and a closing bracket"));
        };
        let name = name.to_vec();
        cursor.advance(last.saturating_add(1));
        cursor.end()?;
        self.place = if deletes { Place::Deleted } else { Place::Key };
        Ok(if deletes { Operation::DeleteKey(name) } else { Operation::CreateKey(name) })
    }

    fn value(&mut self, mut cursor: Cursor<'_>) -> Result<Parsed<Operation>> {
        let start = cursor;
        let name = match value_name(&mut cursor) {
            Ok(name) => name,
            Err(complaint) => return Ok(Err(complaint)),
        };
        // The data are read in any case, because they may go on over lines.
        let data = match data::read(cursor, &mut self.lines, self.dialect)? {
            Ok(data) => data,
            Err(complaint) => return Ok(Err(complaint)),
        };
        Ok(match (self.place, data) {
            (Place::Nowhere, _) => Err(start.complain("a key before its values")),
            (Place::Deleted, _) => Err(start.complain("no values, for the key above is deleted")),
            (Place::Key, Some((kind, data))) => Ok(Operation::SetValue { name, kind, data }),
            (Place::Key, None) => Ok(Operation::DeleteValue(name)),
        })
    }
}

/// `@` or `"name"`, the equals sign, and the blanks around it.
fn value_name(cursor: &mut Cursor<'_>) -> Parsed<Vec<u16>> {
    let mut name = Vec::new();
    if !cursor.eat(b'@') {
        cursor.advance(1);
        if cursor.quoted(&mut name, false)?.is_none() {
            return Err(cursor.complain("a closing quotation mark"));
        }
    }
    cursor.skip_blanks();
    if !cursor.eat(b'=') {
        return Err(cursor.complain("'='"));
    }
    cursor.skip_blanks();
    Ok(name)
}

/// The version that a header names; `None` for a line that may be the first of a file without one.
fn header(line: &Line) -> Parsed<Option<Version>> {
    let mut cursor = Cursor::new(line);
    cursor.skip_blanks();
    let text = String::from_utf16_lossy(cursor.rest());
    match text.trim_end() {
        HEADER_4 => Ok(Some(Version::V4)),
        HEADER_5 => Ok(Some(Version::V5)),
        "" => Ok(None),
        other if other.starts_with(['[', ';', '#']) => Ok(None),
        _ => Err(cursor.complain("'Windows Registry Editor Version 5.00' or 'REGEDIT4'")),
    }
}

/// Without what the file holds.
impl<R> std::fmt::Debug for Parser<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Parser").field("version", &self.dialect.version).finish_non_exhaustive()
    }
}
