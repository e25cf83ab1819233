//! The fence: intent, act once, verify, outcome. A commit is never repeated on hope.
//!
//! Intent (durable) → the lease still ours by the local monotonic clock → act → verify → outcome (durable). An intent
//! without outcome, by this attempt or an earlier one, is settled by verify before anything is done.

use std::time::{Duration, Instant};

use serde_json::json;

use super::circuit::MAIL;
use super::error::Stop;
use super::verify::{Seen, is_many};
use super::work::Work;
use crate::bot::{Action, Mail, OnUncertain, Stage, Step, Steps};
use crate::mail::{Phase, SendError, SendOutcome};
use crate::model::{EventKind, FailureKind, Intent, IntentOutcome};
use crate::store;

/// How long a mail server may take at most: to get ready, and to answer after the final dot.
const LETTER: Duration = Duration::from_mins(3);

/// What the fence came to.
pub(super) enum Fenced {
    /// The commit has taken effect, now or before.
    Done,
    /// Nobody can tell: a person settles it.
    Uncertain(String),
}

/// What is known before anything is done.
pub(super) enum Before {
    /// Nothing stands in the way.
    Free,
    Done,
    Uncertain(String),
}

impl Work<'_> {
    /// Makes the stage's commit once.
    pub(super) async fn commit(&mut self, stage: &Stage, commit: &Steps) -> Result<Fenced, Stop> {
        match commit.0.as_slice() {
            [Step { action: Action::Mail(mail), .. }] => return Box::pin(self.commit_mail(mail)).await,
            [Step { action: Action::WriteFile(file), .. }] => return self.commit_file(stage, file).await,
            _ => {}
        }
        match self.before(stage).await? {
            Before::Done => return Ok(Fenced::Done),
            Before::Uncertain(why) => return Ok(Fenced::Uncertain(why)),
            Before::Free => {}
        }
        self.stage_steps(stage).await?;
        self.picture_before(commit).await?;
        let intended = self.intend(None, self.timeout()).await;
        let acted = match intended {
            Ok(()) => self.act_once(commit).await,
            // Nothing has been begun, and nothing will be.
            Err(stop @ Stop::HandOver { .. }) => return Err(stop),
            Err(stop) => Err(stop),
        };
        match acted {
            Ok(()) => self.settle_after(stage).await,
            Err(stop @ (Stop::Store(_) | Stop::Asked)) => Err(stop),
            Err(stop) => {
                tracing::info!(stage = self.stage, "a commit got no answer");
                self.screenshot("commit_failed").await;
                self.settle_lost(stage, &stop).await
            }
        }
    }

    /// Settles what earlier intents left open, and looks whether what is to be made is there already.
    async fn before(&mut self, stage: &Stage) -> Result<Before, Stop> {
        let claim = self.claim()?;
        let (item, attempt) = (claim.item.id.clone(), claim.item.attempt);
        let intents = self.app.store.intents(&item, &self.stage).await?;
        let Some(verify) = stage.verify.as_ref().map(|verify| &verify.value) else {
            return Err(Stop::permanent("`commit` utan `verify` görs inte"));
        };
        let seen = match intents.last() {
            Some(last) if is_done(last, attempt) => return Ok(Before::Done),
            // A person saw that it was not made, but it may have been made by hand since: it is looked for once. Where the
            // look can't tell, the person's word stands.
            Some(last) if is_settled_as_not_done(last, attempt) => match self.look_before(verify).await? {
                seen @ Seen::Unknown(_) if !is_many(&seen) => return Ok(Before::Free),
                seen => return self.judge_before(seen, false).await,
            },
            Some(_) => self.verify_fresh(verify).await?,
            // Somebody else, or a store that was restored from a copy, may have made it: looking costs one page.
            None => match self.look_before(verify).await? {
                Seen::Unknown(_) => return Err(self.already_there().await?),
                seen => seen,
            },
        };
        self.judge_before(seen, !intents.is_empty()).await
    }

    pub(super) async fn judge_before(&mut self, seen: Seen, intended: bool) -> Result<Before, Stop> {
        match seen {
            Seen::Yes => {
                self.settle(IntentOutcome::Done, "found").await?;
                Ok(Before::Done)
            }
            Seen::Different => Err(self.already_there().await?),
            Seen::No => {
                if intended {
                    self.settle(IntentOutcome::NotDone, "not found, twice").await?;
                }
                Ok(Before::Free)
            }
            Seen::Unknown(why) => {
                self.settle(IntentOutcome::Uncertain, &why).await?;
                Ok(Before::Uncertain(why))
            }
        }
    }

    pub(super) async fn already_there(&mut self) -> Result<Stop, Stop> {
        self.settle(IntentOutcome::AlreadyThere, "something else is there").await?;
        let reason = "I systemet finns redan en post för ärendet, med andra uppgifter.".to_owned();
        Ok(Stop::HandOver { code: "already_there".into(), reason })
    }

    /// A picture of what is about to be saved: of the window that the act begins in.
    async fn picture_before(&mut self, commit: &Steps) -> Result<(), Stop> {
        let Some(Action::Window(window)) = commit.0.first().map(|step| &step.action) else {
            self.screenshot("before_commit").await;
            return Ok(());
        };
        self.renew(self.timeout() * 2).await?;
        self.session()?.enter_window(&window.name.value).await?;
        self.screenshot("before_commit").await;
        Ok(self.session()?.leave_window().await?)
    }

    /// Writes down the intent, durably, with a lease that covers the act.
    pub(super) async fn intend(&mut self, message_id: Option<&str>, time: Duration) -> Result<(), Stop> {
        let event = self.event(EventKind::Intent).detail(json!({"message_id": message_id}));
        self.note(event);
        let before = Instant::now();
        // Never shorter than what the guard has been told.
        let left = self.deadline.saturating_duration_since(before);
        let lease = (time + self.lease).max(left);
        let stage = self.stage.clone();
        let intended = self.app.store.intend(self.claim()?, &stage, message_id, lease, &self.events).await;
        if matches!(intended, Err(store::Error::Asked | store::Error::DelegationEnded)) {
            // There is none: the log must not end with one that nobody answers.
            self.events.pop();
        }
        intended?;
        self.events.clear();
        self.deadline = before + lease;
        if !self.browsers.renew(lease).await {
            return Err(Stop::failed("webbläsaren hade avslutats av vakten före åtgärden"));
        }
        Ok(())
    }

    /// The act itself. A worker that was stopped past its lease does not begin it.
    async fn act_once(&mut self, commit: &Steps) -> Result<(), Stop> {
        let itself = !commit.need_page();
        if itself {
            self.begin_own_act().await?;
        }
        let result = match self.has_lease() {
            Ok(()) => {
                self.committing = true;
                let result = Box::pin(self.run_steps(commit)).await;
                self.committing = false;
                result
            }
            Err(stop) => Err(stop),
        };
        if itself {
            self.browsers.release_itself().await;
        }
        result
    }

    /// The program itself is about to act, under the eyes of the guard and written down with the item: if it is stopped
    /// in the middle, it must not go on when somebody else has taken the item over.
    pub(super) async fn begin_own_act(&mut self) -> Result<(), Stop> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let begun = match self.browsers.watch_itself(&self.app.config, left).await {
            Ok(()) => self.record_browsers().await,
            Err(error) => Err(Stop::failed(format!("vakten svarar inte: {error}"))),
        };
        if begun.is_err() {
            self.browsers.release_itself().await;
        }
        begun
    }

    /// Whether the lease lasts, by the local monotonic clock.
    pub(super) fn has_lease(&self) -> Result<(), Stop> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(Stop::failed("lånet av ärendet hann ta slut före åtgärden"))
    }

    /// The act went through without an error: what does the system say?
    async fn settle_after(&mut self, stage: &Stage) -> Result<Fenced, Stop> {
        let Some(verify) = &stage.verify else { return Err(Stop::permanent("`verify` saknas")) };
        match self.verify_here(&verify.value).await? {
            Seen::Yes => {
                self.settle(IntentOutcome::Done, "seen after the act").await?;
                Ok(Fenced::Done)
            }
            _ => self.settle_lost(stage, &Stop::failed("efter åtgärden syns inte det som väntades")).await,
        }
    }

    /// The answer was lost: a fresh session, after the system's settle time, decides.
    async fn settle_lost(&mut self, stage: &Stage, why: &Stop) -> Result<Fenced, Stop> {
        let Some(verify) = &stage.verify else { return Err(Stop::permanent("`verify` saknas")) };
        match self.verify_fresh(&verify.value).await? {
            Seen::Yes => {
                self.settle(IntentOutcome::Done, "found after a lost answer").await?;
                Ok(Fenced::Done)
            }
            Seen::Different => Err(self.already_there().await?),
            Seen::No => {
                self.settle(IntentOutcome::NotDone, "not found, twice, after a lost answer").await?;
                Err(match why.kind() {
                    Some(kind) => Stop::failed_as(kind, why.message()),
                    None => Stop::failed(why.message()),
                })
            }
            Seen::Unknown(why) => {
                self.settle(IntentOutcome::Uncertain, &why).await?;
                Ok(Fenced::Uncertain(why))
            }
        }
    }

    /// Writes down the outcome, durably, under the lease's token.
    pub(super) async fn settle(&mut self, outcome: IntentOutcome, detail: &str) -> Result<(), Stop> {
        let event = self.event(EventKind::Outcome).detail(json!({"outcome": outcome.as_str(), "detail": detail}));
        self.note(event);
        let stage = self.stage.clone();
        self.app.store.settle(self.claim()?, &stage, outcome, detail, &self.events).await?;
        self.events.clear();
        Ok(())
    }

    /// A mail: it can't be verified, so what has no answer is held, or sent again under the same Message-ID.
    async fn commit_mail(&mut self, mail: &Mail) -> Result<Fenced, Stop> {
        let claim = self.claim()?;
        let (item, attempt) = (claim.item.id.clone(), claim.item.attempt);
        let last = self.app.store.intents(&item, &self.stage).await?.pop();
        let mut message_id = None;
        let mut date = self.app.store.now().await?;
        if let Some(last) = last {
            if is_done(&last, attempt) || last.outcome.as_deref() == Some("done") {
                return Ok(Fenced::Done);
            }
            if last.outcome.as_deref() != Some("not_done") {
                match mail.on_uncertain {
                    // The same letter to the second: a server or a reader can tell that it came twice.
                    OnUncertain::Resend => {
                        date = crate::model::parse_time(&last.at).unwrap_or(date);
                        message_id = last.message_id;
                    }
                    OnUncertain::Hold => return self.hold_mail("brevet kan ha gått iväg utan svar").await,
                }
            }
        }
        let letter = self.letter(mail, message_id, date)?;
        self.pass_circuit(MAIL).await?;
        self.renew(LETTER).await?;
        let mailer = self.mailer()?;
        self.begin_sign_in(MAIL).await?;
        let started = Instant::now();
        let announced = mailer.announce(&letter).await;
        self.waited += started.elapsed();
        let refused = matches!(&announced, Err(SendOutcome::NotSent(error)) if error.is_sign_in_refused());
        if !refused {
            self.end_sign_in(MAIL, announced.is_ok()).await?;
        }
        match announced {
            // Intended only now: a crash before this has sent nothing, and leaves nothing to wonder about.
            Ok(announced) => {
                self.intend(Some(&letter.message_id), LETTER).await?;
                self.begin_letter().await?;
                let started = Instant::now();
                let outcome = announced.deliver().await;
                self.waited += started.elapsed();
                self.browsers.release_itself().await;
                self.report_mail(outcome, &letter.message_id).await
            }
            Err(outcome) => self.report_mail(outcome, &letter.message_id).await,
        }
    }

    /// Settles the mail, and tells the mail server's circuit. Its failures are none of the stage's system.
    async fn report_mail(&mut self, outcome: SendOutcome, message_id: &str) -> Result<Fenced, Stop> {
        let settled = self.settle_mail(outcome, message_id).await;
        if matches!(settled, Ok(Fenced::Uncertain(_))) {
            return settled;
        }
        match self.report_of(MAIL, settled).await {
            Err(stop) if stop.kind().is_some() => Err(Stop::failed(stop.message())),
            reported => reported,
        }
    }

    /// From here on this program sends; what stops it before that has sent nothing, and is no question for a person.
    async fn begin_letter(&mut self) -> Result<(), Stop> {
        let begun = match self.begin_own_act().await {
            Ok(()) => self.has_lease(),
            Err(stop) => Err(stop),
        };
        match begun {
            Err(stop @ Stop::Failed(_)) => {
                self.browsers.release_itself().await;
                self.settle(IntentOutcome::NotDone, "not begun").await?;
                Err(stop)
            }
            begun => begun,
        }
    }

    async fn settle_mail(&mut self, outcome: SendOutcome, message_id: &str) -> Result<Fenced, Stop> {
        match outcome {
            SendOutcome::Sent => {
                let event = self.event(EventKind::Mailed).detail(json!({"message_id": message_id}));
                self.note(event);
                self.settle(IntentOutcome::Done, "the server took it").await?;
                Ok(Fenced::Done)
            }
            SendOutcome::NotSent(error) => {
                self.settle(IntentOutcome::NotDone, &error.phase.to_string()).await?;
                Err(match mail_failure(&error) {
                    Some(kind) => Stop::failed_as(kind, error.to_string()),
                    None => Stop::failed(error.to_string()),
                })
            }
            SendOutcome::Refused(error) => {
                self.settle(IntentOutcome::NotDone, &error.phase.to_string()).await?;
                Err(Stop::HandOver { code: "mail_refused".into(), reason: format!("Brevet togs inte emot: {error}") })
            }
            SendOutcome::Unknown(error) => self.hold_mail(&error.phase.to_string()).await,
        }
    }

    async fn hold_mail(&mut self, why: &str) -> Result<Fenced, Stop> {
        self.settle(IntentOutcome::Uncertain, why).await?;
        Ok(Fenced::Uncertain(why.to_owned()))
    }
}

/// How the mail server failed, where it did.
fn mail_failure(error: &SendError) -> Option<FailureKind> {
    if error.is_sign_in_refused() {
        return Some(FailureKind::SignInRefused);
    }
    matches!(error.phase, Phase::Connect | Phase::Encrypt).then_some(FailureKind::SystemDown)
}

/// Whether this attempt's commit took effect, by verify or by a person who looked.
pub(super) fn is_done(intent: &Intent, attempt: i64) -> bool {
    intent.attempt == attempt && intent.outcome.as_deref() == Some("done")
}

/// Whether a person looked, in this attempt, and saw that it did not take effect. In an attempt before, that says nothing.
pub(super) fn is_settled_as_not_done(intent: &Intent, attempt: i64) -> bool {
    let by_person = intent.detail.as_deref().is_some_and(|detail| detail.starts_with("settled by"));
    by_person && intent.attempt == attempt && intent.outcome.as_deref() == Some("not_done")
}
