//! Why the steps of a stage stopped.

use std::time::Duration;

use crate::browser;
use crate::browser::ErrorKind;
use crate::model::{CircuitId, FailureKind};
use crate::store;

/// Why the steps stopped before their end.
#[derive(Debug)]
pub(super) enum Stop {
    /// A business exception: a person takes the item.
    HandOver { code: String, reason: String },
    /// The item waits and the stage is done again.
    Defer { wait: Duration, code: &'static str },
    /// The system gets no new work now: it waits for the circuit.
    CircuitOpen(CircuitId),
    /// A person has asked for the item, and nothing is half done.
    Asked,
    /// The system says that nobody is signed in.
    SignedOut,
    /// A system exception: the stage is tried again.
    Failed(Failure),
    /// Another worker has the work now, or the store failed.
    Store(store::Error),
}

/// A system exception.
#[derive(Debug)]
pub(super) struct Failure {
    /// What went wrong, in Swedish; may quote the page, so it is redacted before it is logged.
    pub message: String,
    /// Trying again can't help: the bot or the configuration is wrong.
    pub permanent: bool,
    /// How the system failed, where it did.
    pub kind: Option<FailureKind>,
}

impl Stop {
    /// A failure that another try may mend.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(Failure { message: message.into(), permanent: false, kind: None })
    }

    /// A failure of the system.
    pub fn failed_as(kind: FailureKind, message: impl Into<String>) -> Self {
        Self::Failed(Failure { message: message.into(), permanent: false, kind: Some(kind) })
    }

    /// How the system failed, where it did.
    pub fn kind(&self) -> Option<FailureKind> {
        match self {
            Self::Failed(failure) => failure.kind,
            _ => None,
        }
    }

    /// A failure that another try can't mend.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::Failed(Failure { message: message.into(), permanent: true, kind: None })
    }

    /// In words, for an event.
    pub fn message(&self) -> String {
        match self {
            Self::HandOver { code, .. } => format!("lämnas till en person ({code})"),
            Self::Defer { code, .. } => format!("väntar ({code})"),
            Self::CircuitOpen(id) => format!("väntar: kretsbrytaren för {} är öppen", id.system),
            Self::Asked => "en person har begärt att roboten släpper ärendet".into(),
            Self::SignedOut => "systemet har loggat ut roboten".into(),
            Self::Failed(failure) => failure.message.clone(),
            Self::Store(error) => error.to_string(),
        }
    }
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Asked => Self::Asked,
            store::Error::DelegationEnded => Self::HandOver {
                code: "delegation_ended".into(),
                reason: "Beslutet fattades av den automatiserade beslutsfunktionen, och delegationen har upphört innan allt var \
                         utfört. Se i ärendets händelser vad som är sparat; resten gör en person."
                    .into(),
            },
            error @ store::Error::TooLarge { .. } => Self::permanent(error.to_string()),
            error => Self::Store(error),
        }
    }
}

impl From<browser::Error> for Stop {
    fn from(error: browser::Error) -> Self {
        let dialog = match &error.kind {
            ErrorKind::UnexpectedDialog { text } => format!(" (”{text}”)"),
            _ => String::new(),
        };
        let message = format!("{error}{dialog}");
        match kind_of(&error.kind) {
            Some(kind) => Self::failed_as(kind, message),
            None => Self::failed(message),
        }
    }
}

/// How the system failed, by what the browser says; what our own side of it did is no failure of the system.
fn kind_of(kind: &ErrorKind) -> Option<FailureKind> {
    match kind {
        ErrorKind::NotFound | ErrorKind::Ambiguous { .. } | ErrorKind::WrongTarget(_) | ErrorKind::NoFrame => {
            Some(FailureKind::PageChanged)
        }
        ErrorKind::NotFetched(_) | ErrorKind::Timeout { .. } => Some(FailureKind::SystemDown),
        _ => None,
    }
}

impl From<expression::EvalError> for Stop {
    fn from(error: expression::EvalError) -> Self {
        Self::permanent(error.to_string())
    }
}
