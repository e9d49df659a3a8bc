//! Creating what a path means and the file does not have yet.

use super::edit::{is_servicing_path, refused, Found};
use super::resolve::{Level, Node, SERVICING};
use super::{AnswerFile, Identity, PassName, Selector, SettingPath, Step, STATE_NAMESPACE};
use crate::error::Result;
use crate::formats::xml::{Element, ElementId, NewElement};

/// What the components of Windows have in their identity beside name and architecture.
pub(super) const PUBLIC_KEY_TOKEN: &str = "31bf3856ad364e35";
pub(super) const LANGUAGE: &str = "neutral";
pub(super) const VERSION_SCOPE: &str = "nonSxS";
/// Declared by custom on every component.
const INSTANCE_NAMESPACE: &str = "http://www.w3.org/2001/XMLSchema-instance";
impl AnswerFile {
    /// Creates what a path's parts from `at` on mean in the element `id`; the new setting's element.
    pub(super) fn create(
        &mut self,
        id: ElementId,
        level: Level,
        path: &SettingPath,
        at: usize,
        value: &str,
    ) -> Result<ElementId> {
        let Some(parent) = self.document.element(id) else { return Ok(id) };
        let (step, rest) = match path.steps.get(at..).and_then(<[Step]>::split_first) {
            Some(parts) => parts,
            None => return Ok(id),
        };
        let count = parent.elements().count();
        if let Some(Selector::Index(index)) = step.selectors.first() {
            let alike = Step::named(&step.name);
            let there = Node { element: parent, level }.select(&alike).len();
            if *index != there.saturating_add(1) {
                return Err(refused(
                    path,
                    &format!(
                        "there are {there} {}, so the next one is [{}]",
                        step.name,
                        there.saturating_add(1)
                    ),
                ));
            }
        }
        let prefix = parent
            .qualified_name()
            .split_once(':')
            .map(|(prefix, _)| format!("{prefix}:"))
            .unwrap_or_default();
        let state = (!matches!(level, Level::Servicing))
            .then(|| state_prefix(parent).unwrap_or_else(|| "wcm".to_owned()));
        let names = Names { prefix, state };
        let (new, after) = match level {
            Level::Root if is_servicing_path(&step.name) => {
                (Names { state: None, ..names }.element(path, step, rest, value)?, Where::First)
            }
            Level::Root => {
                let pass = PassName::parse(&step.name).ok_or_else(|| {
                    let names = PassName::ALL.map(PassName::as_str).join(", ");
                    refused(path, &format!("'{}' is no pass; they are {names}", step.name))
                })?;
                let (component, rest) =
                    rest.split_first().ok_or_else(|| refused(path, "it names no component"))?;
                let mut new = NewElement::new(names.qualified("settings")).attribute("pass", pass.as_str());
                new.elements.push(self.component(path, &names, component, rest, value)?);
                (new, self.place_of(pass))
            }
            Level::Pass => (self.component(path, &names, step, rest, value)?, Where::Last),
            _ => (names.element(path, step, rest, value)?, Where::Last),
        };
        match after {
            Where::First => self.document.insert_first(id, &new)?,
            Where::After(sibling) => self.document.insert_after(sibling, &new)?,
            Where::Last => self.document.append(id, &new)?,
        }
        // The new element is the one that was not there: its path leads to it now, but for `[+]`.
        debug_assert!(self.document.element(id).is_some_and(|parent| parent.elements().count() > count));
        let mut path = path.clone();
        if let Some(step) = path.steps.get_mut(at) {
            if step.selectors.contains(&Selector::New) {
                let alike = Step::named(&step.name);
                let parent = self.document.element(id);
                let there = parent.map_or(0, |element| Node { element, level }.select(&alike).len());
                step.selectors = vec![Selector::Index(there)];
            }
        }
        for step in path.steps.iter_mut().skip(at.saturating_add(1)) {
            step.selectors.retain(|selector| !matches!(selector, Selector::New));
        }
        match self.find(&path)? {
            Found::Whole(node) | Found::Part(node, _) => Ok(node.element.id()),
        }
    }

    /// A new component with the settings that the rest of a path means.
    fn component(
        &self,
        path: &SettingPath,
        names: &Names,
        step: &Step,
        rest: &[Step],
        value: &str,
    ) -> Result<NewElement> {
        let mut architecture = None;
        for selector in &step.selectors {
            match selector {
                Selector::Architecture(name) => architecture = Some(name.clone()),
                _ => return Err(refused(path, "a new component has no selector but its architecture")),
            }
        }
        let architecture = match architecture.or_else(|| self.common_architecture()) {
            Some(name) if !name.contains(['*', '?']) => name,
            _ => {
                let reason = format!(
                    "{} is new, and its architecture cannot be told from the file: say it, as in {}[amd64]",
                    step.name, step.name
                );
                return Err(refused(path, &reason));
            }
        };
        let identity = Identity {
            name: step.name.clone(),
            processor_architecture: architecture,
            public_key_token: PUBLIC_KEY_TOKEN.to_owned(),
            language: LANGUAGE.to_owned(),
            version_scope: VERSION_SCOPE.to_owned(),
        };
        let mut new = new_component(&names.prefix, &identity);
        if let Some((step, rest)) = rest.split_first() {
            let names = Names { prefix: names.prefix.clone(), state: Some("wcm".to_owned()) };
            new.elements.push(names.element(path, step, rest, value)?);
        }
        Ok(new)
    }

