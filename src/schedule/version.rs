//! Which version of a bot's script a schedule runs.

use std::fmt;
use std::str::FromStr;

/// Which version of a bot's script runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ScriptVersion {
    /// The file as it is now.
    #[default]
    Newest,
    /// What was approved last, whatever the file says.
    NewestApproved,
    /// The approved script whose SHA-256 begins so.
    Exact(String),
}

/// How much of a SHA-256 must be written at least.
const SHORTEST: usize = 8;

impl FromStr for ScriptVersion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "newest" => Ok(Self::Newest),
            "newest_approved" => Ok(Self::NewestApproved),
            hash if (SHORTEST..=64).contains(&hash.len()) && hash.chars().all(|c| c.is_ascii_hexdigit()) => {
                Ok(Self::Exact(hash.to_ascii_lowercase()))
            }
            _ => Err(()),
        }
    }
}

impl fmt::Display for ScriptVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Newest => "newest",
            Self::NewestApproved => "newest_approved",
            Self::Exact(hash) => hash,
        })
    }
}
