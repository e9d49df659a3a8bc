//! The files of an image that say which Windows it is.

use crate::formats::upcase::{self, upcase};
use crate::formats::wim::tree::{DentryId, StreamKind, Tree};
use crate::formats::wim::Hash;

/// The Windows directory of a tree, and the contents that [`identify`](super::identify) reads. Equal
/// ones say the same, so that an edit elsewhere costs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// The name of the Windows directory at the top of the tree.
    root: Option<Vec<u16>>,
    kernel32: Option<Hash>,
    ntdll: Option<Hash>,
    pub(super) software: Option<Hash>,
    pub(super) system: Option<Hash>,
}

impl Sources {
    /// Finds them: in the directory that has most of `System32\kernel32.dll`,
    /// `System32\config\SOFTWARE` and `System32\config\SYSTEM`, preferably one named `Windows`.
    pub fn of(tree: &Tree) -> Self {
        let usual: Vec<u16> = "Windows".encode_utf16().collect();
        let mut best = (0, Self::default());
        for &child in tree.children(tree.root()) {
            if !is_directory(tree, child) {
                continue;
            }
            let found = Self::below(tree, child);
            let hashes = [&found.kernel32, &found.software, &found.system];
            let score = hashes.into_iter().flatten().count();
            let better = score > best.0
                || score > 0 && score == best.0 && upcase::equal(&tree.dentry(child).name, &usual);
            if better {
                best = (score, found);
            }
        }
        best.1
    }

    fn below(tree: &Tree, root: DentryId) -> Self {
        let child = |parent: Option<DentryId>, name: &str| {
            let parent = parent.filter(|parent| is_directory(tree, *parent))?;
            tree.lookup(parent, &name.encode_utf16().collect::<Vec<u16>>())
        };
        let system32 = child(Some(root), "System32");
        let config = child(system32, "config");
        let file = |parent: Option<DentryId>, name: &str| {
            let inode = tree.inode_of(child(parent, name)?);
            let plain = !inode.is_directory()
                && !inode.is_reparse_point()
                && inode.stream(StreamKind::EfsRaw, &[]).is_none();
            plain.then(|| inode.unnamed_hash())
        };
        Self {
            root: Some(tree.dentry(root).name.to_vec()),
            kernel32: file(system32, "kernel32.dll"),
            ntdll: file(system32, "ntdll.dll"),
            software: file(config, "SOFTWARE"),
            system: file(config, "SYSTEM"),
        }
    }

    /// The name of the Windows directory as the tree has it; `None` if there is no Windows.
    pub fn root(&self) -> Option<&[u16]> {
        self.root.as_deref()
    }

    /// `SYSTEMROOT` of the XML: the directory's name in upper case.
    pub(super) fn system_root(&self) -> Option<String> {
        let name: Vec<u16> = self.root()?.iter().map(|&unit| upcase(unit)).collect();
        Some(String::from_utf16_lossy(&name))
    }

    /// The system files whose machine is Windows', the best first.
    pub(super) fn system_files(&self) -> impl Iterator<Item = &Hash> {
        [&self.kernel32, &self.ntdll].into_iter().flatten()
    }

    /// Where a hive is, for messages.
    pub(super) fn path_of(&self, hive: &str) -> String {
        let root = String::from_utf16_lossy(self.root().unwrap_or_default());
        format!(r"\{root}\System32\config\{hive}")
    }
}

fn is_directory(tree: &Tree, id: DentryId) -> bool {
    let inode = tree.inode_of(id);
    inode.is_directory() && !inode.is_reparse_point()
}
