//! Amounts are typed in by two people, the second without seeing what the first wrote; where they agree a cell is
//! verified. What each has typed stands in the table under `entries`. Nothing is written here: the caller gets the text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use unicode_normalization::UnicodeNormalization;

use crate::amounts::Table;
use crate::book_file::{AmountsFile, EntryFile, KnownWrongFile};
use crate::yaml::{File, whole};
use crate::{Content, Problem};

/// What somebody types in.
#[derive(Debug, Clone)]
pub struct Typed {
    pub by: String,
    pub at: NaiveDate,
    /// Where the amounts were read.
    pub source: String,
    pub cells: BTreeMap<String, Decimal>,
    /// The published increase, for a year that has no table yet.
    pub uplift_percent: Option<Decimal>,
}

/// Whether somebody types in amounts, or confirms another's without having seen them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    First,
    Second,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// The table's file and its new text.
    pub path: PathBuf,
    pub text: String,
    /// Cells in which two people now agree.
    pub verified: Vec<String>,
    pub differing: Vec<Difference>,
    /// Cells that wait for another person.
    pub waiting: Vec<String>,
    /// Amounts that are not what last year's would become.
    pub warnings: Vec<Problem>,
}

/// A cell in which two people disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub cell: String,
    /// Who typed which amount.
    pub amounts: Vec<(String, Decimal)>,
}

/// A cell of a table as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellState {
    pub cell: String,
    pub status: CellStatus,
    /// Who has typed it in, and when.
    pub by: Vec<(String, String)>,
}

/// How far a cell has come. An amount that only one person has typed in is not shown: the second would see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellStatus {
    Empty,
    Waiting,
    Differing,
    Verified(Decimal),
}

/// What is wrong with the entries of a table, and with cells that are called verified without two that agree.
pub(crate) fn problems(file: &File, read: &AmountsFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    let entries = &read.entries;
    for (index, entry) in entries.iter().enumerate() {
        if name_of(entry).is_empty() {
            problems.push(file.at(&entry.by, "namnet på den som skrev in saknas"));
        }
        if entry.at.value.parse::<NaiveDate>().is_err() {
            problems.push(file.at(&entry.at, "är inget datum (ÅÅÅÅ-MM-DD)"));
        }
        if entry.source.value.trim().is_empty() {
            problems.push(file.at(&entry.source, "källan är tom"));
        }
        for (cell, text) in &entry.cells {
            if !read.cells.contains_key(cell) {
                problems.push(file.at(text, format!("cellen {cell} står inte under cells")));
            }
            if amount(&text.value).is_none() {
                problems.push(file.at(text, format!("”{}” är inte ett belopp", text.value)));
            }
            let again = entries[..index]
                .iter()
                .any(|other| may_be_one(&name_of(other), &name_of(entry)) && other.cells.contains_key(cell));
            if again {
                problems.push(file.at(text, format!("{} har skrivit in {cell} två gånger", entry.by.value)));
            }
        }
    }
    for (name, cell) in read.cells.iter().filter(|(_, cell)| cell.verified.value) {
        // A cell without an amount is wrong already.
        let Some(written) = cell.amount.value.as_deref().and_then(amount) else { continue };
        let typed = typed(entries, name);
        let by_two = typed.iter().any(|(one, _)| typed.iter().any(|(other, _)| !may_be_one(one, other)));
        let hint = "två personer skriver in beloppet var för sig: kollega rules amounts enter och confirm";
        let fault = if !by_two {
            format!("{name} är verifierat utan två inskrivningar av olika personer")
        } else if typed.iter().any(|(_, amount)| *amount != written) {
            format!("{name} är verifierat, men inskrivningarna säger inte alla samma belopp som cellen")
        } else {
            continue;
        };
        problems.push(Problem { hint: Some(hint.to_owned()), ..file.at(&cell.verified, fault) });
    }
    problems
}

