//! Time stamps: when a signature was made, by the word of an authority and not of the signer.
//!
//! Reference: RFC 3161 §2.4.2; RFC 5652 §11.4 (counterSignature); Microsoft, "Authenticode Digital
//! Signatures" (which of a signature's values each is over).

use super::chain::Chain;
use super::crypto::{self, Signature};
use super::der::{Der, INTEGER, OBJECT, OCTET_STRING, SEQUENCE};
use super::signer::{self, Signer};
use super::{oid, signed_data, time, Certificate, TrustStore};
use crate::error::Result;

/// The form of a time stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeStampKind {
    /// A token of RFC 3161.
    Rfc3161,
    /// A PKCS#9 counter signature.
    CounterSignature,
}

/// A time stamp whose signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStamp {
    /// Its form.
    pub kind: TimeStampKind,
    /// When the signature was there (FILETIME).
    pub time: u64,
    /// The chain of the authority, judged at that time.
    pub chain: Chain,
    /// The time counts: the chain is trusted, and its certificates are for time stamps.
    pub is_trusted: bool,
    /// What was found, for people.
    pub reason: String,
}

/// Checks the time stamps of a signature. The first trusted one counts, else the first; `Err`: one is not
/// over this signature, or was altered.
pub(super) fn of(
    signer: &Signer,
    certificates: &[Certificate],
    store: &TrustStore,
) -> std::result::Result<Option<TimeStamp>, String> {
    let tokens = signer.tokens.iter().map(|token| rfc3161(token, signer, store));
    let old =
        signer.counter_signatures.iter().map(|info| counter_signature(info, signer, certificates, store));
    let mut best: Option<TimeStamp> = None;
    for found in tokens.chain(old) {
        let stamp = match found {
            Ok(stamp) => stamp?,
            Err(error) => return Err(format!("its time stamp cannot be read: {error}")),
        };
        if best.as_ref().is_none_or(|best| stamp.is_trusted && !best.is_trusted) {
            best = Some(stamp);
        }
    }
    Ok(best)
}

type Checked = Result<std::result::Result<TimeStamp, String>>;

fn rfc3161(token: &[u8], stamped: &Signer, store: &TrustStore) -> Checked {
    let signed = signed_data::read(token)?;
    if signed.content_type.content != oid::TIME_STAMP_INFO || signed.content.tag != OCTET_STRING {
        return Err(signed.content_type.error("a time stamp", oid::dotted(signed.content_type.content)));
    }
    let mut info = Der::new(signed.content.content).expect(SEQUENCE, "a time stamp")?.inside();
    info.expect(INTEGER, "the version of a time stamp")?;
    info.expect(OBJECT, "the policy of a time stamp")?;
    let mut imprint = info.expect(SEQUENCE, "what is stamped")?.inside();
    let algorithm = oid::dotted(signer::algorithm(&mut imprint)?.content);
    let imprint = imprint.expect(OCTET_STRING, "the digest of what is stamped")?;
    info.expect(INTEGER, "the serial number of a time stamp")?;
    let time = time::read(&info.next()?)?;
    if crypto::digest(&algorithm, &stamped.signature).as_deref() != Some(imprint.content) {
        return Ok(Err("its time stamp is of another signature".to_owned()));
    }
    let Some(authority) = signed.signers.first() else {
        return Ok(Err("its time stamp is not signed".to_owned()));
    };
    let content = (signed.content.content, Some(oid::TIME_STAMP_INFO));
    Ok(judge(TimeStampKind::Rfc3161, time, authority, &signed.certificates, content, store))
}

fn counter_signature(
    info: &[u8],
    stamped: &Signer,
    certificates: &[Certificate],
    store: &TrustStore,
) -> Checked {
    let element = Der::new(info).expect(SEQUENCE, "a counter signature")?;
    let authority = signer::signer(&element, certificates)?;
    let Some(time) = authority.attributes.as_ref().and_then(|attributes| attributes.signing_time) else {
        return Ok(Err("its time stamp has no time".to_owned()));
    };
    let content = (stamped.signature.as_slice(), None);
    Ok(judge(TimeStampKind::CounterSignature, time, &authority, certificates, content, store))
}

fn judge(
    kind: TimeStampKind,
    time: u64,
    authority: &Signer,
    certificates: &[Certificate],
    (content, content_type): (&[u8], Option<&[u8]>),
    store: &TrustStore,
) -> std::result::Result<TimeStamp, String> {
    let Some(certificate) = authority.certificate.and_then(|place| certificates.get(place)) else {
        return Err("the certificate of its time stamp is not there".to_owned());
    };
    let (right, unsupported) = match signed_data::check(authority, certificate, content, content_type) {
        Signature::Right => (true, None),
        Signature::Unsupported(reason) => (false, Some(reason)),
        Signature::Wrong => return Err("its time stamp was altered".to_owned()),
    };
    let chain = Chain::build(certificate, certificates, store, time);
    let forbidding = chain.forbids(&[oid::TIME_STAMPING]).or_else(|| {
        // RFC 3161 §2.3: an authority's certificate says that it is for time stamps.
        (certificate.usages.is_none()).then_some(certificate)
    });
    let stamped = format!("time-stamped by '{}' at {}", certificate.name(), time::text(time));
    let reason = match (unsupported, forbidding) {
        (Some(reason), _) => format!("{stamped}, which cannot be checked: {reason}"),
        (None, Some(wrong)) => format!("{stamped}; '{}' is not for time stamps", wrong.name()),
        (None, None) if chain.is_trusted() => stamped,
        (None, None) => format!("{stamped}, which is not trusted: {}", chain.reason),
    };
    let is_trusted = right && forbidding.is_none() && chain.is_trusted();
    Ok(TimeStamp { kind, time, is_trusted, reason, chain })
}
