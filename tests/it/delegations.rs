//! The automated decision function decides as far as a sealed delegation in force goes, and leaves the rest to a person.
//!
//! A real worker on the shipped rule book; what counts is what stands in the folder that the bot writes to.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use kollega::app::App;
use kollega::bot::Bot;
use kollega::config::Config;
use kollega::delegate::{self, Written};
use kollega::desk::{Desk, Reply};
use kollega::model::{Decision, Delegation, EventKind, Item, ItemState, User, new_id};
use kollega::person;
use kollega::runner::from_plain;
use kollega::store::{Answer, NewRun, Operation, Order};
use kollega::why;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::console::signed_in;
use crate::database::{Database, on_both};
use crate::decide::{kollega, kollega_with};
use crate::morning::{PATIENCE, Program};
use crate::office::{Office, PASSWORD};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const REFERENCE: &str = "SN 2025/117 § 8";
/// Decides by itself on what the rule book answers to an income.
pub const BOT: &str = r#"
bot: prov
title: Prov av beslutsfunktionen
owner: Enheten för prov
case_kind: {name: återansökan, appeal: administrative_appeal}
item:
  reference: nr
  fields: {nr: text, netto: {type: money, personal: true}, principiell: bool, fk: text}
stages:
  - stage: förslag
    suggest:
      rulebook: ekonomiskt-bistand
      facts:
        date: "2025-12-10"
        period: "2025-12"
        household: {kind: single, community_size: 1, adults: [{id: a1, born: "1985-02-03", assistance_months_in_row: 2, jobbstimulans_since: null}], children: []}
        incomes: '${[#{person: "a1", kind: "aktivitetsstöd", net: item.netto, period: "2025-12", paid: "2025-12-05", source: "fk"}]}'
        costs: [{kind: hyra, applied: "6300"}, {kind: el, applied: "450"}, {kind: hemförsäkring, applied: "120"}, {kind: a-kassa, applied: "170"}]
        sources: {fk: "${item.fk}", af: ok, csn: ok, skv: ok, so: ok}
        flags: {protected_identity: false, first_application: false}
  - stage: beslut
    decide: {role: caseworker, mode: automatic, principal: "${item.principiell}", on_refer: decide}
  - stage: skriv
    commit:
      - write_file:
          folder: "${config.ut}"
          name: "${item.nr}.csv"
          rows: '${[#{nr: item.nr, utfall: decision.outcome, av: decision.by}]}'
          columns: [nr, utfall, av]
"#;

/// An installation with the bot, an administrator and a caseworker.
pub struct Town {
    folder: tempfile::TempDir,
    pub app: Arc<App>,
    admin: User,
}

impl Town {
    pub async fn open(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bot = folder.path().join("bots/prov");
        fs::create_dir_all(&bot).expect("the bot's folder");
        fs::create_dir(folder.path().join("ut")).expect("the folder");
        fs::write(bot.join("bot.yaml"), BOT).expect("the bot");
        let text = format!(
            "data = 'data'\nrulebooks = '{ROOT}/rulebooks'\n[worker]\npoll = '100ms'\nbackoff = '300ms'\ntries = 200\n[values]\nut = '{}'\n{}",
            folder.path().join("ut").display(),
            database.configuration().await
        );
        let file = folder.path().join("kollega.toml");
        fs::write(&file, text).expect("the configuration");
        let app = Arc::new(App::open(Config::load(Some(&file)).expect("the configuration")).await.expect("opened"));
        for (name, role) in [("eva", "admin"), ("anna", "caseworker")] {
            person::add(&app.store, name, None, PASSWORD, &[role.to_owned()]).await.expect("a person");
        }
        let admin = app.store.user("eva").await.expect("the store").expect("eva");
        Self { folder, app, admin }
    }

    /// Somebody approves the rule book as it is.
    async fn approve_book(&self) {
        let book = kollega::rulebook::current(&self.app.config, "ekonomiskt-bistand").expect("the rule book");
        let content = kollega::rulebook::content_of(&book);
        self.app.store.approve_rulebook(&content, "rita", "granskad").await.expect("the store").expect("approved");
    }

    async fn today(&self) -> NaiveDate {
        self.app.store.now().await.expect("the clock").with_timezone(&chrono_tz::Europe::Stockholm).date_naive()
    }

