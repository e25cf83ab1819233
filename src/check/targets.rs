//! Targets that can't be: without a name, selectors that are broken, a place in a table that tells nothing.

use crate::bot::{Action, Bot, Named, TargetSpec, Targets};
use crate::yaml::Placed;

use super::findings::Findings;
use super::parts::parts;
use super::walk::{Part, Walk};

pub(super) fn check(walk: &Walk<'_>, findings: &mut Findings<'_>) {
    for visit in &walk.visits {
        let parts = parts(&visit.step.action);
        for targets in &parts.targets {
            check_targets(targets, findings);
            if visit.part == Part::Commit {
                refuse_fallbacks(targets, findings);
            }
        }
        check_fit(&visit.step.action, findings);
    }
}

/// The targets of verify, which stand outside steps.
pub(super) fn check_verify(bot: &Bot, findings: &mut Findings<'_>) {
    for verify in bot.stages.iter().filter_map(|stage| stage.verify.as_ref()) {
        let exists = verify.value.exists.as_ref().map(|exists| &exists.value);
        let targets =
            [exists.map(|it| &it.at), exists.and_then(|it| it.next.as_ref()), verify.value.when_shown.as_ref()];
        targets.into_iter().flatten().for_each(|targets| check_targets(targets, findings));
    }
}

pub(super) fn check_targets(targets: &Targets, findings: &mut Findings<'_>) {
    targets.0.iter().for_each(|target| check_target(target, findings));
}

fn refuse_fallbacks(targets: &Targets, findings: &mut Findings<'_>) {
    if let Some(second) = targets.0.get(1) {
        let hint = "behåll det säkraste: i `commit` gissar roboten aldrig var den ska trycka";
        findings.at(second.place, "ett reservmål används aldrig i `commit`", hint);
    }
}

fn check_target(target: &Placed<TargetSpec>, findings: &mut Findings<'_>) {
    let (kind, named) = target.value.parts();
    if let Some(empty) = named.texts().find(|text| text.source().trim().is_empty()) {
        findings.text(empty, format!("`{kind}` har en tom text"), "skriv den text som syns på sidan");
        return;
    }
    match &target.value {
        TargetSpec::Css(_) | TargetSpec::Xpath(_) => check_selector(target, kind, named, findings),
        TargetSpec::Cell(_) if named.row.is_none() || named.column.is_none() => {
            let hint =
                "skriv {cell: {row: \"text i raden\", column: Rubrik}}; ett värde efter en ledtext är {field: ledtext}";
            findings.at(target.place, "`cell` behöver både `row` och `column`", hint);
        }
        TargetSpec::Cell(_) => {}
        _ if named.name.is_none() => {
            let hint = format!("skriv {{{kind}: text}}, eller lägg till `name: text`");
            findings.at(target.place, format!("`{kind}` saknar namn"), hint);
        }
        _ => {}
    }
    if let (Some(column), false) =
        (&named.column, matches!(target.value, TargetSpec::Cell(_) | TargetSpec::Css(_) | TargetSpec::Xpath(_)))
    {
        let hint = "ta bort `column`; en rad pekas ut med `row`";
        findings.text(column, format!("`column` används bara med `cell`, inte med `{kind}`"), hint);
    }
}

fn check_selector(target: &Placed<TargetSpec>, kind: &str, named: &Named, findings: &mut Findings<'_>) {
    if let Some(extra) = named.row.as_ref().or(named.column.as_ref()).or(named.table.as_ref()) {
        let message = format!("`row`, `column` och `table` används inte med `{kind}`");
        findings.text(
            extra,
            message,
            format!("skriv hela urvalet i `{kind}`, eller använd `cell`, `button` eller `field`"),
        );
    }
    let Some(name) = &named.name else {
        findings.at(target.place, format!("`{kind}` saknar uttryck"), format!("skriv {{{kind}: \"…\"}}"));
        return;
    };
    let source = name.source().trim();
    if let Some(why) = selector_fault(kind, source) {
        let hint = if kind == "css" && (source.starts_with('/') || source.starts_with("(/")) {
            "det ser ut som XPath: skriv `xpath` i stället"
        } else {
            "prova uttrycket i webbläsarens utvecklarverktyg"
        };
        findings.text(name, format!("`{kind}` är inte ett riktigt uttryck: {why}"), hint);
    }
}

/// What is plainly wrong with a selector; the browser knows the rest.
fn selector_fault(kind: &str, source: &str) -> Option<String> {
    let unlike = match kind {
        "css" => {
            source.starts_with(['/', ')', ']', '>']) || source.starts_with("(/") || source.ends_with([',', '>', '+'])
        }
        _ => !source.starts_with(['/', '(', '.', '$']) && !source.contains("::") && !source.starts_with("id("),
    };
    if unlike {
        return Some("det börjar eller slutar fel".into());
    }
    unbalanced(source)
}

/// The bracket or quote that has no other half.
fn unbalanced(source: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut quote = None;
    for character in source.chars() {
        match (quote, character) {
            (Some(ending), _) if character != ending => {}
            (Some(_), _) => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '(') => open.push(')'),
            (None, '[') => open.push(']'),
            (None, '{') => open.push('}'),
            (None, ')' | ']' | '}') if open.pop() != Some(character) => {
                return Some(format!("`{character}` är en för mycket"));
            }
            _ => {}
        }
    }
    quote.or(open.pop()).map(|missing| format!("`{missing}` saknas"))
}

/// Whether the step can do its act on such a target.
fn check_fit(action: &Action, findings: &mut Findings<'_>) {
    let (key, targets) = match action {
        Action::Fill(fill) => ("fill", &fill.at),
        Action::Type(fill) => ("type", &fill.at),
        Action::Select(select) => ("select", &select.at),
        Action::Upload(upload) => ("upload", &upload.at),
        Action::Check(body) => ("check", &body.at),
        Action::Uncheck(body) => ("uncheck", &body.at),
        Action::ReadTable(read) => {
            let wrong = targets_of(&read.at, &["field", "button", "link", "cell"]);
            return wrong.for_each(|(place, kind)| {
                findings.at(place, format!("`read_table` läser en tabell, inte `{kind}`"), "skriv {table: Rubrik}");
            });
        }
        _ => return,
    };
    for (place, kind) in targets_of(targets, &["button", "link", "table"]) {
        let message = format!("`{key}` kan inte göras på `{kind}`");
        findings.at(place, message, "skriv {field: ledtext}; knappar och länkar trycks på med `click`");
    }
}

fn targets_of<'a>(
    targets: &'a Targets,
    wrong: &'a [&str],
) -> impl Iterator<Item = (crate::yaml::Place, &'static str)> + 'a {
    let kinds = targets.0.iter().map(|target| (target.place, target.value.parts().0));
    kinds.filter(move |(_, kind)| wrong.contains(kind))
}
