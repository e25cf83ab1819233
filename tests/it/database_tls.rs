//! PostgreSQL over TLS, as the handbook has it: the right server is believed, another is not, and nothing goes in the clear.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kollega::store::Store;

use crate::certificate;

/// A PostgreSQL with a certificate; ended with the test.
struct Server {
    script: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path) -> Self {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("a folder of ours");
        certificate::make(folder, "server");
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let mut script = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/postgres"))
            .arg(folder.join("postgres"))
            .arg(port.to_string())
            .env("KOLLEGA_POSTGRES_CERTIFICATE", folder.join("server.pem"))
            .env("KOLLEGA_POSTGRES_KEY", folder.join("server-key.pem"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("scripts/postgres");
        let lines = BufReader::new(script.stdout.take().expect("what it says")).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "Klar."), "PostgreSQL did not start");
        Self { script, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.script);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
        drop(self.script.wait());
    }
}

#[tokio::test]
async fn a_connection_is_encrypted_and_only_the_right_server_is_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    certificate::make(folder.path(), "another");
    let url = |port: u16, authority: &str| {
        let authority = folder.path().join(authority).display().to_string();
        format!("postgres://kollega@localhost:{port}/postgres?sslmode=verify-full&sslrootcert={authority}")
    };
    let store = Store::connect(&url(server.port, "server.pem"), None, 2).await.expect("the right server");
    store.now().await.expect("an answer");
    let wrong = Store::connect(&url(server.port, "another.pem"), None, 2).await;
    assert!(wrong.is_err(), "another authority");
    let plain = std::env::var("KOLLEGA_TEST_POSTGRES").expect("scripts/test");
    let port = plain.rsplit(':').next().and_then(|rest| rest.split('/').next()).and_then(|port| port.parse().ok());
    let plain = Store::connect(&url(port.expect("a port"), "server.pem"), None, 2).await;
    assert!(plain.is_err(), "a server without TLS");
}
