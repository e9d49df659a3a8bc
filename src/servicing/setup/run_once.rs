//! The registry's way to run something at the next logon: `RunOnce` of the machine.
//!
//! Windows takes the value out and runs its command line, which has at most 260 characters, when somebody logs on who
//! is an administrator.
//!
//! Reference: Microsoft, "Run and RunOnce Registry Keys".

use crate::error::Result;
use crate::formats::regf::{sz, REG_SZ};
use crate::image::{clock, ImagePath, Transaction};
use crate::progress::Observer;
use crate::servicing::hives::{ImageHive, Opening};
use crate::servicing::windows::hive_path;

/// What is run at the first logon. The outer quotes are `cmd.exe`'s to take off.
pub(super) const COMMAND: &str =
    r#"cmd.exe /d /s /c ""%SystemRoot%\Setup\ImageServicing\firstboot.cmd" FirstLogon""#;
/// The key, in SOFTWARE.
const KEY: &str = r"Microsoft\Windows\CurrentVersion\RunOnce";
/// The value.
const NAME: &str = "ImageServicing";

/// Sets the value; whether the key was made for it. `None` if the image has no registry for it.
///
/// # Errors
/// A hive that cannot be edited.
pub(super) fn set(
    windows: &ImagePath,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<Option<bool>> {
    let Some(mut software) = open(windows, transaction)? else { return Ok(None) };
    let hive = &mut software.hive;
    let made = hive.find(hive.root(), KEY)?.is_none();
    let key = hive.create_key(hive.root(), KEY)?;
    hive.set_value(key, NAME, REG_SZ, &sz(COMMAND))?;
    software.stage(transaction, clock::now(), observer)?;
    Ok(Some(made))
}

/// Removes the value, and the key if it was made for it and is empty.
///
/// # Errors
/// A hive that cannot be edited.
pub(super) fn unset(
    made: bool,
    windows: &ImagePath,
    transaction: &mut Transaction<'_>,
    observer: Observer<'_>,
) -> Result<()> {
    let Some(mut software) = open(windows, transaction)? else { return Ok(()) };
    let hive = &mut software.hive;
    if let Some(key) = hive.find(hive.root(), KEY)? {
        hive.delete_value(key, NAME)?;
        if made && hive.values(key)?.next().is_none() && hive.subkeys(key)?.is_empty() {
            hive.delete_key(key, false)?;
        }
    }
    software.stage(transaction, clock::now(), observer)
}

fn open(windows: &ImagePath, transaction: &Transaction<'_>) -> Result<Option<ImageHive>> {
    let opening = Opening::Edit { accept_dirty: false };
    ImageHive::open_for(&transaction.view(), &hive_path(windows, "SOFTWARE")?, opening)
}
