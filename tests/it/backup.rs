//! Backup and restore: taken while workers write, restored on either database, and refused when anything is wrong with it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kollega::app::App;
use kollega::backup::{Contents, Error, LockKey, OpenKey, Options, Source, back_up, restore, verify};
use kollega::config::Config;
use kollega::model::{Event, EventKind, ItemState, RunId};
use kollega::seal::Seal;
use kollega::secret::{Secret, SecretStore};
use kollega::store::{Answer, Finish, ItemFilter, NewDecision, Store};
use serde_json::json;

use crate::database::{Database, claimant, on_both, texts};
use crate::morning::{Morning, said};
use crate::office::{Office, approval};

const MINUTE: Duration = Duration::from_mins(1);

/// A new installation with nothing in it.
struct Fresh {
    folder: tempfile::TempDir,
    config: Config,
}

impl Fresh {
    async fn on(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kollega.toml");
        std::fs::write(&file, database.configuration().await).expect("the configuration");
        Self { config: Config::load(Some(&file)).expect("the configuration"), folder }
    }

    async fn restore(&self, file: &Path) -> Result<Contents, Error> {
        self.restore_with(file, OpenKey::None, false).await
    }

    async fn restore_with(&self, file: &Path, key: OpenKey, replace: bool) -> Result<Contents, Error> {
        restore(&self.config, file, &Options { key, replace }, &mut |_, _| {}).await
    }

    async fn store(&self) -> Store {
        let secrets = SecretStore::open(&self.config.data()).expect("the secrets");
        kollega::app::open_store(&self.config, &secrets).await.expect("the store")
    }

    /// What the tests' own statements connect to.
    fn address(&self) -> String {
        match self.config.database.url.as_str() {
            "" => self.config.data().join("kollega.db").display().to_string(),
            url => url.to_owned(),
        }
    }
}

async fn backed_up(office: &Office, name: &str, key: &LockKey) -> Result<(PathBuf, Contents), Error> {
    let file = office.folder.path().join(name);
    let source = Source { store: &office.desk.store, data: &office.desk.config.data(), screenshots: true };
    back_up(&source, &file, key, &mut |_, _| {}).await.map(|contents| (file, contents))
}

/// A worker that takes new items through the queue until it is stopped; how many it did.
async fn work(store: Store, run: RunId, stop: Arc<AtomicBool>) -> usize {
    let mut done = 0;
    while !stop.load(Ordering::SeqCst) {
        store
            .enqueue(&run, "ekonomiskt-bistand", &format!("W-{done}"), &json!({"ort": "Åmål"}))
            .await
            .expect("an item");
        let claim = store.claim_item(&claimant("w", MINUTE, MINUTE)).await.expect("the store").expect("an item");
        let event = Event::new(EventKind::Done, "bot:ekonomiskt-bistand").item(&claim.item);
        store.finish(&claim, &Finish::new(ItemState::Done), &json!({}), &[event]).await.expect("the end");
        done += 1;
    }
    done
}

