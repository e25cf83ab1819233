//! The dated tables of amounts. A cell that is not verified has no amount, so it can't be used by mistake.

use std::collections::BTreeMap;

use expression::{Month, money};
use rust_decimal::Decimal;

use crate::Problem;
use crate::book_file::AmountsFile;
use crate::validity::Validity;
use crate::yaml::File;

/// One year's amounts.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub year: i32,
    pub title: String,
    pub note: Option<String>,
    pub caution: Option<String>,
    uplift: Option<Decimal>,
    cells: BTreeMap<String, Option<Cell>>,
    file: File,
}

/// A verified amount and where it was read.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub amount: Decimal,
    pub source: String,
}

/// What a table says of a cell.
pub(crate) enum Found<'a> {
    Verified(&'a Cell),
    NotVerified,
    NoSuchCell,
}

impl Table {
    /// `is_judged`: whether what is called verified must have been typed in by two people.
    pub fn read(file: &File, is_judged: bool) -> Result<Self, Vec<Problem>> {
        let read: AmountsFile = file.read().map_err(|problem| vec![problem])?;
        let mut problems = if is_judged { crate::entries::problems(file, &read) } else { Vec::new() };
        if is_judged {
            problems.extend(crate::entries::known_wrong_problems(file, &read));
            problems.extend(read.cells.values().filter_map(|cell| file.unquoted(&cell.amount)));
        }
        let mut cells = BTreeMap::new();
        for (name, cell) in &read.cells {
            let source = cell.source.as_ref().map(|key| (key, read.sources.get(&key.value)));
            match (&cell.amount.value, source, cell.verified.value) {
                (None, _, false) => {
                    cells.insert(name.clone(), None);
                }
                (Some(text), Some((_, Some(source))), true) => match text.parse::<Decimal>() {
                    Ok(amount) if amount > Decimal::ZERO && amount.scale() <= 2 => {
                        cells.insert(name.clone(), Some(Cell { amount, source: source.clone() }));
                    }
                    _ => problems.push(file.at(&cell.amount, format!("”{text}” är inte ett belopp"))),
                },
                (Some(_), Some((key, None)), _) => {
                    problems.push(file.at(key, format!("källan ”{}” står inte under sources", key.value)));
                }
                (Some(_), None, _) => {
                    problems.push(file.at(&cell.amount, format!("beloppet {name} saknar källa (source)")));
                }
                (Some(_), _, false) => {
                    let hint = "skriv amount: null tills beloppet är verifierat av två personer";
                    let problem =
                        file.at(&cell.amount, format!("beloppet {name} är inte verifierat och får inte stå här"));
                    problems.push(Problem { hint: Some(hint.to_owned()), ..problem });
                }
                (None, _, true) => {
                    problems.push(file.at(&cell.verified, format!("{name} är verifierat men saknar belopp")));
                }
            }
        }
        let uplift = match read.uplift_percent.as_ref().map(|text| (text, text.value.parse::<Decimal>())) {
            Some((text, Err(_))) => {
                problems.push(file.at(text, "uppräkningen ska vara ett tal, till exempel \"2.8\""));
                None
            }
            Some((_, Ok(percent))) => Some(percent),
            None => None,
        };
        let table = Self {
            year: read.year.value,
            title: read.title,
            note: read.note,
            caution: read.caution,
            uplift,
            cells,
            file: file.clone(),
        };
        if problems.is_empty() { Ok(table) } else { Err(problems) }
    }

    pub fn file_name(&self) -> String {
        self.file.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub fn covers(&self, period: Month) -> bool {
        self.year == period.year()
    }

    /// Whether some month of a validity is in the table's year.
    pub fn overlaps(&self, validity: Validity) -> bool {
        validity.from.is_none_or(|from| from.year() <= self.year) && validity.to.is_none_or(|to| self.year <= to.year())
    }

    pub fn cell(&self, name: &str) -> Found<'_> {
        match self.cells.get(name) {
            None => Found::NoSuchCell,
            Some(None) => Found::NotVerified,
            Some(Some(cell)) => Found::Verified(cell),
        }
    }

    pub fn cells(&self) -> impl Iterator<Item = (&str, Option<&Cell>)> {
        self.cells.iter().map(|(name, cell)| (name.as_str(), cell.as_ref()))
    }

    /// Cells that are not last year's, raised by the published percentage, rounded to ten kronor. The regularity is no
    /// law: this warns of a slip of the pen, and never fills in a number.
    pub fn unexpected(&self, before: &Self) -> Vec<Problem> {
        let amounts = self.cells.iter().filter_map(|(name, cell)| Some((name.as_str(), cell.as_ref()?.amount)));
        self.unexpected_of(&amounts.collect(), before)
    }

    /// The same of amounts that are not in the table yet.
    pub fn unexpected_of(&self, amounts: &BTreeMap<&str, Decimal>, before: &Self) -> Vec<Problem> {
        if self.year != before.year + 1 {
            return Vec::new();
        }
        let last = |name: &str| before.cells.get(name)?.as_ref().map(|cell| cell.amount);
        let riksnorm: Vec<(&str, Decimal, Decimal)> = amounts
            .iter()
            .filter(|(name, _)| name.contains('.'))
            .filter_map(|(name, amount)| Some((*name, *amount, last(name)?)))
            .collect();
        let usual = usual_rise(&riksnorm);
        let one = |(name, amount, last): &(&str, Decimal, Decimal)| {
            let expected = if let Some(percent) = self.uplift {
                let raised = last * (Decimal::ONE_HUNDRED + percent) / Decimal::ONE_HUNDRED / Decimal::TEN;
                let (up, nearest) = (raised.ceil() * Decimal::TEN, money::round(raised, 0) * Decimal::TEN);
                (*amount != up && *amount != nearest).then_some(up)
            } else {
                let raised = last * usual?;
                let near = Decimal::TEN + raised / Decimal::ONE_HUNDRED;
                ((amount - raised).abs() > near).then(|| money::round(raised, 0))
            };
            let message =
                format!("{name} är {amount}, men omkring {} väntas efter uppräkningen", expected?.normalize());
            let hint = "kontrollera beloppet mot författningen".to_owned();
            Some(Problem { hint: Some(hint), ..self.place_of(name, message) })
        };
        riksnorm.iter().filter_map(one).collect()
    }

    /// Gives a cell another amount, or none: what a case is worked out with, or a mistake that some case should notice.
    pub fn set(&mut self, cell: &str, amount: Option<Decimal>) {
        let source = || "ändrat för provning".to_owned();
        self.cells.insert(cell.to_owned(), amount.map(|amount| Cell { amount, source: source() }));
    }

    /// Where a cell stands in its file.
    pub fn place_of(&self, cell: &str, message: String) -> Problem {
        let start = format!("  {cell}:");
        let line = self.file.text.lines().position(|line| line.starts_with(&start)).map_or(0, |index| index + 1);
        Problem { file: self.file.path.clone(), line, column: 3, length: cell.chars().count(), message, hint: None }
    }
}

/// How many times last year's amount most cells are, where no percentage has been published: the middle one, of at
/// least five.
fn usual_rise(both: &[(&str, Decimal, Decimal)]) -> Option<Decimal> {
    let mut rises: Vec<Decimal> = both.iter().filter_map(|(_, amount, last)| amount.checked_div(*last)).collect();
    rises.sort();
    (rises.len() >= 5).then(|| rises[rises.len() / 2])
}
