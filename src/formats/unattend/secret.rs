//! Passwords: which settings hold them, and the encoding Setup has for them.
//!
//! With `<PlainText>false</PlainText>` a password is the Base64 of the UTF-16LE text of the password with the
//! name of its element behind it. That hides it from a glance, from nobody else.
//!
//! Reference: docs/formats/unattend.md "Passwords".

use super::FORMAT;
use crate::error::{Error, Result};
use crate::formats::bytes::{utf16_bytes, utf16_units};

/// What one password may be long at most, in UTF-16 units; Windows takes 127 in answer files.
const MAX_PASSWORD: usize = 32_767;

/// Whether a setting holds a secret, by the names of its element and of the one around it.
pub fn is_secret(name: &str, parent: &str) -> bool {
    let is_password = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.ends_with("password") || name == "accountdata"
    };
    is_password(name) || (name.eq_ignore_ascii_case("Value") && is_password(parent))
}

/// A password as Setup reads it beside `<PlainText>false</PlainText>` in the element of that name:
/// `Password`, `AdministratorPassword`…
///
/// # Errors
/// [`Error::InvalidArgument`] for a password longer than any.
pub fn encode_password(password: &str, element: &str) -> Result<String> {
    let units: Vec<u16> = password.encode_utf16().collect();
    if units.len() > MAX_PASSWORD {
        return Err(Error::InvalidArgument {
            parameter: "password",
            reason: format!("it has {} characters; more than {MAX_PASSWORD} are refused", units.len()),
        });
    }
    let units: Vec<u16> = units.into_iter().chain(element.encode_utf16()).collect();
    Ok(openssl::base64::encode_block(&utf16_bytes(&units)))
}

/// The password of an encoded one.
///
/// # Errors
/// [`Error::Malformed`] for what is not Base64 of UTF-16, or does not end with the element's name.
pub fn decode_password(encoded: &str, element: &str) -> Result<String> {
    let malformed = |expected: &str, found: &str| Error::malformed(FORMAT, "the password", expected, found);
    let compact: String = encoded.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = openssl::base64::decode_block(&compact)
        .map_err(|_| malformed("Base64", "characters that are not of it"))?;
    if !bytes.len().is_multiple_of(2) {
        return Err(malformed("UTF-16 text", "an odd number of bytes"));
    }
    let text = String::from_utf16(&utf16_units(&bytes))
        .map_err(|_| malformed("UTF-16 text", "an unpaired surrogate"))?;
    match text.strip_suffix(element) {
        Some(password) => Ok(password.to_owned()),
        None => Err(malformed(
            &format!("'{element}' behind the password"),
            "something else: it was encoded for another element, or is not encoded",
        )),
    }
}
