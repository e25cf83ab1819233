//! Sending to an SMTP server that we did not write: aiosmtpd, with STARTTLS and sign-in.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use kollega::mail::{Mail, MailConfig, Mailer, Phase, SendOutcome, Tls};
use kollega::secret::Secret;
use serde_json::{Value, json};

use super::{read, to};
use crate::certificate;

const INSTALL: &str = "aiosmtpd saknas: kör scripts/setup (Debianpaketet python3-aiosmtpd)";

struct Server {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        certificate::make(folder.path(), "server");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mail/server.py");
        let mut process = Command::new("/usr/bin/python3")
            .arg(script)
            .args(["server.pem", "server-key.pem", "letters.jsonl"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect(INSTALL);
        let mut line = String::new();
        let output = process.stdout.take().expect("the output is piped");
        BufReader::new(output).read_line(&mut line).expect("the server can be read");
        let port = line.trim().parse().expect(INSTALL);
        Self { process, port, folder }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    fn letters(&self) -> Vec<Value> {
        let lines = fs::read_to_string(self.folder.path().join("letters.jsonl")).unwrap_or_default();
        lines.lines().map(|line| serde_json::from_str(line).expect("a letter")).collect()
    }

    fn config(&self) -> MailConfig {
        MailConfig {
            user: Some("kollega".into()),
            password: Some(Secret::new("löpsedel-7")),
            ca: Some(self.certificate()),
            ..MailConfig::new("localhost", self.port, "\"Kollega, Örnsköldsvik\" <kollega@kommunen.example>")
        }
    }
}

fn letter() -> Mail {
    let template = read(&[
        (
            "beslut.txt",
            "Ämne: Ärende {{ nr }}: något att läsa på Mina sidor, åäö ÅÄÖ\n\nHej!\n.\n..två punkter\nÅ ä ö.\n",
        ),
        ("beslut.html", "<p>Hej! <a href=\"{{ länk }}\">Läs på Mina sidor</a> åäö</p>\n"),
    ]);
    let content = template.render(&json!({"nr": "A-1", "länk": "https://example.se/?a=1&b=2"})).expect("it renders");
    Mail::compose(to("Åsa Öberg <mottagare@example.se>"), content).expect("it composes")
}

/// What Python's own mail reader makes of the letter: an opinion that is not ours.
fn as_read(content: &str) -> Value {
    let program = "import sys, json, email, email.policy\n\
        m = email.message_from_string(sys.argv[1], policy=email.policy.default)\n\
        part = lambda kind: m.get_body((kind,)).get_content().replace('\\r\\n', '\\n')\n\
        print(json.dumps({'id': m['Message-ID'], 'subject': m['Subject'], 'from': str(m['From']), 'to': str(m['To']),\n\
        'date': m['Date'].datetime.isoformat(), 'plain': part('plain'), 'html': part('html')}))";
    let read = Command::new("/usr/bin/python3").args(["-c", program, content]).output().expect("python3 runs");
    serde_json::from_slice(&read.stdout).expect("the letter can be read")
}

#[tokio::test]
async fn a_letter_in_swedish_arrives_whole_by_starttls_and_sign_in() {
    let server = Server::start();

    assert_eq!(Mailer::new(server.config()).send(&letter()).await, SendOutcome::Sent);

    let letters = server.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["encrypted"], true);
    assert_eq!(letters[0]["signed_in"], true);
    assert_eq!(letters[0]["to"], json!(["mottagare@example.se"]));
    assert_eq!(
        as_read(letters[0]["content"].as_str().expect("the content")),
        json!({
            "id": "<01KB2Q5S5Z9M3R7T1V4W6X8Y0Z@kommunen.example>",
            "subject": "Ärende A-1: något att läsa på Mina sidor, åäö ÅÄÖ",
            "from": "\"Kollega, Örnsköldsvik\" <kollega@kommunen.example>",
            "to": "Åsa Öberg <mottagare@example.se>",
            "date": "2025-12-10T08:00:00+00:00",
            "plain": "Hej!\n.\n..två punkter\nÅ ä ö.",
            "html": "<p>Hej! <a href=\"https:&#x2f;&#x2f;example.se&#x2f;?a=1&amp;b=2\">Läs på Mina sidor</a> åäö</p>",
        })
    );
}

#[tokio::test]
async fn a_wrong_password_sends_nothing() {
    let server = Server::start();
    let config = MailConfig { password: Some(Secret::new("fel-lösenord")), ..server.config() };

    let outcome = Mailer::new(config).send(&letter()).await;

    let SendOutcome::NotSent(error) = outcome else { panic!("it should not be sent: {outcome:?}") };
    assert_eq!((error.phase, error.code), (Phase::SignIn, Some(535)));
    assert_eq!(server.letters(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_sends_nothing_and_no_password() {
    let server = Server::start();
    let config = MailConfig { ca: None, ..server.config() };

    let outcome = Mailer::new(config).send(&letter()).await;

    let SendOutcome::NotSent(error) = outcome else { panic!("it should not be sent: {outcome:?}") };
    assert_eq!(error.phase, Phase::Encrypt);
    assert_eq!(server.letters(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_server_that_wants_encryption_refuses_a_letter_without() {
    let server = Server::start();
    let config = MailConfig { tls: Tls::None, user: None, ..server.config() };

    let outcome = Mailer::new(config).send(&letter()).await;

    let SendOutcome::Refused(error) = outcome else { panic!("it should be refused: {outcome:?}") };
    assert_eq!((error.phase, error.code), (Phase::Envelope, Some(530)));
}
