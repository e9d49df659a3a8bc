//! What a catalogue's signature is worth.
//!
//! The kind of a signature ([`SignatureVerdict`]) is one thing, whether it is trusted another: a driver of
//! the hardware programme whose certificate expired without a time stamp is `Whql` and not trusted.
//!
//! Reference: Microsoft, "Authenticode Digital Signatures"; wincrypt.h (szOID_WHQL_CRYPTO and its kin);
//! docs/formats/cat.md.

use super::chain::{Chain, ChainEnd};
use super::crypto::Signature;
use super::time_stamp::{self, TimeStamp};
use super::{crypto, oid, pins, signed_data, time, Catalog, Certificate, TrustStore};
use serde::Serialize;

/// The usages that only Microsoft's own signers of drivers and of Windows have.
const MICROSOFT_USAGES: [&str; 4] = [oid::WHQL, oid::WHQL_ATTESTED, oid::WINDOWS_COMPONENT, oid::WHQL_OEM];
/// How the certificates begin that the driver kit makes for a developer.
const TEST_CERTIFICATE: &str = "WDKTestCert";

/// The kind of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum SignatureVerdict {
    /// By Microsoft, for drivers or components of Windows: the chain is proven to end in a certificate of
    /// Microsoft, and the usages say so.
    Whql,
    /// By its maker, with a certificate of an authority.
    Authenticode,
    /// With a certificate for tests.
    TestSigned,
    /// With a certificate that nobody else vouches for.
    SelfSigned,
    /// There is no signature, or it does not cover the package.
    Unsigned,
    /// Something is not what was signed.
    Tampered,
}

/// What was found of a catalogue's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogSignature {
    /// The kind.
    pub verdict: SignatureVerdict,
    /// The chain ends in a trusted root, in time, and allows the signing of code.
    pub is_trusted: bool,
    /// Why, for people.
    pub reason: String,
    /// Common name of the signer.
    pub signer: Option<String>,
    /// The chain of the signer's certificate; none if there is nothing to build it from.
    pub chain: Option<Chain>,
    /// When it was signed, if an authority says so.
    pub time_stamp: Option<TimeStamp>,
}

impl CatalogSignature {
    fn of(verdict: SignatureVerdict, signer: Option<String>, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { verdict, is_trusted: false, reason, signer, chain: None, time_stamp: None }
    }

    /// Whether Microsoft signed it as a component of Windows.
    pub fn is_of_windows(&self) -> bool {
        let signer = self.chain.as_ref().and_then(|chain| chain.certificates.first());
        self.verdict == SignatureVerdict::Whql
            && signer.is_some_and(|signer| signer.allows(oid::WINDOWS_COMPONENT))
    }

    /// Whether the chain lacks a certificate, so that trust can be neither shown nor denied.
    pub fn is_undecided(&self) -> bool {
        self.verdict == SignatureVerdict::Authenticode
            && self.chain.as_ref().is_some_and(|chain| chain.end == ChainEnd::MissingIssuer)
    }
}

