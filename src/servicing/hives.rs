//! The registry hives of an image: opened once, edited in memory, staged once.

use crate::error::{InFile, Result};
use crate::formats::regf::Hive;
use crate::image::{ImagePath, PutOptions, Transaction, View};
use crate::progress::Observer;

/// Largest hive that is opened: Windows itself stops at 2 GiB.
const HIVE_LIMIT: u64 = 0x8000_0000;

/// A hive and its place in the image.
#[derive(Debug)]
pub struct HiveFile {
    path: ImagePath,
    /// The hive.
    pub hive: Hive,
}

impl HiveFile {
    /// Opens a hive; `None` if the image has no such file.
    ///
    /// # Errors
    /// [`HiveDirty`](crate::error::Error::HiveDirty) and damage, with the hive's path.
    pub fn open(view: &View<'_>, path: &ImagePath) -> Result<Option<Self>> {
        if !view.exists(path)? {
            return Ok(None);
        }
        let bytes = view.read_file(path, HIVE_LIMIT)?;
        let hive = Hive::open(bytes).in_file(path.to_string())?;
        Ok(Some(Self { path: path.clone(), hive }))
    }

    /// Where the hive is.
    pub fn path(&self) -> &ImagePath {
        &self.path
    }

    /// Stages the hive if it was changed, and empties its transaction logs: what they hold belongs to
    /// the content that was replaced. `now` is a FILETIME.
    pub fn stage(
        mut self,
        transaction: &mut Transaction<'_>,
        now: u64,
        observer: Observer<'_>,
    ) -> Result<()> {
        let changed = self.hive.seal(now).in_file(self.path.to_string())?;
        if changed.is_empty() {
            return Ok(());
        }
        transaction.replace_content(&self.path, self.hive.bytes(), &changed, observer)?;
        for extension in [".LOG", ".LOG1", ".LOG2"] {
            let mut name = self.path.to_utf16();
            name.extend(extension.encode_utf16());
            let log = ImagePath::from_utf16(&name)?;
            let item = transaction.view().item(&log)?;
            if item.is_some_and(|item| item.length > 0) {
                let empty: &[u8] = &[];
                transaction.put_file(&log, empty.into(), &PutOptions::overwrite(), observer)?;
            }
        }
        Ok(())
    }
}
