//! What Setup does in Windows PE: licence, key, image, disk; and who Windows is registered to.
//!
//! Reference: Microsoft-Windows-Setup and Microsoft-Windows-Shell-Setup in Microsoft's reference.

use super::draft::Draft;
use super::{disk, refused, Options, SHELL_SETUP};
use crate::error::Result;
use crate::formats::unattend::PassName;

pub(super) const SETUP: &str = "Microsoft-Windows-Setup";
/// What product keys are made of.
const KEY_LETTERS: &str = "BCDFGHJKMNPQRTVWXY2346789";
/// Longest `UserData/FullName` and `Organization`, in UTF-16 units.
const MAX_OWNER: usize = 63;

pub(super) fn write(draft: &mut Draft, options: &Options) -> Result<()> {
    if options.accept_eula {
        draft.set(PassName::WindowsPe, SETUP, "UserData/AcceptEula", "true")?;
    } else if options.disk_layout.is_some() {
        draft.warn("Setup will stop at the licence terms: nobody has accepted them (AcceptEula).");
    }
    registered(draft, "owner", options.owner.as_deref(), "FullName", "RegisteredOwner")?;
    registered(
        draft,
        "organization",
        options.organization.as_deref(),
        "Organization",
        "RegisteredOrganization",
    )?;
    if let Some(key) = &options.product_key {
        product_key(draft, key)?;
    }
    match (options.disk_layout, options.disk_id) {
        (Some(layout), id) => disk::write(draft, layout, id.unwrap_or(0))?,
        (None, Some(_)) => return Err(refused("diskId", "it says which disk is partitioned; say how, too")),
        (None, None) => {}
    }
    image(draft, options)
}

fn registered(
    draft: &mut Draft,
    parameter: &'static str,
    name: Option<&str>,
    in_setup: &str,
    in_windows: &str,
) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    if name.trim().is_empty() || name.encode_utf16().count() > MAX_OWNER {
        return Err(refused(parameter, format!("it is empty, or longer than {MAX_OWNER} characters")));
    }
    draft.set(PassName::WindowsPe, SETUP, &format!("UserData/{in_setup}"), name)?;
    draft.set(PassName::Specialize, SHELL_SETUP, in_windows, name)
}

/// Setup reads the key in windowsPE, which chooses the edition; an image that was deployed by other means, in
/// specialize.
fn product_key(draft: &mut Draft, key: &str) -> Result<()> {
    let groups: Vec<&str> = key.split('-').collect();
    let is_group = |group: &&str| group.len() == 5 && group.chars().all(|c| KEY_LETTERS.contains(c));
    if groups.len() != 5 || !groups.iter().all(is_group) {
        return Err(refused(
            "productKey",
            "it must be XXXXX-XXXXX-XXXXX-XXXXX-XXXXX, of the letters and digits that keys have",
        ));
    }
    draft.set(PassName::WindowsPe, SETUP, "UserData/ProductKey/Key", key)?;
    draft.set(PassName::WindowsPe, SETUP, "UserData/ProductKey/WillShowUI", "OnError")?;
    draft.set(PassName::Specialize, SHELL_SETUP, "ProductKey", key)
}

fn image(draft: &mut Draft, options: &Options) -> Result<()> {
    const IMAGE: &str = "ImageInstall/OSImage";
    let (key, value) = match (options.image_index, &options.image_name) {
        (Some(_), Some(_)) => return Err(refused("imageName", "an image is chosen by number or by name")),
        (Some(0), None) => return Err(refused("imageIndex", "images are numbered from 1")),
        (Some(index), None) => ("/IMAGE/INDEX", index.to_string()),
        (None, Some(name)) if name.trim().is_empty() => return Err(refused("imageName", "it is empty")),
        (None, Some(name)) => ("/IMAGE/NAME", name.clone()),
        (None, None) => ("", String::new()),
    };
    if !key.is_empty() {
        let from = format!("{IMAGE}/InstallFrom/MetaData[1]");
        draft.set(PassName::WindowsPe, SETUP, &format!("{from}/Key"), key)?;
        draft.set(PassName::WindowsPe, SETUP, &format!("{from}/Value"), &value)?;
    }
    match key.is_empty() && options.disk_layout.is_none() {
        true => Ok(()),
        false => draft.set(PassName::WindowsPe, SETUP, &format!("{IMAGE}/WillShowUI"), "OnError"),
    }
}
