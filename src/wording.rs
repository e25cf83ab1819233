//! What people read for states, events, roles and times, in Swedish; one word per thing in the console and the
//! command line.
//!
//! Words only: nothing is decided here.

pub mod facts;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::config::Config;
use crate::model::{
    AlertKind, Assessment, Circuit, CircuitState, ErrorKind, EventKind, FUNCTION, FailureKind, Harm, ItemState,
    Purpose, RunState, Unreadable, Withheld, parse_time,
};

/// An item's state.
pub fn item_state(state: ItemState) -> &'static str {
    state.in_words()
}

/// `2025-12` as `december 2025`.
pub fn month(text: &str) -> String {
    expression::Month::text_in_words(text)
}

/// A run's state.
pub fn run_state(state: RunState) -> &'static str {
    match state {
        RunState::Queued => "i kö",
        RunState::Running => "pågår",
        RunState::Done => "klar",
        RunState::Failed => "misslyckades",
        RunState::Stopped => "stoppad",
    }
}

/// A role id.
pub fn role(id: &str) -> &str {
    match id {
        "it" => "IT",
        "operations" => "drift",
        "developer" => "utvecklare",
        "caseworker" => "handläggare",
        "reviewer" => "granskare",
        "auditor" => "revisor",
        "admin" => "administratör",
        FUNCTION => "automatiserad beslutsfunktion",
        other => other,
    }
}

/// Any of these roles.
pub fn any_role(ids: &[&str]) -> String {
    ids.iter().map(|id| role(id)).collect::<Vec<_>>().join(" eller ")
}

/// What started a run.
pub fn trigger(id: &str) -> &str {
    match id {
        "schedule" => "schema",
        "script" => "skript",
        "queue" => "kön",
        "after" => "en annan körning",
        "http" => "anrop",
        "hand" => "för hand",
        "demo" => "demo",
        other => other,
    }
}

/// What a suggestion or a decision says.
pub fn outcome(id: &str) -> &str {
    match id {
        "approve" => "bifall",
        "deny" => "avslag",
        "refer" => "bedöms av handläggare",
        other => other,
    }
}

/// Why the automated decision function left a decision to a person.
pub fn withheld(why: Withheld) -> &'static str {
    match why {
        Withheld::Referred => "förslaget är att en handläggare ska bedöma ärendet",
        Withheld::ExcludedKind => "ärendeslaget får inte delegeras till en automatiserad beslutsfunktion",
        Withheld::Principal => "ärendet är av principiell beskaffenhet eller annars av större vikt",
        Withheld::PersonDecided => "det finns redan ett beslut i en persons namn i ärendet",
        Withheld::RulebookNotApproved => "regelbokens version är inte godkänd",
        Withheld::NoDelegation => "ingen delegation gäller för roboten och ärendeslaget",
        Withheld::OutcomeNotDelegated => "delegationen omfattar inte utfallet",
        Withheld::AmountNotDelegated => "delegationen omfattar inte beloppet",
        Withheld::DelegationEnded => "delegationen har upphört sedan funktionen beslutade",
        Withheld::DelegationForged => {
            "delegationen är inte registrerad av Kollega, eller har ändrats i databasen: säg till driften"
        }
    }
}

/// A code of Kollega's own in words, with the code to search by; a bot's or a rule book's is told by the reason beside it.
pub fn code(code: &str) -> String {
    let words = match code {
        "already_there" => "i systemet finns redan en post för ärendet",
        "by_person" => "en person har bestämt det",
        "circuit_open" => "systemet får inget nytt arbete just nu",
        "decision_missing" => "inget beslut som gäller finns",
        "delegation_ended" => "delegationen upphörde innan allt var utfört",
        "facts_invalid" => "underlaget kan inte stämma",
        "mail_refused" => "brevet togs inte emot",
        "needs_person" => "ärendet ska handläggas av en person",
        "retry" => "ett fel, görs om",
        "run_stopped" => "körningen stoppades",
        "source_silent" => "en myndighet har inte svarat",
        "system" => "ett tekniskt fel",
        "too_large" => "ärendets uppgifter är för stora",
        "uncertain" => "ingen vet om sparandet tog",
        other => return other.to_owned(),
    };
    format!("{words} ({code})")
}

/// What spot checks are for.
pub fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Control => "kontroll",
        Purpose::Quality => "kvalitet",
    }
}

/// How far the assessment of a drawn item has come.
pub fn assessed(assessment: Option<&Assessment>) -> &'static str {
    match assessment.map(|known| known.verdict.as_deref()) {
        None => "att bedöma",
        Some(None) => "bedömt, att jämföra",
        Some(Some("agrees")) => "stämmer",
        Some(Some(_)) => "fel",
    }
}

