//! The unemployment funds: each fund answers for itself, with payments after tax and after deductions.

use super::answer::{Deduction, IncomeRow};
use super::envelope::{unreadable, wrong_person};
use super::reading::{Reading, RowError};
use super::request::Question;
use super::value::{day, kronor, shared_month};
use super::xml::Element;
use super::{Agency, Config, kind};

/// The contract has no code for the benefit: all its payments are unemployment benefit.
const CODE: &str = "arbetslöshetsersättning";

pub(super) fn read(data: &Element, question: &Question, config: &Config) -> Reading {
    if data.value("IdentificationNumber") != Some(&question.number) {
        return wrong_person();
    }
    let Some(list) = data.child("ArbetsloshetsersattningLista") else {
        return unreadable("a-kassornas lista saknas");
    };
    let mut reading = Reading::new();
    for fund in list.children("Arbetsloshetsersattning") {
        read_fund(fund, config, &mut reading);
    }
    reading
}

fn read_fund(fund: &Element, config: &Config, reading: &mut Reading) {
    let payments: Vec<&Element> = fund.children("Utbetalningar").collect();
    let status = fund.value("StatusSvarandeOrganisation").unwrap_or_default();
    // A fund that gave payments has answered, whatever its status says; one without may have been unable to.
    if payments.is_empty() && !config.means_answered(Agency::So, status) {
        let name = fund.value("SvarandeOrganisation").unwrap_or("en a-kassa");
        reading.partial(&format!("status {status}"), &format!("{name}: svarets status är okänd"));
    }
    for payment in payments {
        reading.row(row(payment, config));
    }
}

fn row(payment: &Element, config: &Config) -> Result<IncomeRow, RowError> {
    let field = |name: &str| payment.value(name).ok_or_else(|| RowError::missing(name));
    let date = |name: &str| day(field(name)?, name);
    let after_tax = kronor(field("NettoEfterSkatt")?, "NettoEfterSkatt")?;
    let net = kronor(field("NettoEfterAvdrag")?, "NettoEfterAvdrag")?;
    if net > after_tax {
        return Err(RowError("en utbetalning är större efter avdrag än före".into()));
    }
    let (from, to) = (date("AvserFrom")?, date("AvserTom")?);
    let other = Deduction { code: "avdrag".into(), amount: after_tax - net };
    Ok(IncomeRow {
        person: 0,
        source: Agency::So,
        kind: kind::of(config, Agency::So, CODE, None),
        code: CODE.into(),
        text: None,
        period: shared_month(Some(from), Some(to)),
        from: Some(from),
        to: Some(to),
        gross: None,
        net,
        paid: Some(date("Utbetalningsdatum")?),
        planned: false,
        deductions: if other.amount.is_zero() { Vec::new() } else { vec![other] },
    })
}
