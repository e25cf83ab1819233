//! Recording and ending delegations to the automated decision function: who may, and that what is recorded can be one.
//!
//! The decision to delegate is made elsewhere, by the board; here it is written down. Nothing here decides on an item.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use crate::bot::Bot;
use crate::config::Config;
use crate::desk;
use crate::model::{Delegation, Outcomes, User, time_text};
use crate::seal::Seal;
use crate::store::{self, NewDelegation, Store};
use crate::wording;

/// A delegation as a person writes it down.
#[derive(Debug, Clone)]
pub struct Written {
    pub bot: String,
    /// `approve`, `deny`.
    pub outcomes: Vec<String>,
    /// The most that may be approved.
    pub up_to: Option<Decimal>,
    pub decided_by: String,
    pub decided_on: NaiveDate,
    pub reference: String,
    /// The first day and the last, by the municipality's calendar.
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
}

/// Why a delegation was not recorded or ended.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The person has not the role.
    #[error("{person} får inte göra detta: det kräver rollen {}", wording::role(desk::DELEGATORS[0]))]
    Role {
        /// Who.
        person: String,
    },
    /// What was written can't be a delegation.
    #[error("{0}")]
    Wrong(String),
    /// Nothing to end.
    #[error("ingen delegation {0} gäller: den finns inte, eller har redan upphört")]
    Missing(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Records a delegation, by a signed-in person.
pub async fn record(
    store: &Store,
    config: &Config,
    seal: &Seal,
    user: &User,
    written: Written,
) -> Result<Delegation, Refused> {
    admit(user)?;
    let zone = wording::timezone(config);
    let today = store.now().await?.with_timezone(&zone).date_naive();
    let new = checked(config, written, today, zone).map_err(Refused::Wrong)?;
    let known = store.delegations(Some(&new.bot)).await?;
    if let Some(first) = known.iter().find(|one| seal.is_valid_delegation(one) && is_same(one, &new)) {
        return Err(Refused::Wrong(format!(
            "delegationen {} för {} är redan registrerad med samma referens, {} ({}, {}): avsluta den först med \
             `kollega delegations end {}`, eller ange den nya delegationens egen referens",
            first.id,
            first.bot,
            first.reference,
            covers(first),
            days(first, zone),
            first.id
        )));
    }
    Ok(store.add_delegation(new, &user.name, seal).await?)
}

/// Ends a delegation at once, by a signed-in person who says why.
pub async fn end(store: &Store, seal: &Seal, user: &User, id: &str, reason: &str) -> Result<Delegation, Refused> {
    admit(user)?;
    if reason.trim().is_empty() {
        return Err(Refused::Wrong(
            "skälet saknas: skriv vem som har beslutat att delegationen upphör, och när".into(),
        ));
    }
    let ended = store.end_delegation(id, &user.name, reason.trim(), seal).await?;
    ended.ok_or_else(|| Refused::Missing(id.to_owned()))
}

fn admit(user: &User) -> Result<(), Refused> {
    if desk::may_delegate(user) { Ok(()) } else { Err(Refused::Role { person: user.name.clone() }) }
}

/// The first day for which a board may leave decisions to an automated decision function (lag 2022:638).
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2022, 7, 1).expect("a date");

