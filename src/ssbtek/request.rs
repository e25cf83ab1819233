//! Writes the question about one person, element by element in the order of the contract.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use serde_json::json;
use ulid::Ulid;

use super::Config;
use super::xml::Writer;

pub(super) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub(super) const SSBT: &str = "http://schema.forsakringskassan.se/integration/ssbt/10";

/// What is asked about one person.
#[derive(Clone)]
pub struct Question {
    pub(super) number: String,
    pub(super) correlation: String,
    from: NaiveDate,
    to: NaiveDate,
    errand: String,
}

impl std::fmt::Debug for Question {
    // Who it is about is personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question").field("correlation", &self.correlation).finish_non_exhaustive()
    }
}

impl Question {
    /// A question with a correlation id of its own, by which the answer is known to be the answer to it.
    pub fn new(number: &str, from: NaiveDate, to: NaiveDate, errand: &str) -> Self {
        let correlation = Ulid::generate().to_string();
        Self { number: number.to_owned(), correlation, from, to, errand: errand.to_owned() }
    }

    /// The correlation id.
    pub(super) fn id(&self) -> &str {
        &self.correlation
    }
}

/// The SOAP envelope.
pub(super) fn write(config: &Config, question: &Question) -> String {
    let mut xml = Writer::default();
    let namespaces = format!(" xmlns:soap=\"{SOAP}\" xmlns:ssbt=\"{SSBT}\"");
    xml.element("soap:Envelope", &namespaces, |xml| {
        xml.element("soap:Body", "", |xml| {
            xml.element("ssbt:hamtaBastjanstInformation", "", |xml| {
                general(xml, config, question);
                specific(xml, config, question);
            });
        });
    });
    xml.finish()
}

fn general(xml: &mut Writer, config: &Config, question: &Question) {
    xml.element("ssbt:generellaFrageparametrar", "", |xml| {
        xml.value("ssbt:korrelationsid", &question.correlation);
        // The question holds the personal number: it need not travel back.
        xml.value("ssbt:fraganSkallInkluderasISvaret", "false");
        xml.element("ssbt:ingivare", "", |xml| {
            xml.value("ssbt:organisationsnummer", &config.organisation.number);
            xml.value("ssbt:namn", &config.organisation.name);
            xml.value("ssbt:handlaggare", &config.organisation.handler);
        });
        xml.value("ssbt:personidentitet", &question.number);
        xml.value("ssbt:arendeidentitet", &question.errand);
        xml.element("ssbt:tidsperiod", "", |xml| {
            xml.value("ssbt:fromDatum", &question.from.to_string());
            xml.value("ssbt:tomDatum", &question.to.to_string());
        });
        xml.value("ssbt:syfte", &config.purpose);
        xml.value("ssbt:lagtext", &config.legal_basis);
    });
}

fn specific(xml: &mut Writer, config: &Config, question: &Question) {
    let include = " inkludera=\"true\"";
    xml.element("ssbt:specifikaFrageparametrar", "", |xml| {
        xml.element("ssbt:AF", include, |_| {});
        xml.element("ssbt:CSN", include, |_| {});
        xml.element("ssbt:FK", include, |xml| {
            xml.element("ssbt:fraga", "", |xml| {
                xml.value("ssbt:version", "v9");
                xml.value("ssbt:aktorsid", &config.actor_id);
                xml.value("ssbt:lefiJsonFraga", &STANDARD.encode(lefi(config, question)));
            });
        });
        xml.element("ssbt:SKV", include, |_| {});
        xml.element("ssbt:SO", include, |_| {});
        xml.element("ssbt:TNS", " inkludera=\"false\"", |_| {});
        xml.element("ssbt:MIV", " inkludera=\"false\"", |_| {});
    });
}

/// Försäkringskassan's own question: payments made and planned, and whose answer it is. No decisions and no grounds:
/// what is not needed is not asked for.
fn lefi(config: &Config, question: &Question) -> String {
    json!({
        "personnummer": question.number,
        "period": {"from": question.from.to_string(), "tom": question.to.to_string()},
        "preliminaraUtbetalningar": config.benefits,
        "utbetalningar": config.benefits,
        "ovrigInformation": ["FK:GEPI"],
    })
    .to_string()
}
