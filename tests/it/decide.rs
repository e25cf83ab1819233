//! The command line: deciding, settling and looking, by the real program on the real store.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use kollega::desk::Error;
use kollega::model::{AnswerKind, Decision, ItemState};
use serde_json::Value;

use crate::office::{Office, PASSWORD, PERSONNUMMER, approval, referral};

/// What the program answered.
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Answer {
    pub fn json(&self) -> Vec<Value> {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

/// Runs the program with a password on its standard input.
pub fn kollega_with(office: &Office, password: &str, arguments: &[&str]) -> Answer {
    kollega_at(&office.configuration(), password, arguments)
}

/// The same on the installation of this configuration.
pub fn kollega_at(configuration: &Path, password: &str, arguments: &[&str]) -> Answer {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kollega"))
        .arg("--config")
        .arg(configuration)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    // A program that refuses its arguments may have ended before it reads.
    let _ = writeln!(child.stdin.take().expect("its input"), "{password}");
    let Output { status, stdout, stderr } = child.wait_with_output().expect("its end");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Answer { code: status.code(), out: text(stdout), err: text(stderr) }
}

pub fn kollega(office: &Office, arguments: &[&str]) -> Answer {
    kollega_with(office, "", arguments)
}

fn decide(office: &Office, item: &str, arguments: &[&str]) -> Answer {
    let all: Vec<&str> = [&["decide", item], arguments, &["--as", "anna", "--password-stdin"]].concat();
    kollega_with(office, PASSWORD, &all)
}

async fn office_with_anna() -> Office {
    let office = Office::open().await;
    office.hire("anna", "caseworker").await;
    office
}

async fn only_decision(office: &Office, reference: &str) -> Decision {
    let item = office.item(reference).await;
    let decisions = office.desk.store.decisions(&item.id).await.expect("the store");
    assert_eq!(decisions.len(), 1);
    decisions.into_iter().next().expect("one")
}

#[tokio::test]
async fn approve_shows_the_suggestion_and_records_a_sealed_decision() {
    let office = office_with_anna().await;
    office.waiting("A-1", &approval()).await;
    let answer = decide(&office, "A-1", &["approve"]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.out.contains("Förslag: bifall, 6 020 kr") && answer.out.contains("(ej verifierad)"));
    assert!(answer.out.contains("Beslutet är registrerat: ärende A-1, bifall, 6 020 kr."));
    let decision = only_decision(&office, "A-1").await;
    assert_eq!((decision.person.as_str(), decision.role.as_str()), ("anna", "caseworker"));
    assert_eq!(decision.by(), "Anna Åström");
    assert!(office.desk.seal.is_valid(&decision));
    assert_eq!(office.item("A-1").await.state, ItemState::Ready);
}

#[tokio::test]
async fn a_script_reads_the_suggestion_and_names_it_in_its_answer() {
    let office = office_with_anna().await;
    let (_, suggestion) = office.waiting("A-1", &approval()).await;
    let shown = decide(&office, "A-1", &["--format", "json"]).json();
    assert_eq!(shown[0]["suggestion"], suggestion.id.as_str());
    assert_eq!(shown[0]["answer"]["amount"], "6020");
    let arguments = ["change", "--amount", "1 234,50", "--reason", "Läkarvård", "--format", "json", "--suggestion"];
    let made = decide(&office, "A-1", &[&arguments[..], &[&suggestion.id]].concat()).json();
    assert_eq!((made[0]["amount"].as_str(), made[0]["changed"].as_bool()), (Some("1234.5"), Some(true)));
    assert_eq!(only_decision(&office, "A-1").await.amount.as_deref(), Some("1234.5"));
}

#[tokio::test]
async fn deny_needs_a_reason() {
    let office = office_with_anna().await;
    office.waiting("A-1", &approval()).await;
    let answer = decide(&office, "A-1", &["deny"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.err.contains("en motivering saknas"), "{}", answer.err);
    assert_eq!(decide(&office, "A-1", &["deny", "--reason", "Bor inte i kommunen"]).code, Some(0));
    assert_eq!(only_decision(&office, "A-1").await.outcome, "deny");
}

#[tokio::test]
async fn a_superseded_suggestion_and_a_referral_are_refused() {
    let office = office_with_anna().await;
    let (item, old) = office.waiting("A-1", &approval()).await;
    let mut newer = approval();
    newer["suggestion_id"] = "ny".into();
    office.suggest_again(&item, &newer).await;
    let answer = decide(&office, "A-1", &["approve", "--suggestion", &old.id]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.err.contains("förslaget har ersatts av ett nyare"), "{}", answer.err);

    office.waiting("A-2", &referral()).await;
    let answer = decide(&office, "A-2", &["approve"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.err.contains("kan inte godkännas rakt av"), "{}", answer.err);
    for reference in ["A-1", "A-2"] {
        assert_eq!(office.item(reference).await.state, ItemState::AwaitingDecision);
    }
}

#[tokio::test]
async fn only_a_signed_in_person_with_the_role_decides() {
    let office = office_with_anna().await;
    office.hire("olle", "operations").await;
    let (item, _) = office.waiting("A-1", &approval()).await;
    let wrong =
        kollega_with(&office, "fel lösenord", &["decide", "A-1", "approve", "--as", "anna", "--password-stdin"]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("fel namn eller lösenord") && !wrong.out.contains("6 020"));
    let other = kollega_with(&office, PASSWORD, &["decide", "A-1", "approve", "--as", "olle", "--password-stdin"]);
    assert_eq!(other.code, Some(1));
    assert!(other.err.contains("det kräver rollen handläggare") && !other.out.contains("6 020"), "{}", other.err);
    assert!(office.kinds(&item).await.contains(&"decision_refused".to_owned()));
    assert_eq!(office.item("A-1").await.state, ItemState::AwaitingDecision);
}

#[tokio::test]
async fn wrong_passwords_on_the_command_line_count_too() {
    let office = office_with_anna().await;
    office.waiting("A-1", &approval()).await;
    let arguments = ["decide", "A-1", "--as", "anna", "--password-stdin"];
    for _ in 0..5 {
        assert!(kollega_with(&office, "fel lösenord", &arguments).err.contains("fel namn"));
    }
    assert!(decide(&office, "A-1", &[]).err.contains("för många fel lösenord"));
}

#[tokio::test]
async fn wrong_usage_ends_with_2_and_says_what_to_do_in_swedish() {
    let office = office_with_anna().await;
    office.waiting("A-1", &approval()).await;
    for (arguments, says) in [
        (&["decide", "A-1", "approve"][..], "det saknas: --as <NAMN>"),
        (&["decide", "A-1", "change", "--as", "anna"], "ange beloppet"),
        (&["decide", "A-1", "change", "--amount", "1.234", "--as", "anna"], "är inte ett belopp"),
        (&["decide", "A-1", "approve", "--amount", "5", "--as", "anna"], "hör bara till change"),
        (&["decide", "A-1", "maybe", "--as", "anna"], "välj bland: approve, change, deny"),
        (&["decide", "A-9", "approve", "--as", "anna"], "ärendet A-9 finns inte"),
        (&["decide", "A-1", "approve", "--as", "anna"], "använd --password-stdin"),
        (&["run-it"], "kommandot run-it finns inte"),
        (&["runs", "--bott", "x"], "menade du --bot?"),
        (&["items", "--state", "väntar"], "välj bland: ready, in_progress"),
        (&["user", "add", "eva", "--role", "chef"], "välj bland: it, operations"),
        (&["log", "A-9"], "heter A-9"),
        (&["why", "A-9"], "heter A-9"),
    ] {
        let answer = kollega(&office, arguments);
        assert_eq!(answer.code, Some(2), "{arguments:?}: {}", answer.err);
        assert!(answer.err.contains(says), "{arguments:?}: {}", answer.err);
    }
}

#[tokio::test]
async fn people_are_added_listed_and_shut_out() {
    let office = Office::open().await;
    assert!(kollega(&office, &["user", "list"]).out.contains("Inga personer ännu"));
    let add = ["user", "add", "eva", "--role", "caseworker", "--role", "auditor", "--password-stdin"];
    let short = kollega_with(&office, "kort", &add);
    assert_eq!(short.code, Some(2));
    assert!(short.err.contains("minst 12 tecken"));
    assert_eq!(kollega_with(&office, PASSWORD, &add).code, Some(0));
    let list = kollega(&office, &["user", "list", "--format", "json"]);
    assert_eq!(list.json()[0]["roles"], serde_json::json!(["caseworker", "auditor"]));
    assert!(!list.out.contains("argon2"), "the hash is not shown");
    assert_eq!(kollega(&office, &["user", "disable", "eva"]).code, Some(0));
    assert_eq!(kollega(&office, &["user", "disable", "eva"]).code, Some(2));
    office.waiting("A-1", &approval()).await;
    let refused = kollega_with(&office, PASSWORD, &["decide", "A-1", "--as", "eva", "--password-stdin"]);
    assert!(refused.err.contains("fel namn eller lösenord"));
}

#[tokio::test]
async fn an_empty_store_says_how_to_start() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("kollega.toml"), "").expect("the configuration");
    let run = |command: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_kollega"))
            .current_dir(folder.path())
            .arg(command)
            .output()
            .expect("the program");
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(run("runs"), "Inga körningar ännu. Starta en med `kollega run ROBOT`.\n");
    assert!(run("items").starts_with("Inga ärenden ännu."));
}

#[tokio::test]
async fn lists_and_logs_are_read_by_people_and_programs_and_hold_nothing_personal() {
    let office = office_with_anna().await;
    office.waiting("A-1", &approval()).await;
    let handed_over = office.handed_over("A-2").await;
    let items = kollega(&office, &["items"]);
    assert!(items.out.contains("väntar på beslut") && items.out.contains("needs_person"), "{}", items.out);
    let some = kollega(&office, &["items", "--state", "handed_over", "--format", "json"]).json();
    assert_eq!((some.len(), some[0]["reference"].as_str()), (1, Some("A-2")));
    assert_eq!(kollega(&office, &["runs", "--format", "json"]).json()[0]["id"], office.run.0.as_str());
    let log = kollega(&office, &["log", "A-1", "--format", "json"]).json();
    assert!(log.iter().any(|event| event["kind"] == "suggested"));
    let followed = kollega(&office, &["log", "A-2", "--follow"]);
    assert_eq!(followed.code, Some(0));
    assert!(followed.out.contains("hämtat av arbetare"));

    let id = handed_over.id.0.as_str();
    for command in [
        &["items"][..],
        &["runs"],
        &["log", "A-1"],
        &["log", "A-2"],
        &["why", "A-1"],
        &["why", id],
        &["log", &office.run.0],
    ] {
        for format in ["table", "json"] {
            let answer = kollega(&office, &[command, &["--format", format]].concat());
            assert_eq!(answer.code, Some(0), "{command:?}: {}", answer.err);
            let everything = format!("{}{}", answer.out, answer.err);
            assert!(!everything.contains(PERSONNUMMER) && !everything.contains("skyddade uppgifter"), "{command:?}");
        }
    }
}

#[tokio::test]
async fn why_says_whom_an_item_waits_for_and_what_to_do() {
    let office = office_with_anna().await;
    office.waiting("A-1", &approval()).await;
    let waits = kollega(&office, &["why", "A-1"]).out;
    assert!(waits.contains("Väntar på beslut av handläggare sedan") && waits.contains("kollega decide A-1"), "{waits}");
    assert_eq!(kollega(&office, &["why", "A-1", "--format", "json"]).json()[0]["role"], "caseworker");
    office.uncertain("A-2").await;
    let uncertain = kollega(&office, &["why", "A-2"]).out;
    assert!(uncertain.contains("sidan Beräkningar visades inte") && uncertain.contains("kollega settle A-2 did-not"));
    office.handed_over("A-3").await;
    assert!(
        kollega(&office, &["why", "A-3"]).out.contains("Orsak: ärendet ska handläggas av en person (needs_person).")
    );
}

#[tokio::test]
async fn operations_settle_and_rerun_as_themselves() {
    let office = office_with_anna().await;
    office.hire("olle", "operations").await;
    office.uncertain("A-1").await;
    let as_person = |name: &'static str, command: &[&'static str]| {
        kollega_with(&office, PASSWORD, &[command, &["--as", name, "--password-stdin"]].concat())
    };
    let refused = as_person("anna", &["settle", "A-1", "did"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("drift eller IT"), "{}", refused.err);
    assert_eq!(as_person("olle", &["settle", "A-1", "take-over"]).code, Some(0));
    assert_eq!(office.item("A-1").await.state, ItemState::HandedOver);
    let again = as_person("olle", &["settle", "A-1", "take-over"]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("ärendet har läget ”överlämnat”: det finns inget att avgöra"), "{}", again.err);
    let again = &["rerun", "A-1", "--reason", "felet är rättat"];
    assert_eq!(as_person("olle", &["rerun", "A-1"]).code, Some(2), "a reason is asked for");
    assert_eq!(as_person("olle", again).code, Some(0));
    let item = office.item("A-1").await;
    assert_eq!((item.state, item.attempt), (ItemState::Ready, 2));
    assert_eq!(as_person("olle", again).code, Some(1));
}

#[tokio::test]
async fn a_decision_written_past_kollega_is_not_valid() {
    let office = office_with_anna().await;
    let (item, suggestion) = office.waiting("A-1", &approval()).await;
    let (other, other_suggestion) = office.waiting("A-2", &approval()).await;
    assert_eq!(decide(&office, "A-2", &["approve"]).code, Some(0));
    let real = only_decision(&office, "A-2").await;

    // By hand, with no seal; and with the seal of a real decision on another item.
    for (id, seal) in [("F1", "00"), ("F2", real.seal.as_str())] {
        office
            .execute(&format!(
                "insert into decisions (id, item, suggestion, suggestion_id, outcome, amount, changed, person, role, at, seal)
                 values ('{id}', '{}', '{}', 'a1b2', 'approve', '6020', false, 'anna', 'caseworker', '{}', '{seal}')",
                item.id, suggestion.id, real.at
            ))
            .await;
        let forged = office.desk.store.decision(&item.id, &suggestion.id).await.expect("the store").expect("the row");
        assert_eq!(forged.id, id);
        assert!(!office.desk.seal.is_valid(&forged), "{id}");
    }
    let kept = office.desk.store.decision(&other.id, &other_suggestion.id).await.expect("the store").expect("the row");
    assert!(office.desk.seal.is_valid(&kept));
}

#[tokio::test]
async fn a_suggestion_that_was_changed_in_the_database_is_neither_shown_nor_decided_on() {
    let office = Office::open().await;
    office.hire("anna", "caseworker").await;
    let (item, suggestion) = office.waiting("A-1", &approval()).await;
    let as_anna =
        |command: &[&str]| kollega_with(&office, PASSWORD, &[command, &["--as", "anna", "--password-stdin"]].concat());
    for change in [
        "update suggestions set answer = replace(answer, '6020', '16020')",
        "update suggestions set answer = replace(answer, '16020', '6020'), seal = null",
    ] {
        office.execute(change).await;
        for command in [&["decide", "A-1"][..], &["decide", "A-1", "approve"], &["explain", "A-1"]] {
            let refused = as_anna(command);
            assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{command:?}");
            assert!(refused.err.contains("förslaget är ändrat i databasen"), "{}", refused.err);
        }
        let anna = office.desk.store.user("anna").await.expect("the store").expect("anna");
        let kept = office.desk.keep_motivation(&item, &anna, &suggestion.id, AnswerKind::Approve, "Skälen").await;
        assert!(matches!(kept, Err(Error::ChangedSuggestion(_))), "{kept:?}");
    }
    assert_eq!(office.item("A-1").await.state, ItemState::AwaitingDecision);
    assert!(office.desk.store.decisions(&item.id).await.expect("the store").is_empty());
}
