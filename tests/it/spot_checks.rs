//! Spot checks: the drawing that can be made again, what tampering looks like, blind assessment, and the figures.

use std::path::Path;

use kollega::desk::Reply;
use kollega::model::{ErrorKind, Event, EventKind, Finding, Harm, Item, ItemState, SpotRow, SpotText, User, Verdict};
use kollega::spot_check::{self, Refused, Stage};
use kollega::store::{Answer, BlindAnswer, Finish, NotAssessed};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::console::signed_in;
use crate::database::on_both;
use crate::decide::{kollega, kollega_with};
use crate::office::{Office, PASSWORD, approval, denial, referral};

const PLAN: &str = "\
plan: prov-2026
year: 2026
purpose: quality
strata:
  - {stratum: avslag, outcome: deny, rate: 100}
  - {stratum: hänvisade, referred: true, rate: 50}
rest: 25
raise: {errors: 1, factor: 2, ceiling: 100, back_after: 2}
";

async fn person(office: &Office, name: &str, roles: &[&str]) -> User {
    let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
    kollega::person::add(&office.desk.store, name, None, PASSWORD, &roles).await.expect("a person");
    office.desk.store.user(name).await.expect("the store").expect("the person")
}

/// An item that came to its end with this suggestion; decided on as suggested, or handed over where it refers.
async fn handled(office: &Office, anna: &User, reference: &str, suggested: &Value) -> Item {
    let mut suggested = suggested.clone();
    suggested["suggestion_id"] = reference.into();
    let (item, suggestion) = office.waiting(reference, &suggested).await;
    let answer = match suggested["outcome"].as_str() {
        Some("approve") => Some(Answer::Approve),
        Some("deny") => Some(Answer::Deny),
        _ => None,
    };
    if let Some(answer) = answer {
        let reply = Reply { suggestion: suggestion.id, answer, reason: None, motivation: None };
        office.desk.decide(&item, anna, reply).await.expect("decided");
    } else {
        office.execute(&format!("update items set state = 'ready' where id = '{}'", item.id)).await;
    }
    let claim = office.claim(reference).await;
    let (state, kind) = if answer.is_some() {
        (ItemState::Done, EventKind::Done)
    } else {
        (ItemState::HandedOver, EventKind::HandedOver)
    };
    let event = Event::new(kind, "bot:ekonomiskt-bistand").item(&claim.item);
    let fields = claim.item.fields.0.clone();
    office.desk.store.finish(&claim, &Finish::new(state), &fields, &[event]).await.expect("the end");
    item
}

/// Everything that has happened so far, happened in this month.
async fn in_month(office: &Office, month: &str) {
    for sql in [
        format!("update suggestions set at = '{month}-10T08:00:00.000Z' where at > '{month}-20'"),
        format!("update decisions set at = '{month}-11T08:00:00.000Z' where at > '{month}-20'"),
        format!(
            "update events set at = '{month}-15T08:00:00.000Z' where kind in ('done', 'handed_over') and at > '{month}-20'"
        ),
    ] {
        office.execute(&sql).await;
    }
}

async fn with_plan(office: &Office, rut: &User) {
    let seed = Some("ett frö från tärning".to_owned());
    let plan = spot_check::record_plan(
        &office.desk.store,
        rut,
        Path::new("plan.yaml"),
        PLAN,
        seed,
        chrono_tz::Europe::Stockholm,
    )
    .await;
    assert_eq!(plan.expect("a plan").seed, "ett frö från tärning");
}

async fn draw(office: &Office, who: &User, month: &str) -> Result<spot_check::Drawn, Refused> {
    let desk = &office.desk;
    spot_check::draw_month(&desk.store, &desk.config, &desk.seal, who, "prov-2026", month).await
}

async fn redraw(office: &Office, month: &str) -> spot_check::Redraw {
    let desk = &office.desk;
    spot_check::redraw(&desk.store, &desk.config, &desk.seal, "prov-2026", month).await.expect("a drawing")
}

async fn drawn_rows(office: &Office, month: &str) -> Vec<SpotRow> {
    let rows = office.desk.store.spot_rows("prov-2026", month).await.expect("the rows");
    rows.into_iter().filter(|row| row.drawn).collect()
}

/// Eight approvals, two denials and two that were handed over, in January.
async fn january(office: &Office, anna: &User) {
    for number in 0..8 {
        handled(office, anna, &format!("bifall-{number}"), &approval()).await;
    }
    for number in 0..2 {
        handled(office, anna, &format!("avslag-{number}"), &denial()).await;
        handled(office, anna, &format!("hänvisat-{number}"), &referral()).await;
    }
    in_month(office, "2026-01").await;
}

