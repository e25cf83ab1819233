//! Reads a small XML document whole, and refuses what no agency has reason to send: document types and entities
//! (bombs, files, addresses), depth and size out of proportion, and documents that end too early.

use std::fmt::Write;

use quick_xml::escape::minimal_escape;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

const DEEPEST: usize = 64;
const MOST_ELEMENTS: usize = 100_000;

/// An element with what is in it. Names are without prefixes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) namespace: String,
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Self>,
    text: String,
}

/// The document cannot be read. Says nothing of its content: it may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum XmlError {
    #[error("svaret är inte text i UTF-8 eller ISO 8859-1")]
    Encoding,
    #[error("svaret är inte välformad XML")]
    Malformed,
    #[error("svaret tar slut för tidigt")]
    Truncated,
    #[error("svaret har en dokumenttyp eller entitet, vilket inte tillåts")]
    Entity,
    #[error("svaret är orimligt djupt eller stort")]
    TooLarge,
}

impl Element {
    /// Reads a document from bytes: UTF-8, or ISO 8859-1 when it says so itself.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, XmlError> {
        Self::read(&decode(bytes)?)
    }

    /// Reads a document.
    pub(super) fn read(text: &str) -> Result<Self, XmlError> {
        let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}').trim());
        let mut tree = Tree::default();
        loop {
            let (namespace, event) = reader.read_resolved_event().map_err(|_| XmlError::Malformed)?;
            match event {
                Event::Start(start) => tree.open(&namespace, &start)?,
                Event::Empty(start) => {
                    tree.open(&namespace, &start)?;
                    tree.close()?;
                }
                Event::End(_) => tree.close()?,
                Event::Text(text) => tree.text(&text.xml10_content())?,
                Event::CData(text) => tree.text(&text.xml10_content())?,
                Event::GeneralRef(name) => tree.text(&character(&name)?)?,
                Event::DocType(_) => return Err(XmlError::Entity),
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => return tree.done(),
            }
        }
    }

    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children(name).next()
    }

    /// The children of that name, in order.
    pub(super) fn children(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// All children, in order.
    pub(super) fn all(&self) -> &[Self] {
        &self.children
    }

    /// The element at the end of a path of first children.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text of the first child of that name, when there is some.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(Self::text).filter(|text| !text.is_empty())
    }

    /// The text, without blanks around it.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }
}

/// The elements that are open, outermost first, and the root when it is closed.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree {
    fn open(&mut self, namespace: &ResolveResult, start: &BytesStart) -> Result<(), XmlError> {
        self.elements += 1;
        if self.open.len() >= DEEPEST || self.elements > MOST_ELEMENTS {
            return Err(XmlError::TooLarge);
        }
        if self.root.is_some() {
            return Err(XmlError::Malformed);
        }
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => namespace.0.to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(_) => return Err(XmlError::Malformed),
        };
        let name = start.local_name().into_inner().to_owned();
        self.open.push(Element { namespace, name, attributes: attributes(start)?, ..Element::default() });
        Ok(())
    }

    fn close(&mut self) -> Result<(), XmlError> {
        let element = self.open.pop().ok_or(XmlError::Malformed)?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(XmlError::Malformed),
        }
        Ok(())
    }

    fn done(self) -> Result<Element, XmlError> {
        if self.open.is_empty() { self.root.ok_or(XmlError::Truncated) } else { Err(XmlError::Truncated) }
    }
}

fn attributes(start: &BytesStart) -> Result<Vec<(String, String)>, XmlError> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| XmlError::Malformed)?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|_| XmlError::Entity)?.into_owned();
        attributes.push((attribute.key.local_name().into_inner().to_owned(), value));
    }
    Ok(attributes)
}

/// The five predefined entities and numbered characters; every other entity would need a document type.
fn character(name: &BytesRef) -> Result<String, XmlError> {
    if let Some(character) = name.resolve_char_ref().map_err(|_| XmlError::Malformed)? {
        return Ok(character.to_string());
    }
    let predefined = match &**name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        _ => return Err(XmlError::Entity),
    };
    Ok(predefined.to_owned())
}

fn decode(bytes: &[u8]) -> Result<String, XmlError> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_lowercase();
    let declaration = start.split("?>").next().unwrap_or_default();
    if !declaration.contains("iso-8859-1") {
        return Err(XmlError::Encoding);
    }
    Ok(bytes.iter().map(|byte| char::from(*byte)).collect())
}

/// Writes elements in the order they are given, escaped.
#[derive(Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    /// An element with other elements in it.
    pub(super) fn element(&mut self, name: &str, attributes: &str, content: impl FnOnce(&mut Self)) {
        // Writing to a String does not fail.
        let _ = write!(self.text, "<{name}{attributes}>");
        content(self);
        let _ = write!(self.text, "</{name}>");
    }

    /// An element with text in it.
    pub(super) fn value(&mut self, name: &str, value: &str) {
        let clean: String = value.chars().filter(|letter| !letter.is_control()).collect();
        let _ = write!(self.text, "<{name}>{}</{name}>", minimal_escape(clean.as_str()).replace('>', "&gt;"));
    }

    pub(super) fn finish(self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", self.text)
    }
}
