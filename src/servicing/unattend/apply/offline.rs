//! Settings with an offline home: registry values that can be written into an image that is not running.
//!
//! Reference: data/unattend/offline.tsv, each row with its source.

use crate::error::{Error, Result};
use crate::formats::unattend::decode_password;
use crate::servicing::registry::{Registry, ValueData, ValueKind};
use std::sync::OnceLock;

const TABLE: &str = include_str!("../../../../data/unattend/offline.tsv");
/// The zones that a Windows knows.
const TIME_ZONES: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Time Zones";
/// What a zone's name ends with when its daylight time is not wanted.
const WITHOUT_DAYLIGHT: &str = "_dstoff";

/// Where a setting is kept.
#[derive(Debug, Clone, Copy)]
pub struct Home {
    component: &'static str,
    setting: &'static str,
    key: &'static str,
    value: &'static str,
    form: &'static str,
    level: &'static str,
}

/// A registry value to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The key's full name.
    pub key: String,
    /// The value's name.
    pub name: String,
    /// What it is.
    pub kind: ValueKind,
    /// What it is to hold.
    pub data: ValueData,
}

/// The home of a setting, by its component and path; list keys in the path do not count.
pub fn home(component: &str, setting: &str) -> Option<Home> {
    static HOMES: OnceLock<Vec<Home>> = OnceLock::new();
    let homes = HOMES.get_or_init(|| TABLE.lines().filter_map(row).collect());
    let is_it = |home: &&Home| {
        home.component.eq_ignore_ascii_case(component) && home.setting.eq_ignore_ascii_case(setting)
    };
    homes.iter().find(is_it).copied()
}

fn row(line: &'static str) -> Option<Home> {
    let mut cells = line.split('\t');
    let mut next = || cells.next();
    let (component, setting, key, value) = (next()?, next()?, next()?, next()?);
    let (form, level) = (next()?, next()?);
    let is_row = !component.starts_with('#') && component != "component";
    is_row.then_some(Home { component, setting, key, value, form, level })
}

impl Home {
    /// The registry value, as text.
    pub fn target(&self) -> String {
        format!(r"{}\{}", self.key, self.value)
    }

    /// How well it is known that Windows keeps the setting there.
    pub fn level(&self) -> &'static str {
        self.level
    }

    /// What is to be written so that the setting has a value. `encoded`: a password is encoded.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a value that the setting cannot have; errors of reading the registry.
    pub fn edits(&self, value: &str, encoded: bool, registry: &mut Registry<'_>) -> Result<Vec<Edit>> {
        let value = value.trim();
        let refuse = |expected: &str| Error::InvalidArgument {
            parameter: "value",
            reason: format!("it is not {expected}"),
        };
        let (kind, data) = match self.form {
            "bool" => (
                ValueKind::DWord,
                ValueData::Number(i64::from(truth(value).ok_or_else(|| refuse("true or false"))?)),
            ),
            "digit" => {
                let on = truth(value).ok_or_else(|| refuse("true or false"))?;
                (ValueKind::String, ValueData::Text(i64::from(on).to_string()))
            }
            "number" => {
                let number: u32 = value.parse().map_err(|_| refuse("a number"))?;
                (ValueKind::DWord, ValueData::Number(i64::from(number)))
            }
            "password" if encoded => {
                let password =
                    decode_password(value, "Password").map_err(|_| refuse("an encoded password"))?;
                (ValueKind::String, ValueData::Text(password))
            }
            "text" | "password" => (ValueKind::String, ValueData::Text(value.to_owned())),
            "timezone" => return time_zone(self.key, value, registry),
            // Says something of another value.
            _ => return Ok(Vec::new()),
        };
        Ok(vec![Edit { key: self.key.to_owned(), name: self.value.to_owned(), kind, data }])
    }
}

/// A boolean as answer files have it.
pub fn truth(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The values of `TimeZoneInformation` for a zone, after the image's own table of zones: its `TZI` is a
/// REG_TZI_FORMAT: three biases, then two SYSTEMTIMEs.
fn time_zone(key: &str, zone: &str, registry: &mut Registry<'_>) -> Result<Vec<Edit>> {
    let refuse = |reason: String| Error::InvalidArgument { parameter: "value", reason };
    if zone.to_ascii_lowercase().ends_with(WITHOUT_DAYLIGHT) {
        return Err(refuse("a zone without its daylight time is left to Setup".to_owned()));
    }
    let source = format!(r"{TIME_ZONES}\{zone}");
    let unknown = || refuse(format!("the image knows no time zone '{zone}'"));
    if zone.is_empty() || zone.contains('\\') || registry.key(&source).is_err() {
        return Err(unknown());
    }
    let mut read = |name: &str| -> Result<Option<ValueData>> {
        match registry.values(&source, Some(name)) {
            Ok(values) => Ok(values.into_iter().next().map(|value| value.content.data)),
            Err(Error::RegistryNotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let Some(ValueData::Bytes(tzi)) = read("TZI")? else { return Err(unknown()) };
    let damaged = || refuse(format!("the image's table has no proper TZI for '{zone}'"));
    let number = |at: usize| -> Result<ValueData> {
        let word = tzi.get(at..at.saturating_add(4)).and_then(|word| <[u8; 4]>::try_from(word).ok());
        Ok(ValueData::Number(i64::from(i32::from_le_bytes(word.ok_or_else(damaged)?))))
    };
    let date = |at: usize| -> Result<ValueData> {
        let date = tzi.get(at..at.saturating_add(16)).ok_or_else(damaged)?;
        Ok(ValueData::Bytes(date.to_vec()))
    };
    let mut name = |localised: &str, plain: &str| -> Result<ValueData> {
        let found = read(localised)?.or(read(plain)?);
        found.filter(|data| matches!(data, ValueData::Text(_))).ok_or_else(damaged)
    };
    let (standard, daylight) = (name("MUI_Std", "Std")?, name("MUI_Dlt", "Dlt")?);
    let values = [
        ("Bias", ValueKind::DWord, number(0)?),
        ("StandardBias", ValueKind::DWord, number(4)?),
        ("DaylightBias", ValueKind::DWord, number(8)?),
        ("StandardStart", ValueKind::Binary, date(12)?),
        ("DaylightStart", ValueKind::Binary, date(28)?),
        ("StandardName", ValueKind::String, standard),
        ("DaylightName", ValueKind::String, daylight),
        ("TimeZoneKeyName", ValueKind::String, ValueData::Text(zone.to_owned())),
        ("DynamicDaylightTimeDisabled", ValueKind::DWord, ValueData::Number(0)),
        // Windows works it out when it starts.
        ("ActiveTimeBias", ValueKind::DWord, number(0)?),
    ];
    let edit = |(name, kind, data): (&str, ValueKind, ValueData)| Edit {
        key: key.to_owned(),
        name: name.to_owned(),
        kind,
        data,
    };
    Ok(values.into_iter().map(edit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_has_its_columns_and_a_form_that_is_known() {
        let rows = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
        let mut count = 0;
        for line in rows {
            count += 1;
            assert_eq!(line.split('\t').count(), 7, "{line}");
            let home = row(line);
            let forms = ["bool", "digit", "number", "text", "timezone", "password", "encoding"];
            assert!(home.is_some_and(|home| forms.contains(&home.form)), "{line}");
            assert!(home.is_some_and(|home| home.key.starts_with(r"HKLM\")), "{line}");
        }
        assert!(count > 20);
    }
}
