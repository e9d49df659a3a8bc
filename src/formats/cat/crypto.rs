//! The one place that calls OpenSSL: digests by name, signatures, chains of certificates.
//!
//! Everything around it, from DER to the verdict, is ours; nothing here decides what is trusted.
//!
//! Reference: OpenSSL 3.0 manual, X509_verify_cert(3), EVP_DigestVerify(3).

use super::time::to_unix;
use crate::error::{Error, Result};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, PKeyRef, Private, Public};
use openssl::rsa::Padding;
use openssl::sign::{Signer, Verifier};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509StoreContext, X509};

/// Certificates in the longest chain that is followed; real ones have up to five.
const DEPTH: i32 = 16;
/// X509_V_ERR_CERT_SIGNATURE_FAILURE.
const SIGNATURE_FAILURE: i32 = 7;
/// X509_V_ERR_CERT_NOT_YET_VALID.
const NOT_YET_VALID: i32 = 9;
/// X509_V_ERR_CERT_HAS_EXPIRED.
const EXPIRED: i32 = 10;
/// X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT and X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN.
const SELF_SIGNED: [i32; 2] = [18, 19];
/// X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT (also _LOCALLY), X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE.
const NO_ISSUER: [i32; 3] = [2, 20, 21];

/// What became of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signature {
    /// The key made it over these bytes.
    Right,
    /// It did not.
    Wrong,
    /// It cannot be checked, and why.
    Unsupported(String),
}

/// Why a chain is not a right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A certificate is not what its issuer signed.
    Altered,
    /// A certificate is outside its validity.
    OutOfTime,
    /// It ends in a certificate that signed itself and is no anchor.
    SelfSigned,
    /// The next issuer is not there.
    NoIssuer,
    /// Something else.
    Other,
}

/// A chain as OpenSSL built it.
#[derive(Debug)]
pub(super) struct Path {
    /// The certificates in DER, the signer's first. Not complete if there is a fault.
    pub(super) certificates: Vec<Vec<u8>>,
    /// What is wrong, and OpenSSL's words for it.
    pub(super) fault: Option<(Fault, String)>,
}

/// The digest algorithm of a dotted object identifier.
fn algorithm(identifier: &str) -> Option<MessageDigest> {
    match identifier {
        "1.2.840.113549.2.5" => Some(MessageDigest::md5()),
        "1.3.14.3.2.26" => Some(MessageDigest::sha1()),
        "2.16.840.1.101.3.4.2.1" => Some(MessageDigest::sha256()),
        "2.16.840.1.101.3.4.2.2" => Some(MessageDigest::sha384()),
        "2.16.840.1.101.3.4.2.3" => Some(MessageDigest::sha512()),
        _ => None,
    }
}

/// The digest of bytes; `None` for an algorithm that is not known.
pub(super) fn digest(identifier: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    openssl::hash::hash(algorithm(identifier)?, bytes).ok().map(|digest| digest.to_vec())
}

/// Checks a signature over `signed` with the key of a certificate.
pub(super) fn verify(
    certificate: &[u8],
    digest: &str,
    scheme: &str,
    signed: &[u8],
    signature: &[u8],
) -> Signature {
    let key = match X509::from_der(certificate).and_then(|certificate| certificate.public_key()) {
        Ok(key) => key,
        // No key made it then, whatever the bytes once were.
        Err(_) => return Signature::Wrong,
    };
    let checked = match key.id() {
        Id::ED25519 | Id::ED448 => Verifier::new_without_digest(&key)
            .and_then(|mut verifier| verifier.verify_oneshot(signature, signed)),
        Id::RSA | Id::EC => {
            if scheme == "1.2.840.113549.1.1.10" {
                return Signature::Unsupported("signatures of RSA-PSS are not checked".to_owned());
            }
            let Some(digest) = algorithm(digest) else {
                return Signature::Unsupported(format!("the digest algorithm {digest} is not known"));
            };
            let standard = Verifier::new(digest, &key).and_then(|mut verifier| {
                if key.id() == Id::RSA {
                    verifier.set_rsa_padding(Padding::PKCS1)?;
                }
                verifier.verify_oneshot(signature, signed)
            });
            match standard {
                Ok(true) => Ok(true),
                _ if key.id() == Id::RSA && [Nid::MD5, Nid::SHA1].contains(&digest.type_()) => {
                    is_bare_digest(&key, digest, signed, signature)
                }
                other => other,
            }
        }
        _ => return Signature::Unsupported(format!("keys of the kind of {scheme} are not known")),
    };
    // An error is one of the signature's form: OpenSSL takes it for wrong, too.
    if checked.unwrap_or(false) {
        Signature::Right
    } else {
        Signature::Wrong
    }
}

