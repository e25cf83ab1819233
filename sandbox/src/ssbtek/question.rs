//! Reads a question and checks it against the contract: order, what must be there, patterns. Must not look anything up.

use super::{
    sequence::{self as fits, Problems, Sequence},
    tree::{self, Element},
};

pub const SSBT: &str = "http://schema.forsakringskassan.se/integration/ssbt/10";
const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub const AGENCIES: [&str; 7] = ["AF", "CSN", "FK", "SKV", "SO", "TNS", "MIV"];

pub enum Operation {
    Fetch(Box<Question>),
    Test,
}

#[derive(Debug, Default)]
pub struct Question {
    pub asked_at: Option<String>,
    pub correlation: Option<String>,
    pub echo: bool,
    pub organisation: String,
    pub municipality: String,
    pub officer: String,
    pub person: String,
    pub case: String,
    pub period: Period,
    pub purpose: String,
    pub law: String,
    /// In the contract's order, those with inkludera true.
    pub agencies: Vec<Asked>,
    /// As it was asked, for the echo.
    pub parts: Vec<Element>,
}

#[derive(Debug, Clone, Default)]
pub struct Period {
    pub from: String,
    pub to: String,
}

impl Period {
    /// Whether any day of `from`–`to` is in it.
    pub fn overlaps(&self, from: &str, to: &str) -> bool {
        from <= self.to.as_str() && to >= self.from.as_str()
    }
}

#[derive(Debug)]
pub struct Asked {
    pub agency: &'static str,
    pub period: Period,
    /// FK only: the LEFI question, still base64.
    pub lefi: Option<String>,
}

pub fn read(text: &str) -> Result<Operation, Problems> {
    let envelope = tree::read(text).map_err(|problem| vec![format!("XML: {problem}")])?;
    let operation =
        in_envelope(&envelope).ok_or_else(|| vec!["SOAP: Envelope/Body med en operation saknas".to_owned()])?;
    match operation.name.as_str() {
        "testaBastjanstInformation" if operation.children.is_empty() => Ok(Operation::Test),
        "hamtaBastjanstInformation" => fetch(operation).map(|question| Operation::Fetch(Box::new(question))),
        other => Err(vec![format!("SOAP: operationen {other} finns inte")]),
    }
}

fn in_envelope(envelope: &Element) -> Option<&Element> {
    let is = |element: &Element, name: &str| element.name == name && element.namespace == SOAP;
    let body = match envelope.children.as_slice() {
        [body] if is(body, "Body") => body,
        [header, body] if is(header, "Header") && is(body, "Body") => body,
        _ => return None,
    };
    match body.children.as_slice() {
        [operation] if is(envelope, "Envelope") && operation.namespace == SSBT => Some(operation),
        _ => None,
    }
}

fn fetch(operation: &Element) -> Result<Question, Problems> {
    let mut problems = Problems::new();
    let mut question = Question { parts: operation.children.clone(), ..Question::default() };
    let mut parts = Sequence::of(SSBT, "hamtaBastjanstInformation", operation, &mut problems);
    if let Some(general) = parts.required("generellaFrageparametrar", &mut problems) {
        read_general(general, &mut question, &mut problems);
    }
    if let Some(specific) = parts.required("specifikaFrageparametrar", &mut problems) {
        read_specific(specific, &mut question, &mut problems);
    }
    parts.end(&mut problems);
    if problems.is_empty() { Ok(question) } else { Err(problems) }
}

fn read_general(element: &Element, question: &mut Question, problems: &mut Problems) {
    let mut fields = Sequence::of(SSBT, "generellaFrageparametrar", element, problems);
    question.asked_at = fields.optional_text("frageTidpunkt", fits::date_time, problems);
    question.correlation = fields.optional_text("korrelationsid", fits::anything, problems);
    let echo = fields.text("fraganSkallInkluderasISvaret", fits::boolean, problems);
    question.echo = matches!(echo.as_str(), "true" | "1");
    if let Some(sender) = fields.required("ingivare", problems) {
        let mut sender = Sequence::of(SSBT, "ingivare", sender, problems);
        question.organisation = sender.text("organisationsnummer", fits::organisation, problems);
        question.municipality = sender.text("namn", fits::not_empty, problems);
        question.officer = sender.text("handlaggare", fits::not_empty, problems);
        sender.end(problems);
    }
    question.person = fields.text("personidentitet", fits::twelve_digits, problems);
    question.case = fields.text("arendeidentitet", fits::not_empty, problems);
    if let Some(period) = fields.required("tidsperiod", problems) {
        question.period = read_period(period, problems);
    }
    while let Some(processor) = fields.optional("personuppgiftsbitrade") {
        read_processor(processor, problems);
    }
    question.purpose = fields.text("syfte", fits::anything, problems);
    question.law = fields.text("lagtext", fits::anything, problems);
    fields.end(problems);
}

fn read_period(element: &Element, problems: &mut Problems) -> Period {
    let mut fields = Sequence::of(SSBT, "tidsperiod", element, problems);
    let from = fields.text("fromDatum", fits::date, problems);
    let to = fields.text("tomDatum", fits::date, problems);
    fields.end(problems);
    if from > to {
        problems.push("tidsperiod: fromDatum är efter tomDatum".to_owned());
    }
    Period { from, to }
}

fn read_processor(element: &Element, problems: &mut Problems) {
    let mut fields = Sequence::of(SSBT, "personuppgiftsbitrade", element, problems);
    let short = |text: &str| text.parse::<i16>().is_ok();
    fields.optional_text("ordningsnummer", short, problems);
    fields.text("organisationsnummer", fits::organisation, problems);
    fields.text("namn", fits::not_empty, problems);
    fields.end(problems);
}

fn read_specific(element: &Element, question: &mut Question, problems: &mut Problems) {
    let mut fields = Sequence::of(SSBT, "specifikaFrageparametrar", element, problems);
    for agency in AGENCIES {
        if let Some(element) = fields.required(agency, problems) {
            read_agency(agency, element, question, problems);
        }
    }
    fields.end(problems);
}

fn read_agency(agency: &'static str, element: &Element, question: &mut Question, problems: &mut Problems) {
    let include = match element.attribute("inkludera").map(str::trim) {
        Some("true" | "1") => true,
        Some("false" | "0") => false,
        _ => {
            problems.push(format!("{agency}: attributet inkludera saknas eller är inte sant/falskt"));
            return;
        }
    };
    let mut fields = Sequence::of(SSBT, agency, element, problems);
    let mut asked = Asked { agency, period: question.period.clone(), lefi: None };
    match agency {
        "FK" => asked.lefi = fields.optional("fraga").map(|fraga| read_lefi(fraga, problems)),
        "AF" | "CSN" | "SO" | "TNS" => {
            if let Some(period) = fields.optional("tidsperiod") {
                asked.period = read_period(period, problems);
            }
        }
        _ => {}
    }
    fields.end(problems);
    if include {
        question.agencies.push(asked);
    } else if !element.children.is_empty() {
        problems.push(format!("{agency}: inget underliggande element när inkludera är falskt"));
    }
}

fn read_lefi(element: &Element, problems: &mut Problems) -> String {
    let mut fields = Sequence::of(SSBT, "FK/fraga", element, problems);
    fields.optional_text("version", fits::anything, problems);
    fields.text("aktorsid", fits::anything, problems);
    let lefi = fields.text("lefiJsonFraga", fits::not_empty, problems);
    fields.end(problems);
    lefi
}
