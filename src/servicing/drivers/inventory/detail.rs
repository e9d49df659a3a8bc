//! All that is told of one package of an image: from its INF in the driver store, or, where that is gone,
//! from the database alone.

use super::{Inventory, Recorded};
use crate::error::{InFile, Result};
use crate::formats::inf::{
    driver_store_hash, Architecture, Environment, Evaluation, Inf, Strictness, Target, SIZE_LIMIT,
};
use crate::image::{ImagePath, TextPattern, View};
use crate::servicing::drivers::database::classes;
use crate::servicing::drivers::package::contents::{devices, services, DriverDevice, DriverService};
use crate::servicing::drivers::report::DriverInfo;
use crate::servicing::drivers::store::INF_DIRECTORY;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// What a package's INF says, and what of the package is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverDetail {
    /// For which architecture it was added: `amd64`.
    pub architecture: Option<&'static str>,
    /// Of extension INFs.
    pub extension_id: Option<String>,
    /// How much Plug and Play trusts the package; lower is better.
    pub signer_score: Option<u32>,
    /// When it was added (FILETIME).
    pub import_date: Option<u64>,
    /// Its folder in the driver store.
    pub store_path: String,
    /// Whether the INF has the hash that the folder's name says; none if there is no INF.
    pub intact: Option<bool>,
    /// The devices it is for.
    pub devices: Vec<DriverDevice>,
    /// The files it is made of.
    pub files: Vec<StoredFile>,
    /// The services it installs.
    pub services: Vec<DriverService>,
    /// Ids of devices that it is not for, whatever else matches (`ExcludeID`).
    pub exclude_ids: Vec<String>,
    /// What is missing or wrong.
    pub reason: Option<String>,
}

/// A file of a package in the driver store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredFile {
    /// Its path in the image.
    pub path: String,
    /// Its size in bytes; none if it is not there.
    pub size: Option<u64>,
    /// Whether it is there.
    pub present: bool,
}

/// Reads details of packages; what several of them include is read once.
pub struct Details<'a> {
    inventory: &'a Inventory,
    view: &'a View<'a>,
    included: HashMap<String, Option<Inf>>,
    /// Ids by published name, in lower case, with their feature scores; read when first needed.
    ids: Option<HashMap<String, BTreeMap<String, IndexedId>>>,
}

/// What the index says of an id.
struct IndexedId {
    is_compatible: bool,
    feature_score: u8,
}

/// An INF of the driver store.
pub struct StoredInf {
    /// What it would write for the image.
    pub evaluation: Evaluation,
    /// The architecture it is for.
    pub architecture: Architecture,
    /// The services it installs.
    pub services: Vec<DriverService>,
    /// Whether it has the hash that its folder's name says.
    pub intact: bool,
    /// The catalogue it names.
    pub catalog: Option<String>,
}

impl<'a> Details<'a> {
    /// For packages of an image.
    pub fn new(inventory: &'a Inventory, view: &'a View<'a>) -> Self {
        Self { inventory, view, included: HashMap::new(), ids: None }
    }

    /// Reads all that is to be known of a package.
    ///
    /// # Errors
    /// Those of the image; what is wrong with the package itself is told in [`DriverDetail::reason`].
    pub fn of(&mut self, driver: &DriverInfo) -> Result<DriverDetail> {
        let inf = ImagePath::parse(&driver.original_file_name)?;
        let folder = inf.parent().unwrap_or_else(|| self.inventory.windows.clone());
        let mut detail = DriverDetail { store_path: folder.to_string(), ..DriverDetail::default() };
        if let Some(Recorded { package, .. }) = self.inventory.recorded(driver.hive, &driver.label) {
            let number = package.version.map(|version| version.architecture);
            detail.architecture = number.and_then(Architecture::from_number).map(Architecture::name);
            detail.extension_id = package.extension_id.map(|id| id.to_string());
            detail.signer_score = package.signer_score;
            detail.import_date = package.import_date;
        }
        match self.evaluate(driver) {
            Ok(stored) => self.add_stored(&mut detail, &folder, driver, &stored)?,
            Err(reason) => {
                detail.devices = self.indexed_devices(&driver.driver)?;
                detail.reason = Some(format!("{reason}: the ids are those of the driver database"));
            }
        }
        Ok(detail)
    }

