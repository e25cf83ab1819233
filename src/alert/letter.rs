//! Alerts in words: what has happened, since when, how many, and what to do. Never personal.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::channel::{Channel, WEBHOOK};
use crate::config::Config;
use crate::model::{Alert, AlertKind, time_text};
use crate::store::NewMessage;
use crate::wording;

/// One message to everybody who is to be told any of these.
pub(super) fn messages(config: &Config, channels: &[Channel], alerts: &[Alert], now: DateTime<Utc>) -> Vec<NewMessage> {
    let mut messages = Vec::new();
    for channel in channels {
        let told: Vec<&Alert> = alerts.iter().filter(|alert| channel.wants(alert)).collect();
        if told.is_empty() {
            continue;
        }
        let subject = subject(&told);
        let text = text(config, &told, now);
        let body = if channel.way == WEBHOOK { call(config, &told, &text, now) } else { text };
        messages.push(NewMessage { channel: channel.way, target: channel.target.clone(), subject, body });
    }
    messages
}

/// The subject: what is new first, then what is over.
fn subject(alerts: &[&Alert]) -> String {
    let (open, over): (Vec<&&Alert>, Vec<&&Alert>) = alerts.iter().partition(|alert| alert.closed_at.is_none());
    let named = |alert: &Alert| format!("{} ({})", wording::alert(alert.kind), alert.subject);
    let what = match (open.as_slice(), over.as_slice()) {
        ([one], []) => named(one),
        ([], [one]) => format!("över: {}", named(one)),
        ([], many) => format!("över: {} larm", many.len()),
        ([one], over) => format!("{}; {} över", named(one), over.len()),
        ([first, rest @ ..], []) => format!("{} larm: {} med flera", rest.len() + 1, named(first)),
        ([first, rest @ ..], over) => {
            format!("{} larm: {} med flera; {} över", rest.len() + 1, named(first), over.len())
        }
    };
    format!("Kollega: {what}")
}

fn text(config: &Config, alerts: &[&Alert], now: DateTime<Utc>) -> String {
    let timezone = wording::timezone(config);
    let mut parts = vec![format!("Larm från Kollega {}", wording::local_time(&time_text(now), timezone))];
    let (open, over): (Vec<&&Alert>, Vec<&&Alert>) = alerts.iter().partition(|alert| alert.closed_at.is_none());
    parts.extend(open.into_iter().map(|alert| opened(config, alert)));
    parts.extend(over.into_iter().map(|alert| closed(config, alert)));
    parts.push(
        "Alla larm: `kollega alerts`. Det som inte är över påminns om med jämna mellanrum, och när det är över kommer \
         besked om det."
            .into(),
    );
    parts.join("\n\n") + "\n"
}

/// What has happened, since when, how many, what to do, and where to look.
pub(super) fn opened(config: &Config, alert: &Alert) -> String {
    let since = wording::local_time(&alert.since, wording::timezone(config));
    let title = format!("{}: {}", wording::alert(alert.kind).to_uppercase(), alert.subject);
    let (what, todo, page) = said(alert, &since);
    let again = if alert.told_at.is_some() { "Påminnelse. " } else { "" };
    let mut lines = vec![title, format!("{again}{what}"), format!("Att göra: {todo}")];
    lines.extend(link(config, page));
    lines.join("\n")
}

fn closed(config: &Config, alert: &Alert) -> String {
    let timezone = wording::timezone(config);
    let from = wording::local_time(&alert.since, timezone);
    let to = alert.closed_at.as_deref().map(|at| wording::local_time(at, timezone)).unwrap_or_default();
    let mut lines = vec![format!("ÖVER: {} ({}), {from} till {to}", wording::alert(alert.kind), alert.subject)];
    if alert.told_at.is_none() {
        lines.push(said(alert, &from).0);
    }
    lines.push(
        match alert.kind {
            AlertKind::Failed => "Ingenting nytt har misslyckats på ett tag, eller så är allt omkört.",
            AlertKind::Uncertain => "Alla osäkra ärenden är avgjorda.",
            AlertKind::Missed => "Schemat startar igen.",
            AlertKind::Absent => "Det som väntades har kommit, eller så är dagen slut.",
            AlertKind::Slow => "Det långsamma är klart eller avslutat.",
            AlertKind::Circuit => "Systemet svarar igen: det som väntade går vidare av sig självt.",
            AlertKind::Unreadable => "Robotens skript kan läsas igen, eller så är inget av dess arbete kvar.",
            AlertKind::Disk => "Det finns plats på disken igen.",
            AlertKind::ReplayDiffers => "Den senaste nattliga kontrollen fick samma svar för alla förslag.",
        }
        .into(),
    );
    lines.join("\n")
}

