//! JSON in which a name may stand only once: of two amounts under one name nobody could tell which was meant.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Error, Map, Number, Value};

/// A JSON value without repeated names.
pub struct Strict(pub Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

/// What is wrong with a JSON text, in Swedish with its place; the reader's own words follow.
pub fn in_swedish(error: &Error) -> String {
    let told = error.to_string();
    let (message, _) = told.rsplit_once(" at line ").unwrap_or((&told, ""));
    let place = format!("rad {}, kolumn {}", error.line(), error.column());
    if error.is_data() {
        // A refusal of ours.
        return format!("{place}: {message}");
    }
    let known = KNOWN.iter().find(|(start, _)| message.starts_with(start));
    format!("{place}: {} ({message})", known.map_or("det går inte att läsa", |(_, said)| said))
}

/// How the reader's complaints begin, and what they mean.
const KNOWN: [(&str, &str); 17] = [
    ("EOF while parsing a string", "texten saknar avslutande citattecken"),
    ("EOF while parsing a list", "listan saknar avslutande ]"),
    ("EOF while parsing an object", "posten saknar avslutande }"),
    ("EOF", "det tar slut där ett värde väntas"),
    ("trailing characters", "det står något mer efter slutet"),
    ("trailing comma", "det står ett komma för mycket"),
    ("expected `:`", "efter namnet väntas ett kolon"),
    ("expected `,` or `}`", "ett komma eller } väntas"),
    ("expected `,` or `]`", "ett komma eller ] väntas"),
    ("expected `\"`", "ett citattecken väntas"),
    ("expected value", "ett värde väntas; en text ska stå inom citattecken"),
    ("expected ident", "bara true, false och null kan stå utan citattecken"),
    ("key must be a string", "ett namn ska stå inom citattecken"),
    ("invalid escape", "tecknet efter \\ betyder inget"),
    ("invalid number", "talet går inte att läsa"),
    ("control character", "texten har en radbrytning eller ett styrtecken i sig"),
    ("recursion limit exceeded", "det är för många nivåer inuti varandra"),
];

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("talet går inte att läsa"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let Strict(value) = entries.next_value()?;
            match map.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(value);
                }
                Entry::Occupied(place) => return Err(A::Error::custom(format!("`{}` står två gånger", place.key()))),
            }
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_told_in_swedish_with_its_place() {
        for (text, said) in [
            ("{} {}", "rad 1, kolumn 4: det står något mer efter slutet (trailing characters)"),
            ("", "rad 1, kolumn 0: det tar slut där ett värde väntas (EOF while parsing a value)"),
            ("{\"a\":\n 1", "rad 2, kolumn 2: posten saknar avslutande } (EOF while parsing an object)"),
            ("{\"a\": x}", "rad 1, kolumn 7: ett värde väntas; en text ska stå inom citattecken (expected value)"),
            ("{\"a\" 1}", "rad 1, kolumn 6: efter namnet väntas ett kolon (expected `:`)"),
            ("[1 2]", "rad 1, kolumn 4: ett komma eller ] väntas (expected `,` or `]`)"),
            ("{a: 1}", "rad 1, kolumn 2: ett namn ska stå inom citattecken (key must be a string)"),
            ("[1,]", "rad 1, kolumn 4: det står ett komma för mycket (trailing comma)"),
            ("{\"a\": 1, \"a\": 2}", "rad 1, kolumn 16: `a` står två gånger"),
        ] {
            assert_eq!(
                serde_json::from_str::<Strict>(text).err().map(|error| in_swedish(&error)).as_deref(),
                Some(said)
            );
        }
        let deep = "[".repeat(200);
        let told = serde_json::from_str::<Strict>(&deep).err().map(|error| in_swedish(&error)).expect("an error");
        assert!(told.contains("för många nivåer"), "{told}");
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        let twice = serde_json::from_str::<Strict>(r#"{"costs": [{"applied": "1", "applied": "2"}]}"#);
        assert!(twice.err().is_some_and(|error| error.to_string().contains("`applied` står två gånger")));
    }
}
