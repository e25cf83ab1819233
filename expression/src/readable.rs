//! An expression as Swedish words, for those who read a rule and not its code. For reading only: what an expression
//! means is said by its evaluation and nothing else.

use crate::node::{Closure, Each, Kind, Node, Operator};
use crate::written::written;
use crate::{Expression, Template, as_text, text_of};

/// What a name (`person.age`) or a text (`"single"`, with its quotes) is called; none where it has no other name. A text
/// that is compared with a name is first asked for after that name: `person.role "child"`. What a list is gone through by
/// is called by the list: `costs[]`, `costs[].applied`.
pub type Words<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Template {
    /// The conditions that must all hold, in words; for a template that is one `${…}` it is the parts of its `&&`.
    pub fn conditions(&self, words: Words<'_>) -> Vec<String> {
        match self.only_expression() {
            Some(expression) => expression.conditions(words),
            None => vec![self.readable(words)],
        }
    }

    /// The template in words; text between expressions stands as it is.
    pub fn readable(&self, words: Words<'_>) -> String {
        self.map_parts(|expression| format!("[{}]", expression.readable(words)), |whole| whole.readable(words))
    }

    /// The template with a name where an expression is just that, and with `…` for what is worked out.
    pub fn outline(&self, words: Words<'_>) -> String {
        let short = |expression: &Expression| match &expression.root().kind {
            Kind::Path { .. } => format!("[{}]", expression.readable(words)),
            _ => "…".to_owned(),
        };
        self.map_parts(short, short)
    }
}

impl Expression {
    fn conditions(&self, words: Words<'_>) -> Vec<String> {
        let reader = Reader { words, elements: Vec::new() };
        match &self.root().kind {
            Kind::And(parts) => parts.iter().map(|part| reader.loose(part)).collect(),
            _ => vec![reader.loose(self.root())],
        }
    }

    fn readable(&self, words: Words<'_>) -> String {
        Reader { words, elements: Vec::new() }.loose(self.root())
    }
}

struct Reader<'a> {
    words: Words<'a>,
    /// The closures' parameters in force, each with what it is called by its list.
    elements: Vec<(String, String)>,
}

