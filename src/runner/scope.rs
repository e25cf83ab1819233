//! What expressions in a bot may see.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use expression::{Scope, Value};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::config::Config;
use crate::model::{Decision, RunId};

/// The names that are there in every stage: `now`, `today`, `run` and `config`.
pub(super) fn base(config: &Config, now: DateTime<Utc>, run: &RunId) -> Scope {
    let zone: Tz = config.timezone.parse().unwrap_or(chrono_tz::Europe::Stockholm);
    let local = now.with_timezone(&zone);
    let mut scope = Scope::default();
    scope.set("now", Value::from(local.format("%Y-%m-%d %H:%M").to_string()));
    scope.set("today", expression::date(local.date_naive()));
    scope.set("run", map([("id", Value::from(run.0.clone()))]));
    let values = config.values.iter().map(|(name, value)| (name.as_str().into(), Value::from(value.clone())));
    scope.set("config", Value::from(values.collect::<expression::Map>()));
    scope
}

/// `suggestion`: the answer of the decision library, with money as money.
pub(super) fn suggestion(answer: &Json) -> Value {
    with_money(None, answer)
}

/// `decision`: what was decided, and by whom.
pub(super) fn decision(decision: &Decision) -> Value {
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
    map([
        ("outcome", Value::from(decision.outcome.clone())),
        ("amount", decision.kronor().map_or(Value::Null, Value::from)),
        ("by", Value::from(decision.by())),
        ("delegation", text(&decision.delegation_reference)),
        ("at", Value::from(decision.at.clone())),
        ("reason", text(&decision.reason)),
        ("changed", Value::from(decision.changed)),
        ("motivation", text(&decision.motivation)),
        ("suggestion_id", Value::from(decision.suggestion_id.clone())),
    ])
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    entries.into_iter().map(|(name, value)| (name.into(), value)).collect::<expression::Map>().into()
}

/// The answer's JSON as a value; the members that the contract says are kronor become money.
fn with_money(name: Option<&str>, json: &Json) -> Value {
    const MONEY: &[&str] = &["amount", "need", "income", "norm", "surplus"];
    match json {
        Json::String(text) if name.is_some_and(|name| MONEY.contains(&name)) => {
            text.parse::<Decimal>().map_or_else(|_| Value::from(text.clone()), Value::from)
        }
        Json::Array(list) => list.iter().map(|element| with_money(None, element)).collect::<Vec<Value>>().into(),
        Json::Object(entries) => {
            let entries = entries.iter().map(|(name, value)| (name.as_str().into(), with_money(Some(name), value)));
            entries.collect::<expression::Map>().into()
        }
        other => expression::from_json(other),
    }
}
