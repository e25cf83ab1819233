//! Text with expressions in it: `Hej ${item.namn}`. What is one `${…}` alone keeps its kind of value.
//!
//! The end of `${…}` is found by Rhai's own tokenizer, so that `"}"` within a text and nested `#{…}` do no harm.
//! `$${` stands for the characters `${`.

use std::borrow::Cow;
use std::sync::Arc;

use rhai::Token;

use crate::branch::Branch;
use crate::expression::Path;
use crate::findings::Finding;
use crate::mutation::Mutation;
use crate::translate::{READER, offset_of};
use crate::value::write_text;
use crate::{EvalError, Expression, ParseError, Scope, Value};

/// A text that has been read for its `${…}` parts.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<str>,
    parts: Arc<[Part]>,
    uses: Arc<[Path]>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    /// An expression; `offset` is where it starts in the whole text, `length` is how long it is.
    Expression {
        expression: Expression,
        offset: usize,
        length: usize,
    },
}

impl Template {
    /// Reads a text; one without `${` is a constant.
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        let parts = parts(source)?;
        let mut uses = Vec::new();
        for part in &parts {
            if let Part::Expression { expression, offset, .. } = part {
                uses.extend(expression.uses().iter().map(|path| Path { offset: path.offset + offset, ..path.clone() }));
            }
        }
        Ok(Self { source: source.into(), parts: parts.into(), uses: uses.into() })
    }

    /// Its value: of any kind when the whole text is one `${…}`, otherwise a text.
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        self.look(scope).map(Cow::into_owned)
    }

    /// Its value as [`Template::eval`] gives it, read where it is when it is in the scope.
    pub fn look<'s>(&'s self, scope: &'s Scope) -> Result<Cow<'s, Value>, EvalError> {
        match self.parts.as_ref() {
            [Part::Expression { expression, offset, .. }] => {
                expression.look(scope).map_err(|error| error.shifted(*offset))
            }
            _ => self.text(scope).map(|text| Cow::Owned(Value::from(text))),
        }
    }

    /// What it answers as a condition: it must be one `${…}` alone.
    pub fn holds(&self, scope: &Scope) -> Result<bool, EvalError> {
        match self.parts.as_ref() {
            [Part::Expression { expression, offset, .. }] => {
                expression.holds(scope).map_err(|error| error.shifted(*offset))
            }
            _ => Err(EvalError::new("ett villkor (ja/nej) väntas, men det är en text", 0, self.source.len())),
        }
    }

    /// Its value as a text. An empty value in it is an error.
    pub fn text(&self, scope: &Scope) -> Result<String, EvalError> {
        let mut text = String::new();
        for part in self.parts.iter() {
            match part {
                Part::Text(constant) => text += constant,
                Part::Expression { expression, offset, length } => {
                    let value = expression.look(scope).map_err(|error| error.shifted(*offset))?;
                    write_text(&value, &mut text).map_err(|why| EvalError::new(why, *offset, *length))?;
                }
            }
        }
        Ok(text)
    }

    /// The names it uses, with offsets in the whole text.
    pub fn uses(&self) -> &[Path] {
        &self.uses
    }

    /// Whether there is no `${…}` in it.
    pub fn is_constant(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// The text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The same text with the conditions in it watched; `is_condition`: the whole is one.
    #[must_use]
    pub fn watched(&self, is_condition: bool) -> (Self, Vec<Branch>) {
        let (mut parts, mut branches) = (Vec::new(), Vec::new());
        for part in self.parts.iter() {
            parts.push(match part {
                Part::Expression { expression, offset, length } => {
                    let (expression, seen) = expression.watched(is_condition);
                    branches.extend(seen.into_iter().map(|branch| branch.shifted(*offset)));
                    Part::Expression { expression, offset: *offset, length: *length }
                }
                text @ Part::Text(_) => text.clone(),
            });
        }
        (Self { parts: parts.into(), ..self.clone() }, branches)
    }

    /// Conditions in it that are the same for all values; `is_condition`: the whole is one too.
    pub fn constant_conditions(&self, is_condition: bool) -> Vec<Finding> {
        self.of_expressions(|expression, offset| {
            let findings = expression.constant_conditions(is_condition).into_iter();
            findings.map(|finding| finding.shifted(offset)).collect()
        })
    }

    /// The texts that it is or begins with, each with its offset.
    pub fn beginnings(&self) -> Vec<(String, usize)> {
        match self.parts.first() {
            Some(Part::Text(text)) => vec![(text.clone(), 0)],
            Some(Part::Expression { expression, offset, .. }) => {
                expression.beginnings().into_iter().map(|(text, at)| (text, at + offset)).collect()
            }
            None => Vec::new(),
        }
    }

    pub(crate) fn of_expressions<T>(&self, what: impl Fn(&Expression, usize) -> Vec<T>) -> Vec<T> {
        let one = |part: &Part| match part {
            Part::Expression { expression, offset, .. } => what(expression, *offset),
            Part::Text(_) => Vec::new(),
        };
        self.parts.iter().flat_map(one).collect()
    }

    /// The text with one small mistake in one of its expressions, in every way there is.
    pub fn mutations(&self, is_condition: bool) -> Vec<Mutation> {
        let mut made = Vec::new();
        for part in self.parts.iter() {
            let Part::Expression { expression, offset, length } = part else { continue };
            for mutation in expression.mutations(is_condition) {
                let (before, after) = (&self.source[..*offset], &self.source[offset + length..]);
                let source = [before, &mutation.source, after].concat();
                made.push(Mutation { offset: mutation.offset + offset, source, ..mutation });
            }
        }
        made
    }

    /// The expression, where the whole text is one `${…}`.
    pub(crate) fn only_expression(&self) -> Option<&Expression> {
        match self.parts.as_ref() {
            [Part::Expression { expression, .. }] => Some(expression),
            _ => None,
        }
    }

    /// The text with each expression as `inside` says it, or as `alone` does where there is nothing else.
    pub(crate) fn map_parts(
        &self,
        inside: impl Fn(&Expression) -> String,
        alone: impl Fn(&Expression) -> String,
    ) -> String {
        if let Some(expression) = self.only_expression() {
            return alone(expression);
        }
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Expression { expression, .. } => inside(expression),
        };
        self.parts.iter().map(part).collect()
    }
}

