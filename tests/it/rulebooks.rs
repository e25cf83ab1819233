//! Versions of rule books in a living system: schedules answer by approved ones only, every answer can be given again,
//! and somebody is told when it can't.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kollega::app::App;
use kollega::config::Config;
use kollega::explanation::Explanation;
use kollega::model::{Alert, AlertKind, Firing, Item, RunId, StoredSuggestion};
use kollega::runner::{Worker, WorkerOptions};
use kollega::scheduler::{self, Cause};
use kollega::store::{NewRun, NotApproved, Operation, Order, Since, Store};
use kollega::{alert, person, replay, rulebook, why};
use serde_json::json;

use crate::database::{Database, execute, on_both};
use crate::decide::{Answer, kollega_at};
use crate::office::PASSWORD;

const BOOK: &str = "ekonomiskt-bistand";
/// Stands in the facts as somebody's id: no command may print it.
const PERSONAL: &str = "189001129817";

const BOT: &str = r#"
bot: robot
title: Robot
owner: Enheten
item:
  reference: nummer
  fields: {nummer: text, hyra: money, klar: text}
stages:
  - stage: förslag
    suggest:
      rulebook: ekonomiskt-bistand
      facts:
        date: "2025-12-10"
        period: "2025-12"
        household:
          kind: single
          community_size: 1
          adults: [{id: "189001129817", born: "1985-02-03", assistance_months_in_row: 2, jobbstimulans_since: null}]
          children: []
        incomes: []
        costs: [{kind: hyra, applied: "${item.hyra}"}]
        sources: {fk: ok, af: ok, csn: ok, skv: ok, so: ok}
        flags: {protected_identity: false, first_application: false}
  - stage: klar
    steps: [{set: {into: item.klar, to: ja}}]
"#;

/// An installation with one bot that asks a copy of the shipped rule book, and a schedule of it.
struct Office {
    folder: tempfile::TempDir,
    app: Arc<App>,
}

impl Office {
    async fn open(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["bots/robot", "schedules", "rulebooks"] {
            fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        fs::write(folder.path().join("bots/robot/bot.yaml"), BOT).expect("the bot");
        let schedule = "schedule: dagligen\nbot: robot\nstart_on: {http: {token: t}}\noverlap: allow\n";
        fs::write(folder.path().join("schedules/dagligen.yaml"), schedule).expect("the schedule");
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("rulebooks").join(BOOK);
        copy(&shipped, &folder.path().join("rulebooks").join(BOOK));
        let file = folder.path().join("kollega.toml");
        fs::write(&file, database.configuration().await).expect("the configuration");
        let app = Arc::new(App::open(Config::load(Some(&file)).expect("the configuration")).await.expect("it opens"));
        Self { folder, app }
    }

    fn store(&self) -> &Store {
        &self.app.store
    }

    /// Changes a file of the rule book.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let file = self.folder.path().join("rulebooks").join(BOOK).join(file);
        let text = fs::read_to_string(&file).expect("the file");
        assert!(text.contains(from), "{from} does not stand there");
        fs::write(&file, text.replacen(from, to, 1)).expect("the change");
    }

    /// The rent that is reasonable without asking anybody.
    fn lower_the_ceiling(&self) {
        self.edit(
            "guidelines.yaml",
            "{cost: hyra, valid: {from: 2022-01}, ceiling: {single: \"9500\"",
            "{cost: hyra, valid: {from: 2022-01}, ceiling: {single: \"6000\"",
        );
    }

    /// Approves the files as they are; their SHA-256.
    async fn approve(&self, label: &str) -> String {
        let book = rulebook::current(&self.app.config, BOOK).expect("the book");
        let content = kollega::store::BookContent { label: label.into(), ..rulebook::content_of(&book) };
        self.store().approve_rulebook(&content, "rita", "granskad").await.expect("the store").expect("approved");
        content.sha256
    }

