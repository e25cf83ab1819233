//! The handbook's page on expressions lists every function, and its examples answer as it says.

use std::fs;
use std::path::Path;

use expression::{Expression, Scope, functions, text_of};

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/handbok/uttryck.md")).expect("the page")
}

#[test]
fn every_function_is_in_the_handbook() {
    let page = page();
    let row = |function: &expression::FunctionInfo| {
        format!("| `{}` | {} |", function.signature.replace('|', "\\|"), function.about)
    };
    let missing: Vec<String> =
        functions().map(|function| row(&function)).filter(|row| !page.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_examples_of_the_handbook_answer_as_it_says() {
    let page = page();
    let examples: Vec<(&str, &str)> = page.lines().filter_map(|line| line.split_once(" → ")).collect();
    assert!(examples.len() > 10);
    for (source, expected) in examples {
        let result = Expression::parse(source).map_err(|error| error.message);
        let value = result.and_then(|expression| expression.eval(&Scope::default()).map_err(|error| error.message));
        match value {
            Ok(value) => assert_eq!(text_of(&value).as_deref(), Ok(expected), "{source}"),
            Err(message) => assert!(expected.starts_with("fel"), "{source}: {message}"),
        }
    }
}
