//! Several machines: programs that share one database end gracefully, are taken over, and are told apart; whose clocks
//! are wrong do no harm, and whose keys are wrong are refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use kollega::app::{App, SEAL};
use kollega::bot::Bot;
use kollega::config::Config;
use kollega::model::{AlertKind, EventKind, Item, ItemState, LoggedEvent, Node, RunState, parse_time};
use kollega::runner::from_plain;
use kollega::store::{Claimant, NewRun, Operated, Operation, Order, Store, Whose};
use sandbox::{FaultKind, FaultSpec, Sandbox, System};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::{Database, claimant, new_postgres, on_both};
use crate::morning::{PATIENCE, Program, browsers, nothing_is_left_running, said};

const BOT: &str = "liggaren";

/// An installation on several machines: a database, the ledger, and a folder for each machine.
pub struct Site {
    pub folder: TempDir,
    pub sandbox: Sandbox,
    pub app: App,
    database: String,
}

impl Site {
    pub async fn begin(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = sandbox::Config::in_folder(folder.path().join("sandbox"));
        let sandbox = sandbox::start(settings).await.expect("the practice systems");
        let database = database.configuration().await;
        Self::on(folder, sandbox, database, "first").await
    }

    /// With this section `[database]`, seen from a machine of this name.
    pub async fn on(folder: TempDir, sandbox: Sandbox, database: String, machine: &str) -> Self {
        fs::create_dir_all(folder.path().join("kvitton")).expect("a folder");
        let ledger = format!("http://{}", sandbox.addresses.ledger);
        let file = configuration(folder.path(), machine, &database, &ledger);
        let app = App::open(Config::load(Some(&file)).expect("the configuration")).await.expect("opened");
        Self { folder, sandbox, app, database }
    }

    /// Another machine, with the keys of the first.
    pub fn machine(&self, name: &str) -> PathBuf {
        self.machine_that_sees(name, &self.database.clone(), &format!("http://{}", self.sandbox.addresses.ledger))
    }

    /// The same where the network has other addresses.
    pub fn machine_that_sees(&self, name: &str, database: &str, ledger: &str) -> PathBuf {
        let file = configuration(self.folder.path(), name, database, ledger);
        let data = file.with_file_name("data");
        fs::create_dir_all(&data).expect("a folder");
        fs::copy(self.app.config.data().join("seal.key"), data.join("seal.key")).expect("the key");
        file
    }

    /// Another machine, with bots of its own: those of the first, of which one is half written; its script, too.
    fn machine_with_half_a_bot(&self, name: &str) -> (PathBuf, PathBuf) {
        let file = self.machine(name);
        let home = file.parent().expect("a folder");
        let own = home.join("bots").join(BOT);
        fs::create_dir_all(&own).expect("a folder");
        let script = own.join("bot.yaml");
        fs::write(&script, "bot: liggaren\ntitle: [Bokför").expect("half a bot");
        let text = fs::read_to_string(&file).expect("the configuration");
        // Machines that share no server share a folder.
        let data = if self.database.is_empty() { self.app.config.data() } else { home.join("data") };
        let text = text.replace("data = \"data\"", &format!("data = \"{}\"", data.display()));
        let text = text
            .replace(&self.folder.path().join("bots").display().to_string(), &home.join("bots").display().to_string());
        fs::write(&file, text).expect("the configuration");
        (file, script)
    }

    pub fn first(&self) -> PathBuf {
        self.folder.path().join("first/kollega.toml")
    }

