//! The handbook's table of `kollega.toml` names every key, and what it says is used otherwise is what is used.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use kollega::config::Config;

/// The keys of the tables, with what the page says is used when a key is left out.
fn told() -> BTreeMap<String, String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/handbok/installera.md");
    let page = fs::read_to_string(page).expect("the page");
    let section = page.split("\n## kollega.toml").nth(1).expect("the section");
    let section = section.split("\nVarje system har").next().expect("the first table");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cell = |row: &str, place: usize| row.split('|').nth(place).expect("a cell").trim().replace('`', "");
    rows.map(|row| (cell(row, 1), cell(row, 2))).collect()
}

/// The keys of the configuration as the program has it: `data`, `console.address` …
fn real() -> Vec<String> {
    let text = format!("{:#?}", Config::default());
    let (mut keys, mut section) = (Vec::new(), String::new());
    for line in text.lines() {
        let Some((name, value)) = line.trim_start().split_once(": ") else { continue };
        match line.len() - line.trim_start().len() {
            4 if value.ends_with(" {") && !value.starts_with('"') => name.clone_into(&mut section),
            4 => keys.push(name.to_owned()),
            8 => keys.push(format!("{section}.{name}")),
            _ => {}
        }
    }
    // What the program knows of the file itself.
    keys.retain(|key| key != "root" && key != "is_assumed");
    keys
}

#[test]
fn the_handbook_names_every_key_of_the_configuration() {
    let told = told();
    // It has a table of its own, and is absent until it is set.
    for key in real().iter().filter(|key| *key != "ssbtek") {
        assert!(told.contains_key(key), "installera.md does not tell of `{key}`");
    }
    for key in told.keys() {
        assert!(real().contains(key), "installera.md tells of `{key}`, which is not there");
    }
}

#[test]
fn what_the_handbook_says_is_used_otherwise_is_what_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kollega.toml");
    let mut text = String::new();
    for (key, value) in told().iter().filter(|(_, value)| *value != "–") {
        let plain = value.parse::<i64>().is_ok() || ["true", "false"].contains(&value.as_str());
        let plain = plain || value.starts_with('[');
        let value = if plain { value.clone() } else { format!("{value:?}") };
        writeln!(text, "{key} = {value}").expect("a line");
    }
    fs::write(&file, text).expect("the file");
    let mut config = Config::load(Some(&file)).expect("what the page says can be read");
    config.root = Config::default().root;
    assert_eq!(format!("{config:#?}"), format!("{:#?}", Config::default()));
}

#[test]
fn the_keys_of_a_system_and_of_ssbtek_are_as_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kollega.toml");
    let text = r#"
        [systems.akten]
        url = "https://akten.example"
        [ssbtek]
        url = "https://ssbtek.example"
        actor_id = "a"
        purpose = "p"
        legal_basis = "l"
        organisation = {number = "162120000000", name = "n", handler = "h"}
    "#;
    fs::write(&file, text).expect("the file");
    let config = Config::load(Some(&file)).expect("the least that is told can be read");
    let system = &config.systems["akten"];
    assert_eq!((system.timeout.as_secs(), system.settle.as_secs(), system.webdriver.as_str()), (20, 30, ""));
    let ssbtek = config.ssbtek.expect("the section");
    assert_eq!((ssbtek.connect_timeout.as_secs(), ssbtek.read_timeout.as_secs()), (5, 30));
}

#[test]
fn an_error_in_the_configuration_tells_the_line_and_quotes_nothing_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kollega.toml");
    let address = "postgres://kollega:hemligt@db/kollega";
    for line in [format!("url = \"{address}\" 3"), format!("url = \"{address}"), format!("url = {address}")] {
        fs::write(&file, format!("[database]\n{line}\n")).expect("written");
        let said = Config::load(Some(&file)).expect_err("it can't be read").to_string();
        assert!(said.contains("line 2") && !said.contains("hemligt"), "{said}");
    }
}
