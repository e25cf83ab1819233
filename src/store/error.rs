//! What can go wrong with the store.

use std::path::PathBuf;

use crate::model::ItemState;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or could not be reached.
    #[error("databasen svarade inte som väntat: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("databasens tabeller kunde inte uppdateras: {0}")]
    Migrate(sqlx::migrate::MigrateError),
    /// The database's file cannot be made or opened.
    #[error("databasens fil {} kan inte skapas eller öppnas: {error}", .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The database can't be replaced while a program has it open.
    #[error("ett program har databasen öppen: stoppa `kollega serve` och alla `kollega worker` först")]
    InUse,
    /// Something was made by a newer program: it has this migration, which is not known here.
    #[error("det är gjort av en nyare version av Kollega (tabellernas version {0}): uppgradera programmet först")]
    Newer(i64),
    /// The lease is no longer ours: another worker has the work.
    #[error("arbetet har tagits över av en annan arbetare")]
    LeaseLost,
    /// A change of state that is not allowed.
    #[error(
        "ett ärende i läget ”{}” kan inte få läget ”{}”",
        ItemState::stored_in_words(from),
        ItemState::stored_in_words(to)
    )]
    NotAllowed {
        /// The present state.
        from: String,
        /// The wanted state.
        to: String,
    },
    /// A person would settle what is not uncertain.
    #[error("ärendet har läget ”{}”: det finns inget att avgöra", .0.in_words())]
    NothingToSettle(ItemState),
    /// A person answers an uncertainty that another person has settled already; the item has a new one.
    #[error(
        "någon annan har redan svarat, och roboten har försökt igen sedan du såg ärendet: titta i det andra systemet en gång till och svara sedan"
    )]
    SettledBefore,
    /// A person has asked for the item: the worker lets go of it here.
    #[error("en person har begärt att roboten släpper ärendet")]
    Asked,
    /// What is to be carried out was decided by delegation, and the delegation is not in force any more.
    #[error("delegationen som beslutet vilar på gäller inte längre")]
    DelegationEnded,
    /// More than an item may hold; nothing was changed.
    #[error(
        "ärendets uppgifter är {} MB, mer än gränsen {} MB: ingenting har sparats; höj items.max_megabytes i kollega.toml om de ska få vara så stora",
        .megabytes, .limit
    )]
    TooLarge {
        /// What it would be, rounded up.
        megabytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// References were removed under another key than the one here.
    #[error(
        "nyckeln seal.key i data-mappen är en annan än den som borttagna ärendens referenser är sparade med: hämta nycklarna från en dator som har dem (`kollega keys export` där, `kollega keys import` här); utan dem kan samma ärende göras två gånger"
    )]
    OtherKey,
    /// Nothing by that name.
    #[error("{0} finns inte")]
    Missing(String),
    /// Something in the database cannot be read.
    #[error("databasen innehåller något som inte kan läsas: {0}")]
    Corrupt(String),
}

impl Error {
    /// The database has kept silent for longer than there is time to wait.
    pub fn silence() -> Self {
        Self::Database(sqlx::Error::PoolTimedOut)
    }

    /// Whether the database is away, or does not answer: it may be there again in a while.
    pub fn is_outage(&self) -> bool {
        use sqlx::Error as E;
        match self {
            Self::Database(E::Io(_) | E::PoolTimedOut | E::Protocol(_) | E::Tls(_) | E::WorkerCrashed) => true,
            // 57P01–57P03: it is shutting down or starting; 08…: the connection; 53300: too many connections; 28…: it lets
            // this user in no more.
            Self::Database(E::Database(error)) => error
                .code()
                .is_some_and(|code| ["57P0", "08", "28"].iter().any(|kind| code.starts_with(kind)) || code == "53300"),
            _ => false,
        }
    }
}

/// The result of a store function.
pub type Result<T> = std::result::Result<T, Error>;
