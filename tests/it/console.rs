//! The console over HTTP, as a browser without JavaScript uses it.

use std::net::SocketAddr;

use kollega::desk::{self, Reply};
use kollega::model::{CircuitId, Event, EventKind, FailureKind, Item, ItemState};
use kollega::person;
use kollega::screenshots::Screenshots;
use kollega::store::{Answer, CircuitLimits, Refusal};
use reqwest::{Response, StatusCode, header};
use serde_json::json;

use crate::office::{Office, PASSWORD, PERSONNUMMER, approval, denial, referral};

/// A browser with its cookies.
pub struct Browser {
    client: reqwest::Client,
    address: String,
    cookies: Vec<(String, String)>,
}

/// What came back.
pub struct Page {
    pub status: StatusCode,
    location: Option<String>,
    headers: header::HeaderMap,
    pub text: String,
}

impl Page {
    /// The value of the first hidden field of this name.
    pub fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let after = self.text.split_once(&start).unwrap_or_else(|| panic!("no field {name}:\n{}", self.text)).1;
        after.split_once('"').expect("the end of the value").0.to_owned()
    }

    pub fn shows(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

impl Browser {
    fn new(address: SocketAddr) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { client, address: format!("http://{address}"), cookies: Vec::new() }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.client.get(format!("{}{path}", self.address)).header(header::COOKIE, self.cookie_header());
        self.keep(request.send().await.expect("an answer")).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let request = self.client.post(format!("{}{path}", self.address)).header(header::COOKIE, self.cookie_header());
        self.keep(request.form(form).send().await.expect("an answer")).await
    }

    async fn sign_in(&mut self, name: &str, password: &str) -> Page {
        let csrf = self.get("/logga-in").await.hidden("csrf");
        self.post("/logga-in", &[("csrf", &csrf), ("name", name), ("password", password)]).await
    }

    /// Answers the suggestion shown on the item's page.
    async fn decide(&mut self, item: &Item, form: &[(&str, &str)]) -> Page {
        let page = self.get(&format!("/arende/{}", item.id)).await;
        let (csrf, suggestion) = (page.hidden("csrf"), page.hidden("suggestion"));
        let mut all = vec![("csrf", csrf.as_str()), ("suggestion", suggestion.as_str())];
        all.extend_from_slice(form);
        self.post(&format!("/arende/{}/beslut", item.id), &all).await
    }

    fn cookie_header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn keep(&mut self, response: Response) -> Page {
        for value in response.headers().get_all(header::SET_COOKIE) {
            let text = value.to_str().expect("a cookie");
            let (name, value) = text.split(';').next().expect("a pair").split_once('=').expect("a pair");
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let location = response.headers().get(header::LOCATION).map(|value| value.to_str().expect("text").to_owned());
        Page {
            status: response.status(),
            location,
            headers: response.headers().clone(),
            text: response.text().await.expect("a page"),
        }
    }
}

/// The office with its console open.
pub async fn open(office: &Office) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(kollega::console::serve(office.desk.clone(), listener, std::future::pending()));
    address
}

pub async fn signed_in(office: &Office, name: &str, role: &str) -> Browser {
    office.hire(name, role).await;
    let mut browser = Browser::new(open(office).await);
    assert_eq!(browser.sign_in(name, PASSWORD).await.status, StatusCode::SEE_OTHER);
    browser
}

