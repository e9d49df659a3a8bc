//! A directory of the host as an image's tree: names, attributes, times, descriptors; the contents
//! are found here and read later.
//!
//! What a host does not have is chosen as for a file that Windows makes there: the root gets the
//! descriptor of a new volume's root, everything below inherits. Attributes and the treatment of
//! links are wimlib's.

use super::link;
use super::options::CaptureReport;
use super::template::{Earlier, Template};
use crate::error::{Error, InFile, Result};
use crate::formats::security::inherit;
use crate::formats::upcase::upcase;
use crate::formats::wim::tree::{
    attributes, compare_names, DentryId, Inode, InodeId, Reparse, StreamKind, Tree,
};
use crate::formats::wim::Hash;
use crate::formats::wimscript::WimScript;
use crate::image::create::root_descriptor;
use crate::image::host::listing::{self, FileState, Node, NodeKind};
use crate::image::host::{host_name, host_name_to_utf16, FileId};
use crate::image::path::{check_new_name, is_device_name};
use crate::progress::{report, Observer, Phase};
use sha1::{Digest, Sha1};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Directories inside each other, as many as a reader of the format accepts.
const DEPTH_LIMIT: usize = 16_383;
/// Entries between two reports.
const REPORT_INTERVAL: u64 = 64;
/// FILE_ATTRIBUTE_SPARSE_FILE.
const SPARSE: u32 = 0x0200;
const BACKSLASH: u16 = 0x5C;
/// Names that Windows does not allow that are told one by one.
const NAME_NOTES: u64 = 20;

/// How a directory is looked at.
pub(super) struct ScanOptions<'a> {
    /// What is left out.
    pub script: &'a WimScript,
    /// Later times become this one, and nothing depends on when or where the tree lies.
    pub latest: Option<u64>,
    /// Absolute links into the tree are made relative to its root.
    pub fix_links: bool,
    /// An earlier image of the same directory.
    pub template: Option<&'a Template>,
    /// The image file that is being written, if it is there already: it is not captured.
    pub image_file: Option<FileId>,
}

/// A file whose content is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoundFile {
    /// One of its names.
    pub name: DentryId,
    /// The file.
    pub inode: InodeId,
    /// What it was when it was found.
    pub state: FileState,
}

/// What is in a directory.
pub(super) struct Scan {
    /// The tree; files with content that is to be read have none yet.
    pub tree: Tree,
    /// The directory, absolute and without links.
    pub root: PathBuf,
    /// Files with content that is to be read, in the tree's order.
    pub files: Vec<FoundFile>,
    /// Reparse data by SHA-1.
    pub links: Vec<(Hash, Vec<u8>)>,
}

impl Scan {
    /// The host's path of an entry.
    pub fn host_path(&self, id: DentryId) -> PathBuf {
        host_path(&self.root, &self.tree, id)
    }
}

/// Looks at everything in `source`, a directory or a link to one.
///
/// # Errors
/// [`Error::Io`] naming what cannot be read; [`Error::InvalidName`] for names that are not Unicode;
/// [`Error::LimitExceeded`] for directories too deep inside each other.
pub(super) fn scan(
    source: &Path,
    options: &ScanOptions<'_>,
    told: &mut CaptureReport,
    observer: Observer<'_>,
) -> Result<Scan> {
    let root = crate::image::host::canonical(source)?;
    let node = listing::node(&root)?;
    if node.kind != NodeKind::Directory {
        let reason = format!("'{}' is no directory", source.display());
        return Err(Error::InvalidArgument { parameter: "source", reason });
    }
    let scan = Scan { tree: Tree::new(), root, files: Vec::new(), links: Vec::new() };
    let mut scanner = Scanner {
        options,
        told,
        observer,
        scan,
        root_id: node.id,
        hard_links: HashMap::new(),
        inherited: HashMap::new(),
        known_links: HashSet::new(),
        entries: 0,
        odd_names: 0,
    };
    scanner.run(&node)?;
    let Scanner { scan, told, odd_names, .. } = scanner;
    told.excluded.sort();
    told.skipped.sort_by(|one, other| one.path.cmp(&other.path));
    if let Some(more) = odd_names.checked_sub(NAME_NOTES).filter(|more| *more > 0) {
        told.notes.push(format!("{more} more name(s) are not allowed in Windows"));
    }
    Ok(scan)
}