    /// Reads and evaluates a package's INF in the driver store; an error is a reason for people.
    pub fn evaluate(&mut self, driver: &DriverInfo) -> std::result::Result<StoredInf, String> {
        let path = &driver.original_file_name;
        let read = || -> Result<Option<Vec<u8>>> {
            let inf = ImagePath::parse(path)?;
            match self.view.exists(&inf)? {
                true => self.view.read_file(&inf, u64::try_from(SIZE_LIMIT).unwrap_or(u64::MAX)).map(Some),
                false => Ok(None),
            }
        };
        let bytes = match read() {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(format!("its INF is not in the image at '{path}'")),
            Err(error) => return Err(format!("its INF cannot be read ({error})")),
        };
        let hash = driver_store_hash(&bytes);
        let intact = driver.label.rsplit('_').next().is_some_and(|known| known.eq_ignore_ascii_case(&hash));
        let target = self.target_of(driver);
        let environment = Environment {
            store_folder: Some(&driver.label),
            class_guid: &classes::well_known_guid,
            strictness: Strictness::Report,
            ..Environment::new(target)
        };
        let (included, inventory, view) = (&mut self.included, self.inventory, self.view);
        let mut include = |name: &str| -> Result<Option<Inf>> {
            let key = name.to_lowercase();
            if let Some(known) = included.get(&key) {
                return Ok(known.clone());
            }
            // A damaged INF of Windows leaves out what it would have added, as an absent one does.
            let found = inbox_inf(inventory, view, name).unwrap_or_default();
            included.insert(key, found.clone());
            Ok(found)
        };
        let evaluated = Inf::parse_with(&bytes, &inventory.inf_text).in_file(path.clone()).and_then(|inf| {
            let catalog = inf
                .version()
                .ok()
                .and_then(|version| version.catalog_file(target.architecture).map(str::to_owned));
            Ok((inf.evaluate(&environment, &mut include).in_file(path.clone())?, catalog))
        });
        match evaluated {
            Ok((evaluation, catalog)) => {
                let services = services(&evaluation, &environment);
                let architecture = target.architecture;
                Ok(StoredInf { evaluation, architecture, services, intact, catalog })
            }
            Err(error) => Err(format!("its INF cannot be read ({error})")),
        }
    }

    /// The image, with the architecture of the package: Windows has packages of others, too.
    fn target_of(&self, driver: &DriverInfo) -> Target {
        let recorded = self.inventory.recorded(driver.hive, &driver.label);
        let number =
            recorded.and_then(|recorded| recorded.package.version).map(|version| version.architecture);
        let architecture = number.and_then(Architecture::from_number);
        Target {
            architecture: architecture.unwrap_or(self.inventory.target.architecture),
            ..self.inventory.target
        }
    }

    fn add_stored(
        &self,
        detail: &mut DriverDetail,
        folder: &ImagePath,
        driver: &DriverInfo,
        stored: &StoredInf,
    ) -> Result<()> {
        let evaluation = &stored.evaluation;
        detail.intact = Some(stored.intact);
        detail.devices = devices(evaluation, stored.architecture);
        detail.services = stored.services.clone();
        let installs = evaluation.configurations.iter().map(|configuration| &configuration.install);
        detail.exclude_ids = installs.flat_map(|install| install.exclude_ids.iter().cloned()).collect();
        let inf = driver.original_file_name.rsplit('\\').next().unwrap_or_default();
        let listed = evaluation.files.iter().map(|file| file.path.as_str());
        let mut names: Vec<&str> = Vec::new();
        for name in std::iter::once(inf).chain(stored.catalog.as_deref()).chain(listed) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
        for name in names {
            let path = folder.join(name)?;
            let item = self.view.item(&path)?;
            let size = item.map(|item| item.length);
            detail.files.push(StoredFile { path: path.to_string(), size, present: size.is_some() });
        }
        let mut reasons = Vec::new();
        if !stored.intact {
            reasons.push("the INF is not the one that the package was added with".to_owned());
        }
        // Files of inbox packages are often in the component store alone, where Windows finds them.
        let absent = detail.files.iter().filter(|file| !file.present).count();
        if absent > 0 && !driver.inbox {
            reasons.push(format!("{absent} of its files are not in the image"));
        }
        if let Some(why) = &evaluation.not_applicable {
            reasons.push(format!("it is not for this image: {why}"));
        }
        detail.reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        Ok(())
    }

    /// The devices as far as the database's index knows them.
    fn indexed_devices(&mut self, published: &str) -> Result<Vec<DriverDevice>> {
        let ids = match &self.ids {
            Some(ids) => ids,
            None => {
                let mut ids: HashMap<String, BTreeMap<String, IndexedId>> = HashMap::new();
                for (_, entry) in self.inventory.look_up(&TextPattern::parse("*")?)? {
                    let is_compatible = entry.found.compatible_position().is_some();
                    let indexed = IndexedId { is_compatible, feature_score: entry.found.feature_score() };
                    ids.entry(entry.inf.to_lowercase()).or_default().insert(entry.id, indexed);
                }
                self.ids.insert(ids)
            }
        };
        let found = ids.get(&published.to_lowercase()).into_iter().flatten();
        let architecture = self.inventory.target.architecture.name();
        let device = |(id, indexed): (&String, &IndexedId)| DriverDevice {
            architecture,
            hardware_id: (!indexed.is_compatible).then(|| id.clone()),
            compatible_ids: indexed.is_compatible.then(|| id.clone()).into_iter().collect(),
            description: String::new(),
            manufacturer: String::new(),
            section: String::new(),
            feature_score: indexed.feature_score,
        };
        Ok(found.map(device).collect())
    }
}

/// An INF of the image's Windows directory, for `Include`.
fn inbox_inf(inventory: &Inventory, view: &View<'_>, name: &str) -> Result<Option<Inf>> {
    // What `Include` names is a file name, never a path.
    if name.contains(['\\', '/', ':']) {
        return Ok(None);
    }
    let path = inventory.windows.join(INF_DIRECTORY)?.join(name)?;
    if !view.exists(&path)? {
        return Ok(None);
    }
    let bytes = view.read_file(&path, u64::try_from(SIZE_LIMIT).unwrap_or(u64::MAX))?;
    Inf::parse_with(&bytes, &inventory.inf_text).in_file(path.to_string()).map(Some)
}
