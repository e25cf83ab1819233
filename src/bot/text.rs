//! Values as written in a bot: text with `${…}` in it, and trees of them.

use expression::Template;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::yaml::{Place, Placed};

/// One scalar, where `${…}` are expressions. A value that is one `${…}` keeps its type.
#[derive(Debug, Clone)]
pub struct Text {
    /// Where it stands.
    pub place: Place,
    /// What it says.
    pub template: Template,
}

impl Text {
    /// The text as written, for logs: it names values, it does not hold them.
    pub fn source(&self) -> &str {
        self.template.source()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Placed { place, value } = Placed::<String>::deserialize(deserializer)?;
        // A broken expression is reported, and what stands around it is read on: `()` is no value and uses no name.
        let template = Template::parse(&value).or_else(|error| {
            crate::yaml::note_broken_expression(place, &value, error);
            Template::parse("${()}").map_err(D::Error::custom)
        })?;
        Ok(Self { place, template })
    }
}

/// A YAML tree with `${…}` leaves: the facts of a suggestion, the fields of an enqueued item.
#[derive(Debug, Clone)]
pub enum Tree {
    /// A scalar that was written with quotes or holds `${…}`.
    Text(Text),
    /// A plain scalar: number, true/false or null, as JSON.
    Plain(serde_json::Value),
    /// A list.
    List(Vec<Tree>),
    /// Named values, in the order written.
    Map(Vec<(Placed<String>, Tree)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TreeVisitor;
        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = Tree;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("ett värde, en lista eller namngivna värden")
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Plain(serde_json::Value::Null))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Plain(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Plain(value.into()))
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
                Text::deserialize(deserializer).map(Tree::Text)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Tree::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Tree::Map(entries))
            }
        }
        deserializer.deserialize_newtype_struct(crate::yaml::TREE, TreeVisitor)
    }
}
