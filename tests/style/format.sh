#!/usr/bin/env bash
# format.sh check | fix: compares the C++ files with .clang-format, or rewrites them. Skipped (77) without clang-format.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
if ! command -v clang-format-14 >/dev/null; then
  echo 'clang-format-14 is not installed'
  exit 77
fi
mode=(--dry-run -Werror)
[[ $1 == check ]] || mode=(-i)
find sim models harness cli tests \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
  sort -z | xargs -0 clang-format-14 "${mode[@]}"
