//! The report: what became of every application, how long it took, and whether that is what it should be.

use std::collections::BTreeMap;

use sandbox::{Expected, Outcome, Sandbox};

use crate::app::App;
use crate::model::{EventKind, Item, ItemState, LoggedEvent, parse_time};
use crate::store::ItemFilter;
use crate::terminal::{Column, aligned, print};
use crate::wording;

/// What one application came to.
struct Line {
    item: Item,
    suggested: Option<String>,
    decided: Option<String>,
    registered: bool,
    mailed: bool,
    /// Milliseconds under a lease, and of them waiting for systems.
    time: (i64, i64),
}

/// Prints the table; true when every application ended as it should, or when that is not to be checked.
pub async fn tell(app: &App, sandbox: &Sandbox, check: bool) -> anyhow::Result<bool> {
    let mut lines = Vec::new();
    for item in app.store.items(&ItemFilter::default()).await? {
        lines.push(line(app, item).await?);
    }
    print("");
    print(&table(&lines));
    print(&summary(&lines));
    if !check {
        return Ok(true);
    }
    let differences = differences(app, sandbox, &lines).await?;
    if differences.is_empty() {
        print(&format!("Alla {} ansökningar slutade som de skulle.", lines.len()));
        return Ok(true);
    }
    print(&format!("{} från det väntade:", wording::count(differences.len(), "avvikelse", "avvikelser")));
    for one in &differences {
        print(&format!("  {one}"));
    }
    Ok(false)
}

async fn line(app: &App, item: Item) -> anyhow::Result<Line> {
    let suggestion = app.store.suggestion(&item.id).await?;
    let decision = match &suggestion {
        Some(suggestion) => app.store.decision(&item.id, &suggestion.id).await?,
        None => None,
    };
    let events = app.store.item_events(&item.id).await?;
    let finished = |stage: &str| {
        events
            .iter()
            .any(|event| event.kind == EventKind::StageFinished.as_str() && event.stage.as_deref() == Some(stage))
    };
    Ok(Line {
        suggested: suggestion.and_then(|stored| stored.answer.0["outcome"].as_str().map(str::to_owned)),
        decided: decision
            .map(|decision| decision.amount.map_or_else(|| "avslag".into(), |amount| wording::kronor(&amount))),
        registered: finished("registrera beslut"),
        mailed: events.iter().any(|event| event.kind == EventKind::Mailed.as_str()),
        time: times(&events),
        item,
    })
}

/// Time under a lease, and time waited for other systems, in milliseconds.
fn times(events: &[LoggedEvent]) -> (i64, i64) {
    let (mut total, mut waited, mut since) = (0, 0, None);
    for event in events {
        let at = parse_time(&event.at);
        match EventKind::try_from(event.kind.clone()) {
            Ok(EventKind::Claimed | EventKind::TakenOver) => since = at,
            Ok(
                EventKind::Done
                | EventKind::HandedOver
                | EventKind::Waiting
                | EventKind::Uncertain
                | EventKind::Failed
                | EventKind::Deferred
                | EventKind::Retried,
            ) => {
                if let (Some(from), Some(to)) = (since.take(), at) {
                    total += (to - from).num_milliseconds();
                }
            }
            _ => {}
        }
        waited += event.told()["waited_ms"].as_i64().unwrap_or(0);
    }
    (total, waited.min(total))
}

fn table(lines: &[Line]) -> String {
    let columns = [
        Column::Text("Ansökan"),
        Column::Text("Förslag"),
        Column::Number("Beslut"),
        Column::Text("Registrerad"),
        Column::Text("Brev"),
        Column::Text("Lämnad till person"),
        Column::Number("Tid (s)"),
        Column::Number("varav eget (ms)"),
    ];
    let yes = |yes: bool| if yes { "ja" } else { "" }.to_owned();
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let state = match line.item.state {
                ItemState::HandedOver => line.item.code.clone().unwrap_or_default(),
                ItemState::Done => String::new(),
                other => wording::item_state(other).to_owned(),
            };
            vec![
                line.item.reference.clone(),
                line.suggested.as_deref().map(wording::outcome).unwrap_or_default().to_owned(),
                line.decided.clone().unwrap_or_default(),
                yes(line.registered),
                yes(line.mailed),
                state,
                format!("{}.{}", line.time.0 / 1000, line.time.0 % 1000 / 100),
                (line.time.0 - line.time.1).to_string(),
            ]
        })
        .collect();
    aligned(&columns, &rows)
}

