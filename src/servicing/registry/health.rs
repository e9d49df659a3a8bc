//! Checking hives, and salvaging damaged ones.
//!
//! Both look at a hive as its transaction logs make it, and say what those did. Neither needs the hive to
//! be sound: it is read as bytes.

use super::name::Mounts;
use super::offline::Access;
use super::report::RecoveryInfo;
use crate::error::{Error, InFile, Result};
use crate::formats::regf::logs::{Recovery, RecoveryState};
use crate::formats::regf::{check_file, repair, Findings, Salvage, Severity};
use crate::image::hive_file::{read_recovered, CreateOptions, HiveFile};
use crate::image::{clock, ImagePath, Session};
use crate::progress::{report, Observer, Phase, Progress};
use crate::servicing::{hives, windows};
use serde::Serialize;
use std::path::Path;

/// What logs make of a hive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum HiveState {
    /// It was closed cleanly; logs are not needed.
    Clean,
    /// It was not, and its logs do not bring it up to date: what only they hold is missing.
    Dirty,
    /// It was not, and its logs bring it up to date; the rest of the report is about that.
    Recovered,
}

/// What was found in hives: `{hives: […]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// Each hive; those of an image in the order of [`Registry::hives`](super::Registry::hives).
    pub hives: Vec<HiveCheck>,
}

/// What was found in a hive: `{hive, key, length, state, sound, keys, values, defectCount, damageCount,
/// leakedCells, leakedBytes, defects: [{offset, severity, text}], recovery, error}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HiveCheck {
    /// Its path in the image, or on the host.
    pub hive: String,
    /// The full name of its root; nothing for a hive file.
    pub key: Option<String>,
    /// Bytes of the file.
    pub length: u64,
    /// What its logs make of it.
    pub state: HiveState,
    /// Whether nothing in it is damaged and nothing is missing: it can be edited.
    pub sound: bool,
    /// Keys that were found, the root included.
    pub keys: u64,
    /// Values that were found.
    pub values: u64,
    /// How many defects there are.
    pub defect_count: u64,
    /// How many of them are damage; readers tolerate the others.
    pub damage_count: u64,
    /// Allocated cells that nothing points to. They waste space and do no other harm.
    pub leaked_cells: u64,
    /// Their size in bytes.
    pub leaked_bytes: u64,
    /// The first [`MAX_DEFECTS`](crate::formats::regf::MAX_DEFECTS).
    pub defects: Vec<DefectInfo>,
    /// What the logs did; nothing for a clean hive.
    pub recovery: Option<RecoveryInfo>,
    /// Why it could not be read at all; nothing was found in it then.
    pub error: Option<String>,
}

/// A defect: `{offset, severity: "Damage"|"Tolerated", text}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DefectInfo {
    /// Offset in the hive's file, as its logs make it.
    pub offset: u64,
    /// `Damage` or `Tolerated`.
    pub severity: &'static str,
    /// What is wrong.
    pub text: String,
}

/// What a repair did: `{hive, target, keys, values, lostCount, lost: [{path, what, offset, reason}],
/// recovery}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepairReport {
    /// The damaged hive's path in the image, or on the host.
    pub hive: String,
    /// The new file; nothing when the hive in the session was replaced.
    pub target: Option<String>,
    /// Keys in the new hive, the root included.
    pub keys: u64,
    /// Values in the new hive.
    pub values: u64,
    /// How many things are not in it. What was below a lost key is not counted.
    pub lost_count: u64,
    /// The first [`MAX_LOSSES`](crate::formats::regf::MAX_LOSSES).
    pub lost: Vec<LossInfo>,
    /// What the logs did; nothing for a clean hive.
    pub recovery: Option<RecoveryInfo>,
}

/// Something that could not be read: `{path, what, offset, reason}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LossInfo {
    /// The key it belonged to, from the hive's root.
    pub path: String,
    /// What it was.
    pub what: String,
    /// Offset in the hive's file of the damaged record, or of what pointed to it.
    pub offset: u64,
    /// Why it was lost.
    pub reason: String,
}

/// Checks a hive file of the host, with the logs beside it. It stays as it is, and so do they.
///
/// # Errors
/// The host's; [`Error::LimitExceeded`] above 2 GiB; [`Error::Cancelled`]. A file that is no hive is one
/// with defects.
pub fn check_hive_file(path: &Path, observer: Observer<'_>) -> Result<CheckReport> {
    let (bytes, recovery) = read_recovered(path, observer)?;
    let name = path.display().to_string();
    Ok(CheckReport { hives: vec![checked(name, None, &bytes, &recovery, observer)?] })
}

/// Checks the hive that a key's name leads to, or all hives of an image; SAM and SECURITY too, because a
/// check tells nothing of what they hold. The session stays as it is.
///
/// # Errors
/// A name that leads to no hive of the image; errors of the session; [`Error::Cancelled`]. A hive that
/// cannot be read has its error in the report.
pub fn check_image_hives(
    session: &mut Session,
    key: Option<&str>,
    access: &Access,
    observer: Observer<'_>,
) -> Result<CheckReport> {
    session.refresh()?;
    let view = session.view()?;
    let windows = windows::directory(&view, session.image())?;
    let mounts = Mounts::new(view, windows, access.current_user.clone());
    let wanted = match key {
        None => mounts.all()?,
        Some(key) => vec![mounts.locate(&key.encode_utf16().collect::<Vec<u16>>())?.0],
    };
    let mut found = Vec::new();
    for mount in wanted {
        let item = view.item(&mount.path)?;
        let length = item.ok_or_else(|| Error::ItemNotFound { path: mount.path.to_string() })?.length;
        found.push((mount, length));
    }
    let total = found.iter().map(|(_, length)| length).sum();
    let (mut hives, mut before) = (Vec::new(), 0_u64);
    for (mount, length) in found {
        let mut overall = |progress: Progress| {
            // Each hive counts by its size, whatever part of the work it is at.
            let done = before.saturating_add(progress.done.min(length));
            observer(Progress { done, total, ..progress })
        };
        let (name, root) = (mount.path.to_string(), mount.name);
        let read = hives::read_recovered(&view, &mount.path, &mut overall);
        hives.push(match read {
            Ok((bytes, recovery)) => checked(name, Some(root), &bytes, &recovery, &mut overall)?,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => unreadable(name, root, length, &error),
        });
        before = before.saturating_add(length);
        report(observer, Phase::Verifying, before, total)?;
    }
    Ok(CheckReport { hives })
}

