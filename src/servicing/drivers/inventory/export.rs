//! Taking packages out of an image: each store folder as a folder of the host.

use super::list::list;
use super::select::select;
use crate::error::{Error, Result};
use crate::formats::inf::{driver_store_hash, SIZE_LIMIT};
use crate::image::transfer::{self, TransferOptions};
use crate::image::{check_new_name, ImagePath, Session};
use crate::progress::{report, Observer, Phase};
use crate::servicing::drivers::report::{DriverInfo, ExportReport, ExportStatus};
use std::path::Path;

/// How packages are taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// Replace files that are there.
    pub overwrite: bool,
}

/// Writes the third-party packages that `names` mean (all if there are none; see
/// [`remove`](crate::servicing::drivers::remove())) to folders of `destination`, which are called as in the driver store.
///
/// The INF of each is compared with the hash in the name of its folder: a difference is told, because the
/// package is then not the one that was added. What fails alone is reported alone, and its folder is left as
/// it was when it was there before.
///
/// # Errors
/// [`Error::NotServiceable`] if the image holds no Windows with a driver database,
/// [`Error::InvalidName`], [`Error::Cancelled`], and errors of the session.
pub fn export(
    session: &mut Session,
    names: &[String],
    destination: &Path,
    options: ExportOptions,
    observer: Observer<'_>,
) -> Result<Vec<ExportReport>> {
    let all = list(session, !names.is_empty())?;
    let (chosen, missing) = match names.is_empty() {
        true => (all, Vec::new()),
        false => select(all, names)?,
    };
    let not_found = |name: String| ExportReport::failed(name.clone(), None, Error::DriverNotFound { name });
    let mut reports: Vec<ExportReport> = missing.into_iter().map(not_found).collect();
    let total = u64::try_from(chosen.len()).unwrap_or(u64::MAX);
    let mut done = 0_u64;
    for driver in &chosen {
        report(observer, Phase::Drivers, done, total)?;
        reports.push(match export_one(session, driver, destination, options, observer) {
            Ok(exported) => exported,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => {
                let original = Some(driver.original_file_name.clone());
                ExportReport::failed(driver.driver.clone(), original, error)
            }
        });
        done = done.saturating_add(1);
    }
    report(observer, Phase::Drivers, total, total)?;
    Ok(reports)
}

fn export_one(
    session: &mut Session,
    driver: &DriverInfo,
    destination: &Path,
    options: ExportOptions,
    observer: Observer<'_>,
) -> Result<ExportReport> {
    let inf = ImagePath::parse(&driver.original_file_name)?;
    let folder = inf.parent().ok_or(Error::ItemNotFound { path: driver.original_file_name.clone() })?;
    let name = folder.file_name().unwrap_or_default();
    // It is to be the name of one folder of the host.
    check_new_name(name)?;
    let label = String::from_utf16_lossy(name);
    let limit = u64::try_from(SIZE_LIMIT).unwrap_or(u64::MAX);
    let hash = driver_store_hash(&session.view()?.read_file(&inf, limit)?);
    let target = destination.join(&label);
    let transfer = TransferOptions { recurse: true, overwrite: options.overwrite };
    let written = transfer::export(session, &folder, &target, &transfer, observer)?;
    let intact = label.rsplit('_').next().is_some_and(|stored| stored.eq_ignore_ascii_case(&hash));
    let reason = "the INF is not the one that the package was added with: \
                  its hash is not that in the folder's name";
    Ok(ExportReport {
        driver: driver.driver.clone(),
        original_file_name: Some(driver.original_file_name.clone()),
        status: ExportStatus::Exported,
        host_path: Some(target.display().to_string()),
        files: written.files,
        bytes: written.bytes,
        intact: Some(intact),
        reason: (!intact).then(|| reason.to_owned()),
        error: None,
    })
}
