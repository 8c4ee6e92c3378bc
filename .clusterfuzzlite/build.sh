#!/bin/bash -eu
# Builds every target of tests/fuzz into $OUT, with its seeds, its dictionary and the libraries that it needs there: targets
# run in another image than the one that built them. The environment (CC, CFLAGS, LIB_FUZZING_ENGINE ...) is that of OSS-Fuzz.
cd "$(dirname "${BASH_SOURCE[0]}")"
[[ -f CMakeLists.txt ]] || cd "${CRANKCASE:-$SRC/crankcase}"

# Mutators of our own are libFuzzer's affair.
mutators=OFF
[[ ${FUZZING_ENGINE:-libfuzzer} != libfuzzer ]] || mutators=ON

# shellcheck disable=SC2016
cmake -S . -B "$WORK/build" -G Ninja --compile-no-warning-as-error -DBUILD_TESTING=ON \
    -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$CFLAGS" -DCMAKE_C_FLAGS_RELEASE="-g" \
    -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="$CXXFLAGS" \
    -DCMAKE_EXE_LINKER_FLAGS='-Wl,--disable-new-dtags,-rpath,\$ORIGIN/lib' \
    -DCRANKCASE_FUZZ=ON -DCRANKCASE_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DCRANKCASE_FUZZ_MUTATORS="$mutators"

targets=()
for source in tests/fuzz/*_fuzz.c; do
    target=${source##*/}
    targets+=("${target%.c}")
done
cmake --build "$WORK/build" -j "${JOBS:-$(nproc)}" --target "${targets[@]}"

mkdir -p "$OUT/lib"
for target in "${targets[@]}"; do
    cp "$WORK/build/fuzz/$target" "$OUT/"
    [[ ! -f tests/fuzz/$target.dict ]] || cp "tests/fuzz/$target.dict" "$OUT/"
    seeds=corpus/fuzz/$target
    rm -f "$OUT/${target}_seed_corpus.zip"
    [[ ! -d $seeds ]] || (cd "$seeds" && find . -type f -print0 | sort -z | xargs -0 zip -q -X "$OUT/${target}_seed_corpus.zip")
    if [[ -f tests/fuzz/$target.options ]]; then cat "tests/fuzz/$target.options"; else echo '[libfuzzer]'; fi >"$OUT/$target.options"
    printf 'timeout=25\nrss_limit_mb=2560\n' >>"$OUT/$target.options"
    # All but what each image has of its own, and what those need in turn (an rpath of the old kind leads there, too).
    ldd "$WORK/build/fuzz/$target" | awk '$3 ~ "^/" { print $3 }' |
        grep -vE '/(libc|libm|libdl|librt|libpthread|libgcc_s|libstdc\+\+|libresolv)\.so' |
        xargs -r -I{} cp -L {} "$OUT/lib/"
done
