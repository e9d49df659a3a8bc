//! Names in a line of a batch file.
//!
//! Between quotes `cmd.exe` takes `&`, `|`, `<`, `>`, `(`, `)` and `^` as they are; `%` is doubled in a batch file, and
//! `!` is nothing special, because the script has delayed expansion off. A program that splits its command line as
//! C programs do takes a `\` before the last quote as one that belongs to it, so it is doubled.
//!
//! Reference: Microsoft, "cmd" and "Parsing C command-line arguments".

/// A text in quotes, as one argument of a command of a batch file; `None` for what cannot stand there: quotes,
/// control characters, and what is not ASCII, because the script's code page is not known.
pub fn quoted(text: &str) -> Option<String> {
    let allowed = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"';
    if text.is_empty() || !text.bytes().all(allowed) {
        return None;
    }
    let backslashes = text.chars().rev().take_while(|letter| *letter == '\\').count();
    Some(format!("\"{}{}\"", text.replace('%', "%%"), r"\".repeat(backslashes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_one_argument_or_none() {
        assert_eq!(quoted("a & b").as_deref(), Some(r#""a & b""#));
        assert_eq!(quoted("100%!^").as_deref(), Some(r#""100%%!^""#));
        assert_eq!(quoted(r"C:\a\").as_deref(), Some(r#""C:\a\\""#));
        for none in ["", "a\"b", "a\r\nb", "é", "\u{7f}"] {
            assert_eq!(quoted(none), None, "{none:?}");
        }
    }
}
