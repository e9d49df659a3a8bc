//! Answer files (`unattend.xml`): what Windows Setup is told to do, pass by pass.
//!
//! An [`AnswerFile`] is the XML document it was read from, seen as passes, components and settings; see
//! [`xml`](super::xml) for how it stays the same but for what is edited. A setting is addressed by a [`SettingPath`]:
//! `specialize/Microsoft-Windows-Shell-Setup/ComputerName`.
//!
//! Reference: docs/formats/unattend.md.

mod compare;
mod create;
mod edit;
mod graft;
mod json;
mod label;
mod merge;
mod name;
mod path;
mod resolve;
mod secret;
mod section;
mod servicing;
mod setting;
mod siblings;

pub use compare::{compare, Difference, Side};
pub use edit::{SetOptions, SetReport};
pub use merge::{merge, Conflict, Merged, Prefer};
pub use name::PassName;
pub use path::{Selector, SettingPath, Step};
pub use secret::{decode_password, encode_password, is_secret};
pub use section::{Component, Identity, Pass};
pub use servicing::{Package, Selection};
pub use setting::Setting;

use super::xml::{Document, Element, Encoding, Limits};
use crate::error::{Error, Result};

/// The format's name in errors.
pub const FORMAT: &str = "answer file";
/// The namespace of everything that Setup reads.
pub const NAMESPACE: &str = "urn:schemas-microsoft-com:unattend";
/// The namespace of `wcm:action` and `wcm:keyValue`.
pub const STATE_NAMESPACE: &str = "http://schemas.microsoft.com/WMIConfig/2002/State";

/// An answer file.
#[derive(Debug, Clone)]
pub struct AnswerFile {
    document: Document,
}

impl AnswerFile {
    /// An answer file without passes.
    ///
    /// # Errors
    /// None that can be.
    pub fn new() -> Result<Self> {
        Self::parse(
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<unattend xmlns=\"{NAMESPACE}\">\n</unattend>\n"
            )
            .as_bytes(),
        )
    }

    /// Reads an answer file.
    ///
    /// # Errors
    /// [`Error::Malformed`] with line and column for what is not well-formed XML, or has another root than
    /// `unattend`; [`Error::LimitExceeded`] for what no answer file is like.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let document = Document::parse(FORMAT, bytes, Limits::ANSWER_FILE)?;
        let root = document.root();
        if root.name() != "unattend" {
            let (place, found) = (root.position().to_string(), format!("<{}>", root.qualified_name()));
            return Err(Error::malformed(FORMAT, place, "the root element <unattend>", found));
        }
        Ok(Self { document })
    }

    /// The file's bytes: those it was read from, but for what was edited.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.document.to_bytes()
    }

    /// The file as text.
    pub fn text(&self) -> &str {
        self.document.text()
    }

    /// How the file is stored.
    pub fn encoding(&self) -> Encoding {
        self.document.encoding()
    }

    /// The document, for what is not covered here.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The element `unattend`. Its namespace is [`NAMESPACE`] in a file that Setup reads.
    pub fn root(&self) -> Element<'_> {
        self.document.root()
    }

    /// The passes, in the order of the file. A name may be there twice, or be none that Setup knows.
    pub fn passes(&self) -> impl Iterator<Item = Pass<'_>> {
        let root = self.root();
        let is_pass = move |element: &Element<'_>| {
            element.name() == "settings" && element.namespace() == root.namespace()
        };
        root.elements().filter(is_pass).map(Pass::of)
    }

    /// The components of all passes, in the order of the file.
    pub fn components(&self) -> impl Iterator<Item = Component<'_>> {
        self.passes().flat_map(Pass::components)
    }

    /// The packages of the servicing section.
    pub fn packages(&self) -> Vec<Package<'_>> {
        let sections = self.root().elements().filter(|element| element.name() == "servicing");
        let packages = sections.flat_map(Element::elements).filter(|element| element.name() == "package");
        packages.map(Package::of).collect()
    }

    /// The settings that a path matches, in the order of the file; see [`SettingPath`] for wildcards. A path
    /// that ends at a pass, a component or an element with elements gives all settings in it.
    pub fn settings(&self, path: &SettingPath) -> Vec<Setting<'_>> {
        setting::matching(self, path, label::Labels::Shortest)
    }

    /// All settings, those of the servicing section first, with the elements of lists told apart by what they hold
    /// (`LocalAccount[Name=Admin]`): the same path in two files means the same. What an element of a list does is a
    /// setting too (`@wcm:action`) unless it is to be added.
    pub fn keyed_settings(&self) -> Vec<Setting<'_>> {
        let all = |first: &str| SettingPath { steps: vec![Step::named(first)], attribute: None };
        let of = |path: &SettingPath| setting::matching(self, path, label::Labels::Keys);
        let mut settings = of(&all(resolve::SERVICING));
        settings.extend(of(&all("*")));
        settings
    }

    /// The value of one setting; `None` if there is none, or more than one.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a path that is none.
    pub fn get(&self, path: &str) -> Result<Option<String>> {
        let found = self.settings(&SettingPath::parse(path)?);
        Ok(match found.as_slice() {
            [setting] => Some(setting.value.clone()),
            _ => None,
        })
    }
}
