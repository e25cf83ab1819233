//! What kind of value an expression gives, seen before there are any values; and what could only go wrong: things of
//! different kinds that meet, a word that a thing never is, and something that may be empty where a value is needed.

use std::sync::Arc;

use crate::findings::Finding;
use crate::functions::{Function, Gives};
use crate::known::Known;
use crate::node::{Closure, Each, Kind, Node, Operator};
use crate::types::{Sort, Type};
use crate::written::written;
use crate::{Template, Value, as_decimal};

/// The names that expressions may use, and what is known of them.
#[derive(Debug, Clone)]
pub struct Types {
    names: Vec<(String, Arc<Typed>)>,
    known: Known,
}

/// A name's kind. For one that stands for an expression, also what follows when it is true or false, there or empty.
#[derive(Debug, Clone)]
pub struct Typed {
    of: Type,
    /// When it is false, and when it is true.
    holds: [Known; 2],
    /// When it is empty, and when it is there.
    there: [Known; 2],
}

impl From<Type> for Typed {
    fn from(of: Type) -> Self {
        let nothing = || [Known::nothing(), Known::nothing()];
        Self { of, holds: nothing(), there: nothing() }
    }
}

impl From<Type> for Arc<Typed> {
    fn from(of: Type) -> Self {
        Self::new(of.into())
    }
}

impl Typed {
    pub fn kind(&self) -> &Type {
        &self.of
    }
}

impl Default for Types {
    fn default() -> Self {
        Self { names: Vec::new(), known: Known::nothing() }
    }
}

impl Types {
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }

    /// What is known of a name.
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.typed(name).map(|typed| &typed.of)
    }

    pub fn add(&mut self, name: &str, typed: impl Into<Arc<Typed>>) {
        self.names.push((name.to_owned(), typed.into()));
    }

    /// From here on, one of some groups of names is there, as a whole.
    pub fn one_is_there(&mut self, groups: &[&[&str]]) {
        let group =
            |names: &&[&str]| names.iter().fold(Known::nothing(), |known, name| known.and(&Known::one(name, true)));
        let some = groups.iter().map(group).fold(Known::impossible(), |some, group| some.or(&group));
        self.known = self.known.and(&some);
    }

    /// From here on, when a name is there, others are too.
    pub fn brings(&mut self, name: &str, others: &[&str]) {
        let there = others.iter().fold(Known::one(name, true), |known, other| known.and(&Known::one(other, true)));
        self.known = self.known.and(&Known::one(name, false).or(&there));
    }

    /// From here on, a condition has been met.
    pub fn suppose(&mut self, condition: &Template) {
        if let Some(expression) = condition.only_expression() {
            self.known = self.known.and(&self.when(expression.root(), true));
        }
    }

    fn typed(&self, name: &str) -> Option<&Typed> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, typed)| typed.as_ref())
    }

    /// What is known when a condition is met, or is not.
    fn when(&self, node: &Node, holds: bool) -> Known {
        match &node.kind {
            Kind::Watched { of, .. } => self.when(of, holds),
            Kind::Not(of) => self.when(of, !holds),
            Kind::Constant(value) => Known::possible(value.as_bool().is_none_or(|value| value == holds)),
            Kind::And(parts) | Kind::Or(parts) => {
                let parts = parts.iter().map(|part| self.when(part, holds));
                if matches!(node.kind, Kind::And(_)) == holds {
                    parts.fold(Known::nothing(), |known, part| known.and(&part))
                } else {
                    parts.fold(Known::impossible(), |known, part| known.or(&part))
                }
            }
            Kind::Call { function, arguments } if function.name == "is_null" => {
                arguments.first().map_or_else(Known::nothing, |of| self.there(of, !holds))
            }
            Kind::If { condition, yes, no } => self.either(condition, &self.when(yes, holds), &self.when(no, holds)),
            Kind::Path { name, properties } if properties.is_empty() => {
                self.typed(name).map_or_else(Known::nothing, |typed| typed.holds[usize::from(holds)].clone())
            }
            _ => Known::nothing(),
        }
    }

    /// What is known when something is there, or is empty.
    fn there(&self, node: &Node, is_there: bool) -> Known {
        let own = || Known::one(&written(node), is_there);
        match &node.kind {
            Kind::Constant(value) => Known::possible(value.is_null() != is_there),
            Kind::Path { name, properties } if properties.is_empty() => {
                let of = self.typed(name).map(|typed| &typed.there[usize::from(is_there)]);
                of.map_or_else(own, |known| own().and(known))
            }
            Kind::If { condition, yes, no } => {
                self.either(condition, &self.there(yes, is_there), &self.there(no, is_there))
            }
            Kind::Coalesce(parts) if !is_there => {
                parts.iter().fold(Known::nothing(), |known, part| known.and(&self.there(part, false)))
            }
            Kind::Path { .. } | Kind::Property { .. } | Kind::Index { .. } => own(),
            _ => Known::nothing(),
        }
    }

    fn either(&self, condition: &Node, yes: &Known, no: &Known) -> Known {
        self.when(condition, true).and(yes).or(&self.when(condition, false).and(no))
    }
}

