//! What stands in a file, before anybody knows what it should be: a header and lines of cells.

use chrono::NaiveDate;

/// A header and the lines below it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    pub header: Line,
    pub lines: Vec<Line>,
    /// What the reader should know of how it was read, in Swedish.
    pub notes: Vec<String>,
}

/// A line that is not empty, with its number as the person sees it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    pub number: usize,
    pub cells: Vec<Cell>,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    /// Never empty, and without space around it.
    Text(String),
    Number(f64),
    Bool(bool),
    Day(NaiveDate),
    /// Something that is no value, in Swedish.
    Wrong(String),
}

impl Cell {
    /// A cell of text.
    pub fn text(text: &str) -> Self {
        match text.trim() {
            "" => Self::Empty,
            text if text.contains('\u{fffd}') => Self::Wrong("tecken har gått förlorade när filen sparades".into()),
            text => Self::Text(text.to_owned()),
        }
    }
}

impl Sheet {
    /// The first line that is not empty is the header; empty lines are left out.
    pub fn of(lines: impl Iterator<Item = Line>, notes: Vec<String>) -> Result<Self, String> {
        let mut lines = lines.filter(|line| line.cells.iter().any(|cell| *cell != Cell::Empty));
        let header = lines.next().ok_or("filen är tom: första raden ska vara rubriker med fältens namn")?;
        Ok(Self { header, lines: lines.collect(), notes })
    }
}
