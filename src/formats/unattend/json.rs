//! Answer files as JSON, for people who keep them in repositories.
//!
//! ```json
//! {
//!   "servicing": { "package": [ { "@action": "install", "source": { "@location": "…" } } ] },
//!   "passes": [
//!     { "pass": "specialize", "components": [
//!       { "name": "Microsoft-Windows-Shell-Setup", "processorArchitecture": "amd64",
//!         "settings": { "ComputerName": "PC-1" } } ] } ]
//! }
//! ```
//! A leaf is its text. Other elements are objects: attributes with `@`, elements in their order, the text of a leaf
//! that has attributes as `#text`. Elements of a list, and what is there more than once, are arrays. The identity of
//! Windows' own components is left out where it is what it always is. Comments, layout and elements of other
//! namespaces are not kept.

use super::create::{new_component, LANGUAGE, PUBLIC_KEY_TOKEN, VERSION_SCOPE};
use super::resolve::SERVICING;
use super::section::settings_in;
use super::{AnswerFile, Component, Pass, FORMAT, STATE_NAMESPACE};
use crate::error::{Error, Result};
use crate::formats::xml::{Change, Element, Limits, NewElement};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserializer, Serialize, Serializer};
use std::cell::Cell;

/// The text of a leaf that has attributes.
const TEXT: &str = "#text";

/// JSON whose objects keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl AnswerFile {
    /// The settings as JSON text; the same settings in the same order give the same text.
    ///
    /// # Errors
    /// None that can be.
    pub fn to_json(&self) -> Result<String> {
        let mut members = Vec::new();
        let servicing: Vec<Value> = settings_in(self.root())
            .filter(|element| element.name() == SERVICING)
            .map(element_value)
            .collect();
        match <[Value; 1]>::try_from(servicing) {
            Ok([Value::Text(_)]) => {}
            Ok([only]) => members.push((SERVICING.to_owned(), only)),
            Err(several) if several.is_empty() => {}
            Err(several) => members.push((SERVICING.to_owned(), Value::List(several))),
        }
        members.push(("passes".to_owned(), Value::List(self.passes().map(pass_value).collect())));
        serde_json::to_string_pretty(&Value::Object(members)).map_err(|error| Error::Stream(error.into()))
    }

    /// The answer file of JSON text.
    ///
    /// # Errors
    /// [`Error::Malformed`] for text that is not JSON of this form, with its place.
    pub fn from_json(text: &str) -> Result<Self> {
        let limits = Limits::ANSWER_FILE;
        if text.len() > limits.size {
            let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            let (limit, found) = (number(limits.size), number(text.len()));
            return Err(Error::LimitExceeded { what: "the size of the JSON text in bytes", limit, found });
        }
        let mut source = serde_json::Deserializer::from_str(text.trim_start_matches('\u{FEFF}'));
        let left = Cell::new(limits.nodes);
        let value =
            Reader { left: &left }.deserialize(&mut source).and_then(|value| source.end().map(|()| value));
        let value = value.map_err(|error| {
            let place = format!("line {}, column {} of the JSON text", error.line(), error.column());
            Error::malformed(FORMAT, place, "JSON as ConvertTo-UnattendJson writes it", error.to_string())
        })?;
        let mut file = Self::new()?;
        let (mut sections, mut passes) = (Vec::new(), Vec::new());
        for (name, value) in object(value, "the top")? {
            match name.as_str() {
                SERVICING => sections = list(value),
                "passes" => passes = list(value),
                other => return Err(unexpected("the top", "servicing and passes", other)),
            }
        }
        let sections = sections.into_iter().map(|section| new_element(SERVICING, section));
        let new = sections.chain(passes.into_iter().map(new_pass)).collect::<Result<Vec<_>>>()?;
        if !new.is_empty() {
            file.document.edit(&[Change::Append(file.root().id(), new)])?;
        }
        Ok(file)
    }
}

fn pass_value(pass: Pass<'_>) -> Value {
    let mut members = vec![("pass".to_owned(), Value::Text(pass.name()))];
    if pass.was_processed() {
        members.push(("wasPassProcessed".to_owned(), Value::Text("true".to_owned())));
    }
    members.push(("components".to_owned(), Value::List(pass.components().map(component_value).collect())));
    Value::Object(members)
}

fn component_value(component: Component<'_>) -> Value {
    let identity = component.identity();
    let mut members = vec![
        ("name".to_owned(), Value::Text(identity.name)),
        ("processorArchitecture".to_owned(), Value::Text(identity.processor_architecture)),
    ];
    let usual = [
        ("publicKeyToken", identity.public_key_token, PUBLIC_KEY_TOKEN),
        ("language", identity.language, LANGUAGE),
        ("versionScope", identity.version_scope, VERSION_SCOPE),
    ];
    for (name, value, usual) in usual {
        if value != usual {
            members.push((name.to_owned(), Value::Text(value)));
        }
    }
    members.push(("settings".to_owned(), Value::Object(children(component.element))));
    Value::Object(members)
}

