#!/usr/bin/python3
"""What servicing does to the metadata of an image that was captured from an NTFS volume.

An NTFS volume with descriptors, short names, streams and hard links is captured with wimlib-imagex;
files are replaced and added and drivers injected through imgsh; then wimlib's own listing must show
every untouched entry unchanged, every replaced one with its descriptor, attributes, creation time,
short name and links, and every new one with an inherited descriptor. Applied to a new NTFS volume, no
file may grant Everyone full control.

usage: metadata.py OUT_FOLDER DRIVERS     (OUT_FOLDER: what `make build` made; DRIVERS: any packages)
Needs root and /dev/fuse (ntfs-3g); says SKIPPED and ends with 0 without them.
"""
import os
import re
import struct
import subprocess
import sys
import tempfile

EVERYONE = bytes.fromhex("010100000000000100000000")
FULL_CONTROL = 0x1F01FF


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def sid(authority, *parts):
    return struct.pack("<BB", 1, len(parts)) + struct.pack(">Q", authority)[2:] + struct.pack(f"<{len(parts)}I", *parts)


SYSTEM, ADMINISTRATORS, USERS = sid(5, 18), sid(5, 32, 544), sid(5, 32, 545)
INSTALLER = sid(5, 80, 956008885, 3418522649, 1831038044, 1853292631, 2271478464)
CREATOR_OWNER = sid(3, 0)


def descriptor(control, aces):
    """A self-relative descriptor, owned by TrustedInstaller; aces are (flags, mask, sid)."""
    body = b"".join(struct.pack("<BBHI", 0, flags, 8 + len(who), mask) + who for flags, mask, who in aces)
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(body), len(aces), 0) + body
    owner = 20 + len(acl)
    return struct.pack("<BBHIIII", 1, 0, control, owner, owner + len(INSTALLER), 0, 20) + acl + INSTALLER * 2


DIRECTORY = descriptor(0x9404, [
    (0, 0x1301BF, SYSTEM), (0xB, 0x10000000, SYSTEM), (0, 0x1301BF, ADMINISTRATORS),
    (0xB, 0x10000000, ADMINISTRATORS), (0, 0x1200A9, USERS), (0xB, 0xA0000000, USERS),
    (0xB, 0x10000000, CREATOR_OWNER)])
FILE = descriptor(0x9004, [(0, 0x1F01FF, INSTALLER), (0, 0x1200A9, ADMINISTRATORS),
                           (0, 0x1200A9, SYSTEM), (0, 0x1200A9, USERS)])


def make_volume(volume, folder, sample):
    """An NTFS volume that holds the sample image's tree, with metadata that only NTFS has."""
    run("truncate", "-s", "128M", volume)
    run("mkntfs", "-q", "-F", "-f", volume)
    run("ntfs-3g", "-o", "streams_interface=windows", volume, folder)
    try:
        run("wimlib-imagex", "apply", sample, "1", folder)
        windows = folder + "/Windows"
        for name, text in (("replaced.txt", "before"), ("A Long File Name.document", "long"),
                           ("replaced.txt:extra", "a stream"), ("untouched.txt", "same")):
            with open(f"{windows}/{name}", "w") as file:
                file.write(text)
        os.link(f"{windows}/replaced.txt", f"{windows}/second name.txt")
        for where, _, files in os.walk(folder):
            os.setxattr(where, "system.ntfs_acl", DIRECTORY)
            for name in files:
                os.setxattr(f"{where}/{name}", "system.ntfs_acl", FILE)
        os.setxattr(f"{windows}/A Long File Name.document", "system.ntfs_dos_name", b"ALONGF~1.DOC")
        os.setxattr(f"{windows}/replaced.txt", "system.ntfs_attrib", struct.pack("<I", 0x23))
    finally:
        run("umount", folder)


def entries(image):
    """wimlib's detailed listing, by path, without what may change when the file is rewritten."""
    listing = run("wimlib-imagex", "dir", image, "1", "--detailed")
    found = {}
    for block in listing.split("-" * 76):
        path = re.search(r'^Full Path +=\s"(.*)"$', block, re.M)
        if path:
            drop = r"^(Offset in WIM|Compressed size|Reference Count|Flags|Link Group ID|Part Number|.*Raw.*)\b.*\n?"
            found[path.group(1)] = re.sub(drop, "", block, flags=re.M).strip()
    return found


