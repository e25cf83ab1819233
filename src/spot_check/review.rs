//! The reviewer's work on a drawn item: for quality first blind, with the facts alone; then with suggestion and decision.

use super::{Refused, admit, find_plan};
use crate::desk;
use crate::model::{Assessment, Decision, Finding, Item, Purpose, SpotRow, SpotText, StoredSuggestion, User, Verdict};
use crate::store::{BlindAnswer, NotAssessed, Store};

/// What comes next for the reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// An own assessment, by the facts alone.
    Blind,
    /// To compare and say what was found.
    Compare,
    Done,
    /// The item has been removed: nothing more can be found.
    Gone,
}

/// A drawn item as its reviewer sees it now.
#[derive(Debug)]
pub struct Review {
    pub row: SpotRow,
    pub purpose: Purpose,
    pub stage: Stage,
    pub item: Option<Item>,
    /// What the suggestion was made of.
    pub facts: serde_json::Value,
    /// None as long as the assessment is blind.
    pub suggestion: Option<StoredSuggestion>,
    pub decision: Option<Decision>,
    pub assessment: Option<Assessment>,
    pub texts: SpotText,
}

/// What the reviewer may see of a drawn row now; that the facts were looked at is written down.
pub async fn look(store: &Store, user: &User, id: &str) -> Result<Review, Refused> {
    admit(user, desk::REVIEWERS)?;
    let (row, purpose) = find(store, id).await?;
    let (assessment, texts) = store.assessment(&row.id).await?;
    if !row.drawn {
        return Err(NotAssessed::NotDrawn.into());
    }
    let Some((item, suggestion, decision)) = store.spot_case(&row).await? else {
        let facts = serde_json::Value::Null;
        let gone = Stage::Gone;
        return Ok(Review {
            row,
            purpose,
            stage: gone,
            item: None,
            facts,
            suggestion: None,
            decision: None,
            assessment,
            texts,
        });
    };
    if store.decisions(&item.id).await?.iter().any(|decision| decision.person == user.name) {
        return Err(NotAssessed::Decided.into());
    }
    let others = assessment.as_ref().is_some_and(|assessment| assessment.reviewer != user.name);
    let stage = match &assessment {
        Some(known) if known.verdict.is_some() => Stage::Done,
        _ if others => return Err(NotAssessed::Others.into()),
        None if purpose == Purpose::Quality => Stage::Blind,
        _ => Stage::Compare,
    };
    store.note_facts_seen(&row, &user.name).await?;
    let facts = suggestion.facts.0.clone();
    let (suggestion, decision) = if stage == Stage::Blind { (None, None) } else { (Some(suggestion), decision) };
    // What a reviewer wrote is for that reviewer.
    let texts = if others { SpotText::default() } else { texts };
    Ok(Review { row, purpose, stage, item: Some(item), facts, suggestion, decision, assessment, texts })
}

/// Keeps the reviewer's own assessment.
pub async fn assess_blind(store: &Store, user: &User, id: &str, answer: BlindAnswer) -> Result<(), Refused> {
    admit(user, desk::REVIEWERS)?;
    let (row, purpose) = find(store, id).await?;
    if purpose != Purpose::Quality {
        return Err(Refused::Wrong("planens syfte är kontroll: där görs ingen blind bedömning".into()));
    }
    match (answer.outcome.as_str(), answer.amount) {
        ("approve", None) => return Err(Refused::Wrong("ange beloppet som du skulle bevilja".into())),
        ("approve", Some(amount)) if amount <= rust_decimal::Decimal::ZERO => {
            return Err(Refused::Wrong("beloppet ska vara större än 0 kr".into()));
        }
        ("deny" | "refer", Some(_)) => return Err(Refused::Wrong("ett belopp hör bara till bifall".into())),
        ("approve" | "deny" | "refer", _) => {}
        _ => return Err(Refused::Wrong("välj bifall, avslag eller att en handläggare ska bedöma".into())),
    }
    if answer.reason.trim().is_empty() {
        return Err(Refused::Wrong("skriv kort varför".into()));
    }
    Ok(store.assess_blind(&row, &user.name, &answer).await??)
}

/// Keeps what the reviewer found.
pub async fn classify(store: &Store, user: &User, id: &str, finding: Finding) -> Result<(), Refused> {
    admit(user, desk::REVIEWERS)?;
    let (row, purpose) = find(store, id).await?;
    match (finding.verdict, &finding.error) {
        (Verdict::Error, None) => {
            return Err(Refused::Wrong("ange vad det är för slags fel, och vem det skadar".into()));
        }
        (Verdict::Agrees, Some(_)) => {
            return Err(Refused::Wrong("slag av fel och skada anges bara när det är fel".into()));
        }
        _ => {}
    }
    let differs = differs(store, &row).await?;
    if differs
        && finding.verdict == Verdict::Agrees
        && finding.note.as_deref().is_none_or(|note| note.trim().is_empty())
    {
        return Err(Refused::Wrong(
            "din egen bedömning är en annan än beslutet: skriv varför beslutet ändå stämmer, eller säg att det är fel"
                .into(),
        ));
    }
    Ok(store.classify(&row, purpose, &user.name, &finding, differs).await??)
}

/// Whether the reviewer's own assessment is another than what was decided. What nobody decided was referred.
async fn differs(store: &Store, row: &SpotRow) -> Result<bool, Refused> {
    let (assessment, texts) = store.assessment(&row.id).await?;
    let open = assessment.filter(|assessment| assessment.verdict.is_none());
    let Some(own) = open.and_then(|assessment| assessment.own_outcome) else { return Ok(false) };
    let Some((_, _, decision)) = store.spot_case(row).await? else { return Ok(false) };
    let Some(decision) = decision else { return Ok(own != "refer") };
    let amount = |text: Option<&str>| text.and_then(|text| text.parse::<rust_decimal::Decimal>().ok());
    let same_amount = own != "approve" || amount(texts.own_amount.as_deref()) == amount(decision.amount.as_deref());
    Ok(own != decision.outcome || !same_amount)
}

async fn find(store: &Store, id: &str) -> Result<(SpotRow, Purpose), Refused> {
    let Some(row) = store.spot_row(id).await? else {
        return Err(Refused::Wrong(format!("stickprovet {id} finns inte: se `kollega spot-checks list`")));
    };
    let (plan, _) = find_plan(store, &row.plan).await?;
    Ok((row, plan.purpose))
}
