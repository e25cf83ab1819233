//! What is submitted: the same ten values for every contender, made from the number of the submission.

use serde_json::{Map, Value, json};

/// The fields of the form, in the order of the page. The last two ways of setting a field are at the end.
pub const FIELDS: [&str; 10] =
    ["namn", "gata", "postnummer", "ort", "telefon", "epost", "boende", "hushall", "samtycke", "meddelande"];

const TOWNS: [&str; 5] = ["Östersund", "Åmål", "Växjö", "Härnösand", "Ängelholm"];
pub const HOMES: [&str; 4] = ["Hyresrätt", "Bostadsrätt", "Villa", "Inneboende"];
pub const HOUSEHOLDS: [&str; 3] = ["Ensamstående", "Sammanboende", "Delar bostad"];

/// One submission: its reference and the values, in the order of [`FIELDS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub reference: String,
    pub values: [String; FIELDS.len()],
}

impl Row {
    fn new(number: usize) -> Self {
        let pick = |from: &[&str]| from[number % from.len()].to_owned();
        Self {
            reference: format!("F-{number:04}"),
            values: [
                format!("Anna Åström {number}"),
                format!("Björkgatan {number} B"),
                format!("{:03} {:02}", 100 + number, number % 100),
                pick(&TOWNS),
                format!("070-123 {:02} {:02}", number % 90 + 10, number % 70 + 10),
                format!("anna.astrom{number}@kommunen.example"),
                pick(&HOMES),
                pick(&HOUSEHOLDS),
                "ja".to_owned(),
                format!("Ansökan nummer {number}: familjen flyttade i maj, och hyran är höjd."),
            ],
        }
    }

    /// For the contenders that read JSON, and for `kollega run --items`.
    pub fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("nr".to_owned(), json!(self.reference));
        object.extend(FIELDS.iter().zip(&self.values).map(|(name, value)| ((*name).to_owned(), json!(value))));
        Value::Object(object)
    }
}

/// One to warm up, and then as many as are measured.
pub fn rows(measured: usize) -> Vec<Row> {
    (0..=measured).map(Row::new).collect()
}

/// The rows as a table with headers.
pub fn csv(rows: &[Row]) -> String {
    let head = format!("nr;{}", FIELDS.join(";"));
    let lines = rows.iter().map(|row| format!("{};{}", row.reference, row.values.join(";")));
    std::iter::once(head).chain(lines).map(|line| line + "\n").collect()
}
