//! Whether a package is what its maker signed: the digest of its INF and of every file against the
//! package's catalogue.
//!
//! Digests, the catalogue's signature, its chain and its time stamp are checked; revocation is not, for want
//! of a network. What a kernel asks of embedded signatures is Windows' to say.
//!
//! Reference: docs/formats/driver-store.md, "Signatures"; MicrosoftDocs "Catalog Files and Digital
//! Signatures".

use super::database::SignerScore;
use super::report::DriverSignature;
use super::trust::Trust;
use crate::error::Error;
use crate::formats::cat::{Catalog, CatalogSignature, FileDigests, SignatureVerdict};

/// What the catalogue says of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureCheck {
    /// The result.
    pub signature: DriverSignature,
    /// Name in the signer's certificate.
    pub signer: Option<String>,
    /// The kind of the signature, whether it is trusted or not.
    pub verdict: SignatureVerdict,
    /// What was found, for people: which file is not covered, where the chain ends, when it was signed.
    pub detail: String,
    /// The catalogue's signature with its chain, if every file is covered.
    pub catalog: Option<Box<CatalogSignature>>,
    /// Names of files that the catalogue covers and the package does not use.
    pub unreferenced: Vec<String>,
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
    /// The file has no bytes.
    Empty(String),
    /// The file cannot be read as a catalogue.
    Unreadable(String, Error),
    /// The catalogue.
    Read(String, Box<Catalog>),
}

impl SignatureCheck {
    fn of(signature: DriverSignature, signer: Option<String>, detail: String) -> Self {
        let verdict = match signature {
            DriverSignature::Tampered => SignatureVerdict::Tampered,
            _ => SignatureVerdict::Unsigned,
        };
        Self { signature, signer, verdict, detail, catalog: None, unreferenced: Vec::new() }
    }

    fn unsigned(detail: String) -> Self {
        Self::of(DriverSignature::Unsigned, None, detail)
    }

    fn tampered(signer: Option<String>, detail: String) -> Self {
        Self::of(DriverSignature::Tampered, signer, detail)
    }

    /// The error for a package of which Microsoft's signature is asked; `None` for one that has it.
    pub fn refusal_without_whql(&self) -> Option<Error> {
        match (self.signature, self.verdict) {
            (DriverSignature::Signed, SignatureVerdict::Whql) => None,
            (DriverSignature::Tampered, _) => self.refusal(),
            _ => {
                let reason = format!("only packages that Microsoft signed were asked for; {}", self.detail);
                Some(Error::DriverUnsigned { reason })
            }
        }
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

    /// The signer that the driver database names: only one who is trusted.
    pub fn recorded_signer(&self) -> Option<String> {
        self.signer.clone().filter(|_| self.signature == DriverSignature::Signed)
    }

    /// How much Plug and Play is to trust the package.
    pub fn score(&self) -> SignerScore {
        let of_windows = || self.catalog.as_ref().is_some_and(|catalog| catalog.is_of_windows());
        match (self.signature, self.verdict) {
            (DriverSignature::Signed, SignatureVerdict::Whql) if of_windows() => SignerScore::Inbox,
            (DriverSignature::Signed, SignatureVerdict::Whql) => SignerScore::HardwareCompatibility,
            (DriverSignature::Signed, _) => SignerScore::Authenticode,
            _ => SignerScore::Unsigned,
        }
    }
}

/// Checks a package: its INF first, then the files.
pub fn check(
    inf: &CheckedFile,
    files: &[CheckedFile],
    catalog: &PackageCatalog,
    trust: &Trust,
) -> SignatureCheck {
    let (name, catalog) = match catalog {
        PackageCatalog::NotNamed => {
            return SignatureCheck::unsigned("its INF names no catalogue for this architecture".to_owned())
        }
        PackageCatalog::Missing(name) => {
            return SignatureCheck::unsigned(format!("its catalogue '{name}' is not in the package"))
        }
        PackageCatalog::Unreadable(name, error) => {
            return SignatureCheck::tampered(None, format!("its catalogue '{name}' is damaged: {error}"))
        }
        PackageCatalog::Empty(name) => {
            return SignatureCheck::unsigned(format!("its catalogue '{name}' is empty"))
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
    let found = catalog.signature(&trust.roots, trust.now);
    let signature = match found.verdict {
        SignatureVerdict::Tampered => DriverSignature::Tampered,
        SignatureVerdict::Unsigned => DriverSignature::Unsigned,
        _ if found.is_trusted => DriverSignature::Signed,
        _ if found.is_undecided() => DriverSignature::Unknown,
        _ => DriverSignature::Unsigned,
    };
    let reason = &found.reason;
    let detail = match signature {
        DriverSignature::Signed => {
            format!("every file matches the catalogue '{name}', {reason}; revocation was not checked")
        }
        _ => format!("its catalogue '{name}' is not trusted: {reason}"),
    };
    let verdict = found.verdict;
    let unreferenced = unreferenced(catalog, inf, files);
    SignatureCheck { signature, signer, verdict, detail, catalog: Some(Box::new(found)), unreferenced }
}

/// Names that members have and no file of the package.
fn unreferenced(catalog: &Catalog, inf: &CheckedFile, files: &[CheckedFile]) -> Vec<String> {
    let last = |path: &str| path.rsplit('\\').next().unwrap_or(path).to_lowercase();
    let mut known: std::collections::HashSet<String> = files.iter().map(|file| last(&file.path)).collect();
    known.insert(last(&inf.path));
    let mut names = Vec::new();
    for name in catalog.members().iter().filter_map(|member| member.attribute("File")) {
        if known.insert(last(name)) {
            names.push(name.to_owned());
        }
    }
    names
}

/// Whether a member of the catalogue names the file.
fn is_named(catalog: &Catalog, path: &str) -> bool {
    let file = path.rsplit('\\').next().unwrap_or(path);
    let names = catalog.members().iter().filter_map(|member| member.attribute("File"));
    names.into_iter().any(|name| name.rsplit('\\').next().unwrap_or(name).eq_ignore_ascii_case(file))
}
