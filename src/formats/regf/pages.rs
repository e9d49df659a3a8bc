//! Hive bins that are read when something in them is asked for, and written in memory.
//!
//! A bin is read whole, because no cell lies in two. Where it starts is found by walking back from the
//! page that is asked for to a header that covers it. Bins that were read stay where they are, so that
//! records can be borrowed from them; no two overlap, whatever the headers say.
//!
//! Reference: `msuhanov/regf` "Hive bin".

use super::cells::{index, BIN_HEADER, PAGE};
use crate::error::Error;
use crate::formats::bytes::u32_at;
use crate::formats::ReadAt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What is known of a page of the bins data.
#[derive(Clone)]
enum Page {
    /// A bin starts here.
    Bin(Box<[u8]>),
    /// It belongs to the bin that starts at that page.
    Inside(usize),
    /// No bin was found that it belongs to.
    Astray,
}

/// The bins of a hive that is read from `source`.
#[derive(Clone)]
pub(super) struct Pages {
    source: Arc<dyn ReadAt>,
    /// Bytes of bins data in the source.
    stored: u32,
    /// One for each page.
    pages: Vec<OnceLock<Page>>,
    /// Bytes read so far.
    read: Arc<AtomicU64>,
    /// The first refusal of the source.
    failed: OnceLock<(std::io::ErrorKind, String)>,
}

impl Pages {
    /// Bins of which nothing is read yet.
    pub fn new(source: Arc<dyn ReadAt>, stored: u32) -> Self {
        let pages = vec![OnceLock::new(); index(stored / PAGE)];
        Self { source, stored, pages, read: Arc::default(), failed: OnceLock::new() }
    }

    /// Bytes of the source that were read.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Why the source could not be read, if it could not.
    pub fn failure(&self) -> Option<Error> {
        self.failed.get().map(|(kind, text)| Error::Stream(std::io::Error::new(*kind, text.clone())))
    }

    /// `length` bytes from `offset` of the bins data, if they are in one bin.
    pub fn get(&self, offset: u32, length: u32) -> Option<&[u8]> {
        let first = self.bin_of(index(offset / PAGE))?;
        let Some(Page::Bin(bytes)) = self.pages.get(first)?.get() else { return None };
        let start = index(offset).checked_sub(first.checked_mul(index(PAGE))?)?;
        bytes.get(start..start.checked_add(index(length))?)
    }

    /// Offset and size of the bin that `offset` is in.
    pub fn bin(&self, offset: u32) -> Option<Range<u32>> {
        let first = self.bin_of(index(offset / PAGE))?;
        let Some(Page::Bin(bytes)) = self.pages.get(first)?.get() else { return None };
        let start = u32::try_from(first).ok()?.checked_mul(PAGE)?;
        Some(start..start.checked_add(u32::try_from(bytes.len()).ok()?)?)
    }

    /// The same as [`get`](Self::get), to be written.
    pub fn get_mut(&mut self, offset: u32, length: u32) -> Option<&mut [u8]> {
        let first = self.bin_of(index(offset / PAGE))?;
        let Some(Page::Bin(bytes)) = self.pages.get_mut(first)?.get_mut() else { return None };
        let start = index(offset).checked_sub(first.checked_mul(index(PAGE))?)?;
        bytes.get_mut(start..start.checked_add(index(length))?)
    }

    /// Adds a bin of zeros behind the others.
    pub fn grow(&mut self, size: u32) {
        let first = self.pages.len();
        self.pages.push(OnceLock::from(Page::Bin(vec![0; index(size)].into_boxed_slice())));
        self.pages.resize(first.saturating_add(index(size / PAGE)), OnceLock::from(Page::Inside(first)));
    }

