//! From Rhai's tree to ours: what is listed here is allowed, everything else is an error with a place and a hint.

use std::sync::LazyLock;

use rhai::{
    AST, ASTFlags, ASTNode, Engine, Expr, FnCallExpr, FnPtr, OptimizationLevel, Position, Stmt, StmtBlock, Token,
};

use crate::expression::Path;
use crate::functions;
use crate::node::{Closure, Each, Kind, Node, Operator, Property};
use crate::{ParseError, Value};

type Result<T> = std::result::Result<T, ParseError>;

/// The longest expression; Rhai counts lines and columns with 16 bits.
const LONGEST: usize = 20_000;

/// Rhai as a reader only: no packages, no optimizer, and nothing is ever run by it.
pub(crate) static READER: LazyLock<Engine> = LazyLock::new(|| {
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_expr_depths(32, 16);
    engine.set_allow_switch_expression(false);
    engine.set_allow_statement_expression(false);
    engine.set_allow_loop_expressions(false);
    engine.set_allow_looping(false);
    #[expect(deprecated, reason = "marked volatile by Rhai; the golden tests would show a change")]
    engine.on_parse_token(|token, _, _| unreserved(token));
    engine
});

/// Words that Rhai keeps for its future (`shared`, `new`, `match`) may be names here: a form has such fields.
fn unreserved(token: Token) -> Token {
    const KEPT: [&str; 11] =
        ["this", "Fn", "call", "curry", "eval", "print", "debug", "type_of", "is_shared", "is_def_var", "is_def_fn"];
    match token {
        Token::Reserved(word)
            if word.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !KEPT.contains(&word.as_str()) =>
        {
            Token::Identifier(word)
        }
        other => other,
    }
}

/// Reads an expression; also gives the names it uses.
pub(crate) fn translate(source: &str) -> Result<(Node, Vec<Path>)> {
    if source.len() > LONGEST {
        return Err(ParseError::new("uttrycket är för långt", 0, 1).hint("dela upp det med flera set-steg"));
    }
    if source.trim().is_empty() {
        return Err(ParseError::new("uttrycket är tomt", 0, source.len()).hint("skriv ett uttryck mellan ${ och }"));
    }
    let ast = READER.compile_expression(source).map_err(|error| syntax_error(source, &error))?;
    let mut translator = Translator { source, ast: &ast, parameters: Vec::new(), uses: Vec::new() };
    let root = match ast.statements() {
        [Stmt::Expr(expression)] => translator.node(expression)?,
        [other] => translator.statement(other)?,
        _ => return Err(ParseError::new("ett enda uttryck väntas", 0, source.len())),
    };
    let mut uses = translator.uses;
    uses.sort_by_key(|path| path.offset);
    Ok((root, uses))
}

struct Translator<'a> {
    source: &'a str,
    ast: &'a AST,
    /// The closures' parameters in force: they are not names of the scope.
    parameters: Vec<String>,
    uses: Vec<Path>,
}

