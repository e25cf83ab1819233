//! Spot checks: plans, drawings with the list they were drawn from, and assessments. What may be personal stands in
//! `spot_texts`, which is removed with the item.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::json;

use super::events::append;
use super::{Result, Store, Tx, made, now, places, query};
use crate::model::{
    Assessment, DecidedBy, Decision, Event, EventKind, Finding, HandledCase, Item, ItemId, Json, LoggedEvent, Purpose,
    SpotDraw, SpotPlan, SpotRow, SpotText, StoredSuggestion, new_id_at, time_text,
};

/// How many handled items are read at a time: each with its suggestion.
const PAGE: usize = 500;

/// A plan to be recorded.
#[derive(Debug, Clone)]
pub struct NewSpotPlan {
    pub name: String,
    pub year: i64,
    pub purpose: Purpose,
    pub body: String,
    pub sha256: String,
    pub seed: String,
}

/// A drawing to be recorded, with the list that it was drawn from.
#[derive(Debug, Clone)]
pub struct NewSpotDraw {
    pub plan: String,
    pub month: String,
    pub removed: i64,
    pub rates: serde_json::Value,
    pub digest: String,
    /// Ids are given when they are recorded.
    pub rows: Vec<SpotRow>,
}

/// What a blind assessment says.
#[derive(Debug, Clone)]
pub struct BlindAnswer {
    /// `approve`, `deny` or `refer`.
    pub outcome: String,
    pub amount: Option<Decimal>,
    pub reason: String,
}

/// Why an assessment was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAssessed {
    /// Whoever decided on it does not review it.
    #[error("du har själv beslutat i ärendet: en annan granskare bedömer det")]
    Decided,
    /// It was not drawn.
    #[error("raden är inte dragen")]
    NotDrawn,
    /// The item has been removed.
    #[error("ärendet är gallrat och kan inte bedömas")]
    Removed,
    /// Another reviewer has begun.
    #[error("en annan granskare bedömer ärendet")]
    Others,
    /// The blind assessment comes first.
    #[error("gör den egna bedömningen först: förslag och beslut visas efteråt")]
    BlindFirst,
    /// It is done already.
    #[error("bedömningen är redan gjord")]
    Done,
}

/// A handled item as it is read for drawing.
#[derive(Debug, sqlx::FromRow)]
struct Handled {
    id: String,
    item: ItemId,
    attempt: i64,
    bot: String,
    at: String,
    reference: Option<String>,
    answer: Option<String>,
    outcome: Option<String>,
    amount: Option<String>,
    delegation: Option<String>,
}

/// The items that ended between two times, each with the suggestion that stood then and the decision on it.
const HANDLED: &str = "
    select handled.id, handled.item, handled.attempt, handled.bot, handled.at, handled.reference, suggestions.answer,
           decisions.outcome, decisions.amount, decisions.delegation
    from (
        select events.id, events.item, events.attempt, events.bot, events.at, items.reference,
            (select max(known.id) from suggestions as known where known.item = events.item and known.at <= events.at
                and (known.superseded_at is null or known.superseded_at > events.at)) as suggestion
        from events left join items on items.id = events.item
        where events.kind in ('done', 'handed_over') and events.at >= $1 and events.at < $2 and events.id > $3
            and events.item is not null and events.attempt is not null and events.bot is not null
        order by events.id limit 500
    ) as handled
    left join suggestions on suggestions.id = handled.suggestion
    left join decisions on decisions.id = (select max(made.id) from decisions as made
        where made.item = handled.item and made.suggestion = handled.suggestion and made.at <= handled.at)
    order by handled.id";

