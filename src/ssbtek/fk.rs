//! Försäkringskassan and Pensionsmyndigheten: LEFI v9, JSON within base64. The two have models of their own.
//!
//! An answer with status 200 can be partial: an agency that is down gives no rows, and a benefit group that could not
//! be fetched is only named under `avvikelser`.

use chrono::NaiveDate;
use expression::Month;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Number, Value};

use super::answer::{Deduction, IncomeRow};
use super::envelope::{base64, unreadable, wrong_person};
use super::pension::Pension;
use super::reading::{Reading, RowError};
use super::request::Question;
use super::value::{day, kronor, shared_month};
use super::xml::Element;
use super::{Agency, Config, kind};

/// The payer's number in Försäkringskassan's model.
const PENSIONSMYNDIGHETEN: u32 = 1003;

/// The answer as far as it is asked for; other fields are not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lefi {
    #[serde(default)]
    utlamnare: Vec<Provider>,
    avvikelser: Option<Value>,
    formansinformation: Option<Benefits>,
    #[serde(default)]
    preliminara_utbetalningar: Vec<Pension>,
    #[serde(default)]
    utbetalningar: Vec<Pension>,
}

#[derive(Deserialize)]
struct Provider {
    utlamnare: Code,
    tillstand: Code,
}

#[derive(Deserialize)]
pub(super) struct Code {
    pub(super) kod: String,
    #[serde(default)]
    pub(super) beskrivning: String,
}

#[derive(Deserialize)]
struct Letters {
    id: Option<String>,
    beskrivning: Option<String>,
}

#[derive(Deserialize)]
struct Digits {
    id: u32,
}

#[derive(Deserialize)]
struct Benefits {
    #[serde(default, rename = "generellPersoninformation")]
    persons: Vec<Person>,
    #[serde(default, rename = "utbetalningsuppgift")]
    paid: Vec<Payment>,
    #[serde(default, rename = "preliminarautbetalningar")]
    planned: Vec<Payment>,
}

#[derive(Deserialize)]
struct Person {
    personnummer: Option<String>,
    #[serde(default)]
    skyddad: bool,
}

#[derive(Deserialize)]
struct Payment {
    /// Who pays.
    foretag: Option<Digits>,
    formansfamilj: Option<Letters>,
    datum: Option<String>,
    period: Option<FromTo>,
    bruttobelopp: Option<Amount>,
    skattebelopp: Option<Amount>,
    avdragsbelopp: Option<Amount>,
    nettobelopp: Option<Amount>,
    #[serde(default)]
    utbetalningsdetalj: Vec<Detail>,
}

#[derive(Deserialize)]
struct FromTo {
    fran: Option<String>,
    till: Option<String>,
}

#[derive(Deserialize)]
struct Amount {
    summa: Number,
    valuta: Option<String>,
}

#[derive(Deserialize)]
struct Detail {
    forman: Option<Letters>,
    beloppstyp: Option<Letters>,
    skattebelopp: Option<Amount>,
    avdragsbelopp: Option<Amount>,
}

impl Payment {
    /// Paid by Pensionsmyndigheten, or one of the benefits that both agencies tell of.
    fn is_pension(&self) -> bool {
        let family = self.formansfamilj.as_ref().and_then(|family| family.id.as_deref());
        let by_pm = self.foretag.as_ref().is_some_and(|payer| payer.id == PENSIONSMYNDIGHETEN);
        by_pm || ["AP", "BTI", "EF"].into_iter().any(|code| family == Some(code))
    }
}

