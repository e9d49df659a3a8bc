//! Paths inside an image with wildcards, as PowerShell has them: `*` is any number of characters,
//! `?` one, `[a-c_]` one of those; a backtick in front of one of `` *?[]` `` takes its meaning away.
//! Wildcards stand in any part of a path and do not reach over a separator. Case does not count.
//! A `[` that is never closed, or with nothing in it, is just that character.
//!
//! Reference: <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_wildcards>.

use crate::error::{Error, Result};
use crate::formats::upcase::upcase;
use crate::image::ImagePath;

/// The longest pattern, in UTF-16 code units: that of a path, and as much again for what patterns
/// need more.
const LENGTH_LIMIT: usize = 65_535;

/// What a path must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
}

/// What one name of a path must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// That name.
    Name(Vec<u16>),
    /// A name that has all of these, one after the other.
    Wildcard(Vec<Token>),
}

/// A piece of a [`Part::Wildcard`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// That unit; upper case.
    Unit(u16),
    /// Any one unit.
    One,
    /// Any number of units.
    Many,
    /// A unit from one of these ranges.
    Set(Ranges),
}

impl Pattern {
    /// Parses text such as `\Windows\System32\*.dll`; either separator will do.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for what cannot be in a path inside an image: `..`, `:`, NUL.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |reason| Error::InvalidName { what: "path pattern", name: text.to_owned(), reason };
        let units: Vec<u16> = text.encode_utf16().collect();
        if units.len() > LENGTH_LIMIT {
            return Err(refuse("it is longer than 65,535 characters"));
        }
        let mut parts = Vec::new();
        for part in units.split(|unit| *unit == u16::from(b'\\') || *unit == u16::from(b'/')) {
            let part = Part::parse(part);
            if let Part::Name(name) = &part {
                // The rules for names are those of paths: empty ones and `.` say nothing.
                if ImagePath::from_utf16(name)?.is_root() {
                    continue;
                }
            }
            parts.push(part);
        }
        Ok(Self { parts })
    }

    /// Whether a path looks like that, name by name.
    pub fn matches(&self, path: &ImagePath) -> bool {
        let names = path.components();
        names.len() == self.parts.len()
            && self.parts.iter().zip(names).all(|(part, name)| part.matches(name.as_slice()))
    }

    /// Whether other paths than one can look like that.
    pub fn has_wildcards(&self) -> bool {
        self.names().is_none()
    }

    /// From the root down.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The names of a path without wildcards; `None` when there are some.
    pub(crate) fn names(&self) -> Option<Vec<&[u16]>> {
        let names = self.parts.iter().map(|part| match part {
            Part::Name(name) => Some(name.as_slice()),
            Part::Wildcard(_) => None,
        });
        names.collect()
    }
}

/// What a text that is no path must look like: wildcards reach over anything in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPattern {
    part: Part,
    text: String,
}

impl TextPattern {
    /// A text with wildcards.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for more than 65,535 UTF-16 code units.
    pub fn parse(text: &str) -> Result<Self> {
        let units: Vec<u16> = text.encode_utf16().collect();
        if units.len() > LENGTH_LIMIT {
            let reason = "it is longer than 65,535 characters";
            return Err(Error::InvalidName { what: "pattern", name: text.to_owned(), reason });
        }
        Ok(Self { part: Part::parse(&units), text: text.to_owned() })
    }

    /// Exactly this text, whatever is in it.
    pub fn literal(text: &str) -> Self {
        Self { part: Part::Name(text.encode_utf16().collect()), text: text.to_owned() }
    }

    /// Whether a text looks like that, whatever its case.
    pub fn matches(&self, text: &str) -> bool {
        self.part.matches(&text.encode_utf16().collect::<Vec<_>>())
    }

    /// The one text it stands for; `None` if there are wildcards.
    pub fn exact(&self) -> Option<String> {
        match &self.part {
            Part::Name(name) => Some(String::from_utf16_lossy(name)),
            Part::Wildcard(_) => None,
        }
    }

    /// The pattern as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What every match begins with, in upper case.
    pub fn prefix(&self) -> String {
        let units: Vec<u16> = match &self.part {
            Part::Name(name) => name.iter().map(|&unit| upcase(unit)).collect(),
            Part::Wildcard(tokens) => tokens
                .iter()
                .map_while(|token| match token {
                    Token::Unit(unit) => Some(*unit),
                    _ => None,
                })
                .collect(),
        };
        String::from_utf16_lossy(&units)
    }
}

