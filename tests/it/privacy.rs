//! Secrets and personal values stay where they belong: not in events, logs, addresses, pictures, files or `ps`.
//!
//! A morning with things going wrong in it, and then everything that was written is searched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kollega::model::{EventKind, ItemState};
use kollega::screenshots::Screenshots;
use regex::Regex;
use sandbox::{FaultKind, FaultSpec, Kind, System};
use sqlx::{Column as _, Row as _};

use crate::morning::{CASEWORKER, Morning, PASSWORD, number, processes, said, secrets};

/// With a child, incomes and costs; and one that is handed over.
const FAMILY: &str = "EB-2025-0107";
const REFERRAL: &str = "EB-2025-0126";
/// What the practice systems show of these two and of their household, beside their numbers.
const PERSONAL: &[&str] = &[
    "Henrik Fors",
    "Ida Fors",
    "henrik.fors@example.se",
    "Björkvägen 7",
    "Hannes Hjort",
    "hannes.hjort@example.se",
    "Lönnvägen 26",
];
const CHILD: &str = "202005232380";
/// The tables where an item's own personal record may stand.
const RECORDS: &[&str] = &["items", "suggestions", "decisions", "motivations", "attempts", "operations", "spot_texts"];

/// Every spelling of a personal number.
fn spellings(number: &str) -> Vec<String> {
    let (date, last) = number.split_at(8);
    let short = &date[2..];
    let dashed = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
    let mut all =
        vec![number.to_owned(), format!("{short}{last}"), format!("{dashed}-{last}"), format!("{dashed} {last}")];
    for mark in ["-", "+", "%2D", "%2B", " ", "\u{2013}"] {
        all.extend([format!("{date}{mark}{last}"), format!("{short}{mark}{last}")]);
    }
    all
}

fn numbers() -> Vec<String> {
    [number(FAMILY), number(REFERRAL), CHILD].into_iter().flat_map(spellings).collect()
}

fn long_secrets() -> Vec<String> {
    let all = secrets().into_iter().filter(|(name, _)| name.ends_with("password")).map(|(_, value)| value.to_owned());
    all.chain([PASSWORD.to_owned()]).collect()
}

