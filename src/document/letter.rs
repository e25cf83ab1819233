//! The letter to the applicant: the decision, why it is what it is, and how to appeal. Before there is a decision it is a
//! draft of the suggested one, and says so.

use serde_json::json;

use super::explanation::paragraphs;
use super::page::kronor;
use super::{About, Error, page};
use crate::explanation::Explanation;
use crate::wording;

/// The letter as a page that stands alone; none where there are no reasons to tell yet.
pub fn letter(answer: &Explanation, about: &About) -> Result<Option<String>, Error> {
    let Some(motivation) = &about.motivation else { return Ok(None) };
    let content = json!({
        "title": "Beslut om ekonomiskt bistånd",
        "answer": answer,
        "about": about,
        "sentence": sentence(answer, about),
        "paragraphs": paragraphs(motivation),
        "appeal": paragraphs(&about.appeal),
    });
    page::page("letter.html", &content).map(Some)
}

/// What is decided, in one sentence.
fn sentence(answer: &Explanation, about: &About) -> String {
    let (outcome, amount) = match &about.decision {
        Some(made) => (made.outcome.as_str(), made.amount.as_deref()),
        None => (answer.outcome.as_str(), answer.amount.as_deref()),
    };
    let period = answer.period.as_deref().map(|period| format!(" för {}", wording::month(period))).unwrap_or_default();
    match (outcome, amount) {
        ("approve", Some(amount)) => format!("Du beviljas ekonomiskt bistånd med {}{period}.", kronor(amount)),
        ("deny", _) => format!("Din ansökan om ekonomiskt bistånd{period} avslås."),
        _ => format!("Din ansökan om ekonomiskt bistånd{period} är inte avgjord."),
    }
}
