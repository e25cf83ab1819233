//! The bots whose scripts this node can't read. Their work is left, as it is, to nodes that can; the node says which and
//! why, and looks anew each time it says that it is at work.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use super::item;
use crate::app::App;
use crate::model::{Event, EventKind, Run, Unreadable};
use crate::script::{bot_of, fault};
use crate::store::{self, Claim, RunLease};

/// What a run could not be read for, with the attempt that it was read for.
struct Known {
    run: Run,
    attempt: i64,
    unreadable: Unreadable,
}

/// What is known of it, by bot; by run where that is held to an approved script.
#[derive(Default)]
pub(super) struct Unread {
    known: Mutex<BTreeMap<String, Known>>,
}

impl Unread {
    /// The work that is not claimed.
    pub fn keys(&self) -> Vec<String> {
        self.known().keys().cloned().collect()
    }

    /// All of it, as the node tells it.
    pub fn told(&self) -> Vec<Unreadable> {
        self.known().values().map(|known| known.unreadable.clone()).collect()
    }

    /// Lets go of an item whose script can't be read. No session claims such work any more.
    pub async fn leave_item(&self, app: &App, worker: &str, claim: &Claim, run: &Run, why: &str) -> store::Result<()> {
        let event = self.note(worker, run, claim.item.attempt, why).item(&claim.item);
        if claim.taken_over && !item::end_browsers_of(claim).await {
            // Its lease runs out, and it is taken over again.
            return app.store.append(&[event]).await;
        }
        app.store.give_back(claim, app.config.worker.margin, &[event]).await
    }

    /// The same for a run that has not collected.
    pub async fn leave_run(&self, app: &App, worker: &str, held: &RunLease, why: &str) -> store::Result<()> {
        let event = self.note(worker, &held.run, 1, why).run(&held.run.id, &held.run.bot);
        app.store.give_back_run(held, &[event]).await
    }

    /// Looks whether anything can be read again, or is no longer asked for.
    pub async fn look(&self, app: &App) -> store::Result<()> {
        let known: Vec<(String, Run, i64)> =
            self.known().iter().map(|(key, known)| (key.clone(), known.run.clone(), known.attempt)).collect();
        for (key, run, attempt) in known {
            match bot_of(&app.store, &app.config, &run, attempt).await? {
                Ok(_) => {
                    self.known().remove(&key);
                    tracing::info!(bot = run.bot, "the bot can be read again: its work is taken here");
                }
                Err(_) if !app.store.has_work(&run.bot, run.pin.is_some().then_some(&run.id)).await? => {
                    self.known().remove(&key);
                }
                Err(why) => self.put(&key, run, attempt, &why),
            }
        }
        Ok(())
    }

    fn note(&self, worker: &str, run: &Run, attempt: i64, why: &str) -> Event {
        let key = if run.pin.is_some() { &run.id.0 } else { &run.bot };
        self.put(key, run.clone(), attempt, why);
        let node = worker.rsplit_once('/').map_or(worker, |(node, _)| node);
        let detail = json!({"node": node, "why": fault(why)});
        Event::new(EventKind::Unreadable, format!("worker:{worker}")).detail(detail)
    }

    /// Remembers it, and says so in the program's log where that is news.
    fn put(&self, key: &str, run: Run, attempt: i64, why: &str) {
        let why = fault(why);
        let mut all = self.known();
        if all.get(key).is_none_or(|known| known.unreadable.why != why) {
            tracing::warn!(bot = run.bot, why, "the bot can't be read here: its work is left to other nodes");
        }
        let only = run.pin.is_some().then(|| run.id.clone());
        let unreadable = Unreadable { bot: run.bot.clone(), run: only, why: why.to_owned() };
        all.insert(key.to_owned(), Known { run, attempt, unreadable });
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