/// Wrong figures that circulate: two people who look in the same public table agree on one.
pub(crate) fn known_wrong_problems(file: &File, read: &AmountsFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    for known in &read.known_wrong {
        let name = &known.cell.value;
        let Some(wrong) = amount_of(known) else {
            problems.push(file.at(&known.amount, format!("”{}” är inte ett belopp", known.amount.value)));
            continue;
        };
        let Some(cell) = read.cells.get(name) else {
            problems.push(file.at(&known.cell, format!("cellen {name} står inte under cells")));
            continue;
        };
        if cell.amount.value.as_deref().and_then(amount) == Some(wrong) {
            let (message, hint) = told_wrong(name, known, wrong);
            problems.push(Problem { hint: Some(hint), ..file.at(&cell.amount, message) });
        }
    }
    problems
}

/// What is wrong with a figure, and what to do about it.
fn told_wrong(cell: &str, known: &KnownWrongFile, wrong: Decimal) -> (String, String) {
    let wrong = wrong.normalize();
    (
        format!("{cell}: {wrong} är ett känt fel i {}", known.place),
        format!(
            "läs beloppet i författningen och skriv in det; står {wrong} där, ta bort raden om {cell} under known_wrong i tabellen"
        ),
    )
}

fn name_of(entry: &EntryFile) -> String {
    same_name(&entry.by.value)
}

