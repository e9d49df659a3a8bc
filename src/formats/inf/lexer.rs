//! INF text as sections of lines of fields.
//!
//! SetupAPI's rules: `;` begins a comment unless it stands in quotes or in a `%token%`; a `\` that
//! nothing but spaces, further `\` and a comment follow continues the line; `""` in quotes is one
//! quote; white space around a field is dropped unless quoted; the first `=` ends the key, and a
//! line whose first field is ended by `,` has none; text after a section's `]`, and before the first
//! section, is ignored; Ctrl-Z ends the file. A quoted string ends with its line.
//!
//! Reference: MicrosoftDocs "General Syntax Rules for INF Files", "INF Strings Section"; the rest
//! is what the files of the test corpus need (`docs/formats/inf.md`).

use super::line::{Line, Part, Position, Section};
use super::{bad, limit};
use crate::error::Result;

/// Sections a file may have; the largest real ones have a few thousand.
const SECTION_LIMIT: usize = 200_000;
/// Fields a file may have, so that a file of commas stays within tens of megabytes.
const FIELD_LIMIT: usize = 2_000_000;
/// Characters one field may have before substitution. Windows documents 4096; long hexadecimal
/// blobs written as one field are let through.
const FIELD_LENGTH_LIMIT: usize = 65_536;
/// Characters of a section's name. Windows documents 255.
const SECTION_NAME_LIMIT: usize = 1024;

/// Characters that are looked at to find the end of a `%token%`.
const TOKEN_LIMIT: usize = 256;

/// A section as it stands in the file, before those of the same name are merged.
pub(super) fn split(text: &str) -> Result<Vec<Section>> {
    let mut lexer = Lexer { rest: text.chars(), number: 1, column: 1, fields: 0 };
    let mut sections: Vec<Section> = Vec::new();
    while let Some(first) = lexer.skip_to_content() {
        if first == '[' {
            if sections.len() >= SECTION_LIMIT {
                return Err(limit("the number of sections of an INF", SECTION_LIMIT, sections.len()));
            }
            let position = lexer.position();
            let name = lexer.section_name()?;
            sections.push(Section {
                name,
                number: position.line,
                column: position.column,
                repeated: Vec::new(),
                lines: Vec::new(),
            });
        } else {
            let line = lexer.line()?;
            if let Some(section) = sections.last_mut() {
                section.lines.push(line);
            }
        }
    }
    Ok(sections)
}

struct Lexer<'a> {
    rest: std::str::Chars<'a>,
    number: u32,
    column: u32,
    fields: usize,
}

/// What a field that is being read holds; white space is kept only up to `kept`.
#[derive(Default)]
struct Field {
    text: String,
    kept: usize,
    length: usize,
    begin: Option<Position>,
}

impl Field {
    fn push(&mut self, character: char, at: Position) -> Result<()> {
        if self.text.is_empty() && character.is_whitespace() {
            return Ok(());
        }
        let kept = self.kept;
        self.push_verbatim(character, at)?;
        if character.is_whitespace() {
            self.kept = kept;
        }
        Ok(())
    }

    /// Adds a character that trimming must not take away.
    fn push_verbatim(&mut self, character: char, at: Position) -> Result<()> {
        self.length = self.length.saturating_add(1);
        if self.length > FIELD_LENGTH_LIMIT {
            let expected = format!("a field of at most {FIELD_LENGTH_LIMIT} characters");
            return Err(bad(self.begin.unwrap_or(at), expected, "a longer one"));
        }
        self.text.push(character);
        self.kept = self.text.len();
        Ok(())
    }