    async fn start(&self, key: &str) -> Firing {
        let cause = Cause { trigger: "hand", key: key.into(), actor: "person:olle".into() };
        scheduler::start(self.store(), &self.app.config, "dagligen", &cause).await.expect("an answer")
    }

    async fn by_hand(&self) -> RunId {
        let new = NewRun {
            bot: "robot".into(),
            version: "1".into(),
            trigger: "hand".into(),
            schedule: None,
            nominal: None,
            pool: "default".into(),
            actor: "person:test".into(),
        };
        self.store().queue_collected_run(&new).await.expect("a run")
    }

    async fn apply(&self, run: &RunId, reference: &str, rent: &str) {
        let fields = json!({"nummer": reference, "hyra": rent});
        self.store().enqueue(run, "robot", reference, &fields).await.expect("an item");
    }

    async fn work(&self) {
        let guard = PathBuf::from(env!("CARGO_BIN_EXE_kollega"));
        let options = WorkerOptions { until_done: true, guard, ..WorkerOptions::named() };
        let worker = Worker::start(Arc::clone(&self.app), options).await.expect("a worker");
        Box::pin(worker.work()).await.expect("it works");
    }

    async fn item(&self, reference: &str) -> Item {
        self.store().find_item(reference).await.expect("the store").expect("the item")
    }

    async fn suggested(&self, reference: &str) -> StoredSuggestion {
        let item = self.item(reference).await;
        let suggestion = self.store().suggestion(&item.id).await.expect("the store");
        suggestion.unwrap_or_else(|| panic!("{:?}: {:?}", item.state, item.reason))
    }

    async fn sql(&self, sql: &str) {
        execute(&self.app.config, sql).await;
    }

    /// Answers everything again: what it came to, and what is told of each that differs.
    async fn replayed(&self) -> (replay::Checked, Vec<String>) {
        let (mut pages, mut found) = (replay::WithTheirOwn::new(self.store(), Since::default()), Vec::new());
        while let Some(page) = pages.page().await.expect("the store") {
            found.extend(page.into_iter().map(|one| format!("{}: {}", one.reference, one.why)));
        }
        (pages.checked, found)
    }

    /// The open alerts about this, after a look.
    async fn told(&self) -> Vec<Alert> {
        alert::look(&self.app).await.expect("a look");
        let open = self.store().open_alerts().await.expect("the alerts");
        open.into_iter().filter(|one| one.kind == AlertKind::ReplayDiffers).collect()
    }

    fn kollega(&self, arguments: &[&str]) -> Answer {
        kollega_at(&self.folder.path().join("kollega.toml"), PASSWORD, arguments)
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the folder").flatten() {
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).expect("a copy");
        }
    }
}

