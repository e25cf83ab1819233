//! What a step acts on, named as a person would name it.

use serde::{Deserialize, Serialize};

/// How a target is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// A field by its label, or by the text in the cell before or above it.
    Field,
    /// A button by what stands on it.
    Button,
    /// A link by its text.
    Link,
    /// A cell by its row and its column.
    Cell,
    /// A table by its caption, the heading before it, or its headers.
    Table,
    /// The smallest element with exactly this text.
    Text,
    /// A CSS selector, searched in open shadow roots too.
    Css,
    /// An XPath expression.
    Xpath,
}

/// One way to find one thing on a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// How `name` is to be read.
    pub kind: TargetKind,
    /// What a person sees, or the selector; empty for a cell.
    #[serde(default)]
    pub name: String,
    /// Only within a table row with this text; for a cell, its row.
    #[serde(default)]
    pub row: Option<String>,
    /// The column of a cell, by its header.
    #[serde(default)]
    pub column: Option<String>,
    /// Only within this table.
    #[serde(default)]
    pub table: Option<String>,
    /// The whole text must be equal (the default); otherwise it is enough that the text contains the name as words.
    #[serde(default = "yes")]
    pub exact: bool,
}

fn yes() -> bool {
    true
}

impl Target {
    /// A target of this kind and name, anywhere on the page.
    pub fn new(kind: TargetKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), row: None, column: None, table: None, exact: true }
    }

    /// The cell in this row and this column.
    pub fn cell(row: impl Into<String>, column: impl Into<String>) -> Self {
        let (row, column) = (Some(row.into()), Some(column.into()));
        Self { row, column, ..Self::new(TargetKind::Cell, "") }
    }

    /// A field by its label.
    pub fn field(name: impl Into<String>) -> Self {
        Self::new(TargetKind::Field, name)
    }

    /// A button by what stands on it.
    pub fn button(name: impl Into<String>) -> Self {
        Self::new(TargetKind::Button, name)
    }

    /// A link by its text.
    pub fn link(name: impl Into<String>) -> Self {
        Self::new(TargetKind::Link, name)
    }

    /// A table by its name.
    pub fn table(name: impl Into<String>) -> Self {
        Self::new(TargetKind::Table, name)
    }

    /// A text on the page.
    pub fn text(name: impl Into<String>) -> Self {
        Self::new(TargetKind::Text, name)
    }

    /// A CSS selector.
    pub fn css(selector: impl Into<String>) -> Self {
        Self::new(TargetKind::Css, selector)
    }

    /// The same target within the row that has this text.
    #[must_use]
    pub fn in_row(mut self, row: impl Into<String>) -> Self {
        self.row = Some(row.into());
        self
    }

    /// The same target within this table.
    #[must_use]
    pub fn in_table(mut self, table: impl Into<String>) -> Self {
        self.table = Some(table.into());
        self
    }

    /// The target in Swedish without its row, which often is an identity.
    pub fn describe(&self) -> String {
        let name = &self.name;
        match self.kind {
            TargetKind::Field => format!("fältet ”{name}”"),
            TargetKind::Button => format!("knappen ”{name}”"),
            TargetKind::Link => format!("länken ”{name}”"),
            TargetKind::Cell => format!("cellen i kolumnen ”{}”", self.column.as_deref().unwrap_or_default()),
            TargetKind::Table => format!("tabellen ”{name}”"),
            TargetKind::Text => "texten".to_owned(),
            TargetKind::Css => format!("css ”{name}”"),
            TargetKind::Xpath => format!("xpath ”{name}”"),
        }
    }
}
