"""What the acceptance scripts share."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
TARGET = os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target")
# PROFILE=debug is quicker to build while one works on a script.
EXAMPLES = os.path.join(TARGET, os.environ.get("PROFILE", "release"), "examples")
SESSION = f"{EXAMPLES}/session"
SAMPLE = f"{ROOT}/out/sample"


class Work:
    """A folder of our own, with a state directory in it."""

    def __init__(self, parent=None):
        self.path = tempfile.mkdtemp(prefix="acceptance-", dir=parent)
        self.state = f"{self.path}/state"
        os.environ["IMGSVC_STATE_DIR"] = self.state

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def run(*command, **options):
    """Runs a program that must succeed; its output, as bytes."""
    answer = subprocess.run(command, capture_output=True, **options)
    if answer.returncode != 0:
        said = (answer.stdout + answer.stderr).decode(errors="replace")
        fail(f"{' '.join(map(str, command))}: exit code {answer.returncode}: {said[-2000:]}")
    return answer.stdout


def session(*arguments):
    """Runs a step that must succeed."""
    answer = subprocess.run([SESSION, *arguments], capture_output=True, text=True)
    if answer.returncode != 0:
        fail(f"session {' '.join(arguments)}: exit code {answer.returncode}: {answer.stderr}")


def try_session(*arguments):
    """Runs a step that may fail; returns exit code and what it said."""
    answer = subprocess.run([SESSION, *arguments], capture_output=True, text=True)
    return answer.returncode, answer.stderr.strip()


def verify(image):
    answer = subprocess.run(["wimlib-imagex", "verify", image], capture_output=True, text=True)
    if answer.returncode != 0:
        fail(f"wimlib-imagex verify {image}: {answer.stderr}")


def names(image):
    answer = subprocess.run(["wimlib-imagex", "dir", image, "1"], capture_output=True, text=True, check=True)
    return answer.stdout


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fail(text):
    print(f"FAILED: {text}", file=sys.stderr)
    sys.exit(1)
