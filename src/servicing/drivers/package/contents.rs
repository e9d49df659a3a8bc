//! What a driver package is for and what it installs, as its INF says: devices and services. Serialised (camelCase)
//! these are parts of the documents of the C ABI.

use crate::formats::inf::{self, Architecture, Environment, Evaluation};
use serde::Serialize;

/// A device that a package is for: one line of its models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverDevice {
    /// The architecture that the line is for.
    pub architecture: &'static str,
    /// The hardware id; none for a device that is chosen by hand.
    pub hardware_id: Option<String>,
    /// The compatible ids.
    pub compatible_ids: Vec<String>,
    /// The device's name.
    pub description: String,
    /// The manufacturer's name.
    pub manufacturer: String,
    /// The install section, with the decoration that was chosen.
    pub section: String,
    /// Feature score of the section: lower is better.
    pub feature_score: u8,
}

/// A service that a package describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverService {
    /// The service's key.
    pub name: String,
    /// `SERVICE_*_START`: 0 boot, 1 system, 2 automatic, 3 demand, 4 disabled.
    pub start: Option<u32>,
    /// `SERVICE_*` type bits: 1 kernel driver, 2 file system driver, 0x10 own process…
    #[serde(rename = "type")]
    pub service_type: Option<u32>,
    /// The program: a path below the system's drive, or as the INF has it.
    pub binary: Option<String>,
    /// `DisplayName`.
    pub display_name: Option<String>,
}

/// The devices that a package is for.
pub fn devices(evaluation: &Evaluation, architecture: Architecture) -> Vec<DriverDevice> {
    let device = |(model, install): (&inf::Model, &inf::Install)| DriverDevice {
        architecture: architecture.name(),
        hardware_id: model.hardware_id.clone(),
        compatible_ids: model.compatible_ids.iter().filter(|id| !id.is_empty()).cloned().collect(),
        description: model.description.text.clone(),
        manufacturer: model.manufacturer.text.clone(),
        section: install.section.clone(),
        feature_score: install.feature_score,
    };
    evaluation.devices().map(device).collect()
}

/// The services that a package describes, each name once.
pub fn services(evaluation: &Evaluation, environment: &Environment<'_>) -> Vec<DriverService> {
    let mut found: Vec<DriverService> = Vec::new();
    let installs = evaluation.configurations.iter().map(|configuration| &configuration.install);
    for service in installs.chain(&evaluation.primitive).flat_map(|install| &install.services) {
        let described = service.section.is_some() && !service.name.is_empty();
        if !described || found.iter().any(|known| known.name.eq_ignore_ascii_case(&service.name)) {
            continue;
        }
        let path = service.binary_path().and_then(|(dirid, file)| {
            Some(format!(r"\{}\{file}", environment.directory(dirid)?.trim_matches('\\')))
        });
        found.push(DriverService {
            name: service.name.clone(),
            start: service.start_type,
            service_type: service.service_type,
            binary: path.or_else(|| service.binary.clone()),
            display_name: service.display_name.as_ref().map(|name| name.text.clone()),
        });
    }
    found
}
