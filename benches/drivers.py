#!/usr/bin/python3
"""Makes driver packages of a size, for the benchmark.

usage: drivers.py OUT --make-sample PROGRAM [--count 10] [--size 5.0]

Each has 10 files: 7 libraries that are slices of this machine's own shared objects (they compress like real
drivers' files), a driver, and the INF and the catalogue that the example `make-sample` writes over them.
"""
import argparse
import glob
import os
import subprocess


def slices(size):
    """Slices of real machine code, no byte twice as long as there is enough of it."""
    files = sorted(path for path in glob.glob("/usr/lib/*-linux-gnu/*.so*") if not os.path.islink(path))
    while True:
        for path in files:
            with open(path, "rb") as file:
                while len(data := file.read(size)) == size:
                    yield data


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--make-sample", required=True)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--size", type=float, default=5.0, help="of one package, in MB")
    options = parser.parse_args()
    source = slices(int(options.size * 1e6 / 7))
    for number in range(options.count):
        name = f"bench{number}"
        folder = f"{options.out}/{name}"
        os.makedirs(folder)
        for part in range(7):
            with open(f"{folder}/{name}_{part}.dll", "wb") as file:
                file.write(next(source))
        subprocess.run([options.make_sample, "--package", folder, name], check=True)


if __name__ == "__main__":
    main()
