#!/usr/bin/env bash
# A run has the same digest whatever compiled it: builds the probe with gcc and clang, each at -O0 and -O2, into
# build/matrix-*, and compares what the four print with tests/golden/digests.txt.
#
#   digests.sh                      all four
#   digests.sh PROBE                only this program, built already; seconds
#   digests.sh --built PROBE        all four, of which PROBE is gcc at -O2
#   digests.sh --far PROBE          PROBE, which is gcc at -O2, and what differs most from it: clang at -O0
#   digests.sh --update PROBE       PROBE's digests become the golden ones; say in the commit why they changed
#
# Exit status: 0 the same, 1 different, 77 not all could be compared.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
golden=$root/tests/golden/digests.txt
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

# print_digests PROBE FILE
print_digests() { (cd -- "$root" && "$1") >"$2"; }

# compare NAME FILE: with the golden digests. The first lines that differ say which scenario to look at.
compare() {
  if [[ ! -s $2 ]]; then
    printf '%s: prints no digests\n' "$1"
    return 1
  elif [[ ! -f $golden ]]; then
    printf '%s: there are no golden digests to compare with; --update writes them\n' "$1"
    return 1
  elif diff --unchanged-line-format= --old-line-format='  golden  %L' --new-line-format="  $1  %L" "$golden" "$2" \
    >"$scratch/diff"; then
    printf '%s: %d digests, as expected\n' "$1" "$(wc -l <"$2")"
  else
    printf '%s: other digests than tests/golden/digests.txt\n' "$1"
    head -20 "$scratch/diff"
    return 1
  fi
}

# try_build FOLDER COMPILER LEVEL UNITY: output to the log.
try_build() {
  cmake -S "$root" -B "$1" -G Ninja -DCMAKE_CXX_COMPILER="$2" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="$3" \
    -DCMAKE_UNITY_BUILD="$4" -DNOLOSS_TESTS=ON >"$scratch/log" 2>&1 &&
    cmake --build "$1" --target digest_probe >>"$scratch/log" 2>&1
}

# build NAME COMPILER LEVEL: the probe, several files at once, which costs less than half. Where names of two files
# clash it takes them one by one. Quiet unless it fails.
build() {
  local folder=$root/build/matrix-$1
  try_build "$folder" "$2" "$3" ON && return
  grep -m 3 'error:' "$scratch/log" || true
  printf '%s: does not compile several files at once; slowly then\n' "$1"
  try_build "$folder" "$2" "$3" OFF && return
  grep -v '^\[[0-9]*/[0-9]*\] Building' "$scratch/log"
  printf '%s: the build failed\n' "$1"
  return 1
}

built=
variants=('gcc-O2 g++ -O2' 'gcc-O0 g++ -O0' 'clang-O0 clang++-14 -O0' 'clang-O2 clang++-14 -O2')
case ${1:-} in
  --update)
    print_digests "$2" "$scratch/new"
    mv -- "$scratch/new" "$golden"
    printf '%d digests written to %s\n' "$(wc -l <"$golden")" "$golden"
    exit 0
    ;;
  --built) built=$2 ;;
  --far) built=$2 variants=('gcc-O2 g++ -O2' 'clang-O0 clang++-14 -O0') ;;
  '') ;;
  *)
    print_digests "$1" "$scratch/digests"
    compare "$(basename -- "$1")" "$scratch/digests"
    exit
    ;;
esac

status=0
for variant in "${variants[@]}"; do
  read -r name compiler level <<<"$variant"
  if ! command -v "$compiler" >/dev/null; then
    printf '%s: %s is not installed\n' "$name" "$compiler"
    ((status)) || status=77
    continue
  fi
  if [[ $name == gcc-O2 && -n $built ]]; then
    probe=$built
  else
    build "$name" "$compiler" "$level"
    probe=$root/build/matrix-$name/tests/digest_probe
  fi
  print_digests "$probe" "$scratch/$name"
  compare "$name" "$scratch/$name" || status=1
done
exit "$status"
