//! Mail: templates in the bot's folder, rendered to a letter with a given Message-ID, sent by SMTP so that the caller
//! knows whether it went, did not go, or nobody can tell.
//!
//! This module must not decide what is done after an uncertain sending (the fence does), must not send anything
//! twice by itself, and must not put a recipient's address into an error.

mod compose;
mod send;
mod template;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use crate::secret::Secret;

pub use compose::{ComposeError, Letter, Mail};
pub use send::{Announced, Mailer, Phase, SendError, SendOutcome};
pub use template::{Rendered, Template, TemplateError};

/// The SMTP server that mail is handed to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub tls: Tls,
    /// Signs in when given; then a password is needed.
    pub user: Option<String>,
    /// Taken from the kept secrets, never from the configuration file.
    #[serde(skip)]
    pub password: Option<Secret>,
    /// The sender, `Kollega <kollega@kommunen.example>`.
    pub from: String,
    /// Trust only the certificates of this PEM file, instead of the public ones.
    pub ca: Option<PathBuf>,
    /// Everything up to the final dot, in seconds.
    #[serde(default = "thirty_seconds", deserialize_with = "seconds")]
    pub timeout: Duration,
    /// The answer to the final dot, in seconds: a server may scan the letter before it takes it.
    #[serde(default = "two_minutes", deserialize_with = "seconds")]
    pub answer_timeout: Duration,
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Never. A password is then only sent to this machine itself.
    None,
    /// STARTTLS where the server offers it.
    Opportunistic,
    /// STARTTLS, or nothing is sent.
    #[default]
    Starttls,
    /// TLS from the first byte, as on port 465.
    #[serde(rename = "tls")]
    Implicit,
}

impl FromStr for Tls {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "opportunistic" => Ok(Self::Opportunistic),
            "starttls" => Ok(Self::Starttls),
            "tls" => Ok(Self::Implicit),
            _ => Err(format!("”{text}” är inget av none, opportunistic, starttls och tls")),
        }
    }
}

impl MailConfig {
    /// A server with the shipped defaults: STARTTLS required, no sign-in, public certificates.
    pub fn new(host: impl Into<String>, port: u16, from: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port,
            tls: Tls::default(),
            user: None,
            password: None,
            from: from.into(),
            ca: None,
            timeout: thirty_seconds(),
            answer_timeout: two_minutes(),
        }
    }
}

fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

fn two_minutes() -> Duration {
    Duration::from_mins(2)
}

fn seconds<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Duration, D::Error> {
    u64::deserialize(value).map(Duration::from_secs)
}
