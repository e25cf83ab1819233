//! Why an item is where it is, and what will move it on; why a schedule does not start: read from the live state.
//!
//! Says nothing personal: the reason of a hand-over is shown by the console and `kollega decide` only.

mod run;
mod schedule;

use serde::Serialize;

pub use run::{RunWhy, run};
pub use schedule::{ScheduleWhy, schedule};

use crate::config::Config;
use crate::desk::Bots;
use crate::model::{Circuit, EventKind, FailureKind, Item, ItemState, LoggedEvent, Withheld, parse_time};
use crate::store::{BY_PERSON, RUN_STOPPED, Result, Store};
use crate::wording;

/// Why an item waits or ended.
#[derive(Debug, Clone, Serialize)]
pub struct Why {
    pub item: String,
    pub bot: String,
    pub reference: String,
    pub state: &'static str,
    pub stage: Option<String>,
    pub attempt: i64,
    /// Since when it is in this state, UTC.
    pub since: String,
    /// The role that it waits for.
    pub role: Option<String>,
    /// Why the automated decision function left it to a person.
    pub not_delegated: Option<&'static str>,
    /// When a person should have decided, UTC.
    pub due: Option<String>,
    /// When it goes on by itself, UTC.
    pub until: Option<String>,
    /// When the whole item should be done, UTC, and whether that has passed.
    pub deadline: Option<String>,
    pub overdue: bool,
    pub priority: i64,
    /// What a person wants done when its worker can let go of it: a state.
    pub asked: Option<String>,
    /// Who works on it.
    pub worker: Option<String>,
    pub code: Option<String>,
    /// What verify saw.
    pub saw: Option<String>,
    /// In Swedish, for people.
    pub because: String,
    /// What to do, in Swedish.
    pub next: String,
}

/// Why the item is where it is.
pub async fn item(store: &Store, config: &Config, item: &Item) -> Result<Why> {
    let mut why = Why {
        item: item.id.0.clone(),
        bot: item.bot.clone(),
        reference: item.reference.clone(),
        state: item.state.as_str(),
        stage: item.stage.clone(),
        attempt: item.attempt,
        since: item.updated_at.clone(),
        role: None,
        not_delegated: None,
        due: item.due_at.clone(),
        until: None,
        deadline: item.deadline_at.clone(),
        overdue: false,
        priority: item.priority,
        asked: item.asked.clone(),
        worker: item.worker.clone(),
        code: item.code.clone(),
        saw: None,
        because: String::new(),
        next: String::new(),
    };
    let now = store.now().await?;
    let clock = Clock { timezone: wording::timezone(config), now };
    why.overdue = item.is_overdue(now);
    let events = store.item_events(&item.id).await?;
    match item.state {
        ItemState::Ready | ItemState::InProgress if unread(&mut why, store, item, &clock).await? => {}
        ItemState::Ready => ready(&mut why, item, &clock, store.has_worker(&item.pool).await?),
        ItemState::Deferred if is_by_person(item) => put_off(&mut why, item, &events, &clock),
        ItemState::Deferred => match store.circuit_of_item(&item.id).await? {
            Some(circuit) if circuit.is_open() => waits_for_circuit(&mut why, config, &circuit),
            _ => deferred(&mut why, item, &clock),
        },
        ItemState::InProgress => in_progress(&mut why, item, &clock),
        ItemState::AwaitingDecision => {
            awaiting(&mut why, item, config, &clock);
            withheld(&mut why, item, &events);
        }
        ItemState::Uncertain => uncertain(&mut why, store, item).await?,
        ItemState::HandedOver if is_by_person(item) => {
            let person = who(&events, EventKind::HandedOver);
            let because = format!("{person} har lämnat över ärendet till en person.");
            say(&mut why, because, "En handläggare tar hand om det. Skälet visas på ärendets sida i konsolen.");
        }
        ItemState::HandedOver => handed_over(&mut why, &events),
        ItemState::Failed => failed(&mut why),
        ItemState::Done => say(&mut why, "Allt är gjort.", "Ingenting."),
        ItemState::Cancelled => {
            let person = who(&events, EventKind::Cancelled);
            let because = format!("{person} har avbrutit ärendet.");
            say(&mut why, because, "Kör om det med `kollega rerun` om det ska göras ändå.");
        }
    }
    asked(&mut why, item);
    unheeded(&mut why, item, &events);
    deadline(&mut why, item, &clock);
    Ok(why)
}

