//! From a place within a scalar's text to a place in the file, whatever quotes or block the text was written in.

use super::Place;

/// The place of `length` bytes at `offset` of `text`, which was written at `place` of `source`.
///
/// Quotes, escapes, indents and folds make counting unsure, so the word itself is looked for: the one with as many
/// equal words before it in the file's text as in the scalar.
pub fn locate(source: &str, place: Place, text: &str, offset: usize, length: usize) -> Place {
    let word = text.get(offset..offset + length).unwrap_or_default();
    let word = word.lines().next().unwrap_or_default().trim_end();
    let (Some(start), false) = (byte_of(source, place), word.is_empty()) else { return end_of(place) };
    let earlier = text.get(..offset).unwrap_or_default().matches(word).count();
    match source[start..].match_indices(word).nth(earlier) {
        Some((at, _)) => place_of(source, start + at, word.chars().count()),
        None => place,
    }
}

/// Just after the scalar, where something is missing.
fn end_of(place: Place) -> Place {
    Place { column: place.column + place.length.saturating_sub(1), length: 1, ..place }
}

fn byte_of(source: &str, place: Place) -> Option<usize> {
    let lines = source.split_inclusive('\n');
    let before: usize = lines.clone().take(place.line.checked_sub(1)?).map(str::len).sum();
    let line = lines.clone().nth(place.line - 1)?;
    let within = line.char_indices().nth(place.column.checked_sub(1)?).map_or(line.len(), |(at, _)| at);
    Some(before + within)
}

fn place_of(source: &str, byte: usize, length: usize) -> Place {
    let line_start = source[..byte].rfind('\n').map_or(0, |at| at + 1);
    let line = source[..byte].matches('\n').count() + 1;
    Place { line, column: source[line_start..byte].chars().count() + 1, length, quoted: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_found_in_quotes_and_blocks() {
        let source = "a: |\n  åå x\n  och x\nb: x\n";
        let place = Place { line: 1, column: 4, length: 1, quoted: true };
        let found = locate(source, place, "åå x\noch x\n", 11, 1);
        assert_eq!((found.line, found.column), (3, 7));
    }

    #[test]
    fn what_is_missing_at_the_end_is_shown_at_the_end() {
        let place = Place { line: 1, column: 4, length: 6, quoted: true };
        assert_eq!(locate("a: \"${1 +\"\n", place, "${1 +", 5, 1).column, 9);
    }
}
