//! Why a run is where it is: waits for a worker or a system, goes on, or ended.

use serde::Serialize;

use crate::config::Config;
use crate::model::{Run, RunState, parse_time};
use crate::store::{Result, Store};
use crate::wording;

/// Why a run waits or ended.
#[derive(Debug, Clone, Serialize)]
pub struct RunWhy {
    pub run: String,
    pub bot: String,
    pub schedule: Option<String>,
    pub state: &'static str,
    /// Since when, UTC.
    pub since: String,
    pub worker: Option<String>,
    /// The system whose circuit it waits for.
    pub system: Option<String>,
    /// How many of its items are in each state.
    pub items: std::collections::BTreeMap<String, i64>,
    /// In Swedish, for people.
    pub because: String,
    /// What to do, in Swedish.
    pub next: String,
}

/// Why the run is where it is.
pub async fn run(store: &Store, config: &Config, run: &Run) -> Result<RunWhy> {
    let timezone = wording::timezone(config);
    let circuit = store.circuit_of_run(&run.id).await?.filter(crate::model::Circuit::is_open);
    let counts = store.item_counts(Some(&run.id)).await?;
    let items: std::collections::BTreeMap<String, i64> = counts.into_iter().map(|one| (one.state, one.count)).collect();
    let count = |states: &[&str]| states.iter().filter_map(|state| items.get(*state)).sum::<i64>();
    let reason = run.reason.clone().unwrap_or_default();
    let unreadable = match run.state {
        RunState::Queued | RunState::Running => store.read_by_none(run).await?,
        _ => None,
    };
    let (since, because, next) = match run.state {
        RunState::Queued => match &circuit {
            Some(circuit) => (
                &run.created_at,
                format!("Kretsbrytaren för {} är {}.", circuit.system, wording::circuit(circuit, timezone)),
                format!(
                    "Ingenting, om systemet är på väg tillbaka. Annars: `kollega systems reset {}`.",
                    circuit.system
                ),
            ),
            None if let Some(unreadable) = &unreadable => {
                let (because, next) = wording::unreadable(unreadable, &run.pool);
                (&run.created_at, because, next)
            }
            None if store.has_worker(&run.pool).await? => {
                (&run.created_at, "Väntar på en ledig arbetare.".into(), "Ingenting.".into())
            }
            None => (
                &run.created_at,
                format!("Ingen arbetare är i gång för poolen {}.", run.pool),
                start_a_worker(&run.pool),
            ),
        },
        RunState::Running if let Some(unreadable) = &unreadable => {
            let (because, next) = wording::unreadable(unreadable, &run.pool);
            (run.started_at.as_ref().unwrap_or(&run.created_at), because, next)
        }
        RunState::Running => {
            let worker = run.worker.as_deref().unwrap_or("okänd");
            let what = if run.collected {
                format!(
                    "{} kvar att göra",
                    wording::count(count(&["ready", "in_progress", "deferred"]), "ärende är", "ärenden är")
                )
            } else {
                "arbetet hämtas".into()
            };
            let stop =
                run.stop_reason.as_ref().map(|why| format!(" Den är ombedd att sluta: {why}.")).unwrap_or_default();
            let since = run.started_at.as_ref().unwrap_or(&run.created_at);
            let until = run.lease_until.as_deref().and_then(parse_time);
            let now = store.now().await?;
            match store.dead_since(worker).await? {
                // It may have ended well, and let go of the run.
                _ if until.is_none_or(|until| until < now) => {
                    let until = wording::local_time(run.lease_until.as_deref().unwrap_or_default(), timezone);
                    let because = format!(
                        "Arbetaren {worker} hade den till {until}, och ingen har tagit över den: {what}.{stop}"
                    );
                    let next = if store.has_worker(&run.pool).await? {
                        "Ingenting: en annan arbetare tar över strax.".into()
                    } else {
                        start_a_worker(&run.pool)
                    };
                    (since, because, next)
                }
                Some(silent) => {
                    let silent = wording::local_time(&silent, timezone);
                    let until = wording::local_time(run.lease_until.as_deref().unwrap_or_default(), timezone);
                    let because = format!(
                        "Arbetaren {worker} har inte hört av sig sedan {silent}. Den har körningen till {until}, sedan tar en annan över: {what}.{stop}"
                    );
                    (since, because, "Se till att en arbetare är i gång: `kollega nodes`.".into())
                }
                None => (since, format!("Arbetaren {worker} håller i den: {what}.{stop}"), "Ingenting.".into()),
            }
        }
        RunState::Done => {
            let waiting = count(&["awaiting_decision", "deferred", "uncertain"]);
            let failed = count(&["failed"]);
            let mut told = Vec::new();
            if waiting > 0 {
                let items = wording::count(waiting, "ärende", "ärenden");
                told.push(format!("{items} väntar på en person, ett system eller en tid"));
            }
            if failed > 0 {
                told.push(format!("{} misslyckades", wording::count(failed, "ärende", "ärenden")));
            }
            let (because, next) = if told.is_empty() {
                ("Allt i den är gjort.".to_owned(), "Ingenting.")
            } else {
                (format!("Den är klar; {}.", told.join(", ")), "Se `kollega why ÄRENDE` för vart och ett.")
            };
            (run.ended_at.as_ref().unwrap_or(&run.created_at), because, next.into())
        }
        RunState::Failed | RunState::Stopped => (
            run.ended_at.as_ref().unwrap_or(&run.created_at),
            format!("Den blev inte färdig: {reason}"),
            format!("Läs `kollega log {}` och åtgärda felet. Nästa körning tar vid.", run.id),
        ),
    };
    Ok(RunWhy {
        run: run.id.0.clone(),
        bot: run.bot.clone(),
        schedule: run.schedule.clone(),
        state: run.state.as_str(),
        since: since.clone(),
        worker: run.worker.clone(),
        system: circuit.map(|circuit| circuit.system),
        items,
        because,
        next,
    })
}

fn start_a_worker(pool: &str) -> String {
    format!("Starta en: `kollega worker --pool {pool}` eller `kollega serve`.")
}
