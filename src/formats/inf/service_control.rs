//! What the service control manager is to do with a program by itself: triggers and failure actions.
//!
//! Reference: MicrosoftDocs "INF AddService Directive" (AddTrigger, FailureActions).

use super::finding::Code;
use super::reader::{plain, Entry, Reader, Source};
use super::{bad, limit, Guid, Section};
use crate::error::Result;

/// Triggers or actions one service may have.
const PART_LIMIT: usize = 1000;

/// An event that starts or stops a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// `TriggerType`: 1 is the arrival of a device interface.
    pub kind: u32,
    /// `Action`: 1 starts the service, 2 stops it.
    pub action: u32,
    /// `SubType`: for a device interface, its class.
    pub subtype: Guid,
    /// `DataItem`: its type (2 is a string) and its text.
    pub data: Vec<(u32, String)>,
    /// The line of the section.
    pub line: u32,
}

/// What is done when a service fails.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FailureActions {
    /// `ResetPeriod`: seconds without failure after which the count is 0 again; `None`: never.
    pub reset_period: Option<u32>,
    /// `NonCrashFailures`: also when the service stops with an error.
    pub non_crash_failures: bool,
    /// `Action`: type (`SC_ACTION_TYPE`) and delay in milliseconds, for the first failure, the second…
    pub actions: Vec<(u32, u32)>,
    /// The line of the section.
    pub line: u32,
}

impl<'a> Reader<'a> {
    /// The triggers of an AddTrigger line.
    pub(super) fn triggers(&mut self, directive: &Entry<'a>) -> Result<Vec<Trigger>> {
        let mut triggers = Vec::new();
        for (field, name) in directive.values().into_iter().enumerate() {
            let Some((source, section)) = self.named(directive, field, &name) else { continue };
            let trigger = trigger(source, section);
            triggers.extend(self.check(Code::Service, directive, trigger)?);
            if triggers.len() > PART_LIMIT {
                return Err(limit("the number of triggers of a service", PART_LIMIT, triggers.len()));
            }
        }
        Ok(triggers)
    }

    /// The section that a FailureActions line names.
    pub(super) fn failure_actions(&mut self, directive: &Entry<'a>) -> Result<Option<FailureActions>> {
        let name = directive.value(0).unwrap_or_default();
        let Some((source, section)) = self.named(directive, 0, &name) else { return Ok(None) };
        let actions = failure_actions(source, section);
        self.check(Code::Service, directive, actions)
    }
}

fn trigger(source: Source<'_>, section: &Section) -> Result<Trigger> {
    let find = |key: &str| plain(source, section).find(|entry| entry.is(key));
    let number = |key: &str| -> Result<u32> {
        let what = format!("a number as {key} of a trigger");
        let number = find(key).map_or(Ok(None), |entry| entry.number(0, &what))?;
        number.ok_or_else(|| bad(section.position(), what, "nothing"))
    };
    let (kind, action) = (number("TriggerType")?, number("Action")?);
    let text = find("SubType").and_then(|entry| entry.value(0)).unwrap_or_default();
    let Some(subtype) = Guid::parse(&text) else {
        return Err(bad(section.position(), "a GUID as SubType of a trigger", format!("'{text}'")));
    };
    let mut data = Vec::new();
    for entry in plain(source, section).filter(|entry| entry.is("DataItem")).take(PART_LIMIT) {
        let kind = entry.number(0, "the type of a DataItem")?.unwrap_or(0);
        data.push((kind, entry.value(1).unwrap_or_default()));
    }
    Ok(Trigger { kind, action, subtype, data, line: section.number })
}

fn failure_actions(source: Source<'_>, section: &Section) -> Result<FailureActions> {
    let mut found = FailureActions { line: section.number, ..FailureActions::default() };
    for entry in plain(source, section) {
        if entry.is("ResetPeriod") {
            found.reset_period = entry.number(0, "seconds")?;
        } else if entry.is("NonCrashFailures") {
            found.non_crash_failures = entry.number(0, "0 or 1")?.unwrap_or(0) != 0;
        } else if entry.is("Action") && found.actions.len() < PART_LIMIT {
            let kind = entry.number(0, "the type of an action")?.unwrap_or(0);
            found.actions.push((kind, entry.number(1, "milliseconds")?.unwrap_or(0)));
        }
    }
    Ok(found)
}
