#!/usr/bin/python3
"""Large things, with wimlib-imagex as the judge and a bound on memory: a resource and an image file of more than
4 GiB, 300,000 files, 20 images in one file; each captured, listed, tested, exported, split, joined, applied.

usage: scale.py [--folder DIR] [PART...]      PART: large, many, images
Takes about 8 minutes and 20 GB of DIR (default: where temporary files go). Everything is removed again.
"""
import argparse
import glob
import hashlib
import json
import os
import random
import subprocess
import time

from common import EXAMPLES, Work, digest, fail, run

JOBS = f"{EXAMPLES}/jobs"
GIB = 1 << 30


class Steps:
    """Runs jobs and keeps what they took."""

    def __init__(self, part):
        self.part, self.peak, self.started = part, 0, time.monotonic()

    def job(self, *arguments, limit, output=subprocess.PIPE, lines=False, **options):
        """Runs a job that must succeed with at most `limit` MiB of memory; its output, or how many lines it has.

        A program's peak counts what this process had when it started it, so this one keeps little.
        """
        words = [JOBS, *map(str, arguments), json.dumps(options)]
        started = time.monotonic()
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.PIPE)
        said = None
        if output == subprocess.PIPE:
            said = sum(1 for _ in process.stdout) if lines else process.stdout.read()
        error = process.stderr.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        peak = used.ru_maxrss / 1024
        print(f"  {self.part} {arguments[0]:<8}{time.monotonic() - started:7.1f} s {peak:6.0f} MiB", flush=True)
        if process.returncode != 0:
            fail(f"{self.part}: {' '.join(words)}: exit code {process.returncode}: {error}")
        if peak > limit:
            fail(f"{self.part}: {' '.join(words)}: {peak:.0f} MiB of memory, more than {limit}")
        self.peak = max(self.peak, peak)
        return said

    def judge(self, *images):
        for image in images:
            references = [f"--ref={part}" for part in images if part != image]
            run("wimlib-imagex", "verify", image, *references)
            if references:
                return  # the set as a whole

    def sound(self, image, **options):
        report = json.loads(self.job("test", image, **options))
        if report["findings"]:
            fail(f"{self.part}: {image}: {report['findings'][:3]}")
        return report

    def done(self, text):
        print(f"scale: {self.part}: {text}; at most {self.peak:.0f} MiB, {time.monotonic() - self.started:.0f} s",
              flush=True)


def same(what, left, right):
    if left != right:
        fail(f"{what}: {left} is not {right}")


def large(folder):
    """A file of 4.5 GiB, most of it a hole, between small ones."""
    steps = Steps("large")
    tree = f"{folder}/tree"
    os.makedirs(f"{tree}/a"), os.makedirs(f"{tree}/z")
    with open(f"{tree}/large", "wb") as file:
        for at in (0, GIB, 4 * GIB - 5, int(4.5 * GIB)):
            file.seek(at)
            file.write(random.randbytes(100_000))
        size = file.tell()
    for name in ("a/first", "z/last"):
        with open(f"{tree}/{name}", "wb") as file:
            file.write(random.randbytes(50_000))
    stored, packed, back = f"{folder}/stored.wim", f"{folder}/packed.wim", f"{folder}/back.wim"
    limit = 300
    steps.job("capture", tree, stored, limit=limit, name="Large", compression="None")
    if os.path.getsize(stored) < 4 * GIB:
        fail("the file has less than 4 GiB")
    steps.judge(stored)
    same("bytes verified", steps.sound(stored, limit=limit)["bytesVerified"] >= size, True)
    steps.job("export", stored, packed, limit=limit, compression="Fast", integrityTable=True)
    steps.judge(packed)
    steps.sound(packed, limit=limit)
    steps.job("export", packed, back, limit=limit, compression="None")
    steps.judge(back)
    os.remove(back)
    applied = f"{folder}/applied"
    steps.job("apply", stored, 1, applied, limit=limit, include=["\\large"])
    same("files applied", os.listdir(applied), ["large"])
    same("content applied", digest(f"{applied}/large"), digest(f"{tree}/large"))
    os.remove(f"{applied}/large")
    steps.job("split", stored, f"{folder}/part.swm", GIB, limit=limit)
    parts = sorted(glob.glob(f"{folder}/part*.swm"), key=lambda path: (len(path), path))
    steps.judge(*parts)
    os.remove(stored)
    joined = f"{folder}/joined.wim"
    steps.job("join", parts[0], joined, limit=limit)
    steps.judge(joined)
    out = f"{folder}/extracted"
    with open(out, "wb") as file:
        steps.job("extract", joined, 1, "\\large", limit=limit, output=file)
    same("content extracted", digest(out), digest(f"{tree}/large"))
    steps.done(f"{size / GIB:.1f} GiB in one resource, split into {len(parts)} parts")


