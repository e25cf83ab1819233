//! The JSON Schema of a rule book's files, for editors: what may stand where, and what it means, in Swedish.
//!
//! The shape comes from the structs that read the files; only the words are here.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json};

use crate::book_file::{AmountsFile, BookFile, GuidelinesFile};
use crate::cases::CasesFile;

/// The files of a rule book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `rulebook.yaml`.
    Rulebook,
    /// `amounts/*.yaml`.
    Amounts,
    /// `guidelines.yaml`.
    Guidelines,
    /// `cases/*.yaml`.
    Cases,
}

/// What the fields mean, by the struct that reads them; `*` is any struct.
const WORDS: &[(&str, &str, &str)] = &[
    ("BookFile", "rulebook", "Regelbokens namn, samma som mappens"),
    ("BookFile", "version", "Versionens namn, som står i varje förslag"),
    (
        "BookFile",
        "coverage",
        "required: en regel eller ett villkor som inget fall når, eller en månad mellan två regler, är ett fel; advised: en varning",
    ),
    ("BookFile", "parameters", "Det som lagen lämnar åt kommunen att välja"),
    ("BookFile", "authorities", "Myndigheterna vars uppgifter hämtas"),
    ("BookFile", "income_kinds", "Slagen av inkomster; andra tolkas aldrig"),
    ("BookFile", "cost_kinds", "Slagen av kostnader; andra tolkas aldrig"),
    ("BookFile", "laws", "Rättskällor, var och en med de tider då den gäller"),
    ("BookFile", "values", "Egna namn; de räknas uppifrån och får bara använda det som står ovanför"),
    ("BookFile", "rules", "Reglerna, uppifrån och ned"),
    ("*", "title", "Rubriken"),
    ("*", "explanation", "Varför regeln finns, för den som läser regelboken"),
    ("*", "choices", "Valen, vart och ett med vad det betyder"),
    ("*", "id", "Namnet"),
    ("*", "kind", "Slaget"),
    ("IncomeKindFile", "about", "Vad inkomsten är, vems den är och hur den räknas"),
    ("IncomeKindFile", "counted", "always: räknas; by_guideline: räknas bara om kommunens riktlinjer säger det"),
    ("*", "reported_by", "Myndigheter som redovisar slaget; deras uppgift gäller"),
    ("LawFile", "text", "Lag och paragraf"),
    ("LawFile", "verified", "true bara när någon har läst paragrafen"),
    ("InputFile", "from", "Var uppgiften kommer ifrån"),
    ("*", "from", "Från och med månaden (ÅÅÅÅ-MM)"),
    ("*", "to", "Till och med månaden (ÅÅÅÅ-MM); utelämnat: tills vidare"),
    ("RuleValidFile", "new", "true: regeln är ny, ingen med samma id gällde månaden före"),
    ("RuleValidFile", "ends", "true: regeln ska upphöra, ingen med samma id tar vid"),
    ("*", "name", "Namnet i uttryck"),
    ("*", "for_each", "Vad den prövas för; utelämnat: hushållet, en gång"),
    ("ParameterFile", "value", "Det som gäller om kommunen inte har valt något annat"),
    ("*", "value", "Ett uttryck ${…}"),
    ("RuleFile", "law", "En rättskälla under laws; den måste täcka hela giltigheten"),
    ("*", "valid", "Från och till och med månad"),
    ("RuleFile", "when", "Villkor, ett uttryck ${…}; utelämnat: alltid"),
    ("RuleFile", "cells", "Celler ur årets tabell, med det namn de får i regeln"),
    ("RuleFile", "also", "Ytterligare villkor som får använda cells"),
    ("RuleFile", "line", "En rad i beräkningen"),
    ("RuleFile", "exclude", "Visas med 0 kr, och ingen senare regel räknar den"),
    ("RuleFile", "refer", "Till handläggare"),
    ("RuleFile", "deny", "Avslag; bara för for_each: result"),
    ("RuleFile", "note", "En anmärkning till handläggaren"),
    ("RuleFile", "inputs", "Uppgifterna bakom raden"),
    ("LineFile", "part", "Vilken summa raden hör till"),
    ("LineFile", "amount", "Vad raden lägger till, ett uttryck ${…}; en inkomst är negativ"),
    ("*", "person", "Vem raden gäller"),
    ("*", "code", "Koden, för program"),
    ("ReferFile", "reason", "Skälet, för handläggaren"),
    ("ReferFile", "unknown", "Summor som inte går att veta när regeln träffar"),
    ("ReferFile", "conceal", "Inget annat av förslaget får visas"),
    ("ReferFile", "details", "Uppgifter till skälet"),
    ("NoteFile", "text", "Texten; kan innehålla ${…}"),
    ("AmountsFile", "year", "Året som beloppen gäller"),
    ("AmountsFile", "note", "Om tabellen"),
    ("AmountsFile", "caution", "En varning som följer med varje förslag för året"),
    ("AmountsFile", "uplift_percent", "Uppräkningen från året före; bara för rimlighetskontroll"),
    ("AmountsFile", "sources", "Var beloppen är lästa"),
    ("AmountsFile", "cells", "Beloppen, per månad i kronor"),
    ("AmountsFile", "known_wrong", "Fel som står i offentliga tabeller: ingen cell verifieras med dem"),
    ("KnownWrongFile", "cell", "Cellen"),
    ("KnownWrongFile", "amount", "Det felaktiga beloppet, inom citattecken"),
    ("KnownWrongFile", "where", "Var det står"),
    ("AmountsFile", "entries", "Vad var och en har skrivit in, utan att se den andras"),
    ("CellFile", "amount", "Kronor inom citattecken, eller null när det inte är verifierat"),
    ("CellFile", "source", "En av källorna under sources"),
    ("CellFile", "verified", "true bara när två personer har skrivit in samma belopp"),
    ("EntryFile", "by", "Den som skrev in"),
    ("EntryFile", "at", "Dagen (ÅÅÅÅ-MM-DD)"),
    ("EntryFile", "source", "Var beloppen är lästa"),
    ("EntryFile", "cells", "Celler och belopp"),
    ("GuidelinesFile", "municipality", "Kommunen"),
    ("GuidelinesFile", "source", "Riktlinjernas namn och beslut"),
    ("GuidelinesFile", "guidelines", "En rad för varje slag av kostnad"),
    ("GuidelinesFile", "counted_incomes", "Övriga inkomster som räknas utan bedömning"),
    ("GuidelinesFile", "parameters", "Regelbokens parametrar, som kommunen har valt dem"),
    ("GuidelineFile", "cost", "Ett av slagen under cost_kinds"),
    ("GuidelineFile", "per", "person: jämför var och en för sig"),
    ("GuidelineFile", "ceiling", "Riktlinjens belopp"),
    ("CeilingFile", "single", "För en ensam vuxen utan barn"),
    ("CeilingFile", "family", "För alla andra"),
    (
        "CasesFile",
        "guidelines",
        "shipped: räknade med cases/guidelines.yaml, vad kommunen än har valt; utelämnat: kommunens egna",
    ),
    ("CasesFile", "cases", "Räknade fall"),
    ("CaseFile", "case", "Fallets namn"),
    ("CaseFile", "like", "Ett fall ovanför, ändrat av set och remove"),
    ("CaseFile", "facts", "Underlaget, som till kollega suggest"),
    ("CaseFile", "set", "Platser i underlaget (/incomes/0/net) och vad som ska stå där"),
    ("CaseFile", "remove", "Platser i underlaget som tas bort"),
    ("CaseFile", "parameters", "Parametrar som gäller i det här fallet"),
    ("CaseFile", "counted_incomes", "Inkomster som kommunen räknar i det här fallet"),
    ("CaseFile", "guidelines", "Riktlinjer som gäller i det här fallet"),
    ("CaseFile", "cells", "Årets belopp i det här fallet; null är ett belopp som inte är verifierat"),
    ("CaseFile", "expect", "Facit, inskrivet för hand ur en källa"),
];

