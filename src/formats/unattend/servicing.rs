//! The servicing section: packages to install, remove and configure in pass offlineServicing.
//!
//! Reference: <https://learn.microsoft.com/windows-hardware/manufacture/desktop/dism-unattended-servicing-command-line-options>.

use super::Identity;
use crate::formats::xml::{Element, Position};

/// A `package` element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Package<'a> {
    /// The element.
    pub element: Element<'a>,
}

/// A feature of a package, and whether it is to be on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The feature's name.
    pub name: String,
    /// `true` or `false`, as it is written.
    pub state: String,
}

impl<'a> Package<'a> {
    pub(super) fn of(element: Element<'a>) -> Self {
        Self { element }
    }

    /// `install`, `remove`, `configure` or `stage`, as it is written; empty if it is missing.
    pub fn action(self) -> String {
        self.element.attribute("", "action").unwrap_or_default()
    }

    /// Whether the package can never be removed (`permanence`); what is written.
    pub fn permanence(self) -> Option<String> {
        self.element.attribute("", "permanence")
    }

    /// The package's identity.
    pub fn identity(self) -> Option<Identity> {
        let element = self.element.child("assemblyIdentity")?;
        let attribute = |name| element.attribute("", name).unwrap_or_default();
        Some(Identity {
            name: attribute("name"),
            processor_architecture: attribute("processorArchitecture"),
            public_key_token: attribute("publicKeyToken"),
            language: attribute("language"),
            version_scope: attribute("versionScope"),
        })
    }

    /// The package's version.
    pub fn version(self) -> Option<String> {
        self.element.child("assemblyIdentity")?.attribute("", "version")
    }

    /// Where the package's files are.
    pub fn source(self) -> Option<String> {
        let element = self.element.child("source")?;
        element.attribute("", "location").or_else(|| Some(element.text()).filter(|text| !text.is_empty()))
    }

    /// The features that are to be switched.
    pub fn selections(self) -> Vec<Selection> {
        let elements = self.element.elements().filter(|element| element.name() == "selection");
        let attribute = |element: Element<'_>, name| element.attribute("", name).unwrap_or_default();
        let selection =
            |element| Selection { name: attribute(element, "name"), state: attribute(element, "state") };
        elements.map(selection).collect()
    }

    /// Where the package begins.
    pub fn position(self) -> Position {
        self.element.position()
    }
}
