//! Line ends and indentation of a document, so that what is added looks like what is there.

use super::{Document, Element};

const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// How many elements are looked at for how they are indented.
const MAX_SAMPLES: usize = 16;

/// The beginning of a line: what stands in front of the first thing on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) newline: String,
    pub(super) indent: String,
}

impl Line {
    /// The line of what is one level deeper.
    pub(super) fn deeper(&self, unit: &str) -> Self {
        Self { newline: self.newline.clone(), indent: format!("{}{unit}", self.indent) }
    }

    pub(super) fn text(&self) -> String {
        format!("{}{}", self.newline, self.indent)
    }
}

impl Document {
    /// The line that begins at the element; `None` if something else stands before it on its line.
    pub(super) fn line_of(&self, element: Element<'_>) -> Option<Line> {
        let before = self.text.get(..element.data().start)?;
        let start = before.trim_end_matches([' ', '\t']);
        let indent = before.get(start.len()..)?.to_owned();
        let newline = match start {
            start if start.ends_with("\r\n") => "\r\n".to_owned(),
            start if start.ends_with('\n') => "\n".to_owned(),
            // The first line of a document whose other lines have elements of their own.
            "" => self.newline?.to_owned(),
            _ => return None,
        };
        Some(Line { newline, indent })
    }

    /// By how much an element in this one is indented.
    pub(super) fn indent_unit(&self, element: Element<'_>) -> String {
        let mut around = Some(element);
        while let Some(outer) = around {
            around = outer.parent();
            let Some(line) = self.line_of(outer) else { continue };
            for inner in outer.elements().take(MAX_SAMPLES).filter_map(|inner| self.line_of(inner)) {
                match inner.indent.strip_prefix(&line.indent) {
                    Some(unit) if !unit.is_empty() => return unit.to_owned(),
                    _ => {}
                }
            }
        }
        "    ".to_owned()
    }

    /// The content of an element without the white space at its end, as an offset.
    pub(super) fn content_end(&self, element: Element<'_>) -> usize {
        let content = &element.data().content;
        let trimmed = self.slice(content).trim_end_matches(WHITE_SPACE);
        content.start.saturating_add(trimmed.len())
    }

    /// Behind `offset` and the comments that follow it on the same line.
    pub(super) fn line_end(&self, offset: usize) -> usize {
        let mut end = offset;
        loop {
            let rest = self.text.get(end..).unwrap_or_default();
            let after = rest.trim_start_matches([' ', '\t']);
            let Some(length) = after.strip_prefix("<!--").and_then(|comment| comment.find("-->")) else {
                return end;
            };
            let comment = after.get(..length.saturating_add(7)).unwrap_or(after);
            if comment.contains('\n') {
                return end;
            }
            end = end.saturating_add(rest.len().saturating_sub(after.len())).saturating_add(comment.len());
        }
    }

    /// Whether nothing but white space follows `offset` on its line, or the end tag of what is around.
    pub(super) fn ends_line(&self, offset: usize) -> bool {
        let rest = self.text.get(offset..).unwrap_or_default().trim_start_matches([' ', '\t']);
        rest.is_empty() || rest.starts_with(['\r', '\n']) || rest.starts_with("</")
    }
}

/// The first line end of a text.
pub(super) fn newline(text: &str) -> Option<&'static str> {
    let (before, _) = text.split_once('\n')?;
    Some(if before.ends_with('\r') { "\r\n" } else { "\n" })
}
