//! Trees with everything that Windows images have, the odd and the extreme, made from a seed.
#![allow(dead_code, clippy::unwrap_used, clippy::as_conversions, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation)]

use super::wim::{sha1, Random};
use imgsvc::formats::security::{ace_flags, control, Ace, Acl, AclField, SecurityDescriptor, Sid};
use imgsvc::formats::wim::tree::tagged_items::{OBJECT_ID, UNIX_DATA};
use imgsvc::formats::wim::tree::{attributes, DentryId, Inode, Reparse, Stream, StreamKind, Tree};
use imgsvc::formats::wim::Hash;

const HIDDEN_AND_SYSTEM: u32 = 0x6;
const NOT_CONTENT_INDEXED: u32 = 0x2000;
/// Every bit but those that say what the entry is.
const ANY_ATTRIBUTES: u32 = !(attributes::DIRECTORY | attributes::REPARSE_POINT | attributes::ENCRYPTED);
/// 2001 to 2030, as FILETIME.
const FIRST_TIME: u64 = 0x01C0_7399_0000_0000;
const TIMES: u64 = 290_000_000 * 31_536_000;

/// What the trees may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Everything that the format can say.
    Format,
    /// What comes back as it was from an NTFS volume.
    Ntfs,
}

/// The contents that trees refer to.
pub struct Contents {
    pub all: Vec<Vec<u8>>,
    hashes: Vec<Hash>,
}

impl Contents {
    /// Sizes around the limits of chunks, incompressible, sparse, and the same twice.
    pub fn random(random: &mut Random) -> Self {
        let mut all = vec![Vec::new(), b"x".to_vec()];
        for _ in 0..8 {
            let size = [2, 100, 4096, 32_767, 32_768, 32_769, 70_000][random.below(7) as usize];
            all.push(random.bytes(size));
        }
        let mut sparse = vec![0; 150_000];
        sparse[100_000] = 1;
        all.push(sparse);
        all.push((0..40_000).map(|_| random.next() as u8).collect());
        all.extend([reparse_data(r"\??\C:\target", &[]), reparse_data(r"..\target", &[1, 0, 0, 0])]);
        let hashes = all.iter().map(|content| sha1(content)).collect();
        Self { all, hashes }
    }

    fn pick(&self, random: &mut Random) -> Hash {
        self.hashes[random.below(self.hashes.len() as u64) as usize]
    }

    /// The data of a junction.
    fn junction(&self) -> Hash {
        self.hashes[self.hashes.len() - 2]
    }

    /// The data of a relative symbolic link.
    fn symlink(&self) -> Hash {
        self.hashes[self.hashes.len() - 1]
    }

    /// One that is not empty and at most 16 KiB, the largest that reparse data can be.
    fn pick_small(&self, random: &mut Random) -> Hash {
        let small: Vec<usize> =
            (0..self.all.len()).filter(|&at| (1..16_000).contains(&self.all[at].len())).collect();
        self.hashes[small[random.below(small.len() as u64) as usize]]
    }
}

/// REPARSE_DATA_BUFFER behind its header, with one name as both names; NTFS-3G checks it.
fn reparse_data(target: &str, flags: &[u8]) -> Vec<u8> {
    let name: Vec<u8> = target.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let size = name.len() as u16;
    let mut data: Vec<u8> = [0, size, size + 2, size].iter().flat_map(|field| field.to_le_bytes()).collect();
    data.extend(flags);
    for _ in 0..2 {
        data.extend(&name);
        data.extend([0, 0]);
    }
    data
}

/// A tree of up to `entries` entries.
pub fn random_tree(random: &mut Random, contents: &Contents, range: Range, entries: u64) -> Tree {
    let mut maker = Maker { random, contents, range, tree: Tree::new(), object_ids: 0 };
    maker.decorate(maker.tree.root());
    for _ in 0..entries {
        maker.add();
    }
    if maker.random.below(4) == 0 {
        maker.deep_path();
    }
    maker.tree
}

struct Maker<'a> {
    random: &'a mut Random,
    contents: &'a Contents,
    range: Range,
    tree: Tree,
    object_ids: u32,
}

