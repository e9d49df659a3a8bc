//! Making catalogues: well-formed, unsigned or signed by a key that proves nothing, as `New-FileCatalog` makes them.
//!
//! For sample packages and tests. Windows does not trust such a catalogue before it is signed.
//!
//! Reference: as in the module; attribute order and flags as in real catalogues.

use super::der::{context, BMP_STRING, INTEGER, OBJECT, OCTET_STRING, SEQUENCE, SET};
use super::{crypto, oid, FileDigests};

/// `CRYPTCAT_ATTR_AUTHENTICATED | NAMEASCII | DATAASCII`, what real catalogues have.
const ATTRIBUTE_FLAGS: [u8; 4] = [0x10, 0x01, 0x00, 0x01];
/// A time for `thisUpdate`, so that the same files make the same catalogue.
const THIS_UPDATE: &[u8] = b"200101000000Z";
const UTC_TIME: u8 = 0x17;
const NULL: u8 = 0x05;
const BIT_STRING: u8 = 0x03;
const UTF8_STRING: u8 = 0x0C;

/// Collects files and encodes the catalogue.
#[derive(Debug, Clone, Default)]
pub struct CatalogBuilder {
    members: Vec<Vec<u8>>,
    attributes: Vec<(String, String)>,
    signer: Option<String>,
}

impl CatalogBuilder {
    /// An empty catalogue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file: its SHA-256 digest, of the image if it is a PE image. `name` is only a remark.
    #[must_use]
    pub fn file(mut self, name: &str, bytes: &[u8]) -> Self {
        let digests = FileDigests::of(bytes);
        let (digest, is_image) = match digests.image {
            Some(image) => (image.sha256, true),
            None => (digests.flat_sha256, false),
        };
        let choice = if is_image { 0x80 } else { 0x82 };
        let subject = if is_image {
            // SpcPeImageData: no flags, an empty file name.
            let file = element(context(0), &element(context(2), &element(0x80, &[])));
            let data = element(SEQUENCE, &[element(0x03, &[0]), file].concat());
            element(SEQUENCE, &[element(OBJECT, oid::PE_IMAGE_DATA), data].concat())
        } else {
            let link = element(context(2), &element(0x80, &[]));
            element(SEQUENCE, &[element(OBJECT, oid::CAB_DATA), link].concat())
        };
        let algorithm = element(SEQUENCE, &[element(OBJECT, oid::SHA256), element(NULL, &[])].concat());
        let info = element(SEQUENCE, &[algorithm, element(OCTET_STRING, &digest)].concat());
        let attributes = [
            attribute(oid::MEMBER_INFO_2, &element(choice, &[])),
            attribute(oid::NAME_VALUE, &name_value("File", name)),
            attribute(oid::INDIRECT_DATA, &element(SEQUENCE, &[subject, info].concat())),
        ];
        let member = [element(OCTET_STRING, &digest), element(SET, &attributes.concat())].concat();
        self.members.push(element(SEQUENCE, &member));
        self
    }

    /// Adds an attribute of the catalogue: `OS`, `HWID1`…
    #[must_use]
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Signs the catalogue as `name`, with a key that everyone can read in the sources of this engine: a
    /// right signature that proves nothing. Trusted only where [`Self::sample_certificate`] is a root.
    #[must_use]
    pub fn sample_signer(mut self, name: &str) -> Self {
        self.signer = Some(name.to_owned());
        self
    }

    /// The certificate, in DER, of what [`Self::sample_signer`] signs.
    pub fn sample_certificate(name: &str) -> Vec<u8> {
        certificate(name)
    }

