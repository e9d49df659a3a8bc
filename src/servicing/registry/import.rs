//! Importing registration files.
//!
//! A file is done whole or not at all, unless the caller wants the rest of a faulty one: regedit skips
//! faulty lines and says nothing.

use super::name::parts;
use super::offline::{Located, Registry};
use super::report::{note, EntryError, ImportReport};
use crate::error::{Error, Result};
use crate::formats::reg::{split_root, CodePage, Item, Operation, Parser, Root};
use crate::formats::regf::KeyId;
use crate::formats::upcase;
use crate::progress::{report, Observer, Phase};
use std::io::Read;

/// Operations between two calls of the observer: a few milliseconds.
const STEP: u64 = 64;

/// Keys below one name go below another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMapping {
    /// The name in the file: `HKEY_LOCAL_MACHINE\Offline`.
    pub from: String,
    /// The name in the registry: `HKLM\SOFTWARE`; in a hive file `\`.
    pub to: String,
}

/// How a file is imported.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The first that fits is used; names that none fits are used as they are.
    ///
    /// In a hive file those lie below what the first key names: a root and the name that the hive is
    /// loaded under (`HKEY_LOCAL_MACHINE\Offline`), or `HKEY_CURRENT_USER`. A name without a root starts
    /// at the hive's root.
    pub mappings: Vec<KeyMapping>,
    /// Do what can be done of a file with errors.
    pub skip_errors: bool,
    /// The code page of 8-bit files.
    pub code_page: CodePage,
    /// Only say what would be done: nothing is changed ([`Registry::discard`]).
    pub preview: bool,
}

impl Registry<'_> {
    /// Does what a registration file says. With errors in it, and without
    /// [`skip_errors`](ImportOptions::skip_errors), the registry stays as it is
    /// ([`Registry::discard`]) and the report lists them.
    ///
    /// # Errors
    /// A file without a header; a hive that cannot be opened or edited; [`Error::Cancelled`]; errors of
    /// the source.
    pub fn import(
        &mut self,
        source: impl Read,
        options: &ImportOptions,
        observer: Observer<'_>,
    ) -> Result<ImportReport> {
        let mut parser = Parser::open(source, options.code_page)?;
        let mappings = options.mappings.iter();
        let mappings = mappings.map(|KeyMapping { from, to }| (own_parts(from), to.clone())).collect();
        let mut import =
            Import { registry: self, mappings, mount: None, key: Key::None, report: ImportReport::default() };
        let mut done = 0_u64;
        while let Some(item) = parser.next_item()? {
            if done.is_multiple_of(STEP) {
                report(observer, Phase::Staging, 0, 0)?;
            }
            done = done.saturating_add(1);
            import.item(item)?;
        }
        let mut report = import.report;
        report.applied = !options.preview && (report.error_count == 0 || options.skip_errors);
        if !report.applied {
            self.discard();
        }
        Ok(report)
    }
}

/// The parts of a name given by the caller, with the long name of its root.
fn own_parts(name: &str) -> Vec<Vec<u16>> {
    long_parts(&name.encode_utf16().collect::<Vec<u16>>())
}

fn long_parts(name: &[u16]) -> Vec<Vec<u16>> {
    match split_root(name) {
        None => parts(name),
        Some((root, path)) => {
            let root = root.long_name().encode_utf16().collect();
            std::iter::once(root).chain(parts(path)).collect()
        }
    }
}

/// Where values go.
enum Key {
    /// No key was named yet, or one that could not be opened, which is reported already.
    None,
    Open(Located, KeyId),
}

struct Import<'r, 'v> {
    registry: &'r mut Registry<'v>,
    mappings: Vec<(Vec<Vec<u16>>, String)>,
    /// In a hive file, what stands for its root.
    mount: Option<Vec<Vec<u16>>>,
    key: Key,
    report: ImportReport,
}

