//! `%token%` substitution from `[Strings]` and `[Strings.<language id>]`.
//!
//! Windows takes one section: the one of the exact language, else of the language without region,
//! else of any region of the language, else `[Strings]`. Authors need not repeat every token in the
//! language's section, so a token that is missing there is taken from `[Strings]` here.
//! Directory ids (`%12%`) are not strings: they stay, for the reader of the path to resolve.
//!
//! Reference: MicrosoftDocs "INF Strings Section".

use super::line::Section;
use std::collections::HashMap;

/// US English, what inbox and DISM output shows and what most INFs carry.
pub const ENGLISH: u16 = 0x0409;

/// Characters of one field after substitution; Windows documents 4096. Tokens that would lead
/// beyond it are left as they are.
const EXPANDED_LIMIT: usize = 65_536;

/// The strings of an INF in one language. Keys are in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Strings {
    values: HashMap<String, Box<str>>,
}

impl Strings {
    /// Chooses the section for the first of `languages` (LANGIDs) that has one.
    pub(super) fn new(sections: &[Section], languages: &[u16]) -> Self {
        let mut values = HashMap::new();
        // The first definition of a token counts, as SetupAPI seeks from the top.
        let mut add = |section: &Section| {
            for line in &section.lines {
                if let Some(key) = line.key() {
                    let value = line.fields().next().unwrap_or_default();
                    values.entry(key.to_lowercase().replace("%%", "%")).or_insert_with(|| value.into());
                }
            }
        };
        if let Some(section) = languages.iter().find_map(|&language| for_language(sections, language)) {
            add(section);
        }
        if let Some(neutral) = sections.iter().find(|section| section.name.eq_ignore_ascii_case("Strings")) {
            add(neutral);
        }
        Self { values }
    }

    /// The text of a token, without its percent signs.
    pub(super) fn get(&self, token: &str) -> Option<&str> {
        self.values.get(&token.to_lowercase()).map(AsRef::as_ref)
    }

    /// Tokens (lower case) and their texts, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(token, text)| (token.as_str(), text.as_ref()))
    }

    /// Replaces each `%token%` that is known, and `%%` by `%`. What is put in is not looked at again.
    pub(super) fn expand(&self, raw: &str) -> String {
        self.expand_with(raw, &|_| None)
    }

    /// As [`Self::expand`], and replaces each `%12%` for which `directory` has a path.
    pub(super) fn expand_with(&self, raw: &str, directory: &dyn Fn(u32) -> Option<String>) -> String {
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once('%') {
            text.push_str(before);
            rest = after;
            if let Some(escaped) = rest.strip_prefix('%') {
                text.push('%');
                rest = escaped;
                continue;
            }
            let replacement = rest.split_once('%').and_then(|(token, after)| Some((self.get(token)?, after)));
            match replacement {
                Some((value, after)) if text.len().saturating_add(value.len()) <= EXPANDED_LIMIT => {
                    text.push_str(value);
                    rest = after;
                }
                _ => {
                    text.push('%');
                    // A directory id or an unknown token: its closing sign opens nothing.
                    if let Some((token, after)) = rest.split_once('%') {
                        if let Some(path) = dirid(token).and_then(directory) {
                            text.pop();
                            text.push_str(if after.starts_with('\\') {
                                path.trim_end_matches('\\')
                            } else {
                                &path
                            });
                            rest = after;
                        } else if !token.is_empty() && !token.contains(char::is_whitespace) {
                            text.push_str(token);
                            text.push('%');
                            rest = after;
                        }
                    }
                }
            }
        }
        text.push_str(rest);
        text
    }

    /// The tokens of a text that are neither known nor directory ids.
    pub(super) fn undefined<'a>(&self, raw: &'a str) -> Vec<&'a str> {
        let mut undefined = Vec::new();
        let mut rest = raw;
        while let Some((_, after)) = rest.split_once('%') {
            if let Some(escaped) = after.strip_prefix('%') {
                rest = escaped;
                continue;
            }
            let Some((token, after)) = after.split_once('%') else { break };
            rest = after;
            // Between percent signs that are only that stands more than a name.
            let is_name =
                token.chars().all(|character| character.is_alphanumeric() || "_-.:()".contains(character));
            if self.get(token).is_none() && dirid(token).is_none() && is_name {
                undefined.push(token);
            }
        }
        undefined
    }

    /// How many bytes [`Self::expand`] would return at most.
    pub(super) fn expanded_size(&self, raw: &str) -> usize {
        if !raw.contains('%') {
            return 0;
        }
        let tokens =
            raw.split('%').filter_map(|token| self.get(token)).map(str::len).fold(0, usize::saturating_add);
        tokens.saturating_add(raw.len()).min(EXPANDED_LIMIT.saturating_add(raw.len()))
    }
}

/// The number of a token that is a directory id.
fn dirid(token: &str) -> Option<u32> {
    token.bytes().all(|byte| byte.is_ascii_digit()).then(|| token.parse().ok())?
}

/// The section for a language: exactly it, the language without region, any of its regions.
fn for_language(sections: &[Section], language: u16) -> Option<&Section> {
    let primary = language & 0x3FF;
    sections
        .iter()
        .filter_map(|section| Some((language_of(&section.name)?, section)))
        .filter(|(found, _)| found & 0x3FF == primary)
        .min_by_key(|(found, _)| match *found {
            exact if exact == language => 0,
            neutral if neutral >> 10 == 0 => 1,
            _ => 2,
        })
        .map(|(_, section)| section)
}

/// The language id of a section named `Strings.0407`; `None` for other names.
fn language_of(name: &str) -> Option<u16> {
    let (base, id) = name.split_once('.')?;
    if !base.eq_ignore_ascii_case("Strings") {
        return None;
    }
    u16::from_str_radix(id.trim_start_matches("0x"), 16).ok()
}
