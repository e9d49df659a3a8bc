//! Security catalogues: the lists of file digests that drivers are signed by.
//!
//! A catalogue is PKCS#7 SignedData around a certificate trust list. Each member of the list has a
//! tag, the digest of a file (of the whole file, or the Authenticode digest of a PE image) and
//! attributes. Files are covered by their digests; the names in the attributes are not binding.
//! [`Catalog::parse`] reads, [`Catalog::signature`] judges: the signature, the chain of certificates,
//! the time stamp.
//!
//! Reference: Microsoft mscat.h and wintrust.h; RFC 5652; what real catalogues hold
//! (`docs/formats/cat.md`).

mod build;
mod certificate;
mod chain;
mod crypto;
mod der;
mod digest;
mod oid;
mod pins;
mod signed_data;
mod signer;
mod time;
mod time_stamp;
mod trust;
mod verdict;

pub use build::CatalogBuilder;
pub use certificate::Certificate;
pub use chain::{Chain, ChainEnd};
pub use digest::{Digest, FileDigests};
pub use signer::Signer;
pub use time_stamp::{TimeStamp, TimeStampKind};
pub use trust::TrustStore;
pub use verdict::{CatalogSignature, SignatureVerdict};

use crate::error::{Error, Result};
use der::{context, Der, Element, BMP_STRING, INTEGER, OBJECT, OCTET_STRING, SEQUENCE, SET};
use std::collections::HashMap;

/// More than any catalogue in use (those of Windows updates reach some MiB).
pub const SIZE_LIMIT: usize = 64 << 20;
/// Members a catalogue may have; the largest in Windows have some ten thousand.
const MEMBER_LIMIT: usize = 500_000;
/// Attributes of a member or of the catalogue.
const ATTRIBUTE_LIMIT: usize = 65_536;

/// Subject type GUID of PE images, in CAT_MEMBERINFO.
const SUBJECT_IMAGE: &str = "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}";
/// Subject type GUID of cabinets.
const SUBJECT_CABINET: &str = "{C689AABA-8E78-11D0-8C47-00C04FC295EE}";
/// Subject type GUID of flat files.
const SUBJECT_FLAT: &str = "{DE351A42-8E59-11D0-8C47-00C04FC295EE}";

/// What a member's digest is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberKind {
    /// A PE image: the Authenticode digest.
    Image,
    /// The file's bytes.
    Flat,
    /// A cabinet without its signature.
    Cabinet,
    /// Another subject type, by its GUID or object identifier.
    Other(String),
    /// The catalogue does not say.
    Unknown,
}

/// A named text attribute (CAT_NAMEVALUE).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameValue {
    /// Its name: `File`, `OSAttr`, `HWID1`…
    pub name: String,
    /// `CRYPTCAT_ATTR_*`.
    pub flags: u32,
    /// Its value.
    pub value: String,
}

/// A file the catalogue covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The tag that names the member: hexadecimal digits of the digest, as a rule.
    pub tag: String,
    /// The file's digest.
    pub digest: Digest,
    /// What the digest is of.
    pub kind: MemberKind,
    /// Its attributes.
    pub attributes: Vec<NameValue>,
}

impl Member {
    /// The value of an attribute, whatever the case of its name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        attribute(&self.attributes, name)
    }
}

/// A parsed catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    members: Vec<Member>,
    by_digest: HashMap<Digest, usize>,
    attributes: Vec<NameValue>,
    certificates: Vec<Certificate>,
    signers: Vec<Signer>,
    /// The octets of the trust list, without tag and length: what is signed.
    content: Vec<u8>,
}

