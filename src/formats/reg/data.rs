//! The data of values: `"text"`, `dword:`, `hex:`, `hex(n):`, and hivexregedit's `str(n):`.

use super::code_page::CodePage;
use super::cursor::{Cursor, Parsed};
use super::lines::{Line, Lines};
use super::{Version, MAX_DATA};
use crate::error::{Error, Result};
use crate::formats::bytes::utf16_bytes;
use crate::formats::regf::{REG_BINARY, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_SZ};
use std::io::Read;

const BYTE: &str = "a byte: one or two hexadecimal digits";
const DATA: &str = "\"text\", dword:, hex:, hex(type): or -";

/// What a value is set to; nothing: it is deleted.
pub(super) type Data = Option<(u32, Vec<u8>)>;

/// How data are written in this file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub version: Version,
    pub code_page: CodePage,
}

/// The data at `cursor`, which may go on over lines.
pub(super) fn read<R: Read>(
    mut cursor: Cursor<'_>,
    lines: &mut Lines<R>,
    dialect: Dialect,
) -> Result<Parsed<Data>> {
    let start = cursor;
    if cursor.eat(b'-') {
        return Ok(cursor.end().map(|()| None));
    }
    if cursor.eat(b'"') {
        return Ok(text(cursor, lines, REG_SZ, false)?.map(Some));
    }
    if cursor.eat_word("dword:") {
        cursor.skip_blanks();
        let number = cursor.hexadecimal(8, "one to eight hexadecimal digits");
        return Ok(number.and_then(|number| {
            cursor.end()?;
            Ok(Some((REG_DWORD, number.to_le_bytes().to_vec())))
        }));
    }
    let is_text = cursor.eat_word("str");
    if !is_text && !cursor.eat_word("hex") {
        return Ok(Err(cursor.complain(DATA)));
    }
    let kind = match kind(&mut cursor) {
        Ok(kind) => kind,
        Err(complaint) => return Ok(Err(complaint)),
    };
    if is_text {
        if !cursor.eat(b'"') {
            return Ok(Err(start.complain(DATA)));
        }
        return Ok(text(cursor, lines, kind.unwrap_or(REG_SZ), true)?.map(Some));
    }
    let kind = kind.unwrap_or(REG_BINARY);
    Ok(bytes(cursor, lines)?.map(|bytes| {
        let is_text = matches!(kind, REG_SZ | REG_EXPAND_SZ | REG_MULTI_SZ);
        let data = match dialect.version {
            Version::V4 if is_text => utf16_bytes(&dialect.code_page.decode(&bytes)),
            _ => bytes,
        };
        Some((kind, data))
    }))
}

/// `(type)` if there is one, and the colon.
fn kind(cursor: &mut Cursor<'_>) -> Parsed<Option<u32>> {
    let mut kind = None;
    if cursor.eat(b'(') {
        kind = Some(cursor.hexadecimal(8, "a type: one to eight hexadecimal digits")?);
        if !cursor.eat(b')') {
            return Err(cursor.complain("')'"));
        }
    }
    match cursor.eat(b':') {
        true => Ok(kind),
        false => Err(cursor.complain("':'")),
    }
}

/// A text, terminated. It may hold line ends, because regedit writes them as they are.
fn text<R: Read>(
    mut cursor: Cursor<'_>,
    lines: &mut Lines<R>,
    kind: u32,
    any_escape: bool,
) -> Result<Parsed<(u32, Vec<u8>)>> {
    let mut text = Vec::new();
    let finish = |cursor: Cursor<'_>, mut text: Vec<u16>| {
        cursor.end()?;
        text.push(0);
        Ok((kind, utf16_bytes(&text)))
    };
    let opening = cursor;
    match cursor.quoted(&mut text, any_escape) {
        Ok(Some(())) => return Ok(finish(cursor, text)),
        Ok(None) => {}
        Err(complaint) => return Ok(Err(complaint)),
    }
    text.extend_from_slice(opening.line_end());
    let mut taken: Vec<Line> = Vec::new();
    let answer = loop {
        if text.len() > MAX_DATA / 2 {
            return Err(too_long(text.len().saturating_mul(2)));
        }
        let Some(line) = lines.next()? else { break None };
        let mut cursor = Cursor::new(&line);
        let closed = cursor.quoted(&mut text, any_escape);
        let answer = match closed {
            Ok(None) => {
                text.extend_from_slice(line.end);
                taken.push(line);
                continue;
            }
            Ok(Some(())) => finish(cursor, std::mem::take(&mut text)).ok(),
            Err(_) => None,
        };
        taken.push(line);
        break answer;
    };
    if let Some(answer) = answer {
        return Ok(Ok(answer));
    }
    // No text over several lines, then: only the first is to blame.
    for line in taken.into_iter().rev() {
        lines.give_back(line);
    }
    let mut end = opening;
    end.advance(usize::MAX);
    Ok(Err(end.complain("a closing quotation mark")))
}

/// Bytes with commas between them. A backslash behind a comma says that they go on on the next line;
/// blank lines and comments may stand in between.
fn bytes<R: Read>(cursor: Cursor<'_>, lines: &mut Lines<R>) -> Result<Parsed<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut goes_on = bytes_of_line(cursor, &mut bytes);
    loop {
        if bytes.len() > MAX_DATA {
            return Err(too_long(bytes.len()));
        }
        match goes_on {
            Ok(true) => {}
            Ok(false) => return Ok(Ok(bytes)),
            Err(complaint) => return Ok(Err(complaint)),
        }
        // Nothing more to come is taken as the end of the data.
        let Some(line) = lines.next()? else { return Ok(Ok(bytes)) };
        if !Cursor::new(&line).is_over() {
            goes_on = bytes_of_line(Cursor::new(&line), &mut bytes);
        }
    }
}

/// The bytes on one line; whether they go on on the next one.
fn bytes_of_line(mut cursor: Cursor<'_>, bytes: &mut Vec<u8>) -> Parsed<bool> {
    loop {
        if cursor.is_over() {
            return Ok(false);
        }
        cursor.skip_blanks();
        if cursor.eat(b'\\') {
            return cursor.end().map(|()| true);
        }
        bytes.push(u8::try_from(cursor.hexadecimal(2, BYTE)?).unwrap_or(0));
        if cursor.is_over() {
            return Ok(false);
        }
        cursor.skip_blanks();
        if !cursor.eat(b',') {
            return Err(cursor.complain("a comma"));
        }
    }
}

fn too_long(found: usize) -> Error {
    let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
    let what = "the size of a value in a registration file in bytes";
    Error::LimitExceeded { what, limit: count(MAX_DATA), found: count(found) }
}
