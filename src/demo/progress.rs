//! Progress: tells what happens as it happens, from the events.

use std::time::Duration;

use crate::app::App;
use crate::model::{EventKind, ItemState, LoggedEvent};
use crate::store::{ItemFilter, Whose};
use crate::terminal::print;
use crate::wording;

/// Follows the work until nothing is left to do; for a person also until nothing waits for a decision.
pub async fn follow(app: &App, unattended: bool) -> anyhow::Result<bool> {
    let mut last = app.store.latest_events(1).await?.pop().map(|event| event.id).unwrap_or_default();
    let mut told_waiting = false;
    loop {
        let events = app.store.events_after(&last).await?;
        for event in &events {
            tell(app, event).await?;
            last.clone_from(&event.id);
        }
        let waiting = waiting(app).await?;
        let busy = app.store.anything_to_do(Whose::Pools(&app.config.worker.pools), &[]).await?;
        if !busy && waiting == 0 && events.is_empty() {
            return Ok(true);
        }
        if !busy && waiting > 0 && !unattended && !told_waiting {
            let items = wording::count(waiting, "ärende", "ärenden");
            print(&format!("\n{items} väntar på ditt beslut i konsolens inkorg.\n"));
            told_waiting = true;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn waiting(app: &App) -> anyhow::Result<usize> {
    let filter = ItemFilter { state: Some(ItemState::AwaitingDecision), ..ItemFilter::default() };
    Ok(app.store.items(&filter).await?.len())
}

/// One line for what a person would want to follow.
async fn tell(app: &App, event: &LoggedEvent) -> anyhow::Result<()> {
    let Ok(kind) = EventKind::try_from(event.kind.clone()) else { return Ok(()) };
    let words = match kind {
        EventKind::RunStarted => "körningen börjar: letar efter nya ansökningar",
        EventKind::RunEnded => "körningen är slut",
        EventKind::Suggested => "förslag klart",
        EventKind::Decided => "beslut fattat",
        EventKind::Mailed => "brev skickat",
        EventKind::Done => "klart",
        EventKind::HandedOver => "lämnat till en person",
        EventKind::Failed => "misslyckades",
        EventKind::Uncertain => "osäkert: en person måste titta",
        EventKind::Retried => "försöker igen om en stund",
        EventKind::Deferred => "väntar på svar",
        EventKind::TakenOver => "tas över efter ett avbrott",
        EventKind::SignedOut => "utloggad: loggar in igen",
        _ => return Ok(()),
    };
    let reference = match &event.item {
        Some(id) => app.store.find_item(&id.0).await?.map(|item| item.reference).unwrap_or_default(),
        None => event.bot.clone().unwrap_or_default(),
    };
    let code = event.told()["code"].as_str().map(|code| format!(" ({code})")).unwrap_or_default();
    let time = event.at.get(11..19).unwrap_or_default();
    print(&format!("{time}  {reference:<20} {words}{code}"));
    Ok(())
}
