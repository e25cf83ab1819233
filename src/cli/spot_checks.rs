//! `kollega spot-checks`: plans, drawings that anybody can make again, blind assessment and the error rate.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono_tz::Tz;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::json;

use super::{Column, Format, Invalid, Table, aligned, open_store, print, sign_in};
use crate::config::Config;
use crate::model::{Assessment, ErrorKind, Finding, Harm, Purpose, SpotRow, Verdict};
use crate::seal::Seal;
use crate::spot_check::{self, Cell, Refused, Review, Stage};
use crate::store::{BlindAnswer, Store};
use crate::wording::{self, facts};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Registrera en årsplan ur en fil, som inloggad person; den ändras aldrig
    Plan(PlanArguments),
    /// Dra en månads stickprov, som inloggad person; görs det igen står det första kvar
    Draw(DrawArguments),
    /// Gör om en dragning ur listan och fröet, och jämför
    Redraw(RedrawArguments),
    /// Visa planerna, eller en plans stickprov
    List(ListArguments),
    /// Bedöm ett draget ärende, som inloggad granskare: först utan att se förslaget
    Assess(Box<AssessArguments>),
    /// Visa felandel, osäkerhet och utveckling
    Report(ReportArguments),
}

#[derive(Debug, Args)]
struct PlanArguments {
    /// Planens fil
    #[arg(value_name = "FIL")]
    file: PathBuf,
    /// Frö som ni själva har slumpat fram; utelämnat slumpas ett
    #[arg(long, value_name = "FRÖ")]
    seed: Option<String>,
    #[command(flatten)]
    who: sign_in::As,
}