fn checked(config: &Config, written: Written, today: NaiveDate, zone: Tz) -> Result<NewDelegation, String> {
    let Written { bot, outcomes, up_to, decided_by, decided_on, reference, from, to } = written;
    let script = Bot::load(&config.bot_file(&bot))
        .map_err(|_| format!("roboten {bot} finns inte eller kan inte läsas: se `kollega check`"))?;
    let kind = script.case_kind.as_ref().map(|kind| &kind.value).ok_or_else(|| {
        format!("roboten {bot} säger inte vad det är för slags ärenden: lägg till `case_kind` i dess fil")
    })?;
    if let Some(why) = kind.excluded() {
        return Err(format!("ärendeslaget får inte delegeras till en automatiserad beslutsfunktion: {why}"));
    }
    if outcomes.is_empty() {
        return Err("ange minst ett utfall: approve eller deny".into());
    }
    let approves = outcomes.iter().any(|outcome| outcome == "approve");
    match up_to {
        None if approves => return Err("ange högsta belopp för bifall: --up-to 15000".into()),
        Some(_) if !approves => return Err("ett högsta belopp hör till bifall: ange utfallet approve".into()),
        Some(amount) if amount <= Decimal::ZERO => return Err("högsta belopp ska vara större än 0 kr".into()),
        _ => {}
    }
    let [decided_by, reference] = [decided_by, reference].map(|text| text.trim().to_owned());
    if decided_by.is_empty() || reference.is_empty() {
        return Err("vem som har beslutat, och beslutets diarienummer, måste anges".into());
    }
    if decided_on > today {
        return Err(format!("beslutsdagen {decided_on} har inte varit ännu"));
    }
    if from < decided_on {
        return Err(format!("delegationen kan inte gälla från {from}: den beslutades {decided_on}"));
    }
    if from < FIRST_DAY {
        return Err(format!(
            "delegationen kan inte gälla från {from}: 6 kap. 37 § kommunallagen medger den från och med {FIRST_DAY}"
        ));
    }
    if let Some(to) = to.filter(|to| *to < from || *to < today) {
        return Err(format!("sista dagen {to} är före första dagen, eller har redan varit"));
    }
    let valid_until = to.and_then(|to| to.succ_opt()).map(|day| time_text(midnight(day, zone)));
    let mut outcomes = outcomes;
    outcomes.sort();
    outcomes.dedup();
    Ok(NewDelegation {
        bot,
        case_kind: kind.name.value.clone(),
        outcomes: Outcomes(outcomes),
        max_amount: up_to,
        decided_by,
        decided_on: decided_on.to_string(),
        reference,
        valid_from: time_text(midnight(from, zone)),
        valid_until,
    })
}

/// Whether a delegation has the new one's reference, and some time in common with it.
fn is_same(one: &Delegation, new: &NewDelegation) -> bool {
    let plain = |reference: &str| reference.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let before = |from: &str, until: Option<&String>| until.is_none_or(|until| from < until.as_str());
    one.ended_at.is_none()
        && plain(&one.reference) == plain(&new.reference)
        && before(&new.valid_from, one.valid_until.as_ref())
        && before(&one.valid_from, new.valid_until.as_ref())
}

/// The first moment of a day.
fn midnight(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let local = day.and_time(NaiveTime::MIN);
    zone.from_local_datetime(&local).earliest().map_or_else(|| local.and_utc(), |time| time.with_timezone(&Utc))
}

/// How a delegation stands now, in Swedish.
pub fn standing(delegation: &Delegation, now: &str) -> &'static str {
    match &delegation.ended_at {
        Some(_) => "upphävd",
        None if delegation.is_in_force(now) => "gäller",
        None if delegation.valid_from.as_str() > now => "gäller inte ännu",
        None => "har gått ut",
    }
}

/// The days that a delegation is for: `2026-02-01–2026-12-31`.
pub fn days(delegation: &Delegation, zone: Tz) -> String {
    let day = |at: &str| crate::model::parse_time(at).map(|time| time.with_timezone(&zone).date_naive());
    let from = day(&delegation.valid_from).map(|day| day.to_string()).unwrap_or_default();
    let last = delegation.valid_until.as_deref().and_then(day).and_then(|day| day.pred_opt());
    match last {
        Some(last) => format!("{from}–{last}"),
        None => format!("{from} tills vidare"),
    }
}

/// What it covers, in Swedish: `bifall högst 15 000 kr, avslag`.
pub fn covers(delegation: &Delegation) -> String {
    let one = |outcome: &String| match (&delegation.max_amount, outcome.as_str()) {
        (Some(amount), "approve") => format!("bifall högst {} kr", wording::kronor(amount)),
        (_, other) => wording::outcome(other).to_owned(),
    };
    delegation.outcomes.0.iter().map(one).collect::<Vec<_>>().join(", ")
}
