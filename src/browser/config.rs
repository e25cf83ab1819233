//! Where browsers come from and how long a step may take.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Target;

const DISABLE: &str = "--disable-features=";

/// What a browser that nobody looks at does not need, and what makes each page take a third longer: a new process part for
/// each document, the old page kept while the new one has nothing to show, what a click starts kept until it has been
/// painted (up to a frame of 17 ms for each click that leaves a page), a second look before a page is left, the list under
/// the address bar, which is a page of its own in the full browser, and what asks servers elsewhere. Other drivers switch
/// off much of the same.
const UNUSED: [&str; 11] = [
    "RenderDocument",
    "PaintHolding",
    "DeferRendererTasksAfterInput",
    "BackForwardCache",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "Translate",
    "OptimizationHints",
    "MediaRouter",
];

/// What the full browser is told not to do: look at each form for what it knows of it, remember what was filled in, and
/// write down where it has been. A robot's browser remembers nobody.
const PREFERENCES: [(&str, bool); 5] = [
    ("autofill.profile_enabled", false),
    ("autofill.credit_card_enabled", false),
    ("credentials_enable_service", false),
    ("profile.password_manager_enabled", false),
    ("history.saving_disabled", true),
];

/// Everything needed to open a session.
#[derive(Debug, Clone)]
pub struct BrowserConfig {
    /// A W3C endpoint elsewhere, such as a Selenium Grid; without it a chromedriver is started here.
    pub url: Option<String>,
    /// The driver to start when there is no `url`.
    pub chromedriver: PathBuf,
    /// The browser that the local driver starts.
    pub binary: PathBuf,
    /// Show the browser on the screen.
    pub headed: bool,
    /// Arguments to the local browser, beside those that every session has.
    pub arguments: Vec<String>,
    /// W3C capabilities added to the request; `null` takes away one of ours.
    pub capabilities: Map<String, Value>,
    /// The folder where the ids of every session are recorded before its first command.
    pub journal: PathBuf,
    /// How long a step may take unless it says otherwise.
    pub timeout: Duration,
    /// The folder under which each session has a folder for downloads.
    pub downloads: PathBuf,
    /// What to cover in every picture of this system.
    pub masks: Vec<Target>,
}

impl BrowserConfig {
    /// A local headless browser that records its sessions in `journal` and downloads to `downloads`.
    pub fn local(journal: impl Into<PathBuf>, downloads: impl Into<PathBuf>) -> Self {
        Self {
            url: None,
            chromedriver: "/usr/bin/chromedriver".into(),
            binary: "/usr/lib/chromium/chromium-headless-shell".into(),
            headed: false,
            arguments: Vec::new(),
            capabilities: Map::new(),
            journal: journal.into(),
            timeout: Duration::from_secs(15),
            downloads: downloads.into(),
            masks: Vec::new(),
        }
    }

    /// The browser to start: the headless shell has no window, so `headed` takes its full sibling.
    pub(super) fn executable(&self) -> PathBuf {
        let shell = self.binary.file_name().is_some_and(|name| name == "chromium-headless-shell");
        if self.headed && shell { self.binary.with_file_name("chromium") } else { self.binary.clone() }
    }

    /// What the local browser is told in its own settings.
    pub fn preferences() -> Value {
        PREFERENCES.into_iter().map(|(name, on)| (name.to_owned(), Value::Bool(on))).collect::<Map<_, _>>().into()
    }

    /// The arguments of the local browser; none of them carries anything personal, since `ps` shows them.
    pub fn browser_arguments(&self) -> Vec<String> {
        // No `--user-data-dir`: the headless shell then opens no page and the session is refused after a minute.
        let fixed = [
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--window-size=1400,1000",
            "--disable-breakpad",
            "--disable-crash-reporter",
            "--disable-back-forward-cache",
        ];
        // Of several such switches the browser takes the last, so there is one.
        let (theirs, others): (Vec<&String>, Vec<&String>) =
            self.arguments.iter().partition(|argument| argument.starts_with(DISABLE));
        let theirs = theirs.iter().map(|argument| &argument[DISABLE.len()..]);
        let unused = format!("{DISABLE}{}", theirs.chain(UNUSED).collect::<Vec<_>>().join(","));
        fixed.iter().map(ToString::to_string).chain(others.into_iter().cloned()).chain([unused]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_off_is_one_argument() {
        let mut config = BrowserConfig::local("j", "d");
        config.arguments = vec!["--disable-features=Egen".to_owned(), "--lang=sv".to_owned()];
        let arguments = config.browser_arguments();
        let off: Vec<&String> = arguments.iter().filter(|argument| argument.starts_with(DISABLE)).collect();
        assert!(matches!(off[..], [one] if one.starts_with("--disable-features=Egen,RenderDocument,")), "{off:?}");
        assert!(arguments.contains(&"--lang=sv".to_owned()));
    }
}
