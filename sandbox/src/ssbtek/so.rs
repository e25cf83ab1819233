//! The a-kassor, by their joint organisation.

use quick_xml::escape::escape;

use super::{
    answer::element,
    question::{Asked, Question},
};
use crate::seed::{So, SoPayment};

pub fn data(question: &Question, asked: &Asked, known: &So) -> String {
    let asked_by = [
        ("OrganisationsnummerIngivare", &question.organisation),
        ("NamnIngivare", &question.municipality),
        ("KontonamnHandlaggare", &question.officer),
        ("Referensnummer", &question.case),
        ("From", &asked.period.from),
        ("Tom", &asked.period.to),
        ("Syfte", &question.purpose),
        ("Paragraf", &question.law),
        ("IdentificationNumber", &question.person),
    ];
    let asked_by: String = asked_by.into_iter().map(|(name, text)| of_so(name, &escape(text))).collect();
    asked_by + &of_so("ArbetsloshetsersattningLista", &benefit(asked, known))
}

const NAMESPACE: &str = "http://INT014.UBPService.Schemas";

/// The element carries its namespace, since it stands alone inside the answer's `data`.
fn of_so(name: &str, inside: &str) -> String {
    format!("<so:{name} xmlns:so=\"{NAMESPACE}\">{inside}</so:{name}>")
}

fn benefit(asked: &Asked, known: &So) -> String {
    let Some(fund) = &known.fund else {
        return String::new();
    };
    let within =
        |one: &&SoPayment| asked.period.overlaps(&one.from, &one.to) || asked.period.overlaps(&one.paid, &one.paid);
    let payments: String = known.payments.iter().filter(within).map(payment).collect();
    format!(
        "<so:Arbetsloshetsersattning>{}{}{payments}</so:Arbetsloshetsersattning>",
        element("so:SvarandeOrganisation", fund),
        element("so:StatusSvarandeOrganisation", "OK")
    )
}

fn payment(one: &SoPayment) -> String {
    let fields = [
        ("Utbetalningsdatum", &one.paid),
        ("NettoEfterSkatt", &one.net),
        ("NettoEfterAvdrag", &one.net),
        ("Ersattningsdagar", &one.days),
        ("AvserFrom", &one.from),
        ("AvserTom", &one.to),
    ];
    let inside: String = fields.into_iter().map(|(name, text)| element(&format!("so:{name}"), text)).collect();
    format!("<so:Utbetalningar>{inside}</so:Utbetalningar>")
}
