//! `kollega rules approve`: a person answers for the rule book as it stands, and schedules use it from then on.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use crate::check::check_paths;
use crate::cli::{Invalid, open_store, print, sign_in, suggest};
use crate::config::Config;
use crate::desk;
use crate::rulebook::{content_of, short};
use crate::store::NotApproved;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Regelbokens namn under rulebooks/
    #[arg(value_name = "REGELBOK")]
    rulebook: String,
    /// Vad versionen ska heta; annars det som står som version i rulebook.yaml
    #[arg(long, value_name = "ETIKETT")]
    label: Option<String>,
    /// Vad som är nytt, och hur det är granskat
    #[arg(long, value_name = "TEXT")]
    note: String,
    #[command(flatten)]
    who: sign_in::As,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let name = &arguments.rulebook;
    let book = suggest::load(config, name)?;
    let folder = config.rulebook(book.name());
    if !folder.is_dir() || name != book.name() {
        return Err(Invalid(format!(
            "regelboken heter {} och ska ligga i {}: där hämtas den av roboten",
            book.name(),
            folder.display()
        ))
        .into());
    }
    let report = check_paths(&[folder], config);
    if !report.is_clean() {
        let told = report.render();
        return Err(Invalid(format!("regelboken {name} har fel och kan inte godkännas\n{}", told.trim_end())).into());
    }
    let failed = book.run_cases().into_iter().filter(|result| !result.passed);
    let failed: Vec<String> =
        failed.map(|result| format!("{} ({}:{})", result.case, result.file.display(), result.line)).collect();
    if !failed.is_empty() {
        let told = failed.join(", ");
        return Err(Invalid(format!(
            "regelboken {name} kan inte godkännas: fallen {told} stämmer inte; kör `kollega rules test {name}`"
        ))
        .into());
    }
    if arguments.note.trim().is_empty() {
        return Err(Invalid("skriv i --note vad som är nytt och hur det är granskat".into()).into());
    }
    let mut content = content_of(&book);
    if let Some(label) = &arguments.label {
        label.trim().clone_into(&mut content.label);
    }
    if content.label.is_empty() {
        return Err(Invalid("etiketten är tom".into()).into());
    }
    let store = open_store(config).await?;
    let user = sign_in::sign_in(&store, &arguments.who).await?;
    if !desk::may_approve_rules(&user) {
        bail!(
            "{} får inte godkänna regelböcker: det kräver rollen {}",
            user.name,
            wording::any_role(desk::RULE_APPROVERS)
        );
    }
    if let Err(why) = store.approve_rulebook(&content, &user.name, arguments.note.trim()).await? {
        return Err(Invalid(told(&why, config, &content.label)).into());
    }
    print(&format!(
        "Version {} ({}) av {name} är godkänd. Scheman använder den från och med nästa start.",
        content.label,
        short(&content.sha256)
    ));
    Ok(ExitCode::SUCCESS)
}

fn told(why: &NotApproved, config: &Config, label: &str) -> String {
    match why {
        NotApproved::LabelTaken(other) => format!(
            "etiketten {label} är redan den godkända versionen {}: ändra version i rulebook.yaml, eller ange en annan med --label",
            short(other)
        ),
        NotApproved::InUse { label, by, at } => format!(
            "versionen är redan godkänd som {label} av {by} {}, och används: godkännandet står kvar som det gjordes. Se \
             `kollega rules versions`",
            wording::local_time(at, wording::timezone(config))
        ),
        NotApproved::OtherLabel(first) => {
            format!("versionen är redan godkänd som {first}, och en etikett ändras inte: kör igen med --label {first}")
        }
    }
}
