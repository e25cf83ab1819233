//! Stages: their names and order, what one may hold, what is never reached, and that nothing is written back undecided.

use std::time::Duration;

use crate::bot::{Action, Bot, Stage, Text};
use crate::config::Config;
use crate::model::ROLES;
use crate::yaml::{Placed, near};

use super::findings::Findings;
use super::parts::parts;
use super::walk::{Part, Walk, constant_condition, ends};

/// The shortest time that a stage can name.
const LEAST: Duration = Duration::from_secs(1);

pub(super) fn check(bot: &Bot, config: &Config, whole: bool, walk: &Walk<'_>, findings: &mut Findings<'_>) {
    if bot.stages.is_empty() && whole {
        findings.word(&bot.bot, "roboten har inga etapper", "lägg till minst en under `stages:`");
    }
    for (index, stage) in bot.stages.iter().enumerate() {
        check_name(bot, index, findings);
        check_kind(stage, whole, findings);
        if let Some(decide) = &stage.decide {
            check_decide(&decide.value, findings);
        }
        check_times(stage, findings);
        check_conditions(stage, findings);
        if let (Some(when), Some(_)) = (&stage.when, &stage.decide) {
            let hint = "ta bort `when`; ärenden som inte ska beslutas här lämnas över med `hand_over` i en etapp före";
            findings.text(when, "ett beslut kan inte hoppas över", hint);
        }
        if let Some(suggest) = &stage.suggest {
            check_suggest(&suggest.value, config, findings);
        }
    }
    if whole {
        check_order(bot, findings);
    }
    check_reach(bot, findings);
    check_systems(bot, config, walk, findings);
}

fn check_name(bot: &Bot, index: usize, findings: &mut Findings<'_>) {
    let name = &bot.stages[index].stage;
    if name.value.trim().is_empty() {
        findings.word(name, "etappen saknar namn", "skriv ett kort namn, till exempel `läs`");
    }
    if bot.stages[..index].iter().any(|earlier| earlier.stage.value == name.value) {
        let message = format!("etappen `{}` finns redan", name.value);
        findings.word(name, message, "ge den ett eget namn: loggen och omstarter går efter namnet");
    }
}

/// A stage is one of: steps with or without a commit, a suggestion, a decision.
fn check_kind(stage: &Stage, whole: bool, findings: &mut Findings<'_>) {
    let works = !stage.steps.0.is_empty() || stage.commit.is_some();
    let kinds = usize::from(works) + usize::from(stage.suggest.is_some()) + usize::from(stage.decide.is_some());
    if kinds > 1 {
        let message = format!("etappen `{}` gör flera saker", stage.stage.value);
        let hint = "en etapp är antingen `steps` (med eller utan `commit`), `suggest` eller `decide`: dela den i flera";
        findings.word(&stage.stage, message, hint);
    }
    if kinds == 0 && whole {
        let message = format!("etappen `{}` gör ingenting", stage.stage.value);
        findings.word(
            &stage.stage,
            message,
            "lägg till `steps`, `suggest`, `decide` eller `commit`, eller ta bort etappen",
        );
    }
}

fn check_decide(decide: &crate::bot::Decide, findings: &mut Findings<'_>) {
    if !ROLES.contains(&decide.role.value.as_str()) {
        let message = format!("rollen `{}` finns inte", decide.role.value);
        findings.word(&decide.role, message, near(&decide.role.value, ROLES));
    }
    if let Some(due) = decide.due.as_ref().filter(|due| !crate::deadline::is_written(&due.value)) {
        findings.word(due, format!("`{}` är ingen tidsfrist", due.value), crate::deadline::WRITTEN);
    }
}

/// `lease` and `timeout`: of stages that have steps, and long enough to work in.
fn check_times(stage: &Stage, findings: &mut Findings<'_>) {
    for (name, written) in [("lease", &stage.lease), ("timeout", &stage.timeout)] {
        let Some(written) = written else { continue };
        match crate::duration::parse_duration(&written.value) {
            Err(why) => findings.word(written, why, format!("skriv till exempel `{name}: 2m`")),
            Ok(time) if time < LEAST => {
                findings.word(written, format!("`{name}` är för kort"), "skriv minst `1s`");
            }
            Ok(_) => {}
        }
        let works = stage.commit.is_some() || name == "lease" && stage.suggest.is_none() && stage.decide.is_none();
        if stage.steps.0.is_empty() && !works {
            let message = format!("`{name}` gäller steg, och etappen `{}` har inga", stage.stage.value);
            findings.word(written, message, format!("ta bort `{name}`"));
        }
    }
}

/// Conditions that can never change.
fn check_conditions(stage: &Stage, findings: &mut Findings<'_>) {
    let Some(when) = &stage.when else { return };
    let name = &stage.stage.value;
    match constant_condition(when) {
        Some(false) => {
            findings.text(when, format!("etappen `{name}` görs aldrig: villkoret är alltid falskt"), "ta bort etappen");
        }
        Some(true) => findings.text(when, "villkoret är alltid sant", "ta bort `when`"),
        None => check_is_expression(when, findings),
    }
}