/// Says that nobody who could take it can read its bot, where that is so.
async fn unread(why: &mut Why, store: &Store, item: &Item, clock: &Clock) -> Result<bool> {
    let waits = [&item.not_before, &item.lease_until].into_iter().flatten().any(|until| !clock.is_past(until));
    let Some(run) = store.run(&item.run).await?.filter(|_| !waits) else { return Ok(false) };
    let Some(unreadable) = store.read_by_none(&run).await? else { return Ok(false) };
    let (because, next) = wording::unreadable(&unreadable, &item.pool);
    say(why, because, next);
    Ok(true)
}

struct Clock {
    timezone: chrono_tz::Tz,
    now: chrono::DateTime<chrono::Utc>,
}

impl Clock {
    fn local(&self, stored: &str) -> String {
        wording::local_seconds(stored, self.timezone)
    }

    fn is_past(&self, stored: &str) -> bool {
        parse_time(stored).is_some_and(|time| time < self.now)
    }
}

fn say(why: &mut Why, because: impl Into<String>, next: impl Into<String>) {
    why.because = because.into();
    why.next = next.into();
}

fn ready(why: &mut Why, item: &Item, clock: &Clock, has_worker: bool) {
    match &item.not_before {
        Some(until) if !clock.is_past(until) => {
            why.until = Some(until.clone());
            let tries = tries(item);
            say(
                why,
                format!("Väntar till {} innan nästa försök{tries}.", clock.local(until)),
                "Ingenting: det går vidare av sig självt.",
            );
        }
        _ if !has_worker => say(
            why,
            format!("Står i kö, men ingen arbetare är i gång för poolen {}.", item.pool),
            format!(
                "Starta en: `kollega worker --pool {}`, eller `kollega serve` där worker.pools har den. `kollega nodes` \
                 visar vilka som är i gång.",
                item.pool
            ),
        ),
        _ => say(
            why,
            "Står i kö och väntar på en ledig arbetare.",
            "Ingenting: arbetarna tar ärendena i tur och ordning. `kollega nodes` visar vilka som är i gång.",
        ),
    }
}

fn deferred(why: &mut Why, item: &Item, clock: &Clock) {
    if item.not_before.is_none() && item.code.as_deref() == Some(RUN_STOPPED) {
        let next = format!("Ingenting: nästa körning av {} tar upp det där det är.", item.bot);
        return say(why, "Körningen stoppades medan ärendet var kvar. Det väntar på robotens nästa körning.", next);
    }
    why.until.clone_from(&item.not_before);
    let until = item.not_before.as_deref().map_or_else(|| "en senare tid".into(), |until| clock.local(until));
    let code = item.code.as_deref().map(|code| format!(" Orsak: {}.", wording::code(code))).unwrap_or_default();
    let tries = tries(item);
    say(why, format!("Uppskjutet till {until}{tries}.{code}"), "Ingenting: det går vidare av sig självt.");
}

/// The item waits for a system that gets no new work: since when, why, and what ends it.
fn waits_for_circuit(why: &mut Why, config: &Config, circuit: &Circuit) {
    why.until.clone_from(&circuit.retry_at);
    let system = &circuit.system;
    let told = wording::circuit(circuit, wording::timezone(config));
    let next = if circuit.kind.as_deref() == Some(FailureKind::SignInRefused.as_str()) {
        format!(
            "Byt hemligheten med `kollega secret set …`: då går det vidare av sig självt. Är den rätt, och kontot \
             upplåst: `kollega systems reset {system}`."
        )
    } else {
        format!(
            "Ingenting, om {system} är på väg tillbaka: ett ärende prövar, och lyckas det går alla vidare. Är det lagat \
             nu: `kollega systems reset {system}`."
        )
    };
    say(why, format!("Kretsbrytaren för {system} är {told}."), next);
}