/// What kind of error a reviewer found.
pub fn error_kind(id: &str) -> &str {
    match ErrorKind::try_from(id.to_owned()) {
        Ok(ErrorKind::Amount) => "belopp",
        Ok(ErrorKind::Outcome) => "bifall eller avslag",
        Ok(ErrorKind::Fact) => "uppgift som var fel eller saknades",
        Ok(ErrorKind::Rule) => "regel som var fel eller användes fel",
        Ok(ErrorKind::Referral) => "en person skulle ha bedömt, eller behövde inte",
        Ok(ErrorKind::Procedure) => "handläggningen",
        Err(_) => id,
    }
}

/// Whom an error harms.
pub fn harm(id: &str) -> &str {
    match Harm::try_from(id.to_owned()) {
        Ok(Harm::Applicant) => "den sökande",
        Ok(Harm::Municipality) => "kommunen",
        Ok(Harm::Nobody) => "ingen",
        Err(_) => id,
    }
}

/// A share with one decimal: `12,5 %`.
pub fn percent(percent: f64) -> String {
    format!("{percent:.1} %").replace('.', ",")
}

/// What a person did to an item.
pub fn operation(id: &str) -> &str {
    match id {
        "rerun" => "kört om",
        "hand_over" => "lämnat över",
        "cancel" => "avbrutit",
        "defer" => "skjutit upp",
        "priority" => "ändrat prioriteten",
        other => other,
    }
}

/// What became of a nominal time of a schedule.
pub fn firing(result: &str) -> &str {
    match result {
        "fired" => "startade",
        "missed" => "missad",
        "skipped" => "överhoppad",
        "waiting" => "väntar",
        other => other,
    }
}

/// An actor: `bot:x` is the robot x, `person:x` a person.
pub fn actor(actor: &str) -> String {
    match actor.split_once(':') {
        Some(("bot", name)) => format!("robot {name}"),
        Some(("person", name)) => format!("person {name}"),
        Some(("schedule", name)) => format!("schema {name}"),
        Some(("worker", name)) => format!("arbetare {name}"),
        Some(("function", name)) => format!("automatiserad beslutsfunktion {name}"),
        _ => actor.to_owned(),
    }
}

/// An event's kind as stored.
pub fn event(kind: &str) -> &str {
    match EventKind::try_from(kind.to_owned()) {
        Ok(known) => event_kind(known),
        Err(_) => kind,
    }
}

fn event_kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::RunQueued => "körning i kö",
        EventKind::RunStarted => "körning startad",
        EventKind::RunEnded => "körning slut",
        EventKind::Enqueued => "lagt i kö",
        EventKind::Claimed => "hämtat av arbetare",
        EventKind::TakenOver => "övertaget efter avbrott",
        EventKind::StageStarted => "etapp börjad",
        EventKind::StageFinished => "etapp klar",
        EventKind::StageSkipped => "etapp hoppades över",
        EventKind::StepStarted => "steg börjat",
        EventKind::StepFinished => "steg klart",
        EventKind::StepFailed => "steg misslyckades",
        EventKind::Drift => "reservmål användes",
        EventKind::SignedIn => "inloggad i system",
        EventKind::SignedOut => "utloggad ur system",
        EventKind::Screenshot => "skärmbild",
        EventKind::Intent => "avsikt att spara",
        EventKind::Verified => "kontrollerat",
        EventKind::Outcome => "utfall",
        EventKind::AgencyProblem => "myndighet svarade inte fullt ut",
        EventKind::Suggested => "förslag",
        EventKind::Waiting => "väntar på beslut",
        EventKind::Decided => "beslut",
        EventKind::MotivationKept => "motivering sparad",
        EventKind::DecisionRefused => "beslut avvisat",
        EventKind::NotDelegated => "beslutet lämnat till en person",
        EventKind::DelegationRecorded => "delegation registrerad",
        EventKind::DelegationEnded => "delegation upphörd",
        EventKind::SpotPlanned => "stickprovsplan registrerad",
        EventKind::SpotDrawn => "stickprov draget",
        EventKind::SpotFactsSeen => "underlag visat för granskare",
        EventKind::SpotAssessed => "bedömt av granskare",
        EventKind::SpotClassified => "stickprovets resultat",
        EventKind::Mailed => "mejl skickat",
        EventKind::Deferred => "uppskjutet",
        EventKind::Retried => "försöks igen",
        EventKind::HandedOver => "överlämnat",
        EventKind::Failed => "misslyckades",
        EventKind::Uncertain => "osäkert",
        EventKind::Settled => "avgjort av person",
        EventKind::Done => "klart",
        EventKind::Rerun => "nytt försök",
        EventKind::Cancelled => "avbrutet",
        EventKind::Asked => "begärt av person",
        EventKind::PrioritySet => "prioritet ändrad",
        EventKind::Removed => "borttaget",
        EventKind::Searched => "sökt i personuppgifter",
        EventKind::LateWrite => "för sen skrivning avvisad",
        EventKind::Released => "släppt av arbetare som avslutas",
        EventKind::Unreadable => "lämnat åt andra: noden kan inte läsa roboten",
        EventKind::KeyReplaced => "nyckel bytt",
        EventKind::Fired => "schema startade",
        EventKind::SchedulePaused => "schema pausat",
        EventKind::ScheduleResumed => "schema återupptaget",
        EventKind::StopAsked => "körning ombedd att stanna",
        EventKind::Approved => "robotens version godkänd",
        EventKind::CircuitOpened => "kretsbrytare öppnad",
        EventKind::CircuitProbed => "system prövas igen",
        EventKind::CircuitClosed => "kretsbrytare stängd",
    }
}

