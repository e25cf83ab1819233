//! Schedules as files: what is said about right and wrong ones, read as a person reads it.

use std::fs;
use std::path::{Path, PathBuf};

use kollega::schedule::{Context, check};
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schedules")
}

/// What `check` says about a file, as a person sees it.
fn said_about(name: &str) -> String {
    let source = fs::read_to_string(folder().join(name)).expect("the file is there");
    let bots = ["ekonomiskt-bistand".to_owned(), "konto-ny-medarbetare".to_owned()];
    let context = Context { bots: Some(&bots), ..Context::at("2026-11-23T12:00:00Z".parse().expect("a time")) };
    let checked = check(&Path::new("schedules").join(name), &source, context);
    let problems = checked.problems.iter().map(|problem| problem.render(&source));
    let warnings = checked.warnings.iter().map(|warning| warning.render(&source).replacen("fel:", "varning:", 1));
    let verdict = if checked.schedule.is_some() { "går att köra\n" } else { "går inte att köra\n" };
    problems.chain(warnings).chain([verdict.to_owned()]).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_file_gets_the_answer_that_a_person_can_act_on() {
    let mut names: Vec<_> = fs::read_dir(folder())
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"))
        .collect();
    names.sort();
    assert!(names.len() > 20, "the folder has its files");
    let said: Vec<_> = names.iter().map(|name| format!("=== {name}\n{}", said_about(name))).collect();
    insta::assert_snapshot!("schedule_files", said.join("\n"));
}

/// A right file with some of its characters replaced by others.
fn damaged() -> impl Strategy<Value = String> {
    let right = fs::read_to_string(folder().join("vardagar.yaml")).expect("the file is there");
    let damage = (0..right.chars().count(), "[\\PC\n\t:#*&{}\\[\\]\"',å-]{0,3}", 0..4_usize);
    proptest::collection::vec(damage, 1..5).prop_map(move |damages| {
        let mut text: Vec<char> = right.chars().collect();
        for (at, put, taken) in damages {
            let at = at.min(text.len());
            let end = (at + taken).min(text.len());
            text.splice(at..end, put.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_in_the_file_it_is_a_schedule_or_there_is_a_reason(source in damaged()) {
        let context = Context::at("2026-11-23T12:00:00Z".parse().expect("a time"));
        let checked = check(Path::new("schedules/vardagar.yaml"), &source, context);
        prop_assert_eq!(checked.schedule.is_some(), checked.problems.is_empty());
        for problem in checked.problems.iter().chain(&checked.warnings) {
            prop_assert!(problem.line <= source.lines().count() + 1, "{problem}");
            prop_assert!(problem.render(&source).contains("gör så här"), "{problem}");
        }
    }
}