    pub fn program(&self, name: &str, file: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Program {
        let mut all = vec!["--config".to_owned(), file.display().to_string()];
        all.extend(arguments.iter().map(ToString::to_string));
        Program::start_in(&self.folder.path().join("output"), name, &all, environment)
    }

    pub fn worker(&self, name: &str) -> Program {
        self.program(name, &self.first(), &["worker"], &[])
    }

    /// Puts orders of this bot in the queue, of 100 kronor each.
    pub async fn queue(&self, bot: &str, references: &[&str]) {
        let bot = Bot::load(&self.app.config.bot_file(bot)).expect("the bot");
        let new = NewRun {
            bot: bot.bot.value.clone(),
            version: bot.version.clone(),
            trigger: "hand".into(),
            schedule: None,
            nominal: None,
            pool: bot.pool().into(),
            actor: "person:test".into(),
        };
        let run = self.app.store.queue_collected_run(&new).await.expect("a run");
        for reference in references {
            let plain = json!({"uppdrag": reference, "belopp": "100"});
            let record = from_plain(&bot.item.fields, &plain).expect("the fields");
            self.app.store.enqueue(&run, &bot.bot.value, reference, &record.store()).await.expect("an item");
        }
    }

    pub async fn item(&self, reference: &str) -> Item {
        self.app.store.find_item(reference).await.expect("the store").expect("the item")
    }

    pub async fn events(&self, reference: &str, kind: EventKind) -> Vec<LoggedEvent> {
        let item = self.item(reference).await;
        let mut events = self.app.store.item_events(&item.id).await.expect("the events");
        events.retain(|event| event.kind == kind.as_str());
        events
    }

    async fn has(&self, reference: &str, kind: EventKind) {
        let since = Instant::now();
        while self.events(reference, kind).await.is_empty() {
            assert!(since.elapsed() < PATIENCE, "{reference}: no {kind}\n{}", self.story(reference).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn becomes(&self, reference: &str, state: ItemState) -> Item {
        let since = Instant::now();
        loop {
            let item = self.item(reference).await;
            if item.state == state {
                return item;
            }
            assert!(since.elapsed() < PATIENCE, "{reference} is {}\n{}", item.state, self.story(reference).await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A person puts it off so many minutes.
    async fn put_off(&self, reference: &str, minutes: i64) {
        let until = self.app.store.now().await.expect("the clock") + chrono::Duration::minutes(minutes);
        let order = Order { operation: Operation::Defer { until }, person: "olle".into(), reason: "x".into() };
        let operated = self.app.store.operate(&self.item(reference).await.id, &order).await;
        assert_eq!(operated.expect("the store"), Ok(Operated::Done));
    }

    /// Saving this order takes so long.
    async fn slow(&self, reference: &str, ms: u64) {
        let spec = FaultSpec::new(System::Ledger, FaultKind::Slow);
        let spec = FaultSpec { reference: Some(reference.into()), ms, ..spec };
        self.sandbox.add_fault(spec).await.expect("a fault");
    }

    /// Asking for records takes so long, once.
    async fn slow_question(&self, ms: u64) {
        let spec = FaultSpec::new(System::Ledger, FaultKind::Slow);
        self.sandbox.add_fault(FaultSpec { path: Some("/api/poster".into()), ms, ..spec }).await.expect("a fault");
    }

    async fn a_fault_strikes(&self) {
        let since = Instant::now();
        while self.sandbox.faults().await.iter().all(|fault| fault.hits == 0) {
            assert!(since.elapsed() < PATIENCE, "no fault struck");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn records(&self, reference: &str) -> usize {
        let all = self.sandbox.ledger().await.expect("the ledger");
        all.into_iter().filter(|record| record.referens == reference).count()
    }

    async fn story(&self, reference: &str) -> String {
        let item = self.item(reference).await;
        let events = self.app.store.item_events(&item.id).await.expect("the events");
        let mut lines: Vec<String> = events
            .into_iter()
            .map(|event| {
                let [stage, step, detail] = [event.stage, event.step, event.detail].map(Option::unwrap_or_default);
                format!("{} {} {} | {stage} | {step} | {detail}", event.at, event.actor, event.kind)
            })
            .collect();
        for entry in fs::read_dir(self.folder.path().join("output")).into_iter().flatten().flatten() {
            lines.push(fs::read_to_string(entry.path()).unwrap_or_default());
        }
        lines.join("\n")
    }
}

fn configuration(folder: &Path, machine: &str, database: &str, ledger: &str) -> PathBuf {
    let home = folder.join(machine);
    fs::create_dir_all(&home).expect("a folder");
    let text = format!(
        r#"data = "data"
bots = "{bots}"
schedules = "{schedules}"
signins = "{signins}"
console = {{ address = "127.0.0.1:0" }}
{database}
[worker]
lease = "2s"
margin = "500ms"
poll = "100ms"
backoff = "200ms"
tries = 12

[systems.liggaren]
url = "{ledger}"
timeout = "2s"
settle = "800ms"

[systems.sidor]
url = "{pages}"
timeout = "2s"

[values]
kvitton = "{kvitton}"
rader = "{rows}"
"#,
        pages = fs::read_to_string(folder.join("sidor")).unwrap_or_else(|_| "http://127.0.0.1:9".into()),
        signins = folder.join("systems").display(),
        bots = folder.join("bots").display(),
        schedules = folder.join("schedules").display(),
        kvitton = folder.join("kvitton").display(),
        rows = folder.join("rader.csv").display(),
    );
    for (bot, script) in [(BOT, BOOKS), ("prov", PROV), ("fönster", WINDOWS), ("sidor", PAGES)] {
        let own = folder.join("bots").join(bot);
        fs::create_dir_all(&own).expect("a folder");
        fs::write(own.join("bot.yaml"), script).expect("a bot");
    }
    for name in ["schedules", "systems"] {
        fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    fs::write(folder.join("systems/sidor.yaml"), "system: sidor\n").expect("a system");
    let file = home.join("kollega.toml");
    fs::write(&file, text).expect("the configuration");
    file
}

/// Reads a file that may never come, asks a system that is slow, and may take only so long.
const PROV: &str = r#"bot: prov
title: Prov
owner: Prov
item:
  reference: uppdrag
  fields:
    uppdrag: text
    belopp: money
stages:
  - stage: fil
    on: liggaren
    lease: 1s
    steps:
      - csv: {file: "${config.rader}", into: rader}
  - stage: fråga
    on: liggaren
    timeout: 1s
    steps:
      - http: {method: GET, url: "/api/poster?referens=${item.uppdrag}", into: svar}
      - http: {method: GET, url: "/api/poster?referens=${item.uppdrag}", into: svar}
"#;

const BOOKS: &str = include_str!("../chaos/bots/liggaren/bot.yaml");

/// Opens a page and waits for what it says.
const PAGES: &str = r#"bot: sidor
title: Prov
owner: Prov
item:
  reference: uppdrag
  fields:
    uppdrag: text
    belopp: money
stages:
  - stage: öppna
    on: sidor
    steps:
      - open: "/sida"
      - wait: {text: Klar}
"#;

const WINDOWS: &str = r"bot: fönster
title: Prov
owner: Prov
pool: windows
item:
  reference: uppdrag
  fields:
    uppdrag: text
    belopp: money
stages:
  - stage: ett
    steps: [{set: {into: x, to: 1}}]
";

fn kollega(file: &Path, arguments: &[&str], input: &str) -> Output {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_kollega"))
        .arg("--config")
        .arg(file)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("written");
    child.wait_with_output().expect("its end")
}

/// A worker that acts by itself, not by a browser, can only be ended as a whole: not for what it has not begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_keeps_silent_before_an_act_ends_no_worker() {
    for what in ["browsers", "lease_until"] {
        let site = Box::pin(Site::begin(Database::Postgres)).await;
        // Once, for longer than the lease: as it is written down who is about to act, and as the lease is prolonged for it.
        let sql = format!(
            "create sequence asked;
             create function silence() returns trigger as $$ begin
               if nextval('asked') = 1 then perform pg_sleep(9); end if; return new; end $$ language plpgsql;
             create trigger silence before update of {what} on items for each row
               when (old.state = 'in_progress' and coalesce(new.browsers, '') like '%\"itself\":true%')
               execute function silence();"
        );
        crate::database::execute(&site.app.config, &sql).await;
        site.queue(BOT, &["U-1", "U-2"]).await;
        let mut worker = site.worker("one");
        for reference in ["U-1", "U-2"] {
            site.becomes(reference, ItemState::Done).await;
            assert_eq!(site.records(reference).await, 1, "{}", site.story(reference).await);
        }
        assert_eq!(worker.has_ended(), None, "{}", worker.said());
        assert_eq!(worker.said().matches("the database is away").count(), 1, "{}", worker.said());
    }
}

on_both! {
    async fn a_worker_asked_to_end_does_the_stage_in_hand_and_lets_go(database) {
        let site = Box::pin(Site::begin(database)).await;
        site.slow("U-1", 1500).await;
        site.queue(BOT, &["U-1", "U-2"]).await;
        let mut first = site.worker("first");
        site.a_fault_strikes().await;
        first.ask_to_end();
        assert_eq!(first.ended(Duration::from_secs(30)).await, Some(0), "{}", first.said());
        let item = site.item("U-1").await;
        assert_eq!((item.state, item.stage.as_deref()), (ItemState::Ready, Some("lämna kvitto")), "{}", site.story("U-1").await);
        assert_eq!((item.worker, item.lease_until, item.browsers), (None, None, None));
        assert_eq!(site.records("U-1").await, 1, "the commit in hand was made");
        assert_eq!(site.events("U-1", EventKind::Released).await.len(), 1);
        assert!(site.app.store.nodes().await.expect("the nodes").is_empty(), "it said that it ended");
        assert_eq!(site.item("U-2").await.state, ItemState::Ready, "nothing new was begun");
        let _second = site.worker("second");
        for reference in ["U-1", "U-2"] {
            site.becomes(reference, ItemState::Done).await;
            assert_eq!(site.records(reference).await, 1, "{}", site.story(reference).await);
            assert!(site.events(reference, EventKind::TakenOver).await.is_empty(), "nobody had to wait for a lease");
        }
    }

    async fn a_run_by_hand_that_is_asked_to_end_does_the_stage_in_hand_and_says_that_it_is_not_done(database) {
        let site = Box::pin(Site::begin(database)).await;
        site.slow("U-1", 1500).await;
        let item = json!({"uppdrag": "U-1", "belopp": "100"}).to_string();
        let mut run = site.program("run", &site.first(), &["run", BOT, "--item", &item], &[]);
        site.a_fault_strikes().await;
        run.ask_to_end();
        assert_eq!(run.ended(Duration::from_secs(30)).await, Some(3), "{}", run.said());
        let item = site.item("U-1").await;
        assert_eq!((item.state, item.stage.as_deref()), (ItemState::Ready, Some("lämna kvitto")), "{}", site.story("U-1").await);
        assert!(site.app.store.nodes().await.expect("the nodes").is_empty(), "it said that it ended");
        let said = run.said();
        assert!(said.contains("Avslutar: pågående etapper görs klart."), "{said}");
        assert!(said.contains("Körningen är inte klar") && !said.contains("browser"), "{said}");
        let _worker = site.worker("worker");
        site.becomes("U-1", ItemState::Done).await;
        assert_eq!(site.records("U-1").await, 1, "{}", site.story("U-1").await);
    }

    async fn a_run_by_hand_ends_with_its_own_items_whatever_else_waits_in_the_pool(database) {
        let site = Box::pin(Site::begin(database)).await;
        site.queue(BOT, &["U-1"]).await;
        site.put_off("U-1", 60).await;
        let run = |name: &str, reference: &str| {
            let item = json!({"uppdrag": reference, "belopp": "100"}).to_string();
            site.program(name, &site.first(), &["run", BOT, "--item", &item], &[])
        };
        let mut first = run("run", "U-2");
        assert_eq!(first.ended(Duration::from_secs(30)).await, Some(0), "{}", first.said());
        assert_eq!(site.item("U-2").await.state, ItemState::Done);
        assert!(!first.said().contains("väntar"), "U-1 is not its own: {}", first.said());
        // A worker that ends when nothing is left does not wait for an hour either, and says what it leaves.
        let mut worker = site.program("worker", &site.first(), &["worker", "--until-done"], &[]);
        assert_eq!(worker.ended(Duration::from_secs(30)).await, Some(0), "{}", worker.said());
        let said = worker.said();
        assert!(said.contains("1 ärende väntar till ") && said.contains("se `kollega why U-1`"), "{said}");
        // What is near is waited for, and told.
        site.put_off("U-1", 5).await;
        let mut worker = site.program("near", &site.first(), &["worker", "--until-done"], &[]);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(worker.has_ended(), None, "{}", worker.said());
    }

    async fn a_second_signal_ends_at_once_and_a_commit_in_hand_is_verified_by_the_next(database) {
        let site = Box::pin(Site::begin(database)).await;
        site.slow("U-1", 1800).await;
        site.queue(BOT, &["U-1"]).await;
        let mut first = site.worker("first");
        site.a_fault_strikes().await;
        first.ask_to_end();
        let since = Instant::now();
        while site.app.store.nodes().await.expect("the nodes").iter().any(|node| node.state == "alive") {
            assert!(since.elapsed() < PATIENCE, "it does not say that it ends");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        first.ask_to_end();
        assert_eq!(first.ended(Duration::from_secs(30)).await, Some(0), "{}", first.said());
        let item = site.item("U-1").await;
        assert_eq!((item.state, item.stage.as_deref()), (ItemState::InProgress, None), "never let go of in a commit");
        let _second = site.worker("second");
        site.becomes("U-1", ItemState::Done).await;
        assert_eq!(site.events("U-1", EventKind::TakenOver).await.len(), 1);
        assert_eq!(site.records("U-1").await, 1, "{}", site.story("U-1").await);
        // The run that the first had begun is ended by the second.
        let since = Instant::now();
        while site.app.store.runs(None, 1).await.expect("the runs")[0].state != RunState::Done {
            assert!(since.elapsed() < PATIENCE, "the run never ends");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn a_late_write_is_refused_and_written_down(database) {
        let site = Box::pin(Site::begin(database)).await;
        fs::write(site.folder.path().join("rader.csv"), "a\n1\n").expect("a file");
        site.slow_question(700).await;
        site.queue("prov", &["U-1"]).await;
        let mut first = site.worker("first");
        site.a_fault_strikes().await;
        first.stop();
        let second = site.worker("second");
        site.has("U-1", EventKind::TakenOver).await;
        site.becomes("U-1", ItemState::Done).await;
        first.go_on();
        site.has("U-1", EventKind::LateWrite).await;
        let late = site.events("U-1", EventKind::LateWrite).await.remove(0);
        let detail: Value = serde_json::from_str(&late.detail.expect("a detail")).expect("json");
        assert_eq!(detail["token"], 1);
        assert!(["step_started", "retried"].iter().any(|tried| detail["tried"] == *tried), "{detail}");
        let worker = detail["worker"].as_str().expect("a worker");
        assert!(worker.contains(&format!(":{}-", first.id())) && !worker.contains(&format!(":{}-", second.id())));
        assert_eq!(site.item("U-1").await.state, ItemState::Done, "what it wrote changed nothing");
        first.ask_to_end();
        assert_eq!(first.ended(Duration::from_secs(30)).await, Some(0), "{}", first.said());
    }

    async fn work_whose_bot_a_node_cannot_read_is_left_to_those_who_can(database) {
        let site = Box::pin(Site::begin(database)).await;
        let (file, script) = site.machine_with_half_a_bot("second");
        site.queue(BOT, &["U-1"]).await;
        let store = &site.app.store;
        let mut half = site.program("half", &file, &["worker"], &[]);
        site.has("U-1", EventKind::Unreadable).await;
        site.queue(BOT, &["U-2"]).await;
        let collects = store.queue_run(&NewRun { bot: BOT.into(), ..new_run() }).await.expect("a run");
        let since = Instant::now();
        while store.nodes().await.expect("the nodes").iter().all(|node| node.node.unreadable().is_empty()) {
            assert!(since.elapsed() < PATIENCE, "it does not say so: {}", half.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let told = site.events("U-1", EventKind::Unreadable).await;
        let detail: Value = serde_json::from_str(told[0].detail.as_deref().expect("a detail")).expect("json");
        assert!(detail["why"].as_str().expect("why").contains("bot.yaml:"), "{detail}");
        assert!(detail["node"].as_str().expect("a node").contains(&format!(":{}-", half.id())), "{detail}");
        assert_eq!(half.said().matches("can't be read here").count(), 1, "{}", half.said());
        // Whoever looks is told, everywhere.
        let first = site.first();
        for of in ["U-1", &collects.0] {
            let why = said(&kollega(&first, &["why", of], ""));
            assert!(why.contains("Ingen arbetare i poolen default kan läsa roboten liggaren: ") && why.contains("Rätta filen"), "{why}");
        }
        let nodes = said(&kollega(&first, &["nodes"], ""));
        assert!(nodes.contains("kan inte läsa roboten liggaren"), "{nodes}");
        assert!(!nodes.contains("andra robotar"), "{nodes}");
        let nodes: Value = serde_json::from_slice(&kollega(&first, &["nodes", "--format", "json"], "").stdout).expect("json");
        assert_eq!(nodes[0]["unreadable"][0]["bot"], BOT, "{nodes}");
        kollega::alert::look(&site.app).await.expect("looked");
        let open = store.open_alerts().await.expect("the alerts");
        assert_eq!(open.iter().map(|one| (one.kind, one.subject.as_str())).collect::<Vec<_>>(), [(AlertKind::Unreadable, BOT)]);
        // Who has nothing else to do ends, and work of other bots is done.
        let mut done = site.program("done", &file, &["worker", "--until-done"], &[]);
        assert_eq!(done.ended(Duration::from_secs(30)).await, Some(0), "{}", done.said());
        for reference in ["U-1", "U-2"] {
            let item = site.item(reference).await;
            assert_eq!((item.state, item.tries, item.worker, item.code), (ItemState::Ready, 0, None, None));
            let told = site.events(reference, EventKind::Claimed).await;
            assert!(told.len() <= 2, "it is not claimed again and again");
        }
        let events = store.run_events(&collects).await.expect("the events");
        assert!(events.iter().any(|event| event.kind == EventKind::Unreadable.as_str()), "{events:?}");
        let run = store.run(&collects).await.expect("the store").expect("the run");
        assert_eq!((run.state, run.worker, run.started_at), (RunState::Queued, None, None));
        // Another node does it.
        let mut whole = site.worker("whole");
        let since = Instant::now();
        while !said(&kollega(&first, &["nodes"], "")).contains("andra robotar") {
            assert!(since.elapsed() < PATIENCE, "nobody sees that the nodes' scripts differ");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        site.becomes("U-1", ItemState::Done).await;
        site.becomes("U-2", ItemState::Done).await;
        let since = Instant::now();
        while store.run(&collects).await.expect("the store").expect("the run").state != RunState::Done {
            assert!(since.elapsed() < PATIENCE, "the run never ends");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        whole.ask_to_end();
        assert_eq!(whole.ended(Duration::from_secs(30)).await, Some(0), "{}", whole.said());
        // Whose script it was stands in the log.
        let started = site.events("U-1", EventKind::StageStarted).await.remove(0);
        let version = Bot::load(&site.app.config.bot_file(BOT)).expect("the bot").version;
        assert_eq!(started.detail, Some(json!({"script": &version[..12]}).to_string()));
        // Or this one, once the file is whole.
        site.queue(BOT, &["U-3"]).await;
        fs::write(script, BOOKS).expect("a bot");
        site.becomes("U-3", ItemState::Done).await;
        kollega::alert::look(&site.app).await.expect("looked");
        assert!(store.open_alerts().await.expect("the alerts").is_empty(), "it is over by itself");
        half.ask_to_end();
        assert_eq!(half.ended(Duration::from_secs(30)).await, Some(0), "{}", half.said());
    }

    async fn what_may_be_saved_is_left_by_who_cannot_read_its_bot_to_who_can_look(database) {
        let site = Box::pin(Site::begin(database)).await;
        let (file, _) = site.machine_with_half_a_bot("second");
        site.slow("U-1", 1800).await;
        site.queue(BOT, &["U-1"]).await;
        let first = site.worker("first");
        site.a_fault_strikes().await;
        drop(first);
        let _half = site.program("half", &file, &["worker"], &[]);
        site.has("U-1", EventKind::Unreadable).await;
        let since = Instant::now();
        while site.app.store.nodes().await.expect("the nodes").iter().all(|node| node.node.unreadable().is_empty()) {
            assert!(since.elapsed() < PATIENCE, "it does not say so");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // What the first left without a word counts as at work for a while.
        for node in site.app.store.nodes().await.expect("the nodes") {
            if node.node.unreadable().is_empty() {
                site.app.store.leave(&node.node.name).await.expect("gone");
            }
        }
        let item = site.item("U-1").await;
        assert_eq!((item.state, item.stage, item.tries), (ItemState::InProgress, None, 0), "{}", site.story("U-1").await);
        let why = said(&kollega(&site.first(), &["why", "U-1"], ""));
        assert!(why.contains("Ingen arbetare i poolen default kan läsa roboten liggaren"), "{why}");
        let _whole = site.worker("whole");
        site.becomes("U-1", ItemState::Done).await;
        assert_eq!(site.records("U-1").await, 1, "{}", site.story("U-1").await);
    }

    async fn what_is_left_to_others_hides_no_other_work(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        let minute = Duration::from_mins(1);
        for (bot, reference) in [("robot", "Ä-1"), ("annan", "Ä-2")] {
            let run = store.queue_run(&NewRun { bot: bot.into(), ..new_run() }).await.expect("a run");
            store.enqueue(&run, bot, reference, &json!({})).await.expect("an item");
        }
        let except = ["robot".to_owned()];
        let pools = ["default".to_owned()];
        let who = Claimant { except: &except, ..claimant("w", minute, minute) };
        let claim = store.claim_item(&who).await.expect("the store").expect("an item");
        assert_eq!(claim.item.reference, "Ä-2");
        assert!(store.claim_item(&who).await.expect("the store").is_none());
        assert_eq!(store.claim_run(&who).await.expect("the store").expect("a run").run.bot, "annan");
        assert!(store.claim_run(&who).await.expect("the store").is_none());
        let both = ["robot".to_owned(), "annan".to_owned()];
        assert!(store.anything_to_do(Whose::Pools(&pools), &except).await.expect("the store"));
        assert!(!store.anything_to_do(Whose::Pools(&pools), &both).await.expect("the store"));
        // A run that has collected is held and ended by anybody.
        let held = store.claim_run(&claimant("x", minute, minute)).await.expect("the store").expect("a run");
        store.collected(&held, &[]).await.expect("collected");
        store.end_leases("x").await.expect("ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
        let who = Claimant { margin: Duration::ZERO, ..who };
        assert_eq!(store.claim_run(&who).await.expect("the store").expect("a run").run.bot, "robot");
    }

    async fn nodes_are_alive_draining_or_dead_by_the_databases_clock(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        let mut node = Node {
            name: "dator:1-abcd".into(),
            kind: "serve".into(),
            pools: r#"["default","windows"]"#.into(),
            sessions: 2,
            version: "0".into(),
            secrets: "s".into(),
            bots: "b".into(),
            unreadable: "[]".into(),
            draining: false,
            started_at: String::new(),
            seen_at: String::new(),
        };
        store.beat(&node).await.expect("a beat");
        assert!(store.has_worker("windows").await.expect("the store"));
        assert!(store.has_scheduler().await.expect("the store"));
        assert!(!store.has_worker("mac").await.expect("the store"));
        let run = store.queue_collected_run(&new_run()).await.expect("a run");
        store.enqueue(&run, "robot", "Ä-1", &json!({})).await.expect("an item");
        let minute = Duration::from_mins(1);
        store.claim_item(&claimant("dator:1-abcd/0", minute, minute)).await.expect("the store").expect("the item");
        let state = |nodes: Vec<kollega::model::NodeState>| nodes.into_iter().map(|one| (one.state, one.holds)).next();
        let nodes = store.nodes().await.expect("the nodes");
        assert_eq!(state(nodes), Some(("alive", vec!["Ä-1".to_owned()])));
        node.draining = true;
        store.beat(&node).await.expect("a beat");
        assert_eq!(state(store.nodes().await.expect("the nodes")).expect("it").0, "draining");
        assert!(!store.has_worker("windows").await.expect("the store"), "it takes nothing new");
        // What it lets go of is free at once, unless it is in the middle of a commit.
        assert_eq!(store.release("dator:1-abcd").await.expect("released"), 1);
        let claim = store.claim_item(&claimant("dator:1-abcd/0", minute, minute)).await.expect("the store").expect("it");
        store.intend(&claim, "spara", None, minute, &[]).await.expect("an intent");
        assert_eq!(store.release("dator:1-abcd").await.expect("released"), 0);
        assert!(store.claim_item(&claimant("b/0", minute, minute)).await.expect("the store").is_none(), "the margin");
        let taken = store.claim_item(&claimant("b/0", minute, Duration::ZERO)).await.expect("the store").expect("it");
        assert!(taken.taken_over);
        store.leave("dator:1-abcd").await.expect("left");
        assert!(store.nodes().await.expect("the nodes").is_empty());
    }

    async fn an_installation_knows_its_key(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        assert!(store.has_fingerprint(SEAL, "a").await.expect("the store"), "the first decides");
        assert!(store.has_fingerprint(SEAL, "a").await.expect("the store"));
        assert!(!store.has_fingerprint(SEAL, "b").await.expect("the store"));
        store.set_fingerprint(SEAL, "b", "anna").await.expect("the store");
        assert!(store.has_fingerprint(SEAL, "b").await.expect("the store"));
        let kinds: Vec<String> = store.latest_events(1).await.expect("events").into_iter().map(|one| one.kind).collect();
        assert_eq!(kinds, ["key_replaced"]);
    }
}

fn new_run() -> NewRun {
    NewRun {
        bot: "robot".into(),
        version: "1".into(),
        trigger: "hand".into(),
        schedule: None,
        nominal: None,
        pool: "default".into(),
        actor: "person:test".into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_takes_no_longer_than_it_may() {
    let site = Box::pin(Site::begin(Database::Sqlite)).await;
    fs::write(site.folder.path().join("rader.csv"), "a\n1\n").expect("a file");
    site.slow_question(60_000).await;
    site.queue("prov", &["U-1"]).await;
    let mut worker = site.program("worker", &site.first(), &["worker"], &[("KOLLEGA__WORKER__DRAIN", "300ms")]);
    site.a_fault_strikes().await;
    worker.ask_to_end();
    assert_eq!(worker.ended(Duration::from_secs(10)).await, Some(0), "{}", worker.said());
    let item = site.item("U-1").await;
    assert_eq!((item.state, item.stage.as_deref()), (ItemState::Ready, Some("fråga")), "it was not in a commit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_never_returns_loses_its_item_and_keeps_nobody_from_ending() {
    let site = Box::pin(Site::begin(Database::Sqlite)).await;
    let rows = site.folder.path().join("rader.csv");
    assert!(Command::new("mkfifo").arg(&rows).status().expect("mkfifo").success());
    site.queue("prov", &["U-1"]).await;
    let mut worker = site.worker("worker");
    site.has("U-1", EventKind::Retried).await;
    let failed = site.events("U-1", EventKind::StepFailed).await.remove(0);
    assert!(failed.detail.expect("why").contains("lånet av ärendet tog slut"));
    // The file comes at last, and what has hung since then does not matter.
    fs::rename(&rows, site.folder.path().join("rör")).expect("moved");
    fs::write(&rows, "a\n1\n").expect("a file");
    site.becomes("U-1", ItemState::Done).await;
    worker.ask_to_end();
    assert_eq!(worker.ended(Duration::from_secs(30)).await, Some(0), "{}", worker.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_steps_of_a_stage_take_no_longer_than_it_may() {
    let site = Box::pin(Site::begin(Database::Sqlite)).await;
    fs::write(site.folder.path().join("rader.csv"), "a\n1\n").expect("a file");
    // The first of the two steps takes all the time that the stage has, once.
    site.slow_question(1200).await;
    site.queue("prov", &["U-1"]).await;
    let _worker = site.worker("worker");
    site.becomes("U-1", ItemState::Done).await;
    let retried = site.events("U-1", EventKind::Retried).await;
    assert_eq!(retried.len(), 1, "{}", site.story("U-1").await);
    let started = site.events("U-1", EventKind::StageStarted).await;
    assert_eq!(started.iter().filter(|event| event.stage.as_deref() == Some("fråga")).count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_whose_pool_no_worker_has_says_so() {
    let site = Box::pin(Site::begin(Database::Sqlite)).await;
    site.queue("fönster", &["U-1"]).await;
    let mut worker = site.worker("worker");
    let since = Instant::now();
    while site.app.store.nodes().await.expect("the nodes").is_empty() {
        assert!(since.elapsed() < PATIENCE, "it does not say that it is at work");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let why = said(&kollega(&site.first(), &["why", "U-1"], ""));
    assert!(why.contains("ingen arbetare är i gång för poolen windows"), "{why}");
    let nodes = kollega(&site.first(), &["nodes", "--format", "json"], "");
    let nodes: Value = serde_json::from_slice(&nodes.stdout).expect("json");
    assert_eq!((&nodes[0]["state"], &nodes[0]["pools"]), (&json!("alive"), &json!(["default"])));
    let mut windows = site.program("windows", &site.first(), &["worker", "--pool", "windows", "--sessions", "2"], &[]);
    site.becomes("U-1", ItemState::Done).await;
    let table = said(&kollega(&site.first(), &["nodes"], ""));
    assert!(table.contains("windows") && table.contains("i gång"), "{table}");
    for program in [&mut worker, &mut windows] {
        program.ask_to_end();
        assert_eq!(program.ended(Duration::from_secs(30)).await, Some(0), "{}", program.said());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_with_another_key_is_refused_until_it_has_the_installations() {
    let site = Box::pin(Site::begin(Database::Postgres)).await;
    site.app.secrets.set("akten.password", &kollega::secret::Secret::new("hemligt ord")).expect("a secret");
    let ledger = format!("http://{}", site.sandbox.addresses.ledger);
    let other = configuration(site.folder.path(), "other", &site.database, &ledger);
    let refused = kollega(&other, &["worker", "--until-done"], "");
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("kollega keys export"), "{}", said(&refused));
    let bundle = site.folder.path().join("nycklar.age").display().to_string();
    let words = "ett mycket långt lösenord\n";
    let short = kollega(&site.first(), &["keys", "export", &bundle, "--passphrase-stdin"], "kort\n");
    assert_eq!(short.status.code(), Some(2));
    let exported = kollega(&site.first(), &["keys", "export", &bundle, "--passphrase-stdin"], words);
    assert!(exported.status.success(), "{}", said(&exported));
    let text = fs::read(&bundle).expect("the bundle");
    assert!(!text.windows(11).any(|part| part == b"hemligt ord"));
    let wrong = kollega(&other, &["keys", "import", &bundle, "--passphrase-stdin"], "ett annat långt lösenord\n");
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
    let imported = kollega(&other, &["keys", "import", &bundle, "--passphrase-stdin"], words);
    assert!(imported.status.success(), "{}", said(&imported));
    let works = kollega(&other, &["worker", "--until-done"], "");
    assert_eq!(works.status.code(), Some(0), "{}", said(&works));
    let app = App::open(Config::load(Some(&other)).expect("the configuration")).await.expect("opened");
    assert_eq!(app.secrets.get("akten.password").expect("a secret").expose(), "hemligt ord");
    assert_eq!(app.secrets_fingerprint(), site.app.secrets_fingerprint());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_are_minutes_off_do_no_harm() {
    let library = fs::read_dir("/usr/lib")
        .expect("a folder")
        .flatten()
        .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
        .find(|file| file.exists())
        .expect("the Debian package faketime: scripts/setup --tests")
        .display()
        .to_string();
    let site = Box::pin(Site::begin(Database::Postgres)).await;
    let schedule = include_str!("../chaos/schedules/liggaren.yaml").replace("*/5", "*/3");
    fs::write(site.folder.path().join("schedules/liggaren.yaml"), schedule).expect("a schedule");
    site.sandbox.add_orders(12).await.expect("orders");
    let node = |name: &str, offset: &str, arguments: &[&str]| {
        let environment =
            [("LD_PRELOAD", library.as_str()), ("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
        site.program(name, &site.machine(name), arguments, &environment)
    };
    let [mut early, mut late] = [node("early", "+7m", &["serve"]), node("late", "-7m", &["serve"])];
    let fired = firings(&site.app.store, 4, BOT).await;
    // One of them dies; the other goes on within 15 seconds.
    early.kill();
    let died = site.app.store.now().await.expect("the time");
    let since = Instant::now();
    while firings(&site.app.store, 0, BOT).await.iter().all(|at| *at <= died) {
        assert!(since.elapsed() < Duration::from_secs(15), "not taken over\n{}", late.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(fired.len() >= 4);
    // What comes next is told by the clock that starts it.
    let mut preview = node("preview", "+800d", &["schedules", "preview", BOT, "--count", "1"]);
    assert_eq!(preview.ended(Duration::from_mins(1)).await, Some(0), "{}", preview.said());
    assert!(preview.said().contains(&died.format(" %Y-").to_string()), "{}", preview.said());
    late.ask_to_end();
    assert_eq!(late.ended(Duration::from_mins(1)).await, Some(0), "{}", late.said());
    let records = site.sandbox.ledger().await.expect("the ledger");
    let mut references: Vec<&str> = records.iter().map(|record| record.referens.as_str()).collect();
    let made = references.len();
    references.sort_unstable();
    references.dedup();
    assert_eq!(references.len(), made, "made twice: {records:?}");
    assert!(made > 0, "nothing was made\n{}\n{}", early.said(), late.said());
    // What is ordered by its id is in the order of the database's clock.
    let events = site.app.store.events_after("").await.expect("the events");
    assert!(events.len() > 20);
    for event in events {
        let id = ulid::Ulid::from_string(&event.id).expect("an id").datetime();
        let at = parse_time(&event.at).expect("a time");
        let apart = (chrono::DateTime::<chrono::Utc>::from(id) - at).abs();
        assert!(apart < chrono::TimeDelta::seconds(5), "{apart} between the id and the time of {event:?}");
    }
}

/// What the page does the first time it is asked for; every later time it says `Klar`.
#[derive(Clone, Copy, PartialEq)]
enum First {
    /// It is there, and its script never ends.
    Loops,
    /// It never comes.
    NeverComes,
}

/// A site with an item that opens the page, and how often the page has been asked for.
async fn with_page(first: First) -> (Site, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::response::Html;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let page = move || {
        let before = count.fetch_add(1, Ordering::SeqCst);
        async move {
            match first {
                First::Loops if before == 0 => Html("<title>Sida</title><p>Strax<script>while (true) {}</script>"),
                First::NeverComes if before == 0 => std::future::pending().await,
                _ => Html("<title>Sida</title><p>Klar"),
            }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = axum::Router::new().route("/sida", axum::routing::get(page));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("sidor"), format!("http://{address}")).expect("the address");
    let sandbox = sandbox::start(sandbox::Config::in_folder(folder.path().join("sandbox"))).await.expect("started");
    let site = Box::pin(Site::on(folder, sandbox, String::new(), "first")).await;
    site.queue("sidor", &["U-1"]).await;
    (site, asked)
}

async fn is_done_with_nothing_left(site: &Site, worker: &mut Program) {
    site.becomes("U-1", ItemState::Done).await;
    assert!(!site.events("U-1", EventKind::Retried).await.is_empty(), "{}", site.story("U-1").await);
    worker.ask_to_end();
    assert_eq!(worker.ended(Duration::from_secs(30)).await, Some(0), "{}", worker.said());
    nothing_is_left_running(&site.app.config.data()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_in_an_endless_loop_loses_its_item_and_its_browser() {
    let (site, _) = Box::pin(with_page(First::Loops)).await;
    let mut worker = site.worker("worker");
    is_done_with_nothing_left(&site, &mut worker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_driver_that_hangs_is_ended_with_its_browser_and_the_item_goes_on() {
    let (site, asked) = Box::pin(with_page(First::NeverComes)).await;
    let mut worker = site.worker("worker");
    let since = Instant::now();
    while asked.load(std::sync::atomic::Ordering::SeqCst) == 0 {
        assert!(since.elapsed() < PATIENCE, "the page was never asked for\n{}", worker.said());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let name = |pid: i32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let driver = browsers(&site.app.config.data()).into_iter().find(|pid| name(*pid).trim() == "chromedriver");
    let driver = rustix::process::Pid::from_raw(driver.expect("a driver")).expect("an id");
    rustix::process::kill_process(driver, rustix::process::Signal::STOP).expect("stopped");
    is_done_with_nothing_left(&site, &mut worker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_hangs_in_a_page_is_taken_over_and_its_browser_ended() {
    let (site, asked) = Box::pin(with_page(First::NeverComes)).await;
    let mut first = site.worker("first");
    let since = Instant::now();
    while asked.load(std::sync::atomic::Ordering::SeqCst) == 0 {
        assert!(since.elapsed() < PATIENCE, "the page was never asked for\n{}", first.said());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    first.stop();
    let hung = browsers(&site.app.config.data());
    assert!(!hung.is_empty());
    // The worker is frozen: its guard ends the browser, and somebody else goes on.
    let since = Instant::now();
    while !browsers(&site.app.config.data()).is_empty() {
        assert!(since.elapsed() < PATIENCE, "the guard left {hung:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let _second = site.worker("second");
    site.becomes("U-1", ItemState::Done).await;
    assert_eq!(site.events("U-1", EventKind::TakenOver).await.len(), 1, "{}", site.story("U-1").await);
    first.go_on();
    site.has("U-1", EventKind::LateWrite).await;
    first.ask_to_end();
    assert_eq!(first.ended(Duration::from_secs(30)).await, Some(0), "{}", first.said());
}

/// The times when the schedule has fired, checked: in order, each once, none missing between, each when it was due by the
/// database's clock. Waits until there are so many.
pub async fn firings(store: &Store, count: usize, schedule: &str) -> Vec<chrono::DateTime<chrono::Utc>> {
    let since = Instant::now();
    let rows = loop {
        let rows = store.firings(schedule, 1000).await.expect("the firings");
        if rows.len() >= count {
            break rows;
        }
        assert!(since.elapsed() < PATIENCE, "only {} firings", rows.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let mut times = Vec::new();
    for row in &rows {
        let (due, at) = (parse_time(&row.due_at).expect("a time"), parse_time(&row.at).expect("a time"));
        let late = at - due;
        assert!(late >= chrono::TimeDelta::zero() && late < chrono::TimeDelta::seconds(15), "{row:?}");
        times.push(due);
    }
    times.sort_unstable();
    let steps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.windows(2).all(|pair| pair[0] == pair[1]), "a time is missing: {rows:?}");
    times
}

/// An address of an empty database, for tests that put something between.
pub async fn database() -> String {
    new_postgres().await
}
