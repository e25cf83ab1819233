//! What steps work with: the scope, the item's record, the browser, the lease, and what has happened so far.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use expression::{Scope, Value};
use serde_json::json;

use super::browsers::{Browsers, Watched};
use super::drain::Drain;
use super::error::Stop;
use super::record::Record;
use crate::app::App;
use crate::bot::{Bot, Named, System, TargetSpec, Targets, Text, Tree};
use crate::browser::{Found, Session, Target, TargetKind};
use crate::model::{Event, EventKind, ItemId};
use crate::screenshots::Screenshots;
use crate::secret::Redactor;
use crate::store::{self, Claim, RunLease, Store};

/// What is held under a lease.
pub(super) enum Held {
    Item(Box<Claim>),
    Run(Box<RunLease>),
}

/// A lease to be prolonged, with what has happened, while what it is for is already done under the lease that is held.
pub(super) struct Renewal {
    item: ItemId,
    token: i64,
    lease: Duration,
    /// When the new lease ends, by the local monotonic clock.
    until: Instant,
    /// Whether it ends before the one that is held.
    shorter: bool,
    watched: Watched,
    pub events: Vec<Event>,
}

impl Renewal {
    /// Writes it down. A browser may never be left a longer lease than the store has: the guard is told of a shorter one
    /// first, and of a longer one when the store has it. False where the guard does not watch every browser any more.
    pub async fn write(&self, store: &Store) -> store::Result<bool> {
        if self.shorter && !self.watched.renew(self.lease).await {
            return Ok(false);
        }
        store.renew_item(&self.item, self.token, self.lease, &self.events).await?;
        Ok(self.shorter || self.watched.renew(self.until.saturating_duration_since(Instant::now())).await)
    }
}

/// What is asked of the store, given up after so long.
pub(super) async fn within<T>(
    limit: Option<Duration>,
    asked: impl Future<Output = store::Result<T>>,
) -> store::Result<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, asked).await.unwrap_or_else(|_| Err(store::Error::silence())),
        None => asked.await,
    }
}

pub(super) const ENDED_BY_GUARD: &str = "webbläsaren avslutades av vakten";

/// The work on one item's stage, or on a run's collecting.
pub(super) struct Work<'a> {
    pub app: &'a App,
    pub bot: &'a Bot,
    pub held: Held,
    pub browsers: &'a mut Browsers,
    pub scope: Scope,
    pub record: Record,
    pub stage: String,
    /// The system of the stage.
    pub system: Option<String>,
    /// Whether the stage shows pages of it: only then it is opened in a browser.
    pub pages: bool,
    /// Within a commit no fallback is used.
    pub committing: bool,
    /// Within sign-in a signed-out page is what is expected.
    pub signing_in: bool,
    /// What happened and is not yet in the store.
    pub events: Vec<Event>,
    /// Whether the worker has been asked to end.
    pub drain: &'a Drain,
    /// What is added to a step's time limit for the lease, in this stage.
    pub lease: Duration,
    /// When the steps of this stage must have come to an end, and how long they had.
    pub stage_limit: Option<(Instant, Duration)>,
    /// When our lease ends, by the local monotonic clock, reckoned from before it was asked for.
    pub deadline: Instant,
    /// Time spent waiting for other systems in this stage.
    pub waited: Duration,
}