fn parts(source: &str) -> Result<Vec<Part>, ParseError> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while let Some(found) = source[at..].find("${") {
        let start = at + found;
        if source[..start].ends_with('$') && found > 0 {
            text.push_str(&source[at..start - 1]);
            text.push_str("${");
            at = start + 2;
            continue;
        }
        text.push_str(&source[at..start]);
        let inside = start + 2;
        let length = expression_length(source, inside)?;
        let expression = Expression::parse(&source[inside..inside + length]).map_err(|error| error.shifted(inside))?;
        if !text.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut text)));
        }
        parts.push(Part::Expression { expression, offset: inside, length });
        at = inside + length + 1;
    }
    text.push_str(&source[at..]);
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

/// How long the expression that starts at `inside` is, up to the `}` that ends it.
fn expression_length(source: &str, inside: usize) -> Result<usize, ParseError> {
    let rest = &source[inside..];
    let inputs = [rest];
    let (tokens, _control) = READER.lex(&inputs);
    let mut depth = 0_usize;
    for (token, position) in tokens {
        match token {
            Token::LeftBrace | Token::MapStart => depth += 1,
            Token::RightBrace if depth == 0 => return Ok(offset_of(rest, position)),
            Token::RightBrace => depth -= 1,
            Token::InterpolatedString(_) => {
                let error = ParseError::new(
                    "text inom `…` med ${…} kan inte användas i uttryck",
                    inside + offset_of(rest, position),
                    1,
                );
                return Err(error.hint("sätt ihop text utanför uttrycket eller med + och text(…)"));
            }
            Token::LexError(error) if matches!(*error, rhai::LexError::UnterminatedString) => {
                let at = inside + offset_of(rest, position);
                return Err(ParseError::new("texten saknar avslutande citattecken", at, 1));
            }
            Token::EOF => break,
            _ => {}
        }
    }
    let error = ParseError::new("${ saknar avslutande }", inside - 2, 2);
    Err(error.hint("ska tecknen ${ stå som de är, skriv $${"))
}
