//! Walking two trees at once.

use super::{Aspect, Change, CompareOptions, Difference};
use crate::error::{Error, Result};
use crate::formats::upcase;
use crate::formats::wim::tree::{DentryId, Inode, InodeId, StreamKind, Tree};
use crate::formats::wim::Hash;
use crate::image::info::ItemType;
use crate::image::view::item_type;
use crate::image::ImagePath;
use std::collections::{HashMap, HashSet};

/// Differences handed over at a time.
const BATCH: usize = 256;
/// Items compared without a batch, before an empty one asks whether to go on.
const PATIENCE: usize = 16_384;

/// One of the images.
pub(super) struct Side<'a> {
    pub tree: &'a Tree,
    /// Bytes of a content.
    pub size: &'a dyn Fn(&Hash) -> u64,
}

/// What is to be compared.
pub(super) struct Trees<'a> {
    pub reference: Side<'a>,
    pub difference: Side<'a>,
}

/// Names that belong together: one of each image, or what only one has.
#[derive(Debug, Clone, Copy)]
enum Pair {
    Both(DentryId, DentryId),
    Removed(DentryId),
    Added(DentryId),
}

/// Files with several names that do not have the same names in both images.
#[derive(Debug, Default)]
struct OtherLinks {
    reference: HashSet<InodeId>,
    difference: HashSet<InodeId>,
}

impl Trees<'_> {
    pub fn compare(
        &self,
        options: &CompareOptions,
        batch: &mut dyn FnMut(&[Difference]) -> Result<()>,
    ) -> Result<()> {
        let start = self.start(options)?;
        let links = self.other_links()?;
        let mut found = Vec::new();
        let mut silent = 0usize;
        self.walk(start, &mut |pair| {
            let told = self.difference_of(pair, &links, options);
            if told.change != Change::Equal || options.include_equal {
                found.push(told);
            }
            silent = silent.saturating_add(1);
            if found.len() >= BATCH || silent >= PATIENCE {
                batch(&found)?;
                found.clear();
                silent = 0;
            }
            Ok(())
        })?;
        match found.as_slice() {
            [] => Ok(()),
            rest => batch(rest),
        }
    }

    /// Where to begin.
    fn start(&self, options: &CompareOptions) -> Result<Pair> {
        let path = options.path.as_deref().map_or(Ok(ImagePath::root()), ImagePath::parse)?;
        let find = |side: &Side<'_>| side.tree.resolve(&path.names());
        match (find(&self.reference), find(&self.difference)) {
            (Some(one), Some(other)) => Ok(Pair::Both(one, other)),
            (Some(one), None) => Ok(Pair::Removed(one)),
            (None, Some(other)) => Ok(Pair::Added(other)),
            (None, None) => Err(Error::ItemNotFound { path: path.to_string() }),
        }
    }

    /// Visits pairs, parents first, in the order of names.
    fn walk(&self, start: Pair, visit: &mut dyn FnMut(Pair) -> Result<()>) -> Result<()> {
        let (one, other) = (self.reference.tree, self.difference.tree);
        let mut open = vec![start];
        while let Some(pair) = open.pop() {
            visit(pair)?;
            let first = open.len();
            match pair {
                Pair::Both(left, right) => self.pair_children(left, right, &mut open),
                Pair::Removed(left) => open.extend(one.children(left).iter().copied().map(Pair::Removed)),
                Pair::Added(right) => open.extend(other.children(right).iter().copied().map(Pair::Added)),
            }
            if let Some(below) = open.get_mut(first..) {
                below.reverse();
            }
        }
        Ok(())
    }

    /// Merges the sorted names of two directories. Of names that differ in case only, those that
    /// do not differ at all belong together, and the others in their order.
    fn pair_children(&self, left: DentryId, right: DentryId, pairs: &mut Vec<Pair>) {
        let one = |id: &DentryId| &*self.reference.tree.dentry(*id).name;
        let other = |id: &DentryId| &*self.difference.tree.dentry(*id).name;
        let mut lefts = self.reference.tree.children(left);
        let mut rights = self.difference.tree.children(right);
        loop {
            let name = match (lefts.first().map(one), rights.first().map(other)) {
                (None, None) => return,
                (Some(name), None) | (None, Some(name)) => name,
                (Some(left), Some(right)) if upcase::compare(left, right).is_gt() => right,
                (Some(left), Some(_)) => left,
            };
            let same = |other: &[u16]| upcase::equal(other, name);
            let (some, rest) = lefts.split_at(lefts.partition_point(|id| same(one(id))));
            lefts = rest;
            let (others, rest) = rights.split_at(rights.partition_point(|id| same(other(id))));
            rights = rest;
            pair_variants(some, others, |left, right| one(left) == other(right), pairs);
        }
    }

    /// Which files with several names have other names in the other image.
    fn other_links(&self) -> Result<OtherLinks> {
        let mut others = OtherLinks::default();
        let mut partner_of_one: HashMap<InodeId, InodeId> = HashMap::new();
        let mut partner_of_other: HashMap<InodeId, InodeId> = HashMap::new();
        let (one, other) = (self.reference.tree, self.difference.tree);
        self.walk(Pair::Both(one.root(), other.root()), &mut |pair| {
            let Pair::Both(left, right) = pair else { return Ok(()) };
            let (left, right) = (one.dentry(left).inode, other.dentry(right).inode);
            let (left_links, right_links) = (one.inode(left).links, other.inode(right).links);
            if left_links <= 1 && right_links <= 1 {
                return Ok(());
            }
            let same = *partner_of_one.entry(left).or_insert(right) == right
                && *partner_of_other.entry(right).or_insert(left) == left
                && left_links == right_links;
            if !same {
                others.reference.insert(left);
                others.difference.insert(right);
            }
            Ok(())
        })?;
        Ok(others)
    }

    fn difference_of(&self, pair: Pair, links: &OtherLinks, options: &CompareOptions) -> Difference {
        let (one, other) = (&self.reference, &self.difference);
        match pair {
            Pair::Removed(left) => Difference {
                change: Change::Removed,
                path: one.tree.display_path(left),
                item_type: item_type(one.tree.inode_of(left)),
                what: Vec::new(),
                reference_length: one.length(left),
                difference_length: None,
            },
            Pair::Added(right) => Difference {
                change: Change::Added,
                path: other.tree.display_path(right),
                item_type: item_type(other.tree.inode_of(right)),
                what: Vec::new(),
                reference_length: None,
                difference_length: other.length(right),
            },
            Pair::Both(left, right) => {
                let what = self.aspects(left, right, links, options);
                Difference {
                    change: if what.is_empty() { Change::Equal } else { Change::Changed },
                    path: other.tree.display_path(right),
                    item_type: item_type(other.tree.inode_of(right)),
                    what,
                    reference_length: one.length(left),
                    difference_length: other.length(right),
                }
            }
        }
    }

    fn aspects(
        &self,
        left: DentryId,
        right: DentryId,
        links: &OtherLinks,
        options: &CompareOptions,
    ) -> Vec<Aspect> {
        let (left, right) = (self.reference.tree.dentry(left), self.difference.tree.dentry(right));
        let (one, other) = (self.reference.tree.inode(left.inode), self.difference.tree.inode(right.inode));
        let descriptor = self.reference.tree.security_descriptor(left.inode);
        let other_descriptor = self.difference.tree.security_descriptor(right.inode);
        let other_names = links.reference.contains(&left.inode) || links.difference.contains(&right.inode);
        let differs = [
            (Aspect::Content, item_type(one) != item_type(other) || content(one) != content(other)),
            (Aspect::Attributes, one.attributes != other.attributes),
            (Aspect::Times, times_differ(one, other, options)),
            (Aspect::SecurityDescriptor, descriptor != other_descriptor),
            (Aspect::ShortName, left.short_name != right.short_name || left.name != right.name),
            (Aspect::Streams, other_streams(one) != other_streams(other) || one.extra != other.extra),
            (Aspect::ReparsePoint, reparse_point(one) != reparse_point(other)),
            (Aspect::Links, other_names),
        ];
        differs.into_iter().filter_map(|(aspect, differs)| differs.then_some(aspect)).collect()
    }
}