    async fn delegate(&self, outcomes: &[&str], up_to: Option<&str>) -> Delegation {
        let today = self.today().await;
        let written = Written {
            bot: "prov".into(),
            outcomes: outcomes.iter().map(ToString::to_string).collect(),
            up_to: up_to.map(|amount| amount.parse().expect("an amount")),
            decided_by: "Socialnämnden".into(),
            decided_on: today - chrono::Days::new(10),
            reference: REFERENCE.into(),
            from: today,
            to: Some(today + chrono::Days::new(30)),
        };
        let App { store, config, seal, .. } = &*self.app;
        delegate::record(store, config, seal, &self.admin, written).await.expect("a delegation")
    }

    async fn end(&self, delegation: &Delegation) {
        let App { store, seal, .. } = &*self.app;
        delegate::end(store, seal, &self.admin, &delegation.id, "Nämndens beslut § 12").await.expect("ended");
    }

    /// Puts items in the queue: reference, net income, whether it is of principal importance, what the agency answered.
    pub async fn queue(&self, items: &[(&str, &str, bool, &str)]) {
        let bot = Bot::load(&self.app.config.bot_file("prov")).expect("the bot");
        let new = NewRun {
            bot: "prov".into(),
            version: bot.version.clone(),
            trigger: "hand".into(),
            schedule: None,
            nominal: None,
            pool: "default".into(),
            actor: "person:test".into(),
        };
        let run = self.app.store.queue_collected_run(&new).await.expect("a run");
        for (reference, net, principal, answer) in items {
            let plain = json!({"nr": reference, "netto": net, "principiell": principal, "fk": answer});
            let record = from_plain(&bot.item.fields, &plain).expect("the fields");
            self.app.store.enqueue(&run, "prov", reference, &record.store()).await.expect("an item");
        }
    }

    pub fn worker(&self) -> Program {
        let file = self.folder.path().join("kollega.toml").display().to_string();
        let all = ["--config".to_owned(), file, "worker".to_owned()];
        Program::start(&self.folder.path().join("output"), "worker", &all)
    }

    async fn item(&self, reference: &str) -> Item {
        self.app.store.find_item(reference).await.expect("the store").expect("the item")
    }

