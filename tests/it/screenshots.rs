//! Pictures of pages: kept once, within a size and an age, and never taken from an item that somebody still needs them for.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use kollega::config;
use kollega::model::{Event, EventKind, Item};
use kollega::screenshots::{Screenshots, tidy};
use serde_json::json;

use crate::office::Office;

const DAY: Duration = Duration::from_hours(24);

async fn with_picture(office: &Office, item: &Item, content: &[u8], age: Duration) -> String {
    let pictures = Screenshots::of(&office.desk.config.data());
    let name = pictures.keep(content).expect("kept");
    age_of(&pictures.find(&name).expect("the picture"), age);
    let event = Event::new(EventKind::Screenshot, "bot:x").item(item).detail(json!({"file": name, "why": "failed"}));
    office.desk.store.append(&[event]).await.expect("the store");
    name
}

fn age_of(file: &Path, age: Duration) {
    let file = File::options().write(true).open(file).expect("the picture");
    file.set_modified(SystemTime::now() - age).expect("its age");
}

#[tokio::test]
async fn the_oldest_go_first_and_never_those_of_an_item_that_waits() {
    let office = Office::open().await;
    let (ended, waits) = (office.handed_over("A-1").await, office.uncertain("A-2").await);
    let needed = with_picture(&office, &waits, &[1; 1000], 9 * DAY).await;
    let oldest = with_picture(&office, &ended, &[2; 1000], 8 * DAY).await;
    let newer = with_picture(&office, &ended, &[3; 1000], DAY).await;
    let pictures = Screenshots::of(&office.desk.config.data());
    let limits = |budget, keep| config::Screenshots { budget, keep };

    assert_eq!(tidy(&pictures, &office.desk.store, &limits(3000, 90 * DAY)).await.expect("tidied"), 0);
    assert_eq!(tidy(&pictures, &office.desk.store, &limits(2000, 90 * DAY)).await.expect("tidied"), 1);
    assert!(pictures.find(&oldest).is_none() && pictures.find(&newer).is_some() && pictures.find(&needed).is_some());

    let newest = with_picture(&office, &ended, &[4; 1000], Duration::ZERO).await;
    assert_eq!(tidy(&pictures, &office.desk.store, &limits(1_000_000, DAY / 2)).await.expect("tidied"), 1);
    assert!(pictures.find(&newer).is_none() && pictures.find(&newest).is_some() && pictures.find(&needed).is_some());
    assert_eq!(tidy(&pictures, &office.desk.store, &limits(0, DAY)).await.expect("tidied"), 1);
    assert_eq!(pictures.all().expect("pictures").into_iter().map(|left| left.name).collect::<Vec<_>>(), [needed]);
}

#[test]
fn the_same_picture_is_kept_once_and_is_as_young_as_its_last_event() {
    let folder = tempfile::tempdir().expect("a folder");
    let pictures = Screenshots::of(folder.path());
    let name = pictures.keep(b"a page").expect("kept");
    age_of(&pictures.find(&name).expect("the picture"), DAY);
    assert_eq!(pictures.keep(b"a page").expect("kept"), name);
    let all = pictures.all().expect("pictures");
    assert_eq!(all.len(), 1);
    assert!(all[0].taken > SystemTime::now() - DAY / 2 && all[0].path.ends_with(Path::new(&name[..2]).join(&name)));
}

#[test]
fn pictures_from_before_there_were_folders_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = format!("{}.png", "ab".repeat(32));
    std::fs::create_dir_all(folder.path().join("screenshots")).expect("the folder");
    std::fs::write(folder.path().join("screenshots").join(&name), "old").expect("a picture");
    let pictures = Screenshots::of(folder.path());
    assert!(pictures.find(&name).is_some());
    assert_eq!(pictures.all().expect("pictures").len(), 1);
    assert!(pictures.find("../seal.key").is_none() && pictures.find("seal.key").is_none());
}

#[tokio::test]
async fn a_folder_is_tidied_by_one_program_at_a_time() {
    let office = Office::open().await;
    let ended = office.handed_over("A-1").await;
    with_picture(&office, &ended, &[1; 1000], DAY).await;
    let pictures = Screenshots::of(&office.desk.config.data());
    let other = File::create(office.desk.config.data().join("screenshots/.lock")).expect("the lock");
    other.lock().expect("held");
    let limits = config::Screenshots { budget: 0, keep: DAY };
    assert_eq!(tidy(&pictures, &office.desk.store, &limits).await.expect("not its turn"), 0);
    drop(other);
    assert_eq!(tidy(&pictures, &office.desk.store, &limits).await.expect("its turn"), 1);
}
