//! Commits: one act that verify can see the result of, and nothing written back that nobody has decided.

use crate::bot::{Action, Bot, FieldType, Stage, Verify};

use super::findings::Findings;
use super::parts::{parts, target_texts};
use super::scope::item_field;
use super::stages::looks_at_decision;
use super::walk::{Part, Visit, Walk};

pub(super) fn check(bot: &Bot, whole: bool, walk: &Walk<'_>, findings: &mut Findings<'_>) {
    for (index, stage) in bot.stages.iter().enumerate() {
        let acts: Vec<&Visit> =
            walk.visits.iter().filter(|it| it.stage == Some(index) && it.part == Part::Commit).collect();
        check_stage(stage, &acts, whole, findings);
    }
    walk.visits.iter().for_each(|visit| check_place(visit, findings));
    if whole {
        check_decided(bot, walk, findings);
    }
}

/// What a step in a commit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changes {
    Page,
    Mail,
    Http,
    File,
}

fn changes(action: &Action) -> Option<Changes> {
    match action {
        Action::Click(_)
        | Action::Fill(_)
        | Action::Type(_)
        | Action::Select(_)
        | Action::Check(_)
        | Action::Uncheck(_)
        | Action::Upload(_)
        | Action::Press(_)
        | Action::Keypad(_)
        | Action::Alert(_)
        | Action::Download(_)
        | Action::Open(_) => Some(Changes::Page),
        Action::Mail(_) => Some(Changes::Mail),
        Action::Http(http) if is_write(&http.method.value) => Some(Changes::Http),
        Action::WriteFile(_) => Some(Changes::File),
        _ => None,
    }
}

fn is_write(method: &str) -> bool {
    !method.eq_ignore_ascii_case("GET")
}