on_both! {
    async fn a_schedule_answers_by_what_was_approved_whatever_the_files_say(database) {
        let office = Office::open(database).await;
        let none = office.start("1").await;
        assert_eq!((none.result.as_str(), none.run), ("missed", None));
        let reason = none.reason.expect("a reason");
        assert!(reason.contains("kollega rules approve ekonomiskt-bistand"), "{reason}");
        let why = why::schedule(office.store(), &office.app.config, "dagligen").await.expect("the store").expect("an answer");
        assert_eq!(why.state, "not_approved");
        assert!(why.next.contains("kollega rules approve"), "{}", why.next);

        let first = office.approve("A").await;
        let run = office.start("2").await.run.expect("a run");
        // Neither what is written afterwards nor what is approved afterwards is what this run answers by.
        office.lower_the_ceiling();
        let second = office.approve("B").await;
        assert_ne!(first, second);
        office.apply(&run, "Å-1", "6300").await;
        office.work().await;
        let suggestion = office.suggested("Å-1").await;
        assert_eq!(suggestion.sha256.as_deref(), Some(first.as_str()));
        assert_eq!((suggestion.rulebook.as_deref(), suggestion.approved), (Some(BOOK), Some(true)));
        assert_eq!(suggestion.answer.0["outcome"], "approve");
        assert_eq!(suggestion.facts.0["costs"][0]["applied"], "6300");

        let run = office.start("3").await.run.expect("a run");
        office.edit("guidelines.yaml", "municipality: ", "municipality: Nya ");
        office.apply(&run, "Å-2", "6300").await;
        office.work().await;
        let suggestion = office.suggested("Å-2").await;
        assert_eq!((suggestion.sha256.as_deref(), suggestion.approved), (Some(second.as_str()), Some(true)));
        assert_eq!(suggestion.answer.0["outcome"], "refer");
        // A new attempt is made because something was wrong: it uses what is approved now.
        let again = Order { operation: Operation::Rerun, person: "olle".into(), reason: "ny riktlinje".into() };
        office.store().operate(&office.item("Å-1").await.id, &again).await.expect("the store").expect("a new attempt");
        office.work().await;
        assert_eq!(office.suggested("Å-1").await.sha256.as_deref(), Some(second.as_str()));
        // The earlier version approved again is what is approved last.
        let back = rulebook::kept(office.store(), BOOK, &first).await.expect("the store").expect("the first");
        let content = kollega::store::BookContent { label: "A".into(), ..rulebook::content_of(&back) };
        office.store().approve_rulebook(&content, "rita", "tillbaka").await.expect("the store").expect("approved");
        let run = office.start("4").await.run.expect("a run");
        let held = office.store().run(&run).await.expect("the store").expect("the run").rulebooks.expect("versions");
        assert_eq!(held, json!({BOOK: first}).to_string());
    }

    async fn the_first_approval_of_a_version_stays_as_it_was_made(database) {
        let office = Office::open(database).await;
        let first = office.approve("A").await;
        let book = rulebook::current(&office.app.config, BOOK).expect("the book");
        let content = kollega::store::BookContent { label: "A".into(), ..rulebook::content_of(&book) };
        let made = office.store().rulebook(BOOK, &first).await.expect("the store").expect("the version");
        // The version in use is not approved once more, and its label is not another's to change.
        let again = office.store().approve_rulebook(&content, "olle", "en annan anteckning").await.expect("the store");
        let at = made.approved_at.clone().expect("a time");
        assert_eq!(again, Err(NotApproved::InUse { label: "A".into(), by: "rita".into(), at }));
        let renamed = kollega::store::BookContent { label: "B".into(), ..content.clone() };
        let again = office.store().approve_rulebook(&renamed, "olle", "nytt namn").await.expect("the store");
        assert_eq!(again, Err(NotApproved::OtherLabel("A".into())));
        // After another version it is approved again: one more entry, and the first is untouched.
        office.lower_the_ceiling();
        let second = office.approve("B").await;
        office.store().approve_rulebook(&content, "olle", "tillbaka").await.expect("the store").expect("approved");
        let now = office.store().rulebook(BOOK, &first).await.expect("the store").expect("the version");
        assert_eq!((now.approved_at, now.approved_by, now.note), (made.approved_at, made.approved_by, made.note));
        let approvals = office.store().rulebook_approvals().await.expect("the approvals");
        let told: Vec<_> = approvals.iter().map(|one| (one.sha256.as_str(), one.approved_by.as_str(), one.note.as_str())).collect();
        assert_eq!(told, [(&*first, "rita", "granskad"), (&*second, "rita", "granskad"), (&*first, "olle", "tillbaka")]);
        let in_use = office.store().approved_rulebooks().await.expect("the versions");
        assert_eq!(in_use.iter().map(|version| version.sha256.as_str()).collect::<Vec<_>>(), [first.as_str()]);
    }

    async fn a_run_by_hand_answers_by_the_files_which_are_kept_and_marked(database) {
        let office = Office::open(database).await;
        let run = office.by_hand().await;
        office.apply(&run, "Å-1", "6300").await;
        office.work().await;
        let suggestion = office.suggested("Å-1").await;
        assert_eq!(suggestion.approved, Some(false));
        assert_eq!(suggestion.program.as_deref(), Some(env!("CARGO_PKG_VERSION")));
        let notes = Explanation::of(&suggestion).expect("an explanation").notes;
        assert!(notes.iter().any(|note| note.text.contains("inte godkänd")), "whoever decides is told: {notes:?}");
        let sha256 = suggestion.sha256.expect("a version");
        let files = office.store().rulebook_files(BOOK, &sha256).await.expect("the files");
        assert!(files.iter().any(|(path, _)| path == "amounts/2025.yaml") && files.iter().any(|(path, _)| path.starts_with("cases/")));
        // However the files end up, what answered can be loaded.
        fs::remove_dir_all(office.folder.path().join("rulebooks")).expect("gone");
        let kept = rulebook::kept(office.store(), BOOK, &sha256).await.expect("the store").expect("the book");
        assert_eq!(kept.sha256(), sha256);
        // Approved later, it was still not approved when it answered.
        let content = rulebook::content_of(&kept);
        office.store().approve_rulebook(&content, "rita", "granskad").await.expect("the store").expect("approved");
        assert_eq!(office.suggested("Å-1").await.approved, Some(false));
    }

    async fn two_versions_of_a_book_cannot_be_approved_under_one_label(database) {
        let office = Office::open(database).await;
        let first = office.approve("2025.1").await;
        office.lower_the_ceiling();
        let book = rulebook::current(&office.app.config, BOOK).expect("the book");
        let content = kollega::store::BookContent { label: "2025.1".into(), ..rulebook::content_of(&book) };
        let taken = office.store().approve_rulebook(&content, "rita", "ny").await.expect("the store");
        assert_eq!(taken, Err(NotApproved::LabelTaken(first)));
        assert_eq!(office.store().rulebooks().await.expect("the versions").len(), 1, "nothing of it is left");
    }

    async fn what_is_answered_again_is_the_same_until_somebody_changes_a_row(database) {
        let office = Office::open(database).await;
        let run = office.by_hand().await;
        for number in 1..=3 {
            office.apply(&run, &format!("Å-{number}"), "6300").await;
        }
        office.work().await;
        office.lower_the_ceiling();
        for number in 4..=6 {
            office.apply(&run, &format!("Å-{number}"), "6300").await;
        }
        // The run is done: a new one takes what was put in the queue after it.
        office.by_hand().await;
        office.work().await;
        assert_eq!(office.suggested("Å-1").await.answer.0["outcome"], "approve");
        assert_eq!(office.suggested("Å-6").await.answer.0["outcome"], "refer");
        let (checked, found) = office.replayed().await;
        assert_eq!((checked.answered, checked.same, found), (6, 6, Vec::new()));

        // More than one page of them.
        office
            .sql(
                "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 500)
                 insert into suggestions (id, item, suggestion_id, facts, answer, at, superseded_at, rulebook, sha256, approved, program)
                 select suggestions.id || '-' || numbers.n, item, suggestion_id, facts, answer, at, at, rulebook, sha256, approved, program
                 from suggestions cross join numbers where suggestions.id = (select min(id) from suggestions)",
            )
            .await;
        let (checked, found) = office.replayed().await;
        assert_eq!((checked.answered, checked.same, found.len()), (506, 506, 0));

        let night = async || replay::turn(&office.app).await.expect("the store");
        let mut programs = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let app = Arc::clone(&office.app);
            programs.spawn(async move { replay::turn(&app).await.expect("the store") });
        }
        let done: Vec<_> = programs.join_all().await.into_iter().flatten().collect();
        assert_eq!(done, [checked], "one of the programs does it");
        assert_eq!(night().await, None, "once a night");
        assert!(office.told().await.is_empty());

        let tampered = "update suggestions set answer = replace(answer, '\"outcome\":\"approve\"', '\"outcome\":\"deny\"')
             where item in (select id from items where reference = 'Å-2')";
        office.sql(tampered).await;
        office.sql("delete from replays").await;
        assert_eq!(night().await.map(|checked| checked.differing), Some(1));
        let last = office.store().last_replay().await.expect("the store").expect("the check");
        assert_eq!((last.answered, last.differing), (506, 1));
        let alerts = office.told().await;
        assert_eq!((alerts.len(), alerts[0].count), (1, 1));
        assert_eq!(office.replayed().await.1, ["Å-2: svaret är ett annat: outcome"]);
        office.sql("update suggestions set answer = replace(answer, '\"outcome\":\"deny\"', '\"outcome\":\"approve\"')").await;
        office.sql("delete from replays").await;
        assert_eq!(night().await.map(|checked| checked.differing), Some(0));
        assert!(office.told().await.is_empty(), "it is over");

        office.sql("update rulebook_files set content = replace(content, '3910', '9910') where path = 'amounts/2025.yaml'").await;
        let (checked, found) = office.replayed().await;
        assert_eq!(checked.differing, 506);
        assert!(found[0].contains("är ändrad i databasen"), "{found:?}");
    }

    async fn a_check_whose_program_died_is_taken_up_by_another_and_told_when_it_never_ends(database) {
        let office = Office::open(database).await;
        let store = office.store();
        let dead = store.claim_replay("2026-01-01", "a", Duration::ZERO).await.expect("the store").expect("the night");
        let next = loop {
            if let Some(next) = store.claim_replay("2026-01-01", "b", Duration::from_mins(1)).await.expect("the store") {
                break next;
            }
        };
        assert_eq!(next.started_at, dead.started_at);
        assert!(store.end_replay(&dead, 0, 0, &[]).await.is_err(), "the dead one's word does not count");
        assert!(office.told().await.is_empty());
        office.sql("update replays set started_at = '2026-01-01T00:00:00.000Z'").await;
        assert_eq!(office.told().await[0].detail.0["why"], "not_done");
        store.end_replay(&next, 5, 0, &[]).await.expect("the end");
        assert!(office.told().await.is_empty());
    }

    async fn a_removed_item_takes_facts_and_answer_with_it_and_the_version_stays(database) {
        let office = Office::open(database).await;
        let run = office.by_hand().await;
        office.apply(&run, "Å-1", "6300").await;
        office.work().await;
        let item = office.item("Å-1").await;
        let sha256 = office.suggested("Å-1").await.sha256.expect("a version");
        office.store().remove_item(&item.id, "olle", "mistake").await.expect("removed");
        assert_eq!(office.store().suggestions_count(&Since::default()).await.expect("the store"), 0);
        assert_eq!(office.replayed().await.0, replay::Checked::default());
        let files = office.store().rulebook_files(BOOK, &sha256).await.expect("the files");
        assert!(!files.iter().any(|(_, text)| text.contains(PERSONAL)));
    }
}

