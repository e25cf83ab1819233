//! Tables: aligned for people, one JSON array for programs, or a line that says that there is nothing.

use serde::Serialize;

use super::output::{Format, print};

/// A column's header and side.
#[derive(Debug, Clone, Copy)]
pub enum Column {
    Text(&'static str),
    Number(&'static str),
}

/// Rows for people, with the same things for programs.
pub struct Table<'a, T> {
    pub columns: &'a [Column],
    pub records: &'a [T],
    /// Said in place of a table without rows.
    pub empty: &'a str,
}

impl<T: Serialize> Table<'_, T> {
    /// Prints every record; `row` makes its cells.
    pub fn print(&self, format: Format, row: impl Fn(&T) -> Vec<String>) -> anyhow::Result<()> {
        match format {
            Format::Json => print(&serde_json::to_string_pretty(self.records)?),
            Format::Table if self.records.is_empty() => print(self.empty),
            Format::Table => print(&aligned(self.columns, &self.records.iter().map(row).collect::<Vec<_>>())),
        }
        Ok(())
    }
}

/// Headers and rows with two spaces between the columns.
pub fn aligned(columns: &[Column], rows: &[Vec<String>]) -> String {
    let header: Vec<String> = columns.iter().map(|column| column.title().to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&header).chain(rows).collect();
    let width = |index: usize| lines.iter().filter_map(|line| line.get(index)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).map(|index| width(index).unwrap_or(0)).collect();
    let text: Vec<String> = lines.iter().map(|line| padded(columns, &widths, line)).collect();
    text.join("\n")
}

fn padded(columns: &[Column], widths: &[usize], line: &[String]) -> String {
    let cells = columns.iter().zip(widths).zip(line).map(|((column, &width), cell)| match column {
        Column::Text(_) => format!("{cell:<width$}"),
        Column::Number(_) => format!("{cell:>width$}"),
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Text(title) | Self::Number(title) => title,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_numbers_stand_to_the_right() {
        let columns = [Column::Text("Ärende"), Column::Number("Kr"), Column::Text("Läge")];
        let rows =
            [vec!["A-1".into(), "6 020".into(), "klart".into()], vec!["Åäö-1234".into(), "5".into(), String::new()]];
        assert_eq!(aligned(&columns, &rows), "Ärende       Kr  Läge\nA-1       6 020  klart\nÅäö-1234      5");
    }
}
