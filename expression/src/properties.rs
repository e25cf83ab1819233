//! Reading a property of a value: `item.hyra`, `period.first_day`, `item.personnummer.is_interim`.

use chrono::Datelike;

use crate::value::{View, indefinite, view, with_map};
use crate::{Month, Personnummer, Value};

/// The property of a value. One that is missing is an error, never empty.
pub(crate) fn read(value: &Value, name: &str) -> Result<Value, String> {
    match view(value) {
        View::Map => with_map(value, |map| map.get(name).cloned())
            .flatten()
            .ok_or_else(|| format!("fältet ”{name}” saknas; är det valfritt, skriv or_else(…, \"{name}\", annars)")),
        View::Date(date) => match name {
            "year" => Ok(Value::from(i64::from(date.year()))),
            "month" => Ok(Month::of(date).into()),
            "day" => Ok(Value::from(i64::from(date.day()))),
            _ => unknown(value, name, "year, month, day"),
        },
        View::Month(month) => of_month(value, month, name),
        View::Personnummer(number) => of_personnummer(value, &number, name),
        View::List if name == "len" => crate::functions::len(value),
        View::List => unknown(value, name, "len; för ett fält i varje element, skriv .map(|x| x.fält)"),
        View::Null => Err(format!("”{name}” kan inte läsas av ett tomt värde")),
        _ => Err(format!("{} har inget fält ”{name}”", indefinite(value))),
    }
}

fn of_month(value: &Value, month: Month, name: &str) -> Result<Value, String> {
    Ok(match name {
        "year" => Value::from(i64::from(month.year())),
        "number" => Value::from(i64::from(month.number())),
        "first_day" => crate::date(month.first_day()),
        "last_day" => crate::date(month.last_day()),
        "next" => month.next().into(),
        "previous" => month.previous().into(),
        "days" => Value::from(i64::from(month.days())),
        _ => return unknown(value, name, "year, number, first_day, last_day, next, previous, days"),
    })
}

fn of_personnummer(value: &Value, number: &Personnummer, name: &str) -> Result<Value, String> {
    Ok(match name {
        "is_valid" => Value::from(number.is_valid()),
        "is_interim" => Value::from(number.is_interim()),
        "is_samordning" => Value::from(number.is_samordning()),
        "digits" => Value::from(number.text().to_owned()),
        "born" => number.born().map(crate::date).ok_or("numret innehåller inget riktigt datum")?,
        _ => return unknown(value, name, "is_valid, is_interim, is_samordning, digits, born"),
    })
}

fn unknown(value: &Value, name: &str, known: &str) -> Result<Value, String> {
    Err(format!("{} har inget fält ”{name}”; det finns {known}", indefinite(value)))
}
