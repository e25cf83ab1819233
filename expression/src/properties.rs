//! Reading a property of a value: `item.hyra`, `period.first_day`, `item.personnummer.is_interim`.

use std::borrow::Cow;

use chrono::Datelike;

use crate::name::Name;
use crate::{Month, Personnummer, Value};

/// The property of a value. One that is missing is an error, never empty.
pub(crate) fn read<'v>(value: &'v Value, name: &Name) -> Result<Cow<'v, Value>, String> {
    let made = match value {
        Value::Record(record) => {
            let found =
                name.find(record.slice(), |(known, _)| known).map(|place| Cow::Borrowed(&record.slice()[place].1));
            return found.ok_or_else(|| missing(name));
        }
        Value::Date(date) => match &**name {
            "year" => Ok(Value::from(date.year())),
            "month" => Ok(Month::of(*date).into()),
            "day" => Ok(Value::from(date.day())),
            _ => unknown(value, name, "year, month, day"),
        },
        Value::Month(month) => of_month(value, *month, name),
        Value::Personnummer(number) => of_personnummer(value, number, name),
        Value::List(_) if **name == *"len" => crate::functions::len(value),
        Value::List(_) => unknown(value, name, "len; för ett fält i varje element, skriv .map(|x| x.fält)"),
        Value::Null => Err(format!("”{}” kan inte läsas av ett tomt värde", &**name)),
        _ => Err(format!("{} har inget fält ”{}”", value.indefinite(), &**name)),
    };
    made.map(Cow::Owned)
}

/// Why a field that is not in a record can't be read.
pub(crate) fn missing(name: &str) -> String {
    format!("fältet ”{name}” saknas; är det valfritt, skriv or_else(…, \"{name}\", annars)")
}

fn of_month(value: &Value, month: Month, name: &str) -> Result<Value, String> {
    Ok(match name {
        "year" => Value::from(month.year()),
        "number" => Value::from(month.number()),
        "first_day" => crate::date(month.first_day()),
        "last_day" => crate::date(month.last_day()),
        "next" => month.next().into(),
        "previous" => month.previous().into(),
        "days" => Value::from(month.days()),
        _ => return unknown(value, name, "year, number, first_day, last_day, next, previous, days"),
    })
}

fn of_personnummer(value: &Value, number: &Personnummer, name: &str) -> Result<Value, String> {
    Ok(match name {
        "is_valid" => Value::from(number.is_valid()),
        "is_interim" => Value::from(number.is_interim()),
        "is_samordning" => Value::from(number.is_samordning()),
        "digits" => Value::from(number.text()),
        "born" => number.born().map(crate::date).ok_or("numret innehåller inget riktigt datum")?,
        _ => return unknown(value, name, "is_valid, is_interim, is_samordning, digits, born"),
    })
}

fn unknown(value: &Value, name: &str, known: &str) -> Result<Value, String> {
    Err(format!("{} har inget fält ”{name}”; det finns {known}", value.indefinite()))
}
