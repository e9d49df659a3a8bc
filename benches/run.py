#!/usr/bin/python3
"""The benchmark: one job done by the engine and by its peers, interleaved, on fresh copies of one image.

usage: run.py --image large.wim --drivers DIR --engine PROGRAM [--shell out/imgsh] [--runs 5] [--work DIR]

DIR holds driver packages (one folder each). PROGRAM is add_driver.c, built. Every run of a job starts from a
fresh copy of the image, in a process of its own that adopts what the job leaves running (the FUSE daemon of
`wimmountrw`), so that its CPU time counts:

  CPU      user + system time of all the job's processes
  wall     from the first process to the end of the last
  peak     the largest resident set of any one of them
  written  bytes the job put into the page cache of the disk (write_bytes of /proc/self/io)

Timings are printed, never asserted: read the ratios, and CPU rather than wall on a busy machine.
"""
import argparse
import ctypes
import glob
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import traceback

PR_SET_CHILD_SUBREAPER = 36
CATROOT = "Windows/System32/CatRoot/{F750E6C3-38EE-11D1-85E5-00C04FC295EE}"
REPOSITORY = "Windows/System32/DriverStore/FileRepository"

# What a job cannot cost less than on the machine that the limits were measured on (CPU seconds): metadata
# at a fast level and hive edit by changed chunks, plus the driver's own bytes at LZX:20 ("fast", what the
# engine does by default) or LZX:50 ("equal", the peers' level).
LIMITS = {1: {"fast": 0.39, "equal": 0.85}, 10: {"fast": 1.2, "equal": 5.8}}


def measure(job):
    """Runs `job()` in a child of its own and returns what it cost."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        code = 1
        try:
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            started = time.monotonic()
            job()
            while True:  # adopted processes too
                try:
                    os.wait()
                except ChildProcessError:
                    break
            wall = time.monotonic() - started
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            with open("/proc/self/io") as file:
                io = dict(line.strip().split(": ") for line in file)
            result = dict(
                cpu=used.ru_utime + used.ru_stime, wall=wall, peak=used.ru_maxrss / 1024,
                written=int(io["write_bytes"]) / 1e6,
            )
            os.write(write_end, json.dumps(result).encode())
            code = 0
        except subprocess.CalledProcessError as error:
            print(f"{error}\n{(error.output or b'').decode(errors='replace')}", file=sys.stderr)
        except Exception:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    if not answer:
        sys.exit("a job failed; see above")
    return json.loads(answer)


def run(*command, given=None, env=None):
    subprocess.run(
        command, input=given, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=None if env is None else {**os.environ, **env},
    )


class Package:
    """A driver package folder, and where its parts go in an image."""

    def __init__(self, folder, number):
        self.folder = folder
        (self.inf,) = glob.glob(f"{folder}/*.inf")
        catalogues = glob.glob(f"{folder}/*.cat")
        name = os.path.basename(self.inf).lower()
        value = 0
        with open(self.inf, "rb") as file:
            for byte in file.read():
                value = (value * 39 + byte) & 0xFFFF_FFFF_FFFF_FFFF
        label = f"{name}_amd64_{value.to_bytes(8, 'little').hex()}"
        self.targets = [(folder, f"{REPOSITORY}/{label}"), (self.inf, f"Windows/INF/oem{number}.inf")]
        self.targets += [(path, f"{CATROOT}/oem{number}.cat") for path in catalogues]


def engine(program, state):
    def job(image, packages):
        run(program, image, "1", *(package.folder for package in packages), env={"IMGSVC_STATE_DIR": state})

    return job


def update(image, packages):
    lines = [f"add '{source}' '/{target}'" for package in packages for source, target in package.targets]
    run("wimlib-imagex", "update", image, "1", given="\n".join(lines).encode())


def update_each(image, packages):
    for package in packages:
        update(image, [package])


def mount(image, packages):
    point = tempfile.mkdtemp(dir=os.path.dirname(image))  # goes with the work folder: FUSE lets go of it late
    run("wimlib-imagex", "mountrw", image, "1", point)
    for package in packages:
        for source, target in package.targets:
            path = f"{point}/{target}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            run("cp", "-r", source, path)
    run("wimlib-imagex", "unmount", point, "--commit")


def update_with_hive(image, packages):
    """`update`, and also one key per driver in the SYSTEM hive, as the engine does (and much more)."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(image)) as folder:
        hive = "/Windows/System32/config/SYSTEM"
        run("wimlib-imagex", "extract", image, "1", hive, f"--dest-dir={folder}", "--no-acls")
        keys = "\n".join(
            f"cd \\DriverDatabase\\DriverPackages\nadd bench{number}" for number in range(len(packages))
        )
        run("hivexsh", "-w", f"{folder}/SYSTEM", given=(keys + "\ncommit\n").encode())
        lines = [f"add '{source}' '/{target}'" for package in packages for source, target in package.targets]
        lines.append(f"add '{folder}/SYSTEM' '{hive}'")
        run("wimlib-imagex", "update", image, "1", given="\n".join(lines).encode())


