//! The a-kassor, by their joint organisation.

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
    let mut data: String = asked_by.into_iter().map(|(name, text)| of_so(name, text)).collect();
    data.push_str(&format!(
        "<so:ArbetsloshetsersattningLista xmlns:so=\"{NAMESPACE}\">{}</so:ArbetsloshetsersattningLista>",
        benefit(asked, known)
    ));
    data
}

const NAMESPACE: &str = "http://INT014.UBPService.Schemas";

/// The element carries its namespace, since it stands alone inside the answer's `data`.
fn of_so(name: &str, text: &str) -> String {
    let whole = element(&format!("so:{name}"), text);
    whole.replacen(&format!("<so:{name}"), &format!("<so:{name} xmlns:so=\"{NAMESPACE}\""), 1)
}

fn benefit(asked: &Asked, known: &So) -> String {
    let Some(fund) = &known.fund else {
        return String::new();
    };
    let within = |one: &&SoPayment| asked.period.overlaps(&one.from, &one.to) || asked.period.overlaps(&one.paid, &one.paid);
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
