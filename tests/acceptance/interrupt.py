#!/usr/bin/python3
"""Interrupts every job on image files at random moments: by SIGKILL, by Ctrl-C (SIGINT), by a full disk.

Whatever happens: sources are untouched; a new file has its final name only when it is whole; a file that is
changed is the old one (after Ctrl-C and a full disk to the last byte) or the new one; what is left behind is at
most a hidden temporary file (after SIGKILL), else nothing; and the same job, run again, does its work.

usage: interrupt.py [--times 50] [--seed 1] [--ways kill,cancel,full] [JOB...]
The full disk is a small tmpfs and needs root; says SKIPPED without.
"""
import argparse
import collections
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

from common import EXAMPLES, SAMPLE, SESSION, Work, digest, fail, run, session

JOBS = f"{EXAMPLES}/jobs"
DISK = 128  # MB; the tmpfs that is filled
TEMPORARY = re.compile(r"^\..*imgsvc-.*\.tmp$")
CANCELLED = 130


def is_temporary(path):
    return any(TEMPORARY.match(part) for part in path.split(os.sep))


def mount(folder):
    """A session on an image of its own, with a driver of some megabytes added and not saved."""
    package = f"{folder}/../package"
    if not os.path.exists(package):
        os.mkdir(package)
        with open(f"{package}/part.bin", "wb") as file:
            file.write(random.randbytes(3_000_000))
        run(f"{EXAMPLES}/make-sample", "--package", package, "interrupted")
    shutil.copy(f"{SAMPLE}/install.wim", f"{folder}/install.wim")
    session("mount", f"{folder}/install.wim", "1", f"{folder}/m")
    session("add", f"{folder}/m", package)


class Job:
    """One job in a folder that has `tree`, `base.wim` (two images), `other.wim` and `part*.swm`."""

    def __init__(self, *arguments, new=(), changed=None, options=None, before=None):
        self.name = arguments[0]
        self.arguments = arguments
        self.options = options or {}
        self.new = new  # names that the job gives
        self.changed = changed  # the name of the file that it changes
        self.before = before  # what has to be done first, each time

    def command(self, **more):
        return [JOBS, *self.arguments, json.dumps({**self.options, **more})]


JOB_LIST = {
    "capture": Job("capture", "tree", "new.wim", options={"name": "New", "compression": "Max"}, new=["new.wim"]),
    "capture-solid": Job("capture", "tree", "new.esd", options={"name": "New", "compression": "Recovery"},
                         new=["new.esd"]),
    "append": Job("append", "tree2", "base.wim", options={"name": "Third"}, changed="base.wim"),
    "apply": Job("apply", "base.wim", "1", "applied", new=["applied"]),
    "export": Job("export", "base.wim", "new.wim", options={"compression": "Max"}, new=["new.wim"]),
    "export-existing": Job("export", "base.wim", "other.wim", options={"indexes": [1]}, changed="other.wim"),
    "split": Job("split", "base.wim", "new.swm", "1500000", new=["new.swm", *(f"new{number}.swm" for number in range(2, 20))]),
    "join": Job("join", "part.swm", "new.wim", new=["new.wim"]),
    "remove": Job("remove", "base.wim", options={"indexes": [1]}, changed="base.wim"),
    "remove-compact": Job("remove", "base.wim", options={"indexes": [1], "compact": True}, changed="base.wim"),
    "optimize": Job("optimize", "base.wim", options={"recompress": True}, changed="base.wim"),
    "describe": Job("describe", "base.wim", "1", options={"name": "Renamed"}, changed="base.wim"),
    "save-as": Job("save-as", "m", options={"name": "Further"}, changed="install.wim", before=mount),
    "repair": Job("repair", "base.wim", "new.wim", new=["new.wim"]),
    "copy": Job("copy", "base.wim", "new.wim", new=["new.wim"]),
}


