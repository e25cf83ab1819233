//! Configuration: defaults, then `kollega.toml`, then `KOLLEGA__SECTION__KEY`, then flags. Never holds a secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::model::AlertKind;

/// The configuration of one installation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder of the database, the key, the secrets and the screenshots.
    pub data: PathBuf,
    pub bots: PathBuf,
    pub schedules: PathBuf,
    pub rulebooks: PathBuf,
    /// How to sign in to each system.
    pub signins: PathBuf,
    pub timezone: String,
    /// The municipality's own closed days and paydays, besides the public holidays.
    pub calendar: crate::calendar::Calendar,
    pub database: Database,
    pub console: Console,
    pub webdriver: WebDriver,
    pub worker: Worker,
    pub circuits: Circuits,
    pub alerts: Alerts,
    pub replay: Replay,
    pub screenshots: Screenshots,
    pub items: Items,
    pub systems: BTreeMap<String, System>,
    pub mail: Mail,
    pub notice: Notice,
    /// The connection to SSBTEK; without it the step `ssbtek` can't be used.
    pub ssbtek: Option<crate::ssbtek::Config>,
    /// What bots may use as `config.<name>`.
    pub values: BTreeMap<String, String>,
    /// The folder that relative paths are taken from: where `kollega.toml` stands.
    #[serde(skip)]
    pub root: PathBuf,
    /// There is no file: all of it is as it is where nothing is said.
    #[serde(skip)]
    pub is_assumed: bool,
}

/// The store: an SQLite file in the data folder, or PostgreSQL where several machines share the work.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://user@host/database`; empty: SQLite. Never with a password.
    pub url: String,
    /// The name of the secret with the password.
    pub password: Option<String>,
    /// How many connections each program holds at most.
    pub connections: u32,
}

/// The console's address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Console {
    /// Loopback by default.
    pub address: String,
}

/// How browsers are started.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebDriver {
    /// Any W3C endpoint, such as a Selenium Grid; empty: a local chromedriver for each session.
    pub url: String,
    pub chromedriver: PathBuf,
    pub browser: PathBuf,
    /// The browser of `--headed`.
    pub headed_browser: PathBuf,
    pub arguments: Vec<String>,
    pub capabilities: BTreeMap<String, serde_json::Value>,
}

/// How a worker works.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Worker {
    /// Whose work is done: the pools that bots are in.
    pub pools: Vec<String>,
    /// How many items are worked on at the same time, each with its own browsers.
    pub sessions: usize,
    /// What is added to a step's time-out for the lease.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub lease: Duration,
    /// How long after a lease's end another worker waits before it takes over.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub margin: Duration,
    /// How long a worker that is asked to end waits for the stages in hand.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub drain: Duration,
    /// How often the queue is looked at when there is nothing to do.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub poll: Duration,
    /// How often a stage is tried before its item fails.
    pub tries: i64,
    /// The wait after the first failed try; doubled for each further one.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub backoff: Duration,
    /// How often an item waits for an agency that does not answer before it is referred.
    pub silent_tries: i64,
    /// How long it waits each time.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub silent_wait: Duration,
}

/// When a system gets no new work for a while.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Circuits {
    /// How many failures of the same kind in a row open a circuit. A refused sign-in opens it at once.
    pub failures: i64,
    /// How long after that the system is tried with one item; doubled for each try that fails.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub wait: Duration,
    /// The longest wait between tries.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub max_wait: Duration,
}

/// Who is told what is wrong, and when.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// Addresses, with commas between; empty: no mail.
    pub mail: String,
    /// The address that is called; empty: none.
    pub webhook: String,
    /// The name of the secret that calls are signed with.
    pub secret: Option<String>,
    /// What is told; everything when empty.
    pub on: Vec<AlertKind>,
    /// Where the console is, as the reader reaches it.
    pub console: String,
    /// How often it is looked at what is wrong.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub every: Duration,
    /// At most one message in this time to each.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub window: Duration,
    /// How long after it was told something that is still wrong is told again.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub remind: Duration,
    /// How long a failure counts.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub recent: Duration,
    /// How late a start may be before it counts as absent.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub late: Duration,
    /// How many times longer than usual is slow.
    pub slow_factor: u32,
    /// A run that has gone on for longer is slow; 0s: only by what is usual.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub slow_run: Duration,
    /// An item that has been worked on for longer is slow; 0s: only by what is usual.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub slow_item: Duration,
    /// A disk with less than this percentage free is nearly full.
    pub disk_free: u64,
}

