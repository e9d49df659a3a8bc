//! What the tokenizer finds wrong, in our words.

use super::cursor::Cursor;
use super::Position;
use crate::error::Error;

/// The tokenizer's error, in our words where its own need its source to be understood.
pub(super) fn not_well_formed(format: &'static str, text: &str, error: &xmlparser::Error) -> Error {
    use xmlparser::{Error as Found, StreamError};
    let (what, cause) = match *error {
        Found::InvalidDeclaration(cause, _) => ("the XML declaration", cause),
        Found::InvalidComment(cause, _) => ("a comment", cause),
        Found::InvalidPI(cause, _) => ("a processing instruction", cause),
        Found::InvalidDoctype(cause, _) | Found::InvalidEntity(cause, _) => ("a document type", cause),
        Found::InvalidElement(cause, _) => ("a tag", cause),
        Found::InvalidAttribute(cause, _) => ("an attribute", cause),
        Found::InvalidCdata(cause, _) => ("a CDATA section", cause),
        Found::InvalidCharData(cause, _) => ("text", cause),
        Found::UnknownToken(place) => {
            let row = usize::try_from(place.row.saturating_sub(1)).unwrap_or(usize::MAX);
            let line = text.lines().nth(row).unwrap_or_default();
            let place = format!("line {}, column {}", place.row, place.col);
            return match line.trim_start().starts_with("<?xml") {
                true => Error::malformed(
                    format,
                    place,
                    "the XML declaration at the very start",
                    "something before it",
                ),
                false => Error::malformed(format, place, "well-formed XML", "something that may not be here"),
            };
        }
    };
    // The cause's own place is the exact one.
    let place = match cause {
        StreamError::NonXmlChar(_, place)
        | StreamError::InvalidChar(_, _, place)
        | StreamError::InvalidCharMultiple(_, _, place)
        | StreamError::InvalidQuote(_, place)
        | StreamError::InvalidSpace(_, place)
        | StreamError::InvalidString(_, place) => place,
        // That of the text or comment which has it.
        StreamError::InvalidCharacterData => place_of("]]>", text, error.pos()),
        StreamError::InvalidCommentData => place_of("--", text, error.pos()),
        _ => error.pos(),
    };
    let quoted = |byte: u8| format!("'{}'", char::from(byte).escape_default());
    let (expected, found) = match cause {
        StreamError::NonXmlChar(character, _) => {
            ("a character that XML allows".to_owned(), format!("U+{:04X}", u32::from(character)))
        }
        StreamError::InvalidChar(found, expected, _) => (quoted(expected), quoted(found)),
        StreamError::InvalidQuote(found, _) => ("a quote".to_owned(), quoted(found)),
        StreamError::InvalidSpace(found, _) => ("white space".to_owned(), quoted(found)),
        StreamError::UnexpectedEndOfStream => ("more".to_owned(), "the end".to_owned()),
        cause => ("well-formed XML".to_owned(), cause.to_string()),
    };
    let place = format!("line {}, column {}, in {what}", place.row, place.col);
    Error::malformed(format, place, expected, found)
}

/// Where `wanted` is behind a place and what begins there, in `text`.
fn place_of(wanted: &str, text: &str, place: xmlparser::TextPos) -> xmlparser::TextPos {
    let number = |count: u32| usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
    let line =
        text.split('\n').take(number(place.row)).map(|line| line.len().saturating_add(1)).sum::<usize>();
    let rest = text.get(line..).unwrap_or_default();
    let start = rest.char_indices().nth(number(place.col)).map_or(rest.len(), |(at, _)| at);
    let rest = rest.get(start..).unwrap_or_default();
    // A comment begins with what may not be in it.
    let skipped = if rest.starts_with("<!--") { 4 } else { 0 };
    let found = rest.get(skipped..).and_then(|inner| inner.find(wanted)).unwrap_or_default();
    let position = Position { line: place.row.into(), column: place.col.into() };
    let position = Cursor::at(0, position).advance(rest, skipped.saturating_add(found));
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    xmlparser::TextPos::new(number(position.line), number(position.column))
}
