# What the stories share: claims that are shown one by one. Sourced by each story's `run`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CRANKCASE=${CRANKCASE:-$root/build/release/crankcase}
CRANKCASE_PLANTED=${CRANKCASE_PLANTED:-$root/build/release/crankcase-planted}
LIBVK=${LIBVK:-$root/build/release/libvk.so}
export NO_COLOR=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
broken=0

say() { printf '%s\n' "$@"; }

# shown WHETHER CLAIM: the claim with its verdict; what was printed, if it does not hold.
shown() {
    if [[ $1 == yes ]]; then
        printf '  shown:     %s\n' "$2"
    else
        printf '  NOT SHOWN: %s\n' "$2"
        sed 's/^/    | /' "$work/out"
        broken=$((broken + 1))
    fi
}

# holds CLAIM COMMAND...: the command exits 0.
holds() {
    local claim=$1 verdict=yes
    shift
    "$@" >"$work/out" 2>&1 || verdict=no
    shown "$verdict" "$claim"
}

# printed CLAIM PATTERN: what the newest command printed has such a line.
printed() {
    local verdict=yes
    grep -qE -- "$2" "$work/out" || verdict=no
    shown "$verdict" "$1"
}

# caught CLAIM ORACLE COMMAND...: the command exits 1, and that oracle has found it. Its report is shown.
caught() {
    local claim=$1 oracle=$2 code=0
    shift 2
    "$@" >"$work/out" 2>&1 || code=$?
    if [[ $code == 1 ]] && grep -qE -- " failed: oracle $oracle " "$work/out"; then
        shown yes "$claim"
        sed -n '/ failed: oracle /,/signature:/s/^/    | /p' "$work/out"
    else
        shown no "$claim (exit code $code)"
    fi
}

# struck WORD...: each of these faults did strike in what was printed.
struck() {
    local word verdict=yes
    for word; do
        grep -qE -- "^ *$word +(invisible|vat-kill|[1-9][0-9]* points)" "$work/out" || verdict=no
    done
    shown "$verdict" "  struck: $*"
}

# Ends a story.
verdict() {
    if [[ $broken == 0 ]]; then
        say '' "$1: every claim was shown."
    else
        say '' "$1: $broken claims were not shown."
        exit 1
    fi
}
