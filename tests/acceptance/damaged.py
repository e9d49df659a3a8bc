#!/usr/bin/python3
"""Reads every image file of a folder whole, and thousands of damaged copies of them: an answer or a clear
error, never a panic, a hang or memory without bound.

usage: damaged.py [--count 5000] [--seed 1] [FOLDER]     (default: ../shared/testdata/wim beside the repository)
"""
import argparse
import collections
import os
import random
import resource
import subprocess

from common import EXAMPLES, ROOT, SAMPLE, Work, fail

SECONDS = 20  # for one file; the undamaged ones take well under one
MEMORY = 1 << 30  # address space of the reader: a claimed size alone must not be allocated
LARGEST = 8_000_000  # files above this are read once, but not damaged: copying them would take most of the time


def read(path):
    """`good`, or what was reported; anything else ends the run."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        answer = subprocess.run(
            [f"{EXAMPLES}/read-everything", path], capture_output=True, timeout=SECONDS, preexec_fn=limit
        )
    except subprocess.TimeoutExpired:
        return f"a hang: no end after {SECONDS} s"
    if answer.returncode == 0:
        return "good"
    if answer.returncode == 1 and answer.stderr.strip():
        return "refused"
    return f"exit code {answer.returncode}: {answer.stderr.decode(errors='replace')[-2000:]}"


def damage(data):
    """Flips bits, overwrites a field with an extreme number, or cuts the end off."""
    data = bytearray(data)
    kind = random.randrange(4)
    # Half of the damage goes where the structure is: the header, and the end (blob table, XML).
    def place():
        where = random.randrange(4)
        if where == 0:
            return random.randrange(min(208, len(data)))
        if where == 1:
            return random.randrange(max(0, len(data) - 4096), len(data))
        return random.randrange(len(data))
    if kind == 0:
        for _ in range(random.choice((1, 1, 2, 8))):
            data[place()] ^= 1 << random.randrange(8)
    elif kind == 1:
        at = place()
        data[at:at + 8] = random.choice((b"\xff" * 8, bytes(8), b"\xff" * 7 + b"\x7f", random.randbytes(8)))
    elif kind == 2:
        del data[random.randrange(len(data)):]
    else:
        at, count = place(), random.randrange(1, 64)
        data[at:at + count] = random.randbytes(count)
    return bytes(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folder", nargs="?", default=f"{ROOT}/../shared/testdata/wim")
    options = parser.parse_args()
    random.seed(options.seed)
    sources = [f"{SAMPLE}/install.wim"]
    for folder, _, files in os.walk(options.folder):
        sources += [f"{folder}/{name}" for name in files if name.lower().endswith((".wim", ".esd", ".swm"))]
    if len(sources) == 1:
        print(f"SKIPPED damaged: there are no image files in {options.folder}; only the sample is used")
    whole, results = collections.Counter(), collections.Counter()
    for path in sorted(sources):
        answer = read(path)
        if answer not in ("good", "refused"):
            fail(f"{path}: {answer}")
        whole[answer] += 1
    contents = []
    for path in sources:
        if os.path.getsize(path) <= LARGEST:
            with open(path, "rb") as file:
                contents.append((path, file.read()))
    with Work() as work:
        target = f"{work.path}/damaged.wim"
        for number in range(options.count):
            path, data = random.choice(contents)
            with open(target, "wb") as file:
                file.write(damage(data))
            answer = read(target)
            if answer not in ("good", "refused"):
                kept = f"{ROOT}/target/damaged-{number}.wim"
                os.replace(target, kept)
                fail(f"damaged copy {number} of {path}, kept as {kept}: {answer}")
            results[answer] += 1
    print(f"damaged: {sum(whole.values())} files ({dict(whole)}), {options.count} damaged copies ({dict(results)})")


if __name__ == "__main__":
    main()