impl Side<'_> {
    fn length(&self, dentry: DentryId) -> Option<u64> {
        let inode = self.tree.inode_of(dentry);
        (item_type(inode) == ItemType::File).then(|| content(inode).map_or(0, |hash| (self.size)(&hash)))
    }
}

/// Pairs names that differ in case only: those that are the same, then the others in order.
fn pair_variants(
    lefts: &[DentryId],
    rights: &[DentryId],
    same: impl Fn(&DentryId, &DentryId) -> bool,
    pairs: &mut Vec<Pair>,
) {
    let mut rights: Vec<DentryId> = rights.to_vec();
    let mut left_over = Vec::new();
    for left in lefts {
        match rights.iter().position(|right| same(left, right)) {
            Some(position) => pairs.push(Pair::Both(*left, rights.remove(position))),
            None => left_over.push(*left),
        }
    }
    let mut rights = rights.into_iter();
    for left in left_over {
        pairs.push(rights.next().map_or(Pair::Removed(left), |right| Pair::Both(left, right)));
    }
    pairs.extend(rights.map(Pair::Added));
}

/// The unnamed content, also of an encrypted file.
fn content(inode: &Inode) -> Option<Hash> {
    let is_content = |kind| matches!(kind, StreamKind::Data | StreamKind::EfsRaw);
    let mut unnamed = inode.streams.iter().filter(|stream| is_content(stream.kind) && stream.name.is_empty());
    unnamed.next().map(|stream| stream.hash).filter(|hash| *hash != Hash::default())
}

/// Everything but unnamed content and reparse data.
fn other_streams(inode: &Inode) -> Vec<(StreamKind, Vec<u16>, Hash)> {
    let mut streams: Vec<_> = inode
        .streams
        .iter()
        .filter(|stream| stream.kind == StreamKind::Unknown || !stream.name.is_empty())
        .map(|stream| {
            let name = stream.name.iter().map(|unit| upcase::upcase(*unit)).collect();
            (stream.kind, name, stream.hash)
        })
        .collect();
    streams.sort();
    streams
}

fn reparse_point(inode: &Inode) -> Option<(u32, u16, Option<Hash>)> {
    let data = inode.stream(StreamKind::Reparse, &[]).map(|stream| stream.hash);
    inode.is_reparse_point().then_some((inode.reparse.tag, inode.reparse.flags, data))
}

fn times_differ(one: &Inode, other: &Inode, options: &CompareOptions) -> bool {
    let directories = one.is_directory() && other.is_directory();
    if options.ignore_times || (directories && !options.directory_times) {
        return false;
    }
    one.creation_time != other.creation_time
        || one.last_write_time != other.last_write_time
        || (options.last_access_times && one.last_access_time != other.last_access_time)
}