on_both! {
    async fn a_backup_taken_while_a_worker_writes_goes_on_on_either_database(database) {
        let office = Office::open_on(database).await;
        let (item, suggestion) = office.waiting("EB-1", &approval()).await;
        office.hire("anna", "caseworker").await;
        let secrets = SecretStore::open(&office.desk.config.data()).expect("the secrets");
        secrets.set("akten.password", &Secret::new("hemligt nog")).expect("a secret");
        let picture = kollega::screenshots::Screenshots::of(&office.desk.config.data()).keep(b"a page").expect("a picture");

        let stop = Arc::new(AtomicBool::new(false));
        let worker = tokio::spawn(work(office.desk.store.clone(), office.run.clone(), Arc::clone(&stop)));
        let done = ItemFilter { state: Some(ItemState::Done), ..ItemFilter::default() };
        while office.desk.store.items(&done).await.expect("the items").len() < 20 {
            tokio::task::yield_now().await;
        }
        let (file, contents) = backed_up(&office, "kopia", &LockKey::Open).await.expect("a backup");
        stop.store(true, Ordering::SeqCst);
        let in_all = worker.await.expect("the worker");
        let kept = usize::try_from(contents.tables["items"]).expect("a number") - 1;
        assert!((20..=in_all).contains(&kept), "{kept} of {in_all}");
        let mode = std::fs::metadata(&file).expect("the backup").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        for target in [Database::Sqlite, Database::Postgres] {
            let fresh = Fresh::on(target).await;
            let restored = fresh.restore(&file).await.expect("restored");
            assert_eq!(restored, contents);
            assert!(std::fs::read_dir(fresh.config.data()).expect("the data").flatten().all(|entry| {
                !entry.file_name().to_string_lossy().contains("restoring")
            }));
            is_of_one_moment(&fresh.address()).await;
            let data = fresh.config.data();
            let secrets = SecretStore::open(&data).expect("the secrets");
            assert_eq!(secrets.get("akten.password").expect("the secret").expose(), "hemligt nog");
            assert!(kollega::screenshots::Screenshots::of(&data).find(&picture).is_some());

            // A person decides, the seal holds, and a worker goes on.
            let store = fresh.store().await;
            assert!(store.user("anna").await.expect("the store").is_some());
            let seal = Seal::open(&data).expect("the seal");
            let new = NewDecision {
                item: item.id.clone(),
                stage: Some("beslut".into()),
                suggestion: suggestion.id.clone(),
                answer: Answer::Approve,
                reason: None,
                person: "anna".into(),
                person_name: None,
                role: "caseworker".into(),
                motivation: None,
            };
            let decision = store.decide(&new, |decision| seal.seal(decision)).await.expect("the store").expect("decided");
            assert!(office.desk.seal.is_valid(&decision), "the same key");
            let mut next = store.claim_item(&claimant("new", MINUTE, Duration::ZERO)).await.expect("the store").expect("an item");
            if next.item.id != item.id {
                // What the worker had in hand or had just enqueued when the backup was made.
                next = store.claim_item(&claimant("new", MINUTE, Duration::ZERO)).await.expect("the store").expect("an item");
            }
            assert_eq!(next.item.id, item.id);
            assert!(next.token > 1_000_000, "no worker of the time before holds anything");
        }
    }

    async fn an_installation_that_is_not_empty_is_replaced_only_when_asked_and_not_while_it_is_in_use(database) {
        let office = Office::open().await;
        office.handed_over("A-1").await;
        let (file, _) = backed_up(&office, "kopia", &LockKey::Open).await.expect("a backup");
        let fresh = Fresh::on(database).await;
        fresh.restore(&file).await.expect("restored");
        assert!(matches!(fresh.restore(&file).await, Err(Error::NotEmpty)));

        let store = fresh.store().await;
        let claim = async || store.find_item("A-1").await.expect("the store").expect("the item");
        let before = claim().await;
        let refused = fresh.restore_with(&file, OpenKey::None, true).await;
        assert!(matches!(refused, Err(Error::Store(kollega::store::Error::InUse))), "{refused:?}");
        assert_eq!(claim().await.token, before.token);
        assert_eq!(store.left_by_a_restore().await.expect("the store"), None, "a copy of what is personal");
        store.close().await;
        fresh.restore_with(&file, OpenKey::None, true).await.expect("replaced");
        assert!(fresh.store().await.find_item("A-1").await.expect("the store").is_some());
    }
}

/// Items and events were read at one moment: each item has its event of being enqueued, each that is done its end.
async fn is_of_one_moment(address: &str) {
    let one = async |sql: &str| texts(address, sql).await.remove(0);
    let items = one("select cast(count(*) as text) from items").await;
    assert_eq!(items, one("select cast(count(*) as text) from events where kind = 'enqueued'").await);
    let done = one("select cast(count(*) as text) from items where state = 'done'").await;
    assert_eq!(done, one("select cast(count(*) as text) from events where kind = 'done'").await);
}

#[tokio::test]
async fn a_backup_that_is_cut_or_changed_is_refused_and_leaves_everything_as_it_was() {
    let office = Office::open().await;
    for number in 0..50 {
        office.handed_over(&format!("A-{number}")).await;
    }
    let (file, contents) = backed_up(&office, "kopia", &LockKey::Open).await.expect("a backup");
    let whole = std::fs::read(&file).expect("the backup");
    assert_eq!(verify(&file, &OpenKey::None, &mut |_, _| {}).expect("whole"), contents);
    let fresh = Fresh::on(Database::Sqlite).await;
    let broken = fresh.folder.path().join("trasig");
    for length in [0, 1, 100, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        std::fs::write(&broken, &whole[..length]).expect("a cut copy");
        let refused = fresh.restore(&broken).await.expect_err("cut");
        assert!(matches!(refused, Error::Cut(_) | Error::NoBackup(_) | Error::Damaged { .. }), "{length}: {refused}");
    }
    for place in (0..whole.len()).step_by(whole.len() / 40 + 1).skip(1) {
        let mut changed = whole.clone();
        changed[place] ^= 0x10;
        std::fs::write(&broken, &changed).expect("a changed copy");
        // A bit of the packing's own header may not matter; then all that is in it is right.
        if let Ok(read) = verify(&broken, &OpenKey::None, &mut |_, _| {}) {
            assert!(read.tables == contents.tables && place < 10, "byte {place}");
        }
    }
    assert!(!fresh.config.data().join("kollega.db").exists(), "nothing was made");
    fresh.restore(&file).await.expect("the whole one");
}

