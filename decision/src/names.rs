//! The names and fields that expressions of a rule book may use, and what kind of value each has, so that a slip of the
//! pen is found before any case.

use std::sync::Arc;

use expression::{Type, Types};

use crate::book_file::{BookFile, ForEach};
use crate::parameters::{Kind, Parameters};

/// What is known of a name before there is a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Bool,
    Number,
    Text,
    Word(Words),
    Date,
    Month,
    List(&'static Shape),
    Record(&'static [(&'static str, Shape)]),
    /// It may be empty.
    Maybe(&'static Shape),
    /// The municipality's choices, which the book names.
    Parameters,
}

/// The words that a text is one of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Words {
    Known(&'static [&'static str]),
    IncomeKinds,
    CostKinds,
    Authorities,
    /// An authority or the applicant.
    Sources,
}

const MAYBE_TEXT: Shape = Shape::Maybe(&Shape::Text);
const MAYBE_NUMBER: Shape = Shape::Maybe(&Shape::Number);
const MAYBE_MONTH: Shape = Shape::Maybe(&Shape::Month);

const PAST: Shape = Shape::Record(&[
    ("month", Shape::Month),
    ("result", Shape::Word(Words::Known(&["support", "denied", "none"]))),
    ("stimulus", Shape::Bool),
]);

const PERSON: Shape = Shape::Record(&[
    ("id", Shape::Text),
    ("role", Shape::Word(Words::Known(&["adult", "child"]))),
    ("born", Shape::Date),
    ("age", Shape::Number),
    ("born_in_period", Shape::Bool),
    ("assistance_months_in_row", MAYBE_NUMBER),
    ("jobbstimulans_since", MAYBE_MONTH),
    ("lunch_out", Shape::Bool),
    ("lunch_days", MAYBE_NUMBER),
    ("days_at_home", MAYBE_NUMBER),
    ("in_school", Shape::Maybe(&Shape::Bool)),
    ("earned_this_year", MAYBE_NUMBER),
    ("earned_before", MAYBE_NUMBER),
    ("history", Shape::Maybe(&Shape::List(&PAST))),
    ("own_work", Shape::Number),
    ("own_work_gross", Shape::Number),
]);

const HOUSEHOLD: Shape = Shape::Record(&[
    ("kind", Shape::Word(Words::Known(&["single", "couple", "shared"]))),
    ("community_size", Shape::Number),
    ("members", Shape::Number),
    ("family", Shape::Bool),
    ("adults", Shape::List(&PERSON)),
    ("children", Shape::List(&PERSON)),
]);

const INCOME: Shape = Shape::Record(&[
    ("person", Shape::Text),
    ("who", PERSON),
    ("kind", Shape::Word(Words::IncomeKinds)),
    ("net", Shape::Number),
    ("gross", MAYBE_NUMBER),
    ("period", MAYBE_MONTH),
    ("paid", Shape::Maybe(&Shape::Date)),
    ("source", Shape::Word(Words::Sources)),
    ("source_title", Shape::Text),
    ("already_reduced", Shape::Bool),
    ("origin", MAYBE_TEXT),
    ("known", Shape::Bool),
    ("reportable", Shape::Bool),
    ("right_source", Shape::Bool),
    ("always_counted", Shape::Bool),
    ("counted_by_guideline", Shape::Bool),
    ("month", MAYBE_MONTH),
    ("use", Shape::Word(Words::Known(&["counted", "compared", "listed", "outside", "unknown"]))),
    ("candidate", Shape::Bool),
]);

const INCOME_GROUP: Shape = Shape::Record(&[
    ("person", Shape::Text),
    ("kind", Shape::Word(Words::IncomeKinds)),
    ("reportable", Shape::Bool),
    ("declared", MAYBE_NUMBER),
    ("reported", MAYBE_NUMBER),
    ("authorities", Shape::Number),
    ("alike", Shape::Number),
]);

const INCOME_CHANGE: Shape = Shape::Record(&[
    ("person", Shape::Text),
    ("kind", Shape::Word(Words::IncomeKinds)),
    ("reportable", Shape::Bool),
    ("before", MAYBE_NUMBER),
    ("now", MAYBE_NUMBER),
]);

const COST: Shape = Shape::Record(&[
    ("kind", Shape::Word(Words::CostKinds)),
    ("applied", Shape::Number),
    ("person", MAYBE_TEXT),
    ("known", Shape::Bool),
    ("guideline", MAYBE_NUMBER),
    ("guideline_source", Shape::Text),
]);

const COST_GROUP: Shape = Shape::Record(&[
    ("kind", Shape::Word(Words::CostKinds)),
    ("person", MAYBE_TEXT),
    ("applied", Shape::Number),
    ("guideline", MAYBE_NUMBER),
    ("alike", Shape::Number),
]);

const AUTHORITY: Shape = Shape::Record(&[
    ("id", Shape::Word(Words::Authorities)),
    ("title", Shape::Text),
    ("answer", Shape::Word(Words::Known(&["ok", "partial", "error", "timeout", "not_asked"]))),
    ("answered", MAYBE_TEXT),
]);

const FLAGS: Shape = Shape::Record(&[
    ("protected_identity", Shape::Bool),
    ("first_application", Shape::Bool),
    ("interim_number", Shape::Bool),
]);

const ASSET: Shape = Shape::Record(&[("kind", Shape::Text), ("amount", Shape::Number)]);

