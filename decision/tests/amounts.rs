//! A year's amounts, typed in by two people: what agrees is verified, what differs is shown, and a wrong figure that
//! circulates is warned of.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use decision::{Agreement, CellStatus, Problem, RuleBook, Turn, Typed, cell_states, type_in};
use tempfile::TempDir;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand")
}

/// A copy of the shipped book without the tables of some years.
fn book_without(years: &[i32]) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for folder in ["", "amounts"] {
        fs::create_dir_all(dir.path().join(folder)).expect("a folder");
        for entry in fs::read_dir(shipped().join(folder)).expect("the folder").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_left_out = folder == "amounts" && years.iter().any(|year| name == format!("{year}.yaml"));
            if entry.path().is_file() && !is_left_out {
                fs::copy(entry.path(), dir.path().join(folder).join(name)).expect("a copy");
            }
        }
    }
    dir
}

fn typed(by: &str, cells: &[(&str, u32)]) -> Typed {
    Typed {
        by: by.to_owned(),
        at: "2026-12-20".parse().expect("a date"),
        source: "SFS 2026:1234 12 kap. 2 §".to_owned(),
        cells: cells.iter().map(|(cell, amount)| ((*cell).to_owned(), (*amount).into())).collect(),
        uplift_percent: None,
    }
}

fn enter(dir: &TempDir, year: i32, turn: Turn, typed: &Typed) -> Result<Agreement, Vec<Problem>> {
    let agreement = type_in(dir.path(), year, turn, typed)?;
    fs::write(&agreement.path, &agreement.text).expect("the table");
    Ok(agreement)
}

fn messages(problems: Result<Agreement, Vec<Problem>>) -> String {
    let problems = problems.expect_err("a refusal");
    problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; ")
}

fn status(dir: &TempDir, year: i32, cell: &str) -> CellStatus {
    let states = cell_states(dir.path(), year).expect("a table");
    states.into_iter().find(|state| state.cell == cell).expect("the cell").status
}

#[test]
fn two_people_who_agree_verify_a_cell_and_those_who_differ_do_not() {
    let dir = book_without(&[]);
    let first = [("adults.single", 3970), ("adults.cohabiting_pair", 7160), ("shared.1", 1290)];
    let begun = enter(&dir, 2027, Turn::First, &typed("Anna Alm", &first)).expect("an entry");
    assert_eq!((begun.waiting.len(), begun.verified.len()), (3, 0));
    assert_eq!(status(&dir, 2027, "adults.single"), CellStatus::Waiting);
    let second = [("adults.single", 3970), ("adults.cohabiting_pair", 7610)];
    let confirmed = enter(&dir, 2027, Turn::Second, &typed("Bo Berg", &second)).expect("a confirmation");
    assert_eq!(confirmed.verified, ["adults.single"]);
    assert_eq!(confirmed.differing.len(), 1);
    assert_eq!(confirmed.differing[0].cell, "adults.cohabiting_pair");
    assert_eq!(status(&dir, 2027, "adults.single"), CellStatus::Verified(3970.into()));
    assert_eq!(status(&dir, 2027, "adults.cohabiting_pair"), CellStatus::Differing);

    // The one who was wrong reads the statute again.
    let again = typed("bo  berg", &[("adults.cohabiting_pair", 7160)]);
    let mended = enter(&dir, 2027, Turn::First, &again).expect("a correction");
    assert_eq!(mended.verified, ["adults.cohabiting_pair"]);

    let book = RuleBook::load(dir.path()).expect("a book that stands its own check");
    assert_eq!(book.cases().len(), 0);
    let table = fs::read_to_string(dir.path().join("amounts/2027.yaml")).expect("the table");
    insta::assert_snapshot!(table);
}

