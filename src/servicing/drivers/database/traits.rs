//! What a package asks of Windows besides its driver, as the driver database keeps it: the bits of
//! `StatusFlags`, the last eight bytes of `Version`, and the `ConfigFlags` that follow from those.
//!
//! Windows documents none of these. Each rule here holds for every package of the hives it was read from;
//! bits whose rule is not known are not written. What a package takes over from INFs of Windows (`Needs`)
//! does not count.
//!
//! Reference: docs/formats/driver-database.md, "StatusFlags" and "Version"; `CONFIGFLAG_*` of regstr.h.

use crate::formats::inf::{Dirid, Evaluation, Install, RegistryChange, RegistryOperation, RegistryRoot};
use crate::formats::regf::read_multi_sz;

/// Files are copied to other places than the package's folder in the driver store.
const COPIES_ELSEWHERE: u32 = 0x2;
/// The registry is written outside of what belongs to the device, its driver and its services.
const WRITES_ELSEWHERE: u32 = 0x4;
/// Co-installers are registered.
const CO_INSTALLERS: u32 = 0x8;
/// Files are copied.
const COPIES: u32 = 0x10;
/// INFs of Windows are included.
const INCLUDES: u32 = 0x100;

/// In the last eight bytes of `Version`: co-installers are registered.
const CO_INSTALLER_TRAIT: u64 = 0x4000;

/// `CONFIGFLAG_FINISH_INSTALL`: user-mode Plug and Play has to finish what the kernel set up.
const FINISH_INSTALL: u32 = 0x400;

/// What a package asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traits {
    /// `StatusFlags`; Windows leaves the value out when it is 0.
    pub status_flags: u32,
    /// Last eight bytes of `Version`.
    pub version_traits: u64,
}

impl Traits {
    /// What the install sections of a package ask for.
    pub fn of(evaluation: &Evaluation) -> Self {
        let configured = evaluation.configurations.iter().map(|found| &found.install);
        configured.chain(&evaluation.primitive).map(Self::of_section).fold(Self::default(), Self::and)
    }

    fn of_section(install: &Install) -> Self {
        let bit = |bit: u32, applies: bool| if applies { bit } else { 0 };
        let co_installers = registers_co_installers(install);
        let mut copies = install.copy_files.iter().filter(|copy| copy.file.is_empty());
        let has_files = copies.clone().next().is_some();
        let elsewhere = copies.any(|copy| copy.dirid != Dirid::DRIVER_STORE);
        let status_flags = bit(COPIES_ELSEWHERE, elsewhere)
            | bit(WRITES_ELSEWHERE, writes_elsewhere(install))
            | bit(CO_INSTALLERS, co_installers)
            | bit(COPIES, has_files)
            | bit(INCLUDES, !install.includes.is_empty());
        Self { status_flags, version_traits: if co_installers { CO_INSTALLER_TRAIT } else { 0 } }
    }

    fn and(self, other: Self) -> Self {
        Self {
            status_flags: self.status_flags | other.status_flags,
            version_traits: self.version_traits | other.version_traits,
        }
    }

    /// `ConfigFlags` of the package's configurations.
    pub fn config_flags(self) -> u32 {
        if self.version_traits == 0 {
            0
        } else {
            FINISH_INSTALL
        }
    }
}

/// An empty list of them, as stampinf leaves it where the framework needs none, does not count.
fn registers_co_installers(install: &Install) -> bool {
    let is_list = |change: &RegistryChange| match &change.operation {
        RegistryOperation::Set(data) => read_multi_sz(&data.bytes).iter().any(|name| !name.is_empty()),
        RegistryOperation::Append(names) => names.iter().any(|name| !name.is_empty()),
        _ => false,
    };
    let named = |change: &&RegistryChange| change.value.eq_ignore_ascii_case("CoInstallers32");
    install.registry.iter().chain(&install.coinstaller_registry).filter(own).filter(named).any(is_list)
}

fn writes_elsewhere(install: &Install) -> bool {
    let of_services = install.services.iter().flat_map(|service| &service.registry);
    let of_device = install.registry.iter().chain(&install.hardware_registry);
    let all = of_device.chain(&install.coinstaller_registry).chain(of_services);
    all.filter(own).any(|change| change.root != RegistryRoot::Relative)
}

/// Whether the package's own INF says it.
fn own(change: &&RegistryChange) -> bool {
    change.file.is_empty()
}
