//! Reads a backup line by line and checks every sum; what is read is believed only when all of it has been.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::format::{FORMAT, Record, is_known};
use super::key::{OpenKey, source};
use super::{Error, Progress, Result};

/// What a backup holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// When it was made.
    pub at: String,
    /// The migrations that had made its tables.
    pub migrations: Vec<i64>,
    /// How many rows each table has.
    pub tables: BTreeMap<String, u64>,
    /// How many files of the data folder.
    pub files: u64,
    /// The size of the backup.
    pub bytes: u64,
}

/// Reads all of a backup and checks it.
pub fn verify(file: &Path, key: &OpenKey, progress: Progress<'_>) -> Result<Contents> {
    let mut reader = Reader::open(file, key)?;
    let mut contents = Contents::default();
    while let Some(part) = reader.next()? {
        match part {
            Part::Backup { at, migrations } => {
                contents.at = at;
                contents.migrations = migrations;
            }
            Part::End { table: Some(table), lines } => {
                progress(&table, lines);
                contents.tables.insert(table, lines);
            }
            Part::End { table: None, .. } => contents.files += 1,
            Part::Table { .. } | Part::File { .. } | Part::Line(_) => {}
        }
    }
    contents.bytes = std::fs::metadata(file).map_err(Error::file(file))?.len();
    Ok(contents)
}

/// What a line is.
pub(super) enum Part {
    Backup {
        at: String,
        migrations: Vec<i64>,
    },
    Table {
        name: String,
        columns: Vec<String>,
    },
    File {
        name: String,
    },
    /// A row of the table, or a piece of the file, that was named last.
    Line(String),
    /// The table or file has ended; a table is named.
    End {
        table: Option<String>,
        lines: u64,
    },
}

/// The lines of a backup; the last answer is none, given only when all has been found right.
pub(super) struct Reader {
    path: PathBuf,
    lines: BufReader<MultiGzDecoder<Box<dyn Read>>>,
    whole: Sha256,
    sum: Sha256,
    part: u64,
    /// What the lines belong to, and whether it is a table.
    within: Option<(String, bool)>,
    begun: bool,
}

impl Reader {
    pub fn open(path: &Path, key: &OpenKey) -> Result<Self> {
        let lines = BufReader::with_capacity(256 * 1024, MultiGzDecoder::new(source(path, key)?));
        let path = path.to_path_buf();
        Ok(Self { path, lines, whole: Sha256::new(), sum: Sha256::new(), part: 0, within: None, begun: false })
    }

    pub fn next(&mut self) -> Result<Option<Part>> {
        let line = self.line()?;
        if !line.starts_with('{') {
            if self.within.is_none() {
                return Err(self.damaged("en rad står utanför sin tabell"));
            }
            self.part += 1;
            self.count(&line);
            return Ok(Some(Part::Line(line)));
        }
        let record = serde_json::from_str(&line).map_err(|_| self.damaged("en rad kan inte läsas"))?;
        match (record, self.begun) {
            (Record::Backup { format, at, migrations, .. }, false) => {
                if format > FORMAT {
                    return Err(self.damaged("den är gjord av en nyare version av Kollega"));
                }
                self.begun = true;
                self.count(&line);
                Ok(Some(Part::Backup { at, migrations }))
            }
            (_, false) => Err(Error::NoBackup(self.path.clone())),
            (Record::Table { name, columns }, true) => {
                self.begin(&line, name.clone(), true)?;
                Ok(Some(Part::Table { name, columns }))
            }
            (Record::File { name }, true) if is_known(&name) => {
                self.begin(&line, name.clone(), false)?;
                Ok(Some(Part::File { name }))
            }
            (Record::End { name, lines, sha256 }, true) => self.end(&line, &name, lines, &sha256).map(Some),
            (Record::Complete { sha256 }, true) => self.complete(&sha256).map(|()| None),
            (Record::Backup { .. } | Record::File { .. }, true) => Err(self.damaged("en rad hör inte hemma i den")),
        }
    }

    /// Whether a table or file has just ended.
    pub fn is_between(&self) -> bool {
        self.within.is_none()
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        match self.lines.read_until(b'\n', &mut line) {
            Ok(_) if line.pop() == Some(b'\n') => {
                String::from_utf8(line).map_err(|_| self.damaged("en rad är inte text"))
            }
            // The file ends before its last line.
            Ok(_) => Err(Error::Cut(self.path.clone())),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(Error::Cut(self.path.clone())),
            Err(error) => Err(self.damaged(error.to_string())),
        }
    }

    fn count(&mut self, line: &str) {
        for bytes in [line.as_bytes(), b"\n"] {
            self.whole.update(bytes);
            self.sum.update(bytes);
        }
    }

    fn begin(&mut self, line: &str, name: String, table: bool) -> Result<()> {
        if self.within.is_some() {
            return Err(self.damaged("en tabell slutar inte"));
        }
        self.count(line);
        (self.sum, self.part, self.within) = (Sha256::new(), 0, Some((name, table)));
        Ok(())
    }

    fn end(&mut self, line: &str, name: &str, lines: u64, sha256: &str) -> Result<Part> {
        let sum = hex::encode(std::mem::take(&mut self.sum).finalize());
        let (within, table) = self.within.take().unwrap_or_default();
        if within != name || lines != self.part || sha256 != sum {
            return Err(self.damaged(format!("kontrollsumman för {name} stämmer inte")));
        }
        self.count(line);
        Ok(Part::End { table: table.then_some(within), lines })
    }

    fn complete(&mut self, sha256: &str) -> Result<()> {
        let sum = hex::encode(std::mem::take(&mut self.whole).finalize());
        let mut rest = Vec::new();
        let more = self.lines.read_to_end(&mut rest).map_err(|error| self.damaged(error.to_string()))?;
        if sha256 != sum || self.within.is_some() || more > 0 {
            return Err(self.damaged("kontrollsumman för hela kopian stämmer inte"));
        }
        Ok(())
    }

    fn damaged(&self, what: impl Into<String>) -> Error {
        Error::damaged(&self.path, what)
    }
}
