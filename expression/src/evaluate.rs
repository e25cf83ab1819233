//! Working an expression out. The tree has no loops and no jumps; the budget bounds what lists and closures can cost.

use crate::node::{Closure, Each, Kind, Node, Operator, Property};
use crate::value::{View, indefinite, view, with_list, with_map};
use crate::{EvalError, Scope, Value, operators, properties};

type Result<T> = std::result::Result<T, EvalError>;

/// How many nodes may be worked out, and characters or elements made, in one evaluation.
const BUDGET: usize = 2_000_000;
/// No text or list may become larger than this.
const LARGEST: usize = 200_000;

/// One evaluation: the scope, the closures' parameters in force, and what may still be spent.
pub(crate) struct Run<'a> {
    scope: &'a Scope,
    parameters: Vec<(&'a str, Value)>,
    left: usize,
}

impl<'a> Run<'a> {
    pub fn new(scope: &'a Scope) -> Self {
        Self { scope, parameters: Vec::new(), left: BUDGET }
    }

    /// The value of a node.
    pub fn value(&mut self, node: &'a Node) -> Result<Value> {
        self.spend(1, node)?;
        match &node.kind {
            Kind::Constant(value) => Ok(value.clone()),
            Kind::Path { name, properties } => self.path(node, name, properties),
            Kind::List(elements) => Ok(Value::from_array(self.values(elements)?)),
            Kind::Map(entries) => self.map(entries),
            Kind::Property { of, name } => {
                let value = self.value(of)?;
                properties::read(&value, name).map_err(|why| at(node, why))
            }
            Kind::Index { of, at } => self.index(node, of, at),
            Kind::Call { function, arguments } => {
                let arguments = self.values(arguments)?;
                let value = (function.run)(&arguments).map_err(|why| at(node, format!("{}: {why}", function.name)))?;
                self.bounded(node, value)
            }
            Kind::Each { what, list, closure } => self.each(node, *what, list, closure),
            Kind::Binary { operator, left, right } => self.binary(node, *operator, left, right),
            Kind::Not(of) => Ok(Value::from(!self.yes_or_no(of)?)),
            Kind::Negate(of) => {
                let value = self.value(of)?;
                operators::apply(Operator::Subtract, &Value::from(0_i64), &value).map_err(|why| at(node, why))
            }
            Kind::And(parts) => self.until(parts, false),
            Kind::Or(parts) => self.until(parts, true),
            Kind::Coalesce(parts) => self.first_that_is_something(parts),
            Kind::If { condition, yes, no } => {
                let chosen = if self.yes_or_no(condition)? { yes } else { no };
                self.value(chosen)
            }
            Kind::Watched { of, seen } => {
                let value = self.value(of)?;
                seen.note(&value);
                Ok(value)
            }
        }
    }

    fn spend(&mut self, cost: usize, node: &Node) -> Result<()> {
        self.left =
            self.left.checked_sub(cost).ok_or_else(|| at(node, "uttrycket kräver för mycket arbete".to_owned()))?;
        Ok(())
    }

    /// Charges what a call has made, and refuses what has grown too large.
    fn bounded(&mut self, node: &Node, value: Value) -> Result<Value> {
        let size = match view(&value) {
            View::Text(text) => text.len(),
            View::List => with_list(&value, Vec::len).unwrap_or_default(),
            _ => 0,
        };
        if size > LARGEST {
            return Err(at(node, "texten eller listan blir för stor".to_owned()));
        }
        self.spend(size, node)?;
        Ok(value)
    }

    fn values(&mut self, nodes: &'a [Node]) -> Result<Vec<Value>> {
        nodes.iter().map(|node| self.value(node)).collect()
    }

    fn map(&mut self, entries: &'a [(String, Node)]) -> Result<Value> {
        let mut map = rhai::Map::new();
        for (key, node) in entries {
            map.insert(key.as_str().into(), self.value(node)?);
        }
        Ok(Value::from_map(map))
    }

