//! Months that fall between two rules: a rule that begins or ends within the years that have amounts, where no rule with
//! the same id ends or begins. A person, an income or a cost would at least be referred; the household's shared costs, a
//! reason to refer or a denial would be missed in silence.

use expression::Month;

use crate::Problem;
use crate::amounts::Table;
use crate::rule::Rule;

/// The rules that begin or end beside nothing, and do not say that they are meant to (`new`, `ends`).
pub(crate) fn gaps(rules: &[Rule], tables: &[Table]) -> Vec<Problem> {
    let (Some(first), Some(last)) = (tables.first(), tables.last()) else { return Vec::new() };
    let has_amounts = |month: Month| (first.year..=last.year).contains(&month.year());
    let gap = |rule: &Rule| {
        let same = || rules.iter().filter(|other| other.id == rule.id).map(|other| other.validity);
        let begins = rule.validity.from.filter(|from| !rule.is_new && has_amounts(from.previous()));
        let begins = begins.filter(|from| !same().any(|other| other.to == Some(from.previous())));
        let ends = rule.validity.to.filter(|to| !rule.is_ending && has_amounts(to.next()));
        let ends = ends.filter(|to| !same().any(|other| other.from == Some(to.next())));
        let id = &rule.id;
        let (message, hint) = match (begins, ends) {
            (_, Some(to)) => (
                format!("regeln ”{id}” slutar gälla efter {to}, och ingen regel med samma namn tar vid"),
                "i en reform börjar den nya regeln, med samma id, månaden efter; ska regeln upphöra, skriv ends: true i valid och skälet i explanation",
            ),
            (Some(from), None) => (
                format!("regeln ”{id}” börjar gälla {from}, och ingen regel med samma namn slutar månaden före"),
                "är regeln ny, skriv new: true i valid; i en reform har den gamla regeln samma id och slutar månaden före",
            ),
            (None, None) => return None,
        };
        Some(Problem { message, hint: Some(hint.to_owned()), ..rule.place.clone() })
    };
    rules.iter().filter_map(gap).collect()
}