impl Template {
    /// What kind of value it gives, and what is wrong in it.
    pub fn infer(&self, types: &Types) -> (Typed, Vec<Finding>) {
        let mut look = Look { types, parameters: Vec::new(), findings: Vec::new() };
        if let Some(expression) = self.only_expression() {
            let root = expression.root();
            let of = look.of(root, &types.known);
            let holds = [types.when(root, false), types.when(root, true)];
            let there = [types.there(root, false), types.there(root, true)];
            return (Typed { of, holds, there }, self.within(look.findings));
        }
        let findings = self.of_expressions(|expression, offset| {
            let mut look = Look { types, parameters: Vec::new(), findings: Vec::new() };
            let root = expression.root();
            if let Some(sort @ (Sort::List | Sort::Record)) = look.of(root, &types.known).sort() {
                let message = format!("{} kan inte skrivas i text", sort.indefinite());
                look.found(root, message, "välj ett fält, eller sätt ihop en lista med join(lista, \", \")");
            }
            look.findings.into_iter().map(|finding| finding.shifted(offset)).collect()
        });
        (Type::Text(None).into(), findings)
    }

    fn within(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let offset = self.of_expressions(|_, offset| vec![offset]).first().copied().unwrap_or_default();
        findings.into_iter().map(|finding| finding.shifted(offset)).collect()
    }
}

struct Look<'a> {
    types: &'a Types,
    /// The closures' parameters in force.
    parameters: Vec<(&'a str, Type)>,
    findings: Vec<Finding>,
}

impl<'a> Look<'a> {
    fn found(&mut self, at: &Node, message: String, hint: &str) {
        self.findings.push(Finding { offset: at.offset, length: at.length, message, hint: hint.to_owned() });
    }