impl Catalog {
    /// Judges the catalogue's first signature, as of its time stamp, or of `now` (FILETIME) if it has none
    /// that is trusted. Offline: revocation is not looked at.
    pub fn signature(&self, store: &TrustStore, now: u64) -> CatalogSignature {
        use SignatureVerdict::{Tampered, Unsigned};
        let Some(signer) = self.signers.first() else {
            return CatalogSignature::of(Unsigned, None, "the catalogue carries no signature");
        };
        let name = signer.name.clone();
        let Some(certificate) = signer.certificate.and_then(|place| self.certificates.get(place)) else {
            return CatalogSignature::of(
                Tampered,
                name,
                "the certificate of its signer is not in the catalogue",
            );
        };
        match signed_data::check(signer, certificate, &self.content, Some(oid::TRUST_LIST)) {
            Signature::Right => {}
            Signature::Wrong => {
                return CatalogSignature::of(Tampered, name, "the catalogue is not what its signer signed");
            }
            Signature::Unsupported(reason) => {
                let reason = format!("its signature cannot be checked: {reason}");
                return CatalogSignature::of(Unsigned, name, reason);
            }
        }
        let time_stamp = match time_stamp::of(signer, &self.certificates, store) {
            Ok(time_stamp) => time_stamp,
            Err(reason) => return CatalogSignature::of(Tampered, name, reason),
        };
        let stamped = time_stamp.as_ref().filter(|stamp| stamp.is_trusted).map(|stamp| stamp.time);
        // A lifetime signer's signature ends with its certificate, whenever it was made.
        let is_lifetime =
            certificate.usages.as_ref().is_some_and(|_| certificate.allows(oid::LIFETIME_SIGNING))
                && !certificate.allows(oid::ANY_USAGE);
        let at = stamped.filter(|_| !is_lifetime).unwrap_or(now);
        let chain = Chain::build(certificate, &self.certificates, store, at);
        if chain.end == ChainEnd::Altered {
            let mut found = CatalogSignature::of(Tampered, name, chain.reason.clone());
            found.chain = Some(chain);
            return found;
        }
        conclude(name, certificate, chain, time_stamp, at)
    }
}

fn conclude(
    signer: Option<String>,
    certificate: &Certificate,
    chain: Chain,
    time_stamp: Option<TimeStamp>,
    at: u64,
) -> CatalogSignature {
    let verdict = kind(certificate, &chain);
    let mut usages = vec![oid::CODE_SIGNING];
    if verdict == SignatureVerdict::Whql {
        usages.extend(MICROSOFT_USAGES);
    }
    let forbidding = chain.forbids(&usages).map(|found| found.name().to_owned());
    let is_trusted = chain.is_trusted() && forbidding.is_none();
    let by = certificate.name();
    let mut reason = match verdict {
        SignatureVerdict::Whql if certificate.allows(oid::WINDOWS_COMPONENT) => {
            format!("signed by '{by}' as a component of Windows")
        }
        SignatureVerdict::Whql if certificate.allows(oid::WHQL_ATTESTED) => {
            format!("signed by '{by}' of the hardware programme, by attestation")
        }
        SignatureVerdict::Whql => format!("signed by '{by}' of the hardware programme"),
        SignatureVerdict::TestSigned => format!("signed for tests by '{by}'"),
        SignatureVerdict::SelfSigned => format!("signed by '{by}', for whom nobody vouches"),
        _ => format!("signed by '{by}'"),
    };
    reason.push_str(&format!("; {}", chain.reason));
    if let Some(wrong) = forbidding {
        reason.push_str(&format!("; '{wrong}' is not for signing code"));
    }
    match &time_stamp {
        Some(stamp) => reason.push_str(&format!("; {}", stamp.reason)),
        None => reason.push_str(&format!("; not time-stamped, judged as of {}", time::text(at))),
    }
    CatalogSignature { verdict, is_trusted, reason, signer, chain: Some(chain), time_stamp }
}

fn kind(certificate: &Certificate, chain: &Chain) -> SignatureVerdict {
    let names_usage = |usage: &&str| certificate.usages.is_some() && certificate.allows(usage);
    if chain.is_microsoft && MICROSOFT_USAGES.iter().any(names_usage) {
        return SignatureVerdict::Whql;
    }
    let is_test_root = |found: &Certificate| {
        [&found.subject, &found.issuer].into_iter().flatten().any(|name| pins::is_test_root(name))
    };
    let is_test =
        certificate.name().starts_with(TEST_CERTIFICATE) || chain.certificates.iter().any(is_test_root);
    if is_test && !chain.is_microsoft {
        return SignatureVerdict::TestSigned;
    }
    if certificate.is_self_issued() && crypto::is_signed_by(&certificate.der, &certificate.der) {
        return SignatureVerdict::SelfSigned;
    }
    SignatureVerdict::Authenticode
}
