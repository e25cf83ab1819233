//! The step `ssbtek`: asks the authorities about every adult. Silence is never zero: a silent agency makes the item wait,
//! and after that the rule book is told that it did not answer.

use chrono::{NaiveDate, SecondsFormat};
use expression::{Month, Value};

use super::super::error::Stop;
use super::super::work::Work;
use crate::bot::Ssbtek;
use crate::model::EventKind;
use crate::ssbtek::{Agency, Answer, Client, IncomeRow, Status};
use crate::wording;

impl Work<'_> {
    pub(super) async fn ssbtek(&mut self, step: &Ssbtek) -> Result<(), Stop> {
        let (ids, numbers) = persons(&self.value(&step.persons)?)?;
        let period = self.value(&step.period)?;
        let period = expression::as_month(&period).ok_or_else(|| Stop::permanent("`period` är ingen månad"))?;
        let (from, to) = asked_days(period);
        let errand = self.claim()?.item.reference.clone();
        let config = self
            .app
            .config
            .ssbtek
            .clone()
            .ok_or_else(|| Stop::permanent("SSBTEK är inte inställt: lägg till [ssbtek] i kollega.toml"))?;
        let client = Client::new(config).map_err(|error| Stop::permanent(error.to_string()))?;
        let answer = client.ask(&numbers, from, to, &errand).await;
        if !answer.protected.is_empty() {
            let reason = "En myndighet uppger att personuppgifterna är skyddade.".to_owned();
            return Err(Stop::HandOver { code: "needs_person".into(), reason });
        }
        self.note_problems(&answer);
        self.wait_for_silent(&answer)?;
        let rows = answer.rows.iter().map(|row| income(row, &ids)).collect::<Vec<Value>>();
        self.assign(&step.into.value, &Value::from(rows))?;
        let sources = answer.sources.iter().map(|(agency, status)| (agency.id().into(), Value::from(word(*status))));
        self.assign(&step.sources.value, &Value::from(sources.collect::<expression::Map>()))?;
        match &step.answers {
            Some(name) => {
                let now = self.app.store.now().await?.with_timezone(&wording::timezone(&self.app.config));
                let at = now.to_rfc3339_opts(SecondsFormat::Secs, false);
                self.assign(&name.value, &answers(&answer, &at))
            }
            None => Ok(()),
        }
    }

    /// Notes why an agency's answer is not whole; the problems hold no personal number.
    fn note_problems(&mut self, answer: &Answer) {
        for problem in &answer.problems {
            let mut event = self.event(EventKind::AgencyProblem).detail(serde_json::json!({
                "agency": problem.agency.id(), "code": problem.code, "message": problem.message,
            }));
            event.step = Some("ssbtek".into());
            self.note(event);
        }
    }

    /// Lets the item wait while tries are left and an agency has not answered.
    fn wait_for_silent(&self, answer: &Answer) -> Result<(), Stop> {
        let worker = &self.app.config.worker;
        let silent = answer.sources.values().any(|status| matches!(status, Status::Error | Status::Timeout));
        if silent && self.claim()?.item.tries + 1 < worker.silent_tries {
            return Err(Stop::Defer { wait: worker.silent_wait, code: "source_silent" });
        }
        Ok(())
    }
}

/// The application month and the two before it: control and comparison.
fn asked_days(period: Month) -> (NaiveDate, NaiveDate) {
    (period.previous().previous().first_day(), period.last_day())
}

/// The ids and identity numbers of the persons: a list of numbers, or of maps with `id` and `personnummer`.
fn persons(value: &Value) -> Result<(Vec<String>, Vec<String>), Stop> {
    let wrong = || Stop::permanent("`persons` ska vara en lista av personnummer, eller av {id, personnummer}");
    let list = value.as_list().ok_or_else(wrong)?;
    let mut ids = Vec::new();
    let mut numbers = Vec::new();
    for (place, person) in list.iter().enumerate() {
        let (id, number) = match person.as_record() {
            Some(map) => {
                let id = map.get("id").and_then(expression::as_text).ok_or_else(wrong)?;
                (id, map.get("personnummer").cloned().ok_or_else(wrong)?)
            }
            None => (format!("a{}", place + 1), person.clone()),
        };
        let number = match expression::as_personnummer(&number) {
            Some(number) => number.text().to_owned(),
            None => expression::text_of(&number).map_err(Stop::permanent)?,
        };
        ids.push(id);
        numbers.push(number);
    }
    Ok((ids, numbers))
}

fn income(row: &IncomeRow, ids: &[String]) -> Value {
    let text = |text: Option<&String>| text.map_or(Value::Null, |text| Value::from(text.clone()));
    let entries = [
        ("person", text(ids.get(row.person))),
        ("kind", Value::from(row.kind.clone())),
        ("code", Value::from(row.code.clone())),
        ("source", Value::from(row.source.id().to_owned())),
        ("net", Value::from(row.net)),
        ("gross", row.gross.map_or(Value::Null, Value::from)),
        ("period", row.period.map_or(Value::Null, Value::from)),
        ("paid", row.paid.map_or(Value::Null, expression::date)),
        ("planned", Value::from(row.planned)),
    ];
    entries.into_iter().map(|(name, value)| (name.into(), value)).collect::<expression::Map>().into()
}

/// When each agency that answered did, and by which answers: for the explanation of what was read in them.
fn answers(answer: &Answer, at: &str) -> Value {
    let said = |status: &Status| matches!(status, Status::Ok | Status::Partial);
    let reply = |(agency, _): (&Agency, &Status)| {
        let entries = [("at", Value::from(at.to_owned())), ("id", Value::from(answer.ids.join(", ")))];
        let entries = entries.into_iter().map(|(name, value)| (name.into(), value));
        (agency.id().into(), Value::from(entries.collect::<expression::Map>()))
    };
    let replies = answer.sources.iter().filter(|(_, status)| said(status)).map(reply);
    Value::from(replies.collect::<expression::Map>())
}

fn word(status: Status) -> String {
    match status {
        Status::Ok => "ok",
        Status::Partial => "partial",
        Status::Error => "error",
        Status::Timeout => "timeout",
    }
    .to_owned()
}
