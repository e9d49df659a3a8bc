//! Passes and components.

use super::PassName;
use crate::formats::xml::{Element, Position};

/// A `settings` element: what is to be done in one pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pass<'a> {
    /// The element.
    pub element: Element<'a>,
}

impl<'a> Pass<'a> {
    pub(super) fn of(element: Element<'a>) -> Self {
        Self { element }
    }

    /// The attribute `pass` as it is written; empty if there is none.
    pub fn name(self) -> String {
        self.element.attribute("", "pass").unwrap_or_default()
    }

    /// The pass, if it is one that Setup knows. Setup wants it written exactly so.
    pub fn known(self) -> Option<PassName> {
        PassName::parse(&self.name())
    }

    /// Whether Setup has marked the pass as done (`wasPassProcessed`), as in files below Panther.
    pub fn was_processed(self) -> bool {
        self.element.attribute("", "wasPassProcessed").is_some_and(|value| value.trim() == "true")
    }

    /// Where the pass begins.
    pub fn position(self) -> Position {
        self.element.position()
    }

    /// The components, in the order of the file.
    pub fn components(self) -> impl Iterator<Item = Component<'a>> {
        let is_component = move |element: &Element<'_>| {
            element.name() == "component" && element.namespace() == self.element.namespace()
        };
        self.element.elements().filter(is_component).map(move |element| Component { element, pass: self })
    }
}

/// A `component` element: the settings of one Windows component in one pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Component<'a> {
    /// The element.
    pub element: Element<'a>,
    /// The pass it is in.
    pub pass: Pass<'a>,
}

impl<'a> Component<'a> {
    /// Which component it is. Setup ignores one whose identity is not that of a component of the image.
    pub fn identity(self) -> Identity {
        let attribute = |name| self.element.attribute("", name).unwrap_or_default();
        Identity {
            name: attribute("name"),
            processor_architecture: attribute("processorArchitecture"),
            public_key_token: attribute("publicKeyToken"),
            language: attribute("language"),
            version_scope: attribute("versionScope"),
        }
    }

    /// Where the component begins.
    pub fn position(self) -> Position {
        self.element.position()
    }

    /// The settings and lists directly in the component: its elements in its own namespace.
    pub fn elements(self) -> impl Iterator<Item = Element<'a>> {
        settings_in(self.element)
    }
}

/// The elements in another one that are settings: those of the same namespace.
pub(super) fn settings_in<'a>(element: Element<'a>) -> impl Iterator<Item = Element<'a>> + Clone {
    element.elements().filter(move |child| child.namespace() == element.namespace())
}

/// The identity of a component; an attribute that is missing is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Identity {
    /// `Microsoft-Windows-Shell-Setup`.
    pub name: String,
    /// `amd64`, `x86`, `arm64`, `wow64`…
    pub processor_architecture: String,
    /// `31bf3856ad364e35` for all components of Windows.
    pub public_key_token: String,
    /// `neutral`.
    pub language: String,
    /// `nonSxS`.
    pub version_scope: String,
}
