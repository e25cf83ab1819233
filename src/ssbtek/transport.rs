//! The HTTP call: mutual TLS, time-outs, and an answer of bounded size. Knows nothing of what is asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, Identity, Url};

use super::Config;
use super::answer::Status;

/// The longest answer that is read. A real one is a few tens of kilobytes.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// Why the client could not be made; the message is for the IT unit.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("ssbtek.{field}: {hint}")]
    Field { field: &'static str, hint: &'static str },
    #[error("{}: {source}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{}: filen är inte ett certifikat eller en nyckel i PEM-form", path.display())]
    Pem { path: PathBuf },
    #[error("anslutningen till SSBTEK kan inte förberedas: {0}")]
    Client(String),
}

/// What came back.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) success: bool,
    status: u16,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// The HTTP status as a code of a problem.
    pub(super) fn code(&self) -> String {
        format!("http {}", self.status)
    }
}

/// Nothing usable came back.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: Status,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// A prepared connection.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    client: reqwest::Client,
    url: Url,
}

impl Transport {
    pub(super) fn new(config: &Config) -> Result<Self, SetupError> {
        // Only the first in the process takes effect, and all are the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = checked_url(&config.url)?;
        let mut builder = reqwest::Client::builder()
            .connect_timeout(config.connect_timeout)
            .timeout(config.connect_timeout + config.read_timeout)
            .pool_idle_timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none());
        if let Some(path) = &config.ca {
            builder = builder.tls_certs_only(authorities(path)?);
        }
        if let (Some(certificate), Some(key)) = (&config.certificate, &config.key) {
            builder = builder.identity(identity(certificate, key)?);
        }
        let client = builder.build().map_err(|error| SetupError::Client(chain(&error)))?;
        Ok(Self { client, url })
    }

    /// Sends the question once and reads the answer.
    pub(super) async fn post(&self, body: String) -> Result<Response, Failure> {
        let call = self.client.post(self.url.clone()).headers(headers()).body(body);
        let mut response = call.send().await.map_err(|error| failure(&error))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                let message = "svaret är orimligt stort".to_owned();
                return Err(Failure { status: Status::Error, code: "too_large", message });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { success: status.is_success(), status: status.as_u16(), body })
    }
}

/// A personal number travels only encrypted, except to this machine itself.
fn checked_url(text: &str) -> Result<Url, SetupError> {
    let wrong = |hint| SetupError::Field { field: "url", hint };
    let url = Url::parse(text).map_err(|_| wrong("adressen kan inte tolkas"))?;
    let host = url.host_str().unwrap_or_default();
    let is_this_machine = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine => Ok(url),
        _ => Err(wrong("adressen ska börja med https://")),
    }
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
    headers.insert("SOAPAction", HeaderValue::from_static("\"\""));
    headers
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, SetupError> {
    match Certificate::from_pem_bundle(&read(path)?) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(SetupError::Pem { path: path.to_owned() }),
    }
}

fn identity(certificate: &Path, key: &Path) -> Result<Identity, SetupError> {
    let mut pem = read(certificate)?;
    pem.push(b'\n');
    pem.extend(read(key)?);
    Identity::from_pem(&pem).map_err(|_| SetupError::Pem { path: certificate.to_owned() })
}

fn read(path: &Path) -> Result<Vec<u8>, SetupError> {
    fs::read(path).map_err(|source| SetupError::File { path: path.to_owned(), source })
}

fn failure(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure { status: Status::Timeout, code: "timeout", message: "SSBTEK svarade inte i tid".into() };
    }
    let code = if error.is_connect() { "connect" } else { "transport" };
    Failure { status: Status::Error, code, message: chain(error) }
}

/// The causes, innermost last; without the address, which is known.
fn chain(error: &dyn std::error::Error) -> String {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    if causes.is_empty() { "anropet misslyckades".to_owned() } else { causes.join(": ") }
}