impl Catalog {
    /// Parses a catalogue.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the offset for bytes that are no catalogue; [`Error::LimitExceeded`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > SIZE_LIMIT {
            return Err(Error::LimitExceeded {
                what: "the size of a security catalogue in bytes",
                limit: u64::try_from(SIZE_LIMIT).unwrap_or(u64::MAX),
                found: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            });
        }
        let signed = signed_data::read(bytes)?;
        if signed.content_type.content != oid::TRUST_LIST {
            let found = format!("object {}", oid::dotted(signed.content_type.content));
            return Err(signed.content_type.error("a certificate trust list (a catalogue)", found));
        }
        if signed.content.tag != SEQUENCE {
            return Err(signed.content.error("the trust list", format!("tag {:#04x}", signed.content.tag)));
        }
        let mut catalog = Self {
            members: Vec::new(),
            by_digest: HashMap::new(),
            attributes: Vec::new(),
            certificates: signed.certificates,
            signers: signed.signers,
            content: signed.content.content.to_vec(),
        };
        catalog.read_list(&signed.content)?;
        Ok(catalog)
    }

    fn read_list(&mut self, list: &Element<'_>) -> Result<()> {
        let mut fields = list.inside();
        fields.optional(INTEGER)?; // version
        let mut usage = fields.expect(SEQUENCE, "the list's usage")?.inside();
        expect_oid(&mut usage, oid::CATALOG_LIST, "the usage 'catalogue'")?;
        fields.expect(OCTET_STRING, "the list's identifier")?;
        fields.optional(INTEGER)?; // sequence number
        fields.next()?; // this update
        let mut algorithm = fields.expect(SEQUENCE, "the members' algorithm")?;
        if algorithm.inside().expect(OBJECT, "the members' algorithm").is_err() {
            algorithm = fields.expect(SEQUENCE, "the members' algorithm")?;
        }
        let kind = algorithm.inside().expect(OBJECT, "the members' algorithm")?;
        if kind.content != oid::CATALOG_MEMBER && kind.content != oid::CATALOG_MEMBER_2 {
            return Err(kind.error("catalogue members", oid::dotted(kind.content)));
        }
        if let Some(members) = fields.optional(SEQUENCE)? {
            let mut members = members.inside();
            while !members.is_empty() {
                let element = members.expect(SEQUENCE, "a member")?;
                if self.members.len() >= MEMBER_LIMIT {
                    return Err(element.error(format!("at most {MEMBER_LIMIT} members"), "more"));
                }
                if let Some(member) = read_member(&element)? {
                    self.by_digest.entry(member.digest).or_insert(self.members.len());
                    self.members.push(member);
                }
            }
        }
        if let Some(extensions) = fields.optional(context(0))? {
            let mut extensions = extensions.inside().expect(SEQUENCE, "the catalogue's attributes")?.inside();
            while !extensions.is_empty() {
                let extension = extensions.expect(SEQUENCE, "an attribute of the catalogue")?;
                let mut fields = extension.inside();
                let kind = fields.expect(OBJECT, "the kind of an attribute")?;
                if kind.content != oid::NAME_VALUE {
                    continue;
                }
                if self.attributes.len() >= ATTRIBUTE_LIMIT {
                    return Err(extension.error(format!("at most {ATTRIBUTE_LIMIT} attributes"), "more"));
                }
                fields.optional(0x01)?; // critical
                let value = fields.expect(OCTET_STRING, "an attribute's value")?;
                self.attributes.push(name_value(&value.inside().expect(SEQUENCE, "a name and a value")?)?);
            }
        }
        Ok(())
    }

    /// The members, in order. Members without a digest this engine knows are left out.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member with that digest.
    pub fn find(&self, digest: &Digest) -> Option<&Member> {
        self.members.get(*self.by_digest.get(digest)?)
    }

    /// The member that covers a file: by SHA-256 before SHA-1, by Authenticode digest before flat.
    pub fn covers(&self, file: &FileDigests) -> Option<&Member> {
        file.all().find_map(|digest| self.find(&digest))
    }

    /// The attributes of the catalogue itself: `OS`, `HWID1`, `Bundle ID`…
    pub fn attributes(&self) -> &[NameValue] {
        &self.attributes
    }

    /// The value of an attribute of the catalogue, whatever the case of its name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        attribute(&self.attributes, name)
    }

    /// The hardware IDs the catalogue was made for (`HWID1`…), in order of appearance.
    pub fn hardware_ids(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().filter_map(|attribute| {
            let digits = attribute.name.strip_prefix("HWID")?;
            digits.parse::<u32>().ok().map(|_| attribute.value.as_str())
        })
    }

    /// The certificates in the catalogue.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The signatures; none in a catalogue that was not signed.
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// Common name of the first signer's certificate: `Microsoft Windows Hardware Compatibility
    /// Publisher`.
    pub fn signer_name(&self) -> Option<&str> {
        self.signers.iter().find_map(|signer| signer.name.as_deref())
    }
}

fn attribute<'a>(attributes: &'a [NameValue], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name));
    found.map(|attribute| attribute.value.as_str())
}

