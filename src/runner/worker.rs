//! A worker: claims runs and items and works on them, until it is told to stop or nothing is left.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::browsers::{Browsers, journal};
use super::drain::Drain;
use super::unread::Unread;
use super::{circuit, item, lives, run};
use crate::app::App;
use crate::bot::Bot;
use crate::browser::{Guard, end_orphans};
use crate::model::{Node, RunId, RunState, new_id};
use crate::script;
use crate::store::{self, Claimant, Error, RunLease, Waits, Whose};

/// How often, beside the items, it is looked at the runs, and whether an open circuit's secrets have been changed.
const NOTICE: Duration = Duration::from_secs(1);

/// How a worker is to work.
#[derive(Debug, Clone, Default)]
pub struct WorkerOptions {
    /// What it is called in the store and the log.
    pub name: String,
    /// Whose work is done; as the configuration says when empty.
    pub pools: Vec<String>,
    /// How many items are worked on at the same time; as the configuration says when none.
    pub sessions: Option<usize>,
    /// Whether it works beside a scheduler and a console, in `kollega serve`.
    pub serves: bool,
    /// Shows the browser.
    pub headed: bool,
    /// Ends when nothing is left to do soon; waiting for a person does not count.
    pub until_done: bool,
    /// The one run whose end is waited for then, whatever else its pool has.
    pub run: Option<RunId>,
    /// The program that has the `guard` command; this program when empty.
    pub guard: PathBuf,
}

impl WorkerOptions {
    /// A worker called by its machine and process, and by a word of chance: machines that are copies of each other may
    /// have the same name.
    pub fn named() -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let id = new_id().to_lowercase();
        let name = format!("{}:{}-{}", host.trim(), std::process::id(), &id[id.len() - 4..]);
        Self { name, ..Self::default() }
    }
}

/// Works on runs and items.
pub struct Worker {
    app: Arc<App>,
    options: WorkerOptions,
    guard: Arc<Guard>,
    drain: Drain,
    unread: Unread,
}

/// How often a node says that it is at work.
const BEAT: Duration = Duration::from_secs(5);

impl Worker {
    /// A worker with its guard. Browsers that an earlier life left running are ended first.
    pub async fn start(app: Arc<App>, mut options: WorkerOptions) -> anyhow::Result<Arc<Self>> {
        if options.pools.is_empty() {
            options.pools.clone_from(&app.config.worker.pools);
        }
        anyhow::ensure!(!options.pools.is_empty(), "worker.pools är tom: skriv till exempel pools = [\"default\"]");
        if let Some(wrong) = options.pools.iter().find(|name| !Bot::is_pool(name)) {
            anyhow::bail!("`{wrong}` kan inte vara namnet på en pool: skriv små bokstäver, siffror och bindestreck");
        }
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
        Ok(Arc::new(Self { app, options, guard, drain: Drain::new(), unread: Unread::default() }))
    }

