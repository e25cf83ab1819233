//! What can go wrong with the kept secrets, said so that the IT unit can mend it. Never holds a value.

use std::io;
use std::path::{Path, PathBuf};

/// Why a secret could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{}: {source}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "nyckelfilen {} kan läsas av andra (rättigheter {mode:o}); rätta med: chmod 600 '{}' och byt hemligheterna \
         om någon obehörig kan ha läst den",
        path.display(), path.display()
    )]
    KeyIsReadable { path: PathBuf, mode: u32 },
    #[error("nyckelfilen {} är inte en vanlig fil", path.display())]
    KeyIsNoFile { path: PathBuf },
    #[error("nyckelfilen {} är inte en nyckel; lägg tillbaka den från säkerhetskopian", path.display())]
    KeyIsBroken { path: PathBuf },
    #[error(
        "nyckelfilen {} saknas, men det finns hemligheter krypterade med den; lägg tillbaka nyckeln från \
         säkerhetskopian, eller ta bort {} och ange hemligheterna på nytt",
        key.display(), store.display()
    )]
    KeyIsMissing { key: PathBuf, store: PathBuf },
    #[error("{} kan inte dekrypteras med nyckelfilen; de hör inte ihop eller filen är skadad", path.display())]
    StoreIsBroken { path: PathBuf },
    #[error("{} kan inte dekrypteras: fel lösenord, eller så är filen inte gjord av `kollega keys export`", path.display())]
    BundleIsBroken { path: PathBuf },
    #[error("{} kunde inte krypteras", path.display())]
    Encryption { path: PathBuf },
    #[error("hemligheten ”{name}” finns inte; ange den med: kollega secret set {name}")]
    Unknown { name: String },
    #[error(
        "”{name}” duger inte som namn på en hemlighet; använd bokstäver, siffror, punkt, - och _, till exempel akten.password"
    )]
    Name { name: String },
    #[error("hemligheten ”{name}” är tom")]
    Empty { name: String },
}

impl SecretError {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }
}