    /// What kind of value a part gives, when so much is known.
    fn of(&mut self, node: &'a Node, known: &Known) -> Type {
        match &node.kind {
            Kind::Watched { of, .. } => self.of(of, known),
            Kind::Constant(value) => of_constant(value),
            Kind::Path { .. } => self.path(node, known),
            Kind::List(parts) => {
                let parts = parts.iter().map(|part| self.of(part, known)).collect::<Vec<_>>();
                let mut parts = parts.into_iter();
                let first = parts.next().unwrap_or(Type::Any);
                Type::list(parts.fold(first, |all, part| all.or(&part).unwrap_or(Type::Any)))
            }
            Kind::Map(entries) => {
                let entries = entries.iter().map(|(name, part)| (name.clone().into(), self.of(part, known)));
                Type::record(entries.collect::<Vec<_>>())
            }
            Kind::Property { of, name } => {
                let of = self.value(of, known);
                self.field(node, &of, name)
            }
            Kind::Index { of, at } => {
                let of = self.value(of, known);
                self.value(at, known);
                match (&of, &at.kind) {
                    (Type::List(element), _) => element.as_ref().clone(),
                    (Type::Record(_), Kind::Constant(Value::Text(name))) => self.field(node, &of, name),
                    _ => Type::Any,
                }
            }
            Kind::Call { function, arguments } => self.call(function, arguments, known),
            Kind::Each { what, list, closure } => self.each(*what, list, closure, known),
            Kind::Binary { operator, left, right } => self.binary(node, *operator, (left, right), known),
            Kind::Not(of) => self.condition(of, known),
            Kind::Negate(of) => {
                self.wanted(of, &[Sort::Number], known);
                Type::Number
            }
            Kind::And(parts) => self.parts(parts, known, true),
            Kind::Or(parts) => self.parts(parts, known, false),
            Kind::Coalesce(parts) => {
                let mut all: Option<Type> = None;
                for part in parts {
                    let of = self.of(part, known);
                    all = Some(all.map_or_else(|| of.clone(), |all| all.there().or(&of).unwrap_or(Type::Any)));
                    if !of.may_be_empty() {
                        all = all.map(|all| all.there());
                    }
                }
                all.unwrap_or(Type::Any)
            }
            Kind::If { condition, yes, no } => {
                self.condition(condition, known);
                let (when, otherwise) = (self.types.when(condition, true), self.types.when(condition, false));
                let (yes, no) = (self.of(yes, &known.and(&when)), self.of(no, &known.and(&otherwise)));
                yes.or(&no).unwrap_or_else(|| {
                    let message = format!("valet ger {} eller {}", yes.indefinite(), no.indefinite());
                    self.found(node, message, "låt båda vägarna ge samma slag av värde");
                    Type::Any
                })
            }
        }
    }

    fn path(&mut self, node: &'a Node, known: &Known) -> Type {
        let Kind::Path { name, properties } = &node.kind else { return Type::Any };
        let parameter = self.parameters.iter().rev().find(|(known, _)| *known == &**name).map(|(_, of)| of.clone());
        let Some(mut of) = parameter.or_else(|| self.types.get(name).cloned()) else { return Type::Any };
        let mut path = name.to_string();
        for property in properties {
            if of.may_be_empty() && !known.is_there(&path) {
                self.may_be_empty(node, &path);
            }
            of = self.field(node, &of, &property.name);
            path = format!("{path}.{}", &*property.name);
        }
        if known.is_there(&path) { of.there() } else { of }
    }

    fn field(&mut self, at: &Node, of: &Type, name: &str) -> Type {
        of.field(name).unwrap_or_else(|| {
            let known = of.fields().unwrap_or_default().join(", ");
            let hint =
                if known.is_empty() { "det är ett enkelt värde".to_owned() } else { format!("här finns {known}") };
            self.found(at, format!("{} har inget fält ”{name}”", of.indefinite()), &hint);
            Type::Any
        })
    }

    fn may_be_empty(&mut self, at: &Node, what: &str) {
        let hint = format!("pröva först: !is_null({what}) && …; eller säg vad som gäller då: ({what} ?? …)");
        self.found(at, format!("”{what}” kan saknas, och då går uttrycket inte att räkna ut"), &hint);
    }

    /// The kind of something that must not be empty.
    fn value(&mut self, node: &'a Node, known: &Known) -> Type {
        let of = self.of(node, known);
        if of.may_be_empty() {
            self.may_be_empty(node, &written(node));
        }
        of.there()
    }

    /// Something that must be one of some kinds.
    fn wanted(&mut self, node: &'a Node, sorts: &[Sort], known: &Known) -> Type {
        let of = self.value(node, known);
        if let Some(sort) = of.sort().filter(|sort| !sorts.contains(sort)) {
            let wanted: Vec<&str> = sorts.iter().map(|sort| sort.indefinite()).collect();
            let message =
                format!("{} väntas, men ”{}” är {}", wanted.join(" eller "), written(node), sort.indefinite());
            self.found(node, message, hint_for(sort, sorts));
            return Type::Any;
        }
        of
    }

