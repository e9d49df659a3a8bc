#!/usr/bin/python3
"""Jobs on whole image files, done by the engine and by wimlib-imagex, interleaved, on one large image.

usage: image_files.py --image large.wim --examples DIR [--runs 3] [--work DIR] [--json FILE] [ROW...]

DIR holds the built examples (jobs, edit-hive, at-once): the engine in a process of its own. The figures are
those of run.py; the target below each table is what the engine is to reach.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from run import measure, run

DIRECTORY = "/Windows/System32/drivers"
HIVE = "/Windows/System32/config/SYSTEM"


def backslashes(path):
    return path.replace("/", "\\")


class Rows:
    """The jobs. Each method gives a title, the target, and the programs: (name, job, what it leaves)."""

    def __init__(self, image, examples, work):
        self.image, self.work = image, work
        self.jobs, self.edit_hive, self.at_once = (f"{examples}/{name}" for name in ("jobs", "edit-hive", "at-once"))
        listing = subprocess.run(["wimlib-imagex", "dir", image, "1", f"--path={DIRECTORY}"],
                                 check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        self.file = next(line for line in listing if line.endswith(".sys"))
        self.new = f"{work}/new"

    def ours(self, *arguments, **options):
        return lambda: run(self.jobs, *arguments, json.dumps(options))

    def peer(self, *arguments):
        return lambda: run("wimlib-imagex", *arguments)

    def subtree(self):
        """A directory of some hundred MB with the image's own files, made once."""
        tree = f"{self.work}/tree"
        if not os.path.exists(tree):
            run("wimlib-imagex", "extract", self.image, "1", "/Windows/System32/drivers", "/Windows/System32/en-US",
                "/Windows/SysWOW64", f"--dest-dir={tree}", "--no-acls", "--nullglob")
        return tree

    def list(self):
        return "List one directory", "CPU at most 0.10 of wimdir's", [
            ("engine", self.ours("list", self.image, "1", backslashes(DIRECTORY) + "\\*")),
            ("wimlib-imagex dir --path", self.peer("dir", self.image, "1", f"--path={DIRECTORY}")),
        ]

    def extract(self):
        return "Extract one file", "CPU at most 0.33 of wimextract's", [
            ("engine", self.ours("extract", self.image, "1", backslashes(self.file))),
            ("wimlib-imagex extract", self.peer("extract", self.image, "1", self.file, "--to-stdout")),
        ]

    def test(self):
        return "Verify everything", "wall at most 0.60 of wimverify's on 2 cores", [
            ("engine", self.ours("test", self.image)),
            ("wimlib-imagex verify", self.peer("verify", self.image)),
        ]

    def export(self):
        return "Export with the same codec", "wall at most 1.30 of a copy", [
            ("engine", self.ours("export", self.image, self.new)),
            ("wimlib-imagex export", self.peer("export", self.image, "all", self.new)),
            ("cp", lambda: run("cp", "--reflink=never", self.image, self.new)),
            ("a copy that is on the disk (dd conv=fsync)",
             lambda: run("dd", f"if={self.image}", f"of={self.new}", "bs=4M", "conv=fsync")),
        ]

    def apply(self):
        return "Apply to a directory", "never slower than wimapply", [
            ("engine", self.ours("apply", self.image, "1", self.new)),
            ("wimlib-imagex apply", self.peer("apply", self.image, "1", self.new)),
        ]

    def capture(self, title, ours, peer):
        tree = self.subtree()
        return title, "never slower than wimcapture at the same level", [
            ("engine", self.ours("capture", tree, self.new, name="Bench", level=20, noExclusions=True, **ours)),
            ("wimlib-imagex capture", self.peer("capture", tree, self.new, "Bench", "--no-acls", *peer)),
        ]

    def capture_xpress(self):
        return self.capture("Capture, XPRESS:20", {"compression": "Fast"}, ["--compress=XPRESS:20"])

    def capture_lzx(self):
        return self.capture("Capture, LZX:20", {"compression": "Max"}, ["--compress=LZX:20"])

    def hive(self):
        def update():
            with tempfile.TemporaryDirectory(dir=self.work) as folder:
                run("wimlib-imagex", "extract", self.new, "1", HIVE, f"--dest-dir={folder}", "--no-acls")
                run("hivexsh", "-w", f"{folder}/SYSTEM", given=b"cd \\Select\nadd Bench\ncommit\n")
                run("wimlib-imagex", "update", self.new, "1", given=f"add '{folder}/SYSTEM' '{HIVE}'\n".encode())

        def ours():
            print("   ", subprocess.run([self.edit_hive, self.new, "1", backslashes(HIVE), "Select\\Bench"], check=True,
                                        stdout=subprocess.PIPE, text=True).stdout.strip(), file=sys.stderr)

        return "One key in a 20 MB hive, saved", "only the chunks that changed are compressed", [
            ("engine", ours), ("wimextract + hivexsh + wimupdate", update)]

    def ten(self, title, what):
        small = f"{self.work}/small.wim"
        if not os.path.exists(small):
            run("wimlib-imagex", "capture", f"{self.subtree()}/drivers", small, "--compress=LZX:20", "--no-acls")

        def work(*words):
            os.makedirs(self.new, exist_ok=True)
            run(self.at_once, what, small, self.new, "10", *words)

        return title, "at once faster where cores allow", [
            ("at once, on ten threads", work),
            ("one after the other", lambda: work("one-after-the-other")),
        ]

    def ten_exports(self):
        return self.ten("Ten exports in one process, the same codec", "export")

    def ten_recompressed(self):
        return self.ten("Ten exports in one process, recompressed", "recompress")

    def ten_sessions(self):
        return self.ten("Ten sessions in one process, a file put into each", "session")


