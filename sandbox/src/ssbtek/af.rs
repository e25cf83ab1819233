//! Arbetsförmedlingen: whether somebody is registered, since when, and how much.

use super::{
    answer::{element, wrapped},
    question::{Asked, Question},
};
use crate::seed::Af;

const NAMESPACE: &str = "http://api.arbetsformedlingen.se/arbetssokande/ersattningsstod/v2";

pub fn data(question: &Question, asked: &Asked, known: &Af) -> String {
    let fields = [
        ("OrganisationsnummerForIngivare", &question.organisation),
        ("NamnPaIngivare", &question.municipality),
        ("KontonamnForHandlaggare", &question.officer),
        ("Referensnummer", &question.case),
        ("From", &asked.period.from),
        ("Tom", &asked.period.to),
        ("SyfteMedFraga", &question.purpose),
        ("LagParagraf", &question.law),
        ("IdentitetsbeteckningFysiskPerson", &question.person),
    ];
    let asked_by: String = fields.into_iter().map(|(name, text)| of_af(name, text)).collect();
    format!(
        "<af:Fraga xmlns:af=\"{NAMESPACE}\">{asked_by}</af:Fraga><af:Svar xmlns:af=\"{NAMESPACE}\">{}</af:Svar>",
        answer(question, known)
    )
}

fn answer(question: &Question, known: &Af) -> String {
    let mut answer: String = [
        ("Schemaversion", "2.0"),
        ("Referensnummer", &question.case),
        ("LagParagraf", &question.law),
        ("IdentitetsbeteckningFysiskPerson", &question.person),
        ("Sekretessmarkering", "false"),
    ]
    .into_iter()
    .map(|(name, text)| of_af(name, text))
    .collect();
    answer.push_str(&wrapped("af:ArbetssokandeInfo", &registration(known)));
    if let Some(fund) = &known.fund {
        answer.push_str(&of_af("Akassetillhorighet", fund));
    }
    answer.push_str(&of_af("StatusSokandeinformationKod", "0"));
    answer.push_str(&of_af(
        "StatusSokandeinformationKodText",
        "Frågan har behandlats normalt och ett giltigt svar har returnerats.",
    ));
    answer
}

fn registration(known: &Af) -> String {
    let mut inside = of_af("Arbetssokande", if known.registered.is_some() { "true" } else { "false" });
    let scope = known.scope.map(|scope| scope.to_string());
    let details = [
        ("ArbetssokandeSKAT", &known.category),
        ("ArbetssokandeRegistrerad", &known.registered),
        ("ArbetssokandeOmfattning", &scope),
    ];
    for (name, text) in details {
        if let Some(text) = text {
            inside.push_str(&of_af(name, text));
        }
    }
    let report = of_af("AktivitetsRapportMeddelande", "Ingen aktivitetsrapport i perioden");
    inside.push_str(&wrapped("af:AktivetetsRapportDatum", &report));
    inside
}

fn of_af(name: &str, text: &str) -> String {
    element(&format!("af:{name}"), text)
}