/// What has happened, what to do, and the page of the console to look at.
fn said(alert: &Alert, since: &str) -> (String, String, &'static str) {
    let (detail, count) = (&alert.detail.0, alert.count);
    match alert.kind {
        AlertKind::Failed => {
            let what = format!("{} har misslyckats sedan {since}{}.", failures(detail), codes(&detail["codes"]));
            let todo = format!(
                "se `kollega items --bot {0} --state failed` och `kollega runs --bot {0}`, läs `kollega log ÄRENDE`, åtgärda \
                 och kör om med `kollega rerun`.",
                alert.subject
            );
            (what, todo, "/arenden")
        }
        AlertKind::Uncertain => (
            format!("För {} kan ingen säga om det sparades i det andra systemet, sedan {since}.", items(count)),
            "titta i systemet och svara med `kollega settle` eller i konsolen. Inget görs om innan dess.".into(),
            "/osakra",
        ),
        AlertKind::Missed => (
            format!(
                "{} utan att roboten startade, den första {since}.",
                wording::count(count, "tidpunkt passerade", "tidpunkter passerade")
            ),
            format!("se `kollega why {}`. Har datorn eller databasen varit nere?", alert.subject),
            "/korningar",
        ),
        AlertKind::Absent => absent(alert, since),
        AlertKind::Slow => (
            format!(
                "{} längre än {}, sedan {since}.",
                slow(detail),
                wording::count(detail["limit_s"].as_u64().unwrap_or_default().div_ceil(60), "minut", "minuter")
            ),
            format!(
                "se `kollega runs --bot {}` och vad som händer med `kollega log`. Är systemet långsamt?",
                alert.subject
            ),
            "/korningar",
        ),
        AlertKind::Circuit => circuit(alert, since),
        AlertKind::Unreadable => (
            format!(
                "{} inte läsa roboten, sedan {since}, och lämnar dess arbete åt andra. {}: {}.",
                wording::count(alert.count, "arbetare kan", "arbetare kan"),
                detail["node"].as_str().unwrap_or_default(),
                detail["why"].as_str().unwrap_or_default()
            ),
            "rätta filen på den datorn, eller kopiera den dit: arbetet går vidare av sig självt. Se `kollega nodes`."
                .into(),
            "/korningar",
        ),
        AlertKind::Disk => (
            format!(
                "Mindre än {} % av disken där datamappen ligger är ledigt, sedan {since}.",
                detail["limit_percent"].as_u64().unwrap_or_default()
            ),
            "gör plats, till exempel bland skärmbilderna, eller utöka disken. En full disk stoppar allt.".into(),
            "/",
        ),
        AlertKind::ReplayDiffers => replay(alert, since),
    }
}