impl Maker<'_> {
    fn one_in(&mut self, count: u64) -> bool {
        self.random.below(count) == 0
    }

    fn directory(&mut self) -> DentryId {
        let all: Vec<DentryId> =
            self.tree.walk(self.tree.root()).filter(|id| self.tree.inode_of(*id).is_directory()).collect();
        all[self.random.below(all.len() as u64) as usize]
    }

    /// Adds an entry; a name that is taken already is no loss.
    fn add(&mut self) {
        let (parent, name) = (self.directory(), self.name());
        if self.one_in(8) {
            let files: Vec<DentryId> = self
                .tree
                .walk(self.tree.root())
                .filter(|id| self.tree.inode_of(*id).attributes & 0x410 == 0)
                .collect();
            if !files.is_empty() {
                let target = files[self.random.below(files.len() as u64) as usize];
                let _ = self.tree.link(target, parent, &name);
                return;
            }
        }
        let inode = self.inode();
        if let Ok(id) = self.tree.create(parent, &name, inode) {
            self.decorate(id);
        }
    }

    fn inode(&mut self) -> Inode {
        let kinds = if self.range == Range::Ntfs { 9 } else { 10 };
        match self.random.below(kinds) {
            0..=2 => Inode::directory(),
            3 => self.reparse_point(),
            9 => {
                let mut inode = Inode { attributes: attributes::ENCRYPTED, ..Inode::default() };
                inode.set_stream(StreamKind::EfsRaw, &[], self.contents.pick_small(self.random));
                inode
            }
            _ => Inode::file(self.contents.pick(self.random)),
        }
    }

    fn reparse_point(&mut self) -> Inode {
        let directory = if self.one_in(2) { attributes::DIRECTORY } else { 0 };
        let mut inode = Inode { attributes: attributes::REPARSE_POINT | directory, ..Inode::default() };
        // Junctions, symbolic links, and tags that only their maker knows (deduplication, WOF, any).
        let tags = [Reparse::MOUNT_POINT, Reparse::SYMLINK, 0x8000_0013, 0x8000_0017, 0xC000_0123];
        // Only a directory can be a junction.
        let first = usize::from(directory == 0);
        let tag = tags[first + self.random.below(5 - first as u64) as usize];
        inode.reparse = Reparse { tag, reserved: 0, flags: Reparse::NOT_FIXED };
        let content = match inode.reparse.tag {
            Reparse::MOUNT_POINT => self.contents.junction(),
            Reparse::SYMLINK => self.contents.symlink(),
            _ => self.contents.pick_small(self.random),
        };
        inode.set_stream(StreamKind::Reparse, &[], content);
        inode
    }

    /// Times, attributes, descriptor, short name, streams, tagged items.
    fn decorate(&mut self, id: DentryId) {
        let inode_id = self.tree.dentry(id).inode;
        let mut inode = self.tree.inode(inode_id).clone();
        for time in [&mut inode.creation_time, &mut inode.last_access_time, &mut inode.last_write_time] {
            *time = match self.range {
                Range::Format if self.random.below(8) == 0 => self.random.next(),
                _ => FIRST_TIME + self.random.below(TIMES),
            };
        }
        let usual = attributes::READ_ONLY | HIDDEN_AND_SYSTEM | attributes::ARCHIVE | NOT_CONTENT_INDEXED;
        let allowed = if self.range == Range::Format && self.one_in(2) { ANY_ATTRIBUTES } else { usual };
        inode.attributes |= self.random.next() as u32 & allowed;
        if self.range == Range::Ntfs {
            // NTFS gives "normal" to a file without any other attribute.
            inode.attributes &= !attributes::NORMAL;
            if inode.attributes == 0 {
                inode.attributes = attributes::NORMAL;
            }
        }
        inode.extra = self.tagged_items();
        let has_streams = inode.attributes & (attributes::ENCRYPTED | attributes::REPARSE_POINT) == 0;
        // NTFS-3G 2022.10.3 can damage a file that needs more than one MFT record while it gets its
        // streams: there, what is in a record stays below its 1024 bytes.
        let room = match self.range {
            Range::Format => usize::MAX,
            Range::Ntfs => 100usize.saturating_sub(self.tree.dentry(id).name.len()),
        };
        let mut used = 0;
        while has_streams && self.one_in(4) {
            let name = self.name();
            used += name.len() + 40;
            if used <= room {
                inode.set_stream(StreamKind::Data, &name, self.contents.pick(self.random));
            }
        }
        *self.tree.inode_mut(inode_id).unwrap() = inode;
        if self.range == Range::Ntfs || self.one_in(2) {
            let descriptor = self.descriptor();
            self.tree.set_security_descriptor(inode_id, Some(&descriptor)).unwrap();
        }
        if id != self.tree.root() && self.one_in(5) {
            let number = self.random.below(100_000);
            let short: Vec<u16> = format!("SH~{number}.X{}", number % 90 + 10).encode_utf16().collect();
            let _ = self.tree.set_short_name(id, &short);
        }
    }

    fn tagged_items(&mut self) -> Box<[u8]> {
        let mut extra = Vec::new();
        let mut item = |tag: u32, data: &[u8]| {
            extra.extend(tag.to_le_bytes());
            extra.extend((data.len() as u32).to_le_bytes());
            extra.extend(data);
            extra.resize(extra.len().next_multiple_of(8), 0);
        };
        if self.random.below(6) == 0 {
            // An object id must be the only one of its kind on a volume.
            self.object_ids += 1;
            let mut ids = [0x11; 64];
            ids[..4].copy_from_slice(&self.object_ids.to_le_bytes());
            let short = self.range == Range::Format && self.random.below(2) == 0;
            item(OBJECT_ID, &ids[..if short { 16 } else { 64 }]);
        }
        if self.range == Range::Format && self.random.below(6) == 0 {
            let fields = [1000, 100, 0o100_644, self.random.below(3) as u32].map(u32::to_le_bytes);
            item(UNIX_DATA, &fields.concat());
            item(0x7777_0000, b"nobody knows this");
        }
        extra.into()
    }

    fn descriptor(&mut self) -> Vec<u8> {
        let owners = [Sid::administrators(), Sid::system(), Sid::nt(&[80, 956_008_885, 3_418_522_649])];
        let mut entries = Vec::new();
        for _ in 0..self.random.below(5) {
            let who = &owners[self.random.below(3) as usize];
            let flags = [0, ace_flags::OBJECT_INHERIT | ace_flags::CONTAINER_INHERIT];
            let mask = [0x001F_01FF, 0x0012_00A9, 0x1000_0000][self.random.below(3) as usize];
            entries.push(Ace::allow(mask, who, flags[self.random.below(2) as usize]));
        }
        let protected = if self.one_in(2) { control::DACL_PROTECTED } else { 0 };
        let descriptor = SecurityDescriptor {
            control: protected,
            owner: Some(owners[self.random.below(3) as usize].clone()),
            group: Some(owners[self.random.below(3) as usize].clone()),
            dacl: AclField::List(Acl::new(entries)),
            ..SecurityDescriptor::default()
        };
        descriptor.to_bytes().unwrap()
    }

    fn name(&mut self) -> Vec<u16> {
        let letters: Vec<u16> = "aB1é日ß ~_.,'=\u{1F600}".encode_utf16().collect();
        let mut units: Vec<u16> = letters;
        units.extend([0xD800, 0xDFFF]); // unpaired surrogates
        if self.range == Range::Format {
            units.extend([0x0A, 0x22, 0x3A, 0x2A, 0x3F, 0x01, 0xFFFF]);
        }
        let length = match self.random.below(20) {
            0 => 255,
            1 if self.range == Range::Format => 256 + self.random.below(3000),
            _ => 1 + self.random.below(12),
        };
        let mut name: Vec<u16> =
            (0..length).map(|_| units[self.random.below(units.len() as u64) as usize]).collect();
        match self.random.below(10) {
            0 => *name.last_mut().unwrap() = 0x2E,
            1 => *name.last_mut().unwrap() = 0x20,
            _ => {}
        }
        if name.iter().all(|&unit| unit == 0x2E) {
            name.push(0x61);
            name.truncate(255);
            *name.last_mut().unwrap() = 0x61;
        }
        name
    }

    /// A file as deep as paths go: 32,767 units, whether by many directories or by long names.
    fn deep_path(&mut self) {
        let length = [1, 30, 255][self.random.below(3) as usize];
        let mut directory = self.tree.root();
        let levels = if length == 1 { 1000 } else { 32_000 / (length + 1) };
        for level in 0..levels {
            let name: Vec<u16> = (0..length).map(|_| 0x61 + (level % 26) as u16).collect();
            match self.tree.create(directory, &name, Inode::directory()) {
                Ok(id) => directory = id,
                Err(_) => return,
            }
            self.decorate(directory);
        }
        let inode = Inode::file(self.contents.pick(self.random));
        if let Ok(id) = self.tree.create(directory, &[0x7A], inode) {
            self.decorate(id);
        }
    }
}

