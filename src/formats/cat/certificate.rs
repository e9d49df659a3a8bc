//! X.509 certificates, as far as a signature is judged and shown by them.
//!
//! Reference: RFC 5280 §4.1 and §4.2.

use super::der::{context, Der, Element, OBJECT, OCTET_STRING, SEQUENCE, SET};
use super::signer::text;
use super::{oid, time};
use crate::error::Result;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// Certificates a catalogue may have; real ones have up to ten.
pub(super) const LIMIT: usize = 256;
const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = super::der::INTEGER;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Common name of the subject.
    pub subject: Option<String>,
    /// Common name of the issuer.
    pub issuer: Option<String>,
    /// Serial number, most significant byte first.
    pub serial: Vec<u8>,
    /// First moment of its validity (FILETIME).
    pub not_before: u64,
    /// Last moment of its validity (FILETIME).
    pub not_after: u64,
    /// What it may be used for, as dotted object identifiers; `None`: everything.
    pub usages: Option<Vec<String>>,
    /// The subject's whole name in DER.
    pub(super) subject_name: Vec<u8>,
    /// The issuer's whole name in DER, which signers refer to.
    pub(super) issuer_name: Vec<u8>,
    /// Identifier of its key.
    pub(super) key_id: Option<Vec<u8>>,
    /// The certificate in DER.
    pub der: Vec<u8>,
}

impl Certificate {
    /// Reads one certificate in DER.
    ///
    /// # Errors
    /// [`crate::error::Error::Malformed`] with the offset.
    pub fn parse(der: &[u8]) -> Result<Self> {
        read(&Der::new(der).expect(SEQUENCE, "a certificate")?)
    }

    /// SHA-1 of the certificate: what Windows calls its thumbprint.
    pub fn sha1(&self) -> [u8; 20] {
        Sha1::digest(&self.der).into()
    }

    /// SHA-256 of the certificate.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// Whether subject and issuer are one. Whether it also signed itself is not looked at.
    pub fn is_self_issued(&self) -> bool {
        self.subject_name == self.issuer_name
    }

    /// Whether its usages allow one, by its dotted identifier.
    pub fn allows(&self, usage: &str) -> bool {
        self.usages
            .as_ref()
            .is_none_or(|usages| usages.iter().any(|allowed| allowed == usage || allowed == oid::ANY_USAGE))
    }

    /// The subject's common name, or a word for its lack.
    pub(super) fn name(&self) -> &str {
        self.subject.as_deref().unwrap_or("(no name)")
    }
}

/// Reads the certificates of the `[0]` element of SignedData.
pub(super) fn read_all(set: &Element<'_>) -> Result<Vec<Certificate>> {
    let mut certificates = Vec::new();
    let mut elements = set.inside();
    while !elements.is_empty() {
        let element = elements.next()?;
        if element.tag != SEQUENCE {
            continue; // attribute certificates and the like
        }
        if certificates.len() >= LIMIT {
            return Err(element.error(format!("at most {LIMIT} certificates"), "more"));
        }
        certificates.push(read(&element)?);
    }
    Ok(certificates)
}

fn read(element: &Element<'_>) -> Result<Certificate> {
    let mut fields = element.inside().expect(SEQUENCE, "a certificate's content")?.inside();
    fields.optional(context(0))?; // version
    let serial = fields.expect(INTEGER, "a certificate's serial number")?;
    fields.expect(SEQUENCE, "a certificate's signature algorithm")?;
    let issuer = fields.expect(SEQUENCE, "a certificate's issuer")?;
    let mut validity = fields.expect(SEQUENCE, "a certificate's validity")?.inside();
    let (not_before, not_after) = (time::read(&validity.next()?)?, time::read(&validity.next()?)?);
    let subject = fields.expect(SEQUENCE, "a certificate's subject")?;
    fields.expect(SEQUENCE, "a certificate's key")?;
    let mut certificate = Certificate {
        subject: common_name(&subject)?,
        issuer: common_name(&issuer)?,
        serial: serial.content.to_vec(),
        not_before,
        not_after,
        usages: None,
        subject_name: subject.whole.to_vec(),
        issuer_name: issuer.whole.to_vec(),
        key_id: None,
        der: element.whole.to_vec(),
    };
    while !fields.is_empty() {
        let field = fields.next()?;
        if field.tag == context(3) {
            extensions(&field, &mut certificate)?;
        }
    }
    Ok(certificate)
}

fn extensions(field: &Element<'_>, certificate: &mut Certificate) -> Result<()> {
    let mut extensions = field.inside().expect(SEQUENCE, "a certificate's extensions")?.inside();
    while !extensions.is_empty() {
        let mut extension = extensions.expect(SEQUENCE, "an extension")?.inside();
        let kind = extension.expect(OBJECT, "the kind of an extension")?;
        extension.optional(BOOLEAN)?; // critical
        let value = extension.expect(OCTET_STRING, "an extension's value")?;
        match kind.content {
            oid::EXTENDED_KEY_USAGE => {
                let mut usages = Vec::new();
                let mut listed = value.inside().expect(SEQUENCE, "the key's usages")?.inside();
                while !listed.is_empty() {
                    let usage = listed.expect(OBJECT, "a usage")?;
                    if usages.len() >= LIMIT {
                        return Err(usage.error(format!("at most {LIMIT} usages"), "more"));
                    }
                    usages.push(oid::dotted(usage.content));
                }
                certificate.usages = Some(usages);
            }
            oid::SUBJECT_KEY_ID => {
                let id = value.inside().expect(OCTET_STRING, "the key's identifier")?;
                certificate.key_id = Some(id.content.to_vec());
            }
            _ => {}
        }
    }
    Ok(())
}

/// The last common name of a distinguished name, else the last of its other parts.
pub(super) fn common_name(name: &Element<'_>) -> Result<Option<String>> {
    let mut found = None;
    let mut other = None;
    let mut sets = name.inside();
    while !sets.is_empty() {
        let mut attributes = sets.expect(SET, "a part of a name")?.inside();
        while !attributes.is_empty() {
            let mut attribute = attributes.expect(SEQUENCE, "a part of a name")?.inside();
            let kind = attribute.expect(OBJECT, "the kind of a name's part")?;
            let value = attribute.next()?;
            match kind.content {
                oid::COMMON_NAME => found = Some(text(&value)),
                oid::ORGANIZATIONAL_UNIT => other = Some(text(&value)),
                _ => {}
            }
        }
    }
    Ok(found.or(other))
}
