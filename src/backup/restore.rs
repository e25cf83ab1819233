//! Restores a backup: checked first, loaded beside what is there, and put in its place when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::key::OpenKey;
use super::read::{Contents, Part, Reader, verify};
use super::{Error, Progress, Result};
use crate::app::{self, Database};
use crate::config::Config;
use crate::secret::SecretStore;
use crate::store::{Cells, NewStore};

/// How a backup is restored.
#[derive(Debug)]
pub struct Options {
    pub key: OpenKey,
    /// Takes the place of an installation that is not empty.
    pub replace: bool,
}

/// Restores a backup into the installation that the configuration tells of, on whichever database that has.
pub async fn restore(config: &Config, file: &Path, options: &Options, progress: Progress<'_>) -> Result<Contents> {
    let contents = verify(file, &options.key, &mut |_, _| {})?;
    let data = config.data();
    let secrets = SecretStore::open(&data)?;
    let database = app::database(config, &secrets).map_err(Error::Setting)?;
    if !options.replace && !is_empty(&database).await? {
        return Err(Error::NotEmpty);
    }
    let new = match &database {
        Database::File(file) => NewStore::beside_file(file, &contents.migrations).await?,
        Database::Server { url, password, .. } => {
            let password = password.as_ref().map(crate::secret::Secret::expose);
            NewStore::beside_database(url, password, &contents.migrations).await?
        }
    };
    let draft = DraftFolder::within(&data)?;
    if let Err(error) = replace(&new, &contents, file, options, &draft.0, progress).await {
        // What it was stopped by is what is to be told.
        drop(new.abandon().await);
        return Err(error);
    }
    keys(config, &secrets, &draft.0)?;
    pictures(&draft.0.join("screenshots"), &data.join("screenshots"))?;
    Ok(contents)
}

/// Loads the new store, counts what came, and puts it in the present one's place.
async fn replace(
    new: &NewStore,
    contents: &Contents,
    file: &Path,
    options: &Options,
    draft: &Path,
    progress: Progress<'_>,
) -> Result<()> {
    load(new, file, options, draft, progress).await?;
    for (table, rows) in &contents.tables {
        let found = new.count(table).await?;
        if u64::try_from(found).ok() != Some(*rows) {
            return Err(Error::Count { table: table.clone(), found, wanted: *rows });
        }
    }
    Ok(new.take_over().await?)
}

async fn is_empty(database: &Database) -> Result<bool> {
    match database {
        // Not made just to be looked at.
        Database::File(file) if !file.exists() => Ok(true),
        _ => {
            let store = database.open().await.map_err(Error::Setting)?;
            let empty = store.is_empty().await?;
            store.close().await;
            Ok(empty)
        }
    }
}

/// The rows into the new store, the files into the draft folder.
async fn load(new: &NewStore, file: &Path, options: &Options, draft: &Path, progress: Progress<'_>) -> Result<()> {
    let mut reader = Reader::open(file, &options.key)?;
    let mut table: Option<(String, Vec<String>)> = None;
    let mut rows: Vec<Cells> = Vec::new();
    let mut done = 0;
    let mut out: Option<(PathBuf, File)> = None;
    while let Some(part) = reader.next()? {
        match part {
            Part::Backup { .. } => {}
            Part::Table { name, columns } => (table, done) = (Some((name, columns)), 0),
            Part::File { name } => out = Some(new_file(draft, &name)?),
            Part::Line(line) => {
                if let Some((path, out)) = &mut out {
                    let piece = serde_json::from_str::<String>(&line).ok().and_then(|text| STANDARD.decode(text).ok());
                    let piece = piece.ok_or_else(|| Error::damaged(file, "en fil kan inte läsas"))?;
                    out.write_all(&piece).map_err(Error::file(path))?;
                } else {
                    rows.push(serde_json::from_str(&line).map_err(|_| Error::damaged(file, "en rad kan inte läsas"))?);
                }
            }
            Part::End { .. } => {
                if let Some((path, out)) = out.take() {
                    out.sync_all().map_err(Error::file(&path))?;
                }
            }
        }
        if let Some((name, columns)) = &table
            && !rows.is_empty()
            && (rows.len() >= 5_000 || reader.is_between())
        {
            new.load(name, columns, &rows).await?;
            done += u64::try_from(rows.len()).unwrap_or_default();
            progress(name, done);
            rows.clear();
        }
    }
    Ok(())
}

/// Where the files of the backup are until the database is in place; removed in the end.
struct DraftFolder(PathBuf);

impl DraftFolder {
    fn within(data: &Path) -> Result<Self> {
        let folder = data.join(".restoring");
        // What one that was killed has left: keys.
        drop(fs::remove_dir_all(&folder));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(Error::file(&folder))?;
        Ok(Self(folder))
    }
}

impl Drop for DraftFolder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn new_file(draft: &Path, name: &str) -> Result<(PathBuf, File)> {
    let path = draft.join(name);
    let folder = path.parent().unwrap_or(draft);
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(Error::file(&path))?;
    Ok((path, file))
}

/// The seal's key takes the place of the one here, which is kept beside it; the secrets are added to those here.
fn keys(config: &Config, secrets: &SecretStore, draft: &Path) -> Result<()> {
    let data = config.data();
    let (restored, present) = (draft.join("seal.key"), data.join("seal.key"));
    if restored.exists() {
        let read = |path: &Path| fs::read(path).map_err(Error::file(path));
        if present.exists() && read(&present)? != read(&restored)? {
            fs::rename(&present, data.join("seal.key.ersatt")).map_err(Error::file(&present))?;
        }
        fs::rename(&restored, &present).map_err(Error::file(&present))?;
        File::open(&data).and_then(|folder| folder.sync_all()).map_err(Error::file(&data))?;
    }
    let here = secrets.names()?;
    // The database's own password is this installation's, also when the copy has one of the same name.
    let own = config.database.password.as_ref().filter(|name| here.contains(name));
    for (name, secret) in SecretStore::open(draft)?.all()? {
        if Some(&name) != own {
            secrets.set(&name, &secret)?;
        }
    }
    Ok(())
}

fn pictures(from: &Path, to: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    fs::create_dir_all(to).map_err(Error::file(to))?;
    for entry in entries.flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            pictures(&from, &to)?;
        } else {
            fs::rename(&from, &to).map_err(Error::file(&to))?;
        }
    }
    Ok(())
}