fn summary(lines: &[Line]) -> String {
    let count = |test: &dyn Fn(&Line) -> bool| lines.iter().filter(|line| test(line)).count();
    let total: i64 = lines.iter().map(|line| line.time.0).sum();
    let own: i64 = lines.iter().map(|line| line.time.0 - line.time.1).sum();
    let each = i64::try_from(lines.len().max(1)).unwrap_or(1);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.item.state == ItemState::HandedOver) {
        *reasons.entry(line.item.code.as_deref().unwrap_or("–")).or_default() += 1;
    }
    let reasons: Vec<String> = reasons.iter().map(|(code, count)| format!("{code} {count}")).collect();
    format!(
        "\n{} ansökningar: {} med förslag, {} beslutade, {} registrerade, {} brev, {} lämnade till person ({})\n\
         {} misslyckade, {} osäkra. Tid per ansökan {} ms, varav robotens egen {} ms och väntan på andra system {} ms.\n",
        lines.len(),
        count(&|line| line.suggested.is_some()),
        count(&|line| line.decided.is_some()),
        count(&|line| line.registered),
        count(&|line| line.mailed),
        count(&|line| line.item.state == ItemState::HandedOver),
        reasons.join(", "),
        count(&|line| line.item.state == ItemState::Failed),
        count(&|line| line.item.state == ItemState::Uncertain),
        total / each,
        own / each,
        (total - own) / each,
    )
}

/// What differs from the outcomes that the practice systems know, typed in by hand.
async fn differences(app: &App, sandbox: &Sandbox, lines: &[Line]) -> anyhow::Result<Vec<String>> {
    let expected_outcomes = sandbox::expected_outcomes()?;
    let known = |line: &&Line| !expected_outcomes.iter().any(|expected| expected.reference == line.item.reference);
    let strangers = lines.iter().filter(known).map(|line| format!("{}: skulle inte ha rörts", line.item.reference));
    let mut differences: Vec<String> = strangers.collect();
    for expected in &expected_outcomes {
        let reference = &expected.reference;
        let mut say = |what: &str, is: &str, should: &str| {
            differences.push(format!("{reference}: {what} är {is}, ska vara {should}"));
        };
        let Some(line) = lines.iter().find(|line| line.item.reference == *reference) else {
            say("ansökan", "inte hittad", "hanterad");
            continue;
        };
        let (status, amount) = outcome_of(app, line).await?;
        if status != expected.status {
            say(
                "utfallet",
                &format!("{status:?} ({})", line.item.code.as_deref().unwrap_or("–")),
                &format!("{:?}", expected.status),
            );
        }
        compare(expected, line, amount.as_deref(), &mut say);
        let counts = sandbox.counts(reference).await?;
        for (what, is, should) in [
            ("antal beräkningar i Akten", counts.calculations, expected.calculations),
            ("antal beslut i Akten", counts.decisions, expected.decisions),
            ("antal utbetalningar i Akten", counts.payments, expected.payments),
            ("antal brev", counts.mails, expected.mails),
        ] {
            if is != should {
                say(what, &is.to_string(), &should.to_string());
            }
        }
    }
    Ok(differences)
}

async fn outcome_of(app: &App, line: &Line) -> anyhow::Result<(Outcome, Option<String>)> {
    if line.item.state != ItemState::Done {
        return Ok((Outcome::HandedOver, None));
    }
    let suggestion = app.store.suggestion(&line.item.id).await?;
    let Some(suggestion) = suggestion else { return Ok((Outcome::HandedOver, None)) };
    let decision = app.store.decision(&line.item.id, &suggestion.id).await?;
    Ok(match decision {
        Some(decision) if decision.outcome == "approve" => (Outcome::Registered, decision.amount),
        Some(_) => (Outcome::Denied, Some("0".into())),
        None => (Outcome::HandedOver, None),
    })
}

fn compare(expected: &Expected, line: &Line, amount: Option<&str>, say: &mut impl FnMut(&str, &str, &str)) {
    let same = match (amount, expected.amount.as_deref()) {
        (Some(is), Some(should)) => is.parse::<rust_decimal::Decimal>().ok() == should.parse().ok(),
        (None, None) => true,
        _ => false,
    };
    if !same && expected.status != Outcome::HandedOver {
        say("beloppet", amount.unwrap_or("–"), expected.amount.as_deref().unwrap_or("–"));
    }
    if expected.status == Outcome::HandedOver {
        if line.item.state != ItemState::HandedOver {
            say("läget", line.item.state.as_str(), "handed_over");
        }
        if line.item.code != expected.code {
            say("koden", line.item.code.as_deref().unwrap_or("–"), expected.code.as_deref().unwrap_or("–"));
        }
    }
}
