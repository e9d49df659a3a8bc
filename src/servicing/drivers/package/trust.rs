//! What signatures are judged by: Microsoft's roots, those of the image, those a caller gives, and a time.
//!
//! Windows keeps the machine's roots in SOFTWARE: `ROOT` those it shipped and an admin added, `AuthRoot`
//! those of Microsoft's programme, which a running Windows fetches when it first needs one, so an image
//! has few of them. `Disallowed` has what is not trusted whatever vouches for it.
//!
//! Reference: Microsoft, "System Store Locations" (CERT_SYSTEM_STORE_LOCAL_MACHINE); docs/formats/cat.md.

use crate::error::{InFile, Result};
use crate::formats::cat::TrustStore;
use crate::formats::regf::Hive;
use crate::image::folder::{self, HostKind};
use std::path::Path;

/// Stores of trusted roots, below the root of SOFTWARE.
const STORES: [&str; 2] = [
    r"Microsoft\SystemCertificates\ROOT\Certificates",
    r"Microsoft\SystemCertificates\AuthRoot\Certificates",
];
/// The store of certificates that are not trusted.
const DISALLOWED: &str = r"Microsoft\SystemCertificates\Disallowed\Certificates";
/// Largest file of roots.
const FILE_LIMIT: u64 = 64 << 20;

/// What signatures are judged by.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The roots.
    pub roots: TrustStore,
    /// The time that stands for now (FILETIME): for signatures without a trusted time stamp.
    pub now: u64,
}

impl Trust {
    /// Microsoft's roots alone.
    pub fn new(now: u64) -> Self {
        Self { roots: TrustStore::new(), now }
    }

    /// Adds what an image trusts. A certificate that cannot be read is none, as it is for Windows.
    ///
    /// # Errors
    /// Those of a damaged hive, and [`crate::error::Error::LimitExceeded`].
    pub fn add_image(&mut self, software: &Hive) -> Result<()> {
        for store in STORES {
            for blob in blobs(software, store)? {
                let _unreadable = self.roots.add_blob(&blob);
            }
        }
        for blob in blobs(software, DISALLOWED)? {
            let _unreadable = self.roots.distrust_blob(&blob);
        }
        Ok(())
    }

    /// Adds the certificates of a file (PEM, DER, PKCS#7), or of every file of a folder.
    ///
    /// # Errors
    /// Those of reading; [`crate::error::Error::Malformed`] for a file that holds no certificate.
    pub fn add_path(&mut self, path: &Path) -> Result<()> {
        if folder::kind(path)? == Some(HostKind::Directory) {
            for entry in folder::entries(path)? {
                if entry.kind == HostKind::File {
                    self.add_file(&entry.path)?;
                }
            }
            return Ok(());
        }
        self.add_file(path)
    }

    fn add_file(&mut self, path: &Path) -> Result<()> {
        let bytes = folder::read(path, FILE_LIMIT)?;
        self.roots.add_file(&bytes).in_file(path.display().to_string()).map(|_| ())
    }
}

/// The values `Blob` of the keys of a store.
fn blobs(software: &Hive, store: &str) -> Result<Vec<Vec<u8>>> {
    let Some(store) = software.find(software.root(), store)? else { return Ok(Vec::new()) };
    let mut blobs = Vec::new();
    for key in software.subkeys(store)? {
        if let Some(value) = software.value(key, "Blob")? {
            blobs.push(value.data);
        }
    }
    Ok(blobs)
}
