//! Where the bot may decide by itself: that the law allows it for its kind of cases, and that people are told.

use crate::bot::{Bot, Decide, Mode};

use super::findings::Findings;
use super::stages::check_is_expression;

/// What the list of ways of appeal is, for hints.
const APPEALS: &str = "`appeal` är administrative_appeal (förvaltningsbesvär), legality_review (laglighetsprövning), not_appealable, \
                       procurement eller choice_system";

pub(super) fn check(bot: &Bot, findings: &mut Findings<'_>) {
    if let Some(kind) = bot.case_kind.as_ref().filter(|kind| kind.value.name.value.trim().is_empty()) {
        findings.word(&kind.value.name, "ärendeslaget saknar namn", "skriv samma namn som i delegationsbeslutet");
    }
    for stage in &bot.stages {
        let Some(decide) = &stage.decide else { continue };
        check_principal(&decide.value, findings);
        if decide.value.mode != Mode::Automatic {
            continue;
        }
        let message = match bot.case_kind.as_ref().map(|kind| kind.value.excluded()) {
            None => "`mode: automatic` kräver att roboten säger vad det är för slags ärenden".to_owned(),
            Some(Some(why)) => format!("ärendeslaget får inte delegeras till en automatiserad beslutsfunktion: {why}"),
            Some(None) => continue,
        };
        let hint = if bot.case_kind.is_some() {
            "skriv `mode: suggest`: en person beslutar".to_owned()
        } else {
            format!("lägg till `case_kind: {{name: …, appeal: …}}` överst i filen; {APPEALS}")
        };
        findings.key(decide.place, "decide", message, hint);
    }
}

fn check_principal(decide: &Decide, findings: &mut Findings<'_>) {
    let Some(principal) = &decide.principal else { return };
    if decide.mode == Mode::Automatic {
        check_is_expression(principal, findings);
    } else {
        let hint = "ta bort raden, eller skriv `mode: automatic`";
        findings.text(principal, "`principal` prövas bara i läget automatic: här beslutar alltid en person", hint);
    }
}

/// Whether the bot may decide by itself somewhere.
pub(super) fn may_decide(bot: &Bot) -> bool {
    bot.stages.iter().filter_map(|stage| stage.decide.as_ref()).any(|decide| decide.value.mode == Mode::Automatic)
}
