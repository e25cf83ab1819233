//! Makes a backup while everything goes on: whole under its name, or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::format::{FORMAT, KEYS, PIECE, Record};
use super::key::{LockKey, Sink};
use super::{Contents, Error, Progress, Result};
use crate::store::Store;

/// What is backed up.
#[derive(Debug)]
pub struct Source<'a> {
    pub store: &'a Store,
    /// The data folder.
    pub data: &'a Path,
    /// Whether the screenshots are taken along.
    pub screenshots: bool,
}

/// Writes a backup to a file that is not there yet. Flat in memory.
pub async fn back_up(source: &Source<'_>, file: &Path, key: &LockKey, progress: Progress<'_>) -> Result<Contents> {
    let Source { store, data, screenshots } = *source;
    if file.try_exists().map_err(Error::file(file))? {
        return Err(Error::Exists(file.to_path_buf()));
    }
    let draft = Draft::beside(file)?;
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft.0);
    let opened = opened.map_err(Error::file(&draft.0))?;
    let sink = Sink::new(key, BufWriter::new(opened))?;
    let mut lines = Lines::new(GzEncoder::new(sink, Compression::fast()), &draft.0);
    let at = crate::model::time_text(store.now().await?);
    let mut contents = Contents { at: at.clone(), ..Contents::default() };

    let mut snapshot = store.snapshot().await?;
    contents.migrations.clone_from(&snapshot.migrations);
    let program = env!("CARGO_PKG_VERSION").to_owned();
    lines.record(&Record::Backup { format: FORMAT, program, at, migrations: snapshot.migrations.clone() })?;
    for table in snapshot.tables.clone() {
        lines.begin(&Record::Table { name: table.name.clone(), columns: table.columns() })?;
        let mut last = None;
        loop {
            let rows = snapshot.page(&table, last.as_ref()).await?;
            for row in &rows {
                lines.line(&serde_json::to_vec(row).map_err(std::io::Error::other).map_err(Error::file(file))?)?;
            }
            progress(&table.name, lines.part);
            match rows.into_iter().next_back() {
                Some(row) => last = Some(row),
                None => break,
            }
        }
        contents.tables.insert(table.name.clone(), lines.part);
        lines.end(table.name)?;
    }
    snapshot.end().await?;

    let mut files: Vec<String> = KEYS.iter().map(|name| (*name).to_owned()).collect();
    if screenshots {
        pictures(&data.join("screenshots"), "screenshots", &mut files);
    }
    for name in files {
        if write_file(&mut lines, data, &name)? {
            contents.files += 1;
            progress("filer", contents.files);
        }
    }
    lines.complete()?;
    draft.keep(file)?;
    contents.bytes = fs::metadata(file).map_err(Error::file(file))?.len();
    Ok(contents)
}

/// The name that the backup has until it is whole; removed again unless it is kept.
struct Draft(PathBuf);

impl Draft {
    fn beside(file: &Path) -> Result<Self> {
        let name = file.file_name().ok_or_else(|| Error::NoBackup(file.to_path_buf()))?.to_string_lossy();
        Ok(Self(file.with_file_name(format!(".{name}.{}.halv", std::process::id()))))
    }

    /// Gives it its name, in one go: another file that has got the name meanwhile is not overwritten.
    fn keep(self, file: &Path) -> Result<()> {
        fs::hard_link(&self.0, file).map_err(Error::file(file))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::file(file))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

/// A file of the data folder, piece by piece; whether it was there.
fn write_file(lines: &mut Lines, data: &Path, name: &str) -> Result<bool> {
    let path = data.join(name);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        // Also a picture that was removed meanwhile.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::file(&path)(error)),
    };
    lines.begin(&Record::File { name: name.to_owned() })?;
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        piece.clear();
        let limit = u64::try_from(PIECE).unwrap_or(u64::MAX);
        if (&mut file).take(limit).read_to_end(&mut piece).map_err(Error::file(&path))? == 0 {
            break;
        }
        lines.line(format!("\"{}\"", STANDARD.encode(&piece)).as_bytes())?;
    }
    lines.end(name.to_owned())?;
    Ok(true)
}

fn pictures(folder: &Path, name: &str, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let inner = format!("{name}/{}", entry.file_name().to_string_lossy());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => pictures(&entry.path(), &inner, found),
            Ok(_) if super::format::is_known(&inner) => found.push(inner),
            _ => {}
        }
    }
}

/// Writes lines and reckons their sums.
struct Lines {
    out: GzEncoder<Sink<BufWriter<File>>>,
    path: PathBuf,
    whole: Sha256,
    sum: Sha256,
    /// How many lines the present part has.
    part: u64,
}

impl Lines {
    fn new(out: GzEncoder<Sink<BufWriter<File>>>, path: &Path) -> Self {
        Self { out, path: path.to_path_buf(), whole: Sha256::new(), sum: Sha256::new(), part: 0 }
    }

    fn write(&mut self, line: &[u8]) -> Result<()> {
        for bytes in [line, b"\n"] {
            self.out.write_all(bytes).map_err(Error::file(&self.path))?;
            self.whole.update(bytes);
            self.sum.update(bytes);
        }
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        let line = serde_json::to_vec(record).map_err(std::io::Error::other).map_err(Error::file(&self.path))?;
        self.write(&line)
    }

    fn begin(&mut self, record: &Record) -> Result<()> {
        self.record(record)?;
        (self.sum, self.part) = (Sha256::new(), 0);
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        self.part += 1;
        self.write(line)
    }

    fn end(&mut self, name: String) -> Result<()> {
        let sha256 = hex::encode(std::mem::take(&mut self.sum).finalize());
        self.record(&Record::End { name, lines: self.part, sha256 })
    }

    fn complete(mut self) -> Result<()> {
        let sha256 = hex::encode(std::mem::take(&mut self.whole).finalize());
        self.record(&Record::Complete { sha256 })?;
        let Self { out, path, .. } = self;
        let written = out.finish().and_then(Sink::finish).and_then(|buffer| buffer.into_inner().map_err(Into::into));
        written.and_then(|file| file.sync_all()).map_err(Error::file(&path))
    }
}
