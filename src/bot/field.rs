//! The fields of an item: their names, types, and which of them are personal.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use crate::yaml::{Caught, Place, Placed};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Any text.
    Text,
    /// A day.
    Date,
    /// A calendar month.
    Month,
    /// Kronor, exact.
    Money,
    /// A whole number.
    Integer,
    /// A personnummer, samordningsnummer or interim number.
    Personnummer,
    /// True or false.
    Bool,
    /// A list of anything.
    List,
    /// Named values.
    Map,
}

/// One field as written: `hyra: money` or `personnummer: {type: personnummer, personal: true}`.
#[derive(Debug, Clone)]
pub struct FieldSpec {
    /// The name, as `item.<name>`.
    pub name: String,
    /// Where the name stands.
    pub place: Place,
    /// What it holds.
    pub kind: FieldType,
    /// Masked in logs, addresses and screenshots.
    pub personal: bool,
}

/// All fields, in the order written.
#[derive(Debug, Clone, Default)]
pub struct Fields(pub Vec<FieldSpec>);

impl Fields {
    /// The field of this name.
    pub fn get(&self, name: &str) -> Option<&FieldSpec> {
        self.0.iter().find(|field| field.name == name)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    #[serde(rename = "type")]
    kind: FieldType,
    #[serde(default)]
    personal: bool,
}

/// The short or the long form of one field's body.
struct Body(Long);

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BodyVisitor;
        impl<'de> Visitor<'de> for BodyVisitor {
            type Value = Body;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("en fälttyp eller {type: …, personal: true}")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Body, E> {
                let kind = FieldType::deserialize(serde::de::value::StrDeserializer::<E>::new(text))?;
                Ok(Body(Long { kind, personal: false }))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Body, A::Error> {
                Long::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Body)
            }
        }
        deserializer.deserialize_any(BodyVisitor)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("en lista av fält: namn och typ")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields: Vec<FieldSpec> = Vec::new();
                while let Some((name, Caught(body))) = map.next_entry::<Placed<String>, Caught<Body>>()? {
                    // A type that can't be read has been reported; the field is there all the same.
                    let body = body.map_or(Long { kind: FieldType::Text, personal: false }, |Body(body)| body);
                    if fields.iter().any(|known| known.name == name.value) {
                        return Err(A::Error::custom(format!("fältet `{}` står två gånger", name.value)));
                    }
                    fields.push(FieldSpec {
                        name: name.value,
                        place: name.place,
                        kind: body.kind,
                        personal: body.personal,
                    });
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}
