//! Self-made certificates for servers and clients on this machine.

use std::path::Path;
use std::process::Command;

/// Makes `<name>.pem` and `<name>-key.pem` in `folder`, for `localhost`.
pub fn make(folder: &Path, name: &str) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &format!("{name}-key.pem"), "-out", &format!("{name}.pem")])
        .current_dir(folder)
        .output()
        .expect("openssl saknas: kör scripts/setup");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
