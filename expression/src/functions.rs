//! Every function an expression may call. A name that is not here is an error when the expression is read.
//!
//! `f(x, y)` and `x.f(y)` are the same call. The functions that take a closure are in [`crate::node::Each`].

use std::borrow::Cow;

use chrono::{Days, Months, NaiveDate};
use rust_decimal::Decimal;

use crate::node::Each;
use crate::operators::{compare, equal};
use crate::types::Sort::{self, Bool, Date, List, Number, Text};
use crate::{Month, Personnummer, Record, Value, money, text_of};

/// An argument: most are read where they are, in the scope or in the expression.
pub(crate) type Argument<'a> = Cow<'a, Value>;

type Result<T> = std::result::Result<T, String>;

/// A function: its name, how many arguments it takes, and what it does.
#[derive(Debug)]
pub(crate) struct Function {
    pub name: &'static str,
    pub least: usize,
    pub most: usize,
    /// The kinds that each argument may be, the last for all that follow; none: any, and it may be empty.
    pub takes: &'static [&'static [Sort]],
    pub gives: Gives,
    pub run: fn(&[Argument]) -> Result<Value>,
    signature: &'static str,
    about: &'static str,
}

/// What kind of value a function gives.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gives {
    Bool,
    Number,
    Text,
    Date,
    Month,
    Personnummer,
    Texts,
    Months,
    /// What its first argument is.
    First,
    /// What is in the list that its first argument is; the argument itself when it is no list.
    Element,
    Any,
}

/// A function as documentation and editors want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionInfo {
    pub name: &'static str,
    /// How it is written, with the names of its arguments.
    pub signature: &'static str,
    /// What it gives, in Swedish.
    pub about: &'static str,
}

/// All functions, in the order of the documentation.
pub fn functions() -> impl Iterator<Item = FunctionInfo> {
    let plain = FUNCTIONS.iter().map(|f| FunctionInfo { name: f.name, signature: f.signature, about: f.about });
    plain.chain(CLOSURE_FUNCTIONS)
}

const CLOSURE_FUNCTIONS: [FunctionInfo; 5] = [
    FunctionInfo {
        name: "map",
        signature: "map(lista, |x| …)",
        about: "en ny lista med uttryckets värde för varje element",
    },
    FunctionInfo {
        name: "filter", signature: "filter(lista, |x| …)", about: "de element som villkoret gäller för"
    },
    FunctionInfo { name: "any", signature: "any(lista, |x| …)", about: "om villkoret gäller för något element" },
    FunctionInfo { name: "all", signature: "all(lista, |x| …)", about: "om villkoret gäller för alla element" },
    FunctionInfo {
        name: "find",
        signature: "find(lista, |x| …)",
        about: "det första element som villkoret gäller för, annars tomt",
    },
];

macro_rules! functions {
    ($($name:literal $least:literal..=$most:expr, $takes:expr, $gives:expr, $run:expr, $signature:literal, $about:literal;)*) => {
        &[$(Function {
            name: $name, least: $least, most: $most, takes: $takes, gives: $gives, run: $run, signature: $signature,
            about: $about,
        }),*]
    };
}

const MANY: usize = 50;

const N: &[Sort] = &[Number];
const T: &[Sort] = &[Text];
const D: &[Sort] = &[Date];
const M: &[Sort] = &[Sort::Month];
const L: &[Sort] = &[List];
const R: &[Sort] = &[Sort::Record];
const ORDERED: &[Sort] = &[Number, Date, Sort::Month, List];
const WRITABLE: &[Sort] = &[Bool, Number, Text, Date, Sort::Month, Sort::Personnummer];
const VALUE: &[Sort] = &[Bool, Number, Text, Date, Sort::Month, Sort::Personnummer, List, Sort::Record];