impl Reader<'_> {
    /// Where nothing stands beside it.
    fn loose(&self, node: &Node) -> String {
        match &node.kind {
            Kind::Watched { of, .. } => self.loose(of),
            Kind::Constant(value) => self.constant(value),
            Kind::Path { name, properties } => {
                let path: Vec<&str> = [&**name].into_iter().chain(properties.iter().map(|p| &*p.name)).collect();
                self.path(&path)
            }
            Kind::List(items) if items.is_empty() => "en tom lista".to_owned(),
            Kind::List(items) => format!("listan {}", self.listed(items, ", ")),
            Kind::Map(entries) => {
                let entries = entries.iter().map(|(name, node)| format!("{name}: {}", self.loose(node)));
                entries.collect::<Vec<_>>().join(", ")
            }
            Kind::Property { of, name } => match part_of(name) {
                Some(part) => format!("{part} {}", self.tight(of)),
                None => format!("{} för {}", self.path(&[name]), self.tight(of)),
            },
            Kind::Index { of, at } => format!("{} nummer {}", self.tight(of), self.tight(at)),
            Kind::Call { function, arguments } => self.call(function.name, arguments),
            Kind::Each { what, list, closure } => self.each(*what, list, closure),
            Kind::Binary { operator, left, right } => {
                let (one, two) = (self.beside(left, right), self.beside(right, left));
                format!("{one} {} {two}", between(*operator))
            }
            Kind::Not(inner) => self.negated(inner),
            Kind::Negate(inner) => format!("minus {}", self.tight(inner)),
            Kind::And(parts) => self.listed(parts, " och "),
            Kind::Or(parts) => self.listed(parts, " eller "),
            Kind::Coalesce(parts) => {
                let mut parts = parts.iter().map(|part| self.tight(part));
                let first = parts.next().unwrap_or_default();
                parts.fold(first, |text, next| format!("{text} (saknas det: {next})"))
            }
            Kind::If { condition, yes, no } => {
                format!("{} om {}, annars {}", self.tight(yes), self.tight(condition), self.alternative(no))
            }
        }
    }

    /// Where something stands beside it: in parentheses, unless it is one thing.
    fn tight(&self, node: &Node) -> String {
        let whole = match &node.kind {
            Kind::Constant(_) | Kind::Path { .. } => true,
            Kind::Call { function, .. } => function.name != "contains",
            _ => false,
        };
        if whole { self.loose(node) } else { format!("({})", self.loose(node)) }
    }

    /// What comes after `annars`: a chain of choices needs no parentheses.
    fn alternative(&self, node: &Node) -> String {
        if matches!(node.kind, Kind::If { .. }) { self.loose(node) } else { self.tight(node) }
    }

    fn path(&self, path: &[&str]) -> String {
        let whole = path.join(".");
        let element = self.elements.iter().rev().find(|(name, _)| path.first() == Some(&name.as_str()));
        let named =
            element.map_or_else(|| whole.clone(), |(_, element)| [&[element.as_str()], &path[1..]].concat().join("."));
        if let Some(words) = (self.words)(&named) {
            return words;
        }
        match path.split_last().and_then(|(last, start)| Some((part_of(last)?, start))) {
            Some((part, start)) if !start.is_empty() => format!("{part} {}", self.path(start)),
            _ => whole,
        }
    }

    /// A side of a comparison: a text may be called otherwise beside some name.
    fn beside(&self, node: &Node, other: &Node) -> String {
        let named = match (&node.kind, &other.kind) {
            (Kind::Constant(value), Kind::Path { .. }) => {
                as_text(value).and_then(|text| (self.words)(&format!("{} \"{text}\"", written(other))))
            }
            _ => None,
        };
        named.unwrap_or_else(|| self.tight(node))
    }

    fn constant(&self, value: &crate::Value) -> String {
        if value.is_null() {
            return "tomt".to_owned();
        }
        match as_text(value) {
            Some(text) => (self.words)(&format!("\"{text}\"")).unwrap_or_else(|| format!("”{text}”")),
            None => match text_of(value).unwrap_or_default().as_str() {
                "true" => "ja".to_owned(),
                "false" => "nej".to_owned(),
                other => other.replace('.', ","),
            },
        }
    }

    fn listed(&self, nodes: &[Node], between: &str) -> String {
        let one = |node: &Node| match &node.kind {
            // Comparisons read well beside each other; other compounds need their parentheses, also where what is denied
            // could be taken to go on.
            Kind::Not(of) if matches!(of.kind, Kind::Path { .. }) => self.tight(node),
            Kind::Binary { .. } | Kind::Not(_) | Kind::Call { .. } => self.loose(node),
            _ => self.tight(node),
        };
        nodes.iter().map(one).collect::<Vec<_>>().join(between)
    }

    fn negated(&self, node: &Node) -> String {
        match &node.kind {
            Kind::Call { function, arguments } if function.name == "is_null" => {
                format!("{} finns", self.listed(arguments, ", "))
            }
            Kind::Call { function, arguments } if function.name == "contains" => {
                let [list, value] = arguments.as_slice() else { return format!("inte ({})", self.loose(node)) };
                format!("{} är inte i {}", self.tight(value), self.tight(list))
            }
            Kind::Path { .. } => format!("det gäller inte att {}", self.loose(node)),
            _ => format!("inte ({})", self.loose(node)),
        }
    }

    fn call(&self, name: &str, arguments: &[Node]) -> String {
        let one = |index: usize| arguments.get(index).map(|node| self.tight(node)).unwrap_or_default();
        let all = || arguments.iter().map(|node| self.loose(node)).collect::<Vec<_>>().join(", ");
        match name {
            "is_null" => format!("{} saknas", all()),
            "text" | "money" | "date" | "integer" => all(),
            "kr" | "plain" => format!("{} kr", all()),
            "round" if arguments.len() == 1 => format!("{} avrundat till hela", one(0)),
            "round" => format!("{} avrundat till {} decimaler", one(0), one(1)),
            "abs" => format!("storleken av {}", one(0)),
            "sum" => format!("summan av {}", all()),
            "min" => format!("det minsta av {}", all()),
            "max" => format!("det största av {}", all()),
            "len" => format!("antalet {}", all()),
            "month" => format!("månaden för {}", one(0)),
            "age" => format!("åldern på {} för den som är född {}", one(1), one(0)),
            "days_between" => format!("antalet dagar från {} till {}", one(0), one(1)),
            "months_in_row" => format!("antalet månader i följd bland {} fram till {}", one(0), one(1)),
            "month_starts" => format!("de av {} som börjar en tid av {} månader", one(0), one(1)),
            "months_between" => format!("antalet månader från {} till {}", one(0), one(1)),
            "add_days" => format!("{} plus {} dagar", one(0), one(1)),
            "add_months" => format!("{} plus {} månader", one(0), one(1)),
            "contains" => format!("{} är i {}", one(1), one(0)),
            "first" => format!("den första av {}", one(0)),
            "last" => format!("den sista av {}", one(0)),
            "unique" => format!("olika {}", one(0)),
            "starts_with" => format!("{} börjar med {}", one(0), one(1)),
            "ends_with" => format!("{} slutar med {}", one(0), one(1)),
            _ => format!("{name}({})", all()),
        }
    }

    fn each(&self, what: Each, list: &Node, closure: &Closure) -> String {
        let mut elements = self.elements.clone();
        if let (Some(parameter), Some(list)) = (closure.parameters.first(), gone_through(list)) {
            elements.push((parameter.clone(), format!("{list}[]")));
        }
        let body = Reader { words: self.words, elements }.loose(&closure.body);
        let list = self.tight(list);
        match what {
            Each::Map => format!("{body} för var och en av {list}"),
            Each::Filter => format!("{list} där {body}"),
            Each::Any => format!("för någon av {list} gäller att {body}"),
            Each::All => format!("för alla {list} gäller att {body}"),
            Each::Find => format!("den första av {list} där {body}"),
        }
    }
}

