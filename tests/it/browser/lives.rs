//! Sessions that outlive the program that opened them, and who ends them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kollega::browser::{ErrorKind, Guard, Process, Session, SessionRecord, end_orphans, end_recorded};
use tempfile::TempDir;

use super::desk::{Desk, assert_nothing_left, config, eventually, left};

#[tokio::test]
async fn a_remote_endpoint_is_used_and_its_session_given_back() {
    let host = Desk::new().await;
    let folder = TempDir::new().unwrap();
    let mut config = config(folder.path(), Duration::from_secs(10));
    // Any W3C server will do: here the chromedriver of another session, without the trailing slash.
    config.url = Some(host.session.record().endpoint.trim_end_matches('/').to_owned());
    let options = serde_json::json!({"binary": config.binary, "args": ["--no-sandbox", "--disable-dev-shm-usage"]});
    config.capabilities.insert("goog:chromeOptions".to_owned(), options);
    let mut session = Session::open(&config, "fjärr").await.unwrap();
    session.goto(&format!("http://{}/main.html", host.address)).await.unwrap();
    assert_eq!(session.title().await.unwrap(), "Huvud");
    let record = session.record().clone();
    assert!(!record.local && record.browser.is_none());
    assert!(end_recorded(&record).await);
    assert_eq!(session.title().await.unwrap_err().kind, ErrorKind::SessionGone);
    assert!(end_recorded(&record).await, "to end it again is no error");
    session.end().await;
    host.end().await;
}

/// A process of its own that opens a browser, says which, and waits to be killed. Run by the tests below only.
#[tokio::test]
#[ignore = "it is the other process of other tests"]
async fn hold_a_session() {
    let Ok(folder) = std::env::var("KOLLEGA_TEST_FOLDER") else { return };
    let folder = Path::new(&folder);
    let session = Session::open(&config(folder, Duration::from_secs(10)), "hållen").await.unwrap();
    let guard = std::env::var("KOLLEGA_TEST_LEASE_MS").ok().map(|lease| (start_guard(), lease.parse().unwrap()));
    if let Some((guard, lease)) = &guard {
        guard.watch(session.record(), Duration::from_millis(*lease)).await.unwrap();
    }
    std::fs::write(folder.join("new"), serde_json::to_vec(session.record()).unwrap()).unwrap();
    std::fs::rename(folder.join("new"), folder.join("held")).unwrap();
    std::future::pending::<()>().await;
}

/// The guard as a process of its own. Run by the tests below only.
#[test]
#[ignore = "it is the other process of other tests"]
fn be_the_guard() {
    if std::env::var("KOLLEGA_TEST_GUARD").is_ok() {
        kollega::browser::guard::guard_main(None).unwrap();
    }
}

/// This test program as another process, doing one of the two above.
fn other(test: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--quiet"]);
    command
}

fn start_guard() -> Guard {
    let mut command = other("browser::lives::be_the_guard");
    command.env("KOLLEGA_TEST_GUARD", "1").stderr(std::process::Stdio::null());
    Guard::spawn(command).unwrap()
}

struct Holder {
    // The order is that in which they go: the holder first, then what it left, then the folder.
    child: tokio::process::Child,
    record: SessionRecord,
    cleaner: Cleaner,
}

/// Ends what is left when a test failed half way.
struct Cleaner(TempDir);

impl Cleaner {
    fn journal(&self) -> PathBuf {
        self.0.path().join("journal")
    }
}

impl Drop for Cleaner {
    fn drop(&mut self) {
        let journal = self.journal();
        let clean = move || tokio::runtime::Runtime::new().unwrap().block_on(end_orphans(&journal));
        drop(std::thread::spawn(clean).join());
    }
}

async fn hold(lease: Option<Duration>) -> Holder {
    let cleaner = Cleaner(TempDir::new().unwrap());
    let folder = cleaner.0.path();
    let mut command = other("browser::lives::hold_a_session");
    command.env("KOLLEGA_TEST_FOLDER", folder).kill_on_drop(true).stdout(std::process::Stdio::null());
    if let Some(lease) = lease {
        command.env("KOLLEGA_TEST_LEASE_MS", lease.as_millis().to_string());
    }
    let child = command.spawn().unwrap();
    let held = folder.join("held");
    eventually("the other process opens its browser", || held.exists()).await;
    let record: SessionRecord = serde_json::from_slice(&std::fs::read(held).unwrap()).unwrap();
    assert!(!left(&record).is_empty());
    Holder { child, record, cleaner }
}

#[tokio::test]
async fn what_a_killed_process_left_is_found_by_its_record_and_ended() {
    let mut holder = hold(None).await;
    let journal = holder.cleaner.journal();
    assert_eq!(end_orphans(&journal).await, 0, "a session whose holder lives is left alone");
    holder.child.kill().await.unwrap();
    assert!(!left(&holder.record).is_empty(), "the browser outlives its killed holder");
    assert_eq!(end_orphans(&journal).await, 1);
    assert_nothing_left(&holder.record);
    assert_eq!(std::fs::read_dir(journal).unwrap().count(), 0);
}

#[tokio::test]
async fn a_driver_killed_before_its_session_was_recorded_is_found_by_its_mark() {
    let mut holder = hold(None).await;
    holder.child.kill().await.unwrap();
    // As if it had been killed between the start of the driver and the answer.
    let mut record = holder.record.clone();
    (record.driver, record.browser) = (None, None);
    assert!(end_recorded(&record).await);
    assert_nothing_left(&holder.record);
}

#[tokio::test]
async fn a_browser_on_another_machine_is_never_said_to_be_ended() {
    let desk = Desk::new().await;
    let mut record = desk.session.record().clone();
    record.machine = "another".to_owned();
    assert!(!end_recorded(&record).await);
    assert!(record.file.exists() && record.browser.unwrap().is_alive());
    desk.end().await;
}

#[tokio::test]
async fn the_guard_ends_the_browser_of_a_killed_worker() {
    let mut holder = hold(Some(Duration::from_mins(10))).await;
    holder.child.kill().await.unwrap();
    eventually("the guard ends the browser", || left(&holder.record).is_empty()).await;
    eventually("the guard removes the record", || !holder.record.file.exists()).await;
}

#[tokio::test]
async fn the_guard_ends_the_browser_of_a_stopped_worker_when_its_lease_is_over() {
    let mut holder = hold(Some(Duration::from_millis(1500))).await;
    let pid = holder.child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
    eventually("the guard ends the browser", || left(&holder.record).is_empty()).await;
    let worker = Process::of(pid.parse().unwrap()).unwrap();
    assert!(worker.is_alive(), "the worker itself is left to whoever stopped it");
    holder.child.kill().await.unwrap();
}

#[tokio::test]
async fn a_renewed_lease_keeps_the_browser_and_a_released_session_is_forgotten() {
    let mut desk = Desk::at("main.html").await;
    let guard = start_guard();
    let lease = Duration::from_millis(400);
    let id = desk.session.record().id.clone();
    guard.watch(desk.session.record(), lease).await.unwrap();
    for _ in 0..8 {
        tokio::time::sleep(lease / 4).await;
        assert!(guard.renew(&id, lease).await.unwrap());
    }
    assert_eq!(desk.session.title().await.unwrap(), "Huvud");
    guard.release(&id).await.unwrap();
    assert!(!guard.renew(&id, lease).await.unwrap());
    desk.end().await;
}