fn refusal(result: Result<(), Refused>) -> NotAssessed {
    match result {
        Err(Refused::NotAssessed(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn own() -> BlindAnswer {
    BlindAnswer { outcome: "approve".into(), amount: Some(5850.into()), reason: "El över riktlinjen".into() }
}

on_both! {
    async fn a_month_is_drawn_once_and_any_tampering_shows_when_it_is_drawn_again(database) {
        let office = Office::open_on(database).await;
        let anna = person(&office, "anna", &["caseworker"]).await;
        let rut = person(&office, "rut", &["auditor"]).await;
        with_plan(&office, &rut).await;
        january(&office, &anna).await;
        assert!(matches!(draw(&office, &anna, "2026-01").await, Err(Refused::Role { .. })));
        assert!(matches!(draw(&office, &rut, "2027-01").await, Err(Refused::Wrong(_))), "another year");
        let first = draw(&office, &rut, "2026-01").await.expect("a drawing");
        assert_eq!((first.is_new, first.draw.handled, first.draw.drawn), (true, 12, 5));
        let strata: Vec<String> = drawn_rows(&office, "2026-01").await.into_iter().map(|row| row.stratum).collect();
        assert_eq!(strata, ["avslag", "avslag", "hänvisade", "övriga", "övriga"]);
        let again = draw(&office, &rut, "2026-01").await.expect("the same drawing");
        assert_eq!((again.is_new, again.draw.digest), (false, first.draw.digest));

        let same = redraw(&office, "2026-01").await;
        assert!(same.equal && same.removed == 0, "{same:?}");
        // An item that is removed leaves its row.
        let gone = drawn_rows(&office, "2026-01").await.remove(0);
        office.desk.store.remove_item(&gone.item, "olle", "gallring").await.expect("removed");
        let same = redraw(&office, "2026-01").await;
        assert!(same.equal && same.removed == 1, "{same:?}");

        for (tampering, back) in [
            ("update spot_rows set drawn = not drawn where stratum = 'övriga'", "update spot_rows set drawn = not drawn where stratum = 'övriga'"),
            ("update spot_plans set seed = 'ett annat frö'", "update spot_plans set seed = 'ett frö från tärning'"),
            ("update spot_draws set digest = 'x' || digest", "update spot_draws set digest = substr(digest, 2)"),
        ] {
            office.execute(tampering).await;
            assert!(!redraw(&office, "2026-01").await.equal, "{tampering}");
            office.execute(back).await;
        }
        // A row taken out of the list: its item was handled and is not there.
        office.execute("delete from spot_rows where stratum = 'övriga' and not drawn").await;
        let differs = redraw(&office, "2026-01").await;
        assert!(differs.differences.iter().any(|one| one.contains("saknas i listan")), "{differs:?}");
        // Nothing is drawn before the month is over.
        let month = office.desk.store.now().await.expect("the clock").format("%Y-%m").to_string();
        let early = draw(&office, &rut, &month).await;
        assert!(matches!(early, Err(Refused::Wrong(_))), "{early:?}");
    }

    async fn a_reviewer_assesses_blind_and_errors_raise_the_next_months_rate(database) {
        let office = Office::open_on(database).await;
        let anna = person(&office, "anna", &["caseworker", "reviewer"]).await;
        let rut = person(&office, "rut", &["reviewer"]).await;
        let siv = person(&office, "siv", &["reviewer"]).await;
        let store = &office.desk.store;
        with_plan(&office, &rut).await;
        january(&office, &anna).await;
        draw(&office, &rut, "2026-01").await.expect("a drawing");
        let rows = drawn_rows(&office, "2026-01").await;
        let row = rows.iter().find(|row| row.stratum == "övriga").expect("a row");

        let own_case = spot_check::look(store, &anna, &row.id).await;
        assert!(matches!(own_case, Err(Refused::NotAssessed(NotAssessed::Decided))), "{own_case:?}");
        let blind = spot_check::look(store, &rut, &row.id).await.expect("the facts");
        assert_eq!(blind.stage, Stage::Blind);
        assert!(blind.suggestion.is_none() && blind.decision.is_none() && blind.item.is_some());
        let agrees = || Finding { verdict: Verdict::Agrees, error: None, note: None };
        assert_eq!(refusal(spot_check::classify(store, &rut, &row.id, agrees()).await), NotAssessed::BlindFirst);
        assert_eq!(refusal(spot_check::assess_blind(store, &anna, &row.id, own()).await), NotAssessed::Decided);
        spot_check::assess_blind(store, &rut, &row.id, own()).await.expect("assessed");
        assert_eq!(refusal(spot_check::assess_blind(store, &rut, &row.id, own()).await), NotAssessed::Done);
        assert_eq!(refusal(spot_check::assess_blind(store, &siv, &row.id, own()).await), NotAssessed::Others);
        let seen = spot_check::look(store, &rut, &row.id).await.expect("both");
        assert_eq!(seen.stage, Stage::Compare);
        assert_eq!(seen.decision.expect("the decision").amount.as_deref(), Some("6020"));
        assert_eq!(seen.texts.own_amount.as_deref(), Some("5850"));
        let error = Finding { verdict: Verdict::Error, error: Some((ErrorKind::Amount, Harm::Municipality)), note: Some("170 kr för mycket".into()) };
        assert_eq!(refusal(spot_check::classify(store, &siv, &row.id, error.clone()).await), NotAssessed::Others);
        spot_check::classify(store, &rut, &row.id, error).await.expect("found");
        assert_eq!(refusal(spot_check::classify(store, &rut, &row.id, agrees()).await), NotAssessed::Done);
        for row in rows.iter().filter(|other| other.id != row.id) {
            spot_check::assess_blind(store, &rut, &row.id, own()).await.expect("assessed");
            // All that was decided is another than the reviewer's own 5 850: that it agrees all the same needs a reason.
            let silent = spot_check::classify(store, &rut, &row.id, agrees()).await;
            assert!(matches!(&silent, Err(Refused::Wrong(why)) if why.contains("en annan än beslutet")), "{silent:?}");
            let finding = Finding { note: Some("Båda går att försvara".into()), ..agrees() };
            spot_check::classify(store, &rut, &row.id, finding).await.expect("found");
        }
        let kinds: Vec<String> = store.item_events(&row.item).await.expect("the events").into_iter().map(|event| event.kind).collect();
        for kind in ["spot_facts_seen", "spot_assessed", "spot_classified"] {
            assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
        }

        let report = spot_check::report(store, "prov-2026").await.expect("a report");
        let rest = report.strata.last().expect("the rest");
        assert_eq!((rest.handled, rest.drawn, rest.assessed, rest.errors), (8, 2, 2, 1));
        assert_eq!((report.total.assessed, report.total.errors), (5, 1));
        assert_eq!(report.kinds.get("amount"), Some(&1));
        assert_eq!((report.differed, report.changed.as_slice()), (5, [].as_slice()));
        // A result that is changed or taken away afterwards is seen, by whoever draws again and whoever reads the report.
        for (change, back) in [
            ("update spot_assessments set verdict = 'agrees', error_kind = null, harm = null where verdict = 'error'",
             "update spot_assessments set verdict = 'error', error_kind = 'amount', harm = 'municipality' where sample = '{id}'"),
            ("update spot_assessments set verdict = null where sample = '{id}'",
             "update spot_assessments set verdict = 'error' where sample = '{id}'"),
        ] {
            office.execute(&change.replace("{id}", &row.id)).await;
            let differs = redraw(&office, "2026-01").await;
            assert_eq!(differs.differences, [format!("bedömningen av {} är inte den som registrerades", row.id)]);
            let report = spot_check::report(store, "prov-2026").await.expect("a report");
            assert_eq!(report.changed, std::slice::from_ref(&row.id));
            office.execute(&back.replace("{id}", &row.id)).await;
        }
        // 8 of 12 items with half of the assessed wrong.
        assert!((report.weighted_percent.expect("a rate") - 100.0 / 3.0).abs() < 1e-9, "{report:?}");

        // The next month: the rest is drawn from twice as much, the other strata as planned.
        for number in 10..18 {
            handled(&office, &anna, &format!("bifall-{number}"), &approval()).await;
        }
        in_month(&office, "2026-02").await;
        let february = draw(&office, &rut, "2026-02").await.expect("a drawing").draw;
        assert_eq!((february.handled, february.drawn), (8, 4));
        let rates = february.rates.0;
        assert_eq!(rates[2]["why"], "1 fel i 2026-01: från 25 till 50 procent");
        assert_eq!((rates[0]["percent"].as_u64(), rates[2]["planned"].as_u64()), (Some(100), Some(25)));
        assert!(redraw(&office, "2026-01").await.equal && redraw(&office, "2026-02").await.equal);

        // What was written goes with the item; what was found stays.
        store.remove_item(&row.item, "olle", "gallring").await.expect("removed");
        let (assessment, texts) = store.assessment(&row.id).await.expect("the store");
        assert_eq!(assessment.expect("it stays").verdict.as_deref(), Some("error"));
        assert_eq!(texts, SpotText::default());
        assert_eq!(spot_check::look(store, &rut, &row.id).await.expect("the row").stage, Stage::Gone);
        assert_eq!(spot_check::report(store, "prov-2026").await.expect("a report").total.errors, 1);
    }
}

#[tokio::test]
async fn the_command_plans_draws_assesses_and_reports() {
    let office = Office::open().await;
    let anna = person(&office, "anna", &["caseworker"]).await;
    person(&office, "rut", &["reviewer", "auditor"]).await;
    january(&office, &anna).await;
    let file = office.folder.path().join("plan.yaml");
    let path = file.display().to_string();
    let as_rut =
        |command: &[&str]| kollega_with(&office, PASSWORD, &[command, &["--as", "rut", "--password-stdin"]].concat());
    std::fs::write(&file, PLAN.replace("rest: 25", "rest: 250")).expect("the plan");
    let broken = as_rut(&["spot-checks", "plan", &path]);
    assert_eq!(broken.code, Some(2));
    assert!(broken.err.contains("är mer än alla"), "{}", broken.err);
    std::fs::write(&file, PLAN.replace("outcome: deny", "outcome: deny, amount_from: \"1\"")).expect("the plan");
    let impossible = as_rut(&["spot-checks", "plan", &path]);
    assert_eq!(impossible.code, Some(2));
    let says = "inget ärende kan höra till stratumet `avslag`";
    assert!(impossible.err.contains(says) && impossible.err.contains("plan.yaml:5:"), "{}", impossible.err);
    std::fs::write(&file, PLAN).expect("the plan");
    let planned = as_rut(&["spot-checks", "plan", &path]);
    assert_eq!(planned.code, Some(0), "{}", planned.err);
    assert!(as_rut(&["spot-checks", "plan", &path]).err.contains("ändras aldrig"));

    let drawn = as_rut(&["spot-checks", "draw", "prov-2026", "--month", "2026-01"]);
    assert!(drawn.out.contains("5 av 12 handlagda ärenden är dragna"), "{}{}", drawn.out, drawn.err);
    assert!(as_rut(&["spot-checks", "draw", "prov-2026", "--month", "2026-01"]).out.contains("redan gjord"));
    let list = kollega(&office, &["spot-checks", "list", "prov-2026", "--format", "json"]).json();
    assert_eq!(list.len(), 5);
    let all = kollega(&office, &["spot-checks", "list", "prov-2026", "--all", "--format", "json"]);
    assert_eq!(all.json().len(), 12);
    assert!(!all.out.contains("bifall-") && !all.out.contains("6020"), "no reference and no amount: {}", all.out);

    let id =
        list.iter().find(|row| row["stratum"] == "övriga").expect("a row")["id"].as_str().expect("an id").to_owned();
    let blind = as_rut(&["spot-checks", "assess", &id]);
    assert_eq!(blind.code, Some(0), "{}", blind.err);
    assert!(blind.out.contains("Gör din egen bedömning") && !blind.out.contains("6 020"), "{}", blind.out);
    for told in [
        "period: december 2025",
        "kostnader:\n  - sökt belopp: 6 300 kr, slag: hyra",
        "af: inget svar, fk: fullständigt",
    ] {
        assert!(blind.out.contains(told), "{told}: {}", blind.out);
    }
    // The stratum can be the decision itself.
    assert!(!blind.out.contains("övriga"), "{}", blind.out);
    let table = kollega(&office, &["spot-checks", "list", "prov-2026"]).out;
    assert!(!table.contains("övriga") && table.matches("visas efter bedömningen").count() == 5, "{table}");
    let refused = as_rut(&["spot-checks", "assess", &id, "--outcome", "approve", "--reason", "prov"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let both = as_rut(&["spot-checks", "assess", &id, "--outcome", "approve", "--amount", "5850", "--reason", "prov"]);
    assert!(both.out.contains("Beslutet: bifall, 6 020 kr, av anna"), "{}{}", both.out, both.err);
    assert!(both.out.contains("övriga"), "{}", both.out);
    let error = [
        "spot-checks",
        "assess",
        &id,
        "--verdict",
        "error",
        "--error-kind",
        "amount",
        "--harm",
        "applicant",
        "--reason",
        "prov",
        "--format",
        "json",
    ];
    let found = as_rut(&error);
    assert_eq!(found.json()[0]["stage"], "done", "{}", found.err);
    assert_eq!(as_rut(&error).code, Some(1));

    assert_eq!(kollega(&office, &["spot-checks", "redraw", "prov-2026"]).code, Some(0));
    let report = kollega(&office, &["spot-checks", "report", "prov-2026"]);
    assert!(report.out.contains("Den egna bedömningen var en annan än beslutet: 1 av 1."), "{}", report.out);
    assert!(report.out.contains("Fel: belopp (1)") && report.out.contains("Skadar: den sökande (1)"), "{}", report.out);
    let report = kollega(&office, &["spot-checks", "report", "prov-2026", "--format", "json"]).json();
    assert_eq!(report[0]["total"]["errors"], 1);
    office.execute("update spot_rows set drawn = not drawn").await;
    let differs = kollega(&office, &["spot-checks", "redraw", "prov-2026", "--format", "json"]);
    assert_eq!(differs.code, Some(1));
    assert_eq!(differs.json()[0]["equal"], json!(false));
    assert_eq!(kollega(&office, &["spot-checks", "report", "saknas"]).code, Some(2));
}

#[tokio::test]
async fn the_pages_hide_the_suggestion_until_the_reviewer_has_assessed() {
    let office = Office::open().await;
    let anna = person(&office, "anna", &["caseworker"]).await;
    let eva = person(&office, "eva", &["auditor"]).await;
    with_plan(&office, &eva).await;
    january(&office, &anna).await;
    draw(&office, &eva, "2026-01").await.expect("a drawing");
    let rows = drawn_rows(&office, "2026-01").await;
    let row = rows.iter().find(|row| row.stratum == "övriga").expect("a row");
    let mut rut = signed_in(&office, "rut", "reviewer").await;
    let inbox = rut.get("/stickprov").await;
    assert!(inbox.shows(&row.id) && inbox.shows("att bedöma"), "{}", inbox.text);
    let address = format!("/stickprov/{}", row.id);
    let blind = rut.get(&address).await;
    assert_eq!(blind.status, StatusCode::OK);
    assert!(blind.shows("Din egen bedömning") && !blind.shows("6 020") && !blind.shows("övriga"), "{}", blind.text);
    for told in ["<dt>period</dt><dd>december 2025</dd>", "sökt belopp</th>", "<td>6 300 kr</td>", "af: inget svar"] {
        assert!(blind.shows(told), "{told}: {}", blind.text);
    }
    assert!(!blind.shows("applied") && !blind.shows("timeout"), "{}", blind.text);
    let item = rut.get(&format!("/arende/{}", row.item)).await;
    assert!(item.shows("stickprov") && !item.shows("6 020") && !item.shows("Fattade beslut"), "{}", item.text);

    let explained = format!("/arende/{}/forklaring", row.item);
    assert_eq!(rut.get(&explained).await.status, StatusCode::FORBIDDEN, "nor is it explained");

    let csrf = blind.hidden("csrf");
    let wrong = [("csrf", csrf.as_str()), ("outcome", "approve"), ("amount", ""), ("reason", "prov")];
    let refused = rut.post(&format!("{address}/bedom"), &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.shows("ange beloppet") && !refused.shows("6 020"), "{}", refused.text);
    let own = [("csrf", csrf.as_str()), ("outcome", "approve"), ("amount", "5 850"), ("reason", "<b>prov</b>")];
    assert_eq!(rut.post(&format!("{address}/bedom"), &own).await.status, StatusCode::SEE_OTHER);
    let both = rut.get(&address).await;
    assert!(both.shows("6 020") && both.shows("5 850") && both.shows("&lt;b&gt;prov"), "{}", both.text);
    let error =
        [("csrf", csrf.as_str()), ("verdict", "error"), ("kind", "amount"), ("harm", "municipality"), ("note", "fel")];
    assert_eq!(rut.post(&format!("{address}/resultat"), &error[..3]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(rut.post(&format!("{address}/resultat"), &error).await.status, StatusCode::SEE_OTHER);
    assert!(rut.get(&address).await.shows("fel i beloppet") || rut.get(&address).await.shows("belopp"));
    assert!(rut.get(&format!("/arende/{}", row.item)).await.shows("6 020"));
    assert_eq!(rut.get(&explained).await.status, StatusCode::OK);
    let report = rut.get("/stickprov/plan/prov-2026").await;
    assert!(report.shows("Wilsons intervall") && report.shows("100,0 %"), "{}", report.text);

    // The one who decided sees that it is for another; whoever has no role for it sees nothing.
    let mut caseworker = signed_in(&office, "bo", "caseworker").await;
    assert_eq!(caseworker.get(&address).await.status, StatusCode::FORBIDDEN);
    let mut developer = signed_in(&office, "ulf", "developer").await;
    assert_eq!(developer.get("/stickprov").await.status, StatusCode::FORBIDDEN);
}
