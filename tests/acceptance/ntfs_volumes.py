#!/usr/bin/python3
"""NTFS volumes filled at random through ntfs-3g (streams, hard links, reparse points, short names, descriptors,
object ids, sparse and compressed files, names that differ in case only) and captured by wimlib-imagex: what our
reader says of every entry is what `wimlib-imagex dir --detailed` prints, byte for byte.

usage: ntfs_volumes.py [--count 60] [--seed 1]
Needs root and /dev/fuse; says SKIPPED and ends with 0 without them.
"""
import argparse
import os
import random
import struct
import subprocess

from common import EXAMPLES, Work, fail, run
from metadata import ADMINISTRATORS, DIRECTORY, FILE, SYSTEM, USERS, descriptor

# Unpaired surrogates do not come through FUSE; tests/wim/random_trees.rs has them.
LETTERS = "aB1é日ß ~_.,'=\"\n:*?<>|\\\U0001F600"


def name():
    length = 255 if random.random() < 0.05 else random.randrange(1, 13)
    text = "".join(random.choice(LETTERS) for _ in range(length))
    while len(text.encode("utf-16-le")) > 510:
        text = text[:-1]
    if random.random() < 0.2:
        text = text[:-1] + random.choice(". ")
    return "dots" if not text.strip(".") else text


def content():
    kind = random.randrange(4)
    if kind == 0:
        return random.choice((b"", b"x", b"the same"))
    size = random.choice((100, 4096, 32768, 32769, 100_000))
    return random.randbytes(size) if kind == 1 else (b"%08d" % random.randrange(10)) * (size // 8)


def security():
    aces = [(random.choice((0, 0xB)), random.choice((0x1F01FF, 0x1200A9, 0x10000000)), who)
            for who in random.sample((SYSTEM, ADMINISTRATORS, USERS), random.randrange(4))]
    return random.choice((DIRECTORY, FILE, descriptor(0x8004, aces)))


def reparse_point(is_directory):
    """REPARSE_DATA_BUFFER: a junction, a symbolic link, or a tag that only its maker knows."""
    target = r"\??\C:\target".encode("utf-16-le")
    names = struct.pack("<4H", 0, len(target), len(target) + 2, len(target))
    junction, link = names + target + bytes(2) + target + bytes(2), names + bytes(4) + target + bytes(2) + target + bytes(2)
    kinds = [(0xA000000C, link), (0x80000013, random.randbytes(60)), (0xC0000123, b"")]
    if is_directory:
        kinds.append((0xA0000003, junction))
    tag, data = random.choice(kinds)
    return struct.pack("<IHH", tag, len(data), 0) + data


def fill(root, with_object_ids):
    directories, files, taken = [root], [], set()
    for number in range(random.randrange(20, 90)):
        path = f"{random.choice(directories)}/{name()}"
        if random.random() < 0.1 and files:
            other = random.choice(files)  # a name that may differ from it in case only
            path = os.path.join(os.path.dirname(other), os.path.basename(other).swapcase())
        too_long = len(os.path.basename(path).encode("utf-16-le")) > 510  # upper case of ß has two letters
        if too_long or path in taken:
            continue
        taken.add(path)
        kind = random.randrange(10)
        if kind < 2:
            os.mkdir(path)
            directories.append(path)
        elif kind == 2 and files:
            os.link(random.choice(files), path)
            continue
        elif kind == 3:
            is_directory = random.random() < 0.5
            os.mkdir(path) if is_directory else open(path, "wb").close()
            os.setxattr(path, "system.ntfs_reparse_data", reparse_point(is_directory))
            continue  # for ntfs-3g it is no plain file any more
        else:
            with open(path, "wb") as file:
                if kind == 4:  # sparse
                    file.truncate(random.randrange(1, 3_000_000))
                    file.seek(random.randrange(1_000_000))
                file.write(content())
            files.append(path)
        os.setxattr(path, "system.ntfs_acl", security())
        if random.random() < 0.3:
            os.setxattr(path, "user.stream" + str(number), content()[:60_000])
        if random.random() < 0.3:
            # not "system": ntfs-3g takes small files with it for sockets and pipes
            attributes = random.choice((0x1, 0x2, 0x20, 0x2000, 0x23))
            os.setxattr(path, "system.ntfs_attrib", struct.pack("<I", attributes))
        if random.random() < 0.2:
            try:
                os.setxattr(path, "system.ntfs_dos_name", b"SHORT~%d.TXT" % number)
            except OSError:
                pass  # not for a name that is a short name itself, or a file with several
        if with_object_ids and random.random() < 0.2:
            os.setxattr(path, "system.ntfs_object_id", random.randbytes(random.choice((16, 64))))
        os.utime(path, ns=(random.randrange(2 << 60), random.randrange(2 << 60)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        print("SKIPPED ntfs_volumes: mounting NTFS volumes needs root and /dev/fuse")
        return
    entries = 0
    with Work() as work:
        volume, point, image = f"{work.path}/volume.ntfs", f"{work.path}/mnt", f"{work.path}/image.wim"
        os.mkdir(point)
        for seed in range(options.seed, options.seed + options.count):
            random.seed(seed)
            for old in (volume, image):
                if os.path.exists(old):
                    os.remove(old)
            run("truncate", "-s", "64M", volume)
            run("mkntfs", "-q", "-F", "-Q", volume)
            run("ntfs-3g", "-o", "streams_interface=xattr,compression", volume, point)
            try:
                os.mkdir(f"{point}/compressed")
                os.setxattr(f"{point}/compressed", "system.ntfs_attrib", struct.pack("<I", 0x800))
                with open(f"{point}/compressed/file", "wb") as file:
                    file.write(b"compresses well " * 20_000)
                fill(point, seed % 2)
            finally:
                run("umount", point)
            run("wimlib-imagex", "capture", volume, image, f"--compress={random.choice(('none', 'fast', 'LZX:20'))}")
            theirs = run("wimlib-imagex", "dir", image, "1", "--detailed")
            ours = run(f"{EXAMPLES}/wimdir", image, "1")
            if ours != theirs:
                different(seed, ours.splitlines(), theirs.splitlines())
            entries += theirs.count(b"Full Path")
    print(f"ntfs_volumes: {options.count} volumes, {entries} entries, all read as wimlib reads them")


def different(seed, ours, theirs):
    for number, (left, right) in enumerate(zip(ours, theirs)):
        if left != right:
            before = b"\n".join(theirs[max(0, number - 12):number]).decode(errors="replace")
            fail(f"seed {seed}: after\n{before}\nours is {left!r}, wimlib's {right!r}")
    fail(f"seed {seed}: ours has {len(ours)} lines, wimlib's {len(theirs)}")


if __name__ == "__main__":
    main()
