//! Whether a package is what its maker signed: the digest of its INF and of every file against the
//! package's catalogue.
//!
//! Digests, the catalogue's signature, its chain and its time stamp are checked; revocation is not, for want
//! of a network. What a kernel asks of embedded signatures is Windows' to say.
//!
//! Reference: docs/formats/driver-store.md, "Signatures"; MicrosoftDocs "Catalog Files and Digital
//! Signatures".

use super::trust::Trust;
use crate::error::Error;
use crate::formats::cat::{Catalog, CatalogSignature, FileDigests, SignatureVerdict};
use crate::servicing::drivers::database::SignerScore;
use crate::servicing::drivers::report::DriverSignature;

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
    /// The INF, then the files, and whether the catalogue covers each.
    pub files: Vec<FileCheck>,
}

/// What the catalogue says of one file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FileCheck {
    /// Path in the package.
    pub file: String,
    /// The result.
    pub coverage: Coverage,
}

/// Whether a catalogue covers a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Coverage {
    /// The file is the one that was signed.
    Covered,
    /// The catalogue does not know the file, or there is none.
    NotCovered,
    /// The catalogue names the file, and has the digest of another one.
    Different,
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
        let (unreferenced, files) = (Vec::new(), Vec::new());
        Self { signature, signer, verdict, detail, catalog: None, unreferenced, files }
    }

    /// Nothing signs the package, for that reason.
    pub(in crate::servicing::drivers) fn unsigned(detail: String) -> Self {
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
    let coverage = |file: &CheckedFile| match catalog {
        PackageCatalog::Read(_, catalog) if catalog.covers(&file.digests).is_some() => Coverage::Covered,
        // An INF is what its catalogue is made for.
        PackageCatalog::Read(_, catalog) if std::ptr::eq(file, inf) || is_named(catalog, &file.path) => {
            Coverage::Different
        }
        _ => Coverage::NotCovered,
    };
    let check = |file: &CheckedFile| FileCheck { file: file.path.clone(), coverage: coverage(file) };
    let checked: Vec<FileCheck> = std::iter::once(inf).chain(files).map(check).collect();
    let found = judge(&checked, catalog, trust);
    SignatureCheck { files: checked, ..found }
}

fn judge(files: &[FileCheck], catalog: &PackageCatalog, trust: &Trust) -> SignatureCheck {
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
    if let Some(FileCheck { file, .. }) = files.iter().find(|file| file.coverage == Coverage::Different) {
        let detail = format!("'{file}' is not the file that the catalogue '{name}' covers");
        return SignatureCheck::tampered(signer, detail);
    }
    let mut uncovered = files.iter().filter(|file| file.coverage == Coverage::NotCovered);
    if let Some(FileCheck { file, .. }) = uncovered.next() {
        let others = match uncovered.count() {
            0 => String::new(),
            count => format!(" (and {count} more files)"),
        };
        let detail = format!("'{file}'{others} is not covered by the catalogue '{name}'");
        return SignatureCheck::unsigned(detail);
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
    let unreferenced = unreferenced(catalog, files);
    let (catalog, files) = (Some(Box::new(found)), Vec::new());
    SignatureCheck { signature, signer, verdict, detail, catalog, unreferenced, files }
}

/// Names that members have and no file of the package.
fn unreferenced(catalog: &Catalog, files: &[FileCheck]) -> Vec<String> {
    let last = |path: &str| path.rsplit('\\').next().unwrap_or(path).to_lowercase();
    let mut known: std::collections::HashSet<String> = files.iter().map(|file| last(&file.file)).collect();
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