impl Part {
    fn parse(text: &[u16]) -> Self {
        let mut tokens = Vec::new();
        let mut literal = Vec::new();
        let mut rest = text;
        while let Some((unit, behind)) = rest.split_first() {
            rest = behind;
            let (token, unit) = match u8::try_from(*unit) {
                Ok(b'`') => match behind.split_first() {
                    Some((escaped, behind)) if is_special(*escaped) => {
                        rest = behind;
                        (Token::Unit(upcase(*escaped)), *escaped)
                    }
                    _ => (Token::Unit(*unit), *unit),
                },
                Ok(b'*') => (Token::Many, *unit),
                Ok(b'?') => (Token::One, *unit),
                Ok(b'[') => match parse_set(behind) {
                    Some((ranges, behind)) => {
                        rest = behind;
                        (Token::Set(ranges), *unit)
                    }
                    None => (Token::Unit(*unit), *unit),
                },
                _ => (Token::Unit(upcase(*unit)), *unit),
            };
            literal.push(unit);
            // Two in a row are one.
            if token != Token::Many || tokens.last() != Some(&Token::Many) {
                tokens.push(token);
            }
        }
        match tokens.iter().all(|token| matches!(token, Token::Unit(_))) {
            true => Self::Name(literal),
            false => Self::Wildcard(tokens),
        }
    }

