//! A serde reader over the tree: it keeps places, and keeps the errors of list elements that may fail alone.

use std::cell::RefCell;

use serde::Deserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::Place;
use super::error::{Error, nearest};
use super::node::{Kind, Node};
use super::placed::{CAUGHT, set_place};

/// Any scalar is given to `visit_newtype_struct`; a list or map to its own visit: a short form beside a long one.
pub(crate) const VALUE: &str = "kollega::Value";
/// Plain true/false, whole numbers and null keep their type, other scalars go to `visit_newtype_struct`.
pub(crate) const TREE: &str = "kollega::Tree";
/// A list is given to `visit_seq`, everything else to `visit_newtype_struct`.
pub(crate) const NODE: &str = "kollega::Node";

#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    node: &'a Node,
    errors: &'a RefCell<Vec<Error>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(node: &'a Node, errors: &'a RefCell<Vec<Error>>) -> Self {
        Self { node, errors }
    }

    fn to(self, node: &'a Node) -> Self {
        Self { node, ..self }
    }

    fn place(&self) -> Place {
        self.node.place
    }

    fn visit_any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Scalar { text, plain: true } => visit_plain(text, visitor),
            Kind::Scalar { text, .. } => visitor.visit_str(text),
            Kind::List(items) => visitor.visit_seq(List { reader: self, items: items.iter() }),
            Kind::Map(entries) => {
                visitor.visit_map(Map { reader: self, entries: entries.iter(), value: None, known: None })
            }
        }
    }

    /// Unknown fields are reported and passed over, so that the known ones are checked too.
    fn visit_struct<'de, V: Visitor<'de>>(
        self,
        entries: &'a [(Node, Node)],
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let unknown: Vec<(&str, Place)> = entries.iter().filter_map(|(key, _)| unknown_key(key, fields)).collect();
        for (key, place) in &unknown {
            self.errors.borrow_mut().push(Error::unknown_field(key, fields).at(*place));
        }
        let map = Map { reader: self, entries: entries.iter(), value: None, known: Some(fields) };
        visitor.visit_map(map).map_err(|error| {
            let misspelt = |name| unknown.iter().any(|(key, _)| nearest(key, fields) == Some(name));
            let told = error.missing().is_some_and(misspelt);
            if told { Error::already_told() } else { error.at(self.place()) }
        })
    }

    fn wrong<T>(self, expected: &str) -> Result<T, Error> {
        let found = match &self.node.kind {
            Kind::Scalar { text, plain: true } if text.is_empty() || text == "~" || text == "null" => {
                "ingenting".to_owned()
            }
            Kind::Scalar { text, .. } => format!("`{text}`"),
            Kind::List(_) => "en lista".to_owned(),
            Kind::Map(_) => "namngivna värden".to_owned(),
        };
        Err(Error::custom(format!("här väntades {expected}, men det står {found}")).at(self.place()))
    }

    fn number<T: std::str::FromStr>(self, expected: &str) -> Result<T, Error> {
        match &self.node.kind {
            Kind::Scalar { text, plain: true } => text.parse().or_else(|_| self.wrong(expected)),
            _ => self.wrong(expected),
        }
    }
}

/// The key and its place, when it is none of the fields.
fn unknown_key<'a>(key: &'a Node, fields: &[&str]) -> Option<(&'a str, Place)> {
    match &key.kind {
        Kind::Scalar { text, .. } if !fields.contains(&text.as_str()) => Some((text, key.place)),
        _ => None,
    }
}

/// YAML 1.2 core types, except that decimals stay text: money is never a float.
fn visit_plain<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, Error> {
    match text {
        "" | "~" | "null" => visitor.visit_unit(),
        "true" => visitor.visit_bool(true),
        "false" => visitor.visit_bool(false),
        _ => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => visitor.visit_i64(number),
            _ => visitor.visit_str(text),
        },
    }
}

