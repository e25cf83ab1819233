//! Workbooks of Excel and LibreOffice: numbers, days and yes/no keep their types.

use std::io::Cursor;

use calamine::{Data, ExcelDateTime, Reader, open_workbook_auto_from_rs};
use chrono::NaiveDate;

use super::sheet::{Cell, Line, Sheet};

/// The lines of a sheet; of the first one where none is named.
pub(super) fn read(bytes: Vec<u8>, name: Option<&str>) -> Result<Sheet, String> {
    let broken = |error: calamine::Error| format!("arbetsboken är trasig eller skyddad med lösenord ({error})");
    let mut book = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(broken)?;
    let names = book.sheet_names();
    let chosen = match name {
        Some(name) => names.iter().find(|known| *known == name),
        None => names.first(),
    };
    let chosen = chosen.ok_or_else(|| match name {
        Some(name) => format!("bladet {name} finns inte; bladen heter {}", names.join(", ")),
        None => "arbetsboken har inga blad".into(),
    })?;
    let mut notes = Vec::new();
    if name.is_none() && names.len() > 1 {
        notes.push(format!(
            "bara bladet {chosen} lästes; boken har även {}: välj ett annat med --sheet",
            names[1..].join(", ")
        ));
    }
    let range = book.worksheet_range(chosen).map_err(broken)?;
    let (top, left) = range.start().unwrap_or_default();
    let (top, left) = (usize::try_from(top).unwrap_or(0), usize::try_from(left).unwrap_or(0));
    let lines = range.rows().enumerate().map(|(place, row)| {
        let cells = std::iter::repeat_n(Cell::Empty, left).chain(row.iter().map(cell)).collect();
        Line { number: top + place + 1, cells }
    });
    Sheet::of(lines, notes)
}

fn cell(data: &Data) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        Data::String(text) => Cell::text(text),
        #[expect(clippy::cast_precision_loss, reason = "a workbook holds no number that a float can't")]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::Bool(truth) => Cell::Bool(*truth),
        Data::DateTime(time) => day(time),
        Data::DateTimeIso(text) => iso_day(text),
        Data::DurationIso(_) => Cell::Wrong("cellen är en tidslängd".into()),
        Data::Error(error) => Cell::Wrong(format!("cellen innehåller ett Excel-fel ({error})")),
    }
}

fn day(time: &ExcelDateTime) -> Cell {
    if !time.is_datetime() {
        return Cell::Wrong("cellen är en tidslängd".into());
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    if (hour, minute, second) != (0, 0, 0) {
        return Cell::Wrong("cellen är ett klockslag; ett datum väntas".into());
    }
    NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())
        .map_or_else(|| Cell::Wrong("cellen är inget datum".into()), Cell::Day)
}

fn iso_day(text: &str) -> Cell {
    let day = text.strip_suffix("T00:00:00").unwrap_or(text);
    day.parse().map_or_else(|_| Cell::Wrong("cellen är ett klockslag; ett datum väntas".into()), Cell::Day)
}
