//! Saving in place: everything new goes behind the end of the file, and the header comes last.

use super::plan::{copy_staged, Plan, Work};
use super::tail::{write_tail, Tail};
use super::Outcome;
use crate::error::Result;
use crate::formats::wim::header::HEADER_SIZE;
use crate::image::container::target::commit_header;
use crate::image::host::HostFile;
use crate::image::options::SaveOptions;
use crate::image::session::Session;
use crate::progress::Observer;

/// Appends the session's work to `target`, the image file.
pub(super) fn save(
    session: &Session,
    work: Work,
    target: &HostFile,
    options: SaveOptions,
    observer: Observer<'_>,
) -> Result<Outcome> {
    let old_length = session.record.base.length;
    let written = write(session, work, target, options, observer)
        .and_then(|(header, outcome)| Ok((session.note(&outcome.commit)?, header, outcome)));
    let (guard, header, outcome) = match written {
        Ok(written) => written,
        Err(error) => {
            // The old image ends where it did. If this fails too, what follows its end is in
            // nobody's way, and the next save or discard cuts it off.
            let _ = target.set_length(old_length);
            return Err(error);
        }
    };
    // From the note on, only the header tells what happened.
    commit_header(target, &session.record.base.header, &header, old_length)?;
    drop(guard);
    Ok(outcome)
}

/// Writes and syncs all but the header.
fn write(
    session: &Session,
    work: Work,
    target: &HostFile,
    options: SaveOptions,
    observer: Observer<'_>,
) -> Result<([u8; HEADER_SIZE], Outcome)> {
    let image = session.image_file()?;
    let old_length = session.record.base.length;
    let mut plan = Plan::new(image.archive(), &work, session.record.image_index)?;
    if target.length()? > old_length {
        target.set_length(old_length)?;
    }
    let mut position = old_length;
    copy_staged(&mut plan, &work.content, target, &mut position, observer)?;
    let tail = Tail { image: &image, work, session, options, start: old_length, in_place: true };
    let written = write_tail(tail, plan, target, position, observer)?;
    target.sync()?;
    Ok(written)
}
