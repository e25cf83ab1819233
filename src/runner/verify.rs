//! Verify: sees whether a commit took effect. It answers yes, no or unknown, and an unsure no is unknown.

use std::time::{Duration, Instant};

use super::error::Stop;
use super::work::Work;
use crate::bot::{Answer, Exists, Verify};
use crate::browser::{Condition, Target};
use crate::model::EventKind;

/// What verify saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// One match, and it is what was meant.
    Yes,
    /// One match, and it is something else.
    Different,
    /// The whole list was shown, and nothing in it matches.
    No,
    /// It can't be told; why, without personal data.
    Unknown(String),
}

/// How often a reading that failed is done again: reading changes nothing.
const READINGS: usize = 3;

impl Work<'_> {
    /// Verifies in the present session. What goes wrong is unknown, never no.
    pub(super) async fn verify_here(&mut self, verify: &Verify) -> Result<Seen, Stop> {
        let seen = match self.look(verify).await {
            Ok(seen) => seen,
            Err(stop @ Stop::Store(_)) => return Err(stop),
            Err(stop) => Seen::Unknown(self.redactor().redact(&stop.message())),
        };
        self.note_seen(&seen, "same");
        Ok(seen)
    }

    /// Looks before anything is intended: what goes wrong is an ordinary failure of the stage.
    pub(super) async fn look_before(&mut self, verify: &Verify) -> Result<Seen, Stop> {
        let seen = self.look(verify).await?;
        self.note_seen(&seen, "before");
        Ok(seen)
    }

    /// Verifies in a fresh session after the system has had time to settle, and twice before it says no.
    pub(super) async fn verify_fresh(&mut self, verify: &Verify) -> Result<Seen, Stop> {
        let mut noes = 0;
        let mut readings = 0;
        loop {
            self.leave_system().await;
            self.pause(self.settle_time()).await?;
            let seen = match self.look_fresh(verify).await {
                Ok(seen) => seen,
                Err(stop @ (Stop::Store(_) | Stop::CircuitOpen(_))) => return Err(stop),
                // The system is down: what is intended stays so, and is looked for when the system is back.
                Err(stop) => match self.report::<Seen>(Err(stop)).await {
                    Err(stop @ (Stop::Store(_) | Stop::CircuitOpen(_))) => return Err(stop),
                    Err(stop) => Seen::Unknown(self.redactor().redact(&stop.message())),
                    Ok(seen) => seen,
                },
            };
            self.note_seen(&seen, "fresh");
            readings += 1;
            match seen {
                Seen::No if noes == 0 => noes += 1,
                Seen::Unknown(_) if readings < READINGS && !is_many(&seen) => {}
                seen => return Ok(seen),
            }
        }
    }

    async fn look_fresh(&mut self, verify: &Verify) -> Result<Seen, Stop> {
        if let Some(system) = self.system.clone().filter(|_| self.pages) {
            self.enter_system(&system).await?;
        }
        self.look(verify).await
    }

    /// Does what leads to the answer, and reads it.
    async fn look(&mut self, verify: &Verify) -> Result<Seen, Stop> {
        Box::pin(self.run_steps(&verify.steps)).await?;
        match (&verify.exists, &verify.answer) {
            (Some(exists), None) => self.look_at_page(verify, &exists.value).await,
            (None, Some(answer)) => self.judge_answer(&answer.value),
            _ => Err(Stop::permanent("`verify` behöver antingen `exists` eller `answer`")),
        }
    }

    /// What the steps have read, where no page is looked at. A part of an answer is never a no.
    fn judge_answer(&self, answer: &Answer) -> Result<Seen, Stop> {
        let Some(complete) = &answer.complete else {
            return Ok(Seen::Unknown("`answer` saknar `complete`".into()));
        };
        if !self.holds(complete)? {
            return Ok(Seen::Unknown("svaret är inte helt (`complete` är falskt)".into()));
        }
        let found = self.list(&answer.found)?;
        if found.len() > 1 {
            return Ok(Seen::Unknown(format!("{MANY} ({})", found.len())));
        }
        let expected = answer.is.as_ref().map(|is| self.text(is)).transpose()?;
        let texts = match &expected {
            Some(_) => found.iter().map(expression::text_of).collect::<Result<Vec<_>, _>>().map_err(Stop::permanent)?,
            None => vec![String::new(); found.len()],
        };
        Ok(judge(&texts, expected.as_deref()))
    }

    /// Goes through every page of the list.
    async fn look_at_page(&mut self, verify: &Verify, exists: &Exists) -> Result<Seen, Stop> {
        let Some(when_shown) = &verify.when_shown else {
            return Ok(Seen::Unknown("`verify` saknar `when_shown`".into()));
        };
        let shown = self.targets(when_shown)?;
        let at = self.targets(&exists.at)?;
        let next = exists.next.as_ref().map(|next| self.targets(next)).transpose()?;
        let expected = exists.is.as_ref().map(|is| self.text(is)).transpose()?;
        self.renew(self.timeout()).await?;
        let started = Instant::now();
        let found = match self.every_match(&shown, &at, next.as_deref()).await {
            Err(stop) => Err(self.explained(stop).await),
            found => found,
        };
        self.waited += started.elapsed();
        Ok(judge(&found?, expected.as_deref()))
    }

    /// The texts of the matches on every page of the list.
    async fn every_match(
        &mut self,
        shown: &[Target],
        at: &[Target],
        next: Option<&[Target]>,
    ) -> Result<Vec<String>, Stop> {
        self.session()?.wait_for(&Condition::Shown { targets: shown.to_vec(), is: None }).await?;
        let mut found = Vec::new();
        loop {
            self.matches_on_page(at, &mut found).await?;
            let more = match next {
                Some(next) => self.next_page(next, shown).await?,
                None => false,
            };
            if !more {
                break;
            }
        }
        if self.is_signed_out().await {
            return Err(Stop::SignedOut);
        }
        Ok(found)
    }

    /// The texts of the matches on this page; more than one are counted without being read.
    async fn matches_on_page(&mut self, at: &[Target], found: &mut Vec<String>) -> Result<(), Stop> {
        let session = self.session()?;
        match session.exists(at, None, false).await?.count {
            0 => {}
            1 => found.push(session.read(at, false).await?.0),
            many => found.extend(std::iter::repeat_n(String::new(), many)),
        }
        Ok(())
    }

    pub(super) fn note_seen(&mut self, seen: &Seen, session: &str) {
        let (word, why) = match seen {
            Seen::Yes => ("yes", None),
            Seen::Different => ("different", None),
            Seen::No => ("no", None),
            Seen::Unknown(why) => ("unknown", Some(why.as_str())),
        };
        let event = self.event(EventKind::Verified);
        self.note(event.detail(serde_json::json!({"seen": word, "why": why, "session": session})));
    }

    /// How long the system may still be saving after a lost answer.
    pub(super) fn settle_time(&self) -> Duration {
        let own = self.system.as_ref().and_then(|system| self.app.config.systems.get(system));
        own.map_or(Duration::from_secs(30), |system| system.settle)
    }

    /// Ends the browser of the stage's system.
    pub(super) async fn leave_system(&mut self) {
        if let Some(system) = self.system.clone() {
            self.browsers.end(&system).await;
        }
    }
}

