//! When what SQLite has committed is on disk: one wait for the disk for everybody who waits at the same time.
//!
//! SQLite itself waits while it holds the lock for writing, once for each commit. Here a commit only writes to the log
//! beside the database (`-wal`), lets the next writer in, and then waits for the log to be on disk; those who come
//! while one wait is going on share the next.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use super::{Error, Result};

/// The disk under one database file.
#[derive(Debug)]
pub(super) struct Disk {
    log: PathBuf,
    /// How many commits have been made that want to be on disk.
    asked: AtomicU64,
    reached: Mutex<Reached>,
}

#[derive(Debug, Default)]
struct Reached {
    /// How many of them are on disk.
    commits: u64,
    /// What is not on disk after a failure may be forgotten by the system: nothing is believed after it.
    failed: Option<(io::ErrorKind, String)>,
    /// The log's name in its folder is on disk.
    named: bool,
}

impl Disk {
    /// The disk under this database file.
    pub fn of(database: &Path) -> Self {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        Self { log: log.into(), asked: AtomicU64::new(0), reached: Mutex::default() }
    }

    /// Waits until what has been committed is on disk.
    pub async fn reach(self: Arc<Self>) -> Result<()> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut reached = self.reached.lock().await;
        if let Some((kind, text)) = &reached.failed {
            return Err(self.error(io::Error::new(*kind, text.clone())));
        }
        if reached.commits >= mine {
            return Ok(());
        }
        let commits = self.asked.load(Ordering::SeqCst);
        let (log, named) = (self.log.clone(), reached.named);
        let synced = tokio::task::spawn_blocking(move || sync(&log, named)).await;
        match synced.map_err(io::Error::other).flatten() {
            Ok(()) => {
                reached.commits = commits;
                reached.named = true;
                Ok(())
            }
            Err(error) => {
                reached.failed = Some((error.kind(), error.to_string()));
                Err(self.error(error))
            }
        }
    }

    fn error(&self, error: io::Error) -> Error {
        Error::File { file: self.log.clone(), error }
    }
}

fn sync(log: &Path, named: bool) -> io::Result<()> {
    match File::open(log) {
        Ok(file) => file.sync_data()?,
        // Nobody has the database open, and whoever closed it last moved all of the log into it, on disk.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    match log.parent().filter(|folder| !named && !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_disk_that_failed_once_is_not_believed_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("kollega.db");
        let log = folder.path().join("kollega.db-wal");
        let disk = Arc::new(Disk::of(&database));
        Arc::clone(&disk).reach().await.expect("no log: nothing to wait for");
        // What a directory can't do: be opened and synced as the log is.
        std::os::unix::fs::symlink("/dev/null/nothing", &log).expect("a link");
        assert!(Arc::clone(&disk).reach().await.is_err());
        std::fs::remove_file(&log).expect("removed");
        assert!(disk.reach().await.is_err());
    }

    #[tokio::test]
    async fn waits_at_the_same_time_are_shared() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("kollega.db-wal"), "log").expect("a log");
        let disk = Arc::new(Disk::of(&folder.path().join("kollega.db")));
        let mut waits = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let disk = Arc::clone(&disk);
            waits.spawn(async move { disk.reach().await });
        }
        for wait in waits.join_all().await {
            wait.expect("on disk");
        }
        assert_eq!(disk.reached.lock().await.commits, 100);
    }
}
