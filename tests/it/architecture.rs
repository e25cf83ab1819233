//! The tables and the walk of `docs/architecture.md` are true: who imports whom, which files and functions are named,
//! and which changes of an item's state are allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use kollega::model::ItemState;

/// The crates of the workspace that the program stands on.
const CRATES: &[&str] = &["decision", "expression", "sandbox"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("docs/architecture.md")).expect("the page")
}

/// The rows of the first table under a heading, as cells without backticks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let page = page();
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).expect("the section");
    let rows =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|')).skip(2);
    let cells =
        |row: &str| row.trim_matches('|').split('|').map(|cell| cell.replace('`', "").trim().to_owned()).collect();
    rows.map(cells).collect()
}

/// The names in a cell; a dash is nobody.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split([',', ' ']).filter(|name| !name.is_empty() && *name != "–").map(str::to_owned).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// The module that a file belongs to: the first part of its path under `src/`.
fn module_of(file: &Path) -> String {
    let path = file.strip_prefix(root().join("src")).expect("under src");
    let first = path.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules and crates that the code names; comments do not count.
fn imported(source: &str, modules: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in source.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            found.extend(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned));
            // `use crate::{person, wording};`
            let group = rest.strip_prefix('{').and_then(|group| group.split('}').next()).unwrap_or_default();
            found.extend(group.split(',').map(|part| part.trim().split("::").next().unwrap_or_default().to_owned()));
        }
        found.extend(CRATES.iter().filter(|name| names_crate(line, name)).map(|name| (*name).to_owned()));
    }
    found.retain(|name| modules.contains(name) || CRATES.contains(&name.as_str()));
    found
}

/// Whether the line says `decision::…` or `::decision::…`, and not `x::decision::…` or `xdecision::…`.
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = line[..at].strip_suffix("::").unwrap_or(&line[..at]);
        !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '>')
    })
}

fn real_imports() -> BTreeMap<String, BTreeSet<String>> {
    let files = sources(&root().join("src"));
    let modules: BTreeSet<String> = files.iter().map(|file| module_of(file)).collect();
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let module = module_of(&file);
        let mut found = imported(&fs::read_to_string(&file).expect("a source"), &modules);
        found.remove(&module);
        imports.entry(module).or_default().extend(found);
    }
    imports.remove("main");
    imports.remove("lib");
    imports
}

#[test]
fn the_import_table_is_what_the_code_imports() {
    let rows = table("Who may import whom");
    let told: BTreeMap<String, BTreeSet<String>> = rows.iter().map(|row| (row[0].clone(), names(&row[1]))).collect();
    for (module, real) in real_imports() {
        let told = told.get(&module).unwrap_or_else(|| panic!("the table has no row for `{module}`: {real:?}"));
        assert_eq!(&real, told, "what `{module}` imports (left) and what the table says (right)");
    }
    let files: BTreeSet<String> = real_imports().into_keys().collect();
    let gone: Vec<_> = told.keys().filter(|module| !files.contains(*module)).collect();
    assert!(gone.is_empty(), "the table names modules that are not there: {gone:?}");
}

#[test]
fn imports_go_down_the_table_only() {
    let rows = table("Who may import whom");
    let place: BTreeMap<&str, usize> = rows.iter().enumerate().map(|(place, row)| (row[0].as_str(), place)).collect();
    for (own, row) in rows.iter().enumerate() {
        for name in names(&row[1]).iter().filter(|name| !CRATES.contains(&name.as_str())) {
            assert!(place[name.as_str()] > own, "`{}` imports `{name}`, which stands above it", row[0]);
        }
    }
}

#[test]
fn the_libraries_know_nothing_of_the_program() {
    for (library, allowed) in [("decision", "expression"), ("expression", ""), ("sandbox", "")] {
        let manifest = fs::read_to_string(root().join(library).join("Cargo.toml")).expect("the manifest");
        let own: Vec<&str> = manifest
            .lines()
            .filter(|line| line.contains("path = \"..") || line.starts_with("kollega"))
            .map(|line| line.split([' ', '.']).next().unwrap_or_default())
            .collect();
        assert!(own.iter().all(|name| *name == allowed), "`{library}` depends on {own:?}");
        for foreign in ["sqlx", "fantoccini", "tokio"].iter().filter(|_| library != "sandbox") {
            assert!(!manifest.contains(foreign), "`{library}` depends on {foreign}");
        }
    }
}

#[test]
fn only_the_suggest_stage_of_the_runner_calls_the_decision_library() {
    let calls = |file: &&PathBuf| fs::read_to_string(file).expect("a source").contains("decision::RuleBook");
    let files = sources(&root().join("src/runner"));
    let calling: Vec<_> = files.iter().filter(calls).collect();
    assert_eq!(calling, [&root().join("src/runner/suggest.rs")]);
}

#[test]
fn sql_stands_only_in_the_store() {
    for file in sources(&root().join("src")) {
        let source = fs::read_to_string(&file).expect("a source");
        let allowed = module_of(&file) == "store" || !source.contains("sqlx::query");
        assert!(allowed, "{} asks the database", file.display());
    }
}

/// `src/runner/fence.rs: intend` in the walk is a file, and a function or type in it.
#[test]
fn every_place_of_the_walk_is_in_the_code() {
    let page = page();
    let places: Vec<&str> = page.split('`').skip(1).step_by(2).filter(|code| code.contains(".rs: ")).collect();
    assert!(places.len() > 20, "the walk names places: {places:?}");
    for place in places {
        let (file, names) = place.split_once(": ").expect("file: function");
        let source = fs::read_to_string(root().join(file)).unwrap_or_else(|_| panic!("{file} is not there"));
        for name in names.split(", ") {
            let is_there = ["fn", "struct", "enum"].iter().any(|kind| {
                let head = format!("{kind} {name}");
                source
                    .match_indices(&head)
                    .any(|(at, _)| !source[at + head.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            });
            assert!(is_there, "{file} has no {name}");
        }
    }
}

#[test]
fn the_table_of_states_is_what_the_code_allows() {
    let rows = table("An item's life");
    let told: BTreeMap<String, BTreeSet<String>> = rows.iter().map(|row| (row[0].clone(), names(&row[2]))).collect();
    for &state in ItemState::ALL {
        let to = ItemState::ALL.iter().filter(|next| state.may_become(**next) && **next != state);
        let real: BTreeSet<String> = to.map(|next| next.as_str().to_owned()).collect();
        assert_eq!(told.get(state.as_str()), Some(&real), "what {state} may become");
    }
    assert_eq!(told.len(), ItemState::ALL.len());
}

#[test]
fn links_of_the_docs_lead_somewhere() {
    let mut pages = markdown(&root().join("docs"));
    pages.extend(["README.md", "CHANGELOG.md"].map(|name| root().join(name)));
    for page in pages {
        let text = fs::read_to_string(&page).expect("a page");
        for (at, _) in text.match_indices("](") {
            let link = text[at + 2..].split([')', '#']).next().unwrap_or_default();
            if link.is_empty() || link.contains("://") || link.contains('\n') {
                continue;
            }
            let file = page.parent().expect("a folder").join(link);
            assert!(file.exists(), "{}: {link} is not there", page.display());
        }
    }
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "md"));
    files.chain(folders.iter().flat_map(|folder| markdown(folder))).collect()
}