    fn path(&self, node: &Node, name: &str, properties: &[Property]) -> Result<Value> {
        let parameter = self.parameters.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value);
        let value = parameter.or_else(|| self.scope.get(name));
        let value = value.ok_or_else(|| at(node, format!("namnet ”{name}” finns inte här")))?;
        follow(value, properties).map_err(|(why, property)| EvalError::new(why, property.offset, property.name.len()))
    }

    fn index(&mut self, node: &Node, of: &'a Node, place: &'a Node) -> Result<Value> {
        let is_written = matches!(place.kind, Kind::Constant(_));
        let (value, place) = (self.value(of)?, self.value(place)?);
        match (view(&value), view(&place)) {
            (View::Map, View::Text(name)) => properties::read(&value, &name).map_err(|why| {
                // A name that was worked out may be a value of the case, and is not repeated.
                at(node, if is_written { why } else { "posten saknar det fältet".to_owned() })
            }),
            (View::List, View::Int(index)) => {
                let found = usize::try_from(index).ok().and_then(|i| with_list(&value, |list| list.get(i).cloned())?);
                found.ok_or_else(|| at(node, format!("listan har ingen plats {index} (den första är 0)")))
            }
            _ => {
                let why = format!("{} kan inte slås upp med {}", indefinite(&value), indefinite(&place));
                Err(at(node, why))
            }
        }
    }

    fn binary(&mut self, node: &Node, operator: Operator, left: &'a Node, right: &'a Node) -> Result<Value> {
        let (left, right) = (self.value(left)?, self.value(right)?);
        let value = operators::apply(operator, &left, &right).map_err(|why| at(node, why))?;
        if operator == Operator::Add { self.bounded(node, value) } else { Ok(value) }
    }

    fn yes_or_no(&mut self, node: &'a Node) -> Result<bool> {
        let value = self.value(node)?;
        value.as_bool().map_err(|_| at(node, format!("ett villkor (ja/nej) väntas, men det är {}", indefinite(&value))))
    }

    /// `&&` (stops at no) and `||` (stops at yes).
    fn until(&mut self, parts: &'a [Node], stop: bool) -> Result<Value> {
        for part in parts {
            if self.yes_or_no(part)? == stop {
                return Ok(Value::from(stop));
            }
        }
        Ok(Value::from(!stop))
    }

    fn first_that_is_something(&mut self, parts: &'a [Node]) -> Result<Value> {
        for part in parts {
            let value = self.value(part)?;
            if !value.is_unit() {
                return Ok(value);
            }
        }
        Ok(Value::UNIT)
    }

    fn each(&mut self, node: &Node, what: Each, list: &'a Node, closure: &'a Closure) -> Result<Value> {
        let value = self.value(list)?;
        let elements = with_list(&value, Clone::clone)
            .ok_or_else(|| at(list, format!("en lista väntas, men det är {}", indefinite(&value))))?;
        let mut kept = rhai::Array::new();
        for (place, element) in elements.into_iter().enumerate() {
            self.spend(1, node)?;
            let result = self.call(closure, place, element.clone())?;
            if what == Each::Map {
                kept.push(result);
                continue;
            }
            let yes = result.as_bool().map_err(|_| {
                at(&closure.body, format!("ett villkor (ja/nej) väntas, men det är {}", indefinite(&result)))
            })?;
            match what {
                Each::Any if yes => return Ok(Value::TRUE),
                Each::All if !yes => return Ok(Value::FALSE),
                Each::Find if yes => return Ok(element),
                Each::Filter if yes => kept.push(element),
                _ => {}
            }
        }
        Ok(match what {
            Each::Map | Each::Filter => Value::from_array(kept),
            Each::Any => Value::FALSE,
            Each::All => Value::TRUE,
            Each::Find => Value::UNIT,
        })
    }

    /// A closure's value for one element; its second parameter, if any, is the place in the list.
    fn call(&mut self, closure: &'a Closure, place: usize, element: Value) -> Result<Value> {
        let depth = self.parameters.len();
        let place = Value::from(i64::try_from(place).unwrap_or(i64::MAX));
        self.parameters.extend(closure.parameters.iter().map(String::as_str).zip([element, place]));
        let result = self.value(&closure.body);
        self.parameters.truncate(depth);
        result
    }
}

/// Follows properties without copying the records on the way.
fn follow<'p>(value: &Value, properties: &'p [Property]) -> std::result::Result<Value, (String, &'p Property)> {
    let Some((property, rest)) = properties.split_first() else { return Ok(value.clone()) };
    let inside = with_map(value, |map| map.get(property.name.as_str()).map(|child| follow(child, rest)));
    if let Some(Some(found)) = inside {
        return found;
    }
    let read = properties::read(value, &property.name).map_err(|why| (why, property))?;
    follow(&read, rest)
}

fn at(node: &Node, why: String) -> EvalError {
    EvalError::new(why, node.offset, node.length)
}
