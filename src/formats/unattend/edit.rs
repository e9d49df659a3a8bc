//! Setting and removing single settings.

use super::create::{state_prefix, written_name};
use super::resolve::{self, attribute, attribute_name, Node, SERVICING};
use super::{AnswerFile, Selector, SettingPath, Step, STATE_NAMESPACE};
use crate::error::{Error, Result};
use crate::formats::xml::{Element, ElementId};

/// Most elements that one call removes.
const MAX_REMOVED: usize = 10_000;

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
    /// [`Error::LimitExceeded`] for more than ten thousand elements.
    pub fn remove(&mut self, path: &SettingPath, prune: bool) -> Result<Vec<String>> {
        let removed: Vec<String> = self.settings(path).into_iter().map(|setting| setting.path).collect();
        let all = resolve::resolve(self, path);
        let mut targets: Vec<ElementId> = Vec::new();
        for id in &all {
            let parent = self.document.element(*id).and_then(Element::parent);
            let mut around = std::iter::successors(parent, |outer| outer.parent());
            if path.attribute.is_some() || !around.any(|outer| all.contains(&outer.id())) {
                targets.push(*id);
            }
        }
        if targets.len() > MAX_REMOVED {
            let found = u64::try_from(targets.len()).unwrap_or(u64::MAX);
            return Err(Error::LimitExceeded {
                what: "the number of elements to remove",
                limit: 10_000,
                found,
            });
        }
        // From the end of the file: what is removed then leaves the numbers of the others as they are.
        targets.sort_by_key(|id| std::cmp::Reverse(self.document.element(*id).map(Element::position)));
        let mut changed = self.clone();
        for id in targets {
            let Some(element) = changed.document.element(id) else { continue };
            if let Some(name) = &path.attribute {
                if let Some(name) = attribute_name(element, name) {
                    changed.document.remove_attribute(id, &name)?;
                }
                continue;
            }
            // Those around come first in the file, so that their numbers stay too. The last is the root.
            let around: Vec<ElementId> =
                std::iter::successors(element.parent(), |outer| outer.parent()).map(Element::id).collect();
            let Some((_, around)) = around.split_last() else { continue };
            changed.document.remove(id)?;
            for id in around.iter().filter(|_| prune) {
                if !changed.document.element(*id).is_some_and(Element::is_blank) {
                    break;
                }
                changed.document.remove(*id)?;
            }
        }
        *self = changed;
        Ok(removed)
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
        let all = SettingPath { steps: vec![Step::named("**")], attribute: attribute.map(str::to_owned) };
        let servicing = SettingPath { steps: vec![Step::named(SERVICING), Step::named("**")], ..all.clone() };
        let mut settings = self.settings(&all).into_iter().chain(self.settings(&servicing));
        settings.find(|setting| setting.element.id() == id).map(|setting| setting.path).unwrap_or_default()
    }
}

pub(super) fn is_servicing_path(name: &str) -> bool {
    name.eq_ignore_ascii_case(SERVICING)
}

pub(super) fn refused(path: &SettingPath, reason: &str) -> Error {
    Error::InvalidArgument { parameter: "path", reason: format!("'{path}': {reason}") }
}
