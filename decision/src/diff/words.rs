//! The Swedish words for what differs: those of the public rule book, and what stands in the files only where the words
//! are the same.

use expression::{Template, money};
use rust_decimal::Decimal;

use super::tree::Element;
use super::{Change, ChangeKind, ChangedPart, ToldLine};
use crate::RuleBook;
use crate::book_file::ForEach;
use crate::document::{cell_order, cell_title, each, valid};
use crate::explain::label;
use crate::rule::Rule;
use crate::validity::Validity;

/// The fields that have a word, in the order they are told.
const FIELDS: [(&str, &str); 45] = [
    ("", "värdet"),
    ("title", "titeln"),
    ("explanation", "förklaringen"),
    ("text", "texten"),
    ("verified", "verifierad"),
    ("law", "rättskällan"),
    ("valid.from", "första månaden"),
    ("valid.to", "sista månaden"),
    ("valid.new", "att den är ny"),
    ("valid.ends", "att den upphör"),
    ("from", "första månaden"),
    ("to", "sista månaden"),
    ("for_each", "vad den prövas för"),
    ("when", "villkoret"),
    ("also", "det ytterligare villkoret"),
    ("line.part", "var beloppet räknas"),
    ("line.amount", "beloppet"),
    ("line.person", "radens person"),
    ("amount", "beloppet"),
    ("source", "källan"),
    ("value", "värdet"),
    ("about", "beskrivningen"),
    ("counted", "när slaget räknas"),
    ("exclude", "visas men räknas inte"),
    ("refer.code", "koden för handläggaren"),
    ("refer.reason", "skälet för handläggaren"),
    ("refer.unknown", "summor som inte går att veta"),
    ("refer.conceal", "visar inget annat av förslaget"),
    ("deny.code", "avslagets kod"),
    ("deny.text", "avslagets text"),
    ("note.code", "anmärkningens kod"),
    ("note.text", "anmärkningens text"),
    ("reported_by", "vem som redovisar det"),
    ("per", "vad beloppet gäller för"),
    ("ceiling.single", "beloppet för en ensam"),
    ("ceiling.family", "beloppet för en familj"),
    ("kind", "slaget"),
    ("note", "anmärkningen"),
    ("caution", "varningen"),
    ("uplift_percent", "uppräkningen från året före, i procent,"),
    ("rulebook", "namnet"),
    ("version", "versionen"),
    ("municipality", "kommunen"),
    ("coverage", "kravet på fall"),
    ("sources", "källorna"),
];

/// Fields with names that the book gives them, by how their path begins.
const INNER: [(&str, &str); 5] = [
    ("choices.", "valet"),
    ("cells.", "beloppet i tabellen"),
    ("inputs.", "uppgiften vid beloppet:"),
    ("refer.details.", "uppgiften till handläggaren:"),
    ("sources.", "källan"),
];

/// Where a field is told among the others.
pub(super) fn place(field: &str) -> (usize, String) {
    let known = FIELDS.iter().position(|(known, _)| *known == field);
    (known.unwrap_or(FIELDS.len()), field.to_owned())
}

fn word(field: &str) -> String {
    let known = FIELDS.iter().find(|(known, _)| *known == field);
    let inner = |(start, said): &(&str, &str)| {
        let name = field.strip_prefix(start)?;
        Some(match name.split_once('.') {
            Some((name, "from")) => format!("varifrån {said} {} kommer", label(name)),
            name_and_more => format!("{said} {}", label(name_and_more.map_or(name, |(name, _)| name))),
        })
    };
    match known {
        Some((_, word)) => (*word).to_owned(),
        None => INNER.iter().find_map(inner).unwrap_or_else(|| field.to_owned()),
    }
}

pub(super) fn heading(part: ChangedPart) -> &'static str {
    match part {
        ChangedPart::Book => "Regelboken",
        ChangedPart::Rule => "Regler",
        ChangedPart::Amount => "Belopp",
        ChangedPart::Guideline => "Riktlinjer",
        ChangedPart::CountedIncome => "Inkomster som räknas utan bedömning",
        ChangedPart::Parameter => "Val som kommunen gör",
        ChangedPart::Law => "Rättskällor",
        ChangedPart::Value => "Namn som reglerna använder",
        ChangedPart::IncomeKind => "Slag av inkomster",
        ChangedPart::CostKind => "Slag av kostnader",
        ChangedPart::Authority => "Myndigheter",
        ChangedPart::Other => "Övrigt",
    }
}

