//! The templates of mails: do they exist, can they be read, and do they use only what may stand in a mail.

use std::collections::BTreeSet;
use std::path::Path;

use crate::bot::{Bot, Mail, Tree};
use crate::config::Config;
use crate::mail::{Template, TemplateError};
use crate::problem::Problem;
use crate::yaml::near;

use super::findings::Findings;
use super::personal::IN_MAIL;

/// What a template is given.
const GIVEN: &[&str] = &["item", "data", "config", "decision"];
/// What the template for a confidential mail system is given besides.
const GIVEN_CONFIDENTIAL: &[&str] = &["item", "data", "config", "decision", "notice"];
const DECISION: &[&str] = &[
    "outcome",
    "amount",
    "kronor",
    "by",
    "delegation",
    "at",
    "day",
    "reason",
    "changed",
    "motivation",
    "suggestion_id",
];
const NOTICE: &[&str] = &["authority", "contact", "appeal"];

/// What any letter may say of a decision: who made it.
const DECIDED_BY: &[&str] = &["decision.by", "decision.delegation"];

/// `decided`: whether there is a decision when the letter is written.
pub(super) fn check(bot: &Bot, config: &Config, mail: &Mail, decided: bool, findings: &mut Findings<'_>) {
    let folder = bot.folder.join("mail");
    let file = folder.join(format!("{}.txt", mail.template.value));
    if !file.is_file() {
        let hint = format!("skapa {}; den första raden är `Ämne: …`, sedan en tom rad och brevet", file.display());
        return findings.word(&mail.template, format!("mallen `{}` finns inte", mail.template.value), hint);
    }
    let name = mail.template.value.as_str();
    let names = Template::read(&folder, name).and_then(|template| template.names());
    check_names(bot, config, mail, decided, names, name, findings);
    if Template::has_confidential(&folder, name) {
        let names = Template::read_confidential(&folder, name).and_then(|template| template.names());
        check_names(bot, config, mail, decided, names, &format!("{name}.sekretess"), findings);
    }
}

fn check_names(
    bot: &Bot,
    config: &Config,
    mail: &Mail,
    decided: bool,
    names: Result<BTreeSet<String>, TemplateError>,
    template: &str,
    findings: &mut Findings<'_>,
) {
    let folder = bot.folder.join("mail");
    match names {
        Err(error) => {
            let problem = Problem::from(error);
            let hint = "se över `{{ … }}` och `{% … %}`: varje `{% if … %}` behöver ett `{% endif %}`".to_owned();
            findings.problems.push(Problem { hint: problem.hint.clone().or(Some(hint)), ..problem });
        }
        Ok(names) => {
            if decided && super::automatic::may_decide(bot) && !names.contains("decision.by") {
                let message = "brevet säger inte vem som har beslutat, och roboten kan besluta själv";
                findings.word(&mail.template, message, "skriv `{{ decision.by }}` i mallen");
            }
            let allowed = |name: &&String| !(decided && DECIDED_BY.contains(&name.as_str()));
            let (confidential, open) = (template.ends_with(".sekretess"), !config.mail.confidential);
            let faults = names.iter().filter(allowed).filter_map(|name| {
                if confidential {
                    confidential_fault(bot, config, mail, name)
                } else {
                    fault(bot, config, mail, name, open)
                }
            });
            for (name, fault, hint) in faults {
                match place(&folder, template, name) {
                    Some(problem) => findings.problems.push(Problem { message: fault, hint: Some(hint), ..problem }),
                    None => findings.word(&mail.template, fault, hint),
                }
            }
        }
    }
}

/// What is wrong with a name in a template: the name, the message and the hint.
fn fault<'a>(bot: &Bot, config: &Config, mail: &Mail, name: &'a str, open: bool) -> Option<(&'a str, String, String)> {
    let mut parts = name.split('.');
    let root = parts.next().unwrap_or_default();
    let wrong = |message: String, hint: String| Some((name, message, hint));
    match root {
        "suggestion" | "decision" if open => wrong(format!("brevet visar `{name}`"), IN_MAIL.into()),
        "suggestion" | "decision" => wrong(
            format!("`{root}` finns inte i mallen"),
            format!("ge mallen värdet: `data: {{värde: \"${{{name}}}\"}}`"),
        ),
        "item" => match parts.next() {
            Some(field) => match bot.item.fields.get(field) {
                Some(field) if field.personal && open => {
                    wrong(format!("brevet visar personuppgiften `{name}`"), IN_MAIL.into())
                }
                Some(_) => None,
                None => {
                    let known: Vec<&str> = bot.item.fields.0.iter().map(|field| field.name.as_str()).collect();
                    wrong(format!("ärendet har inget fält `{field}`"), near(field, &known))
                }
            },
            None if open && bot.item.fields.0.iter().any(|field| field.personal) => wrong(
                "brevet använder hela ärendet, med personuppgifter".into(),
                "skriv `item.fält` för det som ska stå".into(),
            ),
            None => None,
        },
        "data" => {
            let known = data_names(mail);
            let unknown = parts.next().filter(|value| !known.contains(value))?;
            let hint = format!("lägg till det: `data: {{{unknown}: …}}`");
            wrong(format!("brevet får inget värde `data.{unknown}`"), hint)
        }
        "config" => {
            let unknown = parts.next().filter(|value| !config.values.contains_key(*value))?;
            let hint = format!("lägg till `{unknown} = \"…\"` under [values] i kollega.toml");
            wrong(format!("inställningen `config.{unknown}` finns inte"), hint)
        }
        _ if data_names(mail).contains(&root) => {
            wrong(format!("namnet `{root}` finns inte i mallen"), format!("skriv `data.{root}`"))
        }
        _ => wrong(format!("namnet `{root}` finns inte i mallen"), near(root, GIVEN)),
    }
}

/// The same in the template that is used only where the mail system is confidential.
fn confidential_fault<'a>(bot: &Bot, config: &Config, mail: &Mail, name: &'a str) -> Option<(&'a str, String, String)> {
    let known = match name.split('.').next().unwrap_or_default() {
        "decision" => DECISION,
        "notice" => NOTICE,
        root if GIVEN.contains(&root) || data_names(mail).contains(&root) => {
            return fault(bot, config, mail, name, false);
        }
        root => return Some((name, format!("namnet `{root}` finns inte i mallen"), near(root, GIVEN_CONFIDENTIAL))),
    };
    let (root, unknown) = name.split_once('.').filter(|(_, field)| !known.contains(field))?;
    Some((name, format!("`{root}` har inget `{unknown}`"), near(unknown, known)))
}

fn data_names(mail: &Mail) -> Vec<&str> {
    match mail.data.as_ref().map(|data| &data.value) {
        Some(Tree::Map(entries)) => entries.iter().map(|(name, _)| name.value.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Where a name first stands in the template's files.
fn place(folder: &Path, template: &str, name: &str) -> Option<Problem> {
    ["txt", "html"].iter().find_map(|kind| {
        let file = folder.join(format!("{template}.{kind}"));
        let source = std::fs::read_to_string(&file).ok()?;
        let (line, at) = source.lines().enumerate().find_map(|(line, text)| Some((line, word_in(text, name)?)))?;
        let column = source.lines().nth(line)?[..at].chars().count() + 1;
        Some(Problem::at(file, line + 1, column, "").length(name.chars().count()))
    })
}

/// Where a name stands in a line as a whole word.
fn word_in(line: &str, name: &str) -> Option<usize> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    line.match_indices(name).map(|(at, _)| at).find(|at| {
        !line[..*at].ends_with(part_of_word)
            && !line[at + name.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}
