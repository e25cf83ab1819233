//! Spot checks (stickprov) of handled items: a yearly plan, a drawing that anybody can make again, blind re-assessment, and
//! the error rate that came of it.
//!
//! The drawing and the figures are pure; the store keeps them. Nothing here changes an item.

mod draw;
mod history;
mod plan;
mod rate;
mod redraw;
mod report;
mod review;
mod wilson;

pub use draw::ALGORITHM;
pub use plan::Plan;
pub use redraw::{Redraw, redraw};
pub use report::{Cell, Report, report};
pub use review::{Review, Stage, assess_blind, classify, look};
pub use wilson::wilson;

use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::config::Config;
use crate::desk;
use crate::model::{HandledCase, SpotDraw, SpotPlan, SpotRow, User, parse_time, time_text};
use crate::problem::Problem;
use crate::seal::Seal;
use crate::store::{self, NewSpotDraw, NewSpotPlan, NotAssessed, Store};
use crate::wording;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The person has not the role.
    #[error("{person} får inte göra detta: det kräver rollen {roles}")]
    Role {
        /// Who.
        person: String,
        /// Which.
        roles: String,
    },
    /// What was asked for can't be.
    #[error("{0}")]
    Wrong(String),
    /// The assessment was not taken.
    #[error(transparent)]
    NotAssessed(#[from] NotAssessed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Refuses whoever has none of the roles.
fn admit(user: &User, roles: &[&str]) -> Result<(), Refused> {
    if roles.iter().any(|role| user.has_role(role)) {
        return Ok(());
    }
    Err(Refused::Role { person: user.name.clone(), roles: wording::any_role(roles) })
}

/// Records a plan as it stands in a file, with the seed given or a new one. What is recorded is never changed.
pub async fn record_plan(
    store: &Store,
    user: &User,
    file: &Path,
    source: &str,
    seed: Option<String>,
    zone: Tz,
) -> Result<SpotPlan, Refused> {
    admit(user, desk::SAMPLERS)?;
    let told = |problems: &[Problem]| {
        let told: Vec<String> = problems.iter().map(|problem| problem.render(source)).collect();
        told.join("\n")
    };
    let plan = Plan::read(file, source)
        .map_err(|problems| Refused::Wrong(format!("planen kan inte läsas\n{}", told(&problems))))?;
    let today = store.now().await?.with_timezone(&zone).date_naive();
    let impossible = plan.impossible(file, today);
    if !impossible.is_empty() {
        return Err(Refused::Wrong(format!("planen kan inte följas\n{}", told(&impossible))));
    }
    let seed = match seed {
        Some(seed) if seed.trim().chars().count() < 8 => {
            return Err(Refused::Wrong("fröet är för kort: minst 8 tecken, gärna framtagna med tärning".into()));
        }
        Some(seed) => seed.trim().to_owned(),
        None => new_seed()?,
    };
    let new = NewSpotPlan {
        name: plan.plan.value.clone(),
        year: i64::from(plan.year.value),
        purpose: plan.purpose,
        body: source.to_owned(),
        sha256: crate::yaml::content_hash(source),
        seed,
    };
    let recorded = store.add_spot_plan(&new, &user.name).await?;
    recorded.ok_or_else(|| {
        Refused::Wrong(format!(
            "planen {} finns redan, och en registrerad plan ändras aldrig: ge den nya ett annat namn",
            new.name
        ))
    })
}

fn new_seed() -> Result<String, Refused> {
    let mut seed = [0; 16];
    getrandom::fill(&mut seed)
        .map_err(|error| Refused::Wrong(format!("operativsystemet gav inga slumptal: {error}")))?;
    Ok(hex::encode(seed))
}

/// The recorded plan of this name, with what it says.
pub async fn find_plan(store: &Store, name: &str) -> Result<(SpotPlan, Plan), Refused> {
    let Some(recorded) = store.spot_plan(name).await? else {
        return Err(Refused::Wrong(format!("planen {name} finns inte: se `kollega spot-checks list`")));
    };
    let plan = Plan::read(Path::new(name), &recorded.body).map_err(|_| {
        Refused::Wrong(format!("den registrerade planen {name} kan inte läsas: den har ändrats i databasen"))
    })?;
    Ok((recorded, plan))
}

/// A drawing that was made, now or before.
#[derive(Debug)]
pub struct Drawn {
    pub draw: SpotDraw,
    /// Whether it was made now.
    pub is_new: bool,
}

/// Draws a month's sample; what has been drawn before stands.
pub async fn draw_month(
    store: &Store,
    config: &Config,
    seal: &Seal,
    user: &User,
    name: &str,
    month: &str,
) -> Result<Drawn, Refused> {
    admit(user, desk::SAMPLERS)?;
    let (recorded, plan) = find_plan(store, name).await?;
    let draws = store.spot_draws(name).await?;
    if let Some(draw) = draws.iter().find(|draw| draw.month == month) {
        return Ok(Drawn { draw: draw.clone(), is_new: false });
    }
    let span = Span::of(month, plan.year.value, wording::timezone(config)).map_err(Refused::Wrong)?;
    if time_text(store.now().await?) < span.until {
        return Err(Refused::Wrong(format!("månaden {month} är inte slut: dra när alla dess ärenden är handlagda")));
    }
    let history = history::before(store, name, &draws, month).await?;
    let rates = rate::rates(&plan, &history);
    let (cases, removed) = store.handled_cases(&span.from, &span.until, &plan.bots).await?;
    let mut rows: Vec<SpotRow> = rows_of(&plan, seal, month, &cases);
    draw::draw(&recorded.seed, &mut rows, &rates);
    let new = NewSpotDraw {
        plan: name.to_owned(),
        month: month.to_owned(),
        removed,
        rates: serde_json::json!(rates),
        digest: draw::digest(&rows),
        rows,
    };
    let (draw, is_new) = store.add_spot_draw(&new, &user.name).await?;
    Ok(Drawn { draw, is_new })
}

/// The list to draw from: every handled case of the plan's bots, in its stratum.
fn rows_of(plan: &Plan, seal: &Seal, month: &str, cases: &[HandledCase]) -> Vec<SpotRow> {
    let row = |case: &HandledCase| SpotRow {
        id: String::new(),
        plan: plan.plan.value.clone(),
        month: month.to_owned(),
        case_key: format!("{}/{}", seal.of_reference(&case.bot, &case.reference), case.attempt),
        item: case.item.clone(),
        attempt: case.attempt,
        bot: case.bot.clone(),
        handled_at: case.handled_at.clone(),
        stratum: plan.stratum_of(case).to_owned(),
        rank: String::new(),
        drawn: false,
    };
    let mut rows: Vec<SpotRow> = cases.iter().map(row).collect();
    // An attempt that was let go of twice, as when a person settled it in between, is one case: as it ended.
    rows.reverse();
    let mut known = std::collections::BTreeSet::new();
    rows.retain(|row| known.insert(row.case_key.clone()));
    rows
}

/// A month in UTC, as the store keeps times.
struct Span {
    from: String,
    /// Exclusive.
    until: String,
}

impl Span {
    /// The month `2026-11` of the plan's year, by the municipality's calendar.
    fn of(month: &str, year: i32, zone: Tz) -> Result<Self, String> {
        let wrong = || format!("{month} är ingen månad: skriv ÅÅÅÅ-MM");
        let first: NaiveDate = format!("{month}-01").parse().map_err(|_| wrong())?;
        if month.len() != 7 {
            return Err(wrong());
        }
        if chrono::Datelike::year(&first) != year {
            return Err(format!("planen gäller {year}, inte {month}"));
        }
        let next = first.checked_add_months(chrono::Months::new(1)).ok_or_else(wrong)?;
        let text = |day: NaiveDate| time_text(midnight(day, zone));
        Ok(Self { from: text(first), until: text(next) })
    }
}

/// The first moment of a day.
fn midnight(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let local = day.and_time(NaiveTime::MIN);
    zone.from_local_datetime(&local).earliest().map_or_else(|| local.and_utc(), |time| time.with_timezone(&Utc))
}

/// The day on which a case was handled, by the municipality's calendar.
pub fn day(handled_at: &str, zone: Tz) -> String {
    parse_time(handled_at).map_or_else(String::new, |time| time.with_timezone(&zone).date_naive().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_that_of_the_wall_clock() {
        let span = Span::of("2026-03", 2026, chrono_tz::Europe::Stockholm).expect("a month");
        assert_eq!((span.from.as_str(), span.until.as_str()), ("2026-02-28T23:00:00.000Z", "2026-03-31T22:00:00.000Z"));
        for wrong in ["2026-13", "2026-1", "mars", "2025-03", "2026-03-01"] {
            assert!(Span::of(wrong, 2026, chrono_tz::Europe::Stockholm).is_err(), "{wrong}");
        }
    }
}