fn absent(alert: &Alert, since: &str) -> (String, String, &'static str) {
    let detail = &alert.detail.0;
    let todo = format!("se `kollega why {}`.", alert.subject);
    let what = match detail["why"].as_str() {
        Some("no_worker") => {
            format!(
                "{} sedan {since} och ingen arbetare tar dem.",
                wording::count(alert.count, "körning väntar", "körningar väntar")
            )
        }
        Some("unread") => format!(
            "{} sedan {since}: ingen arbetare kan läsa robotens skript.",
            wording::count(alert.count, "körning väntar", "körningar väntar")
        ),
        Some("not_looked_at") => format!("Tidpunkten {since} har passerat utan att någon schemaläggare har sett den."),
        Some("too_few") => format!(
            "Klockan {} skulle minst {} ha kommit. Då hade {} kommit.",
            detail["by"].as_str().unwrap_or_default(),
            items(detail["expected"].as_i64().unwrap_or_default()),
            alert.count
        ),
        Some("unreadable") => "Schemats fil kan inte läsas, så ingenting startar.".into(),
        Some("paused") => format!("Schemat pausade sig självt {since} efter misslyckade körningar. Ingenting startar."),
        _ => format!("Klockan {} skulle en körning ha hämtat sitt arbete.", detail["by"].as_str().unwrap_or_default()),
    };
    let todo = match detail["why"].as_str() {
        Some("no_worker") => "se till att `kollega serve` eller `kollega worker` är i gång.".into(),
        Some("not_looked_at") => "se till att `kollega serve` är i gång och läs dess logg.".into(),
        Some("too_few") => format!("{todo} Är källan tom, eller har dess lista ändrats?"),
        Some("unreadable" | "unread") => "kör `kollega check`.".into(),
        Some("paused") => {
            format!("rätta felet och kör `kollega schedules resume {0}`; {todo}", alert.subject)
        }
        _ => todo,
    };
    (what, todo, "/korningar")
}

fn circuit(alert: &Alert, since: &str) -> (String, String, &'static str) {
    let kind = alert.detail.0["kind"].as_str().unwrap_or_default();
    let waiting = wording::count(alert.count, "ärende eller körning väntar", "ärenden och körningar väntar");
    let what =
        format!("{} får inget nytt arbete sedan {since}: {}. {waiting}.", alert.subject, wording::failure_kind(kind));
    let todo = match kind {
        "sign_in_refused" => format!(
            "byt lösenordet med `kollega secret set`: då går allt vidare av sig självt. Är det rätt och kontot upplåst: \
             `kollega systems reset {}`. Till dess prövas inte inloggningen, så att kontot inte låses.",
            alert.subject
        ),
        "page_changed" => format!(
            "se skärmbilden i konsolen, rätta robotens skript och kör `kollega systems reset {}`. Ett ärende prövar med \
             jämna mellanrum.",
            alert.subject
        ),
        _ => "kontrollera att systemet är i gång. Ett ärende prövar med jämna mellanrum; lyckas det går alla vidare."
            .into(),
    };
    (what, todo, "/system")
}

fn replay(alert: &Alert, since: &str) -> (String, String, &'static str) {
    if alert.detail.0["why"] == "not_done" {
        return (
            format!("Den nattliga kontrollen av sparade förslag har inte blivit klar sedan {since}."),
            "läs loggen från `kollega serve`, och kör `kollega rules replay` för hand.".into(),
            "/system",
        );
    }
    let night = alert.detail.0["night"].as_str().unwrap_or_default();
    let what = wording::count(alert.count, "sparat förslag får", "sparade förslag får");
    (
        format!("Natten {night}: {what} inte samma svar när de räknas om med sin egen regelbok."),
        "kör `kollega rules replay` för att se vilka. Är programmet nyss uppdaterat, eller är någon rad ändrad i databasen? \
         Lita inte på nya förslag innan orsaken är känd."
            .into(),
        "/system",
    )
}

fn items(count: i64) -> String {
    wording::count(count, "ärende", "ärenden")
}

fn failures(detail: &Value) -> String {
    let [items, runs] = ["items", "runs"].map(|name| detail[name].as_i64().unwrap_or_default());
    let runs_text = wording::count(runs, "körning", "körningar i rad");
    match (items, runs) {
        (_, 0) => self::items(items),
        (0, _) => runs_text,
        _ => format!("{} och {runs_text}", self::items(items)),
    }
}

fn slow(detail: &Value) -> String {
    let [items, runs] = ["items", "runs"].map(|name| detail[name].as_i64().unwrap_or_default());
    match (items, runs) {
        (_, 0) => wording::count(items, "ärende har pågått", "ärenden har pågått"),
        (0, _) => wording::count(runs, "körning har pågått", "körningar har pågått"),
        _ => {
            format!("{} och {}", self::items(items), wording::count(runs, "körning har pågått", "körningar har pågått"))
        }
    }
}

