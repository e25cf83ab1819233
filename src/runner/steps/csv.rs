//! The step `csv`: a file with a header line into a list of rows, every value a text.

use expression::Value;

use super::super::error::Stop;
use super::super::work::Work;
use crate::bot::Csv;

impl Work<'_> {
    pub(super) async fn csv(&mut self, step: &Csv) -> Result<(), Stop> {
        let file = self.file(&self.text(&step.file)?);
        let wrong =
            |error: &dyn std::fmt::Display| Stop::permanent(format!("{} kan inte läsas: {error}", file.display()));
        // A file on a server that is away, or one that nobody writes, must not stop the rest of the program.
        let text = tokio::fs::read_to_string(&file).await.map_err(|error| wrong(&error))?;
        let text = text.trim_start_matches('\u{feff}');
        let separator =
            step.separator.as_ref().and_then(|text| text.value.bytes().next()).unwrap_or_else(|| guess(text));
        let mut reader = ::csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
        let headers = reader.headers().map_err(|error| wrong(&error))?.clone();
        let mut rows = Vec::<Value>::new();
        for record in reader.records() {
            let record = record.map_err(|error| wrong(&error))?;
            let row = headers.iter().zip(record.iter());
            let row: expression::Map =
                row.map(|(name, value)| (name.trim().into(), Value::from(value.trim().to_owned()))).collect();
            rows.push(row.into());
        }
        self.assign(&step.into.value, &Value::from(rows))
    }
}

/// The separator that stands most often in the header line.
fn guess(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    [b';', b'\t', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b';')
}
