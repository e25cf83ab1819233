//! Every function an expression may call. A name that is not here is an error when the expression is read.
//!
//! `f(x, y)` and `x.f(y)` are the same call. The functions that take a closure are in [`crate::node::Each`].

use chrono::{Days, Months, NaiveDate};
use rhai::{Array, Map};
use rust_decimal::Decimal;

use crate::node::Each;
use crate::operators::{compare, equal};
use crate::value::{View, indefinite, text_of, view, with_list, with_map};
use crate::{Month, Personnummer, Value, money};

type Result<T> = std::result::Result<T, String>;

/// A function: its name, how many arguments it takes, and what it does.
#[derive(Debug)]
pub(crate) struct Function {
    pub name: &'static str,
    pub least: usize,
    pub most: usize,
    pub run: fn(&[Value]) -> Result<Value>,
    signature: &'static str,
    about: &'static str,
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
    ($($name:literal $least:literal..=$most:expr, $run:expr, $signature:literal, $about:literal;)*) => {
        &[$(Function { name: $name, least: $least, most: $most, run: $run, signature: $signature, about: $about }),*]
    };
}

const MANY: usize = 50;

static FUNCTIONS: &[Function] = functions! {
    "money" 1..=1, |a| to_money(&a[0]), "money(text)", "beloppet i en text som ”1 234,50 kr”";
    "kr" 1..=1, |a| whole_ore(&a[0]).map(|d| Value::from(money::kr(d))), "kr(belopp)", "beloppet som text: ”6 020” eller ”6 020,50”";
    "plain" 1..=1, |a| whole_ore(&a[0]).map(|d| Value::from(money::plain(d))), "plain(belopp)", "beloppet som text utan mellanrum: ”6020,50”";
    "round" 1..=2, round, "round(tal, decimaler)", "avrundat, halvor bort från noll";
    "abs" 1..=1, |a| number(&a[0]).map(|d| Value::from(d.abs())), "abs(tal)", "talet utan tecken";
    "integer" 1..=1, |a| integer(&a[0]), "integer(text)", "heltalet i en text eller ett tal utan decimaler";
    "sum" 1..=1, |a| sum(&a[0]), "sum(lista)", "summan; en tom lista ger 0";
    "min" 1..=MANY, |a| extreme(a, std::cmp::Ordering::Less), "min(a, b, …)", "det minsta av argumenten eller av en lista";
    "max" 1..=MANY, |a| extreme(a, std::cmp::Ordering::Greater), "max(a, b, …)", "det största av argumenten eller av en lista";
    "date" 1..=1, |a| to_date(&a[0]), "date(text)", "datumet i en text som ”2025-12-05”";
    "month" 1..=1, |a| to_month(&a[0]), "month(text)", "månaden i en text som ”2025-12”, eller den månad ett datum är i";
    "age" 2..=2, age, "age(född, dag)", "fyllda år på en dag";
    "days_between" 2..=2, days_between, "days_between(från, till)", "antal dagar från ett datum till ett annat";
    "add_days" 2..=2, add_days, "add_days(datum, antal)", "datumet så många dagar senare, eller tidigare om antalet är negativt";
    "add_months" 2..=2, add_months, "add_months(datum, antal)", "datumet eller månaden så många månader senare";
    "months_between" 2..=2, months_between, "months_between(från, till)", "antal månader från en månad till en annan";
    "months_in_row" 2..=2, crate::month_runs::months_in_row, "months_in_row(månader, före)", "hur många månader i följd i listan som slutar med månaden före";
    "month_starts" 2..=2, crate::month_runs::month_starts, "month_starts(månader, antal)", "de månader i listan som börjar en tid av så många månader; en tid börjar när den förra är slut";
    "personnummer" 1..=2, to_personnummer, "personnummer(text, dag)", "identitetsnumret i en text; dagen behövs bara när århundradet saknas";
    "is_null" 1..=1, |a| Ok(Value::from(a[0].is_unit())), "is_null(x)", "om värdet är tomt";
    "or_else" 3..=3, or_else, "or_else(post, \"fält\", annars)", "fältet om det finns och inte är tomt, annars det andra";
    "has" 2..=2, has, "has(post, \"fält\")", "om posten har fältet";
    "text" 1..=1, |a| text_of(&a[0]).map(Value::from), "text(x)", "värdet som text";
    "len" 1..=1, |a| len(&a[0]), "len(x)", "antal element i en lista eller tecken i en text";
    "contains" 2..=2, |a| contains(&a[0], &a[1]), "contains(x, y)", "om listan har värdet, texten har texten eller månaden har datumet";
    "first" 1..=1, |a| end_of(&a[0], |list| list.first().cloned()), "first(lista)", "det första elementet";
    "last" 1..=1, |a| end_of(&a[0], |list| list.last().cloned()), "last(lista)", "det sista elementet";
    "join" 2..=2, join, "join(lista, text)", "listans element som en text med något mellan";
    "split" 2..=2, split, "split(text, skilje)", "textens delar som en lista";
    "unique" 1..=1, |a| unique(&a[0]), "unique(lista)", "listan utan upprepningar";
    "trim" 1..=1, |a| Ok(Value::from(text(&a[0])?.trim().to_owned())), "trim(text)", "texten utan mellanrum i kanterna";
    "upper" 1..=1, |a| Ok(Value::from(text(&a[0])?.to_uppercase())), "upper(text)", "texten med stora bokstäver";
    "lower" 1..=1, |a| Ok(Value::from(text(&a[0])?.to_lowercase())), "lower(text)", "texten med små bokstäver";
    "capital" 1..=1, |a| Ok(Value::from(capital(&text(&a[0])?))), "capital(text)", "texten med stor begynnelsebokstav";
    "starts_with" 2..=2, |a| Ok(Value::from(text(&a[0])?.starts_with(&text(&a[1])?))), "starts_with(text, början)", "om texten börjar så";
    "ends_with" 2..=2, |a| Ok(Value::from(text(&a[0])?.ends_with(&text(&a[1])?))), "ends_with(text, slut)", "om texten slutar så";
    "replace" 3..=3, replace, "replace(text, det, mot)", "texten med alla förekomster utbytta";
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
    Err(format!("{what} väntas, men det är {}", indefinite(value)))
}

