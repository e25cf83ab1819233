//! Names in expressions, and names that steps set: is what is used there, and may what is set be set.

use std::collections::BTreeSet;

use expression::{Path as Name, Type};

use crate::bot::{Action, FieldType, Item, Text};
use crate::config::Config;
use crate::yaml::near;

use super::findings::Findings;
use super::parts::{Sets, parts};
use super::scope::{RESERVED, Scope, item_field};
use super::walk::{Part, Visit, Walk};

/// The members of a suggestion that a bot may read.
const SUGGESTION: &[&str] = &[
    "suggestion_id",
    "outcome",
    "amount",
    "need",
    "income",
    "norm",
    "surplus",
    "lines",
    "refer",
    "notes",
    "rulebook",
    "date",
    "period",
];
const DECISION: &[&str] =
    &["outcome", "amount", "by", "delegation", "at", "reason", "changed", "motivation", "suggestion_id"];
const RUN: &[&str] = &["id"];

/// What names are checked against.
struct Names<'a> {
    item: &'a Item,
    config: &'a Config,
    /// Every name set anywhere in the bot: to tell a name of another stage from one that is nowhere.
    anywhere: BTreeSet<&'a str>,
    /// Whether no step was left out for its shape: then a name that is not set is an error.
    whole: bool,
}

/// One text with its surroundings.
struct Here<'a> {
    text: &'a Text,
    scope: &'a Scope,
    part: Part,
}

pub(super) fn check(item: &Item, config: &Config, whole: bool, walk: &Walk<'_>, findings: &mut Findings<'_>) {
    let anywhere = walk.visits.iter().flat_map(|visit| visit.scope.locals.keys().map(String::as_str)).collect();
    let names = Names { item, config, anywhere, whole };
    for visit in &walk.visits {
        let parts = parts(&visit.step.action);
        for text in parts.texts {
            names.check_text(&Here { text, scope: &visit.scope, part: visit.part }, findings);
        }
        parts.sets.iter().for_each(|set| names.check_set(set, visit, findings));
        if let Action::ForEach(each) = &visit.step.action {
            names.check_set(&Sets { name: &each.name, kind: None }, visit, findings);
        }
        for word in parts.words.iter().filter(|word| word.value.contains("${")) {
            findings.word(word, "här kan inga uttryck `${…}` stå", "skriv en fast text: den visas i loggen");
        }
    }
    for loose in &walk.loose {
        for text in &loose.texts {
            names.check_text(&Here { text, scope: &loose.scope, part: loose.part }, findings);
        }
    }
}

