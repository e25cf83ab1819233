//! Values as JSON: tagged, so that nothing is lost between two runs, or plain, as facts and reports want them.

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::{Map, Month, Personnummer, Record, Value};

/// JSON from which [`from_json`] makes the same value again: `{"$money": "1.50"}`, `{"$date": …}`, `{"$month": …}`,
/// `{"$personnummer": …}`; texts, whole numbers, yes/no and nothing are plain.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Decimal(decimal) => json!({ "$money": decimal.to_string() }),
        Value::Date(date) => json!({ "$date": date.to_string() }),
        Value::Month(month) => json!({ "$month": month.to_string() }),
        Value::Personnummer(number) => json!({ "$personnummer": number.text() }),
        Value::Record(record) => {
            let map = record_to_json(record, to_json);
            if looks_tagged(&map) { json!({ "$map": map }) } else { map }
        }
        other => untagged(other, to_json),
    }
}

/// JSON for other programs: money as a text without trailing zeros (`"6020"`), dates and months as ISO text.
pub fn plain_json(value: &Value) -> Json {
    match value {
        Value::Decimal(decimal) => Json::String(decimal.normalize().to_string()),
        Value::Date(date) => Json::String(date.to_string()),
        Value::Month(month) => Json::String(month.to_string()),
        Value::Personnummer(number) => Json::String(number.text().to_owned()),
        Value::Record(record) => record_to_json(record, plain_json),
        other => untagged(other, plain_json),
    }
}

fn untagged(value: &Value, each: fn(&Value) -> Json) -> Json {
    match value {
        Value::Bool(yes) => Json::Bool(*yes),
        Value::Int(int) => Json::from(*int),
        Value::Text(text) => Json::String(text.to_string()),
        Value::List(list) => list.iter().map(each).collect(),
        _ => Json::Null,
    }
}

fn record_to_json(record: &Record, each: fn(&Value) -> Json) -> Json {
    record.fields().map(|(name, value)| (name.to_owned(), each(value))).collect()
}

fn looks_tagged(json: &Json) -> bool {
    json.as_object().is_some_and(|map| map.len() == 1 && map.keys().all(|key| key.starts_with('$')))
}

/// The value of JSON. Tags are read back; a number with decimals becomes an amount, never a float.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(yes) => Value::from(*yes),
        Json::String(text) => Value::from(text.as_str()),
        Json::Number(number) => from_number(number),
        Json::Array(list) => Value::from(list.iter().map(from_json).collect::<Vec<_>>()),
        Json::Object(_) if looks_tagged(json) => from_tag(json).unwrap_or_else(|| from_object(json)),
        Json::Object(_) => from_object(json),
    }
}

fn from_object(json: &Json) -> Value {
    let entries = json.as_object().into_iter().flatten();
    Value::from(entries.map(|(key, value)| (key.clone(), from_json(value))).collect::<Map>())
}

fn from_tag(json: &Json) -> Option<Value> {
    let (tag, value) = json.as_object()?.iter().next()?;
    if tag == "$map" {
        return Some(from_object(value));
    }
    let text = value.as_str()?;
    Some(match tag.as_str() {
        "$money" => Value::from(text.parse::<Decimal>().ok()?),
        "$date" => crate::date(text.parse().ok()?),
        "$month" => text.parse::<Month>().ok()?.into(),
        "$personnummer" => Personnummer::parse(text).ok()?.into(),
        _ => return None,
    })
}

fn from_number(number: &serde_json::Number) -> Value {
    if let Some(int) = number.as_i64() {
        return Value::from(int);
    }
    let text = number.to_string();
    match text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&text)) {
        Ok(decimal) => Value::from(decimal),
        Err(_) => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_as_it_was() {
        let json = json!({
            "belopp": {"$money": "1.50"}, "dag": {"$date": "2025-12-05"}, "period": {"$month": "2025-12"},
            "person": {"$personnummer": "196408233234"}, "antal": 3, "namn": "Åsa", "tomt": null, "ja": true,
            "lista": [{"$money": "-0.10"}, {"$map": {"$money": "text"}}, {"$map": {"$annat": [1]}}, []]
        });
        assert_eq!(to_json(&from_json(&json)), json);
    }

    #[test]
    fn plain_money_has_no_trailing_zeros() {
        let json = json!({"a": {"$money": "6020.00"}, "b": [{"$money": "507.50"}], "c": {"$month": "2025-12"}});
        assert_eq!(plain_json(&from_json(&json)), json!({"a": "6020", "b": ["507.5"], "c": "2025-12"}));
    }

    #[test]
    fn a_number_with_decimals_is_an_amount_and_exact() {
        assert_eq!(to_json(&from_json(&json!(0.1))), json!({"$money": "0.1"}));
        assert_eq!(to_json(&from_json(&json!(u64::MAX))), json!({"$money": "18446744073709551615"}));
    }
}
