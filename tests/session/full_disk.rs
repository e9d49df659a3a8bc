//! A disk that is really full: a small tmpfs, which takes root to mount.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // what fails here fails the test

use crate::support::images::{judge, pseudo_random, put, read, root, save, Bench};
use imgsvc::error::Error;
use imgsvc::image::state::StateDirectory;
use imgsvc::image::{ImageSelector, MountOptions, Session};
use imgsvc::progress::unobserved;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Unmounted when the test ends, however it ends.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let option = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(&at).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(at)),
            _ => {
                eprintln!("SKIPPED: a tmpfs cannot be mounted here (it takes root)");
                None
            }
        }
    }

    fn resize(&self, size: &str) {
        let option = format!("remount,size={size}");
        assert!(Command::new("mount").args(["-o", &option]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn mount(state: &Path, image: &Path) -> Session {
    let options = MountOptions::new(image, ImageSelector::Index(1));
    Session::mount_in(StateDirectory::at(state), &options, &mut unobserved).unwrap()
}

fn is_full(error: Error) -> bool {
    matches!(root(error), Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull)
}

#[test]
fn a_save_to_a_full_disk_leaves_the_image_alone_and_works_when_there_is_space() {
    let bench = Bench::captured(&["--compress=lzx", "--check"]);
    let Some(disk) = SmallDisk::mount(bench.path("disk"), "2m") else { return };
    let image = disk.0.join("image.wim");
    fs::copy(bench.wim(), &image).unwrap();
    let before = fs::read(&image).unwrap();
    let mut session = mount(&bench.path("state"), &image);
    let content = pseudo_random(1, 6_000_000);
    put(&mut session, "\\large", &content).unwrap();
    for _ in 0..3 {
        assert!(is_full(save(&mut session).unwrap_err()));
        assert!(fs::read(&image).unwrap() == before, "the image is as it was");
    }
    assert!(read(&session, "\\large").unwrap() == content);
    disk.resize("32m");
    assert!(save(&mut session).unwrap().saved);
    judge(&image);
    assert!(read(&session, "\\large").unwrap() == content);
    session.discard().unwrap();
}

#[test]
fn staging_on_a_full_disk_leaves_the_session_as_it_was() {
    let bench = Bench::captured(&["--compress=lzx"]);
    let Some(disk) = SmallDisk::mount(bench.path("disk"), "2m") else { return };
    let mut session = mount(&disk.0, &bench.wim());
    put(&mut session, "\\small", b"small").unwrap();
    assert!(is_full(put(&mut session, "\\large", &pseudo_random(2, 6_000_000)).unwrap_err()));
    assert_eq!(session.info().unwrap().pending_transactions, 1);
    put(&mut session, "\\second", &pseudo_random(3, 1_000_000)).unwrap();
    save(&mut session).unwrap();
    bench.judge();
    assert_eq!(read(&session, "\\small").unwrap(), b"small");
    assert!(!session.view().unwrap().exists(&crate::support::images::path("\\large")).unwrap());
    session.discard().unwrap();
}
