#!/bin/sh
echo "build/bench.sh: nothing here yet" >&2
exit 1
