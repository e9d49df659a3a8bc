//! Tables of the project: tab-separated text with `#` lines and one row of column names on top.

/// The rows of a table, by column.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    line: &'static str,
}

impl Row {
    /// The text of a column, from 0; empty behind the last one.
    pub fn field(self, column: usize) -> &'static str {
        self.line.split('\t').nth(column).unwrap_or_default()
    }
}

/// The rows of a table.
pub fn rows(table: &'static str) -> impl Iterator<Item = Row> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.skip(1).map(|line| Row { line })
}
