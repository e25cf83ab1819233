//! Alerts: tells people what is wrong, once, and that it is over.
//!
//! Three things in a row, each safe to be done by several programs at once: what is wrong is read from the store
//! (`facts`) and noted; what is to be told is written down as messages (`letter`, `channel`); and each message is
//! claimed and sent (`deliver`). Nothing here is personal: counts, names of robots and systems, codes.

mod channel;
mod deliver;
mod facts;
mod letter;
mod trial;

use std::sync::Arc;

use tokio::sync::watch;

use crate::app::App;
use crate::model::{Alert, AlertKind};
use crate::store::AlertPace;

pub use trial::{Tried, try_channels};

/// Looks, tells and sends until it is told to stop.
pub async fn serve(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = look(&app).await
            && !error.downcast_ref().is_some_and(|error| app.outage.is_why(error))
        {
            tracing::error!(error = format!("{error:#}"), "failed to look after alerts");
        }
        let pause = tokio::time::timeout(app.config.alerts.every, stop.changed()).await;
        if matches!(pause, Ok(Err(_))) {
            return;
        }
    }
}

/// Looks once: notes what is wrong, writes down what is to be told, sends what waits.
pub async fn look(app: &App) -> anyhow::Result<()> {
    let facts = facts::facts(app).await?;
    let here = facts::machine();
    app.store.see_alerts(&facts, |alert: &Alert| alert.kind != AlertKind::Disk || alert.subject == here).await?;
    let config = &app.config.alerts;
    let channels = channel::channels(app).await?;
    let pace = AlertPace { window: config.window, remind: config.remind };
    let settings = Arc::new(app.config.clone());
    app.store.tell_alerts(pace, move |alerts, now| letter::messages(&settings, &channels, alerts, now)).await?;
    deliver::deliver(app).await
}
