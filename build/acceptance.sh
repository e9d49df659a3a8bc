#!/bin/sh
# make acceptance: the long tests. TIMES kills (default 200), COUNT damaged images (default 5000), TREES random
# trees (default 300), VOLUMES random NTFS volumes (default 60), INTERRUPTS of every job in every way (default 50).
# Takes one to two hours and 20 GB where temporary files go.
set -eu
cd "$(dirname "$0")/.."
build/cargo build --quiet --release --example make-sample --example session --example read-everything --example wimdir \
    --example jobs
python=/usr/bin/python3
TREES="${TREES:-300}" build/cargo test --quiet --release --test wim random_trees:: -- --nocapture
"$python" tests/acceptance/ntfs_volumes.py --count "${VOLUMES:-60}"
"$python" tests/acceptance/kill.py --times "${TIMES:-200}"
"$python" tests/acceptance/full_disk.py
"$python" tests/acceptance/metadata.py out out/sample/drivers
"$python" tests/acceptance/interrupt.py --times "${INTERRUPTS:-50}"
"$python" tests/acceptance/scale.py
"$python" tests/acceptance/damaged.py --count "${COUNT:-5000}"
