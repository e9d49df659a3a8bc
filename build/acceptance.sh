#!/bin/sh
# make acceptance: the long tests. TIMES kills (default 200), COUNT damaged images (default 5000).
set -eu
cd "$(dirname "$0")/.."
build/cargo build --quiet --release --example make-sample --example session --example read-everything
python=/usr/bin/python3
"$python" tests/acceptance/kill.py --times "${TIMES:-200}"
"$python" tests/acceptance/full_disk.py
"$python" tests/acceptance/metadata.py out out/sample/drivers
"$python" tests/acceptance/damaged.py --count "${COUNT:-5000}"
