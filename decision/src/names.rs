//! The names and fields that expressions of a rule book may use, so that a slip of the pen is found before any case.

use crate::book_file::ForEach;

/// What is known of a name before there is a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Bool,
    Number,
    Text,
    Date,
    Month,
    List,
    Record(&'static [(&'static str, Shape)]),
    /// A value of the book's own, or a cell.
    Any,
}

const PERSON: &[(&str, Shape)] = &[
    ("id", Shape::Text),
    ("role", Shape::Text),
    ("born", Shape::Date),
    ("age", Shape::Number),
    ("born_in_period", Shape::Bool),
    ("assistance_months_in_row", Shape::Number),
    ("jobbstimulans_since", Shape::Month),
    ("lunch_out", Shape::Bool),
    ("lunch_days", Shape::Number),
    ("days_at_home", Shape::Number),
    ("in_school", Shape::Bool),
    ("earned_this_year", Shape::Number),
    ("earned_before", Shape::Number),
    ("history", Shape::List),
    ("own_work", Shape::Number),
    ("own_work_gross", Shape::Number),
];

const HOUSEHOLD: &[(&str, Shape)] = &[
    ("kind", Shape::Text),
    ("community_size", Shape::Number),
    ("members", Shape::Number),
    ("family", Shape::Bool),
    ("adults", Shape::List),
    ("children", Shape::List),
];

const INCOME: &[(&str, Shape)] = &[
    ("person", Shape::Text),
    ("who", Shape::Record(PERSON)),
    ("kind", Shape::Text),
    ("net", Shape::Number),
    ("gross", Shape::Number),
    ("period", Shape::Month),
    ("paid", Shape::Date),
    ("source", Shape::Text),
    ("source_title", Shape::Text),
    ("already_reduced", Shape::Bool),
    ("origin", Shape::Text),
    ("known", Shape::Bool),
    ("reportable", Shape::Bool),
    ("right_source", Shape::Bool),
    ("always_counted", Shape::Bool),
    ("counted_by_guideline", Shape::Bool),
    ("month", Shape::Month),
    ("use", Shape::Text),
    ("candidate", Shape::Bool),
];

const INCOME_GROUP: &[(&str, Shape)] = &[
    ("person", Shape::Text),
    ("kind", Shape::Text),
    ("reportable", Shape::Bool),
    ("declared", Shape::Number),
    ("reported", Shape::Number),
    ("authorities", Shape::Number),
    ("alike", Shape::Number),
];

const INCOME_CHANGE: &[(&str, Shape)] = &[
    ("person", Shape::Text),
    ("kind", Shape::Text),
    ("reportable", Shape::Bool),
    ("before", Shape::Number),
    ("now", Shape::Number),
];

const COST: &[(&str, Shape)] = &[
    ("kind", Shape::Text),
    ("applied", Shape::Number),
    ("person", Shape::Text),
    ("known", Shape::Bool),
    ("guideline", Shape::Number),
    ("guideline_source", Shape::Text),
];

const COST_GROUP: &[(&str, Shape)] =
    &[("kind", Shape::Text), ("person", Shape::Text), ("applied", Shape::Number), ("guideline", Shape::Number)];

const AUTHORITY: &[(&str, Shape)] =
    &[("id", Shape::Text), ("title", Shape::Text), ("answer", Shape::Text), ("answered", Shape::Text)];

const FLAGS: &[(&str, Shape)] =
    &[("protected_identity", Shape::Bool), ("first_application", Shape::Bool), ("interim_number", Shape::Bool)];

const RESULT: &[(&str, Shape)] =
    &[("norm", Shape::Number), ("need", Shape::Number), ("income", Shape::Number), ("balance", Shape::Number)];

/// Names that every rule may use.
const EVERYWHERE: &[(&str, Shape)] = &[
    ("date", Shape::Date),
    ("period", Shape::Month),
    ("application", Shape::Text),
    ("household", Shape::Record(HOUSEHOLD)),
    ("persons", Shape::List),
    ("incomes", Shape::List),
    ("income_groups", Shape::List),
    ("income_changes", Shape::List),
    ("costs", Shape::List),
    ("cost_groups", Shape::List),
    ("authorities", Shape::List),
    ("flags", Shape::Record(FLAGS)),
    ("assets", Shape::List),
    ("surplus_previous", Shape::Number),
    ("parameters", Shape::Any),
];

/// The names of a rule: the facts', and the one thing it is tried for.
pub(crate) fn names_of(for_each: ForEach) -> Vec<(&'static str, Shape)> {
    let mut names = EVERYWHERE.to_vec();
    let one = match for_each {
        ForEach::Household => None,
        ForEach::Person => Some(Shape::Record(PERSON)),
        ForEach::Income => Some(Shape::Record(INCOME)),
        ForEach::IncomeGroup => Some(Shape::Record(INCOME_GROUP)),
        ForEach::IncomeChange => Some(Shape::Record(INCOME_CHANGE)),
        ForEach::Cost => Some(Shape::Record(COST)),
        ForEach::CostGroup => Some(Shape::Record(COST_GROUP)),
        ForEach::Authority => Some(Shape::Record(AUTHORITY)),
        ForEach::Result => {
            names.push(RESULT_NAME);
            None
        }
    };
    names.extend(for_each.name().zip(one));
    names
}

/// The totals, which exist when everything else has been worked out.
pub(crate) const RESULT_NAME: (&str, Shape) = ("result", Shape::Record(RESULT));

impl Shape {
    /// The fields that a value of this kind has; nothing when they are not known.
    pub fn fields(self) -> Option<Vec<&'static str>> {
        Some(match self {
            Self::Record(fields) => fields.iter().map(|(name, _)| *name).collect(),
            Self::Month => vec!["year", "number", "first_day", "last_day", "next", "previous", "days"],
            Self::Date => vec!["year", "month", "day"],
            Self::List => vec!["len"],
            Self::Bool | Self::Number | Self::Text => vec![],
            Self::Any => return None,
        })
    }

    /// What a field is, when the field exists.
    pub fn field(self, name: &str) -> Option<Shape> {
        match self {
            Self::Record(fields) => fields.iter().find(|(known, _)| *known == name).map(|(_, shape)| *shape),
            Self::Any => Some(Self::Any),
            other => other.fields()?.contains(&name).then_some(Self::Any),
        }
    }
}
