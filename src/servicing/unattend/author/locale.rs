//! Languages and locales: of Setup (windowsPE) and of Windows (oobeSystem).
//!
//! Reference: Microsoft-Windows-International-Core and -WinPE in Microsoft's reference.

use super::draft::Draft;
use super::{refused, Options};
use crate::error::Result;
use crate::formats::unattend::PassName;
use crate::servicing::unattend::check::nearest;
use crate::servicing::unattend::knowledge::{Knowledge, Locale};

const OF_SETUP: &str = "Microsoft-Windows-International-Core-WinPE";
const OF_WINDOWS: &str = "Microsoft-Windows-International-Core";
/// Behind the name of a time zone: without daylight saving time.
const NO_DAYLIGHT: &str = "_dstoff";

pub(super) fn write(draft: &mut Draft, options: &Options) -> Result<()> {
    let general = checked("locale", options.locale.as_deref())?;
    let ui_language = checked("uiLanguage", options.ui_language.as_deref().or(general))?;
    let setup_language = checked("setupLanguage", options.setup_language.as_deref().or(ui_language))?;
    let system_locale = checked("systemLocale", options.system_locale.as_deref().or(general))?;
    let user_locale = checked("userLocale", options.user_locale.as_deref().or(general))?;
    options.input_locales.iter().try_for_each(|name| check_keyboard(name))?;
    let input_locale = match options.input_locales.is_empty() {
        true => general.map(str::to_owned),
        false => Some(options.input_locales.join(";")),
    };
    let common = [
        ("InputLocale", input_locale.as_deref()),
        ("SystemLocale", system_locale),
        ("UILanguage", ui_language),
        ("UserLocale", user_locale),
    ];
    if let Some(language) = setup_language {
        draft.set(PassName::WindowsPe, OF_SETUP, "SetupUILanguage/UILanguage", language)?;
    }
    for (pass, component) in [(PassName::WindowsPe, OF_SETUP), (PassName::OobeSystem, OF_WINDOWS)] {
        for (setting, value) in common {
            if let Some(value) = value {
                draft.set(pass, component, setting, value)?;
            }
        }
    }
    if let Some(name) = ui_language.filter(|name| locale(name).is_some_and(|known| !known.has_pack)) {
        draft.warn(format!(
            "There is no language pack for {name}: Windows will use another display language."
        ));
    }
    match &options.time_zone {
        Some(name) => {
            let name = time_zone(name)?;
            draft.set(PassName::Specialize, super::SHELL_SETUP, "TimeZone", &name)
        }
        None => Ok(()),
    }
}

fn locale(name: &str) -> Option<Locale> {
    Knowledge::get().locale(name)
}

/// The name as Windows spells it. What it does not know it ignores, so that the clock would be wrong.
fn time_zone(name: &str) -> Result<String> {
    let (plain, behind) = match name.to_ascii_lowercase().strip_suffix(NO_DAYLIGHT) {
        Some(plain) => (plain.to_owned(), NO_DAYLIGHT),
        None => (name.to_owned(), ""),
    };
    if let Some(known) = Knowledge::get().time_zone(&plain) {
        return Ok(format!("{known}{behind}"));
    }
    let remedy = match nearest(&plain, Knowledge::get().time_zones()) {
        Some(meant) => format!("'{meant}' is nearly that"),
        None => "they are like 'W. Europe Standard Time', as 'tzutil /l' lists them".to_owned(),
    };
    Err(refused("timeZone", format!("Windows has no time zone '{name}'; {remedy}")))
}

/// A name as Windows spells it. One that is not known here may be a new one.
fn checked<'a>(parameter: &'static str, name: Option<&'a str>) -> Result<Option<&'a str>> {
    let Some(name) = name else { return Ok(None) };
    match locale(name) {
        Some(known) => Ok(Some(known.name)),
        None if is_tag(name) => Ok(Some(name)),
        None => Err(refused(parameter, format!("'{name}' is no locale; they are like de-DE"))),
    }
}

/// `de-DE`, `zh-Hans-CN`, `sr-Latn-RS`.
fn is_tag(name: &str) -> bool {
    let mut parts = name.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.chars().all(|c| c.is_ascii_alphabetic())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// A locale, or the hexadecimal numbers of a language and of a keyboard.
fn check_keyboard(name: &str) -> Result<()> {
    let is_hex =
        |text: &str, digits: usize| text.len() == digits && text.chars().all(|c| c.is_ascii_hexdigit());
    let known = match name.split_once(':') {
        Some((language, keyboard)) => is_hex(language, 4) && is_hex(keyboard, 8),
        None => is_tag(name),
    };
    match known {
        true => Ok(()),
        false => Err(refused(
            "inputLocale",
            format!("'{name}' is no keyboard; they are like de-DE, or 0407:00000407"),
        )),
    }
}
