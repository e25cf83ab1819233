//! One application as a line of JSON, its suggestion as another: for files with very many of them.

use std::fmt;

use crate::strict_json::{Strict, in_swedish};
use crate::{FactsError, RuleBook};

/// Why a line has no suggestion. The message is Swedish; it names the field and repeats no value.
#[derive(Debug)]
pub enum LineError {
    /// The line is not text in UTF-8.
    Text,
    /// The line is not JSON.
    Json(serde_json::Error),
    Facts(FactsError),
}

impl LineError {
    /// The path of the field that is wrong; nothing when the line can't be read.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Text | Self::Json(_) => None,
            Self::Facts(error) => Some(error.field()),
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("raden är inte text i UTF-8"),
            Self::Json(error) if error.is_eof() => f.write_str("raden är tom eller slutar mitt i sin JSON"),
            Self::Json(error) => write!(f, "raden är inte rätt JSON: {}", in_swedish(error)),
            Self::Facts(error) => error.fmt(f),
        }
    }
}

impl RuleBook {
    /// Writes the suggestion for a line of facts at the end of `answer`, as one line without its end: the same as
    /// [`RuleBook::suggest`] answers. Nothing is written when there is none.
    pub fn answer_line(&self, line: &[u8], answer: &mut Vec<u8>) -> Result<(), LineError> {
        let line = std::str::from_utf8(line).map_err(|_| LineError::Text)?;
        let Strict(facts) = serde_json::from_str(line).map_err(LineError::Json)?;
        let suggestion = self.suggest(&facts).map_err(LineError::Facts)?;
        serde_json::to_writer(answer, &suggestion).map_err(LineError::Json)
    }
}