    /// The architecture of all components; `wow64` goes with others.
    pub(super) fn common_architecture(&self) -> Option<String> {
        let mut all = self.components().map(|component| component.identity().processor_architecture);
        let mut found: Option<String> = None;
        all.try_for_each(|next| match &found {
            _ if next.eq_ignore_ascii_case("wow64") || next.is_empty() => Some(()),
            Some(known) => known.eq_ignore_ascii_case(&next).then_some(()),
            None => {
                found = Some(next);
                Some(())
            }
        })?;
        found
    }

    /// Where a new pass goes: behind those that run before it, and behind the servicing section.
    fn place_of(&self, pass: PassName) -> Where {
        let earlier = |found: &super::Pass<'_>| found.known().is_some_and(|known| known < pass);
        let before = self.passes().filter(earlier).map(|found| found.element.id()).last();
        let servicing = self.root().elements().filter(|element| element.name() == SERVICING).last();
        match before.or_else(|| servicing.map(Element::id)) {
            Some(sibling) => Where::After(sibling),
            None => Where::First,
        }
    }
}

/// A component with nothing in it.
pub(super) fn new_component(prefix: &str, identity: &Identity) -> NewElement {
    NewElement::new(format!("{prefix}component"))
        .attribute("name", &identity.name)
        .attribute("processorArchitecture", &identity.processor_architecture)
        .attribute("publicKeyToken", &identity.public_key_token)
        .attribute("language", &identity.language)
        .attribute("versionScope", &identity.version_scope)
        .attribute("xmlns:wcm", STATE_NAMESPACE)
        .attribute("xmlns:xsi", INSTANCE_NAMESPACE)
}

enum Where {
    First,
    After(ElementId),
    Last,
}

/// How names are written where something is added.
struct Names {
    /// The prefix of elements with its colon; mostly nothing.
    prefix: String,
    /// The prefix that stands for the namespace of `wcm:action`; `None` where lists are not marked.
    state: Option<String>,
}

impl Names {
    fn qualified(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The elements that the parts of a path mean, one in the other, the last one with the value.
    fn element(&self, path: &SettingPath, step: &Step, rest: &[Step], value: &str) -> Result<NewElement> {
        let mut new = NewElement::new(self.qualified(&step.name));
        let mut keys = Vec::new();
        for (number, selector) in step.selectors.iter().enumerate() {
            match selector {
                Selector::Index(_) | Selector::New if number == 0 => {}
                Selector::Element(name, key) => keys.push((name, key)),
                Selector::Attribute(name, key) => {
                    new.attributes.push((written_name(name, self.state.as_deref()), key.clone()));
                }
                _ => return Err(refused(path, "a new element cannot have these selectors")),
            }
        }
        if let (Some(state), false) = (&self.state, step.selectors.is_empty()) {
            let action = format!("{state}:action");
            if new.attributes.iter().all(|(name, _)| *name != action) {
                new.attributes.insert(0, (action, "add".to_owned()));
            }
        }
        for (name, key) in keys {
            if rest.first().is_none_or(|next| !next.name.eq_ignore_ascii_case(name)) {
                new.elements.push(NewElement::with_text(self.qualified(name), key.clone()));
            }
        }
        match (rest.split_first(), &path.attribute) {
            (Some((step, rest)), _) => {
                if matches!(step.selectors.first(), Some(Selector::Index(index)) if *index != 1) {
                    return Err(refused(
                        path,
                        &format!("there is no {} yet, so the next one is [1]", step.name),
                    ));
                }
                new.elements.push(self.element(path, step, rest, value)?);
            }
            (None, Some(name)) => {
                let name = written_name(name, self.state.as_deref());
                new.attributes.retain(|(other, _)| *other != name);
                new.attributes.push((name, value.to_owned()));
            }
            (None, None) if new.elements.is_empty() => new.text = value.to_owned(),
            (None, None) => {
                return Err(refused(path, "an element with a selector by value needs a part behind it"))
            }
        }
        Ok(new)
    }
}

/// An attribute's name with the prefix that the file has for `wcm`.
pub(super) fn written_name(name: &str, state: Option<&str>) -> String {
    match (name.strip_prefix("wcm:"), state) {
        (Some(local), Some(prefix)) => format!("{prefix}:{local}"),
        _ => name.to_owned(),
    }
}

pub(super) fn state_prefix(element: Element<'_>) -> Option<String> {
    element.prefix_of(STATE_NAMESPACE).map(str::to_owned)
}