/// The part's noun, and whether it is an ett-word.
fn noun(part: ChangedPart) -> (&'static str, &'static str, bool) {
    match part {
        ChangedPart::Book => ("uppgift om", "Regelboken, ", false),
        ChangedPart::Rule => ("regel:", "Regeln ", false),
        ChangedPart::Amount => ("belopp:", "Beloppet ", true),
        ChangedPart::Guideline => ("riktlinje för", "Riktlinjen för ", false),
        ChangedPart::CountedIncome => ("inkomst som räknas utan bedömning:", "Inkomsten ", false),
        ChangedPart::Parameter => ("val för kommunen:", "Valet ", true),
        ChangedPart::Law => ("rättskälla:", "Rättskällan ", false),
        ChangedPart::Value => ("namn:", "Namnet ", true),
        ChangedPart::IncomeKind => ("slag av inkomst:", "Inkomstslaget ", true),
        ChangedPart::CostKind => ("slag av kostnad:", "Kostnadsslaget ", true),
        ChangedPart::Authority => ("myndighet:", "Myndigheten ", false),
        ChangedPart::Other => ("avdelning:", "Avdelningen ", false),
    }
}

/// How one version of a book says things.
#[derive(Clone, Copy)]
pub(super) struct Wording<'a> {
    pub book: &'a RuleBook,
}

/// What differs in one field, as a sentence, and what it was and is where that is long.
pub(super) fn changed(
    (old, old_words): (&Element, Wording),
    (new, new_words): (&Element, Wording),
    field: &str,
) -> (String, Vec<String>) {
    let (before, after) = (old.field(field), new.field(field));
    let what = match field {
        "" | "amount" => new_words.named(new),
        "value" if new.part == ChangedPart::Parameter => new_words.named(new),
        _ => format!("{}: {}", new_words.named(new), word(field)),
    };
    if new.part == ChangedPart::Rule
        && matches!(field, "when" | "also")
        && let Some((told, mut details)) = conditions((old, old_words, before), (new, new_words, after))
    {
        details.extend(
            is_hidden((old, old_words, before), (new, new_words, after)).then(|| {
                format!("som det står: från {} till {}", before.unwrap_or_default(), after.unwrap_or_default())
            }),
        );
        return (format!("{what} {told}"), details);
    }
    if let Some(told) = at_once(new.part, field, before, after) {
        return (format!("{} {told}.", new_words.named(new)), Vec::new());
    }
    let said =
        |words: Wording, element: &Element, text: Option<&str>| text.map(|text| words.said(element, field, text));
    match (said(old_words, old, before), said(new_words, new, after)) {
        (Some(one), Some(two)) if one == two => {
            let raw = |said: &str, raw: Option<&str>| format!("{said}: {}", raw.unwrap_or_default());
            (format!("{what} skrivs på ett annat sätt"), vec![raw("från", before), raw("till", after)])
        }
        (Some(one), Some(two)) if is_short(&one) && is_short(&two) => {
            (format!("{what} ändras från {} till {}.", quoted(&one), quoted(&two)), Vec::new())
        }
        (Some(one), Some(two)) => (format!("{what} ändras"), vec![format!("från: {one}"), format!("till: {two}")]),
        (None, Some(two)) => (format!("{what} tillkommer: {}.", quoted(&two)), Vec::new()),
        (Some(one), None) => (format!("{what} tas bort (var {}).", quoted(&one)), Vec::new()),
        (None, None) => (what, Vec::new()),
    }
}

type Condition<'a> = (&'a Element, Wording<'a>, Option<&'a str>);

/// Conditions that have gone and come; none where their words are the same.
fn conditions(old: Condition<'_>, new: Condition<'_>) -> Option<(&'static str, Vec<String>)> {
    let (old, new) = (said(old), said(new));
    Some(match (without(&old, &new).as_slice(), without(&new, &old).as_slice()) {
        ([], []) if old == new => return None,
        ([], []) => ("har samma delar i en annan ordning.", Vec::new()),
        ([gone], [come]) => ("ändras", vec![format!("från: {gone}"), format!("till: {come}")]),
        (gone, come) => {
            let gone = gone.iter().map(|one| format!("gäller inte längre: {one}"));
            ("ändras", gone.chain(come.iter().map(|one| format!("nytt: {one}"))).collect())
        }
    })
}

