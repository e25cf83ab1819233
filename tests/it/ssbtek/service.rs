//! An SSBTEK that answers what a test tells it to, and the documents it answers with, written from the contract.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kollega::ssbtek::{Client, Config, Organisation};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const ANNA: &str = "198512052393";
pub const BO: &str = "199110042380";
pub const SSBT: &str = "http://schema.forsakringskassan.se/integration/ssbt/10";

/// What the service does with a question.
pub enum Reply {
    Xml(String),
    Fault(String),
    Status(u16, &'static str),
    Bytes(Vec<u8>),
    Silence,
}

/// A running service and the questions it was asked.
pub struct Service {
    pub url: String,
    questions: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Service {
    pub fn questions(&self) -> Vec<String> {
        self.questions.lock().expect("no test panicked with it").clone()
    }

    pub fn client(&self) -> Client {
        Client::new(config(&self.url)).expect("the configuration is right")
    }
}

/// A service that answers each question by `reply`.
pub async fn service(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Service {
    let questions = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&questions);
    let reply = Arc::new(reply);
    let answer = move |question: String| {
        seen.lock().expect("no test panicked with it").push(question.clone());
        let reply = reply(&question);
        async move { respond(reply).await }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/ssbtek", listener.local_addr().expect("an address"));
    let app = Router::new().route("/ssbtek", post(answer));
    let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
    Service { url, questions, task }
}

async fn respond(reply: Reply) -> Response {
    match reply {
        Reply::Xml(text) => text.into_response(),
        Reply::Fault(text) => (StatusCode::INTERNAL_SERVER_ERROR, text).into_response(),
        Reply::Status(code, text) => (StatusCode::from_u16(code).expect("a status"), text).into_response(),
        Reply::Bytes(bytes) => Body::from(bytes).into_response(),
        Reply::Silence => std::future::pending().await,
    }
}

/// One that waits a second in all for an answer that never comes.
pub fn impatient(url: &str) -> Config {
    Config { connect_timeout: Duration::from_millis(300), read_timeout: Duration::from_millis(700), ..config(url) }
}

pub fn config(url: &str) -> Config {
    Config {
        url: url.to_owned(),
        certificate: None,
        key: None,
        ca: None,
        connect_timeout: Duration::from_secs(10),
        read_timeout: Duration::from_secs(20),
        organisation: Organisation {
            number: "162120009999".into(),
            name: "Exempel & Öarnas kommun".into(),
            handler: "kollega".into(),
        },
        actor_id: "aktor-1".into(),
        purpose: "Prövning av ekonomiskt bistånd".into(),
        legal_basis: "Den rättsliga grund som kommunen anger".into(),
        benefits: ["FK:AS", "FK:BOB", "FK:ABB", "PM:BTI"].map(str::to_owned).to_vec(),
        kinds: [("fk:TFP".to_owned(), "föräldrapenning".to_owned())].into(),
        answered: [].into(),
    }
}

/// The text between `<ssbt:name>` and its end in a question.
pub fn asked<'a>(question: &'a str, name: &str) -> &'a str {
    let (open, close) = (format!("<ssbt:{name}>"), format!("</ssbt:{name}>"));
    let start = question.find(&open).expect("the question has the element") + open.len();
    &question[start..start + question[start..].find(&close).expect("the element ends")]
}

/// An answer to `question` with these parts, in the contract's order.
pub fn answer(question: &str, parts: &[(&str, String)]) -> Reply {
    let correlation = asked(question, "korrelationsid");
    Reply::Xml(soap(&format!(
        "<ssbt:hamtaBastjanstInformationResponse xmlns:ssbt=\"{SSBT}\">\
         <ssbt:korrelationsid>{correlation}</ssbt:korrelationsid><ssbt:svarsdata>{}</ssbt:svarsdata>\
         </ssbt:hamtaBastjanstInformationResponse>",
        parts.iter().map(|(name, part)| format!("<ssbt:{name}>{part}</ssbt:{name}>")).collect::<Vec<_>>().concat()
    )))
}

pub fn soap(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Header/>\
         <soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
}

pub fn fault(code: &str, message: &str) -> Reply {
    Reply::Fault(soap(&format!(
        "<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>fel</faultstring><detail>\
         <ssbt:hamtaBastjanstInformationFault xmlns:ssbt=\"{SSBT}\"><ssbt:felkod>{code}</ssbt:felkod>\
         <ssbt:felmeddelande>{message}</ssbt:felmeddelande></ssbt:hamtaBastjanstInformationFault></detail></soapenv:Fault>"
    )))
}

/// The parts of an answer where everybody answered and nobody has an income.
pub fn nothing(number: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AF", af(number, "0")),
        ("CSN", csn(number, "")),
        ("FK", fk(&fk_answer(number, &json!([])))),
        ("SKV", skv(number, "")),
        ("SO", so(number, "")),
    ]
}