fn check_stage(stage: &Stage, acts: &[&Visit<'_>], whole: bool, findings: &mut Findings<'_>) {
    let Some(commit) = &stage.commit else {
        if let Some(verify) = stage.verify.as_ref().filter(|_| whole) {
            findings.key(
                verify.place,
                "verify",
                "`verify` utan `commit`",
                "flytta steget som inte kan tas tillbaka till `commit`",
            );
        }
        return;
    };
    let changing: Vec<(&Visit, Changes)> =
        acts.iter().filter_map(|it| Some((*it, changes(&it.step.action)?))).collect();
    let Some(first) = changing.first().map(|(_, kind)| *kind) else {
        if whole {
            findings.key(
                commit.place,
                "commit",
                "`commit` ändrar ingenting",
                "lägg steget som sparar eller skickar här, annars i `steps`",
            );
        }
        return;
    };
    if let Some((second, _)) = changing.iter().find(|(_, kind)| *kind != first) {
        let hint = "gör en egen etapp av det: bara en handling åt gången kan göras säkert en gång";
        findings.at(second.step.place, "`commit` ändrar mer än ett system", hint);
    }
    let alike = changing.iter().all(|(_, kind)| *kind == first);
    match first {
        Changes::Mail if alike => check_mails(stage, &changing, findings),
        Changes::File if alike => check_files(stage, acts, &changing, findings),
        Changes::Http => {
            let hint = "gör en etapp för varje anrop: bryts det mellan dem vet ingen vilka som blev gjorda";
            refuse_several(&changing, "`commit` gör mer än ett anrop som ändrar något", hint, findings);
            check_verified(stage, whole, findings);
        }
        _ => check_verified(stage, whole, findings),
    }
}

/// What must be one act is done more than once.
fn refuse_several(changing: &[(&Visit<'_>, Changes)], message: &str, hint: &str, findings: &mut Findings<'_>) {
    let first = changing.first().map(|(_, kind)| *kind);
    let mut alike = changing.iter().filter(|(_, kind)| Some(*kind) == first);
    let again = alike.clone().nth(1).or_else(|| alike.find(|(act, _)| act.repeated));
    if let Some((act, _)) = again {
        findings.at(act.step.place, message, hint);
    }
}

fn check_mails(stage: &Stage, mails: &[(&Visit<'_>, Changes)], findings: &mut Findings<'_>) {
    let hint = "gör en etapp för varje brev, eller skicka ett till flera mottagare";
    refuse_several(mails, "`commit` skickar mer än ett brev", hint, findings);
    if let Some(verify) = &stage.verify {
        let hint = "ta bort `verify`; ett brev utan svar går efter `on_uncertain`";
        findings.key(verify.place, "verify", "ett brev kan inte kontrolleras med `verify`", hint);
    }
}

fn check_files(stage: &Stage, acts: &[&Visit<'_>], files: &[(&Visit<'_>, Changes)], findings: &mut Findings<'_>) {
    refuse_several(files, "`commit` skriver mer än en fil", "gör en etapp för varje fil", findings);
    if let Some(other) = acts.iter().find(|act| !matches!(act.step.action, Action::WriteFile(_))) {
        let hint = "flytta steget till `steps`: filen är hela handlingen";
        findings.at(other.step.place, "`write_file` står ensamt i `commit`", hint);
    }
    if let Some(verify) = &stage.verify {
        let hint = "ta bort `verify`: roboten ser själv efter om filen finns och har rätt innehåll";
        findings.key(verify.place, "verify", "en fil kontrolleras utan `verify`", hint);
    }
}

fn check_verified(stage: &Stage, whole: bool, findings: &mut Findings<'_>) {
    match &stage.verify {
        None if whole => {
            let place = stage.commit.as_ref().map_or(stage.stage.place, |commit| commit.place);
            let message = format!("`commit` i etappen `{}` saknar `verify`", stage.stage.value);
            let hint = "lägg till `verify: {steps: […], when_shown: …, exists: …}`: efter ett avbrott måste roboten kunna se \
                        om det blev gjort, annars kan det göras två gånger";
            findings.key(place, "commit", message, hint);
        }
        None => {}
        Some(verify) => check_verify(&verify.value, verify.place, findings),
    }
}

fn check_verify(verify: &Verify, place: crate::yaml::Place, findings: &mut Findings<'_>) {
    let looked_for: Vec<&crate::bot::Text> = match (&verify.exists, &verify.answer) {
        (Some(exists), None) => {
            if verify.when_shown.is_none() {
                let hint = "lägg till `when_shown` med det som syns när sidan är hel: utan det kan roboten aldrig veta att något *inte* blev gjort";
                findings.key(place, "verify", "`verify` saknar `when_shown`", hint);
            }
            let exists = &exists.value;
            if let Some(into) = &exists.into {
                findings.word(into, "`into` används inte under `verify`", "ta bort det");
            }
            target_texts(&exists.at).chain(&exists.is).collect()
        }
        (None, Some(answer)) => {
            if answer.value.complete.is_none() {
                let hint = "lägg till `complete: \"${…}\"` som är sant när svaret är helt: utan det kan roboten aldrig veta att något *inte* blev gjort";
                findings.key(answer.place, "answer", "`answer` saknar `complete`", hint);
            }
            if let Some(shown) = verify.when_shown.as_ref().and_then(|shown| shown.0.first()) {
                findings.at(shown.place, "`when_shown` används inte med `answer`", "skriv `complete` under `answer`");
            }
            let answer = &answer.value;
            [&answer.complete, &answer.is].into_iter().flatten().chain([&answer.found]).collect()
        }
        (Some(_), Some(answer)) => {
            let hint = "behåll `exists` för det som syns på en sida, eller `answer` för det som ett anrop har svarat";
            return findings.key(answer.place, "answer", "`verify` har både `exists` och `answer`", hint);
        }
        (None, None) => {
            let hint =
                "lägg till `exists` med det som ska synas på sidan, eller `answer` med det som ett anrop ska ha svarat";
            return findings.key(place, "verify", "`verify` säger inte vad som ska finnas", hint);
        }
    };
    let steps = verify.steps.0.iter().flat_map(|step| all_texts(&step.action));
    let mut names = looked_for.into_iter().chain(steps).flat_map(|text| text.template.uses());
    if !names.any(|name| name.segments[0] == "item" || name.segments[0] == "decision") {
        let hint = "ta med något som bara det här ärendet har, till exempel `row: \"${item.…}\"`: annars räknas ett annat ärendes \
                    uppgift som det här ärendets";
        findings.key(place, "verify", "`verify` ser inte skillnad på ärenden", hint);
    }
}

/// The texts of a step and of those nested in it.
fn all_texts(action: &Action) -> Vec<&crate::bot::Text> {
    let mut texts = parts(action).texts;
    texts.extend(action.nested().into_iter().flat_map(|steps| &steps.0).flat_map(|step| all_texts(&step.action)));
    texts
}

/// Steps that stand where they must not.
pub(super) fn check_place(visit: &Visit<'_>, findings: &mut Findings<'_>) {
    let wrong = match (&visit.step.action, visit.part) {
        (Action::Enqueue(_), Part::Collect) | (Action::HandOver(_), Part::Steps) => None,
        (Action::Enqueue(_), _) => Some(("`enqueue` hör hemma i `collect`", "flytta steget till `collect`")),
        (Action::HandOver(_), Part::Collect) => Some((
            "`hand_over` kan inte stå i `collect`: där finns inget ärende",
            "lägg ärendet i kön och lämna över i en etapp",
        )),
        (Action::HandOver(_) | Action::Fail(_), Part::Commit) => {
            Some(("`commit` är en enda handling och kan inte avbrytas", "flytta steget till `steps`, före `commit`"))
        }
        (Action::HandOver(_) | Action::Fail(_), Part::Verify) => {
            Some(("`verify` tittar bara", "flytta steget till nästa etapp"))
        }
        (Action::HandOver(_) | Action::Ssbtek(_) | Action::Mail(_), Part::SignIn) => {
            Some(("steget kan inte göras i en inloggning", "flytta det till en robot"))
        }
        (Action::Upload(_), Part::Verify) => {
            Some(("`verify` tittar bara och får inte ändra något", "flytta steget till `commit`"))
        }
        (action, Part::Verify) if matches!(changes(action), Some(Changes::Mail | Changes::Http | Changes::File)) => {
            Some(("`verify` tittar bara och får inte ändra något", "flytta steget till `commit`"))
        }
        (Action::Mail(_), Part::Steps | Part::Collect) => Some((
            "`mail` får bara stå i `commit`: annars kan brevet skickas två gånger",
            "lägg brevet i `commit` i en egen etapp",
        )),
        (Action::WriteFile(_), Part::Steps | Part::Collect | Part::SignIn) => Some((
            "`write_file` får bara stå i `commit`: annars kan filen lämnas två gånger",
            "lägg filen i `commit` i en egen etapp",
        )),
        (action, Part::Steps | Part::Collect | Part::SignIn) if changes(action) == Some(Changes::Http) => Some((
            "ett anrop som ändrar något får bara stå i `commit`: annars kan det göras två gånger",
            "lägg anropet i `commit` med `verify`, eller använd GET",
        )),
        _ => None,
    };
    if let Some((message, hint)) = wrong {
        findings.at(visit.step.place, message, hint);
    }
}

/// No path from a suggestion to another system except a recorded decision.
fn check_decided(bot: &Bot, walk: &Walk<'_>, findings: &mut Findings<'_>) {
    for visit in &walk.visits {
        let Some(index) = visit.stage.filter(|_| visit.part != Part::Verify) else { continue };
        let parts = parts(&visit.step.action);
        let stage = &bot.stages[index];
        let (suggested, decided) = state(bot, index);
        for text in parts.texts.iter().filter(|_| parts.browser || matches!(parts.key, "http" | "write_file")) {
            for name in text.template.uses() {
                let origin = visit.scope.origin_of(&bot.item.fields, text, name);
                let part = name.segments.len() - 1;
                if origin.suggestion && !decided {
                    let hint = "lägg en etapp med `decide` före och skriv `decision.amount`: bara det en människa har beslutat skrivs tillbaka";
                    findings.name(text, name, part, "förslaget skrivs i ett annat system utan beslut", hint);
                } else if suggested && !decided && stage.commit.is_some() && is_money(bot, text, name) {
                    let hint = "lägg en etapp med `decide` före: efter ett förslag skrivs belopp bara när en människa har beslutat";
                    findings.name(text, name, part, "ett belopp skrivs efter förslaget men före beslutet", hint);
                } else if is(name, "suggestion", "amount") || is(name, "suggestion", "outcome") {
                    let hint =
                        format!("skriv `decision.{}`: den som beslutade kan ha ändrat förslaget", name.segments[1]);
                    findings.name(text, name, part, "förslaget skrivs i stället för beslutet", hint);
                } else if is(name, "decision", "amount")
                    && stage.commit.is_some()
                    && !looks_at_decision(stage)
                    && !text.template.uses().iter().any(|other| is(other, "decision", "outcome"))
                {
                    let hint = "lägg till `when: '${decision.outcome == \"approve\"}'` på etappen: ett avslag har inget belopp";
                    findings.name(text, name, part, "beloppet skrivs även när beslutet är avslag", hint);
                }
            }
        }
    }
}

/// Whether there is a suggestion before a stage, and whether the last one has been decided on.
fn state(bot: &Bot, before: usize) -> (bool, bool) {
    bot.stages[..before].iter().fold((false, false), |(suggested, decided), stage| {
        let new = stage.suggest.is_some();
        (suggested || new, (decided && !new) || stage.decide.is_some())
    })
}

fn is(name: &expression::Path, root: &str, property: &str) -> bool {
    name.segments[0] == root && name.segments.get(1).is_some_and(|segment| segment == property)
}

fn is_money(bot: &Bot, text: &crate::bot::Text, name: &expression::Path) -> bool {
    let field = if name.segments[0] == "item" { item_field(text, name) } else { None };
    field.and_then(|field| bot.item.fields.get(field)).is_some_and(|field| field.kind == FieldType::Money)
}