/// Whether more of a condition differs as it is written than in words.
fn is_hidden(old: Condition<'_>, new: Condition<'_>) -> bool {
    let written = |(_, _, text): Condition<'_>| {
        let template = text.and_then(|text| Template::parse(text).ok());
        template.map(|template| template.conditions(&|_| None)).unwrap_or_default()
    };
    let count = |old: &[String], new: &[String]| (without(old, new).len(), without(new, old).len());
    count(&written(old), &written(new)) != count(&said(old), &said(new))
}

fn said((element, words, text): Condition<'_>) -> Vec<String> {
    text.map(|text| words.conditions(element, text)).unwrap_or_default()
}

fn without<'a>(parts: &'a [String], others: &[String]) -> Vec<&'a String> {
    parts.iter().filter(|part| !others.contains(part)).collect()
}

/// What a field that needs no name of its own has become.
fn at_once(part: ChangedPart, field: &str, before: Option<&str>, after: Option<&str>) -> Option<String> {
    let until = |said: &str, month: &str| match before {
        Some(before) => format!("gäller {said} {month} i stället för {before}"),
        None => format!("gäller nu {said} {month}"),
    };
    Some(match (field, after) {
        ("valid.from" | "from", Some(month)) => until("från och med", month),
        ("valid.to" | "to", Some(month)) => until("till och med", month),
        ("valid.to" | "to", None) => format!("gäller nu tills vidare (var till och med {})", before?),
        ("verified", Some(yes)) => {
            let verified = if noun(part).2 { "verifierat" } else { "verifierad" };
            if yes == "ja" { format!("är nu {verified}") } else { format!("är inte längre {verified}") }
        }
        _ => return None,
    })
}

/// Whether a text is read at a glance within a sentence.
fn is_short(text: &str) -> bool {
    text.chars().count() <= 40 && !text.contains('”')
}

/// A text within a sentence; amounts and single words need no quotation marks.
fn quoted(text: &str) -> String {
    let is_plain = !text.contains(' ') || text.ends_with(" kr");
    if is_plain { text.to_owned() } else { format!("”{text}”") }
}

/// A table that is new or gone: a line for each amount.
pub(super) fn table(title: &Change, changes: &[Change]) -> ToldLine {
    let (year, _) = title.name.split_once(' ').unwrap_or_default();
    let said = |change: &Change| change.after.clone().or_else(|| change.before.clone()).unwrap_or_default();
    let text = match title.change {
        ChangeKind::Added => format!("Ny tabell för {year}: {}.", said(title)),
        _ => format!("Tabellen för {year} är borttagen: {}.", said(title)),
    };
    let (mut amounts, mut others) = (Vec::new(), Vec::new());
    for change in changes.iter().filter(|change| change.part == title.part && change.change == title.change) {
        match change.name.split_once(' ') {
            Some((of, "title")) if of == year => {}
            Some((of, field)) if of == year && is_of_table(field) => {
                others.push(of_table(field, &said(change)));
            }
            Some((of, cell)) if of == year => amounts.push((cell, said(change))),
            _ => {}
        }
    }
    amounts.sort_by_key(|(cell, _)| cell_order(cell));
    let amounts = amounts.into_iter().map(|(cell, said)| format!("{}: {said}", cell_title(cell)));
    ToldLine { text, details: amounts.chain(others).collect() }
}

/// Whether it is said of the table and is no amount in it.
fn is_of_table(field: &str) -> bool {
    matches!(field, "title" | "note" | "caution" | "uplift_percent" | "sources")
}

/// What is said of a table as a whole.
fn of_table(field: &str, said: &str) -> String {
    match field {
        "note" => format!("Anmärkning: {said}"),
        "caution" => format!("Att tänka på: {said}"),
        "uplift_percent" => format!("Uppräkning från året före: {} procent", said.replace('.', ",")),
        _ => format!("Källor: {said}"),
    }
}

impl<'a> Wording<'a> {
    /// That a thing is new or gone, as a sentence.
    pub fn whole(self, element: &Element, change: ChangeKind) -> String {
        let (noun, _, neuter) = noun(element.part);
        let summary = if element.part == ChangedPart::Rule { String::new() } else { self.summary(element) };
        if change == ChangeKind::Added && is_chosen(element) {
            return format!("{} är {}.", self.named(element), quoted(&summary));
        }
        if change == ChangeKind::Added {
            let new = if neuter { "Nytt" } else { "Ny" };
            let told = if summary.is_empty() { String::new() } else { format!(": {summary}") };
            return format!("{new} {noun} {}{told}.", self.own_name(element));
        }
        let gone = if neuter { "borttaget" } else { "borttagen" };
        let told = if summary.is_empty() { String::new() } else { format!(" (var: {summary})") };
        format!("{} är {gone}{told}.", self.named(element))
    }

