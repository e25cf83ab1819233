//! A morning's work for tests: the practice systems on free ports, an installation with short times, real workers.
//!
//! The workers are real processes of the real program, so that they can be killed and stopped; the test itself holds
//! the store, the desk and the practice systems, to look and to decide.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kollega::app::App;
use kollega::bot::Bot;
use kollega::config::Config;
use kollega::desk::{Desk, Reply};
use kollega::model::{EventKind, Item, ItemState, LoggedEvent, RunId, User};
use kollega::person;
use kollega::runner::from_plain;
use kollega::secret::Secret;
use kollega::store::{Answer, NewRun};
use sandbox::{Addresses, Counts, Detail, FaultKind, FaultSpec, Kind, NewRecord, Sandbox, System, credentials};
use serde_json::json;
use tempfile::TempDir;

pub const BOT: &str = "ekonomiskt-bistand";
pub const CASEWORKER: &str = "handläggare-prov";
pub const PASSWORD: &str = "ett långt lösenord för prov";
/// How long anything may take before the test gives up; the machine may be busy.
pub const PATIENCE: Duration = Duration::from_mins(4);

/// The applicants of the practice systems that the tests work with: application, dossier, number.
const APPLICANTS: &[(&str, &str, &str)] = &[
    ("EB-2025-0101", "A-1001", "198501302395"),
    ("EB-2025-0102", "A-1002", "199006092382"),
    ("EB-2025-0103", "A-1003", "197801032397"),
    ("EB-2025-0104", "A-1004", "198803282386"),
    ("EB-2025-0105", "A-1005", "198302202398"),
    ("EB-2025-0107", "A-1007", "199104272399"),
    ("EB-2025-0108", "A-1008", "199404212384"),
    ("EB-2025-0109", "A-1009", "200001022391"),
    ("EB-2025-0110", "A-1010", "199908102388"),
    ("EB-2025-0126", "A-1026", "199308182394"),
];

/// An installation beside its practice systems.
pub struct Morning {
    pub folder: TempDir,
    pub sandbox: Sandbox,
    pub app: Arc<App>,
}