impl Translator<'_> {
    fn node(&mut self, expression: &Expr) -> Result<Node> {
        let position = expression.position();
        let kind = match expression {
            Expr::BoolConstant(value, _) => Kind::Constant(Value::from(*value)),
            Expr::IntegerConstant(value, _) => Kind::Constant(Value::from(*value)),
            Expr::StringConstant(value, _) => Kind::Constant(Value::from(value.as_str())),
            Expr::Unit(_) => Kind::Constant(Value::Null),
            Expr::DynamicConstant(value, _) if value.is_fnptr() => return Err(self.stray_closure(position)),
            Expr::DynamicConstant(value, _) if value.is_decimal() => {
                Kind::Constant(Value::from(value.as_decimal().unwrap_or_default()))
            }
            Expr::CharConstant(..) => {
                let hint = "skriv text inom \"…\"; hela uttrycket kan stå inom '…' i YAML";
                return Err(self.error("enkla citattecken kan inte användas i uttryck", position).hint(hint));
            }
            Expr::InterpolatedString(..) => {
                let hint = "sätt ihop text utanför uttrycket (”Hej ${item.namn}”) eller med + och text(…)";
                return Err(self.error("text inom `…` med ${…} kan inte användas i uttryck", position).hint(hint));
            }
            Expr::Array(elements, _) => Kind::List(self.nodes(elements)?),
            Expr::Map(entries, _) => {
                let pairs = entries.0.iter().map(|(key, value)| Ok((key.name.to_string(), self.node(value)?)));
                Kind::Map(pairs.collect::<Result<_>>()?)
            }
            Expr::Variable(variable, _, position) if !variable.2.is_empty() => {
                return Err(self.error("moduler kan inte användas i uttryck", *position));
            }
            Expr::Variable(variable, _, position) => return Ok(self.name(&variable.1, *position)),
            Expr::FnCall(call, position) => return self.call(call, *position),
            Expr::Dot(link, flags, _) => {
                self.refuse_elvis(*flags, position)?;
                let base = self.node(&link.lhs)?;
                return self.chain(base, &link.rhs, Link::Dot, *flags);
            }
            Expr::Index(link, flags, _) => {
                self.refuse_elvis(*flags, position)?;
                let base = self.node(&link.lhs)?;
                return self.chain(base, &link.rhs, Link::Index, *flags);
            }
            Expr::And(parts, _) => Kind::And(self.nodes(parts.iter())?),
            Expr::Or(parts, _) => Kind::Or(self.nodes(parts.iter())?),
            Expr::Coalesce(parts, _) => Kind::Coalesce(self.nodes(parts.iter())?),
            Expr::Stmt(block) => return self.block(block),
            _ => return Err(self.error("detta kan inte användas i uttryck", position)),
        };
        Ok(self.made(kind, position))
    }

    fn nodes<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>) -> Result<Vec<Node>> {
        expressions.into_iter().map(|expression| self.node(expression)).collect()
    }

    fn made(&self, kind: Kind, position: Position) -> Node {
        let offset = offset_of(self.source, position);
        Node { kind, offset, length: word_length(self.source, offset) }
    }

    fn error(&self, message: impl Into<String>, position: Position) -> ParseError {
        let offset = offset_of(self.source, position);
        ParseError::new(message, offset, word_length(self.source, offset))
    }

    fn name(&mut self, name: &str, position: Position) -> Node {
        let node = self.made(Kind::Path { name: name.into(), properties: Vec::new() }, position);
        if !self.parameters.iter().any(|parameter| parameter == name) {
            self.uses.push(Path { segments: vec![name.to_owned()], offset: node.offset });
        }
        node
    }

    /// `base.rhs` or `base[rhs]`. Rhai nests chains to the right; `BREAK` says that this link is the last of its chain.
    fn chain(&mut self, base: Node, rhs: &Expr, link: Link, flags: ASTFlags) -> Result<Node> {
        let (next, rest) = match rhs {
            Expr::Dot(next, rest, _) if !flags.contains(ASTFlags::BREAK) => (next, Some((Link::Dot, *rest))),
            Expr::Index(next, rest, _) if !flags.contains(ASTFlags::BREAK) => (next, Some((Link::Index, *rest))),
            last => return self.link(base, last, link),
        };
        let Some((link_after, flags_after)) = rest else { return Ok(base) };
        self.refuse_elvis(flags_after, rhs.position())?;
        let base = self.link(base, &next.lhs, link)?;
        self.chain(base, &next.rhs, link_after, flags_after)
    }

    fn link(&mut self, base: Node, rhs: &Expr, link: Link) -> Result<Node> {
        match (link, rhs) {
            (Link::Dot, Expr::Property(property, position)) => Ok(self.property(base, &property.2, *position)),
            (Link::Dot, Expr::MethodCall(call, position)) => {
                self.function(&call.name, Some(base), &call.args, *position)
            }
            (Link::Dot, other) => Err(self.error("efter punkten väntas ett fält eller en funktion", other.position())),
            (Link::Index, place) => {
                let (offset, length) = (base.offset, base.length);
                let at = Box::new(self.node(place)?);
                Ok(Node { kind: Kind::Index { of: Box::new(base), at }, offset, length })
            }
        }
    }

    fn property(&mut self, mut base: Node, name: &str, position: Position) -> Node {
        let at = offset_of(self.source, position);
        if let Kind::Path { properties, .. } = &mut base.kind {
            properties.push(Property { name: name.into(), offset: at });
            if let Some(path) = self.uses.iter_mut().find(|path| path.offset == base.offset) {
                path.segments.push(name.to_owned());
            }
            base.length = (at + name.len()).saturating_sub(base.offset);
            return base;
        }
        Node { kind: Kind::Property { of: Box::new(base), name: name.into() }, offset: at, length: name.len() }
    }

    fn refuse_elvis(&self, flags: ASTFlags, position: Position) -> Result<()> {
        if !flags.contains(ASTFlags::NEGATED) {
            return Ok(());
        }
        let hint = "skriv or_else(post, \"fält\", annars) för fält som kan saknas";
        Err(self.error("?. och ?[ kan inte användas", position).hint(hint))
    }

    fn call(&mut self, call: &FnCallExpr, position: Position) -> Result<Node> {
        if call.is_qualified() || call.capture_parent_scope {
            return Err(self.error("moduler kan inte användas i uttryck", position));
        }
        let kind = match (&call.op_token, call.args.as_slice()) {
            (Some(_), [left, right]) if call.name != "contains" => {
                let Some(operator) = Operator::from_symbol(&call.name) else {
                    return Err(self.error(format!("operatorn {} kan inte användas", call.name), position));
                };
                let (left, right) = (Box::new(self.node(left)?), Box::new(self.node(right)?));
                Kind::Binary { operator, left, right }
            }
            (Some(_), [of]) if call.name == "!" => Kind::Not(Box::new(self.node(of)?)),
            (Some(_), [of]) if call.name == "-" => Kind::Negate(Box::new(self.node(of)?)),
            (Some(_), [of]) if call.name == "+" => return self.node(of),
            _ => return self.function(&call.name, None, &call.args, position),
        };
        let mut node = self.made(kind, position);
        node.length = node.length.max(1);
        Ok(node)
    }

    /// A call by name; `receiver` is what stood before the dot.
    fn function(&mut self, name: &str, receiver: Option<Node>, arguments: &[Expr], position: Position) -> Result<Node> {
        if let Some(each) = Each::from_name(name) {
            return self.each(each, name, receiver, arguments, position);
        }
        let Some(function) = functions::find(name) else { return Err(self.unknown_function(name, position)) };
        let mut values: Vec<Node> = receiver.into_iter().collect();
        values.extend(self.nodes(arguments)?);
        if (function.least..=function.most).contains(&values.len()) {
            return Ok(self.made(Kind::Call { function, arguments: values }, position));
        }
        let wanted = if function.least == function.most {
            function.least.to_string()
        } else {
            format!("{}–{}", function.least, function.most)
        };
        Err(self.error(format!("{name} tar {wanted} argument men får {}", values.len()), position))
    }

    fn each(
        &mut self,
        what: Each,
        name: &str,
        receiver: Option<Node>,
        arguments: &[Expr],
        position: Position,
    ) -> Result<Node> {
        let (list, closure) = match (receiver, arguments) {
            (Some(list), [closure]) => (list, closure),
            (None, [list, closure]) => (self.node(list)?, closure),
            _ => {
                let hint = format!("skriv lista.{name}(|x| …)");
                return Err(self.error(format!("{name} tar en lista och ett uttryck |x| …"), position).hint(hint));
            }
        };
        let Some(closure) = self.closure(closure)? else {
            let hint = format!("skriv lista.{name}(|x| …)");
            return Err(self.error(format!("{name} väntar ett uttryck |x| …"), position).hint(hint));
        };
        Ok(self.made(Kind::Each { what, list: Box::new(list), closure }, position))
    }

    /// The closure that an argument is; nothing when it is something else.
    fn closure(&mut self, argument: &Expr) -> Result<Option<Closure>> {
        let Some((pointer, captured)) = function_pointer(argument) else { return Ok(None) };
        let name = pointer.fn_name().to_owned();
        let Some(definition) = self.ast.iter_fn_def().find(|definition| definition.name == name.as_str()) else {
            return Ok(None);
        };
        let parameters: Vec<String> = definition.params.iter().skip(captured).map(ToString::to_string).collect();
        if parameters.is_empty() || parameters.len() > 2 {
            let hint = "en parameter är elementet; en andra är dess plats i listan";
            return Err(self.error("|…| ska ha en eller två parametrar", argument.position()).hint(hint));
        }
        let depth = self.parameters.len();
        self.parameters.extend(parameters.iter().cloned());
        let body = self.body(&name);
        self.parameters.truncate(depth);
        Ok(Some(Closure { parameters, body: Box::new(body?) }))
    }

    /// The body of a closure. Rhai does not name the type that holds it, but walks a tree of this function alone.
    fn body(&mut self, name: &str) -> Result<Node> {
        let mut only = self.ast.clone_functions_only();
        only.retain_functions(|_, _, function, _| function == name);
        let mut found = None;
        only.walk(&mut |path| {
            if let [ASTNode::Stmt(statement)] = path {
                found = Some(self.statement(statement));
            }
            found.is_none()
        });
        found.unwrap_or_else(|| Err(ParseError::new("|…| saknar uttryck", 0, 1)))
    }

    fn block(&mut self, block: &StmtBlock) -> Result<Node> {
        match block.statements() {
            [statement] => self.statement(statement),
            [Stmt::Share(_), Stmt::Expr(_)] => Err(self.stray_closure(block.position())),
            _ => Err(self.error("bara uttryck kan användas, inte satser", block.position())),
        }
    }

    fn statement(&mut self, statement: &Stmt) -> Result<Node> {
        match statement {
            Stmt::Expr(expression) => self.node(expression),
            Stmt::FnCall(call, position) => self.call(call, *position),
            Stmt::Block(block) => self.block(block),
            Stmt::If(flow, position) if !flow.branch.is_empty() => {
                let condition = Box::new(self.node(&flow.expr)?);
                let (yes, no) = (Box::new(self.block(&flow.body)?), Box::new(self.block(&flow.branch)?));
                Ok(self.made(Kind::If { condition, yes, no }, *position))
            }
            Stmt::If(_, position) => {
                let hint = "skriv if villkor { … } else { … }";
                Err(self.error("if utan else ger inget värde", *position).hint(hint))
            }
            other => Err(self.error("bara uttryck kan användas, inte satser", other.position())),
        }
    }

    fn stray_closure(&self, position: Position) -> ParseError {
        self.error("|x| … kan bara stå i map, filter, any, all och find", position)
    }

    fn unknown_function(&self, name: &str, position: Position) -> ParseError {
        let error = self.error(format!("funktionen {name} finns inte"), position);
        match functions::like(name) {
            _ if name == "not" => error.hint("skriv ! framför det som inte ska gälla: !(…)"),
            Some(known) => error.hint(format!("menade du {known}?")),
            None => error.hint("funktionerna står i handboken, under Uttryck"),
        }
    }
}

