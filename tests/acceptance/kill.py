#!/usr/bin/python3
"""Kills a save (SIGKILL) at random moments: the image must be the old one or the new one, and the session
must go on or be discarded.

usage: kill.py [--times 200] [--seed 1]
"""
import argparse
import collections
import os
import random
import shutil
import subprocess
import time

from common import SAMPLE, SESSION, Work, fail, names, session, try_session, verify


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    outcomes = collections.Counter()
    with Work() as work:
        # A driver with some megabytes, so that a save takes long enough to be hit everywhere.
        package = f"{work.path}/package"
        shutil.copytree(f"{SAMPLE}/drivers/good1", package)
        os.remove(f"{package}/samplenet.inf"), os.remove(f"{package}/samplenet.cat")
        for number in range(4):
            with open(f"{package}/part{number}.bin", "wb") as file:
                file.write(random.randbytes(3_000_000))
        subprocess.run([f"{os.path.dirname(SESSION)}/make-sample", "--package", package, "killer"], check=True)
        image, name = f"{work.path}/install.wim", f"{work.path}/m"
        shutil.copy(f"{SAMPLE}/install.wim", image)
        old = names(image)
        # How long a save takes undisturbed, and what it makes.
        session("mount", image, "1", name)
        session("add", name, package)
        started = time.monotonic()
        session("save", name)
        duration = time.monotonic() - started
        new = names(image)
        session("discard", name)
        if old == new:
            fail("the save changed nothing")

        for round_number in range(options.times):
            shutil.copy(f"{SAMPLE}/install.wim", image)
            session("mount", image, "1", name)
            session("add", name, package)
            process = subprocess.Popen([SESSION, "save", name], stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, duration * 1.1))
            process.kill()
            ended = process.wait() == 0
            verify(image)
            found = names(image)
            if found not in (old, new):
                fail(f"round {round_number}: the image is neither the old nor the new one")
            state = "new" if found == new else "old"
            if ended and state == "old":
                fail(f"round {round_number}: the save ended well, but the image is the old one")
            if round_number % 2:
                session("discard", name)  # gives up what was staged
                verify(image)
                if names(image) != found:
                    fail(f"round {round_number}: discarding changed the image from {state}")
                outcomes[f"{state}, then discarded"] += 1
            else:
                session("save", name)
                verify(image)
                if names(image) != new:
                    fail(f"round {round_number}: the session did not resume: the image is not the new one")
                session("discard", name)
                outcomes[f"{state}, then resumed"] += 1
            left = [entry for entry in os.listdir(f"{work.state}/sessions") if entry != "lock"]
            if left:
                fail(f"round {round_number}: {left} was left in the state directory")
    print(f"kill: {options.times} saves of {duration:.2f} s killed: " +
          ", ".join(f"{count} {what}" for what, count in sorted(outcomes.items())))


if __name__ == "__main__":
    main()
