//! The lines of a backup. A row of a table is a JSON list, a piece of a file is a JSON text in base64; everything else
//! is a [`Record`].

use serde::{Deserialize, Serialize};

/// The version of the format.
pub(super) const FORMAT: u32 = 1;

/// The size of a piece of a file.
pub(super) const PIECE: usize = 48 * 1024;

/// A line that says what the lines after it are, or that they have ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kollega", rename_all = "snake_case")]
pub(super) enum Record {
    /// The first line.
    Backup { format: u32, program: String, at: String, migrations: Vec<i64> },
    /// The rows of a table follow.
    Table { name: String, columns: Vec<String> },
    /// The pieces of a file follow, of the data folder.
    File { name: String },
    /// Those were all: how many lines, and the SHA-256 of them.
    End { name: String, lines: u64, sha256: String },
    /// The last line: the SHA-256 of every line before it.
    Complete { sha256: String },
}

/// Files that every backup has, if they are there.
pub(super) const KEYS: &[&str] = &["seal.key", "secrets.key", "secrets.age"];

/// Whether a file of this name may stand in a backup: nothing outside the data folder is ever written.
pub(super) fn is_known(name: &str) -> bool {
    let picture = name.strip_prefix("screenshots/").is_some_and(|path| {
        path.split('/').all(|part| {
            !part.is_empty() && !part.starts_with('.') && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
        })
    });
    picture || KEYS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_data_folder_are_known() {
        assert!(is_known("seal.key") && is_known("screenshots/ab/abc.png"));
        for name in ["/etc/passwd", "../x", "screenshots/../x", "screenshots//x", "screenshots/.x", "kollega.db", ""] {
            assert!(!is_known(name), "{name}");
        }
    }
}
