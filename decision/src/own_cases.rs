//! What the municipality has chosen that none of its own cases would notice a mistake in. The cases that came with the
//! book are worked out with other guidelines, so they notice nothing of it.

use rust_decimal::Decimal;

use crate::guidelines::Guideline;
use crate::{Case, Problem, RuleBook};

/// Limits and choices in `guidelines.yaml` that could be others without any of the municipality's own cases failing; of a
/// book whose cases are all its own, nothing.
pub(crate) fn untried(book: &RuleBook) -> Vec<Problem> {
    let (own, shipped): (Vec<&Case>, Vec<&Case>) = book.cases().iter().partition(|case| case.is_own());
    if shipped.is_empty() {
        return Vec::new();
    }
    let is_noticed = |changed: &RuleBook| own.iter().any(|case| !changed.run_case(case).passed);
    let mut problems = Vec::new();
    for (index, limit) in book.guidelines().limits.iter().enumerate() {
        let higher = |single: Decimal, family: Decimal| Guideline {
            single: limit.single + single,
            family: limit.family + family,
            ..limit.clone()
        };
        let (one, none) = (Decimal::ONE, Decimal::ZERO);
        for (whom, other) in [("en ensam", higher(one, none)), ("en familj", higher(none, one))] {
            let mut changed = book.clone();
            changed.guidelines_mut().limits[index] = other;
            if !is_noticed(&changed) {
                let message =
                    format!("riktlinjen {} för {whom} prövas inte av något av kommunens egna fall", limit.cost);
                let hint = "skriv ett fall i cases/kommunen.yaml som är ett öre över den";
                problems.push(Problem { message, hint: Some(hint.to_owned()), ..limit.place.clone() });
            }
        }
    }
    let Ok(file) = book.content().file("guidelines.yaml") else { return problems };
    for (name, written) in &book.guidelines().settings {
        let mut changed = book.clone();
        if changed.choose_default(name) && !is_noticed(&changed) {
            let message = format!("kommunens val {name} prövas inte av något av kommunens egna fall");
            let hint = "skriv ett fall i cases/kommunen.yaml som skulle bli ett annat utan valet";
            problems.push(Problem { hint: Some(hint.to_owned()), ..file.at(written, message) });
        }
    }
    problems
}
