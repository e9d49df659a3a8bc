//! The `[Version]` section: signature, class, provider, DriverVer, catalogue.
//!
//! Reference: MicrosoftDocs "INF Version Section", "INF DriverVer Directive".

use super::finding::{Code, Strictness};
use super::reader::{plain, Entry, Reader};
use super::{bad, number, Architecture, Guid, Inf, Position, Text};
use crate::error::{Error, Result};

/// Days from 0000-03-01 to 1601-01-01, the beginning of FILETIME, in the proleptic Gregorian calendar.
const DAYS_FROM_MARCH_0000_TO_1601: i64 = 584_694;
/// FILETIME ticks (100 ns) of a day.
const TICKS_PER_DAY: i64 = 864_000_000_000;
/// What `Signature` may say, lower case.
const SIGNATURES: [&str; 3] = ["$windows nt$", "$chicago$", "$windows 95$"];

/// A DriverVer: the date and version drivers are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DriverVer {
    /// The date at 00:00 UTC, as FILETIME.
    pub date: u64,
    /// `major << 48 | minor << 32 | build << 16 | revision`; 0 if the INF gives none.
    pub version: u64,
}

impl DriverVer {
    /// The version with dots.
    pub fn version_text(&self) -> String {
        let [major, minor, build, revision] =
            [48, 32, 16, 0].map(|shift: u32| self.version.checked_shr(shift).unwrap_or(0) & 0xFFFF);
        format!("{major}.{minor}.{build}.{revision}")
    }
}

/// What `[Version]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The line of the section.
    pub line: u32,
    /// `$Windows NT$` or one of its elder forms, as written.
    pub signature: String,
    /// `Class`.
    pub class: Option<Text>,
    /// `ClassGuid`.
    pub class_guid: Option<Guid>,
    /// `Provider`.
    pub provider: Option<Text>,
    /// `DriverVer`.
    pub driver_ver: Option<DriverVer>,
    /// `PnpLockdown=1`: user-mode programs may not change the driver's files.
    pub pnp_lockdown: bool,
    /// `ExtensionId` of an extension INF.
    pub extension_id: Option<Guid>,
    /// `LayoutFile`: INFs that list the files of an INF of Windows itself.
    pub layout_files: Vec<String>,
    /// `DriverPackageDisplayName`.
    pub display_name: Option<Text>,
    /// `DriverPackageType`.
    pub package_type: Option<String>,
    /// `CatalogFile` entries: the decoration in lower case (`""`, `nt`, `ntamd64`…) and the file name.
    pub catalog_files: Vec<(String, String)>,
}

impl Version {
    /// The catalogue for an architecture: `CatalogFile.nt<architecture>`, else `.nt`, else undecorated.
    pub fn catalog_file(&self, architecture: Architecture) -> Option<&str> {
        let exact = format!("nt{architecture}");
        let find = |wanted: &str| self.catalog_files.iter().find(|(found, _)| found == wanted);
        find(&exact).or_else(|| find("nt")).or_else(|| find("")).map(|(_, file)| file.as_str())
    }
}

impl Inf {
    /// Reads `[Version]`.
    ///
    /// # Errors
    /// No section, no signature Windows knows, or a GUID, date or version that cannot be read.
    pub fn version(&self) -> Result<Version> {
        // No mistake is let pass, so there is a version.
        let found = Reader::new(self, Vec::new(), Architecture::Amd64, Strictness::Refuse).version()?;
        found.ok_or_else(no_version)
    }
}

fn no_version() -> Error {
    Error::malformed("INF", "end of file", "a [Version] section", "none")
}

