//! Arbetsförmedlingen: whether somebody is registered, since when, and how much.

use super::{
    answer::element,
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
    format!("<af:Fraga xmlns:af=\"{NAMESPACE}\">{asked_by}</af:Fraga><af:Svar xmlns:af=\"{NAMESPACE}\">{}</af:Svar>", answer(question, known))
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
    if let Some(since) = &known.registered {
        answer.push_str(&registration(known, since));
    }
    if let Some(fund) = &known.fund {
        answer.push_str(&of_af("Akassetillhorighet", fund));
    }
    let (code, text) = match known.registered {
        Some(_) => ("0", "Frågan har behandlats normalt och ett giltigt svar har returnerats."),
        None => ("1", "Personen är inte registrerad."),
    };
    answer.push_str(&of_af("StatusSokandeinformationKod", code));
    answer.push_str(&of_af("StatusSokandeinformationKodText", text));
    answer
}

fn registration(known: &Af, since: &str) -> String {
    let mut inside = of_af("Arbetssokande", "true");
    if let Some(category) = &known.category {
        inside.push_str(&of_af("ArbetssokandeSKAT", category));
    }
    inside.push_str(&of_af("ArbetssokandeRegistrerad", since));
    if let Some(scope) = known.scope {
        inside.push_str(&of_af("ArbetssokandeOmfattning", &scope.to_string()));
    }
    let report = of_af("AktivitetsRapportMeddelande", "Aktivitetsrapport finns");
    inside.push_str(&format!("<af:AktivetetsRapportDatum>{report}</af:AktivetetsRapportDatum>"));
    format!("<af:ArbetssokandeInfo>{inside}</af:ArbetssokandeInfo>")
}

fn of_af(name: &str, text: &str) -> String {
    element(&format!("af:{name}"), text)
}
