//! An item's record: its fields with their types, as values for expressions and as JSON for the store.

use std::collections::BTreeMap;

use expression::{Month, Personnummer, Value, from_json, to_json};
use serde_json::{Map, Value as Json};

use crate::bot::{FieldType, Fields};

/// The fields of one item, each of its declared type or empty.
#[derive(Debug, Clone, Default)]
pub struct Record {
    values: BTreeMap<String, Value>,
}

impl Record {
    /// The record as it was stored.
    pub fn restore(stored: &Json) -> Self {
        let entries = stored.as_object().into_iter().flatten();
        Self { values: entries.map(|(name, value)| (name.clone(), from_json(value))).collect() }
    }

    /// The record as it is stored: exact, with the type of every value.
    pub fn store(&self) -> Json {
        Json::Object(self.values.iter().map(|(name, value)| (name.clone(), to_json(value))).collect::<Map<_, _>>())
    }

    /// Sets a field, of its declared type; or says why the value is not of that type.
    pub fn set(&mut self, fields: &Fields, name: &str, value: &Value) -> Result<(), String> {
        let field = fields.get(name).ok_or_else(|| format!("ärendet har inget fält `{name}`"))?;
        let value = coerce(field.kind, value).map_err(|why| format!("fältet `{name}`: {why}"))?;
        self.values.insert(name.to_owned(), value);
        Ok(())
    }

    /// `item` of expressions: every declared field, empty ones as null.
    pub fn as_item(&self, fields: &Fields) -> Value {
        let mut map = expression::Map::new();
        for field in &fields.0 {
            map.insert(field.name.clone(), self.values.get(&field.name).cloned().unwrap_or(Value::Null));
        }
        map.into()
    }

    /// Every text that a personal field may be shown as, for masks.
    pub fn personal_texts(&self, fields: &Fields) -> Vec<String> {
        let mut texts = Vec::new();
        for field in fields.0.iter().filter(|field| field.personal) {
            if let Some(value) = self.values.get(&field.name) {
                collect_texts(value, &mut texts);
            }
        }
        texts.retain(|text| text.chars().count() > 2);
        texts.sort();
        texts.dedup();
        texts
    }
}

/// Every amount of money within a value, as pages write it.
pub(super) fn amounts(value: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    collect_amounts(value, &mut texts);
    texts.retain(|text| text.chars().count() > 2);
    texts
}

fn collect_amounts(value: &Value, texts: &mut Vec<String>) {
    if let Some(list) = value.as_list() {
        for element in list {
            collect_amounts(element, texts);
        }
    } else if let Some(record) = value.as_record() {
        for (_, element) in record.fields() {
            collect_amounts(element, texts);
        }
    } else if let Some(amount) = expression::as_decimal(value) {
        texts.push(expression::money::plain(amount));
    }
}

/// The texts of a value and of everything within it.
fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    if let Some(list) = value.as_list() {
        for element in list {
            collect_texts(element, texts);
        }
    } else if let Some(record) = value.as_record() {
        for (_, element) in record.fields() {
            collect_texts(element, texts);
        }
    } else if let Some(number) = expression::as_personnummer(value) {
        let digits = number.text().to_owned();
        if digits.chars().count() == 12 {
            let (date, last) = digits.split_at(8);
            texts.extend([format!("{date}-{last}"), format!("{}-{last}", &date[2..]), digits[2..].to_owned()]);
        }
        texts.push(digits);
    } else if let Some(amount) = expression::as_decimal(value) {
        texts.extend([expression::money::kr(amount), expression::money::plain(amount)]);
    } else if let Some(text) = expression::as_text(value) {
        texts.push(text);
    } else if let Ok(text) = expression::text_of(value) {
        texts.push(text);
    }
}

/// A record from plain JSON, as a person or another program writes it: `{"hyra": "6 300,00 kr"}`.
pub fn from_plain(fields: &Fields, plain: &Json) -> Result<Record, String> {
    let entries = plain.as_object().ok_or("ärendet ska vara ett JSON-objekt med fält")?;
    let mut record = Record::default();
    for (name, value) in entries {
        record.set(fields, name, &from_json(value))?;
    }
    Ok(record)
}

/// A value as the declared type, or why it is not one.
fn coerce(kind: FieldType, value: &Value) -> Result<Value, String> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let text = || expression::text_of(value);
    match kind {
        FieldType::Text => text().map(Value::from),
        FieldType::Money => match expression::as_decimal(value) {
            Some(amount) => Ok(amount.into()),
            None => expression::money::parse(&text()?).map(Value::from),
        },
        FieldType::Integer if matches!(value, Value::Int(_)) => Ok(value.clone()),
        FieldType::Integer => {
            let text = text()?;
            text.trim().parse::<i64>().map(Value::from).map_err(|_| "inget heltal".to_owned())
        }
        FieldType::Date => match expression::as_date(value) {
            Some(date) => Ok(expression::date(date)),
            None => text()?.trim().parse().map(expression::date).map_err(|_| "inget datum (ÅÅÅÅ-MM-DD)".to_owned()),
        },
        FieldType::Month => match expression::as_month(value) {
            Some(_) => Ok(value.clone()),
            None => text()?.trim().parse::<Month>().map(Value::from).map_err(|_| "ingen månad (ÅÅÅÅ-MM)".to_owned()),
        },
        FieldType::Personnummer => match expression::as_personnummer(value) {
            Some(_) => Ok(value.clone()),
            None => Personnummer::parse(&text()?).map(Value::from).map_err(|_| "inget personnummer".to_owned()),
        },
        FieldType::Bool if value.as_bool().is_some() => Ok(value.clone()),
        FieldType::Bool => match text()?.trim().to_lowercase().as_str() {
            "ja" | "true" => Ok(true.into()),
            "nej" | "false" => Ok(false.into()),
            _ => Err("varken ja eller nej".to_owned()),
        },
        FieldType::List if value.as_list().is_some() => Ok(value.clone()),
        FieldType::List => Err("ingen lista".to_owned()),
        FieldType::Map if value.as_record().is_some() => Ok(value.clone()),
        FieldType::Map => Err("inga namngivna värden".to_owned()),
    }
}
