//! What can be wrong with an expression, where it stands, and what to do: in Swedish, for the person who wrote it.

/// The text is not an expression that is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong, in Swedish.
    pub message: String,
    /// Where it starts, in bytes from the beginning of the source.
    pub offset: usize,
    /// How many bytes it covers, at least 1.
    pub length: usize,
    /// What to do about it, in Swedish.
    pub hint: Option<String>,
}

impl ParseError {
    pub(crate) fn new(message: impl Into<String>, offset: usize, length: usize) -> Self {
        Self { message: message.into(), offset, length: length.max(1), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, for a source in which this one starts at `by`.
    pub(crate) fn shifted(mut self, by: usize) -> Self {
        self.offset += by;
        self
    }
}

/// The expression could not be worked out with the values it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// What went wrong, in Swedish. It names fields and kinds of values, never the values of the case.
    pub message: String,
    /// Where in the source, in bytes.
    pub offset: usize,
    /// How many bytes it covers, at least 1.
    pub length: usize,
}

impl EvalError {
    pub(crate) fn new(message: impl Into<String>, offset: usize, length: usize) -> Self {
        Self { message: message.into(), offset, length: length.max(1) }
    }

    pub(crate) fn shifted(mut self, by: usize) -> Self {
        self.offset += by;
        self
    }
}
