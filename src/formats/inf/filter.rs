//! AddFilter: drivers above or below a device's function driver.
//!
//! Reference: MicrosoftDocs "INF AddFilter Directive".

use super::finding::Code;
use super::reader::{plain, Entry, Reader};
use super::same;
use crate::error::Result;

/// Where a filter goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterPosition {
    /// `FilterPosition = Upper`.
    Upper,
    /// `FilterPosition = Lower`.
    Lower,
    /// `FilterLevel`: at a level that the device's own INF defines.
    Level(String),
}

/// A filter of an AddFilter directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The filter's service.
    pub service: String,
    /// The flags.
    pub flags: u32,
    /// Where it goes; `None` if its section does not say.
    pub position: Option<FilterPosition>,
    /// The line.
    pub line: u32,
}

impl<'a> Reader<'a> {
    /// `AddFilter = service,[flags],section`.
    pub(super) fn filter(&mut self, entry: &Entry<'a>) -> Result<Option<Filter>> {
        let Some(service) = entry.value(0) else { return Ok(None) };
        let flags = entry.number(1, "flags in AddFilter");
        let Some(flags) = self.check(Code::Directive, entry, flags)? else { return Ok(None) };
        let mut filter =
            Filter { service, flags: flags.unwrap_or(0), position: None, line: entry.line.number };
        let Some(name) = entry.value(2) else { return Ok(Some(filter)) };
        let Some((source, section)) = self.named(entry, 2, &name) else { return Ok(Some(filter)) };
        self.charge(source, section)?;
        for setting in plain(source, section) {
            let Some(value) = setting.value(0) else { continue };
            if setting.is("FilterLevel") {
                filter.position = Some(FilterPosition::Level(value));
            } else if setting.is("FilterPosition") {
                filter.position = match value {
                    upper if same(&upper, "Upper") => Some(FilterPosition::Upper),
                    lower if same(&lower, "Lower") => Some(FilterPosition::Lower),
                    other => {
                        let text = format!("expected Upper or Lower, found '{other}'");
                        self.warn(Code::Directive, &setting, 0, text);
                        None
                    }
                };
            }
        }
        Ok(Some(filter))
    }
}