impl Store {
    /// Records a plan; none where there is one of that name, which is left as it is.
    pub async fn add_spot_plan(&self, new: &NewSpotPlan, person: &str) -> Result<Option<SpotPlan>> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        let plan: Option<SpotPlan> = query(
            "insert into spot_plans (name, year, purpose, body, sha256, seed, recorded_at, recorded_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (name) do nothing returning *",
        )
        .bind(&new.name)
        .bind(new.year)
        .bind(new.purpose.as_str())
        .bind(&new.body)
        .bind(&new.sha256)
        .bind(&new.seed)
        .bind(at)
        .bind(person)
        .fetch_optional(&mut tx)
        .await?;
        if plan.is_some() {
            let event = Event::new(EventKind::SpotPlanned, format!("person:{person}"));
            let detail = json!({"plan": new.name, "sha256": new.sha256, "seed": new.seed});
            append(&mut tx, &[event.detail(detail)]).await?;
        }
        tx.commit().await?;
        Ok(plan)
    }

    /// The plan of this name.
    pub async fn spot_plan(&self, name: &str) -> Result<Option<SpotPlan>> {
        query("select * from spot_plans where name = $1").bind(name).fetch_optional(self).await
    }

    /// Every plan, newest year first.
    pub async fn spot_plans(&self) -> Result<Vec<SpotPlan>> {
        query("select * from spot_plans order by year desc, name").fetch_all(self).await
    }

    /// The drawings of a plan, by month.
    pub async fn spot_draws(&self, plan: &str) -> Result<Vec<SpotDraw>> {
        query("select * from spot_draws where plan = $1 order by month").bind(plan).fetch_all(self).await
    }

    /// What has been recorded of plans and drawings in events: what the tables are compared with.
    pub async fn spot_events(&self) -> Result<Vec<LoggedEvent>> {
        let sql = "select * from events where kind in ('spot_planned', 'spot_drawn', 'spot_classified') order by id";
        query(sql).fetch_all(self).await
    }

    /// The items of these bots, or of all where none is named, that ended between two times with a suggestion, oldest first;
    /// and how many more ended and have been removed since.
    pub async fn handled_cases(&self, from: &str, until: &str, bots: &[String]) -> Result<(Vec<HandledCase>, i64)> {
        let (mut cases, mut removed, mut last) = (Vec::new(), 0, String::new());
        loop {
            let page: Vec<Handled> = query(HANDLED).bind(from).bind(until).bind(&last).fetch_all(self).await?;
            let count = page.len();
            for one in page {
                last.clone_from(&one.id);
                if !bots.is_empty() && !bots.contains(&one.bot) {
                    continue;
                }
                if one.reference.is_none() {
                    removed += 1;
                }
                cases.extend(case_of(one));
            }
            if count < PAGE {
                return Ok((cases, removed));
            }
        }
    }

    /// Records a drawing with its list; or gives the one that was made before, and changes nothing. Whether it is new.
    pub async fn add_spot_draw(&self, new: &NewSpotDraw, person: &str) -> Result<(SpotDraw, bool)> {
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        let drawn = new.rows.iter().filter(|row| row.drawn).count();
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let draw: Option<SpotDraw> = query(
            "insert into spot_draws (plan, month, drawn_at, drawn_by, handled, removed, drawn, rates, digest)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (plan, month) do nothing returning *",
        )
        .bind(&new.plan)
        .bind(&new.month)
        .bind(time_text(now))
        .bind(person)
        .bind(count(new.rows.len()))
        .bind(new.removed)
        .bind(count(drawn))
        .bind(new.rates.to_string())
        .bind(&new.digest)
        .fetch_optional(&mut tx)
        .await?;
        let Some(draw) = draw else {
            tx.roll_back().await?;
            let sql = "select * from spot_draws where plan = $1 and month = $2";
            return Ok((query(sql).bind(&new.plan).bind(&new.month).fetch_one(self).await?, false));
        };
        for rows in new.rows.chunks(50) {
            insert_rows(&mut tx, rows, now).await?;
        }
        let event = Event::new(EventKind::SpotDrawn, format!("person:{person}"));
        let detail = json!({
            "plan": new.plan, "month": new.month, "handled": draw.handled, "removed": draw.removed, "drawn": draw.drawn,
            "rates": new.rates, "digest": new.digest,
        });
        append(&mut tx, &[event.detail(detail)]).await?;
        tx.commit().await?;
        Ok((draw, true))
    }

    /// The list of a drawing, by stratum and rank.
    pub async fn spot_rows(&self, plan: &str, month: &str) -> Result<Vec<SpotRow>> {
        query("select * from spot_rows where plan = $1 and month = $2 order by stratum, rank")
            .bind(plan)
            .bind(month)
            .fetch_all(self)
            .await
    }

    /// The rows that have been drawn by any plan, oldest first.
    pub async fn spot_samples(&self) -> Result<Vec<SpotRow>> {
        query("select * from spot_rows where drawn order by month, plan, stratum, rank").fetch_all(self).await
    }

    /// A row by its id.
    pub async fn spot_row(&self, id: &str) -> Result<Option<SpotRow>> {
        query("select * from spot_rows where id = $1").bind(id).fetch_optional(self).await
    }

    /// Every assessment, by the row that was drawn.
    pub async fn assessments(&self) -> Result<BTreeMap<String, Assessment>> {
        let all: Vec<Assessment> = query("select * from spot_assessments").fetch_all(self).await?;
        Ok(all.into_iter().map(|one| (one.sample.clone(), one)).collect())
    }

    /// The assessment of a row, and what the reviewer wrote.
    pub async fn assessment(&self, row: &str) -> Result<(Option<Assessment>, SpotText)> {
        let assessment =
            query("select * from spot_assessments where sample = $1").bind(row).fetch_optional(self).await?;
        let sql = "select own_amount, own_reason, note from spot_texts where sample = $1";
        let texts: Option<SpotText> = query(sql).bind(row).fetch_optional(self).await?;
        Ok((assessment, texts.unwrap_or_default()))
    }

    /// What stood when the row's item was handled: the suggestion with its facts, and the decision; none when the item has
    /// been removed.
    pub async fn spot_case(&self, row: &SpotRow) -> Result<Option<(Item, StoredSuggestion, Option<Decision>)>> {
        let item: Option<Item> =
            query("select * from items where id = $1").bind(&row.item).fetch_optional(self).await?;
        let suggestion: Option<StoredSuggestion> = query(
            "select * from suggestions where item = $1 and at <= $2 and (superseded_at is null or superseded_at > $2)
             order by id desc limit 1",
        )
        .bind(&row.item)
        .bind(&row.handled_at)
        .fetch_optional(self)
        .await?;
        let (Some(item), Some(suggestion)) = (item, suggestion) else { return Ok(None) };
        let sql = "select * from decisions where item = $1 and suggestion = $2 and at <= $3 order by id desc limit 1";
        let decision =
            query(sql).bind(&row.item).bind(&suggestion.id).bind(&row.handled_at).fetch_optional(self).await?;
        Ok(Some((item, suggestion, decision)))
    }

    /// Whether an item has been drawn for a blind assessment that nobody has made yet.
    pub async fn awaits_blind_assessment(&self, item: &ItemId) -> Result<bool> {
        let open: i64 = query(
            "select count(*) from spot_rows join spot_plans on spot_plans.name = spot_rows.plan
             left join spot_assessments on spot_assessments.sample = spot_rows.id
             where spot_rows.item = $1 and spot_rows.drawn and spot_plans.purpose = 'quality' and spot_assessments.sample is null",
        )
        .bind(item)
        .fetch_value(self)
        .await?;
        Ok(open > 0)
    }

    /// Notes that a reviewer has looked at the facts of a row's item.
    pub async fn note_facts_seen(&self, row: &SpotRow, person: &str) -> Result<()> {
        self.append(&[event(EventKind::SpotFactsSeen, row, person)]).await
    }

    /// Keeps a reviewer's own assessment, made without having seen the suggestion; or says why not.
    pub async fn assess_blind(
        &self,
        row: &SpotRow,
        person: &str,
        answer: &BlindAnswer,
    ) -> Result<std::result::Result<(), NotAssessed>> {
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        let known = admit(&mut tx, row, person).await?;
        let begun = match known {
            Err(not) => Err(not),
            Ok(Some(known)) if known.reviewer != person => Err(NotAssessed::Others),
            Ok(Some(_)) => Err(NotAssessed::Done),
            Ok(None) => Ok(()),
        };
        if let Err(not) = begun {
            tx.roll_back().await?;
            return Ok(Err(not));
        }
        let inserted = query(
            "insert into spot_assessments (sample, reviewer, blind_at, own_outcome) values ($1, $2, $3, $4)
             on conflict (sample) do nothing",
        )
        .bind(&row.id)
        .bind(person)
        .bind(time_text(now))
        .bind(&answer.outcome)
        .execute(&mut tx)
        .await?;
        if inserted == 0 {
            tx.roll_back().await?;
            return Ok(Err(NotAssessed::Others));
        }
        let texts = SpotText {
            own_amount: answer.amount.map(|amount| amount.normalize().to_string()),
            own_reason: Some(answer.reason.clone()),
            note: None,
        };
        put_texts(&mut tx, row, &texts).await?;
        append(&mut tx, &[event(EventKind::SpotAssessed, row, person)]).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Keeps what a reviewer found, and whether the own assessment was another than the decision; or says why not.
    pub async fn classify(
        &self,
        row: &SpotRow,
        purpose: Purpose,
        person: &str,
        finding: &Finding,
        differs: bool,
    ) -> Result<std::result::Result<(), NotAssessed>> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        let known = match admit(&mut tx, row, person).await? {
            Err(not) => Err(not),
            Ok(None) if purpose == Purpose::Quality => Err(NotAssessed::BlindFirst),
            Ok(Some(known)) if known.reviewer != person => Err(NotAssessed::Others),
            Ok(Some(known)) if known.verdict.is_some() => Err(NotAssessed::Done),
            Ok(known) => Ok(known),
        };
        let known = match known {
            Ok(known) => known,
            Err(not) => {
                tx.roll_back().await?;
                return Ok(Err(not));
            }
        };
        if known.is_none() {
            query("insert into spot_assessments (sample, reviewer) values ($1, $2)")
                .bind(&row.id)
                .bind(person)
                .execute(&mut tx)
                .await?;
        }
        query("update spot_assessments set verdict = $1, error_kind = $2, harm = $3, classified_at = $4 where sample = $5")
            .bind(finding.verdict.as_str())
            .bind(finding.error.map(|(kind, _)| kind.as_str()))
            .bind(finding.error.map(|(_, harm)| harm.as_str()))
            .bind(at)
            .bind(&row.id)
            .execute(&mut tx)
            .await?;
        let sql = "select own_amount, own_reason, note from spot_texts where sample = $1";
        let texts: Option<SpotText> = query(sql).bind(&row.id).fetch_optional(&mut tx).await?;
        let texts = SpotText { note: finding.note.clone(), ..texts.unwrap_or_default() };
        put_texts(&mut tx, row, &texts).await?;
        let (kind, harm) = finding.error.unzip();
        let mut found = event(EventKind::SpotClassified, row, person);
        found.detail = Some(json!({
            "plan": row.plan, "month": row.month, "sample": row.id, "verdict": finding.verdict.as_str(),
            "error_kind": kind, "harm": harm, "differs": differs,
        }));
        append(&mut tx, &[found]).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }
}

