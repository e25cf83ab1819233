//! Looking at values: which kind they are, and how they are written in text.

use chrono::NaiveDate;
use rhai::{Array, ImmutableString, Map};
use rust_decimal::Decimal;

use crate::{Month, Personnummer, Value, money};

/// What a value is. Scalars are copied out; lists and maps are read where they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum View {
    Null,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(ImmutableString),
    Date(NaiveDate),
    Month(Month),
    Personnummer(Personnummer),
    List,
    Map,
    Other,
}

pub(crate) fn view(value: &Value) -> View {
    if value.is_unit() {
        return View::Null;
    }
    if let Ok(bool) = value.as_bool() {
        return View::Bool(bool);
    }
    if let Ok(int) = value.as_int() {
        return View::Int(int);
    }
    if let Ok(decimal) = value.as_decimal() {
        return View::Decimal(decimal);
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return View::Text(text.clone());
    }
    if value.is_array() {
        return View::List;
    }
    if value.is_map() {
        return View::Map;
    }
    view_of_own_types(value)
}

fn view_of_own_types(value: &Value) -> View {
    if let Some(date) = value.read_lock::<NaiveDate>() {
        View::Date(*date)
    } else if let Some(month) = value.read_lock::<Month>() {
        View::Month(*month)
    } else if let Some(number) = value.read_lock::<Personnummer>() {
        View::Personnummer(number.clone())
    } else {
        view_of_rust_integers(value)
    }
}

/// Integers that a Rust caller put into a scope as they were.
fn view_of_rust_integers(value: &Value) -> View {
    macro_rules! try_integers {
        ($($int:ty),*) => { $(
            if let Some(int) = value.read_lock::<$int>() {
                return i64::try_from(*int).map_or(View::Other, View::Int);
            }
        )* };
    }
    try_integers!(i32, u32, u64, usize, u8, u16, i16, i8, isize);
    View::Other
}

/// What a kind of value is called, in Swedish.
pub fn kind_name(value: &Value) -> &'static str {
    match view(value) {
        View::Null => "tomt",
        View::Bool(_) => "ja/nej",
        View::Int(_) => "heltal",
        View::Decimal(_) => "belopp",
        View::Text(_) => "text",
        View::Date(_) => "datum",
        View::Month(_) => "månad",
        View::Personnummer(_) => "personnummer",
        View::List => "lista",
        View::Map => "post",
        View::Other => "okänt",
    }
}

/// The value as it is written within text. Empty values, lists and maps can't be: the error says so in Swedish.
pub fn text_of(value: &Value) -> Result<String, String> {
    match view(value) {
        View::Text(text) => Ok(text.to_string()),
        View::Int(int) => Ok(int.to_string()),
        View::Decimal(decimal) => Ok(money::plain(decimal)),
        View::Bool(yes) => Ok(if yes { "ja" } else { "nej" }.to_owned()),
        View::Date(date) => Ok(date.to_string()),
        View::Month(month) => Ok(month.to_string()),
        View::Personnummer(number) => Ok(number.text().to_owned()),
        View::Null => Err("värdet är tomt och kan inte skrivas i text; pröva is_null(…) eller ?? först".to_owned()),
        View::List | View::Map | View::Other => {
            Err(format!("{} kan inte skrivas i text; välj ett fält eller använd join(…)", indefinite(value)))
        }
    }
}

/// A kind with its article, for messages.
pub(crate) fn indefinite(value: &Value) -> &'static str {
    match view(value) {
        View::Null => "ett tomt värde",
        View::Bool(_) => "ett ja/nej-värde",
        View::Int(_) => "ett heltal",
        View::Decimal(_) => "ett belopp",
        View::Text(_) => "en text",
        View::Date(_) => "ett datum",
        View::Month(_) => "en månad",
        View::Personnummer(_) => "ett personnummer",
        View::List => "en lista",
        View::Map => "en post",
        View::Other => "ett okänt värde",
    }
}

/// A date as a value.
pub fn date(date: NaiveDate) -> Value {
    Value::from(date)
}

/// The number in a value: an amount or a whole number.
pub fn as_decimal(value: &Value) -> Option<Decimal> {
    match view(value) {
        View::Int(int) => Some(Decimal::from(int)),
        View::Decimal(decimal) => Some(decimal),
        _ => None,
    }
}

/// The date in a value.
pub fn as_date(value: &Value) -> Option<NaiveDate> {
    if let View::Date(date) = view(value) { Some(date) } else { None }
}

/// The month in a value.
pub fn as_month(value: &Value) -> Option<Month> {
    if let View::Month(month) = view(value) { Some(month) } else { None }
}

/// The identity number in a value.
pub fn as_personnummer(value: &Value) -> Option<Personnummer> {
    if let View::Personnummer(number) = view(value) { Some(number) } else { None }
}

/// The text in a value that is a text.
pub fn as_text(value: &Value) -> Option<String> {
    if let View::Text(text) = view(value) { Some(text.to_string()) } else { None }
}

pub(crate) fn with_list<R>(value: &Value, read: impl FnOnce(&Array) -> R) -> Option<R> {
    value.read_lock::<Array>().map(|list| read(&list))
}

pub(crate) fn with_map<R>(value: &Value, read: impl FnOnce(&Map) -> R) -> Option<R> {
    value.read_lock::<Map>().map(|map| read(&map))
}
