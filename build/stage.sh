#!/bin/sh
# Builds the managed part and stages it: out/ImageServicing (module) and out/imgsh. The staging itself is
# an MSBuild target (PSModule/Stage.targets), so it runs without PowerShell.
set -eu
cd "$(dirname "$0")/.."
dotnet build PSModule/ImageServicing.csproj --configuration Release --nologo --verbosity quiet
if [ -f PSModule/src/Shell/imgsh.csproj ]; then
    dotnet build PSModule/src/Shell/imgsh.csproj --configuration Release --nologo --verbosity quiet
fi
