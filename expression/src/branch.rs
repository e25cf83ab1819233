//! Which way each condition of an expression has gone. A watched expression gives the same values as an unwatched one;
//! the unwatched one has nothing of this in it and pays nothing for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Value;
use crate::node::{Closure, Each, Kind, Node};
use crate::written::written;

/// One condition that can go either way: an operand of `&&`, `||` and `!`, the condition of an `if`, what a list
/// function asks of each element, or a whole condition.
#[derive(Debug, Clone)]
pub struct Branch {
    /// The condition as text.
    pub text: String,
    /// Where it stands in the source, in bytes.
    pub offset: usize,
    /// How many bytes a caret underlines.
    pub length: usize,
    seen: Arc<Seen>,
}

/// What a condition has been.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    yes: AtomicBool,
    no: AtomicBool,
}

impl Seen {
    /// Takes note of a value that a condition had.
    pub fn note(&self, value: &Value) {
        match value.as_bool() {
            Ok(true) => self.yes.store(true, Ordering::Relaxed),
            Ok(false) => self.no.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
    }
}

impl Branch {
    /// Whether the condition has held.
    pub fn was_true(&self) -> bool {
        self.seen.yes.load(Ordering::Relaxed)
    }

    /// Whether the condition has not held.
    pub fn was_false(&self) -> bool {
        self.seen.no.load(Ordering::Relaxed)
    }

    pub(crate) fn shifted(mut self, by: usize) -> Self {
        self.offset += by;
        self
    }
}

/// The same tree with every condition watched. `is_condition`: the whole is a condition too.
pub(crate) fn watched(node: &Node, is_condition: bool) -> (Node, Vec<Branch>) {
    let mut watcher = Watcher::default();
    let node = if is_condition || is_yes_or_no(node) { watcher.condition(node) } else { watcher.value(node) };
    watcher.branches.sort_by_key(|branch| branch.offset);
    (node, watcher.branches)
}

/// Whether the value can only be yes or no.
fn is_yes_or_no(node: &Node) -> bool {
    match &node.kind {
        Kind::And(_) | Kind::Or(_) | Kind::Not(_) => true,
        Kind::Each { what, .. } => matches!(what, Each::Any | Each::All),
        Kind::Binary { operator, .. } => operator.is_comparison(),
        _ => false,
    }
}

#[derive(Default)]
struct Watcher {
    branches: Vec<Branch>,
}

impl Watcher {
    fn condition(&mut self, node: &Node) -> Node {
        let kind = match &node.kind {
            // The whole has gone both ways when its parts have.
            Kind::And(parts) => Kind::And(parts.iter().map(|part| self.condition(part)).collect()),
            Kind::Or(parts) => Kind::Or(parts.iter().map(|part| self.condition(part)).collect()),
            Kind::Not(of) => Kind::Not(Box::new(self.condition(of))),
            Kind::If { condition, yes, no } => Kind::If {
                condition: Box::new(self.condition(condition)),
                yes: Box::new(self.condition(yes)),
                no: Box::new(self.condition(no)),
            },
            Kind::Constant(_) => return node.clone(),
            _ => {
                let seen = Arc::<Seen>::default();
                let (offset, length) = (node.offset, node.length);
                self.branches.push(Branch { text: written(node), offset, length, seen: Arc::clone(&seen) });
                Kind::Watched { of: Box::new(self.value(node)), seen }
            }
        };
        Node { kind, ..node.clone() }
    }

    fn value(&mut self, node: &Node) -> Node {
        let kind = match &node.kind {
            Kind::And(_) | Kind::Or(_) | Kind::Not(_) => return self.condition(node),
            Kind::If { condition, yes, no } => Kind::If {
                condition: Box::new(self.condition(condition)),
                yes: Box::new(self.value(yes)),
                no: Box::new(self.value(no)),
            },
            Kind::Each { what, list, closure } => {
                let list = Box::new(self.value(list));
                let body = match what {
                    Each::Map => self.value(&closure.body),
                    _ => self.condition(&closure.body),
                };
                let closure = Closure { body: Box::new(body), ..closure.clone() };
                Kind::Each { what: *what, list, closure }
            }
            _ => {
                let mut copy = node.clone();
                for child in copy.children_mut() {
                    *child = self.value(child);
                }
                return copy;
            }
        };
        Node { kind, ..node.clone() }
    }
}
