//! Browsers on a real Selenium Grid, hub and node: whatever dies or freezes, the browser is ended before anything is
//! verified, and no slot stays taken.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kollega::browser::{BrowserConfig, ErrorKind, Guard, Session, Target};
use kollega::model::EventKind;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::certificate;
use crate::morning::{Morning, PATIENCE, Program, processes};

const PAYMENT: &str = "utbetalning";

/// A hub and a node on this machine; they end with the test.
pub struct Grid {
    folder: TempDir,
    script: Child,
    port: u16,
    scheme: &'static str,
}

impl Grid {
    /// A Grid as it comes, with four slots.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), settings)
    }

    fn start_in(folder: TempDir, settings: &[(&str, &str)]) -> Self {
        let port = four_free_ports();
        let mut script = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/grid"))
            .arg(folder.path().join("grid"))
            .arg(port.to_string())
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("scripts/grid");
        let mut told = BufReader::new(script.stdout.take().expect("what it says")).lines().map_while(Result::ok);
        assert!(told.any(|line| line == "Klar."), "the Grid did not start");
        // It must be able to go on talking.
        std::thread::spawn(move || told.for_each(drop));
        let secure = settings.iter().any(|(name, _)| *name == "KOLLEGA_GRID_CERT");
        Self { folder, script, port, scheme: if secure { "https" } else { "http" } }
    }

    pub fn url(&self) -> String {
        // The certificate of the tests is for this name.
        let host = if self.scheme == "https" { "localhost" } else { "127.0.0.1" };
        format!("{}://{host}:{}", self.scheme, self.port)
    }

    fn config(&self) -> BrowserConfig {
        let mut config = BrowserConfig::local(self.folder.path().join("journal"), self.folder.path().join("downloads"));
        config.url = Some(self.url());
        config.timeout = Duration::from_secs(5);
        config
    }

    async fn open(&self) -> Session {
        Session::open(&self.config(), "övning").await.expect("a browser on the Grid")
    }

    fn guard(&self) -> Guard {
        Guard::start(Path::new(env!("CARGO_BIN_EXE_kollega")), &self.folder.path().join("journal")).expect("a guard")
    }

    /// `kill -9` of the `hub` or the `node`; the script starts it again.
    pub fn kill(&self, name: &str) {
        let pid = std::fs::read_to_string(self.folder.path().join("grid").join(format!("{name}.pid"))).expect("a pid");
        send(pid.trim().parse().expect("a number"), Signal::KILL);
    }

    /// What has died stays dead until the hold is let go of.
    fn hold(&self, held: bool) {
        let file = self.folder.path().join("grid/hold");
        if held { std::fs::write(file, "").expect("a file") } else { std::fs::remove_file(file).expect("the file") }
    }

    /// The sessions in the slots of nodes that are up; none at all while no node is.
    fn sessions(&self) -> Option<BTreeSet<String>> {
        let status = Command::new("curl").args(["-sk", &format!("{}/status", self.url())]).output().expect("curl");
        let status: Value = serde_json::from_slice(&status.stdout).ok()?;
        let nodes = status["value"]["nodes"].as_array()?;
        if nodes.is_empty() || nodes.iter().any(|node| node["availability"] != "UP") {
            return None;
        }
        let slots = nodes.iter().flat_map(|node| node["slots"].as_array().into_iter().flatten());
        Some(slots.filter_map(|slot| slot["session"]["sessionId"].as_str().map(str::to_owned)).collect())
    }

    /// Waits until a browser is open.
    pub async fn is_used(&self) {
        self.until("no browser was opened", |sessions| !sessions.is_empty()).await;
    }

    /// Waits until the node is up and every slot is free: much sooner than it would end idle sessions by itself.
    pub async fn becomes_free(&self) {
        self.until("a slot stays taken", BTreeSet::is_empty).await;
    }

    async fn until(&self, otherwise: &str, holds: impl Fn(&BTreeSet<String>) -> bool) {
        let since = Instant::now();
        loop {
            let sessions = self.sessions();
            if sessions.as_ref().is_some_and(&holds) {
                return;
            }
            assert!(since.elapsed() < Duration::from_mins(2), "{otherwise}: {sessions:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Grid {
    fn drop(&mut self) {
        // The script ends what it has started when it is told to end.
        send(i32::try_from(self.script.id()).expect("an id"), Signal::TERM);
        drop(self.script.wait());
    }
}

fn send(pid: i32, signal: Signal) {
    let pid = Pid::from_raw(pid).expect("an id");
    kill_process(pid, signal).expect("a signal");
}

/// The first of four neighbouring ports that nobody has.
fn four_free_ports() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if first < 65_000 && (first..first + 4).all(free) {
            return first;
        }
    }
}

