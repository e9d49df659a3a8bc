//! Which Windows an image holds, worked out from its files and hives as a capture does, and the
//! `WINDOWS` element of its XML.
//!
//! Little is read: one system file, or only its head if the XML names the product, and of the hives only the parts that the few keys
//! are in ([`Peek`]). Nothing here fails: what cannot be read leaves the XML as it was, with a note.
//!
//! Reference: docs/formats/wim.md, "The WINDOWS element".

mod language;
mod registry;
mod setup;
mod sources;

pub use registry::{control_set, Product, Software, System};
pub use setup::{setup, FactValue, SetupFact, SetupFacts, SetupFinding, SetupState, STATE_FILE};
pub use sources::Sources;

use crate::error::{Error, Result};
use crate::formats::pe;
use crate::formats::regf::{Hive, Peek};
use crate::formats::wim::tree::Tree;
use crate::formats::wim::xml::Element;
use crate::formats::wim::{Hash, WindowsInfo, WindowsVersion};
use crate::formats::ReadRange;

/// Bytes of a system file in which its PE header is.
const PE_HEAD: u64 = 4096;
/// Largest system file whose version resource is read.
const SYSTEM_FILE_LIMIT: u64 = 16 << 20;
/// What stands behind the `FLAGS` of an image in Microsoft's files.
const FLAGS_ORDER: &[&str] = &["FLAGS", "DISPLAYNAME", "DISPLAYDESCRIPTION"];
/// The first version whose XML has a branch: Windows 10.
const FIRST_WITH_BRANCH: u32 = 10;

/// Opens content by its SHA-1. Called for three files at most.
pub type OpenContent<'a> = &'a mut dyn FnMut(&Hash) -> Result<Box<dyn ReadRange>>;

/// What [`identify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The Windows.
    pub windows: WindowsInfo,
    /// What could not be read, and why.
    pub notes: Vec<String>,
}

/// Works out which Windows is in a tree. What its files do not say stays as in `known`, what the XML
/// said before (the default for a new image).
///
/// `None` if it has no Windows: no directory at its top with `System32\kernel32.dll` or with one of
/// `System32\config\{SOFTWARE,SYSTEM}`.
pub fn identify(tree: &Tree, known: WindowsInfo, open: OpenContent<'_>) -> Option<Identity> {
    identify_sources(&Sources::of(tree), known, open)
}

fn identify_sources(sources: &Sources, known: WindowsInfo, open: OpenContent<'_>) -> Option<Identity> {
    let mut found = Identity { windows: known, notes: Vec::new() };
    found.windows.system_root = Some(sources.system_root()?);
    let software = found.look(sources, "SOFTWARE", sources.software, open, Software::read);
    let system = found.look(sources, "SYSTEM", sources.system, open, System::read);
    let machine = sources.system_files().find_map(|hash| machine(&mut *open(hash).ok()?));
    if found.windows.product_name.is_none() {
        let mut names = sources.system_files().map(|hash| product_name(hash, open));
        found.windows.product_name = names.find_map(|name| name);
    }
    let windows = &mut found.windows;
    let by_name = system.as_ref().and_then(|system| system.processor.as_deref()).and_then(processor);
    set(&mut windows.architecture, machine.and_then(architecture).or(by_name));
    if let Some(software) = software {
        set(&mut windows.edition_id, software.edition_id);
        set(&mut windows.installation_type, software.installation_type);
        // In Microsoft's files these two do not come from the registry.
        windows.product_name = windows.product_name.take().or(software.product_name);
        if let Some((major, minor, build)) = software.version {
            let version = windows.version.get_or_insert_with(WindowsVersion::default);
            version.major = u64::from(major);
            version.minor = u64::from(minor);
            version.build = build.map_or(version.build, u64::from);
            if major >= FIRST_WITH_BRANCH {
                windows.branch = windows.branch.take().or(software.branch);
            }
        }
        let sp_build = system.as_ref().and_then(|system| system.sp_build);
        // Updates raise the revision only; the other says what the media was made with.
        if let (Some(version), Some(build)) = (&mut windows.version, software.revision.or(sp_build)) {
            version.sp_build = u64::from(build);
        }
    }
    if let Some(system) = system {
        if let (Some(version), Some(level)) = (&mut windows.version, system.sp_level) {
            version.sp_level = u64::from(level);
        }
        set(&mut windows.hal, system.hal);
        set(&mut windows.product_type, system.product.kind);
        set(&mut windows.product_suite, system.product.suites.and_then(|suites| suites.into_iter().next()));
        set(&mut windows.default_language, system.default_language);
        if !system.languages.is_empty() {
            windows.languages = system.languages;
        }
    }
    Some(found)
}