fn is_by_person(item: &Item) -> bool {
    item.code.as_deref() == Some(BY_PERSON)
}

/// A person wants it to wait.
fn put_off(why: &mut Why, item: &Item, events: &[LoggedEvent], clock: &Clock) {
    why.until.clone_from(&item.not_before);
    let person = who(events, EventKind::Deferred);
    let until = item.not_before.as_deref().unwrap_or_default();
    let local = clock.local(until);
    if clock.is_past(until) {
        let because = format!("{person} sköt upp det till {local}, och nu väntar det på en arbetare.");
        say(why, because, "Se till att `kollega serve` eller `kollega worker` är i gång.");
    } else {
        let next = format!(
            "Ingenting: det går vidare av sig självt. Ska det inte vänta: `kollega items defer {} --until now`.",
            item.reference
        );
        say(why, format!("{person} har skjutit upp det till {local}."), next);
    }
}

/// The person who did this to the item last, in words.
fn who(events: &[LoggedEvent], kind: EventKind) -> String {
    let last = events.iter().rev().find(|event| event.kind == kind.as_str() && event.actor.starts_with("person:"));
    let name = last.and_then(|event| event.actor.strip_prefix("person:"));
    name.map_or_else(|| "En person".into(), |name| format!("Personen {name}"))
}

/// A person waits for the worker to let go of it.
fn asked(why: &mut Why, item: &Item) {
    let Some(asked) = &item.asked else { return };
    let what = if asked == ItemState::Cancelled.as_str() { "avbryts" } else { "lämnas över" };
    let person = item.asked_by.as_deref().unwrap_or("En person");
    why.because = format!("{} {person} har begärt att det {what}: det sker vid nästa säkra punkt.", why.because);
}

/// A person asked for something that came too late, or that fell when nobody could tell what a commit came to.
fn unheeded(why: &mut Why, item: &Item, events: &[LoggedEvent]) {
    if item.asked.is_some() || matches!(item.state, ItemState::Cancelled | ItemState::HandedOver) {
        return;
    }
    let is_asking =
        |event: &&LoggedEvent| event.kind == EventKind::Asked.as_str() && event.attempt == Some(item.attempt);
    let Some(event) = events.iter().rev().find(is_asking) else { return };
    let cancel = event.told()["asked"] == ItemState::Cancelled.as_str();
    let what = if cancel { "avbrytas" } else { "lämnas över" };
    let person = event.actor.strip_prefix("person:").unwrap_or("En person");
    let told = format!(" {person} begärde att det skulle {what}, men det blev inte så, och det gäller inte längre.");
    why.because += &told;
}

/// When the whole item should be done.
fn deadline(why: &mut Why, item: &Item, clock: &Clock) {
    let Some(deadline) = item.deadline_at.as_deref().filter(|_| !item.state.is_final()) else { return };
    let local = wording::local_time(deadline, clock.timezone);
    let late = if why.overdue {
        format!(" Försenat: det skulle ha varit klart {local}.")
    } else {
        format!(" Ska vara klart senast {local}.")
    };
    why.because += &late;
}

fn tries(item: &Item) -> String {
    match item.tries {
        0 => String::new(),
        1 => ", efter ett misslyckat försök".into(),
        count => format!(", efter {count} misslyckade försök"),
    }
}

fn in_progress(why: &mut Why, item: &Item, clock: &Clock) {
    why.until.clone_from(&item.lease_until);
    let worker = item.worker.as_deref().unwrap_or("okänd");
    let until = item.lease_until.as_deref().unwrap_or_default();
    let local = clock.local(until);
    if clock.is_past(until) {
        let because = format!("Arbetaren {worker} hade ärendet till {local} men har inte hört av sig sedan dess.");
        say(why, because, "En annan arbetare tar över strax. Händer inget: kontrollera att någon arbetare är i gång.");
    } else {
        say(why, format!("Arbetaren {worker} arbetar med det och har det till {local}."), "Ingenting.");
    }
}