impl Morning {
    /// Everything in place and nothing to do.
    pub async fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = sandbox::Config::in_folder(folder.path().join("sandbox"));
        let sandbox = sandbox::start(settings).await.expect("the practice systems");
        let file = folder.path().join("kollega.toml");
        std::fs::write(&file, configuration(&sandbox.addresses)).expect("the configuration");
        let config = Config::load(Some(&file)).expect("the configuration");
        let app = Arc::new(App::open(config).await.expect("the installation"));
        for (name, value) in secrets() {
            app.secrets.set(name, &Secret::new(value)).expect("a secret");
        }
        let roles = ["caseworker", "operations"].map(str::to_owned);
        person::add(&app.store, CASEWORKER, None, PASSWORD, &roles).await.expect("a person");
        Self { folder, sandbox, app }
    }

    pub fn configuration(&self) -> PathBuf {
        self.folder.path().join("kollega.toml")
    }

    pub fn desk(&self) -> Desk {
        Desk::of(&self.app)
    }

    pub async fn caseworker(&self) -> User {
        person::sign_in(&self.app.store, CASEWORKER, PASSWORD).await.expect("signed in")
    }

    /// Puts these applications in the queue.
    pub async fn queue(&self, references: &[&str]) -> RunId {
        let bot = Bot::load(&self.app.config.bot_file(BOT)).expect("the bot");
        let new = NewRun {
            bot: BOT.into(),
            version: bot.version.clone(),
            trigger: "hand".into(),
            schedule: None,
            nominal: None,
            pool: bot.pool().into(),
            actor: "person:test".into(),
        };
        let run = self.app.store.queue_collected_run(&new).await.expect("a run");
        for reference in references {
            let plain = json!({"ansokan": reference, "personnummer": number(reference)});
            let record = from_plain(&bot.item.fields, &plain).expect("the fields");
            self.app.store.enqueue(&run, BOT, reference, &record.store()).await.expect("an item");
        }
        run
    }

    /// Workers started from now on have their browsers at this endpoint.
    pub fn on_grid(&self, url: &str) {
        let mut file = File::options().append(true).open(self.configuration()).expect("the configuration");
        write!(file, "\n[webdriver]\nurl = {url:?}\n").expect("written");
    }

    /// A worker of its own process, with its output in a file.
    pub fn worker(&self, name: &str) -> Program {
        self.program(name, &["worker"])
    }

    /// The program with this configuration.
    pub fn program(&self, name: &str, arguments: &[&str]) -> Program {
        let mut all = vec!["--config".to_owned(), self.configuration().display().to_string()];
        all.extend(arguments.iter().map(ToString::to_string));
        Program::start(&self.folder.path().join("output"), name, &all)
    }

    /// Decides as suggested until the test ends, through the desk like a person.
    pub async fn caseworker_decides(&self) {
        let (desk, user) = (self.desk(), self.caseworker().await);
        tokio::spawn(async move {
            loop {
                approve_all(&desk, &user).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
    }

    pub async fn item(&self, reference: &str) -> Item {
        self.app.store.find_item(reference).await.expect("the store").expect("the item")
    }

    pub async fn events(&self, reference: &str) -> Vec<LoggedEvent> {
        let item = self.item(reference).await;
        self.app.store.item_events(&item.id).await.expect("the events")
    }

    /// How often something happened to an item, in a stage or (`""`) anywhere.
    pub async fn count(&self, reference: &str, kind: EventKind, stage: &str) -> usize {
        let events = self.events(reference).await;
        let fits = |event: &&LoggedEvent| {
            event.kind == kind.as_str() && (stage.is_empty() || event.stage.as_deref() == Some(stage))
        };
        events.iter().filter(fits).count()
    }

    /// Waits until this has happened to the item in this stage.
    pub async fn has(&self, reference: &str, kind: EventKind, stage: &str) {
        let since = Instant::now();
        while self.count(reference, kind, stage).await == 0 {
            let what = kind.as_str();
            assert!(since.elapsed() < PATIENCE, "{reference}: no {what} in {stage}\n{}", self.story(reference).await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until the item is in this state.
    pub async fn becomes(&self, reference: &str, state: ItemState) -> Item {
        let since = Instant::now();
        loop {
            let item = self.item(reference).await;
            if item.state == state {
                return item;
            }
            let goes_on = !item.state.is_final() && item.state != ItemState::Uncertain && since.elapsed() < PATIENCE;
            assert!(goes_on, "{reference} is {}, not {state}\n{}", item.state, self.story(reference).await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What happened to an item and what the workers said, for a failed test.
    pub async fn story(&self, reference: &str) -> String {
        let mut lines: Vec<String> = Vec::new();
        for event in self.events(reference).await {
            let [stage, step, detail] = [event.stage, event.step, event.detail].map(Option::unwrap_or_default);
            lines.push(format!("{} {} {} | {stage} | {step} | {detail}", event.at, event.actor, event.kind));
        }
        let item = self.item(reference).await;
        lines.push(format!("{:?} {:?}", item.code, item.reason));
        for entry in std::fs::read_dir(self.folder.path().join("output")).into_iter().flatten().flatten() {
            lines.push(std::fs::read_to_string(entry.path()).unwrap_or_default());
        }
        lines.join("\n")
    }

    pub async fn counts(&self, reference: &str) -> Counts {
        self.sandbox.counts(reference).await.expect("the counts")
    }

    /// One calculation, one decision, one payment, one mail: no more and no less.
    pub async fn is_registered_once(&self, reference: &str) {
        self.becomes(reference, ItemState::Done).await;
        let once = Counts { calculations: 1, decisions: 1, payments: 1, mails: 1 };
        let counts = self.counts(reference).await;
        assert_eq!(counts, once, "{reference}\n{}", self.story(reference).await);
    }

    /// The connection is cut when this form of this application is saved.
    pub async fn cut(&self, kind: FaultKind, act: Kind, reference: &str, seconds: f64) {
        let spec = FaultSpec::new(System::Akten, kind);
        let spec = FaultSpec { act: Some(act), reference: Some(reference.to_owned()), seconds, ..spec };
        self.sandbox.add_fault(spec).await.expect("a fault");
    }

    /// Saving this form takes so long that the one who saves it can be stopped meanwhile.
    pub async fn slow_save(&self, act: Kind, reference: &str) {
        let spec = FaultSpec::new(System::Akten, FaultKind::Slow);
        let spec = FaultSpec { act: Some(act), reference: Some(reference.to_owned()), ms: 3000, ..spec };
        self.sandbox.add_fault(spec).await.expect("a fault");
    }

    /// The list of these records takes long to come, after it has come fast `skip` times.
    pub async fn slow_list(&self, act: Kind, reference: &str, skip: u64) {
        let path = Some(format!("/akt/{}/{}", dossier(reference), act.list_path()));
        let spec = FaultSpec { path, skip, ms: 4000, ..FaultSpec::new(System::Akten, FaultKind::Slow) };
        self.sandbox.add_fault(spec).await.expect("a fault");
    }

    /// Waits until a fault strikes.
    pub async fn a_fault_strikes(&self) {
        let since = Instant::now();
        while self.sandbox.faults().await.iter().all(|fault| fault.hits == 0) {
            assert!(since.elapsed() < PATIENCE, "no fault struck");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Puts a record into Akten as if a person had saved it.
    pub async fn plant(&self, kind: Kind, reference: &str, amount: &str) {
        let detail =
            Detail { decision_type: "Bifall".into(), decided_by: "Handläggare 7".into(), ..Detail::default() };
        let (akt, reference) = (dossier(reference).to_owned(), reference.to_owned());
        let amount = amount.parse().expect("an amount");
        let record = NewRecord { kind, akt, reference, period: "2025-12".into(), amount, detail };
        self.sandbox.plant(&record).await.expect("planted");
    }

    /// Runs the program to its end with this on its standard input.
    pub fn command(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_kollega"))
            .arg("--config")
            .arg(self.configuration())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("written");
        child.wait_with_output().expect("its end")
    }

    /// Whether every fault has struck.
    pub async fn every_fault_struck(&self) {
        let faults = self.sandbox.faults().await;
        assert!(faults.iter().all(|fault| fault.hits > 0), "a fault never struck: {faults:?}");
    }

    /// SQL past every check, as somebody with access to the file could run it.
    pub async fn execute(&self, sql: &str) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.database());
        let pool = sqlx::SqlitePool::connect_with(options).await.expect("the file");
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.expect("the statement");
        pool.close().await;
    }

    /// Whether nobody holds the database's write lock.
    pub async fn can_be_written(&self) -> bool {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.database());
        let options = options.busy_timeout(Duration::from_millis(200));
        let pool = sqlx::SqlitePool::connect_with(options).await.expect("the file");
        let free = pool.begin_with("BEGIN IMMEDIATE").await.is_ok();
        pool.close().await;
        free
    }

    pub fn database(&self) -> PathBuf {
        self.app.config.data().join("kollega.db")
    }

    /// Nothing that carries a mark of this installation's browsers runs.
    pub async fn nothing_is_left_running(&self) {
        nothing_is_left_running(&self.app.config.data()).await;
    }
}

/// Nothing that carries a mark of this data folder's browsers runs.
pub async fn nothing_is_left_running(data: &Path) {
    let since = Instant::now();
    loop {
        let left = browsers(data);
        if left.is_empty() {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "left running: {left:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The processes whose temporary folder is one of this data folder's: drivers, browsers and their helpers.
pub fn browsers(data: &Path) -> Vec<i32> {
    let mark = format!("TMPDIR={}", data.join("browsers").display());
    let ours = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry.starts_with(mark.as_bytes()))
    };
    processes().into_iter().filter(ours).collect()
}

/// What a program said to either side.
pub fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat()
}

/// The process ids of this machine.
pub fn processes() -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").expect("Linux");
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The secrets of the practice systems, as the installation keeps them.
pub fn secrets() -> [(&'static str, &'static str); 5] {
    [
        ("portal.user", credentials::PORTAL_USER),
        ("portal.password", credentials::PORTAL_PASSWORD),
        ("akten.user", credentials::AKTEN_USER),
        ("akten.password", credentials::AKTEN_PASSWORD),
        ("akten.pin", credentials::AKTEN_PIN),
    ]
}

pub fn number(reference: &str) -> &'static str {
    applicant(reference).2
}

pub fn dossier(reference: &str) -> &'static str {
    applicant(reference).1
}

fn applicant(reference: &str) -> &'static (&'static str, &'static str, &'static str) {
    APPLICANTS.iter().find(|one| one.0 == reference).expect("an application of the tests")
}

async fn approve_all(desk: &Desk, user: &User) {
    for waiting in desk.inbox(user).await.unwrap_or_default() {
        let Some(suggestion) = waiting.suggestion else { continue };
        let reply = Reply { suggestion: suggestion.id, answer: Answer::Approve, reason: None, motivation: None };
        drop(desk.decide(&waiting.item, user, reply).await);
    }
}

/// The program under test; `scripts/chaos` has one that is built for release.
fn program() -> std::ffi::OsString {
    std::env::var_os("KOLLEGA_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_kollega").into())
}

/// A program that was started; ended without asking when the test lets go of it.
pub struct Program {
    child: std::process::Child,
    pub output: PathBuf,
}

impl Program {
    /// Starts `kollega` with these arguments, in the project's folder, with its output in a file under `folder`.
    pub fn start(folder: &Path, name: &str, arguments: &[String]) -> Self {
        Self::start_in(folder, name, arguments, &[])
    }

    /// Starts it with this environment too.
    pub fn start_in(folder: &Path, name: &str, arguments: &[String], environment: &[(&str, &str)]) -> Self {
        let mut command = std::process::Command::new(program());
        command.args(arguments).envs(environment.iter().copied());
        Self::of(command, folder, name)
    }

    /// Starts this command, which runs `kollega` in the end.
    pub fn of(mut command: std::process::Command, folder: &Path, name: &str) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let output = folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&output).expect("a file");
        let child = command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("RUST_LOG", "debug")
            // Whatever a browser leaves at home is found there.
            .env("HOME", folder.parent().unwrap_or(folder).join("home"))
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file"))
            .stderr(file)
            .spawn()
            .expect("the program");
        Self { child, output }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// `kill -9` without waiting for its end.
    pub fn kill_at_once(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    /// How it ended, if it has: its exit code or the signal that ended it.
    pub fn has_ended(&mut self) -> Option<String> {
        self.child.try_wait().expect("a state").map(|status| status.to_string())
    }

    /// SIGSTOP.
    pub fn stop(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// SIGCONT.
    pub fn go_on(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    /// SIGTERM.
    pub fn ask_to_end(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.id()).expect("an id")).expect("an id");
        rustix::process::kill_process(pid, signal).expect("a signal");
    }

    /// Waits for its end; its exit code.
    pub async fn ended(&mut self, within: Duration) -> Option<i32> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a state") {
                return status.code();
            }
            assert!(since.elapsed() < within, "did not end\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until it has said this so many times.
    pub async fn says(&mut self, words: &str, times: usize) {
        let since = Instant::now();
        while self.said().matches(words).count() < times {
            let ended = self.child.try_wait().expect("a state");
            assert!(ended.is_none() && since.elapsed() < PATIENCE, "it does not say `{words}`\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What it said.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn configuration(addresses: &Addresses) -> String {
    let here = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let [bots, signins, rulebooks, schedules] =
        ["bots", "systems", "rulebooks", "schedules"].map(|name| here(name).display().to_string());
    let Addresses { portal, akten, ssbtek, smtp, .. } = addresses;
    let (host, port) = (smtp.ip(), smtp.port());
    format!(
        r#"data = "data"
bots = {bots:?}
signins = {signins:?}
rulebooks = {rulebooks:?}
schedules = {schedules:?}

[worker]
lease = "2s"
margin = "500ms"
poll = "100ms"
backoff = "200ms"
silent_wait = "200ms"

[circuits]
wait = "1s"
max_wait = "2s"

[systems.portal]
url = "http://{portal}"
timeout = "6s"

[systems.akten]
url = "http://{akten}"
timeout = "6s"
settle = "1s"

[mail]
host = "{host}"
port = {port}
tls = "none"
from = "Exempelkommunen <ekonomisktbistand@kommunen.example>"

[ssbtek]
url = "http://{ssbtek}/ssbtek"
actor_id = "exempelkommunen"
purpose = "Handläggning av ekonomiskt bistånd"
legal_basis = "Förordning (2008:975)"
read_timeout = 10
organisation = {{ number = "162120000000", name = "Exempelkommunen", handler = "Kollega" }}

[values]
kommun = "Exempelkommunen"
mina_sidor = "http://{portal}/"
telefon = "0123-45 67 89"
"#
    )
}
