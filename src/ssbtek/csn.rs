//! CSN: study support, XML within base64. One payment holds grant and loan, which are different incomes, so each
//! part is a row; when the parts do not add up to what was paid, nothing is counted and the answer is partial.

use chrono::{NaiveDate, Weekday};
use rust_decimal::Decimal;

use super::answer::IncomeRow;
use super::envelope::{base64, unreadable, wrong_person};
use super::reading::{Reading, RowError};
use super::request::Question;
use super::value::{compact_day, kronor, shared_month, week};
use super::xml::Element;
use super::{Agency, Config, kind};

/// The kinds of support that are paid out, as the contract names them.
const SUPPORTS: [&str; 5] =
    ["Studiemedel", "Studiehjalp", "HemutrustningsLan", "Studiestartsstod", "Omstallningsstudiestod"];

pub(super) fn read(data: &Element, question: &Question, config: &Config) -> Reading {
    let Some(bytes) = data.value("svar").and_then(base64) else {
        return unreadable("CSN:s svar är inte base64");
    };
    let document = match Element::from_bytes(&bytes) {
        Ok(document) if document.name == "CSNSvar" => document,
        Ok(_) => return unreadable("CSN:s svar är inte ett CSNSvar"),
        Err(error) => return unreadable(&format!("CSN: {error}")),
    };
    let (Some(result), Some(persons)) =
        (document.at(&["GemensamtSvarEkbistand", "Resultat"]), document.child("Personer"))
    else {
        return unreadable("CSN:s svar saknar resultat eller personer");
    };
    let mut reading = Reading::new();
    let code = result.value("ResultatKod").unwrap_or_default();
    if !config.means_answered(Agency::Csn, code) {
        reading.partial(&format!("resultat {code}"), result.value("ResultatText").unwrap_or("okänt resultat"));
    }
    for person in persons.children("Person") {
        if !is_about(person, question) {
            return wrong_person();
        }
        read_person(person, config, &mut reading);
    }
    reading
}

/// CSN writes ten digits, and the century beside them.
fn is_about(person: &Element, question: &Question) -> bool {
    let century = person.attribute("sekel").is_none_or(|century| question.number.starts_with(century));
    century && person.attribute("personnummer") == Some(&question.number[2..])
}

fn read_person(person: &Element, config: &Config, reading: &mut Reading) {
    reading.protected |= person.attribute("sekretess").is_some_and(|mark| !mark.is_empty());
    for support in SUPPORTS.iter().filter_map(|name| person.child(name)) {
        let errands = support.child("Arenden").into_iter().flat_map(|errands| errands.children("Arende"));
        for errand in errands {
            let plan = errand.child("UtbetalningsPlan").or_else(|| errand.child("Utbetalningsplan"));
            for payment in plan.into_iter().flat_map(|plan| plan.children("Utbetalning")) {
                read_payment(payment, config, reading);
            }
        }
    }
}

fn read_payment(payment: &Element, config: &Config, reading: &mut Reading) {
    match rows(payment, config) {
        Ok(rows) => reading.rows.extend(rows),
        Err(error) => reading.row(Err(error)),
    }
}

/// Every part of a payment that is more than nothing.
fn rows(payment: &Element, config: &Config) -> Result<Vec<IncomeRow>, RowError> {
    let field = |name: &str| payment.value(name).ok_or_else(|| RowError::missing(name));
    let paid = compact_day(field("utbetdatum")?, "utbetdatum")?;
    let total = kronor(field("totbelopp")?, "totbelopp")?;
    let planned = match field("utbetstatus")?.to_lowercase().as_str() {
        "utbetald" | "utbetalad" => false,
        "planerad" => true,
        _ => return Err(RowError::unreadable("utbetstatus")),
    };
    let times = payment.child("Utbetaldatider").ok_or_else(|| RowError::missing("Utbetaldatider"))?;
    let mut rows = Vec::new();
    for time in times.children("Utbetaldtid") {
        let (from, to) = (edge(time, "startvecka", Weekday::Mon)?, edge(time, "slutvecka", Weekday::Sun)?);
        for part in time.child("Beloppen").into_iter().flat_map(|parts| parts.children("Belopp")) {
            rows.push(IncomeRow { paid: Some(paid), planned, ..row(part, from, to, config)? });
        }
    }
    if rows.iter().map(|row| row.net).sum::<Decimal>() != total {
        return Err(RowError("en utbetalnings delar är inte lika med det utbetalade".into()));
    }
    rows.retain(|row| !row.net.is_zero());
    Ok(rows)
}

fn row(part: &Element, from: Option<NaiveDate>, to: Option<NaiveDate>, config: &Config) -> Result<IncomeRow, RowError> {
    let field = |name: &str| part.value(name).ok_or_else(|| RowError::missing(name));
    let (code, text) = (field("beloppstyp")?, part.value("klartext"));
    Ok(IncomeRow {
        person: 0,
        source: Agency::Csn,
        kind: kind::of(config, Agency::Csn, code, text),
        code: code.to_owned(),
        text: text.map(str::to_owned),
        period: shared_month(from, to),
        from,
        to,
        gross: None,
        net: kronor(field("belopp")?, "belopp")?,
        paid: None,
        planned: false,
        deductions: Vec::new(),
    })
}

/// The first or last day of the weeks paid for; the weeks may be left out.
fn edge(time: &Element, name: &str, weekday: Weekday) -> Result<Option<NaiveDate>, RowError> {
    time.value(name).map(|text| week(text, weekday, name)).transpose()
}