fn expect_oid(fields: &mut Der<'_>, wanted: &[u8], what: &str) -> Result<()> {
    let found = fields.expect(OBJECT, what)?;
    if found.content != wanted {
        return Err(found.error(what, format!("object {}", oid::dotted(found.content))));
    }
    Ok(())
}

/// Reads a member; `None` if its digest is of an algorithm this engine does not know.
fn read_member(element: &Element<'_>) -> Result<Option<Member>> {
    let mut fields = element.inside();
    let identifier = fields.expect(OCTET_STRING, "a member's tag")?;
    let (tag, mut digest) = digest::from_identifier(identifier.content);
    let mut kind = MemberKind::Unknown;
    let mut attributes = Vec::new();
    if let Some(set) = fields.optional(SET)? {
        let mut set = set.inside();
        while !set.is_empty() {
            let attribute = set.expect(SEQUENCE, "an attribute of a member")?;
            let mut parts = attribute.inside();
            let name = parts.expect(OBJECT, "the kind of an attribute")?;
            let mut values = parts.expect(SET, "an attribute's values")?.inside();
            match name.content {
                oid::NAME_VALUE => {
                    while !values.is_empty() {
                        let value = values.expect(SEQUENCE, "a name and a value")?;
                        if attributes.len() >= ATTRIBUTE_LIMIT {
                            return Err(value.error(format!("at most {ATTRIBUTE_LIMIT} attributes"), "more"));
                        }
                        attributes.push(name_value(&value)?);
                    }
                }
                oid::MEMBER_INFO => {
                    let guid = values.expect(SEQUENCE, "a subject type")?.inside();
                    let guid = signer::text(&guid.clone().expect(BMP_STRING, "a subject type's GUID")?);
                    kind = subject_kind(&guid);
                }
                oid::MEMBER_INFO_2 => {
                    let choice = values.next()?;
                    match choice.tag {
                        0x80 => kind = MemberKind::Image,
                        0x81 => kind = MemberKind::Cabinet,
                        0x82 => kind = MemberKind::Flat,
                        other => kind = MemberKind::Other(format!("subject type {other:#04x}")),
                    }
                }
                oid::INDIRECT_DATA => {
                    let mut data = values.expect(SEQUENCE, "an indirect digest")?.inside();
                    let mut about = data.expect(SEQUENCE, "the digest's subject")?.inside();
                    let about = about.expect(OBJECT, "the digest's subject")?;
                    let mut info = data.expect(SEQUENCE, "a digest with its algorithm")?.inside();
                    let algorithm = signer::algorithm(&mut info)?;
                    let value = info.expect(OCTET_STRING, "a digest")?;
                    digest = digest::from_algorithm(algorithm.content, &value)?;
                    if kind == MemberKind::Unknown {
                        kind = match about.content {
                            oid::PE_IMAGE_DATA => MemberKind::Image,
                            oid::CAB_DATA => MemberKind::Flat,
                            other => MemberKind::Other(oid::dotted(other)),
                        };
                    }
                }
                _ => {}
            }
        }
    }
    Ok(digest.map(|digest| Member { tag, digest, kind, attributes }))
}

fn subject_kind(guid: &str) -> MemberKind {
    if guid.eq_ignore_ascii_case(SUBJECT_IMAGE) {
        MemberKind::Image
    } else if guid.eq_ignore_ascii_case(SUBJECT_FLAT) {
        MemberKind::Flat
    } else if guid.eq_ignore_ascii_case(SUBJECT_CABINET) {
        MemberKind::Cabinet
    } else {
        MemberKind::Other(guid.to_owned())
    }
}

/// CAT_NAMEVALUE: the name in BMPString, flags, the value in UTF-16LE.
fn name_value(sequence: &Element<'_>) -> Result<NameValue> {
    let mut fields = sequence.inside();
    let name = signer::text(&fields.expect(BMP_STRING, "an attribute's name")?);
    let flags = fields.expect(INTEGER, "an attribute's flags")?;
    let value = fields.expect(OCTET_STRING, "an attribute's value")?;
    let flags = flags.content.iter().fold(0_u32, |flags, &byte| flags.wrapping_shl(8) | u32::from(byte));
    Ok(NameValue { name, flags, value: signer::utf16le_text(value.content) })
}