/// The nightly check that stored suggestions are answered again as they were.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Replay {
    /// When, by the wall clock of the time zone; none: never.
    #[serde(deserialize_with = "wall_time")]
    pub at: Option<chrono::NaiveTime>,
    /// How far back.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub since: Duration,
}

/// `02:30`, or nothing.
fn wall_time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<chrono::NaiveTime>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let time = chrono::NaiveTime::parse_from_str(&text, "%H:%M");
    time.map(Some)
        .map_err(|_| serde::de::Error::custom(format!("”{text}” är inget klockslag: skriv till exempel \"02:30\"")))
}

/// How many pictures of pages are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Screenshots {
    /// Bytes; the oldest are removed when there are more.
    #[serde(deserialize_with = "crate::size::deserialize")]
    pub budget: u64,
    /// Older ones are removed.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub keep: Duration,
}

/// What items may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Items {
    /// How large the fields of one item may be; what is larger is refused, never cut.
    pub max_megabytes: usize,
}

/// A system that bots drive.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Where it is; a bot's `open: /path` is taken from here.
    pub url: String,
    /// How long a step waits for its target.
    #[serde(default = "twenty_seconds", deserialize_with = "crate::duration::deserialize")]
    pub timeout: Duration,
    /// How long the system may still be saving after a lost answer.
    #[serde(default = "thirty_seconds", deserialize_with = "crate::duration::deserialize")]
    pub settle: Duration,
    /// Its own WebDriver endpoint.
    #[serde(default)]
    pub webdriver: String,
}

/// The mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    pub host: String,
    pub port: u16,
    /// `none`, `starttls` or `tls`.
    pub tls: String,
    /// A PEM file of the certificate authority, where it is the organisation's own.
    pub ca: Option<PathBuf>,
    pub user: Option<String>,
    /// The name of the secret with the password.
    pub password: Option<String>,
    pub from: String,
    /// Whether case data may stand in mails.
    pub confidential: bool,
}

/// What the municipality itself says in a notice of a decision.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notice {
    /// Who decides, as the applicant knows it.
    pub authority: String,
    /// Where the applicant can ask.
    pub contact: String,
    /// A text file: how to appeal, in the municipality's own words; none: not written yet.
    pub appeal: Option<PathBuf>,
}

fn twenty_seconds() -> Duration {
    Duration::from_secs(20)
}

fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: ".kollega".into(),
            bots: "bots".into(),
            schedules: "schedules".into(),
            rulebooks: "rulebooks".into(),
            signins: "systems".into(),
            timezone: "Europe/Stockholm".into(),
            calendar: crate::calendar::Calendar::default(),
            database: Database::default(),
            console: Console::default(),
            webdriver: WebDriver::default(),
            worker: Worker::default(),
            circuits: Circuits::default(),
            alerts: Alerts::default(),
            replay: Replay::default(),
            screenshots: Screenshots::default(),
            items: Items::default(),
            systems: BTreeMap::new(),
            mail: Mail::default(),
            notice: Notice::default(),
            ssbtek: None,
            values: BTreeMap::new(),
            root: ".".into(),
            is_assumed: false,
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: String::new(), password: None, connections: 8 }
    }
}

impl Default for Console {
    fn default() -> Self {
        Self { address: "127.0.0.1:8700".into() }
    }
}

