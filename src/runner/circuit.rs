//! Circuits: work stays out of a system that has failed several times in a row, until one item or run has got through.
//!
//! The circuit belongs to the system and the credential: a refused sign-in opens it at once, and the same password is not
//! tried again until it has been changed or a person says so, because an account may get locked. What an open circuit
//! makes wait uses no tries up.

use std::time::{Duration, Instant};

use serde_json::json;

use super::error::{Failure, Stop};
use super::work::{Held, Work};
use crate::app::App;
use crate::bot::System;
use crate::model::{CircuitId, EventKind, FailureKind};
use crate::store::{self, AfterFailure, CircuitLimits, Entry, SignIn};

/// What sending mail is called among the systems.
pub(super) const MAIL: &str = "mail";

/// How long another's sign-in is waited for.
const SIGN_IN_WAIT: Duration = Duration::from_mins(5);

impl Work<'_> {
    /// Whether the system may be worked in now; one that may not makes the item or the run wait.
    pub(super) async fn pass_circuit(&mut self, system: &str) -> Result<(), Stop> {
        if self.app.store.circuits_of(system).await?.is_empty() {
            return Ok(());
        }
        let id = circuit_id(self.app, system);
        let event = self.event(EventKind::CircuitProbed);
        match self.app.store.enter_circuit(&id, &self.holder(), &event).await? {
            Entry::Free => Ok(()),
            Entry::Probe => {
                tracing::info!(system, "tries whether a system answers again");
                Ok(())
            }
            Entry::Shut => Err(Stop::CircuitOpen(id)),
        }
    }

    /// Waits until nobody else signs in to the system with the same unproven credential.
    pub(super) async fn begin_sign_in(&mut self, system: &str) -> Result<(), Stop> {
        let since = Instant::now();
        loop {
            let id = circuit_id(self.app, system);
            match self.app.store.begin_sign_in(&id, &self.holder()).await? {
                SignIn::Go => return Ok(()),
                SignIn::Shut => return Err(Stop::CircuitOpen(id)),
                SignIn::Busy if since.elapsed() > SIGN_IN_WAIT => {
                    return Err(Stop::failed(format!("en annan inloggning i {system} har pågått för länge")));
                }
                SignIn::Busy => {
                    self.renew(Duration::from_secs(10)).await?;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    /// Nobody has to wait for this sign-in any more.
    pub(super) async fn end_sign_in(&mut self, system: &str, signed_in: bool) -> Result<(), Stop> {
        let id = circuit_id(self.app, system);
        Ok(self.app.store.end_sign_in(&id, &self.holder(), signed_in).await?)
    }

    /// Tells the circuit of the system that is worked in how it went. A failure that leaves the circuit open is waited
    /// with, and is no failed try.
    pub(super) async fn report<T>(&mut self, result: Result<T, Stop>) -> Result<T, Stop> {
        match self.system.clone() {
            Some(system) => self.report_of(&system, result).await,
            None => result,
        }
    }

    /// The same for a system by name.
    pub(super) async fn report_of<T>(&mut self, system: &str, result: Result<T, Stop>) -> Result<T, Stop> {
        match result {
            Ok(_) | Err(Stop::HandOver { .. }) => {
                self.answered(system).await?;
                result
            }
            Err(Stop::Failed(Failure { kind: Some(kind), permanent: false, .. })) => {
                let id = circuit_id(self.app, system);
                // A page that the probe does not find may be the item's own fault: it has failed, and another tries next.
                let own = kind == FailureKind::PageChanged && matches!(self.held, Held::Item(_));
                match self.failed(&id, kind).await? {
                    AfterFailure::Closed => result,
                    AfterFailure::ProbeFailed if own => result,
                    AfterFailure::Open | AfterFailure::ProbeFailed => Err(Stop::CircuitOpen(id)),
                }
            }
            Err(_) => result,
        }
    }

    async fn answered(&mut self, system: &str) -> Result<(), Stop> {
        if self.app.store.circuits_of(system).await?.is_empty() {
            return Ok(());
        }
        let event = self.event(EventKind::CircuitClosed);
        let id = circuit_id(self.app, system);
        Ok(self.app.store.circuit_answered(&id, &self.holder(), &event).await?)
    }

    async fn failed(&mut self, id: &CircuitId, kind: FailureKind) -> Result<AfterFailure, Stop> {
        let own = &self.app.config.circuits;
        let limits = CircuitLimits { failures: own.failures, wait: own.wait, max_wait: own.max_wait };
        let event = self.event(EventKind::CircuitOpened);
        let after = self.app.store.circuit_failed(id, kind, &self.holder(), limits, &event).await?;
        if after != AfterFailure::Closed {
            tracing::warn!(system = id.system, kind = kind.as_str(), "a circuit is open: new work waits");
        }
        Ok(after)
    }

    /// Who goes into the system: the item or the run.
    fn holder(&self) -> String {
        match &self.held {
            Held::Item(claim) => claim.item.id.0.clone(),
            Held::Run(lease) => lease.run.id.0.clone(),
        }
    }

    /// What a failure means, by what is seen: nobody is signed in any more, the system is down, or its page has changed.
    pub(super) async fn explained(&mut self, stop: Stop) -> Stop {
        let Stop::Failed(failure) = stop else { return stop };
        if self.is_signed_out().await {
            return Stop::SignedOut;
        }
        let kind = match failure.kind {
            Some(FailureKind::PageChanged | FailureKind::SystemDown) if self.pages => {
                self.kind_by_page(failure.kind).await
            }
            kind => kind,
        };
        Stop::Failed(Failure { kind, ..failure })
    }

    async fn kind_by_page(&mut self, otherwise: Option<FailureKind>) -> Option<FailureKind> {
        let Ok(session) = self.session() else { return otherwise };
        let Some(state) = session.page_state().await else { return otherwise };
        // What took too long has been slow, whatever the page looks like by now.
        let slow = otherwise == Some(FailureKind::SystemDown);
        if slow || state.status >= 500 || !state.loaded || self.is_down().await {
            return Some(FailureKind::SystemDown);
        }
        Some(FailureKind::PageChanged)
    }

    /// Whether the page says that the system is out of order.
    async fn is_down(&mut self) -> bool {
        let Some(system) = self.system.clone() else { return false };
        let Ok(description) = self.system_file(&system) else { return false };
        match &description.down {
            Some(down) => self.shows(down).await,
            None => false,
        }
    }

    /// Notes that the sign-in was refused: it is not a step of its own.
    pub(super) fn refused(&mut self, system: &str) -> Stop {
        let message = "inloggningen nekades: användare eller lösenord godtogs inte";
        let mut event = self.event(EventKind::StepFailed).detail(json!({"error": message, "system": system}));
        event.step = Some("inloggning".into());
        self.note(event);
        Stop::failed_as(FailureKind::SignInRefused, message)
    }
}

/// The circuits that opened for a credential that is no longer the one in use are open no more.
pub(super) async fn notice_new_secrets(app: &App) -> store::Result<()> {
    for circuit in app.store.open_circuits().await? {
        let id = circuit.circuit_id();
        if circuit_id(app, &id.system) != id {
            tracing::info!(system = id.system, "new secrets: the system is tried again");
            app.store.replace_circuit(&id).await?;
        }
    }
    Ok(())
}

/// The circuit of a system with the credential that is in use now.
pub fn circuit_id(app: &App, system: &str) -> CircuitId {
    let secrets = if system == MAIL {
        app.config.mail.password.iter().cloned().collect()
    } else {
        System::load(&app.config.system_file(system)).map(|file| file.secrets()).unwrap_or_default()
    };
    CircuitId { system: system.to_owned(), credential: credential(app, &secrets) }
}

/// A keyed hash of these secrets as they are now.
fn credential(app: &App, names: &[String]) -> String {
    if names.is_empty() {
        return "-".into();
    }
    let known = app.secrets.all().unwrap_or_default();
    let mut text = zeroize::Zeroizing::new(String::new());
    for name in names {
        let value = known.get(name).map(crate::secret::Secret::expose).unwrap_or_default();
        let length = value.len().to_string();
        for part in [name.as_str(), ":", &length, ":", value, "|"] {
            text.push_str(part);
        }
    }
    app.seal.fingerprint(&["circuit", &text])
}