    /// The field, which ends at `end`.
    fn finish(&mut self, end: Position) -> Part {
        let mut field = std::mem::take(self);
        field.text.truncate(field.kept);
        Part { text: field.text.into_boxed_str(), position: field.begin.unwrap_or(end) }
    }
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next().filter(|&character| character != '\u{1A}')
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.rest.next();
        self.column = self.column.saturating_add(1);
        Some(character)
    }

    fn position(&self) -> Position {
        Position { line: self.number, column: self.column }
    }

    /// Consumes one line end, whichever of CR LF, LF and CR it is.
    fn line_end(&mut self) -> bool {
        match self.peek() {
            Some('\r') => {
                self.next();
                if self.peek() == Some('\n') {
                    self.next();
                }
            }
            Some('\n') => {
                self.next();
            }
            _ => return false,
        }
        self.number = self.number.saturating_add(1);
        self.column = 1;
        true
    }

    /// To the end of the line, which is left.
    fn skip_comment(&mut self) {
        while self.peek().is_some_and(|character| !matches!(character, '\r' | '\n')) {
            self.next();
        }
    }

    fn skip_line(&mut self) {
        while self.peek().is_some() && !self.line_end() {
            self.next();
        }
    }

    /// Skips empty lines, comments and leading space. The character found is not consumed.
    fn skip_to_content(&mut self) -> Option<char> {
        loop {
            if self.line_end() {
                continue;
            }
            match self.peek()? {
                ';' => self.skip_line(),
                character if is_space(character) => {
                    self.next();
                }
                character => return Some(character),
            }
        }
    }

    fn section_name(&mut self) -> Result<String> {
        let begin = self.position();
        self.next();
        let mut name = String::new();
        loop {
            match self.peek() {
                Some(']') => break,
                None | Some('\r' | '\n') => {
                    return Err(bad(begin, "']' after the section's name", "the end of the line"))
                }
                Some(character) => {
                    if name.len() > SECTION_NAME_LIMIT {
                        return Err(bad(begin, "a section name of at most 255 characters", "a longer one"));
                    }
                    name.push(character);
                    self.next();
                }
            }
        }
        self.skip_line();
        Ok(name)
    }

    fn line(&mut self) -> Result<Line> {
        let Position { line: number, column } = self.position();
        let mut line = Line { number, column, key: None, fields: Vec::new() };
        let mut field = Field::default();
        let mut pending = false;
        loop {
            let here = self.position();
            if matches!(self.peek(), Some('\r' | '\n')) {
                break;
            }
            let Some(character) = self.next() else { break };
            if field.begin.is_none() && !is_space(character) && !matches!(character, ';' | ',' | '=' | '\\') {
                field.begin = Some(here);
            }
            match character {
                ';' => {
                    self.skip_comment();
                    break;
                }
                '=' if line.key.is_none() && line.fields.is_empty() => {
                    line.key = Some(field.finish(here));
                    pending = true;
                }
                ',' => {
                    self.add(&mut line, field.finish(here))?;
                    pending = true;
                }
                '"' => self.quoted(&mut field, here)?,
                '\\' => self.backslash(&mut field, here)?,
                '%' => {
                    field.push(character, here)?;
                    self.token(&mut field, here)?;
                }
                character if is_space(character) => field.push(' ', here)?,
                character => field.push(character, here)?,
            }
        }
        // Two quotes with nothing between are a field, as nothing after a comma is.
        if field.begin.is_some() || pending {
            let end = self.position();
            self.add(&mut line, field.finish(end))?;
        }
        self.line_end();
        Ok(line)
    }

    fn add(&mut self, line: &mut Line, field: Part) -> Result<()> {
        self.fields = self.fields.saturating_add(1);
        if self.fields > FIELD_LIMIT {
            return Err(limit("the number of fields of an INF", FIELD_LIMIT, self.fields));
        }
        line.fields.push(field);
        Ok(())
    }

    fn quoted(&mut self, field: &mut Field, at: Position) -> Result<()> {
        while let Some(character) = self.peek() {
            if matches!(character, '\r' | '\n') {
                break;
            }
            let here = self.position();
            self.next();
            if character == '"' {
                if self.peek() != Some('"') {
                    break;
                }
                self.next();
            }
            if character == '\0' {
                return Err(bad(here, "text", "a NUL character in quotes"));
            }
            field.push_verbatim(character, at)?;
        }
        Ok(())
    }

    /// After `%`: takes the rest of a `%token%` as it stands, so that a `;` in it begins no comment.
    fn token(&mut self, field: &mut Field, at: Position) -> Result<()> {
        let mut length = 0_usize;
        let (mut semicolon, mut space) = (false, false);
        for character in self.rest.clone().take(TOKEN_LIMIT) {
            length = length.saturating_add(1);
            match character {
                '%' if semicolon && space => return Ok(()),
                '%' => {
                    for _ in 0..length {
                        match self.next() {
                            Some(character) if is_space(character) => field.push(' ', at)?,
                            Some(character) => field.push_verbatim(character, at)?,
                            None => {}
                        }
                    }
                    return Ok(());
                }
                ';' => semicolon = true,
                ',' | '=' | '"' | '\\' | '\r' | '\n' => return Ok(()),
                other if other.is_whitespace() => space = true,
                _ => {}
            }
        }
        Ok(())
    }

    /// After a `\`: moves to the next line's content if the `\` continues the line, else adds it and
    /// the spaces and further `\` after it to the field.
    fn backslash(&mut self, field: &mut Field, at: Position) -> Result<()> {
        let start = self.rest.clone();
        let mut run = 0_usize;
        loop {
            if self.line_end() {
                break;
            }
            match self.peek() {
                None => break,
                Some(';') => {
                    self.skip_line();
                    break;
                }
                Some(character) if character == '\\' || is_space(character) => {
                    run = run.saturating_add(1);
                    self.next();
                }
                Some(_) => {
                    field.begin.get_or_insert(at);
                    field.push('\\', at)?;
                    for character in start.take(run) {
                        field.push(character, at)?;
                    }
                    return Ok(());
                }
            }
        }
        while self.peek().is_some_and(is_space) {
            self.next();
        }
        Ok(())
    }
}

/// White space inside a line; NUL counts, as editors that pad files leave it behind.
fn is_space(character: char) -> bool {
    character == '\0' || (character.is_whitespace() && !matches!(character, '\r' | '\n'))
}
