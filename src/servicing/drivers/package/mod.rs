//! A driver package on the host: its INF, what of it is for an image, its files and its signature.

pub(super) mod contents;
pub(super) mod find;
pub(super) mod nominal;
pub mod signature;
pub mod trust;

use super::boot_start::{BootCritical, BootStart, DriverSections};
use super::database::classes;
use super::database::device_ids::DeviceIds;
use super::database::traits::Traits;
use crate::error::{Error, InFile, Result};
use crate::formats::cat::{Catalog, FileDigests};
use crate::formats::inf::{
    self, Applicability, DriverVer, Environment, Evaluation, Guid, IncludedInf, Inf, ParseOptions,
    SourceFile, Target, Version,
};
use crate::image::folder::{self, HostEntry, HostKind};
use signature::{CheckedFile, PackageCatalog, SignatureCheck};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use trust::Trust;

/// Largest file of a package: each is held in memory while its digests are made.
const FILE_LIMIT: u64 = 2 << 30;

/// An INF that was read, before anything is known of its package.
#[derive(Debug)]
pub struct PackageInf {
    /// The file on the host.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The parsed INF.
    pub inf: Inf,
    /// Its `[Version]` section.
    pub version: Version,
}

/// A file of a package.
#[derive(Debug, Clone)]
pub struct PackageFile {
    /// Path in the package, `\` between components.
    pub path: String,
    /// The file on the host.
    pub host: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Its digests.
    pub digests: FileDigests,
}

/// A package as far as it is for an image.
#[derive(Debug)]
pub struct Package {
    /// Store folder name.
    pub label: String,
    /// Device setup class.
    pub class_guid: Guid,
    /// `DriverVer`; zeros if the INF has none.
    pub driver_ver: DriverVer,
    /// `Provider`.
    pub provider: String,
    /// The files besides the INF and the catalogue.
    pub files: Vec<PackageFile>,
    /// The catalogue, if it is in the package.
    pub catalog: Option<PackageFile>,
    /// What the catalogue says.
    pub signature: SignatureCheck,
    /// The devices it is for.
    pub device_ids: DeviceIds,
    /// What it asks of Windows besides its driver.
    pub traits: Traits,
    /// The part that starts at boot, or is treated so.
    pub boot_start: Option<BootStart>,
    /// A driver of it starts at boot, as the INF says.
    pub starts_at_boot: bool,
    /// The INFs beside its own that it brings along, as `CopyINF` names them.
    pub copy_infs: Vec<String>,
    /// It has no devices: it is installed by name, not by Plug and Play.
    pub is_primitive: bool,
}

impl PackageInf {
    /// Reads and parses an INF, with its English or neutral strings. `Ok(Err(reason))`: the file is no INF
    /// of a driver.
    pub fn read(path: &Path) -> Result<std::result::Result<Self, String>> {
        Self::read_with(path, &ParseOptions::default())
    }

    /// As [`read`](Self::read), with the text it has in an image.
    pub fn read_with(path: &Path, text: &ParseOptions) -> Result<std::result::Result<Self, String>> {
        let shown = path.display().to_string();
        let limit = u64::try_from(inf::SIZE_LIMIT).unwrap_or(u64::MAX);
        let bytes = folder::read(path, limit)?;
        let inf = Inf::parse_with(&bytes, text).in_file(shown.as_str())?;
        if inf.section("Version").is_none() {
            return Ok(Err("it is not the INF of a driver: it has no [Version] section".to_owned()));
        }
        let version = inf.version().in_file(shown.as_str())?;
        let name = file_name(path)?;
        Ok(Ok(Self { path: path.to_path_buf(), name, bytes, inf, version }))
    }

    /// The class's GUID: the INF's, else that of its class's name.
    pub fn class_guid(&self) -> Option<Guid> {
        let by_name = || classes::well_known_guid(&self.version.class.as_ref()?.text);
        self.version.class_guid.or_else(by_name)
    }

    /// Store folder name in an image of the target's architecture.
    pub fn label(&self, target: &Target) -> String {
        inf::label(&self.name, target.architecture, &self.bytes)
    }

    /// What of the package is for the target.
    pub fn applicability(&self, target: &Target) -> Result<Applicability> {
        self.inf.models(target).in_file(self.path.display().to_string())
    }
}

impl Package {
    /// Reads the files of a package and checks them against its catalogue.
    pub fn read(
        source: &PackageInf,
        applicability: Applicability,
        target: &Target,
        trust: &Trust,
        included: IncludedInf<'_>,
    ) -> Result<Self> {
        Self::read_for(BootCritical::Auto, source, applicability, target, trust, included)
    }

