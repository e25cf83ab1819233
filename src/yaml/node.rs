//! The tree of a YAML document, each node with its place. Anchors, tags and several documents are refused.

use std::path::Path;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::Place;
use crate::problem::Problem;

/// A node of the tree.
#[derive(Debug)]
pub(super) struct Node {
    pub place: Place,
    pub kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A scalar's text, and whether it was written plain (without quotes).
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    /// Key and value, in the order written. Keys are scalars.
    Map(Vec<(Node, Node)>),
}

/// Parses one document.
pub(super) fn parse(file: &Path, source: &str) -> Result<Node, Problem> {
    let mut builder = Builder { file, parser: Parser::new_from_str(source) };
    loop {
        let (event, span) = builder.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::StreamEnd | Event::DocumentEnd => {
                return Err(Problem::at(file, 0, 0, "filen är tom").hint("börja med en rad som `bot: namn`"));
            }
            other => {
                let root = builder.node(other, span)?;
                return builder.end().map(|()| root);
            }
        }
    }
}

struct Builder<'a> {
    file: &'a Path,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
}

impl<'a> Builder<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next() {
            Some(Ok(pair)) => Ok(pair),
            Some(Err(error)) => {
                let marker = error.marker();
                let (message, hint) = decision::yaml_syntax::in_swedish(&error.to_string());
                Err(Problem::at(self.file, marker.line(), marker.col() + 1, message).hint(hint))
            }
            None => Err(Problem::at(self.file, 0, 0, "filen tar slut mitt i")),
        }
    }

    /// Only the end may follow the first document.
    fn end(&mut self) -> Result<(), Problem> {
        loop {
            match self.next()? {
                (Event::DocumentEnd, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (_, span) => {
                    return Err(self.refuse(span, "en fil har ett enda dokument", "ta bort `---` och det som följer"));
                }
            }
        }
    }

    fn refuse(&self, span: Span, message: &str, hint: &str) -> Problem {
        let place = place(span, false);
        Problem::at(self.file, place.line, place.column, message).length(place.length).hint(hint)
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, Problem> {
        match event {
            Event::Scalar(_, _, anchor, _) | Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _)
                if anchor != 0 =>
            {
                Err(self.refuse(span, "ankare (`&namn`) används inte", "skriv ut värdet"))
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => Err(self.refuse(
                span,
                "alias (`*namn`) används inte",
                "skriv ut värdet, eller sätt texten inom citattecken",
            )),
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, _, Some(_))
            | Event::MappingStart(_, _, Some(_)) => {
                Err(self.refuse(span, "taggar (`!namn`) används inte", "sätt texten inom citattecken"))
            }
            Event::Scalar(text, style, _, _) => {
                let plain = style == ScalarStyle::Plain;
                Ok(Node { place: place(span, !plain), kind: Kind::Scalar { text: text.into_owned(), plain } })
            }
            Event::SequenceStart(..) => self.list(span),
            Event::MappingStart(..) => self.map(span),
            _ => Err(self.refuse(span, "ett värde väntades här", "fyll i värdet")),
        }
    }

    fn list(&mut self, start: Span) -> Result<Node, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => break,
                (event, span) => items.push(self.node(event, span)?),
            }
        }
        let place = items.first().map_or_else(|| place(start, false), |first| first.place);
        Ok(Node { place, kind: Kind::List(items) })
    }

    fn map(&mut self, start: Span) -> Result<Node, Problem> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.node(event, span)?;
            self.check_key(&key, &entries)?;
            let (event, span) = self.next()?;
            entries.push((key, self.node(event, span)?));
        }
        let place = entries.first().map_or_else(|| place(start, false), |(key, _)| key.place);
        Ok(Node { place, kind: Kind::Map(entries) })
    }

    fn check_key(&self, key: &Node, before: &[(Node, Node)]) -> Result<(), Problem> {
        let problem = |message: String, hint: &str| {
            Problem::at(self.file, key.place.line, key.place.column, message).length(key.place.length).hint(hint)
        };
        let Kind::Scalar { text, .. } = &key.kind else {
            return Err(problem(
                "ett namn väntades före kolonet".into(),
                "text som börjar med `{` eller `[` behöver citattecken",
            ));
        };
        let twice =
            before.iter().any(|(known, _)| matches!(&known.kind, Kind::Scalar { text: other, .. } if other == text));
        if twice {
            return Err(problem(format!("`{text}` står två gånger"), "ta bort den ena"));
        }
        Ok(())
    }
}

fn place(span: Span, quoted: bool) -> Place {
    let same_line = span.start.line() == span.end.line();
    let length = if same_line { span.end.col().saturating_sub(span.start.col()) } else { 1 };
    Place { line: span.start.line(), column: span.start.col() + 1, length: length.max(1), quoted }
}
