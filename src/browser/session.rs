//! A session: one browser for one bot, from its opening to its end.
//!
//! What steps do is in files of their own; here is what they share. Every public call is bounded by the step's time
//! limit, and none of them logs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::config::BrowserConfig;
use super::connection::{Connection, Limit};
use super::driver::Driver;
use super::error::{Error, ErrorKind};
use super::process::Process;
use super::record::{self, SessionRecord};
use super::remote::{self, Command};
use super::target::Target;

/// How long a browser may take to start.
const OPEN_LIMIT: Duration = Duration::from_mins(1);

/// A window, and the frames that the bot has entered in it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub handle: String,
    /// One entry for each frame step, each the numbers of the frames it went through.
    pub frames: Vec<Vec<u64>>,
}

/// An open browser. Dropping it ends a local browser; [`Session::end`] also gives a remote one back.
pub struct Session {
    connection: Connection,
    driver: Option<Driver>,
    pub(super) timeout: Duration,
    pub(super) downloads: PathBuf,
    pub(super) masks: Vec<Target>,
    /// Where the bot is, the outermost window first; never empty.
    pub(super) places: Vec<Place>,
    /// The windows that have a name.
    pub(super) windows: HashMap<String, String>,
    /// The frame that the driver stands in; none when that is not known.
    pub(super) at: Option<Vec<u64>>,
    /// A Chromium of our own, which is spoken to in its own protocol where that takes less time.
    pub(super) has_devtools: bool,
    ended: bool,
}

impl Session {
    /// Opens a browser. Its ids are on disk before its first command; `label` is the name of the system it is for.
    pub async fn open(config: &BrowserConfig, label: &str) -> Result<Self, Error> {
        let mut record = SessionRecord::begin(&config.journal, label, config.url.is_none());
        match Box::pin(begin(config, &mut record)).await {
            Ok(session) => Ok(session),
            Err(kind) => {
                if !record::end_recorded(&record).await {
                    tokio::spawn(record::end_surely(record));
                }
                Err(Error::new("öppna en webbläsare", kind))
            }
        }
    }

    /// How to end this session from elsewhere.
    pub fn record(&self) -> &SessionRecord {
        self.connection.record()
    }

    /// The session can be used for more steps.
    pub fn is_usable(&self) -> bool {
        !self.ended && !self.connection.is_dead()
    }

