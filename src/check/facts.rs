//! The facts given to a rule book: are the top names those that its contract has.

use crate::bot::Tree;
use crate::yaml::{Placed, near};

use super::findings::Findings;

/// What a rule book takes, at the top.
struct Contract {
    rulebook: &'static str,
    required: &'static [&'static str],
    known: &'static [&'static str],
}

const CONTRACTS: &[Contract] = &[Contract {
    rulebook: "ekonomiskt-bistand",
    required: &["date", "period", "household"],
    known: decision::FACT_NAMES,
}];

pub(super) fn check(rulebook: &str, facts: &Placed<Tree>, findings: &mut Findings<'_>) {
    let Some(contract) = CONTRACTS.iter().find(|contract| contract.rulebook == rulebook) else { return };
    let Tree::Map(entries) = &facts.value else { return };
    for (name, _) in entries.iter().filter(|(name, _)| !contract.known.contains(&name.value.as_str())) {
        let message = format!("regelboken `{rulebook}` tar inte emot `{}`", name.value);
        findings.word(name, message, near(&name.value, contract.known));
    }
    for name in contract.required {
        if !entries.iter().any(|(known, _)| known.value == *name) {
            let message = format!("regelboken `{rulebook}` behöver `{name}`");
            findings.key(facts.place, "facts", message, format!("lägg till `{name}: …` bland fakta"));
        }
    }
}