#[test]
fn nobody_confirms_what_they_typed_themselves_or_sees_what_another_did() {
    let dir = book_without(&[]);
    enter(&dir, 2027, Turn::First, &typed("Anna Alm", &[("shared.1", 1290)])).expect("an entry");
    let text = |turn, by: &str, cell: &str| messages(enter(&dir, 2027, turn, &typed(by, &[(cell, 1290)])));
    assert_eq!(text(Turn::Second, " ANNA alm", "shared.1"), "shared.1 har du själv skrivit in");
    for short in ["Anna", "A. Alm", "Anna A", "ALM, A"] {
        assert_eq!(text(Turn::Second, short, "shared.1"), "shared.1 har du själv skrivit in", "{short}");
    }
    assert_eq!(text(Turn::Second, "Anna\u{200b}-\u{a0}Ａlm", "shared.1"), "shared.1 har du själv skrivit in");
    assert_eq!(text(Turn::Second, "189001129817", "shared.1"), "det som står efter --as är inget namn");
    // A correction of one's own, under a shorter name, is no second person's.
    let again = enter(&dir, 2027, Turn::First, &typed("Anna", &[("shared.1", 1290)])).expect("a correction");
    assert_eq!((again.verified.len(), again.waiting.len()), (0, 1));
    assert_eq!(status(&dir, 2027, "shared.1"), CellStatus::Waiting);
    assert_eq!(text(Turn::First, "Bo Berg", "shared.1"), "shared.1 har redan skrivits in av en annan person");
    assert_eq!(text(Turn::Second, "Bo Berg", "shared.2"), "shared.2 har ingen skrivit in ännu");
    assert_eq!(text(Turn::First, "Bo Berg", "shared.8"), "cellen shared.8 finns inte i tabellen");
    assert_eq!(text(Turn::First, " ", "shared.2"), "namnet på den som skriver in saknas");
    assert!(
        messages(enter(&dir, 2029, Turn::Second, &typed("Bo Berg", &[("shared.1", 1)])))
            .contains("ingen tabell för 2029")
    );
}

#[test]
fn a_name_is_one_persons_however_its_letters_are_coded() {
    let dir = book_without(&[]);
    enter(&dir, 2027, Turn::First, &typed("Åsa Öberg", &[("shared.1", 1290)])).expect("an entry");
    let own = typed("A\u{30a}sa O\u{308}berg", &[("shared.1", 1290)]);
    assert_eq!(messages(enter(&dir, 2027, Turn::Second, &own)), "shared.1 har du själv skrivit in");
}

/// Both have looked in the same public table: they agree, and are wrong.
#[test]
fn no_cell_is_verified_with_a_wrong_figure_that_is_known() {
    for (year, cell, wrong, right, place) in [
        (2025, "adults.cohabiting_pair", 7500, 7050, "Typfallsmodellens tabell"),
        (2023, "shared.2", 1150, 1250, "Ängelholms kommuns sida"),
        (2026, "shared.2", 1500, 1410, "ett av Sundsvalls kommuns provfall"),
    ] {
        let dir = book_without(&[]);
        let path = dir.path().join(format!("amounts/{year}.yaml"));
        let shipped = fs::read_to_string(&path).expect("the table");
        let says = format!("{cell}: {wrong} är ett känt fel i {place}");

        // As it would stand if two had typed it in before the figure was known to be wrong.
        let agreed = shipped
            .replace(&format!("  {cell}: {{amount: \"{right}\""), &format!("  {cell}: {{amount: \"{wrong}\""))
            .replace(&format!("      {cell}: \"{right}\""), &format!("      {cell}: \"{wrong}\""));
        assert_ne!(agreed, shipped);
        fs::write(&path, agreed).expect("the table");
        let problems = RuleBook::load(dir.path()).err().unwrap_or_default();
        let told = problems.iter().find(|problem| problem.message.starts_with(&says)).expect("a refusal");
        assert!(
            told.line > 0 && told.hint.as_deref().is_some_and(|hint| hint.contains("läs beloppet i författningen"))
        );

        // One who typed it before, and one who confirms it now.
        let none = shipped
            .lines()
            .filter(|line| !line.starts_with(&format!("      {cell}:")))
            .map(|line| {
                let is_cell = line.starts_with(&format!("  {cell}: "));
                if is_cell { format!("  {cell}: {{amount: null, verified: false}}\n") } else { format!("{line}\n") }
            })
            .collect::<String>();
        let waiting = format!(
            "{none}  - by: Anna Alm\n    at: \"2026-01-02\"\n    source: SFS\n    cells:\n      {cell}: \"{wrong}\"\n"
        );
        fs::write(&path, &waiting).expect("the table");
        let refused = messages(enter(&dir, year, Turn::Second, &typed("Bo Berg", &[(cell, wrong)])));
        assert!(refused.starts_with(&says), "{refused}");
        assert_eq!(fs::read_to_string(&path).expect("the table"), waiting, "nothing is written");
        let differs = enter(&dir, year, Turn::Second, &typed("Bo Berg", &[(cell, right)])).expect("a confirmation");
        assert_eq!(differs.differing.len(), 1);
        // Nor does anybody begin with it.
        fs::write(&path, &none).expect("the table");
        let refused = messages(enter(&dir, year, Turn::First, &typed("Anna Alm", &[(cell, wrong)])));
        assert!(refused.starts_with(&says), "{refused}");
    }
}