#[derive(Debug, Args)]
struct DrawArguments {
    /// Planens namn
    #[arg(value_name = "PLAN")]
    plan: String,
    /// Månaden då ärendena blev färdiga: 2026-11
    #[arg(long, value_name = "MÅNAD")]
    month: String,
    #[command(flatten)]
    who: sign_in::As,
    /// Hur svaret skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Args)]
struct RedrawArguments {
    /// Planens namn
    #[arg(value_name = "PLAN")]
    plan: String,
    /// Bara den här månaden; utelämnat alla som har dragits
    #[arg(long, value_name = "MÅNAD")]
    month: Option<String>,
    /// Hur svaret skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Args)]
struct ListArguments {
    /// Planens namn; utelämnat visas planerna
    #[arg(value_name = "PLAN")]
    plan: Option<String>,
    /// Bara den här månaden
    #[arg(long, value_name = "MÅNAD")]
    month: Option<String>,
    /// Hela listan som det drogs ur, också det som inte drogs
    #[arg(long)]
    all: bool,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Args)]
struct AssessArguments {
    /// Stickprovets id
    #[arg(value_name = "ID")]
    id: String,
    /// Ditt eget utfall, innan du har sett förslaget
    #[arg(long, value_name = "UTFALL", conflicts_with = "verdict")]
    outcome: Option<Own>,
    /// Beloppet som du skulle bevilja
    #[arg(long, value_name = "BELOPP", requires = "outcome")]
    amount: Option<String>,
    /// Vad du kom fram till, när du har sett förslag och beslut
    #[arg(long, value_name = "RESULTAT")]
    verdict: Option<Found>,
    /// Vad det är för slags fel
    #[arg(long, value_name = "SLAG", requires = "verdict")]
    error_kind: Option<Kind>,
    /// Vem felet skadar
    #[arg(long, value_name = "VEM", requires = "verdict")]
    harm: Option<Harmed>,
    #[command(flatten)]
    reason: sign_in::Reason,
    #[command(flatten)]
    who: sign_in::As,
    /// Hur svaret skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Args)]
struct ReportArguments {
    /// Planens namn
    #[arg(value_name = "PLAN")]
    plan: String,
    /// Hur rapporten skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Own {
    /// Bifall
    Approve,
    /// Avslag
    Deny,
    /// En handläggare ska bedöma
    Refer,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Found {
    /// Det stämmer
    Agrees,
    /// Det är fel
    Error,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Beloppet
    Amount,
    /// Bifall eller avslag
    Outcome,
    /// En uppgift var fel eller saknades
    Fact,
    /// En regel var fel eller användes fel
    Rule,
    /// En person skulle ha bedömt, eller behövde inte
    Referral,
    /// Handläggningen: kommunicering, motivering, dokumentation, brev
    Procedure,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Harmed {
    /// Den sökande
    Applicant,
    /// Kommunen
    Municipality,
    /// Ingen
    Nobody,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    match arguments.action {
        Action::Plan(arguments) => plan(&store, config, &arguments).await?,
        Action::Draw(arguments) => draw(&store, config, &arguments).await?,
        Action::Redraw(arguments) => return redraw(&store, config, &arguments).await,
        Action::List(arguments) => list(&store, config, &arguments).await?,
        Action::Assess(arguments) => assess(&store, *arguments, wording::timezone(config)).await?,
        Action::Report(arguments) => report(&store, &arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What was asked for wrongly is wrong usage; the rest is not.
fn told(refused: Refused) -> anyhow::Error {
    match refused {
        Refused::Wrong(_) => Invalid(refused.to_string()).into(),
        other => other.into(),
    }
}

async fn plan(store: &Store, config: &Config, arguments: &PlanArguments) -> anyhow::Result<()> {
    let file = &arguments.file;
    let source = std::fs::read_to_string(file)
        .map_err(|error| Invalid(format!("{} kan inte läsas: {error}", file.display())))?;
    let user = sign_in::sign_in(store, &arguments.who).await?;
    let (seed, zone) = (arguments.seed.clone(), wording::timezone(config));
    let recorded = spot_check::record_plan(store, &user, file, &source, seed, zone).await.map_err(told)?;
    print(&format!("Planen {} är registrerad. Frö: {}", recorded.name, recorded.seed));
    Ok(())
}

async fn draw(store: &Store, config: &Config, arguments: &DrawArguments) -> anyhow::Result<()> {
    let seal = Seal::open(&config.data())?;
    crate::app::agree(store, &seal, config).await?;
    let user = sign_in::sign_in(store, &arguments.who).await?;
    let drawn =
        spot_check::draw_month(store, config, &seal, &user, &arguments.plan, &arguments.month).await.map_err(told)?;
    if arguments.format == Format::Json {
        print(&serde_json::to_string_pretty(&[json!({"new": drawn.is_new, "draw": drawn.draw})])?);
        return Ok(());
    }
    let draw = &drawn.draw;
    let before = if drawn.is_new { "" } else { " Dragningen var redan gjord och står kvar." };
    let items = wording::count(draw.handled, "handlagt ärende är draget", "handlagda ärenden är dragna");
    print(&format!("{} av {items} för {}.{before}", draw.drawn, draw.month));
    if draw.removed > 0 {
        let items =
            wording::count(draw.removed, "handlagt ärende var redan gallrat", "handlagda ärenden var redan gallrade");
        print(&format!("{items} och kunde inte dras."));
    }
    Ok(())
}

async fn redraw(store: &Store, config: &Config, arguments: &RedrawArguments) -> anyhow::Result<ExitCode> {
    let seal = Seal::open(&config.data())?;
    let name = &arguments.plan;
    spot_check::find_plan(store, name).await.map_err(told)?;
    let months: Vec<String> = match &arguments.month {
        Some(month) => vec![month.clone()],
        None => store.spot_draws(name).await?.into_iter().map(|draw| draw.month).collect(),
    };
    let mut all = Vec::new();
    for month in &months {
        all.push(spot_check::redraw(store, config, &seal, name, month).await.map_err(told)?);
    }
    let equal = all.iter().all(|one| one.equal);
    if arguments.format == Format::Json {
        print(&serde_json::to_string_pretty(&all)?);
    } else if all.is_empty() {
        print("Ingenting har dragits ännu.");
    }
    for one in all.iter().filter(|_| arguments.format == Format::Table) {
        let result = if one.equal { "lika" } else { "skiljer sig" };
        print(&format!("{}: {result}. {} av {} drogs.", one.month, one.drawn, one.handled));
        if one.removed > 0 {
            let items = wording::count(one.removed, "ärende är gallrat", "ärenden är gallrade");
            print(&format!("  {items} och prövas bara mot listan."));
        }
        one.differences.iter().for_each(|difference| print(&format!("  - {difference}")));
    }
    Ok(ExitCode::from(u8::from(!equal)))
}

/// A row of the list, with what has been found.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    row: SpotRow,
    assessment: Option<Assessment>,
}

async fn list(store: &Store, config: &Config, arguments: &ListArguments) -> anyhow::Result<()> {
    let Some(name) = &arguments.plan else { return plans(store, config, arguments.format).await };
    let (plan, _) = spot_check::find_plan(store, name).await.map_err(told)?;
    let mut assessments = store.assessments().await?;
    let mut rows = Vec::new();
    for draw in store.spot_draws(name).await? {
        if arguments.month.as_ref().is_some_and(|month| *month != draw.month) {
            continue;
        }
        let listed = store.spot_rows(name, &draw.month).await?.into_iter().filter(|row| row.drawn || arguments.all);
        rows.extend(listed.map(|row| Listed { assessment: assessments.remove(&row.id), row }));
    }
    let columns = [
        Column::Text("Id"),
        Column::Text("Månad"),
        Column::Text("Stratum"),
        Column::Text("Handlagt"),
        Column::Text("Draget"),
        Column::Text("Läge"),
        Column::Text("Granskare"),
    ];
    let zone = wording::timezone(config);
    Table { columns: &columns, records: &rows, empty: "Inga stickprov är dragna." }.print(arguments.format, |listed| {
        let Listed { row, assessment } = listed;
        // The stratum may be the decision itself: who assesses blind does not see it first.
        let is_blind = plan.purpose == Purpose::Quality && row.drawn && assessment.is_none();
        vec![
            row.id.clone(),
            row.month.clone(),
            if is_blind { "visas efter bedömningen".to_owned() } else { row.stratum.clone() },
            spot_check::day(&row.handled_at, zone),
            if row.drawn { "ja" } else { "nej" }.to_owned(),
            if row.drawn { wording::assessed(assessment.as_ref()) } else { "" }.to_owned(),
            assessment.as_ref().map(|one| one.reviewer.clone()).unwrap_or_default(),
        ]
    })
}

async fn plans(store: &Store, config: &Config, format: Format) -> anyhow::Result<()> {
    let zone = wording::timezone(config);
    let columns = [
        Column::Text("Plan"),
        Column::Number("År"),
        Column::Text("Syfte"),
        Column::Text("Registrerad"),
        Column::Text("Av"),
        Column::Text("Frö"),
    ];
    let empty = "Inga planer. Registrera en: `kollega spot-checks plan FIL`.";
    Table { columns: &columns, records: &store.spot_plans().await?, empty }.print(format, |plan| {
        vec![
            plan.name.clone(),
            plan.year.to_string(),
            wording::purpose(plan.purpose).to_owned(),
            wording::local_time(&plan.recorded_at, zone),
            plan.recorded_by.clone(),
            plan.seed.clone(),
        ]
    })
}

async fn assess(store: &Store, arguments: AssessArguments, zone: Tz) -> anyhow::Result<()> {
    let user = sign_in::sign_in(store, &arguments.who).await?;
    let id = &arguments.id;
    if let Some(outcome) = arguments.outcome {
        let amount = arguments.amount.as_deref().map(expression::money::parse).transpose().map_err(Invalid)?;
        let outcome = match outcome {
            Own::Approve => "approve",
            Own::Deny => "deny",
            Own::Refer => "refer",
        };
        let answer = BlindAnswer { outcome: outcome.into(), amount, reason: arguments.reason.read()? };
        spot_check::assess_blind(store, &user, id, answer).await.map_err(told)?;
    } else if let Some(verdict) = arguments.verdict {
        let error = match (arguments.error_kind, arguments.harm) {
            (Some(kind), Some(harm)) => Some((kind.into(), harm.into())),
            (None, None) => None,
            _ => return Err(Invalid("ange både --error-kind och --harm".into()).into()),
        };
        let verdict = match verdict {
            Found::Agrees => Verdict::Agrees,
            Found::Error => Verdict::Error,
        };
        let note = if verdict == Verdict::Error { Some(arguments.reason.read()?) } else { arguments.reason.given()? };
        spot_check::classify(store, &user, id, Finding { verdict, error, note }).await.map_err(told)?;
    }
    show(&spot_check::look(store, &user, id).await.map_err(told)?, arguments.format, zone)
}

fn show(review: &Review, format: Format, zone: Tz) -> anyhow::Result<()> {
    let stratum = Some(review.row.stratum.as_str()).filter(|_| review.stage != Stage::Blind);
    if format == Format::Json {
        let record = json!({
            "sample": review.row.id, "plan": review.row.plan, "month": review.row.month, "stratum": stratum,
            "purpose": review.purpose, "stage": stage(review.stage), "facts": review.facts,
            "suggestion": review.suggestion.as_ref().map(|one| &one.answer),
            "decision": review.decision.as_ref().map(|one| json!({
                "outcome": one.outcome, "amount": one.amount, "reason": one.reason, "by": one.by(),
            })),
            "assessment": review.assessment, "own_amount": review.texts.own_amount,
            "own_reason": review.texts.own_reason, "note": review.texts.note,
        });
        print(&serde_json::to_string_pretty(&[record])?);
        return Ok(());
    }
    let stratum = stratum.map(|stratum| format!(", {stratum}")).unwrap_or_default();
    print(&format!("Stickprov {} ({}, {}{stratum})", review.row.id, review.row.plan, review.row.month));
    print("\nUnderlag:");
    for (field, value) in facts::each(&review.facts) {
        let (name, text) = (facts::name(&field), |value| facts::text(&field, value, zone));
        match value.as_array().filter(|rows| rows.iter().any(serde_json::Value::is_object)) {
            Some(rows) => {
                print(&format!("{name}:"));
                for row in rows {
                    print(&format!("  - {}", text(row)));
                }
            }
            None => print(&format!("{name}: {}", text(&value))),
        }
    }
    if let Some(own) = review.assessment.as_ref().and_then(|one| one.own_outcome.as_deref()) {
        let amount = review.texts.own_amount.as_deref().map(|amount| format!(", {} kr", wording::kronor(amount)));
        print(&format!("\nDin bedömning: {}{}", wording::outcome(own), amount.unwrap_or_default()));
    }
    let with_amount = |outcome: &str, amount: Option<&str>| match amount {
        Some(amount) => format!("{}, {} kr", wording::outcome(outcome), wording::kronor(amount)),
        None => wording::outcome(outcome).to_owned(),
    };
    if let Some(suggestion) = &review.suggestion {
        let answer = &suggestion.answer.0;
        let outcome = answer["outcome"].as_str().unwrap_or_default();
        print(&format!("Förslaget: {}", with_amount(outcome, answer["amount"].as_str())));
    }
    if let Some(decision) = &review.decision {
        let told = with_amount(&decision.outcome, decision.amount.as_deref());
        print(&format!("Beslutet: {told}, av {}", decision.by()));
    }
    print(&format!("\n{}", next(review.stage)));
    Ok(())
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Blind => "blind",
        Stage::Compare => "compare",
        Stage::Done => "done",
        Stage::Gone => "gone",
    }
}

fn next(stage: Stage) -> &'static str {
    match stage {
        Stage::Blind => {
            "Gör din egen bedömning: --outcome approve --amount BELOPP --reason-stdin. Förslag och beslut visas efteråt."
        }
        Stage::Compare => {
            "Jämför, och säg vad du fann: --verdict agrees, eller --verdict error --error-kind SLAG --harm VEM --reason-stdin."
        }
        Stage::Done => "Bedömningen är gjord.",
        Stage::Gone => "Ärendet är gallrat och kan inte bedömas.",
    }
}

async fn report(store: &Store, arguments: &ReportArguments) -> anyhow::Result<()> {
    let report = spot_check::report(store, &arguments.plan).await.map_err(told)?;
    if arguments.format == Format::Json {
        print(&serde_json::to_string_pretty(&[report])?);
        return Ok(());
    }
    let plan = &report.plan;
    print(&format!("Plan {} {} ({})", plan.name, plan.year, wording::purpose(plan.purpose)));
    print(&format!("{}\n", report.method));
    let columns = [
        Column::Text("Stratum eller månad"),
        Column::Number("Handlagda"),
        Column::Number("Dragna"),
        Column::Number("Bedömda"),
        Column::Number("Fel"),
        Column::Number("Andel fel"),
        Column::Text("95 % konfidens"),
    ];
    let cells: Vec<&Cell> = report.strata.iter().chain(&report.months).chain([&report.total]).collect();
    let rows: Vec<Vec<String>> = cells.into_iter().map(row).collect();
    print(&aligned(&columns, &rows));
    match report.weighted_percent {
        Some(percent) => print(&format!(
            "\nUppräknat till alla handlagda ärenden, varje stratum efter sin storlek: {}.",
            wording::percent(percent)
        )),
        None => print("\nFelandelen kan inte räknas upp till alla ärenden förrän varje stratum har en bedömning."),
    }
    for (kind, count) in &report.kinds {
        print(&format!("Fel: {} ({count})", wording::error_kind(kind)));
    }
    for (harm, count) in &report.harms {
        print(&format!("Skadar: {} ({count})", wording::harm(harm)));
    }
    if report.differed > 0 {
        print(&format!(
            "Den egna bedömningen var en annan än beslutet: {} av {}.",
            report.differed, report.total.assessed
        ));
    }
    if !report.changed.is_empty() {
        print(&format!(
            "Varning: {} resultat stämmer inte med det som registrerades: {}. Se `kollega spot-checks redraw`.",
            report.changed.len(),
            report.changed.join(", ")
        ));
    }
    for rate in report.rates.iter().filter(|rate| rate.percent != rate.planned) {
        print(&format!("Höjd andel för {}: {} procent. {}.", rate.stratum, rate.percent, rate.why));
    }
    Ok(())
}

fn row(cell: &Cell) -> Vec<String> {
    vec![
        cell.name.clone(),
        cell.handled.to_string(),
        cell.drawn.to_string(),
        cell.assessed.to_string(),
        cell.errors.to_string(),
        cell.percent.map(wording::percent).unwrap_or_default(),
        match (cell.low, cell.high) {
            (Some(low), Some(high)) => format!("{} – {}", wording::percent(low), wording::percent(high)),
            _ => String::new(),
        },
    ]
}

impl From<Kind> for ErrorKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Amount => Self::Amount,
            Kind::Outcome => Self::Outcome,
            Kind::Fact => Self::Fact,
            Kind::Rule => Self::Rule,
            Kind::Referral => Self::Referral,
            Kind::Procedure => Self::Procedure,
        }
    }
}

impl From<Harmed> for Harm {
    fn from(harmed: Harmed) -> Self {
        match harmed {
            Harmed::Applicant => Self::Applicant,
            Harmed::Municipality => Self::Municipality,
            Harmed::Nobody => Self::Nobody,
        }
    }
}