    /// The catalogue's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let algorithm = [element(OBJECT, oid::CATALOG_MEMBER_2), element(NULL, &[])].concat();
        let mut list = vec![
            element(SEQUENCE, &element(OBJECT, oid::CATALOG_LIST)),
            element(OCTET_STRING, &[0; 16]),
            element(UTC_TIME, THIS_UPDATE),
            element(SEQUENCE, &algorithm),
            element(SEQUENCE, &self.members.concat()),
        ];
        if !self.attributes.is_empty() {
            let extensions: Vec<Vec<u8>> = self
                .attributes
                .iter()
                .map(|(name, value)| {
                    let value = element(OCTET_STRING, &name_value(name, value));
                    element(SEQUENCE, &[element(OBJECT, oid::NAME_VALUE), value].concat())
                })
                .collect();
            list.push(element(context(0), &element(SEQUENCE, &extensions.concat())));
        }
        let list = list.concat();
        let (certificates, signers) = match &self.signer {
            Some(name) => (element(context(0), &certificate(name)), signer(name, &list)),
            None => (Vec::new(), Vec::new()),
        };
        let list = element(context(0), &element(SEQUENCE, &list));
        let content = element(SEQUENCE, &[element(OBJECT, oid::TRUST_LIST), list].concat());
        let signers = element(SET, &signers);
        let signed = [element(INTEGER, &[1]), element(SET, &[]), content, certificates, signers].concat();
        let signed = element(context(0), &element(SEQUENCE, &signed));
        element(SEQUENCE, &[element(OBJECT, oid::SIGNED_DATA), signed].concat())
    }
}

/// Serial number of the samples' certificate.
const SERIAL: &[u8] = &[1];
/// How long the samples' certificate is valid.
const VALIDITY: [&[u8]; 2] = [b"200101000000Z", b"491231235959Z"];

/// A distinguished name of one common name.
fn distinguished_name(name: &str) -> Vec<u8> {
    let common_name = [element(OBJECT, oid::COMMON_NAME), element(UTF8_STRING, name.as_bytes())].concat();
    element(SEQUENCE, &element(SET, &element(SEQUENCE, &common_name)))
}

/// A bit string of whole bytes.
fn bits(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes].concat())
}

/// A certificate that `name` issues to itself, of the samples' key.
fn certificate(name: &str) -> Vec<u8> {
    let algorithm = element(SEQUENCE, &element(OBJECT, oid::ED25519));
    let key = crypto::sample_public_key().unwrap_or_default();
    let content = [
        element(INTEGER, SERIAL),
        algorithm.clone(),
        distinguished_name(name),
        element(SEQUENCE, &VALIDITY.map(|time| element(UTC_TIME, time)).concat()),
        distinguished_name(name),
        element(SEQUENCE, &[algorithm.clone(), bits(&key)].concat()),
    ];
    let content = element(SEQUENCE, &content.concat());
    let signature = bits(&crypto::sample_signature(&content).unwrap_or_default());
    element(SEQUENCE, &[content, algorithm, signature].concat())
}

/// The signer info for [`certificate`], without signed attributes: over the content itself.
fn signer(name: &str, content: &[u8]) -> Vec<u8> {
    let id = element(SEQUENCE, &[distinguished_name(name), element(INTEGER, SERIAL)].concat());
    let digest = element(SEQUENCE, &element(OBJECT, oid::SHA512));
    let algorithm = element(SEQUENCE, &element(OBJECT, oid::ED25519));
    let signature = crypto::sample_signature(content).unwrap_or_default();
    let parts = [element(INTEGER, &[1]), id, digest, algorithm, element(OCTET_STRING, &signature)];
    element(SEQUENCE, &parts.concat())
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[element(OBJECT, kind), element(SET, value)].concat())
}

fn name_value(name: &str, value: &str) -> Vec<u8> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let value: Vec<u8> = value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let fields =
        [element(BMP_STRING, &name), element(INTEGER, &ATTRIBUTE_FLAGS), element(OCTET_STRING, &value)];
    element(SEQUENCE, &fields.concat())
}

/// Tag, length and content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let length: Vec<u8> =
                content.len().to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
            bytes.push(0x80 | u8::try_from(length.len()).unwrap_or(0x7F));
            bytes.extend(length);
        }
    }
    bytes.extend(content);
    bytes
}