NAMES = ["list", "extract", "test", "export", "apply", "capture_xpress", "capture_lzx", "hive", "ten_exports",
         "ten_recompressed", "ten_sessions"]


def clear(path):
    shutil.rmtree(path) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)


def bench(rows, name, runs):
    title, target, programs = getattr(rows, name)()
    results = {program: [] for program, _ in programs}
    for _ in range(runs):
        for program, job in programs:
            clear(rows.new)
            if name == "hive":
                run("cp", "--reflink=auto", rows.image, rows.new)
            os.sync()
            results[program].append(measure(job))
    clear(rows.new)
    middle = {program: {key: statistics.median(one[key] for one in measured) for key in measured[0]}
              for program, measured in results.items()}
    ours = middle[programs[0][0]]
    print(f"\n{title}, median of {runs}; target: {target}")
    print(f"  {'':<44}{'CPU s':>8}{'wall s':>8}{'peak MiB':>9}{'written MB':>12}{'ours/peer CPU':>15}{'wall':>7}")
    for program, row in middle.items():
        ratios = f"{'':>15}" if row is ours else (
            f"{ours['cpu'] / max(row['cpu'], 1e-3):>15.2f}{ours['wall'] / max(row['wall'], 1e-3):>7.2f}")
        print(f"  {program:<44}{row['cpu']:>8.3f}{row['wall']:>8.2f}{row['peak']:>9.0f}{row['written']:>12.1f}{ratios}",
              flush=True)
    return middle


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--image", required=True)
    parser.add_argument("--examples", required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work")
    parser.add_argument("--json")
    parser.add_argument("rows", nargs="*", metavar="ROW")
    options = parser.parse_args()
    image = os.path.abspath(options.image)
    work = tempfile.mkdtemp(prefix="bench-", dir=options.work or os.path.dirname(image))
    os.environ["IMGSVC_STATE_DIR"] = f"{work}/state"
    with open(image, "rb") as file:  # into the page cache
        while file.read(1 << 24):
            pass
    print(f"Image: {os.path.getsize(image) / 1e6:.0f} MB; {os.cpu_count()} cores; load now {os.getloadavg()[0]:.1f}")
    try:
        rows = Rows(image, os.path.abspath(options.examples), work)
        figures = {name: bench(rows, name, options.runs) for name in options.rows or NAMES}
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
