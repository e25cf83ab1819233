//! What `kollega check` says: each file under `tests/check` has its own kinds of fault, and the message is the test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kollega::check::{Report, check_paths};
use kollega::config::{Config, System};

/// The folder, as it stands in messages.
const FOLDER: &str = "tests/check";

fn system() -> System {
    let url = "http://127.0.0.1/".to_owned();
    System { url, timeout: Duration::from_secs(1), settle: Duration::from_secs(1), webdriver: String::new() }
}

/// A municipality with two systems, one rule book and one value.
fn config() -> Config {
    let systems = ["akten", "portal"].map(|name| (name.to_owned(), system()));
    Config {
        root: FOLDER.into(),
        systems: systems.into(),
        values: BTreeMap::from([("adress".into(), "https://kommunen.example".into())]),
        ..Config::default()
    }
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it is readable").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|it| it == "yaml")).collect();
    files.sort();
    files
}

fn check(file: &Path) -> Report {
    check_paths(&[file.to_owned()], &config())
}

/// Compares what is said of every file in a folder with what should be said.
fn assert_messages(folder: &Path) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../check/messages");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for file in yaml_files(folder) {
        let name = file.file_stem().and_then(|stem| stem.to_str()).expect("the name is text").to_owned();
        settings.set_input_file(&file);
        settings.bind(|| insta::assert_snapshot!(name, check(&file).render()));
    }
}

#[test]
fn every_broken_bot_gets_its_message() {
    assert_messages(Path::new(FOLDER));
}

#[test]
fn every_broken_system_gets_its_message() {
    assert_messages(&Path::new(FOLDER).join("systems"));
}

#[test]
fn only_the_good_files_are_without_faults() {
    let clean: Vec<PathBuf> = [FOLDER.into(), Path::new(FOLDER).join("systems")]
        .iter()
        .flat_map(|folder: &PathBuf| yaml_files(folder))
        .filter(|file| check(file).is_clean())
        .collect();
    let expected = ["a_good_bot_has_no_faults.yaml", "systems/akten.yaml"].map(|name| Path::new(FOLDER).join(name));
    assert_eq!(clean, expected);
}

#[test]
fn the_shipped_bots_systems_schedules_and_rule_books_have_no_faults() {
    let values = ["mina_sidor", "telefon", "kommun"].map(|name| (name.to_owned(), "kommunens eget".to_owned()));
    let report = check_paths(&[], &Config { values: values.into(), ..Config::default() });
    assert!(report.is_clean(), "{}", report.render());
    assert!(report.checked.bots > 0 && report.checked.systems > 0, "{}", report.summary());
}

#[test]
fn a_bot_is_named_as_its_folder() {
    insta::assert_snapshot!(check(Path::new("tests/check/annan-mapp/bot.yaml")).render());
}

#[test]
fn a_confidential_mail_system_may_carry_personal_values() {
    let file = Path::new("tests/check/personal_values_in_mail.yaml");
    let mut config = config();
    config.mail.confidential = true;
    let report = check_paths(&[file.to_owned()], &config);
    let about_persons = report.problems.iter().filter(|problem| problem.message.contains("personuppgift"));
    assert_eq!(about_persons.count(), 0);
    assert!(check(file).problems.iter().any(|problem| problem.message.contains("personuppgift")));
}

#[test]
fn a_folder_is_searched_and_its_files_are_told_in_order() {
    let report = check_paths(&[FOLDER.into()], &config());
    let places: Vec<_> = report.problems.iter().map(|it| (it.file.clone(), it.line)).collect();
    assert!(places.is_sorted());
    assert_eq!(report.checked.systems, 4);
    assert!(report.checked.bots > 30, "{}", report.summary());
}

/// What is said of this text as a bot.
fn check_text(file: &Path, text: &str) -> Report {
    std::fs::write(file, text).expect("the folder can be written to");
    check(file)
}

#[test]
fn a_mutilated_bot_is_answered_with_places_that_exist() {
    let source = std::fs::read_to_string("bots/ekonomiskt-bistand/bot.yaml").expect("the shipped bot is there");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("robot.yaml");
    let lines: Vec<&str> = source.lines().collect();
    let without_a_line =
        (1..lines.len()).step_by(3).map(|gone| [&lines[..gone], &lines[gone + 1..]].concat().join("\n"));
    let cut = source.char_indices().step_by(211).skip(2).map(|(at, _)| source[..at].to_owned());
    let without_a_sign = source.char_indices().step_by(199).skip(2).map(|(at, sign)| {
        let mut text = source.clone();
        text.replace_range(at..at + sign.len_utf8(), "");
        text
    });
    for text in without_a_line.chain(cut).chain(without_a_sign) {
        let count = text.lines().count();
        for problem in check_text(&file, &text).problems {
            assert!(problem.line <= count + 1, "{problem} in\n{text}");
            assert!(problem.length >= 1 && !problem.message.is_empty(), "{problem}");
        }
    }
}

#[test]
fn a_path_that_is_not_there_is_told() {
    insta::assert_snapshot!(check(Path::new("tests/check/finns-inte.yaml")).render());
}

#[test]
fn programs_get_the_same_as_people() {
    let report = check(Path::new("tests/check/a_decision_without_a_suggestion.yaml"));
    let told = &report.json()["problems"][0];
    assert_eq!(told["line"], 23);
    assert_eq!(told["column"], 5);
    assert_eq!(told["message"], report.problems[0].message.as_str());
    assert_eq!(report.json()["checked"]["bots"], 1);
}

#[test]
fn schedules_that_start_each_other_in_a_circle_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let schedules = folder.path().join("schedules");
    std::fs::create_dir_all(&schedules).expect("made");
    for bot in ["hämta", "räkna", "skriv"] {
        std::fs::create_dir_all(folder.path().join("bots").join(bot)).expect("made");
    }
    let write = |name: &str, bot: &str, after: &str| {
        let text = format!("schedule: {name}\nbot: {bot}\nstart_on:\n  after: {after}\n");
        std::fs::write(schedules.join(format!("{name}.yaml")), text).expect("written");
    };
    write("första", "hämta", "{bot: skriv}");
    write("andra", "räkna", "{schedule: första}");
    write("tredje", "skriv", "{bot: räkna}");
    let config = Config { root: folder.path().into(), ..config() };
    let check = || check_paths(std::slice::from_ref(&schedules), &config);
    let said = check().render();
    let circle = "fel: scheman startar varandra i en cirkel: andra efter första efter tredje efter andra";
    assert!(said.contains(circle) && said.contains("andra.yaml:3:1"), "{said}");
    assert_eq!(check().problems.len(), 3, "{said}");
    // Beside the circle, not in it.
    write("sist", "hämta", "{schedule: tredje}");
    write("första", "hämta", "{bot: konto}");
    std::fs::create_dir_all(folder.path().join("bots/konto")).expect("made");
    assert!(check().is_clean(), "{}", check().render());
}
