//! An expression as text again: for a changed one, and for the part of one that a report is about.

use crate::Value;
use crate::node::{Closure, Each, Kind, Node, Operator};
use crate::value::{View, view};

/// How tightly the parts hold together, from loosest to tightest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Choice,
    Or,
    And,
    Equality,
    Comparison,
    Coalesce,
    Sum,
    Product,
    Unary,
    Whole,
}

impl Level {
    /// What stands to the right of an operator: `a - (b - c)` keeps its parentheses.
    fn tighter(self) -> Self {
        match self {
            Self::Choice => Self::Or,
            Self::Or => Self::And,
            Self::And => Self::Equality,
            Self::Equality => Self::Comparison,
            Self::Comparison => Self::Coalesce,
            Self::Coalesce => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product => Self::Unary,
            Self::Unary | Self::Whole => Self::Whole,
        }
    }
}

/// The node as an expression that reads back as the same tree.
pub(crate) fn written(node: &Node) -> String {
    at_least(node, Level::Choice)
}

fn at_least(node: &Node, level: Level) -> String {
    let (text, own) = parts(node);
    if own < level { format!("({text})") } else { text }
}

fn parts(node: &Node) -> (String, Level) {
    match &node.kind {
        Kind::Constant(value) => constant(value),
        Kind::Path { name, properties } => {
            let mut text = name.clone();
            for property in properties {
                text += ".";
                text += &property.name;
            }
            (text, Level::Whole)
        }
        Kind::List(elements) => (format!("[{}]", list(elements)), Level::Whole),
        Kind::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, node)| format!("{}: {}", quoted(key), written(node))).collect();
            (format!("#{{{}}}", entries.join(", ")), Level::Whole)
        }
        Kind::Property { of, name } => (format!("{}.{name}", at_least(of, Level::Whole)), Level::Whole),
        Kind::Index { of, at } => (format!("{}[{}]", at_least(of, Level::Whole), written(at)), Level::Whole),
        Kind::Call { function, arguments } => (format!("{}({})", function.name, list(arguments)), Level::Whole),
        Kind::Each { what, list, closure } => (each(*what, list, closure), Level::Whole),
        Kind::Binary { operator, left, right } => {
            let level = level_of(*operator);
            let text = [&at_least(left, level), operator.symbol(), &at_least(right, level.tighter())].join(" ");
            (text, level)
        }
        Kind::Not(of) => (format!("!{}", at_least(of, Level::Whole)), Level::Unary),
        Kind::Negate(of) => (format!("-{}", at_least(of, Level::Whole)), Level::Unary),
        Kind::And(parts) => (joined(parts, " && ", Level::And), Level::And),
        Kind::Or(parts) => (joined(parts, " || ", Level::Or), Level::Or),
        // It would read back without parentheses too, but nobody knows that `x ?? 0 == y` is `(x ?? 0) == y`.
        Kind::Coalesce(parts) => (joined(parts, " ?? ", Level::Coalesce), Level::Choice),
        Kind::If { condition, yes, no } => {
            let text = format!("if {} {{ {} }} else {{ {} }}", written(condition), written(yes), written(no));
            (text, Level::Choice)
        }
        Kind::Watched { of, .. } => parts(of),
    }
}

fn level_of(operator: Operator) -> Level {
    match operator {
        Operator::Add | Operator::Subtract => Level::Sum,
        Operator::Multiply | Operator::Divide | Operator::Remainder => Level::Product,
        Operator::Equal | Operator::NotEqual => Level::Equality,
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => Level::Comparison,
    }
}

fn joined(parts: &[Node], between: &str, level: Level) -> String {
    parts.iter().map(|part| at_least(part, level.tighter())).collect::<Vec<_>>().join(between)
}

fn list(nodes: &[Node]) -> String {
    nodes.iter().map(written).collect::<Vec<_>>().join(", ")
}

fn each(what: Each, list: &Node, closure: &Closure) -> String {
    let name = Each::NAMES.iter().find(|(_, each)| *each == what).map_or("", |(name, _)| name);
    let parameters = closure.parameters.join(", ");
    format!("{}.{name}(|{parameters}| {})", at_least(list, Level::Whole), written(&closure.body))
}

fn constant(value: &Value) -> (String, Level) {
    match view(value) {
        View::Text(text) => (quoted(&text), Level::Whole),
        View::Int(int) if int < 0 => (int.to_string(), Level::Unary),
        View::Decimal(decimal) if decimal.is_sign_negative() => (decimal.to_string(), Level::Unary),
        View::Null => ("()".to_owned(), Level::Whole),
        _ => (value.to_string(), Level::Whole),
    }
}

fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            other => other.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::translate;

    fn again(source: &str) -> String {
        written(&translate(source).expect("an expression").0)
    }

    #[test]
    fn an_expression_is_written_with_the_parentheses_it_needs() {
        for source in [
            "!is_child || person.age < 21 && !(add_months(person.born, 252) in period)",
            "a - (b - c) * 2",
            "(a || b) && !(c && d)",
            "(x ?? 6) >= 6",
            r#"if a == 0 { "0" } else { if b { "å\"\\" } else { () } }"#,
            "list.filter(|one| one.amount > 0 && !one.seen).len",
            "-income.net + 1.50",
            r#"#{"a": [1, 2], "b": x[0]}"#,
            "1 - (-1)",
        ] {
            let once = again(source);
            assert_eq!(again(&once), once, "{source}");
        }
        assert_eq!(again("(a || b) && !(c && d)"), "(a || b) && !(c && d)");
        assert_eq!(again("a - (b - c) * 2"), "a - (b - c) * 2");
    }
}
