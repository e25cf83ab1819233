//! From an agency's benefit to the rule book's kind of income. A benefit that is not known is `övrigt`, with the
//! agency's code kept, and the rule book refers it: it is never guessed.

use super::{Agency, Config};

/// The rule book's kinds.
pub(super) const ALL: [&str; 16] = [
    "lön",
    "aktivitetsstöd",
    "a-kassa",
    "sjukpenning",
    "föräldrapenning",
    "barnbidrag",
    "flerbarnstillägg",
    "underhållsstöd",
    "bostadsbidrag",
    "bostadstillägg",
    "studiebidrag",
    "studielån",
    "etableringsersättning",
    "dagersättning",
    "skatteåterbäring",
    OTHER,
];

const OTHER: &str = "övrigt";

/// The kind of a benefit, by the municipality's own reading first, then by the agency's words, and by its code only
/// when there are no words: so a code that came to mean something else is not read as what it was.
pub(super) fn of(config: &Config, agency: Agency, code: &str, words: Option<&str>) -> String {
    if let Some(own) = config.kinds.get(&format!("{}:{code}", agency.id())) {
        return own.clone();
    }
    let kind = match agency {
        Agency::Fk => fk(code, words),
        Agency::Csn => csn(code),
        Agency::So => "a-kassa",
        Agency::Skv => "skatteåterbäring",
        Agency::Af => OTHER,
    };
    kind.to_owned()
}

fn fk(code: &str, words: Option<&str>) -> &'static str {
    match words.map(str::to_lowercase).as_deref().map(str::trim) {
        Some("aktivitetsstöd") => "aktivitetsstöd",
        Some("sjukpenning") => "sjukpenning",
        Some("föräldrapenning") => "föräldrapenning",
        Some("barnbidrag" | "allmänt barnbidrag") => "barnbidrag",
        Some("flerbarnstillägg") => "flerbarnstillägg",
        Some("underhållsstöd") => "underhållsstöd",
        Some("bostadsbidrag") => "bostadsbidrag",
        Some("bostadstillägg") => "bostadstillägg",
        Some("etableringsersättning") => "etableringsersättning",
        Some("dagersättning") => "dagersättning",
        None | Some("") => fk_code(code),
        Some(_) => OTHER,
    }
}

fn fk_code(code: &str) -> &'static str {
    match code {
        "AS" => "aktivitetsstöd",
        "SJP" => "sjukpenning",
        "FP" => "föräldrapenning",
        "ABB" => "barnbidrag",
        "US" => "underhållsstöd",
        "BOB" => "bostadsbidrag",
        "ET" => "etableringsersättning",
        _ => OTHER,
    }
}

/// By CSN's type of amount: one payment has grant and loan in it.
fn csn(code: &str) -> &'static str {
    match code {
        "GRUNDB" | "GRUNDF" | "STUDB" => "studiebidrag",
        "GRUNDL" | "GRUNFL" => "studielån",
        _ => OTHER,
    }
}
