//! Skatteverket: yearly capital and tax refunds, XML within CDATA.
//!
//! The inner document's schema is not published with the contract. So it is read by what must be there (the person
//! and the answer), capital of past years is no income of a month, and an entry of the tax account is taken only when
//! its amount and day are plain; every other makes the answer partial.

use super::answer::IncomeRow;
use super::envelope::{unreadable, wrong_person};
use super::reading::{Reading, RowError};
use super::request::Question;
use super::value::{day, kronor};
use super::xml::Element;
use super::{Agency, Config, kind};

const CODE: &str = "Skattekontouppgift";

pub(super) fn read(data: &Element, question: &Question, config: &Config) -> Reading {
    let document = match data.value("svar").map(Element::read) {
        Some(Ok(document)) => document,
        Some(Err(error)) => return unreadable(&format!("Skatteverket: {error}")),
        None => return unreadable("Skatteverkets svar saknas"),
    };
    let Some(list) =
        document.child("PersonuppgiftLista").filter(|_| document.name.starts_with("SvarBeskattningsuppgifter"))
    else {
        return unreadable("Skatteverkets svar har ingen lista över personuppgifter");
    };
    let mut reading = Reading::new();
    for person in list.children("Personuppgift") {
        if person.value("IdentitetsbeteckningFysiskPerson") != Some(&question.number) {
            return wrong_person();
        }
        read_person(person, config, &mut reading);
    }
    reading
}

fn read_person(person: &Element, config: &Config, reading: &mut Reading) {
    let entries: Vec<&Element> = person.children(CODE).collect();
    let has_data = !entries.is_empty() || person.child("Kapitaluppgift").is_some();
    let status = person.value("StatusPersonuppgiftKod");
    // Like a fund with payments: who gives data has answered.
    if let Some(code) = status.filter(|code| !has_data && !config.means_answered(Agency::Skv, code)) {
        reading.partial(&format!("status {code}"), "Skatteverkets svar har okänd status");
    }
    for entry in entries {
        reading.row(row(entry, config));
    }
}

fn row(entry: &Element, config: &Config) -> Result<IncomeRow, RowError> {
    let field = |part: &str| {
        let mut fits = entry.all().iter().filter(|child| child.name.to_lowercase().ends_with(part));
        match (fits.next(), fits.next()) {
            (Some(child), None) => Ok(child.text()),
            _ => Err(RowError(format!("en skattekontouppgift har inte ett enda fält som slutar på {part}"))),
        }
    };
    Ok(IncomeRow {
        person: 0,
        source: Agency::Skv,
        kind: kind::of(config, Agency::Skv, CODE, None),
        code: CODE.into(),
        text: None,
        period: None,
        from: None,
        to: None,
        gross: None,
        net: kronor(field("belopp")?, "belopp")?,
        paid: Some(day(field("datum")?, "datum")?),
        planned: false,
        deductions: Vec::new(),
    })
}