/// The totals, which exist when everything else has been worked out.
pub(crate) const RESULT_NAME: (&str, Shape) = (
    "result",
    Shape::Record(&[
        ("norm", MAYBE_NUMBER),
        ("need", MAYBE_NUMBER),
        ("income", MAYBE_NUMBER),
        ("balance", MAYBE_NUMBER),
    ]),
);

/// Names that every rule may use.
const EVERYWHERE: &[(&str, Shape)] = &[
    ("date", Shape::Date),
    ("period", Shape::Month),
    ("application", Shape::Text),
    ("household", HOUSEHOLD),
    ("persons", Shape::List(&PERSON)),
    ("incomes", Shape::List(&INCOME)),
    ("income_groups", Shape::List(&INCOME_GROUP)),
    ("income_changes", Shape::List(&INCOME_CHANGE)),
    ("costs", Shape::List(&COST)),
    ("cost_groups", Shape::List(&COST_GROUP)),
    ("authorities", Shape::List(&AUTHORITY)),
    ("flags", FLAGS),
    ("assets", Shape::List(&ASSET)),
    ("surplus_previous", MAYBE_NUMBER),
    ("parameters", Shape::Parameters),
];

/// The names of a rule: the facts', and the one thing it is tried for.
pub(crate) fn names_of(for_each: ForEach) -> Vec<(&'static str, Shape)> {
    let mut names = EVERYWHERE.to_vec();
    let one = match for_each {
        ForEach::Household => None,
        ForEach::Person => Some(PERSON),
        ForEach::Income => Some(INCOME),
        ForEach::IncomeGroup => Some(INCOME_GROUP),
        ForEach::IncomeChange => Some(INCOME_CHANGE),
        ForEach::Cost => Some(COST),
        ForEach::CostGroup => Some(COST_GROUP),
        ForEach::Authority => Some(AUTHORITY),
        ForEach::Result => {
            names.push(RESULT_NAME);
            None
        }
    };
    names.extend(for_each.name().zip(one));
    names
}

/// The names of one rule book and their kinds, with its own words, and its parameters.
pub(crate) struct Names {
    income_kinds: Type,
    cost_kinds: Type,
    authorities: Type,
    sources: Type,
    parameters: Type,
    /// By what a rule is tried for, in the order of [`ForEach::ALL`].
    of: [Types; ForEach::ALL.len()],
}

impl Names {
    pub fn new(book: &BookFile, parameters: &Parameters) -> Self {
        let income_kinds = Type::one_of(book.income_kinds.iter().map(|kind| kind.kind.as_str()));
        let authorities = || book.authorities.iter().map(|authority| authority.id.value.as_str());
        let parameter = |kind: &Kind| match kind {
            Kind::Choice(choices) => Type::one_of(choices.keys().cloned()),
            Kind::Number => Type::Number,
            Kind::IncomeKinds(_) => Type::list(income_kinds.clone()),
        };
        let all = parameters.all().map(|(name, one)| (name.to_owned().into(), parameter(&one.kind)));
        let names = Self {
            parameters: Type::record(all.collect::<Vec<_>>()),
            of: Default::default(),
            cost_kinds: Type::one_of(book.cost_kinds.iter().cloned()),
            authorities: Type::one_of(authorities()),
            sources: Type::one_of(authorities().chain(["applicant"])),
            income_kinds,
        };
        Self { of: ForEach::ALL.map(|for_each| names.types(for_each)), ..names }
    }

    /// The names that a rule for such a thing may use.
    pub fn of(&self, for_each: ForEach) -> Types {
        self.of[for_each as usize].clone()
    }

    fn types(&self, for_each: ForEach) -> Types {
        let mut types = Types::default();
        for (name, shape) in names_of(for_each) {
            types.add(name, self.kind(shape));
        }
        match for_each {
            // It is in the list because it is in one or the other.
            ForEach::IncomeChange => types.one_is_there(&[&["income_change.before"], &["income_change.now"]]),
            ForEach::IncomeGroup => types.one_is_there(&[&["income_group.declared"], &["income_group.reported"]]),
            _ => {}
        }
        types.brings("result.need", &["result.norm"]);
        types.brings("result.balance", &["result.norm", "result.need", "result.income"]);
        types
    }

    pub fn kind(&self, shape: Shape) -> Type {
        match shape {
            Shape::Bool => Type::Bool,
            Shape::Number => Type::Number,
            Shape::Text => Type::Text(None),
            Shape::Word(words) => self.words(words),
            Shape::Date => Type::Date,
            Shape::Month => Type::Month,
            Shape::List(of) => Type::list(self.kind(*of)),
            Shape::Record(fields) => {
                let fields = fields.iter().map(|(name, shape)| ((*name).into(), self.kind(*shape)));
                Type::Record(fields.collect::<Arc<[_]>>())
            }
            Shape::Maybe(of) => self.kind(*of).maybe(),
            Shape::Parameters => self.parameters.clone(),
        }
    }

    fn words(&self, words: Words) -> Type {
        match words {
            Words::Known(words) => Type::one_of(words.iter().copied()),
            Words::IncomeKinds => self.income_kinds.clone(),
            Words::CostKinds => self.cost_kinds.clone(),
            Words::Authorities => self.authorities.clone(),
            Words::Sources => self.sources.clone(),
        }
    }
}
