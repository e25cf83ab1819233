//! Every row against the fields of the bot: a record of typed values, or what is wrong, where, and what to do.

use std::collections::BTreeMap;
use std::fmt;

use expression::Personnummer;
use rust_decimal::Decimal;
use serde::Serialize;

use super::sheet::{Cell, Line, Sheet};
use crate::bot::{Bot, FieldSpec, FieldType};
use crate::model::reference_fault;
use crate::runner::Record;

/// The rows of a file, checked.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What is wrong with the header: nothing below it can be read then.
    pub header: Vec<Fault>,
    pub rows: Vec<Row>,
}

/// A row, checked.
#[derive(Debug, Clone)]
pub struct Row {
    /// As the person sees it in the file.
    pub number: usize,
    /// None where it can't be read.
    pub reference: Option<String>,
    /// The item's record as it is stored.
    pub fields: serde_json::Value,
    pub faults: Vec<Fault>,
}

/// Something wrong in a file. Never says what stands in the cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub row: usize,
    pub column: String,
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, column, message, hint } = self;
        write!(f, "rad {row}, kolumn {column}: {message}; {hint}")
    }
}

impl Checked {
    /// Everything that is wrong, from the top.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.header.iter().chain(self.rows.iter().flat_map(|row| &row.faults))
    }
}

/// Checks every row; `progress` is told how many are done.
pub fn check(bot: &Bot, sheet: &Sheet, progress: impl Fn(usize)) -> Checked {
    let (columns, header) = columns(bot, sheet);
    if !header.is_empty() {
        return Checked { header, rows: Vec::new() };
    }
    let mut rows: Vec<Row> = Vec::with_capacity(sheet.lines.len());
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for line in &sheet.lines {
        let mut row = read_row(bot, &columns, line);
        if let Some(reference) = &row.reference {
            match first.get(reference).map(|place| &rows[*place]) {
                // The same row twice is the same item twice: known, as by the store.
                Some(earlier) if earlier.fields == row.fields => {}
                Some(earlier) => row.faults.push(twice(bot, &row, earlier.number)),
                None => {
                    first.insert(reference.clone(), rows.len());
                }
            }
        }
        rows.push(row);
        progress(rows.len());
    }
    Checked { header: Vec::new(), rows }
}

fn twice(bot: &Bot, row: &Row, earlier: usize) -> Fault {
    Fault {
        row: row.number,
        column: bot.item.reference.value.clone(),
        message: format!("referensen står redan på rad {earlier}, med andra uppgifter"),
        hint: "behåll den rad som gäller".into(),
    }
}

/// The field of each column, none for an empty one; and what is wrong with the header.
fn columns<'b>(bot: &'b Bot, sheet: &Sheet) -> (Vec<Option<&'b FieldSpec>>, Vec<Fault>) {
    let known: Vec<&str> = bot.item.fields.0.iter().map(|field| field.name.as_str()).collect();
    let (mut columns, mut faults): (Vec<Option<&FieldSpec>>, Vec<Fault>) = (Vec::new(), Vec::new());
    let row = sheet.header.number;
    let mut fault = |column: &str, message: String, hint: String| {
        faults.push(Fault { row, column: column.to_owned(), message, hint });
    };
    for (place, cell) in sheet.header.cells.iter().enumerate() {
        let name = match cell {
            Cell::Text(name) => name.as_str(),
            Cell::Empty => {
                columns.push(None);
                continue;
            }
            _ => {
                fault(&letters(place), "rubriken är inte text".into(), "skriv fältets namn".into());
                columns.push(None);
                continue;
            }
        };
        let field = bot.item.fields.get(name);
        if field.is_none() {
            let hint = format!("{}; ta annars bort kolumnen", crate::yaml::near(name, &known));
            fault(name, format!("{} har inget sådant fält", bot.bot.value), hint);
        }
        if field.is_some_and(|field| columns.iter().flatten().any(|known| known.name == field.name)) {
            fault(name, "rubriken står två gånger".into(), "ta bort den ena kolumnen".into());
        }
        columns.push(field);
    }
    let reference = bot.item.reference.value.as_str();
    if !columns.iter().flatten().any(|field| field.name == reference) {
        let hint = format!("lägg till en kolumn med rubriken {reference}: den skiljer ärendena åt");
        fault(reference, "kolumnen med referensen saknas".into(), hint);
    }
    (columns, faults)
}

