//! `kollega items`: searching, and what signed-in people do to one item and to many.

use kollega::model::ItemState;

use crate::decide::{Answer, kollega, kollega_with};
use crate::items_file::{add, office};
use crate::office::{Office, PASSWORD};

const CSV: &str =
    "nummer;namn;personnummer;belopp\nA-1;Åsa Öberg;189001129817;6300\nA-2;Bo Ek;;100\nB-1;Cia Al;;100,50\n";

async fn with_items() -> Office {
    let office = office().await;
    for (name, role) in [("olle", "operations"), ("anna", "caseworker"), ("adam", "admin"), ("rut", "auditor")] {
        office.hire(name, role).await;
    }
    let answer = add(&office, "a.csv", CSV.as_bytes(), &[]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    office
}

/// As this person, with further lines on standard input.
fn by(office: &Office, name: &str, lines: &str, arguments: &[&str]) -> Answer {
    let all = [arguments, &["--as", name, "--password-stdin"]].concat();
    kollega_with(office, &format!("{PASSWORD}\n{lines}"), &all)
}

fn found(answer: &Answer) -> Vec<String> {
    answer.json().iter().map(|row| row["reference"].as_str().expect("a reference").to_owned()).collect()
}

fn list(office: &Office, flags: &[&str]) -> Vec<String> {
    found(&kollega(office, &[&["items", "--format", "json"], flags].concat()))
}

#[tokio::test]
async fn items_are_found_and_sorted_by_flags() {
    let office = with_items().await;
    office.execute("update items set created_at = '2020-01-01T00:00:00.000Z' where reference = 'B-1'").await;
    office.execute("update items set deadline_at = '2020-01-09T00:00:00.000Z' where reference = 'A-2'").await;
    for (flags, expected) in [
        (&["--reference", "A-"][..], &["A-1", "A-2"][..]),
        (&["--bot", "register", "--field", "namn=Bo Ek"], &["A-2"]),
        (&["--bot", "register", "--field", "belopp=100,50"], &["B-1"]),
        (&["--bot", "register", "--field", "belopp=100", "--field", "namn=Cia Al"], &[]),
        (&["--older-than", "2d"], &["B-1"]),
        (&["--newer-than", "2d"], &["A-1", "A-2"]),
        (&["--overdue"], &["A-2"]),
        (&["--state", "done"], &[]),
        (&["--sort", "reference", "--descending"], &["B-1", "A-2", "A-1"]),
        (&["--sort", "deadline", "--limit", "1"], &["A-2"]),
        (&["--limit", "0"], &["A-1", "A-2", "B-1"]),
    ] {
        assert_eq!(list(&office, flags), expected, "{flags:?}");
    }
    let table = kollega(&office, &["items", "--limit", "1", "--sort", "deadline"]);
    assert!(table.out.contains("2020-01-09 01:00 försenat"), "{}", table.out);
    assert!(table.err.contains("bara de 1 första visas"), "{}", table.err);
    for (flags, says) in [
        (&["--field", "namn=x"][..], "--field kräver --bot"),
        (&["--bot", "register", "--field", "nam=x"], "inget fält nam; fälten är nummer, namn"),
        (&["--bot", "register", "--field", "namn"], "skriv --field namn=VÄRDE"),
        (&["--bot", "register", "--field", "belopp=x"], "inte ett belopp"),
        (&["--bot", "register", "--field", "lista=x"], "går inte att söka i"),
        (&["--older-than", "2"], "--older-than"),
    ] {
        let answer = kollega(&office, &[&["items"], flags].concat());
        assert_eq!(answer.code, Some(2), "{flags:?}");
        assert!(answer.err.contains(says), "{flags:?}: {}", answer.err);
    }
}

#[tokio::test]
async fn a_personal_field_is_searched_by_those_who_may_read_it_and_the_value_is_written_nowhere() {
    let office = with_items().await;
    let search = ["items", "--bot", "register", "--field", "personnummer", "--format", "json"];
    let answer = by(&office, "anna", "18900112-9817", &search);
    assert_eq!(found(&answer), ["A-1"], "{}", answer.err);
    assert!(!answer.out.contains("9817"));
    for name in ["olle", "rut"] {
        let refused = by(&office, name, "18900112-9817", &search);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{}", refused.err);
        assert!(refused.err.contains("bara en inloggad handläggare"), "{}", refused.err);
    }
    let shown = ["items", "--bot", "register", "--field", "personnummer=189001129817"];
    let refused = by(&office, "anna", "", &shown);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("det som står på kommandoraden kan andra se"), "{}", refused.err);
    assert!(!refused.err.contains("9817"));

    let events = office.desk.store.latest_events(100).await.expect("the events");
    let searched: Vec<_> = events.iter().filter(|event| event.kind == "searched").collect();
    assert_eq!(searched.len(), 1);
    assert_eq!(searched[0].actor, "person:anna");
    assert_eq!(searched[0].detail.as_deref(), Some(r#"{"fields":["personnummer"],"hits":1}"#));
    assert!(!format!("{events:?}").contains("9817"));
}

#[tokio::test]
async fn an_order_needs_a_signed_in_person_with_the_role_and_a_reason() {
    let office = with_items().await;
    let cancel = |flags: &[&'static str]| [&["items", "cancel", "A-1"], flags].concat();
    let nobody = kollega(&office, &cancel(&["--reason", "x"]));
    assert_eq!(nobody.code, Some(2), "{}", nobody.err);
    let other = by(&office, "rut", "", &cancel(&["--reason", "x"]));
    assert_eq!(other.code, Some(1));
    assert!(other.err.contains("det kräver rollen drift eller IT"), "{}", other.err);
    let caseworker = by(&office, "anna", "", &cancel(&["--reason", "x"]));
    assert_eq!(caseworker.code, Some(1), "{}", caseworker.err);
    for flags in [&[][..], &["--reason", " "]] {
        let unsaid = by(&office, "olle", "", &cancel(flags));
        assert_eq!(unsaid.code, Some(2));
        assert!(unsaid.err.contains("skälet saknas"), "{}", unsaid.err);
    }
    assert_eq!(office.item("A-1").await.state, ItemState::Ready);
    let done = by(&office, "olle", "Åsa Öberg har ringt", &cancel(&["--reason-stdin"]));
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("avbrutet"), "{}", done.out);
    let item = office.item("A-1").await;
    assert_eq!((item.state, item.reason.as_deref()), (ItemState::Cancelled, Some("Åsa Öberg har ringt")));
    let taken = by(&office, "anna", "", &["items", "hand-over", "A-2", "--reason", "x"]);
    assert_eq!(taken.code, Some(0), "a caseworker may take an item over: {}", taken.err);
    let why = kollega(&office, &["why", "A-2"]);
    assert!(why.out.contains("Personen anna har lämnat över ärendet"), "{}", why.out);
    let why = kollega(&office, &["why", "A-1"]);
    assert!(why.out.contains("Personen olle har avbrutit ärendet") && !why.out.contains("Öberg"), "{}", why.out);
}

#[tokio::test]
async fn many_are_chosen_by_a_filter_shown_first_and_done_with_yes() {
    let office = with_items().await;
    office.execute("update items set state = 'done' where reference = 'A-2'").await;
    let cancel = ["items", "cancel", "--reference", "A-", "--format", "json"];
    let before = by(&office, "olle", "", &cancel);
    let results = |answer: &Answer| -> Vec<String> {
        answer.json().iter().map(|row| format!("{} {}", row["reference"], row["result"]).replace('"', "")).collect()
    };
    assert_eq!(results(&before), ["A-1 would", "A-2 refused"]);
    assert!(before.err.contains("Ingenting är gjort. 1 av 2 kan göras: lägg till --yes."), "{}", before.err);
    assert_eq!(office.item("A-1").await.state, ItemState::Ready);
    let after = by(&office, "olle", "", &[&cancel[..], &["--yes", "--reason", "x"]].concat());
    assert_eq!((after.code, results(&after)), (Some(1), vec!["A-1 done".into(), "A-2 refused".into()]));
    assert_eq!(office.item("A-1").await.state, ItemState::Cancelled);
    assert_eq!(office.item("B-1").await.state, ItemState::Ready);
    let nothing = by(&office, "olle", "", &["items", "cancel", "--reason", "x"]);
    assert_eq!(nothing.code, Some(2));
    let both = by(&office, "olle", "", &["items", "cancel", "B-1", "--state", "ready", "--reason", "x"]);
    assert_eq!(both.code, Some(2), "{}", both.out);
}

#[tokio::test]
async fn an_unknown_reference_is_told_of_and_the_others_are_done() {
    let office = with_items().await;
    let cancel = ["items", "cancel", "B-1", "Z-9", "A-1", "Z-8", "--reason", "x"];
    let some = by(&office, "olle", "", &[&cancel[..], &["--format", "json"]].concat());
    assert_eq!(some.code, Some(1), "{}", some.err);
    let results: Vec<String> =
        some.json().iter().map(|row| format!("{} {}", row["reference"], row["result"]).replace('"', "")).collect();
    assert_eq!(results, ["B-1 done", "A-1 done", "Z-9 unknown", "Z-8 unknown"]);
    assert_eq!(office.item("B-1").await.state, ItemState::Cancelled);
    assert_eq!(office.item("A-1").await.state, ItemState::Cancelled);
    let again = by(&office, "olle", "", &["items", "rerun", "A-1", "Z-9", "--reason", "x"]);
    assert_eq!(again.code, Some(1), "{}", again.err);
    assert!(again.out.contains("fel: ärendet Z-9 finns inte: se `kollega items`"), "{}", again.out);
    assert_eq!(office.item("A-1").await.state, ItemState::Ready);
    let none = by(&office, "olle", "", &["items", "rerun", "Z-8", "Z-9", "--reason", "x"]);
    assert_eq!((none.code, none.out.as_str()), (Some(2), ""), "nothing was there to do");
    assert!(none.err.contains("Z-8 finns inte") && none.err.contains("Z-9 finns inte"), "{}", none.err);
}

#[tokio::test]
async fn items_are_deferred_given_priority_and_done_again() {
    let office = with_items().await;
    let past = by(&office, "olle", "", &["items", "defer", "A-1", "--until", "2020-01-01", "--reason", "x"]);
    assert_eq!(past.code, Some(2), "{}", past.out);
    assert!(past.err.contains("`2020-01-01` har redan varit"), "{}", past.err);
    assert_eq!(office.item("A-1").await.state, ItemState::Ready);
    let answer = by(&office, "olle", "", &["items", "defer", "A-1", "--until", "2099-12-01 08:30", "--reason", "x"]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let item = office.item("A-1").await;
    assert_eq!((item.state, item.not_before.as_deref()), (ItemState::Deferred, Some("2099-12-01T07:30:00.000Z")));
    let why = kollega(&office, &["why", "A-1"]);
    assert!(why.out.contains("Personen olle har skjutit upp det till 2099-12-01 08:30:00"), "{}", why.out);
    assert!(why.out.contains("Ska vara klart senast"), "{}", why.out);
    let wrong = by(&office, "olle", "", &["items", "defer", "A-1", "--until", "sen", "--reason", "x"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
    let answer = by(&office, "olle", "", &["items", "priority", "B-1", "--to", "-3", "--reason", "x"]);
    assert_eq!((answer.code, office.item("B-1").await.priority), (Some(0), -3), "{}", answer.err);
    office.execute("update items set state = 'failed', code = 'system' where reference = 'A-2'").await;
    let answer = by(&office, "olle", "", &["items", "rerun", "A-2", "--reason", "x"]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let attempts = kollega(&office, &["items", "attempts", "A-2", "--format", "json"]).json();
    let told: Vec<_> = attempts.iter().map(|row| (row["attempt"].as_i64(), row["state"].as_str())).collect();
    assert_eq!(told, [(Some(1), Some("failed")), (Some(2), Some("ready"))]);
}

#[tokio::test]
async fn only_an_administrator_removes_and_only_what_has_ended() {
    let office = with_items().await;
    office.execute("update items set state = 'done' where reference = 'A-1'").await;
    let remove = ["items", "remove", "A-1", "A-2", "--reason", "retention"];
    assert_eq!(by(&office, "olle", "", &remove).code, Some(1));
    let answer = by(&office, "adam", "", &remove);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    assert!(answer.out.contains("Ärende A-1 är borttaget"), "{}", answer.out);
    assert!(answer.err.contains("A-2 är inte avslutat"), "{}", answer.err);
    assert_eq!(list(&office, &[]), ["A-2", "B-1"]);
    for command in ["why", "log"] {
        let asked = kollega(&office, &[command, "A-1"]);
        assert_eq!(asked.code, Some(2), "{}", asked.out);
        assert!(asked.err.contains("ärendet A-1 togs bort 2"), "{}", asked.err);
    }
}

#[tokio::test]
async fn run_reads_the_same_files() {
    let office = office().await;
    let file = office.folder.path().join("fel.csv");
    std::fs::write(&file, "nummer;belopp\nA-1;x\n").expect("the file");
    let answer = kollega(&office, &["run", "register", "--items", &file.display().to_string()]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("rad 2, kolumn belopp"), "{}", answer.err);
    assert!(list(&office, &[]).is_empty());
}
