//! Judges pages by axe-core in a real browser, as assistive technology would meet them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kollega::browser::{BrowserConfig, Session};
use serde_json::{Value, json};

/// A browser whose driver can also be spoken to directly.
pub struct Judge {
    pub session: Session,
    client: reqwest::Client,
    folder: tempfile::TempDir,
}

impl Judge {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = BrowserConfig::local(folder.path().join("journal"), folder.path().join("downloads"));
        config.timeout = Duration::from_mins(2);
        let session = Session::open(&config, "axe").await.expect("a browser");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let judge = Self { session, client: reqwest::Client::new(), folder };
        judge.ask("timeouts", &json!({"script": 300_000})).await;
        judge
    }

    /// `light` or `dark`.
    pub async fn prefers(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let command = json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}});
        self.ask("goog/cdp/execute", &command).await;
    }

    /// Opens a page that stands alone.
    pub async fn show(&mut self, html: &str) {
        let file = self.folder.path().join("page.html");
        std::fs::write(&file, html).expect("the page");
        self.session.goto(&format!("file://{}", file.display())).await.expect("the page");
    }

    /// What axe-core finds on the page: nothing, or which rule and where.
    pub async fn faults(&self) -> Vec<String> {
        self.script("sync", &format!("{}; return true", axe()), &[]).await;
        let run = "const done = arguments[arguments.length - 1];
            const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            axe.run(document, {runOnly: rules}).then(found => done(found), error => done({error: String(error)}));";
        let found = self.script("async", run, &[]).await;
        assert!(found["passes"].as_array().is_some_and(|passes| passes.len() > 10), "axe-core ran: {found}");
        let fault = |fault: &Value| {
            let nodes = fault["nodes"].as_array().into_iter().flatten();
            let places: Vec<String> =
                nodes.take(3).map(|node| format!("{} {}", node["target"], node["failureSummary"])).collect();
            format!("{}: {}", fault["id"].as_str().unwrap_or_default(), places.join(" | "))
        };
        found["violations"].as_array().expect("a list").iter().map(fault).collect()
    }

    /// Runs a script in the page, past its content security policy as the driver does.
    pub async fn script(&self, kind: &str, script: &str, arguments: &[Value]) -> Value {
        self.ask(&format!("execute/{kind}"), &json!({"script": script, "args": arguments})).await
    }

    async fn ask(&self, command: &str, body: &Value) -> Value {
        let record = self.session.record();
        let address = format!("{}session/{}/{command}", record.endpoint, record.session);
        let sent = self.client.post(address).json(body).send().await;
        let answer: Value = sent.expect("an answer").json().await.expect("JSON");
        assert!(answer["value"]["error"].is_null(), "{command}: {answer}");
        answer["value"].clone()
    }

    pub async fn end(self) {
        self.session.end().await;
    }
}

/// The library as text: installed by scripts/setup --tests.
fn axe() -> String {
    let home = || PathBuf::from(std::env::var("HOME").expect("a home")).join(".cache");
    let cache = std::env::var("XDG_CACHE_HOME").map_or_else(|_| home(), PathBuf::from);
    let file = cache.join("kollega-tests/node_modules/axe-core/axe.min.js");
    read(&file).unwrap_or_else(|| panic!("{} is not there: run scripts/setup --tests", file.display()))
}

fn read(file: &Path) -> Option<String> {
    std::fs::read_to_string(file).ok()
}
