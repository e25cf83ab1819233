//! What can be seen of an expression without any values: conditions that never change, and how a text that is put together begins.

use rust_decimal::Decimal;

use crate::Value;
use crate::node::{Each, Kind, Node, Operator};
use crate::written::written;

/// Something about one part of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where the part stands in the source, in bytes.
    pub offset: usize,
    /// How many bytes a caret underlines.
    pub length: usize,
    /// What is wrong, in Swedish.
    pub message: String,
    /// What to do about it, in Swedish.
    pub hint: String,
}

impl Finding {
    /// The same finding, in a source in which the expression starts at `by`.
    pub(crate) fn shifted(self, by: usize) -> Self {
        Self { offset: self.offset + by, ..self }
    }
}

/// Conditions that are the same for all values. `is_condition`: the whole is one too.
pub(crate) fn constant_conditions(root: &Node, is_condition: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    walk(root, is_condition, &mut findings);
    findings
}

fn walk(node: &Node, is_condition: bool, findings: &mut Vec<Finding>) {
    let before = findings.len();
    match &node.kind {
        Kind::And(parts) | Kind::Or(parts) => {
            let is_and = matches!(node.kind, Kind::And(_));
            for (index, part) in parts.iter().enumerate() {
                let texts: Vec<String> = parts[..index].iter().map(written).collect();
                if texts.contains(&written(part)) {
                    found(findings, part, format!("”{}” står två gånger i villkoret", written(part)));
                }
                if texts.contains(&opposite(part)) {
                    let always = if is_and { "aldrig" } else { "alltid" };
                    found(
                        findings,
                        part,
                        format!("villkoret gäller {always}: ”{}” står mot ”{}”", written(part), opposite(part)),
                    );
                }
            }
            let is_opposed = findings.len() > before;
            if is_and
                && !is_opposed
                && let Some(part) = out_of_bounds(parts)
            {
                found(findings, part, format!("villkoret gäller aldrig: ”{}” går inte ihop med resten", written(part)));
            }
            for part in parts {
                walk(part, true, findings);
            }
        }
        Kind::Not(of) => walk(of, true, findings),
        Kind::If { condition, yes, no } => {
            walk(condition, true, findings);
            walk(yes, is_condition, findings);
            walk(no, is_condition, findings);
        }
        Kind::Each { what, list, closure } => {
            walk(list, false, findings);
            walk(&closure.body, *what != Each::Map, findings);
        }
        _ => {
            if is_condition && names_nothing(node) {
                found(findings, node, format!("villkoret ”{}” är alltid detsamma", written(node)));
            } else if let Kind::Binary { operator, left, right } = &node.kind
                && operator.is_comparison()
                && written(left) == written(right)
            {
                found(findings, node, format!("”{}” jämför en sak med sig själv", written(node)));
            }
            for child in node.children() {
                walk(child, false, findings);
            }
        }
    }
}

fn found(findings: &mut Vec<Finding>, at: &Node, message: String) {
    let hint = "skriv om villkoret, eller ta bort den delen av det".to_owned();
    findings.push(Finding { offset: at.offset, length: at.length, message, hint });
}

fn names_nothing(node: &Node) -> bool {
    !matches!(node.kind, Kind::Path { .. }) && node.children().into_iter().all(names_nothing)
}

/// The condition that holds when this one does not.
fn opposite(node: &Node) -> String {
    match &node.kind {
        Kind::Not(of) => written(of),
        Kind::Binary { operator, left, right } if operator.is_comparison() => {
            let operator = operator.opposite();
            written(&Node { kind: Kind::Binary { operator, left: left.clone(), right: right.clone() }, ..node.clone() })
        }
        _ => written(&Node { kind: Kind::Not(Box::new(node.clone())), ..node.clone() }),
    }
}

