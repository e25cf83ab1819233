//! What acts for one worker task, under the lease: a browser for each system, kept signed in from item to item; or, for
//! a call, a file or a letter, the program itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::browser::{BrowserConfig, Error, Guard, Session, SessionRecord, Target};
use crate::config::Config;

/// The open browsers, by system.
pub(super) struct Browsers {
    sessions: BTreeMap<String, Session>,
    /// There while the program itself acts.
    itself: Option<SessionRecord>,
    guard: Arc<Guard>,
    headed: bool,
}

/// What the guard watches of a worker task.
pub(super) struct Watched {
    guard: Arc<Guard>,
    ids: Vec<String>,
}

impl Watched {
    /// Has the guard wait for `lease` longer; which ones it has ended, or can no longer watch.
    async fn lost(&self, lease: Duration) -> Vec<String> {
        let mut lost = Vec::new();
        for id in &self.ids {
            match self.guard.renew(id, lease).await {
                Ok(true) => {}
                Ok(false) => lost.push(id.clone()),
                Err(error) => {
                    tracing::error!(%error, "the guard does not answer: its browsers are ended");
                    lost.push(id.clone());
                }
            }
        }
        lost
    }

    /// The same; whether none is lost.
    pub async fn renew(&self, lease: Duration) -> bool {
        self.lost(lease).await.is_empty()
    }
}

impl Browsers {
    pub fn new(guard: Arc<Guard>, headed: bool) -> Self {
        Self { sessions: BTreeMap::new(), itself: None, guard, headed }
    }

    /// The browser of a system, if one is open and well.
    pub fn get(&mut self, system: &str) -> Option<&mut Session> {
        self.sessions.get_mut(system).filter(|session| session.is_usable())
    }

    /// Opens a browser for a system, watched by the guard before its first command.
    pub async fn open(
        &mut self,
        config: &Config,
        system: &str,
        masks: Vec<Target>,
        lease: Duration,
    ) -> Result<(), Error> {
        self.end(system).await;
        let session = Box::pin(Session::open(&self.settings(config, system, masks), system)).await?;
        // Without a guard a browser could outlive its lease, so a worker whose guard has died opens none.
        if let Err(error) = self.guard.watch(session.record(), lease).await {
            session.end().await;
            return Err(Error {
                what: "öppna en webbläsare".into(),
                kind: crate::browser::ErrorKind::NotStarted(format!("vakten svarar inte: {error}")),
                acted: false,
            });
        }
        self.sessions.insert(system.to_owned(), session);
        Ok(())
    }

    fn settings(&self, config: &Config, system: &str, masks: Vec<Target>) -> BrowserConfig {
        let driver = &config.webdriver;
        let own = config.systems.get(system);
        let url = own.map(|own| own.webdriver.clone()).filter(|url| !url.is_empty()).unwrap_or(driver.url.clone());
        BrowserConfig {
            url: (!url.is_empty()).then_some(url),
            chromedriver: driver.chromedriver.clone(),
            binary: if self.headed { driver.headed_browser.clone() } else { driver.browser.clone() },
            headed: self.headed,
            arguments: driver.arguments.clone(),
            capabilities: driver.capabilities.clone().into_iter().collect(),
            journal: journal(config),
            timeout: own.map_or(Duration::from_secs(20), |own| own.timeout),
            downloads: config.data().join("downloads"),
            masks,
        }
    }

    /// The program itself is about to act: a browser can be ended from outside when the lease is over, and so must this
    /// program be. Until [`Self::release_itself`] the guard ends it when the lease is not renewed.
    pub async fn watch_itself(&mut self, config: &Config, lease: Duration) -> std::io::Result<()> {
        let record = SessionRecord::of_itself(&journal(config))?;
        let watched = self.guard.watch(&record, lease).await;
        self.itself = Some(record);
        watched
    }

    /// Whether the guard would end this very program.
    pub fn watches_itself(&self) -> bool {
        self.itself.is_some()
    }

    /// The program's own act is over.
    pub async fn release_itself(&mut self) {
        if let Some(record) = self.itself.take() {
            record.forget();
            if let Err(error) = self.guard.release(&record.id).await {
                tracing::warn!(%error, "failed to tell the guard that an act is over");
            }
        }
    }

    /// Has the guard wait for `lease` longer. A browser that the guard has ended, or can no longer watch, is given up;
    /// false when that happened to any.
    pub async fn renew(&mut self, lease: Duration) -> bool {
        let watched = self.watched();
        let given_up = watched.lost(lease).await;
        for id in &given_up {
            let lost = self.sessions.iter().find(|(_, session)| session.record().id == *id);
            if let Some(system) = lost.map(|(system, _)| system.clone())
                && let Some(session) = self.sessions.remove(&system)
            {
                session.end().await;
            }
        }
        given_up.is_empty()
    }

    /// What the guard watches now, for whoever is to renew it while the browsers are in use.
    pub fn watched(&self) -> Watched {
        let records = self.sessions.values().map(Session::record).chain(&self.itself);
        Watched { guard: Arc::clone(&self.guard), ids: records.map(|record| record.id.clone()).collect() }
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// The records of all browsers, for a takeover.
    pub fn records(&self) -> String {
        let records: Vec<&SessionRecord> = self.sessions.values().map(Session::record).chain(&self.itself).collect();
        serde_json::to_string(&records).unwrap_or_else(|_| "[]".into())
    }

    /// Ends a system's browser. One on a Grid that does not answer is left to the guard, which asks until it does.
    pub async fn end(&mut self, system: &str) {
        if let Some(session) = self.sessions.remove(system) {
            let id = session.record().id.clone();
            let ended = session.end().await;
            let told = if ended { self.guard.release(&id).await } else { self.guard.end(&id).await };
            if let Err(error) = told {
                tracing::warn!(%error, "failed to tell the guard that a browser has ended");
            }
        }
    }

    /// Ends every browser.
    pub async fn end_all(&mut self) {
        self.release_itself().await;
        let systems: Vec<String> = self.sessions.keys().cloned().collect();
        for system in systems {
            self.end(&system).await;
        }
    }
}

/// The folder where browsers are recorded before their first command.
pub(super) fn journal(config: &Config) -> PathBuf {
    config.data().join("browsers")
}
