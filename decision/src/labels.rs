//! What the names of facts are called in Swedish where a rule is shown to people. A name that is not here stands as it is.

/// A name of the facts with its field (`person.age`), or a text that a fact can be (`"single"`, with its quotes).
pub(crate) fn words(name: &str) -> Option<String> {
    let known = match name {
        "period" => "perioden",
        "date" => "underlagets datum",
        "application" | "\"applicant\"" => "ansökan",
        "household" => "hushållet",
        "household.kind" => "hushållets slag",
        "household.community_size" => "antalet personer i det gemensamma boendet",
        "household.members" => "antalet personer i hushållet",
        "household.family" => "hushållet är en familj",
        "household.adults" => "hushållets vuxna",
        "household.children" => "hushållets barn",
        "persons" => "personerna",
        "person" => "personen",
        "incomes" | "result.income" => "inkomsterna",
        "income_groups" => "inkomsterna efter slag",
        "income_changes" => "ändringarna av inkomster",
        "costs" => "kostnaderna",
        "cost_groups" => "kostnaderna efter slag",
        "authorities" => "myndigheterna",
        "assets" => "tillgångarna",
        "surplus_previous" => "överskottet från förra perioden",
        "flags.protected_identity" => "personuppgifterna är skyddade",
        "flags.first_application" => "det är en första ansökan",
        "flags.interim_number" => "personnumret är ett interimsnummer",
        "authority.id" => "myndigheten",
        "authority.title" => "myndighetens namn",
        "authority.answered" => "när myndigheten svarade",
        "authority.answer" => "myndighetens svar",
        "result.norm" => "riksnormen",
        "result.need" => "behovet",
        "result.balance" => "behovet minus inkomsterna",
        "assets[].amount" => "tillgångens belopp",
        "assets[].kind" => "tillgångens slag",
        "income.use \"counted\"" => "att räknas",
        "income.use \"compared\"" => "att jämföras med",
        "income.use \"listed\"" => "att visas",
        "income.use \"outside\"" => "ingen, för den hör till en annan tid",
        "income.use \"unknown\"" => "okänd",
        "\"support\"" => "bistånd",
        "\"denied\"" => "avslag",
        "\"single\"" => "ensamstående",
        "\"couple\"" => "sammanboende",
        "\"shared\"" => "ensam vuxen i gemensamt boende",
        "\"adult\"" => "vuxen",
        "\"child\"" => "barn",
        "\"ok\"" => "fullständigt",
        "\"partial\"" => "bara delvis",
        "\"error\"" => "ett fel",
        "\"timeout\"" => "inget svar",
        "\"not_asked\"" => "inte tillfrågad",
        "\"fk\"" => "Försäkringskassan",
        "\"af\"" => "Arbetsförmedlingen",
        "\"csn\"" => "CSN",
        "\"skv\"" => "Skatteverket",
        "\"so\"" => "a-kassan",
        _ => return field(name),
    };
    Some(known.to_owned())
}

/// What a field of the facts is called where its value stands beside it; none for what is not ours to name.
pub fn fact_label(field: &str) -> Option<&'static str> {
    Some(match field {
        "date" => "underlagets datum",
        "period" => "period",
        "household" => "hushåll",
        "community_size" => "personer i boendet",
        "adults" => "vuxna",
        "children" => "barn",
        "incomes" => "inkomster",
        "candidate_incomes" => "inkomster att välja bland",
        "previous_incomes" => "inkomster förra perioden",
        "costs" => "kostnader",
        "sources" => "myndigheternas svar",
        "answers" => "när myndigheterna svarade",
        "application" => "ansökan",
        "at" => "tidpunkt",
        "assets" => "tillgångar",
        "amount" => "belopp",
        "surplus_previous" => "överskott från förra perioden",
        "flags" => "markeringar",
        "protected_identity" => "skyddade personuppgifter",
        "first_application" => "första ansökan",
        "interim_number" => "interimsnummer",
        "lunch_out" => "äter lunch utanför hemmet",
        "already_reduced" => "redan minskad med jobbstimulans",
        "born" => "född",
        "applied" => "sökt belopp",
        "month" => "månad",
        "stimulus" => "minskad med jobbstimulans",
        "result" => "utfall",
        _ => person(field).or_else(|| income(field)).or_else(|| cost(field))?.trim_start_matches('='),
    })
}

/// A word that a fact can be, in Swedish: `single`, `timeout`.
pub fn fact_word(word: &str) -> Option<String> {
    let known = matches!(
        word,
        "single" | "couple" | "shared" | "support" | "denied" | "ok" | "partial" | "error" | "timeout" | "not_asked"
    );
    match word {
        "applicant" => Some("sökanden".to_owned()),
        "none" => Some("inget".to_owned()),
        _ if known => words(&format!("\"{word}\"")),
        _ => None,
    }
}

