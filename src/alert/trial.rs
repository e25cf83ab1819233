//! A trial message to everybody who is told of alerts, to see that it arrives.

use serde_json::json;

use super::channel::{Channel, WEBHOOK, channels};
use super::deliver;
use crate::app::App;
use crate::model::{AlertMessage, new_id_at, time_text};

/// What became of the trial of one channel.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Tried {
    pub channel: &'static str,
    pub target: String,
    /// Why it did not go.
    pub error: Option<String>,
}

/// Sends the trial everywhere.
pub async fn try_channels(app: &App) -> anyhow::Result<Vec<Tried>> {
    let mut tried = Vec::new();
    for channel in channels(app).await? {
        let sent = deliver::send(app, &trial(app, &channel).await?).await;
        tried.push(Tried { channel: channel.way, target: channel.target, error: sent.err() });
    }
    Ok(tried)
}

async fn trial(app: &App, channel: &Channel) -> anyhow::Result<AlertMessage> {
    let now = app.store.now().await?;
    let text = "Det här är ett prov från `kollega alerts test`. Kommer det fram så kommer larmen fram.\n";
    let at = time_text(now);
    let body = match channel.way {
        WEBHOOK => json!({"at": at, "alerts": [], "trial": true, "text": text}).to_string(),
        _ => text.to_owned(),
    };
    Ok(AlertMessage {
        id: new_id_at(now),
        channel: channel.way.to_owned(),
        target: channel.target.clone(),
        subject: "Kollega: prov av larm".into(),
        body,
        state: "waiting".into(),
        tries: 0,
        next_at: at.clone(),
        token: 0,
        error: None,
        created_at: at,
        sent_at: None,
    })
}