/// A name as it is compared: nobody becomes two people by a capital letter, a space, a hyphen, or an å that is written
/// as an a with a ring.
fn same_name(name: &str) -> String {
    let name: String = name.nfkc().flat_map(char::to_lowercase).collect();
    let words = name.split(|letter: char| letter.is_whitespace() || letter.is_ascii_punctuation());
    let words = words.map(|word| word.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether two names, as they are compared, may be one person's: nobody becomes two people by leaving out a surname, or
/// by an initial.
fn may_be_one(a: &str, b: &str) -> bool {
    let is_initial = |of: &str, word: &str| of.chars().count() == 1 && word.starts_with(of);
    let same = |one: &str, other: &str| one == other || is_initial(one, other) || is_initial(other, one);
    let all_in = |some: &str, of: &str| some.split(' ').all(|word| of.split(' ').any(|known| same(known, word)));
    all_in(a, b) || all_in(b, a)
}

fn amount_of(known: &KnownWrongFile) -> Option<Decimal> {
    amount(&known.amount.value)
}

fn amount(text: &str) -> Option<Decimal> {
    text.parse::<Decimal>().ok().filter(|amount| *amount > Decimal::ZERO && amount.scale() <= 2)
}

/// Who has typed a cell in (as names are compared), and the amount.
fn typed(entries: &[EntryFile], cell: &str) -> Vec<(String, Decimal)> {
    let of = |entry: &EntryFile| Some((name_of(entry), amount(&entry.cells.get(cell)?.value)?));
    entries.iter().filter_map(of).collect()
}

/// How far every cell of a year's table has come, in the order of the file.
pub fn cell_states(book: &Path, year: i32) -> Result<Vec<CellState>, Vec<Problem>> {
    let (file, read) =
        find(book, year)?.ok_or_else(|| vec![whole(book, format!("det finns ingen tabell för {year}"))])?;
    let mut states: Vec<CellState> = read
        .cells
        .iter()
        .map(|(name, cell)| state(&read, name, cell.amount.value.as_deref(), cell.verified.value))
        .collect();
    let place = |cell: &str| file.text.find(&format!("\n  {cell}:"));
    states.sort_by_key(|state| place(&state.cell));
    Ok(states)
}

fn state(read: &AmountsFile, name: &str, written: Option<&str>, is_verified: bool) -> CellState {
    let typed = typed(&read.entries, name);
    let status = match (is_verified, written.and_then(amount)) {
        (true, Some(amount)) => CellStatus::Verified(amount),
        _ if typed.is_empty() => CellStatus::Empty,
        _ if typed.len() == 1 => CellStatus::Waiting,
        _ => CellStatus::Differing,
    };
    let by = read.entries.iter().filter(|entry| entry.cells.contains_key(name));
    let by = by.map(|entry| (entry.by.value.clone(), entry.at.value.clone())).collect();
    CellState { cell: name.to_owned(), status, by }
}

/// The table's file of a year.
fn find(book: &Path, year: i32) -> Result<Option<(File, AmountsFile)>, Vec<Problem>> {
    for file in Content::of_folder(book).files_in("amounts") {
        let file = file.map_err(|problem| vec![problem])?;
        let read: AmountsFile = file.read().map_err(|problem| vec![problem])?;
        if read.year.value == year {
            return Ok(Some((file, read)));
        }
    }
    Ok(None)
}

/// Amounts of a book that are not what last year's would become, whatever the rest of the book is like.
pub fn table_warnings(book: &Path) -> Result<Vec<Problem>, Vec<Problem>> {
    let mut tables = Vec::new();
    for file in Content::of_folder(book).files_in("amounts") {
        let file = file.map_err(|problem| vec![problem])?;
        tables.push(Table::read(&file, true)?);
    }
    tables.sort_by_key(|table| table.year);
    Ok(tables.windows(2).flat_map(|pair| pair[1].unexpected(&pair[0])).collect())
}

/// Puts what somebody has typed into the table of a year, which is begun if there is none.
pub fn type_in(book: &Path, year: i32, turn: Turn, typed: &Typed) -> Result<Agreement, Vec<Problem>> {
    let (file, read) = match find(book, year)? {
        Some(found) => found,
        None if turn == Turn::First => begun(book, year, typed)?,
        None => return Err(vec![whole(book, format!("det finns ingen tabell för {year} att bekräfta"))]),
    };
    refuse(&file, &read, turn, typed)?;
    let entries = with(&read.entries, typed);
    let mut text = with_entries(&file.text, &entries);
    let (mut verified, mut differing, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
    for cell in typed.cells.keys() {
        let amounts: Vec<(String, Decimal)> =
            entries.iter().filter_map(|one| Some((one.by.clone(), *one.cells.get(cell)?))).collect();
        let agrees = amounts.iter().all(|(_, amount)| *amount == amounts[0].1);
        let line = if amounts.len() < 2 {
            waiting.push(cell.clone());
            empty_cell(cell)
        } else if agrees {
            verified.push(cell.clone());
            let source = entries.iter().find(|one| one.cells.contains_key(cell)).map_or("", |one| one.source.as_str());
            let key;
            (text, key) = with_source(&text, source).map_err(|message| vec![whole(&file.path, message)])?;
            let amount = amounts[0].1.normalize();
            format!("  {cell}: {{amount: \"{amount}\", source: {key}, verified: true}}")
        } else {
            differing.push(Difference { cell: cell.clone(), amounts });
            empty_cell(cell)
        };
        text = with_cell(&text, cell, &line).ok_or_else(|| {
            let message = format!("cellen {cell} står inte på en egen rad under cells; skriv den så: {}", line.trim());
            vec![whole(&file.path, message)]
        })?;
    }
    let file = File { path: file.path, text };
    let table = Table::read(&file, true)?;
    let before = find(book, year - 1)?.and_then(|(file, _)| Table::read(&file, true).ok());
    let amounts = typed.cells.iter().map(|(cell, amount)| (cell.as_str(), *amount)).collect();
    let warnings = before.map(|before| table.unexpected_of(&amounts, &before)).unwrap_or_default();
    Ok(Agreement { path: file.path, text: file.text, verified, differing, waiting, warnings })
}

/// What nobody may type in: unknown cells, another's cells as the first, and one's own as the second.
fn refuse(file: &File, read: &AmountsFile, turn: Turn, new: &Typed) -> Result<(), Vec<Problem>> {
    let own = same_name(&new.by);
    let mut problems = Vec::new();
    let mut refuse = |message: String, hint: &str| {
        problems.push(Problem { hint: Some(hint.to_owned()), ..whole(&file.path, message) });
    };
    if own.is_empty() {
        refuse("namnet på den som skriver in saknas".to_owned(), "skriv --as NAMN");
    }
    if own.contains(|letter: char| letter.is_ascii_digit()) {
        refuse("det som står efter --as är inget namn".to_owned(), "skriv för- och efternamn, aldrig ett personnummer");
    }
    if new.source.trim().is_empty() {
        refuse("källan saknas".to_owned(), "skriv --source med författningens nummer");
    }
    for (cell, amount) in &new.cells {
        if !read.cells.contains_key(cell) {
            let known = read.cells.keys().cloned().collect::<Vec<_>>().join(", ");
            refuse(format!("cellen {cell} finns inte i tabellen"), &format!("här finns {known}"));
            continue;
        }
        if *amount <= Decimal::ZERO || amount.normalize().scale() > 2 {
            refuse(format!("{cell}: {amount} är inte ett belopp"), "skriv kronor, till exempel 3910");
        }
        let is_this = |known: &&KnownWrongFile| known.cell.value == *cell && amount_of(known) == Some(*amount);
        if let Some(known) = read.known_wrong.iter().find(is_this) {
            let (message, hint) = told_wrong(cell, known, *amount);
            refuse(message, &hint);
        }
        let typed = typed(&read.entries, cell);
        let is_own = typed.iter().any(|(by, _)| may_be_one(by, &own));
        let has_other = typed.iter().any(|(by, _)| !may_be_one(by, &own));
        match turn {
            Turn::First if has_other && !is_own => {
                refuse(
                    format!("{cell} har redan skrivits in av en annan person"),
                    "bekräfta med confirm, utan att titta",
                );
            }
            Turn::Second if !has_other && is_own => {
                refuse(format!("{cell} har du själv skrivit in"), "en annan person bekräftar");
            }
            Turn::Second if !has_other => {
                refuse(format!("{cell} har ingen skrivit in ännu"), "skriv in först med enter");
            }
            _ => {}
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The cells of last year's table, all without amounts.
fn begun(book: &Path, year: i32, typed: &Typed) -> Result<(File, AmountsFile), Vec<Problem>> {
    let path = book.join("amounts").join(format!("{year}.yaml"));
    let mut years: Vec<(i32, File)> = Vec::new();
    for file in Content::of_folder(book).files_in("amounts") {
        let file = file.map_err(|problem| vec![problem])?;
        let read: AmountsFile = file.read().map_err(|problem| vec![problem])?;
        years.push((read.year.value, file));
    }
    let last = years.iter().filter(|(other, _)| *other < year).max_by_key(|(other, _)| *other);
    let (_, last) = last.ok_or_else(|| vec![whole(&path, "det finns ingen tidigare tabell att utgå från")])?;
    let cells: Vec<String> = cell_lines(&last.text).map(empty_cell).collect();
    let uplift = typed.uplift_percent.map_or("null".to_owned(), |percent| format!("\"{percent}\""));
    let text = format!(
        "# Beloppen är per månad i kronor. adults.cohabiting_pair gäller de två tillsammans. Ett belopp som inte är verifierat är null.\n\
         year: {year}\ntitle: Riksnorm och prisbasbelopp {year}\n\
         uplift_percent: {uplift}          # uppräkning från året före; bara för rimlighetskontroll\n\
         sources: {{}}\ncells:\n{}\n",
        cells.join("\n")
    );
    let file = File { path, text };
    let read = file.read().map_err(|problem| vec![problem])?;
    Ok((file, read))
}

/// One person's amounts from one source, as they are written back.
struct Entry {
    by: String,
    at: String,
    source: String,
    cells: BTreeMap<String, Decimal>,
}

/// The entries with what is typed now in place of what the same person typed of the same cells before.
fn with(entries: &[EntryFile], new: &Typed) -> Vec<Entry> {
    let own = same_name(&new.by);
    let mut all: Vec<Entry> = Vec::new();
    for entry in entries {
        let kept = |cell: &String| !may_be_one(&name_of(entry), &own) || !new.cells.contains_key(cell);
        let cells = entry.cells.iter().filter(|(cell, _)| kept(cell));
        let cells: BTreeMap<_, _> =
            cells.filter_map(|(cell, text)| Some((cell.clone(), amount(&text.value)?))).collect();
        if !cells.is_empty() {
            let (by, at, source) = (entry.by.value.clone(), entry.at.value.clone(), entry.source.value.clone());
            all.push(Entry { by, at, source, cells });
        }
    }
    let (by, source) = (new.by.trim().to_owned(), new.source.trim().to_owned());
    let at = new.at.to_string();
    match all.iter_mut().find(|entry| same_name(&entry.by) == own && entry.source == source && entry.at == at) {
        Some(entry) => entry.cells.extend(new.cells.clone()),
        None => all.push(Entry { by, at, source, cells: new.cells.clone() }),
    }
    all
}

/// The text with `entries` at its end.
fn with_entries(text: &str, entries: &[Entry]) -> String {
    let mut kept = String::new();
    let mut is_inside = false;
    for line in text.lines() {
        is_inside = if line.starts_with("entries:") {
            true
        } else {
            is_inside && (line.starts_with([' ', '-']) || line.is_empty())
        };
        if !is_inside {
            kept += line;
            kept += "\n";
        }
    }
    kept += "entries:\n";
    for Entry { by, at, source, cells } in entries {
        let head = [("  - by", by), ("    at", at), ("    source", source)];
        let head = head.map(|(key, text)| format!("{key}: {}\n", quoted(text))).concat();
        let cells = cells.iter().map(|(cell, amount)| format!("      {cell}: \"{}\"\n", amount.normalize()));
        kept += &[head, "    cells:\n".to_owned(), cells.collect()].concat();
    }
    kept
}

/// The text with a source, and the source's key.
fn with_source(text: &str, source: &str) -> Result<(String, String), String> {
    let read: AmountsFile = serde_saphyr::from_str(text).map_err(|_| "tabellen kan inte läsas".to_owned())?;
    if let Some((key, _)) = read.sources.iter().find(|(_, known)| known.trim() == source.trim()) {
        return Ok((text.to_owned(), key.clone()));
    }
    let mut keys = (1..=read.sources.len() + 1).map(|number| format!("källa-{number}"));
    let key = keys.find(|key| !read.sources.contains_key(key)).unwrap_or_default();
    let line = format!("  {key}: {}", quoted(source.trim()));
    let place = text.lines().position(|line| line.starts_with("sources:")).ok_or("sources saknas i tabellen")?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if read.sources.is_empty() {
        "sources:".clone_into(&mut lines[place]);
    }
    lines.insert(place + 1, line);
    Ok((lines.join("\n") + "\n", key))
}

/// The text in which a cell's line is another; nothing when the cell does not stand on a line of its own.
fn with_cell(text: &str, cell: &str, line: &str) -> Option<String> {
    let start = format!("  {cell}: {{");
    let place = text.lines().position(|line| line.starts_with(&start) && line.contains('}'))?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let comment = lines[place].rsplit_once('}').map(|(_, after)| after.to_owned()).unwrap_or_default();
    lines[place] = format!("{line}{comment}");
    Some(lines.join("\n") + "\n")
}

fn empty_cell(cell: impl AsRef<str>) -> String {
    format!("  {}: {{amount: null, verified: false}}", cell.as_ref())
}

/// The names of the cells that stand on lines of their own.
fn cell_lines(text: &str) -> impl Iterator<Item = &str> {
    let cells = text.lines().skip_while(|line| !line.starts_with("cells:")).skip(1);
    cells
        .take_while(|line| line.starts_with([' ', '#']))
        .filter_map(|line| Some(line.strip_prefix("  ")?.split_once(": {")?.0))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