    pub async fn becomes(&self, reference: &str, state: ItemState) -> Item {
        let since = Instant::now();
        loop {
            let item = self.item(reference).await;
            if item.state == state {
                return item;
            }
            let goes_on = !item.state.is_final() && since.elapsed() < PATIENCE;
            assert!(goes_on, "{reference} is {}, not {state}: {:?}\n{}", item.state, item.reason, self.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until this has happened to the item so often.
    async fn has(&self, reference: &str, kind: EventKind, times: usize) -> Vec<Value> {
        let since = Instant::now();
        loop {
            let item = self.item(reference).await;
            let events = self.app.store.item_events(&item.id).await.expect("the events");
            let found: Vec<Value> = events
                .iter()
                .filter(|event| event.kind == kind.as_str())
                .map(|event| {
                    let detail: Value = event.detail.as_deref().map_or(Value::Null, |text| text.parse().expect("json"));
                    json!({"actor": event.actor, "detail": detail})
                })
                .collect();
            if found.len() >= times {
                return found;
            }
            assert!(since.elapsed() < PATIENCE, "{reference}: {kind} {} times\n{}", found.len(), self.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn said(&self) -> String {
        let output = fs::read_dir(self.folder.path().join("output")).into_iter().flatten().flatten();
        output.map(|entry| fs::read_to_string(entry.path()).unwrap_or_default()).collect()
    }

    fn file(&self, reference: &str) -> PathBuf {
        self.folder.path().join("ut").join(format!("{reference}.csv"))
    }

    async fn decisions(&self, reference: &str) -> Vec<Decision> {
        self.app.store.decisions(&self.item(reference).await.id).await.expect("the decisions")
    }

    async fn why(&self, reference: &str) -> (Option<&'static str>, String) {
        let why = why::item(&self.app.store, &self.app.config, &self.item(reference).await).await.expect("why");
        (why.not_delegated, why.because)
    }

    async fn execute(&self, sql: &str) {
        crate::database::execute(&self.app.config, sql).await;
    }
}

on_both! {
    async fn the_function_decides_what_is_delegated_and_leaves_the_rest_to_a_person(database) {
        let town = Town::open(database).await;
        town.approve_book().await;
        let delegation = town.delegate(&["approve"], Some("5000")).await;
        town.queue(&[
            ("inom", "10000", false, "ok"),
            ("över", "6200", false, "ok"),
            ("avslag", "30000", false, "ok"),
            ("tyst", "10000", false, "timeout"),
            ("principiellt", "10000", true, "ok"),
        ]).await;
        let _worker = town.worker();
        town.becomes("inom", ItemState::Done).await;
        let written = fs::read_to_string(town.file("inom")).expect("the file");
        assert!(written.contains(&format!("approve;automatiserad beslutsfunktion enligt delegation {REFERENCE}")), "{written}");
        let decided = town.has("inom", EventKind::Decided, 1).await;
        assert_eq!(decided[0]["actor"], "function:prov");
        assert_eq!(decided[0]["detail"]["delegation"], delegation.id.as_str());
        assert_eq!(decided[0]["detail"]["delegation_reference"], REFERENCE);
        let made = town.decisions("inom").await.remove(0);
        assert!(town.app.seal.is_valid(&made));
        assert_eq!((made.role.as_str(), made.amount.as_deref()), ("automatic", Some("2220")));

        for (reference, why) in [
            ("över", "amount_not_delegated"),
            ("avslag", "outcome_not_delegated"),
            ("tyst", "referred"),
            ("principiellt", "principal"),
        ] {
            town.becomes(reference, ItemState::AwaitingDecision).await;
            let (code, because) = town.why(reference).await;
            assert_eq!(code, Some(why), "{reference}");
            assert!(because.contains("Roboten beslutade inte själv"), "{because}");
            assert!(town.decisions(reference).await.is_empty() && !town.file(reference).exists(), "{reference}");
        }

        // A person decides as always, and what a person has decided once the function never decides again.
        let desk = Desk::of(&town.app);
        let anna = town.app.store.user("anna").await.expect("the store").expect("anna");
        let item = town.item("över").await;
        let suggestion = town.app.store.suggestion(&item.id).await.expect("the store").expect("a suggestion");
        let reply = Reply { suggestion: suggestion.id, answer: Answer::Approve, reason: None, motivation: None };
        desk.decide(&item, &anna, reply).await.expect("decided");
        town.becomes("över", ItemState::Done).await;
        assert!(fs::read_to_string(town.file("över")).expect("the file").contains("approve;anna"));
        fs::remove_file(town.file("över")).expect("gone");
        town.end(&delegation).await;
        town.delegate(&["approve", "deny"], Some("20000")).await;
        let again = Order { operation: Operation::Rerun, person: "olle".into(), reason: "prov".into() };
        town.app.store.operate(&item.id, &again).await.expect("the store").expect("again");
        town.becomes("över", ItemState::AwaitingDecision).await;
        assert_eq!(town.why("över").await.0, Some("person_decided"));
    }

    async fn a_delegation_that_ends_before_the_decision_is_carried_out_stops_it(database) {
        let town = Town::open(database).await;
        town.approve_book().await;
        let delegation = town.delegate(&["approve"], Some("9000")).await;
        // The decision is made, and can't be carried out yet.
        fs::remove_dir(town.folder.path().join("ut")).expect("gone");
        town.queue(&[("A", "10000", false, "ok")]).await;
        let _worker = town.worker();
        town.has("A", EventKind::Decided, 1).await;
        town.has("A", EventKind::Retried, 1).await;
        town.end(&delegation).await;
        fs::create_dir(town.folder.path().join("ut")).expect("there again");
        let item = town.becomes("A", ItemState::HandedOver).await;
        assert_eq!(item.code.as_deref(), Some("delegation_ended"));
        assert!(!town.file("A").exists());
        assert!(town.app.store.item_intents(&item.id).await.expect("the intents").is_empty());
        // Nor does the log end with one.
        assert_eq!(town.has("A", EventKind::Intent, 0).await, [Value::Null; 0]);
        // A new attempt waits for a person.
        let again = Order { operation: Operation::Rerun, person: "olle".into(), reason: "prov".into() };
        town.app.store.operate(&item.id, &again).await.expect("the store").expect("again");
        town.becomes("A", ItemState::AwaitingDecision).await;
        assert_eq!(town.why("A").await.0, Some("no_delegation"));
    }

    async fn what_is_forged_in_the_database_decides_nothing(database) {
        let town = Town::open(database).await;
        town.queue(&[("A", "10000", false, "ok")]).await;
        let _worker = town.worker();
        town.becomes("A", ItemState::AwaitingDecision).await;
        assert_eq!(town.why("A").await.0, Some("rulebook_not_approved"));
        town.approve_book().await;
        town.execute("update items set state = 'ready'").await;
        town.has("A", EventKind::NotDelegated, 2).await;
        town.becomes("A", ItemState::AwaitingDecision).await;
        assert_eq!(town.why("A").await.0, Some("no_delegation"));
        // A decision in the function's name, by a delegation that nobody recorded.
        let item = town.item("A").await;
        let suggestion = town.app.store.suggestion(&item.id).await.expect("the store").expect("a suggestion");
        town.execute(&format!(
            "insert into decisions (id, item, suggestion, suggestion_id, outcome, amount, changed, person, role, at, seal, delegation, delegation_reference)
             values ('{}', '{}', '{}', '{}', 'approve', '2220', false, 'automatiserad beslutsfunktion prov', 'automatic', '{}', '00', 'X', 'Y')",
            new_id(), item.id, suggestion.id, suggestion.suggestion_id, suggestion.at
        )).await;
        town.execute("update items set state = 'ready'").await;
        town.has("A", EventKind::DecisionRefused, 1).await;
        town.becomes("A", ItemState::AwaitingDecision).await;
        town.execute("delete from decisions").await;
        // A delegation written into the table.
        town.execute(
            "insert into delegations (id, bot, case_kind, outcomes, max_amount, decided_by, decided_on, reference, valid_from, recorded_at, recorded_by, seal)
             values ('F', 'prov', 'återansökan', '[\"approve\"]', '99999', 'Ingen', '2025-01-01', 'X', '2025-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z', 'eva', '00')",
        ).await;
        town.execute("update items set state = 'ready'").await;
        town.has("A", EventKind::NotDelegated, 4).await;
        town.becomes("A", ItemState::AwaitingDecision).await;
        assert_eq!(town.why("A").await.0, Some("delegation_forged"));
        // A true one, whose amount has been raised.
        town.execute("delete from delegations").await;
        town.delegate(&["approve"], Some("100")).await;
        town.execute("update delegations set max_amount = '99999'").await;
        town.execute("update items set state = 'ready'").await;
        town.has("A", EventKind::NotDelegated, 5).await;
        town.becomes("A", ItemState::AwaitingDecision).await;
        assert_eq!(town.why("A").await.0, Some("delegation_forged"));
        assert!(!town.file("A").exists());
    }
}

/// The office with a bot whose cases may be delegated.
async fn office() -> Office {
    let office = Office::open().await;
    office.hire("eva", "admin").await;
    office.hire("anna", "caseworker").await;
    let folder = office.folder.path().join("bots/prov");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("bot.yaml"), BOT).expect("the bot");
    office
}

const ADD: &[&str] = &[
    "delegations",
    "add",
    "--bot",
    "prov",
    "--outcome",
    "approve",
    "--up-to",
    "15 000",
    "--decided-by",
    "Socialnämnden",
    "--decided-on",
    "2025-01-10",
    "--reference",
    REFERENCE,
    "--from",
    "2025-02-01",
];

fn by<'a>(name: &'a str, command: &[&'a str]) -> Vec<&'a str> {
    [command, &["--as", name, "--password-stdin"]].concat()
}

#[tokio::test]
async fn delegations_are_recorded_listed_and_ended_by_an_administrator() {
    let office = office().await;
    assert!(kollega(&office, &["delegations", "list"]).out.contains("en person fattar alla beslut"));
    let refused = kollega_with(&office, PASSWORD, &by("anna", ADD));
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("det kräver rollen administratör"), "{}", refused.err);
    let added = kollega_with(&office, PASSWORD, &by("eva", ADD));
    assert_eq!(added.code, Some(0), "{}", added.err);
    assert!(added.out.contains("bifall högst 15 000 kr (återansökan), 2025-02-01 tills vidare"), "{}", added.out);

    // The same board's decision once more, while the first is in force.
    let mut same = ADD.to_vec();
    same[13] = "sn 2025/117  § 8";
    let twice = kollega_with(&office, PASSWORD, &by("eva", &same));
    assert_eq!(twice.code, Some(2), "{}", twice.out);
    for says in ["redan registrerad med samma referens", "bifall högst 15 000 kr", "kollega delegations end "] {
        assert!(twice.err.contains(says), "{says}: {}", twice.err);
    }
    let rows = kollega(&office, &["delegations", "list", "--format", "json"]).json();
    assert_eq!((rows.len(), rows[0]["in_force"].as_bool(), rows[0]["valid"].as_bool()), (1, Some(true), Some(true)));
    assert_eq!(rows[0]["recorded_by"], "eva");
    let id = rows[0]["id"].as_str().expect("an id").to_owned();
    let end = ["delegations", "end", &id, "--reason", "Nämndens beslut § 12"];
    assert_eq!(kollega_with(&office, PASSWORD, &by("anna", &end)).code, Some(1));
    assert_eq!(kollega_with(&office, PASSWORD, &by("eva", &end)).code, Some(0));
    let again = kollega_with(&office, PASSWORD, &by("eva", &end));
    assert_eq!(again.code, Some(2), "{}", again.err);
    // The first has ended, and for another time: nothing to mistake it for.
    same.extend(["--to", "2099-12-31"]);
    assert_eq!(kollega_with(&office, PASSWORD, &by("eva", &same)).code, Some(0));
    same[15] = "2100-01-01";
    same[17] = "2100-12-31";
    assert_eq!(kollega_with(&office, PASSWORD, &by("eva", &same)).code, Some(0));
    same[15] = "2099-12-31";
    assert_eq!(kollega_with(&office, PASSWORD, &by("eva", &same)).code, Some(2));
    assert!(kollega(&office, &["delegations", "list"]).out.contains("upphävd"));

    // The page of the console, with its history.
    let mut browser = signed_in(&office, "rut", "auditor").await;
    let page = browser.get("/delegationer").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.shows("SN 2025&#x2f;117 § 8") && page.shows("upphävd") && page.shows("Nämndens beslut § 12"),
        "{}",
        page.text
    );
    assert!(page.shows("delegation registrerad") && page.shows("person eva"), "{}", page.text);
    for told in ["högsta belopp: 15 000 kr", "omfattar: bifall", "gäller från: 2025-02-01", "beslutsdag: 2025-01-10"]
    {
        assert!(page.shows(told), "{told}: {}", page.text);
    }
    assert!(!page.shows("valid_from") && !page.shows("max_amount"), "{}", page.text);
    let mut outsider = signed_in(&office, "ulf", "developer").await;
    assert_eq!(outsider.get("/delegationer").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_can_not_be_a_delegation_is_refused_with_what_is_wrong() {
    let office = office().await;
    let with = |name: &'static str, value: &'static str| {
        let mut command = ADD.to_vec();
        let at = command.iter().position(|word| *word == name).expect("the flag");
        command[at + 1] = value;
        command
    };
    let with_both = |day: &'static str| {
        let mut command = with("--from", day);
        let at = command.iter().position(|word| *word == "--decided-on").expect("the flag");
        command[at + 1] = day;
        command
    };
    let mut no_amount = ADD.to_vec();
    no_amount.drain(6..8);
    for (command, says) in [
        (with("--bot", "ekonomiskt-bistand"), "vad det är för slags ärenden"),
        (with("--bot", "finns-inte"), "finns inte eller kan inte läsas"),
        (with("--decided-on", "2099-01-01"), "har inte varit ännu"),
        (with("--from", "2025-01-09"), "kan inte gälla från 2025-01-09"),
        (with_both("2022-06-30"), "6 kap. 37 § kommunallagen medger den från och med 2022-07-01"),
        (with("--reference", " "), "diarienummer"),
        (with("--up-to", "0"), "större än 0"),
        (with("--from", "i morgon"), "i morgon passar inte för --from"),
        (no_amount, "ange högsta belopp"),
    ] {
        let answer = kollega_with(&office, PASSWORD, &by("eva", &command));
        assert_eq!(answer.code, Some(2), "{says}: {}", answer.err);
        assert!(answer.err.contains(says), "{says}: {}", answer.err);
    }
    let script = BOT.replace("administrative_appeal", "procurement");
    fs::write(office.folder.path().join("bots/prov/bot.yaml"), script).expect("the bot");
    let answer = kollega_with(&office, PASSWORD, &by("eva", ADD));
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("gäller upphandling (6 kap. 38 § andra stycket kommunallagen)"), "{}", answer.err);
}
