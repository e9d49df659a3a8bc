//! Applying to a directory of the host.
//!
//! The room is checked, then directories are made, then content is written in the order it has in
//! the image file, on all cores; links come last, so that nothing is written through one, and the
//! times of directories after everything that changes them.

use super::cores::{self, Stop};
use super::link;
use super::options::{ApplyReport, NotApplied};
use super::plan::{Kind, Plan};
use super::schedule::Schedule;
use super::select::Selection;
use super::target::Target;
use super::write::{Hands, Writer};
use crate::error::{Error, Result};
use crate::formats::wim::header_flags;
use crate::formats::wim::tree::{DentryId, Tree};
use crate::image::content::EMPTY;
use crate::image::file::ImageFile;
use crate::image::host::{self, tree::Room};
use crate::image::jobs::PlaceKind;
use crate::progress::{report, Observer, Phase};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

/// Bytes of buffers in all threads, unless a single one takes more.
const MEMORY: u64 = 1 << 30;
/// Bytes that a file takes besides its content, on most file systems or more.
const INODE: u64 = 512;

/// Writes what is selected of an image into the directory `path`.
pub(super) fn apply(
    image: &ImageFile,
    index: u32,
    tree: &Tree,
    selection: &Selection,
    path: &Path,
    overwrite: bool,
    observer: Observer<'_>,
) -> Result<ApplyReport> {
    let plan = Plan::new(tree, selection)?;
    let target = Target::begin(path, overwrite)?;
    let schedule = prepare(image, &plan, &target)?;
    let fixed = image.archive().header().flags & header_flags::REPARSE_POINT_FIX != 0;
    let root = match fixed && selection.is_whole() {
        true => Some(final_path(&target)?),
        false => None,
    };
    let job = Job { plan: &plan, schedule: &schedule, target: &target, root, total: total(&plan, &schedule) };
    let (bytes, mut lost) = job.run(observer)?;
    let mut told = ApplyReport {
        image_path: image.path().to_path_buf(),
        index,
        target: target.path().to_path_buf(),
        target_kind: PlaceKind::Directory,
        files: plan.files.len().try_into().unwrap_or(u64::MAX),
        directories: plan.directories.len().try_into().unwrap_or(u64::MAX),
        links: plan.files.iter().map(|file| u64::try_from(file.links.len()).unwrap_or(0)).sum(),
        bytes,
        not_applied: Vec::new(),
        not_applied_counts: plan.counts,
    };
    for (_, what) in &lost {
        let count = match *what {
            Lost::Times => &mut told.not_applied_counts.times,
            Lost::Link => &mut told.not_applied_counts.reparse_points,
        };
        *count = count.saturating_add(1);
    }
    lost.truncate(ApplyReport::ITEM_LIMIT.saturating_sub(plan.not_applied.len()));
    told.not_applied = plan.not_applied;
    told.not_applied.extend(lost.into_iter().map(|(item, what)| NotApplied {
        path: tree.display_path(item),
        what: match what {
            Lost::Times => "Times",
            Lost::Link => "ReparsePoint",
        },
    }));
    target.finish()?;
    Ok(told)
}

/// Checks that everything is there and that it fits, before anything is made.
fn prepare<'i>(image: &'i ImageFile, plan: &Plan<'_>, target: &Target) -> Result<Schedule<'i>> {
    let contents = Schedule::locate(image, plan)?;
    if let Some(room) = target.room()? {
        let needed = needed(plan, &contents, room, target)?;
        if needed > room.available {
            let path = target.path().to_path_buf();
            return Err(Error::NoSpace { path, needed, available: room.available });
        }
    }
    contents.cut()
}

/// Bytes that the target's file system has to give.
fn needed(plan: &Plan<'_>, schedule: &Schedule<'_>, room: Room, target: &Target) -> Result<u64> {
    let directories = u64::try_from(plan.directories.len()).unwrap_or(u64::MAX).saturating_mul(room.block);
    let files = u64::try_from(plan.files.len()).unwrap_or(u64::MAX).saturating_mul(INODE);
    let mut needed = directories.saturating_add(files);
    for content in &schedule.contents {
        let size = content.blob.size.checked_next_multiple_of(room.block).unwrap_or(u64::MAX);
        let files = schedule.files_of(content).iter().filter_map(|number| plan.files.get(*number));
        // How much of a sparse file is zeros is not known yet.
        let count = files.filter(|file| file.kind == Kind::File && !plan.is_sparse(file)).count();
        needed = needed.saturating_add(size.saturating_mul(u64::try_from(count).unwrap_or(u64::MAX)));
    }
    if needed > room.available && target.replaces() {
        // What is replaced gives its room back, one file at a time.
        for file in plan.files.iter().filter(|file| file.kind == Kind::File) {
            needed = needed.saturating_sub(target.replaced_bytes(&plan.path(file.name)?));
        }
    }
    Ok(needed)
}

