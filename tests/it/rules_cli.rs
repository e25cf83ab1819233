//! `kollega rules check`, `test` and `amounts`: what is said, and the exit codes that scripts go by.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;
use tempfile::TempDir;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rulebooks/ekonomiskt-bistand")
}

/// A copy of the shipped book, with its first cases only, in which `from` stands as `to` in one file.
fn copy_with(file: &str, from: &str, to: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for folder in ["", "amounts", "cases"] {
        fs::create_dir_all(dir.path().join(folder)).expect("a folder");
        for entry in fs::read_dir(shipped().join(folder)).expect("the folder").flatten() {
            let is_later =
                folder == "cases" && entry.file_name().to_string_lossy().starts_with(['4', '5', '6', '7', '8', '9']);
            if entry.path().is_file() && !is_later {
                fs::copy(entry.path(), dir.path().join(folder).join(entry.file_name())).expect("a copy");
            }
        }
    }
    let text = fs::read_to_string(dir.path().join(file)).expect("the file");
    assert!(text.contains(from), "{from} does not stand in {file}");
    fs::write(dir.path().join(file), text.replacen(from, to, 1)).expect("the change");
    dir
}

fn same() -> TempDir {
    copy_with("guidelines.yaml", "guidelines:", "guidelines:")
}

/// Says in the book whether its cases must reach everything.
fn want_coverage(dir: &TempDir, wanted: &str) {
    let path = dir.path().join("rulebook.yaml");
    let text = fs::read_to_string(&path).expect("the book");
    let lines = text.lines().filter(|line| !line.starts_with("coverage:"));
    let lines = lines.flat_map(|line| {
        if line == "values:" { vec![format!("coverage: {wanted}"), line.to_owned()] } else { vec![line.to_owned()] }
    });
    fs::write(&path, lines.collect::<Vec<_>>().join("\n") + "\n").expect("the book");
}