/// ` (kod system: 3, bot: 1)`.
fn codes(codes: &Value) -> String {
    let parts: Vec<String> =
        codes.as_object().into_iter().flatten().map(|(code, count)| format!("{code}: {count}")).collect();
    if parts.is_empty() { String::new() } else { format!(" (kod {})", parts.join(", ")) }
}

fn link(config: &Config, page: &str) -> Option<String> {
    let console = config.alerts.console.trim_end_matches('/');
    (!console.is_empty()).then(|| format!("Se {console}{page}"))
}

/// What a webhook is called with.
fn call(config: &Config, alerts: &[&Alert], text: &str, now: DateTime<Utc>) -> String {
    let one = |alert: &&Alert| {
        let (_, _, page) = said(alert, "");
        json!({
            "id": alert.id,
            "kind": alert.kind,
            "subject": alert.subject,
            "state": if alert.closed_at.is_none() { "open" } else { "over" },
            "since": alert.since,
            "over_at": alert.closed_at,
            "count": alert.count,
            "detail": alert.detail,
            "link": link(config, page).map(|link| link.trim_start_matches("Se ").to_owned()),
        })
    };
    json!({"at": time_text(now), "alerts": alerts.iter().map(one).collect::<Vec<_>>(), "text": text}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Json;

    fn alert(kind: AlertKind, count: i64, detail: Value) -> Alert {
        Alert {
            id: "1".into(),
            kind,
            subject: "akten".into(),
            opened_at: "2026-11-26T01:10:00.000Z".into(),
            seen_at: "2026-11-26T01:10:00.000Z".into(),
            closed_at: None,
            since: "2026-11-26T01:10:00.000Z".into(),
            count,
            detail: Json(detail),
            told_at: None,
            told_count: 0,
            clear_told: false,
        }
    }

    #[test]
    fn a_circuit_is_told_with_what_to_do() {
        let config = Config::default();
        let told =
            opened(&config, &alert(AlertKind::Circuit, 12, json!({"system": "akten", "kind": "sign_in_refused"})));
        assert_eq!(
            told,
            "KRETSBRYTARE ÖPPEN: akten\nakten får inget nytt arbete sedan 2026-11-26 02:10: inloggningen nekades. 12 ärenden \
             och körningar väntar.\nAtt göra: byt lösenordet med `kollega secret set`: då går allt vidare av sig självt. Är \
             det rätt och kontot upplåst: `kollega systems reset akten`. Till dess prövas inte inloggningen, så att kontot \
             inte låses."
        );
    }

    #[test]
    fn suggestions_that_come_out_otherwise_are_told_with_how_to_see_which() {
        let told = opened(&Config::default(), &alert(AlertKind::ReplayDiffers, 2, json!({"night": "2026-11-26"})));
        assert_eq!(
            told,
            "FÖRSLAG KAN INTE ÅTERSKAPAS: akten\nNatten 2026-11-26: 2 sparade förslag får inte samma svar när de räknas om med sin \
             egen regelbok.\nAtt göra: kör `kollega rules replay` för att se vilka. Är programmet nyss uppdaterat, eller är någon rad \
             ändrad i databasen? Lita inte på nya förslag innan orsaken är känd."
        );
    }

    #[test]
    fn the_subject_says_what_is_new_and_what_is_over() {
        let one = alert(AlertKind::Circuit, 1, json!({}));
        let over =
            Alert { closed_at: Some("2026-11-26T02:00:00.000Z".into()), ..alert(AlertKind::Failed, 1, json!({})) };
        assert_eq!(subject(&[&one]), "Kollega: kretsbrytare öppen (akten)");
        assert_eq!(subject(&[&over]), "Kollega: över: misslyckat (akten)");
        assert_eq!(subject(&[&one, &over]), "Kollega: kretsbrytare öppen (akten); 1 över");
    }
}