/// A field of a person, an income or a cost: `person.age`, `income.who.age`.
fn field(name: &str) -> Option<String> {
    let (owner, field) = name.rsplit_once('.')?;
    let (owner, known) = match owner {
        "person" | "persons[]" => ("personens", person(field)?),
        "income.who" => ("inkomsttagarens", person(field)?),
        "income" | "incomes[]" => ("inkomstens", income(field)?),
        "income_group" | "income_groups[]" => ("inkomstslagets", group(field)?),
        "income_change" | "income_changes[]" => ("inkomstens", group(field)?),
        "cost" | "costs[]" => ("kostnadens", cost(field)?),
        "cost_group" | "cost_groups[]" => ("kostnadsslagets", cost(field)?),
        "household.children[]" => ("barnets", person(field)?),
        "household.adults[]" => ("den vuxnas", person(field)?),
        "person.history[]" | "income.who.history[]" => ("månadens", past(field)?),
        _ => return None,
    };
    Some(if let Some(whole) = known.strip_prefix('=') { whole.to_owned() } else { format!("{owner} {known}") })
}

/// Words after the owner; those with an equals sign stand alone.
fn person(field: &str) -> Option<&'static str> {
    Some(match field {
        "id" => "beteckning",
        "role" => "roll",
        "born" => "födelsedag",
        "age" => "ålder",
        "born_in_period" => "=personen är född under perioden",
        "assistance_months_in_row" => "månader i följd med bistånd",
        "jobbstimulans_since" => "första månad med jobbstimulans",
        "lunch_out" => "=barnet äter lunch utanför hemmet",
        "days_at_home" => "dagar i hushållet",
        "in_school" => "=går i skolan",
        "earned_this_year" => "arbetsinkomst under året",
        "earned_before" => "arbetsinkomst under året före perioden",
        "lunch_days" => "lunchdagar i veckan utanför hemmet",
        "history" => "månader hittills",
        "own_work" => "inkomst av eget arbete i perioden, netto",
        "own_work_gross" => "inkomst av eget arbete i perioden, brutto",
        _ => return None,
    })
}

fn income(field: &str) -> Option<&'static str> {
    Some(match field {
        "person" => "person",
        "kind" => "slag",
        "net" => "nettobelopp",
        "gross" => "bruttobelopp",
        "period" => "månad",
        "paid" => "utbetalningsdag",
        "source" | "source_title" => "källa",
        "already_reduced" => "=inkomsten är redan minskad med jobbstimulans",
        "origin" => "ursprung",
        "month" => "räknade månad",
        "use" => "användning",
        "candidate" => "=inkomsten hör till dem som det väljs bland",
        "known" => "=inkomstens slag står i regelboken",
        "reportable" => "=en myndighet redovisar inkomstslaget",
        "right_source" => "=källan är en myndighet som redovisar inkomstslaget",
        "always_counted" => "=inkomstslaget räknas alltid",
        "counted_by_guideline" => "=kommunens riktlinje säger att inkomsten räknas",
        _ => return None,
    })
}

fn past(field: &str) -> Option<&'static str> {
    Some(match field {
        "month" => "=månaden",
        "result" => "utfall",
        "stimulus" => "=lönen minskades med jobbstimulans",
        _ => return None,
    })
}

fn group(field: &str) -> Option<&'static str> {
    Some(match field {
        "person" => "person",
        "kind" => "slag",
        "reportable" => "=en myndighet redovisar inkomstslaget",
        "declared" => "belopp enligt ansökan",
        "reported" => "belopp enligt myndigheten",
        "authorities" => "antal redovisande myndigheter",
        "alike" => "=hur många rader som inget skiljer åt",
        "before" => "belopp förra perioden",
        "now" => "belopp nu",
        _ => return None,
    })
}

fn cost(field: &str) -> Option<&'static str> {
    Some(match field {
        "kind" => "slag",
        "applied" => "sökta belopp",
        "person" => "person",
        "known" => "=kostnadens slag står i regelboken",
        "guideline" => "riktlinje",
        "guideline_source" => "riktlinjens källa",
        "alike" => "=hur många rader som inget skiljer åt",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{fact_label, fact_word, words};
    use crate::book_file::ForEach;
    use crate::names::{Shape, names_of};

    #[test]
    fn every_field_of_the_one_thing_a_rule_is_tried_for_has_words() {
        use ForEach::{Authority, Cost, CostGroup, Income, IncomeChange, IncomeGroup, Person, Result};
        for for_each in [Person, Income, IncomeGroup, IncomeChange, Cost, CostGroup, Authority, Result] {
            let name = for_each.name().unwrap_or("result");
            let shape = names_of(for_each).into_iter().find(|(known, _)| *known == name).expect(name).1;
            let Shape::Record(fields) = shape else { panic!("{name} has no fields") };
            let missing: Vec<_> = (fields.iter().map(|(field, _)| *field))
                .filter(|field| *field != "who" && words(&format!("{name}.{field}")).is_none())
                .collect();
            assert_eq!(missing, Vec::<&str>::new(), "{name}");
        }
    }

    #[test]
    fn everything_at_the_top_of_the_facts_has_a_label_and_every_answer_a_word() {
        for name in crate::FACT_NAMES {
            assert!(fact_label(name).is_some(), "{name}");
        }
        assert_eq!(
            (fact_label("already_reduced"), fact_label("sökt")),
            (Some("redan minskad med jobbstimulans"), None)
        );
        for word in ["ok", "partial", "error", "timeout", "not_asked", "single", "couple", "shared", "support"] {
            assert!(fact_word(word).is_some(), "{word}");
        }
    }
}
