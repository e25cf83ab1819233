//! Who is measured, and how each is started: as its users start it, with the same browser and the same arguments.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use kollega::browser::BrowserConfig;
use serde_json::json;
use tokio::process::Command;

use super::rows::{Row, csv};

/// The full browser, headless; the goals between contenders are about this one.
const FULL: &str = "/usr/bin/chromium";
/// What Kollega runs by default.
const SHELL: &str = "/usr/lib/chromium/chromium-headless-shell";

/// A way to submit the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Contender {
    Kollega,
    KollegaCommit,
    Bound,
    BoundScriptClick,
    Playwright,
    RobotFramework,
    WebdriverCalls,
    KollegaShell,
    BoundShell,
}

/// Where things are that a contender needs.
#[derive(Debug)]
pub struct Place {
    /// The folder of this start of the contender, on a real disk; it is empty.
    pub folder: PathBuf,
    /// The folder with `node_modules` and `venv`.
    pub cache: PathBuf,
    pub site: String,
    pub rows: Vec<Row>,
}

impl Contender {
    pub const ALL: [Self; 9] = [
        Self::Kollega,
        Self::Bound,
        Self::KollegaShell,
        Self::BoundShell,
        Self::Playwright,
        Self::WebdriverCalls,
        Self::RobotFramework,
        Self::KollegaCommit,
        Self::BoundScriptClick,
    ];

    /// What it is called in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Kollega => "kollega",
            Self::KollegaCommit => "kollega_commit",
            Self::Bound => "bound",
            Self::BoundScriptClick => "bound_script_click",
            Self::Playwright => "playwright",
            Self::RobotFramework => "robot_framework",
            Self::WebdriverCalls => "webdriver_calls",
            Self::KollegaShell => "kollega_shell",
            Self::BoundShell => "bound_shell",
        }
    }

    /// What it is called in the table.
    pub fn title(self) -> &'static str {
        match self {
            Self::Kollega => "Kollega",
            Self::KollegaCommit => "Kollega, as commit with verify",
            Self::Bound => "one script a page (the bound)",
            Self::BoundScriptClick => "one script that also clicks",
            Self::Playwright => "Playwright fill",
            Self::RobotFramework => "Robot Framework, SeleniumLibrary",
            Self::WebdriverCalls => "plain WebDriver calls",
            Self::KollegaShell => "Kollega, headless-shell",
            Self::BoundShell => "one script a page, headless-shell",
        }
    }

    fn browser(self) -> &'static str {
        if matches!(self, Self::KollegaShell | Self::BoundShell) { SHELL } else { FULL }
    }

    /// The arguments, Kollega's own. Playwright by itself tells the full browser to be headless, and has switches of its
    /// own for what Kollega switches off: most of the same.
    fn arguments(self) -> Vec<String> {
        let is_playwright = self == Self::Playwright;
        let mut config = BrowserConfig::local("", "");
        config.arguments.extend((self.browser() == FULL && !is_playwright).then(|| "--headless=new".to_owned()));
        let is_switch = |argument: &String| argument.starts_with("--disable-features=") || argument.ends_with("-cache");
        config.browser_arguments().into_iter().filter(|argument| !is_playwright || !is_switch(argument)).collect()
    }

    /// The command that submits every row of the place.
    pub fn command(self, place: &Place) -> std::io::Result<Command> {
        let mut command = match self {
            Self::Kollega | Self::KollegaShell => self.kollega("formular", place)?,
            Self::KollegaCommit => self.kollega("formular-sakrad", place)?,
            Self::Bound | Self::BoundShell => self.by_hand("script", place)?,
            Self::BoundScriptClick => self.by_hand("script-only", place)?,
            Self::WebdriverCalls => self.by_hand("calls", place)?,
            Self::Playwright => {
                let mut command = Command::new("node");
                command.arg(source("playwright.mjs")).arg(place.cache.join("node_modules")).arg(self.task(place)?);
                command
            }
            Self::RobotFramework => {
                let mut command = Command::new(place.cache.join("venv/bin/robot"));
                command.arg("--outputdir").arg(&place.folder);
                command.arg("--variable").arg(format!("TASK:{}", self.task(place)?.display()));
                command.arg(source("robot.robot"));
                command
            }
        };
        command.current_dir(&place.folder).stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    /// `kollega run`, in an installation of its own with its defaults: every event, intent and outcome goes to disk.
    fn kollega(self, bot: &str, place: &Place) -> std::io::Result<Command> {
        let settings = source("kollega");
        let arguments: Vec<String> =
            (self.browser() == FULL).then(|| "--headless=new".to_owned()).into_iter().collect();
        let (settings, browser, site) = (settings.display(), self.browser(), &place.site);
        let configuration = format!(
            "bots = '{settings}/bots'\nsignins = '{settings}/systems'\n\
             [webdriver]\nbrowser = '{browser}'\narguments = {arguments:?}\n\
             [systems.formular]\nurl = '{site}'\n"
        );
        std::fs::write(place.folder.join("kollega.toml"), configuration)?;
        std::fs::write(place.folder.join("rader.csv"), csv(&place.rows))?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_kollega"));
        command.args(["run", bot, "--items", "rader.csv", "--format", "json"]);
        Ok(command)
    }

    /// This program again, as a contender.
    fn by_hand(self, way: &str, place: &Place) -> std::io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("by-hand").arg(way).arg(self.task(place)?);
        Ok(command)
    }

    /// The file that says what to do.
    fn task(self, place: &Place) -> std::io::Result<PathBuf> {
        let file = place.folder.join("task.json");
        let rows: Vec<_> = place.rows.iter().map(Row::json).collect();
        let task = json!({
            "browser": self.browser(), "arguments": self.arguments(), "preferences": BrowserConfig::preferences(),
            "site": place.site, "rows": rows,
        });
        std::fs::write(&file, task.to_string())?;
        Ok(file)
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/form").join(name)
}
