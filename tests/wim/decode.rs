//! Many blobs read on all cores: every content whole, damage told blob by blob, stopped at once.

use crate::support::images::{pseudo_random, Bench};
use imgsvc::error::Error;
use imgsvc::formats::wim::{BlobLocation, Hash};
use imgsvc::image::decode::{read_blobs, stream_blobs, BlobPart, Order};
use imgsvc::image::ImageFile;
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

const FORMATS: &[&[&str]] = &[
    &["--compress=none"],
    &["--compress=fast"],
    &["--compress=max"],
    &["--compress=lzms"],
    &["--solid", "--solid-chunk-size=128K"],
    &["--solid"],
];

fn bench(options: &[&str]) -> Bench {
    let bench = Bench::new();
    bench.write_tree();
    fs::write(bench.path("tree/mixed.bin"), mixed(3 << 20)).unwrap();
    bench.capture(options);
    bench
}

/// Runs that compress between bytes that do not.
fn mixed(size: usize) -> Vec<u8> {
    let mut bytes = pseudo_random(3, size);
    bytes.chunks_mut(50_000).step_by(2).for_each(|run| run.fill(7));
    bytes
}

fn open(bench: &Bench) -> Arc<ImageFile> {
    Arc::new(ImageFile::open(&bench.wim()).unwrap())
}

fn hashes(file: &ImageFile) -> Vec<Hash> {
    file.archive().blobs().iter().map(|blob| blob.hash).collect()
}

#[test]
fn every_content_is_whole_in_every_format_and_order() {
    for options in FORMATS {
        let file = open(&bench(options));
        let mut hashes = hashes(&file);
        hashes.sort_unstable();
        for order in [Order::OnDisk, Order::AsGiven] {
            let mut contents: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
            let mut ended = Vec::new();
            let mut part = |which: usize, part: BlobPart<'_>| {
                match part {
                    BlobPart::Bytes(bytes) => contents.entry(which).or_default().extend_from_slice(bytes),
                    BlobPart::End => ended.push(which),
                    BlobPart::Damaged(error) => panic!("{options:?}: {error}"),
                }
                Ok(())
            };
            read_blobs(&file, &hashes, order, &mut part, &mut || Ok(())).unwrap();
            assert_eq!(ended.len(), hashes.len(), "{options:?}");
            for (which, hash) in hashes.iter().enumerate() {
                let found: Hash = Sha1::digest(&contents[&which]).into();
                assert_eq!(found, *hash, "{options:?} {order:?}");
            }
            if order == Order::AsGiven && !file.archive().is_solid() {
                assert!(ended.is_sorted(), "{options:?}");
            }
        }
    }
}

#[test]
fn damage_is_told_of_the_blobs_that_have_it_and_no_others() {
    for options in FORMATS {
        let bench = bench(options);
        let file = open(&bench);
        let large = file.archive().blobs().iter().find(|blob| blob.size == 3 << 20).unwrap();
        let at = match large.location {
            BlobLocation::Resource(header) => header.offset + header.size_in_file / 2,
            BlobLocation::Solid { .. } => file.archive().blobs().solid_resources()[0].header.offset + 200_000,
        };
        let mut bytes = fs::read(bench.wim()).unwrap();
        bytes[usize::try_from(at).unwrap()] ^= 0x55;
        fs::write(bench.wim(), bytes).unwrap();
        let file = open(&bench);
        let hashes = hashes(&file);
        let mut damaged = Vec::new();
        let mut whole = 0;
        let mut part = |which: usize, part: BlobPart<'_>| {
            match part {
                BlobPart::Bytes(_) => {}
                BlobPart::End => whole += 1,
                BlobPart::Damaged(_) => damaged.push(hashes[which]),
            }
            Ok(())
        };
        read_blobs(&file, &hashes, Order::OnDisk, &mut part, &mut || Ok(())).unwrap();
        let expected: Vec<Hash> = hashes
            .iter()
            .filter(|hash| file.open_blob(hash).unwrap().read_all(1 << 30).is_err())
            .copied()
            .collect();
        damaged.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert!(!expected.is_empty(), "{options:?}");
        assert_eq!(damaged, expected, "{options:?}");
        assert_eq!(whole + damaged.len(), hashes.len(), "{options:?}");
        assert!(stream_blobs(&file, &hashes, &mut |_, _| Ok(()), &mut || Ok(())).is_err());
    }
}

#[test]
fn missing_content_is_named_and_a_listener_can_stop() {
    let file = open(&bench(&["--compress=fast"]));
    let mut found = None;
    let mut part = |_: usize, part: BlobPart<'_>| {
        if let BlobPart::Damaged(error) = part {
            found = Some(error);
        }
        Ok(())
    };
    read_blobs(&file, &[[9; 20], [0; 20]], Order::OnDisk, &mut part, &mut || Ok(())).unwrap();
    assert!(matches!(found, Some(Error::ContentMissing { .. })));
    let stopped = stream_blobs(&file, &hashes(&file), &mut |_, _| Err(Error::Cancelled), &mut || Ok(()));
    assert!(matches!(stopped, Err(Error::Cancelled)));
}