impl Work<'_> {
    /// An event about what is held, by the bot.
    pub fn event(&self, kind: EventKind) -> Event {
        let event = Event::new(kind, format!("bot:{}", self.bot.bot.value)).stage(&self.stage);
        match &self.held {
            Held::Item(claim) => event.item(&claim.item),
            Held::Run(lease) => event.run(&lease.run.id, &lease.run.bot),
        }
    }

    /// Notes that something happened.
    pub fn note(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The claim, where an item is held.
    pub fn claim(&self) -> Result<&Claim, Stop> {
        match &self.held {
            Held::Item(claim) => Ok(claim),
            Held::Run(_) => Err(Stop::permanent("steget kan bara göras för ett ärende")),
        }
    }

    /// Prolongs the lease for a step that may take `time`, and writes down what has happened so far.
    pub async fn renew(&mut self, time: Duration) -> Result<(), Stop> {
        let lease = time + self.lease;
        let before = Instant::now();
        // A browser may never be left a longer lease than the store has: the shorter one is told to the guard first.
        let shorter = before + lease < self.deadline;
        let mut watched = !shorter || self.browsers.renew(lease).await;
        let limit = self.silence_limit(lease);
        within(limit, async {
            match &self.held {
                Held::Item(claim) => self.app.store.renew(claim, lease, &self.events).await,
                Held::Run(run) => self.app.store.renew_run(run, lease, &self.events).await,
            }
        })
        .await?;
        self.events.clear();
        self.deadline = before + lease;
        if !shorter {
            watched = self.browsers.renew(self.time_left()).await;
        }
        if watched { Ok(()) } else { Err(Stop::failed(ENDED_BY_GUARD)) }
    }

    /// What is to be written down of an item's step that begins meanwhile, under the lease that is held. None within a
    /// commit, or where no lease is held any more: there the store must answer first.
    pub fn renewal_beside(&mut self, time: Duration) -> Option<Renewal> {
        let now = Instant::now();
        let Held::Item(claim) = &self.held else { return None };
        if self.committing || now >= self.deadline {
            return None;
        }
        let lease = time + self.lease;
        let until = now + lease;
        let shorter = until < self.deadline;
        let renewal = Renewal {
            item: claim.item.id.clone(),
            token: claim.token,
            lease,
            until,
            shorter,
            watched: self.browsers.watched(),
            events: std::mem::take(&mut self.events),
        };
        self.deadline = until;
        Some(renewal)
    }

    /// How long the database may keep silent before an act of the program itself: the guard ends the program when the lease
    /// is over, and nothing has been begun by then.
    pub fn silence_limit(&self, lease: Duration) -> Option<Duration> {
        self.browsers.watches_itself().then(|| self.time_left().min(lease) * 3 / 4)
    }

    /// How long our lease lasts, by the local monotonic clock.
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Writes down that the lease was lost, and what was to be written under it when that was found out.
    pub async fn note_late_write(&self) {
        let (worker, token) = match &self.held {
            Held::Item(claim) => (claim.item.worker.as_deref(), claim.token),
            Held::Run(lease) => (lease.run.worker.as_deref(), lease.token),
        };
        let last = self.events.last();
        let tried = json!({
            "worker": worker,
            "token": token,
            "tried": last.map_or("renew", |event| event.kind.as_str()),
            "step": last.and_then(|event| event.step.as_deref()),
            "detail": last.and_then(|event| event.detail.as_ref()),
        });
        let mut event = self.event(EventKind::LateWrite).detail(tried);
        event.actor = format!("worker:{}", worker.unwrap_or_default());
        if let Err(error) = self.app.store.append(&[event]).await {
            tracing::warn!(%error, "failed to write down that a late write was refused");
        }
    }

    /// The time limit of a step in the present system.
    pub fn timeout(&self) -> Duration {
        let own = self.system.as_ref().and_then(|system| self.app.config.systems.get(system));
        own.map_or(Duration::from_secs(20), |system| system.timeout)
    }

    /// Waits for a condition's time under a lease that is kept.
    pub async fn pause(&mut self, time: Duration) -> Result<(), Stop> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.waited += time;
                return Ok(());
            }
            self.renew(Duration::from_secs(10)).await?;
            tokio::time::sleep(left.min(Duration::from_secs(5))).await;
        }
    }

    /// The browser of the stage's system.
    pub fn session(&mut self) -> Result<&mut Session, Stop> {
        let system = self.system.clone().ok_or_else(|| Stop::permanent("steget behöver ett system: skriv `on:`"))?;
        self.browsers.get(&system).ok_or_else(|| Stop::failed("webbläsaren är borta"))
    }

    /// What a text says now.
    pub fn text(&self, text: &Text) -> Result<String, Stop> {
        Ok(text.template.text(&self.scope)?)
    }

    /// What a text is now, of its own type.
    pub fn value(&self, text: &Text) -> Result<Value, Stop> {
        Ok(text.template.eval(&self.scope)?)
    }

    /// Whether a text is true now; anything but true or false is an error.
    pub fn holds(&self, text: &Text) -> Result<bool, Stop> {
        let value = text.template.eval(&self.scope)?;
        value.as_bool().ok_or_else(|| {
            let kind = expression::kind_name(&value);
            Stop::permanent(format!("villkoret `{}` är varken sant eller falskt ({kind})", text.source()))
        })
    }

    /// The elements of the list that a text is now.
    pub fn list(&self, text: &Text) -> Result<Vec<Value>, Stop> {
        let value = self.value(text)?;
        value.as_list().map(<[Value]>::to_vec).ok_or_else(|| {
            let kind = expression::kind_name(&value);
            Stop::permanent(format!("`{}` är ingen lista ({kind})", text.source()))
        })
    }

    /// What a tree is now.
    pub fn tree(&self, tree: &Tree) -> Result<Value, Stop> {
        Ok(match tree {
            Tree::Text(text) => self.value(text)?,
            Tree::Plain(json) => expression::from_json(json),
            Tree::List(list) => list.iter().map(|one| self.tree(one)).collect::<Result<Vec<Value>, _>>()?.into(),
            Tree::Map(entries) => {
                let mut map = expression::Map::new();
                for (name, value) in entries {
                    map.insert(name.value.as_str().into(), self.tree(value)?);
                }
                map.into()
            }
        })
    }

    /// The targets as they are on the page now.
    pub fn targets(&self, targets: &Targets) -> Result<Vec<Target>, Stop> {
        targets.0.iter().map(|target| self.target(&target.value)).collect()
    }

    fn target(&self, spec: &TargetSpec) -> Result<Target, Stop> {
        let kind = match spec {
            TargetSpec::Field(_) => TargetKind::Field,
            TargetSpec::Button(_) => TargetKind::Button,
            TargetSpec::Link(_) => TargetKind::Link,
            TargetSpec::Cell(_) => TargetKind::Cell,
            TargetSpec::Table(_) => TargetKind::Table,
            TargetSpec::Text(_) => TargetKind::Text,
            TargetSpec::Css(_) => TargetKind::Css,
            TargetSpec::Xpath(_) => TargetKind::Xpath,
        };
        let Named { name, row, column, table } = spec.parts().1;
        let text = |text: &Option<Text>| text.as_ref().map(|text| self.text(text)).transpose();
        let mut target = Target::new(kind, text(name)?.unwrap_or_default());
        (target.row, target.column, target.table) = (text(row)?, text(column)?, text(table)?);
        Ok(target)
    }

    /// Notes a fallback that was used.
    pub fn drift(&mut self, step: &str, found: Found) {
        if found.is_drift() {
            let mut event = self.event(EventKind::Drift).detail(json!({"fallback": found.index}));
            event.step = Some(step.to_owned());
            self.note(event);
        }
    }

    /// Gives a name of the stage, or a field of the item, a value.
    pub fn assign(&mut self, path: &str, value: &Value) -> Result<(), Stop> {
        match path.strip_prefix("item.") {
            Some(field) => {
                self.record.set(&self.bot.item.fields, field, value).map_err(Stop::permanent)?;
                self.scope.set("item", self.record.as_item(&self.bot.item.fields));
            }
            None => self.scope.set(path, value.clone()),
        }
        Ok(())
    }

    /// What masks secrets and this item's personal values.
    pub fn redactor(&self) -> Redactor {
        self.app.redactor(&self.record.personal_texts(&self.bot.item.fields))
    }

    /// How the present system is signed in to.
    pub fn system_file(&self, system: &str) -> Result<System, Stop> {
        let file = self.app.config.system_file(system);
        System::load(&file).map_err(|problems| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            Stop::permanent(format!("systemets fil kan inte läsas: {first}"))
        })
    }

    /// Keeps a picture of the page with personal values masked; that it can't be taken stops nothing.
    pub async fn screenshot(&mut self, why: &str) {
        let values = self.values_to_cover();
        let started = Instant::now();
        let Ok(session) = self.session() else { return };
        let picture = session.screenshot(&[], &values).await;
        self.waited += started.elapsed();
        let Ok(picture) = picture else { return };
        if let Ok(name) = Screenshots::of(&self.app.config.data()).keep(&picture) {
            let event = self.event(EventKind::Screenshot).detail(json!({"file": name, "why": why}));
            self.note(event);
        }
    }

    /// What is covered in pictures: the item's personal values, and what was suggested and decided because of them.
    fn values_to_cover(&self) -> Vec<String> {
        let mut texts = self.record.personal_texts(&self.bot.item.fields);
        for name in ["suggestion", "decision"] {
            texts.extend(self.scope.get(name).map(super::record::amounts).unwrap_or_default());
        }
        let decision = self.scope.get("decision").and_then(Value::as_record);
        let reason = decision.and_then(|decision| decision.get("reason")).and_then(expression::as_text);
        texts.extend(reason);
        texts
    }

    /// A path of the bot's folder, or an absolute one that a step gave.
    pub fn file(&self, path: &str) -> PathBuf {
        self.bot.folder.join(path)
    }
}
