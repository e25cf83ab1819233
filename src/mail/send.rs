//! Hands one letter to the SMTP server, command by command, to know on which side of the final dot a failure was.
//!
//! Before the dot nothing was delivered and a second try is safe. After it the server may have taken the letter: with
//! no answer the outcome is unknown, and this module never tries again.

use std::fs;
use std::iter;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands;
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Severity;
use regex::Regex;
use tokio::time::timeout;

use super::{Mail, MailConfig, Tls};

/// How long a server may take to say goodbye to a letter it has already taken.
const GOODBYE: Duration = Duration::from_secs(2);

/// What became of a letter.
#[derive(Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The server took the letter.
    Sent,
    /// It did not go, and another try is safe and may help.
    NotSent(SendError),
    /// The server says that it will never take this letter.
    Refused(SendError),
    /// The final dot was sent and no answer came: it may have gone. Only a person, or the bot's own
    /// `on_uncertain: resend`, may send it again, and then under the same Message-ID.
    Unknown(SendError),
}

/// Where the sending failed, and what the server said. Holds no address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{phase}: {message}")]
pub struct SendError {
    pub phase: Phase,
    /// The server's code, `550`, when it answered.
    pub code: Option<u16>,
    pub message: String,
}

/// How far a sending came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Compose,
    Connect,
    Encrypt,
    SignIn,
    Envelope,
    Content,
    Answer,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Compose => "brevet kunde inte skrivas",
            Self::Connect => "e-postservern kunde inte nås",
            Self::Encrypt => "anslutningen till e-postservern kunde inte krypteras",
            Self::SignIn => "inloggningen hos e-postservern misslyckades",
            Self::Envelope => "e-postservern tog inte emot avsändare eller mottagare",
            Self::Content => "brevet kom inte fram till e-postservern",
            Self::Answer => "e-postservern svarade inte på brevet",
        })
    }
}

/// Sends letters by one SMTP server, each on a connection of its own.
#[derive(Debug)]
pub struct Mailer {
    config: MailConfig,
}

impl Mailer {
    pub fn new(config: MailConfig) -> Self {
        Self { config }
    }

    /// Sends `mail` once.
    pub async fn send(&self, mail: &Mail) -> SendOutcome {
        match self.announce(mail).await {
            Ok(announced) => announced.deliver().await,
            Err(outcome) => outcome,
        }
    }

    /// Does all that can be taken back: after this the server waits for the letter, and has taken nothing.
    pub async fn announce(&self, mail: &Mail) -> Result<Announced, SendOutcome> {
        let composed = mail.message(&self.config.from);
        let message =
            composed.map_err(|error| SendOutcome::NotSent(SendError::here(Phase::Compose, error.to_string())))?;
        let content = message.formatted();
        let mut phase = Phase::Connect;
        let prepared =
            timeout(self.config.timeout, Box::pin(self.prepare(message.envelope(), &content, &mut phase))).await;
        match prepared {
            Ok(Ok(connection)) => Ok(Announced { connection, content, answer_timeout: self.config.answer_timeout }),
            Ok(Err(error)) if error.is_final() => Err(SendOutcome::Refused(error)),
            Ok(Err(error)) => Err(SendOutcome::NotSent(error)),
            Err(_) => Err(SendOutcome::NotSent(SendError::no_answer(phase, self.config.timeout))),
        }
    }

    /// Everything before the content: after this the server waits for it.
    async fn prepare(
        &self,
        envelope: &Envelope,
        content: &[u8],
        phase: &mut Phase,
    ) -> Result<AsyncSmtpConnection, SendError> {
        let mut connection = self.connect().await?;
        *phase = Phase::Encrypt;
        self.encrypt(&mut connection).await?;
        *phase = Phase::SignIn;
        self.sign_in(&mut connection).await?;
        *phase = Phase::Envelope;
        announce(&mut connection, envelope, content).await?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let tls = if self.config.tls == Tls::Implicit { Some(self.tls_parameters()?) } else { None };
        let address = (self.config.host.as_str(), self.config.port);
        AsyncSmtpConnection::connect_tokio1(address, Some(self.config.timeout), &ClientId::default(), tls, None)
            .await
            .map_err(|error| SendError::from_smtp(Phase::Connect, &error))
    }

    async fn encrypt(&self, connection: &mut AsyncSmtpConnection) -> Result<(), SendError> {
        let wanted = match self.config.tls {
            Tls::None | Tls::Implicit => false,
            Tls::Opportunistic => connection.can_starttls(),
            Tls::Starttls if connection.can_starttls() => true,
            Tls::Starttls => return Err(SendError::here(Phase::Encrypt, "servern erbjuder inte STARTTLS".into())),
        };
        if !wanted {
            return Ok(());
        }
        let upgraded = connection.starttls(self.tls_parameters()?, &ClientId::default()).await;
        upgraded.map_err(|error| SendError::from_smtp(Phase::Encrypt, &error))
    }

