//! A letter made of a rendered template: who it goes to, and the Message-ID that fences it.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::Rendered;

/// What identifies one letter, given by the caller so that a second try is the same letter.
#[derive(Debug, Clone)]
pub struct Letter {
    /// `<01KB…@kommunen.example>`, unique and the same at every try.
    pub message_id: String,
    /// One address, or several with commas between.
    pub to: String,
    pub date: DateTime<Utc>,
}

/// A letter ready to be sent.
#[derive(Clone)]
pub struct Mail {
    pub message_id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    date: DateTime<Utc>,
}

/// Why no letter could be made. Never holds the address or the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    #[error("mottagarens adress saknas")]
    NoRecipient,
    #[error("mottagarens adress är inte en e-postadress")]
    Recipient,
    #[error("avsändarens adress är inte en e-postadress; rätta from i konfigurationen av e-post")]
    Sender,
    #[error("brevets Message-ID ska ha formen <…@…>")]
    MessageId,
    #[error("brevet kunde inte sättas samman")]
    Content,
}

impl std::fmt::Debug for Mail {
    // Recipient and content are personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

impl Mail {
    /// The letter with this content. Whether the addresses can be used is checked now, before anything is intended.
    pub fn compose(letter: Letter, content: Rendered) -> Result<Self, ComposeError> {
        recipients(&letter.to)?;
        check_message_id(&letter.message_id)?;
        let Rendered { subject, text, html } = content;
        let Letter { message_id, to, date } = letter;
        Ok(Self { message_id, to, subject, text, html, date })
    }

    /// The letter as it travels.
    pub(super) fn message(&self, from: &str) -> Result<Message, ComposeError> {
        let mut builder = Message::builder()
            .message_id(Some(self.message_id.clone()))
            .date(SystemTime::from(self.date))
            .from(from.parse().map_err(|_| ComposeError::Sender)?)
            .subject(self.subject.clone());
        for recipient in recipients(&self.to)? {
            builder = builder.to(recipient);
        }
        let text = SinglePart::plain(self.text.clone());
        let message = match &self.html {
            Some(html) => {
                builder.multipart(MultiPart::alternative().singlepart(text).singlepart(SinglePart::html(html.clone())))
            }
            None => builder.singlepart(text),
        };
        message.map_err(|_| ComposeError::Content)
    }
}

fn recipients(to: &str) -> Result<Vec<Mailbox>, ComposeError> {
    let parts = to.split(',').map(str::trim).filter(|part| !part.is_empty());
    let boxes = parts.map(|part| part.parse().map_err(|_| ComposeError::Recipient)).collect::<Result<Vec<_>, _>>()?;
    if boxes.is_empty() { Err(ComposeError::NoRecipient) } else { Ok(boxes) }
}

fn check_message_id(id: &str) -> Result<(), ComposeError> {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).ok_or(ComposeError::MessageId)?;
    let fits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && !"<>@".contains(c));
    match inner.split_once('@') {
        Some((left, right)) if fits(left) && fits(right) => Ok(()),
        _ => Err(ComposeError::MessageId),
    }
}
