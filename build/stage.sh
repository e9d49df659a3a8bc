#!/bin/sh
# Builds the managed part and stages it: out/ImageServicing (module) and out/imgsh. The staging itself is
# an MSBuild target (PSModule/Stage.targets), so it runs without PowerShell.
set -eu
cd "$(dirname "$0")/.."
log=${CARGO_TARGET_DIR:-target}/dotnet.log
mkdir -p "$(dirname "$log")"
for project in PSModule/ImageServicing.csproj PSModule/src/Shell/imgsh.csproj; do
    echo "dotnet build $project"
    dotnet build "$project" --configuration Release --nologo --verbosity quiet >"$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
done
