//! SignedData: the envelope of catalogues and of time stamps.
//!
//! Reference: RFC 2315 §9 (what catalogues are), RFC 5652 §5 (what time stamps are).

use super::certificate::{self, Certificate};
use super::crypto::{self, Signature};
use super::der::{context, Der, Element, INTEGER, OBJECT, SEQUENCE, SET};
use super::oid;
use super::signer::{self, Signer};
use crate::error::Result;

/// The envelope's parts.
pub(super) struct SignedData<'a> {
    /// The content's type.
    pub(super) content_type: Element<'a>,
    /// The content; its own octets, without tag and length, are what is signed.
    pub(super) content: Element<'a>,
    /// The certificates.
    pub(super) certificates: Vec<Certificate>,
    /// The signatures.
    pub(super) signers: Vec<Signer>,
}

/// Reads it from the ContentInfo around it.
pub(super) fn read(bytes: &[u8]) -> Result<SignedData<'_>> {
    let mut signed = envelope(bytes)?;
    let mut content = signed.expect(SEQUENCE, "the signed content")?.inside();
    let content_type = content.expect(OBJECT, "the type of the signed content")?;
    let content = match content.optional(context(0))? {
        Some(content) => content.inside().next()?,
        None => return Err(content_type.error("signed content", "a signature apart from it")),
    };
    let certificates = certificates_of(&mut signed)?;
    signed.optional(context(1))?; // revocation lists
    let signers = match signed.optional(SET)? {
        Some(set) => signer::signers(&set, &certificates)?,
        None => Vec::new(),
    };
    Ok(SignedData { content_type, content, certificates, signers })
}

/// The certificates alone, of what may have no content (`.p7b`).
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>> {
    let mut signed = envelope(bytes)?;
    signed.expect(SEQUENCE, "the signed content")?;
    certificates_of(&mut signed)
}

/// The fields from the content on.
fn envelope(bytes: &[u8]) -> Result<Der<'_>> {
    let mut outer = Der::new(bytes).expect(SEQUENCE, "PKCS#7 content")?.inside();
    super::expect_oid(&mut outer, oid::SIGNED_DATA, "PKCS#7 signedData")?;
    let mut signed = outer.expect(context(0), "signed data")?.inside();
    let mut signed = signed.expect(SEQUENCE, "signed data")?.inside();
    signed.expect(INTEGER, "the version of the signed data")?;
    signed.expect(SET, "the digest algorithms")?;
    Ok(signed)
}

fn certificates_of(signed: &mut Der<'_>) -> Result<Vec<Certificate>> {
    match signed.optional(context(0))? {
        Some(set) => certificate::read_all(&set),
        None => Ok(Vec::new()),
    }
}

/// Checks a signer's signature over content of a type; without a type, that of the attributes is free.
pub(super) fn check(
    signer: &Signer,
    certificate: &Certificate,
    content: &[u8],
    content_type: Option<&[u8]>,
) -> Signature {
    let digest = signer.digest_algorithm.as_str();
    let signed = match &signer.attributes {
        None => content,
        Some(attributes) => {
            if content_type.is_some_and(|wanted| attributes.content_type.as_deref() != Some(wanted)) {
                return Signature::Wrong;
            }
            let Some(computed) = crypto::digest(digest, content) else {
                return Signature::Unsupported(format!("the digest algorithm {digest} is not known"));
            };
            if attributes.message_digest.as_deref() != Some(&computed) {
                return Signature::Wrong;
            }
            attributes.signed.as_slice()
        }
    };
    crypto::verify(&certificate.der, digest, &signer.signature_algorithm, signed, &signer.signature)
}
