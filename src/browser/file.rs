//! Files to and from a page.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::json;

use super::click::{Found, name};
use super::connection::Limit;
use super::error::{Error, ErrorKind};
use super::remote::Command;
use super::session::Session;
use super::target::Target;

impl Session {
    /// Gives a file on this machine to a file field, hidden or not.
    pub async fn upload(&mut self, targets: &[Target], file: &Path, allow_fallback: bool) -> Result<Found, Error> {
        let what = format!("ladda upp till {}", name(targets));
        let whole = self.local_file(file).map_err(|kind| Error::new(&what, kind))?;
        let limit = self.limit();
        let reached = self.reach(targets, allow_fallback, "upload", limit).await;
        let reached = reached.map_err(|kind| Error::new(&what, kind))?;
        let path = format!("element/{}/value", reached.element);
        let sent = self.send(Command::post(path, json!({"text": whole})), limit).await;
        sent.map_err(|kind| Error::acted(&what, kind))?;
        Ok(Found { index: reached.index })
    }

    fn local_file(&self, file: &Path) -> Result<PathBuf, ErrorKind> {
        self.only_local()?;
        file.canonicalize().map_err(|error| ErrorKind::File(error.to_string()))
    }

    fn only_local(&self) -> Result<(), ErrorKind> {
        if self.record().local {
            return Ok(());
        }
        Err(ErrorKind::WrongTarget("filer går bara att flytta till och från en webbläsare på samma maskin".to_owned()))
    }

    /// Clicks, and waits for the file that comes of it to be whole. The caller moves or erases the file.
    pub async fn download(&mut self, targets: &[Target], allow_fallback: bool) -> Result<(PathBuf, Found), Error> {
        let what = format!("hämta filen från {}", name(targets));
        self.only_local().map_err(|kind| Error::new(&what, kind))?;
        let folder = self.prepare_folder().await.map_err(|kind| Error::new(&what, kind))?;
        let found = self.click(targets, allow_fallback).await?;
        let limit = self.limit();
        let file = arrival(&folder, limit).await.map_err(|kind| Error::acted(&what, kind))?;
        Ok((file, found))
    }

    /// Makes a folder for one download, since Chrome writes over a file of the same name, and tells the browser of it.
    async fn prepare_folder(&mut self) -> Result<PathBuf, ErrorKind> {
        let mut number = 1;
        while self.downloads.join(number.to_string()).exists() {
            number += 1;
        }
        let folder = self.downloads.join(number.to_string());
        fs::create_dir_all(&folder).map_err(|error| ErrorKind::File(error.to_string()))?;
        let parameters = json!({"behavior": "allow", "downloadPath": folder});
        let limit = self.limit();
        self.send(Command::devtools("Browser.setDownloadBehavior", &parameters), limit).await?;
        Ok(folder)
    }
}

/// The file that comes, once it is whole and no longer grows.
async fn arrival(folder: &Path, limit: Limit) -> Result<PathBuf, ErrorKind> {
    let mut last = BTreeMap::new();
    loop {
        let now = sizes(folder).map_err(|error| ErrorKind::File(error.to_string()))?;
        let whole = now.iter().all(|(path, size)| !is_partial(path) && last.get(path) == Some(size));
        if let (true, Some(path)) = (whole, now.keys().next()) {
            return Ok(path.clone());
        }
        if limit.has_passed() {
            return Err(limit.error());
        }
        last = now;
        limit.pause(5).await;
    }
}

fn sizes(folder: &Path) -> io::Result<BTreeMap<PathBuf, u64>> {
    let entries = fs::read_dir(folder)?.flatten();
    Ok(entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.len()))).collect())
}

/// What Chrome and Firefox call a file that is still coming.
fn is_partial(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name.ends_with(".crdownload") || name.ends_with(".part")
}