struct Answer {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Answer {
    fn json(&self) -> Json {
        serde_json::from_str(&self.out).expect("JSON")
    }
}

/// `kollega rules`, in the book's own folder.
fn rules(dir: &TempDir, arguments: &[&str]) -> Answer {
    let output = Command::new(env!("CARGO_BIN_EXE_kollega"))
        .current_dir(dir.path())
        .arg("rules")
        .args(arguments)
        .output()
        .expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Answer { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A rule that no case reaches.
const NEW_RULE: &str = "rules:
  - id: refer.many_persons
    title: Stort hushåll
    explanation: Ett hushåll med fler än tolv personer ses av en handläggare.
    law: investigation
    valid: {from: 2022-01}
    when: '${household.members > 12}'
    refer: {code: many_persons, reason: Hushållet är stort}
";

#[test]
fn a_check_shows_everything_with_its_line_and_says_it_to_programs_too() {
    let dir = copy_with("rulebook.yaml", "when: '${flags.first_application}'", "when: '${flags.forsta}'");
    let checked = rules(&dir, &["check", "."]);
    assert_eq!(checked.code, Some(2));
    assert!(checked.out.contains("flags har inget fält ”forsta”"), "{}", checked.out);
    assert!(checked.out.contains("rulebook.yaml:") && checked.out.contains("^^^^"), "{}", checked.out);
    assert!(checked.out.contains("gör så här: här finns protected_identity, first_application"), "{}", checked.out);
    let json = rules(&dir, &["check", ".", "--format", "json"]).json();
    assert_eq!(json["problems"].as_array().expect("a list").len(), 1, "{json}");
    assert!(json["problems"][0]["line"].as_u64().expect("a line") > 50);

    let dir = same();
    want_coverage(&dir, "advised");
    let checked = rules(&dir, &["check", "."]);
    assert_eq!(checked.code, Some(0), "{}", checked.out);
    assert_eq!(rules(&dir, &["check", "ingen-sådan"]).code, Some(2));
}

#[test]
fn a_rule_without_a_case_is_an_error_where_the_book_or_the_reader_asks_for_it() {
    let dir = copy_with("rulebook.yaml", "rules:\n", NEW_RULE);
    want_coverage(&dir, "required");
    let required = rules(&dir, &["check", "."]);
    assert_eq!(required.code, Some(2));
    assert!(required.out.contains("fel: regeln ”refer.many_persons” nås inte av något fall"), "{}", required.out);
    assert_eq!(rules(&dir, &["test", "."]).code, Some(1));

    want_coverage(&dir, "advised");
    let advised = rules(&dir, &["check", "."]);
    assert_eq!(advised.code, Some(0));
    assert!(advised.out.contains("varning: regeln ”refer.many_persons” nås inte"), "{}", advised.out);
    assert_eq!(rules(&dir, &["check", ".", "--strict"]).code, Some(2));
    assert_eq!(rules(&dir, &["test", "."]).code, Some(0));
    assert_eq!(rules(&dir, &["test", ".", "--strict"]).code, Some(1));
}

#[test]
fn the_coverage_says_which_condition_no_case_turns() {
    let with = "when: '${flags.first_application && household.members < 13}'";
    let dir = copy_with("rulebook.yaml", "when: '${flags.first_application}'", with);
    want_coverage(&dir, "required");
    let tested = rules(&dir, &["test", "."]);
    assert_eq!(tested.code, Some(1));
    let missed = "refer.first_application: ”household.members < 13” är aldrig falskt i något fall";
    assert!(tested.out.contains(missed), "{}", tested.out);
    let table = rules(&dir, &["test", ".", "--coverage"]);
    assert!(
        table.out.lines().any(|line| line.starts_with("refer.first_application") && line.ends_with("2        1")),
        "{}",
        table.out
    );
    let json = rules(&dir, &["test", ".", "--coverage", "--format", "json"]).json();
    let parts = json["coverage"]["parts"].as_array().expect("a list");
    let part = parts.iter().find(|part| part["name"] == "refer.first_application").expect("the rule");
    let branch = &part["branches"][1];
    assert_eq!(
        (&branch["text"], &branch["was_true"], &branch["was_false"]),
        (&"household.members < 13".into(), &true.into(), &false.into())
    );
    assert!(json["cases"].as_array().expect("a list").iter().all(|case| case["passed"] == true));
}

#[test]
fn two_people_type_in_a_year_and_the_second_does_not_see_the_first() {
    let dir = same();
    want_coverage(&dir, "advised");
    let amounts = |arguments: &[&str]| rules(&dir, &[&["amounts"], arguments].concat());
    fs::write(dir.path().join("anna.csv"), "cell;belopp\nshared.3;1 790\nshared.5;2 330\n").expect("a file");
    let who = |name| ["--source", "SFS 2026:1 12 kap. 2 §", "--as", name];
    let first = amounts(&[&["enter", ".", "2026", "--from", "anna.csv"][..], &who("Anna Alm")].concat());
    assert_eq!(first.code, Some(0), "{}{}", first.out, first.err);
    assert!(first.out.contains("2 belopp väntar på att en annan person"), "{}", first.out);
    let shown = amounts(&["show", ".", "2026"]);
    assert!(shown.out.contains("väntar på en andra inskrivning") && !shown.out.contains("1790"), "{}", shown.out);

    let own = amounts(&[&["confirm", ".", "2026", "shared.3=1790"][..], &who("anna alm")].concat());
    assert_eq!(own.code, Some(2));
    assert!(own.err.contains("har du själv skrivit in"), "{}", own.err);

    let second = amounts(&[&["confirm", ".", "2026", "shared.3=1790", "shared.5=2320"][..], &who("Bo Berg")].concat());
    assert_eq!(second.code, Some(1));
    assert!(second.out.contains("skiljer sig: shared.5: Anna Alm 2330, Bo Berg 2320"), "{}", second.out);
    assert!(second.out.contains("1 verifierat, 1 skiljer sig"), "{}", second.out);
    let json = amounts(&["show", ".", "2026", "--format", "json"]).json();
    let cell =
        |name: &str| json.as_array().expect("a list").iter().find(|cell| cell["cell"] == name).expect("a cell").clone();
    assert_eq!((cell("shared.3")["amount"].clone(), cell("shared.5")["amount"].clone()), ("1790".into(), Json::Null));
    assert_eq!(rules(&dir, &["check", "."]).code, Some(0));

    let wrong = amounts(&[&["enter", ".", "2026", "shared.6=2999"][..], &who("Anna Alm")].concat());
    assert!(wrong.out.contains("varning: shared.6 är 2999, men omkring 2640 väntas"), "{}", wrong.out);
    for (arguments, says) in [
        (&["enter", ".", "2026"][..], "inga belopp att skriva in"),
        (&["enter", ".", "2026", "shared.7"], "är inte CELL=BELOPP"),
        (&["enter", ".", "2026", "shared.7=mycket"], "inte ett belopp"),
        (&["enter", ".", "2026", "shared.7=1", "shared.7=2"], "står två gånger"),
        (&["enter", ".", "2026", "--from", "ingen.csv"], "kan inte läsas"),
        (&["confirm", ".", "2031", "shared.7=1"], "ingen tabell för 2031"),
    ] {
        let refused = amounts(&[arguments, &who("Anna Alm")].concat());
        assert_eq!(refused.code, Some(2), "{arguments:?}");
        assert!(refused.err.contains(says), "{arguments:?}: {}", refused.err);
    }
}

/// The schema of a kind of file, compiled.
fn schema(kind: &str) -> (Json, boon::Schemas, boon::SchemaIndex) {
    let json = rules(&same(), &["schema", kind]).json();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("schema.json", json.clone()).expect("a schema");
    let index = compiler.compile("schema.json", &mut schemas).expect("a schema that is right itself");
    (json, schemas, index)
}

fn files_in(folder: &str) -> Vec<PathBuf> {
    fs::read_dir(shipped().join(folder)).expect("the folder").map(|entry| entry.expect("an entry").path()).collect()
}

fn yaml(path: &Path) -> Json {
    serde_saphyr::from_str(&fs::read_to_string(path).expect("a file")).expect("YAML")
}

#[test]
fn the_shipped_files_keep_to_their_schemas_and_a_slip_of_the_pen_does_not() {
    let (guidelines, cases): (Vec<_>, Vec<_>) =
        files_in("cases").into_iter().partition(|file| file.ends_with("guidelines.yaml"));
    for (kind, files, wrong) in [
        ("rulebook", vec![shipped().join("rulebook.yaml")], ("/rules/0", "vilkor")),
        ("amounts", files_in("amounts"), ("/cells/shared.1", "belopp")),
        ("guidelines", [vec![shipped().join("guidelines.yaml")], guidelines].concat(), ("/guidelines/0", "tak")),
        ("cases", cases, ("/cases/0", "facit")),
    ] {
        assert!(!files.is_empty(), "{kind}");
        let (json, schemas, index) = schema(kind);
        assert_eq!(json["$schema"], "http://json-schema.org/draft-07/schema#");
        for file in files {
            let mut content = yaml(&file);
            if let Err(error) = schemas.validate(&content, index) {
                panic!("{}: {error:#}", file.display());
            }
            content
                .pointer_mut(wrong.0)
                .and_then(Json::as_object_mut)
                .expect("a place")
                .insert(wrong.1.into(), "x".into());
            assert!(schemas.validate(&content, index).is_err(), "{}: {} is let through", file.display(), wrong.1);
        }
        let mut described = Vec::new();
        fields_without_words(&json, "", &mut described);
        assert_eq!(described, Vec::<String>::new(), "{kind}");
    }
}

/// Every property has a description, in Swedish, for the one who points at it in an editor.
fn fields_without_words(schema: &Json, path: &str, missing: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(Json::as_object) {
        let bare = properties.iter().filter(|(_, property)| !property["description"].is_string());
        missing.extend(bare.map(|(name, _)| format!("{path}.{name}")));
    }
    for (name, definition) in schema.get("definitions").and_then(Json::as_object).into_iter().flatten() {
        fields_without_words(definition, name, missing);
    }
}
