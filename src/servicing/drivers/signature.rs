//! Whether a package is what its maker signed: the digest of its INF and of every file against the
//! package's catalogue.
//!
//! What is checked: digests, and that the catalogue carries a signature. What is not: the signature's
//! mathematics and the certificate chain, so `Signed` here means "the files are those of a catalogue
//! that names this signer". Windows checks the rest when it loads the driver.
//!
//! Reference: docs/formats/driver-store.md, "Signatures"; MicrosoftDocs "Catalog Files and Digital
//! Signatures".

use super::database::SignerScore;
use super::report::DriverSignature;
use crate::error::Error;
use crate::formats::cat::{Catalog, FileDigests};

/// The signer of Microsoft's hardware programme, whose packages rank above those of their makers.
const HARDWARE_PUBLISHER: &str = "Microsoft Windows Hardware Compatibility Publisher";

/// What the catalogue says of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureCheck {
    /// The result.
    pub signature: DriverSignature,
    /// Name in the signer's certificate.
    pub signer: Option<String>,
    /// What was found, for people: which file is not covered, or what was not checked.
    pub detail: String,
}

/// A file of the package with its digests.
#[derive(Debug, Clone)]
pub struct CheckedFile {
    /// Path in the package.
    pub path: String,
    /// Its digests.
    pub digests: FileDigests,
}

/// The catalogue of a package, as far as there is one.
#[derive(Debug)]
pub enum PackageCatalog {
    /// The INF names none for the architecture.
    NotNamed,
    /// The INF names this file, which is not in the package.
    Missing(String),
    /// The file is no catalogue.
    Unreadable(String, Error),
    /// The catalogue.
    Read(String, Box<Catalog>),
}

impl SignatureCheck {
    fn unsigned(detail: String) -> Self {
        Self { signature: DriverSignature::Unsigned, signer: None, detail }
    }

    fn tampered(signer: Option<String>, detail: String) -> Self {
        Self { signature: DriverSignature::Tampered, signer, detail }
    }

    /// The error for a package that must not be added as it is; `None` for a signed one.
    pub fn refusal(&self) -> Option<Error> {
        match self.signature {
            DriverSignature::Signed => None,
            DriverSignature::Tampered => Some(Error::DriverTampered { reason: self.detail.clone() }),
            DriverSignature::Unsigned | DriverSignature::Unknown => {
                Some(Error::DriverUnsigned { reason: self.detail.clone() })
            }
        }
    }

    /// How much Plug and Play is to trust the package.
    pub fn score(&self) -> SignerScore {
        match (self.signature, self.signer.as_deref()) {
            (DriverSignature::Signed, Some(signer)) if signer == HARDWARE_PUBLISHER => {
                SignerScore::HardwareCompatibility
            }
            (DriverSignature::Signed, _) => SignerScore::Authenticode,
            _ => SignerScore::Unsigned,
        }
    }
}

/// Checks a package: its INF first, then the files.
pub fn check(inf: &CheckedFile, files: &[CheckedFile], catalog: &PackageCatalog) -> SignatureCheck {
    let (name, catalog) = match catalog {
        PackageCatalog::NotNamed => {
            return SignatureCheck::unsigned("its INF names no catalogue for this architecture".to_owned())
        }
        PackageCatalog::Missing(name) => {
            return SignatureCheck::unsigned(format!("its catalogue '{name}' is not in the package"))
        }
        PackageCatalog::Unreadable(name, error) => {
            return SignatureCheck::unsigned(format!("its catalogue '{name}' cannot be read: {error}"))
        }
        PackageCatalog::Read(name, catalog) => (name, catalog),
    };
    let signer = catalog.signer_name().map(str::to_owned);
    if catalog.covers(&inf.digests).is_none() {
        let detail = format!("'{}' is not the file that the catalogue '{name}' covers", inf.path);
        return SignatureCheck::tampered(signer, detail);
    }
    let uncovered: Vec<&CheckedFile> =
        files.iter().filter(|file| catalog.covers(&file.digests).is_none()).collect();
    if let Some(file) = uncovered.iter().find(|file| is_named(catalog, &file.path)) {
        let detail = format!("'{}' is not the file that the catalogue '{name}' covers", file.path);
        return SignatureCheck::tampered(signer, detail);
    }
    if let Some(file) = uncovered.first() {
        let others = match uncovered.len() {
            1 => String::new(),
            count => format!(" (and {} more files)", count.saturating_sub(1)),
        };
        return SignatureCheck::unsigned(format!(
            "'{}'{others} is not covered by the catalogue '{name}'",
            file.path
        ));
    }
    if catalog.signers().is_empty() {
        return SignatureCheck::unsigned(format!("its catalogue '{name}' carries no signature"));
    }
    let by = signer.as_deref().unwrap_or("an unnamed signer");
    let detail = format!("every file matches the catalogue of '{by}'; the certificate chain was not checked");
    SignatureCheck { signature: DriverSignature::Signed, signer, detail }
}

/// Whether a member of the catalogue names the file.
fn is_named(catalog: &Catalog, path: &str) -> bool {
    let file = path.rsplit('\\').next().unwrap_or(path);
    let names = catalog.members().iter().filter_map(|member| member.attribute("File"));
    names.into_iter().any(|name| name.rsplit('\\').next().unwrap_or(name).eq_ignore_ascii_case(file))
}