/// Salvages what is left of a hive file into a new file. The damaged one stays as it is, unless it is the
/// target itself and may be overwritten.
///
/// # Errors
/// A file in which no root key is found; [`Error::Io`] for a target that is there already, unless
/// `overwrite`; [`Error::Cancelled`]. There is no new file then.
pub fn repair_hive_file(
    path: &Path,
    target: &Path,
    overwrite: bool,
    observer: Observer<'_>,
) -> Result<RepairReport> {
    let name = path.display().to_string();
    let (bytes, recovery) = read_recovered(path, observer)?;
    let (mut hive, salvage) = repair(&bytes, observer).in_file(name.clone())?;
    let options = CreateOptions { overwrite, like: Some(path) };
    HiveFile::create(target, &mut hive, clock::now(), &options, observer)?;
    Ok(repaired(name, Some(target.display().to_string()), salvage, &recovery))
}

/// Salvages what is left of the hive that a key's name leads to, and lets it take the place of the
/// damaged one in the session, in one transaction. Its logs are emptied.
///
/// # Errors
/// A name that leads to no hive of the image; a file in which no root key is found; errors of the
/// session; [`Error::Cancelled`]. The session is then as it was.
pub fn repair_image_hive(
    session: &mut Session,
    key: &str,
    access: &Access,
    observer: Observer<'_>,
) -> Result<RepairReport> {
    let details = session.image().clone();
    let mut transaction = session.transaction("repair a registry hive")?;
    let path: ImagePath = {
        let view = transaction.view();
        let windows = windows::directory(&view, &details)?;
        let mounts = Mounts::new(view, windows, access.current_user.clone());
        mounts.locate(&key.encode_utf16().collect::<Vec<u16>>())?.0.path
    };
    let name = path.to_string();
    let (bytes, recovery) = hives::read_recovered(&transaction.view(), &path, observer)?;
    let (hive, salvage) = repair(&bytes, observer).in_file(name.clone())?;
    let file = hives::ImageHive::replacing(path, hive);
    file.stage(&mut transaction, clock::now(), observer)?;
    transaction.commit()?;
    Ok(repaired(name, None, salvage, &recovery))
}

fn state_of(recovery: &Recovery) -> HiveState {
    match recovery.state {
        RecoveryState::Clean => HiveState::Clean,
        RecoveryState::Dirty => HiveState::Dirty,
        RecoveryState::Recovered => HiveState::Recovered,
    }
}

fn recovery_info(name: &str, recovery: &Recovery) -> Option<RecoveryInfo> {
    (recovery.state != RecoveryState::Clean).then(|| RecoveryInfo::of(name.to_owned(), recovery))
}

fn checked(
    hive: String,
    key: Option<String>,
    bytes: &[u8],
    recovery: &Recovery,
    observer: Observer<'_>,
) -> Result<HiveCheck> {
    let found: Findings = check_file(bytes, observer)?;
    let severity = |severity| match severity {
        Severity::Damage => "Damage",
        Severity::Tolerated => "Tolerated",
    };
    let defects = found.defects.into_iter();
    Ok(HiveCheck {
        key,
        length: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        state: state_of(recovery),
        sound: found.damage_count == 0,
        keys: found.keys,
        values: found.values,
        defect_count: found.defect_count,
        damage_count: found.damage_count,
        leaked_cells: found.leaked_cells,
        leaked_bytes: found.leaked_bytes,
        defects: defects
            .map(|defect| DefectInfo {
                offset: defect.offset,
                severity: severity(defect.severity),
                text: defect.text,
            })
            .collect(),
        recovery: recovery_info(&hive, recovery),
        hive,
        error: None,
    })
}

/// A hive of which nothing is known but that it cannot be read.
fn unreadable(hive: String, key: String, length: u64, error: &Error) -> HiveCheck {
    HiveCheck {
        hive,
        key: Some(key),
        length,
        state: HiveState::Dirty,
        sound: false,
        keys: 0,
        values: 0,
        defect_count: 0,
        damage_count: 0,
        leaked_cells: 0,
        leaked_bytes: 0,
        defects: Vec::new(),
        recovery: None,
        error: Some(error.to_string()),
    }
}

fn repaired(hive: String, target: Option<String>, salvage: Salvage, recovery: &Recovery) -> RepairReport {
    let lost = salvage.lost.into_iter();
    RepairReport {
        target,
        keys: salvage.keys,
        values: salvage.values,
        lost_count: salvage.lost_count,
        lost: lost
            .map(|loss| LossInfo {
                path: loss.path,
                what: loss.what,
                offset: loss.offset,
                reason: loss.reason,
            })
            .collect(),
        recovery: recovery_info(&hive, recovery),
        hive,
    }
}
