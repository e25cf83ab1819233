//! The robots, systems and steps in the handbook are right, and every step of the language is shown there.
//!
//! A block fenced as `yaml robot` is a bot, `yaml system` a system, `yaml steg` a list of steps, `yaml steg commit` a
//! commit and `yaml etapp` a list of stages. What `check` says of a `yaml robot fel` stands in the `text svar` after it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use kollega::check::{Report, check_paths};
use kollega::config::{Config, System};

use super::docs_schedules::blocks;

const PAGE: &str = include_str!("../../docs/handbok/skriva-en-robot.md");
const STEPS: &str = include_str!("../../src/bot/step.rs");
const FIELDS: &str = "{arende: text, namn: {type: text, personal: true}, epost: {type: text, personal: true}, \
                      hyra: money, period: month, vuxna: {type: list, personal: true}}";

/// A folder with the systems of the examples, and the files that they mention.
fn municipality() -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().expect("a folder");
    let systems = folder.path().join("systems");
    fs::create_dir_all(&systems).expect("a folder");
    for name in ["akten", "larm"] {
        fs::write(systems.join(format!("{name}.yaml")), format!("system: {name}\n")).expect("a system");
    }
    let system = |name: &str| {
        let (url, webdriver) = ("http://127.0.0.1/".to_owned(), String::new());
        let (timeout, settle) = (Duration::from_secs(1), Duration::from_secs(1));
        (name.to_owned(), System { url, timeout, settle, webdriver })
    };
    let systems = BTreeMap::from(["akten", "larm"].map(system));
    let config = Config { root: folder.path().to_owned(), systems, ..Config::default() };
    (folder, config)
}

/// What `check` says of a bot.
fn checked(source: &str) -> String {
    let (folder, config) = municipality();
    let name = source.lines().find_map(|line| line.strip_prefix("bot: ")).expect("the bot has a name");
    let bot = folder.path().join("bots").join(name);
    fs::create_dir_all(bot.join("mail")).expect("a folder");
    for file in ["mall.pdf", "nyanstallda.csv"] {
        fs::write(bot.join(file), "Namn;Enhet\n").expect("a file");
    }
    fs::write(bot.join("mail/beslut.txt"), "Ämne: Hej\n\nHej!\n").expect("a letter");
    fs::write(bot.join("bot.yaml"), source).expect("the bot");
    told(&check_paths(&[bot.join("bot.yaml")], &config), folder.path())
}

/// Nothing of what is right; else everything, with paths as a person in the folder sees them.
fn told(report: &Report, folder: &Path) -> String {
    if report.is_clean() {
        return String::new();
    }
    report.render().replace(&format!("{}/", folder.display()), "")
}

fn check_system(source: &str) -> String {
    let (folder, config) = municipality();
    let name = source.lines().find_map(|line| line.strip_prefix("system: ")).expect("the system has a name");
    let file = folder.path().join(format!("systems/{name}.yaml"));
    fs::write(&file, source).expect("the system");
    told(&check_paths(&[file], &config), folder.path())
}

/// The least bot around an example.
fn bot_of(stages: &str) -> String {
    let item = format!("item:\n  reference: arende\n  fields: {FIELDS}");
    format!("bot: exempel\ntitle: Exempel\nowner: Handboken\n{item}\nstages:\n{stages}\n")
}

fn indented(text: &str, by: usize) -> String {
    let margin = " ".repeat(by);
    text.lines().flat_map(|line| [margin.as_str(), line, "\n"]).collect()
}

#[test]
fn every_example_in_the_handbook_is_right() {
    let mut seen = 0;
    for block in blocks(PAGE) {
        let said = match block.info.as_str() {
            "yaml robot" => checked(&block.text),
            "yaml system" => check_system(&block.text),
            "yaml steg" => {
                let steps = indented(&block.text, 6);
                checked(&bot_of(&format!("  - stage: exempel\n    on: akten\n    steps:\n{steps}")))
            }
            "yaml steg commit" => {
                checked(&bot_of(&format!("  - stage: exempel\n    commit:\n{}", indented(&block.text, 6))))
            }
            "yaml etapp" => checked(&bot_of(&indented(&block.text, 2))),
            _ => continue,
        };
        assert_eq!(said, "", "{}", block.text);
        seen += 1;
    }
    assert!(seen > 20, "{seen} examples");
}

#[test]
fn the_faults_in_the_handbook_are_told_as_it_says() {
    let page = blocks(PAGE);
    let pairs = page.windows(2).filter(|pair| pair[0].info == "yaml robot fel" && pair[1].info == "text svar");
    let mut seen = 0;
    for pair in pairs {
        let squeezed = |text: &str| text.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        assert_eq!(squeezed(&checked(&pair[0].text)), squeezed(&pair[1].text));
        seen += 1;
    }
    assert!(seen > 0, "a fault is shown");
}

#[test]
fn every_step_of_the_language_has_an_example() {
    let body = STEPS.split("pub enum Action {").nth(1).and_then(|rest| rest.split("\n}").next()).expect("the steps");
    let names = body.lines().filter_map(|line| line.trim().split_once('(')).filter(|(name, _)| !name.contains('/'));
    let names: Vec<String> = names.map(|(name, _)| snake(name)).collect();
    assert!(names.len() > 25, "{names:?}");
    let shown: String =
        blocks(PAGE).into_iter().filter(|block| block.info.starts_with("yaml")).map(|b| b.text).collect();
    let missing: Vec<_> = names.iter().filter(|name| !shown.contains(&format!("- {name}:"))).collect();
    assert_eq!(missing, ["keypad"], "only the keypad is told in words");
    assert!(PAGE.contains("`keypad: {secret:"));
}

/// `ReadTable` as it is written in a bot: `read_table`.
fn snake(name: &str) -> String {
    let word = |c: char| if c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_string() };
    name.chars().map(word).collect::<String>().trim_start_matches('_').to_owned()
}
