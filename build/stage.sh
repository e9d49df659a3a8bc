#!/bin/sh
echo "build/stage.sh: nothing here yet" >&2
exit 1
