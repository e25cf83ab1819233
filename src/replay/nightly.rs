//! The nightly check: every stored suggestion is answered again by its own version, once a night however many programs
//! look. What it came to is kept; where answers differ, an alert tells it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use tokio::sync::watch;

use super::{Checked, WithTheirOwn};
use crate::app::App;
use crate::config::Config;
use crate::model::{new_id, time_text};
use crate::store::{self, Since};
use crate::wording;

/// How often it is looked at whether it is time.
const LOOK: Duration = Duration::from_secs(20);
/// Renewed after each page.
const LEASE: Duration = Duration::from_mins(5);
/// How many of those that differ are kept by name.
const NAMED: usize = 100;

/// Checks each night until it is told to stop.
pub async fn serve(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut told = None;
    while !*stop.borrow() {
        let failed = turn(&app).await.err().filter(|error| !app.outage.is_why(error)).map(|error| error.to_string());
        if failed != told {
            if let Some(error) = &failed {
                tracing::error!(%error, "failed to check stored suggestions");
            }
            told = failed;
        }
        let pause = tokio::time::timeout(LOOK, stop.changed()).await;
        if matches!(pause, Ok(Err(_))) {
            return;
        }
    }
}

/// Does the check that is due, if nobody has; what it came to.
pub async fn turn(app: &App) -> store::Result<Option<Checked>> {
    let now = app.store.now().await?;
    let Some(night) = due_night(&app.config, now) else { return Ok(None) };
    if app.store.last_replay().await?.is_some_and(|last| last.night >= night) {
        return Ok(None);
    }
    let Some(replay) = app.store.claim_replay(&night, &new_id(), LEASE).await? else { return Ok(None) };
    let from = TimeDelta::from_std(app.config.replay.since).ok().and_then(|length| now.checked_sub_signed(length));
    let since = Since { from: from.map(time_text).unwrap_or_default(), ..Since::default() };
    let (mut pages, mut differing) = (WithTheirOwn::new(&app.store, since), Vec::new());
    while let Some(page) = pages.page().await? {
        let room = NAMED - differing.len();
        differing.extend(page.into_iter().map(|difference| difference.suggestion).take(room));
        app.store.renew_replay(&replay, LEASE).await?;
    }
    let checked = pages.checked;
    app.store.end_replay(&replay, checked.answered, checked.differing, &differing).await?;
    Ok(Some(checked))
}

/// The local date of the latest check that should have been done by now; none where there is none.
pub fn due_night(config: &Config, now: DateTime<Utc>) -> Option<String> {
    let at: NaiveTime = config.replay.at?;
    let local = now.with_timezone::<Tz>(&wording::timezone(config)).naive_local();
    let date = if local.time() >= at { local.date() } else { local.date().checked_sub_days(Days::new(1))? };
    Some(date.format("%Y-%m-%d").to_string())
}
