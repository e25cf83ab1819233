//! Personal fields, suggestions and decisions stay in the item's own record: not in logs, references or mail.

use crate::bot::{Action, Bot, Enqueue, FieldType, Mail, Set, Text, Tree};
use crate::config::Config;

use super::findings::Findings;
use super::parts::tree_texts;
use super::scope::{Origin, Scope};
use super::walk::{Visit, Walk};

pub(super) fn check(bot: &Bot, config: &Config, walk: &Walk<'_>, findings: &mut Findings<'_>) {
    check_fields(bot, findings);
    for visit in &walk.visits {
        match &visit.step.action {
            Action::Set(set) => check_set(bot, set, &visit.scope, findings),
            Action::Enqueue(enqueue) => check_reference(bot, enqueue, &visit.scope, findings),
            Action::Mail(mail) => check_mail(bot, config, mail, visit, findings),
            _ => {}
        }
    }
}

fn check_fields(bot: &Bot, findings: &mut Findings<'_>) {
    let reference = &bot.item.reference;
    for field in &bot.item.fields.0 {
        if field.kind == FieldType::Personnummer && !field.personal {
            let hint = format!("skriv `{}: {{type: personnummer, personal: true}}`", field.name);
            findings.at(field.place, format!("`{}` är ett personnummer men är inte `personal`", field.name), hint);
        }
        if field.name == reference.value && (field.personal || field.kind == FieldType::Personnummer) {
            let hint = "välj ett ärendenummer: referensen syns i loggar, adresser och listor";
            findings.word(reference, format!("referensen `{}` är en personuppgift", field.name), hint);
        }
    }
}

/// What kind of thing a value comes from, when it must not be shown.
fn confidential(origin: Origin) -> Option<&'static str> {
    match origin {
        Origin { personal: true, .. } => Some("en personuppgift"),
        Origin { decision: true, .. } => Some("beslutet"),
        Origin { suggestion: true, .. } => Some("förslaget"),
        _ => None,
    }
}

fn check_set(bot: &Bot, set: &Set, scope: &Scope, findings: &mut Findings<'_>) {
    let field = set.into.value.strip_prefix("item.").and_then(|name| bot.item.fields.get(name));
    let Some(field) = field.filter(|field| !field.personal) else { return };
    if let Some(what) = confidential(scope.tree_origin(&bot.item.fields, &set.to)) {
        let message = format!("`{}` får {what} men är inte `personal`: det kan då synas i loggen", field.name);
        let word = super::names::word_of(field.kind);
        findings.word(
            &set.into,
            message,
            format!("skriv `{}: {{type: {word}, personal: true}}` bland fälten", field.name),
        );
    }
}

/// The reference is in every log; the same expression for a personal field tells that it is personal.
fn check_reference(bot: &Bot, enqueue: &Enqueue, scope: &Scope, findings: &mut Findings<'_>) {
    let fields = &bot.item.fields;
    let reference = &enqueue.reference;
    let given = match enqueue.fields.as_ref().map(|given| &given.value) {
        Some(Tree::Map(entries)) => entries.as_slice(),
        _ => &[],
    };
    let mut personal = given.iter().filter(|(name, _)| fields.get(&name.value).is_some_and(|field| field.personal));
    let same = personal.any(|(_, value)| matches!(value, Tree::Text(text) if shares_name(text, reference)));
    if same || scope.origin(fields, reference).personal {
        let hint = "välj ett ärendenummer: referensen syns i loggar, adresser och listor";
        findings.text(reference, "referensen är en personuppgift", hint);
    }
    for (name, value) in given {
        let field = fields.get(&name.value).filter(|field| !field.personal);
        if let Some((field, what)) = field.zip(confidential(scope.tree_origin(fields, value))) {
            let hint = format!("skriv `{}: {{type: …, personal: true}}` bland fälten", field.name);
            findings.word(name, format!("`{}` får {what} men är inte `personal`", field.name), hint);
        }
    }
}

/// Whether both use the same value: `row.Personnummer`.
fn shares_name(one: &Text, other: &Text) -> bool {
    let names = |text: &Text| text.template.uses().iter().map(|name| name.segments.clone()).collect::<Vec<_>>();
    let others = names(other);
    names(one).iter().any(|name| name.len() > 1 && others.contains(name))
}

fn check_mail(bot: &Bot, config: &Config, mail: &Mail, visit: &Visit<'_>, findings: &mut Findings<'_>) {
    let fields = &bot.item.fields;
    for name in mail.to.template.uses() {
        let origin = visit.scope.origin_of(fields, &mail.to, name);
        if origin.suggestion || origin.decision {
            findings.name(
                &mail.to,
                name,
                0,
                "mottagaren är ingen adress",
                "skriv `${item.epost}` eller en fast adress",
            );
        }
    }
    if mail.to.source().trim().is_empty() {
        findings.text(&mail.to, "brevet har ingen mottagare", "skriv `${item.epost}` eller en fast adress");
    }
    if !config.mail.confidential {
        for text in mail.data.iter().flat_map(|data| tree_texts(&data.value)) {
            for name in text.template.uses() {
                let what = confidential(visit.scope.origin_of(fields, text, name));
                if let Some(what) = what {
                    findings.name(text, name, name.segments.len() - 1, format!("brevet får {what}"), IN_MAIL);
                }
            }
        }
    }
    super::letters::check(bot, config, mail, visit.scope.decision, findings);
}

/// What to do about confidential values in mail.
pub(super) const IN_MAIL: &str = "skriv bara att det finns något att läsa, och var; är e-posten skyddad hela vägen: \
                                  `confidential = true` under [mail] i kollega.toml";