struct Scanner<'a> {
    options: &'a ScanOptions<'a>,
    told: &'a mut CaptureReport,
    observer: Observer<'a>,
    scan: Scan,
    root_id: FileId,
    /// Files that have further names.
    hard_links: HashMap<FileId, InodeId>,
    /// The id of the descriptor that a file or directory (true) inherits from a directory's.
    inherited: HashMap<(Option<u32>, bool), Option<u32>>,
    /// Which reparse data is in [`Scan::links`].
    known_links: HashSet<Hash>,
    entries: u64,
    odd_names: u64,
}

/// A directory that is yet to be looked at.
struct Open {
    id: DentryId,
    depth: usize,
    earlier: Option<DentryId>,
}

impl Scanner<'_> {
    fn run(&mut self, node: &Node) -> Result<()> {
        report(self.observer, Phase::Scanning, 0, 0)?;
        let root = self.scan.tree.root();
        let inode = self.scan.tree.dentry(root).inode;
        let template = self.options.template;
        let earlier = template.map(|template| template.entry(template.root()));
        let fresh = self.inode(node, attributes::DIRECTORY, earlier);
        if let Some(inode) = self.scan.tree.inode_mut(inode) {
            *inode = Inode { links: inode.links, ..fresh };
        }
        let descriptor = match earlier.and_then(|earlier| earlier.descriptor) {
            Some(descriptor) => descriptor.to_vec(),
            None => root_descriptor()?,
        };
        self.scan.tree.set_security_descriptor(inode, Some(&descriptor))?;
        let mut open = vec![Open { id: root, depth: 0, earlier: earlier.map(|earlier| earlier.id()) }];
        while let Some(directory) = open.pop() {
            let below = self.directory(&directory)?;
            open.extend(below.into_iter().rev());
        }
        report(self.observer, Phase::Scanning, self.entries, 0)
    }

    /// Fills a directory; gives the directories in it.
    fn directory(&mut self, directory: &Open) -> Result<Vec<Open>> {
        let path = host_path(&self.scan.root, &self.scan.tree, directory.id);
        let mut names = self.names(directory.id);
        let mut listed: Vec<(Box<[u16]>, Node)> = Vec::new();
        listing::list_directory(&path, &mut |mut node| {
            self.entries = self.entries.saturating_add(1);
            if self.entries.is_multiple_of(REPORT_INTERVAL) {
                report(self.observer, Phase::Scanning, self.entries, 0)?;
            }
            let name = host_name_to_utf16(&node.name).ok_or_else(|| Error::InvalidName {
                what: "file name",
                name: path.join(&node.name).display().to_string(),
                reason: "it is not Unicode",
            })?;
            names.push(name.as_slice().into());
            let is_excluded = self.options.script.excludes(&names);
            if is_excluded {
                self.told.exclude(|| display(&names));
            } else if let Some(reason) = self.obstacle(&name, &node) {
                self.told.skip(|| display(&names), &reason);
            } else {
                self.judge_name(&name, &names);
                node.name = std::ffi::OsString::new();
                listed.push((name.into(), node));
            }
            names.pop();
            Ok(())
        })?;
        listed.sort_by(|(left, _), (right, _)| compare_names(left, right));
        let template = self.options.template;
        let earlier = template.zip(directory.earlier).map(|(template, id)| template.children(id));
        // A short name must not be what another file is called now.
        let taken: HashSet<Vec<u16>> = match &earlier {
            Some(_) => listed.iter().map(|(name, _)| in_upper_case(name)).collect(),
            None => HashSet::new(),
        };
        let mut below = Vec::new();
        for (name, node) in &listed {
            let earlier = earlier.as_ref().and_then(|children| children.get(&**name));
            let mut earlier = template.zip(earlier).map(|(template, id)| template.entry(*id));
            if let Some(earlier) = &mut earlier {
                if taken.contains(&in_upper_case(earlier.short_name)) {
                    earlier.short_name = &[];
                }
            }
            let id = self.entry(directory.id, name, node, earlier, &path)?;
            if let Some(id) = id.filter(|_| node.kind == NodeKind::Directory) {
                let depth = directory.depth.saturating_add(1);
                if depth > DEPTH_LIMIT {
                    let what = "the number of directories inside each other";
                    let number = |depth| u64::try_from(depth).unwrap_or(u64::MAX);
                    let (limit, found) = (number(DEPTH_LIMIT), number(depth));
                    return Err(Error::LimitExceeded { what, limit, found });
                }
                let earlier = earlier.filter(|earlier| earlier.inode.is_directory());
                below.push(Open { id, depth, earlier: earlier.map(|earlier| earlier.id()) });
            }
        }
        Ok(below)
    }

    /// Why an image cannot have this, if it cannot.
    fn obstacle(&self, name: &[u16], node: &Node) -> Option<String> {
        match node.kind {
            NodeKind::Other(what) => Some(format!("an image cannot hold {what}")),
            NodeKind::File { .. } if self.options.image_file == Some(node.id) => {
                Some("it is the image file that is being written".to_owned())
            }
            // Where the image is applied, it would be a path that leads anywhere.
            _ if name.contains(&BACKSLASH) => Some("its name has a backslash".to_owned()),
            _ => None,
        }
    }

    /// Notes a name that can be in an image and that Windows would not make.
    fn judge_name(&mut self, name: &[u16], path: &[Box<[u16]>]) {
        if check_new_name(name).is_ok() && !is_device_name(name) {
            return;
        }
        self.odd_names = self.odd_names.saturating_add(1);
        if self.odd_names <= NAME_NOTES {
            self.told.notes.push(format!("'{}' has a name that Windows does not allow", display(path)));
        }
    }

    /// Adds one entry; `None` if it was skipped after all.
    fn entry(
        &mut self,
        parent: DentryId,
        name: &[u16],
        node: &Node,
        earlier: Option<Earlier<'_>>,
        directory: &Path,
    ) -> Result<Option<DentryId>> {
        let is_file = matches!(node.kind, NodeKind::File { .. });
        if let Some(first) = self.hard_links.get(&node.id).filter(|_| is_file && node.linked) {
            let like = earlier.filter(|earlier| earlier.is_like(attributes::NORMAL));
            let short_name = like.map_or(&[][..], |earlier| earlier.short_name);
            return self.scan.tree.push_child(parent, name, short_name, *first).map(Some);
        }
        let mut stored = None;
        let kind = match &node.kind {
            NodeKind::File { sparse: true, .. } if self.options.latest.is_none() => SPARSE,
            NodeKind::File { .. } | NodeKind::Other(_) => attributes::NORMAL,
            NodeKind::Directory => attributes::DIRECTORY,
            NodeKind::Link { target, to_directory } => {
                let root = self.options.fix_links.then_some(self.root_id);
                let place = || directory.join(host_name(name)).display().to_string();
                stored = link::store(target, root).in_file(place())?;
                if stored.is_none() {
                    let mut path = self.names(parent);
                    path.push(name.into());
                    self.told.skip(|| display(&path), "its target is longer than Windows allows");
                    return Ok(None);
                }
                let to_directory = if *to_directory { attributes::DIRECTORY } else { 0 };
                attributes::REPARSE_POINT | to_directory
            }
        };
        let earlier = earlier.filter(|earlier| earlier.is_like(kind));
        let mut inode = self.inode(node, kind, earlier);
        if let Some(link) = stored {
            let hash: Hash = Sha1::digest(&link.data).into();
            inode.reparse.tag = Reparse::SYMLINK;
            inode.reparse.flags = if link.fixed { 0 } else { Reparse::NOT_FIXED };
            inode.set_stream(StreamKind::Reparse, &[], hash);
            if self.known_links.insert(hash) {
                self.scan.links.push((hash, link.data));
            }
        }
        let mut to_read = None;
        if let NodeKind::File { size, .. } = node.kind {
            let is_exact = inode.last_write_time == node.last_write_time;
            let template = self.options.template.filter(|_| is_exact);
            let known = template
                .zip(earlier)
                .and_then(|(template, earlier)| template.unchanged(&earlier, size, node.last_write_time));
            match known {
                Some(hash) => inode.set_stream(StreamKind::Data, &[], hash),
                None if size > 0 => {
                    to_read = Some(FileState { id: node.id, size, last_write_time: node.last_write_time });
                }
                None => {}
            }
        }
        let inode = self.scan.tree.add_inode(inode)?;
        let short_name = earlier.map_or(&[][..], |earlier| earlier.short_name);
        let id = self.scan.tree.push_child(parent, name, short_name, inode)?;
        if is_file && node.linked {
            self.hard_links.insert(node.id, inode);
        }
        if let Some(state) = to_read {
            self.scan.files.push(FoundFile { name: id, inode, state });
        }
        match earlier.and_then(|earlier| earlier.descriptor) {
            Some(descriptor) => self.scan.tree.set_security_descriptor(inode, Some(descriptor))?,
            None => self.inherit(parent, inode, kind & attributes::DIRECTORY != 0)?,
        }
        Ok(Some(id))
    }

    /// An inode with what the host tells, and what only the earlier image does.
    fn inode(&self, node: &Node, kind: u32, earlier: Option<Earlier<'_>>) -> Inode {
        let latest = self.options.latest;
        let write = latest.map_or(node.last_write_time, |latest| node.last_write_time.min(latest));
        let access = if latest.is_some() { write } else { node.last_access_time };
        let creation = earlier.map_or(write, |earlier| {
            let creation = earlier.inode.creation_time;
            latest.map_or(creation, |latest| creation.min(latest))
        });
        Inode {
            attributes: earlier.map_or(kind, |earlier| earlier.inode.attributes),
            creation_time: creation,
            last_access_time: access,
            last_write_time: write,
            ..Inode::default()
        }
    }

    /// Gives a new inode what it inherits from its directory.
    fn inherit(&mut self, parent: DentryId, inode: InodeId, is_directory: bool) -> Result<()> {
        let tree = &mut self.scan.tree;
        let parent = tree.dentry(parent).inode;
        let key = (tree.inode(parent).security_id, is_directory);
        match self.inherited.get(&key) {
            Some(id) => {
                if let Some(inode) = tree.inode_mut(inode) {
                    inode.security_id = *id;
                }
            }
            None => {
                let descriptor = inherit(tree.security_descriptor(parent), is_directory).descriptor;
                tree.set_security_descriptor(inode, Some(&descriptor))?;
                self.inherited.insert(key, tree.inode(inode).security_id);
            }
        }
        Ok(())
    }

    /// The names that lead to a directory.
    fn names(&self, directory: DentryId) -> Vec<Box<[u16]>> {
        let tree = &self.scan.tree;
        let mut names = Vec::new();
        let mut at = directory;
        while at != tree.root() {
            names.push(tree.dentry(at).name.clone());
            at = tree.dentry(at).parent;
        }
        names.reverse();
        names
    }
}

fn host_path(root: &Path, tree: &Tree, id: DentryId) -> PathBuf {
    let mut names = Vec::new();
    let mut at = id;
    while at != tree.root() {
        names.push(host_name(&tree.dentry(at).name));
        at = tree.dentry(at).parent;
    }
    let mut path = root.to_path_buf();
    path.extend(names.into_iter().rev());
    path
}

/// A path in the image, for messages.
pub(super) fn display<N: AsRef<[u16]>>(names: &[N]) -> String {
    names.iter().map(|name| format!("\\{}", String::from_utf16_lossy(name.as_ref()))).collect()
}

fn in_upper_case(name: &[u16]) -> Vec<u16> {
    name.iter().map(|unit| upcase(*unit)).collect()
}