def field(block, name):
    match = re.search(rf"^{name} +=\s(.*)$", block, re.M)
    return match.group(1) if match else None


def grants_everyone(path):
    """Whether the descriptor of a file on a mounted volume gives Everyone full control."""
    try:
        value = os.getxattr(path, "system.ntfs_acl", follow_symlinks=False)
    except OSError:
        return False
    acl_at = struct.unpack_from("<I", value, 16)[0]
    if acl_at == 0:
        return True
    count, at = struct.unpack_from("<H", value, acl_at + 4)[0], acl_at + 8
    for _ in range(count):
        kind, _, size, mask = struct.unpack_from("<BBHI", value, at)
        if kind == 0 and value[at + 8:at + size] == EVERYONE and mask & FULL_CONTROL == FULL_CONTROL:
            return True
        at += size
    return False


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    out, drivers = map(os.path.abspath, sys.argv[1:])
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        print("SKIPPED: mounting NTFS volumes needs root and /dev/fuse")
        return
    with tempfile.TemporaryDirectory() as work:
        image, mount, volume = f"{work}/ntfs.wim", f"{work}/mnt", f"{work}/volume.ntfs"
        os.mkdir(mount)
        make_volume(volume, mount, f"{out}/sample/install.wim")
        run("wimlib-imagex", "capture", volume, image, "From NTFS", "--compress=LZX:20",
            "--image-property", "WINDOWS/ARCH=9")
        before = entries(image)
        for name in ("replacement.txt", "new.txt"):
            with open(f"{work}/{name}", "w") as file:
                file.write("after: " + name)
        script = f"""
            $session = Mount-Image '{image}' 1
            $session | Import-ImageItem '{work}/replacement.txt' '/Windows/replaced.txt' -Force | Out-Null
            $session | Import-ImageItem '{work}/new.txt' '/Windows/System32/new.txt' | Out-Null
            $session | Add-Driver '{drivers}' -Recurse -ForceUnsigned -ErrorAction SilentlyContinue | Out-Null
            $session | Save-Image | Out-Null
            $session | Dismount-Image -Discard -Confirm:$false
        """
        run(f"{out}/imgsh", "-c", script, env={**os.environ, "IMGSVC_STATE_DIR": f"{work}/state"})
        run("wimlib-imagex", "verify", image)
        after = entries(image)
        check(before, after)
        apply_and_check(image, mount, f"{work}/applied.ntfs")
        new = len(after.keys() - before.keys())
        print(f"metadata: {len(before)} entries before, {new} new, all as they must be")


def check(before, after):
    hives = re.compile(r"/Windows/System32/config/(SYSTEM|SOFTWARE|DRIVERS)(\.LOG\d?)?$", re.I)
    replaced = {"/Windows/replaced.txt", "/Windows/second name.txt"}
    parents = {os.path.dirname(path) for path in after.keys() - before.keys()}
    kept = ("Short Name", "Attributes", "Security Descriptor", "Creation Time", "Link Count")
    for path, block in before.items():
        if path not in after:
            sys.exit(f"{path} is gone")
        if path in replaced or hives.match(path) or path in parents:
            for name in kept:
                if field(block, name) != field(after[path], name):
                    sys.exit(f"{path}: {name} was {field(block, name)}, is {field(after[path], name)}")
        elif block != after[path]:
            sys.exit(f"{path} changed:\n{block}\n--- to ---\n{after[path]}")
    if field(after["/Windows/replaced.txt"], "Hash") == field(before["/Windows/replaced.txt"], "Hash"):
        sys.exit("the replaced file has its old content")
    if "extra" not in after["/Windows/replaced.txt"]:
        sys.exit("the replaced file lost its stream")
    for path in after.keys() - before.keys():
        if not field(after[path], "Security Descriptor"):
            sys.exit(f"{path} is new and has no descriptor")


def apply_and_check(image, mount, volume):
    run("truncate", "-s", "256M", volume)
    run("mkntfs", "-q", "-F", "-f", volume)
    run("wimlib-imagex", "apply", image, "1", volume)
    run("ntfs-3g", "-o", "ro,streams_interface=windows", volume, mount)
    try:
        for where, folders, files in os.walk(mount):
            for name in folders + files:
                if grants_everyone(f"{where}/{name}"):
                    sys.exit(f"{where}/{name} grants Everyone full control")
    finally:
        run("umount", mount)


if __name__ == "__main__":
    main()
