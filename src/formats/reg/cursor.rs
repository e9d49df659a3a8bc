//! A position on a line, and complaints about what is there.

use super::lines::Line;
use super::Complaint;

/// What a part of a line is, or what is wrong with it.
pub(super) type Parsed<T> = Result<T, Complaint>;

/// A position on a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    line: &'a Line,
    position: usize,
}

impl<'a> Cursor<'a> {
    /// The start of a line.
    pub fn new(line: &'a Line) -> Self {
        Self { line, position: 0 }
    }

    /// What follows.
    pub fn rest(&self) -> &'a [u16] {
        self.line.units.get(self.position..).unwrap_or_default()
    }

    /// How the line ends.
    pub fn line_end(&self) -> &'static [u16] {
        self.line.end
    }

    /// The next unit, if it is ASCII.
    pub fn peek(&self) -> Option<u8> {
        self.rest().first().and_then(|unit| u8::try_from(*unit).ok()).filter(u8::is_ascii)
    }

    /// Whether nothing follows.
    pub fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// Moves forward.
    pub fn advance(&mut self, count: usize) {
        self.position = self.position.saturating_add(count).min(self.line.units.len());
    }

    /// Takes a character if it is next.
    pub fn eat(&mut self, character: u8) -> bool {
        let found = self.peek() == Some(character);
        if found {
            self.advance(1);
        }
        found
    }

    /// Takes a word, in any case, if it is next.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let next = self.rest().get(..word.len()).unwrap_or_default();
        let found = next.len() == word.len()
            && next
                .iter()
                .zip(word.bytes())
                .all(|(unit, byte)| u8::try_from(*unit).is_ok_and(|unit| unit.eq_ignore_ascii_case(&byte)));
        if found {
            self.advance(word.len());
        }
        found
    }

    /// Skips spaces and tabs.
    pub fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.advance(1);
        }
    }

    /// Nothing but blanks and a comment follow.
    pub fn is_over(&self) -> bool {
        let mut cursor = *self;
        cursor.skip_blanks();
        cursor.is_at_end() || cursor.peek() == Some(b';')
    }

    /// Requires that nothing but blanks and a comment follow.
    pub fn end(mut self) -> Parsed<()> {
        self.skip_blanks();
        match self.is_over() {
            true => Ok(()),
            false => Err(self.complain("the end of the line or a comment")),
        }
    }

    /// The digits that follow as a number, if there are 1 to `most`.
    pub fn hexadecimal(&mut self, most: usize, expected: &'static str) -> Parsed<u32> {
        let digit = |unit: &u16| char::from_u32(u32::from(*unit)).and_then(|unit| unit.to_digit(16));
        let digits: Vec<u32> = self.rest().iter().map_while(digit).take(most.saturating_add(1)).collect();
        if digits.is_empty() || digits.len() > most {
            return Err(self.complain(expected));
        }
        self.advance(digits.len());
        Ok(digits.into_iter().fold(0, |number, digit| number << 4 | digit))
    }

    /// The text up to the closing quotation mark, which is taken; `None` if there is none on the line.
    /// `\\` is a backslash and `\"` a quotation mark. `any_escape`: a backslash takes any character as
    /// it is, as in hivexregedit; else another one is a complaint.
    pub fn quoted(&mut self, text: &mut Vec<u16>, any_escape: bool) -> Parsed<Option<()>> {
        loop {
            let Some((&unit, rest)) = self.rest().split_first() else { return Ok(None) };
            match (u8::try_from(unit), rest.first()) {
                (Ok(b'"'), _) => {
                    self.advance(1);
                    return Ok(Some(()));
                }
                (Ok(b'\\'), Some(&next)) if any_escape || matches!(u8::try_from(next), Ok(b'\\' | b'"')) => {
                    text.push(next);
                    self.advance(2);
                }
                (Ok(b'\\'), _) => {
                    return Err(self.complain(r#"\\ or \" (a backslash in a text is written twice)"#))
                }
                _ => {
                    text.push(unit);
                    self.advance(1);
                }
            }
        }
    }

    /// A complaint about this position.
    pub fn complain(&self, expected: &'static str) -> Complaint {
        /// Enough to find the spot.
        const SHOWN: usize = 24;
        let rest = self.rest();
        let found = match rest.get(..SHOWN) {
            Some(start) => format!("'{}…'", String::from_utf16_lossy(start)),
            None if rest.is_empty() => "the end of the line".to_owned(),
            None => format!("'{}'", String::from_utf16_lossy(rest)),
        };
        let column = u64::try_from(self.position).unwrap_or(u64::MAX).saturating_add(1);
        Complaint { line: self.line.number, column, expected, found }
    }
}
