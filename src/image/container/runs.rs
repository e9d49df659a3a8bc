//! Copying resources as they are: neighbours in one go.

use crate::error::Result;
use crate::image::host::HostFile;

/// Copies pieces from one file to another; pieces that are neighbours in both are copied at once,
/// by the kernel where it can.
pub(crate) struct Runs<'a> {
    source: &'a HostFile,
    target: &'a HostFile,
    advance: &'a mut dyn FnMut(u64) -> Result<()>,
    run: Option<Run>,
}

#[derive(Clone, Copy)]
struct Run {
    from: u64,
    to: u64,
    length: u64,
}

impl<'a> Runs<'a> {
    /// `advance` is told bytes that were copied, and may stop the work.
    pub fn new(
        source: &'a HostFile,
        target: &'a HostFile,
        advance: &'a mut dyn FnMut(u64) -> Result<()>,
    ) -> Self {
        Self { source, target, advance, run: None }
    }

    /// Copies `length` bytes, now or with a later piece.
    pub fn add(&mut self, from: u64, to: u64, length: u64) -> Result<()> {
        if let Some(run) = &mut self.run {
            let joins = |start: u64, next: u64| start.checked_add(run.length) == Some(next);
            if joins(run.from, from) && joins(run.to, to) {
                run.length = run.length.saturating_add(length);
                return Ok(());
            }
        }
        self.copy()?;
        self.run = Some(Run { from, to, length });
        Ok(())
    }

    /// Copies what is left.
    pub fn finish(mut self) -> Result<()> {
        self.copy()
    }

    fn copy(&mut self) -> Result<()> {
        match self.run.take() {
            Some(Run { from, to, length }) => {
                self.target.copy_from(self.source, from, to, length, &mut *self.advance)
            }
            None => Ok(()),
        }
    }
}
