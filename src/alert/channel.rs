//! Who is told about what: the installation's own addresses, and those of schedules.

use crate::app::App;
use crate::config::Config;
use crate::model::{Alert, AlertKind};
use crate::schedule::{AlertOn, Schedule};
use crate::scheduler;

/// The ways of telling.
pub(super) const MAIL: &str = "mail";
pub(super) const WEBHOOK: &str = "webhook";

/// Somebody who is told.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub way: &'static str,
    /// Addresses with commas between, or an address that is called.
    pub target: String,
    /// What for.
    wants: Vec<Wanted>,
}

/// What somebody is told about.
#[derive(Debug, Clone)]
enum Wanted {
    /// These kinds, whatever they are about; all where there are none.
    Kinds(Vec<AlertKind>),
    /// What is about a schedule, or about its bot.
    Schedule { name: String, bot: String, on: Vec<AlertOn> },
}

impl Channel {
    /// Whether the alert is to be told here.
    pub fn wants(&self, alert: &Alert) -> bool {
        self.wants.iter().any(|wanted| match wanted {
            Wanted::Kinds(kinds) => kinds.is_empty() || kinds.contains(&alert.kind),
            Wanted::Schedule { name, bot, on } => {
                let own = match alert.detail.0["schedule"].as_str() {
                    Some(schedule) => schedule == name,
                    None => alert.detail.0["bot"].as_str() == Some(bot),
                };
                own && on.iter().any(|on| kind_of(*on) == alert.kind)
            }
        })
    }
}

fn kind_of(on: AlertOn) -> AlertKind {
    match on {
        AlertOn::Failed => AlertKind::Failed,
        AlertOn::Missed => AlertKind::Missed,
        AlertOn::Absent => AlertKind::Absent,
        AlertOn::Slow => AlertKind::Slow,
    }
}

/// Everybody who is told. An address that stands in several places gets one message.
pub(super) async fn channels(app: &App) -> anyhow::Result<Vec<Channel>> {
    let mut channels = own(&app.config);
    let now = app.store.now().await?;
    for file in scheduler::files(&app.config) {
        let Ok(schedule) = scheduler::read(&app.config, &file, now) else { continue };
        let Schedule { name, bot, alert: Some(alert), .. } = schedule else { continue };
        if alert.mail.is_empty() {
            continue;
        }
        let wanted = Wanted::Schedule { name, bot, on: alert.on };
        match channels.iter_mut().find(|channel| channel.way == MAIL && channel.target == alert.mail) {
            Some(known) => known.wants.push(wanted),
            None => channels.push(Channel { way: MAIL, target: alert.mail, wants: vec![wanted] }),
        }
    }
    Ok(channels)
}

/// The installation's own.
pub(super) fn own(config: &Config) -> Vec<Channel> {
    let alerts = &config.alerts;
    let channel =
        |way, target: &String| Channel { way, target: target.clone(), wants: vec![Wanted::Kinds(alerts.on.clone())] };
    [(MAIL, &alerts.mail), (WEBHOOK, &alerts.webhook)]
        .into_iter()
        .filter(|(_, target)| !target.is_empty())
        .map(|(way, target)| channel(way, target))
        .collect()
}
