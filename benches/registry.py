#!/usr/bin/python3
"""Edits of a large registry hive, done by the engine, hivexregedit and hivexsh, interleaved.

usage: registry.py --hive SOFTWARE --example PROGRAM [--runs 5] [--work DIR] [--json FILE] [ROW...]

SOFTWARE is a hive of about 80 MB from mkhive.py. PROGRAM is the example hive-keys, built. Every run starts from a
fresh copy. What each program leaves must be a hive that hivex opens and that has the new keys. The figures are
those of run.py; the target below each table is what the engine is to reach.
"""
import argparse
import json
import os
import shutil
import statistics
import tempfile

import hivex

from run import measure, run

MANY = "Classes\\CLSID"


def names(count):
    return ["{%08X-0000-4000-8000-000000000000}" % (number * 2654435761 % 2**32) for number in range(count)]


class Rows:
    """The jobs. Each method gives a title, the target, the parent key, and the programs."""

    def __init__(self, example, hive, work):
        self.example, self.hive, self.work = example, hive, work

    def merge(self, parent, count, values):
        """hivexregedit with a .reg file."""
        file = f"{self.work}/{count}-{values}-{len(parent)}.reg"
        with open(file, "w", encoding="utf-8") as out:
            out.write("Windows Registry Editor Version 5.00\n\n")
            out.write(f"[HKEY_LOCAL_MACHINE\\SOFTWARE\\{parent}]\n\n")
            for number, name in enumerate(names(count)):
                out.write(f"[HKEY_LOCAL_MACHINE\\SOFTWARE\\{parent}\\{name}]\n")
                for value in range(values):
                    out.write(f'"Value{value}"="data of value {value} in key {number}"\n')
                out.write("\n")
        return lambda: run("hivexregedit", "--merge", "--prefix", "HKEY_LOCAL_MACHINE\\SOFTWARE", self.hive, file)

    def shell(self, parent, count, values):
        """hivexsh with a script; the parent is new."""
        script = [f"add {parent}", f"cd {parent}"]
        for number, name in enumerate(names(count)):
            script += [f"add {name}", f"cd {name}", f"setval {values}"]
            for value in range(values):
                script += [f"Value{value}", f"string:data of value {value} in key {number}"]
            script.append("cd ..")
        script.append("commit")
        text = "\n".join(script) + "\n"
        return lambda: run("hivexsh", "-w", self.hive, given=text.encode())

    def ours(self, parent, count, values):
        return lambda: run(self.example, self.hive, parent, str(count), str(values))

    def one(self):
        job = ("Contoso", 1, 1)
        return "One key with a value", "CPU 1/10 of the best peer's, written 1/100, peak 1/2", job, [
            ("engine", self.ours(*job)), ("hivexsh", self.shell(*job)), ("hivexregedit", self.merge(*job))]

    def thousand(self):
        job = ("Contoso", 1000, 5)
        return "1,000 keys x 5 values under a new key", "CPU 1/10, peak 1/2", job, [
            ("engine", self.ours(*job)), ("hivexsh", self.shell(*job)), ("hivexregedit", self.merge(*job))]

    def many(self):
        job = (MANY, 1000, 5)
        return "1,000 keys x 5 values under a key of 48,000", "CPU 1/200, peak 1/2", job, [
            ("engine", self.ours(*job)), ("hivexregedit", self.merge(*job))]


# The peer takes minutes for the last one.
ROWS = {"one": None, "thousand": None, "many": 1}


def judge(hive, parent, count, values):
    """What was added is there, for a foreign reader."""
    reader = hivex.Hivex(hive)
    node = reader.root()
    for name in parent.split("\\"):
        node = reader.node_get_child(node, name)
    last = reader.node_get_child(node, names(count)[-1])
    assert last and len(reader.node_values(last)) == values, f"{hive}: the keys are not there"


def bench(rows, original, name, runs):
    title, target, job, programs = getattr(rows, name)()
    results = {program: [] for program, _ in programs}
    for number in range(runs):
        for program, action in programs:
            shutil.copyfile(original, rows.hive)
            os.sync()
            results[program].append(measure(action))
            if number == 0:
                judge(rows.hive, *job)
                results[program][0]["growth"] = (os.path.getsize(rows.hive) - os.path.getsize(original)) / 1e6
    middle = {}
    for program, measured in results.items():
        middle[program] = {key: statistics.median(one[key] for one in measured if key in one) for key in measured[0]}
    ours = middle[programs[0][0]]
    print(f"\n{title}, median of {runs}; target: {target}")
    print(f"  {'':<16}{'CPU s':>9}{'wall s':>8}{'peak MiB':>9}{'written MB':>12}{'growth MB':>10}{'peer/ours CPU':>15}"
          f"{'written':>9}{'peak':>6}")
    for program, row in middle.items():
        ratios = "" if row is ours else (
            f"{row['cpu'] / max(ours['cpu'], 1e-3):>15.0f}{row['written'] / max(ours['written'], 1e-3):>9.0f}"
            f"{row['peak'] / max(ours['peak'], 1e-3):>6.1f}")
        print(f"  {program:<16}{row['cpu']:>9.4f}{row['wall']:>8.2f}{row['peak']:>9.1f}{row['written']:>12.3f}"
              f"{row['growth']:>10.2f}{ratios}", flush=True)
    return middle


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hive", required=True)
    parser.add_argument("--example", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work")
    parser.add_argument("--json")
    parser.add_argument("rows", nargs="*", metavar="ROW")
    options = parser.parse_args()
    original = os.path.abspath(options.hive)
    work = tempfile.mkdtemp(prefix="bench-", dir=options.work or os.path.dirname(original))
    print(f"Hive: {os.path.getsize(original) / 1e6:.0f} MB; {os.cpu_count()} cores; load now {os.getloadavg()[0]:.1f}")
    try:
        rows = Rows(os.path.abspath(options.example), f"{work}/SOFTWARE", work)
        figures = {name: bench(rows, original, name, ROWS[name] or options.runs) for name in options.rows or ROWS}
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
