//! The tree of an expression: everything that an expression may contain, and nothing else.

use std::sync::Arc;

use crate::Value;
use crate::branch::Seen;
use crate::functions::Function;

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
        name: String,
        properties: Vec<Property>,
    },
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Property {
        of: Box<Node>,
        name: String,
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
    /// A condition that is watched (see [`crate::branch`]); never made by reading a text.
    Watched {
        of: Box<Node>,
        seen: Arc<Seen>,
    },
}

impl Node {
    /// The parts, in the order they stand.
    pub fn children(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Constant(_) | Kind::Path { .. } => Vec::new(),
            Kind::List(parts) | Kind::And(parts) | Kind::Or(parts) | Kind::Coalesce(parts) => parts.iter().collect(),
            Kind::Call { arguments, .. } => arguments.iter().collect(),
            Kind::Map(entries) => entries.iter().map(|(_, node)| node).collect(),
            Kind::Property { of, .. } | Kind::Not(of) | Kind::Negate(of) | Kind::Watched { of, .. } => vec![of],
            Kind::Index { of, at } => vec![of, at],
            Kind::Each { list, closure, .. } => vec![list, &closure.body],
            Kind::Binary { left, right, .. } => vec![left, right],
            Kind::If { condition, yes, no } => vec![condition, yes, no],
        }
    }

    /// The parts, to be changed.
    pub fn children_mut(&mut self) -> Vec<&mut Node> {
        match &mut self.kind {
            Kind::Constant(_) | Kind::Path { .. } => Vec::new(),
            Kind::List(parts) | Kind::And(parts) | Kind::Or(parts) | Kind::Coalesce(parts) => {
                parts.iter_mut().collect()
            }
            Kind::Call { arguments, .. } => arguments.iter_mut().collect(),
            Kind::Map(entries) => entries.iter_mut().map(|(_, node)| node).collect(),
            Kind::Property { of, .. } | Kind::Not(of) | Kind::Negate(of) | Kind::Watched { of, .. } => vec![of],
            Kind::Index { of, at } => vec![of, at],
            Kind::Each { list, closure, .. } => vec![list, &mut closure.body],
            Kind::Binary { left, right, .. } => vec![left, right],
            Kind::If { condition, yes, no } => vec![condition, yes, no],
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub name: String,
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

    /// Whether it gives yes or no.
    pub fn is_comparison(self) -> bool {
        !matches!(self, Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Remainder)
    }

    /// The comparison that holds when this one does not; what calculates has none.
    pub fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Greater => Self::LessOrEqual,
            Self::LessOrEqual => Self::Greater,
            calculating => calculating,
        }
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
