//! Signing in to a system, and seeing that nobody is signed in any more.

use std::time::Duration;

use super::super::error::Stop;
use super::super::work::{Held, Work, within};
use crate::bot::{System, Targets};
use crate::browser::{Condition, Target, TargetKind};
use crate::model::{EventKind, FailureKind};

impl Work<'_> {
    /// Makes this system the one that is worked in; opened in a browser where its pages are looked at.
    pub(in crate::runner) async fn turn_to(&mut self, system: &str, pages: bool) -> Result<(), Stop> {
        self.pages = pages;
        self.pass_circuit(system).await?;
        if pages {
            return self.enter_system(system).await;
        }
        self.system = Some(system.to_owned());
        Ok(())
    }

    /// Makes sure that the stage's system has a browser that is signed in.
    pub(in crate::runner) async fn enter_system(&mut self, system: &str) -> Result<(), Stop> {
        self.system = Some(system.to_owned());
        if self.browsers.get(system).is_some() {
            return Ok(());
        }
        // Another session of a worker may have been refused since this one began.
        self.pass_circuit(system).await?;
        let description = self.system_file(system)?;
        self.renew(Duration::from_mins(1)).await?;
        let masks = self.masks(&description)?;
        let started = std::time::Instant::now();
        let lease = self.time_left();
        Box::pin(self.browsers.open(&self.app.config, system, masks, lease)).await?;
        self.waited += started.elapsed();
        self.record_browsers().await?;
        self.sign_in(&description).await
    }

    /// Writes down with the item what acts for it, so that whoever takes it over can end that first.
    pub(in crate::runner) async fn record_browsers(&mut self) -> Result<(), Stop> {
        let limit = self.silence_limit(self.time_left());
        let Held::Item(claim) = &mut self.held else { return Ok(()) };
        let records = self.browsers.records();
        if claim.item.browsers.as_deref() != Some(&records) {
            within(limit, self.app.store.set_browsers(claim, &records)).await?;
            claim.item.browsers = Some(records);
        }
        Ok(())
    }

    async fn sign_in(&mut self, description: &System) -> Result<(), Stop> {
        if description.sign_in.0.is_empty() {
            return Ok(());
        }
        let system = description.system.value.clone();
        self.begin_sign_in(&system).await?;
        self.signing_in = true;
        let committing = std::mem::replace(&mut self.committing, false);
        let result = self.try_sign_in(description).await;
        self.signing_in = false;
        self.committing = committing;
        let refused = matches!(&result, Err(stop) if stop.kind() == Some(FailureKind::SignInRefused));
        if !refused {
            // A refused one is held until the circuit has been told, so that nobody tries in between.
            self.end_sign_in(&system, result.is_ok()).await?;
        }
        if result.is_ok() {
            let event = self.event(EventKind::SignedIn).detail(serde_json::json!({"system": description.system.value}));
            self.note(event);
        }
        result
    }

    async fn try_sign_in(&mut self, description: &System) -> Result<(), Stop> {
        Box::pin(self.run_steps(&description.sign_in)).await?;
        let Some(signed_in) = &description.signed_in else {
            return match &description.refused {
                Some(refused) if self.shows(refused).await => Err(self.refused(&description.system.value)),
                _ => Ok(()),
            };
        };
        let mut either = self.targets(signed_in)?;
        if let Some(refused) = &description.refused {
            either.extend(self.targets(refused)?);
        }
        let shown = self.session()?.wait_for(&Condition::Shown { targets: either, is: None }).await;
        if let Some(refused) = &description.refused
            && self.shows(refused).await
        {
            return Err(self.refused(&description.system.value));
        }
        match shown {
            Ok(()) => Ok(()),
            Err(error) => Err(self.not_signed_in(description, Stop::from(error)).await),
        }
    }

    /// Why the page after the sign-in is not the one that was waited for. A sign-in page once more is a no.
    async fn not_signed_in(&mut self, description: &System, stop: Stop) -> Stop {
        let stop = self.explained(stop).await;
        let asks_again = match &description.signed_out {
            Some(signed_out) => self.shows(signed_out).await,
            None => self.asks_for_password().await,
        };
        if asks_again && stop.kind() != Some(FailureKind::SystemDown) {
            return self.refused(&description.system.value);
        }
        match stop.kind() {
            Some(kind) => Stop::failed_as(kind, format!("inloggningen lyckades inte: {}", stop.message())),
            None => stop,
        }
    }

    async fn asks_for_password(&mut self) -> bool {
        let field = [Target::new(TargetKind::Css, "input[type=password]")];
        match self.session() {
            Ok(session) => session.exists(&field, None, true).await.is_ok_and(|found| found.count > 0),
            Err(_) => false,
        }
    }

    /// Whether any of these is on the page now.
    pub(in crate::runner) async fn shows(&mut self, targets: &Targets) -> bool {
        let Ok(targets) = self.targets(targets) else { return false };
        match self.session() {
            Ok(session) => session.exists(&targets, None, true).await.is_ok_and(|found| found.count > 0),
            Err(_) => false,
        }
    }

    fn masks(&self, description: &System) -> Result<Vec<Target>, Stop> {
        let masks: Vec<Vec<Target>> =
            description.mask.iter().map(|mask| self.targets(mask)).collect::<Result<_, _>>()?;
        Ok(masks.into_iter().flatten().collect())
    }

    /// Whether the page says that nobody is signed in.
    pub(in crate::runner) async fn is_signed_out(&mut self) -> bool {
        if self.signing_in {
            return false;
        }
        let Some(system) = self.system.clone() else { return false };
        let Ok(description) = self.system_file(&system) else { return false };
        let Some(signed_out) = &description.signed_out else { return false };
        self.shows(signed_out).await
    }
}
