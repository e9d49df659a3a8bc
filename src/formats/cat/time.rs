//! The times of certificates and signatures: UTCTime and GeneralizedTime as FILETIME.
//!
//! Reference: ITU-T X.680 §46 and §47; RFC 5280 §4.1.2.5 (which century two digits are of).

use super::der::Element;
use crate::error::Result;

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// Days from 1601-01-01 to 1970-01-01.
const EPOCH_DAYS: i64 = 134_774;
const SECONDS_PER_DAY: i64 = 86_400;
const TICKS_PER_SECOND: u64 = 10_000_000;

/// A time in UTC; fractions of a second are cut off, other time zones are refused, as DER does.
pub(super) fn read(element: &Element<'_>) -> Result<u64> {
    let wrong = || element.error("a time in UTC", String::from_utf8_lossy(element.content));
    let text = std::str::from_utf8(element.content).map_err(|_| wrong())?;
    let digits = text.strip_suffix('Z').ok_or_else(wrong)?;
    let whole = digits.split('.').next().unwrap_or(digits);
    let year_digits = match element.tag {
        UTC_TIME => 2,
        GENERALIZED_TIME => 4,
        _ => return Err(wrong()),
    };
    let (year, rest) = whole.split_at_checked(year_digits).ok_or_else(wrong)?;
    let number = |text: &str| -> Option<i64> {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
    };
    let mut fields = [0_i64; 5];
    if !rest.is_ascii() || (rest.len() != 10 && rest.len() != 8) {
        return Err(wrong());
    }
    for (field, pair) in fields.iter_mut().zip(rest.as_bytes().chunks(2)) {
        *field = std::str::from_utf8(pair).ok().and_then(number).ok_or_else(wrong)?;
    }
    let year = number(year).ok_or_else(wrong)?;
    let year = match (element.tag, year) {
        (UTC_TIME, 0..=49) => year.saturating_add(2000),
        (UTC_TIME, _) => year.saturating_add(1900),
        _ => year,
    };
    filetime(year, fields).ok_or_else(wrong)
}

/// `fields`: month, day, hour, minute, second.
fn filetime(year: i64, [month, day, hour, minute, second]: [i64; 5]) -> Option<u64> {
    let valid = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61
        && (1601..=9999).contains(&year);
    if !valid {
        return None;
    }
    // Days since 1970 of the proleptic Gregorian calendar, with years that begin in March.
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let era = year / 400;
    let of_era = year % 400;
    let of_year = ((month + 9) % 12 * 153 + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = days.checked_add(EPOCH_DAYS)?.checked_mul(SECONDS_PER_DAY)?;
    let seconds = seconds.checked_add(hour * 3600 + minute * 60 + second)?;
    u64::try_from(seconds).ok()?.checked_mul(TICKS_PER_SECOND)
}

/// A FILETIME as `2024-03-08 19:58:04` (UTC), for people.
pub(super) fn text(time: u64) -> String {
    let seconds = i64::try_from(time / TICKS_PER_SECOND).unwrap_or(i64::MAX);
    let days = seconds / SECONDS_PER_DAY - EPOCH_DAYS + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let clock = seconds % SECONDS_PER_DAY;
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// A FILETIME as seconds since 1970.
pub(super) fn to_unix(time: u64) -> i64 {
    let seconds = i64::try_from(time / TICKS_PER_SECOND).unwrap_or(i64::MAX);
    seconds.saturating_sub(EPOCH_DAYS * SECONDS_PER_DAY)
}
