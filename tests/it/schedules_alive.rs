//! Schedules in a living system, on both databases: each time once however many nodes look; overlap, stops, pauses,
//! approved versions, and what else than the clock starts a schedule.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use kollega::app::App;
use kollega::config::Config;
use kollega::desk::Desk;
use kollega::model::{Firing, ItemState, Run, RunId, RunState};
use kollega::runner::{Worker, WorkerOptions};
use kollega::scheduler::{self, Cause};
use kollega::secret::Secret;
use kollega::store::{Claimant, Error, Operation, Order, RUN_STOPPED, RunLease, Standing, Store, Whose};
use kollega::why;
use reqwest::StatusCode;
use serde_json::json;
use tokio::sync::watch;

use crate::database::{Database, claimant, execute, on_both};

const MINUTE: Duration = Duration::from_mins(1);
/// How long anything may take before the test gives up; the machine may be busy.
const PATIENCE: Duration = Duration::from_mins(2);
/// A time each second.
const EACH_SECOND: &str = "cron: \"* * * * * * *\"\n";
const TOKEN: &str = "en-token-som-är-lång-nog";

/// An installation with one bot, `robot`, whose schedules a test writes.
struct Yard {
    folder: tempfile::TempDir,
    app: Arc<App>,
}

impl Yard {
    async fn open(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["bots/robot", "schedules"] {
            std::fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        let file = folder.path().join("kollega.toml");
        std::fs::write(&file, database.configuration().await).expect("the configuration");
        let app = Arc::new(App::open(Config::load(Some(&file)).expect("the configuration")).await.expect("it opens"));
        let yard = Self { folder, app };
        yard.script("set: {into: item.svar, to: ett}");
        yard
    }

    fn store(&self) -> &Store {
        &self.app.store
    }

    /// The bot's script, with this as the step of its first stage.
    fn script(&self, step: &str) {
        let text = format!(
            "bot: robot\ntitle: Robot\nowner: Enheten\nitem:\n  reference: nummer\n  fields: {{nummer: text, svar: text}}\n\
             stages:\n  - stage: första\n    steps: [{{{step}}}]\n  - stage: andra\n    steps: [{{set: {{into: item.svar, to: \"${{item.svar}}, klar\"}}}}]\n"
        );
        std::fs::write(self.folder.path().join("bots/robot/bot.yaml"), text).expect("the bot");
    }

    /// A schedule of the bot with these lines.
    fn schedule(&self, name: &str, lines: &str) {
        let file = self.folder.path().join(format!("schedules/{name}.yaml"));
        std::fs::write(file, format!("schedule: {name}\nbot: robot\n{lines}")).expect("the schedule");
    }

    /// One turn of a scheduler.
    async fn turn(&self) {
        scheduler::turn(self.store(), &self.app.config).await;
    }

    /// Turns until what is looked for is there.
    async fn turn_until<T>(&self, what: &str, found: impl AsyncFn() -> Option<T>) -> T {
        let since = Instant::now();
        loop {
            self.turn().await;
            if let Some(found) = found().await {
                return found;
            }
            assert!(since.elapsed() < PATIENCE, "{what} did not come");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn firings(&self, schedule: &str) -> Vec<Firing> {
        let mut firings = self.store().firings(schedule, 10_000).await.expect("the firings");
        firings.reverse();
        firings
    }

    /// The first firing with this result.
    async fn first(&self, schedule: &str, result: &str) -> Option<Firing> {
        self.firings(schedule).await.into_iter().find(|firing| firing.result == result)
    }

    async fn fired(&self, schedule: &str) -> Firing {
        self.turn_until("a start", async || self.first(schedule, "fired").await).await
    }

    async fn run(&self, id: &RunId) -> Run {
        self.store().run(id).await.expect("the store").expect("the run")
    }

    async fn claim_run(&self) -> RunLease {
        self.store().claim_run(&claimant("w", MINUTE, MINUTE)).await.expect("the store").expect("a run")
    }

    /// Claims the run that waits and ends it so.
    async fn end(&self, state: RunState) {
        let held = self.claim_run().await;
        self.store().end_run(&held, state, None, &[]).await.expect("it ends");
    }

    /// A schedule's times have been handled until so long ago only.
    async fn unhandled(&self, schedule: &str, seconds: i64) {
        let until = self.store().now().await.expect("the clock") - chrono::TimeDelta::seconds(seconds);
        let text = kollega::model::time_text(until);
        self.sql(&format!("update watches set handled_until = '{text}' where schedule = '{schedule}'")).await;
    }

    async fn sql(&self, sql: &str) {
        execute(&self.app.config, sql).await;
    }

    /// A worker of this program, which works until nothing is left.
    async fn worker(&self, name: &str) -> Arc<Worker> {
        let guard = PathBuf::from(env!("CARGO_BIN_EXE_kollega"));
        let options = WorkerOptions { name: name.into(), until_done: true, guard, ..WorkerOptions::default() };
        Worker::start(Arc::clone(&self.app), options).await.expect("a worker")
    }

    async fn item(&self, reference: &str) -> kollega::model::Item {
        self.store().find_item(reference).await.expect("the store").expect("the item")
    }

    async fn why(&self, schedule: &str) -> why::ScheduleWhy {
        why::schedule(self.store(), &self.app.config, schedule).await.expect("the store").expect("an answer")
    }
}

fn reason(firing: &Firing) -> &str {
    firing.reason.as_deref().unwrap_or_default()
}

on_both! {
    async fn two_schedulers_fire_each_second_once(database) {
        let yard = Yard::open(database).await;
        yard.schedule("tät", &format!("{EACH_SECOND}missed: all\noverlap: allow\n"));
        yard.turn().await;
        // As after a minute of standing still.
        yard.unhandled("tät", 60).await;
        let (stop, stopped) = watch::channel(false);
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..2 {
            let app = App::open(yard.app.config.clone()).await.expect("a node");
            nodes.spawn(scheduler::serve(Arc::new(app), stopped.clone()));
        }
        let since = Instant::now();
        while yard.firings("tät").await.len() < 65 {
            assert!(since.elapsed() < PATIENCE, "the times come");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        stop.send(true).expect("the nodes listen");
        nodes.join_all().await;
        let firings = yard.firings("tät").await;
        let times: BTreeSet<i64> = firings.iter().map(|firing| kollega::model::parse_time(&firing.due_at).expect("a time").timestamp()).collect();
        let (first, last) = (times.first().expect("a time"), times.last().expect("a time"));
        assert_eq!(i64::try_from(times.len()).expect("few"), last - first + 1, "no second is missing");
        assert_eq!(times.len(), firings.len(), "and none has two rows");
        let runs: BTreeSet<_> = firings.iter().map(|firing| firing.run.clone().expect("each has its run")).collect();
        assert_eq!(runs.len(), firings.len());
        assert_eq!(yard.store().runs(None, 10_000).await.expect("the runs").len(), firings.len());
    }

    async fn a_start_in_the_way_of_the_run_before_is_skipped(database) {
        let yard = Yard::open(database).await;
        yard.schedule("tät", EACH_SECOND);
        yard.fired("tät").await;
        let skipped = yard.turn_until("a skipped time", async || yard.first("tät", "skipped").await).await;
        assert_eq!(reason(&skipped), "förra körningen pågår ännu");
        assert_eq!(yard.why("tät").await.state, "no_worker");
        yard.end(RunState::Done).await;
        yard.turn_until("another start", async || {
            yard.firings("tät").await.iter().filter(|firing| firing.result == "fired").nth(1).cloned()
        }).await;
    }

    async fn one_start_waits_for_the_run_before_and_then_starts(database) {
        let yard = Yard::open(database).await;
        yard.schedule("tät", &format!("{EACH_SECOND}overlap: queue\n"));
        yard.fired("tät").await;
        let waiting = yard.turn_until("a start that waits", async || yard.first("tät", "waiting").await).await;
        let skipped = yard.turn_until("one too many", async || yard.first("tät", "skipped").await).await;
        assert!(reason(&skipped).contains("en start väntar redan"), "{skipped:?}");
        assert!(yard.why("tät").await.because.contains("En start väntar"));
        assert_eq!(yard.store().runs(None, 10).await.expect("the runs").len(), 1);
        yard.end(RunState::Done).await;
        yard.turn().await;
        let started = yard.firings("tät").await.into_iter().find(|one| one.nominal == waiting.nominal).expect("its row");
        assert_eq!((started.result.as_str(), started.run.is_some()), ("fired", true), "{started:?}");
        assert!(reason(&started).starts_with("väntade"));
        assert_eq!(yard.firings("tät").await.iter().filter(|one| one.nominal == waiting.nominal).count(), 1);
    }

    async fn after_so_many_failures_the_schedule_pauses_itself_until_a_person_resumes_it(database) {
        let yard = Yard::open(database).await;
        yard.schedule("tät", &format!("{EACH_SECOND}pause_after: 2\n"));
        for state in [RunState::Failed, RunState::Done, RunState::Failed, RunState::Failed] {
            let runs = yard.store().runs(None, 100).await.expect("the runs").len();
            yard.turn_until("a run", async || (yard.store().runs(None, 100).await.expect("the runs").len() > runs).then_some(())).await;
            yard.end(state).await;
        }
        let skipped = yard.turn_until("a pause", async || yard.first("tät", "skipped").await).await;
        assert_eq!(reason(&skipped), "pausat: 2 körningar i rad misslyckades (pause_after: 2)");
        let why = yard.why("tät").await;
        assert_eq!((why.state, why.paused_by.as_deref()), ("paused", Some("schedule")));
        assert!(yard.store().resume_schedule("tät", "olle").await.expect("the store"));
        let runs = yard.store().runs(None, 100).await.expect("the runs").len();
        yard.turn_until("a run", async || (yard.store().runs(None, 100).await.expect("the runs").len() > runs).then_some(())).await;
        assert_eq!(yard.store().watch("tät").await.expect("the store").expect("a watch").paused_at, None);
    }

    async fn a_person_pauses_a_schedule_and_that_is_kept(database) {
        let yard = Yard::open(database).await;
        yard.schedule("tät", EACH_SECOND);
        assert!(yard.store().pause_schedule("tät", "olle", "flytt av servrar").await.expect("the store"));
        assert!(!yard.store().pause_schedule("tät", "eva", "annat").await.expect("the store"));
        let skipped = yard.turn_until("a skipped time", async || yard.first("tät", "skipped").await).await;
        assert_eq!(reason(&skipped), "pausat: flytt av servrar");
        let why = yard.why("tät").await;
        assert!(why.because.starts_with("Schemat pausades av person olle"), "{}", why.because);
        let cause = Cause { trigger: "hand", key: "hand:1".into(), actor: "person:olle".into() };
        let refused = scheduler::start(yard.store(), &yard.app.config, "tät", &cause).await.expect("an answer");
        assert_eq!((refused.result.as_str(), refused.run), ("skipped", None));
    }

    async fn a_schedule_that_is_changed_does_not_make_up_for_times_that_it_did_not_have(database) {
        let yard = Yard::open(database).await;
        yard.schedule("flyttad", "timezone: UTC\ncron: \"0 0 0 1 1 * *\"\n");
        yard.turn().await;
        yard.unhandled("flyttad", 180).await;
        yard.turn().await;
        // It is moved to two minutes ago, which means tomorrow.
        let moved = yard.store().now().await.expect("the clock") - chrono::TimeDelta::minutes(2);
        yard.schedule("flyttad", &format!("timezone: UTC\ncron: \"{} * * * *\"\n", moved.format("%-S %-M %-H")));
        yard.turn().await;
        assert_eq!(yard.firings("flyttad").await.len(), 0);
    }

    async fn times_within_a_pause_are_never_missed_also_when_no_scheduler_was_up(database) {
        let yard = Yard::open(database).await;
        // Every ten minutes; nobody looked for two hours, and it was paused an hour ago.
        let cron = "cron: \"0 */10 * * * * *\"\n";
        let pause_ago = async |name: &str, minutes: i64| {
            let at = yard.store().now().await.expect("the clock") - chrono::TimeDelta::minutes(minutes);
            let at = kollega::model::time_text(at);
            yard.sql(&format!("update watches set paused_at = '{at}' where schedule = '{name}'")).await;
            at
        };
        for name in ["ännu", "åter"] {
            yard.schedule(name, &format!("{cron}alert: {{expect: {{by: \"00:00\"}}}}\n"));
            yard.turn().await;
            assert!(yard.store().pause_schedule(name, "olle", "flytt av servrar").await.expect("the store"));
            yard.unhandled(name, 7200).await;
            let paused_at = pause_ago(name, 60).await;
            let told = async || {
                kollega::alert::look(&yard.app).await.expect("a look");
                let open = yard.store().open_alerts().await.expect("the alerts");
                open.into_iter().filter(|one| one.subject == name).map(|one| (one.kind, one.since)).collect::<Vec<_>>()
            };
            // Before anybody has looked, times before the pause are late.
            for (_, since) in told().await {
                assert!(since < paused_at, "{since} is within the pause");
            }
            if name == "åter" {
                assert!(scheduler::resume(yard.store(), &yard.app.config, name, "olle").await.expect("resumed"));
            }
            yard.turn().await;
            let firings = yard.firings(name).await;
            let (within, before): (Vec<_>, Vec<_>) = firings.iter().partition(|firing| firing.due_at >= paused_at);
            assert!(within.len() >= 6 && before.len() >= 5, "{firings:#?}");
            for firing in within {
                assert_eq!((firing.result.as_str(), reason(firing)), ("skipped", "pausat: flytt av servrar"));
            }
            for firing in before {
                assert_eq!(firing.result, "missed", "{firing:?}");
                assert!(reason(firing).starts_with("schemat pausades innan"), "{firing:?}");
            }
            for (_, since) in told().await {
                assert!(since < paused_at, "{since} is within the pause");
            }
        }
    }

    async fn a_run_that_takes_too_long_is_asked_to_stop_then_ended_and_nothing_is_lost(database) {
        let yard = Yard::open(database).await;
        yard.schedule("lång", "start_on: {http: {token: t}}\nmax_runtime: 1s\nstop_grace: 1s\n");
        let cause = |key: &str| Cause { trigger: "hand", key: key.into(), actor: "person:olle".into() };
        let start = async |key: &str| scheduler::start(yard.store(), &yard.app.config, "lång", &cause(key)).await.expect("a start");
        let run = start("hand:1").await.run.expect("a run");
        yard.claim_run().await;
        for reference in ["Å-1", "Å-2"] {
            yard.store().enqueue(&run, "robot", reference, &json!({})).await.expect("an item");
        }
        let claim = yard.store().claim_item(&claimant("w", MINUTE, MINUTE)).await.expect("the store").expect("an item");
        // The other waits from the moment the run is asked to stop; the one in hand may come to the end of its stage.
        yard.turn_until("the stop", async || yard.run(&run).await.stop_at).await;
        let waits = yard.item("Å-2").await;
        assert_eq!((waits.state, waits.code.as_deref()), (ItemState::Deferred, Some(RUN_STOPPED)));
        assert!(yard.store().claim_item(&claimant("x", MINUTE, MINUTE)).await.expect("the store").is_none());
        assert_eq!(yard.store().standing(&claim.item.id, &yard.run(&run).await, false).await.expect("the store"), Standing::Stops);
        // It does not: then it is taken from its worker, whose writes are refused.
        let ended = yard.turn_until("the end", async || Some(yard.run(&run).await).filter(|run| run.ended_at.is_some())).await;
        assert_eq!(ended.state, RunState::Stopped);
        assert!(ended.reason.expect("a reason").contains("max_runtime"));
        let late = yard.store().renew(&claim, MINUTE, &[]).await;
        assert!(matches!(late, Err(Error::LeaseLost)), "{late:?}");
        // Its lease runs out, and only then another worker takes it over, to put it aside.
        assert!(yard.store().claim_item(&claimant("x", MINUTE, Duration::ZERO)).await.expect("the store").is_none());
        yard.sql("update items set lease_until = '2026-01-01T00:00:00.000Z' where state = 'in_progress'").await;
        let taken = yard.store().claim_item(&claimant("x", MINUTE, Duration::ZERO)).await.expect("the store").expect("the item");
        assert!(taken.taken_over);
        assert_eq!(yard.store().standing(&taken.item.id, &yard.run(&run).await, true).await.expect("the store"), Standing::Stops);
        let finish = kollega::store::Finish::new(ItemState::Deferred).because(RUN_STOPPED, "");
        yard.store().finish(&taken, &finish, &json!({}), &[]).await.expect("put aside");
        // The bot's next run takes up both.
        let next = start("hand:2").await.run.expect("a run");
        assert_eq!(yard.claim_run().await.run.id, next);
        for reference in ["Å-1", "Å-2"] {
            let item = yard.item(reference).await;
            assert_eq!((&item.run, item.code.as_deref()), (&next, None), "{reference}");
            let claim = yard.store().claim_item(&claimant("y", MINUTE, MINUTE)).await.expect("the store");
            assert!(claim.is_some_and(|claim| claim.item.run == next), "{reference} can be worked on");
        }
    }

    async fn a_real_worker_stops_between_two_stages_and_the_next_run_goes_on_there(database) {
        let yard = Yard::open(database).await;
        let slow = Slow::serve().await;
        yard.script(&format!("http: {{method: GET, url: \"{}\", into: item.svar}}", slow.address));
        yard.schedule("lång", "start_on: {http: {token: t}}\nmax_runtime: 1s\nstop_grace: 10m\n");
        let start = async |key: &str| {
            let cause = Cause { trigger: "hand", key: key.into(), actor: "person:olle".into() };
            scheduler::start(yard.store(), &yard.app.config, "lång", &cause).await.expect("a start").run.expect("a run")
        };
        let run = start("hand:1").await;
        yard.store().enqueue(&run, "robot", "Å-1", &json!({"nummer": "Å-1"})).await.expect("an item");
        let worker = yard.worker("första").await;
        let working = tokio::spawn(async move { Box::pin(worker.work()).await });
        slow.asked(1).await;
        yard.turn_until("the stop", async || yard.run(&run).await.stop_at).await;
        slow.answer();
        yard.turn_until("the end", async || yard.run(&run).await.ended_at).await;
        working.await.expect("the worker").expect("it ends well");
        assert_eq!(yard.run(&run).await.state, RunState::Stopped);
        let item = yard.item("Å-1").await;
        assert_eq!((item.state, item.stage.as_deref(), item.code.as_deref()), (ItemState::Deferred, Some("andra"), Some(RUN_STOPPED)));
        let why = why::item(yard.store(), &yard.app.config, &item).await.expect("the store");
        assert!(why.because.contains("Körningen stoppades"), "{}", why.because);

        let next = start("hand:2").await;
        Box::pin(yard.worker("andra").await.work()).await.expect("it works");
        let item = yard.item("Å-1").await;
        assert_eq!((item.state, item.run), (ItemState::Done, next));
        slow.asked(1).await;
    }

    async fn a_schedule_is_held_to_what_was_approved_whatever_the_file_says(database) {
        let yard = Yard::open(database).await;
        yard.schedule("prövad", "start_on: {http: {token: t}}\nversion: newest_approved\n");
        let start = async |key: &str| {
            let cause = Cause { trigger: "hand", key: key.into(), actor: "person:olle".into() };
            scheduler::start(yard.store(), &yard.app.config, "prövad", &cause).await.expect("an answer")
        };
        let none = start("hand:1").await;
        assert_eq!(none.result, "missed");
        assert_eq!(reason(&none), "ingen version av robot är godkänd: kör `kollega bots approve robot`");
        let approve = async || {
            let text = std::fs::read_to_string(yard.folder.path().join("bots/robot/bot.yaml")).expect("the script");
            let version = kollega::yaml::content_hash(&text);
            yard.store().approve("robot", &version, &text, "eva", "granskad").await.expect("approved");
            version
        };
        let first = approve().await;
        yard.script("set: {into: item.svar, to: två}");
        let run = start("hand:2").await.run.expect("a run");
        assert_eq!(yard.run(&run).await.version, first);
        yard.store().enqueue(&run, "robot", "Å-1", &json!({"nummer": "Å-1"})).await.expect("an item");
        Box::pin(yard.worker("w").await.work()).await.expect("it works");
        let svar = async || yard.item("Å-1").await.fields.0.to_string();
        assert!(svar().await.contains("ett, klar"), "{}", svar().await);
        // A new attempt is made because something was wrong: it uses what is approved now.
        approve().await;
        let again = Order { operation: Operation::Rerun, person: "eva".into(), reason: "rättat".into() };
        yard.store().operate(&yard.item("Å-1").await.id, &again).await.expect("the store").expect("a new attempt");
        Box::pin(yard.worker("v").await.work()).await.expect("it works");
        assert!(svar().await.contains("två, klar"), "{}", svar().await);
        // One script by its beginning.
        yard.schedule("låst", &format!("start_on: {{http: {{token: t}}}}\nversion: {}\n", &first[..10]));
        let cause = Cause { trigger: "hand", key: "hand:3".into(), actor: "person:olle".into() };
        let locked = scheduler::start(yard.store(), &yard.app.config, "låst", &cause).await.expect("an answer");
        let locked = yard.run(&locked.run.expect("a run")).await;
        assert_eq!((locked.version, locked.pin.as_deref()), (first, Some("exact")));
        // What a node leaves to others is told by its run here: the bot's file says nothing of an approved script.
        let pools = ["default".to_owned()];
        let anything = async |but: &str| yard.store().anything_to_do(Whose::Pools(&pools), &[but.to_owned()]).await.expect("the store");
        assert!(anything("robot").await && !anything(&locked.id.0).await);
        let (but_bot, but_run) = (["robot".to_owned()], [locked.id.0.clone()]);
        let who = claimant("x", MINUTE, MINUTE);
        assert!(yard.store().claim_run(&Claimant { except: &but_run, ..who }).await.expect("the store").is_none());
        let taken = yard.store().claim_run(&Claimant { except: &but_bot, ..who }).await.expect("the store").expect("the run");
        assert_eq!(taken.run.id, locked.id);
    }

    async fn a_schedule_starts_once_after_each_run_of_another(database) {
        let yard = Yard::open(database).await;
        yard.schedule("efter", "start_on: {after: {schedule: före, when: failed}}\noverlap: allow\n");
        yard.schedule("före", "start_on: {http: {token: t}}\n");
        yard.turn().await;
        for (key, state) in [("1", RunState::Done), ("2", RunState::Failed)] {
            let cause = Cause { trigger: "hand", key: key.into(), actor: "person:olle".into() };
            scheduler::start(yard.store(), &yard.app.config, "före", &cause).await.expect("a start");
            yard.end(state).await;
        }
        for _ in 0..3 {
            yard.turn().await;
        }
        let firings = yard.firings("efter").await;
        assert_eq!(firings.len(), 1, "only after the one that failed: {firings:?}");
        assert_eq!((firings[0].trigger.as_str(), firings[0].result.as_str()), ("after", "fired"));
        let run = yard.run(firings[0].run.as_ref().expect("a run")).await;
        assert_eq!((run.trigger.as_str(), run.nominal), ("after", None));
    }

    async fn a_queue_that_has_grown_starts_a_schedule_but_not_again_at_once(database) {
        let yard = Yard::open(database).await;
        yard.schedule("kö", "start_on: {queue: {waiting: 2, older_than: 1h}}\n");
        yard.turn().await;
        let run = yard.store().queue_collected_run(&new_run()).await.expect("a run");
        for reference in ["Å-1", "Å-2"] {
            yard.store().enqueue(&run, "robot", reference, &json!({})).await.expect("an item");
        }
        yard.turn().await;
        assert!(yard.firings("kö").await.is_empty(), "an open run has them");
        yard.end(RunState::Done).await;
        yard.turn().await;
        let firings = yard.firings("kö").await;
        assert_eq!(reason(&firings[0]), "2 ärenden väntar i kön till robot");
        yard.end(RunState::Done).await;
        yard.turn().await;
        assert_eq!(yard.firings("kö").await.len(), 1, "not before ten minutes have passed");
        yard.sql("update firings set at = '2026-01-01T00:00:00.000Z'").await;
        yard.sql("update items set state = 'cancelled' where reference = 'Å-1'").await;
        yard.sql("update items set updated_at = '2026-01-01T00:00:00.000Z'").await;
        yard.turn().await;
        let firings = yard.firings("kö").await;
        assert_eq!(firings.len(), 2);
        assert!(firings.iter().any(|one| reason(one).contains("har väntat i kön till robot i mer än 1h")), "{firings:?}");
    }

    async fn a_call_starts_a_schedule_once_for_each_key_and_only_with_the_token(database) {
        let yard = Yard::open(database).await;
        yard.schedule("anrop", "start_on: {http: {token: anrop.token}}\noverlap: queue\n");
        yard.schedule("utan", "cron: \"0 0 3 1 1 * *\"\n");
        yard.app.secrets.set("anrop.token", &Secret::new(TOKEN)).expect("a secret");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(kollega::console::serve(Desk::of(&yard.app), listener, std::future::pending()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::new();
        let call = async |name: &str, token: &str, key: Option<&str>| {
            let mut request = client.post(format!("http://{address}/api/schedules/{name}/start")).bearer_auth(token);
            if let Some(key) = key {
                request = request.header("Idempotency-Key", key);
            }
            let answer = request.send().await.expect("an answer");
            let status = answer.status();
            (status, answer.json::<serde_json::Value>().await.expect("JSON"))
        };
        for (name, token) in [("anrop", "fel-token-som-är-lång-nog"), ("anrop", ""), ("utan", TOKEN), ("finns-inte", TOKEN), ("..%2Fx", TOKEN)] {
            assert_eq!(call(name, token, Some("a")).await.0, StatusCode::UNAUTHORIZED, "{name} {token}");
        }
        assert_eq!(call("anrop", TOKEN, None).await.0, StatusCode::BAD_REQUEST);
        assert!(yard.store().runs(None, 10).await.expect("the runs").is_empty());

        // The same key, eight times at once and again later: one run, and the same answer each time.
        let calls = (0..8).map(|_| call("anrop", TOKEN, Some("beställning 1")));
        let answers = futures_util::future::join_all(calls).await;
        let again = call("anrop", TOKEN, Some("beställning 1")).await;
        let runs: BTreeSet<String> = answers.iter().chain([&again]).map(|(status, body)| {
            assert_eq!(*status, StatusCode::ACCEPTED, "{body}");
            body["run"].as_str().expect("a run").to_owned()
        }).collect();
        assert_eq!(runs.len(), 1);
        let (status, body) = call("anrop", TOKEN, Some("beställning 2")).await;
        assert_eq!((status, body["result"].as_str()), (StatusCode::ACCEPTED, Some("waiting")));
        assert_eq!(call("anrop", TOKEN, Some("beställning 2")).await.1["result"], "waiting");
        assert_eq!(call("anrop", TOKEN, Some("beställning 3")).await.0, StatusCode::CONFLICT);
        assert_eq!(yard.store().runs(None, 10).await.expect("the runs").len(), 1);
        yard.end(RunState::Done).await;
        yard.turn().await;
        let later = call("anrop", TOKEN, Some("beställning 2")).await.1;
        assert_eq!(later["result"], "fired", "{later}");
        assert_eq!(yard.store().runs(None, 10).await.expect("the runs").len(), 2);
    }

    async fn why_answers_from_the_live_state(database) {
        let yard = Yard::open(database).await;
        yard.schedule("sällan", "cron: \"0 0 6 24 12 * *\"\ncalendar: {country: SE, on_holiday: previous_working_day}\n");
        yard.turn().await;
        let why = yard.why("sällan").await;
        assert_eq!(why.state, "waiting_for_time");
        assert!(why.because.contains("julafton"), "{}", why.because);
        // Nobody looks: a time passed minutes ago.
        yard.schedule("tät", EACH_SECOND);
        yard.turn().await;
        yard.unhandled("tät", 300).await;
        assert_eq!(yard.why("tät").await.state, "no_scheduler");
        // Looked at again: the last one starts, the others were missed; and no worker takes it.
        yard.turn().await;
        let missed = yard.first("tät", "missed").await.expect("a missed time");
        assert_eq!(reason(&missed), "en senare tid startar i stället");
        let why = yard.why("tät").await;
        assert_eq!(why.state, "no_worker");
        assert!(why.because.contains("ingen arbetare är i gång för poolen default"), "{}", why.because);
        yard.claim_run().await;
        assert_eq!(yard.why("tät").await.state, "running");
        // Its worker dies.
        let run = yard.store().runs(None, 1).await.expect("the runs").remove(0);
        let node = kollega::model::Node {
            name: run.worker.clone().expect("a worker"),
            kind: "worker".into(),
            pools: "[\"default\"]".into(),
            sessions: 1,
            version: "1".into(),
            secrets: String::new(),
            bots: "b".into(),
            unreadable: "[]".into(),
            draining: false,
            started_at: String::new(),
            seen_at: String::new(),
        };
        yard.store().beat(&node).await.expect("a beat");
        yard.sql("update runs set worker = worker || '/0' where worker is not null").await;
        let run = yard.store().run(&run.id).await.expect("the store").expect("the run");
        let told = why::run(yard.store(), &yard.app.config, &run).await.expect("the store");
        assert!(told.because.contains("håller i den"), "{}", told.because);
        yard.sql("update nodes set seen_at = '2026-01-01T00:00:00.000Z'").await;
        let told = why::run(yard.store(), &yard.app.config, &run).await.expect("the store");
        assert!(told.because.contains("har inte hört av sig sedan"), "{}", told.because);
        let told = yard.why("tät").await.because;
        assert!(told.contains("sedan tar en annan över"), "{told}");
        yard.sql("update runs set lease_until = '2026-01-01T00:00:00.000Z'").await;
        let why = yard.why("tät").await;
        assert_eq!(why.state, "no_worker");
        assert!(why.because.contains("har inte hört av sig"), "{}", why.because);
        // A worker that has ended well has let go of its run: it does not hold it any more.
        yard.store().leave(&node.name).await.expect("an end");
        let run = yard.store().run(&run.id).await.expect("the store").expect("the run");
        let told = why::run(yard.store(), &yard.app.config, &run).await.expect("the store");
        assert!(told.because.contains("ingen har tagit över den"), "{}", told.because);
        assert!(told.next.contains("kollega worker --pool default"), "{}", told.next);
        // An item of a run that failed is told of.
        yard.store().enqueue(&run.id, "robot", "Å-1", &json!({"nummer": "Å-1"})).await.expect("an item");
        yard.sql("update items set state = 'failed'").await;
        yard.sql("update runs set state = 'done'").await;
        let run = yard.store().run(&run.id).await.expect("the store").expect("the run");
        let told = why::run(yard.store(), &yard.app.config, &run).await.expect("the store");
        assert!(told.because.contains("1 ärende misslyckades"), "{}", told.because);
        // A start that waited comes after the later times that were skipped for it.
        yard.sql("delete from firings where schedule = 'tät'").await;
        for (nominal, result, at) in [("1", "fired", "3"), ("2", "skipped", "2")] {
            yard.sql(&format!(
                "insert into firings (schedule, nominal, fold, due_at, result, at)
                 values ('tät', '{nominal}', 0, '2026-01-01T00:00:0{nominal}.000Z', '{result}', '2026-01-01T00:00:0{at}.000Z')"
            ))
            .await;
        }
        assert_eq!(yard.why("tät").await.state, "waiting_for_time");
        // What it started failed.
        yard.sql(&format!("update firings set run = '{}' where nominal = '1'", run.id)).await;
        yard.sql("update runs set state = 'failed', reason = 'sidan svarar inte'").await;
        let why = yard.why("tät").await;
        assert!(why.because.starts_with("Den senaste körningen blev inte färdig: sidan svarar inte. Nästa tid är"), "{}", why.because);
        // The file is wrong, or gone; and one that never was is not known.
        yard.schedule("tät", "cron: fel\n");
        assert_eq!(yard.why("tät").await.state, "unreadable");
        std::fs::remove_file(yard.folder.path().join("schedules/tät.yaml")).expect("removed");
        let why = yard.why("tät").await;
        assert_eq!(why.state, "gone");
        assert!(!why.next.contains("kollega check"), "{}", why.next);
        assert!(why::schedule(yard.store(), &yard.app.config, "finns-inte").await.expect("the store").is_none());
    }
}

fn new_run() -> kollega::store::NewRun {
    kollega::store::NewRun {
        bot: "robot".into(),
        version: "1".into(),
        trigger: "hand".into(),
        schedule: None,
        nominal: None,
        pool: "default".into(),
        actor: "person:test".into(),
    }
}

/// A server that answers when the test lets it, and counts how often it was asked.
struct Slow {
    address: String,
    asked: watch::Receiver<usize>,
    go: watch::Sender<bool>,
}

impl Slow {
    async fn serve() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let (count, asked) = watch::channel(0);
        let (go, gone) = watch::channel(false);
        let router = Router::new().route("/", get(answer)).with_state((Arc::new(count), gone));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked, go }
    }

    /// Waits until it has been asked so often, and sees that it was not more.
    async fn asked(&self, times: usize) {
        let mut asked = self.asked.clone();
        tokio::time::timeout(PATIENCE, asked.wait_for(|count| *count >= times))
            .await
            .expect("in time")
            .expect("it lives");
        assert_eq!(*self.asked.borrow(), times);
    }

    fn answer(&self) {
        self.go.send(true).expect("it listens");
    }
}

async fn answer(State((count, mut gone)): State<(Arc<watch::Sender<usize>>, watch::Receiver<bool>)>) -> &'static str {
    count.send_modify(|count| *count += 1);
    drop(gone.wait_for(|go| *go).await);
    "\"svar\""
}