/// The schema of one kind of file (draft 7, which editors know best).
pub fn schema(kind: FileKind) -> Json {
    let settings = SchemaSettings::draft07();
    let (root, schema) = match kind {
        FileKind::Rulebook => ("BookFile", settings.into_generator().into_root_schema_for::<BookFile>()),
        FileKind::Amounts => ("AmountsFile", settings.into_generator().into_root_schema_for::<AmountsFile>()),
        FileKind::Guidelines => ("GuidelinesFile", settings.into_generator().into_root_schema_for::<GuidelinesFile>()),
        FileKind::Cases => ("CasesFile", settings.into_generator().into_root_schema_for::<CasesFile>()),
    };
    let mut schema = schema.to_value();
    in_swedish(root, &mut schema);
    if let Some(Json::Object(definitions)) = schema.get_mut("definitions") {
        for (name, definition) in definitions {
            in_swedish(name, definition);
        }
    }
    schema
}

/// Swedish words in place of the comments in the code, which are for those who read the code.
fn in_swedish(name: &str, schema: &mut Json) {
    without_descriptions(schema);
    let Some(Json::Object(properties)) = schema.get_mut("properties") else { return };
    for (field, property) in properties {
        if *property == Json::Bool(true) {
            *property = Json::Object(Map::new());
        }
        let words = WORDS.iter().find(|(of, known, _)| (*of == name || *of == "*") && known == field);
        if let (Some((_, _, text)), Json::Object(property)) = (words, &mut *property) {
            describe(property, text);
        }
    }
}

/// Draft 7 ignores what stands beside a `$ref`, so a described reference is put inside an `allOf`.
fn describe(property: &mut Map<String, Json>, text: &str) {
    if let Some(reference) = property.remove("$ref") {
        property.insert("allOf".to_owned(), serde_json::json!([{"$ref": reference}]));
    }
    property.insert("description".to_owned(), Json::from(text));
}

fn without_descriptions(schema: &mut Json) {
    match schema {
        Json::Object(fields) => {
            if fields.get("description").is_some_and(Json::is_string) {
                fields.remove("description");
            }
            let parts = fields.iter_mut().filter(|(key, _)| *key != "definitions");
            parts.for_each(|(_, part)| without_descriptions(part));
        }
        Json::Array(list) => list.iter_mut().for_each(without_descriptions),
        _ => {}
    }
}