def many(folder):
    """300,000 files in 3,000 directories; every tenth has content of its own."""
    steps = Steps("many")
    tree, count = f"{folder}/tree", 300_000
    for number in range(count):
        where = f"{tree}/{number % 30}/{number % 3000}"
        if number < 3000:
            os.makedirs(where)
        with open(f"{where}/file {number}.txt", "wb") as file:
            if number % 10 == 0:
                file.write(b"content %d " % number * 20)
            elif number % 3:
                file.write(b"shared %d" % (number % 100))
    image, solid, applied = f"{folder}/image.wim", f"{folder}/image.esd", f"{folder}/applied"
    limit = 300
    report = json.loads(steps.job("capture", tree, image, limit=limit, name="Many", compression="Max", level=20))
    same("files captured", report["files"], count)
    steps.judge(image)
    same("entries listed", steps.job("list", image, 1, "*", limit=limit, lines=True, recurse=True), count + 3030)
    same("our listing", digest_of(f"{EXAMPLES}/wimdir", image, "1"),
         digest_of("wimlib-imagex", "dir", image, "1", "--detailed"))
    one = steps.job("list", image, 1, "\\7\\7\\*", limit=100, lines=True)
    same("entries in one directory", one, count // 3000)
    steps.sound(image, limit=limit)
    steps.job("export", image, solid, limit=limit + 800, compression="Recovery", level=20)
    steps.judge(solid)
    steps.job("apply", solid, 1, applied, limit=limit, include=["\\7\\*"])
    same("files applied", sum(len(names) for _, _, names in os.walk(applied)), count // 30)
    whole = f"{folder}/whole"
    steps.job("apply", image, 1, whole, limit=limit)
    run("diff", "-r", tree, whole)
    differences = steps.job("compare", image, 1, solid, 1, limit=limit)
    same("differences", differences, b"")
    steps.job("split", image, f"{folder}/part.swm", 8 << 20, limit=limit)
    steps.job("join", f"{folder}/part.swm", f"{folder}/joined.wim", limit=limit)
    steps.judge(f"{folder}/joined.wim")
    steps.done(f"{count:,} files")


def images(folder):
    """20 images in one file, each with something new; every other one is removed again."""
    steps = Steps("images")
    tree, image = f"{folder}/tree", f"{folder}/images.wim"
    os.makedirs(tree)
    for number in range(2000):
        with open(f"{tree}/{number}", "wb") as file:
            file.write(random.randbytes(1000) * 5)
    limit = 300
    steps.job("capture", tree, image, limit=limit, name="Image 1", compression="Max", level=20)
    for number in range(2, 21):
        with open(f"{tree}/{number}", "wb") as file:
            file.write(random.randbytes(500_000))
        update = {"updateOf": number - 1} if number % 2 else {}
        steps.job("append", tree, image, limit=limit, name=f"Image {number}", level=20, **update)
    steps.judge(image)
    steps.sound(image, limit=limit)
    solid = f"{folder}/images.esd"
    steps.job("export", image, solid, limit=limit + 800, compression="Recovery", level=20)
    steps.judge(solid)
    steps.job("apply", solid, 13, f"{folder}/applied", limit=limit + 500)
    steps.job("remove", image, limit=limit, indexes=list(range(1, 21, 2)))
    steps.job("optimize", image, limit=limit)
    steps.judge(image)
    same("images", run("wimlib-imagex", "info", image).count(b"\nIndex:"), 10)
    steps.job("apply", image, 10, f"{folder}/last", limit=limit)
    run("diff", "-r", tree, f"{folder}/last")
    steps.done("20 images in one file")


def digest_of(*command):
    """Of a program's output, which may be too much to keep."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    found = hashlib.file_digest(process.stdout, "sha256").hexdigest()
    if process.wait() != 0:
        fail(f"{' '.join(command)}: exit code {process.returncode}")
    return found


def main():
    parts = {"large": large, "many": many, "images": images}
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder")
    parser.add_argument("parts", nargs="*", choices=[*parts, []])
    options = parser.parse_args()
    random.seed(1)
    for name in options.parts or parts:
        with Work(options.folder) as work:
            parts[name](work.path)


if __name__ == "__main__":
    main()
