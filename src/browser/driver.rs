//! One chromedriver for one session, in a process group of its own.
//!
//! It starts the process and learns its port; sessions are made elsewhere.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::config::BrowserConfig;
use super::error::ErrorKind;
use super::process::{self, MARK, Process};
use super::record::SessionRecord;

const START_LIMIT: Duration = Duration::from_secs(20);

/// How often it is started where it ends before it has said its port.
const STARTS: usize = 3;

/// A running chromedriver.
pub(super) struct Driver {
    child: Child,
}

impl Driver {
    /// Starts it and writes into `record` which process it is and where it listens.
    pub async fn start(config: &BrowserConfig, record: &mut SessionRecord) -> Result<Self, ErrorKind> {
        process::adopt_orphans();
        std::fs::create_dir_all(&record.scratch).map_err(|error| ErrorKind::File(error.to_string()))?;
        // The record is on disk before the process is there: the mark alone is enough to find it.
        record.save().map_err(|error| ErrorKind::File(error.to_string()))?;
        let mut starts = 0;
        loop {
            starts += 1;
            let mut child = spawn(config, record)?;
            record.driver = child.id().and_then(|id| Process::of(i32::try_from(id).ok()?));
            let stdout = child.stdout.take().ok_or(ErrorKind::DriverGone)?;
            match timeout(START_LIMIT, port_of(stdout)).await {
                Ok(Some(port)) => {
                    record.endpoint = format!("http://127.0.0.1:{port}/");
                    return Ok(Self { child });
                }
                // It takes a free port for IPv4 and gives up when the same one is taken for IPv6: the next is another.
                Ok(None) if starts < STARTS => drop(timeout(Duration::from_secs(2), child.wait()).await),
                _ => return Err(no_port()),
            }
        }
    }

    /// Takes the exit status after the process was ended.
    pub async fn reap(&mut self) {
        drop(timeout(Duration::from_secs(2), self.child.wait()).await);
    }
}

fn spawn(config: &BrowserConfig, record: &SessionRecord) -> Result<Child, ErrorKind> {
    Command::new(&config.chromedriver)
        // Nothing about its log: with `--log-level=OFF` it does not even say its port. What it logs goes nowhere.
        .arg("--port=0")
        .env(MARK, &record.id)
        // The browser's profile is made in here, and goes with the session.
        .env("TMPDIR", &record.scratch)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| ErrorKind::NotStarted(format!("{} startade inte ({error})", config.chromedriver.display())))
}

fn no_port() -> ErrorKind {
    ErrorKind::NotStarted("chromedriver sade inte vilken port den lyssnar på".to_owned())
}

/// Reads the port from what chromedriver says when it is ready, then reads on so that it never blocks on its output.
async fn port_of(stdout: ChildStdout) -> Option<u16> {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((_, port)) = line.rsplit_once("successfully on port ") {
            let port = port.trim_end_matches('.').parse().ok();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return port;
        }
    }
    None
}
