//! The rule book as a Swedish text that anybody can read: what `kollega rules doc` shows, and what a municipality can
//! hand out when somebody asks how the suggestions are made.

use expression::money;

use crate::RuleBook;
use crate::amounts::Table;
use crate::book_file::{Counted, Per};
use crate::rule::Rule;
use crate::rulebook::IncomeKind;
use crate::validity::Validity;

impl RuleBook {
    /// All rules with their legal sources, all tables and the guidelines, as Markdown.
    pub fn document(&self) -> String {
        let mut text = vec![format!("# {}, regelbok {} {}\n", self.title(), self.name(), self.version())];
        text.push("Reglerna ger ett förslag. En handläggare beslutar.\n".to_owned());
        text.push("## Regler\n".to_owned());
        text.extend(self.rules().iter().map(rule));
        text.push("## Belopp\n".to_owned());
        text.extend(self.tables().iter().map(table));
        text.push(self.income_kinds_text());
        text.push(self.parameters().document());
        text.push(self.guidelines_text());
        text.push(format!("Kontrollsumma {}\n", self.sha256()));
        text.join("\n")
    }

    fn income_kinds_text(&self) -> String {
        let row = |(name, kind): (&str, &IncomeKind)| {
            let counted = if kind.counted == Counted::Always { "alltid" } else { "enligt riktlinje" };
            let by: Vec<&str> = kind.reported_by.iter().map(|id| self.authority_title(id)).collect();
            format!("| {name} | {} | {counted} | {} |\n", kind.about, by.join(", "))
        };
        let rows: String = self.income_kinds().map(row).collect();
        format!("## Slag av inkomster\n\n| slag | vad det är | räknas | redovisas av |\n|---|---|---|---|\n{rows}")
    }

    fn guidelines_text(&self) -> String {
        let guidelines = self.guidelines();
        let mut text = format!("## Riktlinjer: {}\n\n{}\n\n", guidelines.municipality, guidelines.source);
        text += "| kostnad | ensam | familj | gäller |\n|---|--:|--:|---|\n";
        for guideline in &guidelines.limits {
            let per = if guideline.per == Per::Person { " per person" } else { "" };
            let (single, family) = (money::kr(guideline.single), money::kr(guideline.family));
            text += &["| ", &guideline.cost, per, " | ", &single, " | ", &family, " | ", &valid(guideline.validity)]
                .concat();
            text += " |\n";
        }
        text
    }
}

fn rule(rule: &Rule) -> String {
    let laws: Vec<String> = rule
        .laws
        .iter()
        .map(|law| {
            let unverified = if law.source.verified { "" } else { " – ej verifierad" };
            format!("- {}{unverified} ({})", law.source.text, valid(law.validity))
        })
        .collect();
    let condition = rule.when.as_ref().map(|when| format!("Gäller när `{}`\n", when.source())).unwrap_or_default();
    let amount = rule.line.as_ref().map(|line| format!("Belopp `{}`\n", line.amount.source())).unwrap_or_default();
    let refer =
        rule.refer.as_ref().map(|refer| format!("Lämnas till handläggare, kod `{}`\n", refer.code)).unwrap_or_default();
    format!("### {}\n\n{}\n\n{condition}{amount}{refer}\nRättskälla:\n{}\n", rule.id, rule.explanation, laws.join("\n"))
}

fn table(table: &Table) -> String {
    let note = table.note.as_ref().map(|note| format!("{note}\n\n")).unwrap_or_default();
    let rows: Vec<String> = table
        .cells()
        .map(|(name, cell)| match cell {
            Some(cell) => format!("| {name} | {} | {} |", money::kr(cell.amount), cell.source),
            None => format!("| {name} | ej verifierat, används inte | |"),
        })
        .collect();
    format!("### {}\n\n{note}| cell | kr | källa |\n|---|--:|---|\n{}\n", table.title, rows.join("\n"))
}

fn valid(validity: Validity) -> String {
    match (validity.from, validity.to) {
        (Some(from), Some(to)) => format!("{from} till {to}"),
        (Some(from), None) => format!("från {from}"),
        (None, Some(to)) => format!("till {to}"),
        (None, None) => "alltid".to_owned(),
    }
}
