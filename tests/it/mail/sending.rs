//! What is known about a sending, against a peer that fails at a given moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kollega::mail::{MailConfig, Mailer, Phase, SendError, SendOutcome, Tls};
use kollega::secret::Secret;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use super::letter;

/// What the peer does when it has read the line it was told to wait for.
#[derive(Clone, Copy)]
enum Act {
    Say(&'static str),
    Cut,
    Silence,
}

/// An SMTP peer that does as usual except at one line.
struct Peer {
    port: u16,
    letters: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn peer(at: &'static str, act: Act) -> Peer {
    let socket = TcpSocket::new_v4().expect("a socket");
    // What is not read stays with the sender.
    socket.set_recv_buffer_size(4096).expect("the buffer can be small");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let listener = socket.listen(16).expect("it listens");
    let port = listener.local_addr().expect("an address").port();
    let letters = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&letters);
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A connection that is cut ends in an error, which is the point.
            let _ = converse(stream, at, act, &seen).await;
        }
    });
    Peer { port, letters, task }
}

async fn converse(stream: TcpStream, at: &str, act: Act, letters: &AtomicUsize) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut in_content = false;
    let mut line = "connect".to_owned();
    loop {
        let is_dot = in_content && line == ".";
        let usual = match line.split([' ', ':']).next().unwrap_or_default() {
            _ if is_dot => Some("250 taken"),
            _ if in_content => None,
            "connect" => Some("220 peer"),
            "EHLO" => Some("250-peer\r\n250 AUTH PLAIN LOGIN"),
            "DATA" => Some("354 go on"),
            "QUIT" => Some("221 bye"),
            _ => Some("250 ok"),
        };
        letters.fetch_add(usize::from(is_dot), Ordering::SeqCst);
        in_content = (in_content || line == "DATA") && !is_dot;
        let is_the_line = if at == "." { is_dot } else { line.starts_with(at) };
        let answer = match act {
            Act::Cut if is_the_line => return Ok(()),
            Act::Silence if is_the_line => None,
            Act::Say(text) if is_the_line => Some(text),
            _ => usual,
        };
        if let Some(answer) = answer {
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        let Some(next) = lines.next_line().await? else { return Ok(()) };
        line = next;
    }
}

fn config(port: u16) -> MailConfig {
    MailConfig {
        tls: Tls::None,
        timeout: Duration::from_secs(2),
        answer_timeout: Duration::from_secs(2),
        ..MailConfig::new("127.0.0.1", port, "Kollega på Örnsköldsviks kommun <kollega@kommunen.example>")
    }
}

async fn send_to(peer: &Peer) -> SendOutcome {
    Mailer::new(config(peer.port)).send(&letter()).await
}

async fn outcome(at: &'static str, act: Act) -> SendOutcome {
    send_to(&peer(at, act)).await
}

fn not_sent(outcome: SendOutcome) -> SendError {
    match outcome {
        SendOutcome::NotSent(error) => error,
        other => panic!("it should be known that it was not sent: {other:?}"),
    }
}

fn refused(outcome: SendOutcome) -> SendError {
    match outcome {
        SendOutcome::Refused(error) => error,
        other => panic!("it should be refused: {other:?}"),
    }
}

fn unknown(outcome: SendOutcome) -> SendError {
    match outcome {
        SendOutcome::Unknown(error) => error,
        other => panic!("nobody should be able to tell: {other:?}"),
    }
}

