//! What was read of one agency's part of one answer. It can only get worse, never better.

use crate::secret::Redactor;

use super::answer::{IncomeRow, Status};

/// The longest message kept of an agency's own words.
const LONGEST_MESSAGE: usize = 200;

/// One agency's part.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) status: Status,
    pub(super) rows: Vec<IncomeRow>,
    /// Code and message.
    pub(super) problems: Vec<(String, String)>,
    pub(super) protected: bool,
}

impl Reading {
    /// An answer without rows and without faults.
    pub(super) fn new() -> Self {
        Self { status: Status::Ok, rows: Vec::new(), problems: Vec::new(), protected: false }
    }

    /// No answer.
    pub(super) fn failed(status: Status, code: &str, message: &str) -> Self {
        let mut reading = Self::new();
        reading.worsen(status, code, message);
        reading
    }

    /// Something is missing or could not be read; the rest stands.
    pub(super) fn partial(&mut self, code: &str, message: &str) {
        self.worsen(Status::Partial, code, message);
    }

    /// Keeps a row, or says why it could not be read.
    pub(super) fn row(&mut self, row: Result<IncomeRow, RowError>) {
        match row {
            Ok(row) => self.rows.push(row),
            Err(RowError(message)) => self.partial("unreadable_row", &message),
        }
    }

    fn worsen(&mut self, status: Status, code: &str, message: &str) {
        self.status = self.status.max(status);
        let redactor = Redactor::default();
        let message = redactor.redact(message).chars().take(LONGEST_MESSAGE).collect();
        self.problems.push((redactor.redact(code).chars().take(LONGEST_MESSAGE).collect(), message));
    }
}

/// Why a payment could not be read. Names the field, never the value.
#[derive(Debug)]
pub(super) struct RowError(pub(super) String);

impl RowError {
    pub(super) fn missing(field: &str) -> Self {
        Self(format!("en utbetalning saknar {field}"))
    }

    pub(super) fn unreadable(field: &str) -> Self {
        Self(format!("en utbetalnings {field} kan inte läsas"))
    }
}