pub(super) fn read(data: &Element, question: &Question, config: &Config) -> Reading {
    let Some(bytes) = data.value("lefiJsonSvar").and_then(base64) else {
        return unreadable("Försäkringskassans svar är inte base64");
    };
    // The parser's own message may quote a value.
    let Ok(lefi) = serde_json::from_slice::<Lefi>(&bytes) else {
        return unreadable("Försäkringskassans svar är inte LEFI version 9");
    };
    let benefits = lefi.formansinformation.as_ref();
    let persons = benefits.map(|benefits| benefits.persons.as_slice()).unwrap_or_default();
    if persons.iter().filter_map(|person| person.personnummer.as_deref()).any(|number| !is_about(number, question)) {
        return wrong_person();
    }
    let mut reading = Reading::new();
    reading.protected = persons.iter().any(|person| person.skyddad);
    read_providers(&lefi.utlamnare, config, &mut reading);
    read_deviations(lefi.avvikelser.as_ref(), &mut reading);
    if let Some(benefits) = benefits {
        read_benefits(benefits, &lefi, config, &mut reading);
    }
    for (payments, planned) in [(&lefi.utbetalningar, false), (&lefi.preliminara_utbetalningar, true)] {
        for payment in payments {
            reading.row(payment.row(planned, config));
        }
    }
    reading
}

/// A pension can be told twice while it moves from one agency's model to the other's. It is counted once when it is
/// plainly the same; a pension that could be the same as another makes the answer partial.
fn read_benefits(benefits: &Benefits, lefi: &Lefi, config: &Config, reading: &mut Reading) {
    let pensions = || lefi.utbetalningar.iter().chain(&lefi.preliminara_utbetalningar);
    for (payments, planned) in [(&benefits.paid, false), (&benefits.planned, true)] {
        for payment in payments {
            let may_be_told_twice = payment.is_pension() && pensions().next().is_some();
            if may_be_told_twice && pensions().any(|pension| is_same(payment, pension)) {
                continue;
            }
            if may_be_told_twice {
                reading
                    .partial("told_twice", "en pension kan finnas både hos Försäkringskassan och Pensionsmyndigheten");
            }
            reading.row(row(payment, planned, config));
        }
    }
}

fn is_same(payment: &Payment, pension: &Pension) -> bool {
    let net = kronor_of(payment.nettobelopp.as_ref(), "nettobelopp").ok().flatten();
    net.is_some_and(|net| payment.datum.as_deref().is_some_and(|paid| pension.is_payment_of(net, paid)))
}

/// LEFI allows ten digits.
fn is_about(number: &str, question: &Question) -> bool {
    number == question.number || (number.len() == 10 && question.number.ends_with(number))
}

/// Each agency whose benefits were asked about must say that it answered: the contract lists them all.
fn read_providers(providers: &[Provider], config: &Config, reading: &mut Reading) {
    for agency in ["FK", "PM"] {
        let asked = config.benefits.iter().any(|group| group.starts_with(agency));
        let state = providers.iter().find(|provider| provider.utlamnare.kod == agency).map(|found| &found.tillstand);
        match state {
            Some(state) if state.kod == "OK" => {}
            Some(state) => reading.partial(&state.kod, &format!("{agency}: {}", state.beskrivning)),
            None if asked => reading.partial("missing", &format!("svaret säger inte om {agency} har svarat")),
            None => {}
        }
    }
}

/// `avvikelser` is an object of lists by the contract, and a list in its example: anything in it counts.
fn read_deviations(deviations: Option<&Value>, reading: &mut Reading) {
    let lists = match deviations {
        None | Some(Value::Null) => return,
        Some(Value::Object(classes)) => classes.values().filter_map(Value::as_array).flatten().collect(),
        Some(Value::Array(list)) => list.iter().collect(),
        Some(_) => {
            reading.partial("avvikelse", "avvikelserna i Försäkringskassans svar kan inte läsas");
            Vec::new()
        }
    };
    for deviation in lists {
        let text = |path: &str| deviation.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let code = Some(text("/avvikelse/kod")).filter(|code| !code.is_empty()).unwrap_or("avvikelse");
        let group = format!("{}{}", text("/formansgrupp/kod"), text("/ovrigInformationstyp/kod"));
        reading.partial(code, &format!("uppgifter om {group} kunde inte lämnas: {}", text("/avvikelse/beskrivning")));
    }
}