#[tokio::test]
async fn only_the_right_password_signs_in_and_the_cookie_is_for_this_site_only() {
    let office = Office::open().await;
    office.hire("anna", "caseworker").await;
    let mut browser = Browser::new(open(&office).await);
    let asked = browser.get("/inkorg").await;
    assert_eq!(asked.location.as_deref(), Some("/logga-in?till=%2Finkorg"));

    for (name, password) in [("anna", "fel lösenord"), ("ingen", PASSWORD), ("anna", "")] {
        let refused = browser.sign_in(name, password).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(refused.shows("fel namn eller lösenord"));
        assert!(browser.get("/inkorg").await.location.is_some());
    }

    let page = browser.sign_in("anna", PASSWORD).await;
    assert_eq!(page.location.as_deref(), Some("/"));
    let cookie = page.headers.get_all(header::SET_COOKIE).iter().next().expect("a cookie").to_str().expect("text");
    assert!(cookie.starts_with("kollega_session="));
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Max-Age=28800"));
    let inbox = browser.get("/inkorg").await;
    assert!(inbox.shows("Inget väntar på ditt beslut"));
    let policy = inbox.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
    assert!(policy.starts_with("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(inbox.headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn after_five_wrong_passwords_the_right_one_has_to_wait() {
    let office = Office::open().await;
    office.hire("anna", "caseworker").await;
    office.hire("bo", "caseworker").await;
    let mut browser = Browser::new(open(&office).await);
    for _ in 0..5 {
        assert_eq!(browser.sign_in("anna", "fel lösenord").await.status, StatusCode::UNAUTHORIZED);
    }
    let page = browser.sign_in("anna", PASSWORD).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.shows("för många fel lösenord: försök igen om 15 min"), "{}", page.text);
    assert_eq!(browser.sign_in("bo", PASSWORD).await.status, StatusCode::SEE_OTHER);

    office.execute("update sign_in_tries set at = '2020-01-01T00:00:00.000Z'").await;
    assert_eq!(browser.sign_in("anna", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn passwords_tried_at_the_same_time_count_too() {
    let office = Office::open().await;
    office.hire("anna", "caseworker").await;
    let store = &office.desk.store;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let store = store.clone();
        tries.spawn(async move { person::sign_in(&store, "anna", "fel lösenord").await });
    }
    let results = tries.join_all().await;
    let checked = results.iter().filter(|result| matches!(result, Err(person::Error::Wrong))).count();
    assert_eq!((checked, results.len()), (person::TRIES, 12));
}

#[tokio::test]
async fn a_session_ends_by_time_by_signing_out_and_with_the_person() {
    let office = Office::open().await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    office.execute("update sessions set expires_at = '2020-01-01T00:00:00.000Z'").await;
    assert_eq!(browser.get("/inkorg").await.status, StatusCode::SEE_OTHER);

    browser.sign_in("anna", PASSWORD).await;
    let stolen = browser.cookies.clone();
    let csrf = browser.get("/inkorg").await.hidden("csrf");
    browser.post("/logga-ut", &[("csrf", &csrf)]).await;
    browser.cookies = stolen;
    assert_eq!(browser.get("/inkorg").await.status, StatusCode::SEE_OTHER);

    browser.sign_in("anna", PASSWORD).await;
    assert_eq!(browser.get("/inkorg").await.status, StatusCode::OK);
    office.desk.store.disable_user("anna").await.expect("shut out");
    assert_eq!(browser.get("/inkorg").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.sign_in("anna", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_without_the_sessions_token_does_nothing() {
    let office = Office::open().await;
    let (item, suggestion) = office.waiting("A-1", &approval()).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    for csrf in ["", "fel"] {
        let form = [("csrf", csrf), ("suggestion", &suggestion.id), ("answer", "approve")];
        let page = browser.post(&format!("/arende/{}/beslut", item.id), &form).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.shows("Ingenting har sparats"));
    }
    assert_eq!(office.item("A-1").await.state, ItemState::AwaitingDecision);
    let page = browser.post("/logga-in", &[("csrf", "x"), ("name", "anna"), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_approval_is_recorded_sealed_and_lets_the_item_go_on() {
    let office = Office::open().await;
    let (item, suggestion) = office.waiting("A-1", &approval()).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    let page = browser.get(&format!("/arende/{}", item.id)).await;
    assert!(page.shows("Godkänn 6 020 kr") && page.shows("Personliga kostnader") && page.shows("\u{2212}6 200"));
    assert!(page.shows("ej verifierad") && page.shows(PERSONNUMMER) && page.shows("12 220"));

    let page = browser.decide(&item, &[("answer", "approve")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let inbox = browser.get(&page.location.expect("back to the inbox")).await;
    assert!(inbox.shows("ärende A-1, bifall med 6 020 kr"), "{}", inbox.text);

    let decision = office.desk.store.decision(&item.id, &suggestion.id).await.expect("the store").expect("a decision");
    assert_eq!((decision.outcome.as_str(), decision.amount.as_deref()), ("approve", Some("6020")));
    assert_eq!((decision.person.as_str(), decision.role.as_str(), decision.changed), ("anna", "caseworker", false));
    assert!(office.desk.seal.is_valid(&decision));
    assert_eq!(office.item("A-1").await.state, ItemState::Ready);
    assert!(office.kinds(&item).await.contains(&"decided".to_owned()));
}

#[tokio::test]
async fn a_change_needs_an_amount_and_a_reason_and_keeps_what_was_typed() {
    let office = Office::open().await;
    let (item, suggestion) = office.waiting("A-1", &approval()).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    for (amount, reason, why) in [
        ("1.234", "Läkarvård", "är inte ett belopp"),
        ("5 000,50", "  ", "en motivering saknas"),
        ("0", "Läkarvård", "större än 0 kr"),
        ("-5", "Läkarvård", "större än 0 kr"),
    ] {
        let page = browser.decide(&item, &[("answer", "change"), ("amount", amount), ("reason", reason)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{amount} {reason}");
        assert!(page.shows(why) && page.shows(&format!("value=\"{amount}\"")), "{amount} {reason}: {}", page.text);
    }
    let form = [("answer", "change"), ("amount", "5\u{a0}000,50 kr"), ("reason", "Läkarvård")];
    assert_eq!(browser.decide(&item, &form).await.status, StatusCode::SEE_OTHER);
    let decision = office.desk.store.decision(&item.id, &suggestion.id).await.expect("the store").expect("a decision");
    assert_eq!((decision.amount.as_deref(), decision.reason.as_deref()), (Some("5000.5"), Some("Läkarvård")));
    assert!(decision.changed && office.desk.seal.is_valid(&decision));
}

#[tokio::test]
async fn a_denial_needs_a_reason_unless_it_was_suggested() {
    let office = Office::open().await;
    let (against, _) = office.waiting("A-1", &approval()).await;
    let (with, suggestion) = office.waiting("A-2", &denial()).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    let page = browser.decide(&against, &[("answer", "deny")]).await;
    assert!(page.shows("en motivering saknas"));
    let page = browser.decide(&against, &[("answer", "deny"), ("reason", "Bor inte i kommunen")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);

    let page = browser.get(&format!("/arende/{}", with.id)).await;
    assert!(!page.shows("value=\"approve\""), "a suggested denial has nothing to approve");
    assert_eq!(browser.decide(&with, &[("answer", "deny")]).await.status, StatusCode::SEE_OTHER);
    let decision = office.desk.store.decision(&with.id, &suggestion.id).await.expect("the store").expect("a decision");
    assert_eq!((decision.outcome.as_str(), decision.amount, decision.changed), ("deny", None, false));
}

#[tokio::test]
async fn an_answer_to_a_superseded_suggestion_is_refused_and_the_new_one_is_shown() {
    let office = Office::open().await;
    let (item, old) = office.waiting("A-1", &approval()).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    let csrf = browser.get(&format!("/arende/{}", item.id)).await.hidden("csrf");
    let mut newer = approval();
    newer["suggestion_id"] = "ny".into();
    newer["amount"] = "4000".into();
    let new = office.suggest_again(&item, &newer).await;

    let form = [("csrf", csrf.as_str()), ("suggestion", &old.id), ("answer", "approve")];
    let page = browser.post(&format!("/arende/{}/beslut", item.id), &form).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.shows("förslaget har ersatts av ett nyare") && page.shows("Godkänn 4 000 kr"));
    assert_eq!(page.hidden("suggestion"), new.id);
    assert_eq!(office.item("A-1").await.state, ItemState::AwaitingDecision);
    assert!(office.kinds(&item).await.contains(&"decision_refused".to_owned()));
}

#[tokio::test]
async fn a_referral_cannot_be_approved_only_changed_or_denied_with_a_reason() {
    let office = Office::open().await;
    let (item, _) = office.waiting("A-1", &referral()).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    let page = browser.get(&format!("/arende/{}", item.id)).await;
    assert!(page.shows("A-kassan svarade inte") && !page.shows("value=\"approve\""));
    let page = browser.decide(&item, &[("answer", "approve")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.shows("kan inte godkännas rakt av"));
    let page = browser.decide(&item, &[("answer", "deny")]).await;
    assert!(page.shows("en motivering saknas"));
    assert_eq!(office.item("A-1").await.state, ItemState::AwaitingDecision);
}

#[tokio::test]
async fn a_decision_is_made_once() {
    let office = Office::open().await;
    let (item, suggestion) = office.waiting("A-1", &approval()).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    let csrf = browser.get(&format!("/arende/{}", item.id)).await.hidden("csrf");
    let form = [("csrf", csrf.as_str()), ("suggestion", &suggestion.id), ("answer", "approve")];
    let path = format!("/arende/{}/beslut", item.id);
    assert_eq!(browser.post(&path, &form).await.status, StatusCode::SEE_OTHER);
    let again = browser.post(&path, &form).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.shows("väntar inte på beslut"));
    assert_eq!(office.desk.store.decisions(&item.id).await.expect("the store").len(), 1);
}

#[tokio::test]
async fn a_person_without_the_role_sees_no_case_and_cannot_decide() {
    let office = Office::open().await;
    let (item, suggestion) = office.waiting("A-1", &approval()).await;
    let handed_over = office.handed_over("A-2").await;
    let path = format!("/arende/{}", item.id);

    let mut browser = signed_in(&office, "olle", "operations").await;
    let page = browser.get(&path).await;
    assert!(page.shows("väntar på beslut") && !page.shows(PERSONNUMMER) && !page.shows("6 020") && !page.shows("6300"));
    assert!(!browser.get(&format!("/arende/{}", handed_over.id)).await.shows("skyddade uppgifter"));
    let csrf = page.hidden("csrf");
    let form = [("csrf", csrf.as_str()), ("suggestion", &suggestion.id), ("answer", "approve")];
    let refused = browser.post(&format!("{path}/beslut"), &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.shows("det kräver rollen"));
    assert_eq!(office.item("A-1").await.state, ItemState::AwaitingDecision);
    assert!(office.kinds(&item).await.contains(&"decision_refused".to_owned()));

    let mut browser = signed_in(&office, "rut", "auditor").await;
    let page = browser.get(&path).await;
    assert!(
        page.shows("6 020")
            && page.shows("6 300 kr")
            && !page.shows(PERSONNUMMER)
            && !page.shows("aktivitetsstöd&quot;")
    );
    assert!(!browser.get(&format!("/arende/{}", handed_over.id)).await.shows("skyddade uppgifter"));
    assert!(browser.get("/inkorg").await.shows("Inget väntar på ditt beslut"));

    let mut browser = signed_in(&office, "eva", "admin").await;
    assert_eq!(
        browser.get("/").await.location.as_deref(),
        Some("/delegationer"),
        "the first page that is for the role"
    );
    let mut browser = signed_in(&office, "dan", "developer").await;
    for path in [path.as_str(), "/arenden", "/korningar", "/osakra"] {
        assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(browser.get("/").await.shows("Logga ut"));
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    assert!(browser.get(&format!("/arende/{}", handed_over.id)).await.shows("skyddade uppgifter"));
}

#[tokio::test]
async fn the_inbox_is_sorted_by_its_headers() {
    let office = Office::open().await;
    office.waiting("A-2", &approval()).await;
    office.waiting("A-1", &referral()).await;
    let mut cheap = approval();
    cheap["amount"] = "900".into();
    office.waiting("A-3", &cheap).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    for (query, expected) in [
        ("", ["A-2", "A-1", "A-3"]),
        ("?sort=arende", ["A-1", "A-2", "A-3"]),
        ("?sort=arende&order=fallande", ["A-3", "A-2", "A-1"]),
        ("?sort=belopp", ["A-1", "A-3", "A-2"]),
    ] {
        let page = browser.get(&format!("/inkorg{query}")).await;
        let mut references = expected;
        references.sort_by_key(|reference| page.text.find(&format!(">{reference}</a>")).expect("the item"));
        assert_eq!(references, expected, "{query}");
    }
}

#[tokio::test]
async fn operations_settle_an_uncertain_item_and_others_may_not() {
    let office = Office::open().await;
    let item = office.uncertain("A-1").await;
    let path = format!("/arende/{}/avgor", item.id);
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    let page = browser.get("/osakra").await;
    assert!(page.shows("sidan Beräkningar visades inte") && !page.shows("Det sparades inte"));
    let csrf = page.hidden("csrf");
    let token = item.token.to_string();
    assert_eq!(
        browser.post(&path, &[("csrf", &csrf), ("answer", "did"), ("token", &token)]).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(office.item("A-1").await.state, ItemState::Uncertain);

    let mut browser = signed_in(&office, "olle", "operations").await;
    let page = browser.get("/osakra").await;
    let (csrf, token) = (page.hidden("csrf"), page.hidden("token"));
    // A page from before another person's answer.
    let old = [("csrf", csrf.as_str()), ("answer", "did"), ("token", "0")];
    let old = browser.post(&path, &old).await;
    assert_eq!((old.status, old.shows("någon annan har redan svarat")), (StatusCode::CONFLICT, true));
    assert_eq!(
        browser.post(&path, &[("csrf", &csrf), ("answer", "did"), ("token", &token)]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(office.item("A-1").await.state, ItemState::Ready);
    let intents = office.desk.store.item_intents(&item.id).await.expect("the store");
    assert_eq!(intents[0].outcome.as_deref(), Some("done"));
    let again = browser.post(&path, &[("csrf", &csrf), ("answer", "did-not"), ("token", &token)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_uncertain_item_is_shown_with_what_verify_saw_and_the_pictures_of_it() {
    let office = Office::open().await;
    let item = office.uncertain("A-1").await;
    let other = office.handed_over("A-2").await;
    let pictures = Screenshots::of(&office.desk.config.data());
    let name = pictures.keep(b"a picture").expect("the picture");
    let event = |kind, detail| Event::new(kind, "bot:x").item(&item).stage("registrera").detail(detail);
    let events = [
        event(EventKind::Screenshot, json!({"file": name, "why": "before_commit"})),
        event(EventKind::Intent, json!({})),
        event(EventKind::Verified, json!({"seen": "no", "session": "fresh"})),
        event(EventKind::Verified, json!({"seen": "unknown", "why": "sidan visades inte", "session": "fresh"})),
    ];
    office.desk.store.append(&events).await.expect("the store");
    let mut browser = signed_in(&office, "olle", "operations").await;
    for page in ["/osakra".to_owned(), format!("/arende/{}", item.id)] {
        let page = browser.get(&page).await;
        assert!(page.shows("posten finns inte") && page.shows("kunde inte se: sidan visades inte"));
        assert!(page.shows("Det ifyllda formuläret") && page.shows(&format!("/arende/{}/bild/{name}", item.id)));
    }
    let picture = browser.get(&format!("/arende/{}/bild/{name}", item.id)).await;
    assert_eq!((picture.status, picture.text.as_str()), (StatusCode::OK, "a picture"));
    for stranger in [format!("/arende/{}/bild/{name}", other.id), format!("/arende/{}/bild/..%2Fseal.key", item.id)] {
        assert_eq!(browser.get(&stranger).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn lists_show_runs_and_items_filtered_and_nothing_personal() {
    let office = Office::open().await;
    office.waiting("A-1", &approval()).await;
    office.handed_over("A-2").await;
    let mut browser = signed_in(&office, "olle", "it").await;
    let all = browser.get("/arenden").await;
    assert!(all.shows(">A-1</a>") && all.shows(">A-2</a>") && all.shows("needs_person"));
    assert!(!all.shows(PERSONNUMMER) && !all.shows("skyddade uppgifter"));
    let some = browser.get("/arenden?lage=handed_over").await;
    assert!(!some.shows(">A-1</a>") && some.shows(">A-2</a>"));
    assert!(browser.get("/arenden?referens=zzz").await.shows("Inga ärenden passar urvalet"));
    assert!(browser.get("/korningar").await.shows(&office.run.0));
    let run = browser.get(&format!("/korning/{}", office.run)).await;
    assert!(run.shows(">A-1</a>") && run.shows("hämtat av arbetare") && !run.shows(PERSONNUMMER));
    assert_eq!(browser.get("/korning/ingen").await.status, StatusCode::NOT_FOUND);
    // What a schedule started, by its clock and by something else.
    for (nominal, shown) in [(Some("2026-11-27T06:00:00"), "dagligen (2026-11-27 06:00)"), (None, "dagligen</dd>")] {
        let new = kollega::store::NewRun {
            bot: "robot".into(),
            version: "1".into(),
            trigger: "http".into(),
            schedule: Some("dagligen".into()),
            nominal: nominal.map(str::to_owned),
            pool: "default".into(),
            actor: "schedule:dagligen".into(),
        };
        let run = office.desk.store.queue_run(&new).await.expect("a run");
        let run = browser.get(&format!("/korning/{run}")).await;
        assert!(run.shows(shown), "{}", run.text);
    }
}

#[tokio::test]
async fn an_item_that_nobody_can_decide_on_is_not_lost_from_sight() {
    let office = Office::open().await;
    office.waiting("A-1", &approval()).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    assert!(browser.get("/inkorg").await.shows(">A-1</a>"));
    std::fs::write(office.folder.path().join("bots/ekonomiskt-bistand/bot.yaml"), "bot: [").expect("a broken bot");
    let inbox = browser.get("/inkorg").await;
    assert!(inbox.shows("ingen kan besluta") && inbox.shows("A-1 (ekonomiskt-bistand)") && !inbox.shows(">A-1</a>"));
}

#[tokio::test]
async fn an_item_that_has_gone_on_to_another_stage_is_not_decided_by_the_old_role() {
    let office = Office::open().await;
    let (as_seen, suggestion) = office.waiting("A-1", &approval()).await;
    office.hire("anna", "caseworker").await;
    office.execute("update items set stage = 'attest' where reference = 'A-1'").await;
    let user = office.desk.store.user("anna").await.expect("the store").expect("anna");
    let reply = Reply { suggestion: suggestion.id, answer: Answer::Approve, reason: None, motivation: None };
    let refused = office.desk.decide(&as_seen, &user, reply).await.expect_err("a refusal");
    assert!(matches!(refused, desk::Error::Refused(Refusal::OtherStage)), "{refused}");
}

#[tokio::test]
async fn what_people_typed_is_escaped() {
    let office = Office::open().await;
    office.waiting("<script>alert(1)</script>", &approval()).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    let page = browser.get("/inkorg").await;
    assert!(page.shows("&lt;script&gt;") && !page.shows("<script>"));
}

#[tokio::test]
async fn a_decision_that_was_altered_in_the_database_is_shown_as_not_valid() {
    let office = Office::open().await;
    let (item, _) = office.waiting("A-1", &approval()).await;
    let mut browser = signed_in(&office, "anna", "caseworker").await;
    browser.decide(&item, &[("answer", "approve")]).await;
    let path = format!("/arende/{}", item.id);
    assert!(!browser.get(&path).await.shows("ogiltig"));
    office.execute("update decisions set amount = '60200'").await;
    assert!(browser.get(&path).await.shows("ogiltig: beslutet används inte"));
}

#[tokio::test]
async fn operations_see_why_a_system_gets_no_work_and_let_it_be_tried_again() {
    let office = Office::open().await;
    let id = CircuitId { system: "akten".into(), credential: "x".into() };
    let minute = std::time::Duration::from_mins(1);
    let limits = CircuitLimits { failures: 3, wait: minute, max_wait: minute };
    let event = Event::new(EventKind::CircuitOpened, "bot:robot");
    let store = &office.desk.store;
    store.circuit_failed(&id, FailureKind::SignInRefused, "x", limits, &event).await.expect("the store");
    let mut browser = signed_in(&office, "olle", "operations").await;
    let page = browser.get("/system").await;
    assert!(page.shows("inloggningen nekades (1 gång); prövas inte av sig självt"), "{}", page.text);
    let csrf = page.hidden("csrf");
    let nothing_said = browser.post("/system/akten/aterstall", &[("csrf", &csrf), ("reason", " ")]).await;
    assert_eq!(nothing_said.status, StatusCode::NOT_FOUND);
    let forged = browser.post("/system/akten/aterstall", &[("csrf", "fel"), ("reason", "upplåst")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(store.open_circuits().await.expect("the store").len(), 1);
    let reset = browser.post("/system/akten/aterstall", &[("csrf", &csrf), ("reason", "kontot är upplåst")]).await;
    assert_eq!(reset.location.as_deref(), Some("/system"));
    assert!(store.open_circuits().await.expect("the store").is_empty());
    let mut reader = signed_in(&office, "rut", "auditor").await;
    let page = reader.get("/system").await;
    assert!(page.status == StatusCode::OK && !page.shows("<button type=\"submit\">Stäng"), "{}", page.text);
}

fn form<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test]
async fn the_reasons_are_edited_kept_and_sent_with_the_decision() {
    let office = Office::open().await;
    let (item, suggestion) = office.waiting("A-1", &approval()).await;
    let mut anna = signed_in(&office, "anna", "caseworker").await;
    let page = anna.get(&format!("/arende/{}", item.id)).await;
    assert!(page.shows("Det som fattas är 6\u{a0}020\u{a0}kr"), "the draft: {}", page.text);
    let csrf = page.hidden("csrf");
    let sent = |text: &'static str, kind: &'static str| {
        [
            ("csrf", csrf.clone()),
            ("suggestion", suggestion.id.clone()),
            ("kind", kind.to_owned()),
            ("motivation", text.to_owned()),
        ]
    };
    let keep = format!("/arende/{}/motivering", item.id);
    let kept = anna.post(&keep, &form(&sent("Hyran är skälig.", "approve"))).await;
    assert_eq!(kept.status, StatusCode::OK);
    for page in [kept, anna.get(&format!("/arende/{}", item.id)).await] {
        assert!(page.shows("Hyran är skälig."), "{}", page.text);
        assert_eq!(page.shows("Motiveringen är sparad. Inget beslut är fattat."), page.shows("role=\"status\""));
    }
    let mut changed = sent("Hyran är högre.", "change").to_vec();
    changed.extend([("amount", "1 000,50".to_owned()), ("reason", "Högre hyra".to_owned())]);
    let kept = anna.post(&keep, &form(&changed)).await;
    for text in [
        "Motiveringen är sparad",
        "Belopp och skäl sparas först med beslutet",
        "1 000,50",
        "Högre hyra",
        "Hyran är högre.",
    ] {
        assert!(kept.shows(text), "{text}: {}", kept.text);
    }
    assert_eq!(office.item("A-1").await.state, ItemState::AwaitingDecision);

    let page = anna.decide(&item, &[("answer", "approve"), ("kind", "approve"), ("motivation", " ")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("motiveringen är tom"), "{}", page.text);
    let page = anna
        .decide(
            &item,
            &[("answer", "approve"), ("kind", "approve"), ("motivation", "Hyran är skälig.\r\nSista ordet.")],
        )
        .await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    let decision = office.desk.store.decisions(&item.id).await.expect("the store").remove(0);
    assert_eq!(decision.motivation.as_deref(), Some("Hyran är skälig.\nSista ordet.\n"));
    let page = anna.get(&format!("/arende/{}", item.id)).await;
    assert!(page.shows("Sista ordet.") && page.shows("robotens utkast"), "{}", page.text);
    assert!(office.kinds(&item).await.contains(&"motivation_kept".to_owned()));
    let late = anna.post(&keep, &form(&sent("För sent.", "approve"))).await;
    assert_eq!(late.status, StatusCode::CONFLICT);

    // The auditor sees the suggestion explained, not the reasons.
    let mut rut = signed_in(&office, "rut", "auditor").await;
    let page = rut.get(&format!("/arende/{}", item.id)).await;
    assert!(!page.shows("Sista ordet.") && !page.shows("robotens utkast"));
    let page = rut.get(&format!("/arende/{}/forklaring", item.id)).await;
    assert!(page.status == StatusCode::OK && page.shows("Beräkningen rad för rad") && !page.shows("Sista ordet."));
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    let file = rut.get(&format!("/arende/{}/forklaring/txt", item.id)).await;
    assert_eq!(file.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"forklaring-A-1.txt\"");
    assert_eq!(rut.get(&format!("/arende/{}/forklaring/exe", item.id)).await.status, StatusCode::NOT_FOUND);
    let mut olle = signed_in(&office, "olle", "operations").await;
    assert_eq!(olle.get(&format!("/arende/{}/forklaring", item.id)).await.status, StatusCode::FORBIDDEN);
}
