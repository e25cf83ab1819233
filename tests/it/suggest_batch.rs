//! `kollega suggest --batch`: a line for each line, in order, the same as one at a time; a broken line stops nothing.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use decision::RuleBook;
use serde_json::{Value as Json, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn book() -> RuleBook {
    RuleBook::load(&root().join("rulebooks/ekonomiskt-bistand")).expect("the shipped book")
}

/// The facts of the cases that have a suggestion, over and over, each with another rent.
fn facts(book: &RuleBook, count: usize) -> Vec<Json> {
    let right: Vec<&Json> =
        book.cases().iter().map(|case| &case.facts).filter(|facts| book.suggest(facts).is_ok()).collect();
    let changed = |(number, facts): (usize, &&Json)| {
        let mut facts = (*facts).clone();
        facts["costs"] = json!([{"kind": "hyra", "applied": (4000 + number).to_string()}]);
        facts
    };
    right.iter().cycle().take(count).enumerate().map(changed).collect()
}

fn batch(lines: &[u8], flags: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_kollega"))
        .current_dir(root())
        .args(["suggest", "rulebooks/ekonomiskt-bistand", "--batch", "-"])
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut input = program.stdin.take().expect("its input");
    let lines = lines.to_vec();
    let writing = std::thread::spawn(move || input.write_all(&lines));
    let output = program.wait_with_output().expect("its answer");
    writing.join().expect("a thread").expect("what it reads");
    output
}

fn lines(text: &[u8]) -> Vec<Json> {
    let text = std::str::from_utf8(text).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn joined(facts: &[Json]) -> Vec<u8> {
    facts.iter().flat_map(|facts| format!("{facts}\n").into_bytes()).collect()
}

#[test]
fn every_line_is_answered_in_order_as_one_at_a_time_by_one_or_more_threads() {
    let book = book();
    // More than one portion for each thread.
    let facts = facts(&book, 1500);
    let wanted: Vec<Json> = facts
        .iter()
        .map(|facts| serde_json::to_value(book.suggest(facts).expect("a suggestion")).expect("JSON"))
        .collect();
    for flags in [&[][..], &["--jobs", "3"]] {
        let output = batch(&joined(&facts), flags);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(lines(&output.stdout) == wanted, "another answer or another order with {flags:?}");
        assert!(output.stderr.is_empty(), "no progress where there is no terminal");
    }
}

#[test]
fn a_broken_line_says_its_number_and_field_and_the_rest_is_answered() {
    let book = book();
    let right = facts(&book, 3);
    let mut negative = right[0].clone();
    negative["costs"][0]["applied"] = json!("-1");
    let twice = r#"{"date": "2025-12-10", "date": "2025-12-11"}"#;
    let long = format!("{{\"date\": \"{}\"}}", "x".repeat(1_100_000));
    let text = [
        right[0].to_string().as_bytes(),
        negative.to_string().as_bytes(),
        b"{\"date\": ",
        b"",
        twice.as_bytes(),
        right[1].to_string().as_bytes(),
        b"\xff\xfe",
        long.as_bytes(),
        b"[1, 2",
        right[2].to_string().as_bytes(),
    ]
    .join(&b"\n"[..]);
    let output = batch(&text, &["--jobs", "2"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(said, "7 av 10 rader fick inget förslag; varför står på samma rad i svaret\n");
    let answers = lines(&output.stdout);
    assert_eq!(answers.len(), 10);
    for (place, facts) in [(0, &right[0]), (5, &right[1]), (9, &right[2])] {
        let wanted = book.suggest(facts).expect("a suggestion");
        assert_eq!(answers[place]["suggestion_id"], wanted.suggestion_id);
    }
    assert_eq!(
        answers[1],
        json!({"line": 2, "field": "costs[0].applied", "error": "fältet costs[0].applied: beloppet får inte vara negativt"})
    );
    let wrong: Vec<(u64, &str)> = answers
        .iter()
        .filter_map(|answer| Some((answer["line"].as_u64()?, answer["error"].as_str().expect("why"))))
        .collect();
    assert_eq!(wrong[1], (3, "raden är tom eller slutar mitt i sin JSON"));
    assert_eq!(wrong[2], (4, "raden är tom eller slutar mitt i sin JSON"));
    assert!(wrong[3].0 == 5 && wrong[3].1.contains("`date` står två gånger"), "{:?}", wrong[3]);
    assert_eq!(wrong[4], (7, "raden är inte text i UTF-8"));
    assert_eq!(wrong[5], (8, "raden är längre än 1048576 tecken"));
    assert_eq!(wrong[6].0, 9);
}

#[test]
fn answers_are_written_to_a_file_and_a_file_that_is_not_there_is_wrong_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let book = book();
    let file = folder.path().join("underlag.jsonl");
    std::fs::write(&file, joined(&facts(&book, 2))).expect("the facts");
    let run = |file: &Path| {
        Command::new(env!("CARGO_BIN_EXE_kollega"))
            .current_dir(root())
            .args(["suggest", "rulebooks/ekonomiskt-bistand", "--batch"])
            .arg(file)
            .arg("--out")
            .arg(folder.path().join("svar.jsonl"))
            .output()
            .expect("the program")
    };
    let output = run(&file);
    assert!(output.status.success() && output.stdout.is_empty());
    let answers = lines(&std::fs::read(folder.path().join("svar.jsonl")).expect("the answers"));
    assert_eq!(answers.len(), 2);
    assert_eq!(run(&folder.path().join("saknas.jsonl")).status.code(), Some(2));
}