/// Bytes that are going to be written.
fn total(plan: &Plan<'_>, schedule: &Schedule<'_>) -> u64 {
    let sizes = schedule.contents.iter().map(|content| {
        let files = schedule.files_of(content).iter().filter_map(|number| plan.files.get(*number));
        let count = files.filter(|file| file.kind == Kind::File).count();
        content.blob.size.saturating_mul(u64::try_from(count).unwrap_or(u64::MAX))
    });
    sizes.fold(0, u64::saturating_add)
}

/// Where the root of the image will be, without links, for the targets of absolute ones.
fn final_path(target: &Target) -> Result<PathBuf> {
    match (host::canonical(target.path()), target.path().parent(), target.path().file_name()) {
        (Ok(path), _, _) => Ok(path),
        (Err(_), Some(parent), Some(name)) => Ok(host::canonical(parent)?.join(name)),
        (Err(error), _, _) => Err(error),
    }
}

/// What the host refused of an item.
#[derive(Debug, Clone, Copy)]
enum Lost {
    Times,
    Link,
}

/// Everything that is ready to be made.
struct Job<'a> {
    plan: &'a Plan<'a>,
    schedule: &'a Schedule<'a>,
    target: &'a Target,
    root: Option<PathBuf>,
    total: u64,
}

impl Job<'_> {
    /// Makes it; returns the bytes written, and what the host refused.
    fn run(&self, observer: Observer<'_>) -> Result<(u64, Vec<(DentryId, Lost)>)> {
        let stop = Stop::default();
        let writer = Writer::new(self.plan, self.schedule, self.target, &stop);
        let mut tick =
            || report(&mut *observer, Phase::Extracting, writer.done.load(Ordering::Relaxed), self.total);
        tick()?;
        self.make_directories(&stop, &mut tick)?;
        if let Err(error) = self.write_files(&writer, &stop, &mut tick) {
            writer.clean_up();
            return Err(error);
        }
        let mut lost = self.make_links(&writer, &mut tick)?;
        lost.extend(self.set_directory_times(&stop, &mut tick)?);
        let refused = writer.without_times.lock().unwrap_or_else(PoisonError::into_inner);
        let files = refused.iter().filter_map(|number| self.plan.files.get(*number));
        lost.extend(files.map(|file| (file.name, Lost::Times)));
        Ok((writer.done.load(Ordering::Relaxed), lost))
    }

    /// Level by level, so that no directory is made before the one it is in.
    fn make_directories(&self, stop: &Stop, tick: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        let mut levels: Vec<&_> = self.plan.directories.iter().collect();
        levels.sort_by_key(|directory| directory.depth);
        for level in levels.chunk_by(|one, other| one.depth == other.depth) {
            cores::each(level, stop, &|directory| self.target.make_directory(&directory.path), tick)?;
        }
        Ok(())
    }

    fn write_files(
        &self,
        writer: &Writer<'_>,
        stop: &Stop,
        tick: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        let largest = self.schedule.largest_segment().max(1);
        let workers = usize::try_from(MEMORY / largest).unwrap_or(usize::MAX).min(cores::workers());
        let segments = &self.schedule.segments;
        let work = |hands: &mut Hands, number: usize| match segments.get(number) {
            Some(segment) => writer.segment(hands, segment),
            None => Ok(()),
        };
        cores::run(segments.len(), workers, stop, &Hands::default, &work, tick)?;
        let files = (0..).zip(&self.plan.files);
        let empty: Vec<_> = files.filter(|(_, file)| file.kind == Kind::File && file.hash == EMPTY).collect();
        cores::each(&empty, stop, &|(number, file)| writer.empty(*number, file), tick)
    }

    fn make_links(
        &self,
        writer: &Writer<'_>,
        tick: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Vec<(DentryId, Lost)>> {
        let mut links = std::mem::take(&mut *writer.links.lock().unwrap_or_else(PoisonError::into_inner));
        let files = (0..).zip(&self.plan.files);
        let empty = files.filter(|(_, file)| file.kind == Kind::Link && file.hash == EMPTY);
        links.extend(empty.map(|(number, _)| (number, Vec::new())));
        links.sort_unstable();
        let mut lost = Vec::new();
        for (number, data) in links {
            let Some(file) = self.plan.files.get(number) else { continue };
            if !link::make(self.plan, file, &data, self.root.as_deref(), self.target)? {
                lost.push((file.name, Lost::Link));
                continue;
            }
            let path = self.plan.path(file.name)?;
            if self.target.tree().set_times(&path, self.plan.times(file.inode)).is_err() {
                lost.push((file.name, Lost::Times));
            }
            tick()?;
        }
        Ok(lost)
    }

    fn set_directory_times(
        &self,
        stop: &Stop,
        tick: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Vec<(DentryId, Lost)>> {
        let lost = Mutex::new(Vec::new());
        let set = |directory: &super::plan::Directory| {
            let times = self.plan.times(self.plan.tree.dentry(directory.dentry).inode);
            if self.target.tree().set_times(&directory.path, times).is_err() {
                let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
                lost.push((directory.dentry, Lost::Times));
            }
            Ok(())
        };
        cores::each(&self.plan.directories, stop, &set, tick)?;
        Ok(lost.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}