#[tokio::test]
async fn a_letter_that_the_server_takes_is_sent_once() {
    let peer = peer("nothing", Act::Cut);

    assert_eq!(send_to(&peer).await, SendOutcome::Sent);
    assert_eq!(peer.letters.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nobody_listening_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let config = config(listener.local_addr().expect("an address").port());
    drop(listener);

    let outcome = Mailer::new(config).send(&letter()).await;

    assert_eq!(not_sent(outcome).phase, Phase::Connect);
}

#[tokio::test]
async fn a_cut_before_the_final_dot_is_not_sent() {
    for (at, phase) in [
        ("connect", Phase::Connect),
        ("EHLO", Phase::Connect),
        ("MAIL", Phase::Envelope),
        ("RCPT", Phase::Envelope),
        ("DATA", Phase::Envelope),
    ] {
        assert_eq!(not_sent(outcome(at, Act::Cut).await).phase, phase, "{at}");
    }
}

#[tokio::test]
async fn silence_before_the_final_dot_is_not_sent() {
    for (at, phase) in [("connect", Phase::Connect), ("RCPT", Phase::Envelope), ("DATA", Phase::Envelope)] {
        let error = not_sent(outcome(at, Act::Silence).await);
        assert_eq!((error.phase, error.message.as_str()), (phase, "inget svar inom 2 s"), "{at}");
    }
}

#[tokio::test]
async fn a_cut_or_silence_after_the_final_dot_is_unknown() {
    for act in [Act::Cut, Act::Silence, Act::Say("what?"), Act::Say("354 go on"), Act::Say("")] {
        let peer = peer(".", act);

        assert_eq!(unknown(send_to(&peer).await).phase, Phase::Answer);
        assert_eq!(peer.letters.load(Ordering::SeqCst), 1, "the dot came and was not sent again");
    }
}

#[tokio::test]
async fn a_no_for_now_is_not_sent_on_either_side_of_the_dot() {
    for at in ["MAIL", "RCPT", "DATA", "."] {
        let error = not_sent(outcome(at, Act::Say("451 try later")).await);
        assert_eq!(error.code, Some(451), "{at}");
    }
}

#[tokio::test]
async fn a_no_for_good_is_refused_on_either_side_of_the_dot() {
    for at in ["MAIL", "RCPT", "DATA", "."] {
        let error = refused(outcome(at, Act::Say("550 no such mailbox")).await);
        assert_eq!(error.code, Some(550), "{at}");
    }
}

#[tokio::test]
async fn an_error_does_not_repeat_the_recipients_address() {
    let error = refused(outcome("RCPT", Act::Say("550 5.1.1 <mottagare@example.se> unknown")).await);

    assert_eq!(
        error.to_string(),
        "e-postservern tog inte emot avsändare eller mottagare: permanent error (550): 5.1.1 <[adress]> unknown"
    );
}

#[tokio::test]
async fn a_cut_in_the_middle_of_a_long_letter_is_not_sent() {
    let peer = peer("rad-mitt-i", Act::Cut);
    let text = format!("rad-mitt-i\r\n{}", format!("{}\r\n", "x".repeat(900)).repeat(12_000));
    let content = kollega::mail::Rendered { subject: "Lång".into(), text, html: None };
    let mail = kollega::mail::Mail::compose(super::to("mottagare@example.se"), content).expect("it composes");

    let error = not_sent(Mailer::new(config(peer.port)).send(&mail).await);

    assert_eq!((error.phase, peer.letters.load(Ordering::SeqCst)), (Phase::Content, 0));
}

#[tokio::test]
async fn a_refused_sign_in_can_be_tried_again_and_does_not_repeat_what_was_sent() {
    let peer = peer("AUTH", Act::Say("535 wrong: AGtvbGxlZ2E= hemlig-7"));
    let config =
        MailConfig { user: Some("kollega".into()), password: Some(Secret::new("hemlig-7")), ..config(peer.port) };

    let error = not_sent(Mailer::new(config).send(&letter()).await);

    assert_eq!((error.phase, error.code), (Phase::SignIn, Some(535)));
    assert!(!format!("{error} {error:?}").contains("hemlig-7"));
}

#[tokio::test]
async fn starttls_that_is_required_and_not_offered_sends_nothing() {
    let peer = peer("nothing", Act::Cut);
    let config = MailConfig { tls: Tls::Starttls, ..config(peer.port) };

    assert_eq!(not_sent(Mailer::new(config).send(&letter()).await).phase, Phase::Encrypt);
    assert_eq!(peer.letters.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn starttls_that_is_wished_and_not_offered_is_done_without() {
    let peer = peer("nothing", Act::Cut);
    let config = MailConfig { tls: Tls::Opportunistic, ..config(peer.port) };

    assert_eq!(Mailer::new(config).send(&letter()).await, SendOutcome::Sent);
}
