//! Finding what a pattern names in an image's metadata.

use super::{push_name, show, size_of, Place};
use crate::error::{Error, Result};
use crate::formats::wim::tree::{MetadataWalker, StoredDentry};
use crate::image::info::Item;
use crate::image::pattern::Part;
use crate::image::view::{sddl, Named};
use crate::image::{ImageFile, Pattern};
use std::collections::HashMap;

/// Items handed over at a time: a batch is some 100 KB of JSON.
const BATCH: usize = 256;
/// Entries looked at without a batch, before an empty one asks whether to go on.
const PATIENCE: usize = 16_384;

/// The longest path Windows has, in UTF-16 code units; directories that contain themselves have
/// longer ones.
const PATH_LIMIT: usize = 32_767;

/// One search.
pub(super) struct Lister<'a> {
    image: &'a ImageFile,
    walker: MetadataWalker,
    /// The descriptors that were shown already: an image has few, and many thousands of files.
    sddl: HashMap<u32, Option<String>>,
    found: Vec<Item>,
    found_any: bool,
    /// Entries read when `batch` was last called.
    looked_at: usize,
    batch: &'a mut dyn FnMut(&[Item]) -> Result<()>,
}

impl<'a> Lister<'a> {
    pub fn new(
        image: &'a ImageFile,
        walker: MetadataWalker,
        batch: &'a mut dyn FnMut(&[Item]) -> Result<()>,
    ) -> Self {
        Self { image, walker, sddl: HashMap::new(), found: Vec::new(), found_any: false, looked_at: 0, batch }
    }

    /// Hands out everything that the pattern names.
    pub fn list(mut self, pattern: &Pattern, recurse: bool) -> Result<()> {
        match pattern.names() {
            Some(names) => self.list_path(pattern, &names, recurse)?,
            None => self.list_matches(pattern, recurse)?,
        }
        match self.found.as_slice() {
            [] => Ok(()),
            rest => (self.batch)(rest),
        }
    }

    /// A pattern without wildcards.
    fn list_path(&mut self, pattern: &Pattern, names: &[&[u16]], recurse: bool) -> Result<()> {
        match Place::find(&mut self.walker, names) {
            Ok(place) if place.item.inode.is_directory() => self.list_in(place, None, recurse),
            Ok(place) if !recurse => self.add(&place.item, &place.path),
            Ok(_) | Err(Error::ItemNotFound { .. }) if recurse => {
                self.list_matches(pattern, true)?;
                match self.found_any {
                    true => Ok(()),
                    false => Err(Error::ItemNotFound { path: show(names) }),
                }
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn list_matches(&mut self, pattern: &Pattern, recurse: bool) -> Result<()> {
        let Some((last, parents)) = pattern.parts().split_last() else { return Ok(()) };
        let mut places = vec![Place::root(&self.walker)];
        for part in parents {
            let mut below = Vec::new();
            for place in places {
                let found = match part {
                    Part::Name(name) => self.walker.lookup(&place.item, name)?.into_iter().collect(),
                    Part::Wildcard(_) => self.matching_children(&place.item, part)?,
                };
                self.look()?;
                let directories = found.into_iter().filter(|child| child.inode.is_directory());
                below.extend(directories.map(|child| place.below(child)));
            }
            places = below;
        }
        for place in places {
            match last {
                Part::Name(name) if !recurse => {
                    if let Some(child) = self.walker.lookup(&place.item, name)? {
                        let child = place.below(child);
                        self.add(&child.item, &child.path)?;
                    }
                    self.look()?;
                }
                _ => self.list_in(place, Some(last), recurse)?,
            }
        }
        Ok(())
    }

    fn matching_children(&mut self, directory: &StoredDentry, part: &Part) -> Result<Vec<StoredDentry>> {
        let mut children = self.walker.children(directory)?;
        children.retain(|child| part.matches(&child.name));
        Ok(children)
    }

    /// What is in a directory (with `recurse`: and below, parents first) and looks like `wanted`.
    fn list_in(&mut self, place: Place, wanted: Option<&Part>, recurse: bool) -> Result<()> {
        let mut path = place.path;
        let mut open = vec![(self.walker.children(&place.item)?.into_iter(), path.len())];
        while let Some((children, length)) = open.last_mut() {
            let Some(child) = children.next() else {
                open.pop();
                continue;
            };
            path.truncate(*length);
            push_name(&mut path, &child.name);
            if wanted.is_none_or(|wanted| wanted.matches(&child.name)) {
                self.add(&child, &path)?;
            }
            if recurse && child.inode.is_directory() {
                if path.len() > PATH_LIMIT {
                    let found = u64::try_from(path.len()).unwrap_or(u64::MAX);
                    let what = "the length of a path in the image";
                    return Err(Error::LimitExceeded { what, limit: 32_767, found });
                }
                let below = self.walker.children(&child)?;
                self.look()?;
                if !below.is_empty() {
                    open.push((below.into_iter(), path.len()));
                }
            }
        }
        Ok(())
    }

    /// Asks now and then whether to go on, and stops in metadata without end.
    fn look(&mut self) -> Result<()> {
        let read = self.walker.entries_read();
        let limit = self.walker.most_entries();
        if read > limit.saturating_mul(2) {
            let found = "more: directories contain themselves or share their entries";
            let expected = format!("up to {limit} entries");
            return Err(Error::malformed("WIM metadata", "lists of dentries", expected, found));
        }
        if read.saturating_sub(self.looked_at) > PATIENCE {
            self.looked_at = read;
            (self.batch)(&[])?;
        }
        Ok(())
    }

    fn add(&mut self, dentry: &StoredDentry, path: &[u16]) -> Result<()> {
        let inode = &dentry.inode;
        let item = Named {
            path: String::from_utf16_lossy(path),
            name: &dentry.name,
            short_name: &dentry.short_name,
            link_count: (inode.link_group == 0).then_some(1),
            security_descriptor: match inode.security_id {
                Some(id) => self.sddl(id)?,
                None => None,
            },
        }
        .item(inode, |hash| size_of(self.image, hash));
        self.found_any = true;
        self.found.push(item);
        if self.found.len() >= BATCH {
            (self.batch)(&self.found)?;
            self.found.clear();
            self.looked_at = self.walker.entries_read();
        }
        Ok(())
    }

    fn sddl(&mut self, id: u32) -> Result<Option<String>> {
        if let Some(known) = self.sddl.get(&id) {
            return Ok(known.clone());
        }
        let text = self.walker.security_descriptor(id)?.and_then(sddl);
        self.sddl.insert(id, text.clone());
        Ok(text)
    }
}