    /// The time limit of the steps to come.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    pub(super) fn limit(&self) -> Limit {
        Limit::of(self.timeout)
    }

    /// Opens an address, an absolute one, in the current window and waits until it has loaded.
    pub async fn goto(&mut self, url: &str) -> Result<(), Error> {
        let limit = self.limit();
        let what = "öppna sidan";
        if let Some(text) = self.open_dialog(limit).await.map_err(|kind| Error::new(what, kind))? {
            return Err(Error::new(what, ErrorKind::UnexpectedDialog { text }));
        }
        self.place().frames.clear();
        self.at = None;
        match self.send(Command::post("url", json!({"url": url})), limit).await {
            // The driver stands at the top of the window then.
            Ok(_) => {
                self.at = Some(Vec::new());
                Ok(())
            }
            // A page that opens a dialog as it loads is open; the dialog is for the next step.
            Err(ErrorKind::UnexpectedDialog { .. }) => Ok(()),
            Err(kind) => Err(Error::acted(what, kind)),
        }
    }

    /// The title of the page.
    pub async fn title(&mut self) -> Result<String, Error> {
        let limit = self.limit();
        self.name_of_page(limit).await.map_err(|kind| Error::new("läsa sidans titel", kind))
    }

    /// The address of the page. It may carry identities: mask it before it is logged.
    pub async fn url(&mut self) -> Result<String, Error> {
        let limit = self.limit();
        self.address(limit).await.map_err(|kind| Error::new("läsa sidans adress", kind))
    }

    pub(super) async fn name_of_page(&mut self, limit: Limit) -> Result<String, ErrorKind> {
        let title = self.send(Command::get("title"), limit).await?;
        Ok(title.as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn address(&mut self, limit: Limit) -> Result<String, ErrorKind> {
        let url = self.send(Command::get("url"), limit).await?;
        Ok(url.as_str().unwrap_or_default().to_owned())
    }

    /// Sends one command to the driver.
    pub(super) async fn send(&mut self, command: Command, limit: Limit) -> Result<Value, ErrorKind> {
        self.connection.set_page_limit(limit).await?;
        self.connection.send(command, limit).await
    }

    /// The window that the bot is in.
    pub(super) fn place(&mut self) -> &mut Place {
        self.places.last_mut().expect("the outermost window is never left")
    }

    /// Ends the session: the browser, its driver, its profile and its record. False when a remote endpoint did not
    /// answer that it is gone: somebody must ask it again.
    pub async fn end(mut self) -> bool {
        if !self.connection.is_dead() && self.record().local {
            // Asked nicely it also tidies up; what is left after that is ended without asking.
            let limit = Limit::of(Duration::from_secs(3));
            drop(self.connection.send(Command::delete(""), limit).await);
        }
        let ended = self.kill().await;
        if let Some(driver) = &mut self.driver {
            driver.reap().await;
        }
        self.ended = true;
        ended
    }

    /// Ends the session at once, also while a command hangs; whether it is known to be gone.
    pub async fn kill(&self) -> bool {
        record::end_recorded(self.record()).await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let record = self.connection.record();
        if !self.ended && record.local && record.end_processes() {
            record.forget();
        }
    }
}

async fn begin(config: &BrowserConfig, record: &mut SessionRecord) -> Result<Session, ErrorKind> {
    let driver = match &config.url {
        Some(url) => {
            if let Some(why) = remote::wrong_address(url) {
                return Err(ErrorKind::NotStarted(why.to_owned()));
            }
            record.endpoint = remote::base(url);
            None
        }
        None => Some(Driver::start(config, record).await?),
    };
    record.save().map_err(|error| ErrorKind::File(error.to_string()))?;
    let downloads = config.downloads.join(&record.id);
    let wanted = capabilities(config);
    let made = if record.local {
        remote::create(&record.endpoint, &wanted, OPEN_LIMIT).await
    } else {
        remote::create_at(&record.endpoint, wanted, OPEN_LIMIT).await
    };
    let (session, granted) = made.map_err(remote::refused)?;
    record.session = session;
    record.browser = if record.local { browser_of(&granted) } else { None };
    record.save().map_err(|error| ErrorKind::File(error.to_string()))?;
    let mut connection = Connection::attach(record.clone()).await?;
    let handle = connection.send(Command::get("window"), Limit::of(config.timeout)).await?;
    let handle = handle.as_str().unwrap_or_default().to_owned();
    Ok(Session {
        connection,
        driver,
        timeout: config.timeout,
        downloads,
        masks: config.masks.clone(),
        places: vec![Place { handle, frames: Vec::new() }],
        windows: HashMap::new(),
        at: None,
        has_devtools: config.url.is_none() && granted.get("goog:chromeOptions").is_some(),
        ended: false,
    })
}

fn browser_of(granted: &Value) -> Option<Process> {
    let pid = granted["goog:processID"].as_i64().or_else(|| granted["moz:processID"].as_i64())?;
    Process::of(i32::try_from(pid).ok()?)
}

/// What is asked of the browser: `ignore` leaves dialogs to the bot, which must see them.
fn capabilities(config: &BrowserConfig) -> Value {
    let mut wanted = Map::new();
    wanted.insert("unhandledPromptBehavior".to_owned(), json!("ignore"));
    if config.url.is_none() {
        let options = json!({
            "binary": config.executable(),
            "args": config.browser_arguments(),
            "prefs": BrowserConfig::preferences(),
        });
        wanted.insert("goog:chromeOptions".to_owned(), options);
    }
    for (name, value) in &config.capabilities {
        if value.is_null() {
            wanted.remove(name);
        } else {
            wanted.insert(name.clone(), value.clone());
        }
    }
    Value::Object(wanted)
}
