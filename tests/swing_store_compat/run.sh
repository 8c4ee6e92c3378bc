#!/usr/bin/env bash
# The store against the real swing-store (npm @agoric/swing-store), both ways.
#
#   run.sh PROBE [BUILD_DIRECTORY [CRANKCASE RECORDINGS]]
#
# PROBE is the built swing_store_probe. The npm packages are installed once, into BUILD_DIRECTORY (default: beside
# PROBE). Three databases are made of first.script: by our two modes and by the real one. All must be told
# apart by nothing: what operations return, what either store reads in them, their rows, their exports. Then
# second.script goes on with each in the other's hands. Last, CRANKCASE replays the folder of RECORDINGS, and the
# real store opens each database that is left behind: see kept_databases.mjs.
#
# Exits 77, saying why, where node or the packages are not to be had.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ $# -ge 1 ]] || { sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
probe=$(readlink -f "$1")
build=$(readlink -f "${2:-$(dirname "$probe")}")/swing_store_compat
crankcase=${3:+$(readlink -f "$3")} recordings=${4:+$(readlink -f "$4")}

fail() { echo "FAILED: $1"; exit 1; }

"$here/../runner/npm_packages" "$here/package.json" "$build" || exit
cp "$here"/*.mjs "$build"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
real() { (cd "$build" && node swing_store.mjs "$@"); }
database() { echo "$work/$1/swingstore.sqlite"; }

# run_ours MODE NAME SCRIPT / run_real NAME SCRIPT: to $work/NAME.SCRIPT.output
run_ours() {
    mkdir -p "$work/$2"
    "$probe" run "$1" "$(database "$2")" "$here/$3.script" >"$work/$2.$3.output"
}
run_real() { real run "$work/$1" "$here/$2.script" >"$work/$1.$2.output"; }

checks=0
same() {
    cmp -s "$1" "$2" || { diff "$1" "$2" | head -n 20; fail "$3"; }
    checks=$((checks + 1))
}

# compare_all SCRIPT NAME...: all of them are as the first one is.
compare_all() {
    local script=$1 first=$2 name mode
    shift
    for name in "$@"; do
        same "$work/$first.$script.output" "$work/$name.$script.output" \
            "$name: operations of $script.script return something else than in $first"
        for mode in direct write-back; do
            "$probe" read "$mode" "$(database "$name")" >"$work/$name.$mode.read"
        done
        real read "$work/$name" >"$work/$name.real.read"
        real rows "$work/$name" >"$work/$name.rows"
        same "$work/$name.direct.read" "$work/$name.real.read" "$name: read otherwise in direct mode"
        same "$work/$name.write-back.read" "$work/$name.real.read" \
            "$name: read otherwise in write-back mode"
        same "$work/$first.rows" "$work/$name.rows" "$name: other rows or exports than $first"
    done
}

run_real real first
run_ours direct direct first
run_ours write-back write-back first
compare_all first real direct write-back
grep -q '^artifact snapshot' "$work/real.rows" || fail "nothing was compared"

cp -r "$work/real" "$work/real-then-direct"
cp -r "$work/real" "$work/real-then-write-back"
cp -r "$work/direct" "$work/direct-then-real"
cp -r "$work/write-back" "$work/write-back-then-real"
run_real real second
run_ours direct real-then-direct second
run_ours write-back real-then-write-back second
run_real direct-then-real second
run_real write-back-then-real second
compare_all second real real-then-direct real-then-write-back direct-then-real write-back-then-real

echo "swing-store compatibility: $checks comparisons hold"

[[ $recordings ]] || exit 0
"$crankcase" replay --quiet --keep "$work/kept" "$recordings" >"$work/replay.output" || fail "$(cat "$work/replay.output")"
for kept in "$work"/kept/*.sqlite; do
    mkdir "${kept%.sqlite}"
    mv "$kept" "${kept%.sqlite}/swingstore.sqlite"
done
summary=$(cd "$build" && node kept_databases.mjs "$work/kept" "$recordings/MANIFEST.tsv") ||
    fail "a database of a replay: $summary"
echo "swing-store compatibility: the activityhash and every span's hash hold in $summary"
