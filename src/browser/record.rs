//! What is on disk about each session, so that it can be ended by whoever comes after.
//!
//! A record says how to end a session and nothing else: no address, no name of a person, no capability.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use tokio::time::{Instant, sleep};

use super::process::{self, Process};
use super::remote;

/// Between two tries to end a session at an endpoint that does not answer.
const AGAIN: Duration = Duration::from_secs(2);

/// How long it is tried. A Grid has by then ended an idle session by itself: in five minutes, unless it is told otherwise.
const PATIENCE: Duration = Duration::from_mins(10);

/// How to find and end one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Our own id of the session, and the mark in the environment of its processes.
    pub id: String,
    /// The base address of the driver; empty until it is known.
    pub endpoint: String,
    /// The driver's id of the session; empty until it is made.
    pub session: String,
    /// The driver and the browser were started on this machine.
    pub local: bool,
    /// The chromedriver we started; it leads the process group that the browser is in.
    pub driver: Option<Process>,
    /// The browser, by the process id that the driver told.
    pub browser: Option<Process>,
    /// The program that holds the session.
    pub owner: Option<Process>,
    /// No browser acts but the owner itself: the owner is what is ended, for as long as the record's file is there.
    #[serde(default)]
    pub itself: bool,
    /// The machine that the process ids belong to.
    pub machine: String,
    /// The boot of the machine that the process ids belong to.
    pub boot: String,
    /// The folder with the browser's profile and temporary files.
    pub scratch: PathBuf,
    /// The file this record is kept in.
    pub file: PathBuf,
}

impl SessionRecord {
    /// The record of a session about to be made, held by this program.
    pub(super) fn begin(journal: &Path, label: &str, local: bool) -> Self {
        let id = process::new_id();
        let label: String = label.chars().filter(|c| c.is_alphanumeric() || *c == '-').take(40).collect();
        Self {
            endpoint: String::new(),
            session: String::new(),
            local,
            driver: None,
            browser: None,
            owner: Process::own(),
            itself: false,
            machine: process::machine(),
            boot: process::boot(),
            scratch: journal.join(format!("{id}.tmp")),
            file: journal.join(format!("{label}-{id}.json")),
            id,
        }
    }

    /// The record of an act that this program is about to make itself, kept until [`Self::forget`].
    pub fn of_itself(journal: &Path) -> std::io::Result<Self> {
        let record = Self { itself: true, ..Self::begin(journal, "itself", true) };
        record.save()?;
        Ok(record)
    }

    /// Writes it, whole or not at all, readable by this account only.
    pub(super) fn save(&self) -> std::io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let beside = self.file.with_extension("new");
        let mut options = fs::OpenOptions::new();
        let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_data()?;
        fs::rename(&beside, &self.file)
    }

    /// Ends the processes of a local session; false when it can't be known that they are gone.
    pub(super) fn end_processes(&self) -> bool {
        if self.machine != process::machine() {
            return false;
        }
        if self.boot != process::boot() {
            return true;
        }
        if self.itself {
            return self.end_owner();
        }
        let roots: Vec<Process> = self.driver.into_iter().chain(self.browser).collect();
        process::end_all(&roots, &self.id)
    }

    /// Ends the program that is in the middle of an act of its own. An act of this very program is left to it: it comes
    /// to its end, or the guard ends the program.
    fn end_owner(&self) -> bool {
        match self.owner.filter(|_| self.file.exists()) {
            Some(owner) if Process::own() == Some(owner) => false,
            Some(owner) => {
                tracing::warn!(
                    pid = owner.pid,
                    "a worker is ended: its lease was over in the middle of an act of its own"
                );
                process::end_one(owner)
            }
            None => true,
        }
    }

    /// Whether its processes are on another machine, or were begun before this one was started again as another.
    pub fn is_elsewhere(&self) -> bool {
        self.local && self.machine != process::machine()
    }

    /// Removes what the session left on disk: the profile may hold what pages showed.
    pub fn forget(&self) {
        // A process that was killed a moment ago may still be writing; the second try meets an empty house.
        if self.scratch.exists() && fs::remove_dir_all(&self.scratch).is_err() {
            drop(fs::remove_dir_all(&self.scratch));
        }
        drop(fs::remove_file(&self.file));
    }

    /// The program that held it is gone.
    fn is_orphan(&self) -> bool {
        let here = self.machine == process::machine();
        here && (self.boot != process::boot() || !self.owner.is_some_and(Process::is_alive))
    }
}

/// Ends a recorded session whoever holds it: its processes here, or `DELETE` at the remote endpoint.
///
/// True when nothing of it is left, or when the remote endpoint answered that it is gone; the record is then removed.
/// False when that can't be known: a browser that ran on another machine, which only its own guard ends there, or an
/// endpoint that does not answer for the node that had it.
pub async fn end_recorded(record: &SessionRecord) -> bool {
    let ended = if record.local {
        let record = record.clone();
        tokio::task::spawn_blocking(move || record.end_processes()).await.unwrap_or(false)
    } else {
        Box::pin(remote::delete(&record.endpoint, &record.session)).await
    };
    if ended {
        record.forget();
    }
    ended
}

/// Ends a recorded session, and asks a remote endpoint that is away until it answers that the session is gone.
pub(super) async fn end_surely(record: SessionRecord) -> bool {
    let until = Instant::now() + PATIENCE;
    loop {
        if end_recorded(&record).await {
            return true;
        }
        if record.local || Instant::now() >= until {
            return false;
        }
        sleep(AGAIN).await;
    }
}

/// Ends all sessions in `journal` whose holder is gone, from a life before this one; how many that were.
pub async fn end_orphans(journal: &Path) -> usize {
    let mut ended = 0;
    for record in recorded(journal).into_iter().filter(SessionRecord::is_orphan) {
        if end_recorded(&record).await {
            ended += 1;
        } else {
            tracing::warn!(session = record.id, "failed to end a browser session from an earlier life");
        }
    }
    ended
}

/// Every session recorded in `journal`.
fn recorded(journal: &Path) -> Vec<SessionRecord> {
    let Ok(entries) = fs::read_dir(journal) else { return Vec::new() };
    let files =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json"));
    files.filter_map(|path| serde_json::from_slice(&fs::read(path).ok()?).ok()).collect()
}