fn number(value: &Value) -> Result<Decimal> {
    crate::as_decimal(value).map_or_else(|| wanted("ett tal", value), Ok)
}

fn text(value: &Value) -> Result<String> {
    crate::as_text(value).map_or_else(|| wanted("en text", value), Ok)
}

fn day(value: &Value) -> Result<NaiveDate> {
    crate::as_date(value).map_or_else(|| wanted("ett datum", value), Ok)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn whole(value: &Value) -> Result<i64> {
    if let View::Int(int) = view(value) { Ok(int) } else { wanted("ett heltal", value) }
}

fn list(value: &Value) -> Result<Array> {
    with_list(value, Clone::clone).map_or_else(|| wanted("en lista", value), Ok)
}

fn map(value: &Value) -> Result<Map> {
    with_map(value, Clone::clone).map_or_else(|| wanted("en post", value), Ok)
}

fn to_money(value: &Value) -> Result<Value> {
    match view(value) {
        View::Text(text) => money::parse(&text).map(Value::from),
        View::Int(int) => Ok(Value::from(Decimal::from(int))),
        View::Decimal(_) => Ok(value.clone()),
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

fn round(arguments: &[Value]) -> Result<Value> {
    let decimals = arguments.get(1).map_or(Ok(0), whole)?;
    let decimals = u32::try_from(decimals).ok().filter(|n| *n <= 10);
    let decimals = decimals.ok_or("antalet decimaler ska vara 0 till 10")?;
    Ok(Value::from(money::round(number(&arguments[0])?, decimals)))
}

fn integer(value: &Value) -> Result<Value> {
    let decimal = match view(value) {
        View::Text(text) => text.trim().parse().map_err(|_| "texten är inte ett heltal".to_owned())?,
        _ => number(value)?,
    };
    let int = decimal.is_integer().then(|| i64::try_from(decimal).ok()).flatten();
    int.map(Value::from).ok_or_else(|| "talet är inte ett heltal".to_owned())
}

fn sum(value: &Value) -> Result<Value> {
    let mut total = Decimal::ZERO;
    for element in list(value)? {
        total = total.checked_add(number(&element)?).ok_or("summan blir för stor")?;
    }
    Ok(Value::from(total))
}

fn extreme(arguments: &[Value], wanted: std::cmp::Ordering) -> Result<Value> {
    let elements = if arguments.len() == 1 { list(&arguments[0])? } else { arguments.to_vec() };
    let mut elements = elements.into_iter();
    let mut best = elements.next().ok_or("listan är tom, så det finns inget minsta eller största")?;
    compare(&best, &best)?;
    for element in elements {
        if compare(&element, &best)? == wanted {
            best = element;
        }
    }
    Ok(best)
}

fn to_date(value: &Value) -> Result<Value> {
    match view(value) {
        View::Date(_) => Ok(value.clone()),
        View::Text(text) => {
            let date = (text.trim().len() == 10).then(|| text.trim().parse().ok()).flatten();
            date.map(crate::date).ok_or_else(|| "texten är inte ett datum; skriv det som 2025-12-05".to_owned())
        }
        _ => wanted("en text med ett datum", value),
    }
}

fn to_month(value: &Value) -> Result<Value> {
    match view(value) {
        View::Month(_) => Ok(value.clone()),
        View::Date(date) => Ok(Month::of(date).into()),
        View::Text(text) => text.parse::<Month>().map(Into::into),
        _ => wanted("en text med en månad", value),
    }
}

fn age(arguments: &[Value]) -> Result<Value> {
    let years = day(&arguments[1])?.years_since(day(&arguments[0])?);
    years.map(|years| Value::from(i64::from(years))).ok_or_else(|| "dagen är före födelsedagen".to_owned())
}

fn days_between(arguments: &[Value]) -> Result<Value> {
    Ok(Value::from((day(&arguments[1])? - day(&arguments[0])?).num_days()))
}

fn add_days(arguments: &[Value]) -> Result<Value> {
    let (from, count) = (day(&arguments[0])?, whole(&arguments[1])?);
    let steps = Days::new(count.unsigned_abs());
    let moved = if count < 0 { from.checked_sub_days(steps) } else { from.checked_add_days(steps) };
    moved.map(crate::date).ok_or_else(|| "datumet hamnar för långt bort".to_owned())
}

fn add_months(arguments: &[Value]) -> Result<Value> {
    let count = i32::try_from(whole(&arguments[1])?).ok().filter(|n| n.abs() <= 2400);
    let count = count.ok_or("antalet månader är för stort")?;
    if let View::Month(month) = view(&arguments[0]) {
        return Ok(month.plus(count).into());
    }
    let (from, steps) = (day(&arguments[0])?, Months::new(count.unsigned_abs()));
    let moved = if count < 0 { from.checked_sub_months(steps) } else { from.checked_add_months(steps) };
    moved.map(crate::date).ok_or_else(|| "datumet hamnar för långt bort".to_owned())
}

fn months_between(arguments: &[Value]) -> Result<Value> {
    let month = |value: &Value| crate::as_month(value).map_or_else(|| wanted("en månad", value), Ok);
    Ok(Value::from(i64::from(month(&arguments[1])?.since(month(&arguments[0])?))))
}

fn to_personnummer(arguments: &[Value]) -> Result<Value> {
    if let View::Personnummer(_) = view(&arguments[0]) {
        return Ok(arguments[0].clone());
    }
    let written = text(&arguments[0])?;
    let number = match arguments.get(1) {
        Some(today) => Personnummer::parse_on(&written, day(today)?)?,
        None => Personnummer::parse(&written)?,
    };
    Ok(number.into())
}

fn or_else(arguments: &[Value]) -> Result<Value> {
    let field = text(&arguments[1])?;
    let value = map(&arguments[0])?.get(field.as_str()).filter(|value| !value.is_unit()).cloned();
    Ok(value.unwrap_or_else(|| arguments[2].clone()))
}

fn has(arguments: &[Value]) -> Result<Value> {
    Ok(Value::from(map(&arguments[0])?.contains_key(text(&arguments[1])?.as_str())))
}

pub(crate) fn len(value: &Value) -> Result<Value> {
    let count = match view(value) {
        View::Text(text) => text.chars().count(),
        View::List => with_list(value, Vec::len).unwrap_or_default(),
        _ => return wanted("en lista eller en text", value),
    };
    i64::try_from(count).map(Value::from).map_err(|_| "listan är för lång".to_owned())
}

fn contains(whole: &Value, part: &Value) -> Result<Value> {
    let found = match view(whole) {
        View::Text(whole) => whole.contains(&text(part)?),
        View::Month(month) => month.contains(day(part)?),
        View::List => {
            for element in list(whole)? {
                if !element.is_unit() && equal(&element, part)? {
                    return Ok(Value::TRUE);
                }
            }
            false
        }
        View::Map => return Err("en post har fält, inte element; pröva has(post, \"fält\")".to_owned()),
        _ => return wanted("en lista, en text eller en månad", whole),
    };
    Ok(Value::from(found))
}

fn end_of(value: &Value, pick: fn(&Array) -> Option<Value>) -> Result<Value> {
    pick(&list(value)?).ok_or_else(|| "listan är tom".to_owned())
}

fn join(arguments: &[Value]) -> Result<Value> {
    let parts = list(&arguments[0])?.iter().map(text_of).collect::<Result<Vec<_>>>()?;
    Ok(Value::from(parts.join(&text(&arguments[1])?)))
}

fn split(arguments: &[Value]) -> Result<Value> {
    let (whole, separator) = (text(&arguments[0])?, text(&arguments[1])?);
    if separator.is_empty() {
        return Err("skiljetecknet är tomt".to_owned());
    }
    Ok(Value::from_array(whole.split(&separator).map(|part| Value::from(part.to_owned())).collect()))
}

fn unique(value: &Value) -> Result<Value> {
    let mut kept = Array::new();
    for element in list(value)? {
        let mut seen = false;
        for known in &kept {
            seen |= equal(known, &element)?;
        }
        if !seen {
            kept.push(element);
        }
    }
    Ok(Value::from_array(kept))
}

fn replace(arguments: &[Value]) -> Result<Value> {
    let (whole, what, with) = (text(&arguments[0])?, text(&arguments[1])?, text(&arguments[2])?);
    if what.is_empty() {
        return Err("texten som ska bytas ut är tom".to_owned());
    }
    Ok(Value::from(whole.replace(&what, &with)))
}