/// Whether the person may assess the row, and the assessment that there is of it.
async fn admit(
    tx: &mut Tx,
    row: &SpotRow,
    person: &str,
) -> Result<std::result::Result<Option<Assessment>, NotAssessed>> {
    if !row.drawn {
        return Ok(Err(NotAssessed::NotDrawn));
    }
    let there: i64 = query("select count(*) from items where id = $1").bind(&row.item).fetch_value(&mut *tx).await?;
    if there == 0 {
        return Ok(Err(NotAssessed::Removed));
    }
    let own: i64 = query("select count(*) from decisions where item = $1 and person = $2")
        .bind(&row.item)
        .bind(person)
        .fetch_value(&mut *tx)
        .await?;
    if own > 0 {
        return Ok(Err(NotAssessed::Decided));
    }
    let sql = format!("select * from spot_assessments where sample = $1{}", tx.for_update());
    Ok(Ok(made(sql).bind(&row.id).fetch_optional(&mut *tx).await?))
}

fn case_of(handled: Handled) -> Option<HandledCase> {
    let Handled { item, attempt, bot, at, reference, answer, outcome, amount, delegation, .. } = handled;
    let answer = Json::try_from(answer?).ok()?.0;
    let suggested = answer["outcome"].as_str().unwrap_or("refer");
    let decided = match (&outcome, &delegation) {
        (None, _) => DecidedBy::Nobody,
        (Some(_), Some(_)) => DecidedBy::Automatic,
        (Some(_), None) => DecidedBy::Person,
    };
    let suggested_amount = answer["amount"].as_str().filter(|_| suggested == "approve");
    let amount = if outcome.is_some() { amount.as_deref() } else { suggested_amount };
    Some(HandledCase {
        item,
        attempt,
        bot,
        reference: reference?,
        handled_at: at,
        referred: suggested == "refer",
        amount: amount.and_then(|text| text.parse().ok()),
        outcome: outcome.unwrap_or_else(|| suggested.to_owned()),
        decided,
    })
}