def make_sources(folder):
    """The files that jobs work on, made by wimlib."""
    os.mkdir(folder)
    for name in ("tree", "tree2"):
        for number in range(300):
            where = f"{folder}/{name}/directory {number % 20}"
            os.makedirs(where, exist_ok=True)
            with open(f"{where}/file {number}", "wb") as file:
                size = random.choice((0, 100, 2000, 30_000, 60_000))
                file.write(random.randbytes(size // 2) + b"compresses " * (size // 22))
        with open(f"{folder}/{name}/large", "wb") as file:
            file.write(random.randbytes(1_000_000) + b"compresses " * 200_000)
    imagex = lambda *arguments: run("wimlib-imagex", *arguments, cwd=folder)
    imagex("capture", "tree", "base.wim", "First", "--compress=fast")
    imagex("append", "tree2", "base.wim", "Second")
    imagex("delete", "base.wim", "2", "--soft")
    imagex("append", "tree2", "base.wim", "Second")
    imagex("capture", "tree2", "other.wim", "Other", "--compress=LZX:20")
    imagex("split", "base.wim", "part.swm", "2")


def picture(path):
    """What counts of a result: the bytes of a directory's files, the images of an image file that verifies."""
    if os.path.isdir(path):
        files = {}
        for where, folders, names in os.walk(path):
            for name in folders:
                files[os.path.relpath(f"{where}/{name}", path)] = None
            for name in names:
                files[os.path.relpath(f"{where}/{name}", path)] = digest(f"{where}/{name}")
        return files
    if path.endswith(".swm") and not path.endswith("new.swm"):
        return os.path.getsize(path)  # each set has a GUID of its own; the first part stands for all
    others = [f"--ref={path[:-4]}*.swm"] if path.endswith(".swm") else []
    verified = subprocess.run(["wimlib-imagex", "verify", path, *others], capture_output=True)
    if verified.returncode != 0:
        return None
    told = run("wimlib-imagex", "info", path).decode()
    kept = ("Image Count", "Index", "Name", "Description", "Directory Count", "File Count", "Total Bytes")
    lines = [line for line in told.splitlines() if line.startswith(kept)]
    count = int(re.search(r"Image Count: +(\d+)", told).group(1))
    return lines, [run("wimlib-imagex", "dir", path, str(index + 1)) for index in range(count)]


def digests(folder):
    """Every file of a folder, by name, hidden ones too."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = f"{where}/{name}"
            found[os.path.relpath(path, folder)] = (
                "link" if os.path.islink(path) else digest(path)
            )
    return found


class Trial:
    """One job, interrupted many times in one way."""

    def __init__(self, name, job, way, sources, folder):
        self.name, self.job, self.way, self.sources, self.folder = name, job, way, sources, folder
        self.state = f"{folder}/state"
        os.environ["IMGSVC_STATE_DIR"] = self.state
        self.outcomes = collections.Counter()
        self.slowest = 0.0
        self.restore()
        self.before = digests(self.folder)
        self.old = picture(f"{folder}/{job.changed}") if job.changed else None
        started = time.monotonic()
        self.run_whole("undisturbed")
        self.duration = time.monotonic() - started
        self.after = self.results()
        self.need = max(1 << 13, self.size() - sum(
            os.path.getsize(f"{sources}/{path}") for path in self.before if os.path.exists(f"{sources}/{path}")))

    def size(self):
        return sum(os.path.getsize(f"{where}/{name}") for where, _, names in os.walk(self.folder) for name in names)

    def restore(self):
        """The folder as it was before the job, made anew where it is not."""
        for entry in os.listdir(self.folder):
            path = f"{self.folder}/{entry}"
            if entry in self.job.new or not os.path.exists(f"{self.sources}/{entry}"):
                shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)
        for entry in os.listdir(self.sources):
            if not os.path.exists(f"{self.folder}/{entry}") or entry == self.job.changed:
                source, target = f"{self.sources}/{entry}", f"{self.folder}/{entry}"
                shutil.copytree(source, target) if os.path.isdir(source) else shutil.copy2(source, target)
        if self.job.before:
            self.job.before(self.folder)

    def results(self):
        names = [*self.job.new, *([self.job.changed] if self.job.changed else [])]
        paths = {name: f"{self.folder}/{name}" for name in names}
        return {name: picture(path) for name, path in paths.items() if os.path.exists(path)}

    def command(self, again=False):
        more = {"overwrite": True} if again and self.job.new else {}
        return self.job.command(**more)

    def run_whole(self, when, again=False):
        answer = subprocess.run(self.command(again), cwd=self.folder, capture_output=True, text=True)
        if answer.returncode != 0:
            self.fail(f"{when}: exit code {answer.returncode}: {answer.stderr}")

    def fail(self, text):
        fail(f"{self.name}, {self.way}: {text}; see {self.folder}" if os.environ.get("KEEP") else
             f"{self.name}, {self.way}: {text}")

    def interrupt(self):
        """Runs the job and stops it; returns the exit code, and what it said."""
        if self.way == "full":
            room = os.statvfs(self.folder)
            free = int(random.uniform(0, self.need * 1.05))
            with open(f"{self.folder}/.ballast", "wb") as file:
                try:
                    file.write(bytes(max(0, room.f_bavail * room.f_frsize - free)))
                except OSError:
                    pass
            answer = subprocess.run(self.command(), cwd=self.folder, capture_output=True, text=True)
            os.remove(f"{self.folder}/.ballast")
            return answer.returncode, answer.stderr
        process = subprocess.Popen(
            self.command(), cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(random.uniform(0, self.duration * 1.1))
        asked = time.monotonic()
        process.send_signal(signal.SIGKILL if self.way == "kill" else signal.SIGINT)
        _, said = process.communicate()
        if process.returncode == CANCELLED:
            self.slowest = max(self.slowest, time.monotonic() - asked)
        return process.returncode, said

    def round(self, number):
        self.restore()
        code, said = self.interrupt()
        # A signal that comes before main() begins ends the process as SIGINT always does.
        allowed = {"kill": (0, -9), "cancel": (0, CANCELLED, -2), "full": (0, 1)}[self.way]
        if code not in allowed:
            self.fail(f"round {number}: exit code {code}: {said}")
        if code == 1 and not re.search("no space|room for", said.lower()):
            self.fail(f"round {number}: the disk was full, but it said: {said}")
        self.check(number, code == 0)
        if code == 0 or self.made:
            return  # there is nothing left to do
        self.run_whole(f"round {number}: run again", again=True)
        if self.results() != self.after:
            self.fail(f"round {number}: run again, it did not make what it makes")
        left = [name for name in digests(self.folder) if is_temporary(name)]
        if left and self.way != "kill":
            self.fail(f"round {number}: run again, it left {left}")

    def check(self, number, ended):
        """What the interrupted job may leave."""
        now = digests(self.folder)
        changed, names = self.job.changed, self.job.new
        below_new = lambda path: path.split(os.sep)[0] in names
        for path, was in self.before.items():
            if path != changed and now.get(path) != was and not path.startswith("state"):
                self.fail(f"round {number}: the source {path} changed")
        for path in now.keys() - self.before.keys():
            hidden = is_temporary(path)
            if hidden and self.way == "kill":
                continue
            if not below_new(path) and not path.startswith("state") or hidden:
                self.fail(f"round {number}: it left {path}")
        results = self.results()
        self.made = False
        for name, found in results.items():
            if name == changed:
                same_bytes = now[changed] == self.before[changed]
                self.made = found == self.after[name] and not same_bytes
                if not (same_bytes or self.made or (self.way == "kill" and found == self.old)):
                    self.fail(f"round {number}: {name} is neither the old file nor the new one")
                if not same_bytes and not ended and self.way != "kill":
                    self.fail(f"round {number}: it was stopped, and {name} is not the old file to the last byte")
            elif isinstance(found, dict):
                halves = [path for path, was in found.items()
                          if was != self.after[name].get(path) and not is_temporary(path)]
                if halves:
                    self.fail(f"round {number}: {name} has halves of {halves[:5]}")
            elif found != self.after[name]:
                self.fail(f"round {number}: {name} is there and is not whole")
        if ended and results != self.after:
            self.fail(f"round {number}: it ended well, but its result is not there")
        self.made = self.made or not changed and results == self.after
        self.outcomes["ended" if ended else "done" if self.made else "undone"] += 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ways", default="kill,cancel,full")
    parser.add_argument("jobs", nargs="*")
    options = parser.parse_args()
    random.seed(options.seed)
    ways = options.ways.split(",")
    if "full" in ways and os.geteuid() != 0:
        print("SKIPPED interrupt: mounting a tmpfs for the full disk needs root")
        ways.remove("full")
    with Work() as work:
        sources, disk = f"{work.path}/sources", f"{work.path}/disk"
        make_sources(sources)
        for name in options.jobs or JOB_LIST:
            for way in ways:
                os.makedirs(disk, exist_ok=True)
                if way == "full":
                    run("mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", disk)
                try:
                    trial = Trial(name, JOB_LIST[name], way, sources, disk)
                    for number in range(options.times):
                        trial.round(number)
                finally:
                    if way == "full":
                        run("umount", "-l", disk)
                    shutil.rmtree(disk, ignore_errors=True)
                told = ", ".join(f"{count} {what}" for what, count in sorted(trial.outcomes.items()))
                slow = f"; slowest to stop {trial.slowest * 1000:.0f} ms" if way == "cancel" else ""
                print(f"interrupt: {name} of {trial.duration:.2f} s, {way}: {told}{slow}", flush=True)


if __name__ == "__main__":
    main()
