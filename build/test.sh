#!/bin/bash
# make test: format, lints, the Rust and C tests, the Pester suites and the examples. Every part runs even
# when an earlier one failed; the last line has the count of all.
set -u
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
logs=$target/test-logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0
broken=()

heading() { printf '\n== %s\n' "$*"; }
count() { # passed failed skipped
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}
# A check that is right or wrong as a whole counts as one test.
check() { # what, command...
    heading "$1"
    if "${@:2}"; then count 1 0 0; else count 0 1 0 && broken+=("$1"); fi
}

check "rustfmt" build/cargo fmt --all -- --check
check "clippy" build/cargo clippy --quiet --workspace --all-targets -- -D warnings
# Links of the documentation lead somewhere.
check "rustdoc" env RUSTDOCFLAGS="-D warnings" build/cargo doc --quiet --no-deps --lib

heading "Rust and C tests"
log=$logs/cargo.log
# Named test by test in the log; here, the result of every test program.
build/cargo test --workspace --no-fail-fast -- --show-output >"$log" 2>&1
status=$?
awk '/^ +Running |^ +Doc-tests /  { program = $2 == "unittests" ? $3 : $2 }
     /^test result:/             { printf "%-40s %4d passed %3d failed %3d ignored\n", program, $4, $6, $8 }
     /^(SKIP|skip)/              { print "    " $0 }
     /^test .* \.\.\. (FAILED|ignored)/ { print "    " $0 }' "$log"
read -r ok bad ignored < <(awk '/^test result:/ { p += $4; f += $6; i += $8 } END { print p + 0, f + 0, i + 0 }' "$log")
# A test that finds its foreign tool or data missing says so and returns: it is no proof, so it counts as skipped.
said=$(awk '/^---- .* stdout ----$/ { inside = 1 } /^(failures|successes):$/ { inside = 0 }
           inside && /^(SKIP|skip)/ { n++; inside = 0 } END { print n + 0 }' "$log")
count $((ok - said)) "$bad" $((ignored + said))
if [ $status -ne 0 ]; then
    broken+=("Rust and C tests")
    [ "$bad" -gt 0 ] || count 0 1 0 # it did not even build
    grep -nE '^error|panicked at|^failures:|could not compile' "$log" | head -40
    echo "Whole log: $log"
fi

log=$logs/pester.log
if command -v pwsh >/dev/null && pwsh -NoProfile -Command 'exit -not (Get-Module -ListAvailable Pester | Where-Object Version -ge 5.0)'; then
    heading "Pester suites (pwsh and Pester)"
    pwsh -NoProfile -Command '
        $result = Invoke-Pester -Path pester -PassThru
        "Tests: $($result.PassedCount) passed, $($result.FailedCount) failed, $($result.SkippedCount) skipped"
        exit $result.FailedCount' 2>&1 | tee "$log" | grep -v '^What if:'
else
    heading "Pester suites (imgsh; pwsh with Pester 5 is not installed)"
    out/imgsh --pester pester 2>&1 | tee "$log" | grep -v '^What if:'
fi
status=${PIPESTATUS[0]}
read -r ok bad said < <(sed 's/\x1b\[[0-9;]*m//g' "$log" |
    awk '/^Tests: / { gsub(",", ""); p += $2; f += $4; s += $6 } END { print p + 0, f + 0, s + 0 }')
count "$ok" "$bad" "$said"
if [ "$status" -ne 0 ] || [ "$ok" -eq 0 ]; then
    broken+=("Pester suites")
    [ "$bad" -gt 0 ] || count 0 1 0
fi

heading "Examples"
for script in examples/*.ps1; do
    if build/run-example.sh "$script" >"$logs/$(basename "$script").log" 2>&1; then
        count 1 0 0
        echo "$script"
    else
        count 0 1 0
        broken+=("$script")
        echo "$script FAILED:"
        sed 's/^/    /' "$logs/$(basename "$script").log"
    fi
done

if [ ${#broken[@]} -gt 0 ]; then
    printf '\nFAILED: %s\n' "${broken[*]}"
    printf '%d tests run: %d passed, %d failed; %d skipped\n' $((passed + failed)) "$passed" "$failed" "$skipped"
    exit 1
fi
printf '\nAll tests passed: %d run, %d skipped\n' "$passed" "$skipped"