/// That no worker of the pool can read a bot's script, and what to do.
pub fn unreadable(unreadable: &Unreadable, pool: &str) -> (String, String) {
    let Unreadable { bot, why, .. } = unreadable;
    (
        format!("Ingen arbetare i poolen {pool} kan läsa roboten {bot}: {why}."),
        "Rätta filen: arbetet går vidare av sig självt. `kollega nodes` visar vilka noder som inte kan läsa den."
            .into(),
    )
}

/// What an alert is about.
pub fn alert(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Failed => "misslyckat",
        AlertKind::Uncertain => "osäkert",
        AlertKind::Missed => "missad start",
        AlertKind::Absent => "uteblivet",
        AlertKind::Slow => "långsamt",
        AlertKind::Circuit => "kretsbrytare öppen",
        AlertKind::Unreadable => "robot kan inte läsas",
        AlertKind::Disk => "disken nästan full",
        AlertKind::ReplayDiffers => "förslag kan inte återskapas",
    }
}

/// How a system failed.
pub fn failure_kind(kind: &str) -> &str {
    match FailureKind::try_from(kind.to_owned()) {
        Ok(FailureKind::SignInRefused) => "inloggningen nekades",
        Ok(FailureKind::PageChanged) => "sidan ser inte ut som väntat",
        Ok(FailureKind::SystemDown) => "systemet svarar inte eller visar fel",
        Err(_) => kind,
    }
}

/// An open circuit: since when, why, and when it is tried again.
pub fn circuit(circuit: &Circuit, timezone: Tz) -> String {
    let since =
        circuit.opened_at.as_deref().map_or_else(String::new, |at| format!(" sedan {}", local_time(at, timezone)));
    let why = circuit.kind.as_deref().map(failure_kind).unwrap_or_default();
    let times = count(circuit.failures, "gång", "gånger");
    let next = match (circuit.state, &circuit.retry_at) {
        (CircuitState::Probing, _) => "prövas just nu".to_owned(),
        (_, Some(at)) => format!("prövas tidigast {}", local_seconds(at, timezone)),
        (_, None) => "prövas inte av sig självt".to_owned(),
    };
    format!("öppen{since}: {why} ({times}); {next}")
}

/// A stored time as the clock on the wall shows it: `2025-12-10 09:31`.
pub fn local_time(stored: &str, timezone: Tz) -> String {
    parse_time(stored).map_or_else(|| stored.to_owned(), |time| clock(time, timezone, "%Y-%m-%d %H:%M"))
}

/// A time on the wall as a schedule's row has it, without the seconds where there are none.
pub fn wall_time(nominal: &str) -> String {
    let Some((day, time)) = nominal.split_once('T') else { return nominal.to_owned() };
    let short = time.strip_suffix(":00").filter(|short| short.len() == "06:00".len());
    format!("{day} {}", short.unwrap_or(time))
}

/// A stored time on the wall here, with seconds.
pub fn local_seconds(stored: &str, timezone: Tz) -> String {
    parse_time(stored).map_or_else(|| stored.to_owned(), |time| clock(time, timezone, "%Y-%m-%d %H:%M:%S"))
}

fn clock(time: DateTime<Utc>, timezone: Tz, format: &str) -> String {
    time.with_timezone(&timezone).format(format).to_string()
}

/// An event's detail on one line: `läge: klart, kod: needs_person`.
pub fn detail(json: &str, timezone: Tz) -> String {
    use serde_json::Value;
    match serde_json::from_str(json) {
        Ok(Value::Object(parts)) => {
            let told = parts.iter().filter(|(_, value)| !value.is_null());
            let part = |(name, value): (&String, &Value)| {
                format!("{}: {}", detail_name(name), detail_text(name, value, timezone))
            };
            told.map(part).collect::<Vec<_>>().join(", ")
        }
        Ok(Value::String(text)) => text,
        _ => json.to_owned(),
    }
}