#[tokio::test]
async fn a_changed_row_is_found_by_its_sum() {
    use std::io::{Read, Write};
    let office = Office::open().await;
    office.handed_over("A-1").await;
    let (file, _) = backed_up(&office, "kopia", &LockKey::Open).await.expect("a backup");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(&file).expect("the backup"))
        .read_to_string(&mut text)
        .expect("text");
    for (from, to) in [
        ("\"6300\\\"", "\"9999\\\""),
        ("needs_person", "needs_nobody"),
        ("\"kollega\":\"complete\"", "\"kollega\":\"end\""),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        let forged = office.folder.path().join("ändrad");
        let mut out =
            flate2::write::GzEncoder::new(std::fs::File::create(&forged).expect("a file"), flate2::Compression::fast());
        out.write_all(changed.as_bytes()).expect("written");
        out.finish().expect("packed");
        let refused = verify(&forged, &OpenKey::None, &mut |_, _| {}).expect_err("changed");
        assert!(matches!(refused, Error::Damaged { .. }), "{refused}");
    }
}

#[tokio::test]
async fn a_backup_is_opened_by_its_key_only() {
    let office = Office::open().await;
    office.handed_over("A-HEMLIG").await;
    let identity = age::x25519::Identity::generate();
    let recipient = LockKey::Recipients(vec![identity.to_public().to_string()]);
    let (for_key, _) = backed_up(&office, "nyckel", &recipient).await.expect("a backup");
    let phrase = Secret::new("en lång lösenfras");
    let (for_phrase, _) = backed_up(&office, "fras", &LockKey::Passphrase(phrase.clone())).await.expect("a backup");

    let file = |name: &str, key: &age::x25519::Identity| {
        use age::secrecy::ExposeSecret;
        let file = office.folder.path().join(name);
        std::fs::write(&file, format!("# key\n{}\n", key.to_string().expose_secret())).expect("a key file");
        OpenKey::Identity(file)
    };
    let (right, wrong) = (file("rätt", &identity), file("fel", &age::x25519::Identity::generate()));
    let read = |path: &Path, key: &OpenKey| verify(path, key, &mut |_, _| {});
    assert!(read(&for_key, &right).is_ok());
    assert!(matches!(read(&for_key, &wrong), Err(Error::WrongKey(_))));
    assert!(matches!(read(&for_key, &OpenKey::None), Err(Error::Encrypted(_))));
    assert!(read(&for_phrase, &OpenKey::Passphrase(phrase)).is_ok());
    assert!(matches!(read(&for_phrase, &OpenKey::Passphrase(Secret::new("fel lösenfras"))), Err(Error::WrongKey(_))));
    let nobody = LockKey::Recipients(vec!["anna@example.se".into()]);
    assert!(matches!(backed_up(&office, "ingen", &nobody).await, Err(Error::Recipient(_))));
    assert!(!office.folder.path().join("ingen").exists());
}

#[tokio::test]
async fn an_interrupted_backup_leaves_no_file_and_nothing_is_overwritten() {
    let office = Office::open().await;
    office.handed_over("A-1").await;
    let before = names(office.folder.path());
    let file = office.folder.path().join("kopia");
    let source = Source { store: &office.desk.store, data: &office.desk.config.data(), screenshots: false };
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    let mut progress = |_: &str, _| {
        if let Some(begun) = begun.take() {
            begun.send(()).expect("somebody waits");
        }
    };
    tokio::select! {
        biased;
        told = has_begun => told.expect("it had begun"),
        made = back_up(&source, &file, &LockKey::Open, &mut progress) => panic!("it ended first: {made:?}"),
    }
    assert_eq!(names(office.folder.path()), before, "nothing half is left");
    backed_up(&office, "kopia", &LockKey::Open).await.expect("a backup");
    assert!(matches!(backed_up(&office, "kopia", &LockKey::Open).await, Err(Error::Exists(_))));
}

fn names(folder: &Path) -> BTreeMap<String, u64> {
    let entries = std::fs::read_dir(folder).expect("the folder").flatten();
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), 0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_on_a_restored_older_copy_saves_nothing_twice() {
    let reference = "EB-2025-0102";
    let morning = Morning::begin().await;
    morning.queue(&[reference]).await;
    let file = morning.folder.path().join("kopia");
    let copied = morning.command(&["backup", &file.display().to_string()], "");
    assert!(copied.status.success(), "{}", said(&copied));
    morning.caseworker_decides().await;
    let mut first = morning.worker("first");
    morning.is_registered_once(reference).await;
    first.ask_to_end();
    assert_eq!(first.ended(MINUTE).await, Some(0), "{}", first.said());

    let Morning { folder, sandbox, app } = morning;
    app.store.close().await;
    let options = Options { key: OpenKey::None, replace: true };
    restore(&app.config, &file, &options, &mut |_, _| {}).await.expect("restored");
    let app = Arc::new(App::open(app.config.clone()).await.expect("the installation"));
    let morning = Morning { folder, sandbox, app };
    assert_eq!(morning.item(reference).await.state, ItemState::Ready, "as it was");
    morning.caseworker_decides().await;
    let _second = morning.worker("second");
    morning.becomes(reference, ItemState::Done).await;
    let counts = morning.counts(reference).await;
    let saved = (counts.calculations, counts.decisions, counts.payments);
    assert_eq!(saved, (1, 1, 1), "{}", morning.story(reference).await);
}
