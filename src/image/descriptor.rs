//! STUB until formats::security lands.
#![allow(missing_docs)]
use crate::error::{Error, Result};
pub struct SecurityDescriptor;
impl SecurityDescriptor {
    pub fn parse(_: &[u8]) -> Result<Self> {
        Ok(Self)
    }
}
pub fn inherit(parent: &[u8], _: bool) -> Result<Vec<u8>> {
    Ok(parent.to_vec())
}
pub fn to_sddl(_: &[u8]) -> Result<String> {
    Err(Error::Unsupported { what: "SDDL".into(), reason: "not written yet".into() })
}
