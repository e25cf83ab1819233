//! Spot checks: the reviewer's list, the form that is blind at first, and the report of a plan.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::session::{SignedIn, require};
use super::{Failure, item, page};
use crate::desk::{self, Desk};
use crate::explanation::Explanation;
use crate::model::{ErrorKind, Finding, Harm, Purpose, Verdict};
use crate::spot_check::{self, Cell, Refused, Review, Stage};
use crate::store::{BlindAnswer, NotAssessed};
use crate::wording;

/// Shows the plans, and to reviewers what they have to assess and have assessed.
pub(super) async fn show(State(desk): State<Desk>, person: SignedIn) -> Result<Html<String>, Failure> {
    require(may_see(&person))?;
    let zone = wording::timezone(&desk.config);
    let plan = |plan: &crate::model::SpotPlan| {
        json!({
            "name": plan.name, "year": plan.year, "purpose": wording::purpose(plan.purpose), "seed": plan.seed,
            "recorded": wording::local_time(&plan.recorded_at, zone), "recorded_by": plan.recorded_by})
    };
    let plans: Vec<Value> = desk.store.spot_plans().await?.iter().map(plan).collect();
    let may_assess = desk::may_review(&person.user);
    let mut samples = Vec::new();
    if may_assess {
        let assessments = desk.store.assessments().await?;
        for row in desk.store.spot_samples().await? {
            let known = assessments.get(&row.id);
            if known.is_some_and(|known| known.reviewer != person.user.name) {
                continue;
            }
            samples.push(json!({
                "id": row.id, "plan": row.plan, "month": row.month, "bot": row.bot,
                "handled": spot_check::day(&row.handled_at, zone), "state": wording::assessed(known),
                "done": known.is_some_and(|known| known.verdict.is_some())}));
        }
        // What is left to do first.
        samples.sort_by_key(|sample| sample["done"].as_bool());
    }
    let content = json!({"plans": plans, "samples": samples, "may_assess": may_assess});
    Ok(page::of("spot_checks.html", &person, "stickprov", content)?)
}

/// Shows a drawn item as far as its reviewer may see it.
pub(super) async fn sample(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    of(&desk, &person, &id, StatusCode::OK, None).await
}

/// A sample's page, with why the last form was not taken.
async fn of(
    desk: &Desk,
    person: &SignedIn,
    id: &str,
    status: StatusCode,
    tried: Option<(String, Sent)>,
) -> Result<Response, Failure> {
    let review = match spot_check::look(&desk.store, &person.user, id).await {
        Ok(review) => review,
        Err(Refused::Role { .. }) => return Err(Failure::Forbidden),
        Err(Refused::Wrong(_) | Refused::NotAssessed(NotAssessed::NotDrawn)) => return Err(Failure::NotFound),
        Err(Refused::NotAssessed(why)) => {
            let content = json!({"title": "Stickprov", "text": format!("{}.", capital(&why.to_string()))});
            return Ok((StatusCode::FORBIDDEN, page::of("failure.html", person, "stickprov", content)?).into_response());
        }
        Err(Refused::Store(error)) => return Err(error.into()),
    };
    let (refused, sent) = tried.unzip();
    let mut content = shown(desk, &review);
    content["refused"] = json!(refused);
    content["sent"] = json!(sent.unwrap_or_default());
    Ok((status, page::of("spot_check.html", person, "stickprov", content)?).into_response())
}

fn shown(desk: &Desk, review: &Review) -> Value {
    let zone = wording::timezone(&desk.config);
    let facts = wording::facts::each(&review.facts);
    let facts: Vec<Value> = facts.iter().map(|(field, value)| item::fact(field, value, zone)).collect();
    let decision = review
        .decision
        .as_ref()
        .map(|made| json!({"outcome": made.outcome, "amount": made.amount, "reason": made.reason, "by": made.by()}));
    let suggestion = review.suggestion.as_ref().map(|stored| json!(Explanation::of(stored).ok()));
    let own = review.assessment.as_ref().filter(|known| known.own_outcome.is_some()).map(|known| {
        json!({"outcome": known.own_outcome, "amount": review.texts.own_amount, "reason": review.texts.own_reason})
    });
    let found = review.assessment.as_ref().filter(|known| known.verdict.is_some()).map(|known| {
        json!({
            "verdict": wording::assessed(Some(known)), "reviewer": known.reviewer, "note": review.texts.note,
            "kind": known.error_kind.as_deref().map(wording::error_kind),
            "harm": known.harm.as_deref().map(wording::harm)})
    });
    let words =
        |all: Vec<(&str, &str)>| all.into_iter().map(|(id, text)| json!({"id": id, "text": text})).collect::<Vec<_>>();
    json!({
        "id": review.row.id,
        "plan": review.row.plan,
        "month": review.row.month,
        "stratum": if review.stage == Stage::Blind { Value::Null } else { json!(review.row.stratum) },
        "handled": spot_check::day(&review.row.handled_at, zone),
        "reference": review.item.as_ref().map(|item| &item.reference),
        "quality": review.purpose == Purpose::Quality,
        "blind": review.stage == Stage::Blind,
        "compare": review.stage == Stage::Compare,
        "gone": review.stage == Stage::Gone,
        "facts": facts,
        "suggestion": suggestion,
        "decision": decision,
        "own": own,
        "found": found,
        "kinds": words(ErrorKind::ALL.iter().map(|kind| (kind.as_str(), wording::error_kind(kind.as_str()))).collect()),
        "harms": words(Harm::ALL.iter().map(|harm| (harm.as_str(), wording::harm(harm.as_str()))).collect())})
}

