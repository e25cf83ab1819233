//! The scripted stand-in for a caseworker: it signs in with an account of its own and follows each suggestion.
//!
//! It is there so that the demo can be checked by a machine. It goes through the same desk as a person does.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::installation::STAND_IN;
use crate::app::App;
use crate::desk::{Desk, Reply};
use crate::store::Answer;

/// Decides until it is told to stop.
pub async fn decide(app: Arc<App>, password: String, mut stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
    let user = crate::person::sign_in(&app.store, STAND_IN, &password).await?;
    let desk = Desk::of(&app);
    while !*stopped.borrow() {
        for waiting in desk.inbox(&user).await? {
            let Some(suggestion) = waiting.suggestion else { continue };
            let answer = match suggestion.answer.0["outcome"].as_str() {
                Some("approve") => Answer::Approve,
                Some("deny") => Answer::Deny,
                _ => continue,
            };
            let reply = Reply { suggestion: suggestion.id, answer, reason: None, motivation: None };
            if let Err(error) = desk.decide(&waiting.item, &user, reply).await {
                tracing::info!(%error, item = %waiting.item.id, "the stand-in's decision was not taken");
            }
        }
        drop(tokio::time::timeout(Duration::from_millis(200), stopped.changed()).await);
    }
    Ok(())
}
