//! Pictures of pages: kept under the SHA-256 of what they are, in folders that stay small, within a size and an age.
//!
//! A picture of an item that is still open is never removed. Removing is work of its own, beside the bots: see [`tidy`].

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::config;
use crate::model::new_id;
use crate::store::{self, Store};

/// How often it is looked at whether pictures are to be removed.
pub const OFTEN: Duration = Duration::from_mins(10);

/// The pictures of one data folder.
#[derive(Debug, Clone)]
pub struct Screenshots {
    folder: PathBuf,
}

/// One picture.
#[derive(Debug, Clone)]
pub struct Picture {
    /// What events call it: `<sha256>.png`.
    pub name: String,
    pub path: PathBuf,
    pub bytes: u64,
    /// When it was taken last.
    pub taken: SystemTime,
}

impl Screenshots {
    /// The pictures of a data folder.
    pub fn of(data: &Path) -> Self {
        Self { folder: data.join("screenshots") }
    }

    /// Keeps a picture, whole under its name or not at all; the name for the event. The same picture is kept once.
    pub fn keep(&self, picture: &[u8]) -> io::Result<String> {
        let name = format!("{}.png", hex::encode(Sha256::digest(picture)));
        let path = self.place(&name);
        if let Ok(known) = File::open(&path) {
            // It is as young as its last event.
            known.set_modified(SystemTime::now())?;
            return Ok(name);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let draft = folder.join(format!(".{}", new_id()));
        let written = File::create_new(&draft).and_then(|mut file| file.write_all(picture));
        match written.and_then(|()| fs::rename(&draft, &path)) {
            Ok(()) => Ok(name),
            Err(error) => {
                drop(fs::remove_file(&draft));
                Err(error)
            }
        }
    }

    /// Where a picture is, if it is still there.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        // Before there were folders within the folder, pictures stood side by side.
        [self.place(name), self.folder.join(name)].into_iter().find(|path| is_name(name) && path.is_file())
    }

    /// Every picture.
    pub fn all(&self) -> io::Result<Vec<Picture>> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let (name, path, about) =
                    (entry.file_name().to_string_lossy().into_owned(), entry.path(), entry.metadata()?);
                if about.is_dir() {
                    folders.push(path);
                } else if is_name(&name) {
                    found.push(Picture { name, path, bytes: about.len(), taken: about.modified()? });
                }
            }
        }
        Ok(found)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }
}

fn is_name(name: &str) -> bool {
    name.strip_suffix(".png").is_some_and(|sum| sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Removes the pictures that are too old, and the oldest of what is more than the budget, but none of an item that is
/// open; how many that were. One program at a time does this in a folder: another's turn is nobody's work.
pub async fn tidy(pictures: &Screenshots, store: &Store, limits: &config::Screenshots) -> store::Result<usize> {
    let failed = |error| store::Error::File { file: pictures.folder.clone(), error };
    if !pictures.folder.exists() {
        return Ok(0);
    }
    let lock = File::create(pictures.folder.join(".lock")).map_err(failed)?;
    if lock.try_lock().is_err() {
        return Ok(0);
    }
    let mut all = pictures.all().map_err(failed)?;
    all.sort_by_key(|picture| picture.taken);
    let mut bytes: u64 = all.iter().map(|picture| picture.bytes).sum();
    let oldest = SystemTime::now().checked_sub(limits.keep).unwrap_or(SystemTime::UNIX_EPOCH);
    if bytes <= limits.budget && all.first().is_none_or(|picture| picture.taken >= oldest) {
        return Ok(0);
    }
    let needed: HashSet<String> = store.pictures_of_open_items().await?.into_iter().collect();
    let mut removed = 0;
    for picture in all.into_iter().filter(|picture| !needed.contains(&picture.name)) {
        if bytes <= limits.budget && picture.taken >= oldest {
            break;
        }
        fs::remove_file(&picture.path).map_err(failed)?;
        bytes -= picture.bytes;
        removed += 1;
    }
    Ok(removed)
}

/// Keeps the pictures within their limits until it is dropped.
pub async fn keep_tidy(pictures: Screenshots, store: Store, limits: config::Screenshots) {
    loop {
        match tidy(&pictures, &store, &limits).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "removed old screenshots"),
            Err(error) => tracing::warn!(%error, "old screenshots could not be removed"),
        }
        tokio::time::sleep(OFTEN).await;
    }
}
