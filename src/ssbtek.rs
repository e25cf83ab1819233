//! SSBTEK: asks the authorities about a household's incomes, by the composed service's contract v10.
//!
//! One HTTP call for each adult, one call of [`Client::ask`] for them all. Silence is never zero: an agency whose part
//! is missing, cannot be read, is about somebody else or did not come in time is `partial`, `error` or `timeout`, and
//! never `ok`. This module must not calculate, must not decide which incomes count, and must never put a personal
//! number into an error or a log. Transportstyrelsen and Migrationsverket are not asked: their legal basis is unknown.

mod af;
mod answer;
mod config;
mod csn;
mod envelope;
mod fk;
mod identity;
mod kind;
mod pension;
mod reading;
mod request;
mod skv;
mod so;
mod transport;
mod value;
mod xml;

use std::sync::Arc;

use chrono::{Months, NaiveDate};
use tokio::task::JoinSet;

pub use answer::{Agency, Answer, Deduction, IncomeRow, Problem, Status};
pub use config::{Config, Organisation};
pub use request::Question;
pub use transport::SetupError;

use envelope::Parts;
use transport::Transport;

/// The longest period that can be asked about, by Försäkringskassan's contract.
const LONGEST_PERIOD: Months = Months::new(24);

/// Asks SSBTEK in the name of one organisation.
#[derive(Debug, Clone)]
pub struct Client {
    config: Arc<Config>,
    transport: Transport,
}

impl Client {
    /// Reads the certificates and prepares the connection; asks nothing yet.
    pub fn new(config: Config) -> Result<Self, SetupError> {
        config.check()?;
        let transport = Transport::new(&config)?;
        Ok(Self { config: Arc::new(config), transport })
    }

    /// Asks all five authorities about each of `persons` (twelve digits) for the days `from` to `to`, on behalf of the
    /// errand `errand`. Always answers: what went wrong stands in the answer. A number that cannot be asked about
    /// stops the whole question before any call.
    pub async fn ask(&self, persons: &[String], from: NaiveDate, to: NaiveDate, errand: &str) -> Answer {
        let mut answer = Answer::default();
        refuse_persons(persons, &mut answer);
        if from > to || from.checked_add_months(LONGEST_PERIOD).is_none_or(|end| to > end) {
            answer.failed(0, Status::Error, "invalid_period", "perioden är omvänd eller längre än två år");
        }
        if errand.trim().is_empty() {
            answer.failed(0, Status::Error, "invalid_errand", "ärendets beteckning saknas");
        }
        if answer.problems.is_empty() {
            self.ask_each(persons, from, to, errand, &mut answer).await;
        }
        answer
    }

    /// All persons at the same time: a slow agency costs its time-out once, not once for each adult.
    async fn ask_each(&self, persons: &[String], from: NaiveDate, to: NaiveDate, errand: &str, answer: &mut Answer) {
        let mut calls = JoinSet::new();
        for (person, number) in persons.iter().enumerate() {
            let question = Question::new(number, from, to, errand);
            let client = self.clone();
            answer.ids.push(question.id().to_owned());
            calls.spawn(async move { (person, client.ask_one(&question).await) });
        }
        let mut parts = calls.join_all().await;
        parts.sort_by_key(|(person, _)| *person);
        for (person, parts) in parts {
            answer.take(person, parts);
        }
    }

    async fn ask_one(&self, question: &Question) -> Parts {
        let request = request::write(&self.config, question);
        match self.transport.post(request).await {
            Ok(response) => envelope::read(&response, question, &self.config),
            Err(failure) => Parts::failed(failure.status, failure.code, &failure.message),
        }
    }
}

fn refuse_persons(persons: &[String], answer: &mut Answer) {
    if persons.is_empty() {
        answer.failed(0, Status::Error, "no_person", "ingen person att fråga om");
    }
    for (person, number) in persons.iter().enumerate() {
        if let Err(reason) = identity::check(number) {
            answer.failed(person, Status::Error, "invalid_number", reason);
        }
    }
}
