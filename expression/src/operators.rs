//! What the operators mean. Numbers mix freely (a whole number becomes an amount where needed); all else only meets
//! its own kind, and any other meeting is an error.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::Value;
use crate::node::Operator;
use crate::value::{View, indefinite, view, with_list, with_map};

/// The value of `left operator right`.
pub(crate) fn apply(operator: Operator, left: &Value, right: &Value) -> Result<Value, String> {
    match operator {
        Operator::Equal => equal(left, right).map(Value::from),
        Operator::NotEqual => equal(left, right).map(|same| Value::from(!same)),
        Operator::Less => compare(left, right).map(|order| Value::from(order.is_lt())),
        Operator::LessOrEqual => compare(left, right).map(|order| Value::from(order.is_le())),
        Operator::Greater => compare(left, right).map(|order| Value::from(order.is_gt())),
        Operator::GreaterOrEqual => compare(left, right).map(|order| Value::from(order.is_ge())),
        _ => calculate(operator, left, right),
    }
}

/// Whether two values of the same kind are the same. Different kinds are an error, not a no.
pub(crate) fn equal(left: &Value, right: &Value) -> Result<bool, String> {
    match (view(left), view(right)) {
        (View::Bool(a), View::Bool(b)) => Ok(a == b),
        (View::Text(a), View::Text(b)) => Ok(a == b),
        (View::Personnummer(a), View::Personnummer(b)) => Ok(a == b),
        (View::List, View::List) => equal_lists(left, right),
        (View::Map, View::Map) => equal_maps(left, right),
        (View::Null, _) | (_, View::Null) => {
            Err("ett tomt värde kan inte jämföras; pröva med is_null(…) eller ange ett värde med ??".to_owned())
        }
        _ => compare(left, right).map(Ordering::is_eq),
    }
}

fn equal_lists(left: &Value, right: &Value) -> Result<bool, String> {
    let pairs = with_list(left, Clone::clone).zip(with_list(right, Clone::clone));
    let Some((left, right)) = pairs else { return Ok(false) };
    if left.len() != right.len() {
        return Ok(false);
    }
    for (a, b) in left.iter().zip(&right) {
        if !equal_inside(a, b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(left: &Value, right: &Value) -> Result<bool, String> {
    let pairs = with_map(left, Clone::clone).zip(with_map(right, Clone::clone));
    let Some((left, right)) = pairs else { return Ok(false) };
    if !left.keys().eq(right.keys()) {
        return Ok(false);
    }
    for (a, b) in left.values().zip(right.values()) {
        if !equal_inside(a, b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Within lists and records, two empty places are the same.
fn equal_inside(a: &Value, b: &Value) -> Result<bool, String> {
    if a.is_unit() || b.is_unit() { Ok(a.is_unit() && b.is_unit()) } else { equal(a, b) }
}

/// The order of two numbers, dates or months. Texts have none: "10" would come before "9".
pub(crate) fn compare(left: &Value, right: &Value) -> Result<Ordering, String> {
    match (view(left), view(right)) {
        (View::Int(a), View::Int(b)) => Ok(a.cmp(&b)),
        (View::Date(a), View::Date(b)) => Ok(a.cmp(&b)),
        (View::Month(a), View::Month(b)) => Ok(a.cmp(&b)),
        (a, b) => match (number(&a), number(&b)) {
            (Some(a), Some(b)) => Ok(a.cmp(&b)),
            _ => Err(cannot_compare(left, right)),
        },
    }
}

fn cannot_compare(left: &Value, right: &Value) -> String {
    let hint = match (view(left), view(right)) {
        (View::Null, _) | (_, View::Null) => "; pröva med is_null(…) eller ange ett värde med ??",
        (View::Text(_), View::Text(_)) => "; texter har ingen ordning, bara == och !=",
        (View::Text(_), View::Int(_) | View::Decimal(_)) | (View::Int(_) | View::Decimal(_), View::Text(_)) => {
            "; gör texten till ett belopp med money(…)"
        }
        (View::Text(_), View::Date(_)) | (View::Date(_), View::Text(_)) => "; gör texten till ett datum med date(…)",
        (View::Text(_), View::Month(_)) | (View::Month(_), View::Text(_)) => "; gör texten till en månad med month(…)",
        (View::Text(_), View::Personnummer(_)) | (View::Personnummer(_), View::Text(_)) => {
            "; gör texten till ett personnummer med personnummer(…)"
        }
        _ => "",
    };
    format!("{} och {} kan inte jämföras{hint}", indefinite(left), indefinite(right))
}

fn number(view: &View) -> Option<Decimal> {
    match view {
        View::Int(int) => Some(Decimal::from(*int)),
        View::Decimal(decimal) => Some(*decimal),
        _ => None,
    }
}

fn calculate(operator: Operator, left: &Value, right: &Value) -> Result<Value, String> {
    match (view(left), view(right), operator) {
        (View::Int(a), View::Int(b), _) if operator != Operator::Divide => whole_numbers(operator, a, b),
        (View::Text(a), View::Text(b), Operator::Add) => Ok(Value::from(a + b)),
        (View::List, View::List, Operator::Add) => Ok(joined_lists(left, right)),
        (a, b, _) => match (number(&a), number(&b)) {
            (Some(a), Some(b)) => amounts(operator, a, b),
            _ => Err(cannot_calculate(operator, left, right)),
        },
    }
}

fn whole_numbers(operator: Operator, a: i64, b: i64) -> Result<Value, String> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Remainder if b == 0 => return Err(DIVIDED_BY_ZERO.to_owned()),
        _ => a.checked_rem(b),
    };
    result.map(Value::from).ok_or_else(|| TOO_BIG.to_owned())
}

fn amounts(operator: Operator, a: Decimal, b: Decimal) -> Result<Value, String> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        _ if b.is_zero() => return Err(DIVIDED_BY_ZERO.to_owned()),
        Operator::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    result.map(Value::from).ok_or_else(|| TOO_BIG.to_owned())
}

const TOO_BIG: &str = "talet blir för stort";
const DIVIDED_BY_ZERO: &str = "division med noll";

fn joined_lists(left: &Value, right: &Value) -> Value {
    let mut list = with_list(left, Clone::clone).unwrap_or_default();
    list.extend(with_list(right, Clone::clone).unwrap_or_default());
    Value::from_array(list)
}

fn cannot_calculate(operator: Operator, left: &Value, right: &Value) -> String {
    let hint = match (view(left), view(right)) {
        (View::Null, _) | (_, View::Null) => "; ange vad som gäller när det är tomt med ??",
        (View::Text(_), _) | (_, View::Text(_)) if operator == Operator::Add => {
            "; sätt ihop text med \"…${…}…\" eller text(…), och räkna med money(…)"
        }
        (View::Text(_), _) | (_, View::Text(_)) => "; gör texten till ett belopp med money(…)",
        (View::Date(_), View::Date(_)) => "; antalet dagar mellan två datum är days_between(a, b)",
        (View::Date(_), _) => "; flytta ett datum med add_days(…) eller add_months(…)",
        _ => "",
    };
    format!("{} {} {} går inte att räkna ut{hint}", indefinite(left), operator.symbol(), indefinite(right))
}