const MANY: &str = "fler än en post passar";

pub(super) fn is_many(seen: &Seen) -> bool {
    matches!(seen, Seen::Unknown(why) if why.starts_with(MANY))
}

fn judge(found: &[String], expected: Option<&str>) -> Seen {
    match (found, expected) {
        ([], _) => Seen::No,
        ([_], None) => Seen::Yes,
        ([text], Some(expected)) if equal(text, expected) => Seen::Yes,
        ([_], Some(_)) => Seen::Different,
        (many, _) => Seen::Unknown(format!("{MANY} ({})", many.len())),
    }
}

/// Equal as text, spaces made equal, or as an amount of money.
fn equal(text: &str, expected: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words(text) == words(expected) {
        return true;
    }
    let amounts = (expression::money::parse(text), expression::money::parse(expected));
    matches!(amounts, (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_match_is_no_and_two_matches_are_unknown() {
        assert_eq!(judge(&[], Some("6 020")), Seen::No);
        assert!(matches!(judge(&["6020".into(), "6020".into()], Some("6 020")), Seen::Unknown(_)));
    }

    #[test]
    fn amounts_are_equal_however_they_are_written() {
        assert_eq!(judge(&["6\u{a0}020,00 kr".into()], Some("6 020")), Seen::Yes);
        assert_eq!(judge(&["6 021,00".into()], Some("6 020")), Seen::Different);
    }
}
