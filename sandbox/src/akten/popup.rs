//! The popup windows: a new calculation, decision or payment, an old record, and the date picker. A save is a save: nobody looks
//! whether the same was saved a moment ago.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    response::Response,
};
use chrono::{Datelike, Local, Months, NaiveDate};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::{COSTS, INCOMES, failed, form::Fields, message};
use crate::{
    amount,
    record::{Detail, Kind, NewRecord},
    shared::Shared,
};

#[derive(Deserialize)]
pub struct OfAkt {
    #[serde(default)]
    akt: String,
}

pub async fn show(State(shared): State<Arc<Shared>>, Path(form): Path<String>, Query(of): Query<OfAkt>) -> Response {
    match Kind::from_popup_path(&form) {
        Some(kind) => page(&shared, kind, &of.akt, &Fields::read(b""), ""),
        None => message(&shared, "Sidan finns inte"),
    }
}

pub async fn save(
    State(shared): State<Arc<Shared>>,
    Path(form): Path<String>,
    Query(of): Query<OfAkt>,
    body: Bytes,
) -> Response {
    let Some(kind) = Kind::from_popup_path(&form) else {
        return message(&shared, "Sidan finns inte");
    };
    let fields = Fields::read(&body);
    let record = match record_of(kind, &of.akt, &fields) {
        Ok(record) => record,
        Err(wrong) => return page(&shared, kind, &of.akt, &fields, &wrong),
    };
    match shared.store.save_record(&record, "form").await {
        Ok(id) => shared.pages.show("akten/saved.html", json!({"id": id, "akt": of.akt, "list": kind.list_path()})),
        Err(problem) => failed(&problem),
    }
}

fn page(shared: &Shared, kind: Kind, akt: &str, fields: &Fields, wrong: &str) -> Response {
    let Some(one) = shared.seed.dossier(akt) else {
        return message(shared, "Ingen akt hittades");
    };
    let template = match kind {
        Kind::Calculation => "akten/calculation.html",
        Kind::Decision => "akten/decision.html",
        Kind::Payment => "akten/payment.html",
    };
    let (incomes, costs) = (named("f2", &INCOMES), named("f3", &COSTS));
    shared.pages.show(
        template,
        json!({"one": one, "akt": akt, "wrong": wrong, "f": fields.all(), "incomes": incomes, "costs": costs}),
    )
}

/// Each row with the beginning of its fields' names.
fn named(prefix: &str, kinds: &[&'static str]) -> Vec<(&'static str, String)> {
    kinds.iter().enumerate().map(|(index, kind)| (*kind, format!("{prefix}{index:02}"))).collect()
}

fn record_of(kind: Kind, akt: &str, fields: &Fields) -> Result<NewRecord, String> {
    let detail = match kind {
        Kind::Calculation => calculation(fields)?,
        Kind::Decision => decision(fields)?,
        Kind::Payment => payment(fields)?,
    };
    Ok(NewRecord {
        kind,
        akt: akt.to_owned(),
        reference: fields.typed("f11").to_owned(),
        period: month(fields.typed("f12"))?,
        amount: sum("Belopp", fields.typed("f14"))?,
        detail,
    })
}

fn calculation(fields: &Fields) -> Result<Detail, String> {
    let mut detail = Detail { norm: Some(sum("Riksnorm", fields.typed("f13"))?), ..Detail::default() };
    detail.incomes = rows(fields, "f2", &INCOMES)?;
    detail.costs = rows(fields, "f3", &COSTS)?;
    let total = |cells: Vec<&String>| cells.into_iter().filter_map(|text| amount::parse(text).ok()).sum::<Decimal>();
    detail.income = Some(total(detail.incomes.iter().flat_map(|(_, one, two)| [one, two]).collect()));
    detail.cost = Some(total(detail.costs.iter().map(|(_, _, approved)| approved).collect()));
    Ok(detail)
}

/// The rows of a table with anything typed in them.
fn rows(fields: &Fields, prefix: &str, kinds: &[&str]) -> Result<Vec<(String, String, String)>, String> {
    let mut found = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let cell = |column: char| fields.typed(&format!("{prefix}{index:02}{column}")).to_owned();
        let (left, right) = (cell('a'), cell('b'));
        for typed in [&left, &right].into_iter().filter(|typed| !typed.is_empty()) {
            sum(kind, typed)?;
        }
        if !left.is_empty() || !right.is_empty() {
            found.push(((*kind).to_owned(), left, right));
        }
    }
    Ok(found)
}

fn decision(fields: &Fields) -> Result<Detail, String> {
    let decision_type = fields.typed("f15");
    if !matches!(decision_type, "Bifall" | "Avslag") {
        return Err("Fel: Beslutstyp är inte vald".to_owned());
    }
    Ok(Detail {
        decision_type: decision_type.to_owned(),
        decided_by: fields.typed("f16").to_owned(),
        reason: fields.typed("f17").to_owned(),
        ..Detail::default()
    })
}

fn payment(fields: &Fields) -> Result<Detail, String> {
    let date = fields.typed("f18");
    if NaiveDate::parse_from_str(date, "%Y-%m-%d").is_err() {
        return Err("Fel: Datum är inte ett datum".to_owned());
    }
    Ok(Detail { date: date.to_owned(), recipient: fields.typed("f19").to_owned(), ..Detail::default() })
}

fn sum(label: &str, typed: &str) -> Result<Decimal, String> {
    amount::parse(typed).map_err(|_| format!("Fel: {label} är inte ett belopp"))
}

fn month(typed: &str) -> Result<String, String> {
    match NaiveDate::parse_from_str(&format!("{typed}-01"), "%Y-%m-%d") {
        Ok(_) => Ok(typed.to_owned()),
        Err(_) => Err("Fel: Period är inte en månad".to_owned()),
    }
}

#[derive(Deserialize)]
pub struct OfRecord {
    id: i64,
}

pub async fn record(State(shared): State<Arc<Shared>>, Query(of): Query<OfRecord>) -> Response {
    match shared.store.record(of.id).await {
        Ok(Some(one)) => shared.pages.show("akten/record.html", json!({"title": one.kind.list(), "one": one})),
        Ok(None) => message(&shared, "Posten finns inte"),
        Err(problem) => failed(&problem),
    }
}

#[derive(Deserialize)]
pub struct OfMonth {
    #[serde(default)]
    m: String,
}

const MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
];

pub async fn date(State(shared): State<Arc<Shared>>, Query(of): Query<OfMonth>) -> Response {
    let asked = NaiveDate::parse_from_str(&format!("{}-01", of.m), "%Y-%m-%d").ok();
    let Some(first) = asked.or_else(|| Local::now().date_naive().with_day(1)) else {
        return message(&shared, "Månaden finns inte");
    };
    let month = |date: Option<NaiveDate>| date.map(|date| date.format("%Y-%m").to_string());
    let next = first.checked_add_months(Months::new(1));
    let name = MONTHS[first.month0() as usize % MONTHS.len()];
    let empty = first.weekday().num_days_from_monday();
    let days = next.map_or(28, |next| (next - first).num_days());
    shared.pages.show(
        "akten/date.html",
        json!({"title": format!("{name} {}", first.year()), "month": month(Some(first)), "empty": empty, "days": days, "before": month(first.checked_sub_months(Months::new(1))), "after": month(next)}),
    )
}