fn read_row(bot: &Bot, columns: &[Option<&FieldSpec>], line: &Line) -> Row {
    let mut record = Record::default();
    let mut faults = Vec::new();
    let mut reference = None;
    let mut fault = |column: String, message: String, hint: String| {
        faults.push(Fault { row: line.number, column, message, hint });
    };
    for (place, cell) in line.cells.iter().enumerate().filter(|(_, cell)| **cell != Cell::Empty) {
        let Some(field) = columns.get(place).copied().flatten() else {
            let hint = "kontrollera att cellerna står rätt: ett skiljetecken inuti en cell kräver citattecken om den";
            fault(letters(place), "cellen har ingen rubrik".into(), hint.into());
            continue;
        };
        let set = value(field.kind, cell).and_then(|value| real(field.kind, value)).and_then(|value| {
            let set = record.set(&bot.item.fields, &field.name, &value);
            set.map(|()| value).map_err(|why| why.split_once(": ").map_or(why.clone(), |(_, why)| why.to_owned()))
        });
        match set {
            Ok(value) if field.name == bot.item.reference.value => {
                reference = expression::text_of(&value).ok();
                if let Some(why) = reference.as_deref().and_then(reference_fault) {
                    fault(field.name.clone(), why, "skriv om den i cellen".into());
                }
            }
            Ok(_) => {}
            Err(why) => fault(field.name.clone(), why, hint(field.kind).into()),
        }
    }
    let own = &bot.item.reference.value;
    if reference.is_none() && !faults.iter().any(|known: &Fault| known.column == *own) {
        let message = "referensen saknas".to_owned();
        faults.push(Fault { row: line.number, column: own.clone(), message, hint: "fyll i den".into() });
    }
    Row { number: line.number, reference, fields: record.store(), faults }
}

/// A person's number that somebody has typed is one that can be: an enquiry about the wrong person is worse than none.
fn real(kind: FieldType, value: expression::Value) -> Result<expression::Value, String> {
    let number = expression::text_of(&value).ok().filter(|_| kind == FieldType::Personnummer);
    match number.map(|text| Personnummer::parse(&text)) {
        Some(Ok(number)) if !number.is_valid() && !number.is_interim() => {
            Err("numret finns inte: datum eller kontrollsiffra stämmer inte".into())
        }
        _ => Ok(value),
    }
}

/// A cell as a value that the field's type can be made of.
fn value(kind: FieldType, cell: &Cell) -> Result<expression::Value, String> {
    match (cell, kind) {
        (Cell::Empty, _) => Ok(expression::Value::Null),
        (Cell::Wrong(why), _) => Err(why.clone()),
        (Cell::Text(text), FieldType::Bool) => Ok(match text.to_lowercase().as_str() {
            "sant" => true.into(),
            "falskt" => false.into(),
            _ => text.clone().into(),
        }),
        (Cell::Text(text), _) => Ok(text.clone().into()),
        (Cell::Bool(truth), FieldType::Bool) => Ok((*truth).into()),
        (Cell::Bool(_), _) => Err("cellen är sant eller falskt".into()),
        (Cell::Day(day), FieldType::Date) => Ok(expression::date(*day)),
        (Cell::Day(day), FieldType::Text) => Ok(day.to_string().into()),
        // Excel makes the first of the month of 2025-12.
        (Cell::Day(day), FieldType::Month) if day.format("%d").to_string() == "01" => {
            Ok(day.format("%Y-%m").to_string().into())
        }
        (Cell::Day(_), _) => Err("cellen är ett datum".into()),
        (Cell::Number(number), FieldType::Money) => money(*number),
        (Cell::Number(number), FieldType::Integer) => whole(*number).map(Into::into),
        (Cell::Number(number), FieldType::Text | FieldType::Personnummer) => {
            whole(*number).map(|number| number.to_string().into())
        }
        (Cell::Number(_), _) => Err("cellen är ett tal".into()),
    }
}

/// A number as Excel has it, to 15 digits, in kronor and öre.
fn money(number: f64) -> Result<expression::Value, String> {
    let digits = format!("{number:.14e}");
    let amount = Decimal::from_scientific(&digits).map_err(|_| "talet är för stort".to_owned())?.normalize();
    if amount.scale() > 2 {
        return Err("talet har fler än två decimaler".into());
    }
    Ok(amount.into())
}

fn whole(number: f64) -> Result<i64, String> {
    // Excel keeps 15 digits: what is longer has lost its last ones.
    if number.fract() != 0.0 {
        return Err("talet har decimaler".into());
    }
    if number.abs() >= 1e15 {
        return Err("talet är för långt: Excel har avrundat det".into());
    }
    format!("{number:.0}").parse().map_err(|_| "talet är för stort".to_owned())
}

fn hint(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "formatera kolumnen som text",
        FieldType::Date => "skriv ÅÅÅÅ-MM-DD, till exempel 2026-12-01",
        FieldType::Month => "skriv ÅÅÅÅ-MM, till exempel 2026-12",
        FieldType::Money => "skriv till exempel 6300 eller 6 300,50",
        FieldType::Integer => "skriv ett heltal, till exempel 12",
        FieldType::Personnummer => {
            "skriv tolv siffror; formatera kolumnen som text, annars tar Excel bort nollor i början"
        }
        FieldType::Bool => "skriv ja eller nej",
        FieldType::List | FieldType::Map => "sådana fält kan inte läsas ur en fil: ta bort kolumnen",
    }
}

/// The name of a column in a workbook: A, B, … Z, AA.
fn letters(place: usize) -> String {
    let letter = |number: usize| char::from(b'A' + u8::try_from(number % 26).unwrap_or(0));
    let mut name = String::from(letter(place));
    let mut rest = place / 26;
    while rest > 0 {
        name.insert(0, letter(rest - 1));
        rest = (rest - 1) / 26;
    }
    name
}