    /// As [`Self::read`], with a choice of what is treated as starting at boot.
    pub fn read_for(
        boot_critical: BootCritical,
        source: &PackageInf,
        applicability: Applicability,
        target: &Target,
        trust: &Trust,
        included: IncludedInf<'_>,
    ) -> Result<Self> {
        let (mut package, listed) = Self::evaluate(boot_critical, source, applicability, target, included)?;
        let mut host = HostPackage::new(&source.path)?;
        package.files = files(listed, source, &mut host)?;
        let (catalog, package_catalog) = catalog(source, target, &mut host)?;
        package.catalog = catalog;
        let inf = CheckedFile { path: source.name.clone(), digests: FileDigests::of(&source.bytes) };
        let checked = |file: &PackageFile| CheckedFile { path: file.path.clone(), digests: file.digests };
        let checked: Vec<_> = package.files.iter().map(checked).collect();
        package.signature = signature::check(&inf, &checked, &package_catalog, trust);
        Ok(package)
    }

    /// The package as far as its INF alone tells: without files, and not signed.
    pub fn of_inf(source: &PackageInf, target: &Target, included: IncludedInf<'_>) -> Result<Self> {
        let applicability = source.applicability(target)?;
        Ok(Self::evaluate(BootCritical::Auto, source, applicability, target, included)?.0)
    }

    /// As [`of_inf`](Self::of_inf), and the files that the INF lists.
    fn evaluate(
        boot_critical: BootCritical,
        source: &PackageInf,
        applicability: Applicability,
        target: &Target,
        included: IncludedInf<'_>,
    ) -> Result<(Self, Vec<SourceFile>)> {
        let shown = source.path.display().to_string();
        let Some(class_guid) = source.class_guid() else {
            return Err(Error::malformed(
                "INF",
                format!("line {}", source.version.line),
                "ClassGuid in [Version]",
                "none",
            )
            .in_file(shown));
        };
        let label = source.label(target);
        let environment = Environment {
            store_folder: Some(&label),
            class_guid: &classes::well_known_guid,
            ..Environment::new(*target)
        };
        let evaluation = source.inf.evaluate(&environment, included).in_file(shown.as_str())?;
        let is_extension = class_guid == classes::EXTENSION_CLASS;
        let mut device_ids = DeviceIds::default();
        for (model, install) in evaluation.devices() {
            let hardware_id = model.hardware_id.as_deref().unwrap_or_default();
            device_ids.add_line(hardware_id, &model.compatible_ids, install.feature_score, is_extension);
        }
        let copy_infs = copy_infs(&evaluation).in_file(shown)?;
        let traits = Traits::of(&evaluation);
        let sections = DriverSections::of(evaluation.configurations);
        let package = Self {
            label,
            class_guid,
            driver_ver: source.version.driver_ver.unwrap_or(DriverVer { date: 0, version: 0 }),
            provider: source.version.provider.as_ref().map(|text| text.text.clone()).unwrap_or_default(),
            signature: SignatureCheck::unsigned("its files were not looked at".to_owned()),
            files: Vec::new(),
            catalog: None,
            device_ids,
            traits,
            starts_at_boot: sections.start_at_boot(),
            boot_start: sections.choose(boot_critical),
            copy_infs,
            is_primitive: !matches!(applicability, Applicability::Models(_)),
        };
        Ok((package, evaluation.files))
    }
}

/// The INF's name, which becomes one of a file and part of one of a folder in the image.
fn file_name(path: &Path) -> Result<String> {
    let name = path.file_name().unwrap_or_default();
    let refused =
        |reason| Error::InvalidName { what: "name of an INF", name: path.display().to_string(), reason };
    let Some(name) = name.to_str() else { return Err(refused("it is not Unicode")) };
    match inf::safe_relative_path(name)? {
        // Elsewhere than on Windows a file's name may hold what separates names in the image.
        _ if name.contains(['\\', '/']) => Err(refused("it holds a backslash")),
        name => Ok(name),
    }
}

/// The INFs that the package's sections bring along; a name is that of a file beside the INF.
///
/// Reference: MicrosoftDocs "INF CopyINF Directive": in the same directory; staged with the package.
fn copy_infs(evaluation: &Evaluation) -> Result<Vec<String>> {
    let installs = evaluation.configurations.iter().map(|found| &found.install);
    let mut names: Vec<String> = Vec::new();
    for name in installs.chain(&evaluation.primitive).flat_map(|install| &install.copy_infs) {
        let name = inf::safe_relative_path(name)?;
        if !names.iter().any(|known| same_name(known, &name)) {
            names.push(name);
        }
    }
    Ok(names)
}

/// The drivers of a package that an image has under the name `label`, from its INF.
pub fn stored_drivers(
    inf: &Inf,
    label: &str,
    target: &Target,
    included: IncludedInf<'_>,
) -> Result<DriverSections> {
    let environment = Environment {
        store_folder: Some(label),
        class_guid: &classes::well_known_guid,
        ..Environment::new(*target)
    };
    Ok(DriverSections::of(inf.evaluate(&environment, included)?.configurations))
}

