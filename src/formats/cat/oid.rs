//! The object identifiers of catalogues, as DER content bytes.
//!
//! Reference: Microsoft wintrust.h, mscat.h and wincrypt.h; RFC 5652; RFC 5280; RFC 8017.

/// 1.2.840.113549.1.7.2, PKCS#7 signedData.
pub(super) const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
/// 1.3.6.1.4.1.311.10.1, certificate trust list: what catalogues are by format.
pub(super) const TRUST_LIST: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0A, 0x01];
/// 1.3.6.1.4.1.311.12.1.1, CAT_LIST: the list's usage.
pub(super) const CATALOG_LIST: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0C, 0x01, 0x01];
/// 1.3.6.1.4.1.311.12.1.2, members are named by UTF-16 hexadecimal digits.
pub(super) const CATALOG_MEMBER: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0C, 0x01, 0x02];
/// 1.3.6.1.4.1.311.12.1.3, members are named by their digests.
pub(super) const CATALOG_MEMBER_2: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0C, 0x01, 0x03];
/// 1.3.6.1.4.1.311.12.2.1, CAT_NAMEVALUE.
pub(super) const NAME_VALUE: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0C, 0x02, 0x01];
/// 1.3.6.1.4.1.311.12.2.2, CAT_MEMBERINFO: the subject type's GUID.
pub(super) const MEMBER_INFO: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0C, 0x02, 0x02];
/// 1.3.6.1.4.1.311.12.2.3, CAT_MEMBERINFO2: the subject type as a choice.
pub(super) const MEMBER_INFO_2: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0C, 0x02, 0x03];
/// 1.3.6.1.4.1.311.2.1.4, SPC_INDIRECT_DATA: the digest.
pub(super) const INDIRECT_DATA: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x04];
/// 1.3.6.1.4.1.311.2.1.15, SPC_PE_IMAGE_DATA.
pub(super) const PE_IMAGE_DATA: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x0F];
/// 1.3.6.1.4.1.311.2.1.25, SPC_CAB_DATA, which flat files carry too.
pub(super) const CAB_DATA: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x19];
/// 1.3.14.3.2.26, SHA-1.
pub(super) const SHA1: &[u8] = &[0x2B, 0x0E, 0x03, 0x02, 0x1A];
/// 2.16.840.1.101.3.4.2.1, SHA-256.
pub(super) const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// 2.16.840.1.101.3.4.2.3, SHA-512, which Ed25519 digests by.
pub(super) const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];
/// 2.5.4.3, commonName.
pub(super) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 1.3.101.112, Ed25519.
pub(super) const ED25519: &[u8] = &[0x2B, 0x65, 0x70];

/// 2.5.4.11, organizationalUnitName.
pub(super) const ORGANIZATIONAL_UNIT: &[u8] = &[0x55, 0x04, 0x0B];
/// 2.5.29.37, extKeyUsage.
pub(super) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x25];
/// 2.5.29.14, subjectKeyIdentifier.
pub(super) const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1D, 0x0E];
/// 1.2.840.113549.1.9.3, contentType.
pub(super) const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
/// 1.2.840.113549.1.9.4, messageDigest.
pub(super) const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
/// 1.2.840.113549.1.9.5, signingTime.
pub(super) const SIGNING_TIME: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x05];
/// 1.2.840.113549.1.9.6, counterSignature: the time stamp of old signatures.
pub(super) const COUNTER_SIGNATURE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x06];
/// 1.3.6.1.4.1.311.3.3.1, szOID_RFC3161_counterSign: the time stamp of newer signatures.
pub(super) const RFC3161_TOKEN: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x03, 0x03, 0x01];
/// 1.2.840.113549.1.9.16.1.4, id-ct-TSTInfo.
pub(super) const TIME_STAMP_INFO: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x04];

/// anyExtendedKeyUsage.
pub(super) const ANY_USAGE: &str = "2.5.29.37.0";
/// id-kp-codeSigning.
pub(super) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
/// id-kp-timeStamping.
pub(super) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
/// szOID_WHQL_CRYPTO: drivers that passed the tests of the hardware programme.
pub(super) const WHQL: &str = "1.3.6.1.4.1.311.10.3.5";
/// szOID_ATTEST_WHQL_CRYPTO: drivers that Microsoft signed on their maker's word.
pub(super) const WHQL_ATTESTED: &str = "1.3.6.1.4.1.311.10.3.5.1";
/// szOID_NT5_CRYPTO: components of Windows.
pub(super) const WINDOWS_COMPONENT: &str = "1.3.6.1.4.1.311.10.3.6";
/// szOID_OEM_WHQL_CRYPTO.
pub(super) const WHQL_OEM: &str = "1.3.6.1.4.1.311.10.3.7";
/// szOID_LIFETIME_SIGNING: the signature ends with the certificate, whatever its time stamp.
pub(super) const LIFETIME_SIGNING: &str = "1.3.6.1.4.1.311.10.3.13";

/// An identifier with dots, for messages and reports.
pub(super) fn dotted(bytes: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0_u64;
    for &byte in bytes {
        arc = arc.wrapping_shl(7) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc = arc.saturating_sub(first.saturating_mul(40));
            }
            arcs.push(arc);
            arc = 0;
        }
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}
