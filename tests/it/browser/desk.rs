//! A web server with the pages in `tests/it/pages`, a browser, and ways to look for what was left.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Multipart;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use kollega::browser::{BrowserConfig, Condition, ErrorKind, Session, SessionRecord, Set, Target};
use tempfile::TempDir;

pub const LIMIT: Duration = Duration::from_secs(20);
/// What the page that takes its time takes.
pub const LATE: Duration = Duration::from_secs(5);

/// A web server with the pages beside this file, and a browser standing ready.
pub struct Desk {
    pub folder: TempDir,
    pub address: SocketAddr,
    pub session: Session,
}

impl Desk {
    /// A desk with a limit that no machine that runs the tests comes near. What shall take too long gets a shorter
    /// one by `set_timeout`, for that step alone: a slow machine must not fail the steps that lead to it.
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let address = serve().await;
        let session = Session::open(&config(folder.path(), LIMIT), "övning").await.unwrap();
        Self { folder, address, session }
    }

    /// A desk with this page open.
    pub async fn at(page: &str) -> Self {
        let mut desk = Self::new().await;
        desk.open(page).await;
        desk
    }

    pub async fn open(&mut self, page: &str) {
        self.session.goto(&format!("http://{}/{page}", self.address)).await.unwrap();
    }

    pub async fn click(&mut self, target: Target) {
        self.session.click(&[target], false).await.unwrap();
    }

    pub async fn fill(&mut self, target: Target, value: &str) {
        self.session.set(&[Set::fill(target, value)], false).await.unwrap();
    }

    pub async fn read(&mut self, target: Target) -> String {
        self.session.read(&[target], false).await.unwrap().0
    }

    pub async fn sees(&mut self, text: &str) {
        let condition = Condition::Shown { targets: vec![Target::text(text)], is: None };
        self.session.wait_for(&condition).await.unwrap();
    }

    /// Why this target can't be read.
    pub async fn refusal(&mut self, target: Target) -> ErrorKind {
        self.session.read(&[target], false).await.unwrap_err().kind
    }

    pub async fn end(self) {
        let record = self.session.record().clone();
        self.session.end().await;
        assert_nothing_left(&record);
        assert_eq!(std::fs::read_dir(self.folder.path().join("journal")).unwrap().count(), 0);
    }
}

pub fn config(folder: &Path, limit: Duration) -> BrowserConfig {
    let mut config = BrowserConfig::local(folder.join("journal"), folder.join("downloads"));
    config.timeout = limit;
    config
}

async fn serve() -> SocketAddr {
    let pages = Router::new()
        .route("/upload", post(received))
        .route("/file", get(decision))
        .route("/late", get(late))
        .route("/{page}", get(page));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, pages).await.unwrap() });
    address
}

async fn page(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/pages").join(name);
    match std::fs::read_to_string(path) {
        Ok(text) => Html(text).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn received(mut form: Multipart) -> Html<String> {
    let part = form.next_field().await.unwrap().unwrap();
    let name = part.file_name().unwrap().to_owned();
    let size = part.bytes().await.unwrap().len();
    Html(format!("<p>{name} {size}</p>"))
}

/// A page that takes its time.
async fn late() -> Html<&'static str> {
    tokio::time::sleep(LATE).await;
    Html("<p>Framme</p>")
}

/// Half of the file, a pause, and the other half.
async fn decision() -> Response {
    let parts = futures_util::stream::unfold(0, |part| async move {
        // The server is slow: between the halves lies a file that is there and not whole.
        tokio::time::sleep(Duration::from_millis(400 * part)).await;
        (part < 2).then(|| (Ok::<_, std::io::Error>(vec![b'a'; 50_000]), part + 1))
    });
    let name = "attachment; filename=beslut.pdf";
    let head = [(header::CONTENT_TYPE, "application/pdf"), (header::CONTENT_DISPOSITION, name)];
    (head, axum::body::Body::from_stream(parts)).into_response()
}

/// Processes that carry the mark of this session, or are the recorded ones.
pub fn left(record: &SessionRecord) -> Vec<i32> {
    let mark = format!("KOLLEGA_SESSION={}", record.id);
    let marked = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
    };
    let recorded: Vec<i32> =
        record.driver.iter().chain(&record.browser).filter(|p| p.is_alive()).map(|p| p.pid).collect();
    let pids = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
    pids.filter(marked).chain(recorded).collect()
}

pub fn assert_nothing_left(record: &SessionRecord) {
    assert_eq!(left(record), Vec::<i32>::new(), "processes of the session still run");
    assert!(!record.scratch.exists(), "the browser's profile is still on disk");
}

pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
