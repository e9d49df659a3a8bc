//! Who signed: the certificates and signer infos of SignedData.
//!
//! Names only. Whether a signature is right and a chain leads to a root is not checked here.
//!
//! Reference: RFC 5652 §5 (SignedData, SignerInfo), RFC 5280 §4.1 (Certificate).

use super::der::{context, Der, Element, BMP_STRING, INTEGER, OBJECT, OCTET_STRING, SEQUENCE, SET};
use super::oid;
use crate::error::Result;
use crate::formats::bytes::utf16_units;

/// Certificates and signers a catalogue may have; real ones have up to ten.
const LIMIT: usize = 256;

/// A certificate in a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Common name of the subject.
    pub subject: Option<String>,
    /// Common name of the issuer.
    pub issuer: Option<String>,
    /// Serial number, most significant byte first.
    pub serial: Vec<u8>,
    /// The issuer's whole name in DER, which signers refer to.
    issuer_name: Vec<u8>,
    /// The certificate in DER.
    pub der: Vec<u8>,
}

/// A signature of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Common name of the signing certificate, if it is in the catalogue.
    pub name: Option<String>,
    /// Common name of its issuer.
    pub issuer: Option<String>,
    /// Serial number of the signing certificate.
    pub serial: Vec<u8>,
    /// Digest algorithm, as a dotted object identifier.
    pub digest_algorithm: String,
    /// Signature algorithm, as a dotted object identifier.
    pub signature_algorithm: String,
}

/// Reads the certificates of the `[0]` element of SignedData.
pub(super) fn certificates(set: &Element<'_>) -> Result<Vec<Certificate>> {
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
        certificates.push(certificate(&element)?);
    }
    Ok(certificates)
}

fn certificate(element: &Element<'_>) -> Result<Certificate> {
    let mut fields = element.inside().expect(SEQUENCE, "a certificate's content")?.inside();
    fields.optional(context(0))?; // version
    let serial = fields.expect(INTEGER, "a certificate's serial number")?;
    fields.expect(SEQUENCE, "a certificate's signature algorithm")?;
    let issuer = fields.expect(SEQUENCE, "a certificate's issuer")?;
    fields.expect(SEQUENCE, "a certificate's validity")?;
    let subject = fields.expect(SEQUENCE, "a certificate's subject")?;
    Ok(Certificate {
        subject: common_name(&subject)?,
        issuer: common_name(&issuer)?,
        serial: serial.content.to_vec(),
        issuer_name: issuer.whole.to_vec(),
        der: element.whole.to_vec(),
    })
}

/// Reads the signer infos at the end of SignedData.
pub(super) fn signers(set: &Element<'_>, certificates: &[Certificate]) -> Result<Vec<Signer>> {
    let mut signers = Vec::new();
    let mut elements = set.inside();
    while !elements.is_empty() {
        let element = elements.expect(SEQUENCE, "a signer")?;
        if signers.len() >= LIMIT {
            return Err(element.error(format!("at most {LIMIT} signers"), "more"));
        }
        let mut fields = element.inside();
        fields.expect(INTEGER, "a signer's version")?;
        let mut id = fields.expect(SEQUENCE, "the signer's issuer and serial number")?.inside();
        let issuer = id.expect(SEQUENCE, "the issuer of the signer's certificate")?;
        let serial = id.expect(INTEGER, "the serial number of the signer's certificate")?;
        let digest_algorithm = algorithm(&mut fields)?;
        fields.optional(context(0))?; // signed attributes
        let signature_algorithm = algorithm(&mut fields)?;
        fields.expect(OCTET_STRING, "a signature")?;
        let signing = certificates.iter().find(|certificate| {
            certificate.issuer_name == issuer.whole && certificate.serial == serial.content
        });
        signers.push(Signer {
            name: signing.and_then(|certificate| certificate.subject.clone()),
            issuer: common_name(&issuer)?,
            serial: serial.content.to_vec(),
            digest_algorithm: oid::dotted(digest_algorithm.content),
            signature_algorithm: oid::dotted(signature_algorithm.content),
        });
    }
    Ok(signers)
}

/// The identifier of an AlgorithmIdentifier.
pub(super) fn algorithm<'a>(fields: &mut Der<'a>) -> Result<Element<'a>> {
    fields.expect(SEQUENCE, "an algorithm")?.inside().expect(OBJECT, "an algorithm's identifier")
}

/// The last common name of a distinguished name.
fn common_name(name: &Element<'_>) -> Result<Option<String>> {
    let mut found = None;
    let mut sets = name.inside();
    while !sets.is_empty() {
        let mut attributes = sets.expect(SET, "a part of a name")?.inside();
        while !attributes.is_empty() {
            let mut attribute = attributes.expect(SEQUENCE, "a part of a name")?.inside();
            let kind = attribute.expect(OBJECT, "the kind of a name's part")?;
            if kind.content == oid::COMMON_NAME {
                found = Some(text(&attribute.next()?));
            }
        }
    }
    Ok(found)
}

/// A directory string: BMPString is UTF-16, most significant byte first; the others are taken as UTF-8.
pub(super) fn text(element: &Element<'_>) -> String {
    if element.tag != BMP_STRING {
        return String::from_utf8_lossy(element.content).into_owned();
    }
    let units: Vec<u16> =
        element.content.chunks_exact(2).map(|pair| pair.try_into().map_or(0, u16::from_be_bytes)).collect();
    String::from_utf16_lossy(&units)
}

/// UTF-16LE bytes as text, without terminators.
pub(super) fn utf16le_text(bytes: &[u8]) -> String {
    String::from_utf16_lossy(&utf16_units(bytes)).trim_end_matches('\0').to_owned()
}
