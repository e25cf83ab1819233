//! From which month to which a rule, a law or a guideline applies.

use expression::Month;

use crate::Problem;
use crate::book_file::Text;
use crate::yaml::File;

/// The first and the last month, both counted; open where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub from: Option<Month>,
    pub to: Option<Month>,
}

impl Validity {
    pub const ALWAYS: Self = Self { from: None, to: None };

    pub fn read(file: &File, from: &Text, to: Option<&Text>) -> Result<Self, Problem> {
        Self::read_open(file, Some(from), to)
    }

    pub fn read_open(file: &File, from: Option<&Text>, to: Option<&Text>) -> Result<Self, Problem> {
        let month = |text: &Text| text.value.parse::<Month>().map_err(|message| file.at(text, message));
        let validity = Self { from: from.map(month).transpose()?, to: to.map(month).transpose()? };
        match (validity.from, validity.to, to) {
            (Some(from), Some(to), Some(text)) if to < from => Err(file.at(text, "slutar innan det börjar")),
            _ => Ok(validity),
        }
    }

    pub fn contains(self, period: Month) -> bool {
        self.from.is_none_or(|from| from <= period) && self.to.is_none_or(|to| period <= to)
    }

    pub fn overlaps(self, other: Self) -> bool {
        let starts_before_end = |a: Self, b: Self| a.from.is_none_or(|from| b.to.is_none_or(|to| from <= to));
        starts_before_end(self, other) && starts_before_end(other, self)
    }

    /// Whether every month of `whole` is in one of `parts`.
    pub fn is_covered_by(self, parts: &[Self]) -> bool {
        let mut sorted = parts.to_vec();
        sorted.sort_by_key(|part| part.from);
        let mut next = self.from;
        for part in sorted {
            let starts_in_time = part.from.is_none_or(|from| next.is_some_and(|next| from <= next));
            if !starts_in_time {
                return false;
            }
            match (part.to, self.to) {
                (None, _) => return true,
                (Some(to), Some(end)) if to >= end => return true,
                (Some(to), _) => next = next.max(Some(to.next())),
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validity(from: &str, to: &str) -> Validity {
        Validity { from: from.parse().ok(), to: to.parse().ok() }
    }

    #[test]
    fn months_at_both_ends_are_counted() {
        assert!(validity("2025-01", "2025-06").overlaps(validity("2025-06", "")));
        assert!(!validity("2025-01", "2025-06").overlaps(validity("2025-07", "")));
        assert!(validity("", "").overlaps(validity("2025-07", "")));
    }

    #[test]
    fn a_gap_between_laws_is_seen() {
        let whole = validity("2022-01", "");
        assert!(whole.is_covered_by(&[validity("2025-07", ""), validity("", "2025-06")]));
        assert!(!whole.is_covered_by(&[validity("2025-08", ""), validity("", "2025-06")]));
        assert!(!whole.is_covered_by(&[validity("2025-07", "")]));
        assert!(!whole.is_covered_by(&[validity("", "2025-06")]));
    }
}