/// The files that the INF lists.
fn files(listed: Vec<SourceFile>, source: &PackageInf, host: &mut HostPackage) -> Result<Vec<PackageFile>> {
    let shown = source.path.display().to_string();
    let catalogs: Vec<&str> = source.version.catalog_files.iter().map(|(_, file)| file.as_str()).collect();
    let mut files = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for file in listed {
        let special = file.path.eq_ignore_ascii_case(&source.name)
            || catalogs.iter().any(|catalog| catalog.eq_ignore_ascii_case(&file.path));
        if special || !seen.insert(file.path.to_lowercase()) {
            continue;
        }
        let Some(path) = host.find(&file.path)? else {
            let compressed = compressed_name(&file.path);
            let error = match host.find(&compressed)? {
                Some(_) => Error::Unsupported {
                    what: format!("a compressed file of a driver package ('{compressed}')"),
                    reason: format!("expand it to '{}' first, as cabextract or expand.exe do", file.path),
                },
                None => Error::DriverFileMissing { file: file.path },
            };
            return Err(error.in_file(shown));
        };
        files.push(digested(file.path, path)?.0);
    }
    Ok(files)
}

/// The name that a file has when it is compressed: `_` for the last letter of its extension, or an extension of
/// three letters at most and `_`.
fn compressed_name(path: &str) -> String {
    let name = path.rsplit('\\').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, extension)| extension.chars().count()) {
        None => format!("{path}._"),
        Some(0..=2) => format!("{path}_"),
        Some(_) => {
            let mut end = path.chars();
            end.next_back();
            format!("{}_", end.as_str())
        }
    }
}

fn catalog(
    source: &PackageInf,
    target: &Target,
    host: &mut HostPackage,
) -> Result<(Option<PackageFile>, PackageCatalog)> {
    let Some(name) = source.version.catalog_file(target.architecture) else {
        return Ok((None, PackageCatalog::NotNamed));
    };
    let name = inf::safe_relative_path(name).map_err(|error| {
        let at = format!("the [Version] section in line {}", source.version.line);
        Error::malformed("INF", at, "the catalogue's name", error.to_string())
            .in_file(source.path.display().to_string())
    })?;
    let Some(path) = host.find(&name)? else { return Ok((None, PackageCatalog::Missing(name))) };
    let (file, bytes) = digested(name.clone(), path)?;
    let catalog = match Catalog::parse(&bytes) {
        Ok(catalog) => PackageCatalog::Read(name, Box::new(catalog)),
        Err(_) if bytes.is_empty() => PackageCatalog::Empty(name),
        Err(error) => PackageCatalog::Unreadable(name, error),
    };
    Ok((Some(file), catalog))
}

fn digested(path: String, host: PathBuf) -> Result<(PackageFile, Vec<u8>)> {
    let bytes = folder::read(&host, FILE_LIMIT)?;
    let digests = FileDigests::of(&bytes);
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    Ok((PackageFile { path, host, size, digests }, bytes))
}

/// The folder an INF lies in, with names compared as Windows does.
struct HostPackage {
    folder: PathBuf,
    /// The folder without links: no file outside it belongs to the package.
    boundary: PathBuf,
    listings: HashMap<PathBuf, Vec<HostEntry>>,
}

impl HostPackage {
    fn new(inf: &Path) -> Result<Self> {
        let parent = inf.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new(".")).to_path_buf();
        let boundary = folder::canonical(&folder)?;
        Ok(Self { folder, boundary, listings: HashMap::new() })
    }

    /// The file at a path of the package; `None` if there is none.
    fn find(&mut self, path: &str) -> Result<Option<PathBuf>> {
        let mut place = self.folder.clone();
        let mut parts = path.split('\\').peekable();
        while let Some(part) = parts.next() {
            let wanted = if parts.peek().is_some() { HostKind::Directory } else { HostKind::File };
            let entries = match self.listings.entry(place) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => {
                    let entries = folder::entries(new.key())?;
                    new.insert(entries)
                }
            };
            let candidates = || entries.iter().filter(|entry| entry.kind == wanted);
            let exact = candidates().find(|entry| entry.name.to_str() == Some(part));
            let folded = || candidates().find(|entry| same_name(&entry.name.to_string_lossy(), part));
            match exact.or_else(folded) {
                Some(entry) => place = entry.path.clone(),
                None => return Ok(None),
            }
        }
        let real = folder::canonical(&place)?;
        if !real.starts_with(&self.boundary) {
            return Err(Error::InvalidName {
                what: "path in a driver package",
                name: path.to_owned(),
                reason: "it is a link that leaves the package",
            }
            .in_file(place.display().to_string()));
        }
        Ok(Some(place))
    }
}

/// Whether two names are the same to Windows.
pub fn same_name(left: &str, right: &str) -> bool {
    let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    crate::formats::upcase::equal(&units(left), &units(right))
}