impl Names<'_> {
    fn check_text(&self, here: &Here<'_>, findings: &mut Findings<'_>) {
        for name in here.text.template.uses() {
            match name.segments[0].as_str() {
                "item" => self.check_item(here, name, findings),
                "suggestion" if !here.scope.suggestion => self.no_suggestion(here, name, findings),
                "suggestion" => known(here.text, name, 1, "förslaget", SUGGESTION, findings),
                "decision" if !here.scope.decision => self.no_decision(here, name, findings),
                "decision" => known(here.text, name, 1, "beslutet", DECISION, findings),
                "config" => self.check_config(here.text, name, findings),
                "run" => known(here.text, name, 1, "körningen", RUN, findings),
                "today" => known(here.text, name, 1, "ett datum", &Type::Date.fields().unwrap_or_default(), findings),
                "now" => known(here.text, name, 1, "`now`, som är en text,", &[], findings),
                _ => self.check_local(here, name, findings),
            }
        }
        check_outcomes(here.text, findings);
    }

    fn no_suggestion(&self, here: &Here<'_>, name: &Name, findings: &mut Findings<'_>) {
        if self.whole {
            let hint = "lägg en etapp med `suggest` före den här";
            findings.name(here.text, name, 0, "det finns inget förslag än: `suggestion` kan inte användas här", hint);
        }
    }

    fn no_decision(&self, here: &Here<'_>, name: &Name, findings: &mut Findings<'_>) {
        if self.whole {
            let hint = "lägg en etapp med `decide` före den här";
            findings.name(here.text, name, 0, "det finns inget beslut än: `decision` kan inte användas här", hint);
        }
    }

    fn check_item(&self, here: &Here<'_>, name: &Name, findings: &mut Findings<'_>) {
        if !here.scope.item {
            let (what, hint) = match here.part {
                Part::SignIn => ("en inloggning", "en inloggning använder bara hemligheter, `config` och fasta texter"),
                _ => ("`collect`", "värdena står i raden som lästs; de läggs i ärendet med `enqueue`"),
            };
            findings.name(here.text, name, 0, format!("`item` finns inte i {what}"), hint);
            return;
        }
        let Some(field) = item_field(here.text, name) else { return };
        let fields = &self.item.fields;
        let Some(spec) = fields.get(field) else {
            let known: Vec<&str> = fields.0.iter().map(|field| field.name.as_str()).collect();
            let message = format!("ärendet har inget fält `{field}`");
            let hint = format!("{}; nya fält läggs till under `item: fields:`", near(field, &known));
            let at = here.text.source()[name.offset..].find(field).map_or(name.offset, |at| name.offset + at);
            findings.within(here.text, (at, field.len()), message, hint);
            return;
        };
        let what = format!("`{field}`");
        let kind = match spec.kind {
            FieldType::Date => Type::Date,
            FieldType::Month => Type::Month,
            FieldType::Personnummer => Type::Personnummer,
            FieldType::List => Type::list(Type::Any),
            FieldType::Map => return,
            FieldType::Text | FieldType::Money | FieldType::Integer | FieldType::Bool => Type::Text(None),
        };
        known(here.text, name, 2, &what, &kind.fields().unwrap_or_default(), findings);
    }

    fn check_config(&self, text: &Text, name: &Name, findings: &mut Findings<'_>) {
        let Some(value) = name.segments.get(1) else { return };
        if !self.config.values.contains_key(value) {
            let known: Vec<&str> = self.config.values.keys().map(String::as_str).collect();
            let hint = match known.as_slice() {
                [] => format!("lägg till `{value} = \"…\"` under [values] i kollega.toml"),
                known => format!("{}; nya värden läggs till under [values] i kollega.toml", near(value, known)),
            };
            findings.name(text, name, 1, format!("inställningen `config.{value}` finns inte"), hint);
        }
    }

    fn check_local(&self, here: &Here<'_>, name: &Name, findings: &mut Findings<'_>) {
        let local = name.segments[0].as_str();
        match here.scope.locals.get(local) {
            Some(found) if found.certain || !self.whole => {}
            Some(_) => {
                let message = format!("`{local}` är inte säkert satt här: bara en av vägarna hit sätter det");
                let hint = "ge det ett värde med `set` före `when` eller `for_each`";
                findings.name(here.text, name, 0, message, hint);
            }
            None if self.whole => {
                let message = format!("namnet `{local}` finns inte här");
                findings.name(here.text, name, 0, message, self.hint_for(local, here));
            }
            None => {}
        }
    }

    /// What was most likely meant by a name that is not in force.
    fn hint_for(&self, local: &str, here: &Here<'_>) -> String {
        if here.scope.item && self.item.fields.get(local).is_some() {
            return format!("skriv `item.{local}` för ärendets fält");
        }
        if self.anywhere.contains(local) && here.part == Part::Verify {
            return "`verify` görs också ensamt efter ett avbrott; lägg värdet i ett fält: `into: item.…`".into();
        }
        if self.anywhere.contains(local) {
            return "ett namn gäller bara efter steget som sätter det och i samma etapp; \
                    det som ska finnas kvar läggs i ett fält: `into: item.…`"
                .into();
        }
        let known = here.scope.locals.keys().map(String::as_str).chain(RESERVED.iter().copied());
        near(local, &known.collect::<Vec<_>>())
    }

    /// A name that a step sets.
    fn check_set(&self, set: &Sets<'_>, visit: &Visit<'_>, findings: &mut Findings<'_>) {
        let name = set.name;
        match name.value.split_once('.') {
            Some(("item", field)) => self.check_item_set(set, field, visit, findings),
            Some(_) => findings.word(
                name,
                format!("`{}` kan inte sättas", name.value),
                "skriv ett enkelt namn, eller `item.fält` för ett av ärendets fält",
            ),
            None if RESERVED.contains(&name.value.as_str()) => {
                findings.word(name, format!("`{}` har redan en betydelse", name.value), "välj ett annat namn");
            }
            None if !is_name(&name.value) => {
                let hint = "namn består av bokstäver, siffror och _, och börjar inte med en siffra";
                findings.word(name, format!("`{}` duger inte som namn", name.value), hint);
            }
            None => {}
        }
    }

    fn check_item_set(&self, set: &Sets<'_>, field: &str, visit: &Visit<'_>, findings: &mut Findings<'_>) {
        let fields = &self.item.fields;
        if !visit.scope.item {
            let hint = "i `collect` läggs ärendets fält i kön med `enqueue`; sätt annars ett namn utan `item.`";
            findings.word(set.name, "här finns inget ärende att sätta fält i", hint);
        } else if let Some(spec) = fields.get(field) {
            if let Some(kind) = set.kind.filter(|kind| !may_hold(spec.kind, *kind)) {
                let message = format!("`{field}` är {} men steget ger {}", type_name(spec.kind), type_name(kind));
                findings.word(set.name, message, format!("gör fältet till `{}`, eller välj ett annat", word_of(kind)));
            }
            if field == self.item.reference.value {
                let message = format!("`{field}` är ärendets referens och kan inte ändras");
                findings.word(set.name, message, "sätt ett annat fält");
            }
        } else {
            let known: Vec<&str> = fields.0.iter().map(|field| field.name.as_str()).collect();
            let hint = format!("{}; nya fält läggs till under `item: fields:`", near(field, &known));
            findings.word(set.name, format!("ärendet har inget fält `{field}`"), hint);
        }
    }
}