#[tokio::test]
async fn a_person_with_the_right_approves_what_has_no_fault() {
    let office = Office::open(Database::Sqlite).await;
    for (name, role) in [("rita", "reviewer"), ("inga", "developer")] {
        person::add(office.store(), name, None, PASSWORD, &[role.to_owned()]).await.expect("a person");
    }
    let approve = |who: &str, more: &[&str]| {
        let all = [&["rules", "approve", BOOK, "--note", "granskad", "--as", who, "--password-stdin"], more].concat();
        office.kollega(&all)
    };
    let refused = approve("inga", &[]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(refused.err.contains("inga får inte godkänna regelböcker"), "{}", refused.err);
    let original =
        fs::read_to_string(office.folder.path().join("rulebooks").join(BOOK).join("guidelines.yaml")).expect("it");
    office.edit("guidelines.yaml", "single: \"9500\"", "single: \"10\"");
    let wrong = approve("rita", &[]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("stämmer inte; kör `kollega rules test"), "{}", wrong.err);
    fs::write(office.folder.path().join("rulebooks").join(BOOK).join("guidelines.yaml"), original).expect("back");
    assert!(office.store().rulebooks().await.expect("the versions").is_empty());

    let done = approve("rita", &["--label", "första"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("Version första (") && done.out.contains("är godkänd"), "{}", done.out);
    let listed = office.kollega(&["rules", "versions", "--format", "json"]).json();
    assert_eq!((listed.len(), &listed[0]["label"], &listed[0]["approved_by"]), (1, &json!("första"), &json!("rita")));
    assert_eq!(
        (&listed[0]["on_disk"], &listed[0]["in_use"], &listed[0]["note"]),
        (&json!(true), &json!(true), &json!("granskad"))
    );
    let again = approve("rita", &["--label", "första"]);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("versionen är redan godkänd som första av rita 2"), "{}", again.err);
    let files =
        fs::read_to_string(office.folder.path().join("rulebooks").join(BOOK).join("guidelines.yaml")).expect("it");
    office.edit("guidelines.yaml", "municipality: ", "municipality: Andra ");
    assert_eq!(approve("rita", &["--label", "mellan"]).code, Some(0));
    fs::write(office.folder.path().join("rulebooks").join(BOOK).join("guidelines.yaml"), files).expect("back");
    assert_eq!(approve("rita", &["--label", "första"]).code, Some(0));
    let table = office.kollega(&["rules", "versions"]).out;
    let line = table.lines().find(|line| line.contains("första")).expect("the version");
    assert!(
        line.contains("används") && line.contains("granskad; godkänd igen 2") && line.contains(" av rita: granskad"),
        "{table}"
    );
    office.edit("guidelines.yaml", "municipality: ", "municipality: Nya ");
    let table = office.kollega(&["rules", "versions"]).out;
    assert!(table.contains("används") && table.contains("inte godkänd, filerna"), "{table}");
    let taken = approve("rita", &["--label", "första"]);
    assert_eq!(taken.code, Some(2));
    assert!(taken.err.contains("etiketten första är redan den godkända versionen"), "{}", taken.err);

    let sha256 = listed[0]["sha256"].as_str().expect("a hash");
    for before in ["första", &sha256[..10]] {
        let told = office.kollega(&["rules", "diff", before, BOOK]);
        assert_eq!(told.code, Some(0), "{}", told.err);
        assert!(
            told.out.contains("Riktlinjerna, kommunen ändras från Exempelkommun till ”Nya Exempelkommun”."),
            "{}",
            told.out
        );
    }
    let changes = office.kollega(&["rules", "diff", "första", BOOK, "--format", "json"]).json();
    assert_eq!(
        (changes.len(), &changes[0]["part"], &changes[0]["before"]),
        (1, &json!("guideline"), &json!("Exempelkommun"))
    );
    let same = office.kollega(&["rules", "diff", "första", "första"]);
    assert!(same.out.ends_with("Versionerna är lika.\n"), "{}", same.out);
    let unknown = office.kollega(&["rules", "diff", "andra", BOOK]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("se `kollega rules versions`"), "{}", unknown.err);
}

#[tokio::test]
async fn a_new_book_shows_whose_outcome_and_amount_change_and_nothing_personal() {
    let office = Office::open(Database::Sqlite).await;
    office.approve("A").await;
    let run = office.by_hand().await;
    for (reference, rent) in [("Å-1", "5000"), ("Å-2", "6300"), ("Å-3", "9500")] {
        office.apply(&run, reference, rent).await;
    }
    office.work().await;
    let day = "2020-01-01";
    let same = office.kollega(&["rules", "replay", "--since", day]);
    assert_eq!(
        (same.code, same.out.as_str()),
        (Some(0), "3 förslag omräknade med sin egen version: 3 med samma svar, 0 med ett annat.\n"),
        "{}",
        same.err
    );
    office.lower_the_ceiling();
    office.edit("amounts/2025.yaml", "adults.single: {amount: \"3910\"", "adults.single: {amount: \"4010\"");
    // Both who typed it in.
    for _ in 0..2 {
        office.edit("amounts/2025.yaml", "      adults.single: \"3910\"", "      adults.single: \"4010\"");
    }
    let told = office.kollega(&["rules", "replay", "--since", day, "--with", BOOK]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    let row = |reference: &str| {
        told.out
            .lines()
            .find(|line| line.starts_with(reference))
            .expect("its row")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(row("Å-1"), "Å-1 bifall 10 180 bifall 10 280 +100 norm.personal");
    assert!(row("Å-2").contains("refer:over_guideline"), "{}", told.out);
    assert!(
        told.out.contains("3 förslag omräknade med ekonomiskt-bistand")
            && told.out.contains("3 ändras (2 får ett annat utfall"),
        "{}",
        told.out
    );
    assert!(told.out.contains("norm.personal") && told.out.contains("+300"), "{}", told.out);
    let json = office.kollega(&["rules", "replay", "--since", day, "--with", BOOK, "--format", "json"]);
    let read: serde_json::Value =
        serde_json::from_str(&json.out).unwrap_or_else(|error| panic!("{error}: {}", json.out));
    assert_eq!(read["changes"].as_array().map(Vec::len), Some(3));
    assert_eq!((&read["changes"][1]["outcome_after"], &read["sums"]["outcome_changed"]), (&json!("refer"), &json!(2)));
    let back = office.kollega(&["rules", "replay", "--with", "A", "--format", "json"]);
    let back: serde_json::Value = serde_json::from_str(&back.out).expect("JSON");
    assert_eq!(
        (&back["changes"], &back["sums"]["answered"]),
        (&json!([]), &json!(3)),
        "what was approved answers as it did"
    );

    office.sql("update suggestions set answer = replace(answer, '3910', '3911') where item in (select id from items where reference = 'Å-3')").await;
    let wrong = office.kollega(&["rules", "replay", "--since", day]);
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong.out.contains("fel: Å-3 (förslag ") && wrong.out.contains("svaret är ett annat: lines"),
        "{}",
        wrong.out
    );
    let listed = office.kollega(&["rules", "replay", "--format", "json"]);
    let read: serde_json::Value =
        serde_json::from_str(&listed.out).unwrap_or_else(|error| panic!("{error}: {}", listed.out));
    assert_eq!((listed.code, &read["differing"][0]["reference"], &read["same"]), (Some(1), &json!("Å-3"), &json!(2)));
    assert_eq!(office.kollega(&["rules", "replay", "--since", "2100-01-01"]).code, Some(0));
    assert_eq!(office.kollega(&["rules", "replay", "--since", "igår"]).code, Some(2));
    replay::turn(&office.app).await.expect("the store").expect("the night's check");
    let last = office.kollega(&["rules", "replay", "--last"]);
    assert!(last.code == Some(1) && last.out.contains("Ärenden: Å-3"), "{}", last.out);
    for answer in [&same, &told, &json, &wrong, &listed, &last] {
        assert!(!answer.out.contains(PERSONAL) && !answer.err.contains(PERSONAL), "{}", answer.out);
    }
}

#[tokio::test]
async fn a_run_by_hand_says_that_its_rule_book_is_not_approved() {
    let office = Office::open(Database::Sqlite).await;
    let item = json!({"nummer": "Å-1", "hyra": "6300"}).to_string();
    let told = office.kollega(&["run", "robot", "--item", &item]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(
        told.err.contains("obs: regelboken ekonomiskt-bistand") && told.err.contains("är inte godkänd"),
        "{}",
        told.err
    );
    assert_eq!(office.suggested("Å-1").await.approved, Some(false));
    office.approve("A").await;
    let item = json!({"nummer": "Å-2", "hyra": "6300"}).to_string();
    let told = office.kollega(&["run", "robot", "--item", &item]);
    assert!(!told.err.contains("inte godkänd"), "{}", told.err);
    assert_eq!(office.suggested("Å-2").await.approved, Some(true));
}
