//! The guard: a small process beside each worker that ends browsers whose lease is not renewed.
//!
//! A worker that is stopped or killed can't look after its browsers, and a browser that outlives its lease might still
//! save what somebody else is about to save. The guard knows records and deadlines and nothing else. Orders come one
//! JSON line each on its standard input and are answered by one line each; the end of input means that the worker died.
//! A session on a Grid is ended by `DELETE`, again and again until that is answered, and kept from idling meanwhile.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::process::Process;
use super::record::{SessionRecord, end_orphans, end_surely};
use super::remote;

/// How often a session elsewhere is kept from being taken for idle, well within what a Grid allows (300 s, or as little
/// as a minute).
const TOUCH: Duration = Duration::from_secs(20);

/// What the worker tells its guard.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Watch { record: Box<SessionRecord>, lease_ms: u64 },
    Renew { id: String, lease_ms: u64 },
    Release { id: String },
    End { id: String },
}

/// The guard's answer: whether it watches the session that the order was about.
#[derive(Debug, Serialize, Deserialize)]
struct Reply {
    watched: bool,
}

/// The worker's end of its guard.
pub struct Guard {
    line: Mutex<Line>,
}

struct Line {
    orders: ChildStdin,
    replies: Lines<BufReader<ChildStdout>>,
    child: Child,
}

impl Guard {
    /// Starts `exe guard JOURNAL`, in a process group of its own so that what stops the worker does not stop it.
    pub fn start(exe: &Path, journal: &Path) -> io::Result<Self> {
        let mut command = Command::new(exe);
        command.arg("guard").arg(journal);
        Self::spawn(command)
    }

    /// Starts a program that runs [`guard_main`].
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("the guard has no pipes");
        let orders = child.stdin.take().ok_or_else(missing)?;
        let replies = BufReader::new(child.stdout.take().ok_or_else(missing)?).lines();
        Ok(Self { line: Mutex::new(Line { orders, replies, child }) })
    }

    /// Whether it runs no more: then nothing may be begun that would need it.
    pub async fn has_ended(&self) -> bool {
        !matches!(self.line.lock().await.child.try_wait(), Ok(None))
    }

    /// Has the guard end this session unless the lease is renewed in time.
    pub async fn watch(&self, record: &SessionRecord, lease: Duration) -> io::Result<()> {
        let order = Order::Watch { record: Box::new(record.clone()), lease_ms: millis(lease) };
        self.order(&order).await.map(|_| ())
    }

    /// Gives a session a new lease from now; false when the guard has already ended it.
    pub async fn renew(&self, id: &str, lease: Duration) -> io::Result<bool> {
        self.order(&Order::Renew { id: id.to_owned(), lease_ms: millis(lease) }).await
    }

    /// Tells the guard that a session has ended.
    pub async fn release(&self, id: &str) -> io::Result<()> {
        self.order(&Order::Release { id: id.to_owned() }).await.map(|_| ())
    }

    /// Has the guard end a session now, however long that takes.
    pub async fn end(&self, id: &str) -> io::Result<()> {
        self.order(&Order::End { id: id.to_owned() }).await.map(|_| ())
    }

    async fn order(&self, order: &Order) -> io::Result<bool> {
        let mut line = self.line.lock().await;
        let text = serde_json::to_string(order)? + "\n";
        line.orders.write_all(text.as_bytes()).await?;
        line.orders.flush().await?;
        while let Some(text) = line.replies.next_line().await? {
            // Whatever else the program says is not for us.
            if let Ok(reply) = serde_json::from_str::<Reply>(&text) {
                return Ok(reply.watched);
            }
        }
        Err(io::Error::new(io::ErrorKind::BrokenPipe, "the guard has died"))
    }
}

fn millis(lease: Duration) -> u64 {
    u64::try_from(lease.as_millis()).unwrap_or(u64::MAX)
}

