//! The text of a rule book's files: read from its folder, or given by whoever has kept it. Nothing is understood here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::Problem;
use crate::yaml::{File, whole};

/// The folders whose YAML files belong to a rule book, besides the files beside `rulebook.yaml`.
const FOLDERS: [&str; 3] = ["", "amounts", "cases"];

/// Every file of a rule book, by its path in the book's folder (`amounts/2025.yaml`).
#[derive(Debug, Clone)]
pub struct Content {
    folder: PathBuf,
    files: BTreeMap<String, Result<String, Problem>>,
}

impl Content {
    /// Reads the files of a folder once, so that what is checked, used and kept is the same.
    pub fn of_folder(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        for inner in FOLDERS {
            let entries = std::fs::read_dir(folder.join(inner)).into_iter().flatten().flatten();
            let paths = entries.map(|entry| entry.path());
            for path in paths.filter(|path| path.extension().is_some_and(|end| end == "yaml") && path.is_file()) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let name = if inner.is_empty() { name } else { format!("{inner}/{name}") };
                files.insert(name, File::open(&path).map(|file| file.text));
            }
        }
        Self { folder: folder.to_owned(), files }
    }

    /// Files that somebody has kept, by their path. `name` stands where a folder would in what is said of them.
    pub fn kept(name: &str, files: impl IntoIterator<Item = (String, String)>) -> Self {
        let files = files.into_iter().map(|(path, text)| (path, Ok(text))).collect();
        Self { folder: PathBuf::from(name), files }
    }

    /// Path and text of every file that could be read, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_ref().ok()?.as_str())))
    }

    /// The same without the worked cases, which no answer depends on.
    #[must_use]
    pub fn without_cases(mut self) -> Self {
        self.files.retain(|path, _| !path.starts_with("cases/"));
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// One file, or why there is none.
    pub(crate) fn file(&self, path: &str) -> Result<File, Problem> {
        let full = self.folder.join(path);
        match self.files.get(path) {
            Some(Ok(text)) => Ok(File { path: full, text: text.clone() }),
            Some(Err(problem)) => Err(problem.clone()),
            None => Err(whole(&full, "filen finns inte")),
        }
    }

    /// The files of an inner folder, in the order of their names.
    pub(crate) fn files_in(&self, folder: &str) -> impl Iterator<Item = Result<File, Problem>> {
        let start = format!("{folder}/");
        self.files.keys().filter(move |path| path.starts_with(&start)).map(|path| self.file(path))
    }
}

/// The SHA-256 over what an answer depends on: names and texts, whatever ends the lines.
pub(crate) fn fingerprint<'a>(files: impl Iterator<Item = &'a File>) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.path.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update([0]);
        hash.update(file.text.replace("\r\n", "\n").as_bytes());
        hash.update([0]);
    }
    hex::encode(hash.finalize())
}