#[derive(Clone, Copy)]
enum Link {
    Dot,
    Index,
}

/// The function pointer in an argument, and how many names it captures. A capturing closure is read by Rhai as
/// `{ share names; curry(pointer, names…) }`.
fn function_pointer(argument: &Expr) -> Option<(FnPtr, usize)> {
    match argument {
        Expr::DynamicConstant(value, _) => value.clone().try_cast::<FnPtr>().map(|pointer| (pointer, 0)),
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Share(_), Stmt::Expr(expression)] => match expression.as_ref() {
                Expr::FnCall(call, _) => {
                    let (pointer, _) = function_pointer(call.args.first()?)?;
                    Some((pointer, call.args.len() - 1))
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The byte offset of a position of Rhai's: lines from 1, columns in characters from 1.
pub(crate) fn offset_of(source: &str, position: Position) -> usize {
    let (Some(line), column) = (position.line(), position.position().unwrap_or(1)) else { return 0 };
    let start: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = &source[start.min(source.len())..];
    let within = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    (start + within).min(source.len())
}

/// How long the word at an offset is: what a caret underlines.
fn word_length(source: &str, offset: usize) -> usize {
    let rest = source.get(offset..).unwrap_or_default();
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    if word > 0 { word } else { rest.chars().next().map_or(1, char::len_utf8) }
}

/// What to write instead of something that stands where it can't, where that is a common slip.
fn likely_meant(what: &str, before: &str, after: &str) -> Option<&'static str> {
    let follows_digit = |text: &str| text.ends_with(|c: char| c.is_ascii_digit());
    let is_digit_next = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    match what {
        "and" => Some("skriv && för ”och”"),
        "or" => Some("skriv || för ”eller”"),
        ">" if before.ends_with('<') => Some("skriv != för ”inte lika med”"),
        "," if follows_digit(before) && after.strip_prefix(',').is_some_and(is_digit_next) => {
            Some("skriv decimaler med punkt: 12.50")
        }
        _ if is_digit_next(after) && follows_digit(before.trim_end()) => Some("skriv tal utan mellanslag: 50000"),
        _ => None,
    }
}

/// Rhai's complaint about the text, in Swedish.
fn syntax_error(source: &str, error: &rhai::ParseError) -> ParseError {
    use rhai::ParseErrorType as Type;
    let offset = if error.1.is_none() { source.len() } else { offset_of(source, error.1) };
    let made = |message: String| ParseError::new(message, offset, word_length(source, offset));
    match error.0.as_ref() {
        Type::UnexpectedEOF => made("uttrycket tar slut för tidigt".to_owned()),
        Type::BadInput(rhai::LexError::UnterminatedString) => made("texten saknar avslutande citattecken".to_owned()),
        Type::BadInput(rhai::LexError::MalformedChar(_)) => {
            made("enkla citattecken kan inte användas i uttryck".to_owned())
                .hint("skriv text inom \"…\"; hela uttrycket kan stå inom '…' i YAML")
        }
        Type::BadInput(rhai::LexError::UnexpectedInput(what)) if what == "=" => {
            made("tilldelning kan inte användas i uttryck".to_owned())
                .hint("jämför med ==; ge ett namn ett värde med steget set")
        }
        Type::BadInput(rhai::LexError::UnexpectedInput(what)) => {
            let error = made(format!("”{what}” väntas inte här"));
            match likely_meant(what, &source[..offset], &source[offset..]) {
                Some(hint) => error.hint(hint),
                None => error,
            }
        }
        Type::BadInput(rhai::LexError::MalformedNumber(_)) => {
            made("talet går inte att läsa".to_owned()).hint("skriv decimaler med punkt: 12.50")
        }
        Type::BadInput(rhai::LexError::ImproperSymbol(what, _)) => {
            made(format!("”{what}” kan inte användas i uttryck"))
        }
        Type::Reserved(what) => made(format!("ordet ”{what}” är reserverat och kan inte användas")),
        Type::MissingToken(what, _) => made(format!("”{what}” saknas")),
        Type::DuplicatedProperty(what) => made(format!("fältet ”{what}” står två gånger")),
        Type::MismatchedType(wanted, _) if wanted.contains("bool") => {
            made("ett villkor (ja/nej) väntas här".to_owned())
        }
        Type::ExprTooDeep => made("uttrycket är för djupt nästlat".to_owned()),
        Type::ExprExpected(_) | Type::MissingSymbol(_) | Type::PropertyExpected | Type::VariableExpected => {
            made("här saknas en del av uttrycket".to_owned())
        }
        Type::UnknownOperator(what) => made(format!("operatorn {what} finns inte")),
        _ => made("uttrycket går inte att läsa".to_owned()).hint("bara uttryck kan användas, inte satser"),
    }
}
