//! Character references and XML's own five entities, both ways. There are no others: a document with
//! a document type is refused.
//!
//! Reference: <https://www.w3.org/TR/xml/#sec-references>, `#sec-line-ends`, `#AVNormalize`.

use crate::error::{Error, Result};

/// Where a value stands: white space means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) enum Place {
    /// Between tags: line ends become line feeds.
    Text,
    /// Between quotes: white space becomes spaces.
    Attribute,
}

/// The value of source text; where a reference is not one, its offset in `raw`.
pub(in crate::formats) fn resolve(raw: &str, place: Place) -> Result<String, usize> {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, behind)) = rest.split_once('&') {
        push_plain(before, place, &mut value);
        let at = raw.len().saturating_sub(behind.len()).saturating_sub(1);
        let (name, after) = behind.split_once(';').ok_or(at)?;
        value.push(character(name).ok_or(at)?);
        rest = after;
    }
    push_plain(rest, place, &mut value);
    Ok(value)
}

/// The value of source text without references, as in a CDATA section.
pub(in crate::formats) fn push_plain(raw: &str, place: Place, value: &mut String) {
    let mut characters = raw.chars().peekable();
    while let Some(character) = characters.next() {
        let line_end = match character {
            '\r' => {
                if characters.peek() == Some(&'\n') {
                    characters.next();
                }
                true
            }
            '\n' | '\t' => place == Place::Attribute || character == '\n',
            _ => false,
        };
        value.push(match (line_end, place) {
            (true, Place::Text) => '\n',
            (true, Place::Attribute) => ' ',
            (false, _) => character,
        });
    }
}

/// A value as source text.
///
/// # Errors
/// [`Error::InvalidArgument`] for characters that XML cannot hold.
pub(in crate::formats) fn escape(value: &str, place: Place) -> Result<String> {
    let mut raw = String::with_capacity(value.len());
    for character in value.chars() {
        match (character, place) {
            ('&', _) => raw.push_str("&amp;"),
            ('<', _) => raw.push_str("&lt;"),
            ('>', _) => raw.push_str("&gt;"),
            ('\r', _) => raw.push_str("&#13;"),
            ('"', Place::Attribute) => raw.push_str("&quot;"),
            ('\n', Place::Attribute) => raw.push_str("&#10;"),
            ('\t', Place::Attribute) => raw.push_str("&#9;"),
            (character, _) if is_character(character) => raw.push(character),
            (character, _) => {
                return Err(Error::InvalidArgument {
                    parameter: "value",
                    reason: format!("XML cannot hold the character U+{:04X}", u32::from(character)),
                })
            }
        }
    }
    Ok(raw)
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
            // from_str_radix would take a sign.
            let all_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
            let code = all_digits.then(|| u32::from_str_radix(digits, radix).ok())??;
            char::from_u32(code).filter(|character| is_character(*character))
        }
    }
}

/// `Char` of the specification.
pub(in crate::formats) fn is_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// A name without a prefix, as elements and attributes have them.
pub(super) fn is_name(name: &str) -> bool {
    use xmlparser::XmlCharExt;
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_xml_name_start() && first != ':')
        && characters.all(|next| next.is_xml_name() && next != ':')
}
