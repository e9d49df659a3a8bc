//! The values that a setting can have, where they are known: for completion at a prompt.
//!
//! Reference: data/unattend.

use super::knowledge::{Kind, Knowledge};
use crate::error::Result;
use crate::formats::unattend::SettingPath;
use serde::Serialize;

/// The values of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownValues {
    /// In Windows' spelling, sorted if Windows has no order for them; empty if any text, or nothing, is known.
    pub values: Vec<&'static str>,
}

/// The values of the setting that a path names: `specialize/Microsoft-Windows-Shell-Setup/TimeZone`. The pass does
/// not count.
///
/// # Errors
/// [`Error::InvalidArgument`](crate::error::Error::InvalidArgument) for text that is no path.
pub fn known_values(setting: &str) -> Result<KnownValues> {
    let path = SettingPath::parse(setting)?;
    let mut names = path.steps.iter().skip(1).map(|step| step.name.as_str());
    let knowledge = Knowledge::get();
    let component = names.next().and_then(|name| knowledge.component(name));
    let names: Vec<&str> = names.collect();
    let kind = component.and_then(|component| component.setting(&names.join("/"))).map(|found| &found.kind);
    let locales = |with_pack: bool| {
        let of_all = knowledge.locales().filter(move |locale| locale.has_pack || !with_pack);
        of_all.map(|locale| locale.name).collect()
    };
    let values = match kind {
        Some(Kind::TimeZone) => knowledge.time_zones().collect(),
        Some(Kind::Language) => locales(true),
        Some(Kind::Locale | Kind::InputLocale) => locales(false),
        Some(Kind::Bool) => vec!["true", "false"],
        Some(Kind::Choice(words)) => words.clone(),
        _ => Vec::new(),
    };
    Ok(KnownValues { values })
}
