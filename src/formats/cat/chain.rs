//! The chain from a signer's certificate to a root, and how far it can be trusted.
//!
//! The chain is built from the certificates inside the signature and the trusted roots, offline: whether
//! a certificate was revoked is not known here.
//!
//! Reference: RFC 5280 §6; Microsoft, "Authenticode Digital Signatures".

use super::certificate::Certificate;
use super::crypto::{self, Fault};
use super::{pins, time, TrustStore};

/// Where a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainEnd {
    /// In a trusted root: a given one, or one of Microsoft's that is in the signature.
    Root,
    /// In an authority of Microsoft that is known by its thumbprint; its root is not there.
    KnownIssuer,
    /// In a root that is not trusted.
    UntrustedRoot,
    /// Before its root: an issuer is not there.
    MissingIssuer,
    /// Nowhere: a certificate is not the one that its issuer signed.
    Altered,
    /// Nowhere, for another reason.
    Broken,
}

/// A chain of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The certificates, the signer's first, as far as the chain could be built.
    pub certificates: Vec<Certificate>,
    /// Where it ends.
    pub end: ChainEnd,
    /// It ends in a root or an authority of Microsoft.
    pub is_microsoft: bool,
    /// All of it was valid at the time it is judged for.
    pub is_in_time: bool,
    /// What was found, for people.
    pub reason: String,
}

impl Chain {
    /// Builds the chain from a certificate as of `at` (FILETIME). `others` are the signature's certificates.
    pub(super) fn build(leaf: &Certificate, others: &[Certificate], store: &TrustStore, at: u64) -> Self {
        let roots: Vec<&Certificate> =
            store.roots().iter().chain(others.iter().filter(|other| pins::is_root(other))).collect();
        let mut anchors = roots.clone();
        anchors.extend(others.iter().filter(|other| pins::is_issuer(other)));
        // A real root first: it proves more than the thumbprint of an issuer does.
        let by_root = Self::follow(leaf, others, &roots, store, at);
        if by_root.ends_well() && by_root.is_in_time || anchors.len() == roots.len() {
            return by_root;
        }
        let by_issuer = Self::follow(leaf, others, &anchors, store, at);
        if by_root.ends_well() && !by_issuer.is_trusted() {
            return by_root;
        }
        by_issuer
    }

    fn follow(
        leaf: &Certificate,
        others: &[Certificate],
        anchors: &[&Certificate],
        store: &TrustStore,
        at: u64,
    ) -> Self {
        let others_der: Vec<&[u8]> = others.iter().map(|other| other.der.as_slice()).collect();
        let anchors_der: Vec<&[u8]> = anchors.iter().map(|anchor| anchor.der.as_slice()).collect();
        let path = |at| crypto::path(&leaf.der, &others_der, &anchors_der, at);
        let mut found = path(Some(at));
        let mut is_in_time = true;
        if let Ok(crypto::Path { fault: Some((Fault::OutOfTime, _)), .. }) = found {
            is_in_time = false;
            found = path(None);
        }
        let path = match found {
            Ok(path) => path,
            Err(error) => return Self::broken(leaf, error.to_string()),
        };
        let known = |der: &Vec<u8>| {
            let known = anchors.iter().copied().chain(others).find(|known| known.der == *der);
            known.cloned().or_else(|| Certificate::parse(der).ok())
        };
        let mut certificates: Vec<Certificate> = path.certificates.iter().filter_map(known).collect();
        if certificates.is_empty() {
            certificates.push(leaf.clone());
        }
        let mut chain = Self {
            certificates,
            end: ChainEnd::Broken,
            is_microsoft: false,
            is_in_time,
            reason: String::new(),
        };
        chain.conclude(path.fault, store, at);
        chain
    }

    /// Says where it ends and why.
    fn conclude(&mut self, fault: Option<(Fault, String)>, store: &TrustStore, at: u64) {
        let Some(last) = self.certificates.last() else { return };
        let (name, issuer) = (last.name().to_owned(), last.issuer.clone().unwrap_or_default());
        let is_root = last.is_self_issued();
        (self.end, self.reason) = match fault {
            Some((Fault::Altered, words)) => {
                (ChainEnd::Altered, format!("a certificate was altered ({words})"))
            }
            Some((Fault::SelfSigned, _)) => {
                (ChainEnd::UntrustedRoot, format!("the chain ends in '{name}', which is not a trusted root"))
            }
            Some((Fault::NoIssuer, _)) if is_root => {
                (ChainEnd::UntrustedRoot, format!("the chain ends in '{name}', which is not a trusted root"))
            }
            Some((Fault::NoIssuer, _)) => {
                let reason = format!("the certificate of '{issuer}', which issued '{name}', is not here");
                (ChainEnd::MissingIssuer, reason)
            }
            Some((Fault::OutOfTime | Fault::Other, words)) => {
                (ChainEnd::Broken, format!("the chain ends at '{name}': {words}"))
            }
            None if is_root || !pins::is_issuer(last) => {
                self.is_microsoft = pins::is_root(last);
                (ChainEnd::Root, format!("the chain ends in the trusted root '{name}'"))
            }
            None => {
                self.is_microsoft = true;
                let reason = format!(
                    "the chain ends in '{name}', an authority of Microsoft known by its SHA-256 thumbprint; \
                     its root '{issuer}' is not here"
                );
                (ChainEnd::KnownIssuer, reason)
            }
        };
        // OpenSSL does not check the signatures of a chain that it cannot complete.
        if matches!(self.end, ChainEnd::UntrustedRoot | ChainEnd::MissingIssuer) {
            let itself = self.certificates.last().filter(|last| last.is_self_issued());
            let issuers = self.certificates.iter().skip(1).chain(itself);
            let altered = |(subject, issuer): &(&Certificate, &Certificate)| {
                !crypto::is_signed_by(&subject.der, &issuer.der)
            };
            if let Some((subject, _)) = self.certificates.iter().zip(issuers).find(altered) {
                let reason = format!("the certificate '{}' is not what its issuer signed", subject.name());
                (self.end, self.reason) = (ChainEnd::Altered, reason);
            }
        }
        if let Some(distrusted) = self.certificates.iter().find(|found| store.is_distrusted(found)) {
            let reason = format!("'{}' is a certificate that the image distrusts", distrusted.name());
            (self.end, self.reason, self.is_microsoft) = (ChainEnd::Broken, reason, false);
        }
        if !self.is_in_time {
            let outside = |found: &&Certificate| at < found.not_before || at > found.not_after;
            if let Some(outside) = self.certificates.iter().find(outside) {
                let (from, to) = (time::text(outside.not_before), time::text(outside.not_after));
                self.reason.push_str(&format!(
                    "; '{}' is valid from {from} to {to} and not at {}",
                    outside.name(),
                    time::text(at)
                ));
            }
        }
    }

    fn broken(leaf: &Certificate, reason: String) -> Self {
        Self {
            certificates: vec![leaf.clone()],
            end: ChainEnd::Broken,
            is_microsoft: false,
            is_in_time: true,
            reason,
        }
    }

    /// Whether it ends in something trusted, whatever the time.
    pub fn ends_well(&self) -> bool {
        matches!(self.end, ChainEnd::Root | ChainEnd::KnownIssuer)
    }

    /// Whether it ends in something trusted and is in time.
    pub fn is_trusted(&self) -> bool {
        self.ends_well() && self.is_in_time
    }

    /// The first certificate whose usages allow none of these.
    pub(super) fn forbids(&self, usages: &[&str]) -> Option<&Certificate> {
        self.certificates.iter().find(|found| !usages.iter().any(|usage| found.allows(usage)))
    }
}
