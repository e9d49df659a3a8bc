//! Drivers, audit mode, generalizing, and settings that have no option.
//!
//! Reference: Microsoft-Windows-PnpCustomizationsWinPE and -NonWinPE, Microsoft-Windows-Deployment/Reseal,
//! Microsoft-Windows-PnpSysprep, Microsoft-Windows-Shell-Setup/CopyProfile in Microsoft's reference.

use super::draft::Draft;
use super::{refused, Mode, Options, DEPLOYMENT, SHELL_SETUP};
use crate::error::Result;
use crate::formats::unattend::PassName;

/// Longest `PathAndCredentials/Path`, in UTF-16 units.
const MAX_PATH: usize = 259;

pub(super) fn write(draft: &mut Draft, options: &Options) -> Result<()> {
    for (pass, component) in [
        (PassName::WindowsPe, "Microsoft-Windows-PnpCustomizationsWinPE"),
        (PassName::OfflineServicing, "Microsoft-Windows-PnpCustomizationsNonWinPE"),
    ] {
        for (number, path) in (1_usize..).zip(&options.driver_paths) {
            if path.trim().is_empty() || path.encode_utf16().count() > MAX_PATH {
                let reason = format!("'{path}' is empty, or longer than {MAX_PATH} characters");
                return Err(refused("driverPath", reason));
            }
            let element = format!("DriverPaths/PathAndCredentials[@wcm:keyValue={number}]");
            draft.set(pass, component, &format!("{element}/Path"), path)?;
        }
    }
    // What ends oobeSystem before its pages are shown leads to audit mode; what ends auditUser leads out of it.
    let reseal = match options.mode {
        Some(Mode::Audit) => Some((PassName::OobeSystem, "Audit")),
        Some(Mode::Oobe) => Some((PassName::AuditUser, "OOBE")),
        None => None,
    };
    if let Some((pass, mode)) = reseal {
        draft.set(pass, DEPLOYMENT, "Reseal/Mode", mode)?;
        draft.set(pass, DEPLOYMENT, "Reseal/ForceShutdownNow", "false")?;
    }
    if options.persist_all_device_installs {
        let component = "Microsoft-Windows-PnpSysprep";
        draft.set(PassName::Generalize, component, "PersistAllDeviceInstalls", "true")?;
    }
    if options.copy_profile {
        draft.set(PassName::Specialize, SHELL_SETUP, "CopyProfile", "true")?;
    }
    options.settings.iter().try_for_each(|setting| draft.set_path(&setting.path, &setting.value))
}