/// What a part of a detail is called; a technical one stands as it is.
fn detail_name(name: &str) -> &str {
    match name {
        "answer" => "svar",
        "asked" => "begärt",
        "case_kind" => "ärendeslag",
        "changed" => "ändrat från förslaget",
        "code" => "kod",
        "decided_by" => "beslutad av",
        "decided_on" => "beslutsdag",
        "decision" => "beslut",
        "delegation" => "delegation",
        "delegation_reference" | "reference" => "referens",
        "label" => "etikett",
        "max_amount" => "högsta belopp",
        "month" => "månad",
        "node" => "nod",
        "outcome" => "utfall",
        "outcomes" => "omfattar",
        "reason" => "skäl",
        "refer" => "lämnas över för",
        "retry_at" => "försöks igen",
        "role" => "roll",
        "rulebook" => "regelbok",
        "sample" => "stickprov",
        "schedule" => "schema",
        "state" => "läge",
        "until" => "till",
        "suggestion" | "suggestion_id" => "förslag",
        "valid_from" => "gäller från",
        "valid_until" => "gäller till",
        "why" => "varför",
        other => other,
    }
}

fn detail_text(name: &str, value: &serde_json::Value, timezone: Tz) -> String {
    use serde_json::Value;
    match (name, value) {
        (_, Value::Bool(yes)) => if *yes { "ja" } else { "nej" }.to_owned(),
        (_, Value::Array(list)) => {
            list.iter().map(|one| detail_text(name, one, timezone)).collect::<Vec<_>>().join(", ")
        }
        ("outcome" | "outcomes", Value::String(text)) => outcome(text).to_owned(),
        ("role", Value::String(text)) => role(text).to_owned(),
        ("amount" | "max_amount", Value::String(text)) => format!("{} kr", kronor(text)),
        ("state" | "asked", Value::String(text)) => ItemState::stored_in_words(text).to_owned(),
        ("answer", Value::String(text)) => settled(text).to_owned(),
        ("why", Value::String(text)) => {
            Withheld::try_from(text.clone()).map_or_else(|_| text.clone(), |why| withheld(why).to_owned())
        }
        // A midnight is the day that begins.
        (_, Value::String(text)) => local_time(text, timezone).trim_end_matches(" 00:00").to_owned(),
        (_, other) => other.to_string(),
    }
}

/// So many of a thing: `1 ärende`, `3 ärenden`.
pub fn count(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What a person answered: of a commit that nobody could tell the outcome of, or to a suggestion.
fn settled(answer: &str) -> &str {
    match answer {
        "done" => "det sparades",
        "not_done" => "det sparades inte",
        "taken_over" => "personen tar över",
        other => outcome(other),
    }
}

/// An amount as stored, in kronor: `6 020`.
pub fn kronor(amount: &str) -> String {
    amount.parse().map_or_else(|_| amount.to_owned(), expression::money::kr)
}

/// The installation's time zone; Sweden's where the name in the configuration is unknown.
pub fn timezone(config: &Config) -> Tz {
    config.timezone.parse().unwrap_or(chrono_tz::Europe::Stockholm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_ours_is_told_in_words_and_a_bots_stands_as_it_is() {
        assert_eq!(code("needs_person"), "ärendet ska handläggas av en person (needs_person)");
        assert_eq!(code("large_income"), "large_income");
    }

    #[test]
    fn a_detail_is_told_in_swedish_with_local_days_and_kronor() {
        let detail = |json: &str| detail(json, chrono_tz::Europe::Stockholm);
        let delegation = r#"{"reference": "SN 2026/7", "valid_from": "2026-01-31T23:00:00.000Z", "valid_until": null,
            "outcomes": ["approve", "deny"], "max_amount": "15000"}"#;
        assert_eq!(
            detail(delegation),
            "högsta belopp: 15 000 kr, omfattar: bifall, avslag, referens: SN 2026/7, gäller från: 2026-02-01"
        );
        assert_eq!(
            detail(r#"{"state": "done", "code": "x", "changed": false}"#),
            "ändrat från förslaget: nej, kod: x, läge: klart"
        );
        assert_eq!(
            detail(r#"{"why": "no_delegation"}"#),
            "varför: ingen delegation gäller för roboten och ärendeslaget"
        );
        assert_eq!(detail("\"fri text\""), "fri text");
        assert_eq!(detail(r#"{"asked": "handed_over"}"#), "begärt: överlämnat");
        assert_eq!(detail(r#"{"answer": "not_done"}"#), "svar: det sparades inte");
        assert_eq!(detail(r#"{"answer": "approve"}"#), "svar: bifall");
    }

    #[test]
    fn one_is_told_as_one() {
        assert_eq!(count(1_usize, "ärende", "ärenden"), "1 ärende");
        assert_eq!([0, 2].map(|number: i64| count(number, "ärende", "ärenden")), ["0 ärenden", "2 ärenden"]);
    }
}
