#!/bin/sh
# make bench: the large image (made once), the driver packages, the engine's C program, then benches/run.py.
#   SCALE       size of the generated image; 1.0 is about 60,000 names and 1.7 GB (default)
#   RUNS        runs of every job (default 5)
#   BENCH_DIR   where the image is kept and copied (default target/bench; about 3 GB at scale 1.0)
#   BENCH_TREE  a tree of your own to capture, in place of the generated one
#   TOOLS       the folder of gentree.py and mkhive.py (default ../shared/tools)
set -eu
cd "$(dirname "$0")/.."
scale=${SCALE:-1.0}
runs=${RUNS:-5}
directory=${BENCH_DIR:-target/bench}
tools=${TOOLS:-../shared/tools}
python=/usr/bin/python3 # the one that python3-hivex belongs to
mkdir -p "$directory"

if [ -n "${BENCH_TREE:-}" ]; then
    image=$directory/own.wim
    [ -f "$image" ] || "$python" benches/large_image.py "$image" --tree "$BENCH_TREE"
    scale=0
else
    image=$directory/install-$scale.wim
    if [ ! -f "$image" ]; then
        [ -f "$tools/gentree.py" ] || {
            echo "No gentree.py in $tools: set TOOLS, or BENCH_TREE to a tree to capture" >&2
            exit 1
        }
        echo "Making $image; at scale 1.0 this takes some minutes, once."
        "$python" benches/large_image.py "$image" --tools "$tools" --scale "$scale"
    fi
fi

if [ ! -d "$directory/drivers" ]; then
    rm -rf "$directory/drivers.new"
    build/cargo build --quiet --release --example make-sample
    "$python" benches/drivers.py "$directory/drivers.new" \
        --make-sample "${CARGO_TARGET_DIR:-target}/release/examples/make-sample"
    mv "$directory/drivers.new" "$directory/drivers"
fi

cc -std=c11 -O2 -Wall -Wextra -Iinclude benches/add_driver.c -o "$directory/add_driver" \
    -Lout -limgsvc -Wl,-rpath,"$PWD/out"
"$python" benches/run.py --image "$image" --drivers "$directory/drivers" --engine "$directory/add_driver" \
    --shell out/imgsh --runs "$runs" --scale "$scale" --work "$directory" --json "$directory/last.json"

# Edits of a registry hive of 80 MB.
if [ ! -f "$directory/SOFTWARE" ] && [ -f "$tools/mkhive.py" ]; then
    "$python" "$tools/mkhive.py" "$directory/SOFTWARE.new" 80
    mv "$directory/SOFTWARE.new" "$directory/SOFTWARE"
fi
if [ -f "$directory/SOFTWARE" ]; then
    build/cargo build --quiet --release --example hive-keys
    "$python" benches/registry.py --hive "$directory/SOFTWARE" --runs "$runs" --work "$directory" \
        --example "${CARGO_TARGET_DIR:-target}/release/examples/hive-keys" --json "$directory/last-registry.json"
else
    echo "No mkhive.py in $tools: no registry part"
fi

# Jobs on whole image files. ROWS="list export" runs some of them.
build/cargo build --quiet --release --example jobs --example edit-hive --example at-once
"$python" benches/image_files.py --image "$image" --examples "${CARGO_TARGET_DIR:-target}/release/examples" \
    --runs "$runs" --work "$directory" --json "$directory/last-files.json" ${ROWS:-}