/// What a form held, to be shown again when it was not taken.
#[derive(Default, Serialize)]
struct Sent {
    outcome: String,
    amount: String,
    reason: String,
    verdict: String,
    kind: String,
    harm: String,
    note: String,
}

#[derive(Deserialize)]
pub(super) struct Blind {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    reason: String,
}

/// Takes the reviewer's own assessment.
pub(super) async fn assess(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(sent): Form<Blind>,
) -> Result<Response, Failure> {
    person.check(&sent.csrf)?;
    let Blind { outcome, amount, reason, .. } = sent;
    let kept = Sent { outcome: outcome.clone(), amount: amount.clone(), reason: reason.clone(), ..Sent::default() };
    let parsed = match amount.trim() {
        "" => Ok(None),
        text => expression::money::parse(text).map(Some),
    };
    let taken = match parsed {
        Ok(amount) => {
            let answer = BlindAnswer { outcome, amount, reason: reason.trim().to_owned() };
            spot_check::assess_blind(&desk.store, &person.user, &id, answer).await
        }
        Err(why) => Err(Refused::Wrong(why)),
    };
    answer(&desk, &person, &id, taken, kept).await
}

#[derive(Deserialize)]
pub(super) struct Compared {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    harm: String,
    #[serde(default)]
    note: String,
}

/// Takes what the reviewer found.
pub(super) async fn classify(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(sent): Form<Compared>,
) -> Result<Response, Failure> {
    person.check(&sent.csrf)?;
    let taken = match finding(&sent) {
        Ok(finding) => spot_check::classify(&desk.store, &person.user, &id, finding).await,
        Err(why) => Err(Refused::Wrong(why)),
    };
    let Compared { verdict, kind, harm, note, .. } = sent;
    let kept = Sent { verdict, kind, harm, note, ..Sent::default() };
    answer(&desk, &person, &id, taken, kept).await
}

fn finding(sent: &Compared) -> Result<Finding, String> {
    let verdict = Verdict::try_from(sent.verdict.clone()).map_err(|_| "välj om det stämmer eller är fel".to_owned())?;
    let error = match (ErrorKind::try_from(sent.kind.clone()), Harm::try_from(sent.harm.clone())) {
        (Ok(kind), Ok(harm)) => Some((kind, harm)),
        _ if sent.kind.is_empty() && sent.harm.is_empty() => None,
        _ => return Err("välj både vad det är för slags fel och vem det skadar".into()),
    };
    let note = Some(sent.note.trim().to_owned()).filter(|note| !note.is_empty());
    if verdict == Verdict::Error && note.is_none() {
        return Err("beskriv felet".into());
    }
    Ok(Finding { verdict, error, note })
}

/// On to what comes next; or the page as it is now and why not.
async fn answer(
    desk: &Desk,
    person: &SignedIn,
    id: &str,
    taken: Result<(), Refused>,
    sent: Sent,
) -> Result<Response, Failure> {
    match taken {
        Ok(()) => Ok(Redirect::to(&format!("/stickprov/{id}")).into_response()),
        Err(Refused::Store(error)) => Err(error.into()),
        Err(Refused::Role { .. }) => Err(Failure::Forbidden),
        Err(why) => {
            let status = match why {
                Refused::NotAssessed(_) => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            of(desk, person, id, status, Some((why.to_string(), sent))).await
        }
    }
}

/// Shows what a plan has come to.
pub(super) async fn report(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Html<String>, Failure> {
    require(may_see(&person))?;
    let report = match spot_check::report(&desk.store, &name).await {
        Ok(report) => report,
        Err(Refused::Store(error)) => return Err(error.into()),
        Err(_) => return Err(Failure::NotFound),
    };
    let zone = wording::timezone(&desk.config);
    let counted = |counts: &std::collections::BTreeMap<String, u32>, word: fn(&str) -> &str| {
        counts.iter().map(|(id, count)| json!({"text": word(id), "count": count})).collect::<Vec<_>>()
    };
    let draws: Vec<Value> = report
        .draws
        .iter()
        .map(|draw| {
            json!({
                "month": draw.month, "at": wording::local_time(&draw.drawn_at, zone), "by": draw.drawn_by,
                "handled": draw.handled, "removed": draw.removed, "drawn": draw.drawn, "rates": draw.rates.0})
        })
        .collect();
    let content = json!({
        "name": report.plan.name,
        "year": report.plan.year,
        "purpose": wording::purpose(report.plan.purpose),
        "seed": report.plan.seed,
        "method": report.method,
        "total": cell(&report.total),
        "weighted": report.weighted_percent.map(wording::percent),
        "strata": report.strata.iter().map(cell).collect::<Vec<_>>(),
        "months": report.months.iter().map(cell).collect::<Vec<_>>(),
        "kinds": counted(&report.kinds, wording::error_kind),
        "harms": counted(&report.harms, wording::harm),
        "differed": report.differed,
        "changed": report.changed,
        "draws": draws});
    Ok(page::of("spot_report.html", &person, "stickprov", content)?)
}

fn cell(cell: &Cell) -> Value {
    let interval =
        cell.low.zip(cell.high).map(|(low, high)| format!("{} – {}", wording::percent(low), wording::percent(high)));
    json!({
        "name": cell.name, "handled": cell.handled, "drawn": cell.drawn, "assessed": cell.assessed, "errors": cell.errors,
        "percent": cell.percent.map(wording::percent), "interval": interval})
}

fn may_see(person: &SignedIn) -> bool {
    desk::may_read(&person.user) || desk::may_operate(&person.user) || desk::may_sample(&person.user)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
