//! The page's own dialogs: alert, confirm and prompt.

use serde_json::json;

use super::connection::Limit;
use super::error::{Error, ErrorKind};
use super::remote::Command;
use super::session::Session;

/// How to answer a dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// OK.
    Accept,
    /// Cancel.
    Dismiss,
    /// Write this and press OK.
    Text(String),
}

impl Session {
    /// Waits for a dialog, answers it and returns what it said.
    pub async fn alert(&mut self, answer: &Answer) -> Result<String, Error> {
        let what = "svara på dialogrutan";
        let text = self.dialog_text().await?;
        let limit = self.limit();
        if let Answer::Text(reply) = answer {
            let sent = self.send(Command::post("alert/text", json!({"text": reply})), limit).await;
            sent.map_err(|kind| Error::new(what, kind))?;
        }
        let path = if *answer == Answer::Dismiss { "alert/dismiss" } else { "alert/accept" };
        match self.send(Command::post(path, json!({})), limit).await {
            // The answer may close the window that asked, or open the next dialog: that is for the next step.
            Ok(_) | Err(ErrorKind::NoWindow | ErrorKind::UnexpectedDialog { .. }) => Ok(text),
            Err(kind) => Err(Error::acted(what, kind)),
        }
    }

    /// Waits for a dialog and returns what it says, without answering it.
    pub async fn dialog_text(&mut self) -> Result<String, Error> {
        let limit = self.limit();
        let mut round = 0;
        loop {
            round += 1;
            match self.open_dialog(limit).await {
                Ok(Some(text)) => return Ok(text),
                Ok(None) if limit.has_passed() => return Err(Error::new("svara på dialogrutan", ErrorKind::NoDialog)),
                Ok(None) => limit.pause(round).await,
                Err(kind) => return Err(Error::new("svara på dialogrutan", kind)),
            }
        }
    }

    /// What an open dialog says, if one is open.
    pub(super) async fn open_dialog(&mut self, limit: Limit) -> Result<Option<String>, ErrorKind> {
        match self.send(Command::get("alert/text"), limit).await {
            Ok(text) => Ok(Some(text.as_str().unwrap_or_default().to_owned())),
            Err(ErrorKind::NoDialog) => Ok(None),
            Err(kind) => Err(kind),
        }
    }
}