static FUNCTIONS: &[Function] = functions! {
    "money" 1..=1, &[&[Text, Number]], Gives::Number, |a| to_money(&a[0]), "money(text)", "beloppet i en text som ”1 234,50 kr”";
    "kr" 1..=1, &[N], Gives::Text, |a| whole_ore(&a[0]).map(|d| Value::from(money::kr(d))), "kr(belopp)", "beloppet som text: ”6 020” eller ”6 020,50”";
    "plain" 1..=1, &[N], Gives::Text, |a| whole_ore(&a[0]).map(|d| Value::from(money::plain(d))), "plain(belopp)", "beloppet som text utan mellanrum: ”6020,50”";
    "round" 1..=2, &[N], Gives::Number, round, "round(tal, decimaler)", "avrundat, halvor bort från noll";
    "abs" 1..=1, &[N], Gives::Number, |a| number(&a[0]).map(|d| Value::from(d.abs())), "abs(tal)", "talet utan tecken";
    "integer" 1..=1, &[&[Text, Number]], Gives::Number, |a| integer(&a[0]), "integer(text)", "heltalet i en text eller ett tal utan decimaler";
    "sum" 1..=1, &[L], Gives::Number, |a| sum(&a[0]), "sum(lista)", "summan; en tom lista ger 0";
    "min" 1..=MANY, &[ORDERED], Gives::Element, |a| extreme(a, std::cmp::Ordering::Less), "min(a, b, …)", "det minsta av argumenten eller av en lista";
    "max" 1..=MANY, &[ORDERED], Gives::Element, |a| extreme(a, std::cmp::Ordering::Greater), "max(a, b, …)", "det största av argumenten eller av en lista";
    "date" 1..=1, &[&[Text, Date]], Gives::Date, |a| to_date(&a[0]), "date(text)", "datumet i en text som ”2025-12-05”";
    "month" 1..=1, &[&[Text, Date, Sort::Month]], Gives::Month, |a| to_month(&a[0]), "month(text)", "månaden i en text som ”2025-12”, eller den månad ett datum är i";
    "age" 2..=2, &[D], Gives::Number, age, "age(född, dag)", "fyllda år på en dag";
    "days_between" 2..=2, &[D], Gives::Number, days_between, "days_between(från, till)", "antal dagar från ett datum till ett annat";
    "add_days" 2..=2, &[D, N], Gives::Date, add_days, "add_days(datum, antal)", "datumet så många dagar senare, eller tidigare om antalet är negativt";
    "add_months" 2..=2, &[&[Date, Sort::Month], N], Gives::First, add_months, "add_months(datum, antal)", "datumet eller månaden så många månader senare";
    "months_between" 2..=2, &[M], Gives::Number, months_between, "months_between(från, till)", "antal månader från en månad till en annan";
    "months_in_row" 2..=2, &[L, M], Gives::Number, crate::month_runs::months_in_row, "months_in_row(månader, före)", "hur många månader i följd i listan som slutar med månaden före";
    "month_starts" 2..=2, &[L, N], Gives::Months, crate::month_runs::month_starts, "month_starts(månader, antal)", "de månader i listan som börjar en tid av så många månader; en tid börjar när den förra är slut";
    "personnummer" 1..=2, &[&[Text, Sort::Personnummer], D], Gives::Personnummer, to_personnummer, "personnummer(text, dag)", "identitetsnumret i en text; dagen behövs bara när århundradet saknas";
    "is_null" 1..=1, &[], Gives::Bool, |a| Ok(Value::from(a[0].is_null())), "is_null(x)", "om värdet är tomt";
    "or_else" 3..=3, &[R, T, &[]], Gives::Any, or_else, "or_else(post, \"fält\", annars)", "fältet om det finns och inte är tomt, annars det andra";
    "has" 2..=2, &[R, T], Gives::Bool, has, "has(post, \"fält\")", "om posten har fältet";
    "text" 1..=1, &[WRITABLE], Gives::Text, |a| text_of(&a[0]).map(Value::from), "text(x)", "värdet som text";
    "len" 1..=1, &[&[Text, List]], Gives::Number, |a| len(&a[0]), "len(x)", "antal element i en lista eller tecken i en text";
    "contains" 2..=2, &[&[Text, List, Sort::Month], VALUE], Gives::Bool, |a| contains(&a[0], &a[1]), "contains(x, y)", "om listan har värdet, texten har texten eller månaden har datumet";
    "first" 1..=1, &[L], Gives::Element, |a| end_of(&a[0], |list| list.first().cloned()), "first(lista)", "det första elementet";
    "last" 1..=1, &[L], Gives::Element, |a| end_of(&a[0], |list| list.last().cloned()), "last(lista)", "det sista elementet";
    "join" 2..=2, &[L, T], Gives::Text, join, "join(lista, text)", "listans element som en text med något mellan";
    "split" 2..=2, &[T], Gives::Texts, split, "split(text, skilje)", "textens delar som en lista";
    "unique" 1..=1, &[L], Gives::First, |a| unique(&a[0]), "unique(lista)", "listan utan upprepningar";
    "trim" 1..=1, &[T], Gives::Text, |a| Ok(Value::from(text(&a[0])?.trim())), "trim(text)", "texten utan mellanrum i kanterna";
    "upper" 1..=1, &[T], Gives::Text, |a| Ok(Value::from(text(&a[0])?.to_uppercase())), "upper(text)", "texten med stora bokstäver";
    "lower" 1..=1, &[T], Gives::Text, |a| Ok(Value::from(text(&a[0])?.to_lowercase())), "lower(text)", "texten med små bokstäver";
    "capital" 1..=1, &[T], Gives::Text, |a| Ok(Value::from(capital(text(&a[0])?))), "capital(text)", "texten med stor begynnelsebokstav";
    "starts_with" 2..=2, &[T], Gives::Bool, |a| Ok(Value::from(text(&a[0])?.starts_with(text(&a[1])?))), "starts_with(text, början)", "om texten börjar så";
    "ends_with" 2..=2, &[T], Gives::Bool, |a| Ok(Value::from(text(&a[0])?.ends_with(text(&a[1])?))), "ends_with(text, slut)", "om texten slutar så";
    "replace" 3..=3, &[T], Gives::Text, replace, "replace(text, det, mot)", "texten med alla förekomster utbytta";
};

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// The known name that is most like a misspelt one.
pub(crate) fn like(name: &str) -> Option<&'static str> {
    let names = FUNCTIONS.iter().map(|f| f.name).chain(Each::NAMES.iter().map(|(name, _)| *name));
    names
        .map(|known| (distance(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().div_ceil(4).min(2))
        .min()
        .map(|(_, known)| known)
}

/// How many letters must be changed, added or taken away to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, right) in b.iter().enumerate() {
            let changed = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn wanted<T>(what: &str, value: &Value) -> Result<T> {
    Err(format!("{what} väntas, men det är {}", value.indefinite()))
}

fn number(value: &Value) -> Result<Decimal> {
    crate::as_decimal(value).map_or_else(|| wanted("ett tal", value), Ok)
}

fn text(value: &Value) -> Result<&str> {
    if let Value::Text(text) = value { Ok(text) } else { wanted("en text", value) }
}

fn day(value: &Value) -> Result<NaiveDate> {
    crate::as_date(value).map_or_else(|| wanted("ett datum", value), Ok)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn whole(value: &Value) -> Result<i64> {
    if let Value::Int(int) = value { Ok(*int) } else { wanted("ett heltal", value) }
}

fn list(value: &Value) -> Result<&[Value]> {
    value.as_list().map_or_else(|| wanted("en lista", value), Ok)
}

fn record(value: &Value) -> Result<&Record> {
    value.as_record().map_or_else(|| wanted("en post", value), Ok)
}

fn to_money(value: &Value) -> Result<Value> {
    match value {
        Value::Text(text) => money::parse(text).map(Value::from),
        Value::Int(int) => Ok(Value::from(Decimal::from(*int))),
        Value::Decimal(_) => Ok(value.clone()),
        _ => wanted("en text med ett belopp", value),
    }
}

/// An amount to be written: parts of an öre are never dropped by the way.
fn whole_ore(value: &Value) -> Result<Decimal> {
    let amount = number(value)?;
    if amount.normalize().scale() > 2 {
        return Err("beloppet har delar av ören; avrunda först med round(…, 2)".to_owned());
    }
    Ok(amount)
}

fn round(arguments: &[Argument]) -> Result<Value> {
    let decimals = arguments.get(1).map_or(Ok(0), |decimals| whole(decimals))?;
    let decimals = u32::try_from(decimals).ok().filter(|n| *n <= 10);
    let decimals = decimals.ok_or("antalet decimaler ska vara 0 till 10")?;
    Ok(Value::from(money::round(number(&arguments[0])?, decimals)))
}

fn integer(value: &Value) -> Result<Value> {
    let decimal = match value {
        Value::Text(text) => text.trim().parse().map_err(|_| "texten är inte ett heltal".to_owned())?,
        _ => number(value)?,
    };
    let int = decimal.is_integer().then(|| i64::try_from(decimal).ok()).flatten();
    int.map(Value::from).ok_or_else(|| "talet är inte ett heltal".to_owned())
}

fn sum(value: &Value) -> Result<Value> {
    let mut total = Decimal::ZERO;
    for element in list(value)? {
        total = total.checked_add(number(element)?).ok_or("summan blir för stor")?;
    }
    Ok(Value::from(total))
}

fn extreme(arguments: &[Argument], wanted: std::cmp::Ordering) -> Result<Value> {
    let elements: Vec<&Value> = match arguments {
        [only] => list(only)?.iter().collect(),
        several => several.iter().map(AsRef::as_ref).collect(),
    };
    let mut elements = elements.into_iter();
    let mut best = elements.next().ok_or("listan är tom, så det finns inget minsta eller största")?;
    compare(best, best)?;
    for element in elements {
        if compare(element, best)? == wanted {
            best = element;
        }
    }
    Ok(best.clone())
}

fn to_date(value: &Value) -> Result<Value> {
    match value {
        Value::Date(_) => Ok(value.clone()),
        Value::Text(text) => {
            let date = (text.trim().len() == 10).then(|| text.trim().parse().ok()).flatten();
            date.map(crate::date).ok_or_else(|| "texten är inte ett datum; skriv det som 2025-12-05".to_owned())
        }
        _ => wanted("en text med ett datum", value),
    }
}

fn to_month(value: &Value) -> Result<Value> {
    match value {
        Value::Month(_) => Ok(value.clone()),
        Value::Date(date) => Ok(Month::of(*date).into()),
        Value::Text(text) => text.parse::<Month>().map(Into::into),
        _ => wanted("en text med en månad", value),
    }
}

fn age(arguments: &[Argument]) -> Result<Value> {
    let years = day(&arguments[1])?.years_since(day(&arguments[0])?);
    years.map(|years| Value::from(i64::from(years))).ok_or_else(|| "dagen är före födelsedagen".to_owned())
}

fn days_between(arguments: &[Argument]) -> Result<Value> {
    Ok(Value::from((day(&arguments[1])? - day(&arguments[0])?).num_days()))
}

fn add_days(arguments: &[Argument]) -> Result<Value> {
    let (from, count) = (day(&arguments[0])?, whole(&arguments[1])?);
    let steps = Days::new(count.unsigned_abs());
    let moved = if count < 0 { from.checked_sub_days(steps) } else { from.checked_add_days(steps) };
    moved.map(crate::date).ok_or_else(|| "datumet hamnar för långt bort".to_owned())
}

fn add_months(arguments: &[Argument]) -> Result<Value> {
    let count = i32::try_from(whole(&arguments[1])?).ok().filter(|n| n.abs() <= 2400);
    let count = count.ok_or("antalet månader är för stort")?;
    if let Value::Month(month) = arguments[0].as_ref() {
        return Ok(month.plus(count).into());
    }
    let (from, steps) = (day(&arguments[0])?, Months::new(count.unsigned_abs()));
    let moved = if count < 0 { from.checked_sub_months(steps) } else { from.checked_add_months(steps) };
    moved.map(crate::date).ok_or_else(|| "datumet hamnar för långt bort".to_owned())
}

fn months_between(arguments: &[Argument]) -> Result<Value> {
    let month = |value: &Value| crate::as_month(value).map_or_else(|| wanted("en månad", value), Ok);
    Ok(Value::from(i64::from(month(&arguments[1])?.since(month(&arguments[0])?))))
}

fn to_personnummer(arguments: &[Argument]) -> Result<Value> {
    if let Value::Personnummer(_) = arguments[0].as_ref() {
        return Ok(arguments[0].as_ref().clone());
    }
    let written = text(&arguments[0])?;
    let number = match arguments.get(1) {
        Some(today) => Personnummer::parse_on(written, day(today)?)?,
        None => Personnummer::parse(written)?,
    };
    Ok(number.into())
}

fn or_else(arguments: &[Argument]) -> Result<Value> {
    let field = text(&arguments[1])?;
    let value = record(&arguments[0])?.get(field).filter(|value| !value.is_null());
    Ok(value.unwrap_or(&arguments[2]).clone())
}

fn has(arguments: &[Argument]) -> Result<Value> {
    Ok(Value::from(record(&arguments[0])?.get(text(&arguments[1])?).is_some()))
}

pub(crate) fn len(value: &Value) -> Result<Value> {
    let count = match value {
        Value::Text(text) => text.chars().count(),
        Value::List(list) => list.len(),
        _ => return wanted("en lista eller en text", value),
    };
    i64::try_from(count).map(Value::from).map_err(|_| "listan är för lång".to_owned())
}

fn contains(whole: &Value, part: &Value) -> Result<Value> {
    let found = match whole {
        Value::Text(whole) => whole.contains(text(part)?),
        Value::Month(month) => month.contains(day(part)?),
        Value::List(list) => {
            for element in list.iter() {
                if !element.is_null() && equal(element, part)? {
                    return Ok(Value::Bool(true));
                }
            }
            false
        }
        Value::Record(_) => return Err("en post har fält, inte element; pröva has(post, \"fält\")".to_owned()),
        _ => return wanted("en lista, en text eller en månad", whole),
    };
    Ok(Value::from(found))
}

fn end_of(value: &Value, pick: fn(&[Value]) -> Option<Value>) -> Result<Value> {
    pick(list(value)?).ok_or_else(|| "listan är tom".to_owned())
}

fn join(arguments: &[Argument]) -> Result<Value> {
    let parts = list(&arguments[0])?.iter().map(text_of).collect::<Result<Vec<_>>>()?;
    Ok(Value::from(parts.join(text(&arguments[1])?)))
}

fn split(arguments: &[Argument]) -> Result<Value> {
    let (whole, separator) = (text(&arguments[0])?, text(&arguments[1])?);
    if separator.is_empty() {
        return Err("skiljetecknet är tomt".to_owned());
    }
    Ok(Value::from(whole.split(separator).map(Value::from).collect::<Vec<_>>()))
}

fn unique(value: &Value) -> Result<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for element in list(value)? {
        let mut seen = false;
        for known in &kept {
            seen |= equal(known, element)?;
        }
        if !seen {
            kept.push(element.clone());
        }
    }
    Ok(Value::from(kept))
}

fn replace(arguments: &[Argument]) -> Result<Value> {
    let (whole, what, with) = (text(&arguments[0])?, text(&arguments[1])?, text(&arguments[2])?);
    if what.is_empty() {
        return Err("texten som ska bytas ut är tom".to_owned());
    }
    Ok(Value::from(whole.replace(what, with)))
}
