//! The tree of an expression: everything that an expression may contain, and nothing else.

use crate::Value;
use crate::functions::Function;
use crate::name::Name;

/// One part of an expression and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub kind: Kind,
    pub offset: usize,
    pub length: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Constant(Value),
    /// A name and the properties read directly from it: `item.hyra`.
    Path {
        name: Name,
        properties: Vec<Property>,
    },
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Property {
        of: Box<Node>,
        name: Name,
    },
    Index {
        of: Box<Node>,
        at: Box<Node>,
    },
    Call {
        function: &'static Function,
        arguments: Vec<Node>,
    },
    Each {
        what: Each,
        list: Box<Node>,
        closure: Closure,
    },
    Binary {
        operator: Operator,
        left: Box<Node>,
        right: Box<Node>,
    },
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    /// `a ?? b`: the first that is not empty.
    Coalesce(Vec<Node>),
    If {
        condition: Box<Node>,
        yes: Box<Node>,
        no: Box<Node>,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub name: Name,
    pub offset: usize,
}

/// `|a, b| body`; it can only be written where a list function takes it, so it never becomes a value.
#[derive(Debug, Clone)]
pub(crate) struct Closure {
    pub parameters: Vec<String>,
    pub body: Box<Node>,
}

/// The list functions that take a closure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Each {
    Map,
    Filter,
    Any,
    All,
    Find,
}

impl Each {
    pub const NAMES: [(&'static str, Self); 5] =
        [("map", Self::Map), ("filter", Self::Filter), ("any", Self::Any), ("all", Self::All), ("find", Self::Find)];

    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, each)| *each)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "%" => Self::Remainder,
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}
