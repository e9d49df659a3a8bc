//! Saving into a fresh file without the space that replaced content took.
//!
//! Resources are copied as they are, in the order they had, so that nothing is compressed anew
//! but the image's own metadata. The fresh file stands beside the old one until it takes its name.

use super::plan::{copy_staged, Plan, Work};
use super::tail::{write_tail, Tail};
use super::{fresh_path, Outcome};
use crate::error::{Error, Result};
use crate::formats::wim::header::HEADER_SIZE;
use crate::formats::wim::{Blob, BlobLocation, ResourceHeader};
use crate::image::container::runs::Runs;
use crate::image::host::{self, HostFile};
use crate::image::options::SaveOptions;
use crate::image::session::Session;
use crate::progress::{report, Observer, Phase};
use std::path::Path;

/// Writes the image file afresh and puts it in the place of `old`.
pub(super) fn save(
    session: &Session,
    work: Work,
    old: &HostFile,
    options: SaveOptions,
    observer: Observer<'_>,
) -> Result<Outcome> {
    let path = fresh_path(&session.record.image_path, &session.record.id);
    host::remove_file(&path)?;
    let fresh = HostFile::create_private(&path)?;
    let written = write(session, work, old, &fresh, &path, options, observer)
        .and_then(|outcome| Ok((session.note(&outcome.commit)?, outcome)));
    drop(fresh);
    match written {
        Ok((guard, outcome)) => {
            host::rename(&path, &session.record.image_path)?;
            drop(guard);
            Ok(outcome)
        }
        Err(error) => {
            let _ = host::remove_file(&path);
            Err(error)
        }
    }
}

fn write(
    session: &Session,
    work: Work,
    old: &HostFile,
    fresh: &HostFile,
    path: &Path,
    options: SaveOptions,
    observer: Observer<'_>,
) -> Result<Outcome> {
    let image = session.image_file()?;
    let index = session.record.image_index;
    let mut plan = Plan::new(image.archive(), &work, index)?;
    // Space for the header, which is known last.
    fresh.write_at(&[0; HEADER_SIZE], 0)?;
    let mut position = u64::try_from(HEADER_SIZE).unwrap_or(u64::MAX);
    copy_old(&mut plan, index, old, fresh, &mut position, observer)?;
    copy_staged(&mut plan, &work.content, fresh, &mut position, observer)?;
    let tail = Tail { image: &image, work, session, options, start: 0, in_place: false };
    let (header, mut outcome) = write_tail(tail, plan, fresh, position, observer)?;
    fresh.write_at(&header, 0)?;
    host::copy_permissions(old, fresh)?;
    fresh.sync()?;
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    outcome.commit.fresh_name = name;
    outcome.bytes_written = outcome.commit.base.length;
    Ok(outcome)
}

/// Copies all resources that are still referred to, and notes their new places.
fn copy_old(
    plan: &mut Plan,
    index: u32,
    old: &HostFile,
    fresh: &HostFile,
    position: &mut u64,
    observer: Observer<'_>,
) -> Result<()> {
    let own = usize::try_from(index.saturating_sub(1)).unwrap_or(usize::MAX);
    let mut places: Vec<(ResourceHeader, Place)> = Vec::new();
    for blob in plan.table.iter() {
        places.push((resource(blob)?, Place::Blob(blob.hash)));
    }
    for (number, blob) in plan.table.metadata().iter().enumerate().filter(|(number, _)| *number != own) {
        places.push((resource(blob)?, Place::Metadata(number)));
    }
    places.sort_unstable_by_key(|(header, _)| header.offset);
    let total = places.iter().map(|(header, _)| header.size_in_file).fold(0, u64::saturating_add);
    let mut done = 0u64;
    let mut advance = |bytes: u64| {
        done = done.saturating_add(bytes);
        report(observer, Phase::WritingContent, done, total)
    };
    // Neighbours stay neighbours, so that runs of them are copied in one go.
    let mut runs = Runs::new(old, fresh, &mut advance);
    for (header, place) in places {
        let to = *position;
        *position = position.saturating_add(header.size_in_file);
        runs.add(header.offset, to, header.size_in_file)?;
        let blob = match place {
            Place::Blob(hash) => plan.table.get_mut(&hash),
            Place::Metadata(number) => plan.table.metadata_mut().get_mut(number),
        };
        if let Some(blob) = blob {
            blob.location = BlobLocation::Resource(ResourceHeader { offset: to, ..header });
        }
    }
    runs.finish()
}

enum Place {
    Blob([u8; 20]),
    Metadata(usize),
}

fn resource(blob: &Blob) -> Result<ResourceHeader> {
    match blob.location {
        BlobLocation::Resource(header) => Ok(header),
        BlobLocation::Solid { .. } => Err(Error::SolidNotWritable),
    }
}
