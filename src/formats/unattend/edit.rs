//! Setting and removing single settings.

use super::create::{state_prefix, written_name};
use super::label::{labels, Labels};
use super::resolve::{self, attribute, attribute_name, Node, SERVICING};
use super::{AnswerFile, Selector, SettingPath, STATE_NAMESPACE};
use crate::error::{Error, Result};
use crate::formats::xml::{Change, Element, ElementId};
use std::collections::{HashMap, HashSet};

/// How a setting is set.
#[derive(Debug, Clone, Default)]
pub struct SetOptions {
    /// The component's architecture, where the path does not say it. Without it: the only component of that
    /// name; for a new one, the architecture that all other components of the file have.
    pub architecture: Option<String>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetReport {
    /// The value before; `None` if the setting was not there.
    pub previous: Option<String>,
    /// The setting's whole path.
    pub path: String,
}

/// How far a path leads.
pub(super) enum Found<'a> {
    /// To this element.
    Whole(Node<'a>),
    /// To this one; the parts from that number on are not there.
    Part(Node<'a>, usize),
}

impl AnswerFile {
    /// Gives one setting a value. What is missing of pass, component and elements is created as Setup wants it
    /// and laid out as the rest of the file; an element that a selector creates is a list's (`wcm:action="add"`).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a path that has wildcards, means several settings or none that can be,
    /// and for a value that XML cannot hold.
    pub fn set(&mut self, path: &str, value: &str, options: &SetOptions) -> Result<SetReport> {
        let path = SettingPath::parse(path)?;
        let (target, previous) = self.apply(path.clone(), value, options)?;
        Ok(SetReport { previous, path: self.path_of(target, path.attribute.as_deref()) })
    }

    /// As [`set`](Self::set); the setting's element and the value before.
    pub(super) fn apply(
        &mut self,
        mut path: SettingPath,
        value: &str,
        options: &SetOptions,
    ) -> Result<(ElementId, Option<String>)> {
        self.check_single(&path)?;
        if let (Some(architecture), Some(step)) = (&options.architecture, path.steps.get_mut(1)) {
            let named = |selector: &Selector| matches!(selector, Selector::Architecture(_));
            if !is_servicing_path(&step.name) && !step.selectors.iter().any(named) {
                step.selectors.insert(0, Selector::Architecture(architecture.clone()));
            }
        }
        self.declare_state_prefix(&path)?;
        match self.find(&path)? {
            Found::Whole(node) => self.change(node.element.id(), &path, value),
            Found::Part(node, at) => {
                Ok((self.create(node.element.id(), node.level, &path, at, value)?, None))
            }
        }
    }

    /// Removes all that a path means: settings, lists, components, passes, attributes. With `prune`, what is
    /// empty then goes too. The paths of the settings that are gone.
    ///
    /// # Errors
    /// None that can be.
    pub fn remove(&mut self, path: &SettingPath, prune: bool) -> Result<Vec<String>> {
        let removed: Vec<String> = self.settings(path).into_iter().map(|setting| setting.path).collect();
        let targets = resolve::resolve(self, path);
        let changes: Vec<Change> = match &path.attribute {
            Some(name) => {
                let written = |id: &ElementId| attribute_name(self.document.element(*id)?, name);
                let change = |id: &ElementId| Some(Change::RemoveAttribute(*id, written(id)?));
                targets.iter().filter_map(change).collect()
            }
            None => {
                let emptied = if prune { self.emptied(&targets) } else { Vec::new() };
                let root = self.root().id();
                let all = targets.into_iter().filter(|id| *id != root).chain(emptied);
                all.map(Change::Remove).collect()
            }
        };
        self.document.edit(&changes)?;
        Ok(removed)
    }

    /// The elements that have nothing in them any more when these are removed, without the root.
    fn emptied(&self, removed: &HashSet<ElementId>) -> Vec<ElementId> {
        let mut left: HashMap<ElementId, usize> = HashMap::new();
        let mut gone: Vec<ElementId> = removed.iter().copied().collect();
        let mut emptied = Vec::new();
        while let Some(id) = gone.pop() {
            let Some(parent) = self.document.element(id).and_then(Element::parent) else { continue };
            let count = left.entry(parent.id()).or_insert_with(|| parent.elements().count());
            *count = count.saturating_sub(1);
            if *count == 0 && parent.has_elements_only() && parent.parent().is_some() {
                if !removed.contains(&parent.id()) {
                    gone.push(parent.id());
                }
                emptied.push(parent.id());
            }
        }
        emptied
    }

    fn check_single(&self, path: &SettingPath) -> Result<()> {
        if path.has_wildcard() {
            return Err(refused(path, "a setting that is set has no wildcards"));
        }
        let needed = match path.steps.first() {
            Some(first) if is_servicing_path(&first.name) => 2,
            _ if path.attribute.is_some() => 2,
            _ => 3,
        };
        match path.steps.len() < needed {
            true => Err(refused(path, "it must be PASS/COMPONENT/SETTING")),
            false => Ok(()),
        }
    }

    /// Follows a path as far as it is there.
    pub(super) fn find(&self, path: &SettingPath) -> Result<Found<'_>> {
        let mut node = Node::root(self);
        for (at, step) in path.steps.iter().enumerate() {
            let found = match step.selectors.contains(&Selector::New) {
                true => Vec::new(),
                false => node.select(step),
            };
            node = match found.as_slice() {
                [] => return Ok(Found::Part(node, at)),
                [only] => *only,
                several => {
                    let places: Vec<String> = several
                        .iter()
                        .take(8)
                        .map(|node| format!("line {}", node.element.position().line))
                        .collect();
                    let which = if at == 1 { "[amd64]" } else { "[1]" };
                    let reason = format!(
                        "{step} is there {} times ({}): say which, as in {step}{which}",
                        several.len(),
                        places.join(", ")
                    );
                    return Err(refused(path, &reason));
                }
            };
        }
        Ok(Found::Whole(node))
    }

    /// Sets what is there.
    fn change(
        &mut self,
        id: ElementId,
        path: &SettingPath,
        value: &str,
    ) -> Result<(ElementId, Option<String>)> {
        let Some(element) = self.document.element(id) else { return Ok((id, None)) };
        match &path.attribute {
            None => {
                let previous = element.text();
                if !element.is_leaf() {
                    return Err(refused(path, "it has settings in it, not a value"));
                }
                self.document.set_text(id, value)?;
                Ok((id, Some(previous)))
            }
            Some(name) => {
                let previous = attribute(element, name);
                let written = match attribute_name(element, name) {
                    Some(written) => written,
                    None => written_name(name, state_prefix(element).as_deref()),
                };
                self.document.set_attribute(id, &written, value)?;
                Ok((id, previous))
            }
        }
    }

    /// Sees to it that `wcm:` can be written where a path needs it.
    fn declare_state_prefix(&mut self, path: &SettingPath) -> Result<()> {
        let is_state = |name: &String| name.starts_with("wcm:");
        let lists = path.steps.iter().skip(2).any(|step| !step.selectors.is_empty());
        let servicing = path.steps.first().is_some_and(|step| is_servicing_path(&step.name));
        if servicing || !(lists || path.attribute.as_ref().is_some_and(is_state)) {
            return Ok(());
        }
        let Some(pass) = path.steps.first() else { return Ok(()) };
        let Some(component) = path.steps.get(1) else { return Ok(()) };
        let found = Node::root(self).select(pass).into_iter().flat_map(|node| node.select(component)).next();
        let missing = found.map(|node| node.element).filter(|element| state_prefix(*element).is_none());
        let Some(element) = missing else { return Ok(()) };
        if matches!(self.find(path)?, Found::Whole(_)) && path.attribute.is_none() {
            return Ok(());
        }
        let id = element.id();
        if element.attributes().any(|found| found.qualified_name() == "xmlns:wcm") {
            return Err(refused(path, "the component uses the prefix wcm for something else"));
        }
        self.document.set_attribute(id, "xmlns:wcm", STATE_NAMESPACE)
    }

    /// The whole path of an element's setting.
    fn path_of(&self, id: ElementId, attribute: Option<&str>) -> String {
        let element = self.document.element(id);
        let mut around: Vec<Element<'_>> = std::iter::successors(element, |inner| inner.parent()).collect();
        around.pop();
        let (mut node, mut parts) = (Node::root(self), Vec::new());
        while let Some(element) = around.pop() {
            let children = node.children();
            let labels = labels(&children, Labels::Shortest);
            let found = children.into_iter().zip(labels).find(|(child, _)| child.element == element);
            let Some((child, label)) = found else { return String::new() };
            node = child;
            parts.push(label);
        }
        parts.extend(attribute.map(|name| format!("@{name}")));
        parts.join("/")
    }
}

pub(super) fn is_servicing_path(name: &str) -> bool {
    name.eq_ignore_ascii_case(SERVICING)
}

pub(super) fn refused(path: &SettingPath, reason: &str) -> Error {
    Error::InvalidArgument { parameter: "path", reason: format!("'{path}': {reason}") }
}
