//! Försäkringskassan: LEFI v9 as JSON in base64. Answers only for the benefit groups and the period that were asked for.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{Months, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    agency::Failure,
    answer::element,
    question::{Asked, Period, Question},
};
use crate::{
    identity,
    seed::{Fk, FkPayment},
};

/// The benefit groups, with their words.
const GROUPS: [(&str, &str); 27] = [
    ("ABB", "Barnbidrag"),
    ("AP", "Allmän pension"),
    ("AS", "Aktivitetsstöd"),
    ("BOB", "Bostadsbidrag"),
    ("BST", "Bostadstillägg"),
    ("BTI", "Bostadstillägg och inkomststöd"),
    ("DPE", "Dagpenning till totalförsvarspliktiga"),
    ("EJO", "Egenlivränta"),
    ("ET", "Etableringsersättning"),
    ("FP", "Föräldrapenning"),
    ("FSJP", "Förebyggande sjukpenning"),
    ("GP", "Graviditetspenning"),
    ("HE", "Handikappersättning"),
    ("MABB", "Mottagare av barnbidrag"),
    ("MEK", "Merkostnadsersättning"),
    ("NP", "Närståendepenning"),
    ("OMV", "Omvårdnadsbidrag"),
    ("PJOB", "Programjobdagar"),
    ("PROG", "Programersättning"),
    ("RBE", "Rehabiliteringsersättning"),
    ("SA", "Sjuk- och aktivitetsersättning"),
    ("SBP", "Smittbärarpenning"),
    ("SJP", "Sjukpenning"),
    ("TFP", "Tillfällig föräldrapenning"),
    ("US", "Underhållsstöd"),
    ("VB", "Vårdbidrag"),
    ("YL", "Yrkesskadelivränta"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct LefiQuestion {
    personnummer: String,
    period: LefiPeriod,
    #[serde(default)]
    formansinformation: Vec<String>,
    #[serde(default)]
    ansprak: Vec<String>,
    #[serde(default)]
    beslut: Vec<String>,
    #[serde(default)]
    preliminara_utbetalningar: Vec<String>,
    #[serde(default)]
    utbetalningar: Vec<String>,
    #[serde(default)]
    ovrig_information: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LefiPeriod {
    from: NaiveDate,
    tom: NaiveDate,
}

impl LefiQuestion {
    fn asks_for(&self, group: &str) -> bool {
        let code = format!("FK:{group}");
        [&self.formansinformation, &self.utbetalningar].into_iter().any(|list| list.contains(&code))
    }

    fn period(&self) -> Period {
        Period { from: self.period.from.to_string(), to: self.period.tom.to_string() }
    }
}

pub fn data(question: &Question, asked: &Asked, known: &Fk, partial: bool) -> Result<String, Failure> {
    let lefi = read(asked.lefi.as_deref().ok_or_else(|| Failure::bad_question("fraga saknas"))?)?;
    check(&lefi, question)?;
    let answer = answer(&lefi, known, partial);
    Ok(element("ssbt:lefiJsonSvar", &STANDARD.encode(answer.to_string())))
}

fn read(base64: &str) -> Result<LefiQuestion, Failure> {
    let packed: String = base64.split_whitespace().collect();
    let bytes = STANDARD.decode(packed).map_err(|_| Failure::bad_question("lefiJsonFraga är inte base64"))?;
    serde_json::from_slice(&bytes).map_err(|problem| {
        Failure::bad_question(format!("lefiJsonFraga: rad {}, tecken {}", problem.line(), problem.column()))
    })
}

fn check(lefi: &LefiQuestion, question: &Question) -> Result<(), Failure> {
    if lefi.personnummer != question.person && Some(lefi.personnummer.as_str()) != question.person.get(2..) {
        return Err(Failure::bad_question("personnummer är ett annat än frågans"));
    }
    let two_years = lefi.period.from.checked_add_months(Months::new(24));
    if lefi.period.from > lefi.period.tom || two_years.is_none_or(|limit| lefi.period.tom > limit) {
        return Err(Failure::bad_question("period är längre än två år eller bakvänd"));
    }
    let benefit = [&lefi.formansinformation, &lefi.utbetalningar, &lefi.preliminara_utbetalningar];
    let of_pm = [&lefi.ansprak, &lefi.beslut, &lefi.ovrig_information];
    if benefit.iter().chain(&of_pm).all(|list| list.is_empty()) {
        return Err(Failure::bad_question("ingen förmånsgrupp är angiven"));
    }
    let known = |code: &String| {
        GROUPS.iter().any(|(group, _)| code.strip_prefix("FK:") == Some(*group)) || code.starts_with("PM:")
    };
    match benefit.into_iter().flatten().find(|code| !known(code)) {
        Some(code) => Err(Failure::bad_question(format!("förmånsgruppen {code} finns inte"))),
        None => Ok(()),
    }
}

fn answer(lefi: &LefiQuestion, known: &Fk, partial: bool) -> Value {
    let missing = missing(lefi, known, partial);
    let period = lefi.period();
    let paid: Vec<Value> = known
        .payments
        .iter()
        .filter(|one| lefi.asks_for(&one.family) && !missing.contains(&one.family.as_str()))
        .filter(|one| period.overlaps(&one.from, &one.to) || period.overlaps(&one.paid, &one.paid))
        .map(payment)
        .collect();
    let mut benefits = json!({"utbetalningsuppgift": paid, "preliminarautbetalningar": []});
    if lefi.ovrig_information.iter().any(|code| code == "FK:GEPI") {
        benefits["generellPersoninformation"] = json!([{"personnummer": lefi.personnummer, "foddes": identity::born(&lefi.personnummer), "skyddad": known.protected}]);
    }
    let deviations: Vec<Value> = missing.iter().map(|group| deviation(group)).collect();
    let deviations = if deviations.is_empty() { json!({}) } else { json!({"utbetalningar": deviations}) };
    json!({"utlamnare": suppliers(lefi), "avvikelser": deviations, "formansinformation": benefits})
}

/// The asked groups that can't be delivered.
fn missing<'a>(lefi: &LefiQuestion, known: &'a Fk, partial: bool) -> Vec<&'a str> {
    if !partial {
        return Vec::new();
    }
    let named: Vec<&str> = known.missing.iter().map(String::as_str).filter(|group| lefi.asks_for(group)).collect();
    if !named.is_empty() {
        return named;
    }
    GROUPS.iter().map(|(group, _)| *group).filter(|group| lefi.asks_for(group)).take(1).collect()
}

fn suppliers(lefi: &LefiQuestion) -> Value {
    let lists =
        [&lefi.ansprak, &lefi.beslut, &lefi.utbetalningar, &lefi.preliminara_utbetalningar, &lefi.ovrig_information];
    let pm = lists.into_iter().flatten().any(|code| code.starts_with("PM:"));
    let supplier = |code: &str, name: &str| json!({"utlamnare": {"kod": code, "namn": name}, "tillstand": {"kod": "OK", "beskrivning": "Tillgänglig"}});
    let mut all = vec![supplier("FK", "Försäkringskassan")];
    if pm {
        all.push(supplier("PM", "Pensionsmyndigheten"));
    }
    Value::from(all)
}

fn deviation(group: &str) -> Value {
    json!({
        "avvikelse": {"kod": "INTERNT_FEL", "beskrivning": "Delsystemet svarade inte"},
        "formansgrupp": {"kod": format!("FK:{group}"), "beskrivning": words(group)},
    })
}

fn payment(one: &FkPayment) -> Value {
    let period = json!({"fran": one.from, "till": one.to});
    let benefit = json!({"id": one.family, "beskrivning": one.benefit});
    let row = |kind: &str, words: &str| json!({"forman": benefit, "period": period, "beloppstyp": {"id": kind, "beskrivning": words}});
    let mut gross = row(&one.family, &one.benefit);
    gross["bruttobelopp"] = kronor(&one.gross);
    let mut rows = vec![gross];
    if one.tax != "0" {
        let mut tax = row("PS", "Preliminär skatt");
        tax["skattebelopp"] = kronor(&one.tax);
        rows.push(tax);
    }
    if let Some((kind, amount)) = &one.deduction {
        let mut deduction = row(kind, "Avdrag");
        deduction["avdragsbelopp"] = kronor(amount);
        rows.push(deduction);
    }
    json!({
        "typ": {"id": 1, "beskrivning": "Månad"},
        "foretag": {"id": 1001, "beskrivning": "Försäkringskassan"},
        "formansfamilj": {"id": one.family, "beskrivning": words(&one.family)},
        "datum": one.paid, "period": period,
        "bruttobelopp": kronor(&one.gross), "skattebelopp": kronor(&one.tax),
        "avdragsbelopp": kronor(&deducted(one)), "nettobelopp": kronor(&one.net),
        "utbetalningsdetalj": rows,
    })
}

/// All deductions; the tax is one of them.
fn deducted(one: &FkPayment) -> String {
    let number = |text: &str| crate::amount::parse(text).unwrap_or_default();
    let other = one.deduction.as_ref().map_or_else(Default::default, |(_, amount)| number(amount));
    (number(&one.tax) + other).to_string()
}

fn kronor(amount: &str) -> Value {
    let number = serde_json::from_str::<Value>(amount).unwrap_or(Value::Null);
    json!({"summa": number, "valuta": "SEK"})
}

fn words(group: &str) -> &'static str {
    GROUPS.iter().find(|(code, _)| *code == group).map_or("Okänd förmån", |(_, words)| *words)
}