    fn condition(&mut self, node: &'a Node, known: &Known) -> Type {
        self.wanted(node, &[Sort::Bool], known);
        Type::Bool
    }

    /// `&&` and `||`: each part is worked out when those before it went one way.
    fn parts(&mut self, parts: &'a [Node], known: &Known, holds: bool) -> Type {
        let mut known = known.clone();
        for part in parts {
            self.condition(part, &known);
            known = known.and(&self.types.when(part, holds));
        }
        Type::Bool
    }

    fn binary(
        &mut self,
        node: &'a Node,
        operator: Operator,
        (left, right): (&'a Node, &'a Node),
        known: &Known,
    ) -> Type {
        let (one, two) = (self.value(left, known), self.value(right, known));
        if matches!(operator, Operator::Divide | Operator::Remainder) && is_zero(right) {
            self.found(right, "division med noll".to_owned(), "dela med något som inte är noll");
        }
        let is_comparison = operator.is_comparison();
        let given = |sort: Sort| if is_comparison { Some(Type::Bool) } else { sort.calculated(operator) };
        let (Some(sort), Some(other)) = (one.sort(), two.sort()) else {
            // Of one that is not known nothing can be said.
            return if is_comparison { Type::Bool } else { Type::Any };
        };
        if let (Type::List(_), Type::List(_), Operator::Add) = (&one, &two, operator) {
            return one.or(&two).unwrap_or(Type::Any);
        }
        let has_order = !is_comparison || matches!(operator, Operator::Equal | Operator::NotEqual) || sort.has_order();
        if let Some(given) = given(sort).filter(|_| sort == other && has_order) {
            if is_comparison {
                self.words((left, &one), (right, &two));
            }
            return given;
        }
        let (a, b) = (sort.indefinite(), other.indefinite());
        let message = if is_comparison {
            format!("”{}”: {a} och {b} kan inte jämföras så", written(node))
        } else {
            format!("”{}”: {a} {} {b} går inte att räkna ut", written(node), operator.symbol())
        };
        self.found(node, message, hint_of(operator, sort, other, (left, right)));
        if is_comparison { Type::Bool } else { Type::Any }
    }

    /// `income.kind == "lån"`: a thing that is compared with a word that it never is.
    fn words(&mut self, left: (&Node, &Type), right: (&Node, &Type)) {
        let (Type::Text(Some(one)), Type::Text(Some(two))) = (left.1, right.1) else { return };
        if one.iter().any(|word| two.contains(word)) {
            return;
        }
        let (at, word, what, known) =
            if two.len() == 1 { (right.0, &two[0], left.0, one) } else { (left.0, &one[0], right.0, two) };
        let message = format!("{} är aldrig ”{word}”", written(what));
        let length = if matches!(at.kind, Kind::Constant(_)) { word.len() + 2 } else { at.length };
        let hint = format!("här finns {}", known.join(", "));
        self.findings.push(Finding { offset: at.offset, length, message, hint });
    }

