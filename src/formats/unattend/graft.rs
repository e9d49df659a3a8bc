//! What has to be done to an answer file so that it has the settings of another one.
//!
//! Both trees are walked at once, so that the time it takes grows with their sizes; all is then written at once.

use super::create::{new_component, state_prefix, LANGUAGE, PUBLIC_KEY_TOKEN, VERSION_SCOPE};
use super::resolve::{self, Level, Node};
use super::section::settings_in;
use super::siblings::{groups, Group, Siblings};
use super::{AnswerFile, Component, Conflict, Identity, Pass, PassName, Prefer, Setting, STATE_NAMESPACE};
use crate::error::{Error, Result};
use crate::formats::xml::{Change, Document, Element, ElementId, NewElement};
use std::collections::HashMap;

/// What is to be changed, each element by its number of before.
#[derive(Default)]
pub(super) struct Changes {
    attributes: HashMap<(ElementId, String), String>,
    texts: HashMap<ElementId, String>,
    /// New elements of the root: the servicing section, and passes.
    sections: Vec<NewElement>,
    passes: Vec<(PassName, NewElement)>,
    others: HashMap<ElementId, Vec<NewElement>>,
}

impl Changes {
    /// Makes the changes. Attributes and texts leave the numbers of elements as they are.
    pub(super) fn make(self, document: &mut Document) -> Result<()> {
        let attributes = self.attributes.into_iter();
        let attributes = attributes.map(|((id, name), value)| Change::Attribute(id, name, value)).collect();
        let texts = self.texts.into_iter().map(|(id, value)| Change::Text(id, value)).collect();
        let others = self.others.into_iter().map(|(id, new)| Change::Append(id, new));
        let additions =
            root_changes(document.root(), self.sections, self.passes).into_iter().chain(others).collect();
        let batches: [Vec<Change>; 3] = [attributes, texts, additions];
        batches.iter().filter(|batch| !batch.is_empty()).try_for_each(|batch| document.edit(batch))
    }
}

/// New sections go first; a pass goes behind those that run before it.
fn root_changes(
    root: Element<'_>,
    mut first: Vec<NewElement>,
    mut passes: Vec<(PassName, NewElement)>,
) -> Vec<Change> {
    passes.sort_by_key(|(pass, _)| *pass);
    let there: Vec<_> =
        settings_in(root).filter(|element| element.name() == "settings").map(Pass::of).collect();
    let servicing = settings_in(root).filter(|element| element.name() == resolve::SERVICING).last();
    let mut behind: Vec<(ElementId, Vec<NewElement>)> = Vec::new();
    for (pass, new) in passes {
        let earlier = |found: &&Pass<'_>| found.known().is_some_and(|known| known < pass);
        let before = there.iter().rev().find(earlier).map(|found| found.element);
        match before.or(servicing).map(Element::id) {
            None => first.push(new),
            Some(sibling) => match behind.iter_mut().find(|(id, _)| *id == sibling) {
                Some((_, together)) => together.push(new),
                None => behind.push((sibling, vec![new])),
            },
        }
    }
    let behind = behind.into_iter().map(|(sibling, new)| Change::InsertAfter(sibling, new));
    let first = (!first.is_empty()).then(|| Change::InsertFirst(root.id(), first));
    first.into_iter().chain(behind).collect()
}

/// Two answer files, walked at once.
pub(super) struct Graft<'a> {
    base: &'a AnswerFile,
    prefer: Option<Prefer>,
    /// The settings of the other file, by the elements that hold them.
    settings: HashMap<ElementId, Vec<Setting<'a>>>,
    other: Node<'a>,
    pub(super) changes: Changes,
    pub(super) added: usize,
    pub(super) changed: usize,
    pub(super) conflicts: Vec<Conflict>,
}

impl<'a> Graft<'a> {
    pub(super) fn new(base: &'a AnswerFile, other: &'a AnswerFile, prefer: Option<Prefer>) -> Self {
        let mut settings: HashMap<ElementId, Vec<Setting<'a>>> = HashMap::new();
        for setting in other.keyed_settings() {
            settings.entry(setting.element.id()).or_default().push(setting);
        }
        let other = Node::root(other);
        let (changes, conflicts) = (Changes::default(), Vec::new());
        Self { base, prefer, settings, other, changes, added: 0, changed: 0, conflicts }
    }

    /// Finds all that has to be done.
    pub(super) fn everything(&mut self) -> Result<()> {
        let (base, other) = (Node::root(self.base), self.other);
        let (servicing, passes): (Vec<_>, Vec<_>) =
            groups(&[other]).into_iter().partition(|group| group.label.starts_with(resolve::SERVICING));
        let there = Siblings::of(&[base]);
        for group in servicing.into_iter().chain(passes) {
            if self.is_wanted(&group.nodes) {
                self.group(&[base], &there, group, "")?;
            }
        }
        Ok(())
    }