impl Default for WebDriver {
    fn default() -> Self {
        Self {
            url: String::new(),
            chromedriver: "/usr/bin/chromedriver".into(),
            browser: "/usr/lib/chromium/chromium-headless-shell".into(),
            headed_browser: "/usr/lib/chromium/chromium".into(),
            arguments: Vec::new(),
            capabilities: BTreeMap::new(),
        }
    }
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            pools: vec!["default".into()],
            sessions: 1,
            lease: Duration::from_secs(30),
            margin: Duration::from_secs(5),
            drain: Duration::from_mins(2),
            poll: Duration::from_millis(500),
            tries: 3,
            backoff: Duration::from_secs(30),
            silent_tries: 3,
            silent_wait: Duration::from_mins(10),
        }
    }
}

impl Default for Circuits {
    fn default() -> Self {
        Self { failures: 3, wait: Duration::from_mins(5), max_wait: Duration::from_hours(1) }
    }
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            mail: String::new(),
            webhook: String::new(),
            secret: None,
            on: Vec::new(),
            console: String::new(),
            every: Duration::from_secs(10),
            window: Duration::from_mins(5),
            remind: Duration::from_hours(4),
            recent: Duration::from_hours(24),
            late: Duration::from_mins(15),
            slow_factor: 3,
            slow_run: Duration::ZERO,
            slow_item: Duration::from_mins(30),
            disk_free: 5,
        }
    }
}

impl Default for Replay {
    fn default() -> Self {
        Self { at: chrono::NaiveTime::from_hms_opt(2, 30, 0), since: Duration::from_hours(400 * 24) }
    }
}

impl Default for Screenshots {
    fn default() -> Self {
        Self { budget: 2_000_000_000, keep: Duration::from_hours(90 * 24) }
    }
}

impl Default for Items {
    fn default() -> Self {
        Self { max_megabytes: 64 }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 587,
            tls: "starttls".into(),
            ca: None,
            user: None,
            password: None,
            from: String::new(),
            confidential: false,
        }
    }
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
#[error("konfigurationen {} kan inte läsas: {message}", .file.display())]
pub struct Error {
    file: PathBuf,
    message: String,
}

/// What is wrong, without the lines of the file that are quoted: a password may stand there.
fn without_its_lines(error: &config::ConfigError) -> String {
    let text = error.to_string();
    let number = |c: char| c.is_ascii_digit();
    let is_quoted = |line: &&str| line.trim_start().trim_start_matches(number).trim_start().starts_with('|');
    text.lines().filter(|line| !is_quoted(line)).map(str::trim).collect::<Vec<_>>().join(": ")
}

impl Config {
    /// Reads `kollega.toml` (or the file named) with the environment over it. A file that is not there and was not
    /// asked for by name is no error.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        let named = file.is_some();
        let file = file.unwrap_or(Path::new("kollega.toml"));
        let wrong = |error: config::ConfigError| Error { file: file.to_path_buf(), message: without_its_lines(&error) };
        let source = config::Config::builder()
            .add_source(config::File::from(file).required(named).format(config::FileFormat::Toml))
            .add_source(
                config::Environment::with_prefix("KOLLEGA")
                    .separator("__")
                    .list_separator(",")
                    .with_list_parse_key("worker.pools")
                    .try_parsing(true),
            )
            .build()
            .map_err(wrong)?;
        let mut loaded: Self = source.try_deserialize().map_err(wrong)?;
        loaded.is_assumed = !file.exists();
        loaded.root = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).into();
        Ok(loaded)
    }

    /// A path of the configuration, taken from where the file stands.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// The folder of the database, the key and the secrets.
    pub fn data(&self) -> PathBuf {
        self.path(&self.data)
    }

    /// The script of a bot.
    pub fn bot_file(&self, name: &str) -> PathBuf {
        self.path(&self.bots).join(name).join("bot.yaml")
    }

    /// The bots, by their folders, in order.
    pub fn bot_names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(&self.bots)).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut bots: Vec<String> = names.filter(|name| self.bot_file(name).is_file()).collect();
        bots.sort();
        bots
    }

    /// The sign-in file of a system.
    pub fn system_file(&self, name: &str) -> PathBuf {
        self.path(&self.signins).join(format!("{name}.yaml"))
    }

    /// The folder of a rule book.
    pub fn rulebook(&self, name: &str) -> PathBuf {
        self.path(&self.rulebooks).join(name)
    }
}