/// The guard of a worker.
fn guard_of(worker: &Program) -> i32 {
    let is_guard = |pid: &i32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        status.lines().any(|line| line == format!("PPid:\t{}", worker.id()))
            && words.split(|byte| *byte == 0).nth(1) == Some(b"guard")
    };
    processes().into_iter().find(is_guard).expect("a guard")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Selenium Grid: scripts/test --all"]
async fn the_slots_of_a_killed_worker_are_freed_and_its_work_goes_on() {
    let (grid, morning, reference) = (Grid::start(), Morning::begin().await, "EB-2025-0101");
    morning.on_grid(&grid.url());
    morning.queue(&[reference]).await;
    morning.caseworker_decides().await;
    let mut first = morning.worker("first");
    morning.has(reference, EventKind::Intent, PAYMENT).await;
    first.kill();
    grid.becomes_free().await;
    let mut second = morning.worker("second");
    morning.is_registered_once(reference).await;
    second.ask_to_end();
    assert_eq!(second.ended(Duration::from_secs(30)).await, Some(0), "{}", second.said());
    grid.becomes_free().await;
}

/// A worker is stopped in its second item, perhaps with its guard; the next one ends its browsers before it verifies.
async fn frozen(with_guard: bool) {
    let (grid, morning) = (Grid::start(), Morning::begin().await);
    let [earlier, reference] = ["EB-2025-0101", "EB-2025-0102"];
    morning.on_grid(&grid.url());
    morning.queue(&[earlier, reference]).await;
    morning.caseworker_decides().await;
    let mut first = morning.worker("first");
    // The browser was opened for the item before: it belongs to this one too.
    morning.has(reference, EventKind::Intent, PAYMENT).await;
    let guard = guard_of(&first);
    if with_guard {
        send(guard, Signal::STOP);
    }
    first.stop();
    while !morning.can_be_written().await {
        first.go_on();
        first.stop();
    }
    let held = grid.sessions().expect("a node");
    assert!(!held.is_empty(), "the browser of the stopped worker lives");
    let seen = morning.count(reference, EventKind::Verified, PAYMENT).await;
    let mut second = morning.worker("second");
    let since = Instant::now();
    loop {
        let looked = morning.count(reference, EventKind::Verified, PAYMENT).await;
        let sessions = grid.sessions().expect("a node");
        if sessions.is_disjoint(&held) {
            break;
        }
        assert_eq!(looked, seen, "verified while the browser lived\n{}", morning.story(reference).await);
        assert!(since.elapsed() < PATIENCE, "the browser of the stopped worker is never ended");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    morning.is_registered_once(reference).await;
    morning.is_registered_once(earlier).await;
    if with_guard {
        send(guard, Signal::CONT);
    }
    first.go_on();
    first.ask_to_end();
    assert_eq!(first.ended(Duration::from_mins(1)).await, Some(0), "{}", first.said());
    second.ask_to_end();
    assert_eq!(second.ended(Duration::from_mins(1)).await, Some(0), "{}", second.said());
    morning.is_registered_once(reference).await;
    grid.becomes_free().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Selenium Grid: scripts/test --all"]
async fn the_browser_of_a_frozen_worker_is_ended_by_its_guard_before_anything_is_verified() {
    frozen(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Selenium Grid: scripts/test --all"]
async fn the_browser_of_a_frozen_worker_and_guard_is_ended_by_whoever_takes_over() {
    frozen(true).await;
}

#[tokio::test]
#[ignore = "needs Selenium Grid: scripts/test --all"]
async fn a_browser_that_is_stuck_gives_its_slot_back() {
    let grid = Grid::start();
    let mut session = grid.open().await;
    session
        .goto("data:text/html;charset=utf-8,<title>Evig</title><button onclick='for(;;){}'>Räkna</button>")
        .await
        .expect("a page");
    // The click may be reported as done; then it is the next command that meets the loop.
    drop(session.click(&[Target::button("Räkna")], false).await);
    drop(session.exists(&[Target::text("x")], None, false).await);
    assert!(!session.is_usable());
    assert!(session.end().await, "the Grid said that it is gone");
    grid.becomes_free().await;
}

#[tokio::test]
#[ignore = "needs Selenium Grid: scripts/test --all"]
async fn a_session_of_a_killed_node_is_gone_and_the_next_waits_until_the_node_is_back() {
    let grid = Grid::start();
    let mut session = grid.open().await;
    grid.hold(true);
    grid.kill("node");
    assert_eq!(session.title().await.expect_err("the node is dead").kind, ErrorKind::SessionGone);
    assert!(!session.end().await, "nobody has said that the browser is gone");
    let config = grid.config();
    let next = tokio::spawn(async move { Box::pin(Session::open(&config, "nästa")).await });
    grid.hold(false);
    let mut next = next.await.expect("it ends").expect("a browser when the node is back");
    next.goto("data:text/html;charset=utf-8,<title>Åter</title>").await.expect("a page");
    assert_eq!(next.title().await.expect("a title"), "Åter");
    assert!(next.end().await);
    grid.becomes_free().await;
}

#[tokio::test]
#[ignore = "needs Selenium Grid: scripts/test --all"]
async fn a_hub_that_was_killed_has_forgotten_the_session_and_its_slot_is_freed_all_the_same() {
    let grid = Grid::start();
    let session = grid.open().await;
    let guard = grid.guard();
    guard.watch(session.record(), Duration::from_mins(5)).await.expect("a guard");
    let id = session.record().id.clone();
    grid.kill("hub");
    assert!(!session.end().await, "nobody has said that the browser is gone");
    guard.end(&id).await.expect("a guard");
    // The node tells the new hub of itself and its session within a minute.
    grid.becomes_free().await;
}

#[tokio::test]
#[ignore = "needs Selenium Grid: scripts/test --all"]
async fn a_session_that_waits_is_kept_while_its_lease_lasts_and_an_idle_one_is_not() {
    let grid = Grid::start_with(&[("KOLLEGA_GRID_TIMEOUT", "40")]);
    let mut kept = grid.open().await;
    let guard = grid.guard();
    guard.watch(kept.record(), Duration::from_mins(5)).await.expect("a guard");
    let mut idle = grid.open().await;
    let session = idle.record().session.clone();
    grid.until("the idle session stays", |sessions| !sessions.contains(&session)).await;
    assert_eq!(idle.title().await.expect_err("it was removed").kind, ErrorKind::SessionGone);
    kept.title().await.expect("it was kept");
    assert!(idle.end().await);
    assert!(kept.end().await);
    grid.becomes_free().await;
}

#[tokio::test]
#[ignore = "needs Selenium Grid: scripts/test --all"]
async fn a_full_grid_is_said_to_be_full() {
    let grid = Grid::start_with(&[("KOLLEGA_GRID_SESSIONS", "1")]);
    let only = grid.open().await;
    let error = Session::open(&grid.config(), "andra").await.err().expect("there is no slot").to_string();
    assert!(error.contains("alla platser i Selenium Grid (1) är upptagna"), "{error}");
    assert!(only.end().await);
    // The request that nobody waits for any more takes no slot.
    grid.becomes_free().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Selenium Grid: scripts/test --all"]
async fn a_grid_behind_https_is_used_where_its_certificate_is_trusted_and_refused_with_words_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    certificate::make(folder.path(), "grid");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key) = (path("grid.pem"), path("grid-key.pem"));
    let grid = Grid::start_with(&[("KOLLEGA_GRID_CERT", &certificate), ("KOLLEGA_GRID_KEY", &key)]);
    let refused = Session::open(&grid.config(), "övning").await.err().expect("it is not trusted").to_string();
    assert!(refused.contains("certifikat godkänns inte") && refused.contains("SSL_CERT_FILE"), "{refused}");

    let (morning, reference) = (Morning::begin().await, "EB-2025-0107");
    morning.on_grid(&grid.url());
    morning.queue(&[reference]).await;
    morning.caseworker_decides().await;
    let arguments = ["--config", &morning.configuration().display().to_string(), "worker"].map(str::to_owned);
    let output = morning.folder.path().join("output");
    let mut worker = Program::start_in(&output, "worker", &arguments, &[("SSL_CERT_FILE", &certificate)]);
    morning.is_registered_once(reference).await;
    worker.ask_to_end();
    assert_eq!(worker.ended(Duration::from_secs(30)).await, Some(0), "{}", worker.said());
    grid.becomes_free().await;
}
