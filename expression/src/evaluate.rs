//! Working an expression out. The tree has no loops and no jumps; the budget bounds what lists and closures can cost.
//!
//! A value that is in the scope or in the expression is read where it is; only what is made anew is owned.

use std::borrow::Cow;

use crate::name::Name;
use crate::node::{Closure, Each, Kind, Node, Operator, Property};
use crate::{EvalError, Map, Scope, Value, operators, properties};

/// The error is boxed: it is rare, and every part of an expression hands its result on.
type Result<T> = std::result::Result<T, Box<EvalError>>;

/// How many nodes may be worked out, and characters or elements made, in one evaluation.
const BUDGET: usize = 2_000_000;
/// No text or list may become larger than this.
const LARGEST: usize = 200_000;

/// One evaluation: the scope, the closures' parameters in force, and what may still be spent.
pub(crate) struct Run<'a> {
    scope: &'a Scope,
    parameters: Vec<(&'a str, Cow<'a, Value>)>,
    left: usize,
}

impl<'a> Run<'a> {
    pub fn new(scope: &'a Scope) -> Self {
        Self { scope, parameters: Vec::new(), left: BUDGET }
    }

    /// The value of a node. Most are constants or names of what lies in the scope, and are only pointed at.
    #[inline]
    pub fn value(&mut self, node: &'a Node) -> Result<Cow<'a, Value>> {
        self.spend(1, node)?;
        match &node.kind {
            Kind::Constant(value) => Ok(Cow::Borrowed(value)),
            Kind::Path { name, properties } => match self.there(name, properties) {
                Some(value) => Ok(Cow::Borrowed(value)),
                None => self.path(node, name, properties),
            },
            _ => self.made(node),
        }
    }

    /// The value of a node that is neither a constant nor a name.
    fn made(&mut self, node: &'a Node) -> Result<Cow<'a, Value>> {
        let made = match &node.kind {
            Kind::Constant(_) | Kind::Path { .. } => return self.value(node),
            Kind::Property { of, name } => {
                let value = self.value(of)?;
                return read(value, name).map_err(|why| at(node, why));
            }
            Kind::Index { of, at } => return self.index(node, of, at),
            Kind::If { condition, yes, no } => {
                let chosen = if self.yes_or_no(condition)? { yes } else { no };
                return self.value(chosen);
            }
            Kind::Watched { of, seen } => {
                let value = self.value(of)?;
                seen.note(&value);
                return Ok(value);
            }
            Kind::Coalesce(parts) => return self.first_that_is_something(parts),
            Kind::Each { what, list, closure } => return self.each(node, *what, list, closure),
            Kind::List(elements) => Value::from(self.values(elements)?),
            Kind::Map(entries) => self.map(entries)?,
            Kind::Call { function, arguments } => {
                let called = match arguments.as_slice() {
                    [one] => (function.run)(&[self.value(one)?]),
                    [one, two] => (function.run)(&[self.value(one)?, self.value(two)?]),
                    more => {
                        let values = more.iter().map(|node| self.value(node)).collect::<Result<Vec<_>>>()?;
                        (function.run)(&values)
                    }
                };
                let value = called.map_err(|why| at(node, format!("{}: {why}", function.name)))?;
                self.bounded(node, value)?
            }
            Kind::Binary { operator, left, right } => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.calculated(node, *operator, &left, &right)?
            }
            Kind::Negate(of) => {
                let value = self.value(of)?;
                operators::apply(Operator::Subtract, &Value::Int(0), &value).map_err(|why| at(node, why))?
            }
            Kind::Not(_) | Kind::And(_) | Kind::Or(_) => Value::Bool(self.answer(node)?),
        };
        Ok(Cow::Owned(made))
    }

    #[inline]
    fn spend(&mut self, cost: usize, node: &Node) -> Result<()> {
        let left = self.left.checked_sub(cost);
        self.left = left.ok_or_else(|| at(node, "uttrycket kräver för mycket arbete".to_owned()))?;
        Ok(())
    }

    /// Charges what a call has made, and refuses what has grown too large.
    fn bounded(&mut self, node: &Node, value: Value) -> Result<Value> {
        let size = match &value {
            Value::Text(text) => text.len(),
            Value::List(list) => list.len(),
            _ => 0,
        };
        if size > LARGEST {
            return Err(at(node, "texten eller listan blir för stor".to_owned()));
        }
        self.spend(size, node)?;
        Ok(value)
    }

    fn values(&mut self, nodes: &'a [Node]) -> Result<Vec<Value>> {
        nodes.iter().map(|node| self.value(node).map(Cow::into_owned)).collect()
    }

    fn map(&mut self, entries: &'a [(String, Node)]) -> Result<Value> {
        let mut map = Map::new();
        for (key, node) in entries {
            map.insert(key.clone(), self.value(node)?.into_owned());
        }
        Ok(Value::from(map))
    }

    /// What lies in the scope under a name and in its records, where no more than that is asked for.
    #[inline]
    fn there(&self, name: &Name, properties: &'a [Property]) -> Option<&'a Value> {
        if !self.parameters.is_empty() {
            return None;
        }
        let mut value = self.scope.find(name)?;
        for property in properties {
            let fields = value.as_record()?.slice();
            value = &fields[property.name.find(fields, |(known, _)| known)?].1;
        }
        Some(value)
    }

    fn path(&self, node: &Node, name: &Name, properties: &'a [Property]) -> Result<Cow<'a, Value>> {
        let parameter =
            self.parameters.iter().rev().find(|(known, _)| **known == **name).map(|(_, value)| value.clone());
        let value = parameter.or_else(|| self.scope.find(name).map(Cow::Borrowed));
        let mut value = value.ok_or_else(|| at(node, format!("namnet ”{}” finns inte här", &**name)))?;
        for property in properties {
            value = read(value, &property.name)
                .map_err(|why| Box::new(EvalError::new(why, property.offset, property.name.len())))?;
        }
        Ok(value)
    }

    fn index(&mut self, node: &Node, of: &'a Node, place: &'a Node) -> Result<Cow<'a, Value>> {
        let is_written = matches!(place.kind, Kind::Constant(_));
        let (value, place) = (self.value(of)?, self.value(place)?);
        let found = match (value.as_ref(), place.as_ref()) {
            (Value::Record(record), Value::Text(name)) => {
                record.get(name).cloned().ok_or_else(|| {
                    // A name that was worked out may be a value of the case, and is not repeated.
                    at(node, if is_written { properties::missing(name) } else { "posten saknar det fältet".to_owned() })
                })?
            }
            (Value::List(list), Value::Int(index)) => {
                let found = usize::try_from(*index).ok().and_then(|index| list.get(index).cloned());
                found.ok_or_else(|| at(node, format!("listan har ingen plats {index} (den första är 0)")))?
            }
            _ => {
                let why = format!("{} kan inte slås upp med {}", value.indefinite(), place.indefinite());
                return Err(at(node, why));
            }
        };
        Ok(Cow::Owned(found))
    }

    fn calculated(&mut self, node: &Node, operator: Operator, left: &Value, right: &Value) -> Result<Value> {
        let value = operators::apply(operator, left, right).map_err(|why| at(node, why))?;
        if operator == Operator::Add { self.bounded(node, value) } else { Ok(value) }
    }

    /// The answer of a condition.
    pub fn yes_or_no(&mut self, node: &'a Node) -> Result<bool> {
        match &node.kind {
            Kind::Not(_) | Kind::And(_) | Kind::Or(_) => {
                self.spend(1, node)?;
                self.answer(node)
            }
            Kind::Binary { operator, left, right } => {
                self.spend(1, node)?;
                let (left, right) = (self.value(left)?, self.value(right)?);
                match operators::holds(*operator, &left, &right) {
                    Some(answer) => answer.map_err(|why| at(node, why)),
                    None => Err(no_condition(node, &self.calculated(node, *operator, &left, &right)?)),
                }
            }
            _ => {
                let value = self.value(node)?;
                value.as_bool().ok_or_else(|| no_condition(node, &value))
            }
        }
    }

    fn answer(&mut self, node: &'a Node) -> Result<bool> {
        match &node.kind {
            Kind::Not(of) => Ok(!self.yes_or_no(of)?),
            Kind::And(parts) => self.until(parts, false),
            Kind::Or(parts) => self.until(parts, true),
            _ => self.yes_or_no(node),
        }
    }

    /// `&&` (stops at no) and `||` (stops at yes).
    fn until(&mut self, parts: &'a [Node], stop: bool) -> Result<bool> {
        for part in parts {
            if self.yes_or_no(part)? == stop {
                return Ok(stop);
            }
        }
        Ok(!stop)
    }

    fn first_that_is_something(&mut self, parts: &'a [Node]) -> Result<Cow<'a, Value>> {
        for part in parts {
            let value = self.value(part)?;
            if !value.is_null() {
                return Ok(value);
            }
        }
        Ok(Cow::Owned(Value::Null))
    }

    fn each(&mut self, node: &Node, what: Each, list: &'a Node, closure: &'a Closure) -> Result<Cow<'a, Value>> {
        let value = self.value(list)?;
        let elements: Vec<Cow<'a, Value>> = match &value {
            Cow::Borrowed(Value::List(list)) => list.iter().map(Cow::Borrowed).collect(),
            Cow::Owned(Value::List(list)) => list.iter().cloned().map(Cow::Owned).collect(),
            _ => return Err(at(list, format!("en lista väntas, men det är {}", value.indefinite()))),
        };
        let mut kept: Vec<Value> = Vec::new();
        for (place, element) in elements.into_iter().enumerate() {
            self.spend(1, node)?;
            let result = self.call(closure, place, element.clone())?;
            if what == Each::Map {
                kept.push(result.into_owned());
                continue;
            }
            let yes = result.as_bool().ok_or_else(|| no_condition(&closure.body, &result))?;
            match what {
                Each::Any if yes => return Ok(Cow::Owned(Value::Bool(true))),
                Each::All if !yes => return Ok(Cow::Owned(Value::Bool(false))),
                Each::Find if yes => return Ok(element),
                Each::Filter if yes => kept.push(element.into_owned()),
                _ => {}
            }
        }
        Ok(Cow::Owned(match what {
            Each::Map | Each::Filter => Value::from(kept),
            Each::Any => Value::Bool(false),
            Each::All => Value::Bool(true),
            Each::Find => Value::Null,
        }))
    }

    /// A closure's value for one element; its second parameter, if any, is the place in the list.
    fn call(&mut self, closure: &'a Closure, place: usize, element: Cow<'a, Value>) -> Result<Cow<'a, Value>> {
        let depth = self.parameters.len();
        let place = Cow::Owned(Value::Int(i64::try_from(place).unwrap_or(i64::MAX)));
        self.parameters.extend(closure.parameters.iter().map(String::as_str).zip([element, place]));
        let result = self.value(&closure.body);
        self.parameters.truncate(depth);
        result
    }
}

/// A property of a value, read where it is when the value is.
fn read<'a>(value: Cow<'a, Value>, name: &Name) -> std::result::Result<Cow<'a, Value>, String> {
    match value {
        Cow::Borrowed(value) => properties::read(value, name),
        Cow::Owned(value) => properties::read(&value, name).map(|read| Cow::Owned(read.into_owned())),
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "it is what a `Result` here holds")]
fn at(node: &Node, why: String) -> Box<EvalError> {
    Box::new(EvalError::new(why, node.offset, node.length))
}

#[expect(clippy::unnecessary_box_returns, reason = "as for `at`")]
fn no_condition(node: &Node, value: &Value) -> Box<EvalError> {
    at(node, format!("ett villkor (ja/nej) väntas, men det är {}", value.indefinite()))
}
