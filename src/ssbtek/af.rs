//! Arbetsförmedlingen: says whether somebody is registered, never an amount. What is read is whether it answered.

use super::envelope::{unreadable, wrong_person};
use super::reading::Reading;
use super::request::Question;
use super::xml::Element;
use super::{Agency, Config};

pub(super) fn read(data: &Element, question: &Question, config: &Config) -> Reading {
    let Some(answer) = data.child("Svar") else {
        return unreadable("Arbetsförmedlingens svar saknas");
    };
    if answer.value("IdentitetsbeteckningFysiskPerson") != Some(&question.number) {
        return wrong_person();
    }
    let mut reading = Reading::new();
    reading.protected = matches!(answer.value("Sekretessmarkering"), Some("true" | "1"));
    let code = answer.value("StatusSokandeinformationKod").unwrap_or_default();
    if !config.means_answered(Agency::Af, code) {
        let words =
            answer.value("StatusSokandeinformationKodText").unwrap_or("Arbetsförmedlingens svar har okänd status");
        reading.partial(&format!("status {code}"), words);
    }
    reading
}
