//! Sends what is written down. A message is claimed before it is sent and goes under an id that is on disk: sent again
//! after a crash, it is the same letter, and the same call.

use std::time::Duration;

use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::channel::{MAIL, WEBHOOK};
use crate::app::App;
use crate::mail::{Letter, Mail, Rendered, SendOutcome};
use crate::model::{AlertMessage, Event, EventKind, FailureKind, parse_time};
use crate::runner::circuit_id;
use crate::store::CircuitLimits;

/// Longer than a mail server or a receiver is waited for.
const LEASE: Duration = Duration::from_mins(5);
const CALL: Duration = Duration::from_secs(30);
/// The wait after the first try that failed; doubled up to the longest.
const BACKOFF: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_hours(1);
/// How long it is tried.
const GIVE_UP: TimeDelta = TimeDelta::hours(48);

/// Sends everything that waits. A mail server that hangs does not keep the calls waiting.
pub(super) async fn deliver(app: &App) -> anyhow::Result<()> {
    let (mails, calls) = tokio::join!(deliver_by(app, MAIL), deliver_by(app, WEBHOOK));
    mails.and(calls)
}

async fn deliver_by(app: &App, channel: &str) -> anyhow::Result<()> {
    while let Some(message) = app.store.claim_message(channel, LEASE).await? {
        match send(app, &message).await {
            Ok(()) => app.store.message_sent(&message).await?,
            Err(error) => {
                let now = app.store.now().await?;
                let old = parse_time(&message.created_at).is_none_or(|created| now - created > GIVE_UP);
                let doubled = BACKOFF * 2_u32.saturating_pow(u32::try_from(message.tries).unwrap_or(0).min(10));
                let wait = (!old).then(|| doubled.min(LONGEST));
                tracing::warn!(channel, error, gives_up = old, "an alert could not be sent");
                app.store.message_failed(&message, &error, wait).await?;
            }
        }
    }
    Ok(())
}

/// Sends one message, or says why not.
pub(super) async fn send(app: &App, message: &AlertMessage) -> Result<(), String> {
    if message.channel == MAIL { mail(app, message).await } else { call(app, message).await }
}

async fn mail(app: &App, message: &AlertMessage) -> Result<(), String> {
    let circuit = circuit_id(app, MAIL);
    let known = app.store.circuit(&circuit).await.map_err(|error| error.to_string())?;
    if known.is_some_and(|known| known.is_open() && known.kind.as_deref() == Some(FailureKind::SignInRefused.as_str()))
    {
        return Err("e-postservern nekar inloggningen; den prövas inte igen förrän hemligheten har bytts".into());
    }
    let date = parse_time(&message.created_at).unwrap_or_default();
    let letter = Letter { message_id: app.message_id(&message.id), to: message.target.clone(), date };
    let content = Rendered { subject: message.subject.clone(), text: message.body.clone(), html: None };
    let letter = Mail::compose(letter, content).map_err(|error| error.to_string())?;
    match app.mailer()?.send(&letter).await {
        SendOutcome::Sent => Ok(()),
        SendOutcome::NotSent(error) if error.is_sign_in_refused() => {
            let own = &app.config.circuits;
            let limits = CircuitLimits { failures: own.failures, wait: own.wait, max_wait: own.max_wait };
            let event = Event::new(EventKind::CircuitOpened, "worker:alerts");
            let refused = FailureKind::SignInRefused;
            app.store
                .circuit_failed(&circuit, refused, &message.id, limits, &event)
                .await
                .map_err(|failed| failed.to_string())?;
            Err(error.to_string())
        }
        // Sent again it is the same letter: better twice under one Message-ID than never.
        SendOutcome::NotSent(error) | SendOutcome::Refused(error) | SendOutcome::Unknown(error) => {
            Err(error.to_string())
        }
    }
}

async fn call(app: &App, message: &AlertMessage) -> Result<(), String> {
    let Some(name) = &app.config.alerts.secret else {
        return Err("alerts.secret saknas: ange namnet på hemligheten som anropen ska signeras med".into());
    };
    let secret = app.secrets.get(name).map_err(|error| error.to_string())?;
    let timestamp = app.store.now().await.map_err(|error| error.to_string())?.timestamp().to_string();
    // Only the first in the process takes effect, and all are the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(CALL).build();
    let client = client.map_err(|_| "anropet kan inte förberedas".to_owned())?;
    let request = client
        .post(&message.target)
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", &message.id)
        .header("X-Kollega-Timestamp", &timestamp)
        .header("X-Kollega-Signature", sign(secret.expose(), &timestamp, &message.body))
        .body(message.body.clone());
    match request.send().await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("mottagaren svarade {}", answer.status())),
        // The address may carry a key: it is not repeated.
        Err(error) if error.is_timeout() => Err("mottagaren svarade inte i tid".into()),
        Err(error) if error.is_connect() => Err("mottagaren kan inte nås".into()),
        Err(_) => Err("anropet misslyckades".into()),
    }
}

/// `sha256=` and the HMAC-SHA256, in hex, of the timestamp, a dot and the body.
fn sign(secret: &str, timestamp: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_what_openssl_makes_of_it() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac nyckel
        assert_eq!(
            sign("nyckel", "1700000000", "{\"a\":1}"),
            "sha256=df4e6aad7bdaf1a4b8d117aea51c631c40506580b148a011c25800c2ec78b004"
        );
    }
}
