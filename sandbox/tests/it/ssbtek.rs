use std::{path::PathBuf, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use sandbox::{FaultKind, FaultSpec, System};
use serde_json::{Value, json};

use crate::client::{Answer, Client, Practice, practice};

const GROUPS: [&str; 7] = ["FK:AS", "FK:SJP", "FK:ABB", "FK:BOB", "FK:US", "FK:FP", "FK:ET"];

fn question(person: &str) -> String {
    let lefi =
        json!({"personnummer": person, "period": {"from": "2025-12-01", "tom": "2025-12-31"}, "utbetalningar": GROUPS});
    let fk = format!(
        "<s:fraga><s:version>v9</s:version><s:aktorsid>exempel</s:aktorsid><s:lefiJsonFraga>{}</s:lefiJsonFraga></s:fraga>",
        STANDARD.encode(lefi.to_string())
    );
    format!(
        "<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>\
         <s:hamtaBastjanstInformation xmlns:s=\"http://schema.forsakringskassan.se/integration/ssbt/10\"><s:generellaFrageparametrar>\
         <s:korrelationsid>k&amp;1</s:korrelationsid><s:fraganSkallInkluderasISvaret>true</s:fraganSkallInkluderasISvaret>\
         <s:ingivare><s:organisationsnummer>162120000001</s:organisationsnummer><s:namn>Exempelby</s:namn><s:handlaggare>robot</s:handlaggare></s:ingivare>\
         <s:personidentitet>{person}</s:personidentitet><s:arendeidentitet>EB-2025-0101</s:arendeidentitet>\
         <s:tidsperiod><s:fromDatum>2025-12-01</s:fromDatum><s:tomDatum>2025-12-31</s:tomDatum></s:tidsperiod>\
         <s:syfte>Ekonomiskt bistånd</s:syfte><s:lagtext>Förordning 2008:975</s:lagtext></s:generellaFrageparametrar>\
         <s:specifikaFrageparametrar><s:AF inkludera=\"true\"/><s:CSN inkludera=\"true\"/><s:FK inkludera=\"true\">{fk}</s:FK>\
         <s:SKV inkludera=\"true\"/><s:SO inkludera=\"true\"/><s:TNS inkludera=\"false\"/><s:MIV inkludera=\"0\"/></s:specifikaFrageparametrar>\
         </s:hamtaBastjanstInformation></e:Body></e:Envelope>"
    )
}

async fn ask(practice: &Practice, question: &str) -> Answer {
    let mut client = Client::new(practice.sandbox.addresses.ssbtek);
    client.ask("POST", "/ssbtek", "text/xml; charset=utf-8", question).await.expect("an answer")
}

fn lefi(answer: &Answer) -> Value {
    let packed = answer.body.rsplit("<ssbt:lefiJsonSvar>").next().expect("FK's answer").split('<').next();
    let bytes = STANDARD.decode(packed.expect("base64")).expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test]
async fn each_asked_agency_answers_in_the_contracts_order() {
    let practice = practice().await;
    let answer = ask(&practice, &question("198501302395")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("<ssbt:korrelationsid>k&amp;1</ssbt:korrelationsid>"));
    let places: Vec<usize> = ["AF", "CSN", "FK", "SKV", "SO"]
        .iter()
        .map(|agency| answer.body.find(&format!("<ssbt:{agency}><ssbt:data>")).expect("data"))
        .collect();
    assert!(places.is_sorted());
    assert!(!answer.body.contains("<ssbt:TNS><ssbt:"), "what was not asked for is not answered");
    let payments = &lefi(&answer)["formansinformation"]["utbetalningsuppgift"];
    assert_eq!(payments.as_array().map(Vec::len), Some(1), "November was not asked for");
    assert_eq!(payments[0]["nettobelopp"], json!({"summa": 6200, "valuta": "SEK"}));
    assert_eq!(payments[0]["formansfamilj"]["id"], "AS");
}

#[tokio::test]
async fn a_question_that_breaks_the_contract_gets_a_fault_that_says_where() {
    let practice = practice().await;
    let whole = question("198501302395");
    for (part, instead, complaint) in [
        ("<s:syfte>Ekonomiskt bistånd</s:syfte>", "", "syfte saknas"),
        ("162120000001", "162110", "organisationsnummer"),
        ("<s:namn>Exempelby</s:namn>", "<s:namn></s:namn>", "namn"),
        ("<s:personidentitet>198501302395", "<s:personidentitet>19850130-2395", "personidentitet"),
        ("<s:personidentitet>198501302395", "<s:personidentitet>19880209T050", "personidentitet"),
        ("<s:TNS inkludera=\"false\"/>", "", "TNS saknas"),
        ("<s:AF inkludera=\"true\"/>", "<s:AF/>", "inkludera"),
        ("2025-12-31</s:tomDatum>", "2025-13-01</s:tomDatum>", "tomDatum"),
        ("</s:hamtaBastjanstInformation>", "<s:mer/></s:hamtaBastjanstInformation>", "mer hör inte hemma"),
        ("ssbt/10", "ssbt/9", "operation"),
    ] {
        assert!(whole.contains(part), "{part}");
        let answer = ask(&practice, &whole.replace(part, instead)).await;
        assert_eq!(answer.status, 500, "{instead}");
        assert!(answer.between("<soap:Fault>", "</soap:Fault>").contains(complaint), "{complaint}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_silent_agency_is_an_error_of_its_own_and_the_others_answer() {
    let practice = practice().await;
    let answer = ask(&practice, &question("198904082396")).await;
    assert_eq!(answer.between("<ssbt:SO>", "</ssbt:SO>").matches("<ssbt:felkod>SSBT0504</ssbt:felkod>").count(), 1);
    assert!(answer.body.contains("<ssbt:FK><ssbt:data>"));
}

#[tokio::test]
async fn any_agency_can_be_made_silent_or_broken() {
    let practice = practice().await;
    let fault =
        |kind, agency: &str| FaultSpec { agency: Some(agency.to_owned()), ..FaultSpec::new(System::Ssbtek, kind) };
    practice.sandbox.add_fault(fault(FaultKind::Silent, "csn")).await.expect("a fault");
    practice.sandbox.add_fault(fault(FaultKind::AgencyError, "af")).await.expect("a fault");
    let answer = ask(&practice, &question("198501302395")).await;
    assert!(answer.between("<ssbt:CSN><ssbt:error>", "</ssbt:CSN>").contains("SSBT0504"));
    assert!(answer.between("<ssbt:AF><ssbt:error>", "</ssbt:AF>").contains("BT0500"));
    let answer = ask(&practice, &question("198501302395")).await;
    assert!(!answer.body.contains("<ssbt:error>"), "each strikes once");
}

#[tokio::test]
async fn a_silent_agency_can_hang_the_whole_call() {
    let practice = practice().await;
    let hang = FaultSpec {
        agency: Some("fk".to_owned()),
        hang_seconds: 0.4,
        ..FaultSpec::new(System::Ssbtek, FaultKind::Silent)
    };
    practice.sandbox.add_fault(hang).await.expect("a fault");
    let began = std::time::Instant::now();
    let answer = ask(&practice, &question("198501302395")).await;
    assert!(began.elapsed().as_millis() >= 400);
    assert!(answer.between("<ssbt:FK>", "</ssbt:FK>").contains("SSBT0504"));
}

#[tokio::test]
async fn a_partial_answer_says_what_is_missing() {
    let practice = practice().await;
    let answer = lefi(&ask(&practice, &question("199110302396")).await);
    let missing = answer["avvikelser"]["utbetalningar"].as_array().expect("deviations").clone();
    assert_eq!(missing.len(), 3);
    assert_eq!(missing[0]["avvikelse"]["kod"], "INTERNT_FEL");
    let whole = lefi(&ask(&practice, &question("198501302395")).await);
    assert_eq!(whole["avvikelser"], json!({}));
}

#[tokio::test]
async fn csn_answers_with_its_own_document() {
    let practice = practice().await;
    let answer = ask(&practice, &question("200203162383")).await;
    let packed = answer.between("<ssbt:CSN><ssbt:data><ssbt:svar>", "</ssbt:svar>");
    let inner = String::from_utf8(STANDARD.decode(packed).expect("base64")).expect("UTF-8");
    assert!(inner.contains("personnummer=\"0203162383\"") && inner.contains("sekel=\"20\""));
    assert!(inner.contains("<t:utbetdatum>20251223</t:utbetdatum><t:utbetstatus>Planerad</t:utbetstatus>"));
    assert!(
        inner.contains("<t:beloppstyp>GRUNDB</t:beloppstyp><t:klartext>Bidrag</t:klartext><t:belopp>3900</t:belopp>")
    );
}

#[tokio::test]
async fn the_test_operation_names_every_agency() {
    let practice = practice().await;
    let asked = "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>\
        <testaBastjanstInformation xmlns=\"http://schema.forsakringskassan.se/integration/ssbt/10\"/></e:Body></e:Envelope>";
    let answer = ask(&practice, asked).await;
    assert_eq!(answer.body.matches("<ssbt:anropad>true</ssbt:anropad>").count(), 7);
}

/// The published contract is not part of the repository: checked where it is at hand.
fn contract() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/domain/ssbtek");
    let folder = std::env::var_os("SSBTEK_CONTRACT").map_or(beside, PathBuf::from);
    let file = folder.join("se/forsakringskassan/schema/integration/ssbt/_10/sammansatt_bastjanst_v10.xsd");
    file.exists().then_some(file)
}

#[tokio::test]
async fn questions_and_answers_validate_against_the_published_contract() {
    let Some(contract) = contract() else {
        return;
    };
    let practice = practice().await;
    for person in ["198501302395", "198302202398", "198904082396", "200203162383", "199110302396"] {
        let question = question(person);
        let answer = ask(&practice, &question).await;
        validates(&contract, answer.between("<soap:Body>", "</soap:Body>"));
        let asked = question.split_once("<e:Body>").expect("a body").1.split_once("</e:Body>").expect("a body").0;
        validates(&contract, asked);
    }
}

fn validates(contract: &std::path::Path, document: &str) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), document).expect("it is written");
    let checked = Command::new("xmllint")
        .args(["--noout", "--schema"])
        .arg(contract)
        .arg(file.path())
        .output()
        .expect("xmllint runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
