//! What kind of value something is, as far as that can be known before there is a value.

use std::borrow::Cow;
use std::sync::Arc;

use crate::node::Operator;

/// The kind of a value that is not there yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Nothing is known of it, so nothing can be said against it.
    Any,
    Bool,
    Number,
    /// A text; one of these words, where it can be no other.
    Text(Option<Arc<[String]>>),
    Date,
    Month,
    Personnummer,
    List(Arc<Type>),
    Record(Arc<[(Cow<'static, str>, Type)]>),
    /// Always empty.
    Empty,
    /// The kind, or empty.
    Maybe(Arc<Type>),
}

/// The kinds that operators and functions tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Bool,
    Number,
    Text,
    Date,
    Month,
    Personnummer,
    List,
    Record,
}

impl Sort {
    pub fn indefinite(self) -> &'static str {
        match self {
            Self::Bool => "ett ja/nej-värde",
            Self::Number => "ett tal",
            Self::Text => "en text",
            Self::Date => "ett datum",
            Self::Month => "en månad",
            Self::Personnummer => "ett personnummer",
            Self::List => "en lista",
            Self::Record => "en post",
        }
    }

    /// Whether two of the sort can be put in order.
    pub fn has_order(self) -> bool {
        matches!(self, Self::Number | Self::Date | Self::Month)
    }

    /// What two of the sort give; none where the operator can't be used.
    pub fn calculated(self, operator: Operator) -> Option<Type> {
        match self {
            Self::Number => Some(Type::Number),
            Self::Text if operator == Operator::Add => Some(Type::Text(None)),
            _ => None,
        }
    }
}

impl Type {
    /// One of some words.
    pub fn one_of<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Self {
        Self::Text(Some(words.into_iter().map(Into::into).collect()))
    }

    pub fn record(fields: impl IntoIterator<Item = (Cow<'static, str>, Self)>) -> Self {
        Self::Record(fields.into_iter().collect())
    }

    pub fn list(of: Self) -> Self {
        Self::List(Arc::new(of))
    }

    /// The same, which may also be empty.
    #[must_use]
    pub fn maybe(self) -> Self {
        match self {
            Self::Any | Self::Empty | Self::Maybe(_) => self,
            there => Self::Maybe(Arc::new(there)),
        }
    }

    /// The same where it is known not to be empty.
    #[must_use]
    pub fn there(&self) -> Self {
        if let Self::Maybe(of) = self { of.as_ref().clone() } else { self.clone() }
    }

    /// Whether it may be empty.
    pub fn may_be_empty(&self) -> bool {
        matches!(self, Self::Empty | Self::Maybe(_))
    }

    /// Its kind with an article.
    pub fn indefinite(&self) -> &'static str {
        self.sort().map_or("ett tomt värde", Sort::indefinite)
    }

    /// None where nothing is known of it, or there is nothing.
    pub(crate) fn sort(&self) -> Option<Sort> {
        Some(match self {
            Self::Any | Self::Empty => return None,
            Self::Bool => Sort::Bool,
            Self::Number => Sort::Number,
            Self::Text(_) => Sort::Text,
            Self::Date => Sort::Date,
            Self::Month => Sort::Month,
            Self::Personnummer => Sort::Personnummer,
            Self::List(_) => Sort::List,
            Self::Record(_) => Sort::Record,
            Self::Maybe(of) => return of.sort(),
        })
    }

    /// The fields that it has; none when they are not known.
    pub fn fields(&self) -> Option<Vec<&str>> {
        Some(match self {
            Self::Any | Self::Empty => return None,
            Self::Record(fields) => fields.iter().map(|(name, _)| name.as_ref()).collect(),
            Self::Month => vec!["year", "number", "first_day", "last_day", "next", "previous", "days"],
            Self::Date => vec!["year", "month", "day"],
            Self::Personnummer => vec!["is_valid", "is_interim", "is_samordning", "digits", "born"],
            Self::List(_) => vec!["len"],
            Self::Bool | Self::Number | Self::Text(_) => Vec::new(),
            Self::Maybe(of) => return of.fields(),
        })
    }

    /// What a field is, when the field exists.
    pub fn field(&self, name: &str) -> Option<Self> {
        Some(match (self, name) {
            (Self::Any | Self::Empty, _) => Self::Any,
            (Self::Maybe(of), _) => return of.field(name),
            (Self::Record(fields), _) => fields.iter().find(|(known, _)| known == name)?.1.clone(),
            (Self::Month, "year" | "number" | "days") | (Self::Date, "year" | "day") | (Self::List(_), "len") => {
                Self::Number
            }
            (Self::Month, "first_day" | "last_day") | (Self::Personnummer, "born") => Self::Date,
            (Self::Month, "next" | "previous") | (Self::Date, "month") => Self::Month,
            (Self::Personnummer, "is_valid" | "is_interim" | "is_samordning") => Self::Bool,
            (Self::Personnummer, "digits") => Self::Text(None),
            _ => return None,
        })
    }

    /// What is one or the other; none where they are of different kinds.
    pub(crate) fn or(&self, other: &Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Empty, one) | (one, Self::Empty) => one.clone().maybe(),
            (Self::Maybe(_), _) | (_, Self::Maybe(_)) => self.there().or(&other.there())?.maybe(),
            (Self::Text(Some(one)), Self::Text(Some(two))) => Self::one_of(one.iter().chain(two.iter()).cloned()),
            (Self::Text(_), Self::Text(_)) => Self::Text(None),
            (Self::List(one), Self::List(two)) => Self::list(one.or(two).unwrap_or(Self::Any)),
            (Self::Record(_), Self::Record(_)) if self != other => Self::Any,
            _ if self.sort() == other.sort() => self.clone(),
            _ => return None,
        })
    }
}
