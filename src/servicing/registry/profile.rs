//! Users by their SID: `HKU\S-1-5-21-…` as the image's list of profiles has it.
//!
//! Reference: `SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\<SID>`, whose `ProfileImagePath`
//! is the profile's folder with a drive.

use crate::error::{InFile, Result};
use crate::formats::regf::Peek;
use crate::image::{ImagePath, View};

const PROFILE_LIST: &str = r"Microsoft\Windows NT\CurrentVersion\ProfileList";

/// Whether a name below `HKU` is the SID of an account.
pub fn is_account(name: &str) -> bool {
    name.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("S-1-5-21-"))
}

/// The folder of an account's profile; `None` if the image has none for it. Of the SOFTWARE hive at
/// `software` only the parts are read that are needed.
pub fn folder(view: View<'_>, software: &ImagePath, sid: &str) -> Result<Option<ImagePath>> {
    if !view.exists(software)? {
        return Ok(None);
    }
    let content = view.open_file(software)?;
    let key = format!(r"{PROFILE_LIST}\{sid}");
    let looked = Peek::open(Box::new(content)).and_then(|mut peek| {
        peek.look(|hive| match hive.find(hive.root(), &key)? {
            None => Ok(None),
            Some(key) => hive.value(key, "ProfileImagePath"),
        })
    });
    let value = looked.in_file(software.to_string())?.in_file(software.to_string())?;
    let text = value.and_then(|value| value.as_text()).unwrap_or_default();
    // `C:\Users\name` or `%SystemDrive%\Users\name`; the image is what the drive is.
    let path = text.split_once('\\').map(|(_, path)| ImagePath::parse(path)).transpose()?;
    Ok(path.filter(|path| !path.is_root()))
}
