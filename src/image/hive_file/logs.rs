//! The transaction logs beside a hive file.

use crate::error::Result;
use crate::formats::regf::logs::{LogFiles, LogName};
use crate::formats::upcase::upcase;
use crate::image::host::listing::{list_directory, NodeKind};
use crate::image::host::{host_name_to_utf16, HostFile};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A log is not larger than the hive it belongs to by much; more is not read.
const MAX_LOG: u64 = 1 << 30;

/// The logs of a hive, by their names in any case, without those that are empty.
pub(super) fn find(hive: &Path) -> Result<Vec<(LogName, PathBuf)>> {
    let folder = match hive.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = hive.file_name().unwrap_or_default();
    let upper = |name: &OsStr| -> Option<Vec<u16>> {
        Some(host_name_to_utf16(name)?.into_iter().map(upcase).collect())
    };
    let Some(own) = upper(name) else { return Ok(Vec::new()) };
    let mut found: Vec<(LogName, PathBuf)> = Vec::new();
    list_directory(folder, &mut |node| {
        let units = upper(&node.name).unwrap_or_default();
        let Some(end) = units.strip_prefix(own.as_slice()) else { return Ok(()) };
        let Some(log) = [LogName::Log, LogName::Log1, LogName::Log2]
            .into_iter()
            .find(|log| format!(".{log}").encode_utf16().eq(end.iter().copied()))
        else {
            return Ok(());
        };
        // A link is not followed: the log of a hive in an unpacked image lies beside it.
        if matches!(node.kind, NodeKind::File { size, .. } if size > 0) {
            let path = folder.join(&node.name);
            // Of two names that differ in case only, the one in the case of the hive's.
            let exact = node.name.to_string_lossy().starts_with(&*name.to_string_lossy());
            match found.iter_mut().find(|(other, _)| *other == log) {
                Some(other) if exact => other.1 = path,
                Some(_) => {}
                None => found.push((log, path)),
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// The bytes of a hive's logs.
#[derive(Default)]
pub(super) struct Logs {
    log: Vec<u8>,
    log1: Vec<u8>,
    log2: Vec<u8>,
}

impl Logs {
    /// Reads the logs beside a hive.
    pub fn read(hive: &Path) -> Result<Self> {
        let mut logs = Self::default();
        for (name, path) in find(hive)? {
            let file = HostFile::open(&path)?;
            let mut bytes = vec![0; usize::try_from(file.length()?.min(MAX_LOG)).unwrap_or(0)];
            file.read_at(&mut bytes, 0)?;
            match name {
                LogName::Log => logs.log = bytes,
                LogName::Log1 => logs.log1 = bytes,
                LogName::Log2 => logs.log2 = bytes,
            }
        }
        Ok(logs)
    }

    /// The logs as the engine takes them.
    pub fn files(&self) -> LogFiles<'_> {
        LogFiles { log: &self.log, log1: &self.log1, log2: &self.log2 }
    }
}

/// Empties the logs of a hive that was rewritten: their entries are not of it any more. Returns how many
/// there were.
pub(super) fn empty(hive: &Path) -> Result<usize> {
    let logs = find(hive)?;
    for (_, path) in &logs {
        let file = HostFile::open_writable(path)?;
        file.set_length(0)?;
        file.sync()?;
    }
    Ok(logs.len())
}