    /// Whether a name looks like that.
    pub fn matches(&self, name: &[u16]) -> bool {
        let tokens = match self {
            Self::Name(wanted) => return crate::formats::upcase::equal(wanted, name),
            Self::Wildcard(tokens) => tokens.as_slice(),
        };
        let (mut token, mut unit) = (0usize, 0usize);
        // Where to go on when what follows the last `*` did not fit: the `*` takes one unit more.
        // Going back to the last one is enough, so that the work is at most tokens times units.
        let mut last_many: Option<(usize, usize)> = None;
        loop {
            match (tokens.get(token), name.get(unit)) {
                (Some(Token::Many), _) => {
                    token = token.saturating_add(1);
                    last_many = Some((token, unit));
                    continue;
                }
                (Some(wanted), Some(found)) if wanted.fits(*found) => {
                    token = token.saturating_add(1);
                    unit = unit.saturating_add(1);
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            match last_many {
                Some((behind, taken)) if taken < name.len() => {
                    let taken = taken.saturating_add(1);
                    last_many = Some((behind, taken));
                    (token, unit) = (behind, taken);
                }
                _ => return false,
            }
        }
    }
}

impl Token {
    fn fits(&self, unit: u16) -> bool {
        match self {
            Self::Unit(wanted) => *wanted == upcase(unit),
            Self::One | Self::Many => true,
            Self::Set(ranges) => {
                let upper = upcase(unit);
                ranges.iter().any(|(first, last)| {
                    (*first..=*last).contains(&unit) || (upcase(*first)..=upcase(*last)).contains(&upper)
                })
            }
        }
    }
}

fn is_special(unit: u16) -> bool {
    b"*?[]`".iter().any(|special| unit == u16::from(*special))
}

/// First and last unit of each.
type Ranges = Vec<(u16, u16)>;

/// The ranges of a set whose `[` was read, and what follows its `]`.
fn parse_set(text: &[u16]) -> Option<(Ranges, &[u16])> {
    let mut ranges = Vec::new();
    let mut rest = text;
    let dash = u16::from(b'-');
    loop {
        let (unit, behind) = rest.split_first()?;
        if *unit == u16::from(b']') && !ranges.is_empty() {
            return Some((ranges, behind));
        }
        let (first, behind) = match behind.split_first() {
            Some((escaped, behind)) if *unit == u16::from(b'`') && is_special(*escaped) => (*escaped, behind),
            _ if *unit == u16::from(b']') => return None,
            _ => (*unit, behind),
        };
        match behind {
            [range, last, behind @ ..] if *range == dash && *last != u16::from(b']') => {
                ranges.push((first, *last));
                rest = behind;
            }
            _ => {
                ranges.push((first, first));
                rest = behind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, name: &str) -> bool {
        let units: Vec<u16> = pattern.encode_utf16().collect();
        Part::parse(&units).matches(&name.encode_utf16().collect::<Vec<_>>())
    }

    #[test]
    fn wildcards_mean_what_they_mean_in_powershell() {
        for (pattern, name) in [
            ("*", ""),
            ("*.dll", "KERNEL32.DLL"),
            ("k?rnel*.d*l", "kernel32.dll"),
            ("*a*b*", "xaxxbx"),
            ("[k-m]ernel[0-9][0-9].dll", "Kernel32.dll"),
            ("[abc", "[ABC"),
            ("[]", "[]"),
            ("a`*b", "A*B"),
            ("a`[1`].txt", "a[1].TXT"),
            ("a`b", "A`B"),
            ("[`]x]y", "]y"),
            ("É*", "école"),
            ("[a-]", "-"),
        ] {
            assert!(matches(pattern, name), "'{pattern}' should match '{name}'");
        }
        for (pattern, name) in
            [("*.*", "README"), ("?", ""), ("[a-c]", "d"), ("a`*b", "axb"), ("a*b", "abc"), ("[ab]", "ab")]
        {
            assert!(!matches(pattern, name), "'{pattern}' should not match '{name}'");
        }
    }

    #[test]
    fn wildcards_of_a_text_reach_over_backslashes() {
        let pattern = TextPattern::parse(r"pci\ven_15ad*").unwrap();
        assert!(pattern.matches(r"PCI\VEN_15AD&DEV_07C0\X"));
        assert!(!pattern.matches(r"PCI\VEN_8086"));
        assert_eq!((pattern.exact(), pattern.prefix()), (None, r"PCI\VEN_15AD".to_owned()));
        assert!(TextPattern::parse("*15ad*").unwrap().matches(r"PCI\VEN_15AD&DEV_07C0"));
        assert_eq!(TextPattern::parse("a`*b").unwrap().exact().as_deref(), Some("a*b"));
        assert!(TextPattern::literal("*PNP0F13").matches("*pnp0f13"));
        assert!(!TextPattern::literal("*PNP0F13").matches(r"ACPI\PNP0F13"));
    }

    #[test]
    fn parts_are_separated_by_either_slash_and_stay_inside_the_image() {
        let pattern = Pattern::parse(r"/Windows\.\Sys*/config/").unwrap();
        assert_eq!(pattern.parts().len(), 3);
        assert!(pattern.names().is_none());
        assert!(Pattern::parse("").unwrap().parts().is_empty());
        assert!(Pattern::parse(r"\a`[b").unwrap().names().is_some());
        for wrong in [r"\..\x", "C:\\x", "a\0"] {
            assert!(matches!(Pattern::parse(wrong), Err(Error::InvalidName { .. })), "{wrong:?}");
        }
    }

    /// The meaning of tokens, said by recursion.
    fn slow(tokens: &[Token], name: &[u16]) -> bool {
        match (tokens.split_first(), name.split_first()) {
            (None, None) => true,
            (Some((Token::Many, behind)), Some((_, rest))) => slow(behind, name) || slow(tokens, rest),
            (Some((Token::Many, behind)), None) => slow(behind, name),
            (Some((token, behind)), Some((unit, rest))) => token.fits(*unit) && slow(behind, rest),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_its_definition(pattern in "[ab*?\\[\\]`-]{0,9}", name in "[abAB\\[\\]-]{0,9}") {
            let units: Vec<u16> = pattern.encode_utf16().collect();
            let name: Vec<u16> = name.encode_utf16().collect();
            let part = Part::parse(&units);
            let expected = match &part {
                Part::Name(literal) => crate::formats::upcase::equal(literal, &name),
                Part::Wildcard(tokens) => slow(tokens, &name),
            };
            prop_assert_eq!(part.matches(&name), expected);
        }

        #[test]
        fn an_escaped_name_matches_itself_and_is_literal(name in "[a-zA-Z*?\\[\\]` .-]{1,20}") {
            let escaped: String = name
                .chars()
                .flat_map(|c| if "*?[]`".contains(c) { vec!['`', c] } else { vec![c] })
                .collect();
            let part = Part::parse(&escaped.encode_utf16().collect::<Vec<_>>());
            let name: Vec<u16> = name.encode_utf16().collect();
            prop_assert_eq!(part, Part::Name(name));
        }
    }
}
