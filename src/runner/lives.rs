//! Earlier lives: a worker that is known to have died here holds its items no longer.
//!
//! Each worker leaves a note of who it is. The next one to start ends the leases of those that have died, once their
//! browsers are ended, so that a restart goes on at once. Where it can't be told that a worker has died, as when it ran
//! on another machine or in another container, its lease has to run out.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::browser::Process;
use crate::store::{self, Store};

/// Who a worker was.
#[derive(Debug, Serialize, Deserialize)]
struct Life {
    name: String,
    process: Process,
    /// The boot and the process namespace that the process id belongs to.
    place: String,
}

/// Leaves the note of this worker.
pub(super) fn note(data: &Path, name: &str) -> std::io::Result<()> {
    let (Some(process), Some(place)) = (Process::own(), place()) else { return Ok(()) };
    let life = Life { name: name.to_owned(), process, place };
    let folder = folder(data);
    fs::create_dir_all(&folder)?;
    // One file a name: a name used again is the living worker's.
    let file = folder.join(format!("{}.json", hex::encode(name)));
    let draft = file.with_extension("new");
    fs::write(&draft, serde_json::to_vec(&life)?)?;
    fs::rename(draft, file)
}

/// Ends the leases of the workers that have died, after their browsers were ended; how many items and runs that freed.
pub(super) async fn bury(data: &Path, store: &Store) -> store::Result<u64> {
    let mut freed = 0;
    for (file, life) in notes(data) {
        if place().is_some_and(|place| place == life.place) && !life.process.is_alive() {
            freed += store.end_leases(&life.name).await?;
            drop(fs::remove_file(file));
        }
    }
    Ok(freed)
}

fn notes(data: &Path) -> Vec<(PathBuf, Life)> {
    let Ok(entries) = fs::read_dir(folder(data)) else { return Vec::new() };
    let files =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json"));
    files.filter_map(|path| Some((path.clone(), serde_json::from_slice(&fs::read(path).ok()?).ok()?))).collect()
}

fn folder(data: &Path) -> PathBuf {
    data.join("workers")
}

/// Where process ids mean the same.
fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_living_worker_is_not_buried_and_a_dead_one_is() {
        let data = tempfile::tempdir().expect("a folder");
        let store = Store::open(&data.path().join("kollega.db")).await.expect("the store");
        note(data.path(), "host:1").expect("a note");
        bury(data.path(), &store).await.expect("the store");
        let mut left = notes(data.path());
        assert_eq!(left.len(), 1, "this test lives");
        let (file, life) = left.remove(0);
        let dead = Life { process: Process { started: life.process.started + 1, ..life.process }, ..life };
        fs::write(&file, serde_json::to_vec(&dead).expect("json")).expect("a note");
        bury(data.path(), &store).await.expect("the store");
        assert!(notes(data.path()).is_empty());
    }

    #[tokio::test]
    async fn a_worker_of_another_place_is_never_taken_for_dead() {
        let data = tempfile::tempdir().expect("a folder");
        let store = Store::open(&data.path().join("kollega.db")).await.expect("the store");
        let process = Process { pid: 1, started: u64::MAX };
        let life = Life { name: "elsewhere:1".into(), process, place: "another machine".into() };
        fs::create_dir_all(folder(data.path())).expect("a folder");
        let file = folder(data.path()).join("x.json");
        fs::write(file, serde_json::to_vec(&life).expect("json")).expect("a note");
        bury(data.path(), &store).await.expect("the store");
        assert_eq!(notes(data.path()).len(), 1);
    }
}