fn awaiting(why: &mut Why, item: &Item, config: &Config, clock: &Clock) {
    let role = Bots::new(config).role(item);
    let whom = role.as_ref().map_or("någon som får besluta", |role| wording::role(role)).to_owned();
    let since = wording::local_time(&item.updated_at, clock.timezone);
    let due = item.due_at.as_deref().map_or_else(String::new, |due| {
        let should = if clock.is_past(due) { "skulle ha fattats" } else { "ska fattas" };
        format!(" Beslutet {should} senast {}.", wording::local_time(due, clock.timezone))
    });
    let next = match &role {
        Ok(_) => format!("En {whom} beslutar i inkorgen eller med `kollega decide {}`.", item.reference),
        Err(error) => error.to_string(),
    };
    why.role = role.ok();
    say(why, format!("Väntar på beslut av {whom} sedan {since}.{due}"), next);
}

/// Why the automated decision function left it to a person, where it may decide.
fn withheld(why: &mut Why, item: &Item, events: &[LoggedEvent]) {
    let kind = EventKind::NotDelegated.as_str();
    let last = events.iter().rev().find(|event| event.kind == kind && event.attempt == Some(item.attempt));
    let code = last.and_then(|event| event.told()["why"].as_str().map(str::to_owned));
    let Some(known) = code.and_then(|code| Withheld::try_from(code).ok()) else { return };
    why.not_delegated = Some(known.as_str());
    why.because = format!("{} Roboten beslutade inte själv: {}.", why.because, wording::withheld(known));
}

async fn uncertain(why: &mut Why, store: &Store, item: &Item) -> Result<()> {
    let intents = store.item_intents(&item.id).await?;
    let intent = intents.iter().rev().find(|intent| intent.outcome.as_deref() == Some("uncertain"));
    why.saw = intent.and_then(|intent| intent.detail.clone());
    let stage = intent.map_or("okänd", |intent| intent.stage.as_str());
    let saw = why.saw.clone().unwrap_or_else(|| "ingenting antecknat".into());
    let because = format!("Ingen kan säga om etappen {stage} sparades i det andra systemet. Kontrollen såg: {saw}.");
    let next = format!(
        "Titta i systemet. Sparades det: `kollega settle {0} did`. Sparades det inte: `kollega settle {0} did-not`. \
         Tar du över själv: `kollega settle {0} take-over`.",
        item.reference
    );
    say(why, because, next);
    Ok(())
}

fn handed_over(why: &mut Why, events: &[LoggedEvent]) {
    let settled = EventKind::Settled.as_str();
    let last = events.iter().rev().find(|event| event.kind == EventKind::HandedOver.as_str() || event.kind == settled);
    if let Some(person) =
        last.filter(|event| event.kind == settled).and_then(|event| event.actor.strip_prefix("person:"))
    {
        let because = format!("Det var osäkert om sparandet tog, och {person} tog över ärendet.");
        say(why, because, "Det görs klart för hand. Vad som är sparat visas på ärendets sida i konsolen.");
        return;
    }
    let code = why.code.as_deref().unwrap_or("okänd");
    let because = format!("Roboten lämnade över ärendet till en person. Orsak: {}.", wording::code(code));
    say(why, because, "En handläggare tar hand om det. Skälet visas på ärendets sida i konsolen.");
}

fn failed(why: &mut Why) {
    let code = why.code.as_deref().unwrap_or("okänd");
    let next = format!("Läs `kollega log {0}`, åtgärda felet och kör om med `kollega rerun {0}`.", why.reference);
    say(why, format!("Alla försök misslyckades. Orsak: {}.", wording::code(code)), next);
}
