//! Targets: how a bot names what a person sees on a page.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::Text;
use crate::yaml::Placed;

/// One way to name a place on a page: a map with one key.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename = "målet", rename_all = "snake_case")]
pub enum TargetSpec {
    /// A field by its label, aria-label, or the text in the cell before or above it.
    Field(Named),
    /// A button by its text.
    Button(Named),
    /// A link by its text.
    Link(Named),
    /// A table cell by row and column, or a cell with this text.
    Cell(Named),
    /// A table by its caption, aria-label, heading or headers.
    Table(Named),
    /// Any element by its text.
    Text(Named),
    /// A CSS selector.
    Css(Named),
    /// An XPath expression.
    Xpath(Named),
}

impl TargetSpec {
    /// The kind and what it is told by.
    pub fn parts(&self) -> (&'static str, &Named) {
        match self {
            Self::Field(named) => ("field", named),
            Self::Button(named) => ("button", named),
            Self::Link(named) => ("link", named),
            Self::Cell(named) => ("cell", named),
            Self::Table(named) => ("table", named),
            Self::Text(named) => ("text", named),
            Self::Css(named) => ("css", named),
            Self::Xpath(named) => ("xpath", named),
        }
    }
}

/// What a target is told by: a name, or a name within a row, column or table.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// The text a person sees.
    pub name: Option<Text>,
    /// Only in a table row that holds this text.
    pub row: Option<Text>,
    /// Only in the column of this header.
    pub column: Option<Text>,
    /// Only in the table of this name.
    pub table: Option<Text>,
}

impl Named {
    /// Every text of it.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        [&self.name, &self.row, &self.column, &self.table].into_iter().flatten()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    #[serde(default)]
    name: Option<Text>,
    #[serde(default)]
    row: Option<Text>,
    #[serde(default)]
    column: Option<Text>,
    #[serde(default)]
    table: Option<Text>,
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamedVisitor;
        impl<'de> Visitor<'de> for NamedVisitor {
            type Value = Named;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("en text, eller {name: …, row: …, column: …, table: …}")
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Named, D::Error> {
                Text::deserialize(deserializer).map(|name| Named { name: Some(name), ..Named::default() })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Named, A::Error> {
                let long = Long::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Named { name: long.name, row: long.row, column: long.column, table: long.table })
            }
        }
        deserializer.deserialize_newtype_struct(crate::yaml::VALUE, NamedVisitor)
    }
}

/// One target, or a list of fallbacks in order.
#[derive(Debug, Clone)]
pub struct Targets(pub Vec<Placed<TargetSpec>>);

impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TargetsVisitor;
        impl<'de> Visitor<'de> for TargetsVisitor {
            type Value = Targets;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("ett mål, till exempel {field: Hyra}, eller en lista av mål")
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Targets, D::Error> {
                Placed::deserialize(deserializer).map(|target| Targets(vec![target]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Targets, A::Error> {
                let mut targets = Vec::new();
                while let Some(target) = list.next_element()? {
                    targets.push(target);
                }
                if targets.is_empty() {
                    return Err(A::Error::custom("listan av mål är tom: skriv minst ett, till exempel {field: Hyra}"));
                }
                Ok(Targets(targets))
            }
        }
        deserializer.deserialize_newtype_struct(crate::yaml::NODE, TargetsVisitor)
    }
}

/// The body of a step that only has a target: `{button: Spara}` or `{at: {button: Spara}}`.
#[derive(Debug, Clone)]
pub struct TargetBody {
    /// What to act on.
    pub at: Targets,
}

impl<'de> Deserialize<'de> for TargetBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BodyVisitor;
        impl<'de> Visitor<'de> for BodyVisitor {
            type Value = TargetBody;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("ett mål, till exempel {button: Spara}, eller {at: …}")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TargetBody, A::Error> {
                let key: Placed<String> =
                    map.next_key()?.ok_or_else(|| A::Error::custom("målet saknas, till exempel {button: Spara}"))?;
                let at = if key.value == "at" {
                    map.next_value()?
                } else {
                    let named = map.next_value::<Named>()?;
                    Targets(vec![Placed { place: key.place, value: spec(&key.value, named)? }])
                };
                match map.next_key::<Placed<String>>()? {
                    None => Ok(TargetBody { at }),
                    Some(extra) => Err(A::Error::custom(format!(
                        "`{}` hör inte hit: steget har bara ett mål (fler möjliga mål skrivs som en lista under `at`)",
                        extra.value
                    ))),
                }
            }
        }
        deserializer.deserialize_map(BodyVisitor)
    }
}

/// The target of the kind with this key.
fn spec<E: serde::de::Error>(kind: &str, named: Named) -> Result<TargetSpec, E> {
    /// The kinds, to have the key checked and a near name suggested by the same code as everywhere.
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Field,
        Button,
        Link,
        Cell,
        Table,
        Text,
        Css,
        Xpath,
        At,
    }
    let kind = Kind::deserialize(kind.into_deserializer())?;
    Ok(match kind {
        Kind::Field => TargetSpec::Field(named),
        Kind::Button => TargetSpec::Button(named),
        Kind::Link => TargetSpec::Link(named),
        Kind::Cell => TargetSpec::Cell(named),
        Kind::Table => TargetSpec::Table(named),
        Kind::Css => TargetSpec::Css(named),
        Kind::Xpath => TargetSpec::Xpath(named),
        Kind::Text | Kind::At => TargetSpec::Text(named),
    })
}
