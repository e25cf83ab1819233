//! The values of expressions: which kinds there are, and how they are written in text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::NaiveDate;
use compact_str::CompactString;
use rust_decimal::Decimal;

use crate::{Month, Personnummer, money};

/// A value of an expression. Lists and records are shared, so that a clone copies nothing of them.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// Empty: what is not known, or was left out.
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    /// Money, and every other number with decimals.
    Decimal(Decimal),
    /// Up to 24 bytes lie in the value itself.
    Text(CompactString),
    Date(NaiveDate),
    Month(Month),
    Personnummer(Arc<Personnummer>),
    List(Arc<[Value]>),
    Record(Record),
}

/// The fields of a record while it is put together.
pub type Map = BTreeMap<String, Value>;

/// Named values, such as `item` of a bot or `income` of a rule. No two have the same name.
#[derive(Debug, Clone)]
pub struct Record(Arc<[Field]>);

pub(crate) type Field = (Cow<'static, str>, Value);

impl Record {
    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Every field, in no particular order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    pub(crate) fn slice(&self) -> &[Field] {
        &self.0
    }
}

impl Value {
    /// A record of fields that are known when the program is written; their names must differ.
    pub fn record<const N: usize>(fields: [(&'static str, Value); N]) -> Self {
        Self::Record(Record(Arc::from(fields.map(|(name, value)| (Cow::Borrowed(name), value)))))
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The answer in a value that is yes or no.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(yes) = self { Some(*yes) } else { None }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    pub fn as_record(&self) -> Option<&Record> {
        if let Self::Record(record) = self { Some(record) } else { None }
    }

    /// Its kind with an article, for messages.
    pub(crate) fn indefinite(&self) -> &'static str {
        match self {
            Self::Null => "ett tomt värde",
            Self::Bool(_) => "ett ja/nej-värde",
            Self::Int(_) => "ett heltal",
            Self::Decimal(_) => "ett belopp",
            Self::Text(_) => "en text",
            Self::Date(_) => "ett datum",
            Self::Month(_) => "en månad",
            Self::Personnummer(_) => "ett personnummer",
            Self::List(_) => "en lista",
            Self::Record(_) => "en post",
        }
    }
}

/// What a kind of value is called, in Swedish.
pub fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "tomt",
        Value::Bool(_) => "ja/nej",
        Value::Int(_) => "heltal",
        Value::Decimal(_) => "belopp",
        Value::Text(_) => "text",
        Value::Date(_) => "datum",
        Value::Month(_) => "månad",
        Value::Personnummer(_) => "personnummer",
        Value::List(_) => "lista",
        Value::Record(_) => "post",
    }
}

/// A date as a value.
pub fn date(date: NaiveDate) -> Value {
    Value::Date(date)
}

/// The number in a value: an amount or a whole number.
pub fn as_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(int) => Some(Decimal::from(*int)),
        Value::Decimal(decimal) => Some(*decimal),
        _ => None,
    }
}

/// The date in a value.
pub fn as_date(value: &Value) -> Option<NaiveDate> {
    if let Value::Date(date) = value { Some(*date) } else { None }
}

/// The month in a value.
pub fn as_month(value: &Value) -> Option<Month> {
    if let Value::Month(month) = value { Some(*month) } else { None }
}

/// The identity number in a value.
pub fn as_personnummer(value: &Value) -> Option<Personnummer> {
    if let Value::Personnummer(number) = value { Some(number.as_ref().clone()) } else { None }
}

/// The text in a value that is a text.
pub fn as_text(value: &Value) -> Option<String> {
    if let Value::Text(text) = value { Some(text.to_string()) } else { None }
}

/// The value as it is written within text. Empty values, lists and records can't be: the error says so in Swedish.
pub fn text_of(value: &Value) -> Result<String, String> {
    let mut text = String::new();
    write_text(value, &mut text).map(|()| text)
}

/// Writes a value as [`text_of`] does, at the end of a text.
pub(crate) fn write_text(value: &Value, text: &mut String) -> Result<(), String> {
    let written = match value {
        Value::Text(part) => text.write_str(part),
        Value::Int(int) => write!(text, "{int}"),
        Value::Decimal(decimal) => text.write_str(&money::plain(*decimal)),
        Value::Bool(yes) => text.write_str(if *yes { "ja" } else { "nej" }),
        Value::Date(date) => write!(text, "{date}"),
        Value::Month(month) => write!(text, "{month}"),
        Value::Personnummer(number) => text.write_str(number.text()),
        Value::Null => {
            return Err("värdet är tomt och kan inte skrivas i text; pröva is_null(…) eller ?? först".to_owned());
        }
        Value::List(_) | Value::Record(_) => {
            let kind = value.indefinite();
            return Err(format!("{kind} kan inte skrivas i text; välj ett fält eller använd join(…)"));
        }
    };
    written.map_err(|_| "texten kan inte skrivas".to_owned())
}

macro_rules! from {
    ($($kind:ty, $value:ident => $made:expr;)*) => { $(
        impl From<$kind> for Value {
            fn from($value: $kind) -> Self {
                $made
            }
        }
    )* };
}

from! {
    bool, yes => Self::Bool(yes);
    i64, int => Self::Int(int);
    i32, int => Self::Int(int.into());
    u32, int => Self::Int(int.into());
    Decimal, decimal => Self::Decimal(decimal);
    String, text => Self::Text(text.into());
    &str, text => Self::Text(text.into());
    NaiveDate, date => Self::Date(date);
    Month, month => Self::Month(month);
    Personnummer, number => Self::Personnummer(Arc::new(number));
    Vec<Value>, list => Self::List(list.into());
    Map, fields => Self::Record(Record(fields.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect()));
}

impl<T: Into<Value>> From<Option<T>> for Value {
    /// Nothing is [`Value::Null`].
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