    /// Whether there are settings in any of the elements.
    fn is_wanted(&self, nodes: &[Node<'a>]) -> bool {
        let mut todo: Vec<Node<'a>> = nodes.to_vec();
        while let Some(node) = todo.pop() {
            if self.settings.contains_key(&node.element.id()) {
                return true;
            }
            todo.extend(node.children());
        }
        false
    }

    /// Elements of the other file that belong into `bases`: one, or a pass or component that is there several times.
    /// As deep as the document, which has a limit.
    fn group(
        &mut self,
        bases: &[Node<'a>],
        there: &Siblings<'a>,
        group: Group<'a>,
        path: &str,
    ) -> Result<()> {
        let slash = if path.is_empty() { "" } else { "/" };
        let path = format!("{path}{slash}{}", group.label);
        let is_outer = |node: &Node<'_>| matches!(node.level, Level::Pass | Level::Component);
        let ambiguous =
            || refused(&path, "the base has it more than once, and it cannot be told which is meant");
        match (there.find(&group.label), bases) {
            (Some(found), _)
                if found.len() == 1 || there.is_own(&group.label) && found.iter().all(is_outer) =>
            {
                let Some(first) = found.first() else { return Ok(()) };
                for node in &group.nodes {
                    for setting in self.settings.remove(&node.element.id()).unwrap_or_default() {
                        self.setting(*first, setting)?;
                    }
                }
                let inner = groups(&group.nodes);
                if inner.is_empty() {
                    return Ok(());
                }
                let there = Siblings::of(found);
                inner.into_iter().try_for_each(|group| self.group(found, &there, group, &path))
            }
            // What holds no settings is not missing.
            (None, _) if !self.is_wanted(&group.nodes) => Ok(()),
            (None, &[base]) => {
                let prefix = base.element.qualified_name().split_once(':');
                let prefix = prefix.map(|(prefix, _)| format!("{prefix}:")).unwrap_or_default();
                let state = state_prefix(base.element).unwrap_or_else(|| "wcm".to_owned());
                let new = self.new_element(&group, &Names { prefix, state }, &path)?;
                if matches!(base.level, Level::Component | Level::Element) && uses_state(&new) {
                    self.state(base.element, &path)?;
                }
                match (base.level, group.nodes.first().map(|node| node.level)) {
                    (Level::Root, Some(Level::Servicing)) => self.changes.sections.push(new),
                    (Level::Root, _) => {
                        let name = group.nodes.first().map(|node| node.name()).unwrap_or_default();
                        let pass = PassName::parse(&name).ok_or_else(|| refused(&path, "it is no pass"))?;
                        self.changes.passes.push((pass, new));
                    }
                    _ => self.changes.others.entry(base.element.id()).or_default().push(new),
                }
                Ok(())
            }
            _ => Err(ambiguous()),
        }
    }

    /// A setting of the other file whose element the base has.
    fn setting(&mut self, node: Node<'a>, setting: Setting<'a>) -> Result<()> {
        let base = node.element;
        let there = match &setting.attribute {
            Some(name) => resolve::attribute(base, name),
            None if !base.is_leaf() => {
                return Err(refused(&setting.path, "the base has settings in it, not a value"))
            }
            None => Some(base.text()),
        };
        match there {
            Some(there) if there == setting.value => return Ok(()),
            Some(there) => {
                self.conflicts.push(Conflict {
                    pass: setting.pass,
                    component: setting.component.map(Component::identity),
                    name: setting.name,
                    path: setting.path.clone(),
                    secret: setting.secret,
                    base: there,
                    other: setting.value.clone(),
                    file: 0,
                    chosen: self.prefer,
                });
                if self.prefer != Some(Prefer::Other) {
                    return Ok(());
                }
                self.changed = self.changed.saturating_add(1);
            }
            None => self.added = self.added.saturating_add(1),
        }
        match &setting.attribute {
            None => {
                self.changes.texts.insert(base.id(), setting.value);
            }
            Some(name) => {
                let written = match (resolve::attribute_name(base, name), name.strip_prefix("wcm:")) {
                    (Some(written), _) => written,
                    (None, Some(local)) if node.level == Level::Element => {
                        format!("{}:{local}", self.state(base, &setting.path)?)
                    }
                    _ => name.clone(),
                };
                self.changes.attributes.insert((base.id(), written), setting.value);
            }
        }
        Ok(())
    }

    /// The prefix of `wcm:action` in an element of the base, which is declared if it is not.
    fn state(&mut self, at: Element<'a>, path: &str) -> Result<String> {
        if let Some(prefix) = state_prefix(at) {
            return Ok(prefix);
        }
        // The component stands in a pass, which stands in the root.
        let around: Vec<Element<'a>> = std::iter::successors(Some(at), |inner| inner.parent()).collect();
        let Some(component) = around.len().checked_sub(3).and_then(|third| around.get(third)) else {
            return Ok("wcm".to_owned());
        };
        if component.attributes().any(|found| found.qualified_name() == "xmlns:wcm") {
            return Err(refused(path, "the base uses the prefix wcm for something else"));
        }
        let declaration = (component.id(), "xmlns:wcm".to_owned());
        self.changes.attributes.insert(declaration, STATE_NAMESPACE.to_owned());
        Ok("wcm".to_owned())
    }

    /// Elements of one label as one that the base gets. As deep as the document, which has a limit.
    fn new_element(&mut self, group: &Group<'a>, names: &Names, path: &str) -> Result<NewElement> {
        let own = group.nodes.iter().filter_map(|node| self.settings.remove(&node.element.id()));
        self.added = self.added.saturating_add(own.map(|settings| settings.len()).sum());
        let Some(node) = group.nodes.last() else { return Ok(NewElement::default()) };
        let mut new = match node.level {
            Level::Pass => {
                let pass = PassName::parse(&node.name()).ok_or_else(|| refused(path, "it is no pass"))?;
                NewElement::new(names.qualified("settings")).attribute("pass", pass.as_str())
            }
            Level::Component => new_component(&names.prefix, &self.identity(node.element, path)?),
            _ => NewElement {
                attributes: attributes(*node, names, group.label.contains('[')),
                ..NewElement::new(names.qualified(node.element.name()))
            },
        };
        // A component that is new declares wcm itself.
        let inner = match node.level {
            Level::Pass | Level::Component => &Names { state: "wcm".to_owned(), ..names.clone() },
            _ => names,
        };
        for group in groups(&group.nodes) {
            let path = format!("{path}/{}", group.label);
            if node.level != Level::Pass || self.is_wanted(&group.nodes) {
                new.elements.push(self.new_element(&group, inner, &path)?);
            }
        }
        if new.elements.is_empty() {
            new.text = node.element.text();
        }
        Ok(new)
    }

    /// The identity that a component has in the base: what the other file does not say is as always.
    fn identity(&self, element: Element<'_>, path: &str) -> Result<Identity> {
        let or = |name: &str, usual: &str| {
            let value = element.attribute("", name).filter(|value| !value.is_empty());
            value.unwrap_or_else(|| usual.to_owned())
        };
        let architecture = match or("processorArchitecture", "") {
            empty if empty.is_empty() => self.base.common_architecture(),
            said => Some(said),
        };
        Ok(Identity {
            name: or("name", ""),
            processor_architecture: architecture
                .ok_or_else(|| refused(path, "its architecture is said by neither file"))?,
            public_key_token: or("publicKeyToken", PUBLIC_KEY_TOKEN),
            language: or("language", LANGUAGE),
            version_scope: or("versionScope", VERSION_SCOPE),
        })
    }
}

/// How names are written in the base.
#[derive(Clone)]
struct Names {
    /// The prefix of elements with its colon; mostly nothing.
    prefix: String,
    /// The prefix of `wcm:action`.
    state: String,
}

impl Names {
    fn qualified(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// The attributes that an element keeps. What is one of a list says what is done with it.
fn attributes(node: Node<'_>, names: &Names, in_list: bool) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    let mut has_action = false;
    for found in node.element.attributes().filter(|found| !found.is_declaration()) {
        match found.namespace() {
            Some("") => attributes.push((found.name().to_owned(), found.value())),
            Some(STATE_NAMESPACE) => {
                has_action |= found.name() == "action";
                attributes.push((format!("{}:{}", names.state, found.name()), found.value()));
            }
            _ => {}
        }
    }
    if in_list && !has_action && node.level == Level::Element {
        attributes.insert(0, (format!("{}:action", names.state), "add".to_owned()));
    }
    attributes
}

/// Whether the element, or one in it, has `wcm:action` or the like. As deep as the document, which has a limit.
fn uses_state(new: &NewElement) -> bool {
    new.attributes.iter().any(|(name, _)| name.starts_with("wcm:")) || new.elements.iter().any(uses_state)
}

fn refused(path: &str, reason: &str) -> Error {
    Error::InvalidArgument { parameter: "path", reason: format!("'{path}': {reason}") }
}
