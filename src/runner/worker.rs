//! A worker: claims runs and items and works on them, until it is told to stop or nothing is left.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::browsers::{Browsers, journal};
use super::{item, lives, run};
use crate::app::App;
use crate::bot::Bot;
use crate::browser::{Guard, end_orphans};
use crate::model::{RunId, RunState};
use crate::script;
use crate::store::{self, Error, RunLease};

/// How a worker is to work.
#[derive(Debug, Clone, Default)]
pub struct WorkerOptions {
    /// What it is called in the store and the log.
    pub name: String,
    /// Shows the browser.
    pub headed: bool,
    /// Ends when nothing is left to do; waiting for a person does not count.
    pub until_done: bool,
    /// The program that has the `guard` command; this program when empty.
    pub guard: PathBuf,
}

impl WorkerOptions {
    /// A worker called by its machine and process.
    pub fn named() -> Self {
        let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        Self { name: format!("{}:{}", host.trim(), std::process::id()), ..Self::default() }
    }
}

/// Works on runs and items.
pub struct Worker {
    app: Arc<App>,
    options: WorkerOptions,
    guard: Arc<Guard>,
    stop: AtomicBool,
    wake: Notify,
}

impl Worker {
    /// A worker with its guard. Browsers that an earlier life left running are ended first.
    pub async fn start(app: Arc<App>, options: WorkerOptions) -> anyhow::Result<Arc<Self>> {
        let ended = end_orphans(&journal(&app.config)).await;
        if ended > 0 {
            tracing::info!(ended, "ended browsers left by an earlier life");
        }
        let freed = lives::bury(&app.config.data(), &app.store).await?;
        if freed > 0 {
            tracing::info!(freed, "freed what workers that have died held");
        }
        lives::note(&app.config.data(), &options.name)?;
        let program =
            if options.guard.as_os_str().is_empty() { std::env::current_exe()? } else { options.guard.clone() };
        let guard = Arc::new(Guard::start(&program, &journal(&app.config))?);
        Ok(Arc::new(Self { app, options, guard, stop: AtomicBool::new(false), wake: Notify::new() }))
    }

    /// Asks the worker to stop when the items in hand have come to an end or to a wait.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.wake.notify_waiters();
    }

    /// Works, with as many items at a time as the configuration says.
    pub async fn work(self: &Arc<Self>) -> store::Result<()> {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..self.app.config.worker.sessions.max(1) {
            let worker = Arc::clone(self);
            tasks.spawn(async move { Box::pin(worker.task(number)).await });
        }
        while let Some(result) = tasks.join_next().await {
            result.map_err(|error| Error::Corrupt(format!("a worker task ended: {error}")))??;
        }
        Ok(())
    }

    async fn task(&self, number: usize) -> store::Result<()> {
        let name = format!("{}/{number}", self.options.name);
        let mut browsers = Browsers::new(Arc::clone(&self.guard), self.options.headed);
        let mut collected: BTreeMap<RunId, RunLease> = BTreeMap::new();
        while !self.stop.load(Ordering::SeqCst) {
            let busy = match Box::pin(self.turn(&name, &mut browsers, &mut collected)).await {
                Ok(busy) => busy,
                Err(error) if is_passing(&error) => {
                    tracing::warn!(%error, "the store did not take a change");
                    browsers.end_all().await;
                    false
                }
                Err(error) => {
                    browsers.end_all().await;
                    return Err(error);
                }
            };
            if !busy {
                if self.options.until_done && !self.app.store.anything_to_do().await? {
                    break;
                }
                // Nothing to do: a browser is not held without a lease.
                browsers.end_all().await;
                drop(tokio::time::timeout(self.app.config.worker.poll, self.wake.notified()).await);
            }
        }
        browsers.end_all().await;
        Ok(())
    }

    /// One piece of work, if there is any.
    async fn turn(
        &self,
        name: &str,
        browsers: &mut Browsers,
        collected: &mut BTreeMap<RunId, RunLease>,
    ) -> store::Result<bool> {
        self.end_runs(collected).await?;
        if self.collect_next(name, browsers, collected).await? {
            return Ok(true);
        }
        let worker = &self.app.config.worker;
        let lease = worker.lease;
        let Some(claim) = self.app.store.claim_item(name, lease, worker.margin).await? else { return Ok(false) };
        browsers.renew(lease).await;
        match self.bot_of(&claim).await? {
            Ok(bot) => Box::pin(item::work_on(&self.app, &bot, claim, browsers)).await?,
            Err(why) => {
                let finish = store::Finish::new(crate::model::ItemState::Failed).because("bot", why);
                self.app.store.finish(&claim, &finish, &claim.item.fields.0, &[]).await?;
            }
        }
        Ok(true)
    }

    /// Claims a run and collects its work.
    async fn collect_next(
        &self,
        name: &str,
        browsers: &mut Browsers,
        collected: &mut BTreeMap<RunId, RunLease>,
    ) -> store::Result<bool> {
        let lease = self.app.config.worker.lease + Duration::from_secs(30);
        let Some(held) = self.app.store.claim_run(name, lease).await? else { return Ok(false) };
        browsers.renew(lease).await;
        let bot = match script::bot_of(&self.app.store, &self.app.config, &held.run, 1).await? {
            Ok(bot) => bot,
            Err(why) => {
                self.app.store.end_run(&held, RunState::Failed, Some(&why), &[]).await?;
                return Ok(true);
            }
        };
        if !held.run.collected && held.run.stop_at.is_none() {
            Box::pin(run::collect(&self.app, &bot, &held, browsers)).await?;
        }
        collected.insert(held.run.id.clone(), held);
        Ok(true)
    }

    /// Keeps the leases of runs in progress and ends those with nothing left to do.
    async fn end_runs(&self, collected: &mut BTreeMap<RunId, RunLease>) -> store::Result<()> {
        let lease = self.app.config.worker.lease + Duration::from_secs(30);
        let mut over = Vec::new();
        for (id, held) in &*collected {
            let result = if self.app.store.nothing_ready(id).await? {
                over.push(id.clone());
                self.app.store.end_run(held, RunState::Done, None, &[]).await
            } else {
                self.app.store.renew_run(held, lease, &[]).await
            };
            match result {
                Ok(()) => {}
                Err(Error::LeaseLost) => over.push(id.clone()),
                Err(error) => return Err(error),
            }
        }
        for id in &over {
            collected.remove(id);
        }
        Ok(())
    }

    /// The bot by the script that the item's run is held to.
    async fn bot_of(&self, claim: &store::Claim) -> store::Result<Result<Bot, String>> {
        let run = self.app.store.run(&claim.item.run).await?;
        let run = run.ok_or_else(|| Error::Missing(format!("körningen {}", claim.item.run)))?;
        script::bot_of(&self.app.store, &self.app.config, &run, claim.item.attempt).await
    }
}

/// Whether the worker can go on after this failure of the store.
fn is_passing(error: &Error) -> bool {
    matches!(error, Error::LeaseLost | Error::Database(_) | Error::NotAllowed { .. })
}
