#!/bin/sh
# Checks the toolchains and installs the system packages that are missing (as root on Debian and its
# relatives; elsewhere it says what to install). Nothing is downloaded when nothing is missing.
set -eu
cd "$(dirname "$0")/.."

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# --- toolchains
command -v cargo >/dev/null ||
    fail "cargo was not found. Install Rust 1.89 or newer, for example with https://rustup.rs"
version=$(cargo --version | cut -d' ' -f2)
minor=$(echo "$version" | cut -d. -f2)
[ "${version%%.*}" -gt 1 ] || [ "$minor" -ge 89 ] ||
    fail "cargo $version is too old: Rust 1.89 or newer is needed (rustup update stable)"
command -v dotnet >/dev/null && dotnet --list-sdks | grep -q '^1[0-9]\.' ||
    fail ".NET SDK 10 was not found. Install it from https://dotnet.microsoft.com/download/dotnet/10.0"

# --- system packages
wanted=$(grep -v -e '^#' -e '^$' build/packages)
[ "$(build/crates-from)" = distribution ] || wanted=$(echo "$wanted" | grep -v '^librust-')
command -v dpkg-query >/dev/null || {
    echo "This is not a Debian system: make sure that you have the like of" $wanted >&2
    exit 0
}
missing=
for package in $wanted; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] ||
    fail "These packages are missing:$missing" "Install them with: sudo apt-get install --no-install-recommends$missing"
echo "Installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 || {
    apt-get update -q >/dev/null || fail "apt-get update failed: the package lists could not be fetched"
    apt-get install -y -q --no-install-recommends $missing >/dev/null ||
        fail "apt-get could not install all of:$missing"
}
