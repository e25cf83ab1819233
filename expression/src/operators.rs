//! What the operators mean. Numbers mix freely (a whole number becomes an amount where needed); all else only meets
//! its own kind, and any other meeting is an error.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::node::Operator;
use crate::{Record, Value, as_decimal};

/// The value of `left operator right`.
pub(crate) fn apply(operator: Operator, left: &Value, right: &Value) -> Result<Value, String> {
    match holds(operator, left, right) {
        Some(answer) => answer.map(Value::from),
        None => calculate(operator, left, right),
    }
}

/// Whether `left operator right` is so; nothing when the operator asks no question.
pub(crate) fn holds(operator: Operator, left: &Value, right: &Value) -> Option<Result<bool, String>> {
    Some(match operator {
        Operator::Equal => equal(left, right),
        Operator::NotEqual => equal(left, right).map(|same| !same),
        Operator::Less => compare(left, right).map(Ordering::is_lt),
        Operator::LessOrEqual => compare(left, right).map(Ordering::is_le),
        Operator::Greater => compare(left, right).map(Ordering::is_gt),
        Operator::GreaterOrEqual => compare(left, right).map(Ordering::is_ge),
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Remainder => {
            return None;
        }
    })
}

/// Whether two values of the same kind are the same. Different kinds are an error, not a no.
pub(crate) fn equal(left: &Value, right: &Value) -> Result<bool, String> {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Text(a), Value::Text(b)) => Ok(a == b),
        (Value::Personnummer(a), Value::Personnummer(b)) => Ok(a == b),
        (Value::List(a), Value::List(b)) => equal_lists(a, b),
        (Value::Record(a), Value::Record(b)) => equal_records(a, b),
        (Value::Null, _) | (_, Value::Null) => {
            Err("ett tomt värde kan inte jämföras; pröva med is_null(…) eller ange ett värde med ??".to_owned())
        }
        _ => compare(left, right).map(Ordering::is_eq),
    }
}

fn equal_lists(left: &[Value], right: &[Value]) -> Result<bool, String> {
    if left.len() != right.len() {
        return Ok(false);
    }
    for (a, b) in left.iter().zip(right) {
        if !equal_inside(a, b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_records(left: &Record, right: &Record) -> Result<bool, String> {
    let (left, right): (BTreeMap<_, _>, BTreeMap<_, _>) = (left.fields().collect(), right.fields().collect());
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
    if a.is_null() || b.is_null() { Ok(a.is_null() && b.is_null()) } else { equal(a, b) }
}

/// The order of two numbers, dates or months. Texts have none: "10" would come before "9".
pub(crate) fn compare(left: &Value, right: &Value) -> Result<Ordering, String> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Ok(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Ok(a.cmp(b)),
        (Value::Month(a), Value::Month(b)) => Ok(a.cmp(b)),
        (a, b) => match (as_decimal(a), as_decimal(b)) {
            (Some(a), Some(b)) => Ok(a.cmp(&b)),
            _ => Err(cannot_compare(left, right)),
        },
    }
}

fn cannot_compare(left: &Value, right: &Value) -> String {
    let hint = match (left, right) {
        (Value::Null, _) | (_, Value::Null) => "; pröva med is_null(…) eller ange ett värde med ??",
        (Value::Text(_), Value::Text(_)) => "; texter har ingen ordning, bara == och !=",
        (Value::Text(_), Value::Int(_) | Value::Decimal(_)) | (Value::Int(_) | Value::Decimal(_), Value::Text(_)) => {
            "; gör texten till ett belopp med money(…)"
        }
        (Value::Text(_), Value::Date(_)) | (Value::Date(_), Value::Text(_)) => {
            "; gör texten till ett datum med date(…)"
        }
        (Value::Text(_), Value::Month(_)) | (Value::Month(_), Value::Text(_)) => {
            "; gör texten till en månad med month(…)"
        }
        (Value::Text(_), Value::Personnummer(_)) | (Value::Personnummer(_), Value::Text(_)) => {
            "; gör texten till ett personnummer med personnummer(…)"
        }
        _ => "",
    };
    format!("{} och {} kan inte jämföras{hint}", left.indefinite(), right.indefinite())
}

fn calculate(operator: Operator, left: &Value, right: &Value) -> Result<Value, String> {
    match (left, right, operator) {
        (Value::Int(a), Value::Int(b), _) if operator != Operator::Divide => whole_numbers(operator, *a, *b),
        (Value::Text(a), Value::Text(b), Operator::Add) => Ok(Value::from([&**a, &**b].concat())),
        (Value::List(a), Value::List(b), Operator::Add) => Ok(Value::from([&**a, &**b].concat())),
        (a, b, _) => match (as_decimal(a), as_decimal(b)) {
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

fn cannot_calculate(operator: Operator, left: &Value, right: &Value) -> String {
    let hint = match (left, right) {
        (Value::Null, _) | (_, Value::Null) => "; ange vad som gäller när det är tomt med ??",
        (Value::Text(_), _) | (_, Value::Text(_)) if operator == Operator::Add => {
            "; sätt ihop text med \"…${…}…\" eller text(…), och räkna med money(…)"
        }
        (Value::Text(_), _) | (_, Value::Text(_)) => "; gör texten till ett belopp med money(…)",
        (Value::Date(_), Value::Date(_)) => "; antalet dagar mellan två datum är days_between(a, b)",
        (Value::Date(_), _) => "; flytta ett datum med add_days(…) eller add_months(…)",
        _ => "",
    };
    format!("{} {} {} går inte att räkna ut{hint}", left.indefinite(), operator.symbol(), right.indefinite())
}