/// The name of the list that is gone through, when it is one or a part of one.
fn gone_through(list: &Node) -> Option<String> {
    match &list.kind {
        Kind::Path { .. } => Some(written(list)),
        Kind::Each { what: Each::Filter, list, .. } => gone_through(list),
        _ => None,
    }
}

/// What a field of a list, a month or a date is of it.
fn part_of(field: &str) -> Option<&'static str> {
    Some(match field {
        "len" => "antalet",
        "first_day" => "första dagen i",
        "last_day" => "sista dagen i",
        "days" => "antalet dagar i",
        "next" => "månaden efter",
        "previous" => "månaden före",
        "year" => "året för",
        _ => return None,
    })
}

fn between(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "+",
        Operator::Subtract => "−",
        Operator::Multiply => "×",
        Operator::Divide => "/",
        Operator::Remainder => "rest vid delning med",
        Operator::Equal => "är",
        Operator::NotEqual => "är inte",
        Operator::Less => "är mindre än",
        Operator::LessOrEqual => "är högst",
        Operator::Greater => "är mer än",
        Operator::GreaterOrEqual => "är minst",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str) -> Option<String> {
        let known = match name {
            "person.age" => "personens ålder",
            "household.kind" => "hushållet",
            "\"couple\"" => "sammanboende",
            "choice.a \"couple\"" => "två",
            "period" => "perioden",
            "costs[].applied" => "det sökta",
            _ => return None,
        };
        Some(known.to_owned())
    }

    fn conditions(source: &str) -> Vec<String> {
        Template::parse(source).expect("a template").conditions(&words)
    }

    #[test]
    fn the_parts_of_a_condition_are_a_list_in_words() {
        assert_eq!(
            conditions(r#"${person.age < 18 && household.kind == "couple" && !is_null(x) && !late}"#),
            ["personens ålder är mindre än 18", "hushållet är sammanboende", "x finns", "det gäller inte att late"]
        );
    }

    #[test]
    fn a_text_is_called_as_it_is_beside_its_name_and_a_part_of_a_month_is_of_it() {
        assert_eq!(
            conditions(r#"${choice.a == "couple" || "couple" != choice.b}"#),
            ["choice.a är två eller sammanboende är inte choice.b"]
        );
        assert_eq!(conditions("${n < period.days}"), ["n är mindre än antalet dagar i perioden"]);
    }

    #[test]
    fn what_belongs_together_stays_together() {
        assert_eq!(conditions("${(a || b > 2) && c}"), ["a eller b är mer än 2", "c"]);
        assert_eq!(conditions("${a + b * 2 > 10}"), ["(a + (b × 2)) är mer än 10"]);
        assert_eq!(conditions("${!(a && b)}"), ["inte (a och b)"]);
        assert_eq!(conditions("${!a || b}"), ["(det gäller inte att a) eller b"]);
    }

    #[test]
    fn choices_lists_and_dates_are_read_as_sentences() {
        assert_eq!(conditions("${if a { 1 } else if b { 2 } else { 0.5 }}"), ["1 om a, annars 2 om b, annars 0,50"]);
        assert_eq!(conditions("${add_months(born, 252) in period}"), ["born plus 252 månader är i perioden"]);
        assert_eq!(conditions("${list.any(|x| x.n > 0)}"), ["för någon av list gäller att x.n är mer än 0"]);
        assert_eq!(
            conditions("${sum(costs.filter(|x| x.applied > 1).map(|y| y.applied)) > 2}"),
            ["summan av det sökta för var och en av (costs där det sökta är mer än 1) är mer än 2"]
        );
        assert_eq!(conditions("${list.len > 3}"), ["antalet list är mer än 3"]);
        assert_eq!(conditions("${(n ?? 0) >= 6}"), ["(n (saknas det: 0)) är minst 6"]);
    }

    #[test]
    fn text_around_expressions_stands_as_it_is() {
        let template = Template::parse("shared.${person.age}").expect("a template");
        assert_eq!(template.readable(&words), "shared.[personens ålder]");
        let template = Template::parse("Barn ${person.age} år, ${a + 1} kr").expect("a template");
        assert_eq!(template.outline(&words), "Barn [personens ålder] år, … kr");
    }
}