impl Reader<'_> {
    /// As [`Inf::version`]; `None` if there is no such section.
    pub(super) fn version(&mut self) -> Result<Option<Version>> {
        let source = self.package;
        let Some(section) = source.inf.section("Version") else {
            let missing = Err(no_version());
            return self.findings.check(Code::Signature, "", Position::default(), missing);
        };
        let find = |key: &str| plain(source, section).find(|entry| entry.is(key) && entry.value(0).is_some());
        let text = |key: &str| find(key).and_then(|entry| entry.text(0));
        let mut version = Version {
            line: section.number,
            signature: text("Signature").map(|text| text.text).unwrap_or_default(),
            class: text("Class"),
            class_guid: self.guid("ClassGuid", Code::Class, find("ClassGuid"))?,
            provider: text("Provider"),
            driver_ver: None,
            pnp_lockdown: text("PnpLockdown")
                .and_then(|text| number(&text.text))
                .is_some_and(|value| value != 0),
            extension_id: self.guid("ExtensionId", Code::Extension, find("ExtensionId"))?,
            layout_files: find("LayoutFile").map(|entry| entry.values()).unwrap_or_default(),
            display_name: text("DriverPackageDisplayName"),
            package_type: text("DriverPackageType").map(|text| text.text),
            catalog_files: Vec::new(),
        };
        if let Some(entry) = find("DriverVer") {
            version.driver_ver = self.check(Code::DriverVer, &entry, driver_ver(&entry))?;
        }
        if !SIGNATURES.contains(&version.signature.to_lowercase().as_str()) {
            let found = format!("'{}'", version.signature);
            let wrong = bad(section.position(), "Signature = \"$Windows NT$\" in [Version]", found);
            self.findings.check::<()>(Code::Signature, "", section.position(), Err(wrong))?;
        }
        for entry in plain(source, section) {
            let Some(key) = entry.line.key().map(|key| source.inf.expand(key).to_lowercase()) else {
                continue;
            };
            let decoration = match key.strip_prefix("catalogfile") {
                Some("") => "",
                Some(rest) if rest.starts_with('.') => rest.trim_start_matches('.'),
                _ => continue,
            };
            if let Some(file) = entry.value(0) {
                version.catalog_files.push((decoration.to_owned(), file));
            }
        }
        Ok(Some(version))
    }

    fn guid(&mut self, key: &str, code: Code, entry: Option<Entry<'_>>) -> Result<Option<Guid>> {
        let Some((line, text)) = entry.and_then(|entry| Some((entry.line, entry.value(0)?))) else {
            return Ok(None);
        };
        let at = line.field_position(0);
        let guid = Guid::parse(&text).ok_or_else(|| bad(at, format!("a GUID as {key}"), format!("'{text}'")));
        self.findings.check(code, "", at, guid)
    }
}

/// A DriverVer directive: `date[,version]`.
pub(super) fn driver_ver(entry: &Entry<'_>) -> Result<DriverVer> {
    let date = entry.value(0).unwrap_or_default();
    let Some(filetime) = parse_date(&date) else {
        let at = entry.line.field_position(0);
        return Err(bad(at, "a date as mm/dd/yyyy in DriverVer", format!("'{date}'")));
    };
    let at = entry.line.field_position(1);
    let version = match entry.value(1) {
        None => 0,
        Some(text) => parse_version(&text)
            .ok_or_else(|| bad(at, "a version as w.x.y.z in DriverVer", format!("'{text}'")))?,
    };
    Ok(DriverVer { date: filetime, version })
}

/// `mm/dd/yyyy` (or with `-`) as FILETIME.
fn parse_date(text: &str) -> Option<u64> {
    let mut parts = text.trim().split(['/', '-']).map(|part| part.trim().parse::<i64>().ok());
    let (month, day, year) = (parts.next()??, parts.next()??, parts.next()??);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !(1601..=9999).contains(&year) || !(1..=days_in_month).contains(&day) {
        return None;
    }
    // Counted in years that begin in March, so that a leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let days = days.checked_sub(DAYS_FROM_MARCH_0000_TO_1601)?;
    u64::try_from(days.checked_mul(TICKS_PER_DAY)?).ok()
}

/// One to four numbers of 16 bits with dots between; absent ones are 0.
fn parse_version(text: &str) -> Option<u64> {
    let mut parts = text.trim().split('.');
    let mut version = 0_u64;
    for _ in 0..4 {
        let part = match parts.next().map(str::trim) {
            None => 0,
            Some(digits) => u64::from(digits.parse::<u16>().ok()?),
        };
        version = version.wrapping_shl(16) | part;
    }
    parts.next().is_none().then_some(version)
}