/// A condition is one `${…}`.
pub(super) fn check_is_expression(when: &Text, findings: &mut Findings<'_>) {
    if when.template.is_constant() {
        let hint = format!("skriv ett uttryck: '${{{}}}'", when.source());
        findings.text(when, "villkoret är en fast text", hint);
    }
}

/// Suggestion before decision before write-back.
fn check_order(bot: &Bot, findings: &mut Findings<'_>) {
    let mut suggested = false;
    for stage in &bot.stages {
        if let Some(decide) = stage.decide.as_ref().filter(|_| !suggested) {
            let hint = "lägg en etapp med `suggest` före; den som beslutar svarar på ett förslag";
            findings.key(decide.place, "decide", "det finns inget förslag att besluta om", hint);
        }
        suggested |= stage.suggest.is_some();
    }
}

/// Stages after one that always ends the work.
fn check_reach(bot: &Bot, findings: &mut Findings<'_>) {
    for part in bot.collect.iter().map(|it| &it.steps).chain(bot.stages.iter().map(|stage| &stage.steps)) {
        let ending = part.0.iter().position(super::walk::always_ends);
        if let Some(next) = ending.and_then(|at| part.0.get(at + 1)) {
            findings.at(
                next.place,
                "steget nås aldrig: steget före avslutar alltid",
                "ge steget före ett `when`, eller ta bort det här",
            );
        }
    }
    let ending = bot.stages.iter().position(|stage| stage.when.is_none() && ends(&stage.steps));
    let Some(at) = ending else { return };
    let last = &bot.stages[at];
    if let Some(commit) = &last.commit {
        findings.key(
            commit.place,
            "commit",
            "`commit` nås aldrig: stegen före avslutar alltid",
            "ge det avslutande steget ett `when`",
        );
    }
    for stage in &bot.stages[at + 1..] {
        let message =
            format!("etappen `{}` nås aldrig: etappen `{}` avslutar alltid", stage.stage.value, last.stage.value);
        findings.word(&stage.stage, message, "ge det avslutande steget ett `when`, eller ta bort etappen");
    }
}

fn check_suggest(suggest: &crate::bot::Suggest, config: &Config, findings: &mut Findings<'_>) {
    let name = &suggest.rulebook;
    if !config.rulebook(&name.value).is_dir() {
        let known = super::files::folders(&config.path(&config.rulebooks));
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let hint = match known.as_slice() {
            [] => format!("lägg regelboken i mappen {}", config.rulebook(&name.value).display()),
            known => near(&name.value, known),
        };
        findings.word(name, format!("regelboken `{}` finns inte", name.value), hint);
    }
    super::facts::check(&name.value, &suggest.facts, findings);
}

/// The systems that stages work in, and steps that need one.
fn check_systems(bot: &Bot, config: &Config, walk: &Walk<'_>, findings: &mut Findings<'_>) {
    let systems = bot.collect.iter().filter_map(|collect| collect.on.as_ref());
    for system in systems.chain(bot.stages.iter().filter_map(|stage| stage.on.as_ref())) {
        check_system(system, config, findings);
    }
    for visit in walk.visits.iter().filter(|visit| !visit.has_system) {
        let parts = parts(&visit.step.action);
        if parts.browser {
            let whose = match visit.part {
                Part::Collect => "`collect`".to_owned(),
                _ => visit.stage.map(|at| format!("etappen `{}`", bot.stages[at].stage.value)).unwrap_or_default(),
            };
            let message = format!("`{}` behöver ett system att arbeta i", parts.key);
            findings.at(visit.step.place, message, format!("lägg till `on: system` i {whose}"));
        }
    }
}

fn check_system(system: &Placed<String>, config: &Config, findings: &mut Findings<'_>) {
    if config.systems.contains_key(&system.value) {
        return;
    }
    let signed_in = config.system_file(&system.value).is_file();
    let mut known: Vec<String> = config.systems.keys().cloned().collect();
    if known.is_empty() {
        if signed_in {
            return;
        }
        known = super::files::stems(&config.path(&config.signins));
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let add = format!("lägg till [systems.{}] med `url` i kollega.toml", system.value);
    let hint =
        if known.is_empty() || signed_in { add } else { format!("{}; annars: {add}", near(&system.value, &known)) };
    findings.word(system, format!("systemet `{}` finns inte", system.value), hint);
}

/// Whether any text of the stage's acts, or its condition, looks at the decision.
pub(super) fn looks_at_decision(stage: &Stage) -> bool {
    let conditions = stage.when.iter().chain(stage.commit.iter().flat_map(|commit| {
        let steps = stage.steps.0.iter().chain(&commit.value.0);
        steps.filter_map(|step| match &step.action {
            Action::When(when) => Some(&when.is),
            Action::HandOver(it) => it.when.as_ref(),
            _ => None,
        })
    }));
    conditions.flat_map(|text| text.template.uses()).any(|name| name.segments[0] == "decision")
}