/// Whether the signature is the padded digest without the algorithm's name around it: the time stamps of
/// VeriSign until 2010 are so (30 catalogues of public packages), with MD5 and SHA-1.
fn is_bare_digest(
    key: &PKeyRef<Public>,
    digest: MessageDigest,
    signed: &[u8],
    signature: &[u8],
) -> std::result::Result<bool, ErrorStack> {
    let rsa = key.rsa()?;
    let mut recovered = vec![0; usize::try_from(rsa.size()).unwrap_or_default()];
    let length = rsa.public_decrypt(signature, &mut recovered, Padding::PKCS1)?;
    let computed = openssl::hash::hash(digest, signed)?;
    Ok(recovered.get(..length) == Some(&*computed))
}

/// Whether `issuer`'s key signed `certificate`, both in DER.
pub(super) fn is_signed_by(certificate: &[u8], issuer: &[u8]) -> bool {
    let check = || -> std::result::Result<bool, ErrorStack> {
        X509::from_der(certificate)?.verify(X509::from_der(issuer)?.public_key()?.as_ref())
    };
    check().unwrap_or(false)
}

/// Builds the chain from a certificate to one of the anchors, as of `at` (FILETIME); without it, whatever
/// the validities. The anchors may be any certificates, not only roots.
pub(super) fn path(leaf: &[u8], others: &[&[u8]], anchors: &[&[u8]], at: Option<u64>) -> Result<Path> {
    build(leaf, others, anchors, at).map_err(|error| {
        Error::malformed("certificate", "a chain", "certificates that OpenSSL can read", error.to_string())
    })
}

fn build(
    leaf: &[u8],
    others: &[&[u8]],
    anchors: &[&[u8]],
    at: Option<u64>,
) -> std::result::Result<Path, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    for anchor in anchors {
        // One that OpenSSL cannot read is no anchor, and the others still are.
        if let Ok(anchor) = X509::from_der(anchor) {
            store.add_cert(anchor)?;
        }
    }
    let mut parameters = X509VerifyParam::new()?;
    let time = match at {
        Some(_) => X509VerifyFlags::USE_CHECK_TIME,
        None => X509VerifyFlags::NO_CHECK_TIME,
    };
    parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::TRUSTED_FIRST | time)?;
    if let Some(at) = at {
        parameters.set_time(to_unix(at));
    }
    parameters.set_depth(DEPTH);
    store.set_param(&parameters)?;
    let mut untrusted = Stack::new()?;
    for other in others {
        if let Ok(other) = X509::from_der(other) {
            untrusted.push(other)?;
        }
    }
    let leaf = X509::from_der(leaf)?;
    X509StoreContext::new()?.init(&store.build(), &leaf, &untrusted, |context| {
        let right = context.verify_cert()?;
        let mut certificates = Vec::new();
        if let Some(chain) = context.chain() {
            for certificate in chain {
                certificates.push(certificate.to_der()?);
            }
        }
        let error = context.error();
        let fault = match error.as_raw() {
            _ if right => None,
            SIGNATURE_FAILURE => Some(Fault::Altered),
            NOT_YET_VALID | EXPIRED => Some(Fault::OutOfTime),
            code if SELF_SIGNED.contains(&code) => Some(Fault::SelfSigned),
            code if NO_ISSUER.contains(&code) => Some(Fault::NoIssuer),
            _ => Some(Fault::Other),
        };
        Ok(Path { certificates, fault: fault.map(|fault| (fault, error.error_string().to_owned())) })
    })
}

/// The blocks of a PEM text with that label, decoded; blocks that are no base64 are left out.
pub(super) fn pem_blocks(text: &str, label: &str) -> Vec<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let blocks = text.split(begin.as_str()).skip(1).filter_map(|rest| rest.split(end.as_str()).next());
    blocks
        .filter_map(|block| {
            let digits: String = block.split_ascii_whitespace().collect();
            openssl::base64::decode_block(&digits).ok()
        })
        .collect()
}

/// The key of sample catalogues. It stands here for everyone to read, so what it signs proves nothing.
fn sample_key() -> std::result::Result<PKey<Private>, ErrorStack> {
    PKey::private_key_from_raw_bytes(b"A key of samples proves nothing.", Id::ED25519)
}

/// The public half of the samples' key: 32 bytes of Ed25519.
pub(super) fn sample_public_key() -> Option<Vec<u8>> {
    sample_key().and_then(|key| key.raw_public_key()).ok()
}

/// Signs with the samples' key: 64 bytes.
pub(super) fn sample_signature(bytes: &[u8]) -> Option<Vec<u8>> {
    let key = sample_key().ok()?;
    Signer::new_without_digest(&key).and_then(|mut signer| signer.sign_oneshot_to_vec(bytes)).ok()
}
