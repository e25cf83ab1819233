//! A browser without pages: requests over a socket of their own, with the session's cookie.

use std::net::SocketAddr;

use sandbox::{Config, Sandbox};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A running sandbox in a folder that goes away.
pub struct Practice {
    pub sandbox: Sandbox,
    pub folder: TempDir,
}

pub async fn practice() -> Practice {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox::start(Config::in_folder(folder.path())).await.expect("the sandbox starts");
    Practice { sandbox, folder }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// What stands between two texts, the first time.
    pub fn between(&self, before: &str, after: &str) -> &str {
        let (_, rest) = self.body.split_once(before).expect("the text before");
        rest.split_once(after).expect("the text after").0
    }
}

#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    cookie: String,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, cookie: String::new() }
    }

    /// The answer; none when the connection was closed without a byte.
    pub async fn ask(&mut self, method: &str, path: &str, kind: &str, body: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            self.cookie,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("the request is sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.ok().filter(|_| !bytes.is_empty())?;
        let answer = parsed(&bytes);
        if let Some(cookie) = answer.header("set-cookie") {
            cookie.split(';').next().unwrap_or_default().clone_into(&mut self.cookie);
        }
        Some(answer)
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "", "").await.expect("an answer")
    }

    pub async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.try_post(path, form).await.expect("an answer")
    }

    pub async fn try_post(&mut self, path: &str, form: &str) -> Option<Answer> {
        self.ask("POST", path, "application/x-www-form-urlencoded", form).await
    }

    pub async fn json(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.ask(method, path, "application/json", body).await.expect("an answer")
    }
}

fn parsed(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("the end of the head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    let bytes = bytes[end + 4..].to_vec();
    Answer { status, head, body: String::from_utf8_lossy(&bytes).into_owned(), bytes }
}

pub async fn signed_in_to_portal(practice: &Practice) -> Client {
    let mut client = Client::new(practice.sandbox.addresses.portal);
    client.post("/logga-in", "anvandarnamn=robot&losenord=Sommar-2025").await;
    client
}

/// Signs in as a person does: by the keypad that is on the page.
pub async fn signed_in_to_akten(practice: &Practice) -> Client {
    let mut client = Client::new(practice.sandbox.addresses.akten);
    let page = client.get("/").await;
    let keypad = page.between("name=\"kb\" value=\"", "\"").to_owned();
    let pin: Vec<String> = "4711".chars().map(|digit| key(&page, digit)).collect();
    let form = format!("f1=robot01&f2=Vinter-2025&kb={keypad}&f3={}", pin.join("."));
    let answer = client.post("/logga-in", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    client
}

/// What the key with this digit sends.
pub fn key(page: &Answer, digit: char) -> String {
    page.between(&format!("value=\"{digit}\""), "')\"").rsplit('\'').next().expect("a key").to_owned()
}