fn row(payment: &Payment, planned: bool, config: &Config) -> Result<IncomeRow, RowError> {
    let family = payment.formansfamilj.as_ref().ok_or_else(|| RowError::missing("formansfamilj"))?;
    let code = family.id.clone().ok_or_else(|| RowError::missing("formansfamilj.id"))?;
    let text = family.beskrivning.clone().or_else(|| only_benefit(&payment.utbetalningsdetalj));
    let net =
        kronor_of(payment.nettobelopp.as_ref(), "nettobelopp")?.ok_or_else(|| RowError::missing("nettobelopp"))?;
    let gross = kronor_of(payment.bruttobelopp.as_ref(), "bruttobelopp")?;
    check_sum(payment, gross, net)?;
    let period = payment.period.as_ref();
    let from = period.and_then(|period| period.fran.as_deref()).map(first_day).transpose()?;
    let to = period.and_then(|period| period.till.as_deref()).map(last_day).transpose()?;
    Ok(IncomeRow {
        person: 0,
        source: Agency::Fk,
        kind: kind::of(config, Agency::Fk, &code, text.as_deref()),
        code,
        text,
        period: shared_month(from, to),
        from,
        to,
        gross,
        net,
        paid: payment.datum.as_deref().map(|text| day(text, "datum")).transpose()?,
        planned,
        deductions: deductions(&payment.utbetalningsdetalj)?,
    })
}

/// The benefit in words, when all the rows of a payment are of one.
fn only_benefit(details: &[Detail]) -> Option<String> {
    let mut words = details.iter().filter_map(|detail| detail.forman.as_ref()?.beskrivning.as_ref());
    let first = words.next()?;
    words.all(|other| other == first).then(|| first.clone())
}

/// What was paid must be what is left. By the contract the deductions include the tax; where they evidently do not,
/// both are taken away.
fn check_sum(payment: &Payment, gross: Option<Decimal>, net: Decimal) -> Result<(), RowError> {
    let tax = kronor_of(payment.skattebelopp.as_ref(), "skattebelopp")?;
    let taken = kronor_of(payment.avdragsbelopp.as_ref(), "avdragsbelopp")?;
    let (Some(gross), Some(taken)) = (gross, taken) else { return Ok(()) };
    let tax = tax.unwrap_or_default();
    if [gross - taken, gross - taken - tax].contains(&net) {
        return Ok(());
    }
    Err(RowError("en utbetalnings brutto, avdrag och netto går inte ihop".into()))
}

fn deductions(details: &[Detail]) -> Result<Vec<Deduction>, RowError> {
    let mut deductions = Vec::new();
    for detail in details {
        for (amount, field) in [(&detail.skattebelopp, "skattebelopp"), (&detail.avdragsbelopp, "avdragsbelopp")] {
            let amount = kronor_of(amount.as_ref(), field)?.filter(|amount| !amount.is_zero());
            let code = detail.beloppstyp.as_ref().and_then(|kind| kind.id.clone());
            deductions.extend(amount.map(|amount| Deduction { code: code.unwrap_or_default(), amount }));
        }
    }
    Ok(deductions)
}

fn kronor_of(amount: Option<&Amount>, field: &str) -> Result<Option<Decimal>, RowError> {
    let Some(amount) = amount else { return Ok(None) };
    match amount.valuta.as_deref() {
        None | Some("SEK") => kronor(&amount.summa.to_string(), field).map(Some),
        Some(_) => Err(RowError(format!("en utbetalnings {field} är inte i kronor"))),
    }
}

/// A day, or the first of a month that is written without one.
fn first_day(text: &str) -> Result<NaiveDate, RowError> {
    text.parse::<Month>().map(Month::first_day).or_else(|_| day(text, "period"))
}

/// A day, or the last of a month that is written without one.
fn last_day(text: &str) -> Result<NaiveDate, RowError> {
    text.parse::<Month>().map(Month::last_day).or_else(|_| day(text, "period"))
}
