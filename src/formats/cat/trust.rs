//! The roots that are trusted: Microsoft's, which the engine knows by thumbprint, and those a caller adds.
//!
//! Reference: RFC 7468 (PEM); MS-GPEF §2.2.1.1.1.1 (the properties of a certificate in the registry:
//! identifier, reserved, length, value) with wincrypt.h's `CERT_CERT_PROP_ID`.

use super::certificate::Certificate;
use super::der::{Der, OBJECT, SEQUENCE};
use super::{crypto, oid, signed_data};
use crate::error::{Error, Result};
use crate::formats::bytes::Reader;

/// Roots in one store; Windows has some 400.
const LIMIT: usize = 10_000;
/// `CERT_ENHKEY_USAGE_PROP_ID`: what Windows lets the root be used for.
const USAGES_PROPERTY: u32 = 9;
/// `CERT_CERT_PROP_ID`: the certificate itself.
const CERTIFICATE_PROPERTY: u32 = 32;

/// Roots that chains may end in, beside those of Microsoft, which need not be given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustStore {
    roots: Vec<Certificate>,
    distrusted: Vec<[u8; 32]>,
}

impl TrustStore {
    /// A store of Microsoft's roots alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds all certificates of a file: PEM (certificates or PKCS#7), a certificate in DER, or PKCS#7 in
    /// DER (`.p7b`). Returns how many there were.
    ///
    /// # Errors
    /// [`Error::Malformed`] for bytes that hold no certificate; [`Error::LimitExceeded`].
    pub fn add_file(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut found = Vec::new();
        if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN ")) {
            for der in crypto::pem_blocks(text, "CERTIFICATE") {
                found.push(Certificate::parse(&der)?);
            }
            for der in crypto::pem_blocks(text, "PKCS7") {
                found.extend(signed_data::certificates(&der)?);
            }
        } else if is_pkcs7(bytes) {
            found = signed_data::certificates(bytes)?;
        } else {
            found.push(Certificate::parse(bytes)?);
        }
        if found.is_empty() {
            return Err(Error::malformed("certificates", "the file", "at least one certificate", "none"));
        }
        let count = found.len();
        for certificate in found {
            self.add(certificate)?;
        }
        Ok(count)
    }

    /// Adds a root as a key below `SystemCertificates\ROOT\Certificates` has it in its value `Blob`.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a blob without a certificate; [`Error::LimitExceeded`].
    pub fn add_blob(&mut self, blob: &[u8]) -> Result<()> {
        self.add(from_blob(blob)?)
    }

    /// No chain with the certificate of that blob is trusted (`SystemCertificates\Disallowed`).
    ///
    /// # Errors
    /// [`Error::Malformed`] for a blob without a certificate; [`Error::LimitExceeded`].
    pub fn distrust_blob(&mut self, blob: &[u8]) -> Result<()> {
        if self.distrusted.len() >= LIMIT {
            return Err(too_many());
        }
        self.distrusted.push(from_blob(blob)?.sha256());
        Ok(())
    }

    fn add(&mut self, certificate: Certificate) -> Result<()> {
        if self.roots.len() >= LIMIT {
            return Err(too_many());
        }
        if !self.roots.iter().any(|known| known.der == certificate.der) {
            self.roots.push(certificate);
        }
        Ok(())
    }

    /// The roots that were added.
    pub fn roots(&self) -> &[Certificate] {
        &self.roots
    }

    pub(super) fn is_distrusted(&self, certificate: &Certificate) -> bool {
        !self.distrusted.is_empty() && self.distrusted.contains(&certificate.sha256())
    }
}

fn too_many() -> Error {
    let limit = u64::try_from(LIMIT).unwrap_or(u64::MAX);
    Error::LimitExceeded { what: "the number of trusted roots", limit, found: limit.saturating_add(1) }
}

/// Whether bytes begin like PKCS#7: a sequence whose first element is an object identifier.
fn is_pkcs7(bytes: &[u8]) -> bool {
    let first = || Der::new(bytes).expect(SEQUENCE, "PKCS#7")?.inside().expect(OBJECT, "PKCS#7");
    first().is_ok_and(|kind| kind.content == oid::SIGNED_DATA)
}

fn from_blob(blob: &[u8]) -> Result<Certificate> {
    let mut reader = Reader::new("certificate of the registry", blob);
    let mut found = None;
    let mut usages = None;
    while !reader.is_empty() {
        let (property, _encoding, length) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let value = reader.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        match property {
            CERTIFICATE_PROPERTY => found = Some(Certificate::parse(value)?),
            USAGES_PROPERTY => {
                let mut listed = Der::new(value).expect(SEQUENCE, "the root's usages")?.inside();
                let mut allowed = Vec::new();
                while !listed.is_empty() && allowed.len() < LIMIT {
                    allowed.push(oid::dotted(listed.expect(OBJECT, "a usage")?.content));
                }
                usages = Some(allowed);
            }
            _ => {}
        }
    }
    let mut certificate = found.ok_or_else(|| reader.error("a certificate (property 32)", "none"))?;
    if usages.is_some() {
        certificate.usages = usages;
    }
    Ok(certificate)
}