async fn insert_rows(tx: &mut Tx, rows: &[SpotRow], now: chrono::DateTime<chrono::Utc>) -> Result<()> {
    let values: Vec<String> = (0..rows.len()).map(|row| format!("({})", places(row * 11 + 1, 11))).collect();
    let mut insert = made(format!(
        "insert into spot_rows (id, plan, month, case_key, item, attempt, bot, handled_at, stratum, rank, drawn) values {}",
        values.join(", ")
    ));
    for row in rows {
        insert = insert
            .bind(new_id_at(now))
            .bind(&row.plan)
            .bind(&row.month)
            .bind(&row.case_key)
            .bind(&row.item)
            .bind(row.attempt)
            .bind(&row.bot)
            .bind(&row.handled_at)
            .bind(&row.stratum)
            .bind(&row.rank)
            .bind(row.drawn);
    }
    insert.execute(&mut *tx).await?;
    Ok(())
}

async fn put_texts(tx: &mut Tx, row: &SpotRow, texts: &SpotText) -> Result<()> {
    query(
        "insert into spot_texts (sample, item, own_amount, own_reason, note) values ($1, $2, $3, $4, $5)
         on conflict (sample) do update set own_amount = excluded.own_amount, own_reason = excluded.own_reason,
             note = excluded.note",
    )
    .bind(&row.id)
    .bind(&row.item)
    .bind(&texts.own_amount)
    .bind(&texts.own_reason)
    .bind(&texts.note)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

fn event(kind: EventKind, row: &SpotRow, person: &str) -> Event {
    let mut event = Event::new(kind, format!("person:{person}"));
    event.item = Some(row.item.clone());
    event.bot = Some(row.bot.clone());
    event.attempt = Some(row.attempt);
    event.detail(json!({"plan": row.plan, "month": row.month, "sample": row.id}))
}
