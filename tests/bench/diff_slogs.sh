#!/bin/sh
# diff_slogs.sh CRANKCASE FOLDER [TURNS [BYTES]]: how long `crankcase diff` takes, and how much memory, for two standard
# slogs that differ in one late crank, plain and compressed. The simulator makes them: two replicas run one plan, in which
# a vat reads the clock when 97 of 100 of its turns are done. 8000 turns of 2500 bytes (the default) make slogs of about
# 1 GB. What it makes in FOLDER it removes.
set -eu
crankcase=$1
folder=$2
turns=${3:-8000}
bytes=${4:-2500}

plan() {
    cat <<PLAN
crankcase-plan 1
replica direct
replica slowness=3
program boot
  turn
    send i1 new result
program alice
PLAN
    awk -v turns="$turns" -v bytes="$bytes" 'BEGIN {
        for (turn = 0; turn < turns; turn++) {
            print "  turn"
            for (key = 0; key < 20; key++) print "    store-set key=" key " bytes=" bytes
            print "    send root new result"
            if (turn == int(turns * 0.97)) print "    read-clock"
        }
    }'
    printf 'vat boot boot\nvat alice alice\nbootstrap boot\n'
    awk -v turns="$turns" 'BEGIN {
        for (turn = 0; turn < turns; turn += 10) {
            print "block after=5000"
            for (i = 0; i < 10; i++) print "  send alice"
        }
    }'
}

measure() {
    ls -l "$1" "$2" | awk '{ print $5, $9 }'
    /usr/bin/time -f '%e s, %M KiB' "$crankcase" diff "$1" "$2" >"$folder/out" || test $? = 1
    head -n 4 "$folder/out"
}

mkdir -p "$folder"
trap 'rm -rf "$folder/big.plan" "$folder/nodes" "$folder/out" "$folder"/slog-?.jsonl*' EXIT
plan >"$folder/big.plan"
"$crankcase" run --off twice,audit,memory,rollback,hash --quiet --keep "$folder/nodes" \
    "$folder/big.plan"
for i in 0 1; do
    sed -n 's/^{"t":"slog",/{/p' "$folder/nodes/replica-$i/trace.jsonl" >"$folder/slog-$i.jsonl"
    rm "$folder/nodes/replica-$i/trace.jsonl"
done
measure "$folder/slog-0.jsonl" "$folder/slog-1.jsonl"
gzip -1 "$folder/slog-0.jsonl" "$folder/slog-1.jsonl"
measure "$folder/slog-0.jsonl.gz" "$folder/slog-1.jsonl.gz"
