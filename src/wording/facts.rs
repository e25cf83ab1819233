//! Facts and fields as people read them: names in Swedish, amounts in kronor, months and times as we write them.
//!
//! A name that is a municipality's own, such as a field of its robot, stands as it was written.

use chrono_tz::Tz;
use expression::Month;
use serde_json::{Map, Value};

/// The fields of facts that are kronor.
const AMOUNTS: &[&str] =
    &["net", "gross", "applied", "amount", "earned_this_year", "earned_before", "surplus_previous"];

/// A list of maps: its columns, and its rows.
pub type Table = (Vec<String>, Vec<Vec<String>>);

/// What a field is called.
pub fn name(field: &str) -> String {
    decision::fact_label(field).map_or_else(|| field.replace('_', " "), ToOwned::to_owned)
}

/// The facts one by one, with the lists inside a map (the adults of a household) by themselves.
pub fn each(facts: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (field, value) in facts.as_object().into_iter().flatten() {
        let is_list = |value: &Value| maps(value).is_some_and(|maps| !maps.is_empty());
        let (lists, rest): (Vec<_>, Vec<_>) =
            value.as_object().into_iter().flatten().partition(|(_, inside)| is_list(inside));
        if lists.is_empty() {
            all.push((field.clone(), value.clone()));
            continue;
        }
        let rest: Map<String, Value> = rest.into_iter().map(|(field, value)| (field.clone(), value.clone())).collect();
        all.push((field.clone(), Value::Object(rest)));
        all.extend(lists.into_iter().map(|(field, value)| (field.clone(), value.clone())));
    }
    all
}

/// A value of a field on one line.
pub fn text(field: &str, value: &Value, zone: Tz) -> String {
    match value {
        Value::String(text) => word(field, text, zone),
        Value::Null => "–".into(),
        Value::Bool(true) => "ja".into(),
        Value::Bool(false) => "nej".into(),
        Value::Number(number) => number.to_string(),
        Value::Array(list) if list.is_empty() => "–".into(),
        Value::Array(list) => list.iter().map(|one| text(field, one, zone)).collect::<Vec<_>>().join(", "),
        Value::Object(map) => {
            let one = |(field, value): (&String, &Value)| format!("{}: {}", name(field), text(field, value, zone));
            map.iter().map(one).collect::<Vec<_>>().join(", ")
        }
    }
}

fn word(field: &str, text: &str, zone: Tz) -> String {
    if AMOUNTS.contains(&field) && text.parse::<rust_decimal::Decimal>().is_ok() {
        return format!("{} kr", super::kronor(text));
    }
    if let Some(word) = decision::fact_word(text) {
        return word;
    }
    if text.len() == 7 && text.parse::<Month>().is_ok() {
        return super::month(text);
    }
    super::local_time(text, zone)
}

/// A list of maps as a table.
pub fn table(value: &Value, zone: Tz) -> Option<Table> {
    let maps = maps(value)?;
    let mut fields: Vec<&String> = Vec::new();
    for field in maps.iter().flat_map(|map| map.keys()) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    let cell = |map: &Map<String, Value>, field: &String| {
        map.get(field).map(|value| text(field, value, zone)).unwrap_or_default()
    };
    let rows = maps.iter().map(|map| fields.iter().map(|field| cell(map, field)).collect()).collect();
    (!fields.is_empty()).then(|| (fields.iter().map(|field| name(field)).collect(), rows))
}

fn maps(value: &Value) -> Option<Vec<&Map<String, Value>>> {
    value.as_array()?.iter().map(Value::as_object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Stockholm;
    use serde_json::json;

    #[test]
    fn facts_are_told_in_swedish_with_kronor_months_and_local_times() {
        let facts = json!({
            "period": "2025-12",
            "household": {"kind": "single", "community_size": 1, "adults": [{"id": "a1", "born": "1985-02-03"}], "children": []},
            "incomes": [{"kind": "lön", "net": "6300.5", "already_reduced": false}],
            "sources": {"fk": "ok", "af": "timeout"},
            "answers": {"fk": {"at": "2025-12-10T08:31:00Z"}},
        });
        let told: Vec<String> = each(&facts)
            .iter()
            .map(|(field, value)| format!("{}: {}", name(field), text(field, value, Stockholm)))
            .collect();
        assert_eq!(
            told,
            [
                "när myndigheterna svarade: fk: tidpunkt: 2025-12-10 09:31",
                "hushåll: barn: –, personer i boendet: 1, slag: ensamstående",
                "vuxna: född: 1985-02-03, beteckning: a1",
                "inkomster: redan minskad med jobbstimulans: nej, slag: lön, nettobelopp: 6 300,50 kr",
                "period: december 2025",
                "myndigheternas svar: af: inget svar, fk: fullständigt",
            ]
        );
    }

    #[test]
    fn a_list_of_maps_is_a_table_and_a_robots_own_names_stand() {
        let (columns, rows) =
            table(&json!([{"kind": "hyra", "applied": "6300"}, {"kind": "el", "not_ours": "x"}]), Stockholm)
                .expect("a table");
        assert_eq!(columns, ["sökt belopp", "slag", "not ours"]);
        assert_eq!(rows, [["6 300 kr", "hyra", ""], ["", "el", "x"]]);
    }
}
