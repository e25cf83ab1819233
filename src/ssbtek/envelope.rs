//! The SOAP answer about one person, taken apart by agency.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::answer::{Agency, Status};
use super::reading::Reading;
use super::request::{Question, SOAP, SSBT};
use super::transport::Response;
use super::xml::Element;
use super::{Config, af, csn, fk, skv, so};

/// What each agency answered about one person. All five are here, whatever came.
#[derive(Debug)]
pub(super) struct Parts(Vec<(Agency, Reading)>);

impl Parts {
    /// No agency was heard.
    pub(super) fn failed(status: Status, code: &str, message: &str) -> Self {
        Self(Agency::ALL.map(|agency| (agency, Reading::failed(status, code, message))).into())
    }

    pub(super) fn into_readings(self) -> Vec<(Agency, Reading)> {
        self.0
    }
}

/// Reads an answer. A fault, another's answer or an unreadable document is an error for all five.
pub(super) fn read(response: &Response, question: &Question, config: &Config) -> Parts {
    let error = |code: &str, message: &str| Parts::failed(Status::Error, code, message);
    let envelope = match Element::from_bytes(&response.body) {
        Ok(envelope) => envelope,
        Err(_) if !response.success => return error(&response.code(), "SSBTEK svarade med ett fel"),
        Err(reason) => return error("unreadable", &reason.to_string()),
    };
    let body = envelope.child("Body").filter(|_| envelope.namespace == SOAP && envelope.name == "Envelope");
    let Some(body) = body else {
        return error("unreadable", "svaret är inte ett SOAP-svar");
    };
    if let Some(fault) = body.child("Fault") {
        return fault_parts(fault);
    }
    if !response.success {
        return error(&response.code(), "SSBTEK svarade med ett fel");
    }
    let answer = body.child("hamtaBastjanstInformationResponse").filter(|answer| answer.namespace == SSBT);
    let Some(data) = answer.and_then(|answer| answer.child("svarsdata").map(|data| (answer, data))) else {
        return error("unreadable", "svaret är inte ett svar enligt SSBTEK version 10");
    };
    let (answer, data) = data;
    if answer.value("korrelationsid").is_some_and(|id| id != question.correlation) {
        return error("wrong_answer", "svaret hör till en annan fråga");
    }
    Parts(Agency::ALL.map(|agency| (agency, part(agency, data, question, config))).into())
}

fn fault_parts(fault: &Element) -> Parts {
    let detail = fault.child("detail").and_then(|detail| detail.all().first());
    let code = detail.and_then(|detail| detail.value("felkod")).or(fault.value("faultcode")).unwrap_or("fault");
    let message = detail.and_then(|detail| detail.value("felmeddelande")).or(fault.value("faultstring"));
    let message = message.unwrap_or("SSBTEK svarade med ett fel");
    Parts::failed(if is_timeout(code, message) { Status::Timeout } else { Status::Error }, code, message)
}

/// One agency's part: its data, its error, or nothing.
fn part(agency: Agency, data: &Element, question: &Question, config: &Config) -> Reading {
    let name = agency.id().to_uppercase();
    let parts: Vec<&Element> = data.children(&name).filter(|part| part.namespace == SSBT).collect();
    let [part] = parts[..] else {
        return Reading::failed(Status::Error, "missing", "myndighetens del saknas i svaret eller finns flera gånger");
    };
    match (part.child("data"), part.child("error")) {
        (Some(data), None) => read_data(agency, data, question, config),
        (None, Some(error)) => agency_error(error),
        _ => Reading::failed(Status::Error, "unreadable", "myndighetens del har varken svar eller fel"),
    }
}

fn read_data(agency: Agency, data: &Element, question: &Question, config: &Config) -> Reading {
    match agency {
        Agency::Fk => fk::read(data, question, config),
        Agency::Af => af::read(data, question, config),
        Agency::Csn => csn::read(data, question, config),
        Agency::Skv => skv::read(data, question, config),
        Agency::So => so::read(data, question, config),
    }
}

fn agency_error(error: &Element) -> Reading {
    let code = error.value("felkod").unwrap_or("error");
    let messages: Vec<&str> = error.children("felmeddelande").map(Element::text).collect();
    let message = messages.join("; ");
    // Only the composed service can say of an agency that it did not answer in time.
    let silent = error.value("kalla") == Some("SSBT") && is_timeout(code, &message);
    Reading::failed(if silent { Status::Timeout } else { Status::Error }, code, &message)
}

/// The service's live codes are not published; it says it in words.
fn is_timeout(code: &str, message: &str) -> bool {
    let message = message.to_lowercase();
    let words = ["timeout", "time-out", "timed out", "svarade inte", "tidsgräns"];
    code.ends_with("504") || words.iter().any(|word| message.contains(word))
}

/// Decodes what travels as base64, with or without line breaks.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    STANDARD.decode(compact).ok().filter(|bytes| !bytes.is_empty())
}

/// An answer that names another person than the one asked about is nobody's.
pub(super) fn wrong_person() -> Reading {
    Reading::failed(Status::Error, "wrong_person", "svaret gäller en annan person")
}

/// An answer that cannot be read.
pub(super) fn unreadable(message: &str) -> Reading {
    Reading::failed(Status::Error, "unreadable", message)
}
