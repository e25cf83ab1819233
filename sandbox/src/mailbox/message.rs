//! A mail as a person reads it: headers and parts decoded.

use mail_parser::{MessageParser, MimeHeaders};
use serde::Serialize;

use crate::store::StoredMail;

#[derive(Debug, Clone, Serialize)]
pub struct Letter {
    pub id: i64,
    pub received_at: String,
    pub from: String,
    pub to: Vec<String>,
    pub subject: String,
    pub message_id: String,
    pub duplicate: bool,
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub html: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
}

pub fn read(stored: &StoredMail) -> Letter {
    let parsed = MessageParser::default().parse(&stored.source);
    let part = |wanted: &str| {
        let parts = parsed.iter().flat_map(|message| message.parts.iter());
        let found = parts.into_iter().find(|part| {
            part.content_type().is_some_and(|kind| kind.ctype() == "text" && kind.subtype() == Some(wanted))
        });
        found.and_then(|part| part.text_contents()).unwrap_or_default().to_owned()
    };
    let headers = parsed.iter().flat_map(mail_parser::Message::headers_raw);
    Letter {
        id: stored.id,
        received_at: stored.received_at.clone(),
        from: stored.sender.clone(),
        to: stored.recipients.clone(),
        subject: parsed.as_ref().and_then(|message| message.subject()).unwrap_or_default().to_owned(),
        message_id: stored.message_id.clone(),
        duplicate: false,
        headers: headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect(),
        text: part("plain"),
        html: part("html"),
        source: String::from_utf8_lossy(&stored.source).into_owned(),
    }
}

/// The Message-ID header without its angle brackets; empty when there is none.
pub fn message_id(source: &[u8]) -> String {
    let parsed = MessageParser::default().parse_headers(source);
    parsed.as_ref().and_then(|message| message.message_id()).unwrap_or_default().to_owned()
}