/// The same parts with one agency's part replaced.
pub fn with(mut parts: Vec<(&'static str, String)>, name: &str, part: String) -> Vec<(&'static str, String)> {
    parts.iter_mut().find(|(known, _)| *known == name).expect("an agency").1 = part;
    parts
}

/// The same parts without one agency's part.
pub fn without(mut parts: Vec<(&'static str, String)>, name: &str) -> Vec<(&'static str, String)> {
    parts.retain(|(known, _)| *known != name);
    parts
}

pub fn agency_error(source: &str, code: &str, message: &str) -> String {
    format!(
        "<ssbt:error><ssbt:kalla>{source}</ssbt:kalla><ssbt:felkod>{code}</ssbt:felkod>\
         <ssbt:felmeddelande>{message}</ssbt:felmeddelande></ssbt:error>"
    )
}

pub fn fk(answer: &Value) -> String {
    let json = STANDARD.encode(answer.to_string());
    format!("<ssbt:data><ssbt:lefiJsonSvar>{json}</ssbt:lefiJsonSvar></ssbt:data>")
}

/// LEFI's answer with these payments made.
pub fn fk_answer(number: &str, payments: &Value) -> Value {
    json!({
        "utlamnare": [
            {"utlamnare": {"kod": "FK", "namn": "Försäkringskassan"}, "tillstand": {"kod": "OK", "beskrivning": "Tillgänglig"}},
            {"utlamnare": {"kod": "PM", "namn": "Pensionsmyndigheten"}, "tillstand": {"kod": "OK", "beskrivning": "Tillgänglig"}}
        ],
        "avvikelser": {},
        "formansinformation": {
            "generellPersoninformation": [{"personnummer": number, "skyddad": false}],
            "utbetalningsuppgift": payments
        }
    })
}

/// One payment by Försäkringskassan, for December.
pub fn payment(family: &str, words: &str, gross: u32, tax: u32, net: u32) -> Value {
    json!({
        "typ": {"id": 1, "beskrivning": "Månad"},
        "formansfamilj": {"id": family, "beskrivning": words},
        "datum": "2025-12-17",
        "period": {"fran": "2025-12-01", "till": "2025-12-31"},
        "bruttobelopp": sek(gross), "skattebelopp": sek(tax), "avdragsbelopp": sek(gross - net), "nettobelopp": sek(net),
        "utbetalningsdetalj": [
            {"forman": {"id": family, "beskrivning": words}, "beloppstyp": {"id": "GR"}, "bruttobelopp": sek(gross)},
            {"forman": {"id": family, "beskrivning": words}, "beloppstyp": {"id": "PS"}, "skattebelopp": sek(tax)}
        ]
    })
}

pub fn sek(amount: u32) -> Value {
    json!({"summa": amount, "valuta": "SEK"})
}

pub fn csn(number: &str, studiemedel: &str) -> String {
    csn_document(&csn_answer(number, studiemedel))
}

pub fn csn_document(document: &str) -> String {
    format!("<ssbt:data><ssbt:svar>{}</ssbt:svar></ssbt:data>", STANDARD.encode(document))
}

/// CSN's inner document with these errands of studiemedel.
pub fn csn_answer(number: &str, studiemedel: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<k:CSNSvar schemaVersion=\"4.0\" \
         xmlns:k=\"http://schema.csn.se/v4.0/kommunfraga\"><k:GemensamtSvarEkbistand><k:Resultat>\
         <k:ResultatKod>0</k:ResultatKod><k:ResultatText>Inget att rapportera</k:ResultatText></k:Resultat>\
         </k:GemensamtSvarEkbistand><k:GemensamtFragaEkbistand/><k:Personer>{}</k:Personer></k:CSNSvar>",
        csn_person(number, studiemedel)
    )
}

pub fn csn_person(number: &str, studiemedel: &str) -> String {
    let support = |name: &str, errands: &str| format!("<p:{name}><p:Arenden>{errands}</p:Arenden></p:{name}>");
    format!(
        "<k:Person xmlns:k=\"http://schema.csn.se/v4.0/kommunfraga\" xmlns:p=\"http://schema.csn.se/v4.0/person\" \
         xmlns:s=\"http://schema.csn.se/v4.0/studiemedel\" xmlns:g=\"http://schema.csn.se/v4.0/csntyper\" \
         personnummer=\"{}\" Status=\"          \" sekretess=\"  \" sekel=\"{}\"><p:Studiestodstypforteckning>\
         <g:studiemedel>1</g:studiemedel><g:studiehjalp>0</g:studiehjalp><g:hemutrustningslan>0</g:hemutrustningslan>\
         <g:studiestartsstod>0</g:studiestartsstod><g:omstallningsstudiestod>0</g:omstallningsstudiestod>\
         </p:Studiestodstypforteckning>{}{}{}{}{}</k:Person>",
        &number[2..],
        &number[..2],
        support("Studiemedel", studiemedel),
        support("Studiehjalp", ""),
        support("HemutrustningsLan", ""),
        support("Studiestartsstod", ""),
        support("Omstallningsstudiestod", "")
    )
}

/// An errand of studiemedel with one payment of a grant and a loan, for the weeks 49 to 52.
pub fn studiemedel(grant: u32, loan: u32, total: u32, status: &str) -> String {
    let part = |kind: &str, words: &str, amount: u32| {
        format!(
            "<g:Belopp><g:beloppstyp>{kind}</g:beloppstyp><g:klartext>{words}</g:klartext><g:belopp>{amount}</g:belopp>\
             <g:totbelopp>{amount}</g:totbelopp></g:Belopp>"
        )
    };
    format!(
        "<p:Arende lopnummer=\"1\"><s:stodform>GRUND</s:stodform><s:klartext>Studiemedel</s:klartext>\
         <s:status>BESLUTAD</s:status><s:soktaTider/><s:BeviljadeTider/><s:UtbetalningsPlan><s:Utbetalning>\
         <g:utbetdatum>20251125</g:utbetdatum><g:utbetstatus>{status}</g:utbetstatus><g:Utbetaldatider><g:Utbetaldtid>\
         <g:startvecka>202549</g:startvecka><g:slutvecka>202552</g:slutvecka><g:Beloppen>{}{}</g:Beloppen>\
         <g:totbelopp>{total}</g:totbelopp></g:Utbetaldtid></g:Utbetaldatider><g:totbelopp>{total}</g:totbelopp>\
         </s:Utbetalning></s:UtbetalningsPlan></p:Arende>",
        part("GRUNDB", "Bidrag", grant),
        part("GRUNDL", "Lån", loan)
    )
}

/// Skatteverket's inner document, in CDATA.
pub fn skv(number: &str, entries: &str) -> String {
    format!(
        "<ssbt:data><svar><![CDATA[<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <SvarBeskattningsuppgifterEnligtSFS2008-975 xmlns=\"urn:inre\" xmlns:f=\"urn:folk\"><PersonuppgiftLista>\
         <Personuppgift><f:IdentitetsbeteckningFysiskPerson>{number}</f:IdentitetsbeteckningFysiskPerson>{entries}\
         </Personuppgift></PersonuppgiftLista></SvarBeskattningsuppgifterEnligtSFS2008-975>]]></svar></ssbt:data>"
    )
}

pub fn so(number: &str, funds: &str) -> String {
    format!(
        "<ssbt:data xmlns:so=\"http://INT014.UBPService.Schemas\">\
         <so:OrganisationsnummerIngivare>162120009999</so:OrganisationsnummerIngivare><so:NamnIngivare>K</so:NamnIngivare>\
         <so:KontonamnHandlaggare>k</so:KontonamnHandlaggare><so:Referensnummer>1</so:Referensnummer>\
         <so:From>2025-12-01</so:From><so:Tom>2025-12-31</so:Tom><so:Syfte>s</so:Syfte><so:Paragraf>p</so:Paragraf>\
         <so:IdentificationNumber>{number}</so:IdentificationNumber>\
         <so:ArbetsloshetsersattningLista>{funds}</so:ArbetsloshetsersattningLista></ssbt:data>"
    )
}

pub fn fund(status: &str, payments: &str) -> String {
    format!(
        "<so:Arbetsloshetsersattning><so:SvarandeOrganisation>Exempelkassan</so:SvarandeOrganisation>\
         <so:StatusSvarandeOrganisation>{status}</so:StatusSvarandeOrganisation>{payments}</so:Arbetsloshetsersattning>"
    )
}

pub fn fund_payment(after_tax: &str, net: &str) -> String {
    format!(
        "<so:Utbetalningar><so:Utbetalningsdatum>2025-12-22</so:Utbetalningsdatum>\
         <so:NettoEfterSkatt>{after_tax}</so:NettoEfterSkatt><so:NettoEfterAvdrag>{net}</so:NettoEfterAvdrag>\
         <so:Ersattningsdagar>15</so:Ersattningsdagar><so:AvserFrom>2025-12-01</so:AvserFrom>\
         <so:AvserTom>2025-12-21</so:AvserTom></so:Utbetalningar>"
    )
}

pub fn af(number: &str, status: &str) -> String {
    format!(
        "<ssbt:data xmlns:af=\"http://api.arbetsformedlingen.se/arbetssokande/ersattningsstod/v2\"><af:Fraga>\
         <af:OrganisationsnummerForIngivare>162120009999</af:OrganisationsnummerForIngivare>\
         <af:NamnPaIngivare>K</af:NamnPaIngivare><af:KontonamnForHandlaggare>k</af:KontonamnForHandlaggare>\
         <af:Referensnummer>1</af:Referensnummer><af:From>2025-12-01</af:From><af:Tom>2025-12-31</af:Tom>\
         <af:SyfteMedFraga>s</af:SyfteMedFraga><af:LagParagraf>p</af:LagParagraf>\
         <af:IdentitetsbeteckningFysiskPerson>{number}</af:IdentitetsbeteckningFysiskPerson></af:Fraga><af:Svar>\
         <af:Schemaversion>2</af:Schemaversion><af:Referensnummer>1</af:Referensnummer><af:LagParagraf>p</af:LagParagraf>\
         <af:IdentitetsbeteckningFysiskPerson>{number}</af:IdentitetsbeteckningFysiskPerson>\
         <af:StatusSokandeinformationKod>{status}</af:StatusSokandeinformationKod>\
         <af:StatusSokandeinformationKodText>text</af:StatusSokandeinformationKodText></af:Svar></ssbt:data>"
    )
}