/// What is found of what must not be there; the code of the keypad only where it stands alone.
fn found(text: &str, with_personal: bool) -> Vec<String> {
    let mut found: Vec<String> = long_secrets().into_iter().filter(|secret| text.contains(secret)).collect();
    let pin = Regex::new(&format!(r#"(?:^|[\s"'=(,;]){}(?:$|[\s"'),;])"#, sandbox::credentials::AKTEN_PIN))
        .expect("a pattern");
    found.extend(pin.find(text).map(|hit| format!("the keypad's code: {:?}", hit.as_str())));
    if with_personal {
        let personal = PERSONAL.iter().map(ToString::to_string).chain(numbers());
        found.extend(personal.filter(|value| text.contains(value.as_str())));
    }
    found
}

#[test]
fn the_search_finds_what_it_looks_for() {
    assert!(!found("open /ansokan?pnr=19910427-2399", true).is_empty());
    assert!(!found("9104272399", true).is_empty());
    assert!(!found(&format!("{{\"pin\":\"{}\"}}", sandbox::credentials::AKTEN_PIN), false).is_empty());
    assert!(!found(&format!("--password={}", sandbox::credentials::AKTEN_PASSWORD), false).is_empty());
    assert!(found("01M84M5CA33XTJ7SHK2MR7WPZ3 2025-12-01 6 300,00 kr", true).is_empty());
}

/// Looks at the arguments and the environment of every process of the worker while it works.
fn watch_processes(
    worker: u32,
    home: PathBuf,
    over: Arc<AtomicBool>,
) -> std::thread::JoinHandle<(usize, BTreeSet<String>)> {
    std::thread::spawn(move || {
        let (mut seen, mut leaks) = (BTreeSet::new(), BTreeSet::new());
        while !over.load(Ordering::SeqCst) {
            for pid in processes() {
                let read = |what: &str| std::fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
                let environment = String::from_utf8_lossy(&read("environ")).replace('\0', " ");
                let ours = pid.unsigned_abs() == worker || environment.contains(&home.display().to_string());
                if ours {
                    let arguments = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
                    seen.insert(pid);
                    leaks.extend(found(&format!("{arguments} {environment}"), true));
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        (seen.len(), leaks)
    })
}

/// Things go wrong: on the portal, at the authorities, in Akten's form, in the middle of a save.
async fn trouble(morning: &Morning) {
    let portal = FaultSpec::new(System::Portal, FaultKind::RenameLabel);
    let portal =
        FaultSpec { path: Some(format!("/ansokningar/{FAMILY}")), from: "Akt".into(), to: "Dossié".into(), ..portal };
    let form = FaultSpec::new(System::Akten, FaultKind::RenameLabel);
    let form = FaultSpec {
        path: Some("/popup/utbetalning".into()),
        from: "Mottagare".into(),
        to: "Betalas till".into(),
        ..form
    };
    let dialog = FaultSpec::new(System::Akten, FaultKind::Dialog);
    let dialog = FaultSpec {
        path: Some("/popup/beslut".into()),
        text: format!("Personen {} (Henrik Fors) har en notering", &number(FAMILY)[2..]),
        ..dialog
    };
    for spec in [portal, form, dialog] {
        morning.sandbox.add_fault(spec).await.expect("a fault");
    }
    morning.cut(FaultKind::CutAfter, Kind::Calculation, FAMILY, 0.0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_or_personal_is_written_where_it_does_not_belong() {
    let morning = Morning::begin().await;
    trouble(&morning).await;
    morning.queue(&[FAMILY, REFERRAL]).await;
    morning.caseworker_decides().await;
    let mut worker = morning.worker("worker");
    let over = Arc::new(AtomicBool::new(false));
    let watched = watch_processes(worker.id(), morning.folder.path().to_owned(), Arc::clone(&over));
    morning.is_registered_once(FAMILY).await;
    morning.becomes(REFERRAL, ItemState::HandedOver).await;
    over.store(true, Ordering::SeqCst);
    worker.ask_to_end();
    worker.ended(Duration::from_secs(30)).await;
    morning.every_fault_struck().await;
    assert!(morning.count(FAMILY, EventKind::StepFailed, "").await >= 2, "things went wrong");
    let (seen, leaks) = watched.join().expect("watched");
    assert!(seen > 5, "the worker, its guard, drivers and browsers were looked at: {seen}");
    assert!(leaks.is_empty(), "in `ps`: {leaks:?}");
    commands_tell_nothing(&morning);
    tables_hold_nothing(&morning).await;
    files_hold_nothing(&morning);
    pictures_are_covered(&morning).await;
}

/// What is shown to whoever may look without being a caseworker.
fn commands_tell_nothing(morning: &Morning) {
    for arguments in
        [&["log", FAMILY][..], &["log", REFERRAL, "--format", "json"], &["items"], &["why", REFERRAL], &["runs"]]
    {
        let text = said(&morning.command(arguments, ""));
        assert!(text.contains("EB-2025") || arguments[0] != "items", "{text}");
        assert_eq!(found(&text, true), Vec::<String>::new(), "{arguments:?}\n{text}");
    }
    let wrong = morning.command(&["decide", FAMILY, "approve", "--as", CASEWORKER, "--password-stdin"], "fel lösenord");
    assert_eq!(found(&said(&wrong), true), Vec::<String>::new());
}

/// Every table but those of the items' own records.
async fn tables_hold_nothing(morning: &Morning) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(morning.database());
    let pool = sqlx::SqlitePool::connect_with(options).await.expect("the file");
    let names: Vec<String> = sqlx::query_scalar("select name from sqlite_master where type = 'table'")
        .fetch_all(&pool)
        .await
        .expect("the tables");
    assert!(names.iter().any(|name| name == "events"));
    for name in names.iter().filter(|name| !RECORDS.contains(&name.as_str())) {
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(format!("select * from {name}"))).fetch_all(&pool).await.expect("rows");
        for row in rows {
            let cells =
                row.columns().iter().map(|column| row.try_get::<String, _>(column.ordinal()).unwrap_or_default());
            let text = cells.collect::<Vec<_>>().join(" | ");
            assert_eq!(found(&text, true), Vec::<String>::new(), "{name}: {text}");
        }
    }
    pool.close().await;
}

/// Every file of the installation: secrets nowhere, personal values only in the database.
fn files_hold_nothing(morning: &Morning) {
    let root = morning.folder.path();
    let mut files = Vec::new();
    for part in ["data", "output", "home", "kollega.toml"] {
        collect(&root.join(part), &mut files);
    }
    assert!(files.iter().any(|file| file.ends_with("data/kollega.db")), "{files:?}");
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
        let database = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("kollega.db"));
        assert_eq!(found(&text, !database), Vec::<String>::new(), "{}", file.display());
        let name = file.to_string_lossy().into_owned();
        assert_eq!(found(&name, true), Vec::<String>::new(), "a file's name");
        assert!(!name.contains(".dmp") && !name.contains("/core"), "a crash dump: {name}");
    }
    let left = std::fs::read_dir(root.join("data/browsers")).map_or(0, |entries| entries.flatten().count());
    assert_eq!(left, 0, "a browser's profile was left");
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if let Ok(entries) = std::fs::read_dir(path) {
        entries.flatten().for_each(|entry| collect(&entry.path(), files));
    } else if path.exists() {
        files.push(path.to_owned());
    }
}

/// Pictures were taken of failures and of every form, and each of a page with personal values has covered areas.
async fn pictures_are_covered(morning: &Morning) {
    keep(morning);
    let events = morning.events(FAMILY).await;
    let mut forms = 0;
    for event in events.iter().filter(|event| event.kind == EventKind::Screenshot.as_str()) {
        let detail: serde_json::Value =
            serde_json::from_str(event.detail.as_deref().unwrap_or_default()).expect("json");
        let file = Screenshots::of(&morning.app.config.data())
            .find(detail["file"].as_str().expect("a file"))
            .expect("the picture");
        let covered = covered(&std::fs::read(&file).expect("the picture"));
        if detail["why"] == "before_commit" {
            forms += 1;
            assert!(covered >= 2, "{} in {:?}: {covered} covered areas", file.display(), event.stage);
        }
        if event.stage.as_deref() == Some("läs") {
            assert!(covered >= 4, "the portal's page: {covered} covered areas");
        }
    }
    assert!(forms >= 3, "a picture of each form");
}

/// How many black rectangles at least 20 by 8 pixels there are.
fn covered(picture: &[u8]) -> usize {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().expect("a picture");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("its pixels");
    let samples = info.color_type.samples();
    let (width, height) = (info.width as usize, info.height as usize);
    let black = |x: usize, y: usize| {
        let at = y * info.line_size + x * samples;
        x < width && y < height && pixels[at..at + samples.min(3)].iter().all(|sample| *sample == 0)
    };
    let corner = |x: usize, y: usize| black(x, y) && (x == 0 || !black(x - 1, y)) && (y == 0 || !black(x, y - 1));
    let whole = |x: usize, y: usize| (0..20).all(|right| (0..8).all(|down| black(x + right, y + down)));
    (0..height).map(|y| (0..width).filter(|x| corner(*x, y) && whole(*x, y)).count()).sum()
}

/// For whoever wants to look at the pictures: `KOLLEGA_TEST_PICTURES=folder`.
fn keep(morning: &Morning) {
    let Some(folder) = std::env::var_os("KOLLEGA_TEST_PICTURES").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).expect("a folder");
    for picture in Screenshots::of(&morning.app.config.data()).all().expect("pictures") {
        std::fs::copy(&picture.path, folder.join(&picture.name)).expect("copied");
    }
}
