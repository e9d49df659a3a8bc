//! An authority of certificates for tests, and signed catalogues: made with OpenSSL, signed by osslsigncode.

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage};
use openssl::x509::{X509Name, X509};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// 2026-08-06.
pub const NOW: u64 = 134_305_344_000_000_000;

static SERIAL: AtomicU32 = AtomicU32::new(1000);

/// The first moment of a year of this century, as seconds since 1970.
fn unix(year: i64) -> i64 {
    let leap_days = (year - 1969) / 4;
    ((year - 1970) * 365 + leap_days) * 86_400
}

/// The same as FILETIME.
pub fn time(year: i64) -> u64 {
    u64::try_from(unix(year) + 11_644_473_600).unwrap() * 10_000_000
}

/// A certificate with its key and those above it but the root.
#[derive(Clone)]
pub struct Issue {
    key: PKey<Private>,
    pub certificate: X509,
    pub issuers: Vec<X509>,
}

/// One that issues others.
pub struct Authority(Issue);

/// A time stamp to be made.
pub struct Stamp<'a> {
    pub signer: &'a Issue,
    pub year: i64,
}

fn issue(name: &str, by: Option<&Issue>, is_authority: bool, usages: &[&str], from: i64, to: i64) -> Issue {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut subject = X509Name::builder().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(SERIAL.fetch_add(1, Ordering::Relaxed)).unwrap();
    builder.set_serial_number(&Asn1Integer::from_bn(&serial).unwrap()).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_issuer_name(by.map_or(&*subject, |by| by.certificate.subject_name())).unwrap();
    builder.set_not_before(&Asn1Time::from_unix(unix(from)).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(unix(to)).unwrap()).unwrap();
    builder.set_pubkey(&key).unwrap();
    if is_authority {
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
    }
    if !usages.is_empty() {
        let mut extension = ExtendedKeyUsage::new();
        extension.critical();
        for usage in usages {
            extension.other(usage);
        }
        builder.append_extension(extension.build().unwrap()).unwrap();
    }
    builder.sign(by.map_or(&key, |by| &by.key), MessageDigest::sha256()).unwrap();
    let issuers = match by {
        Some(by) if by.certificate.issuer_name().try_cmp(by.certificate.subject_name()).unwrap().is_ne() => {
            std::iter::once(by.certificate.clone()).chain(by.issuers.clone()).collect()
        }
        _ => Vec::new(),
    };
    Issue { key, certificate: builder.build(), issuers }
}

impl Authority {
    /// A root.
    pub fn root(name: &str) -> Self {
        Self(issue(name, None, true, &[], 2010, 2040))
    }

    /// A signer nobody vouches for.
    pub fn self_signed(name: &str) -> Issue {
        issue(name, None, false, &["1.3.6.1.5.5.7.3.3"], 2020, 2040)
    }

    /// An authority below this one.
    pub fn authority(&self, name: &str) -> Self {
        Self(issue(name, Some(&self.0), true, &[], 2010, 2040))
    }

    /// A signer with usages and the years of its validity.
    pub fn signer(&self, name: &str, usages: &[&str], from: i64, to: i64) -> Issue {
        issue(name, Some(&self.0), false, usages, from, to)
    }

    pub fn pem(&self) -> Vec<u8> {
        self.0.certificate.to_pem().unwrap()
    }

    pub fn der(&self) -> Vec<u8> {
        self.0.certificate.to_der().unwrap()
    }
}

/// Signs a catalogue; `None`, with a line that says so, if osslsigncode is not there.
pub fn sign(catalog: &[u8], signer: &Issue, stamp: Option<&Stamp<'_>>) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let write = |prefix: &str, issue: &Issue| {
        let mut pem = issue.certificate.to_pem().unwrap();
        issue.issuers.iter().for_each(|issuer| pem.extend(issuer.to_pem().unwrap()));
        std::fs::write(file(&format!("{prefix}.pem")), pem).unwrap();
        let key = issue.key.private_key_to_pem_pkcs8().unwrap();
        std::fs::write(file(&format!("{prefix}.key")), key).unwrap();
    };
    std::fs::write(file("plain.cat"), catalog).unwrap();
    write("signer", signer);
    let mut command = Command::new("osslsigncode");
    command
        .args(["sign", "-h", "sha256", "-certs"])
        .arg(file("signer.pem"))
        .arg("-key")
        .arg(file("signer.key"));
    if let Some(stamp) = stamp {
        write("clock", stamp.signer);
        command.arg("-TSA-certs").arg(file("clock.pem")).arg("-TSA-key").arg(file("clock.key"));
        command.arg("-TSA-time").arg(unix(stamp.year).to_string());
    }
    command.arg("-in").arg(file("plain.cat")).arg("-out").arg(file("signed.cat"));
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED: osslsigncode is not installed");
        return None;
    };
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Some(std::fs::read(file("signed.cat")).unwrap())
}

/// The certificates of a PEM text as PKCS#7 in DER, by openssl.
pub fn p7b(pem: &[u8]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.pem"), folder.path().join("a.p7b"));
    std::fs::write(&from, pem).unwrap();
    let mut command = Command::new("openssl");
    command.args(["crl2pkcs7", "-nocrl", "-outform", "der", "-certfile"]).arg(from).arg("-out").arg(&to);
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED: openssl is not installed");
        return None;
    };
    assert!(output.status.success());
    Some(std::fs::read(to).unwrap())
}
