//! An expression with one small mistake in it: what a test of rules must notice.

use crate::Value;
use crate::functions;
use crate::node::{Each, Kind, Node, Operator};
use crate::value::{View, view};
use crate::written::written;

/// One small change of a text with expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation {
    /// Where it is, in bytes from the beginning of the source.
    pub offset: usize,
    /// How many bytes a caret underlines.
    pub length: usize,
    /// The part as it stands.
    pub from: String,
    /// The part as it is changed.
    pub to: String,
    /// The whole text with the change.
    pub source: String,
}

/// Every tree that differs from this one in one place.
pub(crate) fn mutations(root: &Node, is_condition: bool) -> Vec<Mutation> {
    let mut made: Vec<Mutation> = Vec::new();
    let mut add = |node: &Node, to: &Node, whole: &Node| {
        let source = written(whole);
        if made.iter().all(|known| known.source != source) && source != written(root) {
            made.push(Mutation {
                offset: node.offset,
                length: node.length,
                from: written(node),
                to: written(to),
                source,
            });
        }
    };
    if is_condition {
        let negated = Node { kind: Kind::Not(Box::new(root.clone())), ..root.clone() };
        add(root, &negated, &negated);
    }
    for (index, node) in all(root).into_iter().enumerate() {
        for changed in changes(node) {
            let mut whole = root.clone();
            let mut left = index;
            if let Some(place) = nth_mut(&mut whole, &mut left) {
                *place = changed.clone();
                add(node, &changed, &whole);
            }
        }
    }
    made
}

/// Every node, parents before their children.
fn all(node: &Node) -> Vec<&Node> {
    let mut nodes = vec![node];
    nodes.extend(node.children().into_iter().flat_map(all));
    nodes
}

fn nth_mut<'n>(node: &'n mut Node, left: &mut usize) -> Option<&'n mut Node> {
    if *left == 0 {
        return Some(node);
    }
    *left -= 1;
    node.children_mut().into_iter().find_map(|child| nth_mut(child, left))
}

/// What one node may become.
fn changes(node: &Node) -> Vec<Node> {
    let with = |kind: Kind| Node { kind, offset: node.offset, length: node.length };
    match &node.kind {
        Kind::Constant(value) => constants(value).into_iter().map(|value| with(Kind::Constant(value))).collect(),
        Kind::Binary { operator, left, right } => others(*operator)
            .iter()
            .map(|operator| with(Kind::Binary { operator: *operator, left: left.clone(), right: right.clone() }))
            .collect(),
        Kind::Not(of) | Kind::Negate(of) => vec![of.as_ref().clone()],
        Kind::And(parts) => {
            let mut changed = vec![with(Kind::Or(parts.clone()))];
            changed.extend(without_one(parts).into_iter().map(|parts| alone_or(parts, |parts| with(Kind::And(parts)))));
            changed
        }
        Kind::Or(parts) => {
            let mut changed = vec![with(Kind::And(parts.clone()))];
            changed.extend(without_one(parts).into_iter().map(|parts| alone_or(parts, |parts| with(Kind::Or(parts)))));
            changed
        }
        Kind::Coalesce(parts) => {
            let kept = without_one(parts).into_iter();
            kept.map(|parts| alone_or(parts, |parts| with(Kind::Coalesce(parts)))).collect()
        }
        Kind::If { condition, yes, no } => {
            vec![with(Kind::If { condition: condition.clone(), yes: no.clone(), no: yes.clone() })]
        }
        Kind::Each { what, list, closure } => {
            let other = match what {
                Each::Any => Each::All,
                Each::All => Each::Any,
                Each::Filter => return vec![list.as_ref().clone()],
                Each::Map | Each::Find => return Vec::new(),
            };
            vec![with(Kind::Each { what: other, list: list.clone(), closure: closure.clone() })]
        }
        Kind::Call { function, arguments } => {
            let other = match function.name {
                "min" => "max",
                "max" => "min",
                "abs" | "round" => return vec![arguments[0].clone()],
                _ => return Vec::new(),
            };
            let other = functions::find(other).map(|function| Kind::Call { function, arguments: arguments.clone() });
            other.map(with).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The lists that lack one part.
fn without_one(parts: &[Node]) -> Vec<Vec<Node>> {
    let without = |gone: usize| parts.iter().enumerate().filter(move |(index, _)| *index != gone);
    (0..parts.len()).map(|gone| without(gone).map(|(_, part)| part.clone()).collect()).collect()
}

fn alone_or(parts: Vec<Node>, together: impl Fn(Vec<Node>) -> Node) -> Node {
    match <[Node; 1]>::try_from(parts) {
        Ok([alone]) => alone,
        Err(parts) => together(parts),
    }
}

fn constants(value: &Value) -> Vec<Value> {
    match view(value) {
        View::Bool(yes) => vec![Value::from(!yes)],
        View::Int(int) => vec![Value::from(int + 1), Value::from(int - 1)],
        View::Decimal(decimal) => {
            vec![Value::from(decimal + rust_decimal::Decimal::ONE), Value::from(decimal - rust_decimal::Decimal::ONE)]
        }
        View::Text(text) => vec![Value::from(format!("{text}~"))],
        _ => Vec::new(),
    }
}

/// The boundary, the opposite, and for arithmetic the inverse.
fn others(operator: Operator) -> &'static [Operator] {
    match operator {
        Operator::Add => &[Operator::Subtract],
        Operator::Subtract => &[Operator::Add],
        Operator::Multiply => &[Operator::Divide],
        Operator::Divide | Operator::Remainder => &[Operator::Multiply],
        Operator::Equal => &[Operator::NotEqual],
        Operator::NotEqual => &[Operator::Equal],
        Operator::Less => &[Operator::LessOrEqual, Operator::GreaterOrEqual],
        Operator::LessOrEqual => &[Operator::Less, Operator::Greater],
        Operator::Greater => &[Operator::GreaterOrEqual, Operator::LessOrEqual],
        Operator::GreaterOrEqual => &[Operator::Greater, Operator::Less],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::translate;

    fn changed(source: &str) -> Vec<String> {
        let root = translate(source).expect("an expression").0;
        mutations(&root, true).into_iter().map(|mutation| mutation.source).collect()
    }

    #[test]
    fn a_condition_is_negated_moved_at_its_boundary_and_loses_each_part() {
        assert_eq!(
            changed("a && b.c < 24"),
            [
                "!(a && b.c < 24)",
                "a || b.c < 24",
                "b.c < 24",
                "a",
                "a && b.c <= 24",
                "a && b.c >= 24",
                "a && b.c < 25",
                "a && b.c < 23"
            ]
        );
    }

    #[test]
    fn signs_fallbacks_texts_and_choices_are_changed() {
        assert_eq!(
            changed("(x ?? 0) == y"),
            ["!((x ?? 0) == y)", "(x ?? 0) != y", "0 == y", "x == y", "(x ?? 1) == y", "(x ?? -1) == y"]
        );
        assert_eq!(changed(r#"k == "lön""#), [r#"!(k == "lön")"#, r#"k != "lön""#, r#"k == "lön~""#]);
        let choice = changed("if a { -b } else { max(c, d) }");
        assert!(choice.contains(&"if a { max(c, d) } else { -b }".to_owned()), "{choice:?}");
        assert!(choice.contains(&"if a { b } else { max(c, d) }".to_owned()), "{choice:?}");
        assert!(choice.contains(&"if a { -b } else { min(c, d) }".to_owned()), "{choice:?}");
    }
}
