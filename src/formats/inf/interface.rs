//! Device interfaces: those a device has (AddInterface), and classes of them (`[InterfaceInstall32]`).
//!
//! Reference: MicrosoftDocs "INF AddInterface Directive", "INF InterfaceInstall32 Section".

use super::copy_files::CopyFile;
use super::finding::Code;
use super::property::Property;
use super::reader::{Entry, Needs, Reader};
use super::{bad, Guid, RegistryChange};
use crate::error::Result;

/// An interface a device has, or a class of interfaces the package installs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The interface class.
    pub class: Guid,
    /// The reference string; empty for none, and for classes.
    pub reference: String,
    /// The flags.
    pub flags: u32,
    /// The section that describes it, with its decoration.
    pub section: Option<String>,
    /// AddReg, DelReg and BitReg, relative to the interface's (or the class's) key.
    pub registry: Vec<RegistryChange>,
    /// AddProperty and DelProperty.
    pub properties: Vec<Property>,
    /// CopyFiles.
    pub copy_files: Vec<CopyFile>,
    /// The line.
    pub line: u32,
}

impl<'a> Reader<'a> {
    /// `AddInterface = {class},[reference],[section],[flags]`.
    pub(super) fn interface(&mut self, entry: &Entry<'a>, needs: &mut Needs) -> Result<Option<Interface>> {
        let head = class(entry, &entry.value(0).unwrap_or_default())
            .and_then(|class| Ok((class, entry.number(3, "flags in AddInterface")?.unwrap_or(0))));
        let Some((class, flags)) = self.check(Code::Directive, entry, head)? else { return Ok(None) };
        let reference = entry.value(1).unwrap_or_default();
        self.describe_interface(entry, class, reference, flags, 2, needs).map(Some)
    }

    /// `{class} = section,[flags]` of `[InterfaceInstall32]`.
    pub(super) fn interface_class(
        &mut self,
        entry: &Entry<'a>,
        needs: &mut Needs,
    ) -> Result<Option<Interface>> {
        let key = entry.line.key().map(|key| entry.source.inf.expand(key)).unwrap_or_default();
        let head = class(entry, &key)
            .and_then(|class| Ok((class, entry.number(1, "flags in [InterfaceInstall32]")?.unwrap_or(0))));
        let Some((class, flags)) = self.check(Code::Directive, entry, head)? else { return Ok(None) };
        self.describe_interface(entry, class, String::new(), flags, 0, needs).map(Some)
    }

    fn describe_interface(
        &mut self,
        entry: &Entry<'a>,
        class: Guid,
        reference: String,
        flags: u32,
        field: usize,
        needs: &mut Needs,
    ) -> Result<Interface> {
        let line = entry.line.number;
        let mut interface = Interface {
            class,
            reference,
            flags,
            section: entry.value(field),
            registry: Vec::new(),
            properties: Vec::new(),
            copy_files: Vec::new(),
            line,
        };
        let Some(name) = interface.section.clone() else { return Ok(interface) };
        let found = self.decorated(entry.source, &name).or_else(|| self.named(entry, field, &name));
        let Some((source, section)) = found else { return Ok(interface) };
        interface.section = Some(section.name.clone());
        let entries = self.entries(source, section, needs)?;
        interface.registry = self.registry(&entries)?;
        interface.properties = self.properties(&entries)?;
        interface.copy_files = self.copy_files(&entries)?;
        Ok(interface)
    }
}

fn class(entry: &Entry<'_>, text: &str) -> Result<Guid> {
    Guid::parse(text)
        .ok_or_else(|| bad(entry.line.position(), "the GUID of an interface class", format!("'{text}'")))
}
