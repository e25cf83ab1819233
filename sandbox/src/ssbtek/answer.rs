//! The answers' envelopes: what was fetched, the test's answer, and the fault. Must not know what agencies say.

use quick_xml::escape::escape;

use super::{
    agency::{Reply, Said},
    question::{AGENCIES, Question, SSBT},
    tree::Element,
};

pub fn fetched(question: &Question, replies: &[Reply]) -> String {
    let mut body = String::new();
    if question.echo {
        let parts: String = question.parts.iter().map(echo).collect();
        body.push_str(&wrapped("ssbt:fraga", &parts));
    }
    if let Some(at) = &question.asked_at {
        body.push_str(&element("ssbt:frageTidpunkt", at));
    }
    if let Some(id) = &question.correlation {
        body.push_str(&element("ssbt:korrelationsid", id));
    }
    body.push_str("<ssbt:svarsdata>");
    for reply in replies {
        body.push_str(&wrapped(&format!("ssbt:{}", reply.agency), &inside(&reply.said)));
    }
    body.push_str("</ssbt:svarsdata>");
    envelope(&format!(
        "<ssbt:hamtaBastjanstInformationResponse xmlns:ssbt=\"{SSBT}\">{body}</ssbt:hamtaBastjanstInformationResponse>"
    ))
}

fn inside(said: &Said) -> String {
    match said {
        Said::Data(data) => format!("<ssbt:data>{data}</ssbt:data>"),
        Said::Error(failure) => format!(
            "<ssbt:error>{}{}{}</ssbt:error>",
            element("ssbt:kalla", failure.source),
            element("ssbt:felkod", failure.code),
            element("ssbt:felmeddelande", &failure.message)
        ),
    }
}

pub fn test() -> String {
    let called = |agency| format!("<ssbt:{agency}><ssbt:anropad>true</ssbt:anropad></ssbt:{agency}>");
    let body: String = AGENCIES.iter().map(called).collect();
    envelope(&format!(
        "<ssbt:testaBastjanstInformationResponse xmlns:ssbt=\"{SSBT}\">{body}</ssbt:testaBastjanstInformationResponse>"
    ))
}

pub fn fault(problems: &[String]) -> String {
    let messages: String = problems.iter().map(|problem| element("ssbt:felmeddelande", problem)).collect();
    let detail = format!(
        "<ssbt:hamtaBastjanstInformationFault xmlns:ssbt=\"{SSBT}\">{}{messages}</ssbt:hamtaBastjanstInformationFault>",
        element("ssbt:felkod", "SSBT1001")
    );
    envelope(&format!(
        "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>Frågan följer inte kontraktet</faultstring><detail>{detail}</detail></soap:Fault>"
    ))
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>{body}</soap:Body></soap:Envelope>"
    )
}

/// One element with text, escaped.
pub fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// One element with what is XML already.
pub fn wrapped(name: &str, inside: &str) -> String {
    format!("<{name}>{inside}</{name}>")
}

/// The question as it came; all of it is in the contract's own namespace.
fn echo(part: &Element) -> String {
    let attributes: String = part.attributes.iter().map(attribute).collect();
    let inside = match part.children.as_slice() {
        [] => escape(part.text.trim()).into_owned(),
        children => children.iter().map(echo).collect(),
    };
    format!("<ssbt:{0}{attributes}>{inside}</ssbt:{0}>", part.name)
}

fn attribute((name, value): &(String, String)) -> String {
    format!(" {name}=\"{}\"", escape(value))
}