impl Import<'_, '_> {
    fn item(&mut self, item: Item) -> Result<()> {
        let (line, operation) = match item {
            Item::Malformed(complaint) => {
                note(&mut self.report.errors, &mut self.report.error_count, complaint.into());
                return Ok(());
            }
            Item::Operation { line, operation } => (line, operation),
        };
        match self.operation(&operation) {
            Ok(()) => Ok(()),
            Err(error) if is_of_the_line(&error) => {
                let key = match &operation {
                    Operation::CreateKey(name) | Operation::DeleteKey(name) => {
                        Some(String::from_utf16_lossy(name))
                    }
                    _ => match &self.key {
                        Key::Open(located, _) => Some(self.registry.full_name(located)),
                        Key::None => None,
                    },
                };
                let error = EntryError { line: Some(line), column: None, key, message: error.to_string() };
                note(&mut self.report.errors, &mut self.report.error_count, error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn operation(&mut self, operation: &Operation) -> Result<()> {
        match operation {
            Operation::CreateKey(name) => {
                self.key = Key::None;
                let located = self.locate(name)?;
                let (key, created) = self.registry.create(&located)?;
                self.report.keys_created = self.report.keys_created.saturating_add(created);
                self.key = Key::Open(located, key);
            }
            Operation::DeleteKey(name) => {
                self.key = Key::None;
                let located = self.locate(name)?;
                if let Some(key) = self.registry.find(&located)? {
                    self.registry.delete(&located, key, true)?;
                    self.report.keys_deleted = self.report.keys_deleted.saturating_add(1);
                }
            }
            Operation::SetValue { name, kind, data } => {
                let Key::Open(located, key) = &self.key else { return Ok(()) };
                self.registry.hive_mut(located)?.set_value_of(*key, name, *kind, data)?;
                self.report.values_set = self.report.values_set.saturating_add(1);
            }
            Operation::DeleteValue(name) => {
                let Key::Open(located, key) = &self.key else { return Ok(()) };
                if self.registry.hive_mut(located)?.delete_value_of(*key, name)? {
                    self.report.values_deleted = self.report.values_deleted.saturating_add(1);
                }
            }
        }
        Ok(())
    }

    /// Where a key of the file is.
    fn locate(&mut self, name: &[u16]) -> Result<Located> {
        let path = long_parts(name);
        let target = match self.mappings.iter().find_map(|(from, to)| Some((below(&path, from)?, to))) {
            Some((rest, to)) => {
                std::iter::once(to.encode_utf16().collect()).chain(rest.iter().cloned()).collect()
            }
            None if self.registry.mounts().is_some() => path,
            None => self.below_mount(name, path)?,
        };
        let located = self.registry.locate_units(&target.join(&u16::from(b'\\')))?;
        self.registry.check_secret(&located)?;
        Ok(located)
    }

    /// The path in a hive file.
    fn below_mount(&mut self, name: &[u16], path: Vec<Vec<u16>>) -> Result<Vec<Vec<u16>>> {
        let refuse = |reason| {
            Err(Error::InvalidName { what: "key of this hive", name: String::from_utf16_lossy(name), reason })
        };
        let mount = match &self.mount {
            Some(mount) => mount,
            None => {
                let count = match split_root(name).map(|(root, _)| root) {
                    None => 0,
                    Some(Root::CurrentUser) => 1,
                    Some(Root::LocalMachine | Root::Users) => 2,
                    Some(Root::ClassesRoot | Root::CurrentConfig) => {
                        return refuse("it does not say which part of the hive it is; a mapping does");
                    }
                };
                match path.get(..count) {
                    Some(mount) => self.mount.insert(mount.to_vec()),
                    None => return refuse("it names no hive"),
                }
            }
        };
        match below(&path, mount) {
            Some(rest) if !mount.is_empty() || split_root(name).is_none() => Ok(rest.to_vec()),
            _ => refuse("it is in another hive than the first key of the file"),
        }
    }
}

/// What follows `start` in `path`.
fn below<'p>(path: &'p [Vec<u16>], start: &[Vec<u16>]) -> Option<&'p [Vec<u16>]> {
    let (head, rest) = path.split_at_checked(start.len())?;
    head.iter().zip(start).all(|(left, right)| upcase::equal(left, right)).then_some(rest)
}

/// Whether a line asks for what cannot be; other errors end the import.
fn is_of_the_line(error: &Error) -> bool {
    matches!(
        error.root(),
        Error::InvalidName { .. }
            | Error::InvalidArgument { .. }
            | Error::LimitExceeded { .. }
            | Error::ItemNotFound { .. }
            | Error::RegistryNotFound { .. }
    )
}