    /// Asks the worker to end: it takes nothing new, does the stages in hand and lets go of their items, within
    /// `worker.drain`.
    pub fn stop(self: &Arc<Self>) {
        if self.drain.has_begun() {
            return;
        }
        self.drain.begin();
        let worker = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(worker.app.config.worker.drain).await;
            worker.drain.hurry();
        });
    }

    /// Asks the worker to end without waiting for anything: browsers are ended, and what is in the middle of a commit is
    /// left to be taken over and verified.
    pub fn hurry(&self) {
        self.drain.begin();
        self.drain.hurry();
    }

    /// Works, with as many items at a time as the configuration says. A worker whose guard has died ends: it could begin
    /// nothing, and every item it took would fail.
    pub async fn work(self: &Arc<Self>) -> anyhow::Result<()> {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..self.sessions() {
            let worker = Arc::clone(self);
            tasks.spawn(async move { Box::pin(worker.task(number)).await });
        }
        let beating = {
            let worker = Arc::clone(self);
            tokio::spawn(async move { worker.beat().await })
        };
        let mut ended = Ok(());
        while let Some(result) = tasks.join_next().await {
            let result = result.map_err(|error| Error::Corrupt(format!("a worker task ended: {error}"))).flatten();
            if ended.is_ok() {
                ended = result;
            }
        }
        beating.abort();
        self.leave().await;
        ended?;
        anyhow::ensure!(!self.guard.has_ended().await, "arbetarens vakt har dött: arbetaren måste startas igen");
        Ok(())
    }

    fn sessions(&self) -> usize {
        self.options.sessions.unwrap_or(self.app.config.worker.sessions).max(1)
    }

    /// Says again and again that it is at work, for people to see; nothing hangs on it.
    async fn beat(&self) {
        let mut node = Node {
            name: self.options.name.clone(),
            kind: if self.options.serves { "serve" } else { "worker" }.into(),
            pools: serde_json::json!(self.options.pools).to_string(),
            sessions: i64::try_from(self.sessions()).unwrap_or(i64::MAX),
            version: env!("CARGO_PKG_VERSION").into(),
            secrets: String::new(),
            bots: String::new(),
            unreadable: String::new(),
            draining: false,
            started_at: String::new(),
            seen_at: String::new(),
        };
        loop {
            node.draining = self.drain.has_begun();
            node.secrets = self.app.secrets_fingerprint();
            match self.say(&mut node).await {
                Ok(()) => self.app.outage.is_over(),
                Err(error) if self.app.outage.is_why(&error) => {}
                Err(error) => tracing::warn!(%error, "failed to say that this node is at work"),
            }
            if node.draining {
                tokio::time::sleep(BEAT).await;
            } else {
                drop(tokio::time::timeout(BEAT, self.drain.begins()).await);
            }
        }
    }

    /// Says it, with the bots that it has, and can't read, now.
    async fn say(&self, node: &mut Node) -> store::Result<()> {
        self.unread.look(&self.app).await?;
        node.bots = script::fingerprint(&self.app.config);
        node.unreadable = serde_json::json!(self.unread.told()).to_string();
        self.app.store.beat(node).await
    }

    /// Lets go of what is left in hand; the browsers are ended.
    async fn leave(&self) {
        let name = &self.options.name;
        match self.app.store.release(name).await {
            Ok(0) => {}
            Ok(released) => tracing::info!(released, "let go of items in the middle of a stage"),
            Err(error) => {
                tracing::warn!(%error, "failed to let go of items: they are taken over when their leases end");
            }
        }
        if let Err(error) = self.app.store.leave(name).await {
            tracing::warn!(%error, "failed to say that this node has ended");
        }
    }

    async fn task(&self, number: usize) -> store::Result<()> {
        let name = format!("{}/{number}", self.options.name);
        let mut browsers = Browsers::new(Arc::clone(&self.guard), self.options.headed);
        let mut collected: BTreeMap<RunId, RunLease> = BTreeMap::new();
        let mut noticed = Instant::now();
        let (mut busy, mut looked) = (false, Instant::now());
        let mut ended = Ok(());
        while !self.drain.has_begun() && !self.guard.has_ended().await {
            // Between two items there is no need to look at the runs each time.
            let looks = !busy || looked.elapsed() >= NOTICE;
            if looks {
                looked = Instant::now();
            }
            let turn = tokio::select! {
                turn = Box::pin(self.turn(&name, &mut browsers, &mut collected, looks)) => turn,
                () = self.drain.hurries() => break,
            };
            busy = match turn {
                Ok(busy) => {
                    self.app.outage.is_over();
                    busy
                }
                Err(error) if is_passing(&error) => {
                    if !self.app.outage.is_why(&error) {
                        tracing::warn!(%error, "the store did not take a change");
                    }
                    browsers.end_all().await;
                    false
                }
                Err(error) => {
                    ended = Err(error);
                    break;
                }
            };
            if noticed.elapsed() >= NOTICE {
                noticed = Instant::now();
                if let Err(error) = circuit::notice_new_secrets(&self.app).await
                    && !self.app.outage.is_why(&error)
                {
                    tracing::warn!(%error, "failed to look for new secrets");
                }
            }
            // Nothing to do is known only when the runs were looked at, too. A run may be over while others' items are left.
            if looks && self.options.until_done && (!busy || self.options.run.is_some()) && self.nothing_to_do().await {
                break;
            }
            if !busy && looks {
                // Nothing to do: a browser is not held without a lease.
                browsers.end_all().await;
                drop(tokio::time::timeout(self.app.config.worker.poll, self.drain.begins()).await);
            }
        }
        browsers.end_all().await;
        ended
    }

    /// The items that it leaves to a later time.
    pub async fn waits(&self) -> store::Result<Option<Waits>> {
        self.app.store.waits(self.whose(), false).await
    }

    /// What is waited for.
    fn whose(&self) -> Whose<'_> {
        self.options.run.as_ref().map_or(Whose::Pools(&self.options.pools), Whose::Run)
    }

    async fn nothing_to_do(&self) -> bool {
        match self.app.store.anything_to_do(self.whose(), &self.unread.keys()).await {
            Ok(anything) => !anything,
            // Nobody can tell: it is asked again.
            Err(error) => {
                self.app.outage.is_why(&error);
                false
            }
        }
    }

    /// One piece of work, if there is any; of the runs, too, when it `looks`.
    async fn turn(
        &self,
        name: &str,
        browsers: &mut Browsers,
        collected: &mut BTreeMap<RunId, RunLease>,
        looks: bool,
    ) -> store::Result<bool> {
        if looks {
            self.end_runs(collected).await?;
            if self.collect_next(name, browsers, collected).await? {
                return Ok(true);
            }
        }
        let except = self.unread.keys();
        let claimant = self.claimant(name, &except);
        let lease = claimant.lease;
        let Some(claim) = self.app.store.claim_item(&claimant).await? else { return Ok(false) };
        browsers.renew(lease).await;
        let run = self.app.store.run(&claim.item.run).await?;
        let run = run.ok_or_else(|| Error::Missing(format!("körningen {}", claim.item.run)))?;
        match script::bot_of(&self.app.store, &self.app.config, &run, claim.item.attempt).await? {
            Ok(bot) => Box::pin(item::work_on(&self.app, &bot, &self.drain, claim, &run, browsers)).await?,
            Err(why) => self.unread.leave_item(&self.app, name, &claim, &run, &why).await?,
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
        let except = self.unread.keys();
        let mut claimant = self.claimant(name, &except);
        claimant.lease += Duration::from_secs(30);
        let lease = claimant.lease;
        let Some(held) = self.app.store.claim_run(&claimant).await? else { return Ok(false) };
        browsers.renew(lease).await;
        if !held.run.collected && held.run.stop_at.is_none() {
            match script::bot_of(&self.app.store, &self.app.config, &held.run, 1).await? {
                Ok(bot) => Box::pin(run::collect(&self.app, &bot, &self.drain, &held, browsers)).await?,
                Err(why) => {
                    self.unread.leave_run(&self.app, name, &held, &why).await?;
                    return Ok(true);
                }
            }
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

    fn claimant<'a>(&'a self, worker: &'a str, except: &'a [String]) -> Claimant<'a> {
        let own = &self.app.config.worker;
        Claimant { worker, pools: &self.options.pools, except, lease: own.lease, margin: own.margin }
    }
}

/// Whether the worker can go on after this failure of the store.
fn is_passing(error: &Error) -> bool {
    matches!(error, Error::LeaseLost | Error::Database(_) | Error::NotAllowed { .. })
}