    /// Every field of a thing that is new or gone.
    pub fn summary(self, element: &Element) -> String {
        let field = |name: &str| element.field(name).map(|text| self.said(element, name, text)).unwrap_or_default();
        match element.part {
            ChangedPart::Amount if element.field("verified").is_some() => match element.field("amount") {
                Some(_) => format!("{} ({})", field("amount"), field("source")),
                None => "inte verifierat, används inte".to_owned(),
            },
            ChangedPart::Guideline if element.field("ceiling.single").is_some() => {
                let per = element.field("per").map(|_| format!(" för {}", field("per"))).unwrap_or_default();
                format!("{} för en ensam och {} för en familj{per}", field("ceiling.single"), field("ceiling.family"))
            }
            _ => {
                let mut fields: Vec<&(String, String)> =
                    element.fields.iter().filter(|(name, _)| !is_in_name(element.part, name)).collect();
                fields.sort_by_key(|(field, _)| place(field));
                let told = fields.into_iter().map(|(name, _)| match name.as_str() {
                    "" => field(name),
                    _ => format!("{}: {}", word(name), field(name)),
                });
                told.collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// What a rule says, a line each.
    pub fn details(self, element: &Element) -> Vec<String> {
        let rule = (element.part == ChangedPart::Rule).then(|| self.rule(&element.name, element.from.as_deref()));
        let Some(rule) = rule.flatten() else { return Vec::new() };
        let told = self.book.rule_words(rule);
        let mut details = vec![told.explanation, format!("Gäller perioder {}.", told.valid)];
        details.extend(told.for_each.map(|each| format!("Prövas för {each}.")));
        match told.conditions.as_slice() {
            [] => details.push("Gäller alltid.".to_owned()),
            conditions => details.push(format!("Gäller när {}.", conditions.join("; och "))),
        }
        details.extend(told.effects);
        let laws = told.laws.into_iter().map(|law| {
            let valid = (law.valid != valid(Validity::ALWAYS)).then_some(law.valid);
            let told = valid.into_iter().chain((!law.verified).then(|| "ej verifierad källa".to_owned()));
            let told = told.collect::<Vec<_>>().join(", ");
            let told = if told.is_empty() { told } else { format!(" ({told})") };
            format!("Rättskälla: {}{told}.", law.text)
        });
        details.extend(laws);
        details
    }

    fn named(self, element: &Element) -> String {
        let (_, noun, _) = noun(element.part);
        match (element.part, element.name.split_once(' ')) {
            (ChangedPart::Amount, Some((year, field))) if is_of_table(field) => {
                format!("Tabellen för {year}, {}", word(field))
            }
            (ChangedPart::Guideline, _) if element.field("valid.from").is_none() => {
                format!("Riktlinjerna, {}", word(&element.name))
            }
            _ if is_chosen(element) => format!("Kommunens val för {}", self.own_name(element)),
            _ => format!("{noun}{}", self.own_name(element)),
        }
    }

    /// A thing's name, with what makes it readable and tells it from others of the same name.
    fn own_name(self, element: &Element) -> String {
        let name = &element.name;
        let titled = |title: Option<&str>| title.map_or_else(|| name.clone(), |title| format!("”{title}” ({name})"));
        match element.part {
            ChangedPart::Book => word(name),
            ChangedPart::Amount => match name.split_once(' ') {
                Some((year, cell)) => format!("för ”{}” {year}", cell_title(cell)),
                None => name.clone(),
            },
            ChangedPart::Rule => self.rule_name(name, element.from.as_deref()),
            ChangedPart::Parameter => {
                let id = name.split(' ').next().unwrap_or_default();
                let found = self.book.parameters().all().find(|(known, _)| *known == id);
                found.map_or_else(|| name.clone(), |(_, parameter)| format!("”{}” ({id})", parameter.title))
            }
            ChangedPart::Authority | ChangedPart::Value => titled(element.field("title")),
            ChangedPart::Law => titled(element.field("text")),
            ChangedPart::Guideline => {
                element.from.as_ref().map_or_else(|| name.clone(), |from| format!("{name} från {from}"))
            }
            _ => name.clone(),
        }
    }

    /// A rule by its title, its name, and from when it applies.
    pub fn rule_name(self, id: &str, from: Option<&str>) -> String {
        let from_when = from.map(|from| format!(", från {from}")).unwrap_or_default();
        match self.rule(id, from) {
            Some(rule) => format!("”{}” ({id}{from_when})", rule.title.outline(&self.book.words(&rule.cells))),
            None => format!("{id}{from_when}"),
        }
    }

    fn rule(self, id: &str, from: Option<&str>) -> Option<&'a Rule> {
        let begins = |rule: &Rule| rule.validity.from.map(|from| from.to_string());
        self.book.rules().iter().find(|rule| rule.id == id && begins(rule).as_deref() == from)
    }

    fn conditions(self, element: &Element, text: &str) -> Vec<String> {
        let cells = cells(element);
        Template::parse(text).map(|template| template.conditions(&self.book.words(&cells))).unwrap_or_default()
    }

    /// A value in words: amounts in kronor, expressions and words of the files as the public rule book says them.
    fn said(self, element: &Element, field: &str, value: &str) -> String {
        let is_amount = match element.part {
            ChangedPart::Amount => field == "amount",
            ChangedPart::Guideline => field.starts_with("ceiling."),
            _ => false,
        };
        if let (true, Ok(amount)) = (is_amount, value.parse::<Decimal>()) {
            return format!("{} kr", money::kr(amount));
        }
        match (element.part, field) {
            (ChangedPart::Rule, "law") => {
                let rule = self.rule(&element.name, element.from.as_deref());
                let laws = rule.map(|rule| self.book.rule_words(rule).laws).unwrap_or_default();
                laws.into_iter().map(|law| law.text).collect::<Vec<_>>().join("; ")
            }
            (_, "for_each") => for_each(value).to_owned(),
            (ChangedPart::Rule, "line.part") => total(value).to_owned(),
            (ChangedPart::Rule, name) if name.starts_with("cells.") => {
                Template::parse(value).map_or_else(|_| value.to_owned(), |cell| self.book.cell_words(&cell))
            }
            (ChangedPart::Rule, "refer.unknown") => value.split(", ").map(total).collect::<Vec<_>>().join(", "),
            (ChangedPart::Rule | ChangedPart::Value, _) if value.contains("${") => {
                let cells = cells(element);
                let words = self.book.words(&cells);
                Template::parse(value).map_or_else(|_| value.to_owned(), |template| template.readable(&words))
            }
            (ChangedPart::Parameter, "" | "value") => {
                let id = element.name.split(' ').next().unwrap_or_default();
                let parameter = self.book.parameters().all().find(|(known, _)| *known == id);
                parameter.and_then(|(_, parameter)| parameter.meaning(value)).unwrap_or(value).to_owned()
            }
            (ChangedPart::IncomeKind, "reported_by") => {
                value.split(", ").map(|id| self.book.authority_title(id)).collect::<Vec<_>>().join(", ")
            }
            (ChangedPart::IncomeKind, "counted") if value == "by_guideline" => "när riktlinjerna säger det".to_owned(),
            (ChangedPart::IncomeKind, "counted") => "alltid".to_owned(),
            (ChangedPart::Guideline, "per") if value == "person" => "varje person".to_owned(),
            (ChangedPart::Guideline, "per") => "hushållet".to_owned(),
            _ => value.to_owned(),
        }
    }
}

/// Whether it is what the municipality has chosen, of what the book offers.
fn is_chosen(element: &Element) -> bool {
    element.part == ChangedPart::Parameter && element.name.contains(' ')
}

/// Whether a field is told in the thing's name.
fn is_in_name(part: ChangedPart, field: &str) -> bool {
    match part {
        ChangedPart::Authority | ChangedPart::Value | ChangedPart::Parameter => field == "title",
        ChangedPart::Law => field == "text",
        _ => false,
    }
}

/// The cells of a rule, by their names in it.
fn cells(element: &Element) -> Vec<(String, Template)> {
    let cells = element.fields.iter().filter_map(|(field, text)| Some((field.strip_prefix("cells.")?, text)));
    cells.filter_map(|(name, text)| Some((name.to_owned(), Template::parse(text).ok()?))).collect()
}

fn for_each(value: &str) -> &str {
    let known = ForEach::ALL.into_iter().find(|for_each| for_each.name() == Some(value));
    match (known.and_then(each), value) {
        (Some(said), _) => said,
        (None, "result") => "resultatet",
        (None, "household") => "hushållet",
        (None, other) => other,
    }
}

/// What a total is called; `cost` is a line of the need.
fn total(value: &str) -> &str {
    match value {
        "norm" => "riksnormen",
        "need" | "cost" => "behovet",
        "income" => "inkomsterna",
        "choice" => "beloppet, som handläggaren väljer",
        other => other,
    }
}
