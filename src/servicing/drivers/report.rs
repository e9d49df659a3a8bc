//! What driver servicing reports. Serialised (camelCase) these are the documents of the C ABI.

use super::add::plan::PackagePlan;
use super::database::classes::DatabaseHive;
use super::database::SignerScore;
use super::inventory::detail::DriverDetail;
use crate::error::Error;
use crate::formats::cat::SignatureVerdict;
use serde::Serialize;

/// What became of one INF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DriverStatus {
    /// The package is in the image now.
    Added,
    /// The package would go in; nothing was changed.
    Planned,
    /// Windows Setup will install the package: its files are in the image, and a step of the first-boot plan.
    Deferred,
    /// The image had the package before; nothing was changed.
    AlreadyPresent,
    /// The package is not for this image, or the file describes no driver package.
    NotApplicable,
    /// The package could not be added; the error says why.
    Failed,
}

/// What is known of a package's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DriverSignature {
    /// Every file is in the package's catalogue, and a trusted signer signed that; or Windows recorded so.
    Signed,
    /// There is no catalogue, or it does not cover a file, or its signature is not trusted.
    Unsigned,
    /// The INF, or a file that the catalogue names, is not the one that was signed.
    Tampered,
    /// Not examined, or a certificate of the chain is not there, so that trust is not decided.
    Unknown,
}

impl DriverSignature {
    /// What a `SignerScore` in the driver database stands for.
    pub(super) fn recorded(score: Option<u32>) -> Self {
        match score {
            Some(score) if SignerScore::is_signed(score) => Self::Signed,
            Some(_) => Self::Unsigned,
            None => Self::Unknown,
        }
    }
}

/// Two remarks as one.
pub(super) fn joined(first: String, second: String) -> String {
    format!("{first}; {second}")
}

/// What adding one INF did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverReport {
    /// The INF on the host.
    pub path: String,
    /// What became of it.
    pub status: DriverStatus,
    /// The published name, `oemN.inf`.
    pub driver: Option<String>,
    /// The INF's path in the driver store.
    pub original_file_name: Option<String>,
    /// `Provider` of the INF.
    pub provider_name: Option<String>,
    /// Name of the device setup class.
    pub class_name: Option<String>,
    /// Its GUID, with braces, lower case.
    pub class_guid: Option<String>,
    /// `DriverVer`'s version: four numbers.
    pub version: Option<String>,
    /// `DriverVer`'s date (FILETIME).
    pub date: Option<u64>,
    /// The catalogue that the INF names for this architecture.
    pub catalog_file: Option<String>,
    /// What the catalogue says.
    pub driver_signature: DriverSignature,
    /// The kind of the signature, whether it is trusted or not; none for what was not examined.
    pub signature_verdict: Option<SignatureVerdict>,
    /// Who signed it.
    pub signer_name: Option<String>,
    /// The class is one that may be needed to boot.
    pub boot_critical: bool,
    /// Why, for people: what was found, what is not proven.
    pub reason: Option<String>,
    /// Paths of the files that were put into the image, or would be.
    pub files: Vec<String>,
    /// What is known of the package, and what adding it would do: for previews.
    pub plan: Option<Box<PackagePlan>>,
    /// Why the status is [`DriverStatus::Failed`].
    #[serde(skip)]
    pub error: Option<Error>,
}

impl DriverReport {
    /// A report that knows nothing but the INF.
    pub(super) fn new(path: &std::path::Path) -> Self {
        Self {
            path: path.display().to_string(),
            status: DriverStatus::Failed,
            driver: None,
            original_file_name: None,
            provider_name: None,
            class_name: None,
            class_guid: None,
            version: None,
            date: None,
            catalog_file: None,
            driver_signature: DriverSignature::Unknown,
            signature_verdict: None,
            signer_name: None,
            boot_critical: false,
            reason: None,
            files: Vec::new(),
            plan: None,
            error: None,
        }
    }

    /// The package is not for this image.
    pub(super) fn not_applicable(mut self, reason: impl Into<String>) -> Self {
        self.status = DriverStatus::NotApplicable;
        self.reason = Some(reason.into());
        self
    }

    /// The image has the package.
    pub(super) fn present(mut self, published: String, reason: String) -> Self {
        self.status = DriverStatus::AlreadyPresent;
        self.reason = Some(reason);
        self.driver = Some(published);
        self
    }

