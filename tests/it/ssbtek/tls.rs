//! The connection itself: mutual TLS, and configurations that are refused.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use kollega::ssbtek::{Answer, Client, Config, SetupError, Status};

use super::service::{ANNA, Reply, answer, config, nothing};
use crate::certificate;

/// A server that takes only the client whose certificate is `client.pem`.
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
        for name in ["server", "client", "stranger"] {
            certificate::make(folder.path(), name);
        }
        let question = "<ssbt:korrelationsid></ssbt:korrelationsid>";
        let Reply::Xml(text) = answer(question, &nothing(ANNA)) else { panic!("it is an answer") };
        fs::write(folder.path().join("answer.xml"), text).expect("the answer can be written");
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/ssbtek/server.py");
        let mut process = Command::new("/usr/bin/python3")
            .arg(script)
            .args(["server.pem", "server-key.pem", "client.pem", "answer.xml"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 saknas: kör scripts/setup");
        let mut line = String::new();
        let output = process.stdout.take().expect("the output is piped");
        BufReader::new(output).read_line(&mut line).expect("the server can be read");
        let port = line.trim().parse().expect("the server says its port");
        Self { process, port, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Asks with this client certificate, trusting this server certificate.
    async fn ask(&self, client: Option<&str>, server: &str) -> Answer {
        let mut config = config(&format!("https://localhost:{}/", self.port));
        config.ca = Some(self.path(&format!("{server}.pem")));
        config.certificate = client.map(|name| self.path(&format!("{name}.pem")));
        config.key = client.map(|name| self.path(&format!("{name}-key.pem")));
        super::ask_with(&Client::new(config).expect("the configuration is right"), &[ANNA]).await
    }
}

#[tokio::test]
async fn both_sides_show_the_right_certificate_or_nothing_is_answered() {
    let server = Server::start();

    let answer = server.ask(Some("client"), "server").await;
    assert!(answer.is_whole(), "{answer:?}");

    for (client, trusted) in [(None, "server"), (Some("stranger"), "server"), (Some("client"), "stranger")] {
        let answer = server.ask(client, trusted).await;
        assert!(answer.sources.values().all(|status| *status == Status::Error), "{client:?} {trusted}: {answer:?}");
        assert_eq!(answer.sources.len(), 5);
    }
}

fn refused(change: impl Fn(&mut Config)) -> String {
    let mut config = config("https://ssbtek.example/v10");
    change(&mut config);
    Client::new(config).map(drop).expect_err("the configuration is wrong").to_string()
}

#[test]
fn a_personal_number_is_never_sent_unencrypted_to_another_machine() {
    let message = refused(|config| config.url = "http://ssbtek.example/v10".into());

    assert_eq!(message, "ssbtek.url: adressen ska börja med https://");
}

#[test]
fn a_wrong_configuration_says_which_field_and_what_to_do() {
    for (message, change) in [
        (refused(|config| config.organisation.number = "198512052393".into()), "organisation.number"),
        (refused(|config| config.legal_basis = " ".into()), "legal_basis"),
        (refused(|config| config.purpose = String::new()), "purpose"),
        (refused(|config| config.certificate = Some("klient.pem".into())), "certificate"),
        (refused(|config| config.benefits = vec!["FK:XYZ".into()]), "benefits"),
        (refused(|config| config.kinds = [("fk:HE".into(), "bidrag".into())].into()), "kinds"),
    ] {
        assert!(message.starts_with(&format!("ssbtek.{change}: ")), "{message}");
    }
}

#[test]
fn a_certificate_that_is_missing_or_is_none_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("ca.pem");
    let with_ca = || {
        let mut config = config("https://ssbtek.example/v10");
        config.ca = Some(path.clone());
        Client::new(config).map(drop).expect_err("there is no certificate")
    };

    assert!(matches!(with_ca(), SetupError::File { .. }));
    fs::write(&path, "inget certifikat").expect("the file can be written");
    assert!(matches!(with_ca(), SetupError::Pem { .. }));
}
