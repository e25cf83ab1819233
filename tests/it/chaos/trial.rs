//! A trial: an installation, the practice systems, work that keeps coming, and what is done to them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kollega::app::App;
use kollega::config::Config;
use kollega::model::{Item, ItemState};
use kollega::secret::Secret;
use kollega::store::ItemFilter;
use sandbox::{FaultKind, FaultSpec, Kind, Sandbox, System};
use tempfile::TempDir;

use super::Options;
use super::judge::{Made, Order, Verdict};
use super::plan::{Fault, Step};
use super::supervisor::Supervisor;
use crate::database::Database;
use crate::morning::{browsers, processes, secrets};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const CALLS: &str = "liggaren";
const PAGES: &str = "akten-utbetalning";
/// Longer than any lease of a trial, with the margin.
const LONGER_THAN_A_LEASE: Duration = Duration::from_secs(7);
/// How long everything may take to come to rest when nothing is killed any more.
const REST: Duration = Duration::from_mins(3);

pub struct Trial {
    options: Options,
    folder: TempDir,
    sandbox: Sandbox,
    /// The same installation, to look.
    app: Arc<App>,
    postgres: Option<Postgres>,
    supervisor: Supervisor,
    kills: BTreeMap<&'static str, usize>,
    stops: usize,
    cuts: u64,
    /// How many orders there are.
    orders: usize,
    /// How many records there were at the last fault.
    saved: i64,
    begun: Instant,
    told: Instant,
    looked: Instant,
}

impl Trial {
    pub async fn begin(options: &Options) -> Self {
        let folder = tempfile::Builder::new().prefix("kollega-chaos-").tempdir().expect("a folder");
        let settings =
            sandbox::Config { seed: options.seed, ..sandbox::Config::in_folder(folder.path().join("sandbox")) };
        let sandbox = sandbox::start(settings).await.expect("the practice systems");
        let postgres = match options.database {
            Database::Sqlite => None,
            Database::Postgres => Some(Postgres::start(folder.path())),
        };
        let file = furnish(folder.path(), options, &sandbox, postgres.as_ref());
        let app = Arc::new(App::open(Config::load(Some(&file)).expect("the configuration")).await.expect("opened"));
        for (name, value) in secrets() {
            app.secrets.set(name, &Secret::new(value)).expect("a secret");
        }
        add_faults(&sandbox, options.browser).await;
        let now = Instant::now();
        let supervisor = Supervisor::start(folder.path(), &file, options.workers, options.nodes);
        let mut trial = Self {
            options: options.clone(),
            folder,
            sandbox,
            app,
            postgres,
            supervisor,
            kills: BTreeMap::new(),
            stops: 0,
            cuts: 0,
            orders: 0,
            saved: 0,
            begun: now,
            told: now,
            looked: now,
        };
        trial.order().await;
        trial
    }

    pub fn kills(&self) -> usize {
        self.kills.values().sum()
    }

    /// Lets one fault of the plan happen at its time.
    pub async fn suffer(&mut self, step: Step) {
        self.live(step.after).await;
        self.get_something_done(step.after * 4).await;
        match step.fault {
            Fault::KillWorker(number) => {
                self.supervisor.kill_worker(number);
                self.count("worker", 1);
            }
            Fault::KillNode(number) => {
                self.supervisor.kill_node(number);
                self.count("node", 1);
            }
            Fault::KillAll => {
                self.supervisor.kill_all();
                self.count("all at once", 1);
            }
            Fault::KillBrowser(draw) => self.kill_one(draw, "browser", &self.browsers(false)),
            Fault::KillDriver(draw) => self.kill_one(draw, "driver", &self.browsers(true)),
            Fault::KillGuard(draw) => self.kill_one(draw, "guard", &self.guards()),
            Fault::RestartDatabase => {
                if let Some(postgres) = &mut self.postgres {
                    postgres.restart();
                    self.count("database", 1);
                }
            }
            Fault::StopWorker(number) => self.stop(number).await,
        }
    }

    fn count(&mut self, kind: &'static str, count: usize) {
        *self.kills.entry(kind).or_default() += count;
    }

    /// `kill -9` of one of these processes, if there are any.
    fn kill_one(&mut self, draw: usize, kind: &'static str, found: &[i32]) {
        let Some(pid) = found.get(draw % found.len().max(1)) else { return };
        let pid = rustix::process::Pid::from_raw(*pid).expect("a process id");
        if rustix::process::kill_process(pid, rustix::process::Signal::KILL).is_ok() {
            self.count(kind, 1);
        }
    }