/// What NTFS keeps of an entry.
#[derive(Debug, PartialEq)]
pub struct Entry {
    path: String,
    short_name: String,
    attributes: u32,
    times: [u64; 3],
    links: u32,
    reparse: (u32, u16),
    streams: Vec<Stream>,
    descriptor: Option<Vec<u8>>,
    extra: Vec<u8>,
}

/// All that counts of a tree, in its order.
pub fn picture(tree: &Tree) -> Vec<Entry> {
    let entry = |id| {
        let (dentry, inode) = (tree.dentry(id), tree.inode_of(id));
        let mut streams = inode.streams.clone();
        // wimlib before 1.14.2 gives directories with streams an empty unnamed one.
        streams.retain(|stream| !stream.name.is_empty() || stream.hash != [0; 20]);
        streams.sort_by(|left, right| (left.kind, &left.name).cmp(&(right.kind, &right.name)));
        Entry {
            path: format!("{:?} {:04x?}", tree.display_path(id), dentry.name),
            short_name: String::from_utf16_lossy(&dentry.short_name),
            attributes: inode.attributes,
            times: [inode.creation_time, inode.last_access_time, inode.last_write_time],
            links: inode.links,
            reparse: (inode.reparse.tag, inode.reparse.reserved),
            streams,
            descriptor: tree.security_descriptor(dentry.inode).map(<[u8]>::to_vec),
            extra: inode.extra.to_vec(),
        }
    };
    tree.walk(tree.root()).map(entry).collect()
}

/// Two trees are the same but for what a trip through an NTFS volume or another writer may change:
/// link groups, the order of streams, what has no meaning.
pub fn assert_same(before: &Tree, after: &Tree, what: &str) {
    let (before, after) = (picture(before), picture(after));
    assert_eq!(before.len(), after.len(), "{what}: the number of entries");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after, "{what}");
    }
}