/// A part that compares the same thing with a constant as another part, so that no value satisfies both.
fn out_of_bounds(parts: &[Node]) -> Option<&Node> {
    let bounds: Vec<(&Node, String, Operator, &Value)> = parts.iter().filter_map(bound).collect();
    bounds.iter().enumerate().find_map(|(index, (node, what, operator, limit))| {
        let others = bounds[..index].iter().filter(|(_, other, ..)| other == what);
        let clash = others.into_iter().any(|(_, _, other, other_limit)| match (limit, other_limit) {
            (Value::Text(one), Value::Text(two)) => {
                (*operator, *other) == (Operator::Equal, Operator::Equal) && one != two
            }
            (one, two) => number(one).zip(number(two)).is_some_and(|(one, two)| excludes(*operator, one, *other, two)),
        });
        clash.then_some(*node)
    })
}

fn bound(node: &Node) -> Option<(&Node, String, Operator, &Value)> {
    let Kind::Binary { operator, left, right } = &node.kind else { return None };
    let Kind::Constant(limit) = &right.kind else { return None };
    operator.is_comparison().then(|| (node, written(left), *operator, limit))
}

fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(int) => Some(Decimal::from(*int)),
        Value::Decimal(decimal) => Some(*decimal),
        _ => None,
    }
}

/// Whether nothing is both. Amounts have decimals, so `> 1 && < 2` is not empty.
fn excludes(operator: Operator, one: Decimal, other: Operator, two: Decimal) -> bool {
    let ends_before = |upper: Option<(Decimal, bool)>, lower: Option<(Decimal, bool)>| {
        upper.zip(lower).is_some_and(|((upper, has_upper), (lower, has_lower))| {
            upper < lower || (upper == lower && !(has_upper && has_lower))
        })
    };
    ends_before(upper(operator, one), lower(other, two)) || ends_before(upper(other, two), lower(operator, one))
}

/// The greatest that a comparison lets through, and whether it does.
fn upper(operator: Operator, limit: Decimal) -> Option<(Decimal, bool)> {
    match operator {
        Operator::Less => Some((limit, false)),
        Operator::LessOrEqual | Operator::Equal => Some((limit, true)),
        _ => None,
    }
}

/// The least that a comparison lets through, and whether it does.
fn lower(operator: Operator, limit: Decimal) -> Option<(Decimal, bool)> {
    match operator {
        Operator::Greater => Some((limit, false)),
        Operator::GreaterOrEqual | Operator::Equal => Some((limit, true)),
        _ => None,
    }
}

/// The texts that the value of an expression is or begins with, where they stand in it.
pub(crate) fn beginnings(root: &Node) -> Vec<(String, usize)> {
    match &root.kind {
        Kind::Constant(Value::Text(text)) => vec![(text.to_string(), root.offset)],
        Kind::If { yes, no, .. } => beginnings(yes).into_iter().chain(beginnings(no)).collect(),
        Kind::Binary { operator: Operator::Add, left, .. } => beginnings(left),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::translate;

    fn messages(source: &str) -> Vec<String> {
        let root = translate(source).expect("an expression").0;
        constant_conditions(&root, true).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_condition_that_never_changes_is_found() {
        for (source, found) in [
            ("1 == 1", "alltid detsamma"),
            ("a.b > 0 && true", "alltid detsamma"),
            ("a.b == a.b", "med sig själv"),
            ("a && b && a", "två gånger"),
            ("a && !a", "gäller aldrig"),
            ("a.b < 0 || a.b >= 0", "gäller alltid"),
            ("x > 24 && x <= 10", "går inte ihop"),
            (r#"k == "a" && k == "b""#, "går inte ihop"),
            ("if 2 > 1 { a } else { b }", "alltid detsamma"),
            ("l.any(|x| 1 > 0)", "alltid detsamma"),
        ] {
            let messages = messages(source);
            assert!(messages.len() == 1 && messages[0].contains(found), "{source}: {messages:?}");
        }
        for fine in ["a && b || !a", "x >= 0 && x < 24", "x > 1 && x < 2", r#"k == "a" || k == "b""#, "(x ?? 6) >= 6"] {
            assert_eq!(messages(fine), Vec::<String>::new(), "{fine}");
        }
    }
}
