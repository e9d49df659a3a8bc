//! Who signed: the signer infos of SignedData, read and not judged.
//!
//! Reference: RFC 5652 §5.3 (SignerInfo) and §11 (attributes); RFC 3161; Microsoft wintrust.h
//! (szOID_RFC3161_counterSign).

use super::certificate::{common_name, Certificate, LIMIT};
use super::der::{context, Der, Element, BMP_STRING, INTEGER, OBJECT, OCTET_STRING, SEQUENCE, SET};
use super::{oid, time};
use crate::error::Result;
use crate::formats::bytes::utf16_units;

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
    /// Its certificate, as a place in the list of certificates.
    pub(super) certificate: Option<usize>,
    /// What is signed along with the content's digest; the content itself is signed if there is none.
    pub(super) attributes: Option<SignedAttributes>,
    /// The signature.
    pub(super) signature: Vec<u8>,
    /// Old time stamps: signer infos over [`Self::signature`], in DER.
    pub(super) counter_signatures: Vec<Vec<u8>>,
    /// Time stamps of RFC 3161: SignedData, in DER.
    pub(super) tokens: Vec<Vec<u8>>,
}

/// The signed attributes of a signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedAttributes {
    /// What the signature is over: the attributes as a SET, in the order of the file.
    pub(super) signed: Vec<u8>,
    /// The content's type.
    pub(super) content_type: Option<Vec<u8>>,
    /// The content's digest.
    pub(super) message_digest: Option<Vec<u8>>,
    /// When the signer says that it signed (FILETIME).
    pub(super) signing_time: Option<u64>,
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
        signers.push(signer(&element, certificates)?);
    }
    Ok(signers)
}

/// Reads one signer info.
pub(super) fn signer(element: &Element<'_>, certificates: &[Certificate]) -> Result<Signer> {
    let mut fields = element.inside();
    fields.expect(INTEGER, "a signer's version")?;
    let id = fields.next()?;
    let (issuer, serial, certificate) = if id.tag == 0x80 {
        let by_key = |certificate: &Certificate| certificate.key_id.as_deref() == Some(id.content);
        (None, Vec::new(), certificates.iter().position(by_key))
    } else if id.tag == SEQUENCE {
        let mut id = id.inside();
        let issuer = id.expect(SEQUENCE, "the issuer of the signer's certificate")?;
        let serial = id.expect(INTEGER, "the serial number of the signer's certificate")?;
        let certificate = certificates.iter().position(|certificate| {
            certificate.issuer_name == issuer.whole && certificate.serial == serial.content
        });
        (common_name(&issuer)?, serial.content.to_vec(), certificate)
    } else {
        return Err(id.error("the signer's issuer and serial number, or key", format!("tag {:#04x}", id.tag)));
    };
    let digest_algorithm = algorithm(&mut fields)?;
    let attributes = fields.optional(context(0))?.map(|set| signed_attributes(&set)).transpose()?;
    let signature_algorithm = algorithm(&mut fields)?;
    let signature = fields.expect(OCTET_STRING, "a signature")?;
    let mut signer = Signer {
        name: certificate.and_then(|place| certificates.get(place)?.subject.clone()),
        issuer,
        serial,
        digest_algorithm: oid::dotted(digest_algorithm.content),
        signature_algorithm: oid::dotted(signature_algorithm.content),
        certificate,
        attributes,
        signature: signature.content.to_vec(),
        counter_signatures: Vec::new(),
        tokens: Vec::new(),
    };
    if let Some(set) = fields.optional(context(1))? {
        unsigned_attributes(&set, &mut signer)?;
    }
    Ok(signer)
}

/// Calls back with the kind and the values of each attribute.
fn each_attribute<'a>(
    set: &Element<'a>,
    mut found: impl FnMut(Element<'a>, &mut Der<'a>) -> Result<()>,
) -> Result<()> {
    let mut attributes = set.inside();
    while !attributes.is_empty() {
        let mut attribute = attributes.expect(SEQUENCE, "an attribute of a signer")?.inside();
        let kind = attribute.expect(OBJECT, "the kind of an attribute")?;
        found(kind, &mut attribute.expect(SET, "an attribute's values")?.inside())?;
    }
    Ok(())
}

fn signed_attributes(set: &Element<'_>) -> Result<SignedAttributes> {
    let mut signed = set.whole.to_vec();
    // In the file they stand as [0]; what is signed is a SET (RFC 5652 §5.4).
    if let Some(tag) = signed.first_mut() {
        *tag = SET;
    }
    let mut found = SignedAttributes { signed, content_type: None, message_digest: None, signing_time: None };
    each_attribute(set, |kind, values| {
        let twice = |known: bool| {
            if known {
                return Err(kind.error("each signed attribute once", "it twice"));
            }
            Ok(())
        };
        match kind.content {
            oid::CONTENT_TYPE => {
                twice(found.content_type.is_some())?;
                found.content_type = Some(values.expect(OBJECT, "a content type")?.content.to_vec());
            }
            oid::MESSAGE_DIGEST => {
                twice(found.message_digest.is_some())?;
                let digest = values.expect(OCTET_STRING, "the content's digest")?;
                found.message_digest = Some(digest.content.to_vec());
            }
            oid::SIGNING_TIME => found.signing_time = Some(time::read(&values.next()?)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(found)
}

fn unsigned_attributes(set: &Element<'_>, signer: &mut Signer) -> Result<()> {
    each_attribute(set, |kind, values| {
        let kept = match kind.content {
            oid::COUNTER_SIGNATURE => &mut signer.counter_signatures,
            oid::RFC3161_TOKEN => &mut signer.tokens,
            _ => return Ok(()),
        };
        while !values.is_empty() {
            let value = values.next()?;
            if kept.len() >= LIMIT {
                return Err(value.error(format!("at most {LIMIT} time stamps"), "more"));
            }
            kept.push(value.whole.to_vec());
        }
        Ok(())
    })
}

/// The identifier of an AlgorithmIdentifier.
pub(super) fn algorithm<'a>(fields: &mut Der<'a>) -> Result<Element<'a>> {
    fields.expect(SEQUENCE, "an algorithm")?.inside().expect(OBJECT, "an algorithm's identifier")
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