    /// Fills `buffer` with the bins data from `offset`: what is in memory, else what the source has.
    pub fn copy(&self, offset: u32, buffer: &mut [u8]) -> Option<()> {
        let page = index(PAGE);
        let mut done = 0_usize;
        while done < buffer.len() {
            let at = index(offset).saturating_add(done);
            let step = page.saturating_sub(at % page).min(buffer.len().saturating_sub(done));
            let target = buffer.get_mut(done..done.saturating_add(step))?;
            let known = match self.pages.get(at / page).and_then(OnceLock::get) {
                Some(Page::Inside(first)) => Some(*first),
                Some(Page::Bin(_)) => Some(at / page),
                _ => None,
            };
            match known.and_then(|first| Some((first, self.pages.get(first)?.get()?))) {
                Some((first, Page::Bin(bytes))) => {
                    let start = at.checked_sub(first.checked_mul(page)?)?;
                    target.copy_from_slice(bytes.get(start..start.checked_add(step)?)?);
                }
                _ => self.read(u32::try_from(at).ok()?, target)?,
            }
            done = done.saturating_add(step);
        }
        Some(())
    }

    /// The first page of the bin that a page belongs to; reads the bin.
    fn bin_of(&self, page: usize) -> Option<usize> {
        match self.pages.get(page)?.get() {
            Some(Page::Bin(_)) => return Some(page),
            Some(Page::Inside(first)) => return Some(*first),
            Some(Page::Astray) => return None,
            None => {}
        }
        match self.find_bin(page)? {
            Ok(first) => Some(first),
            Err(astray) => {
                // All of them, so that no page is walked over twice.
                for page in self.pages.get(astray..=page)? {
                    let _ = page.set(Page::Astray);
                }
                None
            }
        }
    }

    /// The first page of the bin that a page which is not known belongs to; or the first of the pages,
    /// up to this one, that belong to none. Nothing when the source fails.
    fn find_bin(&self, page: usize) -> Option<Result<usize, usize>> {
        let mut first = page;
        loop {
            if self.pages.get(first)?.get().is_some() {
                // The bin before ends before this page.
                return Some(Err(first.saturating_add(1)));
            }
            if let Some(size) = self.header(first)? {
                let end = first.saturating_add(index(size / PAGE));
                return match end > page {
                    true => self.load(first, size).map(|loaded| if loaded { Ok(first) } else { Err(page) }),
                    false => Some(Err(end)),
                };
            }
            match first.checked_sub(1) {
                Some(before) => first = before,
                None => return Some(Err(0)),
            }
        }
    }

    /// The size of the bin that starts at a page, if one does.
    fn header(&self, page: usize) -> Option<Option<u32>> {
        let offset = u32::try_from(page).ok()?.checked_mul(PAGE)?;
        let mut header = [0; 32];
        debug_assert!(header.len() == index(BIN_HEADER));
        self.read(offset, &mut header)?;
        let (own, size) = (u32_at(&header, 4)?, u32_at(&header, 8)?);
        let inside = offset.checked_add(size).is_some_and(|end| end <= self.stored);
        let whole = size >= PAGE && size.is_multiple_of(PAGE) && inside;
        Some((header.starts_with(b"hbin") && own == offset && whole).then_some(size))
    }

    /// Reads a bin; false if part of it is known as something else. Nothing when the source fails.
    fn load(&self, first: usize, size: u32) -> Option<bool> {
        let pages = self.pages.get(first..first.checked_add(index(size / PAGE))?)?;
        if pages.iter().any(|page| page.get().is_some()) {
            return Some(false);
        }
        let mut bytes = vec![0; index(size)];
        self.read(u32::try_from(first).ok()?.checked_mul(PAGE)?, &mut bytes)?;
        for page in pages.iter().skip(1) {
            let _ = page.set(Page::Inside(first));
        }
        Some(pages.first()?.set(Page::Bin(bytes.into_boxed_slice())).is_ok())
    }

    fn read(&self, offset: u32, buffer: &mut [u8]) -> Option<()> {
        let length = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        self.read.fetch_add(length, Ordering::Relaxed);
        let read = self.source.read_exact_at(buffer, u64::from(offset) + u64::from(PAGE));
        read.map_err(|error| self.failed.get_or_init(|| (error.kind(), error.to_string()))).ok()
    }
}