def check(image, packages):
    """The result must be a good image that has the drivers: otherwise the figures mean nothing."""
    run("wimlib-imagex", "verify", image)
    listing = subprocess.run(
        ["wimlib-imagex", "dir", image, "1"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.lower()
    for package in packages:
        stored = package.targets[0][1].lower()
        for name in os.listdir(package.folder):
            if f"{stored}/{name.lower()}\n" not in listing.replace("\\", "/"):
                sys.exit(f"{image}: {stored}/{name} is missing: the job was not done")


def bench(title, peers, packages, options, work):
    results = {name: [] for name, _ in peers}
    grown = {}
    for round_number in range(options.runs):
        for name, job in peers:
            image = f"{work}/{re.sub('[^a-z0-9]+', '-', name.lower())}.wim"
            subprocess.run(["cp", "--reflink=auto", options.image, image], check=True)
            os.sync()
            results[name].append(measure(lambda: job(image, packages)))
            if round_number == 0:
                check(image, packages)
                grown[name] = (os.path.getsize(image) - os.path.getsize(options.image)) / 1e6
            os.remove(image)
    middle = {
        name: {key: statistics.median(one[key] for one in rows) for key in rows[0]}
        for name, rows in results.items()
    }
    ours = middle[peers[0][0]]
    print(f"\n{title}, median of {options.runs}")
    print(f"  {'':<42}{'CPU s':>8}{'wall s':>8}{'peak MiB':>9}{'written MB':>12}{'growth MB':>11}{'ours/peer CPU':>15}")
    for name, row in middle.items():
        ratio = "" if row is ours else f"{ours['cpu'] / row['cpu']:.2f}"
        print(
            f"  {name:<42}{row['cpu']:>8.2f}{row['wall']:>8.2f}{row['peak']:>9.0f}{row['written']:>12.1f}"
            f"{grown[name]:>11.1f}{ratio:>15}"
        )
    if options.scale == 1.0:
        limit = LIMITS[len(packages)]
        print(
            f"  Limit on the reference machine: {limit['fast']} s at the engine's level, {limit['equal']} s at the"
            f" peers'; ours is {ours['cpu'] / limit['fast']:.1f} and {ours['cpu'] / limit['equal']:.1f} times that."
        )
    return middle


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--image", required=True)
    parser.add_argument("--drivers", required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--shell")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=0.0, help="of the generated image; 1.0 prints the limits")
    parser.add_argument("--work", default=None)
    parser.add_argument("--json", help="write every single measurement here too")
    options = parser.parse_args()
    options.image = os.path.abspath(options.image)
    folders = sorted(path for path in glob.glob(f"{os.path.abspath(options.drivers)}/*") if os.path.isdir(path))
    packages = [Package(folder, number) for number, folder in enumerate(folders)]
    size = sum(os.path.getsize(file) for file in glob.glob(f"{packages[0].folder}/*")) / 1e6
    work = tempfile.mkdtemp(prefix="bench-", dir=options.work or os.path.dirname(options.image))
    state = f"{work}/state"
    os.mkdir(state)
    with open(options.image, "rb") as file:  # into the page cache
        while file.read(1 << 24):
            pass
    load = os.getloadavg()[0]
    print(f"Image: {os.path.getsize(options.image) / 1e6:.0f} MB; one driver: {size:.1f} MB; load now {load:.1f}")
    ours = ("imgsvc (C ABI, level of the default)", engine(os.path.abspath(options.engine), state))
    fuse = [("wimlib-imagex mountrw, cp, unmount --commit", mount)] if can_mount() else []
    try:
        figures = {}
        figures["one"] = bench(
            "One driver, saved in place",
            [ours, ("wimlib-imagex update", update), *fuse, ("wimextract + hivexsh + wimupdate", update_with_hive)],
            packages[:1], options, work,
        )
        if len(packages) >= 10:
            figures["ten"] = bench(
                "Ten drivers in one session",
                [ours, ("wimlib-imagex update, hand-batched", update), *fuse,
                 ("ten times wimlib-imagex update", update_each)],
                packages[:10], options, work,
            )
        if options.shell:
            shell = os.path.abspath(options.shell)
            rows = [measure(lambda: run(shell, "-c", "$null")) for _ in range(options.runs)]
            middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
            print(
                f"\nPowerShell's own start (imgsh -c '$null'), to be added once per script: "
                f"CPU {middle['cpu']:.2f} s, wall {middle['wall']:.2f} s, peak {middle['peak']:.0f} MiB"
            )
            figures["shell"] = middle
        if options.json:
            with open(options.json, "w") as file:
                json.dump(figures, file, indent=2)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def can_mount():
    if os.path.exists("/dev/fuse") and shutil.which("fusermount"):
        return True
    print("No FUSE here: the mount is left out")
    return False


if __name__ == "__main__":
    main()
