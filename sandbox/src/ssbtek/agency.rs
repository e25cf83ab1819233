//! Each asked agency's answer: its data, or the error that stands in its place. Decides who is silent; the contents are the agencies' own.

use std::time::Duration;

use super::{
    af, csn, fk,
    question::{Asked, Question},
    skv, so,
};
use crate::{
    error::Result,
    fault::{FaultKind, FaultSpec, Seen, System},
    seed::{Answer, Person},
    shared::Shared,
};

pub struct Reply {
    pub agency: &'static str,
    pub said: Said,
}

pub enum Said {
    /// The inside of `data`, as XML.
    Data(String),
    Error(Failure),
}

pub struct Failure {
    /// SSBT or BT.
    pub source: &'static str,
    pub code: &'static str,
    pub message: String,
}

impl Failure {
    pub fn timeout() -> Self {
        Self { source: "SSBT", code: "SSBT0504", message: "Timeout i anrop mot bastjänsten".to_owned() }
    }

    pub fn internal() -> Self {
        Self { source: "BT", code: "BT0500", message: "Ett tekniskt fel har uppstått i bastjänsten".to_owned() }
    }

    pub fn bad_question(message: impl Into<String>) -> Self {
        Self { source: "BT", code: "BT0400", message: message.into() }
    }

    pub fn no_right() -> Self {
        Self { source: "BT", code: "BT0403", message: "Ingivaren har inte rätt till uppgifterna".to_owned() }
    }
}

pub async fn answers(shared: &Shared, question: &Question) -> Result<Vec<Reply>> {
    let person = shared.seed.person(&question.person);
    let mut replies = Vec::new();
    for asked in &question.agencies {
        let faults = strike(shared, question, asked).await?;
        for silent in faults.iter().filter(|fault| fault.hang_seconds > 0.0) {
            tokio::time::sleep(Duration::from_secs_f64(silent.hang_seconds.min(3600.0))).await;
        }
        let answer = worst(known(&person, asked.agency), &faults);
        replies.push(Reply { agency: asked.agency, said: said(question, asked, &person, answer) });
    }
    Ok(replies)
}

async fn strike(shared: &Shared, question: &Question, asked: &Asked) -> Result<Vec<FaultSpec>> {
    let name = asked.agency.to_lowercase();
    let seen = Seen {
        system: System::Ssbtek,
        act: None,
        reference: Some(&question.case),
        agency: Some(&name),
        path: "/ssbtek",
        saves: false,
    };
    shared.faults.strike(&seen, FaultKind::AGENCY).await
}

fn known(person: &Person, agency: &str) -> Answer {
    match agency {
        "FK" => person.fk.answer,
        "SO" => person.so.answer,
        "CSN" => person.csn.answer,
        "AF" => person.af.answer,
        _ => Answer::Ok,
    }
}

fn worst(known: Answer, faults: &[FaultSpec]) -> Answer {
    let has = |kind| faults.iter().any(|fault| fault.kind == kind);
    match known {
        Answer::Timeout => Answer::Timeout,
        _ if has(FaultKind::Silent) => Answer::Timeout,
        _ if has(FaultKind::AgencyError) => Answer::Error,
        Answer::Ok if has(FaultKind::Partial) => Answer::Partial,
        other => other,
    }
}

fn said(question: &Question, asked: &Asked, person: &Person, answer: Answer) -> Said {
    let data = match (answer, asked.agency) {
        (Answer::Timeout, _) => Err(Failure::timeout()),
        (Answer::Error, _) => Err(Failure::internal()),
        (_, "FK") => fk::data(question, asked, &person.fk, answer == Answer::Partial),
        (_, "AF") => Ok(af::data(question, asked, &person.af)),
        (_, "CSN") => Ok(csn::data(question, asked, &person.csn)),
        (_, "SKV") => Ok(skv::data(question)),
        (_, "SO") => Ok(so::data(question, asked, &person.so)),
        _ => Err(Failure::no_right()),
    };
    data.map_or_else(Said::Error, Said::Data)
}
