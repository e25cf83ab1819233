//! What is sent is true to the contract: element by element here, and against the published schemas where a copy of
//! them stands beside the repository.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::service::{
    ANNA, Reply, SSBT, answer, asked, csn, csn_person, fk, fk_answer, fund, fund_payment, nothing, payment, service,
    so, studiemedel, with,
};

/// The question that is sent about one person.
async fn question() -> String {
    let service = service(|question| answer(question, &nothing(ANNA))).await;
    super::ask(&service, &[ANNA]).await;
    service.questions().remove(0)
}

/// The names of the start tags, in order.
fn tags(xml: &str) -> Vec<&str> {
    let tags = xml.split('<').skip(1).filter(|tag| !tag.starts_with(['/', '?']));
    tags.map(|tag| tag.split(['>', ' ']).next().unwrap_or_default()).collect()
}

#[tokio::test]
async fn the_question_has_the_contracts_elements_in_its_order() {
    let question = question().await;

    assert_eq!(
        tags(&question),
        [
            "soap:Envelope",
            "soap:Body",
            "ssbt:hamtaBastjanstInformation",
            "ssbt:generellaFrageparametrar",
            "ssbt:korrelationsid",
            "ssbt:fraganSkallInkluderasISvaret",
            "ssbt:ingivare",
            "ssbt:organisationsnummer",
            "ssbt:namn",
            "ssbt:handlaggare",
            "ssbt:personidentitet",
            "ssbt:arendeidentitet",
            "ssbt:tidsperiod",
            "ssbt:fromDatum",
            "ssbt:tomDatum",
            "ssbt:syfte",
            "ssbt:lagtext",
            "ssbt:specifikaFrageparametrar",
            "ssbt:AF",
            "ssbt:CSN",
            "ssbt:FK",
            "ssbt:fraga",
            "ssbt:version",
            "ssbt:aktorsid",
            "ssbt:lefiJsonFraga",
            "ssbt:SKV",
            "ssbt:SO",
            "ssbt:TNS",
            "ssbt:MIV",
        ]
    );
    for (name, value) in [
        ("personidentitet", ANNA),
        ("arendeidentitet", "EB-2025-0101"),
        ("fromDatum", "2025-12-01"),
        ("tomDatum", "2025-12-31"),
        ("namn", "Exempel &amp; Öarnas kommun"),
        ("fraganSkallInkluderasISvaret", "false"),
        ("version", "v9"),
    ] {
        assert_eq!(asked(&question, name), value);
    }
}

#[tokio::test]
async fn five_authorities_are_asked_and_the_two_without_a_legal_basis_are_not() {
    let question = question().await;

    for (name, included) in
        [("AF", true), ("CSN", true), ("FK", true), ("SKV", true), ("SO", true), ("TNS", false), ("MIV", false)]
    {
        assert!(question.contains(&format!("<ssbt:{name} inkludera=\"{included}\">")), "{name}");
    }
}

#[tokio::test]
async fn forsakringskassan_is_asked_for_payments_and_for_whose_answer_it_is() {
    let question = question().await;
    let lefi = STANDARD.decode(asked(&question, "lefiJsonFraga")).expect("base64");

    let groups = json!(["FK:AS", "FK:BOB", "FK:ABB", "PM:BTI"]);
    assert_eq!(
        serde_json::from_slice::<Value>(&lefi).expect("JSON"),
        json!({
            "personnummer": ANNA,
            "period": {"from": "2025-12-01", "tom": "2025-12-31"},
            "preliminaraUtbetalningar": groups,
            "utbetalningar": groups,
            "ovrigInformation": ["FK:GEPI"],
        })
    );
}

/// The folder of published schemas, in a folder `shared` beside or above the repository.
fn published() -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    repository.ancestors().map(|folder| folder.join("shared/domain/ssbtek")).find(|folder| folder.is_dir())
}

/// What xmllint says about a document; empty when it is valid.
fn validate(schema: &Path, document: &str) -> String {
    let mut xmllint = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint saknas: kör scripts/setup (Debianpaketet libxml2-utils)");
    let mut input = xmllint.stdin.take().expect("the input is piped");
    input.write_all(document.as_bytes()).expect("xmllint reads");
    drop(input);
    let output = xmllint.wait_with_output().expect("xmllint ends");
    if output.status.success() { String::new() } else { String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// The element of that name with the namespace it needs.
fn body<'a>(envelope: &'a str, name: &str) -> std::borrow::Cow<'a, str> {
    let end = format!("</ssbt:{name}>");
    let start = envelope.find(&format!("<ssbt:{name}")).expect("the element begins");
    let element = &envelope[start..envelope.find(&end).expect("the element ends") + end.len()];
    if element.contains("xmlns:ssbt") {
        return element.into();
    }
    element.replacen(&format!("<ssbt:{name}"), &format!("<ssbt:{name} xmlns:ssbt=\"{SSBT}\""), 1).into()
}

#[tokio::test]
async fn the_question_and_the_answers_of_these_tests_validate_against_the_published_schema() {
    let Some(folder) = published() else { return };
    let schema = folder.join("se/forsakringskassan/schema/integration/ssbt/_10/sammansatt_bastjanst_v10.xsd");
    let question = question().await;
    let lefi = fk_answer(ANNA, &json!([payment("AS", "Aktivitetsstöd", 8857, 2657, 6200)]));
    let parts = with(nothing(ANNA), "FK", fk(&lefi));
    let parts = with(parts, "CSN", csn(ANNA, &studiemedel(3900, 9000, 12900, "Utbetald")));
    let parts = with(parts, "SO", so(ANNA, &fund("OK", &fund_payment("9350.00", "8900.50"))));
    let Reply::Xml(answer) = answer(&question, &parts) else { panic!("it is an answer") };

    assert_eq!(validate(&schema, &body(&question, "hamtaBastjanstInformation")), "");
    let answer = body(&answer, "hamtaBastjanstInformationResponse");
    assert_eq!(validate(&schema, &answer), "");
    assert_ne!(validate(&schema, &answer.replace("svarsdata", "svardata")), "", "the schema is really used");
}

#[test]
fn csns_person_of_these_tests_validates_against_the_published_schema() {
    let Some(folder) = published() else { return };
    let wrapper = format!(
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:p=\"http://schema.csn.se/v4.0/person\" \
         targetNamespace=\"http://schema.csn.se/v4.0/kommunfraga\"><xs:import \
         namespace=\"http://schema.csn.se/v4.0/person\" schemaLocation=\"{}/se/csn/schema/v4_0/person/person.xsd\"/>\
         <xs:element name=\"Person\" type=\"p:Person\"/></xs:schema>",
        folder.display()
    );
    let scratch = tempfile::tempdir().expect("a temporary folder can be made");
    let schema = scratch.path().join("person.xsd");
    std::fs::write(&schema, wrapper).expect("the schema can be written");

    assert_eq!(validate(&schema, &csn_person(ANNA, &studiemedel(3900, 9000, 12900, "Utbetald"))), "");
}