/// Checks part number `part` of a name against what there is.
fn known(text: &Text, name: &Name, part: usize, of: &str, known: &[&str], findings: &mut Findings<'_>) {
    let Some(property) = name.segments.get(part).filter(|property| !known.contains(&property.as_str())) else { return };
    let hint = match known {
        [] => "ta bort det som står från punkten".to_owned(),
        known => near(property, known),
    };
    findings.name(text, name, part, format!("{of} har inget `{property}`"), hint);
}

/// Comparisons of an outcome with a word that it never is: such a condition would be silently false.
fn check_outcomes(text: &Text, findings: &mut Findings<'_>) {
    for (of, words) in
        [("decision.outcome", &["approve", "deny"][..]), ("suggestion.outcome", &["approve", "deny", "refer"])]
    {
        for (at, _) in text.source().match_indices(of) {
            let rest = &text.source()[at + of.len()..];
            let Some(compared) = rest.trim_start().strip_prefix("==").or_else(|| rest.trim_start().strip_prefix("!="))
            else {
                continue;
            };
            let Some(word) = compared.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            if !words.contains(&word) {
                let at = text.source().len() - compared.trim_start().len() + 1;
                findings.within(text, (at, word.len()), format!("`{of}` är aldrig `{word}`"), near(word, words));
            }
        }
    }
}

/// Whether a text may be a name in an expression.
fn is_name(text: &str) -> bool {
    let starts = text.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    starts
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
        && expression::Expression::parse(text).is_ok_and(|read| read.uses().len() == 1)
}

/// Whether a field can take what a step gives.
fn may_hold(field: FieldType, given: FieldType) -> bool {
    field == given || (field == FieldType::Text && given == FieldType::Bool)
}

/// The type as written in a bot.
pub(super) fn word_of(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "text",
        FieldType::Date => "date",
        FieldType::Month => "month",
        FieldType::Money => "money",
        FieldType::Integer => "integer",
        FieldType::Personnummer => "personnummer",
        FieldType::Bool => "bool",
        FieldType::List => "list",
        FieldType::Map => "map",
    }
}

/// The type in words.
pub(super) fn type_name(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "en text",
        FieldType::Date => "ett datum",
        FieldType::Month => "en månad",
        FieldType::Money => "ett belopp",
        FieldType::Integer => "ett heltal",
        FieldType::Personnummer => "ett personnummer",
        FieldType::Bool => "ja eller nej",
        FieldType::List => "en lista",
        FieldType::Map => "namngivna värden",
    }
}