#[test]
fn a_cell_that_the_shipped_table_lacks_is_added_to_it_and_its_comments_stay() {
    let dir = book_without(&[]);
    let cells = [("shared.3", 1790)];
    enter(&dir, 2026, Turn::First, &typed("Anna Alm", &cells)).expect("an entry");
    enter(&dir, 2026, Turn::Second, &typed("Bo Berg", &cells)).expect("a confirmation");
    assert_eq!(status(&dir, 2026, "shared.3"), CellStatus::Verified(1790.into()));
    assert_eq!(status(&dir, 2026, "shared.4"), CellStatus::Verified(2030.into()));
    let table = fs::read_to_string(dir.path().join("amounts/2026.yaml")).expect("the table");
    assert!(table.starts_with("# Beloppen är per månad"));
    assert!(table.contains("# uppräkning från året före"));
    RuleBook::load(dir.path()).expect("a book");
}

/// A table as a municipality would have typed it, both times.
fn table(dir: &TempDir, year: i32, uplift: Option<&str>, cells: &[(&str, u32)]) {
    let uplift = uplift.map_or("null".to_owned(), |percent| format!("\"{percent}\""));
    let rows =
        |line: &dyn Fn(&str, u32) -> String| cells.iter().map(|(cell, amount)| line(cell, *amount)).collect::<String>();
    let entry = |by: &str| {
        let cells = rows(&|cell, amount| format!("      {cell}: \"{amount}\"\n"));
        format!("  - by: {by}\n    at: \"2020-01-02\"\n    source: SFS\n    cells:\n{cells}")
    };
    let cells = rows(&|cell, amount| format!("  {cell}: {{amount: \"{amount}\", source: sfs, verified: true}}\n"));
    let text = format!(
        "year: {year}\ntitle: Riksnorm {year}\nuplift_percent: {uplift}\nsources:\n  sfs: SFS\ncells:\n{cells}entries:\n{}{}",
        entry("Anna"),
        entry("Bo")
    );
    fs::write(dir.path().join(format!("amounts/{year}.yaml")), text).expect("a table");
}

#[test]
fn the_wrong_figures_that_circulate_are_warned_of_when_they_are_typed_in() {
    let all = [2022, 2023, 2024, 2025, 2026];
    // Year, the cell, the wrong figure, the right one, and where what was right the year before stands.
    for (year, cell, wrong, right) in
        [(2025, "adults.cohabiting_pair", 7500, 7050), (2023, "shared.2", 1150, 1250), (2026, "shared.2", 1500, 1410)]
    {
        let dir = book_without(&[year]);
        let mut new = typed("Anna Alm", &[(cell, wrong)]);
        new.uplift_percent = Some(match year {
            2025 => "2.8".parse().expect("a number"),
            2023 => "8.6".parse().expect("a number"),
            _ => "0.7".parse().expect("a number"),
        });
        let warned = type_in(dir.path(), year, Turn::First, &new).expect("an entry").warnings;
        assert!(warned.len() == 1 && warned[0].message.starts_with(cell), "{year} {cell}: {warned:?}");
        new.cells = BTreeMap::from([(cell.to_owned(), right.into())]);
        assert_eq!(type_in(dir.path(), year, Turn::First, &new).expect("an entry").warnings, [], "{year} {cell}");
    }
    // 2020 for children of seven to ten: 2 170 is the amount of another row.
    let dir = book_without(&all);
    let before = [
        ("children.0", 2130),
        ("children.1-2", 2380),
        ("children.3", 2120),
        ("children.7-10", 2990),
        ("children.11-14", 3440),
        ("children.15-18", 3880),
    ];
    let after = |child: u32| {
        [
            ("children.0", 2170),
            ("children.1-2", 2430),
            ("children.3", 2160),
            ("children.7-10", child),
            ("children.11-14", 3510),
            ("children.15-18", 3950),
        ]
    };
    table(&dir, 2019, None, &before);
    for uplift in [Some("1.9"), None] {
        table(&dir, 2020, uplift, &after(2170));
        let warned = warnings(&dir);
        assert!(warned.iter().any(|message| message.starts_with("children.7-10 är 2170")), "{uplift:?}: {warned:?}");
        table(&dir, 2020, uplift, &after(3050));
        assert!(!warnings(&dir).iter().any(|message| message.starts_with("children.7-10")), "{uplift:?}");
    }
}

/// What the check says of the tables; the rules need cells that a short table lacks, so the tables are read alone.
fn warnings(dir: &TempDir) -> Vec<String> {
    decision::table_warnings(dir.path()).expect("tables").into_iter().map(|problem| problem.message).collect()
}
