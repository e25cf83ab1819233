//! `kollega rules test`: the worked cases of a rule book, and how far they reach.

use std::process::ExitCode;

use clap::Args;
use decision::{CaseResult, Coverage, RuleBook};
use serde_json::{Value as Json, json};

use super::{Column, Format, Invalid, aligned, print, suggest};
use crate::config::Config;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Regelbokens namn under rulebooks/, eller dess mapp
    #[arg(value_name = "REGELBOK")]
    rulebook: String,
    /// Visa för varje regel hur många fall som når den och vilka villkor som prövas åt båda hållen
    #[arg(long)]
    coverage: bool,
    /// Kräv att varje regel nås och att varje villkor prövas åt båda hållen
    #[arg(long)]
    strict: bool,
    /// Hur resultatet skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

const COLUMNS: &[Column] =
    &[Column::Text("Regel"), Column::Number("Fall"), Column::Number("Villkor"), Column::Number("Prövade")];

/// Carries the command out.
pub fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let book = suggest::load(config, &arguments.rulebook)?;
    let folder = suggest::folder(config, &arguments.rulebook)?;
    let results = book.run_cases();
    let reach = decision::coverage(&folder).map_err(|_| Invalid("regelboken har ändrats under tiden".into()))?;
    let must_reach = arguments.strict || book.requires_coverage();
    let has_failed = results.iter().any(|result| !result.passed) || (must_reach && !reach.is_complete());
    match arguments.format {
        Format::Json if arguments.coverage => {
            let answer = json!({"cases": cases_json(&results), "coverage": coverage_json(&reach)});
            print(&serde_json::to_string_pretty(&answer)?);
        }
        Format::Json => print(&serde_json::to_string_pretty(&cases_json(&results))?),
        Format::Table => show(&book, &results, &reach, arguments.coverage, must_reach),
    }
    Ok(ExitCode::from(u8::from(has_failed)))
}

fn show(book: &RuleBook, results: &[CaseResult], reach: &Coverage, is_table: bool, must_reach: bool) {
    let failed: Vec<_> = results.iter().filter(|result| !result.passed).collect();
    for result in &failed {
        let (file, line) = (result.file.display(), result.line);
        print(&format!("fel: {file}:{line}: {}\n  {}", result.case, result.differences.join("\n  ")));
        if result.is_own {
            print(
                "  = kommunens eget fall: har ni ändrat riktlinjer, val eller belopp, räkna om det för hand och skriv det nya facit",
            );
        }
    }
    let kind = if must_reach { "fel" } else { "varning" };
    for gap in decision::gaps(reach) {
        print(&format!("{kind}: {}:{}: {}", gap.file.display(), gap.line, gap.message));
    }
    if is_table {
        let tried = |part: &decision::PartCoverage| part.branches.iter().filter(|branch| branch.is_complete()).count();
        let rows: Vec<Vec<String>> = (reach.parts.iter())
            .map(|part| {
                let cases = part.cases.map(|cases| cases.to_string()).unwrap_or_default();
                vec![part.name.clone(), cases, part.branches.len().to_string(), tried(part).to_string()]
            })
            .collect();
        print(&aligned(COLUMNS, &rows));
    }
    let rules: Vec<usize> = reach.parts.iter().filter_map(|part| part.cases).collect();
    let branches: Vec<_> = reach.parts.iter().flat_map(|part| &part.branches).collect();
    print(&format!(
        "{} {}: {} av {} nås, {} av {} villkor prövas åt båda hållen",
        book.name(),
        book.version(),
        rules.iter().filter(|cases| **cases > 0).count(),
        wording::count(rules.len(), "regel", "regler"),
        branches.iter().filter(|branch| branch.is_complete()).count(),
        branches.len(),
    ));
    print(&format!("{} fall: {} rätt, {} fel", results.len(), results.len() - failed.len(), failed.len()));
}

fn cases_json(results: &[CaseResult]) -> Json {
    let case = |result: &CaseResult| json!({"case": result.case, "file": result.file, "line": result.line, "own": result.is_own, "passed": result.passed, "differences": result.differences});
    results.iter().map(case).collect()
}

fn coverage_json(reach: &Coverage) -> Json {
    let parts = reach.parts.iter().map(|part| {
        let branches = part.branches.iter().map(|branch| {
            json!({"file": branch.file, "line": branch.line, "column": branch.column, "text": branch.text,
                "was_true": branch.was_true, "was_false": branch.was_false})
        });
        json!({"name": part.name, "file": part.file, "line": part.line, "cases": part.cases,
            "branches": branches.collect::<Vec<_>>()})
    });
    json!({"cases": reach.cases, "complete": reach.is_complete(), "parts": parts.collect::<Vec<_>>()})
}
