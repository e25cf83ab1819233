//! The SMTP server: the crate mailin speaks the protocol, this feeds it lines and keeps what came before it says so.
//! Faults: an answer that never comes before or after the mail was kept. Must not read what is in a mail.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mailin::{Action, Handler, Response, Session, SessionBuilder, response};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::message;
use crate::{
    error::Result,
    fault::{FaultKind, Seen, System},
    shared::Shared,
    store::NewMail,
};

/// What has been said so far, and the mail when its last dot has come.
#[derive(Default)]
struct Envelope {
    sender: String,
    recipients: Vec<String>,
    source: Vec<u8>,
    done: bool,
}

#[derive(Clone, Default)]
struct Clerk(Arc<Mutex<Envelope>>);

impl Clerk {
    fn with<T>(&self, act: impl FnOnce(&mut Envelope) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The whole mail, once.
    fn finished(&self) -> Option<Envelope> {
        self.with(|envelope| envelope.done.then(|| std::mem::take(envelope)))
    }
}

impl Handler for Clerk {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.with(|envelope| *envelope = Envelope { sender: from.to_owned(), ..Envelope::default() });
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.with(|envelope| envelope.recipients.push(to.to_owned()));
        response::OK
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.with(|envelope| envelope.source.extend_from_slice(line));
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        self.with(|envelope| envelope.done = true);
        response::OK
    }
}

pub fn run(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                _ = stop.changed() => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => { connections.spawn(connection(stream, peer.ip(), shared.clone())); }
                    Err(problem) => tracing::warn!(%problem, "an SMTP connection could not be accepted"),
                },
            }
        }
    })
}

async fn connection(stream: TcpStream, peer: IpAddr, shared: Arc<Shared>) {
    if let Err(problem) = conversation(stream, peer, &shared).await {
        tracing::debug!(%problem, "an SMTP connection ended early");
    }
}

async fn conversation(mut stream: TcpStream, peer: IpAddr, shared: &Shared) -> io::Result<()> {
    let clerk = Clerk::default();
    let mut session: Session<Clerk> = SessionBuilder::new("brevladan.example.se").build(peer, clerk.clone());
    let (reading, mut writing) = stream.split();
    let mut lines = BufReader::new(reading);
    writing.write_all(&session.greeting().buffer()?).await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let mut answer = session.process(&line);
        if let Some(mail) = clerk.finished() {
            match kept(mail, shared).await {
                Ok(Some(said)) => answer = said,
                Ok(None) => return Ok(()),
                Err(problem) => {
                    tracing::error!(%problem, "a mail could not be kept");
                    answer = response::INTERNAL_ERROR;
                }
            }
        }
        if answer.action != Action::NoReply {
            writing.write_all(&answer.buffer()?).await?;
        }
        if answer.action == Action::Close {
            return Ok(());
        }
    }
}

/// Keeps the mail and gives the answer; none when the connection is to be cut instead.
async fn kept(mail: Envelope, shared: &Shared) -> Result<Option<Response>> {
    let seen = Seen { system: System::Smtp, act: None, reference: None, agency: None, path: "", saves: true };
    let faults = shared.faults.strike(&seen, FaultKind::REQUEST).await?;
    for slow in faults.iter().filter(|fault| fault.kind == FaultKind::Slow) {
        tokio::time::sleep(Duration::from_millis(slow.ms)).await;
    }
    let has = |kind| faults.iter().any(|fault| fault.kind == kind);
    if has(FaultKind::Error500) {
        return Ok(Some(response::INTERNAL_ERROR));
    }
    if has(FaultKind::CutBefore) {
        return Ok(None);
    }
    let message_id = message::message_id(&mail.source);
    let Envelope { sender, recipients, source, .. } = mail;
    shared.store.save_mail(&NewMail { sender, recipients, message_id, source }).await?;
    Ok((!has(FaultKind::CutAfter)).then_some(response::OK))
}
