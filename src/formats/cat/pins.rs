//! Microsoft's certificates, known by their thumbprints alone: the roots of its signatures, and the
//! authorities below them that sign drivers, Windows and time stamps.
//!
//! A catalogue carries the certificate that issued its signer's, and not the root. The issuer's thumbprint
//! is then what is compared: SHA-256 over the whole certificate, so the key that signed is the one Microsoft
//! certified; that the root signed the issuer is not proven again. A name or a key identifier that
//! points at a root is no proof and counts for nothing.
//!
//! Reference: roots: Microsoft Trusted Root Program, "List of Participants", and the trust lists of the .NET
//! SDK (`trustedroots/*.pem`). Authorities: taken from catalogues; `tests/cat/verdicts.rs` shows for each
//! that its root's key signed it.

use super::certificate::Certificate;
use crate::formats::bytes::to_hex;

/// SHA-256 of Microsoft's roots.
const ROOTS: &[(&str, &str)] = &[
    ("Microsoft Root Authority", "f38406e540d7a9d90cb4a9479299640ffb6df9e224ecc7a01c0d9558d8dad77d"),
    (
        "Microsoft Root Certificate Authority",
        "885de64c340e3ea70658f01e1145f957fcda27aabeea1ab9faa9fdb0102d4077",
    ),
    (
        "Microsoft Root Certificate Authority 2010",
        "df545bf919a2439c36983b54cdfc903dfa4f37d3996d8d84b4c31eec6f3c163e",
    ),
    (
        "Microsoft Root Certificate Authority 2011",
        "847df6a78497943f27fc72eb93f9a637320a02b561d0a91b09e87a7807ed7c61",
    ),
];

/// SHA-256 of the authorities below them.
const ISSUERS: &[(&str, &str)] = &[
    (
        "Microsoft Windows Third Party Component CA 2012",
        "9d08973e4d108da40a1a0b274180e17371134b4dd1621fa5c1f131b739b4b823",
    ),
    (
        "Microsoft Windows Third Party Component CA 2014",
        "a0f259a07039908eeb943e223fdf996e5e1e131d9aa6a602ff4672f7b9298aee",
    ),
    (
        "Microsoft Windows Production PCA 2011",
        "e8e95f0733a55e8bad7be0a1413ee23c51fcea64b3c8fa6a786935fddcc71961",
    ),
    (
        "Microsoft Windows Verification PCA",
        "ceaebbf07a70db33c5b5f7e7b8560ceba3cfe9a3676a392fe447407b2fe9c5eb",
    ),
    (
        "Microsoft Windows Hardware Compatibility PCA",
        "c255dd781def59db1c3e67bc0e02f1b1c74c32b91a4ed43086f28ce26e5c88ca",
    ),
    (
        "Microsoft Windows Hardware Compatibility PCA",
        "7a983f0dfd0b3025c794f9c218c42d8f0ff98fbd57bfe80cf87bd6f347b42f96",
    ),
    (
        "Microsoft Windows Hardware Compatibility PCA",
        "33250a0a38085fc7f7ec9d2b41d4831cda5cf3173bb2ea156760ede1a80daad1",
    ),
    (
        "Microsoft Windows Hardware Compatibility PCA",
        "a7247a170c07af4f5c3fe669ec36a4dfa2c21d9926859a927a0a43f1137e3b32",
    ),
    (
        "Microsoft Windows Hardware Compatibility",
        "5528a0595b3c464d287f85535b9da59f6f456569a320320d9ec7143b635dbe7e",
    ),
    ("Microsoft Time-Stamp PCA", "4f987bbe4e0d1dcf48fcefc9239ac6e62ee9df38cac2d32993b8533cd95c2e49"),
    ("Microsoft Timestamping PCA", "5d8197fd2e2ca5a4b1106c4fbebfd0bd50fbcaea2979b72c4f2bead320be3082"),
    ("Microsoft Time-Stamp PCA 2010", "86ec118d1ee69670a46e2be29c4b4208be043e36600d4e1dd3f3d515ca119020"),
    ("Microsoft Time-Stamp PCA 2010", "ebec1edd9e140d9c105cc62b15a915c5443ddc514a35e5773c09afb0274c7ba5"),
];

/// Names of the roots that Microsoft signs tests by. Names are enough: such a signature is not trusted.
const TEST_ROOTS: &[&str] = &[
    "Microsoft Test Root Authority",
    "Microsoft Testing Root Certificate Authority 2010",
    "Microsoft Development Root Certificate Authority 2014",
];

fn is_among(certificate: &Certificate, pins: &[(&str, &str)]) -> bool {
    let thumbprint = to_hex(&certificate.sha256());
    pins.iter().any(|(_, pin)| *pin == thumbprint)
}

/// Whether it is a root of Microsoft.
pub(super) fn is_root(certificate: &Certificate) -> bool {
    is_among(certificate, ROOTS)
}

/// Whether it is an authority of Microsoft below a root.
pub(super) fn is_issuer(certificate: &Certificate) -> bool {
    is_among(certificate, ISSUERS)
}

/// Whether a root of that name is one of tests.
pub(super) fn is_test_root(name: &str) -> bool {
    TEST_ROOTS.contains(&name)
}