    async fn sign_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), SendError> {
        let Some(user) = &self.config.user else { return Ok(()) };
        let refuse = |message: &str| SendError::here(Phase::SignIn, message.to_owned());
        let password = self.config.password.as_ref().ok_or_else(|| refuse("lösenordet är inte angivet"))?;
        if !connection.is_encrypted() && !self.is_this_machine() {
            return Err(refuse("lösenordet skickas inte över en okrypterad anslutning; ange tls: starttls"));
        }
        let credentials = Credentials::new(user.clone(), password.expose().to_owned());
        let signed_in = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
        // A server may repeat what it was sent: only its code is told.
        signed_in.map(drop).map_err(|error| SendError {
            message: "användare eller lösenord godtogs inte".into(),
            ..SendError::from_smtp(Phase::SignIn, &error)
        })
    }

    fn is_this_machine(&self) -> bool {
        match self.config.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.config.host == "localhost",
        }
    }

    fn tls_parameters(&self) -> Result<TlsParameters, SendError> {
        let failed = |message: String| SendError::here(Phase::Encrypt, message);
        let mut builder = TlsParametersBuilder::new(self.config.host.clone());
        if let Some(path) = &self.config.ca {
            let pem = fs::read(path).map_err(|error| failed(format!("{}: {error}", path.display())))?;
            let authority = Certificate::from_pem(&pem)
                .map_err(|_| failed(format!("{} är inte ett certifikat i PEM-form", path.display())))?;
            builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authority);
        }
        builder.build_rustls().map_err(|error| SendError::from_smtp(Phase::Encrypt, &error))
    }
}

/// A letter that the server waits for. Dropped, it was never sent.
pub struct Announced {
    connection: AsyncSmtpConnection,
    content: Vec<u8>,
    answer_timeout: Duration,
}

impl Announced {
    /// The content, the dot and the answer.
    pub async fn deliver(self) -> SendOutcome {
        let Self { mut connection, content, answer_timeout } = self;
        // The connection asks for the next part when the one before is written in full, so this becomes true
        // after the content and before the dot.
        let content_is_written = AtomicBool::new(false);
        let mark = iter::from_fn(|| {
            content_is_written.store(true, Ordering::SeqCst);
            None::<&[u8]>
        });
        let parts = iter::once(content.as_slice()).chain(mark);
        let answer = timeout(answer_timeout, connection.message_iter(parts)).await;
        let dot_may_be_sent = content_is_written.load(Ordering::SeqCst);
        let outcome = match answer {
            Ok(Ok(answer)) if answer.code().severity == Severity::PositiveCompletion => SendOutcome::Sent,
            Ok(Ok(_)) => SendOutcome::Unknown(SendError::here(Phase::Answer, "svaret var inte ett svar".into())),
            Ok(Err(error)) => after_content(&error, dot_may_be_sent),
            Err(_) if dot_may_be_sent => SendOutcome::Unknown(SendError::no_answer(Phase::Answer, answer_timeout)),
            Err(_) => SendOutcome::NotSent(SendError::no_answer(Phase::Content, answer_timeout)),
        };
        if outcome == SendOutcome::Sent {
            // Whatever comes now changes nothing: the letter is taken, and nobody waits for the goodbye.
            tokio::spawn(async move { timeout(GOODBYE, connection.quit()).await });
        }
        outcome
    }
}

/// Sender, recipients and the request to send the content.
async fn announce(connection: &mut AsyncSmtpConnection, envelope: &Envelope, content: &[u8]) -> Result<(), SendError> {
    let failed = |error: Error| SendError::from_smtp(Phase::Envelope, &error);
    let mut parameters = Vec::new();
    if envelope.to().iter().chain(envelope.from()).any(|address| !address.to_string().is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let message = "servern tar inte emot adresser med å, ä eller ö".to_owned();
            return Err(SendError { phase: Phase::Envelope, code: Some(553), message });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !content.is_ascii() {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(commands::Mail::new(envelope.from().cloned(), parameters)).await.map_err(failed)?;
    for recipient in envelope.to() {
        connection.command(commands::Rcpt::new(recipient.clone(), Vec::new())).await.map_err(failed)?;
    }
    connection.command(commands::Data).await.map_err(failed).map(drop)
}

/// An error while the content was sent: only the server's own no, or a cut before the dot, is certain.
fn after_content(error: &Error, dot_may_be_sent: bool) -> SendOutcome {
    if error.is_permanent() {
        SendOutcome::Refused(SendError::from_smtp(Phase::Content, error))
    } else if error.is_transient() || !dot_may_be_sent {
        SendOutcome::NotSent(SendError::from_smtp(Phase::Content, error))
    } else {
        SendOutcome::Unknown(SendError::from_smtp(Phase::Answer, error))
    }
}

impl SendError {
    fn here(phase: Phase, message: String) -> Self {
        Self { phase, code: None, message }
    }

    fn no_answer(phase: Phase, limit: Duration) -> Self {
        Self::here(phase, format!("inget svar inom {} s", limit.as_secs_f32()))
    }

    fn from_smtp(phase: Phase, error: &Error) -> Self {
        Self { phase, code: error.status().map(u16::from), message: without_addresses(&error.to_string()) }
    }

    /// The server did not take the user and the password.
    pub fn is_sign_in_refused(&self) -> bool {
        self.phase == Phase::SignIn && self.code.is_some_and(|code| code >= 500)
    }

    /// The server said no for good, to this letter and not to us.
    fn is_final(&self) -> bool {
        self.phase == Phase::Envelope && self.code.is_some_and(|code| code >= 500)
    }
}

/// Servers quote the recipient; an address is personal.
fn without_addresses(text: &str) -> String {
    static ADDRESS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[^\s<>@,;:]+@[^\s<>@,;:]+").expect("the expression is valid"));
    ADDRESS.replace_all(text, "[adress]").chars().take(300).collect()
}