    /// The processes that belong to browsers: the chromedrivers, or all others.
    fn browsers(&self, drivers: bool) -> Vec<i32> {
        let is_driver = |pid: &i32| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            name.trim() == "chromedriver"
        };
        browsers(&self.app.config.data()).into_iter().filter(|pid| is_driver(pid) == drivers).collect()
    }

    /// The guards of this trial's workers and nodes.
    fn guards(&self) -> Vec<i32> {
        let journal = self.app.config.data().join("browsers");
        let ours = |pid: &i32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
            words.get(1) == Some(&b"guard".as_slice())
                && words.get(2).is_some_and(|word| *word == journal.as_os_str().as_encoded_bytes())
        };
        processes().into_iter().filter(ours).collect()
    }

    /// Stops a worker, but not in the middle of a write to SQLite: its lock would keep everybody else waiting.
    async fn stop(&mut self, number: usize) {
        for _ in 0..20 {
            self.supervisor.stop(number, LONGER_THAN_A_LEASE);
            if self.options.database == Database::Postgres || self.can_be_written().await {
                self.stops += 1;
                return;
            }
            self.supervisor.go_on(number);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn can_be_written(&self) -> bool {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.app.config.data().join("kollega.db"));
        let options = options.busy_timeout(Duration::from_millis(300));
        let Ok(pool) = sqlx::SqlitePool::connect_with(options).await else { return false };
        let free = pool.begin_with("BEGIN IMMEDIATE").await.is_ok();
        pool.close().await;
        free
    }

    /// Time goes by, and what goes on besides the plan goes on.
    async fn live(&mut self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            self.supervisor.tend();
            if self.looked.elapsed() > Duration::from_millis(500) {
                self.looked = Instant::now();
                self.order().await;
            }
            if self.told.elapsed() > Duration::from_secs(5) {
                self.told = Instant::now();
                self.tell().await;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(Duration::from_millis(50))).await;
        }
    }

    /// A machine with much else to do gets some more time: killing what has not yet begun tries nothing.
    async fn get_something_done(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until && self.sandbox.saved().await.expect("the records") <= self.saved {
            self.live(Duration::from_millis(20)).await;
        }
        self.saved = self.sandbox.saved().await.expect("the records");
    }

    /// Keeps some orders waiting, so that there is always something to be in the middle of.
    async fn order(&mut self) {
        let (open, wanted, more) = if self.options.browser {
            (self.orders.saturating_sub(self.made().await.len()), 12, 6)
        } else {
            (self.sandbox.open_orders().await.expect("the orders"), 150, 50)
        };
        if open + more > wanted {
            return;
        }
        if self.options.browser {
            self.orders += more;
            let mut text = String::from("arende;akt;belopp\n");
            for order in self.orders_of_pages() {
                let dossier = 1001 + number_of(&order.reference) % 26;
                text.extend([order.reference.as_str(), ";A-", &dossier.to_string(), ";", &order.amount, "\n"]);
            }
            let file = self.folder.path().join("bots").join(PAGES).join("utbetalningar.csv");
            let draft = file.with_extension("new");
            fs::write(&draft, text).and_then(|()| fs::rename(draft, file)).expect("the orders");
        } else {
            self.sandbox.add_orders(u32::try_from(more).expect("a number")).await.expect("orders");
            self.orders += more;
        }
    }

    fn orders_of_pages(&self) -> Vec<Order> {
        let order = |number: usize| Order { reference: format!("UB-{number:05}"), amount: (100 + number).to_string() };
        (1..=self.orders).map(order).collect()
    }

    /// Every record in the practice system that answers an order.
    async fn made(&self) -> Vec<Made> {
        if self.options.browser {
            let records = self.sandbox.records().await.expect("the records");
            let ours = records.into_iter().filter(|it| it.kind == Kind::Payment && it.reference.starts_with("UB-"));
            return ours.map(|it| Made { reference: it.reference, amount: it.amount.to_string() }).collect();
        }
        let records = self.sandbox.ledger().await.expect("the records");
        records.into_iter().map(|it| Made { reference: it.referens, amount: it.belopp }).collect()
    }

    async fn tell(&self) {
        let counts = self.app.store.item_counts(None).await.unwrap_or_default();
        let counts: Vec<String> = counts.iter().map(|it| format!("{} {}", it.state, it.count)).collect();
        let (kills, seconds) = (self.kills(), self.begun.elapsed().as_secs());
        eprintln!("{seconds:>5} s  kills {kills}/{}  {}", self.options.kills, counts.join(", "));
    }

    /// Nothing is killed or cut any more: what has begun comes to its end.
    pub async fn calm_down(&mut self) {
        self.cuts = self.sandbox.faults().await.iter().map(|fault| fault.hits).sum();
        self.sandbox.clear_faults().await.expect("no faults");
        self.supervisor.all_go_on();
        let since = Instant::now();
        while !self.is_at_rest().await && since.elapsed() < REST {
            self.supervisor.tend();
            if self.told.elapsed() > Duration::from_secs(5) {
                self.told = Instant::now();
                self.tell().await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Whether every order is an item, and no item can be worked on.
    async fn is_at_rest(&self) -> bool {
        let Ok(counts) = self.app.store.item_counts(None).await else { return false };
        let open = [ItemState::Ready, ItemState::InProgress, ItemState::Deferred].map(ItemState::as_str);
        let known: i64 = counts.iter().map(|it| it.count).sum();
        counts.iter().all(|it| !open.contains(&it.state.as_str())) && usize::try_from(known) == Ok(self.orders)
    }

    /// Ends everything and counts.
    pub async fn judge(&mut self) -> Verdict {
        let took = self.begun.elapsed();
        let wrong = self.supervisor.end().await;
        let filter = ItemFilter { limit: 10_000_000, ..ItemFilter::default() };
        let items = self.app.store.items(&filter).await.expect("the items");
        let orders = if self.options.browser {
            self.orders_of_pages()
        } else {
            let orders = self.sandbox.orders().await.expect("the orders").into_iter();
            orders.map(|it| Order { reference: it.nummer, amount: it.belopp }).collect()
        };
        let Options { seed, database, browser, .. } = self.options;
        let how = if browser { "browsers on Akten" } else { "calls to the ledger, files" };
        let mut verdict = Verdict {
            title: format!("chaos: {database:?}, {how}, seed {seed}").to_lowercase(),
            kills: std::mem::take(&mut self.kills),
            stops: self.stops,
            cuts: self.cuts,
            ended: std::mem::take(&mut self.supervisor.ended),
            took,
            wrong,
            ..Verdict::default()
        };
        let folder = self.folder.path().join("kvitton");
        verdict.count(
            &orders,
            &items,
            &self.made().await,
            |item| if browser { Ok(()) } else { receipt(&folder, item) },
        );
        if !browser {
            verdict.wrong.extend(strays(&folder, &items));
        }
        if !verdict.is_good() {
            self.tell_more(&mut verdict, &items).await;
        }
        verdict
    }

    /// What happened to the first few that went wrong.
    async fn tell_more(&self, verdict: &mut Verdict, items: &[Item]) {
        let told: Vec<&Item> = items
            .iter()
            .filter(|it| verdict.wrong.iter().any(|line| line.starts_with(&it.reference)))
            .take(3)
            .collect();
        for item in told {
            for event in self.app.store.item_events(&item.id).await.unwrap_or_default() {
                let [stage, step, detail] = [event.stage, event.step, event.detail].map(Option::unwrap_or_default);
                verdict
                    .wrong
                    .push(format!("    {} {} {} | {stage} | {step} | {detail}", event.at, event.actor, event.kind));
            }
            for intent in self.app.store.item_intents(&item.id).await.unwrap_or_default() {
                verdict.wrong.push(format!("    {intent:?}"));
            }
            verdict.wrong.push(format!("    {item:?}"));
        }
        verdict.wrong.extend(self.supervisor.last_words());
    }
}

/// Whether the receipt of a done item is there, whole.
fn receipt(folder: &Path, item: &Item) -> Result<(), String> {
    let file = folder.join(format!("{}.csv", item.reference));
    let text = fs::read_to_string(&file).unwrap_or_default();
    let whole = text.starts_with("uppdrag;belopp\n") && text.lines().count() == 2 && text.contains(&item.reference);
    if whole { Ok(()) } else { Err(format!("{} is done and its file says {text:?}", item.reference)) }
}

/// Files that stand for no item.
fn strays(folder: &Path, items: &[Item]) -> Vec<String> {
    let known: Vec<String> = items.iter().map(|item| format!("{}.csv", item.reference)).collect();
    let known: std::collections::BTreeSet<&str> = known.iter().map(String::as_str).collect();
    let entries = fs::read_dir(folder).expect("the folder").flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter(|name| !name.starts_with('.') && !known.contains(name.as_str()))
        .map(|it| format!("a stray file {it}"))
        .collect()
}

/// Connections that are cut and saves that come late, all the time.
async fn add_faults(sandbox: &Sandbox, browser: bool) {
    let system = if browser { System::Akten } else { System::Ledger };
    let always = |kind, probability| FaultSpec { times: 0, probability, ..FaultSpec::new(system, kind) };
    for fault in [
        always(FaultKind::CutBefore, 0.03),
        always(FaultKind::CutAfter, 0.03),
        FaultSpec { seconds: 0.1, ..always(FaultKind::CutLate, 0.03) },
        always(FaultKind::Error500, 0.01),
        FaultSpec { ms: 150, ..always(FaultKind::Slow, 0.03) },
    ] {
        sandbox.add_fault(fault).await.expect("a fault");
    }
}

/// Writes the installation: its configuration, its bot and its schedule.
fn furnish(folder: &Path, options: &Options, sandbox: &Sandbox, postgres: Option<&Postgres>) -> PathBuf {
    let bot = if options.browser { PAGES } else { CALLS };
    let shipped = Path::new(ROOT).join("tests/chaos");
    for path in [format!("bots/{bot}/bot.yaml"), format!("schedules/{bot}.yaml")] {
        let to = folder.join(&path);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(shipped.join(&path), to).expect("a file");
    }
    fs::create_dir_all(folder.join("kvitton")).expect("a folder");
    if options.browser {
        fs::write(folder.join("bots").join(bot).join("utbetalningar.csv"), "arende;akt;belopp\n").expect("a file");
    }
    let (akten, ledger) = (sandbox.addresses.akten, sandbox.addresses.ledger);
    let (timeout, sessions) = if options.browser { ("4s", 1) } else { ("1s", 4) };
    let database =
        postgres.map(|it| format!("[database]\nurl = {:?}\nconnections = 8\n", it.url())).unwrap_or_default();
    let text = format!(
        r#"data = "data"
signins = "{ROOT}/systems"
console = {{ address = "127.0.0.1:0" }}

{database}
[worker]
sessions = {sessions}
lease = "2s"
margin = "400ms"
poll = "100ms"
backoff = "300ms"
tries = 12

[circuits]
failures = 5
wait = "500ms"
max_wait = "1s"

[systems.akten]
url = "http://{akten}"
timeout = "{timeout}"
settle = "800ms"

[systems.liggaren]
url = "http://{ledger}"
timeout = "{timeout}"
settle = "500ms"

[values]
kvitton = "{kvitton}"
"#,
        kvitton = folder.join("kvitton").display(),
    );
    let file = folder.join("kollega.toml");
    fs::write(&file, text).expect("the configuration");
    file
}

/// A PostgreSQL of the trial's own, that can be stopped at once and started again.
struct Postgres {
    folder: PathBuf,
    port: u16,
    script: Child,
}

impl Postgres {
    fn start(folder: &Path) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        // PostgreSQL runs as another user, which must come to its folder.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("a folder of ours");
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let folder = folder.join("postgres");
        let script = Self::run(&folder, port);
        Self { folder, port, script }
    }

    fn run(folder: &Path, port: u16) -> Child {
        use std::io::{BufRead as _, BufReader};
        let mut script = Command::new(Path::new(ROOT).join("scripts/postgres"))
            .arg(folder)
            .arg(port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("scripts/postgres");
        let lines = BufReader::new(script.stdout.take().expect("what it says")).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "Klar."), "PostgreSQL did not start");
        script
    }

    fn url(&self) -> String {
        format!("postgres://kollega@127.0.0.1:{}/postgres", self.port)
    }

    /// SIGQUIT is what `pg_ctl stop -m immediate` sends.
    fn restart(&mut self) {
        let pid = fs::read_to_string(self.folder.join("data/postmaster.pid")).expect("it runs");
        let pid = pid.lines().next().and_then(|line| line.trim().parse().ok()).expect("a process id");
        let pid = rustix::process::Pid::from_raw(pid).expect("a process id");
        rustix::process::kill_process(pid, rustix::process::Signal::QUIT).expect("a signal");
        self.script.wait().expect("its end");
        self.script = Self::run(&self.folder, self.port);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.script);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        drop(self.script.wait());
    }
}

fn number_of(reference: &str) -> usize {
    reference.trim_start_matches("UB-").parse().expect("a number")
}
