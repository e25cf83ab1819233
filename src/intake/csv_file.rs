//! CSV as Excel and other programs write it: comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::sheet::{Cell, Line, Sheet};

/// UTF-8 read as Windows-1252: the file mixes the two.
const MIXED: &[&str] = &["Ã¥", "Ã¤", "Ã¶", "Ã…", "Ã„", "Ã–", "Ã©"];

/// The lines of a CSV file.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, String> {
    let (text, notes) = decoded(bytes)?;
    if text.contains('\0') {
        return Err("den är varken text eller en arbetsbok: spara som CSV UTF-8 eller .xlsx".into());
    }
    let (separator, text, above) = separated(&text);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let number = record.position().map_or(0, csv::Position::line);
        let cells = record.iter().map(Cell::text).collect();
        lines.push(Line { number: usize::try_from(number).unwrap_or(0) + above, cells });
    }
    Sheet::of(lines.into_iter(), notes)
}

/// The file's text, and what the reader should know of how it was read.
fn decoded(bytes: &[u8]) -> Result<(String, Vec<String>), String> {
    let broken = || "den är inte hel UTF-16: spara som CSV UTF-8 eller .xlsx".to_owned();
    for (mark, encoding) in [([0xff, 0xfe], UTF_16LE), ([0xfe, 0xff], UTF_16BE)] {
        if let Some(rest) = bytes.strip_prefix(&mark) {
            let text = encoding.decode_without_bom_handling_and_without_replacement(rest).ok_or_else(broken)?;
            return Ok((text.into_owned(), Vec::new()));
        }
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = str::from_utf8(bytes) {
        return Ok((text.to_owned(), Vec::new()));
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    // Five bytes have no meaning in Windows-1252.
    let unknown = text.chars().any(|letter| ('\u{80}'..='\u{9f}').contains(&letter));
    if unknown || MIXED.iter().any(|mixed| text.contains(mixed)) {
        return Err("den är varken UTF-8 eller Windows-1252: spara om den som CSV UTF-8 eller .xlsx".into());
    }
    Ok((text.into_owned(), vec!["filen är inte UTF-8 och lästes som Windows-1252".into()]))
}

/// The separator, what is to be read with it, and how many lines stand above: `sep=;` is Excel's own first line.
fn separated(text: &str) -> (u8, &str, usize) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(said) = first.trim_end().strip_prefix("sep=")
        && let [separator] = said.as_bytes()
    {
        return (*separator, rest, 1);
    }
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut quoted = false;
    let mut counts = [(b';', 0), (b'\t', 0), (b',', 0)];
    for byte in header.bytes() {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(separator, _)| *separator == byte && !quoted) {
            *count += 1;
        }
    }
    // Of equally many the first: a comma also stands within words.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b';', |(separator, _)| *separator);
    (most, text, 0)
}
