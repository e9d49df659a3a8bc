//! Domain, workgroup, Remote Desktop.
//!
//! Reference: Microsoft-Windows-UnattendedJoin, Microsoft-Windows-TerminalServices-LocalSessionManager,
//! Microsoft-Windows-TerminalServices-RDP-WinStationExtensions, Networking-MPSSVC-Svc in Microsoft's reference.

use super::draft::Draft;
use super::{refused, Options};
use crate::error::Result;
use crate::formats::unattend::PassName;

const JOIN: &str = "Microsoft-Windows-UnattendedJoin";
/// The rules of the firewall for Remote Desktop, in every language.
const REMOTE_DESKTOP_GROUP: &str = "@FirewallAPI.dll,-28752";

pub(super) fn write(draft: &mut Draft, options: &Options) -> Result<()> {
    const PASS: PassName = PassName::Specialize;
    match (&options.join_domain, &options.workgroup) {
        (Some(_), Some(_)) => {
            return Err(refused("workgroup", "a machine joins a domain or a workgroup, not both"))
        }
        (Some(join), None) => {
            if join.domain.trim().is_empty() || join.credential.name.trim().is_empty() {
                return Err(refused("joinDomain", "the domain or the name of who joins it is empty"));
            }
            // Setup wants the domain of the account by itself.
            let (account_domain, name) = match join.credential.name.split_once('\\') {
                Some((domain, name)) => (domain.to_owned(), name.to_owned()),
                None => match join.credential.name.split_once('@') {
                    Some((name, domain)) => (domain.to_owned(), name.to_owned()),
                    None => (join.domain.clone(), join.credential.name.clone()),
                },
            };
            draft.set_all(
                PASS,
                JOIN,
                &[
                    ("Identification/Credentials/Domain", &account_domain),
                    ("Identification/Credentials/Username", &name),
                    ("Identification/Credentials/Password", &join.credential.password),
                    ("Identification/JoinDomain", &join.domain),
                ],
            )?;
            if let Some(unit) = &join.organizational_unit {
                draft.set(PASS, JOIN, "Identification/MachineObjectOU", unit)?;
            }
            draft.warn(format!(
                "The password of {account_domain}\\{name} stands in the file in clear: Setup takes no other form of it."
            ));
        }
        (None, Some(workgroup)) if workgroup.trim().is_empty() => {
            return Err(refused("workgroup", "it is empty"));
        }
        (None, Some(workgroup)) => draft.set(PASS, JOIN, "Identification/JoinWorkgroup", workgroup)?,
        (None, None) => {}
    }
    if options.enable_remote_desktop {
        let component = "Microsoft-Windows-TerminalServices-LocalSessionManager";
        draft.set(PASS, component, "fDenyTSConnections", "false")?;
        let component = "Microsoft-Windows-TerminalServices-RDP-WinStationExtensions";
        draft.set(PASS, component, "UserAuthentication", "1")?;
        const GROUP: &str = "FirewallGroups/FirewallGroup[@wcm:keyValue=RemoteDesktop]";
        for (setting, value) in [("Active", "true"), ("Group", REMOTE_DESKTOP_GROUP), ("Profile", "all")] {
            draft.set(PASS, "Networking-MPSSVC-Svc", &format!("{GROUP}/{setting}"), value)?;
        }
    }
    Ok(())
}