/// What the guard watches, each with the moment on the monotonic clock when its lease ends.
#[derive(Default)]
struct Watch {
    sessions: HashMap<String, (SessionRecord, Instant)>,
    endings: JoinSet<bool>,
    touches: JoinSet<()>,
}

/// The whole life of the guard process: it returns when its input has ended and every session it watched is ended.
///
/// A browser that the worker was opening when it died is not watched yet, but it is in the `journal`: it is ended too.
pub fn guard_main(journal: Option<&Path>) -> io::Result<()> {
    // The worker's terminal going away must not take the guard before it has done its work.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(watch(journal))
}

async fn watch(journal: Option<&Path>) -> io::Result<()> {
    let worker = rustix::process::getppid().and_then(|pid| Process::of(pid.as_raw_nonzero().get()));
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    let mut replies = tokio::io::stdout();
    let mut watch = Watch::default();
    let mut touch = tokio::time::interval(TOUCH);
    loop {
        let next = watch.next_deadline();
        tokio::select! {
            // A renewal that has arrived counts before a lease that has ended.
            biased;
            order = orders.next_line() => match order {
                Ok(Some(text)) => {
                    let watched = serde_json::from_str(&text).is_ok_and(|order| watch.obey(order));
                    let reply = format!("\n{}\n", serde_json::to_string(&Reply { watched })?);
                    // A worker that no longer listens will soon be seen to have died.
                    drop(replies.write_all(reply.as_bytes()).await);
                    drop(replies.flush().await);
                }
                _ => break,
            },
            () = tokio::time::sleep_until(next) => watch.end_expired(Instant::now()),
            _ = touch.tick() => watch.touch_remote(),
            Some(_) = watch.endings.join_next(), if !watch.endings.is_empty() => {}
            Some(_) = watch.touches.join_next(), if !watch.touches.is_empty() => {}
        }
    }
    watch.end_all().await;
    if let (Some(journal), Some(worker)) = (journal, worker) {
        end_left_behind(worker, journal).await;
    }
    Ok(())
}

/// Ends what a worker that died had begun to open. Its input ends a moment before it is gone.
async fn end_left_behind(worker: Process, journal: &Path) {
    let until = Instant::now() + Duration::from_secs(10);
    while worker.is_alive() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    end_orphans(journal).await;
}

impl Watch {
    fn obey(&mut self, order: Order) -> bool {
        match order {
            Order::Watch { record, lease_ms } => {
                self.sessions.insert(record.id.clone(), (*record, end_of(lease_ms)));
                true
            }
            Order::Renew { id, lease_ms } => self.sessions.get_mut(&id).map(|held| held.1 = end_of(lease_ms)).is_some(),
            Order::Release { id } => self.sessions.remove(&id).is_some(),
            Order::End { id } => match self.sessions.remove(&id) {
                Some((record, _)) => {
                    self.endings.spawn(end_surely(record));
                    true
                }
                None => false,
            },
        }
    }

    fn next_deadline(&self) -> Instant {
        let idle = Instant::now() + Duration::from_hours(1);
        self.sessions.values().map(|held| held.1).min().unwrap_or(idle)
    }

    fn end_expired(&mut self, now: Instant) {
        let expired = self.sessions.extract_if(|_, held| held.1 <= now);
        for (_, (record, _)) in expired {
            self.endings.spawn(end_surely(record));
        }
    }

    /// Under its lease a session may wait for long: for an agency, or while another system is worked in.
    fn touch_remote(&mut self) {
        for (record, _) in self.sessions.values().filter(|held| !held.0.local) {
            let (endpoint, session) = (record.endpoint.clone(), record.session.clone());
            self.touches.spawn(async move { remote::touch(&endpoint, &session).await });
        }
    }

    async fn end_all(mut self) {
        for (record, _) in std::mem::take(&mut self.sessions).into_values() {
            self.endings.spawn(end_surely(record));
        }
        while self.endings.join_next().await.is_some() {}
    }
}

fn end_of(lease_ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(lease_ms)
}