    /// The package waits for Windows Setup already.
    pub(super) fn waiting(mut self) -> Self {
        self.status = DriverStatus::AlreadyPresent;
        self.reason = Some("Windows Setup will install it: it is in the first-boot plan".to_owned());
        self
    }

    /// The package could not be added.
    pub(super) fn failed(mut self, error: Error) -> Self {
        self.status = DriverStatus::Failed;
        self.reason = Some(error.to_string());
        self.files.clear();
        self.error = Some(error);
        self
    }
}

/// What became of a package that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum RemoveStatus {
    /// It is not in the image any more.
    Removed,
    /// It could not be removed; the error says why.
    Failed,
}

/// What removing one package did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoveReport {
    /// The published name, or what the caller called it if there is no such package.
    pub driver: String,
    /// The INF's path in the driver store.
    pub original_file_name: Option<String>,
    /// `Provider` of the INF.
    pub provider_name: Option<String>,
    /// Name of the device setup class.
    pub class_name: Option<String>,
    /// `DriverVer`'s version: four numbers.
    pub version: Option<String>,
    /// What became of it.
    pub status: RemoveStatus,
    /// Why it failed, or what was left.
    pub reason: Option<String>,
    /// Paths of the files and folders that were removed.
    pub files: Vec<String>,
    /// Why the status is [`RemoveStatus::Failed`].
    #[serde(skip)]
    pub error: Option<Error>,
}

/// What became of a package that was to be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ExportStatus {
    /// Its folder is on the host.
    Exported,
    /// It could not be taken out; the error says why.
    Failed,
}

/// What taking out one package did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// The published name, or what the caller called it if there is no such package.
    pub driver: String,
    /// The INF's path in the driver store.
    pub original_file_name: Option<String>,
    /// What became of it.
    pub status: ExportStatus,
    /// The folder on the host.
    pub host_path: Option<String>,
    /// Files written.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether the INF has the hash that the folder's name in the driver store says.
    pub intact: Option<bool>,
    /// Why it failed, or what is wrong.
    pub reason: Option<String>,
    /// Why the status is [`ExportStatus::Failed`].
    #[serde(skip)]
    pub error: Option<Error>,
}

impl ExportReport {
    /// The package could not be taken out.
    pub(super) fn failed(driver: String, original_file_name: Option<String>, error: Error) -> Self {
        Self {
            driver,
            original_file_name,
            status: ExportStatus::Failed,
            host_path: None,
            files: 0,
            bytes: 0,
            intact: None,
            reason: Some(error.to_string()),
            error: Some(error),
        }
    }
}

/// Where a driver package of an image stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum DriverState {
    /// The driver store has it, and the driver database records it.
    #[default]
    Installed,
    /// Windows Setup will install it: it is a step of the first-boot plan.
    Deferred,
}

/// A driver package of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverInfo {
    /// Where it stands.
    pub state: DriverState,
    /// The published name: `oemN.inf`, or the INF's name for inbox packages.
    pub driver: String,
    /// The INF's path in the driver store.
    pub original_file_name: String,
    /// The package came with Windows.
    pub inbox: bool,
    /// The catalogue's name, if the image records it.
    pub catalog_file: Option<String>,
    /// Name of the device setup class.
    pub class_name: Option<String>,
    /// Its GUID, with braces, lower case.
    pub class_guid: Option<String>,
    /// The class is one that may be needed to boot.
    pub boot_critical: bool,
    /// What the image records of the signature.
    pub driver_signature: DriverSignature,
    /// Who signed it, as the image records it.
    pub signer_name: Option<String>,
    /// `Provider` of the INF.
    pub provider_name: Option<String>,
    /// `DriverVer`'s date (FILETIME).
    pub date: Option<u64>,
    /// `DriverVer`'s version: four numbers.
    pub version: Option<String>,
    /// First number of the version.
    pub major_version: Option<u16>,
    /// Second number of the version.
    pub minor_version: Option<u16>,
    /// Third number of the version.
    pub build: Option<u16>,
    /// Fourth number of the version.
    pub revision: Option<u16>,
    /// The hive that records the package; none if no hive does yet.
    pub hive: Option<DatabaseHive>,
    /// Name of its folder in the driver store.
    #[serde(skip)]
    pub label: String,
    /// What its INF says, if that was asked for.
    #[serde(flatten)]
    pub detail: Option<Box<DriverDetail>>,
}
