#!/bin/sh
# make demo: the main job on the sample, or on IMAGE (a copy of it, unless INPLACE=1) with DRIVERS.
set -eu
cd "$(dirname "$0")/.."
image=${IMAGE:-out/sample/install.wim}
drivers=${DRIVERS:-out/sample/drivers}
work=out/demo
rm -rf "$work"
mkdir -p "$work"
export IMGSVC_STATE_DIR="$PWD/$work/state" # sessions of yours stay as they are
if [ "${INPLACE:-}" != 1 ]; then
    cp --reflink=auto "$image" "$work/install.wim"
    image=$work/install.wim
fi
out/imgsh examples/demo.ps1 "$image" "${INDEX:-1}" "$drivers"
if command -v wimlib-imagex >/dev/null; then
    printf '\n> wimlib-imagex verify %s\n' "$image"
    wimlib-imagex verify "$image" 2>/dev/null | tail -n 1
fi
