#!/bin/sh
# Runs one script of examples/ on a copy of the sample image, with a state directory of its own, and
# checks what it leaves: a good image that holds what the script was to do.
set -eu
cd "$(dirname "$0")/.."
script=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export IMGSVC_STATE_DIR="$work/state"
image=$work/install.wim
cp out/sample/install.wim "$image"
has() { wimlib-imagex dir "$image" "$1" | grep -qi "$2" || { echo "image $1 has no $2"; exit 1; }; }

case $(basename "$script") in
demo.ps1)
    out/imgsh "$script" "$image" 1 out/sample/drivers
    has 1 '/Windows/INF/oem1.inf'
    ;;
add-drivers-to-all.ps1)
    out/imgsh "$script" "$image" out/sample/drivers
    has 1 '/Windows/INF/oem1.inf'
    has 2 '/Windows/INF/oem1.inf'
    ;;
report-drivers.ps1)
    before=$(sha256sum <"$image")
    out/imgsh "$script" "$image" | tee "$work/report"
    grep -q 'disk.inf' "$work/report"
    [ "$before" = "$(sha256sum <"$image")" ] || { echo "the image changed"; exit 1; }
    ;;
replace-a-file.ps1)
    echo "; mine" >"$work/mine.ini"
    out/imgsh "$script" "$image" 1 '\Windows\win.ini' "$work/mine.ini" "$work/old.ini"
    grep -q '16-bit' "$work/old.ini"
    wimlib-imagex extract "$image" 1 /Windows/win.ini --to-stdout | cmp - "$work/mine.ini"
    ;;
one-edition-for-fat32.ps1)
    before=$(sha256sum <"$image")
    out/imgsh "$script" "$image" Professional "$work/part.swm" | grep -q '^1 of 2 images in 1 parts$'
    wimlib-imagex info "$work/part.swm" | grep -q 'Sample Pro'
    wimlib-imagex verify "$work/part.swm" >/dev/null
    [ ! -e "$work/part.swm.wim" ] || { echo "the file in between was left"; exit 1; }
    [ "$before" = "$(sha256sum <"$image")" ] || { echo "the image changed"; exit 1; }
    ;;
unattended-image.ps1)
    out/imgsh "$script" "$image" 1 PC-042 "$work/unattend.xml" | tee "$work/report"
    grep -q '^Placed .*Shell-Setup/ComputerName$' "$work/report"
    wimlib-imagex extract "$image" 1 /Windows/Panther/unattend.xml --to-stdout | cmp - "$work/unattend.xml"
    # An answer file that is not for the image changes nothing.
    before=$(sha256sum <"$image")
    if out/imgsh "$script" "$image" 1 PC-043 "$work/other.xml" -Locale de-DE; then
        echo "a language that the image lacks was passed over"
        exit 1
    fi
    [ "$before" = "$(sha256sum <"$image")" ] || { echo "the image changed"; exit 1; }
    ;;
*)
    echo "build/run-example.sh does not know how to run $script"
    exit 1
    ;;
esac
wimlib-imagex verify "$image" >/dev/null
[ "$(out/imgsh -c 'Get-Image -Mounted')" = "" ] || { echo "a session was left open"; exit 1; }