    fn call(&mut self, function: &'static Function, arguments: &'a [Node], known: &Known) -> Type {
        let mut kinds = Vec::new();
        for (place, argument) in arguments.iter().enumerate() {
            let sorts = function.takes.get(place).or(function.takes.last()).copied().unwrap_or_default();
            kinds.push(if sorts.is_empty() { self.of(argument, known) } else { self.wanted(argument, sorts, known) });
        }
        let first = kinds.first().cloned().unwrap_or(Type::Any);
        if function.name == "contains"
            && let (Type::List(element), [list, part], Some(of)) = (&first, arguments, kinds.get(1))
        {
            let element = element.there();
            match (element.sort(), of.sort()) {
                (Some(one), Some(two)) if one != two => {
                    let message = format!("i listan ”{}” finns aldrig {}", written(list), two.indefinite());
                    self.found(part, message, &format!("sök efter {}", one.indefinite()));
                }
                _ => self.words((list, &element), (part, of)),
            }
        }
        if function.name == "sum"
            && let (Type::List(element), [list]) = (&first, arguments)
            && (element.may_be_empty() || element.sort().is_some_and(|sort| sort != Sort::Number))
        {
            let message = format!("”{}” ska summeras, men har annat än tal i sig", written(list));
            self.found(list, message, "välj belopp med map(|x| …), och bort de som saknas med filter(|x| !is_null(…))");
        }
        match function.gives {
            Gives::Bool => Type::Bool,
            Gives::Number => Type::Number,
            Gives::Text => Type::Text(None),
            Gives::Date => Type::Date,
            Gives::Month => Type::Month,
            Gives::Personnummer => Type::Personnummer,
            Gives::Texts => Type::list(Type::Text(None)),
            Gives::Months => Type::list(Type::Month),
            Gives::First => first,
            Gives::Element => {
                if let Type::List(element) = first {
                    element.as_ref().clone()
                } else {
                    first
                }
            }
            Gives::Any => Type::Any,
        }
    }

    fn each(&mut self, what: Each, list: &'a Node, closure: &'a Closure, known: &Known) -> Type {
        let of = self.wanted(list, &[Sort::List], known);
        let element = if let Type::List(element) = of { element.as_ref().clone() } else { Type::Any };
        let depth = self.parameters.len();
        let parameters = closure.parameters.iter().map(String::as_str);
        self.parameters.extend(parameters.zip([element.clone(), Type::Number]));
        let known = closure.parameters.iter().fold(known.clone(), |known, name| known.without(name));
        let body = self.of(&closure.body, &known);
        let is_condition = body.sort().is_none_or(|sort| sort == Sort::Bool) && !body.may_be_empty();
        if what != Each::Map && !is_condition {
            let body = (written(&closure.body), body.indefinite());
            let message = format!("ett villkor (ja/nej) väntas, men ”{}” är {}", body.0, body.1);
            self.found(&closure.body, message, "jämför med något, så att det blir ja eller nej");
        }
        self.parameters.truncate(depth);
        let kept = || {
            let name = closure.parameters.first().map(String::as_str).unwrap_or_default();
            narrowed(&element, name, &self.types.when(&closure.body, true))
        };
        match what {
            Each::Map => Type::list(body),
            Each::Filter => Type::list(kept()),
            Each::Find => kept().maybe(),
            Each::Any | Each::All => Type::Bool,
        }
    }
}

/// An element of which a condition holds.
fn narrowed(element: &Type, name: &str, known: &Known) -> Type {
    let Type::Record(fields) = element else { return element.clone() };
    let field = |(field, of): &(std::borrow::Cow<'static, str>, Type)| {
        let is_there = known.is_there(&format!("{name}.{field}"));
        (field.clone(), if is_there { of.there() } else { of.clone() })
    };
    Type::record(fields.iter().map(field))
}

fn of_constant(value: &Value) -> Type {
    match value {
        Value::Null => Type::Empty,
        Value::Bool(_) => Type::Bool,
        Value::Int(_) | Value::Decimal(_) => Type::Number,
        Value::Text(text) => Type::one_of([text.to_string()]),
        Value::Date(_) => Type::Date,
        Value::Month(_) => Type::Month,
        Value::Personnummer(_) => Type::Personnummer,
        Value::List(_) | Value::Record(_) => Type::Any,
    }
}

fn is_zero(node: &Node) -> bool {
    match &node.kind {
        Kind::Constant(value) => as_decimal(value).is_some_and(|number| number.is_zero()),
        Kind::Negate(of) => is_zero(of),
        _ => false,
    }
}