/// Brings the `WINDOWS` element of an image, and its `FLAGS`, up to date with the image's tree.
///
/// `image` is the `IMAGE` element; `base` are the sources of the image it was before, or `None` if it
/// is new: if they are what they were, nothing is read and nothing changes. `FLAGS`, the edition that
/// Setup goes by, follows `EDITIONID` as long as both say the same (or both nothing). Without Windows
/// there is no `WINDOWS` element.
///
/// Gives notes on what could not be read; the elements for that stay as they were.
pub fn update_xml(
    image: &mut Element,
    tree: &Tree,
    base: Option<&Sources>,
    open: OpenContent<'_>,
) -> Vec<String> {
    let sources = Sources::of(tree);
    let described = image.find("WINDOWS").is_some();
    if base == Some(&sources) && (described || sources.system_root().is_none()) {
        return Vec::new();
    }
    let known = image.find("WINDOWS").map(WindowsInfo::from_element).unwrap_or_default();
    let edition = known.edition_id.clone();
    let Some(Identity { windows, mut notes }) = identify_sources(&sources, known, open) else {
        image.remove("WINDOWS");
        return Vec::new();
    };
    let mut changed = image.clone();
    let mut write = || -> Result<()> {
        windows.write_to(&mut changed)?;
        match &windows.edition_id {
            Some(new) if changed.text_at("FLAGS") == edition => {
                changed.child_in_order("FLAGS", FLAGS_ORDER)?.set_own_text(new)
            }
            _ => Ok(()),
        }
    };
    match write() {
        Ok(()) => *image = changed,
        Err(error) => notes.push(format!("what the image says of its Windows: {error}")),
    }
    notes
}

impl Identity {
    /// Looks into a hive, if the image has it.
    fn look<T>(
        &mut self,
        sources: &Sources,
        name: &str,
        hash: Option<Hash>,
        open: OpenContent<'_>,
        read: fn(&Hive) -> (T, Option<Error>),
    ) -> Option<T> {
        let hash = hash?;
        let mut note = |reason: String| self.notes.push(format!("'{}': {reason}", sources.path_of(name)));
        let opened = open(&hash).and_then(Peek::open);
        let looked = opened.and_then(|mut peek| Ok((peek.look(read)?, peek.is_dirty())));
        match looked {
            Ok(((found, damage), dirty)) => {
                if let Some(damage) = damage {
                    note(damage.to_string());
                }
                if dirty {
                    note("its transaction logs may hold newer data".to_owned());
                }
                Some(found)
            }
            Err(error) => {
                note(error.to_string());
                None
            }
        }
    }
}

/// Takes over what was found.
fn set<T>(place: &mut Option<T>, found: Option<T>) {
    if found.is_some() {
        *place = found;
    }
}

/// The PE machine a system file is for, of which only the head is read. One that cannot be read says
/// nothing.
pub fn machine(content: &mut dyn ReadRange) -> Option<u16> {
    let mut head = vec![0; usize::try_from(content.size().min(PE_HEAD)).ok()?];
    content.read_range(0, &mut head).ok()?;
    pe::machine_of(&head)
}

/// The product a system file says it belongs to.
fn product_name(hash: &Hash, open: OpenContent<'_>) -> Option<String> {
    let mut content = open(hash).ok()?;
    let size = content.size();
    let mut image = vec![0; usize::try_from(size).ok().filter(|_| size <= SYSTEM_FILE_LIMIT)?];
    content.read_range(0, &mut image).ok()?;
    pe::version_string(&image, "ProductName").filter(|name| !name.trim().is_empty())
}

/// The PROCESSOR_ARCHITECTURE number of a PE machine.
pub fn architecture(machine: u16) -> Option<u16> {
    match machine {
        pe::machine::I386 => Some(0),
        pe::machine::ARM | pe::machine::THUMB | pe::machine::ARMNT => Some(5),
        pe::machine::IA64 => Some(6),
        pe::machine::AMD64 => Some(9),
        pe::machine::ARM64 => Some(12),
        _ => None,
    }
}

/// The same of the environment variable PROCESSOR_ARCHITECTURE.
fn processor(name: &str) -> Option<u16> {
    match name.trim().to_ascii_lowercase().as_str() {
        "x86" => Some(0),
        "arm" => Some(5),
        "ia64" => Some(6),
        "amd64" => Some(9),
        "arm64" => Some(12),
        _ => None,
    }
}
