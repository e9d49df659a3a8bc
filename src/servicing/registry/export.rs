//! Exporting a key with all below it as a registration file.

use super::name::Mount;
use super::offline::{join, Registry};
use super::report::{note, EntryError, ExportReport};
use crate::error::{Error, Result};
use crate::formats::reg::{CodePage, Operation, Version, Writer};
use crate::formats::regf::Hive;
use crate::progress::{report, Observer, Phase};
use std::io::Write;

/// How a key is exported.
#[derive(Debug, Clone, Default)]
pub struct ExportOptions {
    /// The version of the file.
    pub version: Version,
    /// The code page of a version 4 file.
    pub code_page: CodePage,
    /// What the key is called in the file. Without it: its full name; a key of a hive file is below
    /// `HKEY_LOCAL_MACHINE\` and the name that the hive was last loaded from.
    pub name: Option<String>,
}

impl Registry<'_> {
    /// Writes a key with all below it. What no registration file can hold is left out and reported.
    ///
    /// # Errors
    /// [`Error::RegistryNotFound`]; [`Error::InvalidArgument`] for SAM and SECURITY without
    /// [`Access::force`](super::Access::force); [`Error::Cancelled`]; errors of the target.
    pub fn export(
        &mut self,
        name: &str,
        target: impl Write,
        options: &ExportOptions,
        observer: Observer<'_>,
    ) -> Result<ExportReport> {
        let located = self.locate(name)?;
        let top = self.require(&located)?;
        self.check_secret(&located)?;
        let hive = self.hive(&located)?;
        let in_file = match &options.name {
            Some(name) => name.trim_matches('\\').encode_utf16().collect(),
            None => {
                let mut name: Vec<u16> = root_name(self.mount(&located), hive).encode_utf16().collect();
                for part in &located.path {
                    name.push(u16::from(b'\\'));
                    name.extend_from_slice(part);
                }
                name
            }
        };
        let mut writer = Writer::new(target, options.version, options.code_page)?;
        let mut done = ExportReport::default();
        let mut stack = vec![(top, in_file)];
        while let Some((key, name)) = stack.pop() {
            report(observer, Phase::Extracting, 0, 0)?;
            let full_name = || String::from_utf16_lossy(&name);
            let mut left_out = |error: Error, key: String| match error {
                Error::Unsupported { .. } => {
                    let error =
                        EntryError { line: None, column: None, key: Some(key), message: error.to_string() };
                    note(&mut done.errors, &mut done.error_count, error);
                    Ok(())
                }
                error => Err(error),
            };
            if let Err(error) = writer.write(&Operation::CreateKey(name.clone())) {
                left_out(error, full_name())?;
                continue;
            }
            let mut values = 0_u64;
            for value in self.blame(&located, hive.values(key))? {
                let value = self.blame(&located, value)?;
                match writer.value(&value.name, value.kind, &value.data) {
                    Ok(()) => values = values.saturating_add(1),
                    Err(error) => left_out(error, join(&full_name(), &value.name))?,
                }
            }
            done.values = done.values.saturating_add(values);
            done.keys = done.keys.saturating_add(1);
            for subkey in self.blame(&located, hive.subkeys(key))?.into_iter().rev() {
                let part = self.blame(&located, hive.name(subkey))?;
                let below = name.iter().copied().chain([u16::from(b'\\')]).chain(part).collect();
                stack.push((subkey, below));
            }
        }
        writer.finish()?;
        Ok(done)
    }
}

/// What a hive's root is called in a file.
fn root_name(mount: Option<&Mount>, hive: &Hive) -> String {
    match mount {
        Some(mount) => mount.name.clone(),
        None => {
            let loaded_from = hive.file_name();
            let name = loaded_from.rsplit('\\').next().unwrap_or_default().trim();
            let name = if name.is_empty() || name.contains(char::is_control) { "HIVE" } else { name };
            format!(r"HKEY_LOCAL_MACHINE\{name}")
        }
    }
}