/// What to do about two things that do not go together.
fn hint_of(operator: Operator, one: Sort, two: Sort, (left, right): (&Node, &Node)) -> &'static str {
    let is_number = |node: &Node| matches!(&node.kind, Kind::Constant(Value::Text(text)) if text.parse::<rust_decimal::Decimal>().is_ok());
    match (one, two) {
        (Sort::Number, Sort::Text) | (Sort::Text, Sort::Number) if is_number(left) || is_number(right) => {
            "skriv talet utan citattecken"
        }
        (Sort::Text, Sort::Text) => "texter har ingen ordning: jämför dem med == eller !=",
        (Sort::Text, _) | (_, Sort::Text) if operator == Operator::Add => {
            "räkna bara med tal; ska det bli en text, skriv text(…) eller kr(…) om det andra"
        }
        (Sort::Date, Sort::Date) => "antalet dagar mellan två datum är days_between(a, b)",
        (Sort::Month, Sort::Month) => "antalet månader mellan två månader är months_between(a, b)",
        (Sort::Date, Sort::Month) | (Sort::Month, Sort::Date) => "gör datumet till en månad med month(…)",
        (Sort::Date | Sort::Month, _) if !operator.is_comparison() => "flytta med add_days(…) eller add_months(…)",
        _ => "ändra den ena sidan, så att båda är av samma slag",
    }
}

