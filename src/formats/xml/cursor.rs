//! Lines and columns of places in a text.

use super::Position;

/// Counts lines and columns, forward only.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    offset: usize,
    position: Position,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { offset: 0, position: Position { line: 1, column: 1 } }
    }
}

impl Cursor {
    /// A cursor that begins at a place that is known.
    pub(super) fn at(offset: usize, position: Position) -> Self {
        Self { offset, position }
    }

    /// The place of `offset`, which is not before the last one.
    pub(super) fn advance(&mut self, text: &str, offset: usize) -> Position {
        for character in text.get(self.offset..offset).unwrap_or_default().chars() {
            let Position { line, column } = self.position;
            self.position = match character {
                '\n' => Position { line: line.saturating_add(1), column: 1 },
                _ => Position { line, column: column.saturating_add(1) },
            };
        }
        self.offset = self.offset.max(offset);
        self.position
    }
}