/// The elements in one, those of one name together.
fn children(element: Element<'_>) -> Vec<(String, Value)> {
    let mut members: Vec<(String, Vec<(Value, bool)>)> = Vec::new();
    let mut places: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for child in settings_in(element) {
        let in_list = child.attributes().any(|found| found.namespace() == Some(STATE_NAMESPACE));
        let place = *places.entry(child.name().to_owned()).or_insert(members.len());
        if place == members.len() {
            members.push((child.name().to_owned(), Vec::new()));
        }
        if let Some((_, values)) = members.get_mut(place) {
            values.push((element_value(child), in_list));
        }
    }
    let member = |(name, mut values): (String, Vec<(Value, bool)>)| match values.as_slice() {
        [(_, false)] => (name, values.pop().map_or(Value::List(Vec::new()), |(value, _)| value)),
        _ => (name, Value::List(values.into_iter().map(|(value, _)| value).collect())),
    };
    members.into_iter().map(member).collect()
}

/// As deep as the document, which has a limit.
fn element_value(element: Element<'_>) -> Value {
    let mut members = Vec::new();
    for attribute in element.attributes().filter(|found| !found.is_declaration()) {
        let name = match attribute.namespace() {
            Some(STATE_NAMESPACE) => format!("@wcm:{}", attribute.name()),
            _ => format!("@{}", attribute.qualified_name()),
        };
        members.push((name, Value::Text(attribute.value())));
    }
    let text = element.text();
    match settings_in(element).next() {
        None if members.is_empty() => return Value::Text(text),
        None if text.is_empty() => {}
        None => members.push((TEXT.to_owned(), Value::Text(text))),
        Some(_) => members.extend(children(element)),
    }
    Value::Object(members)
}

fn new_pass(value: Value) -> Result<NewElement> {
    let mut new = NewElement::new("settings");
    let mut components = Vec::new();
    for (name, value) in object(value, "a pass")? {
        match name.as_str() {
            "pass" | "wasPassProcessed" => new.attributes.push((name.clone(), string(value, &name)?)),
            "components" => components = list(value),
            other => return Err(unexpected("a pass", "pass and components", other)),
        }
    }
    if !new.attributes.iter().any(|(name, _)| name == "pass") {
        return Err(unexpected("a pass", "its name as pass", "none"));
    }
    for component in components {
        let mut identity = super::Identity {
            public_key_token: PUBLIC_KEY_TOKEN.to_owned(),
            language: LANGUAGE.to_owned(),
            version_scope: VERSION_SCOPE.to_owned(),
            ..super::Identity::default()
        };
        let mut settings = Vec::new();
        for (name, value) in object(component, "a component")? {
            let member = match name.as_str() {
                "name" => &mut identity.name,
                "processorArchitecture" => &mut identity.processor_architecture,
                "publicKeyToken" => &mut identity.public_key_token,
                "language" => &mut identity.language,
                "versionScope" => &mut identity.version_scope,
                "settings" => {
                    settings = object(value, "settings")?;
                    continue;
                }
                other => return Err(unexpected("a component", "its identity and settings", other)),
            };
            *member = string(value, &name)?;
        }
        if identity.name.is_empty() {
            return Err(unexpected("a component", "its name", "none"));
        }
        let mut component = new_component("", &identity);
        for (name, value) in settings {
            for value in list(value) {
                component.elements.push(new_element(&name, value)?);
            }
        }
        new.elements.push(component);
    }
    Ok(new)
}

/// As deep as the text, for which serde_json has a limit.
fn new_element(name: &str, value: Value) -> Result<NewElement> {
    let mut new = NewElement::new(name);
    let members = match value {
        Value::Text(text) => return Ok(NewElement::with_text(name, text)),
        Value::List(_) => return Err(unexpected(name, "texts and objects in a list", "a list")),
        Value::Object(members) => members,
    };
    for (member, value) in members {
        if member == TEXT {
            new.text = string(value, name)?;
        } else if let Some(attribute) = member.strip_prefix('@') {
            new.attributes.push((attribute.to_owned(), string(value, &member)?));
        } else {
            for value in list(value) {
                new.elements.push(new_element(&member, value)?);
            }
        }
    }
    match new.text.is_empty() || new.elements.is_empty() {
        true => Ok(new),
        false => Err(unexpected(name, "a text or elements", "both")),
    }
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::List(values) => values,
        other => vec![other],
    }
}

fn object(value: Value, place: &str) -> Result<Vec<(String, Value)>> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(unexpected(place, "an object", "something else")),
    }
}

fn string(value: Value, place: &str) -> Result<String> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(unexpected(place, "a text", "a list or an object")),
    }
}

fn unexpected(place: &str, expected: &str, found: &str) -> Error {
    Error::malformed(FORMAT, format!("'{place}' in the JSON text"), expected, found)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(values) => values.serialize(serializer),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// Reads values, as many as an answer file may have elements.
#[derive(Clone, Copy)]
struct Reader<'a> {
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Value, D::Error> {
        match self.left.get().checked_sub(1) {
            Some(left) => self.left.set(left),
            None => {
                return Err(serde::de::Error::custom("there are more values than an answer file may have"))
            }
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a text, a list or an object")
    }

    // People write true and 1 where Setup wants the texts.
    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let (mut members, mut names) = (Vec::new(), std::collections::HashSet::new());
        while let Some(name) = items.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(serde::de::Error::custom(format_args!("'{name}' is there twice; give a list")));
            }
            members.push((name, items.next_value_seed(self)?));
        }
        Ok(Value::Object(members))
    }
}