/// Whether a plain scalar has a type of its own.
fn has_own_type(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "true" | "false") || text.parse::<i64>().is_ok_and(|n| n.to_string() == text)
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.number::<$type>("ett heltal")?).map_err(|e: Error| e.at(self.place()))
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_any(visitor).map_err(|error| error.at(self.place()))
    }

    numbers!(deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Scalar { text, plain: true } if text == "true" => visitor.visit_bool(true),
            Kind::Scalar { text, plain: true } if text == "false" => visitor.visit_bool(false),
            _ => self.wrong("true eller false"),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Scalar { text, plain } if !(*plain && matches!(text.as_str(), "" | "~" | "null")) => {
                visitor.visit_str(text).map_err(|error: Error| error.at(self.place()))
            }
            _ => self.wrong("en text"),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null") => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        set_place(self.place());
        let place = self.place();
        let result = match (name, &self.node.kind) {
            (CAUGHT, _) => visitor.visit_seq(Once(Some(self))),
            (NODE, Kind::List(_)) | (TREE | VALUE, Kind::List(_) | Kind::Map(_)) => self.visit_any(visitor),
            (TREE, Kind::Scalar { text, plain: true }) if has_own_type(text) => self.visit_any(visitor),
            _ => visitor.visit_newtype_struct(self),
        };
        result.map_err(|error| error.at(place))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::List(_) => self.deserialize_any(visitor),
            _ => self.wrong("en lista (rader som börjar med `- `)"),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let Kind::Map(_) = &self.node.kind {
            return self.deserialize_any(visitor);
        }
        self.wrong(&format!("namngivna värden: {}", Expecting(&visitor)))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Map(entries) => self.visit_struct(entries, fields, visitor),
            _ => self.wrong(&format!("namngivna värden ({})", fields.join(", "))),
        }
    }

    /// An enum's name, where it is a Swedish word (by `serde(rename)`), says what a misspelt key was meant to be.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Scalar { .. } => visitor.visit_enum(Variant { reader: self, name, key: self.node, value: None }),
            Kind::Map(entries) if entries.len() == 1 => {
                visitor.visit_enum(Variant { reader: self, name, key: &entries[0].0, value: Some(&entries[0].1) })
            }
            Kind::Map(entries) if entries.len() > 1 => {
                let place = entries[1].0.place;
                Err(Error::custom("här får bara en nyckel stå, men det här är en till")
                    .hint("det som hör till den första skrivs längre in, under den; ett nytt steg börjar med `- `")
                    .at(place))
            }
            _ => self.wrong(&format!("en av {}", variants.join(", "))),
        }
        .map_err(|error| error.at(self.place()))
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct ignored_any
    }
}

/// One element whose failure is kept for the report and does not end the reading.
struct Once<'a>(Option<Reader<'a>>);

impl<'de> SeqAccess<'de> for Once<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(reader) = self.0.take() else { return Ok(None) };
        match seed.deserialize(reader) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                reader.errors.borrow_mut().push(error.at(reader.place()));
                Ok(None)
            }
        }
    }
}

struct Expecting<'a, V>(&'a V);

impl<'de, V: Visitor<'de>> std::fmt::Display for Expecting<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(f)
    }
}

struct List<'a> {
    reader: Reader<'a>,
    items: std::slice::Iter<'a, Node>,
}

impl<'de> SeqAccess<'de> for List<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.items.next().map(|node| seed.deserialize(self.reader.to(node)).map_err(|e| e.at(node.place))).transpose()
    }
}

struct Map<'a> {
    reader: Reader<'a>,
    entries: std::slice::Iter<'a, (Node, Node)>,
    value: Option<&'a Node>,
    /// The fields of a struct; other keys are passed over.
    known: Option<&'static [&'static str]>,
}

impl<'de> MapAccess<'de> for Map<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let known = self.known;
        let entries = self.entries.by_ref();
        let next = entries.find(|(key, _)| known.is_none_or(|fields| unknown_key(key, fields).is_none()));
        let Some((key, value)) = next else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(self.reader.to(key)).map(Some).map_err(|error| error.at(key.place))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let node = self.value.take().ok_or_else(|| Error::custom("ett värde lästes före sitt namn"))?;
        seed.deserialize(self.reader.to(node)).map_err(|error| error.at(node.place))
    }
}

struct Variant<'a> {
    reader: Reader<'a>,
    name: &'static str,
    key: &'a Node,
    value: Option<&'a Node>,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let key = seed.deserialize(self.reader.to(self.key)).map_err(|error| error.of(self.name).at(self.key.place))?;
        Ok((key, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.value {
            None => Ok(()),
            Some(value) => self.reader.to(value).wrong("ingenting"),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        match self.value {
            Some(value) => seed.deserialize(self.reader.to(value)).map_err(|error| error.at(value.place)),
            None => Err(Error::custom("värdet saknas").hint("skriv ett kolon och det som hör till").at(self.key.place)),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.newtype_variant_seed(Any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.newtype_variant_seed(Any(visitor))
    }
}

struct Any<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Any<V> {
    type Value = V::Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_any(self.0)
    }
}

impl IntoDeserializer<'_, Error> for Reader<'_> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}