fn hint_for(given: Sort, wanted: &[Sort]) -> &'static str {
    match (given, wanted) {
        (_, [Sort::Bool]) => "jämför med något, så att det blir ja eller nej",
        (Sort::Text, [Sort::Number]) => {
            "skriv ett tal utan citattecken; en text med ett belopp blir ett tal med money(…)"
        }
        (Sort::Date, [Sort::Month]) => "gör datumet till en månad med month(…)",
        _ => "skriv något av rätt slag",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types() -> Types {
        let mut types = Types::default();
        let group = Type::record([("amount".into(), Type::Number), ("limit".into(), Type::Number.maybe())]);
        for (name, of) in [
            ("n", Type::Number),
            ("maybe", Type::Number.maybe()),
            ("word", Type::one_of(["a", "b"])),
            ("yes", Type::Bool),
            ("month", Type::Month),
            ("day", Type::Date),
            ("groups", Type::list(group)),
            ("history", Type::list(Type::record([("month".into(), Type::Month)])).maybe()),
        ] {
            types.add(name, of);
        }
        types
    }

    fn found(types: &Types, source: &str) -> Vec<String> {
        let template = Template::parse(&format!("${{{source}}}")).expect(source);
        template.infer(types).1.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn what_can_only_go_wrong_is_found() {
        for (source, said) in [
            (r#"n > "hej""#, "ett tal och en text kan inte jämföras"),
            (r#"n == "1""#, "ett tal och en text kan inte jämföras"),
            (r#""a" < "b""#, "en text och en text kan inte jämföras"),
            ("day > month", "ett datum och en månad kan inte jämföras"),
            (r#"word == "c""#, "word är aldrig ”c”"),
            (r#""c" != word"#, "word är aldrig ”c”"),
            (r#"(if yes { "x" } else { "y" }) == "z""#, "är aldrig ”z”"),
            (r#"contains(["x", "y"], "z")"#, "är aldrig ”z”"),
            ("sum(groups)", "har annat än tal i sig"),
            ("sum(groups.map(|g| g.limit))", "har annat än tal i sig"),
            (r#"contains(["x", "y"], 1)"#, "finns aldrig ett tal"),
            ("n + word", "ett tal + en text går inte att räkna ut"),
            ("day - day", "ett datum - ett datum går inte"),
            ("n / 0", "division med noll"),
            ("n % -0", "division med noll"),
            ("n && yes", "ett ja/nej-värde väntas, men ”n” är ett tal"),
            ("!word", "ett ja/nej-värde väntas, men ”word” är en text"),
            ("if n { 1 } else { 2 }", "ett ja/nej-värde väntas"),
            (r#"if yes { 1 } else { "x" }"#, "valet ger ett tal eller en text"),
            ("groups.filter(|g| g.amount)", "ett villkor (ja/nej) väntas"),
            ("groups.map(|g| g.summa)", "har inget fält ”summa”"),
            ("groups.map(|g| g.amount > g.limit)", "”g.limit” kan saknas"),
            ("abs(word)", "ett tal väntas, men ”word” är en text"),
            ("months_between(day, month)", "en månad väntas, men ”day” är ett datum"),
            ("maybe > 0", "”maybe” kan saknas"),
            ("maybe == 0", "”maybe” kan saknas"),
            ("n - maybe", "”maybe” kan saknas"),
            ("abs(maybe)", "”maybe” kan saknas"),
            ("history.len > 0", "”history” kan saknas"),
            ("is_null(maybe) && maybe > 0", "”maybe” kan saknas"),
            ("yes || !is_null(maybe) && maybe > 0 || maybe > 1", "”maybe” kan saknas"),
            ("if is_null(maybe) { maybe + 1 } else { 0 }", "”maybe” kan saknas"),
            ("groups.find(|g| g.amount > 1).amount", "kan saknas"),
            ("n == ()", "kan saknas"),
        ] {
            let found = found(&types(), source);
            assert!(found.len() == 1 && found[0].contains(said), "{source}: {found:?}");
        }
    }

    #[test]
    fn what_has_been_asked_for_is_there() {
        for source in [
            "!is_null(maybe) && maybe > 0",
            "is_null(maybe) || maybe > 0",
            "!(is_null(maybe) || maybe > 0)",
            "(maybe ?? 0) > 0",
            "if is_null(maybe) { 0 } else { maybe + 1 }",
            "if !is_null(maybe) && yes { maybe + 1 } else { 0 }",
            "!is_null(history) && history.any(|past| past.month == month)",
            "groups.filter(|g| !is_null(g.limit)).map(|g| g.amount - g.limit)",
            "groups.any(|g| !is_null(g.limit) && g.amount > g.limit)",
            r#"unknown + 1 > "x".len()"#,
            "add_months(day, 1) in month",
            r#""x." + word == "x.a""#,
            r#"word == "a" || word != "b""#,
        ] {
            assert_eq!(found(&types(), source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn a_named_value_carries_what_follows_from_it() {
        let mut types = types();
        for (name, source) in [
            ("large", "${!is_null(maybe) && maybe > 9}"),
            ("at_most", "${if !is_null(maybe) { maybe } else if is_null(history) { () } else { history.len }}"),
        ] {
            let (of, findings) = Template::parse(source).expect(source).infer(&types);
            assert_eq!(findings, Vec::new());
            types.add(name, of);
        }
        assert_eq!(found(&types, "large && maybe < 20"), Vec::<String>::new());
        assert_eq!(found(&types, "!large && maybe < 20").len(), 1);
        assert_eq!(found(&types, "!is_null(at_most) && is_null(maybe) && history.len > 0"), Vec::<String>::new());
        assert_eq!(found(&types, "!is_null(at_most) && history.len > 0").len(), 1);
        types.suppose(&Template::parse("${large}").expect("a condition"));
        assert_eq!(found(&types, "maybe - 1 > n"), Vec::<String>::new());
    }

    #[test]
    fn of_some_names_one_is_there() {
        let mut types = types();
        types.add("other", Type::Number.maybe());
        types.one_is_there(&[&["maybe"], &["other"]]);
        assert_eq!(found(&types, "is_null(maybe) && other > 0"), Vec::<String>::new());
        assert_eq!(found(&types, "other > 0").len(), 1);
        types.brings("other", &["history"]);
        assert_eq!(found(&types, "!is_null(other) && history.len > 0"), Vec::<String>::new());
    }
}
