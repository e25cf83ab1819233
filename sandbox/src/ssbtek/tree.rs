//! An XML document as a tree of elements with their namespaces. Must not know any contract.

use quick_xml::{
    NsReader,
    escape::resolve_xml_entity,
    events::{BytesRef, BytesStart, Event},
    name::ResolveResult,
};

#[derive(Debug, Clone, Default)]
pub struct Element {
    pub namespace: String,
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }
}

/// The root element, or what is wrong with the document.
pub fn read(text: &str) -> Result<Element, String> {
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|problem| problem.to_string())?;
        let namespace = match namespace {
            ResolveResult::Bound(bound) => bound.into_inner().to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(_) => return Err("ett prefix saknar namnrymd".to_owned()),
        };
        match event {
            Event::Start(start) => open.push(begun(namespace, &start)?),
            Event::Empty(start) => close(&mut open, begun(namespace, &start)?)?,
            Event::End(_) => {
                let done = open.pop().ok_or("ett element stängs som inte är öppet")?;
                close(&mut open, done)?;
            }
            Event::Text(text) => add(&mut open, &text),
            Event::CData(text) => add(&mut open, &text),
            Event::GeneralRef(reference) => add(&mut open, &resolved(&reference)?),
            Event::DocType(_) => return Err("DOCTYPE är inte tillåtet".to_owned()),
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    match open.as_mut_slice() {
        [document] => document.children.pop().ok_or_else(|| "dokumentet är tomt".to_owned()),
        _ => Err("dokumentet är inte helt".to_owned()),
    }
}

fn begun(namespace: String, start: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element { namespace, name: start.local_name().into_inner().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|problem| problem.to_string())?;
        let name = attribute.key.into_inner().to_owned();
        if name != "xmlns" && !name.starts_with("xmlns:") {
            element.attributes.push((name, attribute.value.into_owned()));
        }
    }
    Ok(element)
}

fn close(open: &mut [Element], done: Element) -> Result<(), String> {
    open.last_mut().ok_or("ett element stängs som inte är öppet")?.children.push(done);
    Ok(())
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(letter) = reference.resolve_char_ref().map_err(|problem| problem.to_string())? {
        return Ok(letter.to_string());
    }
    let name: &str = reference;
    resolve_xml_entity(name).map(str::to_owned).ok_or_else(|| format!("&{name}; är okänt"))
}
