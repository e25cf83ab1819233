//! What can go wrong with a backup, said so that the IT unit can mend it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a backup could not be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} kan inte läsas eller skrivas", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} finns redan och skrivs inte över: ange ett annat namn", .0.display())]
    Exists(PathBuf),
    #[error("{} är ingen säkerhetskopia av Kollega", .0.display())]
    NoBackup(PathBuf),
    #[error("{} är krypterad: ange nyckelfilen med --identity, eller lösenfrasen med --passphrase-stdin", .0.display())]
    Encrypted(PathBuf),
    #[error("{} kan inte dekrypteras med den nyckeln eller lösenfrasen", .0.display())]
    WrongKey(PathBuf),
    #[error("{} är avklippt: slutet saknas. Inget har återställts; använd en annan kopia", .0.display())]
    Cut(PathBuf),
    #[error("{} är skadad: {what}. Inget har återställts; använd en annan kopia", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("mottagaren {0} är ingen age-nyckel: den börjar med age1")]
    Recipient(String),
    #[error("{} har ingen nyckel som börjar med AGE-SECRET-KEY-1", .0.display())]
    Identity(PathBuf),
    #[error("kopian kunde inte krypteras")]
    Encryption,
    #[error(
        "installationen är inte tom: det som finns skulle försvinna. Säkerhetskopiera den först och ange --replace om \
         den ska ersättas"
    )]
    NotEmpty,
    #[error("antalet rader i {table} är {found} efter återställningen och {wanted} i kopian: inget har ersatts")]
    Count { table: String, found: i64, wanted: u64 },
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error("hemligheterna kan inte återställas: {0}")]
    Secret(#[from] crate::secret::SecretError),
    #[error(transparent)]
    Setting(anyhow::Error),
}

impl Error {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { path, source }
    }

    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), what: what.into() }
    }
}
