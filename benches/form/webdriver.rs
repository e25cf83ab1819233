//! The contenders that are written by hand on plain WebDriver: one script a page, and one call for each act.
//!
//! Run as a process of its own, so that what it uses is counted as what any other contender uses.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use axum::body::{Body, to_bytes};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::rows::FIELDS;

/// How the form is filled in and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// One script sets all fields; the button is clicked by the driver, as a person clicks. The bound.
    Script,
    /// One script sets all fields and clicks the button too. No real click: shown for what the click costs.
    ScriptOnly,
    /// Each field is found, cleared and typed into.
    Calls,
}

/// Submits every row of the task.
pub async fn submit(way: Way, task: &Value) -> anyhow::Result<()> {
    let driver = Driver::start(task).await?;
    for row in task["rows"].as_array().into_iter().flatten() {
        let reference = row["nr"].as_str().unwrap_or_default();
        let address = format!("{}/formular/{reference}", task["site"].as_str().unwrap_or_default());
        driver.post("url", json!({"url": address})).await?;
        match way {
            Way::Script => {
                driver.fill_by_script(row, false).await?;
                driver.click("#spara").await?;
            }
            Way::ScriptOnly => driver.fill_by_script(row, true).await?,
            Way::Calls => {
                driver.fill_by_calls(row).await?;
                driver.click("#spara").await?;
            }
        }
        driver.wait_for_receipt(reference).await?;
    }
    driver.end().await
}

/// Sets values as frameworks expect it, with the browser's own setter and the events.
const FILL: &str = "
const [values, click] = arguments;
for (const [id, value] of Object.entries(values)) {
  const field = document.getElementById(id);
  if (field.type === 'checkbox') { if (!field.checked) field.click(); continue; }
  if (field.localName === 'select') field.selectedIndex = [...field.options].findIndex((option) => option.text === value);
  else Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set.call(field, value);
  field.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}
if (click) document.getElementById('spara').click();";

const RECEIPT: &str = "const receipt = document.getElementById('kvitto'); return receipt ? receipt.textContent : null;";

/// The key under which WebDriver passes an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

struct Driver {
    process: Child,
    client: Client<HttpConnector, Body>,
    base: String,
}

impl Driver {
    async fn start(task: &Value) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("/usr/bin/chromedriver");
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().context("failed to start chromedriver")?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let mut driver = Self { process, client, base: format!("http://127.0.0.1:{port}/session") };
        let until = Instant::now() + Duration::from_secs(20);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            ensure!(Instant::now() < until, "chromedriver does not answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let options = json!({"binary": task["browser"], "args": task["arguments"], "prefs": task["preferences"]});
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let session = driver.call("POST", "", Some(wanted)).await?;
        let id = session["sessionId"].as_str().context("no session")?;
        driver.base = format!("{}/{id}", driver.base);
        Ok(driver)
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let address = if path.is_empty() { self.base.clone() } else { format!("{}/{path}", self.base) };
        let request = http::Request::builder()
            .method(method)
            .uri(address)
            .header("Content-Type", "application/json; charset=utf-8")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))?;
        let response = self.client.request(request).await?;
        let status = response.status();
        let bytes = to_bytes(Body::new(response.into_body()), usize::MAX).await?;
        let mut answer: Value = serde_json::from_slice(&bytes)?;
        ensure!(status.is_success(), "{method} {path}: {}", answer["value"]["message"]);
        Ok(answer["value"].take())
    }

    async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call("POST", path, Some(body)).await
    }

    async fn fill_by_script(&self, row: &Value, click: bool) -> anyhow::Result<()> {
        let values: serde_json::Map<String, Value> =
            FIELDS.iter().map(|name| ((*name).to_owned(), row[name].clone())).collect();
        self.post("execute/sync", json!({"script": FILL, "args": [values, click]})).await?;
        Ok(())
    }

    async fn fill_by_calls(&self, row: &Value) -> anyhow::Result<()> {
        for name in FIELDS {
            let value = row[name].as_str().unwrap_or_default();
            match name {
                "boende" | "hushall" => {
                    let option = format!("//select[@id='{name}']/option[normalize-space()='{value}']");
                    let option = self.find("xpath", &option).await?;
                    self.post(&format!("element/{option}/click"), json!({})).await?;
                }
                "samtycke" => self.click("#samtycke").await?,
                name => {
                    let field = self.find("css selector", &format!("#{name}")).await?;
                    self.post(&format!("element/{field}/clear"), json!({})).await?;
                    self.post(&format!("element/{field}/value"), json!({"text": value})).await?;
                }
            }
        }
        Ok(())
    }

    async fn find(&self, using: &str, value: &str) -> anyhow::Result<String> {
        let found = self.post("element", json!({"using": using, "value": value})).await?;
        Ok(found[ELEMENT].as_str().context("no element")?.to_owned())
    }

    async fn click(&self, css: &str) -> anyhow::Result<()> {
        let element = self.find("css selector", css).await?;
        self.post(&format!("element/{element}/click"), json!({})).await?;
        Ok(())
    }

    async fn wait_for_receipt(&self, reference: &str) -> anyhow::Result<()> {
        let expected = format!("Sparat {reference}");
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let shown = self.post("execute/sync", json!({"script": RECEIPT, "args": []})).await?;
            if shown == json!(expected) {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("no receipt for {reference}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn end(mut self) -> anyhow::Result<()> {
        self.call("DELETE", "", None).await?;
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
