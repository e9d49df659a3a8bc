#!/usr/bin/python3
"""Lets the disk become full during staging and during a save, on a small tmpfs (needs root): a clear error,
the image unchanged, and the session usable once there is space.
"""
import os
import random
import shutil
import subprocess
import sys

from common import SAMPLE, SESSION, Work, digest, fail, names, session, try_session, verify


def main():
    if os.geteuid() != 0:
        print("SKIPPED full_disk: mounting a tmpfs needs root")
        return
    with Work() as outer:
        disk = f"{outer.path}/disk"
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=True)
        try:
            run(outer, disk)
        finally:
            subprocess.run(["umount", "-l", disk], check=True)
    print("full_disk: staging and saving refused with a clear error; image unchanged; session usable afterwards")


def run(outer, disk):
    random.seed(1)
    package = f"{outer.path}/package"
    os.mkdir(package)
    with open(f"{package}/big.bin", "wb") as file:
        file.write(random.randbytes(8_000_000))  # random: it does not compress
    subprocess.run([f"{os.path.dirname(SESSION)}/make-sample", "--package", package, "full"], check=True)
    image, ballast, name = f"{disk}/install.wim", f"{disk}/ballast", f"{disk}/m"
    os.environ["IMGSVC_STATE_DIR"] = f"{disk}/state"
    shutil.copy(f"{SAMPLE}/install.wim", image)
    before = digest(image)
    session("mount", image, "1", name)

    leave(ballast, disk, 4_000_000)
    refused("staging", "add", name, package)
    same(image, before, "staging")
    os.remove(ballast)
    session("add", name, package)

    leave(ballast, disk, 4_000_000)
    refused("saving", "save", name)
    verify(image)
    if "full.inf_amd64" in names(image):
        fail("saving failed, but the image has the driver")
    os.remove(ballast)
    session("save", name)
    verify(image)
    if "full.inf_amd64" not in names(image):
        fail("the session did not save after space was freed")
    session("discard", name)


def leave(ballast, disk, free):
    """Fills the disk but for `free` bytes."""
    room = os.statvfs(disk)
    with open(ballast, "wb") as file:
        file.write(bytes(room.f_bavail * room.f_frsize - free))


def refused(what, *arguments):
    code, said = try_session(*arguments)
    if code != 1 or "space" not in said.lower():
        fail(f"{what} on a full disk: exit code {code}, said: {said}")
    print(f"  {what}: {said.splitlines()[-1]}", file=sys.stderr)


def same(image, before, what):
    if digest(image) != before:
        fail(f"{what} failed, but the image file changed")


if __name__ == "__main__":
    main()
